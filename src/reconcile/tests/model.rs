//! Whose account it is, against a model that looks at every account for every
//! person, and keeps accounts in ordered maps.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::scenario::{Scenario, account, hr, scenario};
use crate::model::{AccountKey, AccountRow, HrRow, Username};
use crate::reconcile::claims::Claim;
use crate::reconcile::keys::Key;
use crate::reconcile::matching::Match;
use crate::reconcile::settle::Ground;
use crate::reconcile::{Candidate, Found, Index, People, Person};

/// Few values, so that keys are often shared.
fn pick(name: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(values).prop_map(move |value| match value {
        "" => String::new(),
        value => format!("{name}={value}"),
    })
}

const NAMES: &[&str] = &["", "Jane_Doe", "Jane_Poe", "Pat_Fox", "Ida_Lee", "Q_X"];
const IDS: &[&str] = &["", "5", "05", "6", "7", "8"];
const EMAILS: &[&str] = &["", "jane", "pat", "ida", "team", "noreply@8x8.com"];
const USERS: &[&str] = &["", "jane@example.com", "pat", "ida@example.com", "team"];

fn hr_row() -> impl Strategy<Value = HrRow> {
    let cells = (
        pick("id", IDS),
        pick("name", NAMES),
        pick("email", EMAILS),
        pick("user", USERS),
        pick("date", &["", "2026-11-20"]),
        pick("status", &["", "left", "employed"]),
    );
    cells.prop_map(|(a, b, c, d, e, f)| hr(&[a, b, c, d, e, f].join(" ")))
}

fn account_row() -> impl Strategy<Value = AccountRow> {
    let cells = (
        pick("id", &["", "U1", "U2", "U3", "U4"]),
        pick("user", &USERS[1..]),
        pick("email", EMAILS),
        pick("employee", IDS),
        pick("name", NAMES),
        pick("status", &["active", "active", "inactive"]),
        pick("licenses", &["1", "2"]),
        pick("phone", &["", "1", "2"]),
    );
    cells.prop_map(|(a, b, c, d, e, f, g, h)| account(&[a, b, c, d, e, f, g, h].join(" ")))
}

fn night(rows: Vec<HrRow>, accounts: Vec<AccountRow>) -> Scenario {
    let mut night = scenario();
    night.rows = rows;
    night.accounts = accounts;
    for (line, row) in (2..).zip(&mut night.rows) {
        row.source.line = line;
    }
    for (line, row) in (2..).zip(&mut night.accounts) {
        row.source.line = line;
    }
    night
}

/// Every row of every account, the first row first.
fn by_account(rows: &[AccountRow]) -> BTreeMap<AccountKey, Vec<&AccountRow>> {
    let mut accounts: BTreeMap<AccountKey, Vec<&AccountRow>> = BTreeMap::new();
    for row in rows {
        let key = row.key().expect("every row has a username");
        accounts.entry(key).or_default().push(row);
    }
    accounts
}

fn sorted<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort();
    values
}

/// What an account has to be, given its rows.
fn check_joined(found: &Candidate, rows: &[&AccountRow]) {
    let first = rows[0];
    let licenses = rows.iter().flat_map(|row| row.licenses.clone());
    let phones: BTreeSet<String> = rows
        .iter()
        .flat_map(|row| row.phone_numbers.clone())
        .collect();
    let mut expected = first.clone();
    expected.licenses = sorted(licenses);
    expected.phone_numbers = phones.into_iter().collect();
    assert_eq!(*found.row, expected);
    let contradictory = rows.iter().any(|row| row.status != first.status);
    assert_eq!(found.contradictory, contradictory);
}

/// Whether the key is one of the account's.
fn has_key(account: &Candidate, key: &Key) -> bool {
    let row = &account.row;
    let is_called = |name: &str| row.username.as_ref().map(Username::as_str) == Some(name);
    match key {
        Key::EmployeeId(id) => row.employee_id.as_ref() == Some(id),
        Key::WorkEmail(email) => row.email.as_ref() == Some(email) || is_called(email.as_str()),
        Key::Username(name) => is_called(name.as_str()),
    }
}

fn accounts_with<'f>(found: &'f Found, key: &Key) -> Vec<&'f Candidate> {
    let accounts = found.accounts().iter();
    accounts.filter(|account| has_key(account, key)).collect()
}

/// The accounts and the names of the keys that point at each, or the word for
/// a decision that rests on nothing else.
fn matched(person: &Person, found: &Found) -> String {
    if person.keys.is_empty() {
        return "no key".to_owned();
    }
    let is_mine = |account: &&&Candidate| !person.is_stranger_to(&account.row.name);
    let mut votes: BTreeMap<&AccountKey, (&Candidate, Vec<&str>)> = BTreeMap::new();
    for key in &person.keys {
        let accounts = accounts_with(found, key);
        if accounts.len() > 1 && accounts.iter().filter(is_mine).count() > 1 {
            return format!("{} accounts share the {}", accounts.len(), key.name());
        }
        if let [account] = accounts[..] {
            let (_, names) = votes.entry(&account.key).or_insert((account, Vec::new()));
            names.push(key.name());
        }
    }
    let all: Vec<&(&Candidate, Vec<&str>)> = votes.values().collect();
    let by = |keys: &[&str]| {
        let mut names = keys.to_vec();
        names.dedup();
        names.join("+")
    };
    match all[..] {
        [] => "no account".to_owned(),
        [(account, keys)] => {
            let theirs = account.row.employee_id.as_ref();
            let is_others = theirs.zip(person.employee_id.as_ref()).is_some_and(|it| {
                let (theirs, ours) = it;
                ours != theirs && !person.employee_ids().any(|id| id == theirs)
            });
            if is_others {
                return format!("{} fits {}, whose", by(keys), account.name());
            }
            if keys.len() == 1 && person.may_be_stranger_to(&account.row.name) {
                return format!("only the {} fits", keys[0]);
            }
            format!("{} by {}", account.key.as_str(), by(keys))
        }
        _ => {
            let said = all.iter();
            let said: Vec<String> = said
                .map(|(account, keys)| format!("{} → {}", by(keys), account.name()))
                .collect();
            said.join(", ")
        }
    }
}

