//! Every fault at every step of a lane. What each comes to stands in the
//! tables below. Whatever it is, the plan is carried on, later nights look and
//! plan anew, and then everybody's access has ended, each change made once.

use super::super::Stop;
use super::scim::over_scim;
use super::*;

/// A step of a lane, by the request that meets the fault.
#[derive(Clone, Copy)]
struct Moment {
    request: &'static str,
    /// Which of these requests is the first to meet it.
    first: usize,
    /// Whether it is carried out before that.
    is_after: bool,
}

const fn before(request: &'static str, first: usize) -> Moment {
    Moment {
        request,
        first,
        is_after: false,
    }
}

const fn after(request: &'static str) -> Moment {
    Moment {
        request,
        first: 1,
        is_after: true,
    }
}

/// The account is read, the update meets the fault before and after it is
/// carried out, its operation is polled, the account is read back.
const ADMIN_STEPS: [Moment; 5] = [
    before("user-read", 1),
    before("update", 1),
    after("update"),
    before("poll", 1),
    before("user-read", 2),
];

/// The same without an operation.
const SCIM_STEPS: [Moment; 4] = [
    before("scim-search", 1),
    before("scim-patch", 1),
    after("scim-patch"),
    before("scim-read", 1),
];

/// The faults. A host that cannot be resolved is as one that refuses: nothing
/// reached anybody.
const FAULTS: [&str; 21] = [
    REFUSED,
    UNTRUSTED,
    "reset",
    "slow 20",
    "cut",
    "broken-json",
    "wrong-type",
    "wrong-shape",
    "html",
    "html 502",
    "redirect",
    "400",
    "401",
    "403",
    "404",
    "408",
    "409",
    "424",
    "429 retry-after 10",
    "500",
    "503 retry-after 10",
];

const REFUSED: &str = "refused";
const UNTRUSTED: &str = "untrusted";
/// Faults that spoil the true answer: there is always one.
const SPOILING: [&str; 4] = ["slow 20", "cut", "broken-json", "wrong-type"];
/// Answers that say that nothing was done. A server that did it all the same
/// is not believed to be one.
const REFUSALS: [&str; 6] = ["400", "401", "403", "404", "409", "429 retry-after 10"];

/// Lets the fault happen once, or from then on every time; `None` where there
/// is no such fault.
fn disturb(night: Night, fault: &'static str, moment: Moment, always: bool) -> Option<Night> {
    let Moment {
        request,
        first,
        is_after,
    } = moment;
    if fault == REFUSED || fault == UNTRUSTED {
        if is_after {
            return None;
        }
        let (method, path) = match request {
            "user-read" => ("GET", "/users/U"),
            "update" => ("PUT", "/users/U"),
            "poll" => ("GET", "/operations/"),
            "scim-search" => ("GET", "/Users"),
            "scim-patch" => ("PATCH", "/Users/"),
            _ => ("GET", "/Users/"),
        };
        return Some(night.with_faults(move |asked, at, nth| {
            let meets = asked == method && at.starts_with(path) && nth >= first;
            let fault = match fault {
                REFUSED => Fault::NotSent,
                _ => Fault::Untrusted,
            };
            (meets && (always || nth == first)).then_some(fault)
        }));
    }
    let is_write = request == "update" || request == "scim-patch";
    let spoils = SPOILING.contains(&fault);
    if is_write && spoils && !is_after || is_after && REFUSALS.contains(&fault) {
        return None;
    }
    let when = if is_after && !spoils { "after " } else { "" };
    let to = if always { "-" } else { "" };
    Some(night.with_script(&format!("{request} {first}{to}: {when}{fault}")))
}

/// What became of the plan, in a word or two.
fn ended(outcomes: &BTreeMap<String, OutcomeRecord>, stop: Option<Stop>) -> String {
    let words: BTreeSet<String> = outcomes.values().map(word).collect();
    let words: Vec<String> = words.into_iter().collect();
    let stop = stop.map(|_| " (stopped)").unwrap_or_default();
    format!("{}{stop}", words.join(" + "))
}

