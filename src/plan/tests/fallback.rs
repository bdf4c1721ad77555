//! A tenant without a method to update users, in the plan.

use super::night::changes;
use crate::model::{
    AccountStatus, Channel, IdentityProvider, Policy, Reason as R, Sighting, TaskKind, TaskState,
    TerminationState,
};
use crate::plan::{Alternative, ManualTask, Plan, StandIn, Step};
use crate::reconcile::tests::scenario::{Scenario, scenario};

fn jane(cells: &str) -> Scenario {
    scenario()
        .hr("id=5 name=Jane_Doe date=2026-11-20")
        .account(&format!("id=U1 user=jane employee=5 name=Jane_Doe {cells}"))
}

/// Jane, whom somebody deactivated long ago.
fn jane_inactive(cells: &str) -> Scenario {
    let mut night = jane(&format!("status=inactive {cells}"));
    night.night();
    night.later(10);
    night
}

fn fall_back(deactivate: Option<Channel>, remove: Option<Channel>) -> impl Fn(&mut Policy) {
    move |policy| {
        policy.deactivate_fallback = deactivate;
        policy.remove_license_fallback = remove;
    }
}

fn step(plan: &Plan) -> &Step {
    &plan.lanes[0].steps[0]
}

fn tasks(plan: &Plan) -> Vec<TaskKind> {
    let mut kinds: Vec<TaskKind> = plan.manual_tasks.iter().map(|task| task.kind).collect();
    kinds.sort();
    kinds
}

fn by_hand(plan: &Plan) -> &[StandIn] {
    match &step(plan).upon_not_implemented {
        Some(Alternative::ByHand(stand_ins)) => stand_ins,
        other => panic!("{other:?}"),
    }
}

const MANUAL: Option<Channel> = Some(Channel::Manual);
const SCIM: Option<Channel> = Some(Channel::Scim);

#[test]
fn the_task_that_stands_in_is_in_the_plan_and_not_yet_anybodys() {
    let plan = jane("").policy(fall_back(MANUAL, MANUAL)).plan();
    let [stand_in] = by_hand(&plan) else {
        panic!("{:?}", by_hand(&plan))
    };
    assert_eq!(stand_in.task.kind, TaskKind::DeactivateByHand);
    assert_eq!(Some(&stand_in.action), step(&plan).deactivate.as_ref());
    assert!(!stand_in.task.steps.is_empty() && stand_in.task.due.is_some());
    assert_eq!(tasks(&plan), [TaskKind::Voicemail]);

    // The same as where people deactivate anyhow.
    let chosen = jane("").policy(|policy| policy.deactivate_by = Channel::Manual);
    let chosen = chosen.plan();
    assert!(chosen.manual_tasks.contains(&stand_in.task));
}

#[test]
fn over_scim_the_deactivation_alone_stands_in() {
    let at_once = |night: Scenario| night.policy(|policy| policy.remove_license_after_days = 0);
    let plan = at_once(jane("")).policy(fall_back(SCIM, MANUAL)).plan();
    let step = step(&plan);
    assert_eq!(step.actions().count(), 2);
    let other = step.other_step().expect("a step");
    assert_eq!(other.channel, Channel::Scim);
    assert_eq!(
        other.actions().collect::<Vec<_>>(),
        [step.deactivate.as_ref().expect("one")]
    );
    assert_ne!(other.id, step.id, "its intents are told apart");
    assert_eq!(other.upon_not_implemented, None);
}

#[test]
fn each_removal_has_its_task_and_seats_of_one_licence_share_it() {
    let plan = jane_inactive("licenses=2 also=Fax-VOSVC0001-01-US");
    let plan = plan.policy(fall_back(MANUAL, MANUAL)).plan();
    let ids: std::collections::BTreeSet<&String> =
        by_hand(&plan).iter().map(|it| &it.task.id).collect();
    assert_eq!((by_hand(&plan).len(), ids.len()), (3, 2));
    let steps = by_hand(&plan)
        .iter()
        .map(|it| it.task.steps.join(" "))
        .find(|steps| steps.contains("X2"));
    assert!(steps.expect("the X2 seats").contains("all 2 licences"));
}

#[test]
fn with_none_nothing_stands_in() {
    let plan = jane("").policy(fall_back(None, None)).plan();
    assert_eq!(step(&plan).upon_not_implemented, None);
    let over_scim = |policy: &mut Policy| policy.deactivate_by = Channel::Scim;
    let plan = jane("").policy(fall_back(MANUAL, MANUAL)).policy(over_scim);
    assert_eq!(
        step(&plan.plan()).upon_not_implemented,
        None,
        "SCIM is no update"
    );
}

