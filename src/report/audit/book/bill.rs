use super::{Cell, Column, Sheet, currency, name, narrow, word};
use crate::report::audit::AuditReport;
use crate::seats::{
    BillCheck, BillStanding, BilledPool, Finding, FindingKind, OtherCharge, StillBilled,
};

/// The bill's sheets, if one was held against the contracts.
pub(super) fn bill(report: &AuditReport) -> Vec<Sheet> {
    report.bill.as_ref().map_or_else(Vec::new, |bill| {
        vec![pools(bill), still_billed(bill), other_charges(bill)]
    })
}

const POOL_COLUMNS: [Column; 13] = [
    name("license"),
    narrow("country"),
    word("comparison"),
    narrow("seats of contracts"),
    narrow("of these cancelled"),
    narrow("should be billed"),
    narrow("billed"),
    narrow("difference"),
    word("price a seat and month"),
    word("should be, a month"),
    word("billed, amount"),
    word("difference, amount"),
    narrow("currency"),
];

/// One row for each pool on the bill or under contract.
pub(in crate::report::audit) fn pools(bill: &BillCheck) -> Sheet {
    let rows = bill.pools.iter().map(|pool| {
        let BilledPool {
            pool: of,
            standing,
            contracted,
            cancelled,
            billed,
            should_be,
            unit_price,
            billed_amount,
            should_be_amount,
            amount_difference,
        } = pool;
        [
            (&of.license).into(),
            (&of.country).into(),
            standing.as_str().into(),
            (*contracted).into(),
            (*cancelled).into(),
            (*should_be).into(),
            (*billed).into(),
            pool.difference().into(),
            unit_price.as_ref().into(),
            should_be_amount.as_ref().into(),
            billed_amount.into(),
            amount_difference.as_ref().into(),
            currency(unit_price.as_ref()),
        ]
    });
    Sheet::new("Bill", POOL_COLUMNS, rows)
}

/// Seats that were cancelled and are billed all the same, by request.
pub(in crate::report::audit) fn still_billed(bill: &BillCheck) -> Sheet {
    let columns = [
        name("request"),
        word("case number"),
        name("license"),
        narrow("country"),
        narrow("seats"),
        word("cancelled since"),
        word("a month"),
        narrow("currency"),
    ];
    let rows = bill.still_billed.iter().map(|line| {
        let StillBilled {
            request_id,
            case_number,
            pool,
            seats,
            since,
            monthly_cost,
        } = line;
        [
            request_id.into(),
            case_number.as_deref().into(),
            (&pool.license).into(),
            (&pool.country).into(),
            (*seats).into(),
            (*since).into(),
            monthly_cost.as_ref().into(),
            currency(monthly_cost.as_ref()),
        ]
    });
    Sheet::new("Still billed", columns, rows)
}

/// What else is on the bill.
pub(in crate::report::audit) fn other_charges(bill: &BillCheck) -> Sheet {
    let columns = [
        word("kind"),
        name("charge"),
        narrow("lines"),
        word("amount"),
    ];
    let rows = bill.others.iter().map(|charge| {
        let OtherCharge {
            kind,
            name,
            lines,
            amounts,
        } = charge;
        [
            kind.as_str().into(),
            name.into(),
            (*lines).into(),
            amounts.into(),
        ]
    });
    Sheet::new("Other charges", columns, rows)
}

/// What is not as it should be, or has no contract to be compared with.
pub(super) fn difference_rows(report: &AuditReport) -> impl Iterator<Item = [Cell; 8]> {
    let pools = report.bill.iter().flat_map(|bill| &bill.pools);
    pools.flat_map(|pool| rows_of(pool, &report.findings))
}

fn rows_of(pool: &BilledPool, findings: &[Finding]) -> Vec<[Cell; 8]> {
    let of_bill = [
        FindingKind::StillBilled,
        FindingKind::BilledMore,
        FindingKind::BilledLess,
        FindingKind::BilledOtherwise,
        FindingKind::BilledWithoutContract,
        FindingKind::NotOnBill,
    ];
    let findings = findings.iter();
    let findings: Vec<&Finding> = findings
        .filter(|it| of_bill.contains(&it.kind) && it.pool == pool.pool)
        .collect();
    let joined = |sentence: fn(&Finding) -> &str| {
        let sentences: Vec<&str> = findings.iter().map(|it| sentence(it)).collect();
        sentences.join("; also: ")
    };
    let (what, next) = (joined(|it| &it.what), joined(|it| &it.repair));
    let row = |of: &str, cells: [Cell; 3]| {
        let [expected, found, difference] = cells;
        [
            of.into(),
            (&pool.pool.license).into(),
            (&pool.pool.country).into(),
            expected,
            found,
            difference,
            (&what).into(),
            (&next).into(),
        ]
    };
    let difference = pool.difference().filter(|it| *it != 0);
    let without_contract = pool.standing == BillStanding::NoContract && pool.billed != 0;
    let mut rows = Vec::new();
    if difference.is_some() || without_contract {
        let cells = [pool.should_be.into(), pool.billed.into(), difference.into()];
        rows.push(row("seats that should be billed, and are", cells));
    }
    let amount = pool.amount_difference.as_ref();
    if let Some(amount) = amount.filter(|it| !it.amount.is_zero()) {
        let expected = pool.should_be_amount.as_ref().into();
        let cells = [expected, (&pool.billed_amount).into(), amount.into()];
        rows.push(row("amount that should be billed, and is", cells));
    }
    rows
}
