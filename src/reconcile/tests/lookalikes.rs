//! Accounts that are shown and never acted on.

use proptest::prelude::*;
use rayon::prelude::*;

use super::scenario::{Scenario, account, scenario};
use crate::model::{Disposition as D, Reason as R};
use crate::reconcile::lookalikes::{Lookalikes, Suggestions};
use crate::reconcile::resemblances::Traces;
use crate::reconcile::{Hint, People};

const LEFT: &str = "date=2026-11-20";

fn leaver(cells: &str) -> Scenario {
    scenario().hr(&format!("{cells} {LEFT}"))
}

/// Why the account is suggested for the only leaver, who is never a case.
fn hint(hr: &str, account: &str) -> Option<Hint> {
    hint_of(&leaver(hr).account(account))
}

fn hint_of(night: &Scenario) -> Option<Hint> {
    let settled = night.settled();
    assert!(settled.cases.is_empty(), "{:?}", settled.cases);
    let line = &settled.dispositions[0];
    assert_eq!(line.disposition, D::Unmatched, "{}", line.detail);
    assert_eq!(line.needs_a_look, line.reason == R::NearMiss);
    let mut said = HINTS
        .into_iter()
        .filter(|it| line.detail.contains(it.why()));
    let hint = said.next();
    assert_eq!(
        hint.is_some(),
        line.reason == R::NearMiss,
        "{}",
        line.detail
    );
    assert_eq!(said.next(), None, "one reason an account: {}", line.detail);
    hint
}

const HINTS: [Hint; 7] = [
    Hint::EmployeeIdWithoutZeros,
    Hint::TaggedAddress,
    Hint::OtherDomain,
    Hint::UsernameIsMailbox,
    Hint::NameAndDepartment,
    Hint::Alias,
    Hint::Name,
];

#[test]
fn every_likeness_is_a_hint_with_its_reason() {
    for (hr, account, expected) in [
        ("id=0005", "user=x employee=5", Hint::EmployeeIdWithoutZeros),
        ("id=5", "user=x employee=0005", Hint::EmployeeIdWithoutZeros),
        ("email=jane", "user=x email=jane+phone", Hint::TaggedAddress),
        (
            "email=jane+hr",
            "user=jane@example.com",
            Hint::TaggedAddress,
        ),
        (
            "email=jane",
            "user=x email=jane@example.org",
            Hint::OtherDomain,
        ),
        (
            "user=jane@example.com",
            "user=jane@example.org",
            Hint::OtherDomain,
        ),
        (
            "id=5 user=jdoe",
            "user=x email=jdoe",
            Hint::UsernameIsMailbox,
        ),
        ("email=jdoe", "user=jdoe", Hint::UsernameIsMailbox),
        (
            "id=5 name=Jane_Doe department=Sales",
            "user=x name=Doe,_Jane department=SALES",
            Hint::NameAndDepartment,
        ),
        ("id=5 name=Jane_Doe", "user=jdoe name=J._Doe", Hint::Alias),
        ("id=5 name=Jane_Doe", "user=x name=Jane_Doe", Hint::Name),
        (
            "id=5 name=Jana_Müller",
            "user=x name=Jana_Mueller",
            Hint::Name,
        ),
    ] {
        assert_eq!(hint(hr, account), Some(expected), "{hr} | {account}");
    }
}

#[test]
fn an_alias_is_made_of_the_name_and_needs_the_last_name() {
    for mailbox in [
        "jane.doe", "jane_doe", "jane-doe", "janedoe", "jdoe", "j.doe", "janed", "doe.jane",
        "doej", "jane",
    ] {
        let hr = "id=5 name=Jane_Doe";
        for cells in [format!("user={mailbox}"), format!("user=x email={mailbox}")] {
            let account = format!("{cells} name=J._Doe");
            assert_eq!(hint(hr, &account), Some(Hint::Alias), "{account}");
            let stranger = format!("{cells} name=Pat_Poe");
            assert_eq!(hint(hr, &stranger), None, "{stranger}");
        }
    }
    let umlauts = hint("id=5 name=Jürgen_Groß", "user=juergen.gross name=J_Gross");
    assert_eq!(umlauts, Some(Hint::Alias));
    let double = hint("id=5 name=López_García,_Ana", "user=agarcia name=A._García");
    assert_eq!(double, Some(Hint::Alias));
    assert_eq!(hint("id=5 name=Jane_Doe", "user=zdoe name=Zoe_Doe"), None);
}

