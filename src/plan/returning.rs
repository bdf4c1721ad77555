//! What one account gets back in a plan that undoes a run, and why another
//! gets nothing.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::build::id_of;
use super::document::{
    Action, Assignment, Evidence, Expected, Gift, Lane, ManualTask, Phase, Plan, Restoration, Step,
    Subject, UponRefusal,
};
use super::undo::{PastAccount, PastState, Undo, left_again, undoing};
use super::{losses, tasks};
use crate::model::{
    AccountStatus, ActionKind, Channel, Disposition, LicenseName, Origin, Reason, TaskKind,
    short_digest,
};
use crate::reconcile::RowDisposition;

/// One account on its way back.
pub(super) struct Returning<'a> {
    input: &'a Undo<'a>,
    past: &'a PastAccount,
    /// The account's lane in the plan that is undone.
    lane: &'a Lane,
    /// What was done to it by then and is to be taken back.
    done: Vec<&'a Action>,
    /// Any of its actions: they agree about the person.
    subject: &'a Subject,
    line: &'a RowDisposition,
}

impl<'a> Returning<'a> {
    pub(super) fn of(input: &'a Undo<'a>, past: &'a PastAccount) -> Option<Self> {
        let lanes = &input.undone.lanes;
        let lane = lanes.iter().find(|lane| lane.account == past.account)?;
        let carried: BTreeSet<&String> = lane.steps.iter().flat_map(Step::actions).collect();
        let all = input.undone.actions.iter();
        let actions: Vec<&Action> = all.filter(|it| carried.contains(&it.id)).collect();
        let any = actions.first()?;
        let row = input.undone.dispositions.get(any.line?)?;
        let subject = &any.subject;
        let mut done = actions;
        done.retain(|action| past.done.contains(&action.id));
        Some(Self {
            input,
            past,
            lane,
            done,
            subject,
            line: row,
        })
    }

    pub(super) fn plan(&self, plan: &mut Plan) {
        let obstacle = self.obstacle();
        let managed = self.deactivated().is_some() && self.is_managed();
        let (disposition, reason, detail) = match obstacle {
            Some(obstacle) => obstacle,
            None if managed => (
                Disposition::IdpManaged,
                Reason::IdentityProvider,
                format!(
                    "an identity provider manages the account: it has to give access back; {}",
                    self.lost()
                ),
            ),
            None => (Disposition::Planned, Reason::Undo, self.lost()),
        };
        plan.dispositions.push(RowDisposition {
            origin: Origin::Undo,
            source: None,
            disposition,
            reason,
            detail: detail.into(),
            next_due: None,
            needs_a_look: disposition != Disposition::Planned
                && disposition != Disposition::AlreadyDone,
            ..self.line.clone()
        });
        if matches!(disposition, Disposition::Planned | Disposition::IdpManaged) {
            self.give_back(plan);
        }
    }

    /// Why nothing is given back, if there is a reason.
    fn obstacle(&self) -> Option<(Disposition, Reason, String)> {
        let found = match &self.past.state {
            PastState::Unclear => (
                Disposition::Conflict,
                Reason::OutcomeUnknown,
                "nobody knows what became of the run's last update of this account; look at it in \
                 Admin Console"
                    .to_owned(),
            ),
            PastState::ChangedBy(plan_id) => (
                Disposition::Conflict,
                Reason::ChangedSince,
                format!(
                    "plan {plan_id} changed the account later; undo its run first, then this one. \
                     Where no seat is free for that, access can be given back in Admin Console"
                ),
            ),
            PastState::AsLeft if self.done.is_empty() => (
                Disposition::AlreadyDone,
                Reason::Undone,
                "everything that can be taken back was taken back before".to_owned(),
            ),
            PastState::AsLeft if self.names().any(|it| self.is_protected(&it)) => (
                Disposition::Protected,
                Reason::ProtectedAccount,
                "the account is on the protected list by now; a person has to decide".to_owned(),
            ),
            PastState::AsLeft => return self.left_again().or_else(|| self.on_hold()),
        };
        Some(found)
    }

    fn left_again(&self) -> Option<(Disposition, Reason, String)> {
        let (memory, today) = (self.input.memory, self.input.today);
        let date = left_again(memory, self.lane, self.past.changed_at, today)?;
        Some((
            Disposition::Conflict,
            Reason::ChangedSince,
            format!(
                "the person left again on {date}, as HR says; if that is wrong as well, ask HR to \
                 take it back, then undo again"
            ),
        ))
    }

