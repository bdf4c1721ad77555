use super::{Cell, Sheet, currency, name, narrow, sentence, word};
use crate::report::audit::{AuditReport, UnassignedSeats};
use crate::seats::{Balance, PoolInventory};

/// One row for each pool: where its seats are, how that came about, and what
/// the unused ones cost.
pub(super) fn pools(report: &AuditReport) -> Sheet {
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
        word("opening at (UTC)"),
        narrow("opening: owned"),
        narrow("opening: active"),
        narrow("opening: stranded"),
        narrow("opening: unassigned"),
        narrow("opening: suspended"),
        narrow("opening: difference"),
        narrow("moved: freed"),
        narrow("moved: assigned"),
        narrow("moved: bought"),
        narrow("moved: ended"),
        narrow("moved: unexplained"),
        sentence("note"),
    ];
    let rows = report.pools.iter().map(|pool| pool_row(pool, report));
    Sheet::new("Pools", columns, rows)
}

fn pool_row(pool: &PoolInventory, report: &AuditReport) -> [Cell; 33] {
    let Balance {
        owned,
        active: _,
        stranded,
        unassigned,
        suspended,
        ended,
    } = pool.balance;
    let moved = pool.movements.as_ref();
    let opening = moved.map(|moved| moved.opening);
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
        moved.map(|moved| moved.since).into(),
        opening.and_then(|it| it.owned).into(),
        opening.map(|it| it.active).into(),
        opening.map(|it| it.stranded).into(),
        opening.map(|it| it.unassigned).into(),
        opening.map(|it| it.suspended).into(),
        pool.opening_difference().into(),
        moved.map(|moved| moved.freed).into(),
        moved.map(|moved| moved.assigned).into(),
        moved.and_then(|moved| moved.bought).into(),
        moved.map(|moved| moved.ended).into(),
        pool.unexplained().into(),
        pool.treatment.why_not().into(),
    ]
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
pub(super) fn unassigned(report: &AuditReport) -> Sheet {
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
