use tabled::builder::Builder;

use super::tables::{draw, titled, totals};
use crate::report::text;
use crate::seats::{BillCheck, BillStanding, BilledPool, OtherCharge, StillBilled};

/// What a bill comes to, for a terminal.
pub(super) fn bill_tables(bill: &BillCheck) -> Vec<String> {
    let mut parts = Vec::new();
    if !bill.still_billed.is_empty() {
        let table = still_billed_table(&bill.still_billed);
        parts.push(titled("cancelled and still billed", &table));
    }
    let title = format!("bill of {}", bill.date);
    parts.push(titled(&title, &pool_table(&bill.pools)));
    if !bill.others.is_empty() {
        let table = other_table(&bill.others);
        parts.push(titled("other charges on the bill", &table));
    }
    parts
}

/// The bill's part of the audit's one line.
pub(super) fn bill_line(bill: &BillCheck) -> String {
    let differing = bill.pools.iter().filter(|pool| differs(pool)).count();
    format!(
        "; bill of {}: {differing} of {} pools differ, {} cancelled seats still billed",
        bill.date,
        bill.pools.len(),
        still_billed_seats(bill),
    )
}

/// Seats that were cancelled and are billed all the same.
pub(super) fn still_billed_seats(bill: &BillCheck) -> u64 {
    let still = bill.still_billed.iter();
    still.map(|it| u64::from(it.seats)).sum()
}

/// Whether seats or amounts are not as they should be, or cannot be compared
/// although they are billed.
fn differs(pool: &BilledPool) -> bool {
    let amount = pool.amount_difference.as_ref();
    pool.difference().is_some_and(|it| it != 0)
        || amount.is_some_and(|it| !it.amount.is_zero())
        || (pool.standing == BillStanding::NoContract && pool.billed != 0)
}

fn pool_table(pools: &[BilledPool]) -> String {
    let mut table = Builder::default();
    table.push_record([
        "pool",
        "contracts",
        "cancelled",
        "should be",
        "billed",
        "difference",
        "should be, a month",
        "billed, amount",
        "difference, amount",
    ]);
    for pool in pools {
        // Why there is no number, in its place.
        let standing = pool.standing.as_str().to_owned();
        let billed = match pool.standing {
            BillStanding::NotOnBill => standing.clone(),
            BillStanding::Compared | BillStanding::PerUser | BillStanding::NoContract => {
                pool.billed.to_string()
            }
        };
        table.push_record([
            pool.pool.to_string(),
            pool.contracted.to_string(),
            pool.cancelled.to_string(),
            pool.should_be.map_or(standing, |seats| seats.to_string()),
            billed,
            signed(pool.difference()),
            text(pool.should_be_amount.as_ref()),
            totals(&pool.billed_amount),
            text(pool.amount_difference.as_ref()),
        ]);
    }
    draw(table)
}

fn still_billed_table(still: &[StillBilled]) -> String {
    let mut table = Builder::default();
    table.push_record(["request", "case", "pool", "seats", "since", "a month"]);
    for line in still {
        table.push_record([
            line.request_id.clone(),
            line.case_number.clone().unwrap_or_default(),
            line.pool.to_string(),
            line.seats.to_string(),
            line.since.to_string(),
            text(line.monthly_cost.as_ref()),
        ]);
    }
    draw(table)
}

fn other_table(others: &[OtherCharge]) -> String {
    let mut table = Builder::default();
    table.push_record(["kind", "charge", "lines", "amount"]);
    for charge in others {
        table.push_record([
            charge.kind.to_string(),
            charge.name.clone(),
            charge.lines.to_string(),
            totals(&charge.amounts),
        ]);
    }
    draw(table)
}

/// A difference with its direction; empty where nothing can be compared.
fn signed(number: Option<i64>) -> String {
    match number {
        Some(number) if number > 0 => format!("+{number}"),
        Some(number) => number.to_string(),
        None => String::new(),
    }
}
