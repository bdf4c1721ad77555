use serde::Serialize;

use crate::model::{Contract, Money, Pool};
use crate::seats::{Finding, FindingKind, PoolInventory, Treatment};

/// Billed seats of one pool that are on no account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnassignedSeats {
    /// The pool.
    pub pool: Pool,
    /// Whether they can be asked to be cancelled, and why not.
    pub treatment: Treatment,
    /// Seats.
    pub seats: u32,
    /// Of these, kept free on purpose.
    pub spare: u32,
    /// Of these, in requests that are not in effect yet.
    pub asked_for: u32,
    /// Of these, neither spare nor asked for.
    pub left_over: u32,
    /// Seats beyond the spare ones that nobody held on any recorded night for
    /// as long as the configuration says.
    pub idle: u32,
    /// What they cost a month, where a price is known.
    pub monthly_cost: Option<Money>,
    /// The same for a year.
    pub yearly_cost: Option<Money>,
}

/// The pools that have such seats. What is asked for comes before what is
/// spare: a request leaves the spare seats out already.
pub(super) fn unassigned_seats(
    pools: &[PoolInventory],
    findings: &[Finding],
    contracts: &[Contract],
) -> Vec<UnassignedSeats> {
    let of_pool = |pool: &PoolInventory| {
        let (_, seats) = pool.unused_by_cause().filter(|(_, seats)| *seats > 0)?;
        let contracts = contracts.iter().filter(|it| it.pool == pool.pool);
        let spare: u32 = contracts.map(|contract| contract.spare).sum();
        let asked_for = pool.requested.all().min(seats);
        let spare = spare.min(seats - asked_for);
        let idle = findings
            .iter()
            .filter(|it| it.kind == FindingKind::Idle && it.pool == pool.pool);
        let monthly_cost = pool.cost_of(seats);
        Some(UnassignedSeats {
            pool: pool.pool.clone(),
            treatment: pool.treatment,
            seats,
            spare,
            asked_for,
            left_over: seats - asked_for - spare,
            idle: idle.map(|it| it.quantity).sum(),
            yearly_cost: monthly_cost.as_ref().map(|cost| cost.times(12)),
            monthly_cost,
        })
    };
    pools.iter().filter_map(of_pool).collect()
}