#[test]
fn for_a_week_a_tenant_is_taken_at_its_word() {
    let after = |days: i64, deactivate| {
        let mut night = jane("").policy(fall_back(deactivate, MANUAL));
        let refused_at = night.as_of - jiff::SignedDuration::from_hours(24 * days);
        night.memory.updates_refused_at = Some(refused_at);
        night.plan()
    };
    for days in [0, 6] {
        let plan = after(days, MANUAL);
        assert_eq!(changes(&plan), [] as [&str; 0], "{days}");
        assert_eq!(
            tasks(&plan),
            [TaskKind::Voicemail, TaskKind::DeactivateByHand]
        );
        assert!(plan.dispositions[0].needs_a_look);
        let said = plan
            .findings
            .iter()
            .filter(|it| it.contains("PUT /users/{id}"));
        assert_eq!(said.count(), 1, "{:?}", plan.findings);

        let plan = after(days, SCIM);
        assert_eq!(changes(&plan), ["deactivate jane"]);
        assert_eq!(step(&plan).channel, Channel::Scim);
        assert!(plan.actions.iter().any(|it| it.channel == Channel::Scim));
        assert!(plan.findings.iter().any(|it| it.contains("over SCIM")));

        // With nothing to stand in it is tried, for it may work by now.
        assert_eq!(step(&after(days, None)).channel, Channel::AdminApi);
    }
    for fallback in [MANUAL, SCIM] {
        let plan = after(7, fallback);
        assert_eq!(step(&plan).channel, Channel::AdminApi);
        assert!(step(&plan).upon_not_implemented.is_some());
        assert_eq!(plan.findings, [] as [&str; 0]);
    }
}

#[test]
fn removals_go_to_people_for_a_week_too() {
    let mut night = jane_inactive("").policy(fall_back(MANUAL, MANUAL));
    night.memory.updates_refused_at = Some(night.as_of);
    let plan = night.plan();
    assert_eq!(plan.dispositions[0].reason, R::ManualRemoval);
    assert_eq!(
        tasks(&plan),
        [TaskKind::Voicemail, TaskKind::RemoveLicenseByHand]
    );
    night.policy.remove_license_fallback = None;
    assert_eq!(changes(&night.plan()), ["remove jane"]);
}

// The task was issued when an update was refused; a week later an update is
// tried again, and until it is made somebody still has to deactivate.
#[test]
fn a_task_that_stood_in_stays_open_until_the_account_is_seen_deactivated() {
    let mut night = jane("").policy(fall_back(MANUAL, MANUAL));
    night.memory.updates_refused_at = Some(night.as_of);
    let first = night.night();
    let id = &first.manual_tasks.iter();
    let id = id
        .clone()
        .find(|task| task.kind == TaskKind::DeactivateByHand);
    let id = id.expect("the task").id.clone();
    night.later(8);
    let again = night.plan();
    assert_eq!(changes(&again), ["deactivate jane"]);
    assert_eq!(again.closed_tasks, [] as [&str; 0]);
    let [stand_in] = by_hand(&again) else {
        panic!("{:?}", by_hand(&again))
    };
    assert_eq!(
        (&stand_in.task.id, stand_in.task.issued_at),
        (&id, Some(first.as_of))
    );

    night.accounts[0].status = AccountStatus::Inactive;
    let seen = night.plan();
    assert_eq!(seen.closed_tasks, [id]);
}

#[test]
fn later_nights_close_by_hand_what_they_see_done() {
    let by_hand = |policy: &mut Policy| {
        policy.deactivate_by = Channel::Manual;
        policy.remove_by_hand = true;
        policy.remove_license_after_days = 0;
    };
    let mut night = jane("phone=5550100").policy(by_hand);
    let plan = night.night();
    assert!(tasks(&plan).contains(&TaskKind::DeactivateByHand));
    assert_eq!(changes(&plan), [] as [&str; 0]);
    let open = |night: &Scenario, kind: TaskKind| {
        let mut of_kind = night.memory.tasks.values().filter(|task| task.kind == kind);
        of_kind.any(|task| task.state == TaskState::Open)
    };
    // Nobody did it yet.
    night.later(1);
    night.night();
    assert!(open(&night, TaskKind::DeactivateByHand));

    night.later(1);
    night.accounts[0].status = AccountStatus::Inactive;
    let plan = night.night();
    assert!(!open(&night, TaskKind::DeactivateByHand));
    assert!(tasks(&plan).contains(&TaskKind::RemoveLicenseByHand));
    assert!(open(&night, TaskKind::Voicemail));

    night.later(1);
    night.accounts[0].licenses.clear();
    night.night();
    assert!(!open(&night, TaskKind::RemoveLicenseByHand));
    assert!(!open(&night, TaskKind::Voicemail), "there is none any more");
    let mut states = night
        .memory
        .terminations
        .values()
        .map(|record| record.state);
    assert_eq!(states.next(), Some(TerminationState::Settled));
}