/// What the fault comes to, once and every time.
async fn cell(
    make: impl Fn() -> Night,
    channel: Channel,
    fault: &'static str,
    moment: Moment,
) -> Option<String> {
    let mut seen = Vec::new();
    for always in [false, true] {
        let night = disturb(make(), fault, moment, always)?;
        let outcomes = night.run().await;
        let what = format!("{fault} at {} {}, {always}", moment.request, moment.first);
        let plan = &night.plan;
        assert_eq!(outcomes.len(), plan.actions.len(), "{what}: complete");
        seen.push(ended(&outcomes, night.stop.reason()));
        assert_ends_right(night, channel, &what).await;
    }
    seen.dedup();
    Some(seen.join(" / "))
}

/// Later nights: the plan is carried on, then looked at and planned anew. Then
/// everything has ended, each change was made once, and nobody was asked too
/// often.
async fn assert_ends_right(night: Night, channel: Channel, what: &str) {
    let mut night = night.restarted();
    let carried_on = night.run().await;
    let is_said = |record: &OutcomeRecord| !is(record, Outcome::Unknown);
    assert!(
        carried_on.values().all(is_said),
        "{what}: {:?}",
        words(&carried_on)
    );
    let takes_seats = !night.plan.lanes[0].steps[0].remove.is_empty();
    for plan_id in ["plan-2", "plan-3"] {
        night.clock.sleep(Duration::from_hours(24)).await;
        night.settle().await;
        let state = night.account(1).await;
        let work = if state.starts_with("active") && takes_seats {
            Work::Both(1)
        } else if state.starts_with("active") {
            Work::Deactivate(1)
        } else if takes_seats && state != "deactivated" && !night.memory().stranded_refused {
            Work::Remove(1)
        } else {
            break;
        };
        night.plan = plan_of(plan_id, &[work]);
        night.plan.lanes[0].steps[0].channel = match work {
            Work::Deactivate(_) => channel,
            Work::Remove(_) | Work::Both(_) => Channel::AdminApi,
        };
        night.run().await;
    }
    let state = night.account(1).await;
    assert!(state.starts_with("deactivated"), "{what}: {state}");
    let is_free = state == "deactivated";
    let stays = !takes_seats || night.memory().stranded_refused;
    assert!(is_free || stays, "{what}: {state}");
    assert_eq!(night.open_attempts(), 0, "{what}");
    let entries = night.tenant.entries();
    let writes = entries.iter().filter_map(|entry| entry.write.as_ref());
    let effective = writes.filter(|write| write.takes_effect);
    let changes: Vec<&String> = effective.map(|write| &write.change).collect();
    let different: BTreeSet<&String> = changes.iter().copied().collect();
    assert_eq!(
        changes.len(),
        different.len(),
        "{what}: a change made twice"
    );
    let log = night.tenant.report();
    assert_eq!((log.violations, log.polls_too_fast), (0, 0), "{what}");
    assert!(log.max_in_10_seconds <= 20, "{what}");
    assert_eq!(log.fields_lost, Vec::<String>::new(), "{what}");
}

/// Fails, and shows the whole table, unless it is as expected.
async fn check(expected: &str, channel: Channel, steps: &[Moment], make: impl Fn() -> Night) {
    let mut rows = Vec::new();
    for fault in FAULTS {
        let mut cells = Vec::new();
        for moment in steps {
            let cell = cell(&make, channel, fault, *moment).await;
            cells.push(cell.unwrap_or_else(|| "-".to_owned()));
        }
        rows.push(format!("{fault}: {}", cells.join(" | ")));
    }
    let table = rows.join("\n");
    assert_eq!(table, expected.trim(), "it is\n{table}");
}

