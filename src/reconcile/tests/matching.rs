//! Whose account it is.

use super::scenario::{Scenario, scenario};
use crate::model::{Disposition as D, Reason as R};

const LEFT: &str = "date=2026-11-20";

fn leaver(cells: &str) -> Scenario {
    scenario().hr(&format!("{cells} {LEFT}"))
}

/// The account and keys of the only leaver, or why there is none.
fn outcome(scenario: &Scenario) -> Result<String, (D, R)> {
    let settled = scenario.settled();
    match settled.cases.first() {
        Some(case) => Ok(format!("{} by {}", case.key.as_str(), case.matched_by)),
        None => Err(scenario.fates()[0]),
    }
}

#[test]
fn every_usable_key_is_looked_up() {
    let night = leaver("id=0005 email=Jane user=jdoe name=Jane_Doe")
        .account("id=U1 user=jdoe email=jane employee=0005 name=Jane_Doe");
    assert_eq!(
        outcome(&night),
        Ok("id:U1 by employee_id+work_email+username".to_owned())
    );
    // The placeholder says nothing, and the address is the username.
    let night = leaver("email=jane name=Jane_Doe")
        .account("id=U1 user=jane@example.com email=noreply@8x8.com");
    assert_eq!(outcome(&night), Ok("id:U1 by work_email".to_owned()));
}

#[test]
fn keys_that_disagree_are_ambiguous() {
    let ambiguous = Err((D::Ambiguous, R::KeysDisagree));
    let night = leaver("id=5 email=jane name=Jane_Doe")
        .account("id=U1 user=a email=jane name=Jane_Doe")
        .account("id=U2 user=b employee=5 name=Jane_Doe");
    assert_eq!(outcome(&night), ambiguous);
    // The account's own employee id says that it is somebody else's.
    let night = leaver("id=5 email=jane name=Jane_Doe")
        .account("id=U1 user=a email=jane employee=6 name=Jane_Doe");
    assert_eq!(outcome(&night), ambiguous);
    // Zeros are part of an id.
    let night = leaver("id=5 email=jane name=Jane_Doe")
        .account("id=U1 user=a email=jane employee=005 name=Jane_Doe");
    assert_eq!(outcome(&night), ambiguous);
    // Two jobs with two addresses, each with an account.
    let night = leaver("id=5 email=jane name=Jane_Doe")
        .hr("id=5 email=doe name=Jane_Doe date=2026-11-01")
        .account("id=U1 user=a email=jane name=Jane_Doe")
        .account("id=U2 user=b email=doe name=Jane_Doe");
    assert_eq!(outcome(&night), ambiguous);
}

#[test]
fn an_address_whose_name_differs_is_not_enough() {
    let ambiguous = Err((D::Ambiguous, R::NameDiffers));
    let pat = "id=U1 user=jane@example.com email=jane name=Pat_Poe";
    let night = leaver("email=jane name=Jane_Doe").account(pat);
    assert_eq!(outcome(&night), ambiguous);
    // The same text twice is still one address.
    let night = leaver("email=jane user=jane@example.com name=Jane_Doe").account(pat);
    assert_eq!(outcome(&night), ambiguous);
    // One of the names is the same: she married.
    let night = leaver("email=jane name=Jane_Poe").account(pat);
    assert!(outcome(&night).is_ok());
    // A second key vouches for the account.
    let night = leaver("email=jane id=5 name=Jane_Doe")
        .account("id=U1 user=x email=jane employee=5 name=Pat_Poe");
    assert!(outcome(&night).is_ok());
}

// A spreadsheet made 871 of 000871, and somebody else is 871.
#[test]
fn an_employee_id_whose_name_differs_is_not_enough() {
    let lena = "id=U1 user=lena employee=871 name=Lena_Hart";
    let night = leaver("id=871 name=Karl_Weiss").account(lena);
    assert_eq!(outcome(&night), Err((D::Ambiguous, R::NameDiffers)));
    let night = leaver("id=871 name=Lena_Weiss").account(lena);
    assert!(outcome(&night).is_ok());
    let night = leaver("id=871 user=lena name=Karl_Weiss").account(lena);
    assert!(outcome(&night).is_ok());
}

