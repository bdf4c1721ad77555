use proptest::prelude::*;

use super::*;
use crate::model::{
    AccountStatus, ActionKind, Channel, HoldRecord, HoldSource, Outcome, OutcomeReason,
    OutcomeRecord, Reason, TaskState, TerminationState,
};
use crate::plan::tests::properties;
use crate::plan::{PastPlan, Plan};
use crate::reconcile::tests::scenario::{Scenario, account, at, hr, scenario};

const JANA: &str = "id=5 name=Jana_Doe email=jana date=2026-11-20";
const ACCOUNT: &str = "id=u5 user=jana name=Jana_Doe email=jana created=2024-01-02T00:00:00Z";

/// Nights of one tenant, with what the ledger keeps of them.
struct Tenant {
    scenario: Scenario,
    nights: Vec<Night>,
    past: BTreeMap<String, (PastPlan, BTreeMap<String, OutcomeRecord>)>,
}

impl Tenant {
    fn new(row: &str, account: &str) -> Self {
        Self {
            scenario: scenario().hr(row).account(account),
            nights: Vec::new(),
            past: BTreeMap::new(),
        }
    }

    /// Two o'clock in Los Angeles, two hours after a day has ended there.
    fn night(&mut self, day: &str) -> Plan {
        self.night_with(day, None)
    }

    /// The same; deactivations end as told, or are carried out.
    fn night_with(&mut self, day: &str, failing: Option<OutcomeReason>) -> Plan {
        self.scenario.set_night(at(&format!("{day}T10:00:00Z")));
        let plan = self.scenario.plan();
        self.scenario.accept(&plan);
        let mut carried = plan.clone();
        let mut outcomes = BTreeMap::new();
        for action in &plan.actions {
            let (outcome, reason) = match (action.kind, failing) {
                (ActionKind::Deactivate, Some(reason)) => (Outcome::Failed, reason),
                (ActionKind::ManualTask, _) => (Outcome::Manual, OutcomeReason::HandedOver),
                (_, _) => (Outcome::Succeeded, OutcomeReason::Drafted),
            };
            let record = OutcomeRecord::unsent(&action.id, outcome, reason, plan.as_of);
            outcomes.insert(action.id.clone(), record);
        }
        carried
            .actions
            .retain(|action| failing.is_none() || action.kind != ActionKind::Deactivate);
        self.scenario.carry_out(&carried);
        let document = serde_json::to_string(&plan).expect("JSON");
        let past = PastPlan::parse(&document).expect("a plan");
        self.past.insert(plan.plan_id.clone(), (past, outcomes));
        self.nights.push(Night {
            plan_id: plan.plan_id.clone(),
            as_of: plan.as_of,
        });
        plan
    }

    /// Six hours after the night of that day.
    fn audit(&mut self, day: &str) -> AccessTimes {
        self.scenario.as_of = at(&format!("{day}T16:00:00Z"));
        self.audit_of(date("2026-07-01"), date("2026-12-31"))
    }

    fn audit_of(&self, since: Date, until: Date) -> AccessTimes {
        let plan = self.scenario.plan();
        let mut study = AccessInquiry {
            plan: &plan,
            memory: &self.scenario.memory,
            calendar: &self.scenario.calendar(),
            nights: &self.nights,
            period: (since, until),
        }
        .study();
        for plan_id in study.plans_to_read() {
            let (past, outcomes) = &self.past[&plan_id];
            study.explain(&plan_id, past, outcomes);
        }
        study.finish()
    }

    fn account(&mut self) -> &mut crate::model::AccountRow {
        &mut self.scenario.accounts[0]
    }
}

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

#[track_caller]
fn only(access: &AccessTimes) -> &LeaverAccess {
    match &access.leavers[..] {
        [leaver] => leaver,
        all => panic!("{} leavers: {all:#?}", all.len()),
    }
}

/// State, reason, and whole hours of notice and of IT's removal.
#[track_caller]
fn told(access: &AccessTimes) -> (AccessState, &'static str, i64, Option<i64>) {
    let leaver = only(access);
    (
        leaver.state,
        leaver.reason.map_or("", AccessReason::as_str),
        leaver.notice().expect("a notice").as_hours(),
        leaver.removal_took().map(|took| took.as_hours()),
    )
}

