//! What HR's rows say, alone and together.

use super::scenario::{Scenario, scenario};
use crate::model::{
    Disposition as D, HoldRecord, HoldSource, IdentityProvider, Reason as R, Trust,
};

/// Jane leaves on a day that has passed; her account is active.
fn jane() -> Scenario {
    scenario().account("id=U1 user=jane email=jane name=Jane_Doe employee=5")
}

fn check(scenario: &Scenario, expected: &[(D, R)]) {
    assert_eq!(scenario.fates(), expected);
}

#[test]
fn a_date_ahead_is_not_due() {
    let night = jane().hr("id=5 email=jane name=Jane_Doe date=2026-12-24");
    check(&night, &[(D::NotDue, R::FutureDate)]);
    let next_due = night.settled().dispositions[0].next_due;
    assert_eq!(
        next_due.expect("a time").to_string(),
        "2026-12-25T08:00:00Z"
    );
}

#[test]
fn a_hold_and_a_protected_account_are_not_touched() {
    let mut night = jane().hr("id=5 name=Jane_Doe date=2026-11-20");
    night.holds.push(HoldRecord {
        who: "JANE@example.com".to_owned(),
        why: "lawsuit".to_owned(),
        until: Some(jiff::civil::date(2026, 11, 28)),
        source: HoldSource::Ledger(None),
    });
    check(&night, &[(D::Held, R::OnHold)]);
    night.later(1);
    assert_eq!(night.settled().cases.len(), 1, "the last day has passed");
    let night = night.policy(|policy| {
        policy.protected.insert("jane".to_owned());
    });
    check(&night, &[(D::Protected, R::ProtectedAccount)]);
    assert_eq!(night.settled().protected_hits, 1);
    assert!(night.settled().dispositions[0].needs_a_look);
}

#[test]
fn an_unreadable_row_is_a_result() {
    let night = jane().unreadable_hr("id=7 name=Pat_Poe");
    check(&night, &[(D::Invalid, R::Unreadable)]);
}

// The row that cannot be read may say that the person stays.
#[test]
fn an_unreadable_row_of_the_same_person_stops_the_others() {
    let leaves = "id=5 email=jane name=Jane_Doe date=2026-11-20";
    for sibling in ["id=5", "email=jane", "user=jane@example.com"] {
        let night = jane().hr(leaves).unreadable_hr(sibling);
        let expected = [(D::Conflict, R::Unreadable), (D::Invalid, R::Unreadable)];
        check(&night, &expected);
    }
    // Known by a row that does not decide.
    let night = jane()
        .hr("id=5 email=jane name=Jane_Doe date=2026-11-20")
        .hr("id=5 user=doe name=Jane_Doe date=2026-10-20")
        .unreadable_hr("user=doe");
    assert_eq!(night.fates()[0], (D::Conflict, R::Unreadable));
}

// Another identity of the account, on a row that cannot be read.
#[test]
fn an_unreadable_row_that_points_at_the_account_stops_its_leaver() {
    let night = jane()
        .hr("id=5 name=Jane_Doe date=2026-11-20")
        .unreadable_hr("user=jane");
    assert_eq!(night.fates()[0], (D::Conflict, R::SharedIdentity));
}

#[test]
fn status_and_date_have_to_agree() {
    let cases = [
        ("status=left", (D::Conflict, R::NoTerminationDate)),
        ("status=unclear", (D::Conflict, R::NoTerminationDate)),
        (
            "status=employed date=2026-11-20",
            (D::Conflict, R::StatusAndDate),
        ),
        (
            "status=absent date=2026-11-20",
            (D::Conflict, R::StatusAndDate),
        ),
        (
            "status=not_started date=2026-11-20",
            (D::Conflict, R::StatusAndDate),
        ),
        ("status=employed", (D::NotLeaving, R::StillEmployed)),
        ("status=absent", (D::NotLeaving, R::OnLeave)),
        ("status=not_started", (D::NotLeaving, R::OnLeave)),
        ("status=blank", (D::Invalid, R::NoTerminationDate)),
        (
            "date=2026-11-20 rehire=2026-11-23",
            (D::Rehired, R::HiredAgain),
        ),
        (
            "status=left date=2026-11-20 rehire=2027-03-01",
            (D::Conflict, R::StatusAndDate),
        ),
    ];
    for (cells, expected) in cases {
        let night = jane().hr(&format!("id=5 email=jane name=Jane_Doe {cells}"));
        assert_eq!(night.fates(), [expected], "{cells}");
        assert!(night.settled().cases.is_empty(), "{cells}");
    }
}

