use super::bill::difference_rows;
use super::{Cell, Sheet, currency, name, narrow, sentence, word};
use crate::report::audit::{AuditReport, RequestLine};
use crate::seats::{FindingKind, PoolInventory};

/// Partial-cancellation requests and their calendar.
pub(in crate::report::audit) fn requests(report: &AuditReport) -> Sheet {
    let columns = [
        name("request"),
        word("state"),
        name("license"),
        narrow("country"),
        narrow("seats"),
        word("saves a month"),
        narrow("currency"),
        word("case number"),
        word("drafted at (UTC)"),
        word("hand in by"),
        narrow("days left"),
        word("handed in on"),
        word("notice by"),
        word("effective on"),
        word("term ends"),
        word("missing it costs"),
        word("fees"),
    ];
    let rows = report.requests.iter().map(request_row);
    Sheet::new("Requests", columns, rows)
}

fn request_row(line: &RequestLine) -> [Cell; 17] {
    let RequestLine {
        request,
        monthly_saving,
        case_number,
        handed_in_on,
        fees,
        terms,
    } = line;
    let terms = terms.as_ref();
    let submit_by = line.submit_by();
    [
        (&request.id).into(),
        request.state.as_str().into(),
        (&request.pool.license).into(),
        (&request.pool.country).into(),
        request.quantity.into(),
        monthly_saving.as_ref().into(),
        currency(monthly_saving.as_ref()),
        case_number.as_deref().into(),
        request.drafted_at.into(),
        submit_by.into(),
        terms
            .filter(|_| submit_by.is_some())
            .map(|terms| i64::from(terms.days_left))
            .into(),
        (*handed_in_on).into(),
        terms.map(|terms| terms.notice_by).into(),
        line.effective_on().into(),
        request.term_ends.into(),
        terms
            .and_then(|terms| terms.cost_of_missing.as_ref())
            .into(),
        fees.as_ref().into(),
    ]
}

/// Every figure that should be another and is not. None is smoothed.
pub(in crate::report::audit) fn differences(report: &AuditReport) -> Sheet {
    let columns = [
        name("difference in"),
        name("license"),
        narrow("country"),
        word("expected"),
        word("found"),
        word("difference"),
        sentence("what it means"),
        sentence("next step"),
    ];
    let rows = report.pools.iter().flat_map(|pool| {
        let rows = [owned_row(pool, report), grown_row(pool)];
        rows.into_iter().flatten()
    });
    Sheet::new("Differences", columns, rows.chain(difference_rows(report)))
}

/// Owned against accounted for.
fn owned_row(pool: &PoolInventory, report: &AuditReport) -> Option<[Cell; 8]> {
    let difference = pool.difference().filter(|it| *it != 0)?;
    let owned = i64::from(pool.balance.owned?);
    let kinds = [FindingKind::Unexplained, FindingKind::MoreThanOwned];
    let mut findings = report.findings.iter();
    let finding = findings.find(|it| kinds.contains(&it.kind) && it.pool == pool.pool);
    Some([
        "seats owned, and accounted for".into(),
        (&pool.pool.license).into(),
        (&pool.pool.country).into(),
        owned.into(),
        (owned - difference).into(),
        difference.into(),
        finding.map(|it| it.what.as_str()).into(),
        finding.map(|it| it.repair.as_str()).into(),
    ])
}

/// That difference, the night before and tonight.
fn grown_row(pool: &PoolInventory) -> Option<[Cell; 8]> {
    let grown = pool.unexplained().filter(|it| *it != 0)?;
    Some([
        "that difference, since the night before".into(),
        (&pool.pool.license).into(),
        (&pool.pool.country).into(),
        pool.opening_difference().into(),
        pool.difference().into(),
        grown.into(),
        "opening and movements do not make the closing balance".into(),
        "look for seats that were bought, returned or moved and that no file shows".into(),
    ])
}
