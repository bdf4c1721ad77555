use super::{Cell, Column, Sheet, currency, name, narrow, sentence, word};
use crate::model::AccountStatus;
use crate::report::audit::groups::{FindingGroup, grouped};
use crate::report::audit::{AuditReport, LeaverSeats};
use crate::seats::{Finding, FindingKind};

/// Seats and licences on deactivated accounts.
pub(super) fn stranded(report: &AuditReport) -> Sheet {
    let kinds = [FindingKind::StrandedSeat, FindingKind::LeftBehind];
    let findings = report.findings.iter();
    let findings = findings.filter(|it| kinds.contains(&it.kind));
    Sheet::new("Stranded", FINDING_COLUMNS, findings.map(finding_row))
}

/// Everything that is worth a look.
pub(super) fn findings(report: &AuditReport) -> Sheet {
    let findings = report.findings.iter();
    Sheet::new("Findings", FINDING_COLUMNS, findings.map(finding_row))
}

/// Findings of one kind, pool and next step together, without people.
pub(in crate::report::audit) fn finding_groups(report: &AuditReport) -> Sheet {
    let columns = [
        word("finding"),
        name("license"),
        narrow("country"),
        narrow("seats"),
        word("a month"),
        sentence("next step"),
    ];
    let rows = grouped(&report.findings).into_iter().map(|group| {
        let FindingGroup {
            kind,
            pool,
            repair,
            seats,
            monthly_cost,
        } = group;
        [
            kind.as_str().into(),
            (&pool.license).into(),
            (&pool.country).into(),
            seats.into(),
            (&monthly_cost).into(),
            repair.into(),
        ]
    });
    Sheet::new("Findings", columns, rows)
}

const FINDING_COLUMNS: [Column; 12] = [
    word("finding"),
    name("license"),
    narrow("country"),
    narrow("seats"),
    name("account"),
    narrow("source row"),
    word("site"),
    word("cost center"),
    word("a month"),
    narrow("currency"),
    sentence("what"),
    sentence("next step"),
];

fn finding_row(finding: &Finding) -> [Cell; 12] {
    let Finding {
        kind,
        pool,
        quantity,
        account,
        source,
        place,
        monthly_cost,
        what,
        repair,
    } = finding;
    [
        kind.as_str().into(),
        (&pool.license).into(),
        (&pool.country).into(),
        (*quantity).into(),
        account.into(),
        source.as_ref().map(|it| it.line).into(),
        (&place.site).into(),
        (&place.cost_center).into(),
        monthly_cost.as_ref().into(),
        currency(monthly_cost.as_ref()),
        what.into(),
        repair.into(),
    ]
}

/// Seats on accounts of leavers, active or not.
pub(super) fn leavers(report: &AuditReport) -> Sheet {
    let columns = [
        word("employee id"),
        name("person"),
        name("account"),
        word("site"),
        word("cost center"),
        word("termination date"),
        word("account is"),
        name("license"),
        narrow("country"),
        narrow("seats"),
        word("a month"),
        narrow("currency"),
        word("disposition"),
        word("reason"),
        word("next due (UTC)"),
        sentence("detail"),
    ];
    let rows = report.leavers.iter().map(|seats| {
        let LeaverSeats {
            employee_id,
            person,
            account,
            place,
            termination_date,
            status,
            pool,
            quantity,
            monthly_cost,
            disposition,
            reason,
            next_due,
            detail,
        } = seats;
        let status = match status {
            AccountStatus::Active => "active",
            AccountStatus::Inactive => "inactive",
        };
        [
            employee_id.into(),
            person.into(),
            account.into(),
            (&place.site).into(),
            (&place.cost_center).into(),
            (*termination_date).into(),
            status.into(),
            (&pool.license).into(),
            (&pool.country).into(),
            (*quantity).into(),
            monthly_cost.as_ref().into(),
            currency(monthly_cost.as_ref()),
            disposition.as_str().into(),
            reason.as_str().into(),
            (*next_due).into(),
            detail.into(),
        ]
    });
    Sheet::new("Leavers with seats", columns, rows)
}
