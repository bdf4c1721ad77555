//! What an audit shows. Every number is computed once, in [`AuditReport`];
//! files and tables only write it down.

mod access;
mod bill;
mod book;
mod delays;
mod groups;
mod leavers;
mod page;
mod sheets;
mod tables;
mod unassigned;
mod workbook;

pub use access::{
    ACCESS_COLUMNS, AccessCounts, AccessInquiry, AccessQuarter, AccessReason, AccessState,
    AccessStudy, AccessTimes, IN_TIME, LeaverAccess, Night, Quarter, Removal, RemovalSource,
    access_csv,
};
pub use leavers::{LeaverSeats, departures, leaver_seats, leaving};
pub use page::audit_page;
pub use sheets::{FINDING_COLUMNS, SEAT_COLUMNS, findings_csv, seats_csv};
pub use tables::{audit_line, audit_tables};
pub use unassigned::UnassignedSeats;
pub use workbook::audit_workbook;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use unassigned::unassigned_seats;

use crate::model::{FollowedRequest, Money, MoneyTotals, OpenRequest, Policy, RequestState};
use crate::seats::{BillCheck, Finding, PoolInventory, Terms, Treatment, is_request_of};

#[cfg(test)]
mod tests;

/// The seats of one tenant at one instant. Its files name people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// The instant.
    pub as_of: Timestamp,
    /// Its day in the policy's zone.
    pub today: Date,
    /// The tenant's name.
    pub tenant: String,
    /// `8x8`, `sandbox` or `loopback`.
    pub target: String,
    /// The day of the seat counts, if there is a licences file.
    pub counted_on: Option<Date>,
    /// The pools, by license and country.
    pub pools: Vec<PoolInventory>,
    /// What is worth a look, by kind, pool and account.
    pub findings: Vec<Finding>,
    /// The requests that are open or ended in effect, by id.
    pub requests: Vec<RequestLine>,
    /// What unused seats cost.
    pub waste: Waste,
    /// Those of them that are on no account, pool by pool.
    pub unassigned: Vec<UnassignedSeats>,
    /// Seats on accounts of leavers.
    pub leavers: Vec<LeaverSeats>,
    /// What is asked of the vendor and not in effect yet.
    pub asked: Asked,
    /// The bill that was held against the contracts, if one was given.
    pub bill: Option<BillCheck>,
    /// When leavers lost access.
    pub access: AccessTimes,
}

/// Unused seats of all pools of which that can be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Waste {
    /// On deactivated accounts.
    pub stranded: u32,
    /// On no account, where these are billed.
    pub unassigned: u32,
    /// What they cost a month, as far as prices are known.
    pub monthly: MoneyTotals,
    /// The same for a year.
    pub yearly: MoneyTotals,
    /// Unused seats without a known price, which are in no amount.
    pub unpriced: u32,
}

/// Requests that are drafted, submitted or confirmed, added up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Requests.
    pub requests: u32,
    /// Seats in them.
    pub seats: u32,
    /// What they save a month, as far as prices are known.
    pub monthly: MoneyTotals,
    /// Seats without a known price, which are in no amount.
    pub unpriced: u32,
}

/// One request with what its contract says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestLine {
    /// The request.
    pub request: OpenRequest,
    /// What it saves a month, where a price is known.
    pub monthly_saving: Option<Money>,
    /// The vendor's case number.
    pub case_number: Option<String>,
    /// The day on which the vendor got it.
    pub handed_in_on: Option<Date>,
    /// What the vendor charges for it.
    pub fees: Option<Money>,
    /// Its calendar, until the vendor has confirmed it; none without its
    /// contract.
    pub terms: Option<Terms>,
}

impl RequestLine {
    /// The last day to hand it in, while that is still to be done.
    pub fn submit_by(&self) -> Option<Date> {
        let terms = self.terms.as_ref()?;
        (self.request.state == RequestState::Drafted).then_some(terms.submit_by)
    }

    /// The day on which it takes or took effect: the vendor's, else the
    /// earliest that the contract allows.
    pub fn effective_on(&self) -> Option<Date> {
        let earliest = self.terms.as_ref().map(|terms| terms.earliest_effective);
        self.request.effective_on.or(earliest)
    }

    /// Whether it is asked for and not in effect.
    fn is_on_its_way(&self) -> bool {
        match self.request.state {
            RequestState::Drafted | RequestState::Submitted | RequestState::Confirmed => true,
            RequestState::Effective
            | RequestState::Verified
            | RequestState::Lapsed
            | RequestState::Withdrawn => false,
        }
    }
}

