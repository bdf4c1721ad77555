use std::collections::BTreeMap;

use jiff::Timestamp;

use super::charts::{BarChart, Fill, Span, Timeline};
use crate::model::{Money, MoneyTotals};
use crate::report::audit::access::percent;
use crate::report::audit::bill::still_billed_seats;
use crate::report::audit::delays::access_delays;
use crate::report::audit::{AccessState, AuditReport, RequestLine};
use crate::seats::{PoolInventory, Treatment};

/// One figure that somebody asks for first.
#[derive(Debug)]
pub(super) struct Figure {
    /// What it counts.
    pub(super) label: &'static str,
    /// The figure, or one for each currency.
    pub(super) values: Vec<String>,
    /// What to know about it, or empty.
    pub(super) note: String,
}

/// The figures at the head of the page.
pub(super) fn headline(report: &AuditReport) -> Vec<Figure> {
    let (waste, asked, access) = (&report.waste, &report.asked, &report.access.total);
    let unpriced = match waste.unpriced {
        0 => String::new(),
        seats => format!("{seats} unused seats have no known price"),
    };
    let mut figures = vec![
        Figure {
            label: "stranded seats",
            values: vec![waste.stranded.to_string()],
            note: "on deactivated accounts, and billed".to_owned(),
        },
        Figure {
            label: "unassigned seats",
            values: vec![waste.unassigned.to_string()],
            note: "on no account, and billed".to_owned(),
        },
        Figure {
            label: "wasted a month",
            values: amounts(&waste.monthly),
            note: unpriced.clone(),
        },
        Figure {
            label: "wasted a year",
            values: amounts(&waste.yearly),
            note: unpriced,
        },
        Figure {
            label: "saved a month by requests on their way",
            values: amounts(&asked.monthly),
            note: format!("{} seats in {} requests", asked.seats, asked.requests),
        },
        Figure {
            label: "of leavers' access ended within 24 hours",
            values: vec![match access.per_mille_in_time() {
                Some(share) => percent(Some(share)),
                None => "nobody left".to_owned(),
            }],
            note: format!(
                "{} in time, {} late, {} overdue",
                access.in_time, access.late, access.overdue
            ),
        },
    ];
    figures.extend(report.bill.as_ref().map(|bill| Figure {
        label: "cancelled seats still billed",
        values: vec![still_billed_seats(bill).to_string()],
        note: format!("on the bill of {}", bill.date),
    }));
    figures
}

/// One for each currency; in words where no price is known.
fn amounts(totals: &MoneyTotals) -> Vec<String> {
    let amounts: Vec<String> = totals.amounts().map(|money| money.to_string()).collect();
    if amounts.is_empty() {
        vec!["none known".to_owned()]
    } else {
        amounts
    }
}

/// What unused seats cost, the costliest pool first; a chart for each currency.
pub(super) fn costs(report: &AuditReport) -> Vec<BarChart> {
    let mut by_currency: BTreeMap<String, Vec<(String, Money)>> = BTreeMap::new();
    for pool in &report.pools {
        let cost = pool.monthly_cost().filter(|cost| !cost.amount.is_zero());
        if let Some(cost) = cost {
            let amounts = by_currency.entry(cost.currency.clone()).or_default();
            amounts.push((pool.pool.to_string(), cost));
        }
    }
    let charts = by_currency.into_iter().map(|(currency, mut amounts)| {
        amounts.sort_by_key(|(_, cost)| std::cmp::Reverse(cost.amount));
        BarChart::amounts(
            format!("cost-{currency}"),
            format!("Unused seats, {currency} a month"),
            String::new(),
            &amounts,
        )
    });
    charts.collect()
}

/// Where the seats of each pool are.
pub(super) fn pools(report: &AuditReport) -> Vec<BarChart> {
    let charts = report.pools.iter().enumerate();
    charts
        .map(|(position, pool)| {
            BarChart::new(
                format!("pool-{position}"),
                pool.pool.to_string(),
                about(pool),
                pool_spans(pool),
            )
        })
        .collect()
}

fn pool_spans(pool: &PoolInventory) -> Vec<Span> {
    let mut spans = vec![
        Span::count("in use", pool.in_use(), Fill::Plain),
        Span::count("leaving", pool.leaving, Fill::Rising),
        Span::count("stranded", pool.balance.stranded, Fill::Crossed),
        Span::count("unassigned", pool.balance.unassigned, Fill::Dotted),
    ];
    if pool.balance.suspended > 0 {
        let suspended = Span::count("suspended", pool.balance.suspended, Fill::Level);
        spans.push(suspended);
    }
    spans.push(Span::count(
        "requested",
        pool.requested.all(),
        Fill::Outline,
    ));
    spans
}