#[test]
fn what_we_ended_is_an_instant_counted_from_when_it_was_due() {
    let mut tenant = Tenant::new(JANA, ACCOUNT);
    tenant.night("2026-11-19");
    assert!(
        tenant.audit("2026-11-20").leavers.is_empty(),
        "nothing is due"
    );
    tenant.night("2026-11-21");
    let access = tenant.audit("2026-11-21");
    assert_eq!(told(&access), (AccessState::InTime, "", -46, Some(2)));
    let jana = only(&access);
    assert_eq!(jana.due, at("2026-11-21T08:00:00Z"));
    assert_eq!(jana.removal, Removal::At(at("2026-11-21T10:00:00Z")));
    assert_eq!(jana.ended_by, Some(RemovalSource::Seatsweep));
    assert_eq!(access.total.per_mille_in_time(), Some(1000));
    assert!(!jana.is_exception());
}

#[test]
fn hr_is_late_only_if_a_night_did_not_find_the_leaver() {
    // A night after access was due read HR's file, and Jana was not in it.
    let mut tenant = Tenant::new(JANA, ACCOUNT);
    let rows = std::mem::take(&mut tenant.scenario.rows);
    tenant.night("2026-11-22");
    tenant.scenario.rows = rows;
    tenant.night("2026-11-23");
    let access = tenant.audit("2026-11-23");
    assert_eq!(
        told(&access),
        (AccessState::Late, "hr_told_late", 50, Some(0))
    );
    assert_eq!(
        (access.total.told_late, access.total.removed_in_time),
        (1, 1)
    );
    assert_eq!(access.total.per_mille_in_time(), Some(0));

    // Nobody looked, so nobody can say that HR was late.
    let mut tenant = Tenant::new(JANA, ACCOUNT);
    let rows = std::mem::take(&mut tenant.scenario.rows);
    tenant.night("2026-11-20");
    tenant.scenario.rows = rows;
    tenant.night("2026-11-23");
    let access = tenant.audit("2026-11-23");
    assert_eq!(told(&access), (AccessState::Late, "no_run", 50, Some(50)));
    assert_eq!(
        (access.total.told_late, access.total.removed_in_time),
        (0, 0)
    );
}

#[test]
fn a_removal_that_failed_at_first_is_late_for_that_reason() {
    let mut tenant = Tenant::new(JANA, ACCOUNT);
    tenant.night_with("2026-11-21", Some(OutcomeReason::Refused));
    let access = tenant.audit("2026-11-21");
    assert_eq!(told(&access), (AccessState::Open, "", 2, Some(8)));
    assert_eq!(access.total.judged(), 0);
    let access = tenant.audit("2026-11-22");
    assert_eq!(
        told(&access),
        (AccessState::Overdue, "refused", 2, Some(32))
    );
    tenant.night_with("2026-11-22", Some(OutcomeReason::Breaker));
    assert_eq!(
        told(&tenant.audit("2026-11-22")).1,
        "breaker",
        "what stands in the way now"
    );
    tenant.night("2026-11-23");
    let access = tenant.audit("2026-11-23");
    // What went wrong on the first day counts.
    assert_eq!(told(&access), (AccessState::Late, "refused", 2, Some(50)));
    assert_eq!(access.reasons.values().sum::<u64>(), 1);
}

#[test]
fn what_others_ended_lies_between_two_looks_and_counts_at_the_later_one() {
    let mut tenant = Tenant::new(JANA, ACCOUNT);
    tenant.scenario.policy.deactivate_by = Channel::Manual;
    tenant.night("2026-11-21");
    tenant.account().status = AccountStatus::Inactive;
    tenant.night("2026-11-22");
    let access = tenant.audit("2026-11-22");
    let jana = only(&access);
    // The reports are made two hours before the night.
    let between = Removal::Between {
        after: Some(at("2026-11-21T08:00:00Z")),
        until: at("2026-11-22T08:00:00Z"),
    };
    assert_eq!(jana.removal, between);
    assert_eq!(jana.ended_by, Some(RemovalSource::ByHand));
    assert_eq!(jana.state, AccessState::InTime, "24 hours and no more");

    // Somebody says that it is done; the next report shows it a day later.
    let mut tenant = Tenant::new(JANA, ACCOUNT);
    tenant.scenario.policy.deactivate_by = Channel::Manual;
    tenant.night("2026-11-21");
    let said = at("2026-11-21T12:00:00Z");
    for task in tenant.scenario.memory.tasks.values_mut() {
        (task.state, task.ticked_off_at) = (TaskState::Done, Some(said));
    }
    assert_eq!(
        told(&tenant.audit("2026-11-21")).0,
        AccessState::Open,
        "a word is no evidence"
    );
    tenant.account().status = AccountStatus::Inactive;
    tenant.night("2026-11-23");
    let access = tenant.audit("2026-11-23");
    assert_eq!(
        told(&access),
        (AccessState::Late, "handed_over", 2, Some(48))
    );
    assert_eq!(only(&access).said_done, Some(said));
}