/// What each fault comes to when it happens once and, after the slash, every
/// time, where that is not the same. The columns are [`ADMIN_STEPS`]; a dash is
/// a fault that cannot be.
const DEACTIVATION: &str = "
refused: succeeded / deferred unreachable (stopped) | succeeded / failed unreachable | - | succeeded | succeeded / unknown no_answer
untrusted: deferred unreachable (stopped) | failed unreachable | - | succeeded | unknown no_answer
reset: succeeded / deferred unreachable (stopped) | succeeded / failed not_changed | succeeded | succeeded | succeeded / unknown no_answer
slow 20: succeeded | - | succeeded | succeeded | succeeded
cut: succeeded / deferred unreachable (stopped) | - | succeeded | succeeded | succeeded / unknown no_answer
broken-json: failed unreachable | - | succeeded | succeeded | unknown no_answer
wrong-type: failed unreachable | - | succeeded | succeeded | unknown no_answer
wrong-shape: failed unreachable | succeeded / failed not_changed | succeeded | succeeded | unknown no_answer
html: failed unreachable | succeeded / failed not_changed | succeeded | succeeded | unknown no_answer
html 502: succeeded / failed unreachable | succeeded / failed not_changed | succeeded | succeeded | succeeded / unknown no_answer
redirect: failed refused | succeeded / failed not_changed | succeeded | succeeded | unknown no_answer
400: failed refused | failed refused | - | succeeded | unknown no_answer
401: deferred not_authorized (stopped) | deferred not_authorized (stopped) | - | succeeded (stopped) | unknown no_answer (stopped)
403: deferred not_authorized (stopped) | failed not_authorized | - | succeeded | unknown no_answer
404: failed not_found | failed not_found | - | succeeded | unknown no_answer
408: succeeded / failed unreachable | succeeded / failed not_changed | succeeded | succeeded | succeeded / unknown no_answer
409: failed refused | failed refused | - | succeeded | unknown no_answer
424: failed unreachable | succeeded / failed not_changed | succeeded | succeeded | unknown no_answer
429 retry-after 10: succeeded / failed unreachable | succeeded / failed refused | - | succeeded | succeeded / unknown no_answer
500: succeeded / failed unreachable | succeeded / failed not_changed | succeeded | succeeded | succeeded / unknown no_answer
503 retry-after 10: succeeded / failed unreachable | succeeded / failed not_changed | succeeded | succeeded | succeeded / unknown no_answer
";

/// The same over SCIM; the columns are [`SCIM_STEPS`].
const OVER_SCIM: &str = "
refused: succeeded / deferred unreachable (stopped) | succeeded / failed unreachable | - | succeeded / unknown no_answer
untrusted: deferred unreachable (stopped) | failed unreachable | - | unknown no_answer
reset: succeeded / deferred unreachable (stopped) | succeeded / failed not_changed | succeeded | succeeded / unknown no_answer
slow 20: succeeded | - | succeeded | succeeded
cut: succeeded / deferred unreachable (stopped) | - | succeeded | succeeded / unknown no_answer
broken-json: failed unreachable | - | succeeded | unknown no_answer
wrong-type: failed unreachable | - | succeeded | unknown no_answer
wrong-shape: failed unreachable | succeeded / failed not_changed | succeeded | unknown no_answer
html: failed unreachable | succeeded / failed not_changed | succeeded | unknown no_answer
html 502: succeeded / failed unreachable | succeeded / failed not_changed | succeeded | succeeded / unknown no_answer
redirect: failed refused | succeeded / failed not_changed | succeeded | unknown no_answer
400: failed refused | failed refused | - | unknown no_answer
401: deferred not_authorized (stopped) | deferred not_authorized (stopped) | - | unknown no_answer (stopped)
403: deferred not_authorized (stopped) | failed not_authorized | - | unknown no_answer
404: deferred unreachable (stopped) | failed not_found | - | unknown no_answer
408: succeeded / failed unreachable | succeeded / failed not_changed | succeeded | succeeded / unknown no_answer
409: failed refused | failed refused | - | unknown no_answer
424: failed unreachable | succeeded / failed not_changed | succeeded | unknown no_answer
429 retry-after 10: succeeded / failed unreachable | succeeded / failed refused | - | succeeded / unknown no_answer
500: succeeded / failed unreachable | succeeded / failed not_changed | succeeded | succeeded / unknown no_answer
503 retry-after 10: succeeded / failed unreachable | succeeded / failed not_changed | succeeded | succeeded / unknown no_answer
";

