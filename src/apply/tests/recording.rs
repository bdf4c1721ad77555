//! How often the disk is waited for, and what is on it when.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::apply::{Coordinator, RecordingFailed, Stop};
use crate::ledger::{AttemptEnd, AttemptKey, Entry, LedgerError};
use crate::sandbox::{OperationTime, TenantLimits};
use crate::vendor::ServerLimit;

const NO_LIMIT: u32 = 1_000_000;

/// Deactivates so many people, so many at a time, in a tenant that limits
/// nobody and takes milliseconds. Commits, how long it
/// took, and how it ended.
async fn commits_of(people: u32, lanes: u32) -> (u64, Duration, BTreeMap<String, usize>) {
    let work = several(usize::try_from(people).expect("a number"));
    let mut night = Night::in_tenant(&work, |options| {
        options.limits = TenantLimits {
            requests_per_minute: NO_LIMIT,
            requests_per_10_seconds: NO_LIMIT,
            operations_in_flight: NO_LIMIT,
            ..TenantLimits::default()
        };
        options.operation_time = OperationTime {
            minimum: Duration::from_millis(2),
            maximum: Duration::from_millis(8),
        };
    });
    let limit = |number: u32| number.try_into().expect("not zero");
    let limits = Limits {
        requests_per_minute: limit(NO_LIMIT),
        requests_per_10_seconds: limit(NO_LIMIT),
        operations_in_flight: limit(lanes),
        server_limit: ServerLimit::Lowers,
    };
    // No distance lies between the two, so that only the disk takes time.
    let tenant = night.tenant.clone();
    let service: Service = Arc::new(move |request| {
        let tenant = tenant.clone();
        Box::pin(async move { Ok(tenant.handle(request).await) })
    });
    let base = BaseUrl::parse("http://localhost/admin-provisioning").expect("an address");
    let http = HttpClient::in_process(base, service);
    night.api = admin_api(http, limits, &night.clock);
    let mut execution = night.execution();
    execution.timing.poll_first = Duration::from_millis(10);
    execution.timing.poll_every = Duration::from_millis(10);
    let commits = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&commits);
    let mut ledger = night.ledger();
    ledger.on_commit(Box::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
    }));
    let began = night.clock.elapsed();
    let (ledger, recorded) = execute(execution, ledger).await;
    let time = night.clock.elapsed().saturating_sub(began);
    recorded.expect("a ledger that can be written");
    let outcomes = ledger.outcomes(&night.plan.plan_id).expect("outcomes");
    (commits.load(Ordering::SeqCst), time, tally(&outcomes))
}

#[expect(clippy::print_stdout, reason = "the figure, for whoever asks")]
#[tokio::test(start_paused = true)]
async fn lanes_share_the_flushes_of_the_disk() {
    for lanes in [64, 10] {
        let (commits, time, ended) = commits_of(320, lanes).await;
        println!("{lanes} lanes: {commits} commits for 320 changes");
        assert_eq!(ended, BTreeMap::from([("succeeded".to_owned(), 320)]));
        assert!(commits <= 32, "{lanes} lanes: {commits}");
        // More lanes are at work than may have an intent, and not waited for.
        assert!(time < Duration::from_secs(1), "{lanes} lanes: {time:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_recorded_later_is_on_disk_before_what_follows_and_at_the_end() {
    let night = Night::new(&several(2));
    let stop = StopSwitch::default();
    let (coordinator, recorder) =
        Coordinator::start(night.ledger(), night.clock.clone(), stop.clone());
    let on_disk = || {
        let ledger = night.ledger();
        let outcomes = ledger.outcomes(&night.plan.plan_id).expect("outcomes");
        outcomes.into_keys().collect::<Vec<_>>()
    };
    // Another lane may yet share the commit, so that it is held back.
    let lanes = (recorder.lane(), recorder.lane());
    let later = recorder.record_later(vec![outcome_of("later")]).await;
    assert_eq!(later, Ok(()));
    assert_eq!(on_disk(), Vec::<String>::new());
    let kept = recorder.record(vec![outcome_of("awaited")]).await;
    assert_eq!(kept, Ok(()));
    assert_eq!(on_disk(), ["awaited", "later"]);

    let later = recorder.record_later(vec![outcome_of("later still")]).await;
    assert_eq!(later, Ok(()));
    drop((recorder, lanes));
    let (_, ended) = coordinator.finish().await;
    assert!(ended.is_ok());
    assert_eq!(on_disk(), ["awaited", "later", "later still"]);
    assert_eq!(stop.reason(), None);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_nobody_waits_for_stops_the_run_and_all_that_follows() {
    let night = Night::new(&one());
    let stop = StopSwitch::default();
    let (coordinator, recorder) =
        Coordinator::start(night.ledger(), night.clock.clone(), stop.clone());
    let of_no_intent = Entry::AttemptEnded {
        key: AttemptKey {
            plan_id: night.plan.plan_id.clone(),
            step_id: "step-0001".to_owned(),
            attempt: 1,
        },
        end: AttemptEnd::Changed,
        at: tonight(),
    };
    let later = recorder.record_later(vec![of_no_intent]).await;
    assert_eq!(later, Ok(()), "it is not waited for");
    assert_eq!(recorder.flush().await, Err(RecordingFailed));
    assert_eq!(stop.reason(), Some(Stop::Ledger));
    let follows = recorder.record(vec![outcome_of("deactivate-0001")]).await;
    assert_eq!(follows, Err(RecordingFailed));
    drop(recorder);
    let (ledger, ended) = coordinator.finish().await;
    assert!(matches!(ended, Err(LedgerError::NotRecorded { .. })));
    let outcomes = ledger.outcomes(&night.plan.plan_id).expect("outcomes");
    assert!(outcomes.is_empty(), "{outcomes:?}");
}

/// A lane that has nobody beside it is not kept waiting: time is paused, and
/// would have to pass.
#[tokio::test(start_paused = true)]
async fn a_single_lane_waits_for_nobody() {
    let night = Night::new(&one());
    let stop = StopSwitch::default();
    let (_coordinator, recorder) = Coordinator::start(night.ledger(), night.clock.clone(), stop);
    let _lane = recorder.lane();
    let began = night.clock.now();
    let kept = recorder.record(vec![outcome_of("deactivate-0001")]).await;
    assert_eq!(kept, Ok(()));
    assert_eq!(night.clock.now(), began);
}

fn outcome_of(action_id: &str) -> Entry {
    let reason = OutcomeReason::Interrupted;
    Entry::Outcome {
        plan_id: "plan-1".to_owned(),
        run_id: "run-1".to_owned(),
        record: OutcomeRecord::unsent(action_id, Outcome::Deferred, reason, tonight()),
    }
}
