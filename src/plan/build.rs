use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::document::{
    Action, Evidence, Expected, Facts, Lane, ManualTask, Phase, Plan, PlanInput, Removal, Step,
    Subject, UponRefusal,
};
use super::{cancellations, file, guards, tasks};
use crate::model::{
    AccountRow, AccountStatus, ActionKind, Channel, DataGate, Disposition, GuardLimits,
    LicenseKind, LicenseName, Memory, Origin, Policy, PoolObservation, Reason, StrandedSeats,
    TaskKind, TaskState, TerminationRecord, TerminationState, short_digest,
};
use crate::reconcile::{Calendar, Case, Reconciliation, Stance};
use crate::seats::PoolFigures;

/// Everything that a plan is made of.
#[derive(Debug)]
pub struct Build<'a> {
    /// The instant that the plan is made for.
    pub as_of: Timestamp,
    /// When the users report was made.
    pub users_at: Timestamp,
    /// The tenant's name.
    pub tenant: &'a str,
    /// `8x8`, `sandbox` or `loopback`.
    pub target: &'a str,
    /// The customer that the API has to name.
    pub customer_id: Option<&'a str>,
    /// What was read.
    pub inputs: Vec<PlanInput>,
    /// The administrator's decisions.
    pub policy: &'a Policy,
    /// The limits.
    pub guard_limits: &'a GuardLimits,
    /// Dates and zones.
    pub calendar: &'a Calendar,
    /// What earlier nights left.
    pub memory: &'a Memory,
    /// What became of everybody.
    pub reconciliation: Reconciliation,
    /// What the guards measure.
    pub facts: Facts,
    /// The seat figures.
    pub seats: Vec<PoolFigures>,
    /// The date of the seat counts, if there is a licences file.
    pub counted: Option<Date>,
}

/// Makes every choice. Same inputs, same memory, same instant: same plan.
pub fn build(input: Build<'_>) -> Plan {
    let Build {
        as_of,
        users_at,
        policy,
        memory,
        calendar,
        ..
    } = input;
    let observations = input
        .seats
        .iter()
        .map(|pool| PoolObservation {
            at: users_at,
            pool: pool.pool.clone(),
            active: pool.active,
            stranded: pool.stranded,
        })
        .collect();
    let mut plan = Plan {
        format_version: file::FORMAT_VERSION,
        plan_id: String::new(),
        as_of,
        tenant: input.tenant.to_owned(),
        target: input.target.to_owned(),
        customer_id: input.customer_id.map(str::to_owned),
        inputs: input.inputs,
        policy: policy.clone(),
        guard_limits: input.guard_limits.clone(),
        ledger_generation: memory.generation,
        facts: input.facts,
        dispositions: input.reconciliation.dispositions,
        totals: BTreeMap::new(),
        guards: Vec::new(),
        actions: Vec::new(),
        lanes: Vec::new(),
        manual_tasks: Vec::new(),
        closed_tasks: Vec::new(),
        terminations: input.reconciliation.records,
        observations,
        seats: input.seats,
        findings: Vec::new(),
    };
    let planning = Planning {
        as_of,
        policy,
        memory,
        calendar,
    };
    for case in &input.reconciliation.cases {
        planning.case(case, &mut plan);
    }
    planning.name_repeated_inputs(&mut plan);
    cancellations::plan(&planning, input.counted, &mut plan);
    planning.close_tasks(&mut plan);
    plan.lanes
        .sort_by(|a, b| (a.steps[0].phase, &a.account).cmp(&(b.steps[0].phase, &b.account)));
    plan.actions
        .sort_by(|a, b| (a.kind, a.due, &a.id).cmp(&(b.kind, b.due, &b.id)));
    plan.manual_tasks
        .sort_by(|a, b| (a.due, &a.id).cmp(&(b.due, &b.id)));
    plan.terminations
        .sort_by_key(|record| record.termination.id());
    plan.totals = totals(&plan);
    plan.guards = guards::evaluate(&plan, memory, &guards::Permissions::default());
    plan.plan_id = file::digest(&plan);
    plan
}

/// What all parts of planning look at.
pub(super) struct Planning<'a> {
    pub as_of: Timestamp,
    pub policy: &'a Policy,
    pub memory: &'a Memory,
    pub calendar: &'a Calendar,
}

