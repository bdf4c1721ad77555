//! Runs: begun, finished, looked up again.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::columns::{read, read_optional, time, time_text};
use super::error::Fault;
use super::{Ledger, LedgerError};

/// What is known when a run begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStart {
    /// Unique id of the run.
    pub run_id: String,
    /// The plan it carries out, which was saved before.
    pub plan_id: String,
    /// `run` or `apply`.
    pub command: String,
    /// The plan's as-of.
    pub as_of: Timestamp,
    /// When it begins, in run-clock time.
    pub started_at: Timestamp,
    /// The same in wall-clock time, Unix milliseconds.
    pub wall_ms: i64,
    /// Login name of whoever approved the plan.
    pub approved_by: Option<String>,
}

/// What is known when a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// When it ended, in run-clock time.
    pub finished_at: Timestamp,
    /// The same in wall-clock time, Unix milliseconds.
    pub wall_ms: i64,
    /// The process's exit code.
    pub exit_code: u8,
    /// Every code that applied, as a JSON array.
    pub exit_codes_json: String,
}

/// One run as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// How it began.
    pub start: RunStart,
    /// How it ended; `None` while it runs, and for good if it was killed.
    pub end: Option<RunEnd>,
    /// The later run of the same plan that took over from it unfinished.
    pub superseded_by: Option<String>,
}

impl Ledger {
    /// Records that a run begins. Unfinished runs of the same plan are marked
    /// as superseded by it.
    pub fn begin_run(&mut self, start: &RunStart) -> Result<(), LedgerError> {
        let RunStart {
            run_id,
            plan_id,
            command,
            as_of,
            started_at,
            wall_ms,
            approved_by,
        } = start;
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO runs (run_id, plan_id, command, as_of, started_at, started_wall_ms,
                     approved_by)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    run_id,
                    plan_id,
                    command,
                    time_text(*as_of),
                    time_text(*started_at),
                    wall_ms,
                    approved_by,
                ],
            )?;
            transaction.execute(
                "UPDATE runs SET superseded_by = ?1
                 WHERE plan_id = ?2 AND run_id <> ?1
                     AND finished_at IS NULL AND superseded_by IS NULL",
                params![run_id, plan_id],
            )?;
            Ok(())
        })
    }

    /// Records how a run ended.
    pub fn finish_run(&mut self, run_id: &str, end: &RunEnd) -> Result<(), LedgerError> {
        let RunEnd {
            finished_at,
            wall_ms,
            exit_code,
            exit_codes_json,
        } = end;
        self.write(|transaction| {
            let updated = transaction.execute(
                "UPDATE runs SET finished_at = ?2, finished_wall_ms = ?3, exit_code = ?4,
                     exit_codes = ?5
                 WHERE run_id = ?1",
                params![
                    run_id,
                    time_text(*finished_at),
                    wall_ms,
                    exit_code,
                    exit_codes_json,
                ],
            )?;
            match updated {
                0 => Err(Fault::NotRecorded {
                    what: "run",
                    id: run_id.to_owned(),
                }),
                _ => Ok(()),
            }
        })
    }

    /// All runs, oldest first.
    pub fn runs(&self) -> Result<Vec<RunRow>, LedgerError> {
        self.read(|connection| {
            let runs = connection
                .prepare("SELECT * FROM runs ORDER BY ordinal")?
                .query_map([], run_row)?
                .collect::<Result<_, _>>()?;
            Ok(runs)
        })
    }

    /// One run.
    pub fn run(&self, run_id: &str) -> Result<Option<RunRow>, LedgerError> {
        self.read(|connection| {
            let run = connection
                .query_row("SELECT * FROM runs WHERE run_id = ?1", [run_id], run_row)
                .optional()?;
            Ok(run)
        })
    }

    /// The run that began last.
    pub fn last_run(&self) -> Result<Option<RunRow>, LedgerError> {
        self.read(|connection| {
            let run = connection
                .query_row(
                    "SELECT * FROM runs ORDER BY ordinal DESC LIMIT 1",
                    [],
                    run_row,
                )
                .optional()?;
            Ok(run)
        })
    }

    /// Whether the run that began last never finished. Asked before a run
    /// begins, it tells that the one before was killed.
    pub fn unclean_stop(&self) -> Result<bool, LedgerError> {
        let last_run = self.last_run()?;
        Ok(last_run.is_some_and(|run| run.end.is_none()))
    }
}

