//! What stops a run midway, and that it can be resumed from there.

use serde_json::json;

use super::super::Stop;
use super::scim::over_scim;
use super::*;

fn answers(status: u16, wanted: &'static str) -> impl FnMut(&str, &str, usize) -> Option<Fault> {
    move |method, _, _| (method == wanted).then(|| Fault::Answer(status, json!({})))
}

async fn assert_resumable(night: Night, people: usize) {
    let night = night.restarted();
    let outcomes = night.run().await;
    let all = BTreeMap::from([("succeeded".to_owned(), people)]);
    assert_eq!(tally(&outcomes), all);
    assert_eq!(night.open_attempts(), 0);
    assert_well_behaved(&night.tenant.report());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_accepted_stops_all() {
    for (status, method) in [(401, "GET"), (403, "GET"), (401, "PUT")] {
        let night = Night::new(&several(30)).with_faults(answers(status, method));
        let outcomes = night.run().await;
        let none = BTreeMap::from([("deferred not_authorized".to_owned(), 30)]);
        assert_eq!(tally(&outcomes), none, "{status} {method}");
        assert_eq!(night.stop.reason(), Some(Stop::NotAuthorized));
        assert_resumable(night, 30).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_403_on_one_write_fails_it_and_two_in_a_row_stop_all() {
    let night = Night::new(&several(10)).with_faults(|method, path, _| {
        let forbidden = method == "PUT" && path.ends_with("U0003");
        forbidden.then(|| Fault::Answer(403, json!({})))
    });
    let outcomes = night.run().await;
    let record = &outcomes["deactivate-0003"];
    assert_eq!(word(record), "failed not_authorized");
    assert_eq!(record.http_status, Some(403));
    assert_eq!(tally(&outcomes)["succeeded"], 9);
    assert_eq!(night.stop.reason(), None);

    let night = Night::new(&several(30)).with_faults(answers(403, "PUT"));
    let outcomes = night.run().await;
    assert_eq!(night.stop.reason(), Some(Stop::NotAuthorized));
    assert_eq!(night.tenant.report().writes, 0);
    assert!(tally(&outcomes)["deferred not_authorized"] >= 20);
}

#[tokio::test(start_paused = true)]
async fn a_403_on_one_read_fails_that_account_alone() {
    let night = Night::new(&several(10)).with_faults(|method, path, _| {
        let forbidden = method == "GET" && path.ends_with("U0010");
        forbidden.then(|| Fault::Answer(403, json!({})))
    });
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0010"]), "failed refused");
    assert_eq!(tally(&outcomes)["succeeded"], 9);
    assert_eq!(night.stop.reason(), None);
}

#[tokio::test(start_paused = true)]
async fn five_failures_in_a_row_stop_their_kind_and_no_other() {
    let work: Vec<Work> = (1..=40)
        .map(Work::Deactivate)
        .chain((41..=44).map(Work::Remove))
        .collect();
    let night = Night::new(&work).with_faults(|method, path, _| {
        let number = path.trim_start_matches("/users/U");
        let deactivation = number.parse().is_ok_and(|number: usize| number <= 40);
        (method == "PUT" && deactivation).then(|| Fault::Answer(409, json!({})))
    });
    let outcomes = night.run().await;
    let tally = tally(&outcomes);
    assert!((5..=16).contains(&tally["failed refused"]), "{tally:?}");
    assert!(tally["deferred breaker"] >= 24, "{tally:?}");
    assert_eq!(tally["succeeded"], 8, "{tally:?}");
    assert_eq!(night.stop.reason(), Some(Stop::Breaker));
}

#[tokio::test(start_paused = true)]
async fn a_breaker_stops_its_kind_over_its_channel_alone_and_is_closed_by_the_next_run() {
    let mut night = over_scim(&several(60), |_| {});
    for lane in night.plan.lanes.iter_mut().skip(40) {
        lane.steps[0].channel = Channel::AdminApi;
    }
    let night = night.with_faults(answers(409, "PATCH"));
    let outcomes = night.run().await;
    let tally = tally(&outcomes);
    assert!((5..=16).contains(&tally["failed refused"]), "{tally:?}");
    assert!(tally["deferred breaker"] >= 24, "{tally:?}");
    assert_eq!(tally["succeeded"], 20, "those of the other channel");
    assert_eq!(night.stop.reason(), Some(Stop::Breaker));

    let failed = tally["failed refused"];
    let night = night.restarted();
    let tally = super::tally(&night.run().await);
    assert_eq!(tally["succeeded"], 60 - failed, "{tally:?}");
    assert_eq!(
        tally["failed refused"], failed,
        "said and done for this plan"
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_after_the_deadline() {
    let mut night = Night::new(&several(100));
    night.deadline = Some(tonight() + Duration::from_mins(1));
    let outcomes = night.run().await;
    let tally = tally(&outcomes);
    assert_eq!(tally.len(), 2, "{tally:?}");
    assert!(tally["deferred deadline"] >= 60, "{tally:?}");
    assert_eq!(night.stop.reason(), Some(Stop::Deadline));
    assert!(night.api.clock().elapsed() < Duration::from_secs(100));
    assert_eq!(night.open_attempts(), 0);
    assert_resumable(night, 100).await;
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_run_finishes_what_is_in_flight_and_is_resumed() {
    let night = Night::new(&several(60));
    let interrupt = async {
        night.api.clock().sleep(Duration::from_secs(45)).await;
        night.stop.stop(Stop::Interrupted);
    };
    let (outcomes, ()) = tokio::join!(night.run(), interrupt);
    let tally = tally(&outcomes);
    assert_eq!(tally.len(), 2, "{tally:?}");
    assert!(tally["deferred interrupted"] >= 20, "{tally:?}");
    assert_eq!(night.open_attempts(), 0);
    assert_resumable(night, 60).await;
}
