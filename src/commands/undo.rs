//! `seatsweep undo RUN_ID`: writes the plan that takes a run back. Reads the
//! ledger only and changes nothing; `apply` carries the plan out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::failure::{Exit, Failure};
use super::{again, console, outputs, plan as planned, recovery};
use crate::cli::UndoArguments;
use crate::config::Settings;
use crate::ledger::{AttemptEnd, AttemptRow, Ledger, RunRow};
use crate::model::{
    AccountKey, EmailAddress, LicenseKind, LicenseName, Memory, Outcome, OutcomeRecord,
};
use crate::plan::{self, PastAccount, PastState, Plan, Step, Undo, Verdict};
use crate::reconcile::Calendar;
use crate::report;
use crate::vendor::{User, wall_now};

/// Exit code of a plan that a guard would stop.
const GUARD_TRIPPED: u8 = 3;
/// Run ids that are shown when there is no such run.
const NEAREST: usize = 3;

pub(super) fn run(settings: &Settings, arguments: &UndoArguments) -> Result<u8, Failure> {
    outputs::prepare(settings)?;
    let Some(ledger) = planned::ledger_to_read(settings)? else {
        return Err(Failure::new(
            Exit::NoInput,
            format!(
                "there is no ledger {}, so there is no run to undo; is it the right --config, and \
                 was the run a rehearsal (--sandbox)?",
                settings.ledger.display()
            ),
        ));
    };
    let run = find(settings, &ledger, &arguments.run_id)?;
    let undone = document(&ledger, &run.start.plan_id)?;
    check(settings, &ledger, &run, &undone)?;
    let as_of = instant(settings, &ledger, &run)?;
    let plan = take_back(settings, &ledger, &run, &undone, as_of)?;
    let kept = outputs::write_plan(settings, &plan, arguments.out.as_deref())?;
    console::tell(settings, &report::undo_tables(&plan));
    console::describe_findings(settings, &plan);
    let tripped = plan
        .guards
        .iter()
        .any(|guard| guard.verdict == Verdict::Tripped);
    if tripped {
        console::warn(&report::guard_table(&plan.guards));
    }
    if !plan.actions.is_empty() {
        let flags = report::approving_flags(&plan.guards, &plan.plan_id);
        console::tell(
            settings,
            &format!(
                "nothing was changed. What is lost for good is named for each person in plan.csv; \
                 read it, then carry the plan out:\n  {}",
                again::apply(settings, &kept, &flags)
            ),
        );
    }
    console::say(&format!(
        "plan {} for {} ({}) undoes run {}: {} actions; {}",
        plan.plan_id,
        plan.target,
        plan.tenant,
        arguments.run_id,
        plan.actions.len(),
        kept.display()
    ));
    Ok(if tripped { GUARD_TRIPPED } else { 0 })
}

/// The run, or those whose ids begin most alike, the newest first.
fn find(settings: &Settings, ledger: &Ledger, run_id: &str) -> Result<RunRow, Failure> {
    if let Some(run) = ledger.run(run_id)? {
        return Ok(run);
    }
    let alike = |other: &str| {
        let both = run_id.chars().zip(other.chars());
        both.take_while(|(a, b)| a == b).count()
    };
    let mut ids: Vec<String> = ledger
        .runs()?
        .into_iter()
        .rev()
        .map(|run| run.start.run_id)
        .collect();
    ids.sort_by_key(|id| std::cmp::Reverse(alike(id)));
    ids.truncate(NEAREST);
    let known = if ids.is_empty() {
        "it knows no run at all".to_owned()
    } else {
        format!("the nearest are {}", ids.join(", "))
    };
    Err(Failure::new(
        Exit::NoInput,
        format!(
            "the ledger {} of {} on {} has no run {run_id:?}; {known}",
            settings.ledger.display(),
            settings.tenant,
            settings.target_label()
        ),
    ))
}

fn document(ledger: &Ledger, plan_id: &str) -> Result<Plan, Failure> {
    let document = ledger.plan_json(plan_id)?.unwrap_or_default();
    serde_json::from_str(&document).map_err(|error| {
        let sentence = format!("the ledger's plan {plan_id} cannot be read by this version: {error}");
        Failure::new(Exit::BadData, sentence)
    })
}

