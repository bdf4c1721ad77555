//! Intents to write an account, how they ended, and when requests were sent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, Params, Row, Transaction, params};

use super::columns::{read, read_optional, time, time_text};
use super::error::Fault;
use super::{Ledger, LedgerError};
use crate::model::AccountKey;

/// Sends older than this are of no use to any limiter: its longest window is a
/// minute.
const KEEP_SENDS_MS: i64 = 120_000;

/// One intent to write one account, and what is known of it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// What was intended.
    pub intent: Intent,
    /// The vendor's operation and when it was recorded.
    pub operation: Option<(String, Timestamp)>,
    /// How it ended and when; `None` while that is open.
    pub end: Option<(AttemptEnd, Timestamp)>,
}

/// Names one attempt at one step of one plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptKey {
    /// The plan.
    pub plan_id: String,
    /// The step of the plan.
    pub step_id: String,
    /// Which attempt at the step, from 1.
    pub attempt: u32,
}

/// A write that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The attempt; each is recorded once.
    pub key: AttemptKey,
    /// The account.
    pub account: AccountKey,
    /// The account's id at the vendor.
    pub user_id: String,
    /// The user as read before the write, JSON.
    pub before_image: String,
    /// What the step wants, JSON.
    pub wanted: String,
    /// The `X-Request-Id` that the write will carry.
    pub request_id: Option<String>,
    /// When, in run-clock time.
    pub at: Timestamp,
}

/// How one attempt at a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttemptEnd {
    /// The wanted state was read back.
    Changed,
    /// The before-image was still there after the operation's time-out.
    NotApplied,
    /// The vendor refused it, or its operation failed.
    Failed,
    /// Neither the wanted state nor the before-image: nobody can say yet.
    Unknown,
}

impl AttemptEnd {
    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::NotApplied => "not_applied",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Changed, Self::NotApplied, Self::Failed, Self::Unknown]
            .into_iter()
            .find(|end| end.as_str() == word)
    }
}

impl Ledger {
    /// All attempts of a plan, in the order in which they were intended.
    pub fn attempts(&self, plan_id: &str) -> Result<Vec<AttemptRow>, LedgerError> {
        self.read(|connection| select_attempts(connection, "plan_id = ?1", [plan_id]))
    }

