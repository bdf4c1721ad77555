use super::{Cell, Sheet, currency, name, narrow, sentence, word};
use crate::report::audit::{AuditReport, UnassignedSeats};
use crate::seats::{Balance, PoolInventory};

/// One row for each pool: where its seats are, and what the unused ones cost.
pub(in crate::report::audit) fn pools(report: &AuditReport) -> Sheet {
    let columns = [
        name("license"),
        narrow("country"),
        word("billing"),
        word("counted on"),
        narrow("owned"),
        narrow("in use"),
        narrow("leaving"),
        narrow("stranded"),
        narrow("unassigned"),
        narrow("suspended"),
        narrow("difference"),
        narrow("requested: drafted"),
        narrow("requested: submitted"),
        narrow("requested: confirmed"),
        narrow("ended"),
        narrow("used by nobody"),
        word("price a seat and month"),
        word("unused, a month"),
        word("unused, a year"),
        narrow("currency"),
        sentence("note"),
    ];
    let rows = report.pools.iter().map(|pool| pool_row(pool, report));
    Sheet::new("Pools", columns, rows)
}

fn pool_row(pool: &PoolInventory, report: &AuditReport) -> [Cell; 21] {
    let Balance {
        owned,
        active: _,
        stranded,
        unassigned,
        suspended,
        ended,
    } = pool.balance;
    [
        (&pool.pool.license).into(),
        (&pool.pool.country).into(),
        pool.treatment.as_str().into(),
        report.counted_on.filter(|_| pool.counted).into(),
        owned.into(),
        pool.in_use().into(),
        pool.leaving.into(),
        stranded.into(),
        unassigned.into(),
        suspended.into(),
        pool.difference().into(),
        pool.requested.drafted.into(),
        pool.requested.submitted.into(),
        pool.requested.confirmed.into(),
        ended.into(),
        pool.unused().into(),
        pool.price.as_ref().into(),
        pool.monthly_cost().into(),
        pool.yearly_cost().into(),
        currency(pool.price.as_ref()),
        pool.treatment.why_not().into(),
    ]
}

/// One row for each pool that was recorded before: opening and movements make
/// the closing balance, or unexplained says by how much they do not.
pub(in crate::report::audit) fn movements(report: &AuditReport) -> Sheet {
    let columns = [
        name("license"),
        narrow("country"),
        word("opening at (UTC)"),
        narrow("owned then"),
        narrow("bought"),
        narrow("ended"),
        narrow("owned now"),
        narrow("on accounts then"),
        narrow("freed here"),
        narrow("assigned otherwise"),
        narrow("on accounts now"),
        narrow("on no account then"),
        narrow("on no account now"),
        narrow("difference then"),
        narrow("difference now"),
        narrow("unexplained"),
    ];
    let rows = report.pools.iter().filter_map(|pool| {
        let moved = pool.movements.as_ref()?;
        Some([
            (&pool.pool.license).into(),
            (&pool.pool.country).into(),
            moved.since.into(),
            moved.opening.owned.into(),
            moved.bought.into(),
            moved.ended.into(),
            pool.balance.owned.into(),
            moved.opening.on_accounts().into(),
            moved.freed.into(),
            moved.assigned.into(),
            pool.balance.on_accounts().into(),
            moved.opening.on_no_account().into(),
            pool.balance.on_no_account().into(),
            pool.opening_difference().into(),
            pool.difference().into(),
            pool.unexplained().into(),
        ])
    });
    Sheet::new("Movements", columns, rows)
}

/// Seats on accounts, by site and cost center.
pub(super) fn places(report: &AuditReport) -> Sheet {
    let columns = [
        name("license"),
        narrow("country"),
        name("site"),
        name("cost center"),
        narrow("in use"),
        narrow("leaving"),
        narrow("stranded"),
    ];
    let rows = report.pools.iter().flat_map(|pool| {
        pool.places.iter().map(|count| {
            [
                (&pool.pool.license).into(),
                (&pool.pool.country).into(),
                (&count.place.site).into(),
                (&count.place.cost_center).into(),
                (count.active - count.leaving).into(),
                count.leaving.into(),
                count.stranded.into(),
            ]
        })
    });
    Sheet::new("Places", columns, rows)
}

/// Seats that are billed and on no account.
pub(in crate::report::audit) fn unassigned(report: &AuditReport) -> Sheet {
    let columns = [
        name("license"),
        narrow("country"),
        word("billing"),
        narrow("unassigned"),
        narrow("asked for"),
        narrow("kept spare"),
        narrow("left over"),
        narrow("idle for long"),
        word("a month"),
        word("a year"),
        narrow("currency"),
        sentence("note"),
    ];
    let rows = report.unassigned.iter().map(|seats| {
        let UnassignedSeats {
            pool,
            treatment,
            seats,
            spare,
            asked_for,
            left_over,
            idle,
            monthly_cost,
            yearly_cost,
        } = seats;
        [
            (&pool.license).into(),
            (&pool.country).into(),
            treatment.as_str().into(),
            (*seats).into(),
            (*asked_for).into(),
            (*spare).into(),
            (*left_over).into(),
            (*idle).into(),
            monthly_cost.as_ref().into(),
            yearly_cost.as_ref().into(),
            currency(monthly_cost.as_ref()),
            treatment.why_not().into(),
        ]
    });
    Sheet::new("Billable unassigned", columns, rows)
}