/// A run that is over, of this tenant and target, and no undo itself.
fn check(
    settings: &Settings,
    ledger: &Ledger,
    run: &RunRow,
    undone: &Plan,
) -> Result<(), Failure> {
    let run_id = &run.start.run_id;
    let (tenant, target) = (settings.tenant.as_str(), settings.target_label());
    if undone.tenant != tenant || undone.target != target {
        return Err(Failure::new(
            Exit::PlanNotUsable,
            format!(
                "run {run_id} was for {} on {}, the configuration says {tenant} on {target}; undo \
                 it with the configuration that it was made with",
                undone.tenant, undone.target
            ),
        ));
    }
    if let Some(earlier) = &undone.undoes {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "run {run_id} itself undid run {}, and an undo cannot be undone: what it undid \
                 stays spent; if somebody leaves after all, HR gives another date, or deactivate \
                 them in Admin Console",
                earlier.run_id
            ),
        ));
    }
    let mut attempts = ledger.attempts(&undone.plan_id)?.into_iter();
    let mut of_plan = ledger.runs()?.into_iter();
    let is_running = of_plan.any(|row| {
        row.start.plan_id == undone.plan_id && row.end.is_none() && row.superseded_by.is_none()
    });
    if is_running || attempts.any(|row| row.end.is_none()) {
        return Err(Failure::new(
            Exit::PlanNotUsable,
            format!(
                "run {run_id} is not over: it is still at work, or was killed. Let it end, or \
                 carry it on to its end first:\n  {}",
                again::apply(
                    settings,
                    &settings
                        .out_dir
                        .join("plans")
                        .join(format!("{}.json", undone.plan_id)),
                    &[]
                )
            ),
        ));
    }
    Ok(())
}

/// The instant of the plan: now, and never before what the ledger knows.
fn instant(settings: &Settings, ledger: &Ledger, run: &RunRow) -> Result<Timestamp, Failure> {
    let Some(as_of) = settings.as_of else {
        return recovery::clock_start(settings, ledger, wall_now());
    };
    let ended = run.end.as_ref().map(|end| end.finished_at);
    match ended.filter(|ended| *ended > as_of) {
        None => Ok(as_of),
        Some(ended) => Err(Failure::new(
            Exit::Usage,
            format!(
                "--as-of {as_of} lies before the end of run {}, {ended}; a run is undone afterwards",
                run.start.run_id
            ),
        )),
    }
}

fn take_back(
    settings: &Settings,
    ledger: &Ledger,
    run: &RunRow,
    undone: &Plan,
    as_of: Timestamp,
) -> Result<Plan, Failure> {
    let memory = ledger.memory(as_of)?;
    let calendar = Calendar::new(&settings.policy)?;
    let given_back = ledger.given_back()?;
    let history = History {
        ledger,
        memory: &memory,
        given_back: &given_back,
    };
    let accounts = history.accounts(undone)?;
    let runs = ledger.runs()?.into_iter().map(|row| row.start);
    let together = runs.filter(|start| start.plan_id == undone.plan_id);
    let together: Vec<String> = together.map(|start| start.run_id).collect();
    Ok(plan::undo(&Undo {
        as_of,
        today: calendar.day(as_of),
        run_id: &run.start.run_id,
        together: &together,
        undone,
        policy: &settings.policy,
        guard_limits: &settings.guards,
        memory: &memory,
        accounts: &accounts,
    }))
}

/// What the ledger knows of the accounts that a plan changed.
struct History<'a> {
    ledger: &'a Ledger,
    memory: &'a Memory,
    /// Actions of undo plans that reached their end.
    given_back: &'a BTreeSet<String>,
}

