use std::collections::BTreeMap;

use crate::model::{
    AcceptedInput, AccountMemory, AccountStatus, ActionKind, Disposition, GuardLimits, Memory,
    OpenRequest, Reason, RecentPerson, RequestState, TaskRecord, TaskState, TerminationId,
    TerminationRecord, TerminationState,
};
use crate::plan::tests::named;
use crate::plan::{Action, Build, Facts, LookedUp, Plan, PlanInput, build};
use crate::reconcile::tests::scenario::Scenario;
use crate::reconcile::{Census, listed_names, names_of_nobody};
use crate::seats::{CountDate, Ledgered, OwnedSeats, Tally, figures, keep_for_joiners};

impl Scenario {
    pub(crate) fn plan(&self) -> Plan {
        self.plan_with(&GuardLimits::default(), &[])
    }

    pub(crate) fn plan_with(&self, limits: &GuardLimits, owned: &[OwnedSeats]) -> Plan {
        self.plan_of(limits, owned, &[])
    }

    /// The plan of a night on which these files were read.
    pub(crate) fn plan_from(&self, inputs: &[PlanInput]) -> Plan {
        self.plan_of(&GuardLimits::default(), &[], inputs)
    }

    /// The night's plan, made as the commands make it.
    fn plan_of(&self, limits: &GuardLimits, owned: &[OwnedSeats], inputs: &[PlanInput]) -> Plan {
        let calendar = self.calendar();
        let reconciliation = self.settled();
        let question = self.question(&calendar);
        let mut watched = listed_names(&question);
        watched.extend(self.policy.canaries.iter().cloned());
        let mut census = Census::new(watched);
        let mut tally = Tally::new(&self.memory, self.users_at);
        for row in &self.accounts {
            census.observe(row);
            tally.observe(row);
        }
        let headcount = census.headcount();
        let facts = Facts {
            active_accounts: headcount.active,
            active_licensed: headcount.active_licensed,
            users_rows: census.rows(),
            due_leavers: reconciliation.due_leavers,
            due_matched: reconciliation.due_matched,
            protected_hits: reconciliation.protected_hits,
            active_leavers: reconciliation.active_leavers,
            missing_canaries: census.missing(&self.policy.canaries),
        };
        let counted = self.policy.seats_as_of;
        let ledgered = Ledgered {
            memory: &self.memory,
            vanished: &reconciliation.vanished(&self.memory),
            counted: counted.map(|day| CountDate {
                start: calendar.start_of(day, ""),
                end: calendar.end_of(day, ""),
            }),
        };
        let on_accounts = tally.finish();
        let pools = on_accounts.pools();
        let mut seats = figures(&pools, owned, &self.policy.contracts, &ledgered);
        keep_for_joiners(&mut seats, &self.policy.planned_joiners);
        named(build(Build {
            as_of: self.as_of,
            users_at: self.users_at,
            tenant: "example",
            target: "sandbox",
            customer_id: None,
            inputs: inputs.to_vec(),
            policy: &self.policy,
            guard_limits: limits,
            calendar: &calendar,
            memory: &self.memory,
            reconciliation,
            names_of_nobody: names_of_nobody(&question, &census),
            looked_up: LookedUp::default(),
            facts,
            seats,
            on_accounts: &on_accounts,
            counted,
            numbers: None,
        }))
    }

    /// Plans, accepts, and carries everything out; the next night's report
    /// shows it.
    pub(crate) fn night(&mut self) -> Plan {
        let plan = self.plan();
        self.accept(&plan);
        self.carry_out(&plan);
        plan
    }

    /// Remembers a plan as the ledger does when it is accepted.
    pub(crate) fn accept(&mut self, plan: &Plan) {
        let memory = &mut self.memory;
        memory.generation += 1;
        memory.has_applied = true;
        for record in &plan.terminations {
            remember(memory, record);
        }
        memory
            .unsettled
            .retain(|row| !plan.settled_rows.contains(&row.id()));
        memory.unsettled.extend(plan.unsettled_rows.clone());
        for task in &plan.manual_tasks {
            let known = memory.tasks.get(&task.id);
            let ticked_off = known.filter(|known| known.state == TaskState::Done);
            let is_open = known.is_some_and(|known| known.state == TaskState::Open);
            let record = TaskRecord {
                id: task.id.clone(),
                kind: task.kind,
                termination: task.termination.clone(),
                state: TaskState::Open,
                due: task.due,
                issued_at: plan.as_of,
                ticked_off_at: ticked_off.and_then(|known| known.ticked_off_at),
            };
            if !is_open {
                memory.tasks.insert(task.id.clone(), record);
            }
        }
        for id in &plan.closed_tasks {
            memory.tasks.get_mut(id).expect("a task").state = TaskState::Observed;
        }
        memory.observations.extend(plan.observations.clone());
        memory.accepted_inputs.push(AcceptedInput {
            role: "users".to_owned(),
            sha256: String::new(),
            rows: plan.facts.users_rows,
            header_fingerprint: String::new(),
            columns: BTreeMap::new(),
            at: plan.as_of,
        });
    }