    fn on_hold(&self) -> Option<(Disposition, Reason, String)> {
        let why = self.hold()?;
        Some((
            Disposition::Held,
            Reason::OnHold,
            format!("on hold: {why}; end the hold, then undo again"),
        ))
    }

    fn is_protected(&self, name: &str) -> bool {
        self.input.policy.protected.contains(name)
    }

    fn hold(&self) -> Option<&'a str> {
        let in_force = |until: Option<Date>| until.is_none_or(|until| until >= self.input.today);
        let mut holds = self.input.memory.holds.iter().chain(self.input.holds);
        let hold = holds.find(|hold| {
            let who = hold.who.trim().to_lowercase();
            in_force(hold.until) && self.names().any(|name| name == who)
        })?;
        Some(&hold.why)
    }

    /// Everything that a list of people or accounts can call them.
    fn names(&self) -> impl Iterator<Item = String> {
        let subject = self.subject;
        [
            self.line.employee_id.to_string(),
            self.line.work_email.to_string(),
            text(subject.username.as_ref()),
            text(subject.user_id.as_ref()),
            text(self.past.email.as_ref()),
        ]
        .into_iter()
        .filter(|name| !name.is_empty())
        .map(|name| name.to_lowercase())
    }

    fn is_managed(&self) -> bool {
        let username = text(self.subject.username.as_ref());
        let email = text(self.past.email.as_ref());
        !self.past.scim_provider.is_empty() || self.input.policy.idp.manages(&username, &email)
    }

    fn deactivated(&self) -> Option<&'a Action> {
        let mut done = self.done.iter().copied();
        done.find(|action| action.kind == ActionKind::Deactivate)
    }

    /// The seats that are to come back, with the action that took each.
    fn taken(&self) -> Vec<(&'a Action, &'a LicenseName)> {
        let removals = self.done.iter().copied();
        removals
            .filter(|action| action.kind == ActionKind::RemoveLicense)
            .filter_map(|action| Some((action, action.license.as_ref()?)))
            .collect()
    }

    fn give_back(&self, plan: &mut Plan) {
        let line = plan.dispositions.len() - 1;
        let taken = self.taken();
        let given_back: Vec<LicenseName> = taken.iter().map(|(_, name)| (*name).clone()).collect();
        let restoration = |gift: Gift| Restoration {
            gift,
            kept: self.kept(&given_back),
            given_back: given_back.clone(),
        };
        let mut steps = Vec::new();
        let mut reactivation = None;
        if let Some(action) = self.deactivated() {
            if self.is_managed() {
                self.task(TaskKind::ReactivateInIdp, line, plan);
            } else {
                let action = self.action(action, line);
                reactivation = Some(action.id.clone());
                let gift = Gift::Access(action.id.clone());
                let inactive = AccountStatus::Inactive;
                steps.push(Step {
                    channel: self.past.access_over,
                    ..self.step(Phase::Reactivations, inactive, restoration(gift))
                });
                plan.actions.push(Action {
                    channel: self.past.access_over,
                    ..action
                });
            }
        }
        let status = match &reactivation {
            Some(_) => AccountStatus::Active,
            None => self.status_now(),
        };
        for (position, (removal, license)) in taken.iter().enumerate() {
            let mut action = self.action(removal, line);
            action.depends_on.extend(reactivation.clone());
            let (name, country) = self.as_the_vendor_has_it(license);
            let earlier = given_back[..position].iter();
            let gift = Gift::Seat(Assignment {
                action: action.id.clone(),
                license: (*license).clone(),
                name,
                country,
                earlier: earlier.filter(|other| other.same_as(license)).count(),
                after: reactivation.clone(),
            });
            steps.push(self.step(Phase::Assignments, status, restoration(gift)));
            plan.actions.push(action);
        }
        if !taken.is_empty() {
            self.task(TaskKind::SetUpAgain, line, plan);
        }
        if !steps.is_empty() {
            plan.lanes.push(Lane {
                account: self.past.account.clone(),
                user_id: self.lane.user_id.clone(),
                username: self.lane.username.clone(),
                steps,
            });
        }
    }

    /// What the ledger read last: an account that was given its access back
    /// before is active.
    fn status_now(&self) -> AccountStatus {
        let known = self.input.memory.accounts.get(&self.past.account);
        known.map_or(AccountStatus::Inactive, |known| known.status)
    }

    /// The licences that the run left on the account.
    fn kept(&self, given_back: &[LicenseName]) -> Vec<LicenseName> {
        let names = self.past.licenses.iter().map(|(name, ..)| name.clone());
        let mut kept: Vec<LicenseName> = names.collect();
        for gone in given_back {
            if let Some(position) = kept.iter().position(|held| held.same_as(gone)) {
                kept.remove(position);
            }
        }
        kept
    }

    fn as_the_vendor_has_it(&self, license: &LicenseName) -> (String, String) {
        let mut before = self.past.licenses.iter();
        match before.find(|(name, ..)| name.same_as(license)) {
            Some((_, name, country)) => (name.clone(), country.clone()),
            None => (license.raw.to_string(), license.country.to_string()),
        }
    }

    /// The action that takes this one back.
    fn action(&self, taken_back: &Action, line: usize) -> Action {
        let kind = match taken_back.kind {
            ActionKind::Deactivate => ActionKind::Reactivate,
            _ => ActionKind::AssignLicense,
        };
        Action {
            id: undoing(&self.input.undone.plan_id, taken_back).unwrap_or_default(),
            kind,
            channel: Channel::AdminApi,
            ..self.plain(line, taken_back.license.clone())
        }
    }

    /// What the actions of an account have in common.
    fn plain(&self, line: usize, license: Option<LicenseName>) -> Action {
        Action {
            id: String::new(),
            kind: ActionKind::ManualTask,
            origin: Origin::Undo,
            line: Some(line),
            subject: self.subject.clone(),
            quantity: license.as_ref().map(|_| 1),
            license,
            due: self.input.as_of,
            depends_on: Vec::new(),
            channel: Channel::Manual,
            needs_approval: None,
            evidence: Evidence {
                file: String::new(),
                line: 0,
                matched_by: self.line.matched_by.to_string(),
                seen: format!("changed by run {}; {}", self.input.run_id, self.lost()),
            },
            draft: None,
            task_id: None,
        }
    }

    fn step(&self, phase: Phase, status: AccountStatus, restore: Restoration) -> Step {
        Step {
            id: format!("step-{}", short_digest(restore.gift.action())),
            phase,
            deactivate: None,
            remove: Vec::new(),
            reactivate: None,
            restore: Some(restore),
            channel: Channel::AdminApi,
            expected: Expected {
                user_id: self.subject.user_id.clone(),
                username: self.subject.username.clone(),
                email: self.past.email.clone(),
                name: self.past.name.clone(),
                created_before: self.past.changed_at,
                status,
            },
            upon_refusal: UponRefusal::Fail,
            upon_not_implemented: None,
            needs_approval: false,
        }
    }

    fn task(&self, kind: TaskKind, line: usize, plan: &mut Plan) {
        let termination = self.subject.termination.as_ref();
        let of = format!("{}|{}", self.input.undone.plan_id, text(termination));
        let id = tasks::id(kind, &of, "");
        let known = self.input.memory.tasks.get(&id);
        let user = text(self.subject.username.as_ref());
        let steps = match kind {
            TaskKind::ReactivateInIdp => vec![format!(
                "Activate {user} in the identity provider that provisions 8x8; activating it in \
                 Admin Console alone would last until the next sync."
            )],
            _ => losses::setting_up(self.past, &self.names_taken(), &user),
        };
        plan.manual_tasks.push(ManualTask {
            id: id.clone(),
            kind,
            termination: termination.cloned(),
            line: Some(line),
            subject: self.subject.person.clone(),
            username: user,
            steps,
            who: tasks::who(kind).to_owned(),
            due: None,
            issued_at: known.map(|task| task.issued_at),
        });
        if known.is_none() {
            plan.actions.push(Action {
                id: id_of(ActionKind::ManualTask, &id),
                task_id: Some(id),
                ..self.plain(line, None)
            });
        }
    }

    /// What does not come back, in a sentence.
    fn lost(&self) -> String {
        losses::lost(self.past, &self.names_taken())
    }

    fn names_taken(&self) -> Vec<&'a LicenseName> {
        self.taken()
            .into_iter()
            .map(|(_, license)| license)
            .collect()
    }
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}
