use super::{Cell, Sheet, name, narrow, word};
use crate::report::audit::{
    AccessCounts, AccessReason, AuditReport, LeaverAccess, Removal, RemovalSource,
};

/// One row for each leaver of the period: when access was due to end, when HR
/// said so, and when it ended.
pub(super) fn removals(report: &AuditReport) -> Sheet {
    let columns = [
        narrow("quarter"),
        name("person"),
        word("employee id"),
        name("work e-mail"),
        name("account"),
        word("site"),
        word("cost center"),
        narrow("source row"),
        word("termination date"),
        word("due (UTC)"),
        word("first listed by HR (UTC)"),
        word("night before, not listed (UTC)"),
        narrow("HR's notice, hours"),
        narrow("told late"),
        word("last seen active (UTC)"),
        word("ended, or first seen inactive (UTC)"),
        word("known from"),
        narrow("IT's removal, hours"),
        narrow("together, hours"),
        word("state"),
        word("reason"),
        word("said to be done (UTC)"),
        word("active again (UTC)"),
    ];
    let rows = report.access.leavers.iter().map(removal_row);
    Sheet::new("Access removal", columns, rows)
}

fn removal_row(leaver: &LeaverAccess) -> [Cell; 23] {
    let (after, until) = match leaver.removal {
        Removal::At(at) => (None, Some(at)),
        Removal::Between { after, until } => (after, Some(until)),
        Removal::Unknown => (None, None),
    };
    let source = leaver.source.as_ref();
    let told_late = if leaver.told_late { "yes" } else { "no" };
    [
        leaver.quarter().to_string().as_str().into(),
        (&leaver.person).into(),
        (&leaver.employee_id).into(),
        (&leaver.work_email).into(),
        (&leaver.username).into(),
        (&leaver.site).into(),
        (&leaver.cost_center).into(),
        source.map(|it| it.line).into(),
        leaver.date.into(),
        leaver.due.into(),
        leaver.first_listed.into(),
        leaver.not_listed.into(),
        leaver.notice().into(),
        told_late.into(),
        after.into(),
        until.into(),
        leaver.ended_by.map(RemovalSource::as_str).into(),
        leaver.removal_took().into(),
        leaver.total().into(),
        leaver.state.as_str().into(),
        leaver.reason.map(AccessReason::as_str).into(),
        leaver.said_done.into(),
        leaver.active_again.into(),
    ]
}

/// One row for each quarter, and one for all of them.
pub(in crate::report::audit) fn quarters(report: &AuditReport) -> Sheet {
    let columns = [
        narrow("quarter"),
        narrow("leavers"),
        narrow("in time"),
        narrow("late"),
        narrow("overdue"),
        narrow("open"),
        narrow("unmatched"),
        narrow("given back"),
        narrow("taken back"),
        narrow("within 24 hours"),
        narrow("told late by HR"),
        narrow("IT within 24 hours"),
        narrow("active again"),
    ];
    let quarters = report.access.quarters.iter();
    let rows = quarters.map(|it| quarter_row(&it.quarter.to_string(), &it.counts));
    let total = quarter_row("all", &report.access.total);
    Sheet::new("Access by quarter", columns, rows.chain([total]))
}

fn quarter_row(quarter: &str, counts: &AccessCounts) -> [Cell; 13] {
    [
        quarter.into(),
        counts.leavers.into(),
        counts.in_time.into(),
        counts.late.into(),
        counts.overdue.into(),
        counts.open.into(),
        counts.unmatched.into(),
        counts.given_back.into(),
        counts.taken_back.into(),
        share(counts.per_mille_in_time()),
        counts.told_late.into(),
        share(counts.per_mille_removed_in_time()),
        counts.active_again.into(),
    ]
}

/// A share; empty where there is nobody to have one of.
pub(super) fn share(per_mille: Option<u64>) -> Cell {
    per_mille.map_or(Cell::Empty, Cell::PerMille)
}

/// Why access ended late or is still open.
pub(in crate::report::audit) fn reasons(report: &AuditReport) -> Sheet {
    let columns = [name("reason"), narrow("leavers")];
    let rows = report.access.reasons.iter();
    let rows = rows.map(|(reason, leavers)| [reason.as_str().into(), (*leavers).into()]);
    Sheet::new("Late by reason", columns, rows)
}
