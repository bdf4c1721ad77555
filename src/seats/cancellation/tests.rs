//! Seat arithmetic.

use super::*;
use crate::model::{AccountKey, AccountMemory, AccountStatus, LicenseName, PoolObservation};
use jiff::civil::date;

fn pool() -> Pool {
    Pool {
        license: "X Series - X2".to_owned(),
        country: "US".to_owned(),
    }
}

fn contract(seats: u32, term_ends: Date, spare: u32) -> Contract {
    Contract {
        pool: pool(),
        seats,
        unit_price: None,
        term_ends,
        notice_days: 30,
        confirm_days: 14,
        renewal_months: 12,
        billing: ContractBilling::Contract,
        spare,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// Memory of so many seats freed at an instant.
fn freed(count: usize, when: &str) -> Memory {
    let license = LicenseName::parse("X Series - X2-VOSVC0216-02-US", None).expect("a name");
    let removed = vec![(license, at(when)); count];
    let verified = AccountMemory {
        status: AccountStatus::Inactive,
        status_at: at(when),
        removed,
    };
    let key = AccountKey::stored("id:a1".to_owned());
    Memory {
        accounts: BTreeMap::from([(key, verified)]),
        ..Memory::default()
    }
}

fn count_date() -> CountDate {
    CountDate {
        start: at("2026-11-20T08:00:00Z"),
        end: at("2026-11-21T08:00:00Z"),
    }
}

fn owned(owned: u32, unassigned: u32, suspended: u32) -> OwnedSeats {
    let (unassigned, suspended) = (Some(unassigned), Some(suspended));
    OwnedSeats {
        pool: pool(),
        owned,
        unassigned,
        suspended,
    }
}

fn one(figures: Vec<PoolFigures>) -> PoolFigures {
    assert_eq!(figures.len(), 1);
    figures.into_iter().next().expect("one pool")
}

#[test]
fn a_is_what_was_unassigned_plus_what_was_freed_since() {
    let memory = freed(3, "2026-11-28T10:00:00Z");
    let counts = BTreeMap::from([(
        pool(),
        PoolCount {
            active: 90,
            stranded: 2,
        },
    )]);
    let ledgered = Ledgered {
        memory: &memory,
        vanished: &[],
        counted: Some(count_date()),
    };
    let result = one(figures(&counts, &[owned(100, 4, 1)], &[], &ledgered));
    assert_eq!(result.free_by_ledger, 7);
    assert_eq!(result.free_by_count, Some(7));
}

#[test]
fn seats_freed_on_the_day_of_the_counts_are_not_counted_twice() {
    let memory = freed(3, "2026-11-20T10:00:00Z");
    let counts = BTreeMap::from([(
        pool(),
        PoolCount {
            active: 90,
            stranded: 0,
        },
    )]);
    let ledgered = Ledgered {
        memory: &memory,
        vanished: &[],
        counted: Some(count_date()),
    };
    let result = one(figures(&counts, &[owned(100, 4, 0)], &[], &ledgered));
    assert_eq!(result.free_by_ledger, 4);
}

#[test]
fn seats_that_new_people_took_are_not_free() {
    let mut memory = freed(3, "2026-11-28T10:00:00Z");
    memory.observations.push(PoolObservation {
        at: at("2026-11-20T10:00:00Z"),
        pool: pool(),
        active: 95,
        stranded: 0,
        stock: None,
        places: Vec::new(),
    });
    // 95 − 3 freed = 92 expected; 94 held: two were taken.
    let counts = BTreeMap::from([(
        pool(),
        PoolCount {
            active: 94,
            stranded: 0,
        },
    )]);
    let ledgered = Ledgered {
        memory: &memory,
        vanished: &[],
        counted: Some(count_date()),
    };
    let result = one(figures(&counts, &[owned(100, 4, 0)], &[], &ledgered));
    assert_eq!(result.newly_assigned, 2);
    assert_eq!(result.free_by_ledger, 5);
}

#[test]
fn without_seat_counts_only_verified_removals_are_free() {
    let memory = freed(3, "2026-11-28T10:00:00Z");
    let counts = BTreeMap::from([(
        pool(),
        PoolCount {
            active: 90,
            stranded: 0,
        },
    )]);
    let ledgered = Ledgered {
        memory: &memory,
        vanished: &[],
        counted: None,
    };
    let result = one(figures(
        &counts,
        &[],
        &[contract(120, date(2027, 3, 31), 0)],
        &ledgered,
    ));
    assert_eq!((result.free_by_ledger, result.free_by_count), (3, Some(30)));
}

#[test]
fn the_earliest_open_notice_date_comes_first_and_spare_seats_stay() {
    let figures = PoolFigures {
        pool: pool(),
        owned: Some(100),
        unassigned: Some(12),
        suspended: 0,
        active: 88,
        stranded: 0,
        freed: 0,
        newly_assigned: 0,
        reserved: 0,
        joiners: 0,
        free_by_ledger: 12,
        free_by_count: Some(12),
    };
    let contracts = [
        contract(90, date(2027, 6, 30), 2),
        contract(6, date(2027, 3, 31), 0),
    ];
    let drafts = drafts(&[figures], &contracts, &[], None, date(2026, 11, 28));
    let asked: Vec<(usize, u32)> = drafts
        .iter()
        .map(|draft| (draft.contract, draft.quantity(0)))
        .collect();
    assert_eq!(asked, [(1, 6), (0, 4)]);
    assert_eq!(drafts[0].quantity(3), 6, "never more than the contract has");
    assert_eq!(drafts[1].quantity(3), 7);
}

#[test]
fn contact_center_and_subscription_seats_are_never_requested() {
    let mut subscription = contract(10, date(2027, 3, 31), 0);
    subscription.billing = ContractBilling::Subscription;
    let figures = |license: &str| PoolFigures {
        pool: Pool {
            license: license.to_owned(),
            country: "US".to_owned(),
        },
        owned: None,
        unassigned: None,
        suspended: 0,
        active: 0,
        stranded: 0,
        freed: 5,
        newly_assigned: 0,
        reserved: 0,
        joiners: 0,
        free_by_ledger: 5,
        free_by_count: None,
    };
    let mut center = contract(10, date(2027, 3, 31), 0);
    center.pool.license = "X Series - X8".to_owned();
    let pools = [figures("X Series - X2"), figures("X Series - X8")];
    let today = date(2026, 11, 28);
    assert_eq!(
        drafts(&pools, &[subscription, center], &[], None, today),
        []
    );
}

#[test]
fn a_missed_notice_date_means_the_next_term() {
    let contract = contract(10, date(2024, 2, 29), 0);
    let (term_ends, submit_by) = calendar_of(&contract, date(2026, 11, 28));
    assert_eq!(term_ends, date(2027, 2, 28));
    assert_eq!(submit_by, date(2027, 1, 15));
    assert_eq!(
        calendar_of(&contract, submit_by).0,
        term_ends,
        "the last day is still open"
    );
    let day_after = submit_by.tomorrow().expect("a day");
    assert_eq!(calendar_of(&contract, day_after).0, date(2028, 2, 29));
}

#[test]
fn seats_already_asked_for_are_not_asked_for_again() {
    let request = |state, quantity| OpenRequest {
        id: "cancel-1".to_owned(),
        pool: pool(),
        term_ends: date(2027, 3, 31),
        quantity,
        state,
        effective_on: None,
        drafted_at: at("2026-11-28T10:00:00Z"),
        verified_at: None,
    };
    let requests = [
        request(RequestState::Submitted, 3),
        request(RequestState::Drafted, 9),
    ];
    assert_eq!(asked_for(&pool(), &requests, None), 3);
}

// Else what ended in the night after the count would be asked for again.
#[test]
fn a_count_of_the_last_day_still_has_the_seats_that_end_with_it() {
    let counted = date(2027, 1, 31);
    let is_asked_for = |effective_on| {
        let request = OpenRequest {
            id: "cancel-1".to_owned(),
            pool: pool(),
            term_ends: counted,
            quantity: 3,
            state: RequestState::Verified,
            effective_on,
            drafted_at: at("2026-11-28T10:00:00Z"),
            verified_at: Some(at("2027-01-29T10:00:00Z")),
        };
        asked_for(&pool(), &[request], Some(counted)) == 3
    };
    let the_day_before = Some(date(2027, 1, 30));
    assert!(!is_asked_for(the_day_before), "the count is without them");
    assert!(is_asked_for(Some(counted)));
    assert!(is_asked_for(Some(date(2027, 2, 1))));
}

#[test]
fn contracts_that_end_on_the_same_day_have_requests_of_their_own() {
    let figures = [PoolFigures {
        pool: pool(),
        owned: Some(15),
        unassigned: None,
        suspended: 0,
        active: 5,
        stranded: 0,
        freed: 10,
        newly_assigned: 0,
        reserved: 0,
        joiners: 0,
        free_by_ledger: 10,
        free_by_count: Some(10),
    }];
    // The first was renewed for a year already.
    let contracts = [
        contract(6, date(2026, 3, 31), 0),
        contract(9, date(2027, 3, 31), 0),
    ];
    let today = date(2026, 11, 28);
    let first = drafts(&figures, &contracts, &[], None, today);
    let asked: Vec<(Date, u32)> = first
        .iter()
        .map(|draft| (draft.term_ends, draft.quantity(0)))
        .collect();
    assert_eq!(asked, [(date(2027, 3, 31), 6), (date(2027, 3, 31), 4)]);
    for (mine, other) in [(0, 1), (1, 0)] {
        let id = &first[mine].id;
        assert!(is_request_of(&contracts[mine], id));
        assert!(!is_request_of(&contracts[other], id));
    }

    // Each finds its own draft again, in the next term as well.
    let requests: Vec<OpenRequest> = first
        .iter()
        .map(|draft| OpenRequest {
            id: draft.id.clone(),
            pool: pool(),
            term_ends: draft.term_ends,
            quantity: draft.quantity(0),
            state: RequestState::Drafted,
            effective_on: None,
            drafted_at: at("2026-11-28T10:00:00Z"),
            verified_at: None,
        })
        .collect();
    let last_day = first[0].submit_by;
    let next_day = last_day.tomorrow().expect("a day");
    for (today, renewed) in [(last_day, false), (next_day, true)] {
        let again = drafts(&figures, &contracts, &requests, None, today);
        for (draft, before) in again.iter().zip(&first) {
            assert_eq!((&draft.id, draft.renewed), (&before.id, renewed));
            assert_eq!(draft.drafted, Some(before.quantity(0)));
            assert_eq!(draft.quantity(0), before.quantity(0));
        }
    }
}

#[test]
fn what_nobody_saw_gone_from_the_bill_is_not_asked_for_again() {
    let ended = |state, seen_gone: Option<&str>| OpenRequest {
        id: "cancel-1".to_owned(),
        pool: pool(),
        term_ends: date(2027, 3, 31),
        quantity: 3,
        state,
        effective_on: Some(date(2027, 3, 31)),
        drafted_at: at("2026-11-28T10:00:00Z"),
        verified_at: seen_gone.map(at),
    };
    let effective = ended(RequestState::Effective, None);
    let verified = ended(RequestState::Verified, Some("2027-05-02T20:00:00Z"));
    for (request, counted, asked) in [
        // The vendor may count the seats still, because it did not end them.
        (&effective, date(2027, 3, 30), 3),
        (&effective, date(2027, 4, 15), 3),
        (&verified, date(2027, 4, 15), 3),
        (&verified, date(2027, 5, 3), 3),
        // Whoever counts after they were seen gone does not count them.
        (&verified, date(2027, 5, 4), 0),
    ] {
        let requests = [request.clone()];
        let found = asked_for(&pool(), &requests, Some(counted));
        assert_eq!(found, asked, "{:?}, counted on {counted}", request.state);
    }
}