    /// Every action of the plan that needs no approval succeeds.
    pub(crate) fn carry_out(&mut self, plan: &Plan) {
        for action in plan.actions.iter().filter(|it| it.needs_approval.is_none()) {
            match action.kind {
                ActionKind::Deactivate => self.deactivated(action),
                ActionKind::RemoveLicense => self.removed(action),
                ActionKind::RequestPartialCancellation => self.drafted(action),
                ActionKind::Reactivate | ActionKind::AssignLicense | ActionKind::ManualTask => {}
            }
        }
    }

    fn deactivated(&mut self, action: &Action) {
        let id = action.subject.termination.clone().expect("a termination");
        let record = self.memory.terminations.get_mut(&id).expect("a record");
        record.state = TerminationState::Spent;
        record.deactivated_at = Some(self.as_of);
        record.access.ended_by_us = Some(self.as_of);
        self.memory.recent.push(RecentPerson {
            person: record.termination.person.clone(),
            deactivated_at: Some(self.as_of),
            removed_at: None,
            approved: false,
        });
        let key = action.subject.account.clone().expect("an account");
        for row in self
            .accounts
            .iter_mut()
            .filter(|row| row.key().as_ref() == Some(&key))
        {
            row.status = AccountStatus::Inactive;
        }
        let known = self.memory.accounts.entry(key).or_insert(AccountMemory {
            status: AccountStatus::Inactive,
            status_at: self.as_of,
            removed: Vec::new(),
        });
        (known.status, known.status_at) = (AccountStatus::Inactive, self.as_of);
    }

    fn removed(&mut self, action: &Action) {
        let key = action.subject.account.clone().expect("an account");
        let license = action.license.clone().expect("a license");
        for row in self
            .accounts
            .iter_mut()
            .filter(|row| row.key().as_ref() == Some(&key))
        {
            if let Some(position) = row.licenses.iter().position(|held| held.same_as(&license)) {
                row.licenses.remove(position);
            }
        }
        let known = self.memory.accounts.entry(key).or_insert(AccountMemory {
            status: AccountStatus::Inactive,
            status_at: self.as_of,
            removed: Vec::new(),
        });
        known.removed.push((license, self.as_of));
    }

    fn drafted(&mut self, action: &Action) {
        let draft = &action.draft.as_ref().expect("terms").request;
        let requests = &mut self.memory.requests;
        requests.retain(|request| request.id != draft.id);
        requests.push(OpenRequest {
            id: draft.id.clone(),
            pool: draft.pool.clone(),
            term_ends: draft.term_ends,
            quantity: action.quantity.expect("a quantity"),
            state: RequestState::Drafted,
            effective_on: None,
            drafted_at: draft.drafted_at.unwrap_or(self.as_of),
            verified_at: None,
        });
    }
}

/// What was verified is never lost again, whatever a later plan says.
fn remember(memory: &mut Memory, new: &TerminationRecord) {
    let id = new.termination.id();
    let Some(known) = memory.terminations.get(&id) else {
        memory.terminations.insert(id, new.clone());
        return;
    };
    let reopens = known.state == TerminationState::Closed && new.state < TerminationState::Closed;
    let merged = TerminationRecord {
        state: if reopens {
            new.state
        } else {
            known.state.max(new.state)
        },
        first_listed: known.first_listed.min(new.first_listed),
        deactivated_at: known.deactivated_at.or(new.deactivated_at),
        approved: known.approved || new.approved,
        access: known.access.followed_by(new.access),
        ..new.clone()
    };
    memory.terminations.insert(id, merged);
}

/// The words for what a plan changes: `deactivate jane`, `remove jane`.
pub(crate) fn changes(plan: &Plan) -> Vec<String> {
    plan.actions
        .iter()
        .filter(|action| action.kind != ActionKind::ManualTask)
        .map(|action| {
            let kind = match action.kind {
                ActionKind::Deactivate => "deactivate",
                ActionKind::RemoveLicense => "remove",
                ActionKind::Reactivate => "reactivate",
                ActionKind::AssignLicense => "assign",
                ActionKind::RequestPartialCancellation => "cancel",
                ActionKind::ManualTask => "task",
            };
            let who = match (&action.subject.username, action.quantity) {
                (Some(username), _) => username.to_string(),
                (None, Some(quantity)) => quantity.to_string(),
                (None, None) => String::new(),
            };
            format!("{kind} {who}")
        })
        .collect()
}

/// What became of every line, in order.
pub(crate) fn fates(plan: &Plan) -> Vec<(Disposition, Reason)> {
    let lines = plan.dispositions.iter();
    lines.map(|line| (line.disposition, line.reason)).collect()
}

/// Whose termination: `employee:5@2026-11-20`.
pub(crate) fn id(text: &str) -> TerminationId {
    TerminationId::stored(text.to_owned())
}

/// Totals by disposition, those with none left out.
pub(crate) fn totals(plan: &Plan) -> BTreeMap<&str, u64> {
    let totals = plan.totals.iter().filter(|(_, count)| **count > 0);
    totals
        .map(|(word, count)| (word.as_str(), *count))
        .collect()
}
