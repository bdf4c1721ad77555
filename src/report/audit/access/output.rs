//! The access times as tables without people, and as a file with them.

use jiff::SignedDuration;
use tabled::builder::Builder;

use super::{AccessCounts, AccessState, AccessTimes, LeaverAccess, Removal};
use crate::report::audit::AuditReport;
use crate::report::{csv_of, draw, instant, text};

/// The columns of `access.csv`. Hours below zero are before it was due.
pub const ACCESS_COLUMNS: [&str; 25] = [
    "quarter",
    "person",
    "employee_id",
    "work_email",
    "username",
    "site",
    "cost_center",
    "source_file",
    "source_row",
    "termination_date",
    "due",
    "first_listed",
    "not_listed",
    "notice_hours",
    "told_late",
    "removed_after",
    "removed_at",
    "ended_by",
    "removal_hours",
    "total_hours",
    "state",
    "reason",
    "said_done",
    "active_again",
    "target",
];

/// One line a leaver.
pub fn access_csv(report: &AuditReport) -> Result<Vec<u8>, csv::Error> {
    let leavers = report.access.leavers.iter();
    csv_of(ACCESS_COLUMNS, leavers.map(|leaver| row(leaver, report)))
}

fn row(leaver: &LeaverAccess, report: &AuditReport) -> [String; 25] {
    let source = leaver.source.as_ref();
    let (after, until) = match leaver.removal {
        Removal::At(at) => (None, Some(at)),
        Removal::Between { after, until } => (after, Some(until)),
        Removal::Unknown => (None, None),
    };
    let told_late = if leaver.told_late { "yes" } else { "no" };
    [
        leaver.quarter().to_string(),
        leaver.person.clone(),
        leaver.employee_id.clone(),
        leaver.work_email.clone(),
        leaver.username.clone(),
        leaver.site.clone(),
        leaver.cost_center.clone(),
        source.map(|it| it.file.to_string()).unwrap_or_default(),
        text(source.map(|it| it.line).as_ref()),
        leaver.date.to_string(),
        instant(Some(leaver.due)),
        instant(leaver.first_listed),
        instant(leaver.not_listed),
        hours(leaver.notice()),
        told_late.to_owned(),
        instant(after),
        instant(until),
        leaver
            .ended_by
            .map(|by| by.as_str().to_owned())
            .unwrap_or_default(),
        hours(leaver.removal_took()),
        hours(leaver.total()),
        leaver.state.as_str().to_owned(),
        leaver
            .reason
            .map(|reason| reason.as_str().to_owned())
            .unwrap_or_default(),
        instant(leaver.said_done),
        instant(leaver.active_again),
        report.target.clone(),
    ]
}

/// Per quarter, and why; without people. Nothing where nobody left.
pub(in crate::report::audit) fn access_tables(access: &AccessTimes) -> Vec<String> {
    let mut parts = Vec::new();
    if access.total.leavers > 0 {
        let AccessTimes { since, until, .. } = access;
        let title = format!("access of those who left from {since} to {until}");
        parts.push(format!("{title}\n{}", quarter_table(access)));
    }
    if !access.reasons.is_empty() {
        let mut table = Builder::default();
        table.push_record(["reason", "leavers"]);
        for (reason, leavers) in &access.reasons {
            table.push_record([reason.as_str().to_owned(), leavers.to_string()]);
        }
        parts.push(format!("late or overdue\n{}", draw(table)));
    }
    if access.undated > 0 {
        parts.push(format!(
            "{} rows that may be about leavers have no date that can be read; `seatsweep plan` \
             lists them",
            access.undated
        ));
    }
    parts
}

/// The same in a few words; none where nobody left.
pub(in crate::report::audit) fn access_line(access: &AccessTimes) -> String {
    let total = &access.total;
    if total.leavers == 0 {
        return String::new();
    }
    format!(
        "; {} leavers since {}, {} within 24 hours",
        total.leavers,
        access.since,
        percent(total.per_mille_in_time())
    )
}

fn quarter_table(access: &AccessTimes) -> String {
    let mut table = Builder::default();
    table.push_record([
        "quarter",
        AccessState::InTime.as_str(),
        AccessState::Late.as_str(),
        AccessState::Overdue.as_str(),
        AccessState::Open.as_str(),
        AccessState::Unmatched.as_str(),
        "given or taken back",
        "leavers",
        "within 24 h",
        "told late by HR",
        "IT within 24 h",
        "active again",
    ]);
    let quarters = access.quarters.iter();
    for quarter in quarters.filter(|it| it.counts.leavers > 0) {
        table.push_record(cells(quarter.quarter.to_string(), &quarter.counts));
    }
    table.push_record(cells("all".to_owned(), &access.total));
    draw(table)
}

fn cells(name: String, counts: &AccessCounts) -> [String; 12] {
    [
        name,
        counts.in_time.to_string(),
        counts.late.to_string(),
        counts.overdue.to_string(),
        counts.open.to_string(),
        counts.unmatched.to_string(),
        (counts.given_back + counts.taken_back).to_string(),
        counts.leavers.to_string(),
        percent(counts.per_mille_in_time()),
        counts.told_late.to_string(),
        percent(counts.per_mille_removed_in_time()),
        counts.active_again.to_string(),
    ]
}

/// A share in percent, with one decimal.
pub(in crate::report::audit) fn percent(per_mille: Option<u64>) -> String {
    per_mille.map_or_else(
        || "-".to_owned(),
        |share| format!("{}.{} %", share / 10, share % 10),
    )
}

/// Hundredths of an hour; begun ones count, so that 24.00 is never more.
pub(in crate::report::audit) fn hours(span: Option<SignedDuration>) -> String {
    const HUNDREDTH: i128 = 36_000_000_000;
    let Some(span) = span else {
        return String::new();
    };
    let nanoseconds = span.as_nanos();
    let begun =
        nanoseconds.div_euclid(HUNDREDTH) + i128::from(nanoseconds.rem_euclid(HUNDREDTH) > 0);
    let sign = if begun < 0 { "-" } else { "" };
    let begun = begun.unsigned_abs();
    format!("{sign}{}.{:02}", begun / 100, begun % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begun_hundredths_of_an_hour_count() {
        for (seconds, expected) in [
            (0, "0.00"),
            (1, "0.01"),
            (36, "0.01"),
            (37, "0.02"),
            (24 * 3600, "24.00"),
            (24 * 3600 + 1, "24.01"),
            (-1, "0.00"),
            (-36, "-0.01"),
            (-90 * 60, "-1.50"),
        ] {
            let span = Some(SignedDuration::from_secs(seconds));
            assert_eq!(hours(span), expected, "{seconds} s");
        }
        assert_eq!(hours(None), "");
    }

    #[test]
    fn a_share_is_rounded_down() {
        assert_eq!(percent(Some(999)), "99.9 %");
        assert_eq!(percent(Some(1000)), "100.0 %");
        assert_eq!(percent(None), "-");
    }
}
