//! A bill held against the contracts: what is billed, what should be, and
//! which cancelled seats are billed all the same.

mod charges;
mod findings;

pub use charges::ChargeKind;

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::contract_of;
use super::following::{Reminder, ReminderKind};
use super::inventory::price;
use super::terms::days_between;
use crate::model::{
    BillLine, Contract, ContractBilling, FollowedRequest, Money, MoneyTotals, Pool, RequestState,
};
use charges::{Sorted, Sorter};

#[cfg(test)]
mod tests;

/// A bill, compared pool by pool with what the contracts and the requests in
/// effect leave to be billed. Every line is in exactly one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillCheck {
    /// The bill's file.
    pub file: String,
    /// The first day that the bill is for. A request counts as cancelled on it
    /// if its last day came before.
    pub date: Date,
    /// Lines of the file.
    pub lines: u64,
    /// The pools on the bill and those under contract, by license and country.
    pub pools: Vec<BilledPool>,
    /// Seats that were cancelled and are billed all the same, by request.
    pub still_billed: Vec<StillBilled>,
    /// Requests in effect whose seats are gone from the bill, and of which
    /// nobody has said so yet.
    pub gone: Vec<String>,
    /// Charges that are no seats of the bill's month, by kind and name.
    pub others: Vec<OtherCharge>,
}

/// One pool on the bill and under contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BilledPool {
    /// The pool.
    pub pool: Pool,
    /// Whether billed and contracted seats can be compared.
    pub standing: BillStanding,
    /// Seats of its contracts, as they were signed.
    pub contracted: u32,
    /// Of these, seats of requests that are in effect on the bill's date.
    pub cancelled: u32,
    /// Seats billed: all lines of the pool together, credits subtracted.
    pub billed: i64,
    /// Seats that should be billed; `None` where no contract says it.
    pub should_be: Option<i64>,
    /// What one costs a month; unknown without a contract that says it, and
    /// where contracts of the pool say different prices.
    pub unit_price: Option<Money>,
    /// What is billed for them.
    pub billed_amount: MoneyTotals,
    /// What should be billed for them a month; `None` where a price is not
    /// known, or prices are in several currencies.
    pub should_be_amount: Option<Money>,
    /// Billed less what should be; `None` where one of them is not known, a
    /// line says no amount, or they are in different currencies.
    pub amount_difference: Option<Money>,
}

impl BilledPool {
    /// Seats billed beyond those that should be, below zero for those that are
    /// missing; `None` where that cannot be compared.
    pub fn difference(&self) -> Option<i64> {
        match self.standing {
            BillStanding::Compared | BillStanding::NotOnBill => Some(self.billed - self.should_be?),
            BillStanding::PerUser | BillStanding::NoContract => None,
        }
    }
}

/// Whether billed and contracted seats of a pool can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillStanding {
    /// Both are known.
    Compared,
    /// Billed daily for each user, so the contract says no number.
    PerUser,
    /// Billed, and no contract is written down.
    NoContract,
    /// Under contract, and no line of the bill names it.
    NotOnBill,
}

impl BillStanding {
    /// The word in tables and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compared => "compared",
            Self::PerUser => "per_user",
            Self::NoContract => "no_contract",
            Self::NotOnBill => "not_on_bill",
        }
    }
}

/// Seats of one request that were cancelled and are billed all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StillBilled {
    /// The request.
    pub request_id: String,
    /// The vendor's case number, to be quoted.
    pub case_number: Option<String>,
    /// The pool.
    pub pool: Pool,
    /// How many of its seats.
    pub seats: u32,
    /// The day on which the cancellation took effect.
    pub since: Date,
    /// What they cost a month, where a price is known.
    pub monthly_cost: Option<Money>,
}

/// Charges of one kind and name that are no seats of the bill's month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherCharge {
    /// The kind.
    pub kind: ChargeKind,
    /// What the lines call it.
    pub name: String,
    /// How many lines.
    pub lines: u64,
    /// What they charge together.
    pub amounts: MoneyTotals,
}