    /// How many attempts were made at each step of a plan at which any was.
    pub fn attempts_made(&self, plan_id: &str) -> Result<BTreeMap<String, u32>, LedgerError> {
        self.read(|connection| {
            let made = connection
                .prepare(
                    "SELECT step_id, max(attempt) FROM attempts WHERE plan_id = ?1
                     GROUP BY step_id",
                )?
                .query_map([plan_id], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            Ok(made)
        })
    }

    /// The attempts of a plan of which nobody knows how they ended, in the
    /// order in which they were intended.
    pub fn unclear_attempts(&self, plan_id: &str) -> Result<Vec<AttemptRow>, LedgerError> {
        let condition = "plan_id = ?1 AND (ended IS NULL OR ended = 'unknown')";
        self.read(|connection| select_attempts(connection, condition, [plan_id]))
    }

    /// Intents of any plan without an end: what a killed run left to be looked
    /// at, in the order in which they were intended.
    pub fn open_attempts(&self) -> Result<Vec<AttemptRow>, LedgerError> {
        self.read(|connection| select_attempts(connection, "ended IS NULL", []))
    }

    /// The accounts that were written under this id of the vendor's, which a
    /// report without ids does not tell.
    pub fn accounts_written_as(&self, user_id: &str) -> Result<Vec<AccountKey>, LedgerError> {
        self.read(|connection| {
            let accounts = connection
                .prepare(
                    "SELECT DISTINCT account FROM attempts WHERE user_id = ?1 ORDER BY account",
                )?
                .query_map([user_id], |row| Ok(AccountKey::stored(row.get(0)?)))?
                .collect::<Result<_, _>>()?;
            Ok(accounts)
        })
    }

    /// Wall-clock times, in Unix milliseconds and ascending, of the requests
    /// sent less than `within_ms` from `wall_ms_now`. A little in the future
    /// counts too: the wall clock may have been set back.
    pub fn recent_sends(&self, wall_ms_now: i64, within_ms: i64) -> Result<Vec<i64>, LedgerError> {
        self.read(|connection| {
            let sends = connection
                .prepare(
                    "SELECT sent_wall_ms FROM sends
                     WHERE sent_wall_ms > ?1 - ?2 AND sent_wall_ms < ?1 + ?2
                     ORDER BY sent_wall_ms",
                )?
                .query_map([wall_ms_now, within_ms], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(sends)
        })
    }
}

/// Records an intent. A second one under the same key fails: it would let two
/// writes believe that they are the one attempt.
pub(super) fn store_intent(transaction: &Transaction<'_>, intent: &Intent) -> Result<(), Fault> {
    let Intent {
        key,
        account,
        user_id,
        before_image,
        wanted,
        request_id,
        at,
    } = intent;
    transaction
        .prepare_cached(
            "INSERT INTO attempts (plan_id, step_id, attempt, account, user_id, before_image,
                 wanted, request_id, intended_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            key.plan_id,
            key.step_id,
            key.attempt,
            account.as_str(),
            user_id,
            before_image,
            wanted,
            request_id,
            time_text(*at),
        ])?;
    Ok(())
}

/// Records the vendor's operation of an attempt.
pub(super) fn start_operation(
    transaction: &Transaction<'_>,
    key: &AttemptKey,
    operation_id: &str,
    at: Timestamp,
) -> Result<(), Fault> {
    let updated = transaction
        .prepare_cached(
            "UPDATE attempts SET operation_id = ?4, operation_started_at = ?5
             WHERE plan_id = ?1 AND step_id = ?2 AND attempt = ?3",
        )?
        .execute(params![
            key.plan_id,
            key.step_id,
            key.attempt,
            operation_id,
            time_text(at)
        ])?;
    must_be_recorded(updated, key)
}

/// Records how an attempt ended. An end that was verified stands; only an
/// unknown one is replaced.
pub(super) fn end_attempt(
    transaction: &Transaction<'_>,
    key: &AttemptKey,
    end: AttemptEnd,
    at: Timestamp,
) -> Result<(), Fault> {
    let updated = transaction
        .prepare_cached(
            "UPDATE attempts SET
                 ended_at = iif(ended IS NULL OR ended = 'unknown', ?5, ended_at),
                 ended = iif(ended IS NULL OR ended = 'unknown', ?4, ended)
             WHERE plan_id = ?1 AND step_id = ?2 AND attempt = ?3",
        )?
        .execute(params![
            key.plan_id,
            key.step_id,
            key.attempt,
            end.as_str(),
            time_text(at)
        ])?;
    must_be_recorded(updated, key)
}

/// Keeps the times of requests sent, and forgets those that no limit counts
/// any more.
pub(super) fn store_sends(transaction: &Transaction<'_>, wall_ms: &[i64]) -> Result<(), Fault> {
    let mut insert = transaction.prepare_cached("INSERT INTO sends (sent_wall_ms) VALUES (?1)")?;
    for sent in wall_ms {
        insert.execute([sent])?;
    }
    if let Some(newest) = wall_ms.iter().max() {
        transaction
            .prepare_cached("DELETE FROM sends WHERE sent_wall_ms < ?1")?
            .execute([newest - KEEP_SENDS_MS])?;
    }
    Ok(())
}

fn must_be_recorded(updated: usize, key: &AttemptKey) -> Result<(), Fault> {
    if updated > 0 {
        return Ok(());
    }
    let AttemptKey {
        plan_id,
        step_id,
        attempt,
    } = key;
    Err(Fault::NotRecorded {
        what: "intent",
        id: format!("{plan_id}/{step_id}/{attempt}"),
    })
}

fn select_attempts(
    connection: &Connection,
    condition: &str,
    parameters: impl Params,
) -> Result<Vec<AttemptRow>, Fault> {
    let attempts = connection
        .prepare(&format!(
            "SELECT * FROM attempts WHERE {condition}
             ORDER BY intended_at, plan_id, step_id, attempt"
        ))?
        .query_map(parameters, attempt_row)?
        .collect::<Result<_, _>>()?;
    Ok(attempts)
}

fn attempt_row(row: &Row<'_>) -> rusqlite::Result<AttemptRow> {
    let operation_id: Option<String> = row.get("operation_id")?;
    let operation_started_at = read_optional(row, "operation_started_at", time)?;
    let end = read_optional(row, "ended", AttemptEnd::parse)?;
    let ended_at = read_optional(row, "ended_at", time)?;
    Ok(AttemptRow {
        intent: Intent {
            key: AttemptKey {
                plan_id: row.get("plan_id")?,
                step_id: row.get("step_id")?,
                attempt: row.get("attempt")?,
            },
            account: AccountKey::stored(row.get("account")?),
            user_id: row.get("user_id")?,
            before_image: row.get("before_image")?,
            wanted: row.get("wanted")?,
            request_id: row.get("request_id")?,
            at: read(row, "intended_at", time)?,
        },
        operation: operation_id.zip(operation_started_at),
        end: end.zip(ended_at),
    })
}

#[cfg(test)]
mod tests {
    use super::{AttemptEnd, AttemptRow};
    use crate::ledger::test_support::{Workplace, at, attempt, intent, tonight};
    use crate::ledger::{Entry, Ledger, LedgerError};

    fn end(ledger: &mut Ledger, step_id: &str, end: AttemptEnd) -> Result<(), LedgerError> {
        ledger.record(&[Entry::AttemptEnded {
            key: attempt(step_id),
            end,
            at: tonight(),
        }])
    }

