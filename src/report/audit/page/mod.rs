//! The audit as one page for a browser or a printer. It needs nothing from
//! elsewhere, and names nobody: the workbook does.

mod charts;
mod figures;

use askama::Template;

use self::charts::{BarChart, Name, Timeline};
use self::figures::Figure;
use super::AuditReport;
use super::book::{self, Cell, Sheet};
use crate::seats::Treatment;

/// The audit as a page. The same report makes the same text.
pub fn audit_page(report: &AuditReport) -> Result<String, askama::Error> {
    Page::of(report).render()
}

/// What the template shows. Everything in it is escaped there.
#[derive(Debug, Template)]
#[template(path = "page.html", config = "src/report/audit/page/askama.toml")]
struct Page {
    tenant: String,
    as_of: Cell,
    counted_on: Cell,
    /// Empty for the real tenant.
    not_real: String,
    figures: Vec<Figure>,
    costs: Vec<BarChart>,
    unassigned: Table,
    pools: Vec<BarChart>,
    pool_table: Table,
    /// Why some pools' seats are not called unused or are not asked for.
    apart: Vec<(&'static str, &'static str)>,
    opening: Cell,
    movements: Vec<BarChart>,
    movement_table: Table,
    requests: Vec<Timeline>,
    request_table: Table,
    period: String,
    undated: u64,
    delays: Option<BarChart>,
    quarters: Table,
    reasons: Table,
    bill: Option<Bill>,
    differences: Table,
    findings: Table,
}

/// The bill's part of the page.
#[derive(Debug)]
struct Bill {
    date: Cell,
    /// Requests that can be closed.
    gone: String,
    pools: Table,
    still: Table,
    others: Table,
}

/// A table of the page.
#[derive(Debug)]
struct Table {
    id: &'static str,
    caption: &'static str,
    columns: Vec<Heading>,
    rows: Vec<Vec<Cell>>,
    /// What is said when it has no rows.
    none: &'static str,
}

/// The head of a column.
#[derive(Debug)]
struct Heading {
    title: &'static str,
    class: &'static str,
}

impl Page {
    fn of(report: &AuditReport) -> Self {
        Self {
            tenant: report.tenant.clone(),
            as_of: report.as_of.into(),
            counted_on: report.counted_on.into(),
            not_real: match report.target.as_str() {
                "8x8" => String::new(),
                target => target.to_owned(),
            },
            figures: figures::headline(report),
            costs: figures::costs(report),
            unassigned: Table::new(
                "unassigned",
                "Billed seats on no account",
                book::unassigned(report).without(&["currency", "note"]),
                "No billed seat is unassigned.",
            ),
            pools: figures::pools(report),
            pool_table: Table::new(
                "pool-table",
                "All pools",
                book::pools(report).without(&POOLS_WITHOUT),
                "No pools.",
            ),
            apart: apart(report),
            opening: figures::opening(report).into(),
            movements: figures::movements(report),
            movement_table: Table::new(
                "movement-table",
                "From the opening to the closing balance",
                book::movements(report).without(&["opening at (UTC)", "difference then"]),
                "No earlier night is recorded, so there is nothing to compare with.",
            ),
            requests: figures::requests(report),
            request_table: Table::new(
                "request-table",
                "All requests",
                book::requests(report).without(&["currency", "drafted at (UTC)", "term ends"]),
                "Nothing is asked of the vendor.",
            ),
            period: format!("{} to {}", report.access.since, report.access.until),
            undated: report.access.undated,
            delays: figures::delays(report),
            quarters: Table::new(
                "quarters",
                "Leavers by quarter of HR's date",
                book::quarters(report),
                "",
            ),
            reasons: Table::new(
                "reasons",
                "Late or overdue, by reason",
                book::reasons(report),
                "No access is late or overdue.",
            ),
            bill: report.bill.as_ref().map(|bill| Bill {
                date: bill.date.into(),
                gone: bill.gone.join(", "),
                pools: Table::new(
                    "bill-pools",
                    "Billed, and to be billed",
                    book::billed_pools(bill).without(&["currency", "price a seat and month"]),
                    "No pool is on the bill or under contract.",
                ),
                still: Table::new(
                    "still-billed",
                    "Cancelled and still billed",
                    book::still_billed(bill).without(&["currency"]),
                    "No cancelled seat is on the bill.",
                ),
                others: Table::new(
                    "other-charges",
                    "Other charges",
                    book::other_charges(bill),
                    "Nothing else is on the bill.",
                ),
            }),
            differences: Table::new(
                "difference-table",
                "What should be another figure",
                book::differences(report),
                "No figure differs from what it should be.",
            ),
            findings: Table::new(
                "finding-table",
                "By kind, pool and next step",
                book::finding_groups(report),
                "Nothing is worth a look.",
            ),
        }
    }
}

/// What the charts show as well, or other columns.
const POOLS_WITHOUT: [&str; 8] = [
    "counted on",
    "requested: drafted",
    "requested: submitted",
    "requested: confirmed",
    "ended",
    "price a seat and month",
    "currency",
    "note",
];

impl Table {
    fn new(id: &'static str, caption: &'static str, sheet: Sheet, none: &'static str) -> Self {
        let columns = sheet.columns.iter().enumerate();
        let columns = columns.map(|(position, column)| Heading {
            title: column.title,
            class: if sheet.is_numeric(position) {
                "number"
            } else {
                ""
            },
        });
        Self {
            id,
            caption,
            columns: columns.collect(),
            rows: sheet.rows,
            none,
        }
    }
}

/// Each sort of pool for which nothing is asked, once.
fn apart(report: &AuditReport) -> Vec<(&'static str, &'static str)> {
    let mut sorts: Vec<Treatment> = Vec::new();
    for pool in &report.pools {
        if !pool.treatment.why_not().is_empty() && !sorts.contains(&pool.treatment) {
            sorts.push(pool.treatment);
        }
    }
    let sorts = sorts.iter();
    sorts.map(|sort| (sort.as_str(), sort.why_not())).collect()
}
