//! Accounts that are reactivated so that their licences come free: however it
//! goes, they end deactivated.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::super::{Event, Stop, close_reclaims, vetoes};
use super::*;
use crate::ledger::Entry;
use crate::model::ReclaimRecord;
use crate::sandbox::StrandedSeats as Manners;

/// What somebody else does to an account.
type Edit = fn(&mut Value);

/// These people's licences are reclaimed, on a tenant that refused them before.
fn night(people: usize, manners: Manners) -> Night {
    let work: Vec<Work> = (1..=people).map(Work::Remove).collect();
    let mut night = Night::in_tenant(&work, |options| options.stranded_seats = manners);
    for (number, lane) in (1..).zip(&mut night.plan.lanes) {
        let freeing = lane.steps.remove(0);
        let step = |what: &str, status| Step {
            id: format!("{what}-{number:04}"),
            phase: Phase::Reclaims,
            remove: Vec::new(),
            upon_refusal: UponRefusal::Fail,
            expected: Expected {
                status,
                ..freeing.expected.clone()
            },
            ..freeing.clone()
        };
        let opening = Step {
            reactivate: Some(format!("reactivate-{number:04}")),
            ..step("open", AccountStatus::Inactive)
        };
        let closing = Step {
            deactivate: Some(format!("deactivate-{number:04}")),
            ..step("close", AccountStatus::Active)
        };
        let freeing_now = Step {
            remove: freeing.remove.clone(),
            ..step("free", AccountStatus::Active)
        };
        let removal = night
            .plan
            .actions
            .iter()
            .find(|it| it.kind == ActionKind::RemoveLicense);
        let removal = removal.expect("a removal").clone();
        for (step, kind) in [
            (&opening, ActionKind::Reactivate),
            (&closing, ActionKind::Deactivate),
        ] {
            night.plan.actions.push(Action {
                id: step.actions().next().expect("an action").clone(),
                kind,
                license: None,
                subject: Subject {
                    termination: Some(termination(number).termination.id()),
                    ..Subject::default()
                },
                ..removal.clone()
            });
        }
        lane.steps = vec![opening, freeing_now, closing];
    }
    let refused = Entry::StrandedRefused { at: tonight() };
    night.ledger().record(&[refused]).expect("a record");
    night
}

/// How the first account's actions end: reactivation, removals, deactivation.
fn fates(outcomes: &BTreeMap<String, OutcomeRecord>) -> [String; 4] {
    [
        "reactivate-0001",
        "remove-0001-0",
        "remove-0001-1",
        "deactivate-0001",
    ]
    .map(|id| outcomes.get(id).map(word).unwrap_or_default())
}

fn reclaims(night: &Night) -> Vec<ReclaimRecord> {
    night.ledger().reclaims("plan-1").expect("reclaims")
}

/// The account is deactivated, whatever it holds, and the ledger knows it.
async fn assert_closed(night: &Night, what: &str) {
    let account = night.account(1).await;
    assert!(account.starts_with("deactivated"), "{what}: {account}");
    assert!(night.memory().open_reclaims.is_empty(), "{what}");
    assert!(!night.stop.reclaims().is_at_work(), "{what}");
}

/// At the nth update of an account.
fn at(nth: usize, fault: Fault) -> Faults {
    Box::new(on_put(move |asked| (asked == nth).then(|| fault.clone())))
}

/// At every look at this operation.
fn op(number: usize, fault: Fault) -> Faults {
    Box::new(move |method, path, _| {
        let is_it = method == "GET" && path.ends_with(&format!("op_{number:09}"));
        is_it.then(|| fault.clone())
    })
}

fn on_put(
    fault: impl Fn(usize) -> Option<Fault> + Send + 'static,
) -> impl FnMut(&str, &str, usize) -> Option<Fault> + Send + 'static {
    move |method, _, nth| fault(nth).filter(|_| method == "PUT")
}

