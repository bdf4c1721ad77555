//! Plans as saved documents, and people's words about them: approvals and holds.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::attempts::{Certainty, outcomes_of};
use super::columns::time_text;
use super::error::Fault;
use super::{Ledger, LedgerError};
use crate::model::{ApprovalRecord, HoldRecord};

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
            transaction.execute(
                "INSERT OR REPLACE INTO holds (folded_who, who, why, until_date)
                 VALUES (?1, ?2, ?3, ?4)",
                params![hold.who.to_lowercase(), hold.who, hold.why, until],
            )?;
            Ok(())
        })
    }
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
