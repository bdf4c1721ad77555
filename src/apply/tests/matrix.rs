//! Every fault at every step of a lane. What each comes to stands in the
//! tables below. Whatever it is, the plan is carried on, later nights look and
//! plan anew, and then everybody's access has ended, each change made once.

use super::scim::over_scim;
use super::*;
use crate::apply::Stop;

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

/// The faults.
const FAULTS: [&str; 26] = [
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
    "422",
    "424",
    "429",
    "429 retry-after 10",
    "500",
    "501",
    "502",
    "503",
    "503 retry-after 10",
];

const REFUSED: &str = "refused";
const UNTRUSTED: &str = "untrusted";
/// Faults that spoil the true answer: there is always one.
const SPOILING: [&str; 4] = ["slow 20", "cut", "broken-json", "wrong-type"];

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
    if is_write && spoils != is_after && spoils {
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
    let stop = stop.map(|stop| format!(", stopped: {stop:?}"));
    format!("{}{}", words.join(" + "), stop.unwrap_or_default())
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
    night.run().await;
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
        if work_is_over_scim(channel) {
            night.plan.lanes[0].steps[0].channel = Channel::Scim;
        }
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
    assert_eq!(changes.len(), different.len(), "{what}: a change made twice");
    let log = night.tenant.report();
    assert_eq!((log.violations, log.polls_too_fast), (0, 0), "{what}");
    assert!(log.max_in_10_seconds <= 20, "{what}");
    assert_eq!(log.fields_lost, Vec::<String>::new(), "{what}");
}

fn work_is_over_scim(channel: Channel) -> bool {
    channel == Channel::Scim
}

async fn print(title: &str, channel: Channel, steps: &[Moment], make: impl Fn() -> Night) {
    println!("== {title}");
    for fault in FAULTS {
        for moment in steps {
            if let Some(cell) = cell(&make, channel, fault, *moment).await {
                let after = if moment.is_after { "after " } else { "" };
                println!("{:<20}{:<16}{}", fault, format!("{after}{} {}", moment.request, moment.first), cell);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn deactivation() {
    print("deactivation", Channel::AdminApi, &ADMIN_STEPS, || Night::new(&one())).await;
}

#[tokio::test(start_paused = true)]
async fn removal() {
    print("removal", Channel::AdminApi, &ADMIN_STEPS, || Night::new(&[Work::Remove(1)])).await;
}

#[tokio::test(start_paused = true)]
async fn both() {
    print("both", Channel::AdminApi, &ADMIN_STEPS, || Night::new(&[Work::Both(1)])).await;
}

#[tokio::test(start_paused = true)]
async fn scim() {
    print("scim", Channel::Scim, &SCIM_STEPS, || over_scim(&one(), |_| {})).await;
}