/// The table of deactivations with another row.
fn but_for(row: &str) -> String {
    let (fault, _) = row.split_once(':').expect("a row");
    let rows = DEACTIVATION.lines().map(|line| {
        let is_it = line.split_once(':').is_some_and(|(name, _)| name == fault);
        if is_it { row } else { line }
    });
    rows.collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn every_fault_at_every_step_of_a_deactivation() {
    let make = || Night::new(&one());
    check(DEACTIVATION, Channel::AdminApi, &ADMIN_STEPS, make).await;
}

#[tokio::test(start_paused = true)]
async fn every_fault_at_every_step_of_a_removal() {
    let row = "400: failed refused | failed stranded_seat | - | succeeded | unknown no_answer";
    let make = || Night::new(&[Work::Remove(1)]);
    check(&but_for(row), Channel::AdminApi, &ADMIN_STEPS, make).await;
}

#[tokio::test(start_paused = true)]
async fn every_fault_at_every_step_of_both_in_one_update() {
    // Access ends alone.
    let row = "400: failed refused | deferred refused + succeeded / deferred refused + failed refused \
               | - | succeeded | unknown no_answer";
    let make = || Night::new(&[Work::Both(1)]);
    check(&but_for(row), Channel::AdminApi, &ADMIN_STEPS, make).await;
}

#[tokio::test(start_paused = true)]
async fn every_fault_at_every_step_of_a_deactivation_over_scim() {
    let make = || over_scim(&one(), |_| {});
    check(OVER_SCIM, Channel::Scim, &SCIM_STEPS, make).await;
}

/// How operations misbehave, and what that comes to for a deactivation, a
/// removal, and both in one update.
const OPERATIONS: [(&str, [&str; 3]); 13] = [
    (
        "update 1: operation failed",
        [
            "failed operation_failed",
            "failed stranded_seat",
            "deferred operation_failed + succeeded",
        ],
    ),
    ("update 1: operation unknown", ["succeeded"; 3]),
    ("update 1: operation gone", ["succeeded"; 3]),
    (
        "update 1: operation unchanged",
        [
            "failed not_changed",
            "failed stranded_seat",
            "deferred not_changed + succeeded",
        ],
    ),
    (
        "update: operation unchanged",
        [
            "failed not_changed",
            "failed stranded_seat",
            "deferred not_changed + failed not_changed",
        ],
    ),
    ("update: operation unknown", ["failed not_changed"; 3]),
    // What the account shows decides.
    ("poll: says FAILED", ["succeeded"; 3]),
    ("poll: says UNKNOWN", ["succeeded"; 3]),
    ("poll: says IN_PROGRESS", ["succeeded"; 3]),
    // Too early.
    ("poll 1: says COMPLETED", ["succeeded"; 3]),
    // Out of order: the answer that said so was lost, and then it goes on.
    (
        "poll 3: after reset, poll 4-: says IN_PROGRESS",
        ["succeeded"; 3],
    ),
    (
        "poll 1: says FAILED, poll 2: says COMPLETED",
        ["succeeded"; 3],
    ),
    ("poll 1: after 404", ["succeeded"; 3]),
];

#[tokio::test(start_paused = true)]
async fn every_way_an_operation_can_end() {
    for (script, expected) in OPERATIONS {
        let work = [Work::Deactivate(1), Work::Remove(1), Work::Both(1)];
        for (work, expected) in work.into_iter().zip(expected) {
            let night = Night::new(&[work]).with_script(&script.replace(", ", "\n"));
            let outcomes = night.run().await;
            assert_eq!(
                outcomes.len(),
                night.plan.actions.len(),
                "{script}: complete"
            );
            assert_eq!(ended(&outcomes, night.stop.reason()), expected, "{script}");
            assert_ends_right(night, Channel::AdminApi, script).await;
        }
    }
}

/// Nothing of it shows for a minute, whatever the operation says.
#[tokio::test(start_paused = true)]
async fn reads_that_lag_behind_are_waited_for() {
    let lagging = |options: &mut Options| options.read_lag = Duration::from_mins(1);
    let works = [Work::Deactivate(1), Work::Remove(1), Work::Both(1)];
    let nights = works.map(|work| Night::in_tenant(&[work], lagging));
    for night in nights.into_iter().chain([over_scim(&one(), lagging)]) {
        let outcomes = night.run().await;
        assert_eq!(ended(&outcomes, None), "succeeded");
        assert!(!night.memory().stranded_refused);
        assert_well_behaved(&night.tenant.report());
    }
}

/// The operation goes on for ever: the next run looks, the night after that
/// gives up on it, and tonight's plan says what the vendor says now.
#[tokio::test(start_paused = true)]
async fn an_operation_that_never_ends_keeps_nobody_s_access_open_unsaid() {
    let mut night = Night::new(&one()).with_script("update 1: operation stuck");
    let outcomes = night.run().await;
    let record = &outcomes["deactivate-0001"];
    assert_eq!(word(record), "unknown no_answer");
    assert!(record.detail.contains("by whomever"), "{}", record.detail);

    night.clock.sleep(Duration::from_mins(30)).await;
    let outcomes = night.settle().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "unknown no_answer");
    night.plan = plan_of("plan-2", &one());
    let outcomes = night.run().await;
    let record = &outcomes["deactivate-0001"];
    assert_eq!(word(record), "unknown no_answer");
    assert!(record.detail.contains("by whomever"), "{}", record.detail);
    assert_eq!(night.tenant.report().writes, 1);

    // The next night: one more look, and then it is over.
    night.plan = plan_of("plan-1", &one());
    night.clock.sleep(Duration::from_hours(24)).await;
    night.settle().await;
    assert_eq!(night.open_attempts(), 0);
    let end = night.attempts()[0].end.map(|(end, _)| end);
    assert_eq!(end, Some(crate::ledger::AttemptEnd::NotApplied));
    night.plan = plan_of("plan-3", &one());
    let outcomes = night.run().await;
    // This vendor still refuses another update.
    assert_eq!(word(&outcomes["deactivate-0001"]), "failed refused");
    assert_eq!(night.tenant.report().writes, 1);
}

