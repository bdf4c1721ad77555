//! Plans as saved documents, and people's words about them: approvals and holds.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::columns::{read, time, time_text};
use super::error::Fault;
use super::outcomes::{Certainty, outcomes_of};
use super::{Ledger, LedgerError};
use crate::model::{ApprovalRecord, HoldRecord, HoldSource};

impl Ledger {
    /// Keeps a plan's document. A plan's id is the digest of its content, so
    /// one that is there already stays as it is.
    pub fn save_plan(
        &mut self,
        plan_id: &str,
        json: &str,
        made_at: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT OR IGNORE INTO plans (plan_id, document, made_at) VALUES (?1, ?2, ?3)",
                params![plan_id, json, time_text(made_at)],
            )?;
            Ok(())
        })
    }

    /// The document of a saved plan.
    pub fn plan_json(&self, plan_id: &str) -> Result<Option<String>, LedgerError> {
        self.read(|connection| {
            let document = connection
                .query_row(
                    "SELECT document FROM plans WHERE plan_id = ?1",
                    [plan_id],
                    |row| row.get(0),
                )
                .optional()?;
            Ok(document)
        })
    }

    /// Whether the plan's guards were passed and it was accepted: from then on
    /// it is resumed, not started.
    pub fn accepted(&self, plan_id: &str) -> Result<bool, LedgerError> {
        self.read(|connection| is_accepted(connection, plan_id))
    }

    /// The documents of the plans accepted since, the earliest first, but for
    /// this one.
    pub fn plans_accepted_since(
        &self,
        at: Timestamp,
        but_for: &str,
    ) -> Result<Vec<String>, LedgerError> {
        self.read(|connection| {
            let documents = connection
                .prepare(
                    "SELECT document FROM plans WHERE accepted_at >= ?1 AND plan_id <> ?2
                     ORDER BY accepted_at, plan_id",
                )?
                .query_map(params![time_text(at), but_for], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(documents)
        })
    }

    /// The plans accepted with a file from HR, and the instants that they were
    /// made for, the earliest first.
    pub fn nights(&self) -> Result<Vec<(String, Timestamp)>, LedgerError> {
        self.read(|connection| {
            let nights = connection
                .prepare(
                    "SELECT plan_id, made_at FROM plans
                     WHERE accepted_at IS NOT NULL AND plan_id IN
                         (SELECT plan_id FROM accepted_inputs WHERE role = 'hr')
                     ORDER BY made_at, accepted_at, plan_id",
                )?
                .query_map([], |row| {
                    Ok((row.get("plan_id")?, read(row, "made_at", time)?))
                })?
                .collect::<Result<_, _>>()?;
            Ok(nights)
        })
    }

    /// Whether nothing is left to do of an accepted plan: its newest run has
    /// finished, no attempt is open, and every recorded outcome is final.
    pub fn plan_completed(&self, plan_id: &str) -> Result<bool, LedgerError> {
        self.read(|connection| {
            let finished: Option<bool> = connection
                .query_row(
                    "SELECT finished_at IS NOT NULL FROM runs
                     WHERE plan_id = ?1 ORDER BY ordinal DESC LIMIT 1",
                    [plan_id],
                    |row| row.get(0),
                )
                .optional()?;
            let open_attempt = connection
                .prepare("SELECT 1 FROM attempts WHERE plan_id = ?1 AND ended IS NULL")?
                .exists([plan_id])?;
            let all_final = outcomes_of(connection, plan_id)?
                .values()
                .all(|record| Certainty::of(record.outcome) == Certainty::Final);
            Ok(is_accepted(connection, plan_id)?
                && finished == Some(true)
                && !open_attempt
                && all_final)
        })
    }

    /// Records who approved a plan; the first approval of a plan stands.
    pub fn approve(&mut self, plan_id: &str, approval: &ApprovalRecord) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT OR IGNORE INTO approvals (plan_id, approved_by, approved_at)
                 VALUES (?1, ?2, ?3)",
                params![plan_id, approval.by, time_text(approval.at)],
            )?;
            Ok(())
        })
    }

    /// Records a hold; it takes the place of an earlier one of the same person
    /// or account, whatever the case of its letters.
    pub fn add_hold(&mut self, hold: &HoldRecord) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let until = hold.until.map(|date| date.to_string());
            let since = match hold.source {
                HoldSource::Ledger(since) => since.map(time_text),
                HoldSource::File(_) => None,
            };
            transaction.execute(
                "INSERT OR REPLACE INTO holds (folded_who, who, why, until_date, since)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![hold.who.to_lowercase(), hold.who, hold.why, until, since],
            )?;
            Ok(())
        })
    }
}