/// Why a bill cannot be held against the contracts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BillError {
    /// Nothing says what time it is for.
    #[error(
        "{file}: no line of a seat says which month it is for; give the first day that the bill is \
         for as --bill-date YYYY-MM-DD, or name the column in seatsweep.toml: [columns.bill] date = \
         \"HEADER\""
    )]
    NoDate {
        /// The bill's file.
        file: String,
    },
    /// The pool could be one of several.
    #[error(
        "{file} line {line}: {license:?} is billed without a country, and there are seats of it in \
         {countries}; name the column that says the country in seatsweep.toml: [columns.bill] \
         country = \"HEADER\", or what the line means: [formats.bill_names]"
    )]
    WhichCountry {
        /// The bill's file.
        file: String,
        /// The line.
        line: u64,
        /// The license.
        license: String,
        /// Where there are seats of it.
        countries: String,
    },
    /// An amount could be in any currency.
    #[error(
        "{file} line {line}: nothing says in which currency this amount is, and [[contracts]] do \
         not have exactly one that it can be; name the column that says it in seatsweep.toml: \
         [columns.bill] currency = \"HEADER\", or leave amounts out: amount = \"\""
    )]
    WhichCurrency {
        /// The bill's file.
        file: String,
        /// The line.
        line: u64,
    },
}

/// What a bill is held against.
#[derive(Debug, Clone, Copy)]
pub struct Billing<'a> {
    /// The bill's file.
    pub file: &'a str,
    /// Its lines.
    pub lines: &'a [BillLine],
    /// The first day that it is for, where a person said it.
    pub date: Option<Date>,
    /// The administrator's contracts.
    pub contracts: &'a [Contract],
    /// Pools that are owned or held, whether under contract or not.
    pub known: &'a BTreeSet<Pool>,
    /// The requests that are neither withdrawn nor lapsed.
    pub requests: &'a [FollowedRequest],
}

/// Holds a bill against the contracts and the requests in effect.
pub fn check_bill(billing: &Billing<'_>) -> Result<BillCheck, BillError> {
    let Sorted {
        date,
        seats,
        others,
    } = Sorter::new(billing).sort()?;
    let cancelled = cancelled_on(date, billing);
    let contracts = billing.contracts.iter();
    let mut pools: BTreeSet<&Pool> = contracts.map(|contract| &contract.pool).collect();
    pools.extend(seats.keys());
    let pools: Vec<BilledPool> = pools
        .into_iter()
        .map(|pool| billed_pool(pool, seats.get(pool), &cancelled, billing.contracts))
        .collect();
    let mut check = BillCheck {
        file: billing.file.to_owned(),
        date,
        lines: billing.lines.len() as u64,
        pools,
        still_billed: Vec::new(),
        gone: Vec::new(),
        others,
    };
    for pool in &check.pools {
        let of_pool = cancelled
            .iter()
            .filter(|followed| followed.request.pool == pool.pool);
        blame(
            pool,
            of_pool.copied().collect(),
            billing.contracts,
            &mut check.still_billed,
            &mut check.gone,
        );
    }
    check
        .still_billed
        .sort_by(|a, b| (&a.pool, a.since, &a.request_id).cmp(&(&b.pool, b.since, &b.request_id)));
    check.gone.sort();
    Ok(check)
}

impl BillCheck {
    /// What people should be reminded of on a day.
    pub fn reminders(&self, today: Date) -> Vec<Reminder> {
        let reminder = |still: &StillBilled| Reminder {
            request_id: still.request_id.clone(),
            kind: ReminderKind::StillBilled,
            days: days_between(still.since, today),
            by: still.since,
            within: None,
            case_number: still.case_number.clone(),
        };
        self.still_billed.iter().map(reminder).collect()
    }
}

/// What the lines of a pool come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Billed {
    seats: i64,
    amount: MoneyTotals,
    /// Lines that say no amount.
    without_amount: u64,
}

/// The requests of tonight's contracts that are in effect on the bill's date.
/// Their last day is still billed.
fn cancelled_on<'a>(date: Date, billing: &Billing<'a>) -> Vec<&'a FollowedRequest> {
    let requests = billing.requests.iter();
    requests
        .filter(|followed| match followed.request.state {
            RequestState::Confirmed | RequestState::Effective | RequestState::Verified => followed
                .request
                .effective_on
                .is_some_and(|last| last < date),
            RequestState::Drafted
            | RequestState::Submitted
            | RequestState::Lapsed
            | RequestState::Withdrawn => false,
        })
        .filter(|followed| contract_of(billing.contracts, &followed.request.id).is_some())
        .collect()
}

