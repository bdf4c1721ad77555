//! Terminations: loaded, merged, stored. What was verified is never lost again.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::columns::{json, json_text, read, read_optional, time, time_text};
use super::error::Fault;
use crate::model::{
    AccountKey, TerminationId, TerminationRecord, TerminationState, UserId, Username,
};

/// Takes over what a newly accepted plan says of a termination.
pub(super) fn remember(
    transaction: &Transaction<'_>,
    record: &TerminationRecord,
) -> Result<(), Fault> {
    match find(transaction, &record.termination.id())? {
        Some(known) => store(transaction, &merged(&known, record)),
        None => store(transaction, record),
    }
}

/// Changes one termination; true when that made a difference.
pub(super) fn update(
    transaction: &Transaction<'_>,
    id: &TerminationId,
    change: impl FnOnce(&mut TerminationRecord),
) -> Result<bool, Fault> {
    let before = load(transaction, id)?;
    let mut after = before.clone();
    change(&mut after);
    if after == before {
        return Ok(false);
    }
    store(transaction, &after)?;
    Ok(true)
}

/// The termination, which must have been accepted.
pub(super) fn load(
    connection: &Connection,
    id: &TerminationId,
) -> Result<TerminationRecord, Fault> {
    find(connection, id)?.ok_or_else(|| Fault::NotRecorded {
        what: "termination",
        id: id.as_str().to_owned(),
    })
}

/// A row of `terminations` as a record.
pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<TerminationRecord> {
    Ok(TerminationRecord {
        termination: read(row, "listed", json)?,
        account: row
            .get::<_, Option<String>>("account")?
            .map(AccountKey::stored),
        user_id: read_optional(row, "user_id", UserId::parse)?,
        account_username: read_optional(row, "account_username", Username::parse)?,
        matched_by: row.get("matched_by")?,
        state: read(row, "state", TerminationState::parse)?,
        first_listed: read(row, "first_listed_at", time)?,
        deactivated_at: read_optional(row, "deactivated_at", time)?,
        approved: row.get("approved")?,
        vanished_at: read_optional(row, "vanished_at", time)?,
        access: read(row, "access", json)?,
    })
}

fn find(connection: &Connection, id: &TerminationId) -> Result<Option<TerminationRecord>, Fault> {
    let record = connection
        .prepare_cached("SELECT * FROM terminations WHERE termination_id = ?1")?
        .query_row([id.as_str()], from_row)
        .optional()?;
    Ok(record)
}

/// The newer record, with what the older one knows and it must not undo.
fn merged(known: &TerminationRecord, new: &TerminationRecord) -> TerminationRecord {
    let matched = if new.account.is_some() { new } else { known };
    TerminationRecord {
        termination: new.termination.clone(),
        account: matched.account.clone(),
        user_id: matched.user_id.clone(),
        account_username: matched.account_username.clone(),
        matched_by: matched.matched_by.clone(),
        state: state_after(known.state, new.state),
        first_listed: known.first_listed.min(new.first_listed),
        deactivated_at: earliest(known.deactivated_at, new.deactivated_at),
        approved: known.approved || new.approved,
        // A row that is back in the file has not vanished any more.
        vanished_at: new
            .vanished_at
            .and_then(|_| earliest(known.vanished_at, new.vanished_at)),
        access: known.access.followed_by(new.access),
    }
}

/// What is carried out is never open again. What was closed can be: a row that
/// was taken back and is listed again.
fn state_after(known: TerminationState, new: TerminationState) -> TerminationState {
    use TerminationState::{Open, Settled, Spent, Undone};
    match (known, new) {
        (Undone, _) => Undone,
        (Spent | Settled, Open) => known,
        _ => new,
    }
}

/// The earlier of two times, where there are two.
pub(super) fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}

fn store(transaction: &Transaction<'_>, record: &TerminationRecord) -> Result<(), Fault> {
    let TerminationRecord {
        termination,
        account,
        user_id,
        account_username,
        matched_by,
        state,
        first_listed,
        deactivated_at,
        approved,
        vanished_at,
        access,
    } = record;
    transaction
        .prepare_cached(
            "INSERT INTO terminations (termination_id, listed, account, user_id, account_username,
                 matched_by, state, first_listed_at, deactivated_at, approved, vanished_at,
                 access)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (termination_id) DO UPDATE SET
                 listed = excluded.listed, account = excluded.account,
                 user_id = excluded.user_id, account_username = excluded.account_username,
                 matched_by = excluded.matched_by, state = excluded.state,
                 first_listed_at = excluded.first_listed_at,
                 deactivated_at = excluded.deactivated_at, approved = excluded.approved,
                 vanished_at = excluded.vanished_at, access = excluded.access",
        )?
        .execute(params![
            termination.id().as_str(),
            json_text(termination)?,
            account.as_ref().map(AccountKey::as_str),
            user_id.as_ref().map(UserId::as_str),
            account_username.as_ref().map(Username::as_str),
            matched_by,
            state.as_str(),
            time_text(*first_listed),
            deactivated_at.map(time_text),
            approved,
            vanished_at.map(time_text),
            json_text(access)?,
        ])?;
    Ok(())
}
