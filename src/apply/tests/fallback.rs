//! A tenant without a method to update users: what stands in, once it is known.

use super::super::breaker::Circuit;
use super::resumption::killed_after;
use super::*;
use crate::ledger::{AttemptEnd, Entry};
use crate::model::TaskKind;
use crate::plan::{Alternative, ManualTask, StandIn, task_id};
use crate::sandbox::UpdateSupport;

/// What the plan says for such a tenant.
#[derive(Clone, Copy)]
enum Fallback {
    None,
    Manual,
    Scim,
}

/// A night in a tenant that answers updates so.
fn without_updates(work: &[Work], update: UpdateSupport, fallback: Fallback) -> Night {
    without_updates_in(work, fallback, |options| options.update = update)
}

fn without_updates_in(
    work: &[Work],
    fallback: Fallback,
    change: impl FnOnce(&mut Options),
) -> Night {
    let mut night = Night::in_tenant(work, change);
    for step in night.plan.lanes.iter_mut().flat_map(|lane| &mut lane.steps) {
        step.upon_not_implemented = alternative(step, fallback);
    }
    night
}

fn alternative(step: &Step, fallback: Fallback) -> Option<Alternative> {
    let removals = step.remove.iter().map(|removal| &removal.action);
    let carried: Vec<&String> = match &step.deactivate {
        Some(deactivate) => vec![deactivate],
        None => removals.collect(),
    };
    match fallback {
        Fallback::None => None,
        Fallback::Manual => Some(Alternative::ByHand(
            carried.into_iter().map(|action| stand_in(action)).collect(),
        )),
        Fallback::Scim => Some(Alternative::Step(Box::new(Step {
            id: format!("{}-scim", step.id),
            channel: Channel::Scim,
            remove: Vec::new(),
            upon_refusal: UponRefusal::Fail,
            ..step.clone()
        }))),
    }
}

fn stand_in(action: &str) -> StandIn {
    StandIn {
        action: action.to_owned(),
        task: ManualTask {
            id: task_id(TaskKind::DeactivateByHand, action, ""),
            kind: TaskKind::DeactivateByHand,
            termination: None,
            line: None,
            subject: String::new(),
            username: String::new(),
            steps: Vec::new(),
            who: String::new(),
            due: Some(tonight()),
            issued_at: None,
        },
    }
}

fn requests(night: &Night, method: &str) -> usize {
    let entries = night.tenant.entries();
    entries.iter().filter(|it| it.method == method).count()
}

fn tallied<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected
        .map(|(word, count)| (word.to_owned(), count))
        .into()
}

const ANSWERS: [UpdateSupport; 2] = [
    UpdateSupport::MethodNotAllowed,
    UpdateSupport::NotImplemented,
];

#[tokio::test(start_paused = true)]
async fn one_update_finds_out_and_people_take_over() {
    for update in ANSWERS {
        let night = without_updates(&several(40), update, Fallback::Manual);
        let outcomes = night.run().await;
        assert_eq!(tally(&outcomes), tallied([("manual not_supported", 40)]));
        assert_eq!(requests(&night, "PUT"), 1, "nobody else tries");
        let memory = night.memory();
        assert_eq!(memory.tasks.len(), 40);
        assert!(memory.updates_refused_at.is_some_and(|at| at >= tonight()));
        let attempts = night.attempts();
        assert_eq!(attempts.len(), 1);
        let end = attempts[0].end.map(|(end, _)| end);
        assert_eq!(end, Some(AttemptEnd::Failed), "it certainly did nothing");
        // Whoever found it out is told the same as everybody.
        let told: BTreeSet<_> = outcomes
            .values()
            .map(|it| (it.http_status, it.channel, &it.before, &it.after))
            .collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(night.stop.reason(), None, "no breaker opens");
        assert_well_behaved(&night.tenant.report());

        // Carried on, it sends nothing and issues nothing again.
        let sent = night.tenant.entries().len();
        assert_eq!(night.run().await, outcomes);
        assert_eq!(night.tenant.entries().len(), sent);
    }
}

