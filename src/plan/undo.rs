//! The plan that takes a run back: access and seats come back, and what does
//! not is named for each person.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::build::id_of;
use super::document::{
    Action, Assignment, Evidence, Expected, Facts, Gift, Lane, ManualTask, Phase, Plan,
    Restoration, Step, Subject, Undoes, UponRefusal,
};
use super::{file, guards, losses, tasks};
use crate::model::{
    AccountKey, AccountStatus, ActionKind, Channel, Disposition, EmailAddress, GuardLimits,
    LicenseName, Memory, Origin, Policy, Reason, RequestState, TaskKind, short_digest,
};
use crate::reconcile::RowDisposition;

/// Everything that an undo is made of.
#[derive(Debug)]
pub struct Undo<'a> {
    /// The instant that the plan is made for.
    pub as_of: Timestamp,
    /// The day that it falls on, for holds.
    pub today: Date,
    /// The run.
    pub run_id: &'a str,
    /// All runs that carried that plan out, this one among them.
    pub together: &'a [String],
    /// The plan that it carried out, perhaps together with other runs.
    pub undone: &'a Plan,
    /// The administrator's decisions, as they are now.
    pub policy: &'a Policy,
    /// The limits, as they are now.
    pub guard_limits: &'a GuardLimits,
    /// What earlier nights left.
    pub memory: &'a Memory,
    /// The accounts that the plan's runs have changed, or may have.
    pub accounts: &'a [PastAccount],
}

/// An account that the plan's runs have changed, or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAccount {
    /// The account.
    pub account: AccountKey,
    /// What was done to it and is not taken back yet; actions of the plan.
    pub done: BTreeSet<String>,
    /// When the first change was intended.
    pub changed_at: Timestamp,
    /// What keeps it from being taken back.
    pub state: PastState,
    /// The identity provider that managed it, or empty.
    pub scim_provider: String,
    /// Its e-mail before the run; `None` for the vendor's placeholders.
    pub email: Option<EmailAddress>,
    /// Its licences before the run, with name and country as the vendor has
    /// them; numbers aside, which come and go with their extensions.
    pub licenses: Vec<(LicenseName, String, String)>,
    /// The number of the extension that went with a licence, or empty.
    pub extension: String,
    /// The phone numbers of such extensions.
    pub phone_numbers: Vec<String>,
    /// Their devices.
    pub devices: Vec<String>,
    /// The ring groups and call queues that the account was in with them.
    pub memberships: Vec<String>,
}

/// Whether what was done to an account can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PastState {
    /// It is as the run left it, as far as the ledger knows.
    AsLeft,
    /// This plan changed it later, and is not undone.
    ChangedBy(String),
    /// What became of an update is not known.
    Unclear,
}

/// The id of the action that takes back an action of a plan, or `None` if
/// there is nothing to take back.
pub fn undoing(plan_id: &str, action: &Action) -> Option<String> {
    let kind = match action.kind {
        ActionKind::Deactivate => ActionKind::Reactivate,
        ActionKind::RemoveLicense => ActionKind::AssignLicense,
        ActionKind::Reactivate
        | ActionKind::AssignLicense
        | ActionKind::RequestPartialCancellation
        | ActionKind::ManualTask => return None,
    };
    Some(id_of(kind, &format!("undo|{plan_id}|{}", action.id)))
}

/// Makes every choice. Same ledger, same instant: same plan.
pub fn undo(input: &Undo<'_>) -> Plan {
    let undone = input.undone;
    let mut plan = Plan {
        format_version: file::FORMAT_VERSION,
        plan_id: String::new(),
        as_of: input.as_of,
        tenant: undone.tenant.clone(),
        target: undone.target.clone(),
        customer_id: undone.customer_id.clone(),
        inputs: Vec::new(),
        policy: input.policy.clone(),
        guard_limits: input.guard_limits.clone(),
        undoes: Some(Undoes {
            run_id: input.run_id.to_owned(),
            plan_id: undone.plan_id.clone(),
        }),
        ledger_generation: input.memory.generation,
        facts: Facts {
            active_licensed: undone.facts.active_licensed,
            ..Facts::default()
        },
        dispositions: Vec::new(),
        totals: BTreeMap::new(),
        guards: Vec::new(),
        actions: Vec::new(),
        lanes: Vec::new(),
        manual_tasks: Vec::new(),
        closed_tasks: Vec::new(),
        terminations: Vec::new(),
        unsettled_rows: Vec::new(),
        settled_rows: Vec::new(),
        observations: Vec::new(),
        seats: Vec::new(),
        findings: Vec::new(),
    };
    for past in input.accounts {
        if let Some(returning) = Returning::of(input, past) {
            returning.plan(&mut plan);
        }
    }
    name_what_there_is(input, &mut plan);
    name_open_requests(input, &mut plan);
    plan.actions
        .sort_by(|a, b| (a.kind, a.line, &a.id).cmp(&(b.kind, b.line, &b.id)));
    plan.guards = guards::evaluate(&plan, input.memory, &guards::Permissions::default());
    plan.plan_id = file::digest(&plan);
    plan
}

