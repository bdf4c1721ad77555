use super::access::share;
use super::{Cell, Sheet, name, sentence, word};
use crate::model::MoneyTotals;
use crate::report::audit::bill::still_billed_seats;
use crate::report::audit::{AccessTimes, Asked, AuditReport, Waste};
use crate::seats::BillCheck;

/// The figures that somebody asks for first, one a row.
pub(super) fn summary(report: &AuditReport) -> Sheet {
    let columns = [
        name("figure"),
        word("value"),
        sentence("where it comes from"),
    ];
    let mut rows = frame(report);
    rows.extend(waste(&report.waste));
    rows.extend(asked(&report.asked));
    rows.extend(access(&report.access));
    rows.extend(report.bill.iter().flat_map(bill));
    rows.extend(checks(report));
    Sheet {
        columns: columns.into(),
        rows,
        name: "Summary",
    }
}

fn frame(report: &AuditReport) -> Vec<Vec<Cell>> {
    let counted = "[seats] as_of: the day on which the licences file was copied";
    let real = match report.target.as_str() {
        "8x8" => "the real tenant",
        _ => "a simulated tenant: nothing of this is real",
    };
    vec![
        row("tenant", &report.tenant, "[tenant] name"),
        row("target", &report.target, real),
        row("as of (UTC)", report.as_of, "--as-of, or the time of day"),
        row("seats counted on", report.counted_on, counted),
    ]
}

fn waste(waste: &Waste) -> Vec<Vec<Cell>> {
    let mut rows = vec![
        row(
            "seats used by nobody",
            waste.stranded + waste.unassigned,
            "stranded and unassigned together: sheets Pools, Stranded, Billable unassigned",
        ),
        row(
            "of these stranded",
            waste.stranded,
            "seats on accounts that the users report or the ledger knows as deactivated",
        ),
        row(
            "of these unassigned",
            waste.unassigned,
            "billed and on no account: counted in the licences file, and freed since",
        ),
        row(
            "of these without a known price",
            waste.unpriced,
            "in no amount: no [[contracts]] entry says their unit_price",
        ),
    ];
    rows.extend(amounts(
        "they cost a month",
        &waste.monthly,
        "unused seats of each pool times its unit_price",
    ));
    rows.extend(amounts(
        "they cost a year",
        &waste.yearly,
        "twelve times that",
    ));
    rows
}

fn asked(asked: &Asked) -> Vec<Vec<Cell>> {
    let mut rows = vec![
        row(
            "requests on their way",
            asked.requests,
            "drafted, submitted or confirmed: sheet Requests",
        ),
        row(
            "seats in them",
            asked.seats,
            "only seats that were really freed are asked for, less the spare ones",
        ),
        row(
            "of these without a known price",
            asked.unpriced,
            "in no amount",
        ),
    ];
    rows.extend(amounts(
        "they save a month",
        &asked.monthly,
        "seats of each request times its contract's unit_price, once it is in effect",
    ));
    rows
}

fn access(access: &AccessTimes) -> Vec<Vec<Cell>> {
    let AccessTimes { since, until, .. } = access;
    let period = format!("whose date is from {since} to {until}: sheet Access removal");
    vec![
        row("leavers", access.total.leavers, &period),
        row(
            "access ended within 24 hours",
            share(access.total.per_mille_in_time()),
            "of those in time, late or overdue; of when it was due: sheet Access by quarter",
        ),
        row(
            "the same for IT alone",
            share(access.total.per_mille_removed_in_time()),
            "of when it was due and HR had told it",
        ),
        row(
            "access open and overdue",
            access.total.overdue,
            "due for more than 24 hours, and not known to have ended",
        ),
        row(
            "rows without a date",
            access.undated,
            "they may be about leavers, and are in no figure: `seatsweep plan` lists them",
        ),
    ]
}

fn bill(bill: &BillCheck) -> Vec<Vec<Cell>> {
    vec![
        row(
            "bill held against the contracts",
            bill.date,
            "--bill: sheets Bill, Still billed, Other charges",
        ),
        row(
            "seats cancelled and still billed",
            still_billed_seats(bill),
            "requests in effect whose seats are on the bill: sheet Still billed",
        ),
        row(
            "requests gone from the bill",
            bill.gone.join(", ").as_str(),
            "to be closed with `seatsweep requests close`",
        ),
    ]
}

fn checks(report: &AuditReport) -> Vec<Vec<Cell>> {
    vec![
        row(
            "seats of leavers whose access is still open",
            report.leaving_seats(),
            "sheets Pools (leaving) and Leavers with seats",
        ),
        row(
            "pools with a difference",
            count(report.differing_pools()),
            "owned is not what is accounted for: sheet Differences",
        ),
        row(
            "findings",
            count(report.findings.len()),
            "each with its next step: sheet Findings",
        ),
    ]
}

/// A row for each currency: amounts of different currencies are never summed.
fn amounts<'a>(
    figure: &'a str,
    totals: &'a MoneyTotals,
    origin: &'a str,
) -> impl Iterator<Item = Vec<Cell>> + use<'a> {
    let totals = totals.amounts();
    totals.map(move |money| row(figure, money, origin))
}

fn row(figure: &str, value: impl Into<Cell>, origin: &str) -> Vec<Cell> {
    vec![figure.into(), value.into(), origin.into()]
}

fn count(number: usize) -> Cell {
    i64::try_from(number).ok().into()
}
