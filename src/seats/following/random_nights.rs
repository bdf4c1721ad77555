//! Whatever people, calendar and vendor do in whatever order: no seat is asked
//! for twice.

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::tests::contract;
use super::{RequestMove, on_day};
use crate::model::{OpenRequest, RequestState};
use crate::seats::{Draft, PoolFigures, drafts, over_asked};

/// What happens before a night.
#[derive(Debug, Clone, Copy)]
enum Day {
    /// Seats are freed.
    Freed(u32),
    /// People join, and take seats.
    Taken(u32),
    /// Somebody says this of every request of which it can be said.
    Said(RequestMove),
    /// So many days pass.
    Passed(i64),
}

fn days() -> impl Strategy<Value = Vec<Day>> {
    let moves = prop::sample::select(vec![
        RequestMove::Submit,
        RequestMove::Confirm,
        RequestMove::Close,
        RequestMove::Withdraw,
    ]);
    let day = prop_oneof![
        (0..5_u32).prop_map(Day::Freed),
        (0..4_u32).prop_map(Day::Taken),
        moves.prop_map(Day::Said),
        (1..90_i64).prop_map(Day::Passed),
    ];
    prop::collection::vec(day, 1..40)
}

/// A company without seat counts: all that is free is what was freed.
struct Company {
    today: Date,
    /// Seats freed and not taken again.
    free: i64,
    requests: Vec<OpenRequest>,
}

impl Company {
    fn day(&mut self, day: Day) {
        match day {
            Day::Freed(seats) => self.free += i64::from(seats),
            Day::Taken(seats) => self.free = (self.free - i64::from(seats)).max(0),
            Day::Passed(days) => {
                self.today = self.today.checked_add(days.days()).expect("a day");
            }
            Day::Said(what) => {
                let effective = self.today.checked_add(40.days()).expect("a day");
                for request in &mut self.requests {
                    let is_legal = RequestMove::legal_from(request.state).contains(&what);
                    if is_legal && request.quantity > 0 {
                        request.state = what.leads_to();
                        request.effective_on = Some(effective);
                    }
                }
            }
        }
    }

    fn figures(&self) -> PoolFigures {
        PoolFigures {
            pool: contract().pool,
            owned: None,
            unassigned: None,
            suspended: 0,
            active: 0,
            stranded: 0,
            freed: 0,
            newly_assigned: 0,
            reserved: 0,
            joiners: 0,
            free_by_ledger: self.free,
            free_by_count: None,
        }
    }

    /// As a run records it: first the calendar, then the drafts.
    fn night(&mut self) {
        self.requests = on_day(&self.requests, &[contract()], self.today);
        self.requests
            .retain(|request| request.state != RequestState::Withdrawn);
        let planned = drafts(
            &[self.figures()],
            &[contract()],
            &self.requests,
            None,
            self.today,
        );
        for draft in planned {
            self.write(&draft);
        }
    }

    fn write(&mut self, draft: &Draft) {
        let quantity = draft.quantity(0);
        let request = OpenRequest {
            id: draft.id.clone(),
            pool: draft.pool.clone(),
            term_ends: draft.term_ends,
            quantity,
            state: RequestState::Drafted,
            effective_on: None,
            drafted_at: Timestamp::UNIX_EPOCH,
            verified_at: None,
        };
        let known = self.requests.iter_mut().find(|it| it.id == draft.id);
        match known {
            Some(known) => {
                assert_eq!(
                    known.state,
                    RequestState::Drafted,
                    "the vendor has {known:?}"
                );
                *known = request;
            }
            None if quantity > 0 => self.requests.push(request),
            None => {}
        }
    }

    fn asked(&self) -> i64 {
        self.requests.iter().map(|it| i64::from(it.quantity)).sum()
    }

    fn drafted(&self) -> i64 {
        let drafts = self.requests.iter();
        let drafts = drafts.filter(|it| it.state == RequestState::Drafted);
        drafts.map(|it| i64::from(it.quantity)).sum()
    }
}

proptest! {
    #[test]
    fn no_seat_is_asked_for_twice(days in days()) {
        let mut company = Company { today: date(2026, 11, 22), free: 0, requests: Vec::new() };
        for day in days {
            company.day(day);
            company.night();
            let asked = company.asked();
            // What the vendor has can be too much when people join; a draft never is.
            prop_assert!(
                asked <= company.free || company.drafted() == 0,
                "{asked} asked, {} free: {:?}", company.free, company.requests
            );
            let once = company.requests.clone();
            company.night();
            prop_assert_eq!(&company.requests, &once, "the same night again changes nothing");
            let open = |request: &OpenRequest| matches!(
                request.state, RequestState::Submitted | RequestState::Confirmed
            );
            let handed_in: i64 = company.requests.iter().filter(|it| open(it))
                .map(|it| i64::from(it.quantity)).sum();
            let told = over_asked(&[company.figures()], &[contract()], &company.requests);
            prop_assert_eq!(told.is_empty(), handed_in <= company.free, "{:?}", told);
        }
    }
}