/// Ends the hold of this person or account; true when there was one.
pub(super) fn end_hold(
    transaction: &Transaction<'_>,
    who: &str,
    at: Timestamp,
) -> Result<bool, Fault> {
    let ended = transaction.execute(
        "UPDATE holds SET ended_at = ?2 WHERE folded_who = ?1 AND ended_at IS NULL",
        params![who.to_lowercase(), time_text(at)],
    )?;
    Ok(ended > 0)
}

/// Whether any plan was ever accepted.
pub(super) fn any_accepted(connection: &Connection) -> Result<bool, Fault> {
    let accepted = connection
        .prepare("SELECT 1 FROM plans WHERE accepted_at IS NOT NULL")?
        .exists([])?;
    Ok(accepted)
}

fn is_accepted(connection: &Connection, plan_id: &str) -> Result<bool, Fault> {
    let accepted = connection
        .prepare("SELECT 1 FROM plans WHERE plan_id = ?1 AND accepted_at IS NOT NULL")?
        .exists([plan_id])?;
    Ok(accepted)
}

#[cfg(test)]
mod tests {
    use super::{ApprovalRecord, HoldRecord, HoldSource};
    use crate::ledger::test_support::{
        Workplace, acceptance, at, attempt, intent, outcome, tonight,
    };
    use crate::ledger::{Acceptance, AttemptEnd, Entry, Ledger, RunEnd, RunStart};
    use crate::model::{AcceptedInput, Outcome};

    fn hold(who: &str, until: Option<&str>) -> HoldRecord {
        HoldRecord {
            who: who.to_owned(),
            why: "still hands over".to_owned(),
            until: until.map(|date| date.parse().expect("a date")),
            source: HoldSource::Ledger(Some(tonight())),
        }
    }

    fn record_outcome(ledger: &mut Ledger, word: Outcome) {
        ledger
            .record(&[Entry::Outcome {
                plan_id: "plan-1".to_owned(),
                run_id: "run-1".to_owned(),
                record: outcome("action-1", word),
            }])
            .expect("a record");
    }

