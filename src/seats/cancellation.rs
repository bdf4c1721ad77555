use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{CountDate, OwnedSeats, PoolCount};
use crate::model::{
    AccountKey, Contract, ContractBilling, LicenseKind, Memory, OpenRequest, PlannedJoiners, Pool,
    RequestState, TerminationId, short_digest,
};

#[cfg(test)]
mod tests;

/// The seat figures of one pool, with every step of the calculation kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolFigures {
    /// The pool.
    pub pool: Pool,
    /// Seats owned; unknown without a licences file and a contract.
    pub owned: Option<u32>,
    /// Unassigned seats on the day of the seat counts; unknown without the file.
    pub unassigned: Option<u32>,
    /// Suspended seats without a user.
    pub suspended: u32,
    /// Seats on active accounts.
    pub active: u32,
    /// Seats on deactivated accounts.
    pub stranded: u32,
    /// Seats that the ledger verified as freed since the seat counts.
    pub freed: u32,
    /// Seats that accounts took since then.
    pub newly_assigned: u32,
    /// Freed seats whose leaver's row vanished: the person may need it again.
    pub reserved: u32,
    /// Seats that planned joiners will take.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub joiners: u32,
    /// A of the contract: unassigned + freed − newly assigned.
    pub free_by_ledger: i64,
    /// B of the contract: owned − on accounts − suspended.
    pub free_by_count: Option<i64>,
}

impl PoolFigures {
    /// Free seats that nobody is known to need: the lower of A and B, less the
    /// `spare` ones.
    fn to_spare(&self, spare: u32) -> i64 {
        let free = self
            .free_by_count
            .map_or(self.free_by_ledger, |count| count.min(self.free_by_ledger));
        free - i64::from(spare) - i64::from(self.reserved) - i64::from(self.joiners)
    }
}

/// A pool of which the vendor was asked to cancel more seats than are free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverAsked {
    /// The pool.
    pub pool: Pool,
    /// Seats that the vendor was asked to cancel and did not yet.
    pub asked: u32,
    /// Free seats that nobody is known to need; negative when some are missing.
    pub free: i64,
    /// The requests.
    pub requests: Vec<String>,
}

/// A request to be drafted or revised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Stable id of the request: one draft at a time for each contract and pool.
    pub id: String,
    /// The pool.
    pub pool: Pool,
    /// The contract's term end that the request is for, in this or a later term.
    pub term_ends: Date,
    /// The day by which it should be handed in.
    pub submit_by: Date,
    /// Seats without tonight's removals; may be negative.
    pub base: i64,
    /// Seats that the contract has.
    pub at_most: u32,
    /// Seats of an earlier night's draft, if there is one.
    pub drafted: Option<u32>,
    /// The earlier draft was for a term whose notice date has passed.
    pub renewed: bool,
    /// When it was first drafted, if it was.
    pub drafted_at: Option<Timestamp>,
    /// Position of the contract in the policy.
    pub contract: usize,
}

impl Draft {
    /// Seats to ask for when so many of tonight's removals succeeded.
    pub fn quantity(&self, removed: u32) -> u32 {
        let wanted = self.base + i64::from(removed);
        u32::try_from(wanted.clamp(0, i64::from(self.at_most))).unwrap_or(0)
    }
}

/// The ledger's part of a pool's figures.
#[derive(Debug, Clone, Copy)]
pub struct Ledgered<'a> {
    /// What earlier nights left.
    pub memory: &'a Memory,
    /// Terminations whose row is gone as of tonight (`Reconciliation::vanished`).
    pub vanished: &'a [TerminationId],
    /// The day of the seat counts, if there is a licences file.
    pub counted: Option<CountDate>,
}

/// The figures of every pool that is owned, contracted or held by an account.
pub fn figures(
    on_accounts: &BTreeMap<Pool, PoolCount>,
    owned: &[OwnedSeats],
    contracts: &[Contract],
    ledgered: &Ledgered<'_>,
) -> Vec<PoolFigures> {
    let mut pools: BTreeSet<&Pool> = on_accounts.keys().collect();
    pools.extend(owned.iter().map(|seats| &seats.pool));
    pools.extend(contracts.iter().map(|contract| &contract.pool));
    pools
        .into_iter()
        .map(|pool| {
            let counts = on_accounts.get(pool).copied().unwrap_or_default();
            let seats = owned.iter().find(|seats| seats.pool == *pool);
            figures_of(pool, counts, seats, contracts, ledgered)
        })
        .collect()
}