/// What a report is made of, besides the inventory and the findings.
#[derive(Debug, Clone, Copy)]
pub struct AuditFrame<'a> {
    /// The instant.
    pub as_of: Timestamp,
    /// The day of the instant in the policy's zone.
    pub today: Date,
    /// The tenant's name.
    pub tenant: &'a str,
    /// `8x8`, `sandbox` or `loopback`.
    pub target: &'a str,
    /// The administrator's decisions.
    pub policy: &'a Policy,
    /// The day of the seat counts, if there is a licences file.
    pub counted_on: Option<Date>,
    /// Requests that are not withdrawn or lapsed.
    pub requests: &'a [OpenRequest],
    /// What was said of them.
    pub followed: &'a [FollowedRequest],
    /// Seats on accounts of leavers.
    pub leavers: &'a [LeaverSeats],
    /// The bill that was held against the contracts, if one was given.
    pub bill: Option<&'a BillCheck>,
}

impl AuditReport {
    /// Adds up what was found.
    pub fn new(
        frame: &AuditFrame<'_>,
        pools: Vec<PoolInventory>,
        findings: Vec<Finding>,
        access: AccessTimes,
    ) -> Self {
        let requests = frame.requests.iter();
        let requests: Vec<RequestLine> = requests
            .map(|request| request_line(request, frame))
            .collect();
        Self {
            as_of: frame.as_of,
            today: frame.today,
            tenant: frame.tenant.to_owned(),
            target: frame.target.to_owned(),
            counted_on: frame.counted_on,
            waste: Waste::of(&pools),
            unassigned: unassigned_seats(&pools, &findings, &frame.policy.contracts),
            leavers: frame.leavers.to_vec(),
            asked: Asked::of(&requests),
            findings,
            requests,
            bill: frame.bill.cloned(),
            pools,
            access,
        }
    }

    /// Seats on active accounts of leavers who are still to be processed.
    fn leaving_seats(&self) -> u32 {
        self.pools.iter().map(|pool| pool.leaving).sum()
    }

    /// How many pools have a difference between owned and accounted for.
    fn differing_pools(&self) -> usize {
        let pools = self.pools.iter();
        pools
            .filter(|pool| pool.difference().is_some_and(|it| it != 0))
            .count()
    }

    /// The pools whose unused seats can be told, and those kept apart.
    fn pools_by_sort(&self) -> (Vec<&PoolInventory>, Vec<&PoolInventory>) {
        self.pools.iter().partition(|pool| match pool.treatment {
            Treatment::Contract
            | Treatment::Express
            | Treatment::ContactNow
            | Treatment::NoContract => true,
            Treatment::Pooled | Treatment::Subscription => false,
        })
    }
}

impl Waste {
    fn of(pools: &[PoolInventory]) -> Self {
        let mut waste = Self::default();
        for pool in pools {
            let Some((stranded, unassigned)) = pool.unused_by_cause() else {
                continue;
            };
            waste.stranded += stranded;
            waste.unassigned += unassigned;
            match (pool.monthly_cost(), pool.yearly_cost()) {
                (Some(monthly), Some(yearly)) => {
                    waste.monthly.add(&monthly);
                    waste.yearly.add(&yearly);
                }
                (None, _) | (_, None) => waste.unpriced += stranded + unassigned,
            }
        }
        waste
    }
}

impl Asked {
    fn of(requests: &[RequestLine]) -> Self {
        let mut asked = Self::default();
        for line in requests.iter().filter(|line| line.is_on_its_way()) {
            asked.requests += 1;
            asked.seats += line.request.quantity;
            match &line.monthly_saving {
                Some(saving) => asked.monthly.add(saving),
                None => asked.unpriced += line.request.quantity,
            }
        }
        asked
    }
}

fn request_line(request: &OpenRequest, frame: &AuditFrame<'_>) -> RequestLine {
    let mut contracts = frame.policy.contracts.iter();
    let contract = contracts.find(|contract| is_request_of(contract, &request.id));
    let price = contract.and_then(|contract| contract.unit_price.as_ref());
    let terms = match request.state {
        RequestState::Drafted | RequestState::Submitted => {
            contract.map(|contract| Terms::of_request(contract, request, frame.today))
        }
        RequestState::Confirmed
        | RequestState::Effective
        | RequestState::Verified
        | RequestState::Lapsed
        | RequestState::Withdrawn => None,
    };
    let mut followed = frame.followed.iter();
    let followed = followed.find(|it| it.request.id == request.id);
    RequestLine {
        request: request.clone(),
        monthly_saving: price.map(|price| price.times(request.quantity)),
        case_number: followed.and_then(|it| it.case_number.clone()),
        handed_in_on: followed.and_then(|it| it.handed_in_on),
        fees: followed.and_then(|it| it.fees.clone()),
        terms,
    }
}
