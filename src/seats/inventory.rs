use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::PoolFigures;
use super::cancellation::{freed_after, removals, took_effect_after};
use super::holders::Held;
use super::places::{PlaceCount, opening_of, places};
use crate::model::{
    Contract, ContractBilling, LicenseKind, Memory, Money, OpenRequest, Place, Pool,
    PoolObservation, PoolStock, RequestState,
};

#[cfg(test)]
mod tests;

/// One pool: where its seats are, how that came about, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolInventory {
    /// The pool.
    pub pool: Pool,
    /// Whether seats of it can be asked to be cancelled, and why not.
    pub treatment: Treatment,
    /// Where its seats are.
    pub balance: Balance,
    /// Of those on active accounts: seats of leavers that are still to be
    /// processed.
    pub leaving: u32,
    /// Seats in requests that are not in effect yet.
    pub requested: Requested,
    /// Whether the unassigned seats were counted; else only those are known
    /// that were freed here.
    pub counted: bool,
    /// What happened since the last night that was recorded; `None` when there
    /// is none.
    pub movements: Option<Movements>,
    /// What one seat costs a month; unknown without a contract that says it,
    /// and where contracts of the pool say different prices.
    pub price: Option<Money>,
    /// Seats on accounts, by where their people are.
    pub places: Vec<PlaceCount>,
}

impl PoolInventory {
    /// Seats on active accounts of people who stay.
    pub fn in_use(&self) -> u32 {
        self.balance.active.saturating_sub(self.leaving)
    }

    /// By how many seats owned and accounted for differ; `None` where it is not
    /// known how many are owned, or where what is shown as unassigned is not.
    pub fn difference(&self) -> Option<i64> {
        match self.treatment {
            Treatment::Pooled => None,
            Treatment::Contract
            | Treatment::Subscription
            | Treatment::Express
            | Treatment::ContactNow
            | Treatment::NoContract => self.balance.difference(),
        }
    }

    /// The same on the night before.
    pub fn opening_difference(&self) -> Option<i64> {
        self.difference()?;
        self.movements.as_ref()?.opening.difference()
    }

    /// By how much the difference has grown since then.
    pub fn unexplained(&self) -> Option<i64> {
        self.difference()?;
        self.movements.as_ref()?.unexplained
    }

    /// Seats that are billed and that nobody uses; `None` where that cannot be
    /// told from these numbers.
    pub fn unused(&self) -> Option<u32> {
        let unassigned = u32::try_from(self.balance.unassigned).unwrap_or(0);
        match self.treatment {
            // Its seats are shown as unassigned although they are used.
            Treatment::Pooled => None,
            // Billed for each user who holds one, so unassigned ones are not.
            Treatment::Subscription => Some(self.balance.stranded),
            Treatment::Contract
            | Treatment::Express
            | Treatment::ContactNow
            | Treatment::NoContract => Some(self.balance.stranded + unassigned),
        }
    }

    /// How many of the unused seats are on deactivated accounts, and how many on
    /// none.
    pub fn unused_by_cause(&self) -> Option<(u32, u32)> {
        let unused = self.unused()?;
        let stranded = self.balance.stranded.min(unused);
        Some((stranded, unused - stranded))
    }

    /// What so many seats cost a month; `None` when a price is not known, and
    /// for pooled seats, of which nobody knows who makes them cost something.
    pub fn cost_of(&self, seats: u32) -> Option<Money> {
        match self.treatment {
            Treatment::Pooled => None,
            Treatment::Contract
            | Treatment::Subscription
            | Treatment::Express
            | Treatment::ContactNow
            | Treatment::NoContract => Some(self.price.as_ref()?.times(seats)),
        }
    }

    /// What the unused seats cost a month; `None` when a price is not known.
    pub fn monthly_cost(&self) -> Option<Money> {
        Some(self.price.as_ref()?.times(self.unused()?))
    }

    /// The same for a year.
    pub fn yearly_cost(&self) -> Option<Money> {
        Some(self.monthly_cost()?.times(12))
    }
}

/// What can be done about unused seats of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// They can be asked to be cancelled at the end of the term.
    Contract,
    /// Contact Center: the seats are pooled.
    Pooled,
    /// Billed daily for each user.
    Subscription,
    /// 8x8 Express.
    Express,
    /// The vendor's contact center of that name, billed by period.
    ContactNow,
    /// No contract is written down.
    NoContract,
}