impl History<'_> {
    /// The accounts in the order of their lines in the plan.
    fn accounts(&self, undone: &Plan) -> Result<Vec<PastAccount>, Failure> {
        let outcomes = self.ledger.outcomes(&undone.plan_id)?;
        let mut attempts: BTreeMap<AccountKey, Vec<AttemptRow>> = BTreeMap::new();
        for row in self.ledger.attempts(&undone.plan_id)? {
            let of_account = attempts.entry(row.intent.account.clone()).or_default();
            of_account.push(row);
        }
        let mut later = BTreeMap::new();
        let mut accounts = Vec::new();
        for (account, attempts) in attempts {
            let ended = |row: &&AttemptRow, wanted: AttemptEnd| {
                row.end.is_some_and(|(end, _)| end == wanted)
            };
            let changed = attempts.iter().find(|row| ended(row, AttemptEnd::Changed));
            let unclear = attempts.iter().find(|row| ended(row, AttemptEnd::Unknown));
            let Some(first) = changed.or(unclear) else {
                continue;
            };
            let state = match unclear {
                Some(_) => PastState::Unclear,
                None => match self.changed_by(&account, first.intent.at, undone, &mut later)? {
                    Some(plan_id) => PastState::ChangedBy(plan_id),
                    None => PastState::AsLeft,
                },
            };
            accounts.push(self.past(undone, &outcomes, account, first, state)?);
        }
        Ok(accounts)
    }

    /// What is known of the account from before its first change.
    fn past(
        &self,
        undone: &Plan,
        outcomes: &BTreeMap<String, OutcomeRecord>,
        account: AccountKey,
        first: &AttemptRow,
        state: PastState,
    ) -> Result<PastAccount, Failure> {
        let unreadable = || {
            let sentence = format!(
                "what the ledger kept of {} from before plan {} cannot be read",
                first.intent.user_id, undone.plan_id
            );
            Failure::new(Exit::BadData, sentence)
        };
        let image = serde_json::from_str(&first.intent.before_image).map_err(|_| unreadable())?;
        let before = User::read(image).map_err(|_| unreadable())?;
        let licenses = before.licenses().into_iter().filter_map(|license| {
            let name = LicenseName::parse(&license.name, Some(&license.country))?;
            let is_number = name.kind() == LicenseKind::Number;
            (!is_number).then_some((name, license.name, license.country))
        });
        Ok(PastAccount {
            done: self.left_of(undone, &account, outcomes),
            changed_at: first.intent.at,
            state,
            scim_provider: before.scim_provider().unwrap_or_default().to_owned(),
            email: EmailAddress::parse(before.email()),
            licenses: licenses.collect(),
            extension: before.extension_number().to_owned(),
            phone_numbers: before.phone_numbers(),
            devices: before.devices(),
            memberships: before.memberships(),
            account,
        })
    }

    /// What was done to the account under the plan and is not given back yet.
    fn left_of(
        &self,
        plan: &Plan,
        account: &AccountKey,
        outcomes: &BTreeMap<String, OutcomeRecord>,
    ) -> BTreeSet<String> {
        let lanes = plan.lanes.iter().filter(|lane| lane.account == *account);
        let carried: BTreeSet<&String> = lanes
            .flat_map(|lane| &lane.steps)
            .flat_map(Step::actions)
            .collect();
        let succeeded = plan.actions.iter().filter(|action| {
            let ended = outcomes.get(&action.id).map(|record| record.outcome);
            carried.contains(&action.id) && ended == Some(Outcome::Succeeded)
        });
        let left = succeeded.filter(|action| {
            let undoing = plan::undoing(&plan.plan_id, action);
            undoing.is_some_and(|id| !self.given_back.contains(&id))
        });
        left.map(|action| action.id.clone()).collect()
    }

    /// The plan of a later night that changed the account and is not undone.
    fn changed_by(
        &self,
        account: &AccountKey,
        at: Timestamp,
        undone: &Plan,
        later: &mut BTreeMap<String, Later>,
    ) -> Result<Option<String>, Failure> {
        let touched = self.memory.touched.iter();
        let touched = touched.filter(|it| {
            it.account == *account && it.plan_id != undone.plan_id && it.at >= at
        });
        for touched in touched {
            let plan_id = &touched.plan_id;
            if !later.contains_key(plan_id) {
                later.insert(plan_id.clone(), Later::read(self.ledger, plan_id)?);
            }
            let Some(plan) = later.get(plan_id) else {
                continue;
            };
            // Where a plan was undone, or undid another, that one is asked.
            let stands = plan.document.undoes.is_none()
                && (plan.unclear.contains(account)
                    || !self
                        .left_of(&plan.document, account, &plan.outcomes)
                        .is_empty());
            if stands {
                return Ok(Some(plan_id.clone()));
            }
        }
        Ok(None)
    }
}

/// A later plan, read once.
struct Later {
    document: Plan,
    outcomes: BTreeMap<String, OutcomeRecord>,
    /// Accounts of which nobody knows what the plan did to them.
    unclear: BTreeSet<AccountKey>,
}

impl Later {
    fn read(ledger: &Ledger, plan_id: &str) -> Result<Self, Failure> {
        let attempts = ledger.attempts(plan_id)?.into_iter();
        let is_unclear =
            |row: &AttemptRow| matches!(row.end, None | Some((AttemptEnd::Unknown, _)));
        Ok(Self {
            document: document(ledger, plan_id)?,
            outcomes: ledger.outcomes(plan_id)?,
            unclear: attempts
                .filter(is_unclear)
                .map(|row| row.intent.account)
                .collect(),
        })
    }
}
