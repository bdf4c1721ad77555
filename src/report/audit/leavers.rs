use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::{AccountKey, AccountStatus, Disposition, Memory, Place, Pool, UserId, Username};
use crate::reconcile::{Found, RowDisposition, as_known};
use crate::seats::Departure;

/// What becomes of the accounts of leavers. Of several lines about one account
/// the first that decides counts.
pub fn departures(lines: &[RowDisposition]) -> BTreeMap<AccountKey, Departure> {
    let mut departures = BTreeMap::new();
    for line in lines.iter().filter(|line| is_leaver(line.disposition)) {
        let user_id = UserId::parse(&line.user_id);
        let username = Username::parse(&line.username);
        if let Some(key) = AccountKey::of(user_id.as_ref(), username.as_ref()) {
            departures.entry(key).or_insert(Departure {
                disposition: line.disposition,
                reason: line.reason,
                next_due: line.next_due,
            });
        }
    }
    departures
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
    for (key, candidate) in &found.accounts {
        let (account, _) = as_known(&candidate.row, key, memory, users_at);
        if account.status == AccountStatus::Active && leavers.contains(key) {
            for license in &account.licenses {
                let place = (license.pool(), Place::of(&account));
                *seats.entry(place).or_default() += 1;
            }
        }
    }
    seats
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