impl Treatment {
    /// How a pool is treated under these contracts.
    pub fn of(pool: &Pool, contracts: &[Contract]) -> Self {
        if LicenseKind::of(&pool.license) == LicenseKind::ContactCenter {
            return Self::Pooled;
        }
        let mut billings = contracts
            .iter()
            .filter(|contract| contract.pool == *pool)
            .map(|contract| contract.billing);
        let first = billings.next();
        // What can be asked for under one contract can be asked for.
        let billing = billings
            .find(|billing| *billing == ContractBilling::Contract)
            .or(first);
        match billing {
            Some(ContractBilling::Contract) => Self::Contract,
            Some(ContractBilling::Subscription) => Self::Subscription,
            Some(ContractBilling::Express) => Self::Express,
            Some(ContractBilling::ContactNow) => Self::ContactNow,
            None => Self::NoContract,
        }
    }

    /// The word in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Pooled => "pooled",
            Self::Subscription => "subscription",
            Self::Express => "express",
            Self::ContactNow => "contact_now",
            Self::NoContract => "no_contract",
        }
    }

    /// Why nothing is asked for, or empty.
    pub fn why_not(self) -> &'static str {
        match self {
            Self::Contract => "",
            Self::Pooled => {
                "Contact Center seats are pooled: X6 to X8 show as unassigned although their named \
                 users are counted in the pool Additional Named User, so nothing is called unused"
            }
            Self::Subscription => {
                "billed daily for each user: billing stops when the licence is removed from a user, \
                 so there is nothing to ask for and unassigned seats cost nothing"
            }
            Self::Express => "8x8 Express: cancelled in the support chat",
            Self::ContactNow => {
                "ContactNow: delete the agents before the period ends, and the vendor removes unused \
                 licences at the renewal by itself"
            }
            Self::NoContract => {
                "no [[contracts]] entry says what it costs and when its notice ends, so nothing is \
                 asked for"
            }
        }
    }
}

/// Where the seats of a pool are. They add up to the seats owned, or the
/// difference says by how much they do not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Seats owned: of the licences file, less what ended since it was made,
    /// else of the contracts.
    pub owned: Option<u32>,
    /// Seats on active accounts.
    pub active: u32,
    /// Seats on deactivated accounts.
    pub stranded: u32,
    /// Seats that nobody holds: those of the seat counts and those freed since,
    /// less those newly assigned and those that ended. Below zero when more were
    /// assigned than were known to be free; without counts never, because nobody
    /// knows where these came from.
    pub unassigned: i64,
    /// Suspended seats without a user.
    pub suspended: u32,
    /// Seats of all requests that ever took effect.
    pub ended: u32,
}

impl Balance {
    /// How a pool stands with tonight's figures.
    pub fn tonight(figures: &PoolFigures, requests: &[OpenRequest], counted: Option<Date>) -> Self {
        // Where nobody counted the unassigned seats, all that was ever freed is
        // in their number, and so is all that ever ended.
        let counted = counted.filter(|_| figures.unassigned.is_some());
        let ended_since = seats_of(&figures.pool, requests, |it| took_effect_after(it, counted));
        let ended = seats_of(&figures.pool, requests, |it| took_effect_after(it, None));
        let owned = match counted {
            Some(_) => figures.owned.map(|it| it.saturating_sub(ended_since)),
            None => figures.owned,
        };
        let unassigned = figures.free_by_ledger - i64::from(ended_since);
        let least = figures.unassigned.map_or(0, |_| i64::MIN);
        Self {
            owned,
            active: figures.active,
            stranded: figures.stranded,
            unassigned: unassigned.max(least),
            suspended: figures.suspended,
            ended,
        }
    }

    /// How a pool stood when it was observed; `None` where an older version
    /// observed less.
    fn observed(observation: &PoolObservation) -> Option<Self> {
        let stock = observation.stock?;
        Some(Self {
            owned: stock.owned,
            active: observation.active,
            stranded: observation.stranded,
            unassigned: stock.unassigned,
            suspended: stock.suspended,
            ended: stock.ended,
        })
    }

    /// What an observation keeps of it besides the seats on accounts.
    pub fn stock(&self, pool: &Pool, memory: &Memory) -> PoolStock {
        PoolStock {
            owned: self.owned,
            unassigned: self.unassigned,
            suspended: self.suspended,
            ended: self.ended,
            removals_until: removals(pool, memory).max().unwrap_or(Timestamp::MIN),
        }
    }

    /// Seats on accounts, active or not.
    pub fn on_accounts(&self) -> u32 {
        self.active + self.stranded
    }

    /// Owned, less everything that is accounted for; `None` when it is not
    /// known how many are owned.
    pub fn difference(&self) -> Option<i64> {
        let owned = i64::from(self.owned?);
        Some(owned - i64::from(self.on_accounts()) - self.on_no_account())
    }

    /// Seats on no account: unassigned, or suspended without a user.
    pub fn on_no_account(&self) -> i64 {
        self.unassigned + i64::from(self.suspended)
    }
}

/// Seats in requests, by how far these have come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// Drafted here.
    pub drafted: u32,
    /// Handed to the vendor.
    pub submitted: u32,
    /// Confirmed by the vendor.
    pub confirmed: u32,
}

