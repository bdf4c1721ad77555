//! Accepting a plan: its guards are passed, and what it saw becomes the
//! baseline of later nights.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::columns::{count_value, json_text, read, time_text};
use super::error::Fault;
use super::{Ledger, LedgerError, grow_generation, terminations, unsettled};
use crate::model::{
    AcceptedInput, PoolObservation, TaskKind, TaskRecord, TaskState, TerminationId,
    TerminationRecord, TerminationState, UnsettledRow,
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
    /// HR rows that are to be reported until something settles them.
    pub unsettled_rows: Vec<UnsettledRow>,
    /// Ids of earlier ones that something has settled.
    pub settled_rows: Vec<String>,
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
            for row_id in &acceptance.settled_rows {
                unsettled::settle(transaction, row_id, acceptance.at)?;
            }
            for row in &acceptance.unsettled_rows {
                unsettled::remember(transaction, row)?;
            }
            for input in &acceptance.inputs {
                insert_input(transaction, &acceptance.plan_id, input)?;
            }
            for observation in &acceptance.observations {
                insert_observation(transaction, observation)?;
            }
            forget_old_places(transaction)?;
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
        ticked_off_at: _,
    } = task;
    let inserted = transaction
        .prepare_cached(
            // A task that seemed moot and is called for again is open again, and
            // so is one that was ticked off before, if 8x8 shows that it was not
            // done. That it was ticked off stays known.
            "INSERT INTO tasks (task_id, kind, termination, state, due_at, issued_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (task_id) DO UPDATE SET
                 state = excluded.state, due_at = excluded.due_at, issued_at = excluded.issued_at,
                 closed_at = CASE tasks.state WHEN 'done' THEN tasks.closed_at END
             WHERE excluded.state = 'open' AND (tasks.state = 'observed'
                 OR (?7 AND tasks.state = 'done' AND tasks.closed_at < excluded.issued_at))",
        )?
        .execute(params![
            id,
            kind.as_str(),
            termination.as_ref().map(TerminationId::as_str),
            state.as_str(),
            due.map(time_text),
            time_text(*issued_at),
            kind.is_seen_in_reports(),
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

/// Ends a termination for good, with its open tasks; true when it was not over.
pub(super) fn undone(
    transaction: &Transaction<'_>,
    termination: &TerminationId,
    at: Timestamp,
) -> Result<bool, Fault> {
    let is_news = terminations::update(transaction, termination, |record| {
        record.state = TerminationState::Undone;
    })?;
    let open: Vec<(String, TaskKind)> = transaction
        .prepare_cached(
            "SELECT task_id, kind FROM tasks WHERE termination = ?1 AND state = 'open'",
        )?
        .query_map([termination.as_str()], |row| {
            Ok((row.get("task_id")?, read(row, "kind", TaskKind::parse)?))
        })?
        .collect::<Result<_, _>>()?;
    for (task_id, kind) in open {
        if !kind.follows_an_undo() {
            close_task(transaction, &task_id, TaskState::Observed, at)?;
        }
    }
    Ok(is_news)
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
        columns,
        at,
    } = input;
    transaction.execute(
        "INSERT INTO accepted_inputs
             (plan_id, role, sha256, rows, header_fingerprint, columns, accepted_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            plan_id,
            role,
            sha256,
            count_value(*rows),
            header_fingerprint,
            json_text(columns)?,
            time_text(*at),
        ],
    )?;
    Ok(())
}

/// One report may be read for several plans; what earlier ones removed is then
/// corrected, and `removals_until` says how far.
fn insert_observation(
    transaction: &Transaction<'_>,
    observation: &PoolObservation,
) -> Result<(), Fault> {
    let PoolObservation {
        at,
        pool,
        active,
        stranded,
        stock,
        places,
    } = observation;
    let stock = stock.as_ref().map(json_text).transpose()?;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO observations (at, license, country, active, stranded, stock, places)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            time_text(*at),
            pool.license,
            pool.country,
            active,
            stranded,
            stock,
            json_text(places)?,
        ])?;
    Ok(())
}

/// Places are what the next night's movements begin with. A company may have
/// thousands, so those of nights that are long over are not kept.
fn forget_old_places(transaction: &Transaction<'_>) -> Result<(), Fault> {
    transaction.execute(
        "UPDATE observations SET places = NULL
         WHERE places IS NOT NULL AND at NOT IN (
             SELECT DISTINCT at FROM observations ORDER BY at DESC LIMIT ?1)",
        params![NIGHTS_WITH_PLACES],
    )?;
    Ok(())
}

