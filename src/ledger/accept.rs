//! Accepting a plan: its guards are passed, and what it saw becomes the
//! baseline of later nights.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::columns::{count_value, time_text};
use super::error::Fault;
use super::{Ledger, LedgerError, grow_generation, terminations};
use crate::model::{
    AcceptedInput, PoolObservation, TaskRecord, TaskState, TerminationId, TerminationRecord,
};

/// What a plan hands to the ledger when it is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The plan, which was saved before.
    pub plan_id: String,
    /// When it is accepted, in run-clock time.
    pub at: Timestamp,
    /// Terminations as they shall be known from now on.
    pub terminations: Vec<TerminationRecord>,
    /// The input files.
    pub inputs: Vec<AcceptedInput>,
    /// Seats on accounts per pool.
    pub observations: Vec<PoolObservation>,
    /// Manual tasks that the plan issues.
    pub tasks: Vec<TaskRecord>,
    /// Ids of open tasks that the inputs show to be done.
    pub closed_tasks: Vec<String>,
}

impl Ledger {
    /// Takes over what an accepted plan saw, in one transaction. Accepting it
    /// again, as a resumed run does, changes nothing. A termination never goes
    /// backwards, and a task that was issued before stays as it is.
    pub fn accept_plan(&mut self, acceptance: &Acceptance) -> Result<(), LedgerError> {
        self.write(|transaction| {
            if !mark_accepted(transaction, &acceptance.plan_id, acceptance.at)? {
                return Ok(());
            }
            for record in &acceptance.terminations {
                terminations::remember(transaction, record)?;
            }
            for input in &acceptance.inputs {
                insert_input(transaction, &acceptance.plan_id, input)?;
            }
            for observation in &acceptance.observations {
                insert_observation(transaction, observation)?;
            }
            for task in &acceptance.tasks {
                issue_task(transaction, task)?;
            }
            for task_id in &acceptance.closed_tasks {
                close_task(transaction, task_id, TaskState::Observed, acceptance.at)?;
            }
            grow_generation(transaction)
        })
    }
}

/// Issues a task unless it was issued before; true when it was not.
pub(super) fn issue_task(transaction: &Transaction<'_>, task: &TaskRecord) -> Result<bool, Fault> {
    let TaskRecord {
        id,
        kind,
        termination,
        state,
        due,
        issued_at,
    } = task;
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO tasks (task_id, kind, termination, state, due_at, issued_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            id,
            kind.as_str(),
            termination.as_ref().map(TerminationId::as_str),
            state.as_str(),
            due.map(time_text),
            time_text(*issued_at),
        ])?;
    Ok(inserted > 0)
}

/// Gives an open task its final state; true when it was open. One that is
/// closed keeps the word of whoever closed it first.
pub(super) fn close_task(
    transaction: &Transaction<'_>,
    task_id: &str,
    state: TaskState,
    at: Timestamp,
) -> Result<bool, Fault> {
    let known = transaction
        .prepare_cached("SELECT 1 FROM tasks WHERE task_id = ?1")?
        .exists([task_id])?;
    if !known {
        return Err(Fault::NotRecorded {
            what: "task",
            id: task_id.to_owned(),
        });
    }
    let closed = transaction
        .prepare_cached(
            "UPDATE tasks SET state = ?2, closed_at = ?3
             WHERE task_id = ?1 AND state = 'open' AND state <> ?2",
        )?
        .execute(params![task_id, state.as_str(), time_text(at)])?;
    Ok(closed > 0)
}

/// True when the plan was not accepted before.
fn mark_accepted(
    transaction: &Transaction<'_>,
    plan_id: &str,
    at: Timestamp,
) -> Result<bool, Fault> {
    let saved = transaction
        .prepare("SELECT 1 FROM plans WHERE plan_id = ?1")?
        .exists([plan_id])?;
    if !saved {
        return Err(Fault::NotRecorded {
            what: "plan",
            id: plan_id.to_owned(),
        });
    }
    let marked = transaction.execute(
        "UPDATE plans SET accepted_at = ?2 WHERE plan_id = ?1 AND accepted_at IS NULL",
        params![plan_id, time_text(at)],
    )?;
    Ok(marked > 0)
}

fn insert_input(
    transaction: &Transaction<'_>,
    plan_id: &str,
    input: &AcceptedInput,
) -> Result<(), Fault> {
    let AcceptedInput {
        role,
        sha256,
        rows,
        header_fingerprint,
        at,
    } = input;
    transaction.execute(
        "INSERT INTO accepted_inputs
             (plan_id, role, sha256, rows, header_fingerprint, accepted_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            plan_id,
            role,
            sha256,
            count_value(*rows),
            header_fingerprint,
            time_text(*at),
        ],
    )?;
    Ok(())
}

/// One report may be read for several plans; it holds the same seats each time.
fn insert_observation(
    transaction: &Transaction<'_>,
    observation: &PoolObservation,
) -> Result<(), Fault> {
    let PoolObservation {
        at,
        pool,
        active,
        stranded,
    } = observation;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO observations (at, license, country, active, stranded)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            time_text(*at),
            pool.license,
            pool.country,
            active,
            stranded,
        ])?;
    Ok(())
}
