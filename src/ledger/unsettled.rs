//! Rows of incremental HR files that are reported until something settles them.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::columns::{json, json_text, read, time, time_text};
use super::error::Fault;
use crate::model::UnsettledRow;

/// Remembers a row, or that it is open again; it keeps the day on which it was
/// first listed.
pub(super) fn remember(transaction: &Transaction<'_>, row: &UnsettledRow) -> Result<(), Fault> {
    transaction
        .prepare_cached(
            "INSERT INTO unsettled_rows (row_id, listed, first_listed_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (row_id) DO UPDATE SET listed = excluded.listed, settled_at = NULL,
                 first_listed_at = min(first_listed_at, excluded.first_listed_at)",
        )?
        .execute(params![
            row.id(),
            json_text(row)?,
            time_text(row.first_listed)
        ])?;
    Ok(())
}

/// Settles a row; true when it was open.
pub(super) fn settle(
    transaction: &Transaction<'_>,
    row_id: &str,
    at: Timestamp,
) -> Result<bool, Fault> {
    let known = transaction
        .prepare_cached("SELECT 1 FROM unsettled_rows WHERE row_id = ?1")?
        .exists([row_id])?;
    if !known {
        return Err(Fault::NotRecorded {
            what: "unsettled row",
            id: row_id.to_owned(),
        });
    }
    let settled = transaction
        .prepare_cached(
            "UPDATE unsettled_rows SET settled_at = ?2 WHERE row_id = ?1 AND settled_at IS NULL",
        )?
        .execute(params![row_id, time_text(at)])?;
    Ok(settled > 0)
}

/// The rows that nothing has settled yet, the oldest first.
pub(super) fn open(connection: &Connection) -> Result<Vec<UnsettledRow>, Fault> {
    let rows = connection
        .prepare(
            "SELECT * FROM unsettled_rows WHERE settled_at IS NULL
             ORDER BY first_listed_at, row_id",
        )?
        .query_map([], |row| {
            Ok(UnsettledRow {
                first_listed: read(row, "first_listed_at", time)?,
                ..read(row, "listed", json)?
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use crate::ledger::test_support::{
        Workplace, acceptance, at, save_and_accept, tonight, unsettled,
    };
    use crate::ledger::{Acceptance, Entry, Ledger, LedgerError};
    use crate::model::UnsettledRow;

    fn open(ledger: &Ledger) -> Vec<UnsettledRow> {
        ledger.memory(tonight()).expect("a memory").unsettled
    }

    fn listing(plan_id: &str, rows: Vec<UnsettledRow>) -> Acceptance {
        Acceptance {
            unsettled_rows: rows,
            ..acceptance(plan_id, Vec::new())
        }
    }

    #[test]
    fn a_row_is_open_until_a_later_plan_settles_it() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        save_and_accept(&mut ledger, &listing("plan-1", vec![unsettled("1001")]));
        assert_eq!(open(&ledger), [unsettled("1001")]);
        let later = Acceptance {
            settled_rows: vec![unsettled("1001").id()],
            ..listing("plan-2", vec![unsettled("1002")])
        };
        save_and_accept(&mut ledger, &later);
        assert_eq!(open(&ledger), [unsettled("1002")]);
    }

    // The same file is read twice: the row is settled by itself, and open.
    #[test]
    fn a_row_that_is_listed_again_keeps_its_first_day() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        save_and_accept(&mut ledger, &listing("plan-1", vec![unsettled("1001")]));
        let again = UnsettledRow {
            first_listed: at("2026-11-21T22:00:00Z"),
            ..unsettled("1001")
        };
        let later = Acceptance {
            settled_rows: vec![again.id()],
            ..listing("plan-2", vec![again])
        };
        save_and_accept(&mut ledger, &later);
        assert_eq!(open(&ledger), [unsettled("1001")]);
    }

    #[test]
    fn a_person_settles_a_row_once() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        save_and_accept(&mut ledger, &listing("plan-1", vec![unsettled("1001")]));
        let settled = |id: String| Entry::RowSettled { id, at: tonight() };
        let before = ledger.generation().expect("a generation");
        let done = [settled(unsettled("1001").id())];
        ledger.record(&done).expect("a record");
        ledger.record(&done).expect("nothing left to do");
        assert_eq!(ledger.generation().expect("a generation"), before + 1);
        assert_eq!(open(&ledger), []);
        let unknown = ledger.record(&[settled("row-none".to_owned())]);
        assert!(matches!(unknown, Err(LedgerError::NotRecorded { .. })));
    }
}
