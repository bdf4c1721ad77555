//! The guards at n − 1, n and n + 1.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::model::{ApprovalPolicy, GuardLimits, Limit, PersonKey, RecentPerson};
use crate::plan::{GuardCheck, PassedBy, Permissions, Plan, PlanInput, Verdict, evaluate};
use crate::reconcile::tests::scenario::{Scenario, scenario};

/// So many due leavers among so many active licensed accounts.
fn crowd(leavers: u32, accounts: u32) -> Scenario {
    let mut night = scenario();
    for number in 1..=accounts {
        night = night.account(&format!("id=U{number} user=u{number} employee={number}"));
    }
    for number in 1..=leavers {
        night = night.hr(&format!("id={number} date=2026-11-20"));
    }
    night
}

fn named<'p>(checks: &'p [GuardCheck], name: &str) -> &'p GuardCheck {
    let mut found = checks.iter().filter(|check| check.name == name);
    found.next().expect("a guard of that name")
}

fn verdict(plan: &Plan, name: &str) -> Verdict {
    named(&plan.guards, name).verdict
}

fn limits(change: impl FnOnce(&mut GuardLimits)) -> GuardLimits {
    let mut limits = GuardLimits::default();
    change(&mut limits);
    limits
}

const RUN: &str = "deactivations in this run";
const ROLLING: &str = "deactivations in 7 days";
const CEILING: &str = "deactivations: ceiling";

#[test]
fn the_floor_of_a_run_lets_five_pass_and_not_six() {
    let checked = |leavers| verdict(&crowd(leavers, 20).plan(), RUN);
    assert_eq!(checked(4), Verdict::Passed);
    assert_eq!(checked(5), Verdict::Passed);
    assert_eq!(checked(6), Verdict::Tripped);
}

#[test]
fn the_percentage_of_a_run_rounds_down() {
    // 2 % of 349 is 6.98.
    let checked = |leavers| verdict(&crowd(leavers, 349).plan(), RUN);
    assert_eq!(checked(6), Verdict::Passed);
    assert_eq!(checked(7), Verdict::Tripped);
}

#[test]
fn zero_is_none_and_only_the_word_is_no_limit() {
    let of = |leavers, limits| verdict(&crowd(leavers, 20).plan_with(&limits, &[]), RUN);
    assert_eq!(
        of(1, limits(|it| it.run_users = Limit::AtMost(0))),
        Verdict::Tripped
    );
    assert_eq!(
        of(0, limits(|it| it.run_users = Limit::AtMost(0))),
        Verdict::Passed
    );
    assert_eq!(
        of(1, limits(|it| it.run_percent = Limit::AtMost(0))),
        Verdict::Tripped
    );
    let unlimited = limits(|it| {
        it.run_users = Limit::Unlimited;
        it.run_percent = Limit::Unlimited;
    });
    assert_eq!(of(20, unlimited), Verdict::Passed);
}

#[test]
fn a_message_has_setting_limit_measure_and_denominator() {
    let own = limits(|it| it.run_floor = 3);
    let plan = crowd(4, 20).plan_with(&own, &[]);
    let check = named(&plan.guards, RUN);
    assert_eq!(
        check.message,
        "4 people (deactivations in this run) of 20; 3 allowed by guards.run_floor = 3, \
         guards.run_percent = 2, guards.run_users = 50"
    );
    assert_eq!(check.passed_by, PassedBy::Approval);
}

/// Somebody whose access ended so many hours ago.
fn recent(night: &Scenario, hours: i64, approved: bool) -> RecentPerson {
    RecentPerson {
        person: PersonKey::stored(format!("employee:{hours}")),
        deactivated_at: Some(night.as_of - SignedDuration::from_hours(hours)),
        removed_at: None,
        approved,
    }
}

