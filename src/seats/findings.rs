use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::holders::{Held, Holder};
use super::inventory::{PoolInventory, Treatment};
use crate::model::{
    AccountKey, Contract, Disposition, LicenseKind, LicenseName, Memory, Money, Place, Pool,
    Reason, RequestState, SourceRow,
};

#[cfg(test)]
mod tests;

/// Something about seats that costs money or is not right, with what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What sort of thing.
    pub kind: FindingKind,
    /// The pool.
    pub pool: Pool,
    /// Seats.
    pub quantity: u32,
    /// The account, or empty: a username, or an id where there is none.
    pub account: String,
    /// Where it stands in the users report; none for findings about a pool.
    pub source: Option<SourceRow>,
    /// Where the account's person works.
    pub place: Place,
    /// What the seats cost a month, if they are billed and a price is known.
    pub monthly_cost: Option<Money>,
    /// What was found.
    pub what: String,
    /// What to do next.
    pub repair: String,
}

/// The sorts of findings, in the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A licence held by a deactivated account.
    StrandedSeat,
    /// A storage or number licence left on a deactivated account.
    LeftBehind,
    /// A licence of somebody who is not on HR's roster.
    NotInHr,
    /// Several seats to call with on one account.
    TwoCallingSeats,
    /// An account without licences in ring groups or call queues.
    InGroups,
    /// Unassigned seats that are taxed elsewhere than at their site.
    TaxRegion,
    /// Seats that nobody held for a long time.
    Idle,
    /// Seats on no account that nobody can explain.
    Unexplained,
    /// More seats are held or free than are owned.
    MoreThanOwned,
    /// Seats that were cancelled and are billed all the same.
    StillBilled,
    /// More seats are billed than should be.
    BilledMore,
    /// Fewer seats are billed than should be.
    BilledLess,
    /// As many seats are billed as should be, for another amount.
    BilledOtherwise,
    /// Seats are billed that no contract is known for.
    BilledWithoutContract,
    /// Seats under contract are not on the bill.
    NotOnBill,
}

impl FindingKind {
    /// The word in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StrandedSeat => "stranded_seat",
            Self::LeftBehind => "left_behind",
            Self::NotInHr => "not_in_hr",
            Self::TwoCallingSeats => "two_calling_seats",
            Self::InGroups => "in_groups",
            Self::TaxRegion => "tax_region",
            Self::Idle => "idle",
            Self::Unexplained => "unexplained",
            Self::MoreThanOwned => "more_than_owned",
            Self::StillBilled => "still_billed",
            Self::BilledMore => "billed_more",
            Self::BilledLess => "billed_less",
            Self::BilledOtherwise => "billed_otherwise",
            Self::BilledWithoutContract => "billed_without_contract",
            Self::NotOnBill => "not_on_bill",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What becomes of a leaver's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departure {
    /// What became of the HR row.
    pub disposition: Disposition,
    /// Why.
    pub reason: Reason,
    /// When the next step is due, if one is.
    pub next_due: Option<Timestamp>,
}

/// What findings are made of.
#[derive(Debug, Clone, Copy)]
pub struct Inspection<'a> {
    /// The inventory.
    pub pools: &'a [PoolInventory],
    /// Who holds what.
    pub held: &'a Held,
    /// Accounts of leavers.
    pub departures: &'a BTreeMap<AccountKey, Departure>,
    /// The administrator's contracts.
    pub contracts: &'a [Contract],
    /// What earlier nights left.
    pub memory: &'a Memory,
    /// The instant of the audit.
    pub as_of: Timestamp,
    /// Seats that are taxed elsewhere than at their site.
    pub taxed_elsewhere: &'a [Finding],
    /// Days after which unassigned seats are a finding.
    pub idle_after_days: u16,
    /// The users report's file, whose lines are named.
    pub report: &'a str,
}

/// Everything that is worth a look, in a stable order.
pub fn inspect(inspection: &Inspection<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, holder) in &inspection.held.stranded {
        inspection.stranded(key, holder, &mut findings);
    }
    for (key, holder) in &inspection.held.strangers {
        inspection.stranger(key, holder, &mut findings);
    }
    inspection.doubled(&mut findings);
    findings.extend_from_slice(inspection.taxed_elsewhere);
    findings.extend(inspection.held.in_groups.values().map(in_groups));
    for pool in inspection.pools {
        findings.extend(inspection.idle(pool));
        findings.extend(inspection.difference(pool));
    }
    findings.sort_by(|a, b| {
        let order = |it: &Finding| {
            let line = it.source.as_ref().map(|source| source.line);
            (it.kind, it.pool.clone(), line, it.account.clone())
        };
        order(a).cmp(&order(b))
    });
    findings
}