/// Notes in each pool how many seats planned joiners will take.
pub fn keep_for_joiners(figures: &mut [PoolFigures], planned: &[PlannedJoiners]) {
    for figures in figures {
        let joiners = planned
            .iter()
            .filter(|joiners| joiners.pool == figures.pool);
        figures.joiners = joiners.map(|joiners| joiners.seats).sum();
    }
}

// The signature is serde's.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

fn figures_of(
    pool: &Pool,
    counts: PoolCount,
    seats: Option<&OwnedSeats>,
    contracts: &[Contract],
    ledgered: &Ledgered<'_>,
) -> PoolFigures {
    let contracted: Vec<u32> = contracts
        .iter()
        .filter(|contract| contract.pool == *pool)
        .map(|contract| contract.seats)
        .collect();
    let owned = seats
        .map(|seats| seats.owned)
        .or_else(|| (!contracted.is_empty()).then(|| contracted.iter().sum()));
    let unassigned = seats.and_then(|seats| seats.unassigned);
    let suspended = seats.and_then(|seats| seats.suspended).unwrap_or(0);
    // Seats freed on the day of the counts may be in the counts already, so
    // only later ones are added; without counts, all of them.
    let (since_count, since) = match (unassigned, ledgered.counted) {
        (Some(_), Some(counted)) => (counted.start, counted.end),
        _ => (Timestamp::MIN, Timestamp::MIN),
    };
    let freed = freed_since(pool, since, ledgered.memory);
    let newly_assigned = newly_assigned(pool, counts, since_count, ledgered);
    let free_by_ledger =
        i64::from(unassigned.unwrap_or(0)) + i64::from(freed) - i64::from(newly_assigned);
    let free_by_count = owned
        .map(|owned| i64::from(owned) - i64::from(counts.on_accounts()) - i64::from(suspended));
    PoolFigures {
        pool: pool.clone(),
        owned,
        unassigned,
        suspended,
        active: counts.active,
        stranded: counts.stranded,
        freed,
        newly_assigned,
        reserved: reserved(pool, since, ledgered),
        joiners: 0,
        free_by_ledger,
        free_by_count,
    }
}

fn freed_since(pool: &Pool, since: Timestamp, memory: &Memory) -> u32 {
    let freed = removals(pool, memory).filter(|at| *at >= since).count();
    u32::try_from(freed).unwrap_or(u32::MAX)
}

/// Seats of a pool that were verified as removed after an observation.
pub(super) fn freed_after(pool: &Pool, observed: Timestamp, memory: &Memory) -> u32 {
    let freed = removals(pool, memory).filter(|at| *at > observed).count();
    u32::try_from(freed).unwrap_or(u32::MAX)
}

/// When seats of a pool were verified as removed.
pub(super) fn removals<'a>(
    pool: &'a Pool,
    memory: &'a Memory,
) -> impl Iterator<Item = Timestamp> + 'a {
    let removed = memory
        .accounts
        .values()
        .flat_map(|account| &account.removed);
    removed
        .filter(|(license, _)| license.pool() == *pool)
        .map(|(_, at)| *at)
}

/// How many more seats accounts hold than they would if only our removals had
/// happened since the first observation after the seat counts.
fn newly_assigned(pool: &Pool, counts: PoolCount, from: Timestamp, ledgered: &Ledgered<'_>) -> u32 {
    let first = ledgered
        .memory
        .observations
        .iter()
        .filter(|observation| observation.pool == *pool && observation.at >= from)
        .min_by_key(|observation| observation.at);
    let Some(first) = first else { return 0 };
    let freed = freed_after(pool, first.removals_until(), ledgered.memory);
    let expected = (first.active + first.stranded).saturating_sub(freed);
    counts.on_accounts().saturating_sub(expected)
}