#[tokio::test(start_paused = true)]
async fn access_ends_over_scim_in_the_same_run() {
    for update in ANSWERS {
        let night = without_updates(&several(40), update, Fallback::Scim);
        let outcomes = night.run().await;
        assert_eq!(tally(&outcomes), tallied([("succeeded", 40)]));
        assert_eq!(
            (requests(&night, "PUT"), requests(&night, "PATCH")),
            (1, 40)
        );
        for record in outcomes.values() {
            assert_eq!(record.channel, Some(Channel::Scim));
            assert_eq!((&*record.before, &*record.after), ("active", "deactivated"));
        }
        assert!(night.account(7).await.starts_with("deactivated"));
        assert_eq!(night.open_attempts(), 0);
        assert_well_behaved(&night.tenant.report());
    }
}

#[tokio::test(start_paused = true)]
async fn what_stands_in_has_the_breaker_of_its_own_channel() {
    let night =
        without_updates(&several(60), ANSWERS[0], Fallback::Scim).with_faults(|method, _, _| {
            (method == "PATCH").then(|| Fault::Answer(409, serde_json::json!({})))
        });
    let outcomes = night.run().await;
    let tally = tally(&outcomes);
    assert!((5..=20).contains(&tally["failed refused"]), "{tally:?}");
    assert!(tally["deferred breaker"] >= 40, "{tally:?}");
    let is_open = |channel| {
        let kind = ActionKind::Deactivate;
        night.stop.breakers().is_open(Circuit { kind, channel })
    };
    assert!(is_open(Channel::Scim));
    assert!(!is_open(Channel::AdminApi));
    // Nothing more is read of those for whom nothing will be sent.
    assert!(requests(&night, "GET") <= 60, "{}", requests(&night, "GET"));
}

#[tokio::test(start_paused = true)]
async fn with_nothing_to_stand_in_one_fails_and_the_others_wait() {
    let night = without_updates(&several(30), ANSWERS[0], Fallback::None);
    let outcomes = night.run().await;
    let expected = tallied([("failed not_supported", 1), ("deferred not_supported", 29)]);
    assert_eq!(tally(&outcomes), expected);
    let failed = outcomes.values().find(|it| is(it, Outcome::Failed));
    let failed = failed.expect("whoever found out");
    assert_eq!(failed.http_status, Some(405));
    assert!(
        failed.detail.contains("deactivate_fallback"),
        "{}",
        failed.detail
    );
    assert_eq!(requests(&night, "PUT"), 1);
}

#[tokio::test(start_paused = true)]
async fn removals_are_handed_over_and_nothing_is_called_stranded() {
    let work: Vec<Work> = (1..=12).map(Work::Remove).collect();
    let night = without_updates(&work, ANSWERS[1], Fallback::Manual);
    let outcomes = night.run().await;
    assert_eq!(tally(&outcomes), tallied([("manual not_supported", 24)]));
    assert_eq!(requests(&night, "PUT"), 1);
    assert!(!night.memory().stranded_refused);
}

#[tokio::test(start_paused = true)]
async fn the_removals_of_one_update_wait_until_access_has_ended() {
    for (fallback, expected) in [
        (Fallback::Manual, "manual not_supported"),
        (Fallback::Scim, "succeeded"),
    ] {
        let night = without_updates(&[Work::Both(1)], ANSWERS[0], fallback);
        let outcomes = night.run().await;
        let expected = tallied([(expected, 1), ("deferred not_supported", 2)]);
        assert_eq!(tally(&outcomes), expected);
        // They are a later plan's.
        assert_eq!(tally(&night.run().await), expected);
        assert_eq!(requests(&night, "PUT"), 1);
    }
}

