//! Whatever happens at a tenant whose seats are counted now and then, nobody is
//! asked to cancel a seat that is not free, and none twice.

use super::*;
use crate::seats::{Draft, RequestMove, drafts, on_day};

/// What people say in the morning of every request of which it can be said.
#[derive(Debug, Clone, Copy)]
enum Word {
    Nothing,
    Said(RequestMove),
}

/// So many days later, with what was said and what happened since.
#[derive(Debug, Clone)]
struct Night {
    later: i64,
    word: Word,
    day: Day,
}

fn nights(happening: impl Strategy<Value = Happening>) -> impl Strategy<Value = Vec<Night>> {
    let word = prop::sample::select(vec![
        Word::Nothing,
        Word::Nothing,
        Word::Said(RequestMove::Submit),
        Word::Said(RequestMove::Confirm),
        Word::Said(RequestMove::Close),
        Word::Said(RequestMove::Withdraw),
    ]);
    let later = prop_oneof![6 => 1..4_i64, 1 => 20..70_i64];
    (prop::collection::vec((later, word), 8), days(happening)).prop_map(|(frames, days)| {
        let nights = frames.into_iter().zip(days);
        nights
            .map(|((later, word), day)| Night { later, word, day })
            .collect()
    })
}

/// Two contracts on the first pool, so that seats are divided.
fn contracts() -> Vec<Contract> {
    let small = Contract {
        seats: 3,
        term_ends: date(2027, 1, 31),
        ..contract(&pool("US"), "24.00")
    };
    vec![
        small,
        contract(&pool("US"), "24.00"),
        contract(&pool("GB"), "19.75"),
    ]
}

/// Seats of a pool's requests in one of these states.
fn asked(tenant: &Tenant, pool: &Pool, states: &[RequestState]) -> u32 {
    seats_of(pool, &tenant.memory.requests, |it| {
        states.contains(&it.state)
    })
}

const HANDED_IN: [RequestState; 2] = [RequestState::Submitted, RequestState::Confirmed];

impl Tenant {
    fn say(&mut self, today: Date, word: Word) {
        let Word::Said(what) = word else { return };
        for request in &mut self.memory.requests {
            let is_legal = RequestMove::legal_from(request.state).contains(&what);
            if is_legal && request.quantity > 0 {
                request.state = what.leads_to();
                if what == RequestMove::Confirm {
                    request.effective_on = today.checked_add(jiff::ToSpan::days(35)).ok();
                }
            }
        }
        let requests = &mut self.memory.requests;
        requests.retain(|request| request.state != RequestState::Withdrawn);
    }

    /// The vendor ends what is due, and the ledger knows.
    fn pass_time(&mut self, contracts: &[Contract], today: Date) {
        let now = on_day(&self.memory.requests, contracts, today);
        for (request, then) in now.iter().filter_map(|request| {
            let mut before = self.memory.requests.iter();
            Some((request, before.find(|it| it.id == request.id)?.state))
        }) {
            if request.state == RequestState::Effective && then != RequestState::Effective {
                let pools = &mut self.pools;
                let pool = pools.iter_mut().find(|it| it.pool == request.pool);
                let pool = pool.expect("the pool");
                pool.unassigned -= request.quantity;
                pool.ended_tonight += request.quantity;
            }
        }
        self.memory.requests = now;
    }

    /// Nobody gives away what the vendor was told to end.
    fn may_happen(&self, position: usize, happening: Happening) -> Option<Happening> {
        let pool = &self.pools[position];
        let free = pool.unassigned - asked(self, &pool.pool, &HANDED_IN);
        match happening {
            Happening::Assigned(most) => Some(Happening::Assigned(most.min(free))),
            // Only requests end seats here, and what else is gone only the next
            // count can show.
            Happening::Ended(_) | Happening::Suspended(_) => None,
            other => Some(other),
        }
    }

