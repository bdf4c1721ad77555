//! `seatsweep explain`: why somebody got what they got. Reads only, takes no
//! lock, and calls nobody unless the accounts are listed live. What it prints is
//! personal data, so it goes to stdout alone.

use std::collections::{BTreeMap, BTreeSet};

use super::failure::{Exit, Failure};
use super::planning::{self, Accounts, Evidence, Tonight};
use super::{console, plan};
use crate::cli::ExplainArguments;
use crate::config::Settings;
use crate::ingest::AccountObserver;
use crate::ledger::{Ledger, RunRow};
use crate::model::{AccountRow, Memory, TerminationId};
use crate::plan::{LookedUp, PastPlan, Plan, terminations_of};
use crate::reconcile::{Asked, Lookout, inquire};
use crate::report::{self, Explanation, PastRuns, Traces};
use crate::vendor::wall_now;

pub(super) fn run(settings: &Settings, arguments: &ExplainArguments) -> Result<u8, Failure> {
    let as_of = settings.as_of.unwrap_or_else(wall_now);
    let (memory, past) = match plan::ledger_to_read(settings)? {
        Some(ledger) => (ledger.memory(as_of)?, Past::of(ledger)?),
        None => (Memory::default(), Past::default()),
    };
    let accounts = Accounts::of(settings, None)?;
    let tonight = Tonight::read(settings, accounts, as_of)?;
    let question = tonight.question(settings, &memory, as_of);
    let lookout = Lookout::new(Asked::new(&arguments.person));
    let (evidence, decided) = planning::settle(settings, accounts, &question, lookout)?;
    let plan = tonight.plan(settings, &question, decided, LookedUp::default());
    let plan = plan.content();
    let Evidence {
        people,
        found,
        unreadable,
        besides: mut lookout,
    } = evidence;
    lookout.stands_for(behind_id(&arguments.person, plan, &memory, &past)?);
    let inquiry = inquire(&lookout, &people, &found, &unreadable, &question);
    if inquiry.is_empty() {
        return Err(nobody(&inquiry.nearest));
    }
    let past = past.about(&Traces::of_all(&inquiry))?;
    console::say(&report::explain(&Explanation {
        inquiry: &inquiry,
        plan,
        memory: &memory,
        past: &past,
    }));
    Ok(0)
}

impl AccountObserver for Lookout {
    fn split(&self) -> Self {
        self.split()
    }

    fn observe(&mut self, row: &AccountRow) {
        self.observe(row);
    }

    fn merge(&mut self, later: Self) {
        self.merge(later);
    }
}

/// The people behind the id of a task, an action, a request or an account that
/// was written.
fn behind_id(
    text: &str,
    plan: &Plan,
    memory: &Memory,
    past: &Past,
) -> Result<BTreeSet<TerminationId>, Failure> {
    let of_task = memory.tasks.get(text).and_then(|it| it.termination.clone());
    let mut behind = terminations_of(&plan.actions, text);
    behind.extend(of_task);
    let written = past.ledger.as_ref().map(|it| it.accounts_written_as(text));
    let written = written.transpose()?.unwrap_or_default();
    let of_account = memory.terminations.iter().filter(|(_, record)| {
        let account = record.account.as_ref();
        account.is_some_and(|account| written.contains(account))
    });
    behind.extend(of_account.map(|(id, _)| id.clone()));
    // Ids have a hyphen; nothing else is worth reading every plan for.
    if behind.is_empty() && text.contains('-') {
        for runs in &past.runs {
            let earlier = past.plan(runs)?;
            behind.extend(
                earlier
                    .iter()
                    .flat_map(|it| terminations_of(&it.actions, text)),
            );
        }
    }
    Ok(behind)
}

/// The names of those who were nearly asked for are data, the rest is not.
fn nobody(nearest: &[String]) -> Failure {
    for near in nearest {
        console::say(&format!("perhaps {near}"));
    }
    Failure::new(
        Exit::NoInput,
        "neither tonight's files nor the ledger know anybody, any account or any row by that; \
         ask for an employee id, an e-mail, a username, a name, FILE:LINE, or the id of an \
         action, a task or a termination",
    )
}

/// What the ledger kept of earlier runs.
#[derive(Default)]
struct Past {
    ledger: Option<Ledger>,
    /// The runs of each plan, in the order in which the plans were begun.
    runs: Vec<Vec<RunRow>>,
}

impl Past {
    fn of(ledger: Ledger) -> Result<Self, Failure> {
        let mut by_plan: BTreeMap<String, usize> = BTreeMap::new();
        let mut runs: Vec<Vec<RunRow>> = Vec::new();
        for run in ledger.runs()? {
            let position = *by_plan
                .entry(run.start.plan_id.clone())
                .or_insert(runs.len());
            match runs.get_mut(position) {
                Some(of_plan) => of_plan.push(run),
                None => runs.push(vec![run]),
            }
        }
        Ok(Self {
            ledger: Some(ledger),
            runs,
        })
    }

    /// What the runs left about these people. Plans are read one by one, so
    /// that years of them need no more memory than one.
    fn about(&self, traces: &Traces) -> Result<Vec<PastRuns>, Failure> {
        let Some(ledger) = &self.ledger else {
            return Ok(Vec::new());
        };
        let mut past = Vec::new();
        for runs in &self.runs {
            let Some(plan) = self.plan(runs)?.filter(|plan| traces.are_in(plan)) else {
                continue;
            };
            let plan_id = plan_id(runs);
            let of_plan = PastRuns {
                outcomes: ledger.outcomes(plan_id)?,
                attempts: ledger.attempts(plan_id)?,
                runs: runs.clone(),
                plan,
            };
            past.push(of_plan.about(traces));
        }
        Ok(past)
    }

    fn plan(&self, runs: &[RunRow]) -> Result<Option<PastPlan>, Failure> {
        let Some(ledger) = &self.ledger else {
            return Ok(None);
        };
        let plan_id = plan_id(runs);
        let document = ledger.plan_json(plan_id)?;
        let plan = document.map(|json| PastPlan::parse(&json)).transpose();
        plan.or_else(|_| {
            console::warn(&format!(
                "the ledger's plan {plan_id} cannot be read by this version; what it did is left out"
            ));
            Ok(None)
        })
    }
}

fn plan_id(runs: &[RunRow]) -> &str {
    runs.first().map_or("", |run| run.start.plan_id.as_str())
}