    #[test]
    fn an_attempt_is_open_until_it_ends() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let started = at("2026-11-20T22:00:02Z");
        ledger
            .record(&[
                Entry::Intent(intent("step-1")),
                Entry::OperationStarted {
                    key: attempt("step-1"),
                    operation_id: "operation-1".to_owned(),
                    at: started,
                },
            ])
            .expect("a record");
        let open = AttemptRow {
            intent: intent("step-1"),
            operation: Some(("operation-1".to_owned(), started)),
            end: None,
        };
        assert_eq!(
            ledger.open_attempts().expect("attempts"),
            std::slice::from_ref(&open)
        );
        let unclear = |ledger: &Ledger| ledger.unclear_attempts("plan-1").expect("attempts");
        assert_eq!(unclear(&ledger), std::slice::from_ref(&open));

        end(&mut ledger, "step-1", AttemptEnd::Changed).expect("an end");
        assert_eq!(ledger.open_attempts().expect("attempts"), []);
        assert_eq!(unclear(&ledger), []);
        let ended = AttemptRow {
            end: Some((AttemptEnd::Changed, tonight())),
            ..open
        };
        assert_eq!(ledger.attempts("plan-1").expect("attempts"), [ended]);
        assert_eq!(ledger.attempts("plan-2").expect("attempts"), []);
    }

    #[test]
    fn an_account_is_found_by_the_id_under_which_it_was_written() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let again = intent("step-2");
        ledger
            .record(&[
                Entry::Intent(intent("step-1")),
                Entry::Intent(again.clone()),
            ])
            .expect("a record");
        for (id, expected) in [("U1001", vec![again.account]), ("U1", Vec::new())] {
            assert_eq!(ledger.accounts_written_as(id).expect("accounts"), expected);
        }
    }

    #[test]
    fn the_attempts_at_each_step_are_counted() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let mut again = intent("step-1");
        again.key.attempt = 2;
        let intents = [intent("step-1"), again, intent("step-2")];
        ledger
            .record(&intents.map(Entry::Intent))
            .expect("three intents");
        end(&mut ledger, "step-2", AttemptEnd::Unknown).expect("an end");
        let made = ledger.attempts_made("plan-1").expect("attempts");
        let expected = [("step-1", 2), ("step-2", 1)];
        assert_eq!(
            made,
            expected.map(|(id, made)| (id.to_owned(), made)).into()
        );
        assert!(ledger.attempts_made("plan-2").expect("attempts").is_empty());
        let unclear = ledger.unclear_attempts("plan-1").expect("attempts");
        assert_eq!(
            unclear.len(),
            3,
            "two without an end, one without a known one"
        );
    }

    #[test]
    fn only_an_unknown_end_is_replaced() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        ledger
            .record(&[Entry::Intent(intent("step-1"))])
            .expect("an intent");
        for (word, stands) in [
            (AttemptEnd::Unknown, AttemptEnd::Unknown),
            (AttemptEnd::NotApplied, AttemptEnd::NotApplied),
            (AttemptEnd::Changed, AttemptEnd::NotApplied),
        ] {
            end(&mut ledger, "step-1", word).expect("an end");
            let attempts = ledger.attempts("plan-1").expect("attempts");
            assert_eq!(attempts[0].end.map(|(end, _)| end), Some(stands));
        }
    }

    // Every night asks, and the attempts of years would have to be read.
    #[test]
    fn open_attempts_are_found_without_reading_all() {
        let workplace = Workplace::new();
        let ledger = workplace.open();
        let plan: String = ledger
            .read(|connection| {
                let query = "EXPLAIN QUERY PLAN SELECT * FROM attempts WHERE ended IS NULL";
                Ok(connection.query_row(query, [], |row| row.get("detail"))?)
            })
            .expect("a query plan");
        assert!(plan.contains("USING INDEX open_attempts"), "{plan}");
    }

    #[test]
    fn an_end_without_an_intent_is_an_error() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        assert!(matches!(
            end(&mut ledger, "step-1", AttemptEnd::Changed),
            Err(LedgerError::NotRecorded { what: "intent", id, .. }) if id == "plan-1/step-1/1"
        ));
    }

    #[test]
    fn sends_are_given_to_the_next_limiter_and_then_forgotten() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        let sends = |wall_ms: &[i64]| Entry::Sends {
            wall_ms: wall_ms.to_vec(),
        };
        ledger
            .record(&[sends(&[1_000, 50_000, 61_000, 61_000])])
            .expect("sends");
        let recent = ledger.recent_sends(61_500, 60_000).expect("sends");
        assert_eq!(recent, [50_000, 61_000, 61_000]);
        ledger.record(&[sends(&[122_000])]).expect("sends");
        let kept = ledger.recent_sends(122_000, 1_000_000).expect("sends");
        assert_eq!(kept, [50_000, 61_000, 61_000, 122_000]);
    }
}