// Which of two rows that say the same decides must not settle whose account
// it is: neither a row without a name nor one with another last name.
#[test]
fn every_name_of_a_person_counts() {
    for other in ["", "name=Jane_Poe"] {
        let rows = [
            "email=jane name=Jane_Doe".to_owned(),
            format!("user=jane@example.com {other}"),
        ];
        for (first, second) in [(0, 1), (1, 0)] {
            let night = leaver(&rows[first])
                .hr(&format!("{} {LEFT}", rows[second]))
                .account("id=U1 user=x email=jane name=Sam_Poe");
            assert!(night.settled().cases.is_empty(), "{other}");
            let fates = night.fates();
            assert!(fates.contains(&(D::Ambiguous, R::NameDiffers)), "{fates:?}");
        }
    }
}

#[test]
fn a_person_with_several_accounts_is_ambiguous() {
    let night = leaver("email=jane name=Jane_Doe")
        .account("id=U1 user=a email=jane name=Jane_Doe")
        .account("id=U2 user=b email=jane name=Jane_Doe");
    assert_eq!(outcome(&night), Err((D::Ambiguous, R::SeveralAccounts)));
}

#[test]
fn shared_and_blank_keys_never_match() {
    // Shared by people.
    let night = leaver("email=team name=Jane_Doe")
        .hr(&format!("email=team name=Pat_Poe {LEFT}"))
        .account("id=U1 user=a email=team");
    assert_eq!(night.fates(), [(D::Unmatched, R::NearMiss); 2]);
    // Shared by accounts of other people.
    let night = leaver("email=team name=Jane_Doe")
        .account("id=U1 user=a email=team name=Pat_Poe")
        .account("id=U2 user=b email=team name=Sam_Fox");
    assert_eq!(outcome(&night), Err((D::Unmatched, R::NearMiss)));
    for cells in [
        "id=0000",
        "email=noreply@8x8.com",
        "email=none@8x8.com",
        "user=N/A",
        "",
    ] {
        let night = leaver(&format!("name=Jane_Doe {cells}"))
            .account("id=U1 user=a email=noreply@8x8.com employee=0000 name=Pat_Poe");
        assert_eq!(outcome(&night), Err((D::Unmatched, R::NoKey)), "{cells}");
    }
}

// A shared address is forgotten, so that it does not match on a night when
// only one of its people is listed.
#[test]
fn a_shared_key_does_not_match_on_a_later_night_either() {
    let mut night = leaver("email=team name=Jane_Doe")
        .incremental()
        .hr(&format!("id=6 email=team name=Pat_Poe {LEFT}"))
        .account("id=U1 user=a email=team");
    for record in night.settled().records {
        night
            .memory
            .terminations
            .insert(record.termination.id(), record);
    }
    night.rows.clear();
    assert!(night.settled().cases.is_empty());
    assert_eq!(
        night.fates(),
        [(D::Unmatched, R::NoAccount)],
        "only Pat has a key"
    );
}

// The address of an obligation turns out to be two people's tonight.
#[test]
fn a_remembered_key_that_is_shared_tonight_does_not_match() {
    let mut night = leaver("email=team name=Jane_Doe").incremental();
    for record in night.settled().records {
        let id = record.termination.id();
        night.memory.terminations.insert(id, record);
    }
    night.rows.clear();
    let night = night
        .account("id=U1 user=a email=team")
        .hr("email=team name=Pat_Poe status=employed")
        .hr("email=team name=Sam_Fox status=employed");
    assert!(night.settled().cases.is_empty());
}

#[test]
fn what_only_looks_alike_is_suggested() {
    let near = Err((D::Unmatched, R::NearMiss));
    let accounts = [
        "id=U1 user=x name=Jane_Doe",
        "id=U1 user=x employee=5",
        "id=U1 user=x email=jane+phone",
        "id=U1 user=x email=jane@example.org",
    ];
    for account in accounts {
        let night = leaver("id=0005 email=jane name=Jane_Doe").account(account);
        assert_eq!(outcome(&night), near, "{account}");
        assert!(night.settled().dispositions[0].needs_a_look);
    }
    // Even of somebody without any key: access may still be open.
    let night = leaver("name=Jane_Doe").account(accounts[0]);
    assert_eq!(outcome(&night), near);
    // An account that is known to be another leaver's is no hint.
    let night = leaver("name=Jane_Doe")
        .hr(&format!("id=6 name=Jane_Doe {LEFT}"))
        .account("id=U1 user=x name=Jane_Doe employee=6");
    assert_eq!(night.fates()[0], (D::Unmatched, R::NoKey));
}

