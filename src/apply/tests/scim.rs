//! Deactivations over SCIM: the same promises as over the Administration API,
//! and what is SCIM's own.

use serde_json::json;

use super::resumption::killed_after;
use super::*;
use crate::ledger::AttemptEnd;
use crate::model::Text;
use crate::sandbox::{ListScope, PatchAnswer};

/// The night's deactivations go out over SCIM.
pub(super) fn over_scim(work: &[Work], change: impl FnOnce(&mut Options)) -> Night {
    let mut night = Night::in_tenant(work, change);
    let steps = night.plan.lanes.iter_mut().flat_map(|lane| &mut lane.steps);
    for step in steps.filter(|step| step.phase == Phase::Deactivations) {
        step.channel = Channel::Scim;
    }
    night
}

fn undisturbed() -> Night {
    over_scim(&one(), |_| {})
}

/// The first patch meets the fault.
fn with_fault(fault: Fault) -> Night {
    undisturbed()
        .with_faults(move |method, _, nth| (method == "PATCH" && nth == 1).then(|| fault.clone()))
}

fn ends(night: &Night) -> Vec<Option<AttemptEnd>> {
    let attempts = night.attempts().into_iter();
    attempts.map(|row| row.end.map(|(end, _)| end)).collect()
}

fn requests(night: &Night, method: &str) -> usize {
    let entries = night.tenant.entries();
    entries.iter().filter(|it| it.method == method).count()
}

async fn only_outcome(night: &Night) -> OutcomeRecord {
    night.run().await["deactivate-0001"].clone()
}

#[tokio::test(start_paused = true)]
async fn access_ends_with_a_search_a_patch_and_a_look() {
    for answer in [PatchAnswer::Resource, PatchAnswer::NoContent] {
        let night = over_scim(&one(), |options| options.scim.patch_answer = answer);
        let record = only_outcome(&night).await;
        assert_eq!((word(&record).as_str(), record.attempts), ("succeeded", 1));
        assert_eq!(record.http_status, Some(200), "the look's");
        assert_eq!((&*record.before, &*record.after), ("active", "deactivated"));
        assert!(record.operation_id.is_none() && record.request_id.is_some());
        assert_eq!(ends(&night), [Some(AttemptEnd::Changed)]);
        assert_eq!((requests(&night, "GET"), requests(&night, "PATCH")), (2, 1));
        let spent = &night.memory().terminations[&termination(1).termination.id()];
        assert_eq!(spent.state, TerminationState::Spent);
        // The seats stay.
        let seen = night.account(1).await;
        assert!(seen.starts_with("deactivated; "), "{seen}");
        assert!(
            seen.contains("X2") && seen.contains("Cold Storage"),
            "{seen}"
        );
        // And nothing is left to do.
        night.run().await;
        assert_well_behaved(&night.tenant.report());
    }
}

#[tokio::test(start_paused = true)]
async fn both_apis_keep_their_limits_side_by_side() {
    let work: Vec<Work> = (1..=150)
        .map(Work::Deactivate)
        .chain((151..=160).map(Work::Remove))
        .collect();
    let night = over_scim(&work, |_| {});
    let all = BTreeMap::from([("succeeded".to_owned(), 150 + 20)]);
    assert_eq!(tally(&night.run().await), all);
    assert_eq!(requests(&night, "PATCH"), 150);
    assert_well_behaved(&night.tenant.report());
}