#[test]
fn a_task_that_was_ticked_off_too_soon_is_issued_again() {
    let mut night = jane("").policy(|policy| policy.deactivate_by = Channel::Manual);
    let plan = night.night();
    let by_hand = |task: &&ManualTask| task.kind == TaskKind::DeactivateByHand;
    let id = plan
        .manual_tasks
        .iter()
        .find(by_hand)
        .expect("the task")
        .id
        .clone();
    let task = night.memory.tasks.get_mut(&id).expect("the task");
    task.state = TaskState::Done;
    task.ticked_off_at = Some(night.as_of);

    // The report is older than the word: the word stands, and access may be open.
    let plan = night.plan();
    assert!(!plan.manual_tasks.iter().any(|task| task.id == id));
    assert!(plan.dispositions[0].needs_a_look);

    night.later(1);
    let plan = night.night();
    let again = plan.manual_tasks.iter().find(by_hand).expect("the task");
    assert_eq!(again.issued_at, None);
    assert!(
        again.steps[0].starts_with("This task was ticked off on 20"),
        "{}",
        again.steps[0]
    );
    let issued: Vec<_> = plan
        .actions
        .iter()
        .filter_map(|it| it.task_id.as_ref())
        .collect();
    assert!(issued.contains(&&id));
    assert!(plan.dispositions[0].needs_a_look);

    night.later(1);
    night.accounts[0].status = AccountStatus::Inactive;
    assert!(night.plan().closed_tasks.contains(&id));
}

#[test]
fn what_goes_with_the_seats_is_not_done_because_it_is_gone() {
    let mut night = jane("phone=5550100");
    let plan = night.night();
    assert!(tasks(&plan).contains(&TaskKind::Number));
    night.later(1);
    night.accounts[0].status = AccountStatus::Inactive;
    night.night();

    // The number goes from an account that keeps its seats: somebody moved it.
    let mut moved = night.clone();
    moved.later(1);
    moved.accounts[0].phone_numbers.clear();
    assert!(!tasks(&moved.plan()).contains(&TaskKind::Number));

    night.later(30);
    night.accounts[0].phone_numbers.clear();
    night.accounts[0].licenses.clear();
    let plan = night.plan();
    assert_eq!(tasks(&plan), [TaskKind::Number]);
    assert!(plan.dispositions[0].needs_a_look, "it is overdue");
    for task in night.memory.tasks.values_mut() {
        task.state = TaskState::Done;
    }
    assert_eq!(tasks(&night.plan()), []);
}

// What SCIM showed before the plan: the identity provider has acted.
#[test]
fn a_sighting_counts_like_what_the_ledger_verified() {
    let mut night = jane("idp=okta");
    let waiting = night.night();
    assert_eq!(tasks(&waiting), [TaskKind::IdentityProvider]);
    night.later(1);
    let users_at = night.users_at;
    let sighting = Sighting {
        account: waiting.terminations[0].account.clone().expect("a key"),
        status: AccountStatus::Inactive,
        at: night.as_of,
    };
    night.memory = night.memory.with(&[sighting]);
    let seen = night.night();
    assert_eq!(seen.dispositions[0].reason, R::GracePeriod);
    assert_eq!(seen.terminations[0].deactivated_at, Some(night.as_of));
    assert_eq!(seen.closed_tasks.len(), 1, "the provider's");

    // The same report again, which is older and still shows her active.
    night.later(1);
    night.users_at = users_at;
    let again = night.plan();
    assert_eq!(again.dispositions[0].reason, R::GracePeriod);
    assert!(!again.dispositions[0].needs_a_look);

    // Killed after the sighting was recorded and before the plan was accepted.
    let mut killed = jane("idp=okta");
    killed.memory.accounts = night.memory.accounts.clone();
    killed.set_night(night.as_of);
    killed.users_at = users_at;
    assert_eq!(killed.plan().dispositions[0].reason, R::GracePeriod);

    // A newer report is believed.
    night.later(1);
    assert_ne!(night.plan().dispositions[0].reason, R::GracePeriod);
}

#[test]
fn a_second_writer_is_named_where_scim_may_stand_in() {
    let named = |deactivate| {
        let managed = |policy: &mut Policy| {
            policy.idp = IdentityProvider::Listed(["other.example".to_owned()].into());
        };
        let plan = jane("")
            .policy(fall_back(deactivate, MANUAL))
            .policy(managed);
        let findings = plan.plan().findings;
        findings
            .iter()
            .any(|it| it.contains("deactivate_fallback is \"scim\""))
    };
    assert!(named(SCIM));
    assert!(!named(MANUAL));
}