// Two people of one name: one leaves, the other has the only account.
#[test]
fn the_same_name_is_not_the_same_person() {
    let night = leaver("id=5 name=Jane_Doe department=Sales")
        .hr("id=6 name=Jane_Doe status=employed department=Sales")
        .account("id=U1 user=jdoe employee=6 name=Jane_Doe department=Sales");
    let expected = [
        (D::Unmatched, R::NoAccount),
        (D::NotLeaving, R::StillEmployed),
    ];
    assert_eq!(night.fates(), expected);
    // Both leave, and each has an account of their own.
    let night = leaver("id=5 name=Jane_Doe")
        .hr(&format!("id=6 name=Jane_Doe {LEFT}"))
        .account("id=U1 user=jdoe employee=5 name=Jane_Doe")
        .account("id=U2 user=jdoe2 employee=6 name=Jane_Doe");
    assert_eq!(night.settled().cases.len(), 2);
}

// Somebody's zeros were stripped, and without them the id is a colleague's.
#[test]
fn a_stripped_id_does_not_find_the_colleague() {
    let night =
        leaver("id=000123 name=Jane_Doe").account("id=U1 user=pat employee=123 name=Pat_Poe");
    assert_eq!(outcome(&night), Err((D::Unmatched, R::NearMiss)));
    for damaged in ["6.34E+17", "0000"] {
        let night = leaver(&format!("id={damaged} email=jane name=Jane_Doe"))
            .account(&format!("id=U1 user=pat employee={damaged} name=Pat_Poe"));
        assert_eq!(outcome(&night), Err((D::Unmatched, R::NoAccount)));
    }
}

// An address of another person, inherited with a part of the name that says
// nothing.
#[test]
fn an_initial_or_a_particle_is_no_name() {
    for (leaver_name, account_name) in [
        ("Jan_van_Dijk", "Piet_van_den_Berg"),
        ("J._Doe", "J._Smith"),
        ("James_Thomas", "Thomas_Baker"),
    ] {
        let night = leaver(&format!("email=jane name={leaver_name}"))
            .account(&format!("id=U1 user=x email=jane name={account_name}"));
        assert_eq!(outcome(&night), Err((D::Ambiguous, R::NameDiffers)));
    }
}

#[test]
fn a_mapping_decides() {
    let mut night = leaver("id=5 email=jane name=Jane_Doe")
        .account("id=U1 user=a email=jane employee=5 name=Jane_Doe")
        .account("id=U2 user=b employee=6 name=Pat_Poe");
    for target in ["U2", "B"] {
        night.map.insert("5".to_owned(), target.to_owned());
        assert_eq!(outcome(&night), Ok("id:U2 by mapping".to_owned()));
    }
    // A mapping that leads nowhere does not fall back on the keys.
    night.map.insert("5".to_owned(), "nobody".to_owned());
    assert_eq!(outcome(&night), Err((D::Unmatched, R::NearMiss)));
}

#[test]
fn an_account_created_after_the_date_is_somebody_elses() {
    let account = |created: &str, status: &str| {
        leaver("id=5 name=Jane_Doe").account(&format!(
            "id=U1 user=a employee=5 name=Jane_Doe created={created} status={status}"
        ))
    };
    // The 20th ends in Los Angeles at 8:00 on the 21st in Greenwich.
    assert!(outcome(&account("2026-11-21T07:59:59Z", "active")).is_ok());
    for status in ["active", "inactive"] {
        let night = account("2026-11-21T08:00:00Z", status);
        assert_eq!(outcome(&night), Err((D::Conflict, R::CreatedLater)));
        assert_eq!(
            night.settled().dispositions[0].needs_a_look,
            status == "active"
        );
    }
}

// The rows of one account may stand anywhere in the report.
#[test]
fn the_rows_of_an_account_are_one_account_in_any_order() {
    let night = leaver("id=5 name=Jane_Doe")
        .account("id=U1 user=a employee=5 name=Jane_Doe phone=1 licenses=1")
        .account("id=U2 user=b name=Jane_Doe")
        .account("id=U1 user=a employee=5 phone=2 licenses=2");
    let whole = night.settled();
    assert_eq!(whole.cases[0].account.licenses.len(), 3);
    let backwards = night.settled_by(|index, rows| {
        let parts = rows.iter().map(|row| {
            let mut part = index.split();
            part.observe(row);
            part
        });
        let mut all = index.split();
        parts.rev().for_each(|part| all.merge(part));
        all.finish()
    });
    assert_eq!(backwards.cases[0].account, whole.cases[0].account);
    assert_eq!(backwards.dispositions, whole.dispositions);
}