    fn write(&mut self, draft: &Draft, removed: u32) -> Result<(), TestCaseError> {
        let quantity = draft.quantity(removed);
        let written = OpenRequest {
            term_ends: draft.term_ends,
            ..request(&draft.pool, &draft.id, quantity, RequestState::Drafted)
        };
        let requests = &mut self.memory.requests;
        match requests.iter_mut().find(|it| it.id == draft.id) {
            Some(known) => {
                prop_assert_eq!(known.state, RequestState::Drafted, "the vendor has it");
                *known = written;
            }
            None if quantity > 0 => requests.push(written),
            None => {}
        }
        Ok(())
    }
}

/// How what is asked for compares with what is free.
#[derive(Debug, Clone, Copy)]
enum Claim {
    AtMost,
    /// Where everything adds up, and no day of a count leaves a doubt.
    Exactly,
}

/// Plays the nights as a run does: the calendar, the drafts, the removals.
fn play_requests(nights: &[Night], claim: Claim) -> Result<(), TestCaseError> {
    let mut tenant = Tenant::new();
    let contracts = contracts();
    let mut day = first_day();
    let mut ended = 0;
    for night in nights {
        day = day
            .checked_add(jiff::ToSpan::days(night.later))
            .expect("a day");
        tenant.pass_time(&contracts, day);
        ended += tenant
            .pools
            .iter()
            .map(|pool| pool.ended_tonight)
            .sum::<u32>();
        let users_at = at(day, 1, 0);
        let inventory = tenant.inventory(users_at, &contracts);
        let figures = tenant.figures(&contracts);
        let requests = &tenant.memory.requests;
        let planned = drafts(&figures, &contracts, requests, Some(tenant.counted.0), day);
        tenant.observe(users_at, &inventory);
        let free: Vec<u32> = tenant.pools.iter().map(|pool| pool.unassigned).collect();
        for (position, removed) in night.day.removed.into_iter().enumerate() {
            for (site, removed) in removed.into_iter().enumerate() {
                tenant.remove(position, site, removed, at(day, 2, 5));
            }
        }
        for draft in &planned {
            let position = tenant.pools.iter().position(|it| it.pool == draft.pool);
            let position = position.expect("the pool");
            let removed = tenant.pools[position].unassigned - free[position];
            tenant.write(draft, removed)?;
        }
        for pool in &tenant.pools {
            let handed_in = asked(&tenant, &pool.pool, &HANDED_IN);
            let drafted = asked(&tenant, &pool.pool, &[RequestState::Drafted]);
            let (asked, free) = (handed_in + drafted, pool.unassigned);
            let holds = match claim {
                Claim::AtMost => asked <= free,
                Claim::Exactly => asked == free,
            };
            prop_assert!(
                holds,
                "{}: {asked} asked for, {free} free on {day}",
                pool.pool
            );
        }
        // In the morning people hand in what was drafted in the night; who joins
        // later finds what is left.
        tenant.say(day, night.word);
        if night.day.counted {
            tenant.count(day);
        }
        for (location, happening) in &night.day.happenings {
            if let Some(happening) = tenant.may_happen(location.0, *happening) {
                tenant.happens(day, *location, happening);
            }
        }
    }
    let ever: u32 = tenant
        .memory
        .requests
        .iter()
        .filter(|it| matches!(it.state, RequestState::Effective | RequestState::Verified))
        .map(|it| it.quantity)
        .sum();
    prop_assert_eq!(ever, ended, "every seat ends once");
    Ok(())
}

proptest! {
    #[test]
    fn only_free_seats_are_asked_for_and_none_twice(nights in nights(inconsistent())) {
        play_requests(&nights, Claim::AtMost)?;
    }

    #[test]
    fn nothing_free_is_forgotten_where_everything_adds_up(mut nights in nights(consistent())) {
        for night in &mut nights {
            night.day.counted = false;
            let happenings = &mut night.day.happenings;
            // What was bought only a count can show.
            happenings.retain(|(_, it)| !matches!(it, Happening::Bought(_)));
        }
        play_requests(&nights, Claim::Exactly)?;
    }
}