impl Requested {
    /// All of them.
    pub fn all(&self) -> u32 {
        self.drafted + self.submitted + self.confirmed
    }
}

/// How a pool came from one night's balance to tonight's. Opening and movements
/// make the closing balance, or `unexplained` says by how much they do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movements {
    /// When the opening balance was observed.
    pub since: Timestamp,
    /// How the pool stood then.
    pub opening: Balance,
    /// Seats that were removed here, and verified.
    pub freed: u32,
    /// Seats that accounts took otherwise; below zero when they lost some.
    pub assigned: i64,
    /// Seats of requests that took effect.
    pub ended: u32,
    /// Seats that were bought; below zero when seats went that no request
    /// ended. Unknown when it is not known how many are or were owned.
    pub bought: Option<i64>,
    /// By how much the difference between owned and accounted for has grown.
    pub unexplained: Option<i64>,
}

impl Movements {
    fn between(opening: Balance, since: Timestamp, closing: &Balance, freed: u32) -> Self {
        let (freed_seats, before) = (i64::from(freed), i64::from(opening.on_accounts()));
        let assigned = i64::from(closing.on_accounts()) - before + freed_seats;
        let ended = closing.ended.saturating_sub(opening.ended);
        let owned = opening.owned.zip(closing.owned);
        let bought = owned.map(|(then, now)| i64::from(now) - i64::from(then) + i64::from(ended));
        let unexplained = bought.map(|bought| {
            let expected =
                opening.on_no_account() + freed_seats - assigned + bought - i64::from(ended);
            expected - closing.on_no_account()
        });
        Self {
            since,
            opening,
            freed,
            assigned,
            ended,
            bought,
            unexplained,
        }
    }
}

/// What an inventory is made of.
#[derive(Debug, Clone, Copy)]
pub struct Stocktaking<'a> {
    /// Tonight's figures.
    pub figures: &'a [PoolFigures],
    /// The administrator's contracts.
    pub contracts: &'a [Contract],
    /// What earlier nights left.
    pub memory: &'a Memory,
    /// The day of the seat counts, if there is a licences file.
    pub counted: Option<Date>,
    /// When the users report was made.
    pub users_at: Timestamp,
    /// Tonight's observations, which know the places.
    pub tonight: &'a [PoolObservation],
    /// Who holds what.
    pub held: &'a Held,
    /// Seats of leavers that are still to be processed, on active accounts.
    pub leaving: &'a BTreeMap<(Pool, Place), u32>,
}

/// The inventory, pool by pool in the order of the figures.
pub fn take_stock(stocktaking: &Stocktaking<'_>) -> Vec<PoolInventory> {
    let figures = stocktaking.figures.iter();
    figures
        .map(|figures| pool_inventory(figures, stocktaking))
        .collect()
}

fn pool_inventory(figures: &PoolFigures, stocktaking: &Stocktaking<'_>) -> PoolInventory {
    let Stocktaking {
        contracts, memory, ..
    } = *stocktaking;
    let pool = &figures.pool;
    let balance = Balance::tonight(figures, &memory.requests, stocktaking.counted);
    let in_state = |state| seats_of(pool, &memory.requests, |it| it.state == state);
    let opening = opening_of(pool, memory, stocktaking.users_at);
    let places = places(pool, opening, stocktaking);
    PoolInventory {
        pool: pool.clone(),
        treatment: Treatment::of(pool, contracts),
        balance,
        leaving: places.iter().map(|place| place.leaving).sum(),
        requested: Requested {
            drafted: in_state(RequestState::Drafted),
            submitted: in_state(RequestState::Submitted),
            confirmed: in_state(RequestState::Confirmed),
        },
        counted: figures.unassigned.is_some(),
        movements: opening.and_then(|night| movements(night, &balance, memory)),
        price: price(pool, contracts),
        places,
    }
}

fn movements(night: &PoolObservation, closing: &Balance, memory: &Memory) -> Option<Movements> {
    let opening = Balance::observed(night)?;
    let freed = freed_after(&night.pool, night.removals_until(), memory);
    Some(Movements::between(opening, night.at, closing, freed))
}

/// The price on which all contracts of the pool agree.
pub(super) fn price(pool: &Pool, contracts: &[Contract]) -> Option<Money> {
    let mut prices = contracts
        .iter()
        .filter(|contract| contract.pool == *pool)
        .map(|contract| contract.unit_price.as_ref());
    let first = prices.next()??;
    prices
        .all(|price| price == Some(first))
        .then(|| first.clone())
}

fn seats_of(pool: &Pool, requests: &[OpenRequest], counts: impl Fn(&OpenRequest) -> bool) -> u32 {
    let requests = requests.iter().filter(|request| request.pool == *pool);
    requests
        .filter(|request| counts(request))
        .map(|request| request.quantity)
        .sum()
}