/// Enough for a report that was made some nights ago to find the one before.
const NIGHTS_WITH_PLACES: u32 = 8;

#[cfg(test)]
mod tests {
    use super::{
        Acceptance, AcceptedInput, PoolObservation, TaskKind, TaskRecord, TaskState,
        TerminationRecord,
    };
    use crate::ledger::test_support::{
        Workplace, acceptance, account, at, leaver, leaver_id, save_and_accept, task, tonight,
        unsettled,
    };
    use crate::ledger::{EndedBy, Entry, Ledger, LedgerError};
    use crate::model::{AccountKey, Place, PlaceObservation, Pool, PoolStock, TerminationState};

    fn remembered(ledger: &Ledger) -> TerminationRecord {
        let mut memory = ledger.memory(tonight()).expect("a memory");
        memory
            .terminations
            .remove(&leaver_id())
            .expect("the termination")
    }

    fn input(role: &str, rows: u64) -> AcceptedInput {
        AcceptedInput {
            role: role.to_owned(),
            sha256: "9f86d081".to_owned(),
            rows,
            header_fingerprint: "2c26b46b".to_owned(),
            columns: [("status".to_owned(), "Status".to_owned())].into(),
            at: tonight(),
        }
    }

    fn observation(day: &str, active: u32) -> PoolObservation {
        PoolObservation {
            at: at(day),
            pool: Pool {
                license: "X Series - X2".to_owned(),
                country: "US".to_owned(),
            },
            active,
            stranded: 1,
            stock: (active == 100).then(|| PoolStock {
                owned: Some(120),
                unassigned: -2,
                suspended: 3,
                ended: 4,
                removals_until: at(day),
            }),
            places: vec![PlaceObservation {
                place: Place {
                    site: "Denver".to_owned(),
                    cost_center: String::new(),
                },
                active,
                stranded: 1,
            }],
        }
    }

