//! What was verified of accounts: status, seats removed, people changed lately.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::columns::{json_text, status_text, time_text};
use super::error::Fault;
use super::terminations;
use crate::model::{
    AccountKey, AccountStatus, LicenseName, TerminationId, TerminationState, TouchedAccount,
};

/// What happened to a person, for the limits over several days.
#[derive(Clone, Copy)]
pub(super) enum RecentChange {
    Deactivated,
    Removed,
}

impl RecentChange {
    fn as_str(self) -> &'static str {
        match self {
            Self::Deactivated => "deactivated",
            Self::Removed => "removed",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Deactivated, Self::Removed]
            .into_iter()
            .find(|change| change.as_str() == word)
    }
}

/// Records a verified deactivation; true when it was not known.
pub(super) fn deactivated(
    transaction: &Transaction<'_>,
    termination: &TerminationId,
    account: &AccountKey,
    at: Timestamp,
    approved: bool,
) -> Result<bool, Fault> {
    let new_to_termination = terminations::update(transaction, termination, |record| {
        record.account = Some(account.clone());
        record.state = record.state.max(TerminationState::Spent);
        record.deactivated_at = terminations::earliest(record.deactivated_at, Some(at));
        record.approved |= approved;
    })?;
    let new_to_account = seen(transaction, account, AccountStatus::Inactive, at)?;
    let change = RecentChange::Deactivated;
    let counted = insert_recent(transaction, termination, change, at, approved)?;
    Ok(new_to_termination || new_to_account || counted)
}

/// Records one seat verified as removed. Seats go only from accounts that were
/// read as inactive, so that is what an account without a status is.
pub(super) fn license_removed(
    transaction: &Transaction<'_>,
    account: &AccountKey,
    license: &LicenseName,
    at: Timestamp,
) -> Result<(), Fault> {
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO account_memory (account, status, status_at)
             VALUES (?1, ?2, ?3)",
        )?
        .execute(params![
            account.as_str(),
            status_text(AccountStatus::Inactive),
            time_text(at),
        ])?;
    transaction
        .prepare_cached(
            "INSERT INTO removed_licenses (account, license, removed_at) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![
            account.as_str(),
            json_text(license)?,
            time_text(at)
        ])?;
    Ok(())
}

/// Takes one seat back from those verified as removed, the latest one; true
/// when there was one.
pub(super) fn license_assigned(
    transaction: &Transaction<'_>,
    account: &AccountKey,
    license: &LicenseName,
) -> Result<bool, Fault> {
    let deleted = transaction
        .prepare_cached(
            "DELETE FROM removed_licenses WHERE ordinal = (
                 SELECT max(ordinal) FROM removed_licenses WHERE account = ?1 AND license = ?2)",
        )?
        .execute(params![account.as_str(), json_text(license)?])?;
    Ok(deleted > 0)
}

/// Counts a person whose licences go. Whoever was approved for deactivation
/// needs no approval for the rest.
pub(super) fn count_removal(
    transaction: &Transaction<'_>,
    termination: &TerminationId,
    at: Timestamp,
    approved: bool,
) -> Result<(), Fault> {
    let approved = approved || terminations::load(transaction, termination)?.approved;
    insert_recent(
        transaction,
        termination,
        RecentChange::Removed,
        at,
        approved,
    )?;
    Ok(())
}

/// Records an account's status as read; true when that is news. An older
/// reading than the known one is none.
pub(super) fn seen(
    transaction: &Transaction<'_>,
    account: &AccountKey,
    status: AccountStatus,
    at: Timestamp,
) -> Result<bool, Fault> {
    let written = transaction
        .prepare_cached(
            "INSERT INTO account_memory (account, status, status_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (account) DO UPDATE
             SET status = excluded.status, status_at = excluded.status_at
             WHERE excluded.status_at > status_at
                 OR (excluded.status_at = status_at AND excluded.status <> status)",
        )?
        .execute(params![
            account.as_str(),
            status_text(status),
            time_text(at)
        ])?;
    Ok(written > 0)
}

/// Records that a plan's run writes an account; true when that is news.
pub(super) fn touched(
    transaction: &Transaction<'_>,
    touched: &TouchedAccount,
) -> Result<bool, Fault> {
    let TouchedAccount {
        account,
        plan_id,
        at,
    } = touched;
    let written = transaction
        .prepare_cached(
            "INSERT INTO touched (account, plan_id, at) VALUES (?1, ?2, ?3)
             ON CONFLICT (account, plan_id) DO UPDATE SET at = excluded.at
             WHERE excluded.at > at",
        )?
        .execute(params![account.as_str(), plan_id, time_text(*at)])?;
    Ok(written > 0)
}

/// The first change of each sort counts: it is when the person was affected.
fn insert_recent(
    transaction: &Transaction<'_>,
    termination: &TerminationId,
    change: RecentChange,
    at: Timestamp,
    approved: bool,
) -> Result<bool, Fault> {
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO recent_people (termination_id, change, at, approved)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            termination.as_str(),
            change.as_str(),
            time_text(at),
            approved,
        ])?;
    Ok(inserted > 0)
}