    #[test]
    fn a_plan_keeps_its_first_document() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        assert_eq!(ledger.plan_json("plan-1").expect("an answer"), None);
        ledger
            .save_plan("plan-1", r#"{"a":1}"#, tonight())
            .expect("saved");
        ledger
            .save_plan("plan-1", "{}", tonight())
            .expect("saved again");
        let document = ledger.plan_json("plan-1").expect("an answer");
        assert_eq!(document.as_deref(), Some(r#"{"a":1}"#));
        assert!(!ledger.accepted("plan-1").expect("an answer"));
    }

    #[test]
    fn the_plans_of_later_nights_are_found() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        for (plan_id, accepted_at) in [
            ("plan-3", "2026-11-22T22:00:00Z"),
            ("plan-1", "2026-11-20T21:59:59Z"),
            ("plan-2", "2026-11-20T22:00:00Z"),
        ] {
            let accepted = Acceptance {
                at: at(accepted_at),
                ..acceptance(plan_id, Vec::new())
            };
            let document = format!("{{\"id\":\"{plan_id}\"}}");
            ledger
                .save_plan(plan_id, &document, tonight())
                .expect("saved");
            ledger.accept_plan(&accepted).expect("accepted");
        }
        ledger.save_plan("plan-4", "{}", tonight()).expect("saved");
        let since = |but_for: &str| {
            let documents = ledger.plans_accepted_since(tonight(), but_for);
            documents.expect("documents")
        };
        assert_eq!(
            since("plan-9"),
            [r#"{"id":"plan-2"}"#, r#"{"id":"plan-3"}"#]
        );
        assert_eq!(since("plan-2"), [r#"{"id":"plan-3"}"#]);
    }

    // An undo has no file from HR, and nobody looks into a plan that was only saved.
    #[test]
    fn nights_are_the_accepted_plans_with_a_file_from_hr() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        let input = |role: &str| AcceptedInput {
            role: role.to_owned(),
            sha256: String::new(),
            rows: 1,
            header_fingerprint: String::new(),
            columns: [].into(),
            at: tonight(),
        };
        let later = at("2026-11-21T22:00:00Z");
        for (plan_id, made_at, inputs) in [
            (
                "plan-2",
                later,
                vec![input("hr"), input("hr"), input("users")],
            ),
            ("plan-1", tonight(), vec![input("hr")]),
            ("undo-1", later, vec![input("holds")]),
        ] {
            let accepted = Acceptance {
                inputs,
                ..acceptance(plan_id, Vec::new())
            };
            ledger.save_plan(plan_id, "{}", made_at).expect("saved");
            ledger.accept_plan(&accepted).expect("accepted");
        }
        ledger.save_plan("plan-3", "{}", later).expect("saved");
        let nights = ledger.nights().expect("nights");
        let expected = [("plan-1", tonight()), ("plan-2", later)];
        assert_eq!(nights, expected.map(|(id, at)| (id.to_owned(), at)));
    }

    #[test]
    fn a_plan_is_completed_when_nothing_of_it_is_open() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let completed = |ledger: &Ledger| ledger.plan_completed("plan-1").expect("an answer");
        assert!(!completed(&ledger), "no run yet");

        let start = RunStart {
            run_id: "run-1".to_owned(),
            plan_id: "plan-1".to_owned(),
            command: "run".to_owned(),
            as_of: tonight(),
            started_at: tonight(),
            wall_ms: 0,
            approved_by: None,
        };
        ledger.begin_run(&start).expect("a run");
        ledger
            .record(&[Entry::Intent(intent("step-1"))])
            .expect("an intent");
        record_outcome(&mut ledger, Outcome::Deferred);
        let end = RunEnd {
            finished_at: tonight(),
            wall_ms: 0,
            exit_code: 7,
            exit_codes_json: "[7]".to_owned(),
        };
        ledger.finish_run("run-1", &end).expect("an end");
        assert!(!completed(&ledger), "an attempt is open");

        let ended = Entry::AttemptEnded {
            key: attempt("step-1"),
            end: AttemptEnd::Changed,
            at: tonight(),
        };
        ledger.record(&[ended]).expect("an end");
        assert!(!completed(&ledger), "an outcome is not final");

        record_outcome(&mut ledger, Outcome::Succeeded);
        assert!(completed(&ledger));
    }

    #[test]
    fn the_first_approval_stands_and_leaves_the_generation() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        for (by, hour) in [
            ("sam", "2026-11-20T22:00:00Z"),
            ("kim", "2026-11-20T23:00:00Z"),
        ] {
            let approval = ApprovalRecord {
                by: by.to_owned(),
                at: at(hour),
            };
            ledger.approve("plan-9", &approval).expect("an approval");
        }
        let memory = ledger.memory(tonight()).expect("a memory");
        assert_eq!(memory.approvals["plan-9"].by, "sam");
        assert_eq!(memory.generation, 0);
    }

    #[test]
    fn the_latest_hold_of_somebody_counts() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        ledger
            .add_hold(&hold("Jana@example.com", None))
            .expect("a hold");
        ledger
            .add_hold(&hold("jana@EXAMPLE.com", Some("2026-12-24")))
            .expect("a hold");
        assert_eq!(
            ledger.memory(tonight()).expect("a memory").holds,
            [hold("jana@EXAMPLE.com", Some("2026-12-24"))]
        );
    }

    #[test]
    fn a_person_ends_a_hold_and_may_write_it_anew() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        let jana = hold("Jana@example.com", None);
        let ended = [Entry::HoldEnded {
            who: "jana@example.com".to_owned(),
            at: tonight(),
        }];
        let holds = |ledger: &Ledger| ledger.memory(tonight()).expect("a memory").holds;
        ledger.add_hold(&jana).expect("a hold");
        ledger.record(&ended).expect("a record");
        ledger.record(&ended).expect("nothing left to do");
        assert_eq!(holds(&ledger), []);
        ledger.add_hold(&jana).expect("a hold");
        assert_eq!(holds(&ledger), [jana]);
    }

    #[test]
    fn a_hold_lasts_until_its_day_is_over_everywhere() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        ledger
            .add_hold(&hold("jana", Some("2026-11-20")))
            .expect("a hold");
        ledger.add_hold(&hold("kim", None)).expect("a hold");
        let holders = |as_of: &str| -> Vec<String> {
            let memory = ledger.memory(at(as_of)).expect("a memory");
            memory.holds.into_iter().map(|hold| hold.who).collect()
        };
        assert_eq!(holders("2026-11-21T11:59:59Z"), ["jana", "kim"]);
        assert_eq!(holders("2026-11-21T12:00:00Z"), ["kim"]);
    }
}
