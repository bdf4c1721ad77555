use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::inventory::Stocktaking;
use crate::model::{AccountKey, Memory, Place, PlaceObservation, Pool, PoolObservation};

/// Seats of a pool at one site and cost center.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceCount {
    /// Where.
    pub place: Place,
    /// On active accounts, those of leavers included.
    pub active: u32,
    /// Of these, on accounts of leavers that are still to be processed.
    pub leaving: u32,
    /// On deactivated accounts.
    pub stranded: u32,
    /// What happened since the last night that was recorded; `None` when
    /// there is none, or when it did not keep the places.
    pub movements: Option<PlaceMovements>,
}

/// How a place came from one night's seats to tonight's: those of the opening,
/// less the freed ones, and the assigned ones are tonight's. Seats on no account
/// are nowhere, so bought, ended and unexplained ones are the pool's alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceMovements {
    /// Seats on active accounts then.
    pub opening_active: u32,
    /// Seats on deactivated accounts then.
    pub opening_stranded: u32,
    /// Seats that were removed here from its accounts, and verified.
    pub freed: u32,
    /// Seats that its accounts took otherwise or that came with people from
    /// another place; below zero when more were lost or went with people. Over
    /// all places of a pool it adds up to the pool's, so that a move between
    /// two places is in one what it is out of the other.
    pub assigned: i64,
}

/// The places where seats of a pool are, or were when the pool was last
/// observed.
pub(super) fn places(
    pool: &Pool,
    opening: Option<&PoolObservation>,
    stocktaking: &Stocktaking<'_>,
) -> Vec<PlaceCount> {
    let mut tonight = stocktaking.tonight.iter();
    let tonight = tonight.find(|night| night.pool == *pool);
    let closing = by_place(tonight);
    let opening = opening.filter(|night| night.knows_places());
    let opened = by_place(opening);
    let freed = opening.map_or_else(BTreeMap::new, |night| freed(pool, night, stocktaking));
    let all: BTreeSet<&Place> = closing
        .keys()
        .chain(opened.keys())
        .copied()
        .chain(freed.keys())
        .collect();
    all.into_iter()
        .map(|place| {
            let (active, stranded) = counts(&closing, place);
            let key = (pool.clone(), place.clone());
            let leaving = stocktaking.leaving.get(&key).copied().unwrap_or(0);
            PlaceCount {
                place: place.clone(),
                active,
                leaving: leaving.min(active),
                stranded,
                movements: opening.map(|_| {
                    let (opening_active, opening_stranded) = counts(&opened, place);
                    let freed = freed.get(place).copied().unwrap_or(0);
                    let then = i64::from(opening_active) + i64::from(opening_stranded);
                    let now = i64::from(active) + i64::from(stranded);
                    PlaceMovements {
                        opening_active,
                        opening_stranded,
                        freed,
                        assigned: now - then + i64::from(freed),
                    }
                }),
            }
        })
        .collect()
}

/// The last recorded night of a pool before a report, if it was recorded whole.
pub(super) fn opening_of<'m>(
    pool: &Pool,
    memory: &'m Memory,
    users_at: Timestamp,
) -> Option<&'m PoolObservation> {
    let nights = memory.observations.iter();
    nights
        .filter(|night| night.pool == *pool && night.at < users_at && night.stock.is_some())
        .max_by_key(|night| night.at)
}

/// Accounts of which seats were freed since the last recorded night.
pub(super) fn freed_since_last_night(memory: &Memory, users_at: Timestamp) -> BTreeSet<AccountKey> {
    let pools: BTreeSet<&Pool> = memory.observations.iter().map(|it| &it.pool).collect();
    let openings: BTreeMap<&Pool, Timestamp> = pools
        .into_iter()
        .filter_map(|pool| {
            let opening = opening_of(pool, memory, users_at)?;
            Some((pool, opening.removals_until()))
        })
        .collect();
    let is_new = |pool: &Pool, at: Timestamp| openings.get(pool).is_some_and(|until| at > *until);
    let accounts = memory.accounts.iter();
    accounts
        .filter(|(_, account)| {
            let mut removed = account.removed.iter();
            removed.any(|(license, at)| is_new(&license.pool(), *at))
        })
        .map(|(key, _)| key.clone())
        .collect()
}

/// Seats freed since the opening, by where the accounts are tonight. Of an
/// account that is in the report no more nobody knows: that is a place without
/// a name, which took the seat from where it was.
fn freed(
    pool: &Pool,
    opening: &PoolObservation,
    stocktaking: &Stocktaking<'_>,
) -> BTreeMap<Place, u32> {
    let mut freed = BTreeMap::new();
    for (key, account) in &stocktaking.memory.accounts {
        let removed = account.removed.iter();
        let count = removed
            .filter(|(license, at)| *at > opening.removals_until() && license.pool() == *pool)
            .count();
        if count > 0 {
            let place = stocktaking.held.freed.get(key).cloned().unwrap_or_default();
            *freed.entry(place).or_default() += u32::try_from(count).unwrap_or(u32::MAX);
        }
    }
    freed
}

fn by_place(night: Option<&PoolObservation>) -> BTreeMap<&Place, &PlaceObservation> {
    let places = night.into_iter().flat_map(|night| &night.places);
    places.map(|it| (&it.place, it)).collect()
}

/// Seats on active and on deactivated accounts.
fn counts(places: &BTreeMap<&Place, &PlaceObservation>, place: &Place) -> (u32, u32) {
    places
        .get(place)
        .map_or((0, 0), |it| (it.active, it.stranded))
}