fn about(pool: &PoolInventory) -> String {
    let mut parts = vec![match pool.balance.owned {
        Some(owned) => format!("{owned} owned"),
        None => "nobody said how many are owned".to_owned(),
    }];
    if let Some(difference) = pool.difference().filter(|it| *it != 0) {
        parts.push(format!("difference {difference:+}"));
    }
    match pool.treatment {
        Treatment::Contract => {}
        other => parts.push(other.as_str().to_owned()),
    }
    parts.extend(
        pool.monthly_cost()
            .map(|cost| format!("unused {cost} a month")),
    );
    parts.join(" · ")
}

/// When the opening balances were observed.
pub(super) fn opening(report: &AuditReport) -> Option<Timestamp> {
    let moved = report
        .pools
        .iter()
        .filter_map(|pool| pool.movements.as_ref());
    moved.map(|moved| moved.since).max()
}

/// How the seats on no account became those of tonight, for each pool in which
/// anything has moved. Only where it is known how many are owned: else nobody
/// can say where they came from.
pub(super) fn movements(report: &AuditReport) -> Vec<BarChart> {
    let charts = report.pools.iter().enumerate();
    charts
        .filter_map(|(position, pool)| movement(position, pool))
        .collect()
}

fn movement(position: usize, pool: &PoolInventory) -> Option<BarChart> {
    let moved = pool.movements.as_ref()?;
    let (bought, unexplained) = (moved.bought?, pool.unexplained()?);
    let steps = [
        ("freed here", i64::from(moved.freed)),
        ("assigned", -moved.assigned),
        ("bought", bought),
        ("ended", -i64::from(moved.ended)),
        ("unexplained", -unexplained),
    ];
    if steps.iter().all(|(_, change)| *change == 0) {
        return None;
    }
    let mut at = moved.opening.on_no_account();
    let mut spans = vec![Span::count("at opening", at, Fill::Plain)];
    for (label, change) in steps {
        let fill = if change < 0 {
            Fill::Crossed
        } else {
            Fill::Rising
        };
        spans.push(Span::step(label, at, change, fill));
        at += change;
    }
    spans.push(Span::count(
        "at closing",
        pool.balance.on_no_account(),
        Fill::Plain,
    ));
    let accounts = format!(
        "on accounts {} → {}",
        moved.opening.on_accounts(),
        pool.balance.on_accounts()
    );
    Some(BarChart::new(
        format!("movement-{position}"),
        pool.pool.to_string(),
        accounts,
        spans,
    ))
}

/// The days of each request that is on its way.
pub(super) fn requests(report: &AuditReport) -> Vec<Timeline> {
    let lines = report.requests.iter().enumerate();
    let lines = lines.filter(|(_, line)| line.is_on_its_way());
    lines
        .map(|(position, line)| timeline(position, line, report))
        .collect()
}

fn timeline(position: usize, line: &RequestLine, report: &AuditReport) -> Timeline {
    let RequestLine {
        request,
        monthly_saving,
        case_number: _,
        handed_in_on,
        fees: _,
        terms,
    } = line;
    let days = [
        ("today", Some(report.today)),
        ("handed in", *handed_in_on),
        ("hand in by", line.submit_by()),
        ("notice day", terms.as_ref().map(|terms| terms.notice_by)),
        ("effective", line.effective_on()),
    ];
    let days = days
        .into_iter()
        .filter_map(|(what, day)| Some((what, day?)));
    let mut parts = vec![
        format!("{} seats", request.quantity),
        request.state.as_str().to_owned(),
    ];
    parts.extend(
        monthly_saving
            .as_ref()
            .map(|saving| format!("saves {saving} a month")),
    );
    parts.push(request.id.clone());
    Timeline::new(
        format!("request-{position}"),
        request.pool.to_string(),
        parts.join(" · "),
        days.collect(),
    )
}

/// How long after it was due access ended.
pub(super) fn delays(report: &AuditReport) -> Option<BarChart> {
    let leavers = report.access.total.leavers;
    let delays = access_delays(&report.access).into_iter();
    let spans = delays.map(|delay| {
        let fill = match delay.state {
            AccessState::InTime => Fill::Plain,
            AccessState::Late => Fill::Rising,
            AccessState::Overdue => Fill::Crossed,
            AccessState::Open
            | AccessState::Unmatched
            | AccessState::GivenBack
            | AccessState::TakenBack => Fill::Outline,
        };
        let leavers = i64::try_from(delay.leavers).unwrap_or(i64::MAX);
        Span::count(delay.label, leavers, fill)
    });
    (leavers > 0).then(|| {
        BarChart::new(
            "delays".to_owned(),
            "When access ended, after it was due".to_owned(),
            format!("{leavers} leavers"),
            spans.collect(),
        )
    })
}