fn billed_pool(
    pool: &Pool,
    lines: Option<&Billed>,
    cancelled: &[&FollowedRequest],
    contracts: &[Contract],
) -> BilledPool {
    let is_on_bill = lines.is_some();
    let billed = lines.cloned().unwrap_or_default();
    let mine: Vec<&Contract> = contracts.iter().filter(|it| it.pool == *pool).collect();
    let ended = |contract: &Contract| -> u32 {
        let requests = cancelled.iter().map(|followed| &followed.request);
        requests
            .filter(|request| super::is_request_of(contract, &request.id))
            .map(|request| request.quantity)
            .sum()
    };
    let left = |contract: &Contract| contract.seats.saturating_sub(ended(contract));
    let should_be: u32 = mine.iter().map(|contract| left(contract)).sum();
    let per_user = mine
        .iter()
        .any(|contract| contract.billing == ContractBilling::Subscription);
    let standing = match (mine.is_empty(), per_user) {
        (true, _) => BillStanding::NoContract,
        (false, true) => BillStanding::PerUser,
        (false, false) if is_on_bill || should_be == 0 => BillStanding::Compared,
        (false, false) => BillStanding::NotOnBill,
    };
    let is_comparable = match standing {
        BillStanding::Compared | BillStanding::NotOnBill => true,
        BillStanding::PerUser | BillStanding::NoContract => false,
    };
    let should_be_amount = sum(mine.iter().map(|contract| {
        let price = contract.unit_price.as_ref();
        price.map(|price| price.times(left(contract)))
    }))
    .filter(|_| is_comparable);
    let amount_difference = should_be_amount
        .as_ref()
        .filter(|_| is_on_bill && billed.without_amount == 0)
        .and_then(|should_be| amount_beyond(&billed.amount, should_be));
    BilledPool {
        pool: pool.clone(),
        standing,
        contracted: mine.iter().map(|contract| contract.seats).sum(),
        cancelled: mine.iter().map(|contract| ended(contract)).sum(),
        billed: billed.seats,
        should_be: is_comparable.then_some(i64::from(should_be)),
        unit_price: price(pool, contracts),
        billed_amount: billed.amount,
        should_be_amount,
        amount_difference,
    }
}

/// The sum of amounts of one currency; `None` if one is not known, there are
/// none, or they are of several currencies.
fn sum(amounts: impl Iterator<Item = Option<Money>>) -> Option<Money> {
    let amounts: Vec<Money> = amounts.collect::<Option<_>>()?;
    let (first, others) = amounts.split_first()?;
    others
        .iter()
        .try_fold(first.clone(), |sum, more| sum.plus(more))
}

/// What was billed beyond what should be, where all of it is in one currency.
fn amount_beyond(billed: &MoneyTotals, should_be: &Money) -> Option<Money> {
    let mut billed = billed.amounts();
    let amount = billed.next()?;
    let is_alone = billed.next().is_none() && amount.currency == should_be.currency;
    is_alone.then(|| Money {
        amount: amount.amount - should_be.amount,
        currency: amount.currency,
    })
}

/// Says of each request in effect whether seats of it are billed. Which of
/// several was not honored nobody can see: those that nobody saw gone before
/// come first, and of these the latest, for which the vendor had least time.
fn blame(
    pool: &BilledPool,
    mut requests: Vec<&FollowedRequest>,
    contracts: &[Contract],
    still_billed: &mut Vec<StillBilled>,
    gone: &mut Vec<String>,
) {
    let Some(difference) = pool.difference() else {
        return;
    };
    let mut too_many = u32::try_from(difference.max(0)).unwrap_or(u32::MAX);
    requests.sort_by_key(|followed| {
        let request = &followed.request;
        let was_seen_gone = request.state == RequestState::Verified;
        let latest = std::cmp::Reverse(request.effective_on);
        (was_seen_gone, latest, request.id.clone())
    });
    for followed in requests {
        let request = &followed.request;
        let Some(since) = request.effective_on else {
            continue;
        };
        let seats = too_many.min(request.quantity);
        too_many -= seats;
        let contract = contract_of(contracts, &request.id);
        let price = contract.and_then(|contract| contract.unit_price.as_ref());
        if seats > 0 {
            still_billed.push(StillBilled {
                request_id: request.id.clone(),
                case_number: followed.case_number.clone(),
                pool: pool.pool.clone(),
                seats,
                since,
                monthly_cost: price.map(|price| price.times(seats)),
            });
        } else if request.state != RequestState::Verified
            && pool.standing == BillStanding::Compared
            && request.quantity > 0
        {
            gone.push(request.id.clone());
        }
    }
}