impl Inspection<'_> {
    fn stranded(&self, key: &AccountKey, holder: &Holder, findings: &mut Vec<Finding>) {
        let departure = self.departures.get(key);
        for (pool, quantity) in seats_by_pool(&holder.licenses) {
            let (kind, what, repair) = match LicenseKind::of(&pool.license) {
                LicenseKind::Calling | LicenseKind::ContactCenter => (
                    FindingKind::StrandedSeat,
                    "held by a deactivated account: billed, shown as Suspended, used by nobody",
                    repair_of_stranded(departure),
                ),
                LicenseKind::Storage => (
                    FindingKind::LeftBehind,
                    "storage licence on a deactivated account",
                    "ask who has to keep the recordings, and how long; then remove the licence in \
                     the Admin Console"
                        .to_owned(),
                ),
                LicenseKind::Number => (
                    FindingKind::LeftBehind,
                    "number licence on a deactivated account",
                    "give the number to somebody else or return it in the Admin Console; its \
                     licence goes with it"
                        .to_owned(),
                ),
            };
            findings.push(Finding {
                kind,
                quantity,
                account: holder.account.clone(),
                source: Some(holder.source.clone()),
                place: holder.place.clone(),
                monthly_cost: self.cost(&pool, quantity),
                pool,
                what: what.to_owned(),
                repair,
            });
        }
    }

    fn stranger(&self, key: &AccountKey, holder: &Holder, findings: &mut Vec<Finding>) {
        // A leaver is not on the roster, and is dealt with.
        if self.departures.contains_key(key) {
            return;
        }
        for (pool, quantity) in seats_by_pool(&holder.licenses) {
            findings.push(Finding {
                kind: FindingKind::NotInHr,
                quantity,
                account: holder.account.clone(),
                source: Some(holder.source.clone()),
                place: holder.place.clone(),
                monthly_cost: self.cost(&pool, quantity),
                pool,
                what:
                    "held by an active account of nobody on the roster, nor in tonight's HR files"
                        .to_owned(),
                repair: "if a person has left, have HR list them; if it is a room, a lobby or a \
                         service, name it in [protected] accounts; if HR knows the person by other \
                         keys, correct these"
                    .to_owned(),
            });
        }
    }

    fn doubled(&self, findings: &mut Vec<Finding>) {
        for doubled in &self.held.doubled {
            let names: Vec<String> = doubled
                .seats
                .iter()
                .map(|(line, pool)| format!("{pool} on line {line}"))
                .collect();
            // The last one of the report stands for those that are too many.
            let [_, .., (line, pool)] = doubled.seats.as_slice() else {
                continue;
            };
            let quantity = u32::try_from(doubled.seats.len() - 1).unwrap_or(u32::MAX);
            // Which of different ones goes is not ours to say, nor what it saves.
            let alike = doubled.seats.iter().all(|(_, other)| other == pool);
            findings.push(Finding {
                kind: FindingKind::TwoCallingSeats,
                quantity,
                account: doubled.account.clone(),
                source: Some(SourceRow {
                    file: self.report.into(),
                    line: *line,
                }),
                place: Place::default(),
                monthly_cost: alike.then(|| self.cost(pool, quantity)).flatten(),
                pool: pool.clone(),
                what: format!(
                    "one account holds several seats to call with: {}",
                    names.join(", ")
                ),
                repair: "keep the one that fits and remove the others in the Admin Console; \
                         voicemail and numbers go with a licence, so move them first"
                    .to_owned(),
            });
        }
    }

    /// Seats that nobody held on any recorded night since the limit, less those
    /// that are kept free on purpose.
    fn idle(&self, pool: &PoolInventory) -> Option<Finding> {
        match pool.treatment {
            Treatment::Contract
            | Treatment::Express
            | Treatment::ContactNow
            | Treatment::NoContract => {}
            Treatment::Pooled | Treatment::Subscription => return None,
        }
        let days = i64::from(self.idle_after_days);
        let limit = self.as_of - SignedDuration::from_hours(24 * days);
        let nights: Vec<(Timestamp, i64)> = self
            .memory
            .observations
            .iter()
            .filter(|night| night.pool == pool.pool)
            .filter_map(|night| Some((night.at, night.stock?.unassigned)))
            .collect();
        let (since, _) = nights.iter().filter(|(at, _)| *at <= limit).max()?;
        let least = nights
            .iter()
            .filter(|(at, _)| at >= since)
            .map(|(_, unassigned)| *unassigned)
            .min()?
            .min(pool.balance.unassigned);
        let spare: u32 = self
            .contracts
            .iter()
            .filter(|contract| contract.pool == pool.pool)
            .map(|contract| contract.spare)
            .sum();
        let quantity = u32::try_from(least - i64::from(spare)).ok()?;
        let ended = self.ended_unseen(&pool.pool);
        let repair = match (pool.treatment, pool.requested.all()) {
            (Treatment::Contract, 0) if ended > 0 => format!(
                "{ended} seats of this pool were cancelled already, and nobody saw them gone from \
                 the bill: `seatsweep audit --bill FILE` looks, then `seatsweep requests close`"
            ),
            (Treatment::Contract, 0) => {
                "the next `seatsweep run` drafts a request for what can be \
                                         asked for; raise `spare` if they are kept on purpose"
                    .to_owned()
            }
            (Treatment::Contract, asked) => format!(
                "{asked} seats of this pool are asked for already: hand the draft in, see \
                 cancellation-requests.csv"
            ),
            _ => pool.treatment.why_not().to_owned(),
        };
        (quantity > 0).then(|| Finding {
            kind: FindingKind::Idle,
            quantity,
            account: String::new(),
            source: None,
            place: Place::default(),
            monthly_cost: pool.price.as_ref().map(|price| price.times(quantity)),
            pool: pool.pool.clone(),
            what: format!("unassigned for {days} days or more, beyond the {spare} kept spare"),
            repair,
        })
    }

    /// Seats of requests in effect that nobody saw gone from the bill.
    fn ended_unseen(&self, pool: &Pool) -> u32 {
        let requests = self.memory.requests.iter();
        requests
            .filter(|it| it.pool == *pool && it.state == RequestState::Effective)
            .map(|request| request.quantity)
            .sum()
    }

    /// Owned against accounted for.
    fn difference(&self, pool: &PoolInventory) -> Option<Finding> {
        let difference = pool.difference().filter(|it| *it != 0)?;
        let quantity = u32::try_from(difference.unsigned_abs()).unwrap_or(u32::MAX);
        let (kind, what, repair) = match (difference > 0, pool.counted) {
            (true, _) if self.is_unnamed(pool) => (
                FindingKind::Unexplained,
                "owned, and the users report names seats of this license without a country",
                "export the report with the licenses' full names or a country column",
            ),
            (true, true) => (
                FindingKind::Unexplained,
                "owned, on no account, and not known to be free",
                "look the pool up on Home > Licenses: a lobby, a device or a shared line may hold them; \
             if they are unassigned there, count the seats anew",
            ),
            (true, false) => (
                FindingKind::Unexplained,
                "owned and on no account, and nobody counted the unassigned seats",
                "give a --licenses file with the unassigned seats of Home > Licenses, and set [seats] \
             as_of",
            ),
            (false, _) => (
                FindingKind::MoreThanOwned,
                "more seats are held, free or suspended than are owned",
                "count the seats anew on Home > Licenses; if seats were bought or have ended, correct \
             the licences file or `seats` in [[contracts]]",
            ),
        };
        Some(Finding {
            kind,
            quantity,
            account: String::new(),
            source: None,
            place: Place::default(),
            // Whether they are billed for nothing is just what is not known.
            monthly_cost: None,
            pool: pool.pool.clone(),
            what: what.to_owned(),
            repair: repair.to_owned(),
        })
    }

    /// Whether seats that are named without a country may be of this pool.
    fn is_unnamed(&self, pool: &PoolInventory) -> bool {
        let named = !pool.pool.country.is_empty();
        named
            && self.pools.iter().any(|other| {
                other.pool.country.is_empty()
                    && other.pool.license == pool.pool.license
                    && other.balance.on_accounts() > 0
            })
    }

    fn cost(&self, pool: &Pool, quantity: u32) -> Option<Money> {
        let mut pools = self.pools.iter();
        pools.find(|it| it.pool == *pool)?.cost_of(quantity)
    }
}