#[tokio::test(start_paused = true)]
async fn licences_come_free_while_the_account_is_active_and_it_ends_deactivated() {
    for manners in [Manners::Refused, Manners::Ignored] {
        let night = night(3, manners);
        let outcomes = night.run().await;
        let all = BTreeMap::from([("succeeded".to_owned(), 12)]);
        assert_eq!(tally(&outcomes), all);
        for number in 1..=3 {
            assert_eq!(night.account(number).await, "deactivated");
        }
        let closing = &outcomes["deactivate-0001"];
        assert_eq!(
            (closing.before.as_str(), closing.after.as_str()),
            ("active", "deactivated")
        );
        let reclaims = reclaims(&night);
        let seconds: Vec<i64> = reclaims
            .iter()
            .filter_map(ReclaimRecord::seconds_alive)
            .collect();
        assert!(seconds.iter().all(|it| (5..30).contains(it)), "{seconds:?}");
        let said = format!("active for {} seconds at most", seconds[0]);
        assert!(closing.detail.contains(&said), "{}", closing.detail);
        // One at a time.
        for pair in reclaims.windows(2) {
            assert!(pair[0].closed_at.expect("closed") <= pair[1].opened_at);
        }
        let log = night.tenant.report();
        assert_eq!(
            (log.writes, log.repeated_writes, log.violations),
            (9, Vec::new(), 0)
        );
        let memory = night.memory();
        for record in memory.terminations.values() {
            assert_eq!(record.deactivated_at, None, "it is not a new deactivation");
        }
        assert!(memory.recent.iter().all(|it| it.deactivated_at.is_none()));
        assert_eq!(memory.recent.len(), 3, "people whose licences go");
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_in_the_middle_the_account_ends_deactivated() {
    let refused = || Fault::Answer(400, json!({"title": "Validation error"}));
    let failed = || operation("FAILED");
    let s = "succeeded";
    let later = "deferred earlier_step";
    let cases: Vec<(&str, Faults, [&str; 4])> = vec![
        (
            "opening refused",
            at(1, refused()),
            ["failed refused", later, later, "already_done"],
        ),
        (
            "opening lost",
            at(1, Fault::LostBefore),
            ["failed not_changed", later, later, "already_done"],
        ),
        (
            "opening done, answer lost",
            at(1, Fault::LostAfter),
            [s, s, s, s],
        ),
        (
            "opening done, 503",
            at(1, Fault::StatusAfter(503)),
            [s, s, s, s],
        ),
        ("opening not sent", at(1, Fault::NotSent), [s, s, s, s]),
        (
            "opening's operation said to have failed",
            op(1, failed()),
            [s, s, s, s],
        ),
        (
            "opening's operation unknown",
            op(1, operation("UNKNOWN")),
            [s, s, s, s],
        ),
        (
            "removal refused",
            at(2, refused()),
            [s, "failed refused", "failed refused", s],
        ),
        (
            "removal lost",
            at(2, Fault::LostBefore),
            [s, "failed not_changed", "failed not_changed", s],
        ),
        (
            "removal done, answer lost",
            at(2, Fault::LostAfter),
            [s, s, s, s],
        ),
        (
            "removal done, 500",
            at(2, Fault::StatusAfter(500)),
            [s, s, s, s],
        ),
        (
            "removal throttled",
            at(2, Fault::Throttled(30)),
            [s, s, s, s],
        ),
        ("closing refused", at(3, refused()), [s, s, s, s]),
        ("closing lost", at(3, Fault::LostBefore), [s, s, s, s]),
        (
            "closing done, answer lost",
            at(3, Fault::LostAfter),
            [s, s, s, s],
        ),
        (
            "closing forbidden",
            at(3, Fault::Answer(403, json!({}))),
            [s, s, s, s],
        ),
        (
            "closing's operation said to have failed",
            op(3, failed()),
            [s, s, s, s],
        ),
    ];
    let mut different = Vec::new();
    for (what, faults, expected) in cases {
        let night = night(1, Manners::Refused).with_faults(faults);
        let found = fates(&night.run().await);
        if found != expected {
            different.push((what, found));
        }
        assert_closed(&night, what).await;
        assert_eq!(night.open_attempts(), 0, "{what}");
        let log = night.tenant.report();
        assert!(log.repeated_writes.is_empty(), "{what}");
    }
    assert_eq!(different, []);
}

/// Everything of the plan is carried on after whatever was in the way is gone:
/// an open reclaim is closed first, as `apply` does.
async fn carried_on(night: Night) -> (Night, [String; 4]) {
    let night = night.restarted();
    let (_, recorded) = close_reclaims(night.execution(), night.ledger()).await;
    recorded.expect("a ledger that can be written");
    assert_closed(&night, "closed first").await;
    let outcomes = night.run().await;
    let fates = fates(&outcomes);
    assert_closed(&night, "carried on").await;
    (night, fates)
}

#[tokio::test(start_paused = true)]
async fn an_account_that_could_not_be_deactivated_again_stays_open_until_it_is() {
    let refused = || Fault::Answer(400, json!({"title": "Validation error"}));
    let stuck = || operation("IN_PROGRESS");
    let closing_never = on_put(move |nth| (nth >= 3).then(refused));
    let no_method = on_put(|nth| (nth >= 3).then(|| Fault::Answer(405, json!({}))));
    let closing_stuck = move |method: &str, path: &str, _: usize| {
        let is_it = method == "GET" && path.ends_with("op_000000003");
        is_it.then(stuck)
    };
    let key_expired = |method: &str, _: &str, nth: usize| {
        (method == "GET" && nth >= 5).then(|| Fault::Answer(401, json!({})))
    };
    let gone_silent =
        |method: &str, _: &str, nth: usize| (method == "GET" && nth >= 6).then_some(Fault::NotSent);
    let cases: Vec<(&str, Faults, &str)> = vec![
        (
            "closing refused again and again",
            Box::new(closing_never),
            "active",
        ),
        (
            "no method for updates any more",
            Box::new(no_method),
            "active",
        ),
        ("no network any more", Box::new(gone_silent), ""),
        (
            "the key is not accepted any more",
            Box::new(key_expired),
            "active",
        ),
        ("closing's operation is stuck", Box::new(closing_stuck), ""),
    ];
    for (what, faults, expected) in cases {
        let night = night(3, Manners::Refused).with_faults(faults);
        let outcomes = night.run().await;
        let open = night.memory().open_reclaims;
        night.undisturbed();
        if what != "closing's operation is stuck" {
            assert_eq!(open.len(), 1, "{what}");
            assert_eq!(
                open.values().next().expect("one").user_id,
                "U0001",
                "{what}"
            );
            assert_eq!(
                word(&outcomes["deactivate-0001"]),
                "unknown no_answer",
                "{what}"
            );
            // One at a time: nobody else is reactivated.
            assert_eq!(reclaims(&night).len(), 1, "{what}");
            assert!(is(&outcomes["remove-0002-0"], Outcome::Deferred), "{what}");
        }
        if !expected.is_empty() {
            let account = night.account(1).await;
            assert!(account.starts_with(expected), "{what}: {account}");
        }
        let (night, _) = carried_on(night).await;
        let all = night.ledger().outcomes("plan-1").expect("outcomes");
        assert_eq!(word(&all["deactivate-0001"]), "succeeded", "{what}");
        for number in 1..=3 {
            assert_eq!(night.account(number).await, "deactivated", "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_that_may_still_come_keeps_the_reclaim_open() {
    // The removal was sent, and from then on nothing is heard until the run is over.
    let silent = |method: &str, path: &str, nth: usize| match method {
        "PUT" if nth == 2 => Some(Fault::LostBefore),
        "GET" if path.contains("/users/") && nth == 4 => Some(Fault::Answer(400, json!({}))),
        _ => None,
    };
    let night = night(2, Manners::Refused).with_faults(silent);
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["remove-0001-0"]), "unknown no_answer");
    let account = night.account(1).await;
    assert!(account.starts_with("deactivated"), "{account}");
    assert_eq!(word(&outcomes["deactivate-0001"]), "succeeded");
    assert_eq!(night.memory().open_reclaims.len(), 1);
    assert!(is(&outcomes["remove-0002-0"], Outcome::Deferred));
    carried_on(night).await;
}

#[tokio::test(start_paused = true)]
async fn what_stops_a_run_does_not_stop_a_deactivation() {
    // In the middle: after the reactivation was sent, and after the removal was.
    for put in [1, 2] {
        for why in [
            Stop::Interrupted,
            Stop::Breaker,
            Stop::Deadline,
            Stop::Ledger,
        ] {
            let what = format!("{why:?} at update {put}");
            let night = night(2, Manners::Refused);
            let stop = night.stop.clone();
            let night = night.with_faults(move |method, path, nth| {
                if method == "PUT" && path.ends_with("U0001") && nth == put {
                    stop.stop(why);
                }
                None
            });
            let outcomes = night.run().await;
            assert_eq!(word(&outcomes["deactivate-0001"]), "succeeded", "{what}");
            assert_closed(&night, &what).await;
            let untouched = why != Stop::Breaker;
            assert_eq!(reclaims(&night).len(), 2 - usize::from(untouched), "{what}");
            let (night, fates) = carried_on(night).await;
            assert_eq!(fates, ["succeeded"; 4], "{what}");
            assert_eq!(night.account(2).await, "deactivated", "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_at_once_waits_for_the_account_and_for_nothing_else() {
    let night = night(1, Manners::Refused);
    let stop = night.stop.clone();
    stop.reclaims_at_rest().await;
    let began = night.clock.now();
    let waited = async {
        while !stop.reclaims().is_at_work() {
            night.clock.sleep(Duration::from_secs(1)).await;
        }
        stop.stop(Stop::Interrupted);
        stop.reclaims_at_rest().await;
        night.clock.now()
    };
    // As the command does it: the run is taken away as soon as it is at rest.
    let at_rest = tokio::select! {
        biased;
        at_rest = waited => at_rest,
        _ = night.run() => panic!("nobody waited"),
    };
    assert!(at_rest.duration_since(began).as_secs() < 60);
    let outcomes = night.ledger().outcomes("plan-1").expect("outcomes");
    assert_eq!(word(&outcomes["deactivate-0001"]), "succeeded");
    assert_closed(&night, "stopped").await;
}

#[tokio::test(start_paused = true)]
async fn none_begins_with_less_than_ten_minutes_left() {
    for (minutes, begun) in [(9, 0), (11, 1)] {
        let mut night = night(1, Manners::Refused);
        night.deadline = Some(tonight() + Duration::from_mins(minutes));
        let outcomes = night.run().await;
        assert_eq!(reclaims(&night).len(), begun);
        if begun == 0 {
            assert_eq!(fates(&outcomes), ["deferred deadline"; 4]);
            assert_eq!(night.stop.reason(), Some(Stop::Deadline));
            assert_eq!(night.tenant.report().writes, 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn reclaims_that_fail_stop_reclaims() {
    let refused = || Fault::Answer(400, json!({"title": "Validation error"}));
    // Each account's reactivation.
    let night = night(8, Manners::Refused).with_faults(on_put(move |nth| (nth == 1).then(refused)));
    let outcomes = night.run().await;
    assert_eq!(reclaims(&night).len(), 5);
    assert_eq!(tally(&outcomes)["deferred breaker"], 3 * 4);
    assert_eq!(night.stop.reason(), Some(Stop::Breaker));
    assert!(night.memory().open_reclaims.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_is_not_what_the_plan_saw_is_not_reactivated() {
    let drifted = ["skipped drifted"; 4];
    let gone = ["already_done"; 4];
    let handed = ["manual handed_over"; 4];
    let cases: [(&str, Edit, [&str; 4]); 4] = [
        (
            "active again",
            |user| user["basicInfo"]["status"] = json!("ACTIVE"),
            drifted,
        ),
        (
            "somebody else's address",
            |user| user["basicInfo"]["primaryEmail"] = json!("other@example.com"),
            drifted,
        ),
        (
            "licences gone",
            |user| {
                user["basicInfo"]["status"] = json!("INACTIVE");
                user["serviceInfo"]["licenses"] = json!([]);
                user["serviceInfo"]["extensions"] = json!([]);
            },
            gone,
        ),
        (
            "an identity provider's",
            |user| user["basicInfo"]["scimProvider"] = json!("okta"),
            handed,
        ),
    ];
    for (what, edit, expected) in cases {
        let night = night(1, Manners::Free);
        night.edit(1, edit).await;
        let before = night.tenant.report().writes;
        let outcomes = night.run().await;
        assert_eq!(fates(&outcomes), expected, "{what}");
        assert_eq!(night.tenant.report().writes, before, "{what}");
        assert_eq!(reclaims(&night), [], "{what}");
        let by_hand = night.memory().tasks.len();
        assert_eq!(by_hand, usize::from(expected == handed), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn drifted_in_between_the_licences_stay_and_the_account_ends_deactivated() {
    let night = night(1, Manners::Refused);
    // What the removal reads, after the reactivation was read back.
    let other = json!({"basicInfo": {"userId": "U0001", "customerId": CUSTOMER,
        "userName": "user0001@example.com", "primaryEmail": "other@example.com",
        "status": "ACTIVE"}, "serviceInfo": {"licenses": []}});
    let night = night.with_faults(move |method, path, nth| {
        let is_it = method == "GET" && path.contains("/users/") && nth == 3;
        is_it.then(|| Fault::Answer(200, other.clone()))
    });
    let outcomes = night.run().await;
    let drifted = "skipped drifted";
    let expected = ["succeeded", drifted, drifted, "succeeded"];
    assert_eq!(fates(&outcomes), expected);
    assert_closed(&night, "drifted").await;
}

#[tokio::test(start_paused = true)]
async fn a_reclaim_that_was_closed_after_a_crash_is_made_anew_by_its_plan() {
    // The process dies while the reactivation is under way.
    let night = night(1, Manners::Refused);
    let execution = night.execution();
    let ledger = night.ledger();
    let clock = night.clock.clone();
    tokio::select! {
        _ = execute(execution, ledger) => panic!("it was to be killed"),
        () = async {
            while !night.stop.reclaims().is_at_work() {
                clock.sleep(Duration::from_millis(500)).await;
            }
            clock.sleep(Duration::from_secs(1)).await;
        } => {}
    }
    clock.sleep(Duration::from_mins(10)).await;
    let open = night.memory().open_reclaims;
    assert_eq!(open.len(), 1, "known from before it was sent");
    let (night, fates) = carried_on(night).await;
    assert_eq!(fates, ["succeeded"; 4]);
    assert_eq!(night.account(1).await, "deactivated");
    let reclaims = reclaims(&night);
    assert!(
        reclaims[0].seconds_alive().expect("closed") > 600,
        "{reclaims:?}"
    );
    let log = night.tenant.report();
    assert_eq!(log.repeated_writes, Vec::<String>::new());
    assert!(log.writes <= 5, "{}", log.writes);
}

#[tokio::test(start_paused = true)]
async fn a_veto_of_one_half_is_a_veto_of_the_other() {
    use crate::plan::Decision;
    let skip = |ids: &[&str]| -> Vec<String> {
        let night = night(1, Manners::Refused);
        let sheet: BTreeMap<String, Decision> = night
            .plan
            .actions
            .iter()
            .map(|it| {
                let skipped = ids.contains(&it.id.as_str());
                let decision = if skipped {
                    Decision::Skip
                } else {
                    Decision::Blank
                };
                (it.id.clone(), decision)
            })
            .collect();
        let vetoes = vetoes(&night.plan, false, Some(&sheet), &BTreeMap::new());
        vetoes.into_keys().collect()
    };
    let all = [
        "deactivate-0001",
        "reactivate-0001",
        "remove-0001-0",
        "remove-0001-1",
    ];
    assert_eq!(skip(&["deactivate-0001"]), all);
    assert_eq!(skip(&["reactivate-0001"]), all);
    assert_eq!(skip(&["remove-0001-0", "remove-0001-1"]), all);
    assert_eq!(skip(&["remove-0001-0"]), ["remove-0001-0"]);
}

#[tokio::test(start_paused = true)]
async fn a_defect_in_the_middle_leaves_no_account_active() {
    let night = night(2, Manners::Refused);
    let panicked = AtomicBool::new(false);
    let mut execution = night.execution();
    execution.observer = Arc::new(move |event| {
        let is_removal = matches!(event, Event::ActionEnded(ActionKind::RemoveLicense, _));
        assert!(
            !is_removal || panicked.swap(true, Ordering::SeqCst),
            "a defect"
        );
    });
    let (_, recorded) = execute(execution, night.ledger()).await;
    recorded.expect("a ledger that can be written");
    assert_eq!(night.stop.reason(), Some(Stop::Defect));
    assert_closed(&night, "a defect").await;
    assert_eq!(reclaims(&night).len(), 1, "nothing new is begun");
}

/// Takes the run away as soon as the account is active.
async fn killed_while_active(night: &Night) {
    tokio::select! {
        _ = night.run() => panic!("it was to be killed"),
        () = async {
            while night.account(1).await.starts_with("deactivated") {
                night.clock.sleep(Duration::from_millis(500)).await;
            }
        } => {}
    }
    wait(Duration::from_millis(1)).await;
}

// Closing is tried before the plan is carried on, and may come too early for an
// update that was under way.
#[tokio::test(start_paused = true)]
async fn an_account_that_is_found_active_later_is_deactivated_then() {
    let night = night(2, Manners::Refused);
    killed_while_active(&night).await;
    let night = night.restarted();
    night.run().await;
    assert_closed(&night, "found active").await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_before_an_account_was_reactivated_leaves_no_action_without_an_end() {
    let night = night(2, Manners::Refused);
    let stop = night.stop.clone();
    let night = night.with_faults(move |method, path, _| {
        if method == "GET" && path.ends_with("U0001") {
            stop.stop(Stop::Interrupted);
        }
        None
    });
    let outcomes = night.run().await;
    let later = "deferred earlier_step";
    assert_eq!(
        fates(&outcomes),
        ["deferred interrupted", later, later, later]
    );
    assert_eq!(outcomes.len(), night.plan.actions.len());
    assert_eq!(night.tenant.report().writes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_method_that_is_missing_at_first_does_not_keep_the_account_active() {
    let (done, later) = ("succeeded", "deferred earlier_step");
    let none_opens = ["failed not_supported", later, later, "already_done"];
    for (nth, status, expected) in [(1, 405, none_opens), (3, 501, [done; 4])] {
        let missing = Fault::Answer(status, json!({}));
        let night = night(1, Manners::Refused).with_faults(at(nth, missing));
        assert_eq!(fates(&night.run().await), expected, "update {nth}");
        assert_closed(&night, "no method").await;
    }
}

// Only one account finds out.
#[tokio::test(start_paused = true)]
async fn a_tenant_without_the_method_is_not_asked_for_each_account() {
    let night =
        night(3, Manners::Refused).with_faults(on_put(|_| Some(Fault::Answer(405, json!({})))));
    let outcomes = night.run().await;
    assert_eq!(tally(&outcomes)["deferred not_supported"], 2 * 4);
    assert_eq!(reclaims(&night).len(), 1);
    assert_closed(&night, "no method").await;
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_the_account_is_deactivated_without_a_ledger_as_well() {
    let night = night(1, Manners::Refused);
    killed_while_active(&night).await;
    let night = night.restarted();
    let mut ledger = night.ledger();
    ledger.on_commit(Box::new(|_| panic!("a full disk")));
    let tasks = tokio::task::LocalSet::new();
    let closing = tasks.spawn_local(close_reclaims(night.execution(), ledger));
    tasks.await;
    assert!(closing.await.is_err(), "the ledger gave up");
    night.clock.sleep(Duration::from_mins(2)).await;
    let account = night.account(1).await;
    assert!(account.starts_with("deactivated"), "{account}");
    carried_on(night).await;
}

/// A ledger that gives up at any of its commits, as on a disk that is full.
#[tokio::test(start_paused = true)]
async fn without_a_ledger_the_account_is_deactivated_all_the_same() {
    let mut given_up = 0;
    for last in 1..=16 {
        let what = format!("after commit {last}");
        let night = night(1, Manners::Refused);
        let mut ledger = night.ledger();
        ledger.on_commit(Box::new(move |commit| {
            assert!(commit != last, "a full disk");
        }));
        let tasks = tokio::task::LocalSet::new();
        let run = tasks.spawn_local(execute(night.execution(), ledger));
        tasks.await;
        let ended = run.await;
        given_up += usize::from(ended.is_err());
        night.clock.sleep(Duration::from_mins(2)).await;
        let account = night.account(1).await;
        assert!(account.starts_with("deactivated"), "{what}: {account}");
        let (_, fates) = carried_on(night).await;
        // Nobody knows of a removal whether it came before the end of access.
        let known = ["succeeded", "unknown no_answer"];
        assert!(known.contains(&fates[1].as_str()), "{what}: {fates:?}");
        assert!(
            ["succeeded", "already_done"].contains(&fates[3].as_str()),
            "{what}: {fates:?}"
        );
    }
    assert!((8..16).contains(&given_up), "{given_up} commits");
}