#[test]
fn an_identity_provider_ends_access_in_its_own_time() {
    let account = format!("{ACCOUNT} idp=okta");
    let mut tenant = Tenant::new(JANA, &account);
    tenant.night("2026-11-21");
    let access = tenant.audit("2026-11-22");
    assert_eq!(told(&access).1, "identity_provider");
    tenant.account().status = AccountStatus::Inactive;
    tenant.night("2026-11-22");
    let access = tenant.audit("2026-11-22");
    assert_eq!(
        only(&access).ended_by,
        Some(RemovalSource::IdentityProvider)
    );
    assert_eq!(only(&access).state, AccessState::InTime);
}

#[test]
fn whoever_was_inactive_before_is_in_time_unless_nobody_looked() {
    let inactive = format!("{ACCOUNT} status=inactive");
    let mut tenant = Tenant::new(JANA, &inactive);
    tenant.night("2026-11-19");
    let access = tenant.audit("2026-11-21");
    assert_eq!(told(&access), (AccessState::InTime, "", -46, Some(-48)));
    assert_eq!(only(&access).ended_by, Some(RemovalSource::Seen));

    // The ledger begins later, and unknown is not success.
    let mut tenant = Tenant::new(JANA, &inactive);
    tenant.night("2026-11-25");
    let access = tenant.audit("2026-11-25");
    assert_eq!(
        told(&access),
        (AccessState::Late, "before_first_run", 98, Some(96))
    );
    let looked = Removal::Between {
        after: None,
        until: at("2026-11-25T08:00:00Z"),
    };
    assert_eq!(only(&access).removal, looked);
}

#[test]
fn a_hold_is_the_reason_while_it_holds() {
    let mut tenant = Tenant::new(JANA, ACCOUNT);
    tenant.scenario.holds.push(HoldRecord {
        who: "5".to_owned(),
        why: "hands over".to_owned(),
        until: None,
        source: HoldSource::Ledger(None),
    });
    tenant.night("2026-11-21");
    tenant.night("2026-11-22");
    assert_eq!(
        told(&tenant.audit("2026-11-22")),
        (AccessState::Overdue, "on_hold", 2, Some(32))
    );
    // Others end it meanwhile: what stood in the way of the program stays the reason.
    tenant.account().status = AccountStatus::Inactive;
    tenant.night("2026-11-23");
    let access = tenant.audit("2026-11-23");
    assert_eq!(told(&access), (AccessState::Late, "on_hold", 2, Some(48)));
    let after = Some(at("2026-11-22T08:00:00Z"));
    let until = at("2026-11-23T08:00:00Z");
    assert_eq!(only(&access).removal, Removal::Between { after, until });
    let held = tenant.scenario.holds.pop().expect("a hold");
    tenant.night("2026-11-24");
    assert_eq!(told(&tenant.audit("2026-11-24")), told(&access));

    // The first night came too late, and then there was the hold.
    let mut tenant = Tenant::new(JANA, ACCOUNT);
    tenant.scenario.holds.push(held);
    tenant.night("2026-11-24");
    tenant.scenario.holds.clear();
    tenant.night("2026-11-25");
    let access = tenant.audit("2026-11-25");
    assert_eq!(told(&access), (AccessState::Late, "on_hold", 74, Some(98)));
}