// Somebody deactivated the account meanwhile, so SCIM has nothing to do.
#[tokio::test(start_paused = true)]
async fn what_ended_before_the_update_is_not_done_again_over_scim() {
    let night = without_updates_in(&[Work::Both(1)], Fallback::Scim, |options| {
        options.update = ANSWERS[0];
        options.seed.users[0].active = false;
    });
    let outcomes = night.run().await;
    let expected = tallied([("already_done", 1), ("deferred not_supported", 2)]);
    assert_eq!(tally(&outcomes), expected);
    let entries = night.tenant.entries();
    assert!(
        entries.iter().all(|it| !it.path.contains("scim")),
        "{entries:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_needs_nothing_and_who_is_somebody_else_is_told_so() {
    let mut night = without_updates_in(&several(3), Fallback::Manual, |options| {
        options.update = ANSWERS[0];
        options.seed.users[1].active = false;
    });
    let expected = &mut night.plan.lanes[2].steps[0].expected;
    expected.email = crate::model::EmailAddress::parse("somebody.else@example.com");
    let outcomes = night.run().await;
    let expected = BTreeMap::from([
        ("deactivate-0001", "manual not_supported".to_owned()),
        ("deactivate-0002", "already_done".to_owned()),
        ("deactivate-0003", "skipped drifted".to_owned()),
    ]);
    assert_eq!(words(&outcomes), expected);
    assert_eq!(night.memory().tasks.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_update_that_may_have_been_made_says_nothing_about_the_method() {
    let night = Night::new(&several(20))
        .with_faults(|method, _, nth| (method == "PUT" && nth == 1).then_some(Fault::LostAfter));
    assert_eq!(tally(&night.run().await), tallied([("succeeded", 20)]));
    assert_eq!(night.memory().updates_refused_at, None);
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_takes_updates_by_now_is_believed() {
    let night = Night::new(&several(3));
    let refused = Entry::UpdatesRefused {
        at: "2026-11-01T22:00:00Z".parse().expect("a time"),
    };
    night.ledger().record(&[refused]).expect("a record");
    assert_eq!(tally(&night.run().await), tallied([("succeeded", 3)]));
    assert_eq!(night.memory().updates_refused_at, None);
}

// Another plan found it out after this one was made.
#[tokio::test(start_paused = true)]
async fn what_another_plan_found_out_is_not_tried_again() {
    let night = without_updates(&several(3), ANSWERS[0], Fallback::Manual);
    let refused = Entry::UpdatesRefused { at: tonight() };
    night.ledger().record(&[refused]).expect("a record");
    let expected = tallied([("manual not_supported", 3)]);
    assert_eq!(tally(&night.run().await), expected);
    assert_eq!(requests(&night, "PUT"), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_token_the_deactivation_is_put_off() {
    let night = without_updates(&several(3), ANSWERS[0], Fallback::Scim);
    let mut execution = night.execution();
    execution.servers.scim = None;
    let (ledger, recorded) = execute(execution, night.ledger()).await;
    recorded.expect("a ledger that can be written");
    let outcomes = ledger.outcomes(&night.plan.plan_id).expect("outcomes");
    assert_eq!(tally(&outcomes), tallied([("deferred not_authorized", 3)]));
    drop(ledger);
    assert_eq!(tally(&night.run().await), tallied([("succeeded", 3)]));
}

#[tokio::test(start_paused = true)]
async fn a_vetoed_deactivation_gets_no_task() {
    let mut night = without_updates(&several(2), ANSWERS[0], Fallback::Manual);
    let veto = Veto {
        outcome: Outcome::Held,
        reason: OutcomeReason::ReviewHold,
    };
    night.vetoes.insert("deactivate-0001".to_owned(), veto);
    let expected = tallied([("held review_hold", 1), ("manual not_supported", 1)]);
    assert_eq!(tally(&night.run().await), expected);
    assert_eq!(night.memory().tasks.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_is_carried_on_to_the_same_end() {
    let work: Vec<Work> = (1..=6)
        .map(Work::Deactivate)
        .chain([Work::Both(7)])
        .collect();
    for (fallback, expected) in [
        (Fallback::Manual, "manual not_supported"),
        (Fallback::Scim, "succeeded"),
    ] {
        for milliseconds in (50..12_000).step_by(250) {
            let night = without_updates(&work, ANSWERS[0], fallback);
            killed_after(&night, Duration::from_millis(milliseconds)).await;
            let what = format!("killed after {milliseconds} ms");
            let all = tallied([(expected, 7), ("deferred not_supported", 2)]);
            assert_eq!(tally(&night.run().await), all, "{what}");
            assert_eq!(night.open_attempts(), 0, "{what}");
            assert!(requests(&night, "PUT") <= 2, "{what}");
            assert_well_behaved(&night.tenant.report());
        }
    }
}
