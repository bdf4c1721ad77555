//! Only what was really freed is asked for.

use super::*;
use crate::model::{Pool, RequestState};
use crate::plan::DraftTerms;
use crate::sandbox::StrandedSeats as Manners;
use crate::seats::Draft;

/// Two people whose seats go, and a draft that counts two of the four seats.
fn night(manners: Manners) -> Night {
    let mut night = Night::in_tenant(&[Work::Remove(1), Work::Remove(2)], |options| {
        options.stranded_seats = manners;
    });
    let mut action = night.plan.actions[0].clone();
    action.id = "cancel-1".to_owned();
    action.kind = ActionKind::RequestPartialCancellation;
    action.draft = Some(DraftTerms {
        request: Draft {
            renewed: false,
            id: "request-1".to_owned(),
            pool: Pool {
                license: "X Series - X2".to_owned(),
                country: "US".to_owned(),
            },
            term_ends: "2027-03-31".parse().expect("a date"),
            submit_by: "2027-02-15".parse().expect("a date"),
            base: 3,
            at_most: 100,
            drafted: None,
            drafted_at: None,
            contract: 0,
        },
        removals: vec!["remove-0001-0".to_owned(), "remove-0002-0".to_owned()],
        unit_price: None,
        effective_on: "2027-03-31".parse().expect("a date"),
        terms: None,
    });
    night.plan.actions.push(action);
    night
}

#[tokio::test(start_paused = true)]
async fn a_draft_counts_what_came_free() {
    let night = night(Manners::Free);
    let outcomes = night.run().await;
    let record = &outcomes["cancel-1"];
    assert_eq!(
        (word(record).as_str(), record.quantity),
        ("succeeded drafted", Some(5))
    );
    let [request] = &night.memory().requests[..] else {
        panic!("one request")
    };
    assert_eq!(
        (request.state, request.quantity),
        (RequestState::Drafted, 5)
    );
}

#[tokio::test(start_paused = true)]
async fn a_draft_waits_for_seats_that_are_put_off() {
    let night = night(Manners::Refused);
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["cancel-1"]), "deferred earlier_step");
    assert_eq!(night.memory().requests, []);
}

#[tokio::test(start_paused = true)]
async fn a_seat_that_somebody_vetoed_is_not_asked_for() {
    let mut night = night(Manners::Free);
    let held = Veto {
        outcome: Outcome::Held,
        reason: OutcomeReason::ReviewHold,
    };
    night.vetoes.insert("remove-0001-0".to_owned(), held);
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["remove-0001-0"]), "held review_hold");
    assert_eq!(outcomes["cancel-1"].quantity, Some(4));
    assert_eq!(night.account(1).await.matches("X2").count(), 1);
}