/// Somebody ended the access by hand, and the operation still goes on.
#[tokio::test(start_paused = true)]
async fn a_person_ends_an_unknown_outcome_by_doing_it() {
    let script = "update 1: operation unchanged\npoll: says IN_PROGRESS";
    let night = Night::new(&one()).with_script(script);
    night.run().await;
    assert_eq!(night.open_attempts(), 1);
    night
        .edit(1, |body| body["basicInfo"]["status"] = "INACTIVE".into())
        .await;
    let outcomes = night.settle().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "succeeded");
    assert_eq!(night.open_attempts(), 0);
    assert_eq!(night.tenant.report().writes, 2, "one of them by hand");
}

/// The vendor has forgotten the operation, the account is as it was, and the
/// time is over: that attempt is closed, and the next one has its own intent.
#[tokio::test(start_paused = true)]
async fn an_operation_that_was_forgotten_is_closed_as_not_applied() {
    let night = Night::new(&one()).with_script("update 1: operation gone\nuser-read 2-: 500");
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "unknown no_answer");
    let night = night.restarted();
    night.clock.sleep(Duration::from_mins(10)).await;
    night.settle().await;
    let end = night.attempts()[0].end.map(|(end, _)| end);
    assert_eq!(end, Some(crate::ledger::AttemptEnd::NotApplied));
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "succeeded");
    assert_eq!(outcomes["deactivate-0001"].attempts, 2);
}
