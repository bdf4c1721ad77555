//! What the calendar does to requests, and what people are reminded of.

use jiff::civil::date;
use jiff::{Timestamp, tz::TimeZone};

use super::*;
use crate::model::{ContractBilling, Delivery, Pool, RequestEvent, RequestStep};

pub(super) fn contract() -> Contract {
    Contract {
        pool: Pool {
            license: "X Series - X2".to_owned(),
            country: "US".to_owned(),
        },
        seats: 120,
        unit_price: None,
        term_ends: date(2027, 3, 31),
        notice_days: 30,
        confirm_days: 14,
        renewal_months: 12,
        billing: ContractBilling::Contract,
        spare: 0,
    }
}

fn at(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).expect("a day").timestamp()
}

/// A request of that contract, drafted once for three seats.
fn request(state: RequestState) -> FollowedRequest {
    let id = crate::seats::cancellation::request_id_of(&contract(), 1);
    let request = OpenRequest {
        id,
        pool: contract().pool,
        term_ends: date(2027, 3, 31),
        quantity: 3,
        state,
        effective_on: Some(date(2027, 3, 31)),
        drafted_at: at(date(2026, 11, 22)),
        verified_at: None,
    };
    let events = [RequestEvent {
        at: at(date(2026, 11, 22)),
        step: RequestStep::to(RequestState::Drafted),
    }];
    FollowedRequest::of(request, &events, Vec::new())
}

fn moved(state: RequestState, today: Date) -> Option<RequestState> {
    let requests = [request(state).request];
    by_calendar(&requests, &[contract()], today)
        .pop()
        .map(|(_, state)| state)
}

#[test]
fn a_confirmed_date_has_passed_on_the_day_after_it() {
    let confirmed = RequestState::Confirmed;
    assert_eq!(moved(confirmed, date(2027, 3, 31)), None);
    assert_eq!(
        moved(confirmed, date(2027, 4, 1)),
        Some(RequestState::Effective)
    );
    assert_eq!(
        moved(RequestState::Effective, date(2027, 4, 1)),
        None,
        "once"
    );
}

#[test]
fn what_is_not_confirmed_within_the_notice_lapses() {
    let submitted = RequestState::Submitted;
    assert_eq!(moved(submitted, date(2027, 3, 1)), None);
    assert_eq!(
        moved(submitted, date(2027, 3, 2)),
        Some(RequestState::Lapsed)
    );
    let requests = [request(submitted).request];
    let on = |day| on_day(&requests, &[contract()], day);
    assert_eq!(on(date(2027, 3, 1)), requests);
    assert_eq!(on(date(2027, 3, 2)), [], "its seats may be asked for again");
    assert!(
        by_calendar(&requests, &[], date(2028, 1, 1)).is_empty(),
        "whose notice?"
    );
}

#[test]
fn every_state_says_what_is_legal() {
    use RequestMove::{Close, Confirm, Submit, Withdraw};
    let cases: [(RequestState, &[RequestMove]); 7] = [
        (RequestState::Drafted, &[Submit, Withdraw]),
        (RequestState::Submitted, &[Submit, Confirm, Withdraw]),
        (RequestState::Confirmed, &[Confirm, Withdraw]),
        (RequestState::Effective, &[Close]),
        (RequestState::Lapsed, &[Confirm]),
        (RequestState::Verified, &[]),
        (RequestState::Withdrawn, &[]),
    ];
    for (state, legal) in cases {
        assert_eq!(RequestMove::legal_from(state), legal, "{state:?}");
    }
}