/// Freed seats of people whose termination was taken back.
fn reserved(pool: &Pool, since: Timestamp, ledgered: &Ledgered<'_>) -> u32 {
    let accounts: BTreeSet<&AccountKey> = ledgered
        .vanished
        .iter()
        .filter_map(|id| ledgered.memory.terminations.get(id)?.account.as_ref())
        .collect();
    let removed = accounts
        .into_iter()
        .filter_map(|key| ledgered.memory.accounts.get(key))
        .flat_map(|account| &account.removed);
    let count = removed
        .filter(|(license, at)| license.pool() == *pool && *at >= since)
        .count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// What may be asked for, contract by contract: the earliest notice date still
/// open first, so that the seats go where they stop costing soonest.
pub fn drafts(
    figures: &[PoolFigures],
    contracts: &[Contract],
    requests: &[OpenRequest],
    counted: Option<Date>,
    today: Date,
) -> Vec<Draft> {
    let mut all = Vec::new();
    for pool in figures.iter().filter(|pool| may_be_requested(&pool.pool)) {
        let mut mine: Vec<(usize, &Contract, Date, Date)> = contracts
            .iter()
            .enumerate()
            .filter(|(_, contract)| contract.pool == pool.pool)
            .filter(|(_, contract)| contract.billing == ContractBilling::Contract)
            .map(|(position, contract)| {
                let (term_ends, submit_by) = calendar_of(contract, today);
                (position, contract, term_ends, submit_by)
            })
            .collect();
        mine.sort_by_key(|(position, _, _, submit_by)| (*submit_by, *position));
        let spare: u32 = mine.iter().map(|(_, contract, ..)| contract.spare).sum();
        let mut base = pool.to_spare(spare) - i64::from(asked_for(&pool.pool, requests, counted));
        for (position, contract, term_ends, submit_by) in mine {
            let draft = requests.iter().find(|request| {
                request.state == RequestState::Drafted && is_request_of(contract, &request.id)
            });
            all.push(Draft {
                id: draft.map_or_else(|| new_id(contract, requests), |request| request.id.clone()),
                pool: pool.pool.clone(),
                term_ends,
                submit_by,
                base,
                at_most: contract.seats,
                drafted: draft.map(|request| request.quantity),
                renewed: draft.is_some_and(|request| request.term_ends != term_ends),
                drafted_at: draft.map(|request| request.drafted_at),
                contract: position,
            });
            base -= i64::from(contract.seats);
        }
    }
    all
}

/// Pools of which more seats were handed in to be cancelled than are free:
/// somebody was rehired or joins, and a request that the vendor has cannot be
/// lowered here any more.
pub fn over_asked(
    figures: &[PoolFigures],
    contracts: &[Contract],
    requests: &[OpenRequest],
) -> Vec<OverAsked> {
    let mut all = Vec::new();
    for figures in figures {
        let handed_in = requests.iter().filter(|request| {
            request.pool == figures.pool
                && matches!(
                    request.state,
                    RequestState::Submitted | RequestState::Confirmed
                )
        });
        let handed_in: Vec<&OpenRequest> = handed_in.collect();
        let asked: u32 = handed_in.iter().map(|request| request.quantity).sum();
        let mine = contracts.iter().filter(|it| it.pool == figures.pool);
        let free = figures.to_spare(mine.map(|contract| contract.spare).sum());
        if free < i64::from(asked) {
            all.push(OverAsked {
                pool: figures.pool.clone(),
                asked,
                free,
                requests: handed_in.iter().map(|it| it.id.clone()).collect(),
            });
        }
    }
    all.retain(|over| over.asked > 0);
    all
}

/// Term end and last day to hand a request in, in the first term whose notice
/// date is still open: the vendor renews by itself when it has passed.
pub fn calendar_of(contract: &Contract, today: Date) -> (Date, Date) {
    let months = i64::from(contract.renewal_months.max(1));
    let mut term_ends = contract.term_ends;
    let mut renewals = 0_i64;
    while submit_by(contract, term_ends) < today {
        renewals += 1;
        // Counted from the first term end, so that month ends do not drift.
        match contract.term_ends.checked_add((renewals * months).months()) {
            Ok(later) => term_ends = later,
            Err(_) => break,
        }
    }
    (term_ends, submit_by(contract, term_ends))
}

/// The last day to hand a request in for the term that ends so.
pub(super) fn submit_by(contract: &Contract, term_ends: Date) -> Date {
    let notice = i64::from(contract.notice_days) + i64::from(contract.confirm_days);
    term_ends.checked_sub(notice.days()).unwrap_or(term_ends)
}

/// Contact Center seats are pooled differently and are never claimed.
fn may_be_requested(pool: &Pool) -> bool {
    LicenseKind::of(&pool.license) != LicenseKind::ContactCenter
}

/// Seats of requests that the vendor has and the seat counts may not show yet.
fn asked_for(pool: &Pool, requests: &[OpenRequest], counted: Option<Date>) -> u32 {
    requests
        .iter()
        .filter(|request| request.pool == *pool)
        .filter(|request| match request.state {
            RequestState::Submitted | RequestState::Confirmed | RequestState::Effective => true,
            RequestState::Verified => {
                took_effect_after(request, counted) || !counted_since_gone(request, counted)
            }
            RequestState::Drafted | RequestState::Lapsed | RequestState::Withdrawn => false,
        })
        .map(|request| request.quantity)
        .sum()
}

/// Whether the seats were counted after somebody saw the request gone from the
/// bill. Counts of before may have its seats although its date had passed, if
/// the vendor was late; then they would be asked for twice. To ask for less is
/// the lesser evil, and `requests` reminds people to look.
fn counted_since_gone(request: &OpenRequest, counted: Option<Date>) -> bool {
    let seen = request
        .verified_at
        .map(|at| at.to_zoned(TimeZone::UTC).date());
    // A day later it is a later day everywhere.
    let seen = seen.and_then(|day| day.tomorrow().ok());
    counted
        .zip(seen)
        .is_some_and(|(counted, seen)| counted > seen)
}

/// Whether seats of a request ended after the seats were counted.
pub(super) fn took_effect_after(request: &OpenRequest, counted: Option<Date>) -> bool {
    match request.state {
        RequestState::Effective | RequestState::Verified => {
            match (request.effective_on, counted) {
                // A seat is there until its last day is over, so that a count of
                // that day has it still.
                (Some(effective), Some(counted)) => effective >= counted,
                // Without seat counts, every seat ever freed is in A.
                (_, None) => true,
                (None, Some(_)) => request.state == RequestState::Effective,
            }
        }
        RequestState::Drafted
        | RequestState::Submitted
        | RequestState::Confirmed
        | RequestState::Lapsed
        | RequestState::Withdrawn => false,
    }
}

/// Whether a request was drafted for this contract, in whatever term.
pub fn is_request_of(contract: &Contract, request_id: &str) -> bool {
    (1..=MOST_REQUESTS).any(|ordinal| request_id_of(contract, ordinal) == request_id)
}

/// A contract has one request at a time; a new one is begun only after the
/// vendor has the last.
const MOST_REQUESTS: u32 = 100;

/// The first id of the contract's requests that the vendor does not have yet:
/// what is freed after a request was handed in needs another one.
fn new_id(contract: &Contract, requests: &[OpenRequest]) -> String {
    let taken: BTreeSet<&str> = requests.iter().map(|request| request.id.as_str()).collect();
    let mut ids = (1..=MOST_REQUESTS).map(|ordinal| request_id_of(contract, ordinal));
    let free = ids.find(|id| !taken.contains(id.as_str()));
    free.unwrap_or_else(|| request_id_of(contract, MOST_REQUESTS))
}

/// Named by the contract's own term end, not a renewal's: two contracts of a
/// pool may come to end on the same day.
pub(super) fn request_id_of(contract: &Contract, ordinal: u32) -> String {
    let Contract {
        pool, term_ends, ..
    } = contract;
    let content = format!("{}|{}|{term_ends}|{ordinal}", pool.license, pool.country);
    format!("cancel-{}", short_digest(content))
}
