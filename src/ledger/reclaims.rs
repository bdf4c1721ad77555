//! Accounts that were made active again for as long as it takes to free their
//! licences.

use jiff::Timestamp;
use rusqlite::{Connection, Params, Row, Transaction, params};

use super::columns::{read, read_optional, time, time_text};
use super::error::Fault;
use super::{Ledger, LedgerError};
use crate::model::{AccountKey, ReclaimRecord};

impl Ledger {
    /// The reclaims of a plan, and those of any plan that are still open, in the
    /// order in which they were opened.
    pub fn reclaims(&self, plan_id: &str) -> Result<Vec<ReclaimRecord>, LedgerError> {
        self.read(|connection| select(connection, "plan_id = ?1 OR closed_at IS NULL", [plan_id]))
    }

    /// The same, and those of any plan that were closed from `since` on.
    pub fn reclaims_since(
        &self,
        plan_id: &str,
        since: Timestamp,
    ) -> Result<Vec<ReclaimRecord>, LedgerError> {
        let condition = "plan_id = ?1 OR closed_at IS NULL OR closed_at >= ?2";
        let since = time_text(since);
        self.read(|connection| select(connection, condition, [plan_id, &since]))
    }
}

/// Those that are not closed yet.
pub(super) fn open(connection: &Connection) -> Result<Vec<ReclaimRecord>, Fault> {
    select(connection, "closed_at IS NULL", [])
}

/// Records that an account is about to be reactivated, in the batch with the
/// intent. What an earlier reclaim of the plan made of the `superseded` actions
/// does not hold any more. True when that is news.
pub(super) fn store_opening(
    transaction: &Transaction<'_>,
    reclaim: &ReclaimRecord,
    superseded: &[String],
) -> Result<bool, Fault> {
    let ReclaimRecord {
        plan_id,
        account,
        user_id,
        opened_at,
        closed_at: _,
    } = reclaim;
    for action_id in superseded {
        transaction
            .prepare_cached("DELETE FROM outcomes WHERE plan_id = ?1 AND action_id = ?2")?
            .execute(params![plan_id, action_id])?;
    }
    let inserted = transaction
        .prepare_cached(
            "INSERT INTO reclaims (plan_id, account, user_id, opened_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            plan_id,
            account.as_str(),
            user_id,
            time_text(*opened_at),
        ])?;
    Ok(inserted > 0)
}

/// Records that the account is deactivated again; true when it was open.
pub(super) fn close(
    transaction: &Transaction<'_>,
    account: &AccountKey,
    at: Timestamp,
) -> Result<bool, Fault> {
    let closed = transaction
        .prepare_cached(
            "UPDATE reclaims SET closed_at = ?2 WHERE account = ?1 AND closed_at IS NULL",
        )?
        .execute(params![account.as_str(), time_text(at)])?;
    Ok(closed > 0)
}

fn select(
    connection: &Connection,
    condition: &str,
    parameters: impl Params,
) -> Result<Vec<ReclaimRecord>, Fault> {
    let reclaims = connection
        .prepare(&format!(
            "SELECT * FROM reclaims WHERE {condition} ORDER BY ordinal"
        ))?
        .query_map(parameters, from_row)?
        .collect::<Result<_, _>>()?;
    Ok(reclaims)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ReclaimRecord> {
    Ok(ReclaimRecord {
        plan_id: row.get("plan_id")?,
        account: AccountKey::stored(row.get("account")?),
        user_id: row.get("user_id")?,
        opened_at: read(row, "opened_at", time)?,
        closed_at: read_optional(row, "closed_at", time)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Entry;
    use crate::ledger::test_support::{Workplace, account, at, outcome, tonight};
    use crate::model::Outcome;

    fn opened(time: &str) -> Entry {
        Entry::ReclaimOpened {
            reclaim: ReclaimRecord {
                plan_id: "plan-1".to_owned(),
                account: account(),
                user_id: "U1".to_owned(),
                opened_at: at(time),
                closed_at: None,
            },
            superseded: vec!["deactivate-1".to_owned()],
        }
    }

    fn closed(time: &str) -> Entry {
        Entry::ReclaimClosed {
            account: account(),
            at: at(time),
        }
    }

    #[test]
    fn a_reclaim_is_open_until_it_is_closed_and_counts_from_its_first_moment() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let open = |ledger: &Ledger| ledger.memory(tonight()).expect("a memory").open_reclaims;
        let batch = [
            opened("2026-11-20T22:00:00.5Z"),
            // Another attempt at the same reactivation.
            opened("2026-11-20T22:00:02Z"),
        ];
        ledger.record(&batch).expect("a record");
        let reclaim = open(&ledger)[&account()].clone();
        assert_eq!(reclaim.opened_at, at("2026-11-20T22:00:00.5Z"));
        assert_eq!((reclaim.seconds_alive(), open(&ledger).len()), (None, 1));
        assert_eq!(ledger.reclaims("plan-9").expect("reclaims").len(), 1);

        ledger
            .record(&[
                closed("2026-11-20T22:00:12Z"),
                closed("2026-11-20T22:09:00Z"),
            ])
            .expect("a record");
        assert!(open(&ledger).is_empty());
        let reclaims = ledger.reclaims("plan-1").expect("reclaims");
        assert_eq!(reclaims[0].seconds_alive(), Some(12));
        assert_eq!(ledger.reclaims("plan-9").expect("reclaims"), []);
        for (since, expected) in [("2026-11-20T22:00:12Z", 1), ("2026-11-20T22:00:13Z", 0)] {
            let reclaims = ledger.reclaims_since("plan-9", at(since));
            assert_eq!(reclaims.expect("reclaims").len(), expected, "{since}");
        }
    }

    // Else a resumed plan would show an account as deactivated that it has just
    // made active once more.
    #[test]
    fn what_an_earlier_reclaim_of_the_plan_came_to_is_not_its_outcome_any_more() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let succeeded = |action_id: &str| Entry::Outcome {
            plan_id: "plan-1".to_owned(),
            run_id: "run-1".to_owned(),
            record: outcome(action_id, Outcome::Succeeded),
        };
        ledger
            .record(&[
                succeeded("deactivate-1"),
                succeeded("deactivate-2"),
                opened("2026-11-20T22:00:00Z"),
            ])
            .expect("a record");
        let outcomes = ledger.outcomes("plan-1").expect("outcomes");
        let left: Vec<&String> = outcomes.keys().collect();
        assert_eq!(left, ["deactivate-2"]);
    }
}
