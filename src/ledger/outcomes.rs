//! How actions ended, and which outcome may take the place of which.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::columns::{json, json_text, read};
use super::error::Fault;
use super::{Ledger, LedgerError};
use crate::model::{Outcome, OutcomeRecord};

/// How much an outcome says about whether the account was changed. The order
/// decides what may take whose place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// Nothing was sent yet, and a later run may do it.
    NotSent,
    /// Something was sent; a later run has to look.
    MaybeSent,
    /// Said and done for this plan.
    Final,
}

impl Certainty {
    /// What the outcome says.
    pub fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Held | Outcome::Deferred => Self::NotSent,
            Outcome::Unknown => Self::MaybeSent,
            Outcome::Succeeded
            | Outcome::AlreadyDone
            | Outcome::Failed
            | Outcome::Skipped
            | Outcome::Manual => Self::Final,
        }
    }

    /// Whether an outcome of this certainty may take the place of an earlier
    /// one: a final one stands for good, and nothing that may have been sent
    /// is called unsent again.
    fn may_replace(self, earlier: Self) -> bool {
        earlier != Self::Final && self >= earlier
    }
}

impl Ledger {
    /// The outcomes of a plan's actions, by action id.
    pub fn outcomes(&self, plan_id: &str) -> Result<BTreeMap<String, OutcomeRecord>, LedgerError> {
        self.read(|connection| outcomes_of(connection, plan_id))
    }

    /// The actions of any plan that gave something back and reached their end.
    pub fn given_back(&self) -> Result<BTreeSet<String>, LedgerError> {
        self.read(|connection| {
            let ids = connection
                .prepare(
                    "SELECT DISTINCT action_id FROM outcomes
                     WHERE outcome IN ('succeeded', 'already_done')
                         AND (action_id LIKE 'reactivate-%' OR action_id LIKE 'assign-%')",
                )?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(ids)
        })
    }
}

/// The outcomes of a plan's actions, by action id.
pub(super) fn outcomes_of(
    connection: &Connection,
    plan_id: &str,
) -> Result<BTreeMap<String, OutcomeRecord>, Fault> {
    let outcomes = connection
        .prepare("SELECT action_id, record FROM outcomes WHERE plan_id = ?1")?
        .query_map([plan_id], |row| {
            Ok((row.get("action_id")?, read(row, "record", json)?))
        })?
        .collect::<Result<_, _>>()?;
    Ok(outcomes)
}

/// Records an outcome if it may take the place of what is there; true when
/// it did.
pub(super) fn store_outcome(
    transaction: &Transaction<'_>,
    plan_id: &str,
    run_id: &str,
    record: &OutcomeRecord,
) -> Result<bool, Fault> {
    let earlier = transaction
        .prepare_cached("SELECT record FROM outcomes WHERE plan_id = ?1 AND action_id = ?2")?
        .query_row([plan_id, &record.action_id], |row| {
            read(row, "record", json::<OutcomeRecord>)
        })
        .optional()?;
    let new = Certainty::of(record.outcome);
    if let Some(earlier) = earlier
        && !new.may_replace(Certainty::of(earlier.outcome))
    {
        return Ok(false);
    }
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO outcomes (plan_id, action_id, run_id, record)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            plan_id,
            record.action_id,
            run_id,
            json_text(record)?
        ])?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{Outcome, OutcomeRecord};
    use crate::ledger::test_support::{
        Workplace, acceptance, at, outcome, save_and_accept, tonight,
    };
    use crate::ledger::{Entry, Ledger};
    use crate::model::OutcomeReason;

    fn failed_actions(ledger: &Ledger) -> Vec<String> {
        let memory = ledger.memory(tonight()).expect("a memory");
        memory.failed_actions.into_iter().collect()
    }

    #[test]
    fn of_an_action_that_is_planned_again_the_newest_try_counts() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        for plan_id in ["plan-2", "plan-3", "plan-4"] {
            save_and_accept(&mut ledger, &acceptance(plan_id, Vec::new()));
        }
        let mut night = |plan_id: &str, day: &str, word, reason: Option<OutcomeReason>| {
            let record = OutcomeRecord {
                finished_at: at(day),
                reason,
                ..outcome("action-1", word)
            };
            let entry = Entry::Outcome {
                plan_id: plan_id.to_owned(),
                run_id: "run-1".to_owned(),
                record,
            };
            ledger.record(&[entry]).expect("a record");
            failed_actions(&ledger)
        };
        let failed = ["action-1"];
        let (first, second) = ("2026-11-20T22:00:00Z", "2026-11-21T22:00:00Z");
        let (third, fourth) = ("2026-11-22T22:00:00Z", "2026-11-23T22:00:00Z");
        assert_eq!(night("plan-1", first, Outcome::Failed, None), failed);
        // It was not tried.
        let breaker = Some(OutcomeReason::Breaker);
        assert_eq!(night("plan-2", second, Outcome::Deferred, breaker), failed);
        let veto = Some(OutcomeReason::ReviewSkip);
        assert_eq!(night("plan-3", third, Outcome::Skipped, veto), failed);
        assert!(night("plan-4", fourth, Outcome::Succeeded, None).is_empty());
    }

    #[test]
    fn a_final_outcome_stands_and_what_was_sent_is_not_called_unsent() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        for (word, stands) in [
            (Outcome::Deferred, Outcome::Deferred),
            (Outcome::Held, Outcome::Held),
            (Outcome::Unknown, Outcome::Unknown),
            (Outcome::Deferred, Outcome::Unknown),
            (Outcome::Failed, Outcome::Failed),
            (Outcome::Succeeded, Outcome::Failed),
        ] {
            ledger
                .record(&[Entry::Outcome {
                    plan_id: "plan-1".to_owned(),
                    run_id: "run-1".to_owned(),
                    record: outcome("action-1", word),
                }])
                .expect("a record");
            let outcomes = ledger.outcomes("plan-1").expect("outcomes");
            assert_eq!(outcomes["action-1"], outcome("action-1", stands));
        }
    }
}
