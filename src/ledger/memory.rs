//! The snapshot that planning gets.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row};

use super::accounts::RecentChange;
use super::columns::{date, json, read, read_count, read_optional, status, time, time_text};
use super::error::Fault;
use super::{Ledger, LedgerError, generation, plans, reclaims, requests, terminations, unsettled};
use crate::model::{
    AcceptedInput, AccountKey, AccountMemory, ApprovalRecord, HoldRecord, HoldSource, Memory,
    OpenRequest, PersonKey, Pool, PoolObservation, RecentPerson, ReclaimRecord, RequestState,
    TaskKind, TaskRecord, TaskState, TerminationId, TerminationRecord, TouchedAccount,
};

/// How far back people who were changed are remembered; no limit looks further.
const RECENT: SignedDuration = SignedDuration::from_hours(60 * 24);

/// Inputs kept in sight for each role.
const INPUTS_PER_ROLE: i64 = 20;

/// The westernmost zone: a date is over everywhere once it is over there.
const LAST_ZONE: Offset = Offset::constant(-12);

impl Ledger {
    /// All that planning may know, as of the given time of the run clock.
    ///
    /// Holds whose last day is over everywhere on earth are left out; planning
    /// knows the zone and compares the rest itself. A deactivation and a
    /// removal of one person are two entries of `recent`, each with its own
    /// approval.
    pub fn memory(&self, as_of: Timestamp) -> Result<Memory, LedgerError> {
        self.read(|connection| {
            let terminations = all_terminations(connection)?;
            Ok(Memory {
                generation: generation(connection)?,
                has_applied: plans::any_accepted(connection)?,
                unsettled: unsettled::open(connection)?,
                accounts: accounts(connection)?,
                holds: holds(connection, as_of)?,
                approvals: approvals(connection)?,
                recent: recent(connection, as_of)?,
                tasks: tasks(connection)?,
                requests: open_requests(connection)?,
                observations: observations(connection)?,
                accepted_inputs: accepted_inputs(connection)?,
                touched: touched(connection)?,
                failed_actions: failed_actions(connection)?,
                stranded_refused: stranded_refused(connection)?,
                updates_refused_at: updates_refused_at(connection)?,
                open_reclaims: open_reclaims(connection)?,
                terminations,
            })
        })
    }
}

fn all_terminations(
    connection: &Connection,
) -> Result<BTreeMap<TerminationId, TerminationRecord>, Fault> {
    rows(connection, "SELECT * FROM terminations", |row| {
        let record = terminations::from_row(row)?;
        Ok((record.termination.id(), record))
    })
}

fn accounts(connection: &Connection) -> Result<BTreeMap<AccountKey, AccountMemory>, Fault> {
    let mut accounts: BTreeMap<AccountKey, AccountMemory> =
        rows(connection, "SELECT * FROM account_memory", |row| {
            let memory = AccountMemory {
                status: read(row, "status", status)?,
                status_at: read(row, "status_at", time)?,
                removed: Vec::new(),
            };
            Ok((account_key(row)?, memory))
        })?;
    let removed: Vec<_> = rows(
        connection,
        "SELECT * FROM removed_licenses ORDER BY ordinal",
        |row| {
            let license = read(row, "license", json)?;
            Ok((account_key(row)?, license, read(row, "removed_at", time)?))
        },
    )?;
    for (account, license, removed_at) in removed {
        if let Some(memory) = accounts.get_mut(&account) {
            memory.removed.push((license, removed_at));
        }
    }
    Ok(accounts)
}

fn holds(connection: &Connection, as_of: Timestamp) -> Result<Vec<HoldRecord>, Fault> {
    let today = LAST_ZONE.to_datetime(as_of).date();
    let mut holds: Vec<HoldRecord> = rows(
        connection,
        "SELECT * FROM holds WHERE ended_at IS NULL ORDER BY folded_who",
        |row| {
            Ok(HoldRecord {
                who: row.get("who")?,
                why: row.get("why")?,
                until: read_optional(row, "until_date", date)?,
                source: HoldSource::Ledger(read_optional(row, "since", time)?),
            })
        },
    )?;
    holds.retain(|hold| hold.is_in_force(today));
    Ok(holds)
}

fn approvals(connection: &Connection) -> Result<BTreeMap<String, ApprovalRecord>, Fault> {
    rows(connection, "SELECT * FROM approvals", |row| {
        let approval = ApprovalRecord {
            by: row.get("approved_by")?,
            at: read(row, "approved_at", time)?,
        };
        Ok((row.get("plan_id")?, approval))
    })
}