// Anybody can have any mailbox at a public provider.
#[test]
fn a_mailbox_counts_at_the_companys_domains_only_once_these_are_known() {
    let at = |domain: &str| leaver("email=jane").account(&format!("user=x email=jane@{domain}"));
    let known = |night: Scenario| {
        night.policy(|policy| {
            policy.identity_domains = ["example.com", "example.net"].map(str::to_owned).into();
        })
    };
    assert_eq!(hint_of(&at("mail.example.org")), Some(Hint::OtherDomain));
    assert_eq!(hint_of(&known(at("example.net"))), Some(Hint::OtherDomain));
    assert_eq!(hint_of(&known(at("mail.example.org"))), None);
    // Nor is a public mailbox anybody's username.
    let night = leaver("id=5 user=jane").account("user=x email=jane@mail.example.org");
    assert_eq!(hint_of(&night), Some(Hint::UsernameIsMailbox));
    assert_eq!(hint_of(&known(night)), None);
}

#[test]
fn the_best_hints_come_first_and_few_are_shown() {
    let mut night = leaver("id=0005 email=jane name=Jane_Doe");
    for number in 1..=20 {
        night = night.account(&format!("user=same{number:02} name=Jane_Doe"));
    }
    let night = night
        .account("user=domain email=jane@example.org")
        .account("user=zeros employee=5 name=Jane_Doe");
    let detail = &night.settled().dispositions[0].detail;
    let order = ["zeros (", "domain (", "same01 ("].map(|name| detail.find(name));
    assert!(order.is_sorted() && order[0].is_some(), "{detail}");
    assert!(!detail.contains("same02"), "{detail}");
}

// A roster of namesakes: all accounts but one are known to be somebody's.
#[test]
fn an_account_that_somebodys_row_points_at_is_no_hint() {
    for row in [
        "status=employed",
        "date=2026-11-20",
        "status=unclear",
        "status=blank",
    ] {
        let mut night = leaver("id=X name=Jane_Doe");
        for number in 1..=5 {
            night = night
                .hr(&format!("id={number} name=Jane_Doe {row}"))
                .account(&format!(
                    "user=known{number} employee={number} name=Jane_Doe"
                ));
        }
        assert_eq!(night.fates()[0], (D::Unmatched, R::NoAccount), "{row}");
        let night = night.account("user=nobodys name=Jane_Doe");
        let detail = &night.settled().dispositions[0].detail;
        assert_eq!(night.fates()[0], (D::Unmatched, R::NearMiss), "{row}");
        assert!(!detail.contains("known"), "{detail}");
        assert!(detail.contains("nobodys"), "{detail}");
    }
    // Two accounts have the colleague's key: both are spoken for.
    let night = leaver("id=X name=Jane_Doe")
        .hr("id=1 name=Jane_Doe status=employed")
        .account("user=a employee=1 name=Jane_Doe")
        .account("user=b employee=1 name=Jane_Doe");
    assert_eq!(night.fates()[0], (D::Unmatched, R::NoAccount));
}

#[test]
fn behind_a_deactivated_account_no_access_is_open() {
    let account = "user=x name=Jane_Doe status=inactive";
    assert_eq!(hint("id=5 name=Jane_Doe", account), None);
}

// An incremental file names her once, and her access stays open.
#[test]
fn a_near_miss_is_reported_until_it_is_settled() {
    let mut night = leaver("email=jane name=Jane_Doe")
        .incremental()
        .account("user=x email=jane@example.org");
    for record in night.settled().records {
        let id = record.termination.id();
        night.memory.terminations.insert(id, record);
    }
    night.rows.clear();
    night.later(1);
    assert_eq!(hint_of(&night), Some(Hint::OtherDomain));
    let mapped = ("jane@example.com".to_owned(), "x".to_owned());
    night.map.extend([mapped]);
    assert_eq!(night.settled().cases.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    /// What is not looked at closely would not have been suggested.
    #[test]
    fn whoever_looks_like_somebody_has_something_of_them(
        leaver in "(id=(0007|7|E7) )?(email=(jane|jörg\\+x|aue@sample\\.com) )?user=(jdoe|jane\\.doe@example\\.com|j_roe) name=(Jane|Jörg|Auée|J\\.)_(Doe|Müller|Doe-Roe|Roe,_Jane) (department=Sales )?date=2026-11-20",
        theirs in "(employee=(7|007|E7) )?(email=(jane\\+y|jdoe@example\\.net|aue|jörg) )?user=(jane|Jane-Doe|doej|j\\.roe|jdoe|aue|jmuller@example\\.com) name=(Jane|Doe|Müller|J|Aué)(_Doe|_Roe|,_Jane|_Jane_Doe|_Müller|)( department=Sales)?",
    ) {
        let night = scenario().hr(&leaver);
        let calendar = night.calendar();
        let people = People::gather(&night.question(&calendar));
        let persons = people.persons.par_iter().enumerate();
        let lookalikes = Lookalikes::of(persons, &night.policy.identity_domains);
        let row = account(&theirs);
        let mut suggestions = Suggestions::new();
        lookalikes.suggest(&row.key().expect("a key"), &row, &mut suggestions);
        let may_look_alike = lookalikes.may_suggest(&Traces::of_row(&row));
        prop_assert!(suggestions.is_empty() || may_look_alike, "{suggestions:?}");
    }
}
