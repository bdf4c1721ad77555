//! What is due for one leaver's account, and what waits.

use jiff::Timestamp;

use super::build::Planning;
use super::document::{Phase, Plan, Removal, Step, UponRefusal};
use crate::model::{
    AccountStatus, ActionKind, Channel, DataGate, Disposition, LicenseKind, LicenseName, Reason,
    StrandedSeats, TaskKind, TerminationRecord, TerminationState,
};
use crate::reconcile::{Case, Stance};

/// What becomes of the licences of a leaver.
pub(super) struct Fates {
    /// Seats to be freed.
    pub removable: Vec<LicenseName>,
    /// Left in place because the policy says so.
    pub kept: Vec<LicenseName>,
    /// Left in place because Contact Center comes first.
    pub contact_center: Vec<LicenseName>,
}

impl Fates {
    /// Voicemail, greetings and call history go with a calling licence.
    pub(super) fn take_voicemail(&self) -> bool {
        self.removable
            .iter()
            .any(|license| license.kind() == LicenseKind::Calling)
    }
}

impl Planning<'_> {
    pub(super) fn leaver(&self, case: &Case, plan: &mut Plan) {
        let fates = self.fates(case);
        match case.account.status {
            AccountStatus::Active
                if case.stance == Stance::LeaveToIdp || self.is_left_to_idp(case) =>
            {
                self.leave_to_idp(case, plan);
            }
            AccountStatus::Active => self.end_access(case, &fates, plan),
            AccountStatus::Inactive => self.free_seats(case, &fates, plan),
        }
        plan.terminations.push(self.record(case, &fates));
    }

    fn leave_to_idp(&self, case: &Case, plan: &mut Plan) {
        let line = &mut plan.dispositions[case.line];
        line.disposition = Disposition::IdpManaged;
        line.reason = Reason::IdentityProvider;
        line.needs_a_look = true;
        line.detail = "an identity provider manages the account: it has to deactivate it there, or the next sync undoes it".into();
        self.task(case, TaskKind::IdentityProvider, None, Some(case.due), plan);
    }

    /// The account is active: end its access, and free its seats at once only
    /// if the policy knows no grace period.
    fn end_access(&self, case: &Case, fates: &Fates, plan: &mut Plan) {
        let days = self.policy.remove_license_after_days;
        let removal_due = self.calendar.after_days(self.as_of, days);
        self.due_now(case, Reason::DeactivationDue, "access is due to end", plan);
        let goes_tonight = self.frees_at_once(fates);
        self.voicemail_task(case, fates, (removal_due, goes_tonight), plan);
        self.side_tasks(case, fates, removal_due, plan);
        if self.deactivate_by() == Channel::Manual {
            self.task(case, TaskKind::DeactivateByHand, None, Some(case.due), plan);
            let line = &mut plan.dispositions[case.line];
            line.needs_a_look = true;
            if line.disposition == Disposition::Planned {
                line.detail = "access is due to end, by hand: see manual-tasks.csv".into();
            }
            return;
        }
        let deactivate = self.action(case, ActionKind::Deactivate, None, 0, case.due);
        let mut remove = Vec::new();
        if self.frees_at_once(fates) {
            remove = self.removals(case, fates, case.due, Some(&deactivate.id), plan);
        } else if !fates.removable.is_empty() && case.stance == Stance::Act {
            plan.dispositions[case.line].next_due = Some(removal_due);
        }
        let upon_refusal = if remove.is_empty() {
            UponRefusal::Fail
        } else {
            UponRefusal::DeactivateAlone
        };
        let step = Step {
            upon_refusal,
            ..self.step(
                case,
                Phase::Deactivations,
                Some(deactivate.id.clone()),
                remove,
            )
        };
        plan.actions.push(deactivate);
        let step = self.with_alternative(case, step, case.due);
        plan.lanes.push(super::steps::lane(case, step));
    }

    /// In the update that ends access, which SCIM's cannot carry: then the
    /// seats go on the first night that finds the account deactivated.
    fn frees_at_once(&self, fates: &Fates) -> bool {
        self.policy.remove_license_after_days == 0
            && self.deactivate_by() == Channel::AdminApi
            && !self.policy.remove_by_hand
            && (self.policy.data_gate == DataGate::Grace || !fates.take_voicemail())
    }

    /// The account is inactive: its seats can go once the grace period, counted
    /// from the verified deactivation, is over.
    fn free_seats(&self, case: &Case, fates: &Fates, plan: &mut Plan) {
        let deactivated_at = case.deactivated_at.unwrap_or(self.as_of);
        let days = self.policy.remove_license_after_days;
        let due = self.calendar.after_days(deactivated_at, days);
        let first_task = plan.manual_tasks.len();
        self.side_tasks(case, fates, due, plan);
        if fates.removable.is_empty() {
            let line = &mut plan.dispositions[case.line];
            line.detail = "deactivated, and no licence is left that may be removed".into();
        } else if due > self.as_of {
            let detail = "deactivated; the licences go when the grace period is over";
            wait(case, Reason::GracePeriod, detail, plan);
            plan.dispositions[case.line].next_due = Some(due);
        } else if self.waits_for_word(case, fates) {
            let detail = "deactivated; the licences wait until the voicemail task is done";
            wait(case, Reason::DataGate, detail, plan);
        } else if self.frees_by_hand(case) {
            self.leave_to_people(case, fates, due, plan);
            let detail = "deactivated; the licences are removed by hand";
            wait(case, Reason::ManualRemoval, detail, plan);
        } else {
            let detail = "the grace period is over; the licences are due to go";
            self.due_now(case, Reason::RemovalDue, detail, plan);
            let remove = self.removals(case, fates, due, None, plan);
            if self.memory.stranded_refused {
                self.reclaim(case, remove, due, plan);
            } else {
                let step = Step {
                    upon_refusal: UponRefusal::RememberStranded,
                    ..self.step(case, Phase::Removals, None, remove)
                };
                let step = self.with_alternative(case, step, due);
                plan.lanes.push(super::steps::lane(case, step));
            }
        }
        // Tasks that tonight's view or tonight's removal closes are nobody's
        // business any more: a look at the voicemail would come too late.
        let frees_tonight = plan.dispositions[case.line].disposition == Disposition::Planned;
        self.voicemail_task(case, fates, (due, frees_tonight), plan);
        let is_overdue = plan.manual_tasks[first_task..]
            .iter()
            .filter(|task| !(frees_tonight && task.kind == TaskKind::Voicemail))
            .any(|task| task.issued_at.is_some() && task.due.is_some_and(|due| due < self.as_of));
        plan.dispositions[case.line].needs_a_look |= is_overdue;
    }

    /// Adds the removals of all seats that can go.
    fn removals(
        &self,
        case: &Case,
        fates: &Fates,
        due: Timestamp,
        after: Option<&String>,
        plan: &mut Plan,
    ) -> Vec<Removal> {
        let mut remove = Vec::new();
        for (position, license) in fates.removable.iter().enumerate() {
            // Seats of the same licence are numbered, so that a seat keeps its
            // action when others are gone.
            let earlier = &fates.removable[..position];
            let ordinal = earlier.iter().filter(|other| *other == license).count();
            let kind = ActionKind::RemoveLicense;
            let mut action = self.action(case, kind, Some(license), ordinal, due);
            action.depends_on.extend(after.cloned());
            remove.push(Removal {
                action: action.id.clone(),
                license: license.clone(),
            });
            plan.actions.push(action);
        }
        remove
    }

    /// Only voicemail is worth asking for: nothing else is lost.
    fn waits_for_word(&self, case: &Case, fates: &Fates) -> bool {
        self.policy.data_gate == DataGate::Ack
            && fates.take_voicemail()
            && !self.voicemail_is_done(case)
    }

    fn frees_by_hand(&self, case: &Case) -> bool {
        let refused = self.memory.stranded_refused;
        self.policy.remove_by_hand
            || self.lacks_removals()
            || match self.policy.stranded_seats {
                StrandedSeats::Manual => true,
                StrandedSeats::Direct => refused,
                StrandedSeats::Reclaim => refused && !self.may_reclaim(case),
            }
    }

    /// Something is due, or held if it waits for an approval.
    fn due_now(&self, case: &Case, reason: Reason, detail: &'static str, plan: &mut Plan) {
        let line = &mut plan.dispositions[case.line];
        match case.stance {
            Stance::Act | Stance::LeaveToIdp => {
                line.disposition = Disposition::Planned;
                line.reason = reason;
                line.detail = detail.into();
            }
            Stance::WithApproval => {
                line.disposition = Disposition::Held;
                line.reason = Reason::OldTermination;
                line.needs_a_look = case.account.status == AccountStatus::Active;
                line.detail = self.old_termination().into();
            }
        }
    }

    pub(super) fn old_termination(&self) -> String {
        format!(
            "the termination is more than {} days back and was not known before: it waits for an approval of this plan",
            self.policy.max_termination_age_days
        )
    }

    fn record(&self, case: &Case, fates: &Fates) -> TerminationRecord {
        let known = case.record.as_ref();
        let state = match case.account.status {
            AccountStatus::Active => TerminationState::Open,
            AccountStatus::Inactive if fates.removable.is_empty() => TerminationState::Settled,
            AccountStatus::Inactive => TerminationState::Spent,
        };
        TerminationRecord {
            termination: case.termination.clone(),
            account: Some(case.key.clone()),
            user_id: case.account.user_id.clone(),
            account_username: case.account.username.clone(),
            matched_by: case.matched_by.clone(),
            state,
            first_listed: known.map_or(self.as_of, |record| record.first_listed),
            deactivated_at: case.deactivated_at,
            approved: known.is_some_and(|record| record.approved),
            vanished_at: None,
            access: case.access,
        }
    }

    fn fates(&self, case: &Case) -> Fates {
        let mut fates = Fates {
            removable: Vec::new(),
            kept: Vec::new(),
            contact_center: Vec::new(),
        };
        let mut licenses = case.account.licenses.clone();
        licenses.sort();
        for license in licenses {
            match license.kind() {
                _ if self.is_kept(&license) || self.is_left_in_place(case, &license) => {
                    fates.kept.push(license);
                }
                LicenseKind::ContactCenter => fates.contact_center.push(license),
                LicenseKind::Calling | LicenseKind::Storage | LicenseKind::Number => {
                    fates.removable.push(license);
                }
            }
        }
        fates
    }

    /// Number licences always stay: the API refuses them in updates, and they
    /// go with their number.
    fn is_kept(&self, license: &LicenseName) -> bool {
        let kind = license.kind();
        let name = license.display.to_lowercase();
        let is_named = |word: &String| match word.to_lowercase().as_str() {
            "storage" => kind == LicenseKind::Storage,
            "number" | "" => false,
            word => name.contains(word),
        };
        kind == LicenseKind::Number || self.policy.keep_licenses.iter().any(is_named)
    }
}

fn wait(case: &Case, reason: Reason, detail: &'static str, plan: &mut Plan) {
    let line = &mut plan.dispositions[case.line];
    line.disposition = Disposition::Waiting;
    line.reason = reason;
    line.detail = detail.into();
}