#[test]
fn whoever_has_no_account_is_listed_as_an_exception() {
    let mut tenant = Tenant::new("id=6 name=Rita_Roe email=rita date=2026-11-20", ACCOUNT);
    tenant.night("2026-11-21");
    let access = tenant.audit("2026-11-25");
    assert_eq!(
        told(&access),
        (AccessState::Unmatched, "no_account", 2, None)
    );
    assert_eq!(
        access.total.per_mille_in_time(),
        None,
        "nobody can be judged"
    );
    assert_eq!(access.exceptions().count(), 1);
    // She is found at last, and it was open all the time.
    tenant
        .scenario
        .accounts
        .push(account("id=u6 user=rita name=Rita_Roe email=rita"));
    tenant.night("2026-11-26");
    let access = tenant.audit("2026-11-26");
    assert_eq!(
        told(&access),
        (AccessState::Late, "no_account", 2, Some(122))
    );
}

// A contractor has no employee id; somebody without any key has only the row.
#[test]
fn leavers_without_keys_are_told_from_tonights_rows() {
    let mut tenant = Tenant::new("name=Sam_Poe email=sam date=2026-11-20", ACCOUNT);
    tenant.scenario = tenant
        .scenario
        .hr("name=Kim_Lee date=2026-11-19")
        .hr("id=7 name=Pat_Low email=pat date=2026-11-18 status=employed")
        .account("id=u7 user=pat name=Pat_Low email=pat")
        .unreadable_hr("id=8 name=Joe_May")
        .account("id=u8 user=sam name=Sam_Poe email=sam");
    tenant.night("2026-11-21");
    let access = tenant.audit("2026-11-21");
    let states: Vec<_> = access
        .leavers
        .iter()
        .map(|it| {
            (
                it.person.as_str(),
                it.state,
                it.reason.map_or("", AccessReason::as_str),
            )
        })
        .collect();
    let expected = [
        ("Pat Low", AccessState::Overdue, "status_and_date"),
        ("Kim Lee", AccessState::Unmatched, "no_key"),
        ("Sam Poe", AccessState::InTime, ""),
    ];
    assert_eq!(states, expected);
    assert_eq!(access.undated, 1);
    assert_eq!(
        access.leavers[1].first_listed, None,
        "nothing remembers her"
    );
    // An incremental file says it once, and the ledger remembers what lies ahead.
    let mut tenant = Tenant::new("name=Kim_Lee date=2026-11-21", ACCOUNT);
    tenant.scenario = tenant.scenario.incremental();
    tenant.night("2026-11-21");
    tenant.scenario.rows.clear();
    let access = tenant.audit("2026-11-23");
    assert_eq!(only(&access).state, AccessState::Unmatched);
    assert_eq!(only(&access).first_listed, Some(at("2026-11-21T10:00:00Z")));
}

#[test]
fn a_rehire_in_between_makes_two_leavings() {
    let mut tenant = Tenant::new(JANA, ACCOUNT);
    tenant.night("2026-11-21");
    let employed = hr("id=5 name=Jana_Doe email=jana status=employed");
    let left = std::mem::replace(&mut tenant.scenario.rows[0], employed);
    tenant.account().status = AccountStatus::Active;
    tenant.night("2026-11-24");
    let access = tenant.audit("2026-11-24");
    assert_eq!(only(&access).state, AccessState::InTime, "she had left");
    assert_eq!(only(&access).active_again, None, "HR says that she is back");

    tenant.scenario.rows[0] = left;
    tenant.scenario.rows[0].termination_date = Some(date("2026-11-26"));
    tenant.night("2026-11-25");
    tenant.night("2026-11-27");
    let access = tenant.audit("2026-11-27");
    let ends: Vec<_> = access
        .leavers
        .iter()
        .map(|it| (it.date, it.removal))
        .collect();
    let expected = [
        (date("2026-11-20"), Removal::At(at("2026-11-21T10:00:00Z"))),
        (date("2026-11-26"), Removal::At(at("2026-11-27T10:00:00Z"))),
    ];
    assert_eq!(ends, expected);
    assert_eq!(access.total.in_time, 2);
}

