use std::collections::BTreeMap;

use tabled::builder::Builder;
use tabled::settings::Style;

use super::access::{access_line, access_tables};
use super::bill::{bill_line, bill_tables};
use super::groups::{FindingGroup, grouped};
use super::{AuditReport, RequestLine};
use crate::model::{Money, MoneyTotals};
use crate::report::{instant, text};
use crate::seats::{Finding, FindingKind, PoolInventory};

/// The report for a terminal. It names no people: the files do.
pub fn audit_tables(report: &AuditReport) -> String {
    let (pools, apart) = report.pools_by_sort();
    let mut parts = vec![titled("pools", &pool_table(&pools))];
    if !apart.is_empty() {
        let reasons = apart
            .iter()
            .map(|pool| (pool.treatment.as_str(), pool.treatment.why_not()));
        let reasons: BTreeMap<&str, &str> = reasons.collect();
        let reasons: Vec<String> = reasons
            .iter()
            .map(|(billing, reason)| format!("- {billing}: {reason}"))
            .collect();
        parts.push(titled("pools kept apart", &pool_table(&apart)) + "\n" + &reasons.join("\n"));
    }
    let moved: Vec<&PoolInventory> = report
        .pools
        .iter()
        .filter(|pool| pool.movements.is_some())
        .collect();
    let since = moved
        .iter()
        .filter_map(|it| Some(it.movements.as_ref()?.since));
    if let Some(since) = since.max() {
        let title = format!("since the night before, {}", instant(Some(since)));
        parts.push(titled(&title, &movement_table(&moved)));
    }
    let of = |kinds: &[FindingKind]| -> Vec<&Finding> {
        let findings = report.findings.iter();
        findings.filter(|it| kinds.contains(&it.kind)).collect()
    };
    let stranded = of(&[FindingKind::StrandedSeat, FindingKind::LeftBehind]);
    if !stranded.is_empty() {
        parts.push(titled("stranded", &finding_table(&stranded)));
    }
    let idle = of(&[FindingKind::Idle]);
    if !idle.is_empty() {
        parts.push(titled("unassigned for long", &finding_table(&idle)));
    }
    let others = of(&[
        FindingKind::NotInHr,
        FindingKind::TwoCallingSeats,
        FindingKind::InGroups,
        FindingKind::TaxRegion,
        FindingKind::Unexplained,
        FindingKind::MoreThanOwned,
        FindingKind::StillBilled,
        FindingKind::BilledMore,
        FindingKind::BilledLess,
        FindingKind::BilledOtherwise,
        FindingKind::BilledWithoutContract,
        FindingKind::NotOnBill,
    ]);
    if !others.is_empty() {
        parts.push(titled("findings", &finding_table(&others)));
    }
    if !report.requests.is_empty() {
        parts.push(titled("requests", &request_table(&report.requests)));
    }
    parts.extend(report.bill.iter().flat_map(bill_tables));
    parts.extend(access_tables(&report.access));
    parts.join("\n\n")
}

/// The audit in one line.
pub fn audit_line(report: &AuditReport) -> String {
    let waste = &report.waste;
    let unpriced = match waste.unpriced {
        0 => String::new(),
        seats => format!(", {seats} of them without a known price"),
    };
    let differing = report.differing_pools();
    let cost = match totals(&waste.monthly) {
        amounts if amounts.is_empty() => "at no known price".to_owned(),
        amounts => format!("{amounts} a month, {} a year", totals(&waste.yearly)),
    };
    format!(
        "audit of {} ({}): {} pools; {} seats used by nobody ({} stranded, {} unassigned), \
         {cost}{unpriced}; {differing} pools with a difference; {} findings; {} requests{}{}",
        report.target,
        report.tenant,
        report.pools.len(),
        waste.stranded + waste.unassigned,
        waste.stranded,
        waste.unassigned,
        report.findings.len(),
        report.requests.len(),
        report.bill.as_ref().map(bill_line).unwrap_or_default(),
        access_line(&report.access),
    )
}

fn pool_table(pools: &[&PoolInventory]) -> String {
    let mut table = Builder::default();
    table.push_record([
        "pool",
        "owned",
        "in use",
        "leaving",
        "stranded",
        "unassigned",
        "suspended",
        "difference",
        "requested",
        "unused, a month",
    ]);
    for pool in pools {
        let asked = pool.requested.drafted + pool.requested.submitted + pool.requested.confirmed;
        table.push_record([
            pool.pool.to_string(),
            or_unknown(pool.balance.owned),
            pool.in_use().to_string(),
            pool.leaving.to_string(),
            pool.balance.stranded.to_string(),
            pool.balance.unassigned.to_string(),
            pool.balance.suspended.to_string(),
            or_unknown(pool.difference()),
            asked.to_string(),
            text(pool.monthly_cost().as_ref()),
        ]);
    }
    draw(table)
}

fn movement_table(pools: &[&PoolInventory]) -> String {
    let mut table = Builder::default();
    table.push_record([
        "pool",
        "owned then",
        "bought",
        "ended",
        "owned now",
        "on accounts then",
        "freed here",
        "taken",
        "on accounts now",
        "unexplained",
    ]);
    for pool in pools {
        let Some(moved) = &pool.movements else {
            continue;
        };
        table.push_record([
            pool.pool.to_string(),
            or_unknown(moved.opening.owned),
            or_unknown(moved.bought),
            moved.ended.to_string(),
            or_unknown(pool.balance.owned),
            moved.opening.on_accounts().to_string(),
            moved.freed.to_string(),
            moved.assigned.to_string(),
            pool.balance.on_accounts().to_string(),
            or_unknown(pool.unexplained()),
        ]);
    }
    draw(table)
}

/// Findings of one kind, pool and next step together.
fn finding_table(findings: &[&Finding]) -> String {
    let mut table = Builder::default();
    table.push_record(["finding", "pool", "seats", "a month"]);
    let mut steps: Vec<String> = Vec::new();
    for group in grouped(findings.iter().copied()) {
        let FindingGroup {
            kind,
            pool,
            repair,
            seats,
            monthly_cost,
        } = group;
        let step = steps.iter().position(|step| step == repair);
        let step = step.unwrap_or_else(|| {
            steps.push(repair.to_owned());
            steps.len() - 1
        });
        table.push_record([
            format!("{kind} [{}]", step + 1),
            pool.to_string(),
            seats.to_string(),
            totals(&monthly_cost),
        ]);
    }
    let steps = steps.iter().enumerate();
    let steps: Vec<String> = steps
        .map(|(position, step)| format!("[{}] {step}", position + 1))
        .collect();
    format!("{}\n{}", draw(table), steps.join("\n"))
}

fn request_table(requests: &[RequestLine]) -> String {
    let mut table = Builder::default();
    table.push_record(["request", "pool", "seats", "state", "submit by", "a month"]);
    for line in requests {
        table.push_record([
            line.request.id.clone(),
            line.request.pool.to_string(),
            line.request.quantity.to_string(),
            line.request.state.as_str().to_owned(),
            text(line.submit_by().as_ref()),
            text(line.monthly_saving.as_ref()),
        ]);
    }
    draw(table)
}

pub(super) fn totals(totals: &MoneyTotals) -> String {
    let amounts: Vec<String> = totals.amounts().map(|it: Money| it.to_string()).collect();
    amounts.join(" and ")
}

fn or_unknown<T: ToString>(number: Option<T>) -> String {
    number.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
}

pub(super) fn titled(title: &str, table: &str) -> String {
    format!("{title}\n{table}")
}

pub(super) fn draw(table: Builder) -> String {
    table.build().with(Style::sharp()).to_string()
}
