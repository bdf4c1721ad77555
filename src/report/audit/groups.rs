use std::collections::BTreeMap;

use crate::model::{MoneyTotals, Pool};
use crate::seats::{Finding, FindingKind};

/// Findings of one kind, pool and next step. It names nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FindingGroup<'a> {
    /// The kind.
    pub(super) kind: FindingKind,
    /// The pool.
    pub(super) pool: &'a Pool,
    /// What to do.
    pub(super) repair: &'a str,
    /// Seats.
    pub(super) seats: u32,
    /// What they cost a month, as far as that is known.
    pub(super) monthly_cost: MoneyTotals,
}

/// Puts findings together, by kind, pool and next step.
pub(super) fn grouped<'a>(
    findings: impl IntoIterator<Item = &'a Finding>,
) -> Vec<FindingGroup<'a>> {
    let mut groups: BTreeMap<(FindingKind, &Pool, &str), (u32, MoneyTotals)> = BTreeMap::new();
    for finding in findings {
        let key = (finding.kind, &finding.pool, finding.repair.as_str());
        let (seats, cost) = groups.entry(key).or_default();
        *seats += finding.quantity;
        if let Some(money) = &finding.monthly_cost {
            cost.add(money);
        }
    }
    let groups = groups.into_iter();
    groups
        .map(
            |((kind, pool, repair), (seats, monthly_cost))| FindingGroup {
                kind,
                pool,
                repair,
                seats,
                monthly_cost,
            },
        )
        .collect()
}