    #[test]
    fn everything_accepted_is_remembered() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        let accepted = Acceptance {
            inputs: vec![input("hr", 3), input("users", 500)],
            observations: vec![
                observation("2026-11-20T06:00:00Z", 100),
                observation("2026-11-20T06:00:00.5Z", 99),
            ],
            tasks: vec![task("task-1")],
            ..acceptance("plan-1", vec![leaver("1001")])
        };
        save_and_accept(&mut ledger, &accepted);
        assert!(ledger.accepted("plan-1").expect("an answer"));
        let memory = ledger.memory(tonight()).expect("a memory");
        assert!(memory.has_applied);
        assert_eq!(memory.generation, 1);
        assert_eq!(remembered(&ledger), leaver("1001"));
        assert_eq!(memory.accepted_inputs, accepted.inputs);
        assert_eq!(memory.observations, accepted.observations);
        assert_eq!(memory.tasks["task-1"], task("task-1"));
    }

    #[test]
    fn only_the_newest_nights_keep_their_places() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        for day in 10..20 {
            let accepted = Acceptance {
                observations: vec![observation(&format!("2026-11-{day}T06:00:00Z"), 9)],
                ..acceptance(&format!("plan-{day}"), Vec::new())
            };
            save_and_accept(&mut ledger, &accepted);
        }
        let memory = ledger.memory(tonight()).expect("a memory");
        let nights = memory.observations.iter();
        let places: Vec<usize> = nights.map(|night| night.places.len()).collect();
        assert_eq!(places, [0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
        assert!(!memory.observations[0].knows_places());
    }

    #[test]
    fn a_plan_that_was_not_saved_is_refused() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        assert!(matches!(
            ledger.accept_plan(&acceptance("plan-1", Vec::new())),
            Err(LedgerError::NotRecorded { what: "plan", .. })
        ));
    }

    // Whatever stops it midway, it can be accepted again as if for the first time.
    #[test]
    fn a_plan_is_accepted_as_a_whole_or_not_at_all() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        ledger.save_plan("plan-1", "{}", tonight()).expect("saved");
        let broken = Acceptance {
            unsettled_rows: vec![unsettled("1002")],
            settled_rows: vec!["row-none".to_owned()],
            ..acceptance("plan-1", vec![leaver("1001")])
        };
        assert!(matches!(
            ledger.accept_plan(&broken),
            Err(LedgerError::NotRecorded { .. })
        ));
        let memory = ledger.memory(tonight()).expect("a memory");
        assert_eq!(memory, crate::model::Memory::default());
    }

    #[test]
    fn a_termination_never_goes_backwards() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let verified_at = at("2026-11-20T22:05:00Z");
        ledger
            .record(&[Entry::Deactivated {
                termination: leaver_id(),
                account: account(),
                at: verified_at,
                by: EndedBy::Us,
                approved: true,
            }])
            .expect("a record");
        let spent = remembered(&ledger);
        assert_eq!(spent.state, TerminationState::Spent);

        // A plan made from an older memory knows nothing of that.
        let stale = TerminationRecord {
            account: None,
            matched_by: String::new(),
            first_listed: at("2026-11-21T22:00:00Z"),
            ..leaver("1001")
        };
        save_and_accept(&mut ledger, &acceptance("plan-2", vec![stale]));
        assert_eq!(remembered(&ledger), spent);
        ledger
            .record(&[Entry::TerminationState {
                termination: leaver_id(),
                state: TerminationState::Open,
            }])
            .expect("a record");
        assert_eq!(remembered(&ledger), spent);
    }

    #[test]
    fn the_newer_match_and_the_earlier_times_count() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let newer = TerminationRecord {
            account: Some(AccountKey::stored("id:U2002".to_owned())),
            matched_by: "mapping".to_owned(),
            first_listed: at("2026-11-19T22:00:00Z"),
            deactivated_at: Some(at("2026-11-18T10:00:00Z")),
            vanished_at: Some(at("2026-11-20T06:00:00Z")),
            ..leaver("1001")
        };
        save_and_accept(&mut ledger, &acceptance("plan-2", vec![newer.clone()]));
        assert_eq!(remembered(&ledger), newer);

        let vanished_still = TerminationRecord {
            vanished_at: Some(at("2026-11-21T06:00:00Z")),
            ..newer.clone()
        };
        save_and_accept(&mut ledger, &acceptance("plan-3", vec![vanished_still]));
        assert_eq!(remembered(&ledger).vanished_at, newer.vanished_at);

        let back_again = TerminationRecord {
            vanished_at: None,
            ..newer
        };
        save_and_accept(&mut ledger, &acceptance("plan-4", vec![back_again]));
        assert_eq!(remembered(&ledger).vanished_at, None);
    }

    #[test]
    fn a_task_is_issued_once_and_closed_once() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        let issuing = Acceptance {
            tasks: vec![task("task-1"), task("task-2")],
            ..acceptance("plan-1", Vec::new())
        };
        save_and_accept(&mut ledger, &issuing);
        let done = Entry::TaskState {
            id: "task-1".to_owned(),
            state: TaskState::Done,
            at: tonight(),
        };
        ledger.record(&[done]).expect("a record");
        let later = Acceptance {
            plan_id: "plan-2".to_owned(),
            closed_tasks: vec!["task-1".to_owned(), "task-2".to_owned()],
            ..issuing
        };
        save_and_accept(&mut ledger, &later);
        let tasks = ledger.memory(tonight()).expect("a memory").tasks;
        assert_eq!(tasks["task-1"].state, TaskState::Done);
        assert_eq!(tasks["task-2"].state, TaskState::Observed);
    }

    #[test]
    fn a_task_that_is_called_for_after_it_was_ticked_off_is_open_again() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let done_at = at("2026-11-22T09:00:00Z");
        let done = Entry::TaskState {
            id: "task-1".to_owned(),
            state: TaskState::Done,
            at: done_at,
        };
        let by_hand = TaskRecord {
            kind: TaskKind::DeactivateByHand,
            ..task("task-1")
        };
        let again = TaskRecord {
            issued_at: at("2026-11-23T06:00:00Z"),
            ..by_hand.clone()
        };
        ledger
            .record(&[
                Entry::TaskIssued(by_hand),
                done,
                Entry::TaskIssued(again.clone()),
            ])
            .expect("a record");
        let tasks = ledger.memory(tonight()).expect("a memory").tasks;
        let expected = TaskRecord {
            ticked_off_at: Some(done_at),
            ..again
        };
        assert_eq!(tasks["task-1"], expected);
    }

    #[test]
    fn the_last_twenty_inputs_of_each_role_are_remembered() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        for night in 0..25 {
            let accepted = Acceptance {
                inputs: vec![input("hr", night), input("users", night)],
                ..acceptance(&format!("plan-{night}"), Vec::new())
            };
            save_and_accept(&mut ledger, &accepted);
        }
        let inputs = ledger.memory(tonight()).expect("a memory").accepted_inputs;
        let expected: Vec<AcceptedInput> = (5..25)
            .flat_map(|night| [input("hr", night), input("users", night)])
            .collect();
        assert_eq!(inputs, expected);
    }
}