fn recent(connection: &Connection, as_of: Timestamp) -> Result<Vec<RecentPerson>, Fault> {
    let recent = connection
        .prepare(
            "SELECT listed ->> '$.person' AS person, change, at, recent_people.approved
             FROM recent_people JOIN terminations USING (termination_id)
             WHERE at >= ?1
             ORDER BY at, termination_id, change",
        )?
        .query_map([time_text(as_of - RECENT)], |row| {
            let at = read(row, "at", time)?;
            let (deactivated_at, removed_at) = match read(row, "change", RecentChange::parse)? {
                RecentChange::Deactivated => (Some(at), None),
                RecentChange::Removed => (None, Some(at)),
            };
            Ok(RecentPerson {
                person: PersonKey::stored(row.get("person")?),
                deactivated_at,
                removed_at,
                approved: row.get("approved")?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(recent)
}

fn tasks(connection: &Connection) -> Result<BTreeMap<String, TaskRecord>, Fault> {
    rows(connection, "SELECT * FROM tasks", |row| {
        let state = read(row, "state", TaskState::parse)?;
        let closed_at = read_optional(row, "closed_at", time)?;
        let task = TaskRecord {
            id: row.get("task_id")?,
            kind: read(row, "kind", TaskKind::parse)?,
            termination: row
                .get::<_, Option<String>>("termination")?
                .map(TerminationId::stored),
            state,
            due: read_optional(row, "due_at", time)?,
            issued_at: read(row, "issued_at", time)?,
            ticked_off_at: closed_at.filter(|_| state != TaskState::Observed),
        };
        Ok((task.id.clone(), task))
    })
}

fn open_requests(connection: &Connection) -> Result<Vec<OpenRequest>, Fault> {
    let mut requests = requests::all(connection)?;
    requests.retain(|request| {
        !matches!(
            request.state,
            RequestState::Withdrawn | RequestState::Lapsed
        )
    });
    Ok(requests)
}

fn observations(connection: &Connection) -> Result<Vec<PoolObservation>, Fault> {
    rows(
        connection,
        "SELECT * FROM observations ORDER BY at, license, country",
        |row| {
            Ok(PoolObservation {
                at: read(row, "at", time)?,
                pool: Pool {
                    license: row.get("license")?,
                    country: row.get("country")?,
                },
                active: row.get("active")?,
                stranded: row.get("stranded")?,
                stock: read_optional(row, "stock", json)?,
                places: read_optional(row, "places", json)?.unwrap_or_default(),
            })
        },
    )
}

fn accepted_inputs(connection: &Connection) -> Result<Vec<AcceptedInput>, Fault> {
    let inputs = connection
        .prepare(
            "SELECT * FROM (
                 SELECT *, row_number() OVER (PARTITION BY role ORDER BY ordinal DESC) AS age
                 FROM accepted_inputs)
             WHERE age <= ?1
             ORDER BY ordinal",
        )?
        .query_map([INPUTS_PER_ROLE], |row| {
            Ok(AcceptedInput {
                role: row.get("role")?,
                sha256: row.get("sha256")?,
                rows: read_count(row, "rows")?,
                header_fingerprint: row.get("header_fingerprint")?,
                columns: read(row, "columns", json)?,
                at: read(row, "accepted_at", time)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(inputs)
}

fn touched(connection: &Connection) -> Result<Vec<TouchedAccount>, Fault> {
    rows(
        connection,
        "SELECT * FROM touched ORDER BY at, account, plan_id",
        |row| {
            Ok(TouchedAccount {
                account: account_key(row)?,
                plan_id: row.get("plan_id")?,
                at: read(row, "at", time)?,
            })
        },
    )
}

/// An action has the same id whenever it is planned again, so its newest try
/// counts. What was held, put off or vetoed was not tried.
fn failed_actions(connection: &Connection) -> Result<BTreeSet<String>, Fault> {
    rows(
        connection,
        "SELECT action_id FROM (
             SELECT action_id, outcome,
                 row_number() OVER (PARTITION BY action_id
                     ORDER BY record ->> '$.finished_at' DESC) AS age
             FROM outcomes
             WHERE outcome IN ('succeeded', 'already_done', 'failed', 'unknown', 'skipped')
                 AND record ->> '$.reason' IS NOT 'review_skip')
         WHERE age = 1 AND outcome IN ('failed', 'unknown', 'skipped')",
        |row| row.get(0),
    )
}

fn stranded_refused(connection: &Connection) -> Result<bool, Fault> {
    let refused = connection.query_row(
        "SELECT stranded_refused_at IS NOT NULL FROM meta",
        [],
        |row| row.get(0),
    )?;
    Ok(refused)
}

fn updates_refused_at(connection: &Connection) -> Result<Option<Timestamp>, Fault> {
    let refused = connection.query_row("SELECT updates_refused_at FROM meta", [], |row| {
        read_optional(row, "updates_refused_at", time)
    })?;
    Ok(refused)
}

fn open_reclaims(connection: &Connection) -> Result<BTreeMap<AccountKey, ReclaimRecord>, Fault> {
    let open = reclaims::open(connection)?.into_iter();
    Ok(open.map(|it| (it.account.clone(), it)).collect())
}

fn account_key(row: &Row<'_>) -> rusqlite::Result<AccountKey> {
    Ok(AccountKey::stored(row.get("account")?))
}

/// Every row of a query without parameters, collected.
fn rows<T, C: FromIterator<T>>(
    connection: &Connection,
    query: &str,
    from_row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<C, Fault> {
    let rows = connection
        .prepare(query)?
        .query_map([], from_row)?
        .collect::<Result<C, _>>()?;
    Ok(rows)
}