fn name_what_there_is(input: &Undo<'_>, plan: &mut Plan) {
    if input.together.len() > 1 {
        plan.findings.push(format!(
            "the runs {} carried one plan out together, so they are undone together",
            input.together.join(", ")
        ));
    }
    let nothing = if input.accounts.is_empty() {
        "the run changed no account: there is nothing to undo"
    } else if plan.actions.is_empty() {
        "nothing of the run is left that can be taken back; plan.json says why for each account"
    } else {
        return;
    };
    plan.findings.push(nothing.to_owned());
}

/// A seat that is assigned again must not be cancelled. The next night lowers
/// a draft by itself; what was handed in, only people can take back.
fn name_open_requests(input: &Undo<'_>, plan: &mut Plan) {
    let assigned = plan.actions.iter().filter_map(|action| {
        let is_assigned = action.kind == ActionKind::AssignLicense;
        action.license.as_ref().filter(|_| is_assigned)
    });
    let pools: BTreeSet<_> = assigned.map(LicenseName::pool).collect();
    let open = input.memory.requests.iter();
    for request in open.filter(|it| it.quantity > 0 && pools.contains(&it.pool)) {
        let advice = match request.state {
            RequestState::Drafted => "the next night lowers the draft by what was assigned",
            RequestState::Submitted
            | RequestState::Confirmed
            | RequestState::Effective
            | RequestState::Verified
            | RequestState::Lapsed
            | RequestState::Withdrawn => "tell 8x8 Billing how many seats are needed again",
        };
        plan.findings.push(format!(
            "{}: the cancellation of {} seats is {} ({}); {advice}",
            request.pool,
            request.quantity,
            request.state.as_str(),
            request.id
        ));
    }
}

/// One account on its way back.
struct Returning<'a> {
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
    fn of(input: &'a Undo<'a>, past: &'a PastAccount) -> Option<Self> {
        let lanes = &input.undone.lanes;
        let lane = lanes.iter().find(|lane| lane.account == past.account)?;
        let carried: BTreeSet<&String> = lane.steps.iter().flat_map(Step::actions).collect();
        let all = input.undone.actions.iter();
        let actions: Vec<&Action> = all.filter(|it| carried.contains(&it.id)).collect();
        let any = actions.first()?;
        let line = input.undone.dispositions.get(any.line?)?;
        let subject = &any.subject;
        let mut done = actions;
        done.retain(|action| past.done.contains(&action.id));
        Some(Self {
            input,
            past,
            lane,
            done,
            subject,
            line,
        })
    }

    fn plan(&self, plan: &mut Plan) {
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
            detail,
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
                    "plan {plan_id} changed the account later; undo its run first, then this one"
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
            PastState::AsLeft => {
                let why = self.hold()?;
                (
                    Disposition::Held,
                    Reason::OnHold,
                    format!("on hold: {why}; end the hold, then undo again"),
                )
            }
        };
        Some(found)
    }

    fn is_protected(&self, name: &str) -> bool {
        self.input.policy.protected.contains(name)
    }

    fn hold(&self) -> Option<&'a str> {
        let in_force = |until: Option<Date>| until.is_none_or(|until| until >= self.input.today);
        let mut holds = self.input.memory.holds.iter();
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
            self.line.employee_id.clone(),
            self.line.work_email.clone(),
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
                steps.push(self.step(Phase::Reactivations, inactive, restoration(gift)));
                plan.actions.push(action);
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
            None => (license.raw.clone(), license.country.clone()),
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
                matched_by: self.line.matched_by.clone(),
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
            restore: Some(restore),
            expected: Expected {
                user_id: self.subject.user_id.clone(),
                username: self.subject.username.clone(),
                email: self.past.email.clone(),
                created_before: self.past.changed_at,
                status,
            },
            upon_refusal: UponRefusal::Fail,
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
