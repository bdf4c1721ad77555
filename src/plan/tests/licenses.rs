//! What becomes of licences, and what people have to do.

use super::night::{changes, fates, id};
use crate::model::{
    AccountStatus, ActionKind, Channel, DataGate, Disposition as D, IdentityProvider, Policy,
    Reason as R, ReclaimRecord, StrandedSeats, TaskKind, TaskRecord, TaskState, TerminationState,
};
use crate::plan::{Phase, Plan, UponRefusal, task_id};
use crate::reconcile::tests::scenario::{Scenario, scenario};

/// Jane, whose account somebody deactivated long ago.
fn inactive(cells: &str) -> Scenario {
    let mut night = scenario()
        .hr("id=5 name=Jane_Doe date=2026-11-20")
        .account(&format!(
            "id=U1 user=jane employee=5 name=Jane_Doe status=inactive {cells}"
        ));
    night.night();
    night.later(10);
    night
}

fn active(cells: &str) -> Scenario {
    scenario()
        .hr("id=5 name=Jane_Doe date=2026-11-20")
        .account(&format!("id=U1 user=jane employee=5 name=Jane_Doe {cells}"))
}

fn tasks(plan: &Plan) -> Vec<TaskKind> {
    let mut kinds: Vec<TaskKind> = plan.manual_tasks.iter().map(|task| task.kind).collect();
    kinds.sort();
    kinds
}

#[test]
fn every_seat_is_one_removal_and_one_update_carries_them() {
    let plan = inactive("licenses=3").plan();
    let mut ids: Vec<&String> = plan
        .actions
        .iter()
        .filter(|action| action.kind == ActionKind::RemoveLicense)
        .map(|action| &action.id)
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each has its own id");
    let step = &plan.lanes[0].steps[0];
    assert_eq!((step.remove.len(), step.phase), (3, Phase::Removals));
    assert_eq!(step.upon_refusal, UponRefusal::RememberStranded);
}

// A seat keeps its action when another was freed meanwhile.
#[test]
fn an_action_is_the_same_when_it_is_planned_again() {
    let mut night = inactive("licenses=2 also=Fax-VOSVC0001-01-US");
    let first = night.plan();
    night.accounts[0].licenses.sort();
    night.accounts[0].licenses.remove(0);
    let second = night.plan();
    let ids = |plan: &Plan| -> Vec<String> {
        plan.actions
            .iter()
            .map(|action| action.id.clone())
            .collect()
    };
    assert!(ids(&second).iter().all(|id| ids(&first).contains(id)));
}

#[test]
fn without_a_grace_period_one_update_carries_both() {
    let at_once = |night: Scenario| night.policy(|p| p.remove_license_after_days = 0);
    let plan = at_once(active("licenses=2")).plan();
    assert_eq!(
        changes(&plan),
        ["deactivate jane", "remove jane", "remove jane"]
    );
    let step = &plan.lanes[0].steps[0];
    assert_eq!(plan.lanes.len(), 1);
    assert_eq!(step.actions().count(), 3);
    assert_eq!(step.upon_refusal, UponRefusal::DeactivateAlone);
    assert_eq!(plan.actions[1].depends_on, [plan.actions[0].id.clone()]);
    assert_eq!(
        plan.dispositions[0].next_due, None,
        "nothing is left for later"
    );
    let plan = at_once(active("licenses=0")).plan();
    assert_eq!(plan.lanes[0].steps[0].upon_refusal, UponRefusal::Fail);
    let acknowledged = at_once(active("")).policy(|p| p.data_gate = DataGate::Ack);
    assert_eq!(changes(&acknowledged.plan()), ["deactivate jane"]);
}

#[test]
fn deactivations_go_before_removals() {
    let plan = inactive("")
        .hr("id=6 name=Pat_Poe date=2026-12-07")
        .account("id=A user=pat employee=6 name=Pat_Poe")
        .plan();
    let phases: Vec<Phase> = plan.lanes.iter().map(|lane| lane.steps[0].phase).collect();
    assert_eq!(phases, [Phase::Deactivations, Phase::Removals]);
}

