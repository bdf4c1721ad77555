//! Drafts of partial cancellations, to the seat.

use jiff::civil::date;

use super::night::changes;
use crate::model::{
    ActionKind, Contract, ContractBilling, GuardLimits, Pool, RequestState, TaskKind,
};
use crate::plan::{Action, Plan};
use crate::reconcile::tests::scenario::{Scenario, at, scenario};
use crate::seats::{OwnedSeats, is_request_of};

fn pool() -> Pool {
    Pool {
        license: "X Series - X2".to_owned(),
        country: "US".to_owned(),
    }
}

fn contract(seats: u32, spare: u32) -> Contract {
    Contract {
        pool: pool(),
        seats,
        unit_price: None,
        term_ends: date(2027, 3, 31),
        notice_days: 30,
        confirm_days: 14,
        renewal_months: 12,
        billing: ContractBilling::Contract,
        spare,
    }
}

/// Ten people with a seat each, two of whom left; twelve seats under contract.
fn company() -> Scenario {
    let mut night = scenario()
        .policy(|policy| {
            policy.contracts = vec![contract(12, 0)];
            policy.remove_license_after_days = 0;
        })
        .hr("id=1 date=2026-11-20")
        .hr("id=2 date=2026-11-20");
    for number in 1..=10 {
        night = night.account(&format!("id=U{number} user=u{number} employee={number}"));
    }
    night
}

fn draft(plan: &Plan) -> Option<&Action> {
    let mut drafts = plan
        .actions
        .iter()
        .filter(|action| action.kind == ActionKind::RequestPartialCancellation);
    let first = drafts.next();
    assert!(drafts.next().is_none(), "one draft a contract");
    first
}

fn quantity(plan: &Plan) -> Option<u32> {
    draft(plan).and_then(|action| action.quantity)
}

#[test]
fn a_draft_is_its_base_and_one_seat_for_each_removal_that_succeeded() {
    let plan = company().plan();
    let action = draft(&plan).expect("a draft");
    let terms = action.draft.as_ref().expect("terms");
    let removals: Vec<&String> = plan
        .actions
        .iter()
        .filter(|action| action.kind == ActionKind::RemoveLicense)
        .map(|action| &action.id)
        .collect();
    assert_eq!(terms.removals.iter().collect::<Vec<_>>(), removals);
    assert_eq!(action.depends_on, terms.removals);
    // Nothing was freed before, so nothing is known to be free.
    assert_eq!((terms.request.base, action.quantity), (0, Some(2)));
    assert_eq!(terms.request.quantity(1), 1);
    assert_eq!(terms.effective_on, date(2027, 3, 31));
    assert_eq!(terms.request.submit_by, date(2027, 2, 15));
    let tasks: Vec<TaskKind> = plan.manual_tasks.iter().map(|task| task.kind).collect();
    assert!(tasks.contains(&TaskKind::NumberEntitlement));
}

#[test]
fn a_draft_that_does_not_change_is_no_action() {
    let mut night = company();
    assert_eq!(quantity(&night.night()), Some(2));
    night.later(1);
    assert_eq!(changes(&night.night()), [] as [&str; 0]);
}

#[test]
fn the_smaller_of_both_counts_less_the_spare_seats_is_asked_for() {
    let night = company().policy(|policy| {
        policy.seats_as_of = Some(date(2026, 11, 27));
        policy.contracts[0].spare = 1;
    });
    let owned = |owned, unassigned, suspended| {
        let seats = OwnedSeats {
            pool: pool(),
            owned,
            unassigned: Some(unassigned),
            suspended: Some(suspended),
        };
        night.plan_with(&GuardLimits::default(), &[seats])
    };
    // A = 3 + 2 removals; B = 15 − 10 − 1 + 2 removals.
    assert_eq!(quantity(&owned(15, 3, 1)), Some(3 + 2 - 1));
    // A = 4 + 2; B = 12 − 10 − 1 + 2.
    assert_eq!(quantity(&owned(12, 4, 1)), Some(3 - 1));
    // B above A is a finding, never a claim.
    let plan = owned(20, 1, 0);
    assert_eq!(quantity(&plan), Some(1 + 2 - 1));
    assert_eq!(plan.findings.len(), 1);
    assert_eq!(
        quantity(&owned(9, 0, 0)),
        None,
        "more seats are held than owned"
    );
}

#[test]
fn seats_of_two_contracts_go_to_the_earlier_notice_date() {
    let mut night = company();
    night.policy.contracts[0].seats = 1;
    let mut later = contract(11, 0);
    later.term_ends = date(2027, 6, 30);
    night.policy.contracts.insert(0, later);
    let plan = night.plan();
    let asked: Vec<(jiff::civil::Date, Option<u32>)> = plan
        .actions
        .iter()
        .filter_map(|action| Some((action.draft.as_ref()?.request.term_ends, action.quantity)))
        .collect();
    assert_eq!(asked.len(), 2);
    assert!(asked.contains(&(date(2027, 3, 31), Some(1))));
    assert!(asked.contains(&(date(2027, 6, 30), Some(1))));
}

#[test]
fn stranded_seats_are_never_asked_for() {
    let night = company().policy(|policy| policy.remove_license_after_days = 7);
    assert_eq!(quantity(&night.plan()), None);
}

// The person may come back and need the seat.
#[test]
fn a_vanished_row_lowers_the_draft_and_its_return_raises_it() {
    let mut night = company();
    night.night();
    let row = night.rows.remove(0);
    night.later(1);
    let plan = night.night();
    assert_eq!(quantity(&plan), Some(1));
    night.later(1);
    assert_eq!(quantity(&night.night()), None, "it was lowered once");
    night.rows.push(row);
    night.later(1);
    assert_eq!(quantity(&night.night()), Some(2), "the same night");
}