#[test]
fn a_corrected_date_is_the_same_leaving() {
    // Before access has ended.
    let mut tenant = Tenant::new("id=5 name=Jana_Doe email=jana date=2026-11-28", ACCOUNT);
    tenant.night("2026-11-19");
    tenant.scenario.rows[0].termination_date = Some(date("2026-11-20"));
    tenant.night("2026-11-22");
    let access = tenant.audit("2026-11-30");
    assert_eq!(told(&access), (AccessState::Late, "no_run", 26, Some(26)));
    // And after: it ended when it ended.
    tenant.scenario.rows[0].termination_date = Some(date("2026-11-25"));
    tenant.night("2026-11-30");
    let access = tenant.audit("2026-11-30");
    let jana = only(&access);
    assert_eq!(jana.date, date("2026-11-25"));
    assert_eq!(jana.first_listed, Some(at("2026-11-22T10:00:00Z")));
    assert!(!jana.told_late, "HR had said that she leaves by then");
    assert_eq!(jana.removal, Removal::At(at("2026-11-22T10:00:00Z")));
    assert_eq!(jana.state, AccessState::InTime);
}

#[test]
fn whoever_hr_calls_differently_by_now_is_one_leaver() {
    let mut tenant = Tenant::new("name=Jana_Doe email=jana date=2026-11-20", ACCOUNT);
    tenant.night("2026-11-21");
    tenant.scenario.rows[0] = hr(JANA);
    tenant.night("2026-11-22");
    let access = tenant.audit("2026-11-22");
    assert_eq!(
        only(&access).removal,
        Removal::At(at("2026-11-21T10:00:00Z"))
    );
}

#[test]
fn a_termination_that_was_taken_back_or_undone_is_neither_in_time_nor_late() {
    let mut tenant = Tenant::new(JANA, ACCOUNT);
    tenant.night_with("2026-11-21", Some(OutcomeReason::Refused));
    tenant.scenario.rows[0] = hr("id=5 name=Jana_Doe email=jana status=employed");
    tenant.night("2026-11-22");
    let access = tenant.audit("2026-11-25");
    assert_eq!(told(&access), (AccessState::TakenBack, "", 2, None));
    assert_eq!(access.total.judged(), 0);

    let mut tenant = Tenant::new(JANA, ACCOUNT);
    tenant.night("2026-11-21");
    let mut records = tenant.scenario.memory.terminations.values_mut();
    records.next().expect("a termination").state = TerminationState::Undone;
    tenant.account().status = AccountStatus::Active;
    let access = tenant.audit("2026-11-25");
    assert_eq!(only(&access).state, AccessState::GivenBack);
    assert_eq!(access.total.judged(), 0);
}

// The program does not deactivate twice, so somebody has to see it.
#[test]
fn an_account_that_is_active_again_is_an_exception() {
    let mut tenant = Tenant::new(JANA, ACCOUNT);
    tenant.night("2026-11-21");
    tenant.account().status = AccountStatus::Active;
    tenant.night("2026-11-24");
    let access = tenant.audit("2026-11-25");
    assert_eq!(
        only(&access).state,
        AccessState::InTime,
        "it had ended in time"
    );
    assert!(only(&access).active_again.is_some() && only(&access).is_exception());
    assert_eq!(access.total.active_again, 1);
}

#[test]
fn a_row_that_left_the_cumulative_file_is_still_followed() {
    let mut tenant = Tenant::new(JANA, ACCOUNT);
    tenant.night_with("2026-11-21", Some(OutcomeReason::Refused));
    tenant.scenario.rows.clear();
    tenant.night("2026-11-22");
    let access = tenant.audit("2026-11-22");
    assert_eq!(
        told(&access),
        (AccessState::Overdue, "row_vanished", 2, Some(32))
    );
    tenant.account().status = AccountStatus::Inactive;
    tenant.night("2026-11-23");
    let access = tenant.audit("2026-11-23");
    assert_eq!(told(&access), (AccessState::Late, "refused", 2, Some(48)));
}

#[test]
fn a_quarter_is_that_of_hrs_date() {
    let mut tenant = Tenant::new("id=5 name=Jana_Doe email=jana date=2026-09-30", ACCOUNT);
    tenant.scenario = tenant
        .scenario
        .hr("id=6 name=Rita_Roe email=rita date=2026-10-01");
    tenant.night("2026-10-02");
    let access = tenant.audit("2026-11-25");
    let quarters: Vec<_> = access
        .quarters
        .iter()
        .map(|it| (it.quarter.to_string(), it.counts.leavers))
        .collect();
    let expected = [("2026 Q3".to_owned(), 1), ("2026 Q4".to_owned(), 1)];
    assert_eq!(quarters, expected);
    let of_one_day = tenant.audit_of(date("2026-10-01"), date("2026-10-01"));
    assert_eq!(only(&of_one_day).person, "Rita Roe");
    let years = tenant.audit_of(date("2025-11-01"), date("2026-02-01"));
    let names: Vec<_> = years
        .quarters
        .iter()
        .map(|it| it.quarter.to_string())
        .collect();
    assert_eq!(names, ["2025 Q4", "2026 Q1"], "empty quarters are there");
}