fn run_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let end = match read_optional(row, "finished_at", time)? {
        Some(finished_at) => Some(RunEnd {
            finished_at,
            wall_ms: row.get("finished_wall_ms")?,
            exit_code: row.get("exit_code")?,
            exit_codes_json: row.get("exit_codes")?,
        }),
        None => None,
    };
    Ok(RunRow {
        start: RunStart {
            run_id: row.get("run_id")?,
            plan_id: row.get("plan_id")?,
            command: row.get("command")?,
            as_of: read(row, "as_of", time)?,
            started_at: read(row, "started_at", time)?,
            wall_ms: row.get("started_wall_ms")?,
            approved_by: row.get("approved_by")?,
        },
        end,
        superseded_by: row.get("superseded_by")?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Ledger, RunEnd, RunStart};
    use crate::ledger::LedgerError;
    use crate::ledger::test_support::{Workplace, acceptance, at, save_and_accept, tonight};

    fn begin(ledger: &mut Ledger, run_id: &str, plan_id: &str) -> RunStart {
        let start = RunStart {
            run_id: run_id.to_owned(),
            plan_id: plan_id.to_owned(),
            command: "apply".to_owned(),
            as_of: tonight(),
            started_at: at("2026-11-20T22:00:01.25Z"),
            wall_ms: 1_795_000_001_250,
            approved_by: Some("sam".to_owned()),
        };
        ledger.begin_run(&start).expect("a run");
        start
    }

    fn end() -> RunEnd {
        RunEnd {
            finished_at: at("2026-11-20T22:10:00Z"),
            wall_ms: 1_795_000_600_000,
            exit_code: 4,
            exit_codes_json: "[4,8]".to_owned(),
        }
    }

    #[test]
    fn a_run_is_remembered_as_it_was() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let start = begin(&mut ledger, "run-1", "plan-1");
        ledger.finish_run("run-1", &end()).expect("an end");
        let run = ledger.run("run-1").expect("an answer").expect("a run");
        assert_eq!(run.start, start);
        assert_eq!(run.end, Some(end()));
        assert_eq!(run.superseded_by, None);
        assert_eq!(ledger.run("run-2").expect("an answer"), None);
    }

    #[test]
    fn an_unfinished_run_is_superseded_and_kept() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        save_and_accept(&mut ledger, &acceptance("plan-2", Vec::new()));
        begin(&mut ledger, "run-1", "plan-1");
        begin(&mut ledger, "run-2", "plan-2");
        begin(&mut ledger, "run-3", "plan-1");
        let runs = ledger.runs().expect("runs");
        let superseded: Vec<_> = runs
            .iter()
            .map(|run| (run.start.run_id.as_str(), run.superseded_by.as_deref()))
            .collect();
        assert_eq!(
            superseded,
            [("run-1", Some("run-3")), ("run-2", None), ("run-3", None)]
        );
    }

    #[test]
    fn the_stop_was_unclean_until_the_newest_run_has_finished() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        begin(&mut ledger, "run-1", "plan-1");
        assert!(ledger.unclean_stop().expect("an answer"));
        begin(&mut ledger, "run-2", "plan-1");
        ledger.finish_run("run-2", &end()).expect("an end");
        assert!(!ledger.unclean_stop().expect("an answer"));
        let last_run = ledger.last_run().expect("an answer").expect("a run");
        assert_eq!(last_run.start.run_id, "run-2");
    }

    #[test]
    fn a_run_that_never_began_cannot_end() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        assert!(matches!(
            ledger.finish_run("run-1", &end()),
            Err(LedgerError::NotRecorded { what: "run", .. })
        ));
    }
}
