//! What a person gets who is to hand a request in.

use jiff::civil::date;

use super::*;
use crate::model::{
    AccountKey, AccountMemory, AccountStatus, ContractBilling, LicenseName, Money, OpenRequest,
    Pool, RequestEvent, RequestStep,
};
use crate::reconcile::tests::scenario::{at, scenario};

const X2: &str = "X Series - X2-VOSVC0216-02-US";

fn contract() -> Contract {
    Contract {
        pool: Pool {
            license: "X Series - X2".to_owned(),
            country: "US".to_owned(),
        },
        seats: 120,
        unit_price: Money::parse("24.05", "USD").ok(),
        term_ends: date(2027, 3, 31),
        notice_days: 30,
        confirm_days: 14,
        renewal_months: 12,
        billing: ContractBilling::Contract,
        spare: 0,
    }
}

/// The night on which Jana's seat is gone and her phone is still with her.
fn plan() -> Plan {
    scenario()
        .policy(|policy| policy.contracts = vec![contract()])
        .hr("id=1 name=Jana_Doe date=2026-11-20")
        .account("id=U1 user=jana name=Jana_Doe employee=1 device=0004F2AABBCC")
        .plan()
}

fn memory() -> Memory {
    let license = LicenseName::parse(X2, None).expect("a name");
    let account = |freed_at: &str| AccountMemory {
        status: AccountStatus::Inactive,
        status_at: at(freed_at),
        removed: vec![(license.clone(), at(freed_at))],
    };
    let key = |text: &str| AccountKey::stored(text.to_owned());
    Memory {
        accounts: [
            (key("username:old"), account("2026-10-01T08:00:00Z")),
            (key("username:new"), account("2026-11-20T08:00:00Z")),
        ]
        .into(),
        ..Memory::default()
    }
}

fn followed(plan: &Plan, quantity: u32) -> FollowedRequest {
    let contracts = &plan.policy.contracts;
    let ids = crate::seats::drafts(&plan.seats, contracts, &[], None, date(2026, 11, 22));
    let request = OpenRequest {
        id: ids[0].id.clone(),
        pool: contract().pool,
        term_ends: date(2027, 3, 31),
        quantity,
        state: RequestState::Drafted,
        effective_on: Some(date(2027, 3, 31)),
        drafted_at: at("2026-11-20T08:00:00Z"),
        verified_at: None,
    };
    let event = RequestEvent {
        at: at("2026-11-20T08:00:00Z"),
        step: RequestStep::to(RequestState::Drafted),
    };
    FollowedRequest::of(request, &[event], Vec::new())
}

fn made(plan: &Plan, quantity: u32, target: &str) -> Pack {
    let material = PackFor {
        followed: &followed(plan, quantity),
        plan,
        memory: &memory(),
        target,
    };
    request_pack(material).expect("a contract").expect("a pack")
}

#[test]
fn there_are_as_many_lines_as_seats_and_the_newest_come_first() {
    let plan = plan();
    let lines = |quantity| {
        let text = String::from_utf8(made(&plan, quantity, "8x8").seats_csv).expect("text");
        let lines: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
        lines
    };
    assert_eq!(
        lines(1),
        ["X Series - X2,US,username:new,2026-11-20T08:00:00Z"]
    );
    assert_eq!(
        lines(3)[1],
        "X Series - X2,US,username:old,2026-10-01T08:00:00Z"
    );
    assert_eq!(lines(3)[2], "X Series - X2,US,unassigned before,");
}

#[test]
fn phones_are_listed_with_their_addresses_and_no_letter_names_anybody() {
    let plan = plan();
    let pack = made(&plan, 2, "8x8");
    let devices = String::from_utf8(pack.devices_csv).expect("text");
    assert!(
        devices.contains("0004F2AABBCC") && devices.contains("RMA"),
        "{devices}"
    );
    for text in [&pack.letter, &pack.document.to_string()] {
        assert!(!text.to_lowercase().contains("jana"), "{text}");
        assert!(!text.contains("username:"), "{text}");
    }
    assert!(
        pack.letter.contains("Saves a month           48.10 USD"),
        "{}",
        pack.letter
    );
    assert_eq!(pack.document["cost_of_missing"], "577.20");
}

#[test]
fn one_revision_has_one_document_whatever_the_day() {
    let plan = plan();
    let mut later = plan.clone();
    later.as_of = at("2027-01-15T08:00:00Z");
    let document = |plan: &Plan| made(plan, 2, "8x8").document;
    assert_eq!(document(&plan), document(&later));
}

#[test]
fn what_is_not_wanted_any_more_or_not_real_says_so() {
    let plan = plan();
    let nothing = made(&plan, 0, "8x8");
    assert!(
        nothing.subject.starts_with("Do not hand in"),
        "{}",
        nothing.subject
    );
    assert_eq!(nothing.document["todo"], "do_not_hand_in");
    assert!(
        !nothing.letter.contains("WHAT TO CANCEL"),
        "{}",
        nothing.letter
    );
    let made_up = made(&plan, 2, "sandbox");
    assert!(made_up.subject.starts_with("[sandbox: not real]"));
    assert!(made_up.letter.contains("Do not hand it in."));
}