fn holds_together(access: &AccessTimes) {
    let AccessCounts {
        leavers,
        in_time,
        late,
        open,
        overdue,
        unmatched,
        given_back,
        taken_back,
        told_late,
        removed_in_time,
        active_again,
    } = access.total;
    let states = in_time + late + open + overdue + unmatched + given_back + taken_back;
    assert_eq!(states, leavers);
    assert_eq!(leavers, access.leavers.len() as u64);
    assert_eq!(access.total.judged(), in_time + late + overdue);
    assert!(told_late.max(removed_in_time) <= access.total.judged() && active_again <= leavers);
    assert!(
        removed_in_time >= in_time,
        "what is in time for both is in time for IT"
    );
    let of_quarters: u64 = access.quarters.iter().map(|it| it.counts.leavers).sum();
    assert_eq!(of_quarters, leavers);
    assert!(access.reasons.values().sum::<u64>() <= late + overdue);
    for leaver in &access.leavers {
        match leaver.removal {
            Removal::Between {
                after: Some(after),
                until,
            } => assert!(after < until),
            Removal::At(_) | Removal::Between { after: None, .. } | Removal::Unknown => {}
        }
        let took = leaver.total();
        let is_short = took.is_some_and(|took| took <= IN_TIME);
        match leaver.state {
            AccessState::InTime | AccessState::Late => {
                assert_eq!(leaver.counted_until, leaver.removal.counted());
                assert_eq!(is_short, leaver.state == AccessState::InTime);
            }
            AccessState::Open | AccessState::Overdue => {
                assert_eq!(leaver.removal, Removal::Unknown);
                assert_eq!(is_short, leaver.state == AccessState::Open);
            }
            AccessState::Unmatched | AccessState::TakenBack => {
                assert_eq!(leaver.removal, Removal::Unknown);
            }
            AccessState::GivenBack => {}
        }
        let needs_reason = matches!(leaver.state, AccessState::Late | AccessState::Overdue);
        assert!(leaver.reason.is_some() || !needs_reason, "{leaver:#?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn each_leaver_is_in_one_state_and_the_numbers_add_up(
        nights in proptest::collection::vec((properties::night(), any::<bool>()), 1..4),
    ) {
        let mut tenant: Option<Tenant> = None;
        for (position, (night, fails)) in nights.into_iter().enumerate() {
            let day = format!("2026-12-{:02}", position + 1);
            let tenant = tenant.get_or_insert_with(|| Tenant {
                scenario: night.clone(),
                nights: Vec::new(),
                past: BTreeMap::new(),
            });
            tenant.scenario.rows = night.rows;
            tenant.scenario.invalid = night.invalid;
            tenant.scenario.unreadable = night.unreadable;
            tenant.scenario.accounts = night.accounts;
            tenant.night_with(&day, fails.then_some(OutcomeReason::Refused));
            let access = tenant.audit(&day);
            holds_together(&access);
            // Every termination of the period whose access is due is told, but
            // for those that others took the place of.
            let memory = &tenant.scenario.memory;
            let due = memory.terminations.values().filter(|record| {
                let over = record.state == TerminationState::Closed;
                let due = record.access.due;
                !over && due.is_some_and(|due| due <= tenant.scenario.as_of)
            });
            for record in due {
                let told = access.leavers.iter().any(|leaver| leaver.date == record.termination.date);
                prop_assert!(told, "{:?}", record);
            }
        }
    }
}

#[test]
fn the_reasons_are_those_of_the_results() {
    let refused = AccessReason::Action(Outcome::Failed, Some(OutcomeReason::Refused));
    assert_eq!(refused.as_str(), "refused");
    assert_eq!(AccessReason::Action(Outcome::Held, None).as_str(), "held");
    assert_eq!(AccessReason::Obstacle(Reason::OnHold).as_str(), "on_hold");
    let json = serde_json::to_string(&BTreeMap::from([(refused, 1)])).expect("JSON");
    assert_eq!(json, r#"{"refused":1}"#);
}