#[test]
fn some_licences_are_left_for_people() {
    let cases = [
        ("UC_Call_Recordings_Cold_Storage", TaskKind::KeptLicense),
        ("Additional_Local_Number", TaskKind::Number),
        ("X_Series_-_X8", TaskKind::ContactCenter),
    ];
    for (license, kind) in cases {
        let plan = inactive(&format!("licenses=0 also={license}")).plan();
        assert_eq!(changes(&plan), [] as [&str; 0], "{license}");
        assert_eq!(
            fates(&plan),
            [(D::AlreadyDone, R::NothingLeft)],
            "{license}"
        );
        assert_eq!(tasks(&plan), [kind], "{license}");
    }
    let night = inactive("").policy(|policy| policy.keep_licenses.push("X2".to_owned()));
    assert_eq!(tasks(&night.plan()), [TaskKind::KeptLicense]);
    // The policy cannot give number licences away: the API refuses them.
    let night = inactive("licenses=0 also=DID").policy(|policy| policy.keep_licenses.clear());
    assert_eq!(changes(&night.plan()), [] as [&str; 0]);
}

#[test]
fn tasks_are_issued_once_and_closed_when_they_are_moot() {
    let mut night = active("phone=5550100 device=VVX");
    let plan = night.night();
    let expected = [TaskKind::Voicemail, TaskKind::Number, TaskKind::Device];
    assert_eq!(tasks(&plan), expected);
    let issued = |plan: &Plan| {
        let actions = plan.actions.iter();
        actions
            .filter(|action| action.channel == Channel::Manual)
            .count()
    };
    assert_eq!(issued(&plan), 3);
    night.later(1);
    let plan = night.night();
    assert_eq!((tasks(&plan).len(), issued(&plan)), (3, 0));
    night.later(6);
    night.night();
    night.later(1);
    night.accounts[0].devices.clear();
    let plan = night.night();
    assert_eq!(
        (tasks(&plan), plan.closed_tasks.len()),
        (vec![TaskKind::Number, TaskKind::Device], 1),
        "the phone goes from the account with the seats, and was collected by nobody"
    );
    let line = &plan.dispositions[0];
    assert!(line.needs_a_look, "the number's task is overdue");
}

#[test]
fn nobody_is_asked_to_save_voicemail_that_goes_tonight() {
    let at_once = |policy: &mut Policy| policy.remove_license_after_days = 0;
    assert_eq!(tasks(&active("").policy(at_once).plan()), []);
    let by_hand = |policy: &mut Policy| {
        at_once(policy);
        policy.deactivate_by = Channel::Manual;
    };
    let expected = [TaskKind::Voicemail, TaskKind::DeactivateByHand];
    assert_eq!(tasks(&active("").policy(by_hand).plan()), expected);
}

#[test]
fn seats_of_the_same_licence_are_one_task() {
    let by_hand = inactive("licenses=3").policy(|policy| policy.remove_by_hand = true);
    let plan = by_hand.plan();
    assert_eq!(
        tasks(&plan),
        [TaskKind::Voicemail, TaskKind::RemoveLicenseByHand]
    );
    let mut ids: Vec<&String> = plan.actions.iter().map(|action| &action.id).collect();
    ids.sort();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "ids are unique");
    assert_eq!(fates(&plan), [(D::Waiting, R::ManualRemoval)]);
}

#[test]
fn a_tenant_that_frees_no_stranded_seats_leaves_them_to_people() {
    let manual = inactive("").policy(|policy| policy.stranded_seats = StrandedSeats::Manual);
    assert_eq!(fates(&manual.plan()), [(D::Waiting, R::ManualRemoval)]);
    let mut refused = inactive("");
    refused.memory.stranded_refused = true;
    assert_eq!(fates(&refused.plan()), [(D::Waiting, R::ManualRemoval)]);
}

/// A night on which the tenant has refused to free stranded seats before, and
/// the policy is to reclaim them.
fn reclaiming(cells: &str) -> Scenario {
    let mut night = inactive(cells).policy(|policy| policy.stranded_seats = StrandedSeats::Reclaim);
    night.memory.stranded_refused = true;
    night
}

