//! Accounts that are reactivated so that their licences come free: however it
//! goes, they end deactivated.

use serde_json::json;

use super::super::{Stop, close_reclaims};
use super::*;
use crate::ledger::Entry;
use crate::model::ReclaimRecord;
use crate::sandbox::StrandedSeats as Manners;

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
    let at = |nth: usize, fault: Fault| -> Faults {
        Box::new(on_put(move |asked| (asked == nth).then(|| fault.clone())))
    };
    let op = |nth: usize, fault: Fault| -> Faults {
        Box::new(move |method, path, asked| {
            let is_it = method == "GET" && path.ends_with(&format!("op_{nth:09}"));
            (is_it && asked < 400).then(|| fault.clone())
        })
    };
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
    for (what, faults, expected) in cases {
        let night = night(1, Manners::Refused).with_faults(faults);
        let outcomes = night.run().await;
        assert_eq!(fates(&outcomes), expected, "{what}");
        assert_closed(&night, what).await;
        assert_eq!(night.open_attempts(), 0, "{what}");
        let log = night.tenant.report();
        assert!(log.repeated_writes.is_empty(), "{what}");
    }
}