/// Whether the decision is the one that the model says.
fn agrees(found: &Match<'_>, model: &str) -> bool {
    match found {
        Match::One(account, by) => model == format!("{} by {by}", account.key.as_str()),
        Match::Gone => false,
        Match::Ambiguous(_, detail) => detail.contains(model),
        Match::None(_, detail) => match model {
            "no key" => detail.contains("usable") || detail.contains("shared by several people"),
            _ => model == "no account" && detail.contains("no 8x8 account has"),
        },
    }
}

/// Keys of the accounts that the person's keys point at.
fn pointed_at<'f>(person: &Person, found: &'f Found) -> BTreeSet<&'f AccountKey> {
    let by_keys = person.keys.iter().flat_map(|key| {
        let is_address = key.is_address();
        let accounts = accounts_with(found, key).into_iter();
        accounts.filter(move |account| !(is_address && person.is_stranger_to(&account.row.name)))
    });
    let id = person.employee_id.clone().map(Key::EmployeeId);
    let by_id = id.iter().flat_map(|key| accounts_with(found, key));
    by_keys.chain(by_id).map(|account| &account.key).collect()
}

proptest! {
    #[test]
    fn the_rows_of_an_account_are_put_together_whatever_the_parts(
        accounts in prop::collection::vec(account_row(), 0..12),
        cuts in prop::collection::vec(0..12_usize, 0..4),
        backwards in any::<bool>(),
    ) {
        // Somebody's keys hit every account.
        let everybody = IDS.iter().zip(EMAILS).map(|(id, email)| {
            hr(&format!("id=1{id} email={email} user=pat").replace("email= ", ""))
        });
        let mut rows: Vec<HrRow> = everybody.collect();
        rows.extend(USERS[1..].iter().map(|user| hr(&format!("user={user}"))));
        let night = night(rows, accounts);
        let calendar = night.calendar();
        let question = night.question(&calendar);
        let people = People::gather(&question);
        let index = Index::new(&people, &question);
        let mut rest = &night.accounts[..];
        let mut parts = Vec::new();
        for cut in cuts.iter().chain(&[usize::MAX]) {
            let (piece, later) = rest.split_at((*cut).min(rest.len()));
            let mut part = index.split();
            for row in piece {
                part.observe(row);
            }
            parts.push(part);
            rest = later;
        }
        if backwards {
            parts.reverse();
        }
        let mut all = index.split();
        for part in parts {
            all.merge(part);
        }
        let found = all.finish();

        let model = by_account(&night.accounts);
        let keys: Vec<&AccountKey> = found.accounts().iter().map(|account| &account.key).collect();
        prop_assert_eq!(keys, model.keys().collect::<Vec<_>>());
        for (key, rows) in &model {
            check_joined(found.get(key).expect("an account"), rows);
        }
        let nobodys = AccountKey::stored("id:U9".to_owned());
        prop_assert!(found.get(&nobodys).is_none());
    }

    #[test]
    fn everybody_is_matched_as_if_every_account_were_looked_at(
        rows in prop::collection::vec(hr_row(), 0..8),
        accounts in prop::collection::vec(account_row(), 0..8),
    ) {
        let night = night(rows, accounts);
        let calendar = night.calendar();
        let question = night.question(&calendar);
        let people = People::gather(&question);
        let mut index = Index::new(&people, &question);
        for row in &night.accounts {
            index.observe(row);
        }
        let found = index.finish();
        let ground = Ground::new(&people, &found, &question);

        let mut taken: BTreeSet<&AccountKey> = BTreeSet::new();
        let mut rivals: BTreeSet<&AccountKey> = BTreeSet::new();
        let mut spoken_for: BTreeSet<&AccountKey> = BTreeSet::new();
        for (person, matched_to) in people.persons.iter().zip(&ground.matches) {
            let model = matched(person, &found);
            prop_assert!(agrees(matched_to, &model), "{:?} but {}", matched_to, model);
            let theirs: BTreeSet<&AccountKey> = ground
                .directory
                .pointed_at(person)
                .map(|account| &account.key)
                .collect();
            prop_assert_eq!(&theirs, &pointed_at(person, &found));
            let account = matched_to.account().map(|account| &account.key);
            match person.claim {
                Claim::Leaves(_) => {
                    rivals.extend(account.filter(|account| !taken.insert(account)));
                }
                Claim::Stays(..) => {
                    taken.extend(account);
                    spoken_for.extend(theirs);
                    spoken_for.extend(account);
                }
                Claim::Contradicts(_) | Claim::SaysNothing | Claim::Unsettled(_) => {
                    spoken_for.extend(theirs);
                    spoken_for.extend(account);
                }
            }
        }
        let settling = ground.settling(&people, &[], &question);
        for account in found.accounts() {
            prop_assert_eq!(settling.taken.contains(account), taken.contains(&account.key));
            prop_assert_eq!(settling.rivals.contains(account), rivals.contains(&account.key));
            // Namesakes are spoken for besides.
            let is_spoken_for = spoken_for.contains(&account.key);
            prop_assert!(!is_spoken_for || settling.spoken_for.contains(account));
        }
    }
}
