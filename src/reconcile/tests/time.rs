//! When a termination takes effect.

use super::scenario::{Scenario, at, scenario};
use crate::model::{Disposition as D, Effective, HrFileKind, Reason as R};

fn leaver(cells: &str) -> Scenario {
    scenario()
        .hr(&format!("id=5 name=Jane_Doe {cells}"))
        .account("id=U1 user=a employee=5 name=Jane_Doe")
}

/// Nothing is due a second before the instant, and the leaver is at it.
fn check(scenario: Scenario, instant: &str) {
    let mut night = scenario;
    for (moment, due) in [
        (at(instant), 1),
        (at(instant) - jiff::SignedDuration::from_secs(1), 0),
    ] {
        night.as_of = moment;
        assert_eq!(night.settled().cases.len(), due, "{moment}");
    }
}

#[test]
fn a_day_ends_in_the_zone_of_the_site() {
    check(leaver("date=2026-11-20"), "2026-11-21T08:00:00Z");
    check(
        leaver("date=2026-11-20 site=London"),
        "2026-11-21T00:00:00Z",
    );
    check(
        leaver("date=2026-11-20 site=SYDNEY"),
        "2026-11-20T13:00:00Z",
    );
    check(leaver("date=2026-11-20 site=Mars"), "2026-11-21T08:00:00Z");
    // HR has no site, the account has one.
    let mut night = leaver("date=2026-11-20");
    night.accounts[0].site = "London".into();
    check(night, "2026-11-21T00:00:00Z");
}

#[test]
fn a_day_of_a_clock_change_ends_at_its_own_midnight() {
    // The clocks of Los Angeles go forward on 8 March and back on 1 November.
    check(leaver("date=2026-03-07"), "2026-03-08T08:00:00Z");
    check(leaver("date=2026-03-08"), "2026-03-09T07:00:00Z");
    check(leaver("date=2026-11-01"), "2026-11-02T08:00:00Z");
    // Days after the date are days of the site, not hours.
    let night = leaver("date=2026-03-06 site=London");
    check(
        night.policy(|policy| policy.deactivate_after_days = 3),
        "2026-03-10T00:00:00Z",
    );
}

#[test]
fn the_policy_says_when_on_its_day_it_takes_effect() {
    let start = leaver("date=2026-11-20").policy(|p| p.effective = Effective::StartOfDay);
    check(start, "2026-11-20T08:00:00Z");
    let on_status = |cells: &str| leaver(cells).policy(|p| p.effective = Effective::OnStatus);
    check(on_status("date=2026-11-20"), "2026-11-20T08:00:00Z");
    // The status has not changed yet.
    let mut night = on_status("date=2026-11-20 status=employed");
    night.as_of = at("2026-11-21T10:00:00Z");
    night.hr_at = at("2026-11-21T09:00:00Z");
    assert_eq!(night.fates(), [(D::NotDue, R::FutureDate)]);
}

#[test]
fn the_last_day_may_act_instead() {
    let night = leaver("date=2026-11-27 last=2026-11-20");
    check(night.clone(), "2026-11-28T08:00:00Z");
    let last_day = night.policy(|p| p.act_on = crate::model::ActOn::LastDay);
    check(last_day, "2026-11-21T08:00:00Z");
}

// HR says "active" until the termination date: paid notice is no contradiction.
#[test]
fn an_active_status_does_not_contradict_a_last_day_before_the_date() {
    let on_notice = |status: &str| {
        leaver(&format!("date=2026-12-31 last=2026-11-13 {status}"))
            .policy(|p| p.act_on = crate::model::ActOn::LastDay)
    };
    let mut employed = on_notice("status=employed");
    assert_eq!(employed.settled().cases.len(), 1);
    assert_eq!(on_notice("status=absent").settled().cases.len(), 1);
    employed.hr_at = at("2027-01-04T08:00:00Z");
    assert_eq!(employed.fates(), [(D::Conflict, R::StatusAndDate)]);
}

// The file was written before the day was over, and may speak of the leave's end.
#[test]
fn somebody_on_leave_is_not_ended_by_a_date() {
    let mut night = leaver("date=2026-11-20 status=absent");
    night.as_of = at("2026-11-21T10:00:00Z");
    night.hr_at = at("2026-11-20T20:00:00Z");
    assert_eq!(night.fates(), [(D::Conflict, R::StatusAndDate)]);
    // An incremental file would not say by then whether the person is back.
    let mut night = leaver("date=2026-12-20 status=absent");
    assert_eq!(night.fates(), [(D::NotDue, R::FutureDate)]);
    night = night.policy(|policy| policy.hr_file = HrFileKind::Incremental);
    assert_eq!(night.fates(), [(D::Conflict, R::StatusAndDate)]);
}

#[test]
fn an_active_status_may_lag_two_days_behind_the_date() {
    let mut night = leaver("date=2026-11-20 status=employed");
    night.hr_at = at("2026-11-23T08:00:00Z");
    assert_eq!(night.settled().cases.len(), 1);
    night.hr_at = at("2026-11-23T08:00:00.000001Z");
    assert_eq!(night.fates(), [(D::Conflict, R::StatusAndDate)]);
}
