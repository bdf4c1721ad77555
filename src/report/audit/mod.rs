//! What an audit shows. Every number is computed once, in [`AuditReport`];
//! files and tables only write it down.

mod access;
mod leavers;
mod sheets;
mod tables;

pub use access::{
    ACCESS_COLUMNS, AccessCounts, AccessInquiry, AccessQuarter, AccessReason, AccessState,
    AccessStudy, AccessTimes, IN_TIME, LeaverAccess, Night, Quarter, Removal, RemovalSource,
    access_csv,
};
pub use leavers::{departures, leaving};
pub use sheets::{FINDING_COLUMNS, SEAT_COLUMNS, findings_csv, seats_csv};
pub use tables::{audit_line, audit_tables};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::model::{Money, MoneyTotals, OpenRequest, Policy};
use crate::seats::{Finding, PoolInventory, Treatment, calendar_of, is_request_of};

#[cfg(test)]
mod tests;

/// The seats of one tenant at one instant. Its files name people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// The instant.
    pub as_of: Timestamp,
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

/// One request with what its contract says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestLine {
    /// The request.
    pub request: OpenRequest,
    /// What it saves a month, where a price is known.
    pub monthly_saving: Option<Money>,
    /// The last day to hand it in; none without its contract.
    pub submit_by: Option<Date>,
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
        Self {
            as_of: frame.as_of,
            tenant: frame.tenant.to_owned(),
            target: frame.target.to_owned(),
            counted_on: frame.counted_on,
            waste: Waste::of(&pools),
            findings,
            requests: requests
                .map(|request| request_line(request, frame))
                .collect(),
            pools,
            access,
        }
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
            let Some(unused) = pool.unused() else {
                continue;
            };
            let stranded = pool.balance.stranded.min(unused);
            waste.stranded += stranded;
            waste.unassigned += unused - stranded;
            match (pool.monthly_cost(), pool.yearly_cost()) {
                (Some(monthly), Some(yearly)) => {
                    waste.monthly.add(&monthly);
                    waste.yearly.add(&yearly);
                }
                (None, _) | (_, None) => waste.unpriced += unused,
            }
        }
        waste
    }
}

fn request_line(request: &OpenRequest, frame: &AuditFrame<'_>) -> RequestLine {
    let mut contracts = frame.policy.contracts.iter();
    let contract = contracts.find(|contract| is_request_of(contract, &request.id));
    let price = contract.and_then(|contract| contract.unit_price.as_ref());
    RequestLine {
        request: request.clone(),
        monthly_saving: price.map(|price| price.times(request.quantity)),
        submit_by: contract.map(|contract| calendar_of(contract, frame.today).1),
    }
}
