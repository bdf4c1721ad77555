//! Accounts that are read, and whose intents are recorded, while all places for
//! operations are taken: where those, and not the requests, are scarce.

use super::wire::Wire;
use super::*;
use crate::apply::Stop;
use crate::ledger::AttemptEnd;
use crate::sandbox::{OperationTime, TenantLimits};
use crate::vendor::ServerLimit;

/// Requests nobody can send.
const PLENTY: u32 = 1_000_000;
const PLACES: u32 = 3;

/// A tenant with plenty of requests and few places, whose operations take so
/// long, reached over the wire.
fn night(people: usize, operation: Duration, wire: &Wire) -> Night {
    let mut night = Night::in_tenant(&several(people), |options| {
        options.limits = TenantLimits {
            requests_per_minute: PLENTY,
            requests_per_10_seconds: PLENTY,
            operations_in_flight: PLACES,
            ..TenantLimits::default()
        };
        options.operation_time = OperationTime {
            minimum: operation,
            maximum: operation,
        };
    });
    let limit = |number: u32| number.try_into().expect("not zero");
    let wire = Wire {
        limits: Limits {
            requests_per_minute: limit(PLENTY),
            requests_per_10_seconds: limit(PLENTY),
            operations_in_flight: limit(PLACES),
            server_limit: ServerLimit::Lowers,
        },
        ..wire.clone()
    };
    night.api = wire.api(&night);
    night
}

async fn carried_out(night: &Night) -> BTreeMap<String, OutcomeRecord> {
    let mut execution = night.execution();
    execution.timing.poll_first = Duration::from_secs(1);
    let (ledger, recorded) = execute(execution, night.ledger()).await;
    recorded.expect("a ledger that can be written");
    ledger.outcomes(&night.plan.plan_id).expect("outcomes")
}

/// Prepared, and certainly never sent.
fn given_up(night: &Night) -> usize {
    let attempts = night.attempts().into_iter();
    let ends = attempts.filter_map(|attempt| attempt.end);
    ends.filter(|(end, _)| *end == AttemptEnd::NotApplied)
        .count()
}

fn reads_of(night: &Night, user: &str) -> usize {
    let path = format!("/users/{user}");
    let entries = night.tenant.entries();
    let reads = entries.iter().filter(|it| it.method == "GET");
    reads.filter(|it| it.path.ends_with(&path)).count()
}

fn assert_keeps_to_the_places(night: &Night) {
    let report = night.tenant.report();
    assert_eq!(report.violations, 0);
    assert_eq!(report.max_operations_in_flight, u64::from(PLACES));
    assert_eq!(report.repeated_writes, Vec::<String>::new());
    assert!(report.accounts_written.values().all(|writes| *writes == 1));
}

#[tokio::test(start_paused = true)]
async fn what_was_prepared_is_not_sent_once_the_run_is_stopped() {
    for why in [Stop::Interrupted, Stop::Terminated, Stop::Deadline] {
        let night = night(60, Duration::from_secs(2), &Wire::default());
        let interrupt = async {
            night.clock.sleep(Duration::from_secs(9)).await;
            night.stop.stop(why);
        };
        let (outcomes, ()) = tokio::join!(carried_out(&night), interrupt);
        let (tally, writes) = (tally(&outcomes), night.tenant.report().writes);
        assert_eq!(tally.len(), 2, "{tally:?}");
        let succeeded = u64::try_from(tally["succeeded"]).expect("a number");
        assert_eq!(succeeded, writes, "{tally:?}");
        assert!(given_up(&night) >= 3, "nothing was prepared");
        assert_eq!(night.open_attempts(), 0);

        let night = night.restarted();
        let all = BTreeMap::from([("succeeded".to_owned(), 60)]);
        assert_eq!(super::tally(&carried_out(&night).await), all);
        assert_eq!(night.tenant.report().writes, 60, "each change once");
        assert_keeps_to_the_places(&night);
    }
}

/// The server asks for ten seconds of silence in the midst.
fn with_a_pause() -> Wire {
    Wire {
        paused_at: Some((60, 429)),
        ..Wire::default()
    }
}

/// The accounts whose first attempt was given up.
fn given_up_at_first(night: &Night) -> Vec<String> {
    let attempts = night.attempts().into_iter();
    let given_up = attempts.filter(|it| {
        let end = it.end.map(|(end, _)| end);
        it.intent.key.attempt == 1 && end == Some(AttemptEnd::NotApplied)
    });
    given_up.map(|it| it.intent.user_id).collect()
}

#[tokio::test(start_paused = true)]
async fn what_grew_old_before_it_could_be_sent_is_read_again() {
    let night = night(60, Duration::from_secs(2), &with_a_pause());
    let outcomes = carried_out(&night).await;
    let all = BTreeMap::from([("succeeded".to_owned(), 60)]);
    assert_eq!(tally(&outcomes), all);
    assert_keeps_to_the_places(&night);
    assert_eq!(night.tenant.report().writes, 60, "each change once");
    assert_eq!(night.open_attempts(), 0);
    let again = given_up_at_first(&night);
    assert!((1..=crate::apply::ahead::LANES_AHEAD).contains(&again.len()));
    assert_eq!(given_up(&night), again.len(), "once each");
}

#[tokio::test(start_paused = true)]
async fn the_last_reading_decides_and_not_the_first() {
    let undisturbed = night(60, Duration::from_secs(2), &with_a_pause());
    carried_out(&undisturbed).await;
    let user = given_up_at_first(&undisturbed).remove(0);

    let script = format!("user-read of {user} 2: 404");
    let night = night(60, Duration::from_secs(2), &with_a_pause()).with_script(&script);
    let outcomes = carried_out(&night).await;
    assert_eq!(reads_of(&night, &user), 2);
    let action = user.replace('U', "deactivate-");
    assert_eq!(word(&outcomes[&action]), "failed not_found");
    assert_eq!(tally(&outcomes)["succeeded"], 59);
    assert_eq!(night.tenant.report().writes, 59);
    assert_eq!(night.open_attempts(), 0);
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_request_the_rest_is_carried_on_to_the_same_end() {
    let undisturbed = night(24, Duration::from_secs(2), &Wire::default());
    carried_out(&undisturbed).await;
    let requests = undisturbed.tenant.entries().len();
    for tell_at in (1..=requests).step_by(2) {
        let wire = Wire {
            tell_at,
            ..Wire::default()
        };
        let night = night(24, Duration::from_secs(2), &wire);
        tokio::select! {
            _ = carried_out(&night) => {}
            () = wire.reached.notified() => {}
        }
        // What a commit was about to write is written.
        wait(Duration::from_millis(1)).await;
        let outcomes = carried_out(&night).await;
        let all = BTreeMap::from([("succeeded".to_owned(), 24)]);
        assert_eq!(tally(&outcomes), all, "killed at request {tell_at}");
        assert_eq!(night.open_attempts(), 0, "killed at request {tell_at}");
        assert_eq!(
            night.tenant.report().writes,
            24,
            "killed at request {tell_at}"
        );
        assert_keeps_to_the_places(&night);
    }
}