#[test]
fn stranded_seats_are_reclaimed_once_the_tenant_refused_to_free_one() {
    let direct = inactive("").policy(|policy| policy.stranded_seats = StrandedSeats::Reclaim);
    assert_eq!(direct.plan().lanes[0].steps[0].phase, Phase::Removals);

    let mut night = reclaiming("");
    let plan = night.plan();
    assert_eq!(fates(&plan), [(D::Planned, R::RemovalDue)]);
    let mut kinds = changes(&plan);
    kinds.sort();
    assert_eq!(kinds, ["deactivate jane", "reactivate jane", "remove jane"]);
    let [opening, freeing, closing] = &plan.lanes[0].steps[..] else {
        panic!("three steps: {:?}", plan.lanes)
    };
    assert!(
        plan.lanes[0]
            .steps
            .iter()
            .all(|step| step.phase == Phase::Reclaims)
    );
    assert!(opening.reactivate.is_some() && closing.deactivate.is_some());
    assert_eq!(freeing.remove.len(), 1);
    assert_eq!(opening.expected.status, AccountStatus::Inactive);
    assert_eq!(freeing.expected.status, AccountStatus::Active);
    let mut ids: Vec<&String> = plan.lanes[0].steps.iter().map(|step| &step.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    // It frees somebody's licences and ends nobody's access.
    let measured = |name: &str| {
        let guard = plan.guards.iter().find(|it| it.name.starts_with(name));
        guard.expect(name).measured
    };
    assert_eq!(measured("deactivations in this run"), 0);
    assert_eq!(measured("licence removals in this run"), 1);
    let depends = |kind| {
        let action = plan.actions.iter().find(|it| it.kind == kind);
        action.expect("an action").depends_on.clone()
    };
    let first = opening.reactivate.clone().into_iter().collect::<Vec<_>>();
    assert_eq!(depends(ActionKind::RemoveLicense), first);
    assert_eq!(depends(ActionKind::Deactivate), first);
    // The same night after night, as long as it does not succeed.
    let again = night.night();
    let ids = |plan: &Plan| plan.lanes.clone();
    assert_eq!(ids(&again), ids(&plan));
}

#[test]
fn nobody_is_reactivated_whom_an_identity_provider_manages_or_who_is_left_to_people() {
    let by_hand = [(D::Waiting, R::ManualRemoval)];
    let managed = reclaiming("idp=okta");
    assert_eq!(fates(&managed.plan()), by_hand);
    let everybody = reclaiming("").policy(|policy| policy.idp = IdentityProvider::All);
    assert_eq!(fates(&everybody.plan()), by_hand);
    let manual = reclaiming("").policy(|policy| policy.deactivate_by = Channel::Manual);
    assert_eq!(fates(&manual.plan()), by_hand);
    for plan in [managed.plan(), everybody.plan(), manual.plan()] {
        assert_eq!(changes(&plan), Vec::<String>::new());
    }
    // A run found out that a provider manages it, which the report does not say.
    let mut night = reclaiming("");
    let plan = night.plan();
    let termination = plan.actions[0]
        .subject
        .termination
        .clone()
        .expect("a leaver");
    let id = task_id(TaskKind::RemoveLicenseByHand, termination.as_str(), "");
    night.memory.tasks.insert(
        id.clone(),
        TaskRecord {
            id: id.clone(),
            kind: TaskKind::RemoveLicenseByHand,
            termination: Some(termination),
            state: TaskState::Open,
            due: None,
            issued_at: plan.as_of,
            ticked_off_at: None,
        },
    );
    let plan = night.plan();
    assert_eq!(
        (fates(&plan), changes(&plan)),
        (by_hand.to_vec(), Vec::new())
    );
    let task = plan.manual_tasks.iter().find(|task| task.id == id);
    let mut steps = task.expect("the task").steps.iter();
    assert!(steps.any(|step| step.ends_with("remove its licences; save.")));
}

/// The program itself reactivated the account: nobody is back.
#[test]
fn an_account_that_is_still_reactivated_is_not_a_conflict() {
    let mut night = reclaiming("");
    let lane = night.night().lanes[0].clone();
    for row in &mut night.accounts {
        row.status = AccountStatus::Active;
    }
    let known = night.memory.accounts.get_mut(&lane.account);
    known.expect("the account").status = AccountStatus::Active;
    night.memory.open_reclaims.insert(
        lane.account.clone(),
        ReclaimRecord {
            plan_id: "plan-1".to_owned(),
            account: lane.account,
            user_id: "U1".to_owned(),
            opened_at: night.as_of,
            closed_at: None,
        },
    );
    let plan = night.plan();
    assert_eq!(fates(&plan), [(D::Waiting, R::ReclaimOpen)]);
    assert!(plan.dispositions[0].needs_a_look);
    assert_eq!(changes(&plan), Vec::<String>::new());
}

#[test]
fn the_licence_of_a_hot_desks_host_stays_while_its_task_is_open() {
    let mut night = inactive("");
    let plan = night.plan();
    let removal = plan.actions.iter().find(|action| action.license.is_some());
    let removal = removal.expect("a removal");
    let termination = removal.subject.termination.clone().expect("a leaver");
    let license = removal.license.as_ref().expect("a licence");
    let id = task_id(TaskKind::HotDesk, termination.as_str(), &license.raw);
    let task = TaskRecord {
        id: id.clone(),
        kind: TaskKind::HotDesk,
        termination: Some(termination),
        state: TaskState::Open,
        due: None,
        issued_at: plan.as_of,
        ticked_off_at: None,
    };
    night.memory.tasks.insert(id.clone(), task);
    let held = night.plan();
    assert_eq!(changes(&held), Vec::<String>::new());
    assert!(held.manual_tasks.iter().any(|task| task.id == id));
    for task in night.memory.tasks.values_mut() {
        task.state = TaskState::Done;
    }
    assert_eq!(changes(&night.plan()), ["remove jane"]);
}

#[test]
fn the_data_gate_waits_for_the_voicemail_task_and_for_nothing_else() {
    let gated = |cells: &str| inactive(cells).policy(|policy| policy.data_gate = DataGate::Ack);
    let mut night = gated("");
    assert_eq!(fates(&night.night()), [(D::Waiting, R::DataGate)]);
    for task in night.memory.tasks.values_mut() {
        task.state = TaskState::Done;
    }
    assert_eq!(changes(&night.plan()), ["remove jane"]);
    // No voicemail hangs on storage, so nobody is asked.
    let storage = gated("licenses=0 also=Hot_Storage").policy(|p| p.keep_licenses.clear());
    assert_eq!(changes(&storage.plan()), ["remove jane"]);
}

#[test]
fn a_person_deactivates_where_the_policy_says_so() {
    let plan = active("")
        .policy(|policy| policy.deactivate_by = Channel::Manual)
        .plan();
    assert_eq!(changes(&plan), [] as [&str; 0]);
    assert_eq!(
        tasks(&plan),
        [TaskKind::Voicemail, TaskKind::DeactivateByHand]
    );
    assert!(plan.dispositions[0].needs_a_look);
}

// A patch of `active` carries nothing else.
#[test]
fn over_scim_access_ends_alone_even_without_a_grace_period() {
    let over_scim = |policy: &mut crate::model::Policy| {
        policy.deactivate_by = Channel::Scim;
        policy.remove_license_after_days = 0;
    };
    let plan = active("").policy(over_scim).plan();
    assert_eq!(changes(&plan), ["deactivate jane"]);
    let step = &plan.lanes[0].steps[0];
    assert_eq!((step.channel, step.remove.len()), (Channel::Scim, 0));
    let mut kinds = plan.actions.iter();
    let deactivation = kinds.find(|action| action.kind == ActionKind::Deactivate);
    assert_eq!(deactivation.expect("one").channel, Channel::Scim);
    assert!(
        plan.dispositions[0].next_due.is_some(),
        "the seats' turn comes"
    );

    let managed = active("idp=okta").policy(over_scim).plan();
    assert_eq!(changes(&managed), [] as [&str; 0]);
    assert_eq!(tasks(&managed), [TaskKind::IdentityProvider]);
}

#[test]
fn the_identity_provider_deactivates_and_we_free_the_seats() {
    let mut night = active("idp=okta");
    let plan = night.night();
    assert_eq!(changes(&plan), [] as [&str; 0]);
    assert_eq!(fates(&plan), [(D::IdpManaged, R::IdentityProvider)]);
    assert_eq!(tasks(&plan), [TaskKind::IdentityProvider]);
    assert!(plan.dispositions[0].needs_a_look);
    night.accounts[0].status = crate::model::AccountStatus::Inactive;
    night.later(1);
    let plan = night.night();
    assert_eq!(
        (fates(&plan)[0].1, plan.closed_tasks.len()),
        (R::GracePeriod, 1)
    );
    night.later(7);
    assert_eq!(changes(&night.night()), ["remove jane"]);
}

#[test]
fn the_record_says_how_far_it_has_come() {
    let state = |plan: &Plan| plan.terminations[0].state;
    assert_eq!(state(&active("").plan()), TerminationState::Open);
    assert_eq!(state(&inactive("").plan()), TerminationState::Spent);
    assert_eq!(
        state(&inactive("licenses=0").plan()),
        TerminationState::Settled
    );
}

// The device was off the report for a night.
#[test]
fn a_task_that_seemed_moot_is_issued_again() {
    let device = |plan: &Plan| {
        let mut found = plan.manual_tasks.iter();
        found.find(|it| it.kind == TaskKind::Device).cloned()
    };
    let issued = |plan: &Plan, id: &str| {
        let mut actions = plan.actions.iter();
        actions.any(|action| action.task_id.as_deref() == Some(id))
    };
    let mut night = active("device=VVX");
    let first = device(&night.night()).expect("a task");
    night.later(1);
    let devices = std::mem::take(&mut night.accounts[0].devices);
    assert_eq!(night.night().closed_tasks, [first.id.as_str()]);
    assert_eq!(night.memory.tasks[&first.id].state, TaskState::Observed);

    night.later(1);
    night.accounts[0].devices = devices;
    let mut done = night.clone();
    let plan = night.night();
    let again = device(&plan).expect("the task again");
    assert_eq!((&again.id, again.issued_at), (&first.id, None));
    assert!(issued(&plan, &first.id));
    night.later(1);
    let plan = night.plan();
    let open = device(&plan).expect("it is open");
    assert_eq!(
        open.issued_at,
        Some(night.memory.tasks[&first.id].issued_at)
    );
    assert!(!issued(&plan, &first.id), "only once");

    // Unlike one that somebody did.
    let task = done.memory.tasks.get_mut(&first.id).expect("a task");
    task.state = TaskState::Done;
    let plan = done.plan();
    assert_eq!(device(&plan), None);
    assert!(!issued(&plan, &first.id));
}

// The API said on an earlier night what the report does not say.
#[test]
fn an_account_that_was_handed_to_the_identity_provider_stays_there() {
    let kind = TaskKind::IdentityProvider;
    let handed = |state| {
        let mut night = active("");
        let termination = id("employee:5@2026-11-20");
        let task = TaskRecord {
            id: crate::plan::task_id(kind, termination.as_str(), ""),
            kind,
            termination: Some(termination),
            state,
            due: Some(night.as_of),
            issued_at: night.as_of,
            ticked_off_at: None,
        };
        night.memory.tasks.insert(task.id.clone(), task);
        night.later(1);
        night
    };
    let mut night = handed(TaskState::Open);
    for _ in 0..2 {
        let plan = night.night();
        assert_eq!(changes(&plan), [] as [&str; 0]);
        assert_eq!(fates(&plan), [(D::IdpManaged, R::IdentityProvider)]);
        assert_eq!(tasks(&plan), [kind], "it stays open");
        assert_eq!(plan.closed_tasks, [] as [&str; 0]);
        assert!(plan.dispositions[0].needs_a_look);
        night.later(1);
    }
    night.accounts[0].status = crate::model::AccountStatus::Inactive;
    let plan = night.night();
    assert_eq!(fates(&plan), [(D::Waiting, R::GracePeriod)]);
    assert_eq!(plan.closed_tasks.len(), 1);
    // Whoever says that it is done leaves the account to us.
    let plan = handed(TaskState::Done).plan();
    assert_eq!(changes(&plan), ["deactivate jane"]);
}