#[test]
fn the_rolling_limit_counts_the_people_of_the_last_days() {
    let mut night = crowd(3, 40);
    // Seven of the last days, one that is too old, one that was approved.
    night.memory.recent = (1..=6).map(|hours| recent(&night, hours, false)).collect();
    let last_hour = recent(&night, 167, false);
    night.memory.recent.push(last_hour);
    for other in [recent(&night, 168, false), recent(&night, 9, true)] {
        night.memory.recent.push(other);
    }
    let plan = night.plan();
    assert_eq!(named(&plan.guards, ROLLING).measured, 10);
    assert_eq!(verdict(&plan, ROLLING), Verdict::Passed);
    let one_more = recent(&night, 10, false);
    night.memory.recent.push(one_more);
    assert_eq!(verdict(&night.plan(), ROLLING), Verdict::Tripped);
    // A night that ends nobody's access is not stopped by earlier ones.
    night.rows.clear();
    assert_eq!(verdict(&night.plan(), ROLLING), Verdict::Passed);
}

#[test]
fn approval_none_leaves_the_ceiling_alone() {
    let night = |leavers| {
        let night = crowd(leavers, 44).policy(|policy| policy.approval = ApprovalPolicy::None);
        night.plan()
    };
    // 25 % of 44 people.
    let plan = night(11);
    assert_eq!(
        [RUN, ROLLING, CEILING].map(|name| verdict(&plan, name)),
        [Verdict::Passed; 3]
    );
    assert_eq!(verdict(&night(12), CEILING), Verdict::Tripped);
}

#[test]
fn an_approval_lets_people_pass_and_no_input() {
    let night = crowd(12, 20);
    let plan = night.plan();
    assert_eq!(
        verdict(&plan, "HR file looks like the full roster"),
        Verdict::Tripped
    );
    let approved = Permissions {
        approved: true,
        accepted_inputs: BTreeSet::new(),
    };
    let checks = evaluate(&plan, &night.memory, &approved);
    assert_eq!(named(&checks, CEILING).verdict, Verdict::Allowed);
    let roster = named(&checks, "HR file looks like the full roster");
    assert_eq!(roster.verdict, Verdict::Tripped);
}

#[test]
fn half_of_the_active_accounts_is_a_roster() {
    let checked = |leavers, accounts| {
        verdict(
            &crowd(leavers, accounts).plan(),
            "HR file looks like the full roster",
        )
    };
    assert_eq!(checked(9, 20), Verdict::Passed);
    assert_eq!(checked(10, 20), Verdict::Tripped);
    assert_eq!(checked(10, 21), Verdict::Passed);
    assert_eq!(checked(11, 21), Verdict::Tripped);
}

#[test]
fn at_least_half_of_four_due_leavers_need_an_account() {
    let checked = |matched: u32, strangers: u32| {
        let mut night = crowd(matched, 40);
        for number in 0..strangers {
            night = night.hr(&format!("id=X{number} date=2026-11-20"));
        }
        verdict(&night.plan(), "due leavers with an account")
    };
    assert_eq!(checked(0, 3), Verdict::Passed, "too few to tell");
    assert_eq!(checked(1, 3), Verdict::Tripped);
    assert_eq!(checked(2, 2), Verdict::Passed);
    assert_eq!(checked(2, 3), Verdict::Tripped);
}

#[test]
fn more_than_two_protected_leavers_stop_the_run() {
    let checked = |protected: u32| {
        let night = crowd(3, 40).policy(|policy| {
            policy.protected = (1..=protected).map(|number| format!("u{number}")).collect();
        });
        verdict(&night.plan(), "protected people among the due leavers")
    };
    assert_eq!(checked(2), Verdict::Passed);
    assert_eq!(checked(3), Verdict::Tripped);
}

#[test]
fn a_short_users_report_stops_the_run() {
    let mut night = crowd(0, 20);
    night.night();
    let checked = |accounts: usize| {
        let mut short = night.clone();
        short.accounts.truncate(accounts);
        verdict(&short.plan(), "rows of the users report")
    };
    assert_eq!(checked(18), Verdict::Passed);
    assert_eq!(checked(17), Verdict::Tripped);
    assert_eq!(
        checked(0),
        Verdict::Tripped,
        "a successful but empty report"
    );
}

#[test]
fn a_missing_canary_stops_the_run() {
    let night =
        crowd(0, 3).policy(|policy| policy.canaries = ["u1".to_owned(), "bird".to_owned()].into());
    let plan = night.plan();
    let check = named(&plan.guards, "canary accounts missing");
    assert_eq!(
        (check.verdict, check.measured, check.denominator),
        (Verdict::Tripped, 1, 2)
    );
    assert!(check.message.contains("bird"), "{}", check.message);
}

