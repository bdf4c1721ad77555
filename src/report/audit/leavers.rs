use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::model::{
    AccountKey, AccountStatus, Disposition, Memory, Money, Place, Pool, Reason, UserId, Username,
};
use crate::reconcile::{Found, RowDisposition, as_known};
use crate::seats::{Departure, PoolInventory};

/// Seats of one pool on the account of one leaver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeaverSeats {
    /// The person's employee id as HR wrote it, or empty.
    pub employee_id: String,
    /// The person's name, or empty.
    pub person: String,
    /// The account's username, or its id where there is none.
    pub account: String,
    /// Where the account's person works.
    pub place: Place,
    /// The date that acts.
    pub termination_date: Option<Date>,
    /// Whether the account can log in.
    pub status: AccountStatus,
    /// The pool.
    pub pool: Pool,
    /// Seats.
    pub quantity: u32,
    /// What they cost a month, where that can be told.
    pub monthly_cost: Option<Money>,
    /// What became of the HR row.
    pub disposition: Disposition,
    /// Why.
    pub reason: Reason,
    /// When the next step is due, if one is.
    pub next_due: Option<Timestamp>,
    /// The same in a sentence, with what to do.
    pub detail: String,
}

/// What becomes of the accounts of leavers. Of several lines about one account
/// the first that decides counts.
pub fn departures(lines: &[RowDisposition]) -> BTreeMap<AccountKey, Departure> {
    let departures = deciding_lines(lines).into_iter();
    departures
        .map(|(key, line)| {
            let departure = Departure {
                disposition: line.disposition,
                reason: line.reason,
                next_due: line.next_due,
            };
            (key, departure)
        })
        .collect()
}

/// Seats on accounts of leavers that are active still, by pool and place.
pub fn leaving(
    departures: &BTreeMap<AccountKey, Departure>,
    found: &Found,
    memory: &Memory,
    users_at: Timestamp,
) -> BTreeMap<(Pool, Place), u32> {
    let leavers: BTreeSet<&AccountKey> = departures
        .iter()
        .filter(|(_, departure)| is_to_be_processed(departure.disposition))
        .map(|(key, _)| key)
        .collect();
    let mut seats = BTreeMap::new();
    for candidate in found.accounts() {
        if !leavers.contains(&candidate.key) {
            continue;
        }
        let (account, _) = as_known(candidate, memory, users_at);
        if account.status == AccountStatus::Active {
            for license in &account.licenses {
                let place = (license.pool(), Place::of(&account));
                *seats.entry(place).or_default() += 1;
            }
        }
    }
    seats
}

/// Seats on accounts of leavers, active or not, by termination date, account and pool.
pub fn leaver_seats(
    lines: &[RowDisposition],
    found: &Found,
    memory: &Memory,
    users_at: Timestamp,
    pools: &[PoolInventory],
) -> Vec<LeaverSeats> {
    let mut seats = Vec::new();
    for (key, line) in deciding_lines(lines) {
        let Some(candidate) = found.get(&key) else {
            continue;
        };
        let (account, _) = as_known(candidate, memory, users_at);
        let mut held: BTreeMap<Pool, u32> = BTreeMap::new();
        for license in &account.licenses {
            *held.entry(license.pool()).or_default() += 1;
        }
        let names = [&line.username, &line.user_id];
        let name = names.into_iter().find(|name| !name.is_empty());
        seats.extend(held.into_iter().map(|(pool, quantity)| {
            LeaverSeats {
                employee_id: line.employee_id.to_string(),
                person: line.person.to_string(),
                account: name.map(ToString::to_string).unwrap_or_default(),
                place: Place::of(&account),
                termination_date: line.termination_date,
                status: account.status,
                quantity,
                monthly_cost: pools
                    .iter()
                    .find(|it| it.pool == pool)
                    .and_then(|it| it.cost_of(quantity)),
                pool,
                disposition: line.disposition,
                reason: line.reason,
                next_due: line.next_due,
                detail: line.detail.to_string(),
            }
        }));
    }
    let order = |it: &LeaverSeats| (it.termination_date, it.account.clone(), it.pool.clone());
    seats.sort_by_key(order);
    seats
}

/// The line that decides about each leaver's account.
fn deciding_lines(lines: &[RowDisposition]) -> BTreeMap<AccountKey, &RowDisposition> {
    let mut deciding = BTreeMap::new();
    for line in lines.iter().filter(|line| is_leaver(line.disposition)) {
        let user_id = UserId::parse(&line.user_id);
        let username = Username::parse(&line.username);
        if let Some(key) = AccountKey::of(user_id.as_ref(), username.as_ref()) {
            deciding.entry(key).or_insert(line);
        }
    }
    deciding
}

/// Whether the line is about somebody who leaves or left, and an account that
/// is theirs.
fn is_leaver(disposition: Disposition) -> bool {
    match disposition {
        Disposition::Planned
        | Disposition::Waiting
        | Disposition::AlreadyDone
        | Disposition::NotDue
        | Disposition::Held
        | Disposition::Protected
        | Disposition::IdpManaged
        | Disposition::Conflict => true,
        Disposition::Rehired
        | Disposition::NotLeaving
        | Disposition::Duplicate
        | Disposition::Ambiguous
        | Disposition::Unmatched
        | Disposition::Invalid => false,
    }
}

/// Whether the leaver's access is still to be ended. Whose facts contradict
/// each other may stay.
fn is_to_be_processed(disposition: Disposition) -> bool {
    is_leaver(disposition) && disposition != Disposition::Conflict
}