#[test]
fn a_seat_that_somebody_took_is_not_asked_for() {
    let mut night = company();
    night.night();
    night.later(1);
    night = night.account("id=U11 user=u11");
    assert_eq!(quantity(&night.night()), Some(1));
}

// What is freed after a request was handed in needs a request of its own.
#[test]
fn a_request_that_the_vendor_has_is_never_written_over() {
    let mut night = company();
    night.night();
    let first = night.memory.requests[0].id.clone();
    night.memory.requests[0].state = RequestState::Submitted;
    night.later(1);
    assert_eq!(quantity(&night.night()), None);
    night = night.hr("id=3 date=2026-11-20");
    let plan = night.night();
    let second = draft(&plan).expect("a draft");
    assert_eq!(second.quantity, Some(1));
    let id = &second.draft.as_ref().expect("terms").request.id;
    assert_ne!(*id, first);
    // And it is revised under its own id.
    night.later(1);
    night = night.hr("id=4 date=2026-11-20");
    let plan = night.night();
    let revised = draft(&plan).expect("a draft");
    assert_eq!(revised.quantity, Some(2));
    assert_eq!(&revised.draft.as_ref().expect("terms").request.id, id);
}

#[test]
fn express_seats_are_a_task() {
    let mut night = company().policy(|p| p.contracts[0].billing = ContractBilling::Express);
    night.night();
    night.later(1);
    let plan = night.plan();
    assert_eq!(quantity(&plan), None);
    let kinds: Vec<TaskKind> = plan.manual_tasks.iter().map(|task| task.kind).collect();
    assert!(kinds.contains(&TaskKind::ExpressCancellation));
}

// The vendor renews the contract by itself: the seats are still too many.
#[test]
fn a_draft_whose_notice_date_passed_moves_to_the_next_term() {
    let mut night = company();
    let plan = night.night();
    let request = |plan: &Plan| {
        let action = draft(plan).expect("a draft");
        (
            action.quantity,
            action.draft.as_ref().expect("terms").clone(),
        )
    };
    let (quantity, first) = request(&plan);
    assert_eq!((quantity, first.request.renewed), (Some(2), false));
    night.set_night(at("2027-02-15T20:00:00Z"));
    assert_eq!(changes(&night.night()), [] as [&str; 0], "the last day");
    night.later(1);
    let (quantity, moved) = request(&night.night());
    assert_eq!((quantity, moved.request.renewed), (Some(2), true));
    assert_eq!(moved.request.id, first.request.id);
    assert_eq!(moved.request.term_ends, date(2028, 3, 31));
    assert_eq!(moved.effective_on, date(2028, 3, 31));
    night.later(1);
    assert_eq!(changes(&night.night()), [] as [&str; 0], "it moved once");
    assert_eq!(night.memory.requests.len(), 1);
}

#[test]
fn two_contracts_that_a_renewal_brought_together_keep_their_requests() {
    let mut night = company();
    night.policy.contracts[0].seats = 1;
    let mut later = contract(11, 0);
    later.term_ends = date(2028, 3, 31);
    night.policy.contracts.push(later);
    let asked = |plan: &Plan| -> Vec<(String, jiff::civil::Date, Option<u32>)> {
        let drafts = plan.actions.iter().filter_map(|action| {
            let request = &action.draft.as_ref()?.request;
            Some((request.id.clone(), request.term_ends, action.quantity))
        });
        drafts.collect()
    };
    let by_contract = |night: &Scenario| -> Vec<Vec<(u32, jiff::civil::Date)>> {
        let contracts = night.policy.contracts.iter();
        contracts
            .map(|contract| {
                let requests = night.memory.requests.iter();
                requests
                    .filter(|request| is_request_of(contract, &request.id))
                    .map(|request| (request.quantity, request.term_ends))
                    .collect()
            })
            .collect()
    };
    night.night();
    let before = [vec![(1, date(2027, 3, 31))], vec![(1, date(2028, 3, 31))]];
    assert_eq!(by_contract(&night), before);
    night = night.hr("id=3 date=2026-11-20");
    night.set_night(at("2027-01-10T20:00:00Z"));
    night.night();
    night.set_night(at("2027-02-16T20:00:00Z"));
    let moved = asked(&night.night());
    assert_eq!(moved.len(), 1, "the other is as it was: {moved:?}");
    let after = [vec![(1, date(2028, 3, 31))], vec![(2, date(2028, 3, 31))]];
    assert_eq!(by_contract(&night), after);
    night.later(1);
    assert_eq!(asked(&night.night()), []);
}

// They may be seats of this very pool.
#[test]
fn nothing_is_claimed_while_seats_have_no_country() {
    let night = company()
        .policy(|policy| policy.contracts.push(contract(3, 0)))
        .account("id=U11 user=u11 licenses=0 also=X_Series_-_X2");
    let plan = night.plan();
    assert_eq!(quantity(&plan), None);
    assert_eq!(plan.findings.len(), 1, "{:?}", plan.findings);
    let finding = &plan.findings[0];
    assert!(
        finding.contains("names 1 seats of X Series - X2 without a country"),
        "{finding}"
    );
    // A licence of another name is no doubt about this one.
    let night = company().account("id=U11 user=u11 licenses=0 also=X_Series_-_X4");
    let plan = night.plan();
    assert_eq!((quantity(&plan), plan.findings.len()), (Some(2), 0));
}