#[test]
fn an_old_input_is_passed_by_accepting_that_very_file() {
    let night = crowd(0, 3);
    let mut plan = night.plan();
    let input = |hours: i64| PlanInput {
        role: "hr".to_owned(),
        path: "hr.csv".to_owned(),
        sha256: "abc".to_owned(),
        bytes: 1,
        rows: 1,
        header_fingerprint: String::new(),
        columns: BTreeMap::new(),
        made_at: Some(plan.as_of - SignedDuration::from_hours(hours)),
        detected: serde_json::Value::Null,
    };
    let (fresh, old) = (input(36), input(37));
    let check = |plan: &Plan, accepted: &[&str]| {
        let permissions = Permissions {
            approved: true,
            accepted_inputs: accepted.iter().map(|sha| (*sha).to_owned()).collect(),
        };
        let checks = evaluate(plan, &night.memory, &permissions);
        named(&checks, "age of the input in hours").verdict
    };
    plan.inputs = vec![fresh];
    assert_eq!(check(&plan, &[]), Verdict::Passed);
    plan.inputs = vec![old];
    assert_eq!(check(&plan, &["other"]), Verdict::Tripped);
    assert_eq!(check(&plan, &["abc"]), Verdict::Allowed);
}

// A removal whose deactivation was approved does not need another approval.
#[test]
fn removals_after_an_approved_deactivation_do_not_count() {
    let mut night = crowd(6, 40);
    night.night();
    night.later(7);
    let removals = "licence removals in this run";
    let plan = night.plan();
    assert_eq!(named(&plan.guards, removals).measured, 6);
    assert_eq!(verdict(&plan, removals), Verdict::Tripped);
    for record in night.memory.terminations.values_mut() {
        record.approved = true;
    }
    let plan = night.plan();
    assert_eq!(named(&plan.guards, removals).measured, 0);
}

// Another plan was carried out between this plan and its own turn.
#[test]
fn people_deactivated_after_the_plan_was_made_count_when_it_is_asked_again() {
    let mut night = crowd(3, 40);
    let plan = night.plan();
    let asked_again = |night: &Scenario| {
        let checks = evaluate(&plan, &night.memory, &Permissions::default());
        let rolling = named(&checks, ROLLING);
        (rolling.measured, rolling.verdict)
    };
    night.memory.recent = (1..=7).map(|hours| recent(&night, -hours, false)).collect();
    assert_eq!(asked_again(&night), (10, Verdict::Passed));
    let one_more = recent(&night, -8, false);
    night.memory.recent.push(one_more);
    assert_eq!(asked_again(&night), (11, Verdict::Tripped));
}

#[test]
fn accepting_one_old_file_does_not_accept_the_other() {
    let night = crowd(0, 3);
    let mut plan = night.plan();
    let old = |name: &str| PlanInput {
        role: "hr".to_owned(),
        path: format!("{name}.csv"),
        sha256: name.to_owned(),
        bytes: 1,
        rows: 1,
        header_fingerprint: String::new(),
        columns: BTreeMap::new(),
        made_at: Some(plan.as_of - SignedDuration::from_hours(37)),
        detected: serde_json::Value::Null,
    };
    plan.inputs = vec![old("berlin"), old("paris")];
    let checked = |accepted: &[&str]| -> Vec<Verdict> {
        let permissions = Permissions {
            approved: true,
            accepted_inputs: accepted.iter().map(|sha| (*sha).to_owned()).collect(),
        };
        evaluate(&plan, &night.memory, &permissions)
            .iter()
            .filter(|check| check.name == "age of the input in hours")
            .map(|check| check.verdict)
            .collect()
    };
    assert_eq!(checked(&["berlin"]), [Verdict::Allowed, Verdict::Tripped]);
    assert_eq!(checked(&["paris"]), [Verdict::Tripped, Verdict::Allowed]);
    assert_eq!(checked(&["berlin", "paris"]), [Verdict::Allowed; 2]);
}