#[tokio::test(start_paused = true)]
async fn who_is_deactivated_already_is_not_written() {
    let night = over_scim(&one(), |options| options.seed.users[0].active = false);
    assert_eq!(word(&only_outcome(&night).await), "already_done");
    assert_eq!((requests(&night, "PATCH"), night.attempts().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_is_not_shown_is_never_called_done() {
    // Nobody of that name, and somebody whom the list hides.
    let renamed = over_scim(&one(), |options| {
        options.seed.users[0].username = "someone@example.com".to_owned();
    });
    let hidden = over_scim(&one(), |options| {
        options.scim.list_scope = ListScope::Provisioned;
    });
    for night in [renamed, hidden] {
        let record = only_outcome(&night).await;
        assert_eq!(word(&record), "failed not_found");
        assert!(record.detail.contains("list scope"), "{}", record.detail);
        assert_eq!((requests(&night, "PATCH"), night.attempts().len()), (0, 0));
    }
    let night = over_scim(&one(), |options| {
        options.scim.list_scope = ListScope::Provisioned;
        options.seed.users[0].scim_provider = Some("Okta".to_owned());
    });
    assert_eq!(word(&only_outcome(&night).await), "succeeded");
}

#[tokio::test(start_paused = true)]
async fn without_a_username_nobody_is_looked_for() {
    let mut night = undisturbed();
    night.plan.lanes[0].username = None;
    let record = only_outcome(&night).await;
    assert_eq!(word(&record), "failed not_found");
    assert!(record.detail.contains("finds accounts by username"));
    assert_eq!(requests(&night, "GET"), 0, "not by an id of another API");
}

#[tokio::test(start_paused = true)]
async fn two_of_one_name_are_nobody() {
    let user = |id| json!({"id": id, "userName": "user0001@example.com", "active": true});
    let night = undisturbed().with_faults(move |_, path, _| {
        let two = json!({"totalResults": 2, "Resources": [user("U0001"), user("U0002")]});
        (path == "/Users").then_some(Fault::Answer(200, two))
    });
    assert_eq!(word(&only_outcome(&night).await), "skipped drifted");
    assert_eq!(requests(&night, "PATCH"), 0);
}

#[tokio::test(start_paused = true)]
async fn somebody_else_is_drifted() {
    let email = over_scim(&one(), |options| {
        options.seed.users[0].email = "somebody.else@example.com".to_owned();
    });
    let newer = over_scim(&one(), |options| {
        options.seed.users[0].created = Some(tonight());
    });
    // A placeholder is nobody's address: then the name has to do.
    let mut name = over_scim(&one(), |options| {
        options.seed.users[0].email = "noreply@8x8.com".to_owned();
    });
    name.plan.lanes[0].steps[0].expected.name = PersonName {
        first: "Kim".into(),
        last: "Other".into(),
        full: Text::new(),
    };
    for night in [email, newer, name] {
        assert_eq!(word(&only_outcome(&night).await), "skipped drifted");
        assert_eq!(requests(&night, "PATCH"), 0);
    }
    let mut same = over_scim(&one(), |options| {
        options.seed.users[0].email = "noreply@8x8.com".to_owned();
    });
    same.plan.lanes[0].steps[0].expected.name = PersonName {
        first: "Robin".into(),
        last: "Married".into(),
        full: Text::new(),
    };
    assert_eq!(word(&only_outcome(&same).await), "succeeded");
}

#[tokio::test(start_paused = true)]
async fn ids_of_the_two_apis_need_not_agree() {
    let mut night = undisturbed();
    night.plan.lanes[0].steps[0].expected.user_id = UserId::parse("another");
    assert_eq!(word(&only_outcome(&night).await), "succeeded");
}

#[tokio::test(start_paused = true)]
async fn a_status_that_is_no_boolean_is_drifted() {
    let user = |active: Value| json!({"id": "U0001", "userName": "user0001@example.com", "active": active});
    for active in [json!("true"), json!(null)] {
        let list = json!({"totalResults": 1, "Resources": [user(active)]});
        let alone = list["Resources"][0].clone();
        let night = undisturbed().with_faults(move |_, path, _| match path {
            "/Users" => Some(Fault::Answer(200, list.clone())),
            _ => Some(Fault::Answer(200, alone.clone())),
        });
        assert_eq!(word(&only_outcome(&night).await), "skipped drifted");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_shows_no_status_leaves_it_to_the_user_itself() {
    let user = json!({"id": "U0001", "userName": "user0001@example.com"});
    let list = json!({"totalResults": 1, "Resources": [user]});
    let night = undisturbed().with_faults(move |_, path, _| {
        (path == "/Users").then(|| Fault::Answer(200, list.clone()))
    });
    assert_eq!(word(&only_outcome(&night).await), "succeeded");
    assert_eq!(requests(&night, "PATCH"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_is_looked_for_and_not_sent_again() {
    for fault in [
        Fault::LostAfter,
        Fault::StatusAfter(500),
        Fault::StatusAfter(408),
        Fault::StatusAfter(302),
    ] {
        let night = with_fault(fault);
        let record = only_outcome(&night).await;
        assert_eq!((word(&record).as_str(), record.attempts), ("succeeded", 1));
        assert_eq!(requests(&night, "PATCH"), 1);
        assert_well_behaved(&night.tenant.report());
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_certainly_not_carried_out_gets_an_intent_of_its_own() {
    for fault in [Fault::LostBefore, Fault::Answer(503, json!({}))] {
        let night = with_fault(fault);
        let record = only_outcome(&night).await;
        assert_eq!((word(&record).as_str(), record.attempts), ("succeeded", 2));
        let expected = [Some(AttemptEnd::NotApplied), Some(AttemptEnd::Changed)];
        assert_eq!(ends(&night), expected);
        let attempts = night.attempts();
        let waited = attempts[1].intent.at.duration_since(attempts[0].intent.at);
        assert!(waited.as_secs() >= 300, "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_that_changed_nothing_is_a_failure() {
    let accepted = json!({"id": "U0001", "userName": "user0001@example.com", "active": false});
    let night = with_fault(Fault::Answer(200, accepted));
    let record = only_outcome(&night).await;
    assert_eq!(word(&record), "failed not_changed");
    assert_eq!(ends(&night), [Some(AttemptEnd::Failed)]);
    assert!(night.account(1).await.starts_with("active"));
}

#[tokio::test(start_paused = true)]
async fn refusals_of_one_patch_fail_that_action() {
    for (status, expected) in [
        (400, "failed refused"),
        (403, "failed not_authorized"),
        (404, "failed not_found"),
        (409, "failed refused"),
        (405, "failed not_supported"),
        (501, "failed not_supported"),
    ] {
        let night = undisturbed().with_faults(move |method, _, _| {
            let body = json!({"status": status.to_string(), "detail": "the service says no"});
            (method == "PATCH").then_some(Fault::Answer(status, body))
        });
        let record = only_outcome(&night).await;
        assert_eq!(word(&record), expected, "{status}");
        let told = record.detail.contains("the service says no");
        assert!(told, "{}", record.detail);
        assert_eq!(night.open_attempts(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_accepted_stops_all() {
    for status in [401, 403] {
        let night = over_scim(&several(30), |_| {}).with_faults(move |_, path, _| {
            path.starts_with("/Users")
                .then(|| Fault::Answer(status, json!({})))
        });
        let outcomes = night.run().await;
        let expected = BTreeMap::from([("deferred not_authorized".to_owned(), 30)]);
        assert_eq!(tally(&outcomes), expected);
        assert_eq!(night.stop.reason(), Some(crate::apply::Stop::NotAuthorized));
        // With a valid one the plan is carried on.
        let night = night.restarted();
        assert_eq!(tally(&night.run().await).get("succeeded"), Some(&30));
    }
}

#[tokio::test(start_paused = true)]
async fn a_429_is_waited_for() {
    for (seconds, intents) in [(10, 1), (1000, 2)] {
        let night = with_fault(Fault::Throttled(seconds));
        let record = only_outcome(&night).await;
        assert_eq!(word(&record), "succeeded");
        assert_eq!(record.attempts, intents);
        assert_eq!(night.tenant.report().writes, 1);
        assert_eq!(night.open_attempts(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_nobody_can_read_back_is_unknown_and_settled_later() {
    let night = undisturbed().with_faults(|method, path, _| {
        let read_back = method == "GET" && path.starts_with("/Users/");
        read_back.then(|| Fault::Answer(503, json!({})))
    });
    assert_eq!(word(&only_outcome(&night).await), "unknown no_answer");
    assert_eq!(night.open_attempts(), 1);
    let night = night.restarted();
    let outcomes = night.settle().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "succeeded");
    assert_eq!(
        (night.open_attempts(), night.tenant.report().writes),
        (0, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn an_open_patch_keeps_another_plan_away_over_either_api() {
    for channel in [Channel::Scim, Channel::AdminApi] {
        let mut night = undisturbed().with_faults(|method, path, _| {
            let read_back = method == "GET" && path.starts_with("/Users/");
            read_back.then(|| Fault::Answer(503, json!({})))
        });
        night.run().await;
        night.plan = plan_of("plan-2", &one());
        night.plan.lanes[0].steps[0].channel = channel;
        let night = night.restarted();
        assert_eq!(word(&only_outcome(&night).await), "unknown no_answer");
        assert_eq!(night.tenant.report().writes, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_token_nothing_is_sent_and_nothing_is_closed() {
    let night = undisturbed();
    let mut execution = night.execution();
    execution.servers.scim = None;
    let (ledger, recorded) = execute(execution, night.ledger()).await;
    recorded.expect("a ledger that can be written");
    let outcomes = ledger.outcomes(&night.plan.plan_id).expect("outcomes");
    assert_eq!(
        word(&outcomes["deactivate-0001"]),
        "deferred not_authorized"
    );
    drop(ledger);

    // Nobody could read the account back, and then the token was taken out of
    // the configuration.
    let night = undisturbed().with_faults(|method, path, _| {
        let read_back = method == "GET" && path.starts_with("/Users/");
        read_back.then(|| Fault::Answer(503, json!({})))
    });
    night.run().await;
    let night = night.restarted();
    let mut execution = night.execution();
    execution.servers.scim = None;
    let (ledger, _) = settle(execution, night.ledger()).await;
    let outcomes = ledger.outcomes(&night.plan.plan_id).expect("outcomes");
    let record = &outcomes["deactivate-0001"];
    assert_eq!(word(record), "unknown no_answer");
    assert!(record.detail.contains("channel scim"), "{}", record.detail);
    drop(ledger);
    assert_eq!(night.open_attempts(), 1);
    assert_eq!(word(&only_outcome(&night).await), "succeeded");
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_is_carried_on_to_the_same_end() {
    let work: Vec<Work> = (1..=8)
        .map(Work::Deactivate)
        .chain((9..=11).map(Work::Remove))
        .collect();
    for milliseconds in (50..30_000).step_by(450) {
        let night = over_scim(&work, |_| {});
        killed_after(&night, Duration::from_millis(milliseconds)).await;
        let what = format!("killed after {milliseconds} ms");
        let all = BTreeMap::from([("succeeded".to_owned(), 8 + 6)]);
        assert_eq!(tally(&night.run().await), all, "{what}");
        assert_eq!(night.open_attempts(), 0, "{what}");
        assert_well_behaved(&night.tenant.report());
    }
}