#[test]
fn reminders_grow_more_urgent_and_end_with_the_deed() {
    let remind = |followed: &FollowedRequest, today| {
        reminders(std::slice::from_ref(followed), &[contract()], today).pop()
    };
    let draft = request(RequestState::Drafted);
    let within = |today| remind(&draft, today)?.within;
    // To be handed in by 15 February.
    assert_eq!(within(date(2026, 12, 16)), None);
    assert_eq!(within(date(2026, 12, 17)), Some(60));
    assert_eq!(within(date(2027, 1, 16)), Some(30));
    assert_eq!(within(date(2027, 2, 1)), Some(14));
    assert_eq!(within(date(2027, 2, 15)), Some(7));
    assert_eq!(within(date(2027, 2, 16)), None, "that is for the next term");
    let mut empty = draft.clone();
    empty.request.quantity = 0;
    assert_eq!(remind(&empty, date(2027, 2, 15)), None);

    let mut submitted = request(RequestState::Submitted);
    submitted.handed_in_on = Some(date(2027, 1, 10));
    assert_eq!(remind(&submitted, date(2027, 1, 23)), None);
    let late = remind(&submitted, date(2027, 1, 24)).expect("a reminder");
    assert_eq!((late.kind, late.days), (ReminderKind::NotConfirmed, 14));
    assert_eq!(late.by, date(2027, 3, 1));

    let effective = remind(&request(RequestState::Effective), date(2027, 4, 3));
    let effective = effective.expect("a reminder");
    assert_eq!(
        (effective.kind, effective.days),
        (ReminderKind::NotVerified, 3)
    );
    for state in [RequestState::Confirmed, RequestState::Verified] {
        assert_eq!(remind(&request(state), date(2027, 4, 3)), None, "{state:?}");
    }
}

/// A draft whose first revision, of three seats, was delivered on `day`.
fn delivered(day: Date, channel: DeliveryChannel) -> FollowedRequest {
    let mut followed = request(RequestState::Drafted);
    followed.deliveries.push(Delivery {
        revision: 1,
        channel,
        quantity: 3,
        key: "seatsweep-1".to_owned(),
        at: at(day),
    });
    followed
}

fn is_due(followed: &FollowedRequest, channel: DeliveryChannel, today: Date) -> bool {
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    delivery_is_due(followed, channel, &contract(), today, day)
}

#[test]
fn a_revision_is_delivered_once_and_the_next_one_monthly() {
    let webhook = DeliveryChannel::Webhook;
    let november = date(2026, 11, 25);
    assert!(is_due(&request(RequestState::Drafted), webhook, november));
    assert!(!is_due(
        &request(RequestState::Submitted),
        webhook,
        november
    ));
    let mut followed = delivered(date(2026, 11, 22), webhook);
    assert!(!is_due(&followed, webhook, date(2027, 2, 1)), "nothing new");
    assert!(
        is_due(&followed, DeliveryChannel::Email, november),
        "another channel"
    );
    followed.revision = 2;
    followed.request.quantity = 4;
    assert!(!is_due(&followed, webhook, november));
    assert!(is_due(&followed, webhook, date(2026, 12, 1)));
    let mut followed = delivered(date(2026, 12, 16), webhook);
    followed.revision = 2;
    followed.request.quantity = 4;
    assert!(!is_due(&followed, webhook, date(2026, 12, 16)));
    assert!(
        is_due(&followed, webhook, date(2026, 12, 17)),
        "60 days are left"
    );
}

#[test]
fn fewer_seats_are_said_at_once_and_files_follow_the_draft() {
    let webhook = DeliveryChannel::Webhook;
    for quantity in [2, 0] {
        let mut followed = delivered(date(2026, 11, 22), webhook);
        followed.revision = 2;
        followed.request.quantity = quantity;
        assert!(is_due(&followed, webhook, date(2026, 11, 23)), "{quantity}");
    }
    let mut followed = delivered(date(2026, 11, 22), DeliveryChannel::File);
    followed.revision = 2;
    followed.request.quantity = 4;
    assert!(is_due(&followed, DeliveryChannel::File, date(2026, 11, 23)));
    let mut nothing = request(RequestState::Drafted);
    nothing.request.quantity = 0;
    assert!(
        !is_due(&nothing, webhook, date(2026, 11, 23)),
        "nobody was told otherwise"
    );
}