#[test]
fn trust_decides_between_status_and_date() {
    let act = |trust, cells: &str| {
        let night = jane().policy(|policy| policy.trust = trust);
        let night = night.hr(&format!("id=5 name=Jane_Doe {cells}"));
        night.settled().cases.len()
    };
    assert_eq!(act(Trust::Date, "status=employed date=2026-11-20"), 1);
    assert_eq!(act(Trust::Date, "status=left"), 0);
    assert_eq!(act(Trust::Status, "status=employed date=2026-11-20"), 0);
    assert_eq!(act(Trust::Status, "status=left date=2026-11-20"), 1);
}

// Without a date the first sighting is the date, whichever row of the person
// carries the key under which it was remembered.
#[test]
fn a_status_without_a_date_keeps_the_day_on_which_it_was_noticed() {
    let night = jane()
        .policy(|policy| policy.trust = Trust::Status)
        .hr("email=jane name=Jane_Doe status=left")
        .hr("id=5 email=jane name=Jane_Doe status=left date=2026-10-01");
    let mut second = night.clone();
    for record in night.settled().records {
        second
            .memory
            .terminations
            .insert(record.termination.id(), record);
    }
    second.later(1);
    assert_eq!(second.settled().cases.len(), 1);
    assert_eq!(
        second.settled().cases[0].termination.date.to_string(),
        "2026-11-28"
    );
}

#[test]
fn an_active_row_beats_a_terminated_one() {
    let cases = [
        // Two jobs.
        [
            "id=5 name=Jane_Doe date=2026-11-20",
            "id=5 name=Jane_Doe status=employed",
        ],
        // Contractor, then employee under a new id.
        [
            "id=C5 email=jane name=Jane_Doe date=2026-11-20",
            "id=5 email=jane name=Jane_Doe status=employed",
        ],
        // Two files that call the same address differently.
        [
            "email=jane name=Jane_Doe date=2026-11-20",
            "user=jane@example.com name=Jane_Doe status=employed",
        ],
        [
            "id=5 name=Jane_Doe status=left",
            "id=5 name=Jane_Doe status=absent",
        ],
    ];
    for [left, stays] in cases {
        for rows in [[left, stays], [stays, left]] {
            let night = jane().hr(rows[0]).hr(rows[1]);
            let fates = night.fates();
            assert_eq!(fates[0], fates[1], "{rows:?}");
            assert_eq!(fates[0].0, D::NotLeaving, "{rows:?}");
        }
    }
}

// The rows share no identity with each other, only the account.
#[test]
fn an_account_of_somebody_who_stays_is_not_touched() {
    let night = jane()
        .hr("email=jane name=Jane_Doe date=2026-11-20")
        .hr("id=5 name=Jane_Doe status=employed");
    let expected = [
        (D::Conflict, R::SharedIdentity),
        (D::NotLeaving, R::StillEmployed),
    ];
    check(&night, &expected);
    // Even if the stayer's keys point at two accounts.
    let night = night
        .account("id=U2 user=jane2 email=jane2")
        .hr("id=5 email=jane2 name=Jane_Doe status=employed");
    assert_eq!(night.fates()[0], (D::Conflict, R::SharedIdentity));
    // Or one key points at both.
    let night = jane()
        .hr("email=jane name=Jane_Doe date=2026-11-20")
        .hr("id=5 name=Jane_Doe status=employed")
        .account("id=U2 user=jane2 employee=5 name=Jane_Doe");
    assert_eq!(night.fates()[0], (D::Conflict, R::SharedIdentity));
}

#[test]
fn the_latest_date_of_two_jobs_decides() {
    let night = jane()
        .hr("id=5 name=Jane_Doe date=2026-11-20")
        .hr("id=5 name=Jane_Doe date=2026-12-31");
    let expected = [(D::Duplicate, R::SamePerson), (D::NotDue, R::FutureDate)];
    check(&night, &expected);
    let dates = night.settled().dispositions;
    assert_eq!(
        dates[0].termination_date,
        Some(jiff::civil::date(2026, 11, 20))
    );
}

// Left, came back, and left again for good: the return is history.
#[test]
fn whoever_left_again_after_a_return_leaves() {
    let night = jane()
        .hr("id=5 name=Jane_Doe date=2025-01-31 rehire=2025-06-01")
        .hr("id=5 name=Jane_Doe date=2026-11-20");
    assert_eq!(night.fates()[0], (D::Duplicate, R::SamePerson));
    assert_eq!(night.settled().cases.len(), 1);
    let night = jane()
        .hr("id=5 name=Jane_Doe date=2025-01-31")
        .hr("id=5 name=Jane_Doe date=2026-11-20 rehire=2026-11-25");
    let expected = [(D::Rehired, R::HiredAgain); 2];
    check(&night, &expected);
}

