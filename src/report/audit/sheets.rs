use super::AuditReport;
use crate::report::{csv_of, instant, text};
use crate::seats::{Balance, Finding, PlaceCount, PoolInventory};

/// The columns of `seats.csv`: a line for each pool, and below it, with `scope`
/// `place`, one for each site and cost center.
pub const SEAT_COLUMNS: [&str; 37] = [
    "scope",
    "license",
    "country",
    "site",
    "cost_center",
    "billing",
    "counted_on",
    "owned",
    "in_use",
    "leaving",
    "stranded",
    "unassigned",
    "suspended",
    "difference",
    "requested_drafted",
    "requested_submitted",
    "requested_confirmed",
    "ended",
    "opening_at",
    "opening_owned",
    "opening_active",
    "opening_stranded",
    "opening_unassigned",
    "opening_suspended",
    "opening_difference",
    "moved_freed",
    "moved_assigned",
    "moved_bought",
    "moved_ended",
    "moved_unexplained",
    "unused",
    "unit_price",
    "monthly_cost",
    "yearly_cost",
    "currency",
    "target",
    "note",
];

/// The columns of `findings.csv`.
pub const FINDING_COLUMNS: [&str; 14] = [
    "finding",
    "license",
    "country",
    "quantity",
    "account",
    "source_file",
    "source_row",
    "site",
    "cost_center",
    "monthly_cost",
    "currency",
    "what",
    "next_step",
    "target",
];

/// The inventory. Pools add up; a place's line is part of its pool's.
pub fn seats_csv(report: &AuditReport) -> Result<Vec<u8>, csv::Error> {
    let rows = report.pools.iter().flat_map(|pool| {
        let places = pool.places.iter();
        let places = places.map(|place| place_row(pool, place, report));
        std::iter::once(pool_row(pool, report)).chain(places)
    });
    csv_of(SEAT_COLUMNS, rows)
}

/// What is worth a look. It names accounts.
pub fn findings_csv(report: &AuditReport) -> Result<Vec<u8>, csv::Error> {
    let findings = report.findings.iter();
    csv_of(
        FINDING_COLUMNS,
        findings.map(|finding| finding_row(finding, report)),
    )
}

fn pool_row(pool: &PoolInventory, report: &AuditReport) -> [String; 37] {
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
    let opened = |cell: fn(&Balance) -> String| opening.as_ref().map(cell).unwrap_or_default();
    let price = pool.price.as_ref();
    [
        "pool".to_owned(),
        pool.pool.license.clone(),
        pool.pool.country.clone(),
        String::new(),
        String::new(),
        pool.treatment.as_str().to_owned(),
        text(report.counted_on.filter(|_| pool.counted).as_ref()),
        text(owned.as_ref()),
        pool.in_use().to_string(),
        pool.leaving.to_string(),
        stranded.to_string(),
        unassigned.to_string(),
        suspended.to_string(),
        text(pool.difference().as_ref()),
        pool.requested.drafted.to_string(),
        pool.requested.submitted.to_string(),
        pool.requested.confirmed.to_string(),
        ended.to_string(),
        instant(moved.map(|moved| moved.since)),
        opened(|it| text(it.owned.as_ref())),
        opened(|it| it.active.to_string()),
        opened(|it| it.stranded.to_string()),
        opened(|it| it.unassigned.to_string()),
        opened(|it| it.suspended.to_string()),
        text(pool.opening_difference().as_ref()),
        text(moved.map(|moved| moved.freed).as_ref()),
        text(moved.map(|moved| moved.assigned).as_ref()),
        text(moved.and_then(|moved| moved.bought).as_ref()),
        text(moved.map(|moved| moved.ended).as_ref()),
        text(pool.unexplained().as_ref()),
        text(pool.unused().as_ref()),
        text(price.map(|price| price.amount).as_ref()),
        text(pool.monthly_cost().map(|cost| cost.amount).as_ref()),
        text(pool.yearly_cost().map(|cost| cost.amount).as_ref()),
        price
            .map(|price| price.currency.clone())
            .unwrap_or_default(),
        report.target.clone(),
        pool.treatment.why_not().to_owned(),
    ]
}

fn place_row(pool: &PoolInventory, count: &PlaceCount, report: &AuditReport) -> [String; 37] {
    let mut row = std::array::from_fn(|_| String::new());
    let moved = count.movements.as_ref();
    let cells = [
        ("scope", "place".to_owned()),
        ("license", pool.pool.license.clone()),
        ("country", pool.pool.country.clone()),
        ("site", count.place.site.clone()),
        ("cost_center", count.place.cost_center.clone()),
        ("in_use", (count.active - count.leaving).to_string()),
        ("leaving", count.leaving.to_string()),
        ("stranded", count.stranded.to_string()),
        (
            "opening_active",
            text(moved.map(|moved| moved.opening_active).as_ref()),
        ),
        (
            "opening_stranded",
            text(moved.map(|moved| moved.opening_stranded).as_ref()),
        ),
        ("moved_freed", text(moved.map(|moved| moved.freed).as_ref())),
        (
            "moved_assigned",
            text(moved.map(|moved| moved.assigned).as_ref()),
        ),
        ("target", report.target.clone()),
    ];
    for (column, cell) in cells {
        if let Some(position) = SEAT_COLUMNS.iter().position(|it| *it == column) {
            row[position] = cell;
        }
    }
    row
}

fn finding_row(finding: &Finding, report: &AuditReport) -> [String; 14] {
    let source = finding.source.as_ref();
    let cost = finding.monthly_cost.as_ref();
    [
        finding.kind.to_string(),
        finding.pool.license.clone(),
        finding.pool.country.clone(),
        finding.quantity.to_string(),
        finding.account.clone(),
        source.map(|it| it.file.to_string()).unwrap_or_default(),
        text(source.map(|it| it.line).as_ref()),
        finding.place.site.clone(),
        finding.place.cost_center.clone(),
        text(cost.map(|cost| cost.amount).as_ref()),
        cost.map(|cost| cost.currency.clone()).unwrap_or_default(),
        finding.what.clone(),
        finding.repair.clone(),
        report.target.clone(),
    ]
}