/// Callers are kept waiting for somebody who cannot be reached. No seat is held,
/// so none is counted, and no pool is named.
fn in_groups(holder: &Holder) -> Finding {
    Finding {
        kind: FindingKind::InGroups,
        pool: Pool {
            license: String::new(),
            country: String::new(),
        },
        quantity: 0,
        account: holder.account.clone(),
        source: Some(holder.source.clone()),
        place: holder.place.clone(),
        monthly_cost: None,
        what: format!(
            "an account without licenses is still in ring groups or call queues: {}",
            holder.groups.join(", ")
        ),
        repair:
            "take it out of them in the Admin Console (Ring Groups, Call Queues), and see that \
                 somebody is left who answers"
                .to_owned(),
    }
}

fn repair_of_stranded(departure: Option<&Departure>) -> String {
    let Some(departure) = departure else {
        return "tonight's HR files do not name a leaver for it: have HR list them, or reactivate, \
                remove the licence and deactivate again in the Admin Console"
            .to_owned();
    };
    let due = |at: Timestamp| {
        let day: Date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        format!("nothing yet: `seatsweep run` removes it when it is due, on {day} (UTC)")
    };
    let words = match (departure.disposition, departure.reason) {
        (Disposition::Planned, _) => "the next `seatsweep run` deals with it",
        (_, Reason::DataGate) => {
            "it waits for the voicemail task: `seatsweep tasks list`, then `seatsweep tasks done`"
        }
        (Disposition::Waiting, _) => {
            return departure.next_due.map_or_else(
                || "a person has to remove it: `seatsweep tasks list` says how".to_owned(),
                due,
            );
        }
        (Disposition::AlreadyDone, _) => {
            "it is left to people: `seatsweep tasks list` says what is to be done"
        }
        (Disposition::Held, _) => "it is held: end the hold, or settle what HR says of the person",
        _ => "`seatsweep explain` with this account tells what stands against it",
    };
    words.to_owned()
}

fn seats_by_pool(licenses: &[LicenseName]) -> BTreeMap<Pool, u32> {
    let mut seats = BTreeMap::new();
    for license in licenses {
        *seats.entry(license.pool()).or_default() += 1;
    }
    seats
}
