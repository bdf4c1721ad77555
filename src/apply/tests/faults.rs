//! A network and a vendor that misbehave. What nobody saw the end of is looked
//! at and never sent again on a guess.

use serde_json::json;

use super::*;
use crate::ledger::AttemptEnd;
use crate::sandbox::StrandedSeats;

/// One deactivation whose first update meets the fault.
fn with_fault(fault: Fault) -> Night {
    Night::new(&one())
        .with_faults(move |method, _, nth| (method == "PUT" && nth == 1).then(|| fault.clone()))
}

fn ends(night: &Night) -> Vec<Option<AttemptEnd>> {
    let attempts = night.attempts().into_iter();
    attempts.map(|row| row.end.map(|(end, _)| end)).collect()
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_is_looked_for_and_not_sent_again() {
    for fault in [
        Fault::LostAfter,
        Fault::StatusAfter(500),
        Fault::StatusAfter(408),
        Fault::StatusAfter(424),
        Fault::StatusAfter(302),
        Fault::StatusAfter(202),
    ] {
        let night = with_fault(fault);
        let outcomes = night.run().await;
        let record = &outcomes["deactivate-0001"];
        assert_eq!((word(record).as_str(), record.attempts), ("succeeded", 1));
        assert!(record.request_id.is_some() && record.operation_id.is_none());
        assert_eq!(ends(&night), [Some(AttemptEnd::Changed)]);
        assert_well_behaved(&night.tenant.report());
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_certainly_not_carried_out_gets_an_intent_of_its_own() {
    for fault in [Fault::LostBefore, Fault::Answer(503, json!({}))] {
        let night = with_fault(fault);
        let outcomes = night.run().await;
        let record = &outcomes["deactivate-0001"];
        assert_eq!((word(record).as_str(), record.attempts), ("succeeded", 2));
        let expected = [Some(AttemptEnd::NotApplied), Some(AttemptEnd::Changed)];
        assert_eq!(ends(&night), expected);
        let attempts = night.attempts();
        let waited = attempts[1].intent.at.duration_since(attempts[0].intent.at);
        assert!(waited.as_secs() >= 300, "{waited:?}");
        assert_well_behaved(&night.tenant.report());
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_left_is_not_unknown() {
    let night =
        Night::new(&one()).with_faults(|method, _, _| (method == "PUT").then_some(Fault::NotSent));
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "failed unreachable");
    assert_eq!(ends(&night), [Some(AttemptEnd::Failed)]);

    let night = with_fault(Fault::NotSent);
    let outcomes = night.run().await;
    let record = &outcomes["deactivate-0001"];
    assert_eq!((word(record).as_str(), record.attempts), ("succeeded", 1));
}

#[tokio::test(start_paused = true)]
async fn a_429_is_waited_for() {
    // A pause that outlasts the intent's time is followed by a new intent.
    for (seconds, intents) in [(10, 1), (1000, 2)] {
        let night = with_fault(Fault::Throttled(seconds));
        let outcomes = night.run().await;
        let record = &outcomes["deactivate-0001"];
        assert_eq!(word(record), "succeeded");
        assert_eq!(record.attempts, intents);
        assert_eq!(night.tenant.report().writes, 1);
        assert_eq!(night.open_attempts(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_failed_is_believed_once_the_account_says_so_too() {
    let failing = |method: &str, path: &str, _| {
        let polled = method == "GET" && path.starts_with("/operations");
        polled.then(|| operation("FAILED"))
    };
    // The vendor says that it failed, and it did what it was told.
    let night = Night::new(&one()).with_faults(failing);
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "succeeded");

    // The update never reached anybody; its operation fails.
    let night = Night::new(&one()).with_faults(move |method, path, nth| match method {
        "PUT" => Some(Fault::Answer(
            202,
            json!({"operationId": "op_1", "status": "PENDING"}),
        )),
        _ => failing(method, path, nth),
    });
    let outcomes = night.run().await;
    assert_eq!(
        word(&outcomes["deactivate-0001"]),
        "failed operation_failed"
    );
    assert_eq!(ends(&night), [Some(AttemptEnd::Failed)]);
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_is_gone_leaves_the_account_to_tell() {
    for fault in [Fault::Answer(404, json!({})), operation("UNKNOWN")] {
        let night = Night::new(&one()).with_faults(move |method, path, _| {
            let polled = method == "GET" && path.starts_with("/operations");
            polled.then(|| fault.clone())
        });
        let outcomes = night.run().await;
        assert_eq!(word(&outcomes["deactivate-0001"]), "succeeded");
        assert_eq!(night.tenant.report().writes, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_never_ends_is_unknown_and_settled_by_the_next_run() {
    // Nothing of it shows on the account yet.
    let night = Night::in_tenant(&one(), |options| {
        options.operation_time.minimum = Duration::from_mins(20);
    });
    let outcomes = night.run().await;
    let record = &outcomes["deactivate-0001"];
    assert_eq!(word(record), "unknown no_answer");
    assert_eq!((night.open_attempts(), ends(&night)), (1, vec![None]));

    // Too early: it is still under way, and nothing is sent again.
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "unknown no_answer");
    night.api.clock().sleep(Duration::from_mins(20)).await;
    let outcomes = night.settle().await;
    let settled = &outcomes["deactivate-0001"];
    assert_eq!(word(settled), "succeeded");
    assert_eq!(settled.operation_id, record.operation_id);
    assert_eq!(night.open_attempts(), 0);
    assert_eq!(night.tenant.report().writes, 1);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_nobody_can_read_back_is_unknown() {
    let night = Night::new(&one()).with_faults(|method, path, nth| {
        let read_back = method == "GET" && path.starts_with("/users") && nth > 1;
        read_back.then(|| Fault::Answer(503, json!({})))
    });
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "unknown no_answer");
    let night = night.restarted();
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "succeeded");
    assert_eq!(night.tenant.report().writes, 1);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_somebody_else_changed_meanwhile_is_unknown_for_good() {
    let night = with_fault(Fault::LostBefore);
    let other = async {
        night.api.clock().sleep(Duration::from_secs(30)).await;
        let storage_only = json!([]);
        night
            .edit(1, |body| {
                body["serviceInfo"]["licenses"] = storage_only.clone();
                body["serviceInfo"]["extensions"] = storage_only;
            })
            .await;
    };
    let (outcomes, ()) = tokio::join!(night.run(), other);
    assert_eq!(word(&outcomes["deactivate-0001"]), "unknown no_answer");
    assert_eq!(ends(&night), [Some(AttemptEnd::Unknown)]);
    assert_eq!(night.open_attempts(), 0, "tonight's plan may look again");
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "unknown no_answer");
    assert_eq!(night.tenant.report().writes, 1, "the other's");
}

#[tokio::test(start_paused = true)]
async fn another_plan_keeps_its_hands_off_an_account_with_an_open_update() {
    let mut night = Night::in_tenant(&one(), |options| {
        options.operation_time.minimum = Duration::from_mins(20);
    });
    night.run().await;
    night.plan = plan_of("plan-2", &one());
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "unknown no_answer");
    assert_eq!(night.tenant.report().writes, 1);
}

#[tokio::test(start_paused = true)]
async fn the_first_seat_that_does_not_come_free_is_remembered_and_the_rest_waits() {
    for manners in [StrandedSeats::Refused, StrandedSeats::Ignored] {
        let work: Vec<Work> = (1..=30).map(Work::Remove).collect();
        let night = Night::in_tenant(&work, |options| options.stranded_seats = manners);
        let expected = BTreeMap::from([
            ("failed stranded_seat".to_owned(), 2),
            ("deferred stranded_seat".to_owned(), 58),
        ]);
        assert_eq!(tally(&night.run().await), expected);
        assert!(night.memory().stranded_refused);
        assert_eq!(night.tenant.report().writes, 1);
        // Carried on, the plan asks for no more.
        let night = night.restarted();
        assert_eq!(tally(&night.run().await), expected);
        assert_eq!(night.tenant.report().writes, 1);
    }
}

// A seat that went together with the account's access says nothing about the
// seats of accounts that were deactivated before.
#[tokio::test(start_paused = true)]
async fn seats_that_went_with_the_access_do_not_hide_stranded_ones_from_a_later_night() {
    let work = [Work::Both(1), Work::Remove(2), Work::Remove(3)];
    let mut night = Night::in_tenant(&work, |options| {
        options.stranded_seats = StrandedSeats::Refused;
    });
    night.plan = super::plan_of("plan-1", &work[..1]);
    assert_eq!(tally(&night.run().await)["succeeded"], 3);
    night.plan = super::plan_of("plan-2", &work[1..]);
    let expected = BTreeMap::from([
        ("failed stranded_seat".to_owned(), 2),
        ("deferred stranded_seat".to_owned(), 2),
    ]);
    assert_eq!(tally(&night.run().await), expected);
    assert!(night.memory().stranded_refused);
}

#[tokio::test(start_paused = true)]
async fn an_update_that_is_refused_for_its_licences_ends_access_alone() {
    let refused = |method: &str, _: &str, nth| {
        let answer = || Fault::Answer(400, json!({"title": "Validation error"}));
        (method == "PUT" && nth == 1).then(answer)
    };
    let night = Night::new(&[Work::Both(1)]).with_faults(refused);
    let expected = BTreeMap::from([
        ("deactivate-0001", "succeeded".to_owned()),
        ("remove-0001-0", "deferred refused".to_owned()),
        ("remove-0001-1", "deferred refused".to_owned()),
    ]);
    assert_eq!(words(&night.run().await), expected);
    assert!(!night.memory().stranded_refused);
    // The seats are a later plan's.
    let night = night.restarted();
    assert_eq!(words(&night.run().await), expected);
    assert_eq!(night.tenant.report().writes, 1);
}

// Access ends although the update's attempts were used up by then.
#[tokio::test(start_paused = true)]
async fn the_deactivation_alone_has_attempts_of_its_own() {
    let refused = || Fault::Answer(422, json!({"title": "Validation error"}));
    let lost_then_refused = move |method: &str, _: &str, nth| match (method, nth) {
        ("PUT", 1) => Some(Fault::LostBefore),
        ("PUT", 2) => Some(refused()),
        _ => None,
    };
    let night = Night::new(&[Work::Both(1)]).with_faults(lost_then_refused);
    let outcomes = night.run().await;
    let expected = BTreeMap::from([
        ("deactivate-0001", "succeeded".to_owned()),
        ("remove-0001-0", "deferred refused".to_owned()),
        ("remove-0001-1", "deferred refused".to_owned()),
    ]);
    assert_eq!(words(&outcomes), expected);
    assert_eq!(outcomes["deactivate-0001"].attempts, 3);
    let expected = [
        Some(AttemptEnd::NotApplied),
        Some(AttemptEnd::Failed),
        Some(AttemptEnd::Changed),
    ];
    assert_eq!(ends(&night), expected);
    assert_eq!(night.tenant.report().writes, 1);

    // The attempts of the deactivation alone have an end as well.
    let never = move |method: &str, _: &str, nth| match (method, nth) {
        ("PUT", 1) => Some(refused()),
        ("PUT", _) => Some(Fault::LostBefore),
        _ => None,
    };
    let night = Night::new(&[Work::Both(1)]).with_faults(never);
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "failed not_changed");
    assert_eq!(night.attempts().len(), 3);
}
