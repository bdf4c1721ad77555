//! When leavers lost access, for `audit`: from tonight's plan and the ledger, of
//! which only those nights are read that explain somebody.

use jiff::ToSpan;
use jiff::civil::Date;

use super::console;
use super::failure::{Exit, Failure};
use crate::cli::AuditArguments;
use crate::ledger::Ledger;
use crate::model::Memory;
use crate::plan::{PastPlan, Plan};
use crate::reconcile::Calendar;
use crate::report::{AccessInquiry, AccessStudy, AccessTimes, Night};

/// First and last day of the period: the last full quarter and what there is of
/// the running one, unless something else was asked for.
pub(super) fn period(arguments: &AuditArguments, today: Date) -> Result<(Date, Date), Failure> {
    let until = arguments.until.unwrap_or(today);
    let since = arguments.since.unwrap_or_else(|| quarter_before(until));
    if since > until {
        return Err(Failure::new(
            Exit::Usage,
            format!("--since {since} is after --until {until}"),
        ));
    }
    Ok((since, until))
}

/// The first day of the quarter before the one that the day is in.
fn quarter_before(day: Date) -> Date {
    let months_into = i32::from((day.month() - 1) % 3);
    day.first_of_month()
        .checked_sub((months_into + 3).months())
        .unwrap_or(Date::MIN)
}

/// What tonight knows, and the ledger of the nights before.
pub(super) fn times(
    ledger: Option<&Ledger>,
    memory: &Memory,
    plan: &Plan,
    calendar: &Calendar,
    period: (Date, Date),
) -> Result<AccessTimes, Failure> {
    let nights = ledger.map(Ledger::nights).transpose()?;
    let nights: Vec<Night> = nights
        .into_iter()
        .flatten()
        .map(|(plan_id, as_of)| Night { plan_id, as_of })
        .collect();
    let inquiry = AccessInquiry {
        plan,
        memory,
        calendar,
        nights: &nights,
        period,
    };
    let mut study = inquiry.study();
    if let Some(ledger) = ledger {
        explain(&mut study, ledger)?;
    }
    Ok(study.finish())
}

/// Reads plans one by one, so that years of them need no more memory than one.
fn explain(study: &mut AccessStudy, ledger: &Ledger) -> Result<(), Failure> {
    for plan_id in study.plans_to_read() {
        let document = ledger.plan_json(&plan_id)?.unwrap_or_default();
        match PastPlan::parse(&document) {
            Ok(plan) => study.explain(&plan_id, &plan, &ledger.outcomes(&plan_id)?),
            Err(_) => console::warn(&format!(
                "the ledger's plan {plan_id} cannot be read by this version; what it says of late \
                 removals is left out"
            )),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::quarter_before;

    #[test]
    fn the_last_full_quarter_is_the_one_before() {
        for (day, first) in [
            (date(2026, 11, 22), date(2026, 7, 1)),
            (date(2026, 12, 31), date(2026, 7, 1)),
            (date(2026, 1, 1), date(2025, 10, 1)),
            (date(2028, 2, 29), date(2027, 10, 1)),
            (date(2026, 4, 1), date(2026, 1, 1)),
        ] {
            assert_eq!(quarter_before(day), first, "{day}");
        }
    }
}