// In a stream of events a rehire is a row of its own, and "employed" would beat
// every departure that follows it.
#[test]
fn a_rehire_event_counts_from_its_date() {
    let stream = |left: &str| {
        jane()
            .hr("id=5 name=Jane_Doe status=rehired rehire=2026-02-01")
            .hr(&format!("id=5 name=Jane_Doe date={left}"))
    };
    let night = stream("2026-11-20");
    assert_eq!(night.fates()[0], (D::Duplicate, R::SamePerson));
    assert_eq!(night.settled().cases.len(), 1);
    let expected = [(D::Rehired, R::HiredAgain); 2];
    check(&stream("2026-01-31"), &expected);
    // A contractor's end and an employee's beginning: which of them counts?
    let expected = [(D::Conflict, R::StatusAndDate); 2];
    check(&stream("2026-02-01"), &expected);
    let hired = jane().hr("id=5 name=Jane_Doe status=rehired rehire=2026-02-01");
    check(&hired, &[(D::NotLeaving, R::StillEmployed)]);
}

// A blank row in a file without a status column may mean "employed".
#[test]
fn a_row_that_says_nothing_keeps_the_others_from_acting() {
    let night = jane()
        .hr("id=5 name=Jane_Doe date=2026-11-20")
        .hr("id=5 name=Jane_Doe status=blank");
    let expected = [(D::Conflict, R::NoTerminationDate); 2];
    check(&night, &expected);
}

#[test]
fn one_employee_id_on_two_people_is_a_conflict() {
    let night = jane()
        .hr("id=5 email=jane name=Jane_Doe date=2026-11-20")
        .hr("id=5 email=pat name=Pat_Poe status=employed");
    let expected = [(D::Conflict, R::SharedIdentity); 2];
    check(&night, &expected);
    let looks: Vec<bool> = night
        .settled()
        .dispositions
        .iter()
        .map(|line| line.needs_a_look)
        .collect();
    assert_eq!(
        looks,
        [true, false],
        "only the leaver's access may still be open"
    );
    // What the disputed row says still counts for the other rows of its person.
    let night = jane()
        .hr("id=5 email=jane name=Jane_Doe status=employed")
        .hr("id=5 email=pat name=Pat_Poe date=2026-11-20")
        .hr("email=jane name=Jane_Doe date=2026-11-20");
    let expected = [(D::Conflict, R::SharedIdentity); 3];
    check(&night, &expected);
}

// The id of the account is disputed, whoever else points at it.
#[test]
fn an_account_with_a_disputed_employee_id_is_not_touched() {
    let night = jane()
        .hr("id=5 name=Jane_Doe status=employed")
        .hr("id=5 name=Pat_Poe date=2026-11-20")
        .hr("user=jane name=Jane_Poe date=2026-11-20");
    assert_eq!(night.fates()[2], (D::Conflict, R::SharedIdentity));
}

#[test]
fn two_leavers_on_one_account_are_ambiguous() {
    let night = jane()
        .hr("id=5 name=Jane_Doe date=2026-11-20")
        .hr("email=jane name=Jane_Roe date=2026-11-21");
    let expected = [(D::Ambiguous, R::SeveralLeavers); 2];
    check(&night, &expected);
}

#[test]
fn an_account_that_an_identity_provider_manages_is_left_to_it() {
    use crate::reconcile::Stance;
    let night = jane().hr("id=5 name=Jane_Doe date=2026-11-20");
    let stance = |idp| {
        let night = night.clone().policy(|policy| policy.idp = idp);
        night.settled().cases[0].stance
    };
    let listed = |name: &str| IdentityProvider::Listed([name.to_owned()].into());
    assert_eq!(stance(IdentityProvider::None), Stance::Act);
    assert_eq!(stance(IdentityProvider::All), Stance::LeaveToIdp);
    assert_eq!(stance(listed("example.com")), Stance::LeaveToIdp);
    assert_eq!(stance(listed("jane")), Stance::LeaveToIdp);
    assert_eq!(stance(listed("example.org")), Stance::Act);
    let mut night = night;
    night.accounts[0].scim_provider = "okta".into();
    assert_eq!(night.settled().cases[0].stance, Stance::LeaveToIdp);
}

#[test]
fn an_account_row_that_cannot_be_read_is_nobodys_to_touch() {
    let night = jane()
        .hr("id=5 name=Jane_Doe date=2026-11-20")
        .unreadable_account("user=jane");
    assert_eq!(night.fates()[0], (D::Invalid, R::AccountUnreadable));
    let night = scenario()
        .hr("id=5 name=Jane_Doe date=2026-11-20")
        .unreadable_account("id=5");
    assert_eq!(night.fates()[0], (D::Invalid, R::AccountUnreadable));
    assert!(night.settled().dispositions[0].needs_a_look);
    // Active on one row, deactivated on another.
    let night = jane()
        .account("id=U1 user=jane employee=5 status=inactive")
        .hr("id=5 name=Jane_Doe date=2026-11-20");
    assert_eq!(night.fates()[0], (D::Invalid, R::AccountUnreadable));
}
