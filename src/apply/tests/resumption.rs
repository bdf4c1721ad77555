//! A run that was killed, carried on.

use super::super::{account_for_the_rest, veto_entries, vetoes};
use super::*;
use crate::plan::Decision;

/// Lets the run go on for so long and then takes it away, as a kill does.
pub(super) async fn killed_after(night: &Night, time: Duration) {
    let run = night.run();
    tokio::select! {
        _ = run => {}
        () = night.api.clock().sleep(time) => {}
    }
    // What a commit was about to write is written.
    wait(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_is_carried_on_to_the_same_end() {
    let work: Vec<Work> = (1..=8)
        .map(Work::Deactivate)
        .chain((9..=11).map(Work::Remove))
        .chain((12..=14).map(Work::Both))
        .collect();
    for seconds in (1..60).step_by(2) {
        let night = Night::new(&work);
        killed_after(&night, Duration::from_secs(seconds)).await;
        let outcomes = night.run().await;
        let all = BTreeMap::from([("succeeded".to_owned(), 8 + 6 + 9)]);
        assert_eq!(tally(&outcomes), all, "killed after {seconds} seconds");
        assert_eq!(night.open_attempts(), 0, "killed after {seconds} seconds");
        assert!(outcomes.values().all(|it| it.http_status == Some(200)));
        assert!(outcomes.values().all(|it| it.request_id.is_some()));
        assert_well_behaved(&night.tenant.report());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_open_is_settled_without_beginning_anything() {
    let night = Night::new(&several(20));
    killed_after(&night, Duration::from_secs(12)).await;
    let writes = night.tenant.report().writes;
    assert!(night.open_attempts() > 0);
    let outcomes = night.settle().await;
    assert_eq!(night.open_attempts(), 0);
    assert_eq!(night.tenant.report().writes, writes);
    assert!(outcomes.len() < 20);
    assert_well_behaved(&night.tenant.report());
}

// What an earlier run put off, and this one sent, was not left unsent.
#[tokio::test(start_paused = true)]
async fn what_was_sent_after_it_had_been_put_off_is_unknown() {
    let mut night = Night::new(&several(10));
    night.deadline = Some(tonight());
    let expected = BTreeMap::from([("deferred deadline".to_owned(), 10)]);
    assert_eq!(tally(&night.run().await), expected);
    let night = night.restarted();
    killed_after(&night, Duration::from_secs(5)).await;
    let open = night.open_attempts();
    assert!(open > 0);
    let mut ledger = night.ledger();
    account_for_the_rest(&night.plan, "run-1", &mut ledger, tonight()).expect("recorded");
    let outcomes = ledger.outcomes(&night.plan.plan_id).expect("outcomes");
    drop(ledger);
    assert_eq!(tally(&outcomes)["unknown no_answer"], open);
    assert_eq!(night.run().await.len(), 10);
    assert_eq!(night.open_attempts(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_run_that_was_cut_short_is_accounted_for() {
    let night = Night::new(&several(40));
    killed_after(&night, Duration::from_secs(15)).await;
    let mut ledger = night.ledger();
    account_for_the_rest(&night.plan, "run-1", &mut ledger, tonight()).expect("recorded");
    let outcomes = ledger.outcomes(&night.plan.plan_id).expect("outcomes");
    drop(ledger);
    let tally = tally(&outcomes);
    assert_eq!(outcomes.len(), 40);
    assert_eq!(tally["unknown no_answer"], night.open_attempts());
    assert!(tally["deferred interrupted"] > 0, "{tally:?}");
    assert_eq!(super::tally(&night.run().await)["succeeded"], 40);
}

#[tokio::test(start_paused = true)]
async fn what_the_reviewer_kept_back_stays_back_without_the_sheet() {
    let mut night = Night::new(&several(5));
    night.plan.actions[3].needs_approval = Some("old".to_owned());
    let ids: Vec<String> = night.plan.actions.iter().map(|it| it.id.clone()).collect();
    let sheet = BTreeMap::from([
        (ids[0].clone(), Decision::Blank),
        (ids[1].clone(), Decision::Skip),
        (ids[2].clone(), Decision::Hold),
        (ids[3].clone(), Decision::Approve),
    ]);
    let none = BTreeMap::new();
    let first = vetoes(&night.plan, false, Some(&sheet), &none);
    // Killed as soon as the plan was accepted: only the vetoes are recorded.
    let mut ledger = night.ledger();
    ledger
        .record(&veto_entries(&first, "plan-1", "run-1", tonight()))
        .expect("recorded");
    let earlier = ledger.outcomes("plan-1").expect("outcomes");
    drop(ledger);
    assert_eq!(vetoes(&night.plan, false, None, &earlier), first);

    night.vetoes = vetoes(&night.plan, true, None, &earlier);
    let expected = BTreeMap::from([
        (ids[0].as_str(), "succeeded".to_owned()),
        (ids[1].as_str(), "skipped review_skip".to_owned()),
        (ids[2].as_str(), "held review_hold".to_owned()),
        (ids[3].as_str(), "succeeded".to_owned()),
        (ids[4].as_str(), "held review_hold".to_owned()),
    ]);
    assert_eq!(words(&night.run().await), expected);

    // A new sheet can let go what was held; what was skipped is over.
    let sheet = ids.iter().map(|id| (id.clone(), Decision::Approve));
    let earlier = night.ledger().outcomes("plan-1").expect("outcomes");
    night.vetoes = vetoes(&night.plan, true, Some(&sheet.collect()), &earlier);
    let tally = tally(&night.run().await);
    assert_eq!((tally["succeeded"], tally["skipped review_skip"]), (4, 1));
}