/// What becomes of the licences of a leaver.
struct Fates {
    /// Seats to be freed.
    removable: Vec<LicenseName>,
    /// Left in place because the policy says so.
    kept: Vec<LicenseName>,
    /// Left in place because Contact Center comes first.
    contact_center: Vec<LicenseName>,
}

impl Planning<'_> {
    fn case(&self, case: &Case, plan: &mut Plan) {
        let fates = self.fates(&case.account);
        let mut record = self.record(case);
        match case.account.status {
            AccountStatus::Active if case.stance == Stance::LeaveToIdp => {
                self.leave_to_idp(case, plan);
            }
            AccountStatus::Active => self.end_access(case, &fates, plan),
            AccountStatus::Inactive => {
                record.state = if fates.removable.is_empty() {
                    TerminationState::Settled
                } else {
                    TerminationState::Spent
                };
                self.free_seats(case, &fates, plan);
            }
        }
        plan.terminations.push(record);
    }

    /// The same file as last time is no reason to stop, because things fall due
    /// on their own; but perhaps an export was not made tonight.
    fn name_repeated_inputs(&self, plan: &mut Plan) {
        let accepted = &self.memory.accepted_inputs;
        for input in &plan.inputs {
            let of_role = || accepted.iter().filter(|known| known.role == input.role);
            let last = of_role().map(|known| known.at).max();
            let repeated =
                of_role().any(|known| Some(known.at) == last && known.sha256 == input.sha256);
            if repeated && matches!(input.role.as_str(), "hr" | "users") {
                plan.findings.push(format!(
                    "{} is the same file as last time; what falls due by itself is done all the same",
                    input.path
                ));
            }
        }
    }

    fn leave_to_idp(&self, case: &Case, plan: &mut Plan) {
        let line = &mut plan.dispositions[case.line];
        line.disposition = Disposition::IdpManaged;
        line.reason = Reason::IdentityProvider;
        line.needs_a_look = true;
        "an identity provider manages the account: it has to deactivate it there, or the next sync undoes it"
            .clone_into(&mut line.detail);
        self.task(case, TaskKind::IdentityProvider, None, Some(case.due), plan);
    }

    /// The account is active: end its access, and free its seats at once only
    /// if the policy knows no grace period.
    fn end_access(&self, case: &Case, fates: &Fates, plan: &mut Plan) {
        let removal_due = self
            .calendar
            .after_days(self.as_of, self.policy.remove_license_after_days);
        self.describe(case, Disposition::Planned, Reason::DeactivationDue, plan);
        if !fates.removable.is_empty() {
            plan.dispositions[case.line].next_due = Some(removal_due);
        }
        self.side_tasks(case, fates, removal_due, plan);
        if self.policy.deactivate_by_hand {
            self.task(case, TaskKind::DeactivateByHand, None, Some(case.due), plan);
            plan.dispositions[case.line].needs_a_look = true;
            return;
        }
        let deactivate = self.action(
            case,
            ActionKind::Deactivate,
            None,
            0,
            case.due,
            Channel::AdminApi,
        );
        let at_once = self.policy.remove_license_after_days == 0
            && self.policy.data_gate == DataGate::Grace
            && !self.policy.remove_by_hand;
        let mut remove = Vec::new();
        if at_once {
            for (ordinal, license) in fates.removable.iter().enumerate() {
                let mut action = self.action(
                    case,
                    ActionKind::RemoveLicense,
                    Some(license),
                    ordinal,
                    case.due,
                    Channel::AdminApi,
                );
                action.depends_on = vec![deactivate.id.clone()];
                remove.push(Removal {
                    action: action.id.clone(),
                    license: license.clone(),
                });
                plan.actions.push(action);
            }
        }
        let upon_refusal = if remove.is_empty() {
            UponRefusal::Fail
        } else {
            UponRefusal::DeactivateAlone
        };
        let step = self.step(
            case,
            Phase::Deactivations,
            Some(deactivate.id.clone()),
            remove,
        );
        plan.actions.push(deactivate);
        plan.lanes.push(lane(
            case,
            Step {
                upon_refusal,
                ..step
            },
        ));
    }

    /// The account is inactive: its seats can go once the grace period, counted
    /// from the verified deactivation, is over.
    fn free_seats(&self, case: &Case, fates: &Fates, plan: &mut Plan) {
        let deactivated_at = case.deactivated_at.unwrap_or(self.as_of);
        let due = self
            .calendar
            .after_days(deactivated_at, self.policy.remove_license_after_days);
        self.side_tasks(case, fates, due, plan);
        if fates.removable.is_empty() {
            let line = &mut plan.dispositions[case.line];
            "deactivated, and no licence is left that may be removed".clone_into(&mut line.detail);
            line.needs_a_look |= self.has_overdue_task(case);
            return;
        }
        if due > self.as_of {
            self.wait(case, Reason::GracePeriod, Some(due), plan);
        } else if self.policy.data_gate == DataGate::Ack && !self.voicemail_is_done(case) {
            self.wait(case, Reason::DataGate, None, plan);
        } else if self.frees_by_hand() {
            for license in &fates.removable {
                self.task(
                    case,
                    TaskKind::RemoveLicenseByHand,
                    Some(license),
                    Some(due),
                    plan,
                );
            }
            self.wait(case, Reason::ManualRemoval, None, plan);
        } else {
            self.describe(case, Disposition::Planned, Reason::RemovalDue, plan);
            self.remove_licenses(case, fates, due, plan);
        }
        plan.dispositions[case.line].needs_a_look |= self.has_overdue_task(case);
    }

    fn remove_licenses(&self, case: &Case, fates: &Fates, due: Timestamp, plan: &mut Plan) {
        let mut remove = Vec::new();
        for (ordinal, license) in fates.removable.iter().enumerate() {
            let action = self.action(
                case,
                ActionKind::RemoveLicense,
                Some(license),
                ordinal,
                due,
                Channel::AdminApi,
            );
            remove.push(Removal {
                action: action.id.clone(),
                license: license.clone(),
            });
            plan.actions.push(action);
        }
        let step = self.step(case, Phase::Removals, None, remove);
        plan.lanes.push(lane(
            case,
            Step {
                upon_refusal: UponRefusal::RememberStranded,
                ..step
            },
        ));
    }

    fn frees_by_hand(&self) -> bool {
        self.policy.remove_by_hand
            || self.policy.stranded_seats == StrandedSeats::Manual
            || self.memory.stranded_refused
    }

    fn wait(&self, case: &Case, reason: Reason, next_due: Option<Timestamp>, plan: &mut Plan) {
        self.describe(case, Disposition::Waiting, reason, plan);
        plan.dispositions[case.line].next_due = next_due;
    }

    /// What is due, in the words of the results; held if it waits for approval.
    fn describe(&self, case: &Case, found: Disposition, reason: Reason, plan: &mut Plan) {
        let line = &mut plan.dispositions[case.line];
        if case.stance == Stance::WithApproval && found == Disposition::Planned {
            line.disposition = Disposition::Held;
            line.reason = Reason::OldTermination;
            line.needs_a_look = case.account.status == AccountStatus::Active;
            line.detail = self.old_termination();
            return;
        }
        line.disposition = found;
        line.reason = reason;
        let detail = match reason {
            Reason::DeactivationDue => "access ends now",
            Reason::RemovalDue => "the grace period is over; the licences go now",
            Reason::GracePeriod => "deactivated; the licences go when the grace period is over",
            Reason::DataGate => "deactivated; the licences wait until the voicemail task is done",
            Reason::ManualRemoval => "deactivated; the licences are removed by hand",
            _ => "",
        };
        detail.clone_into(&mut line.detail);
    }

    fn old_termination(&self) -> String {
        format!(
            "the termination is more than {} days back and was not known before: it waits for an approval of this plan",
            self.policy.max_termination_age_days
        )
    }

    fn record(&self, case: &Case) -> TerminationRecord {
        let known = case.record.as_ref();
        TerminationRecord {
            termination: case.termination.clone(),
            account: Some(case.key.clone()),
            user_id: case.account.user_id.clone(),
            account_username: case.account.username.clone(),
            matched_by: case.matched_by.clone(),
            state: TerminationState::Open,
            first_listed: known.map_or(self.as_of, |record| record.first_listed),
            deactivated_at: case.deactivated_at,
            approved: known.is_some_and(|record| record.approved),
            vanished_at: None,
        }
    }

    fn fates(&self, account: &AccountRow) -> Fates {
        let mut fates = Fates {
            removable: Vec::new(),
            kept: Vec::new(),
            contact_center: Vec::new(),
        };
        let mut licenses = account.licenses.clone();
        licenses.sort();
        for license in licenses {
            match license.kind() {
                _ if self.is_kept(&license) => fates.kept.push(license),
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
        let name = license.display.to_lowercase();
        license.kind() == LicenseKind::Number
            || self
                .policy
                .keep_licenses
                .iter()
                .any(|word| match word.as_str() {
                    "storage" => license.kind() == LicenseKind::Storage,
                    "number" => false,
                    word => name.contains(word),
                })
    }

    /// What people have to do beside the account's changes.
    fn side_tasks(&self, case: &Case, fates: &Fates, removal_due: Timestamp, plan: &mut Plan) {
        let account = &case.account;
        let by = Some(removal_due);
        if fates
            .removable
            .iter()
            .any(|license| license.kind() == LicenseKind::Calling)
        {
            self.task(case, TaskKind::Voicemail, None, by, plan);
        }
        let has_number = !account.phone_numbers.is_empty()
            || fates
                .kept
                .iter()
                .any(|license| license.kind() == LicenseKind::Number);
        if has_number {
            self.task(case, TaskKind::Number, None, by, plan);
        }
        if !account.devices.is_empty() {
            self.task(case, TaskKind::Device, None, by, plan);
        }
        for license in &fates.contact_center {
            self.task(case, TaskKind::ContactCenter, Some(license), by, plan);
        }
        for license in fates
            .kept
            .iter()
            .filter(|license| license.kind() != LicenseKind::Number)
        {
            self.task(case, TaskKind::KeptLicense, Some(license), by, plan);
        }
    }

    fn voicemail_is_done(&self, case: &Case) -> bool {
        let id = tasks::id(TaskKind::Voicemail, case.termination.id().as_str(), "");
        self.memory
            .tasks
            .get(&id)
            .is_some_and(|task| task.state == TaskState::Done)
    }

    /// With `data_gate = "grace"` nobody has to confirm the voicemail task: the
    /// end of the grace period settles it, and every removal would count as a
    /// task that is overdue otherwise.
    fn has_overdue_task(&self, case: &Case) -> bool {
        let id = case.termination.id();
        let grace = self.policy.data_gate == DataGate::Grace;
        self.memory.tasks.values().any(|task| {
            task.termination.as_ref() == Some(&id)
                && !(grace && task.kind == TaskKind::Voicemail)
                && task.state == TaskState::Open
                && task.due.is_some_and(|due| due < self.as_of)
        })
    }

    fn action(
        &self,
        case: &Case,
        kind: ActionKind,
        license: Option<&LicenseName>,
        ordinal: usize,
        due: Timestamp,
        channel: Channel,
    ) -> Action {
        let termination = case.termination.id();
        let name = license.map_or("", |license| license.raw.as_str());
        let content = format!(
            "{kind}|{termination}|{}|{name}|{ordinal}",
            case.key.as_str()
        );
        Action {
            id: id_of(kind, &content),
            kind,
            origin: case.origin,
            line: Some(case.line),
            subject: Subject {
                person: case.termination.name.display(),
                user_id: case.account.user_id.clone(),
                username: case.account.username.clone(),
                account: Some(case.key.clone()),
                termination: Some(termination),
            },
            license: license.cloned(),
            quantity: license.map(|_| 1),
            due,
            depends_on: Vec::new(),
            channel,
            needs_approval: (case.stance == Stance::WithApproval).then(|| self.old_termination()),
            evidence: Evidence {
                file: case.termination.source.file.clone(),
                line: case.termination.source.line,
                matched_by: case.matched_by.clone(),
                seen: seen(&case.account),
            },
            draft: None,
            task_id: None,
        }
    }

    fn step(
        &self,
        case: &Case,
        phase: Phase,
        deactivate: Option<String>,
        remove: Vec<Removal>,
    ) -> Step {
        let account = &case.account;
        let carried: Vec<&str> = deactivate
            .iter()
            .map(String::as_str)
            .chain(remove.iter().map(|removal| removal.action.as_str()))
            .collect();
        Step {
            id: format!("step-{}", short_digest(carried.join("|"))),
            phase,
            deactivate,
            remove,
            expected: Expected {
                user_id: account.user_id.clone(),
                username: account.username.clone(),
                email: account.email.clone(),
                created_before: self
                    .calendar
                    .end_of(case.termination.date, &case.termination.site),
                status: account.status,
            },
            upon_refusal: UponRefusal::Fail,
            needs_approval: case.stance == Stance::WithApproval,
        }
    }

    /// Adds a manual task, as an action only if it was not issued before.
    pub(super) fn task(
        &self,
        case: &Case,
        kind: TaskKind,
        license: Option<&LicenseName>,
        due: Option<Timestamp>,
        plan: &mut Plan,
    ) {
        let termination = case.termination.id();
        let name = license.map_or("", |license| license.raw.as_str());
        let id = tasks::id(kind, termination.as_str(), name);
        let known = self.memory.tasks.get(&id);
        if known.is_some_and(|task| task.state != TaskState::Open) {
            return;
        }
        plan.manual_tasks.push(ManualTask {
            id: id.clone(),
            kind,
            termination: Some(termination),
            line: Some(case.line),
            subject: case.termination.name.display(),
            username: case
                .account
                .username
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            steps: tasks::steps(kind, &case.account, license),
            who: tasks::who(kind).to_owned(),
            due: known.map_or(due, |task| task.due),
            issued_at: known.map(|task| task.issued_at),
        });
        if known.is_none() {
            let mut action = self.action(
                case,
                ActionKind::ManualTask,
                license,
                0,
                case.due,
                Channel::Manual,
            );
            action.id = id_of(ActionKind::ManualTask, &id);
            action.quantity = None;
            action.task_id = Some(id);
            plan.actions.push(action);
        }
    }

    /// A task that tonight's view no longer calls for was done, or is moot.
    fn close_tasks(&self, plan: &mut Plan) {
        let wanted: BTreeSet<&String> = plan.manual_tasks.iter().map(|task| &task.id).collect();
        let in_view: BTreeSet<_> = plan
            .terminations
            .iter()
            .map(|record| record.termination.id())
            .collect();
        let closed = self
            .memory
            .tasks
            .values()
            .filter(|task| task.state == TaskState::Open && !wanted.contains(&task.id))
            .filter(|task| {
                task.termination
                    .as_ref()
                    .is_some_and(|id| in_view.contains(id))
            })
            .map(|task| task.id.clone());
        plan.closed_tasks = closed.collect();
    }
}

fn lane(case: &Case, step: Step) -> Lane {
    Lane {
        account: case.key.clone(),
        user_id: case.account.user_id.clone(),
        username: case.account.username.clone(),
        steps: vec![step],
    }
}

/// The account in a few words: `active; X Series - X2 (US)`.
fn seen(account: &AccountRow) -> String {
    let mut words = vec![match account.status {
        AccountStatus::Active => "active".to_owned(),
        AccountStatus::Inactive => "deactivated".to_owned(),
    }];
    let mut licenses: Vec<String> = account
        .licenses
        .iter()
        .map(|license| license.pool().to_string())
        .collect();
    licenses.sort();
    words.extend(licenses);
    words.join("; ")
}

/// HR rows per disposition, those with none included, so that sums are seen.
fn totals(plan: &Plan) -> BTreeMap<String, u64> {
    let mut totals: BTreeMap<String, u64> = Disposition::ALL
        .iter()
        .map(|found| (found.to_string(), 0))
        .collect();
    for line in plan
        .dispositions
        .iter()
        .filter(|line| line.origin == Origin::Hr)
    {
        *totals.entry(line.disposition.to_string()).or_default() += 1;
    }
    totals
}

/// `deactivate-5d2e…`: the kind, and a digest of what makes the action itself.
pub(super) fn id_of(kind: ActionKind, content: &str) -> String {
    let word = match kind {
        ActionKind::Deactivate => "deactivate",
        ActionKind::RemoveLicense => "remove",
        ActionKind::RequestPartialCancellation => "cancel",
        ActionKind::ManualTask => "manual",
    };
    format!("{word}-{}", short_digest(content))
}
