use std::collections::{BTreeMap, BTreeSet};

use super::claims::{Claim, claim_of};
use super::dossier::{
    AccessEnds, Dossier, Inquiry, KeyEvidence, KnownAccount, Obstacle, RowSays, StrayAccount,
};
use super::index::mapped;
use super::keys::{Identity, Key, distinct, keys_of, keys_of_unreadable, row_keys};
use super::lines::{as_known, termination_of};
use super::lookout::MOST_NEAREST;
use super::matching::Match;
use super::settle::{Ground, Settling};
use super::{Candidate, Found, Lookout, People, Person, Question, Suggestion};
use crate::model::{
    AccountKey, HrRow, InvalidRow, Origin, PersonKey, SourceRow, TerminationRecord,
};

/// Finds what was asked about, and lays its evidence open. `unreadable` are
/// the rows of the users report that could not be read.
pub fn inquire<'a>(
    lookout: &'a Lookout,
    people: &'a People,
    found: &'a Found,
    unreadable: &'a [InvalidRow],
    question: &'a Question<'a>,
) -> Inquiry<'a> {
    let ground = Ground::new(people, found, question);
    let inspector = Inspector {
        settling: ground.settling(people, unreadable, question),
        ground: &ground,
        lookout,
        people,
        found,
        unreadable,
        question,
    };
    inspector.inquire()
}

struct Inspector<'a, 'g> {
    settling: Settling<'g, 'a, 'a>,
    ground: &'g Ground<'a, 'a>,
    lookout: &'a Lookout,
    people: &'a People,
    found: &'a Found,
    unreadable: &'a [InvalidRow],
    question: &'a Question<'a>,
}

impl<'a> Inspector<'a, '_> {
    fn inquire(&self) -> Inquiry<'a> {
        let asked = &self.lookout.asked;
        let persons: Vec<Dossier<'a>> = (0..self.people.persons.len())
            .filter(|&position| self.is_asked(position))
            .map(|position| self.dossier(position))
            .collect();
        let told = |row: &InvalidRow| {
            let mut all = persons.iter().flat_map(|dossier| {
                dossier
                    .unreadable
                    .iter()
                    .chain(&dossier.unreadable_accounts)
            });
            all.any(|other| other.source == row.source)
        };
        let rows = self.question.invalid.iter();
        let rows = rows.filter(|row| asked.is_unreadable(row) && !told(row));
        let accounts: Vec<StrayAccount<'a>> = self.strays(&persons);
        let known: BTreeSet<_> = persons
            .iter()
            .flat_map(|dossier| &dossier.history)
            .chain(accounts.iter().flat_map(|stray| &stray.history))
            .map(|record| record.termination.id())
            .collect();
        let mut remembered: BTreeMap<&PersonKey, Vec<&TerminationRecord>> = BTreeMap::new();
        for (id, record) in &self.question.memory.terminations {
            if asked.is_record(record) && !known.contains(id) {
                let records = remembered.entry(&record.termination.person).or_default();
                records.push(record);
            }
        }
        // A line of an HR file is asked for, never one of the users report.
        let unreadable_accounts = self
            .unreadable
            .iter()
            .filter(|row| asked.is_unreadable(row) && !asked.is_row(&row.source) && !told(row));
        let mut inquiry = Inquiry {
            rows: rows.collect(),
            unreadable_accounts: unreadable_accounts.collect(),
            persons,
            accounts,
            remembered,
            nearest: Vec::new(),
        };
        if inquiry.is_empty() {
            inquiry.nearest = self.nearest();
        }
        inquiry
    }

    fn is_asked(&self, position: usize) -> bool {
        let asked = &self.lookout.asked;
        let person = &self.people.persons[position];
        let by_row = || self.rows_of(person).any(|row| asked.is_hr_row(row));
        let history = self.ground.history.of(person);
        let by_record = || history.iter().any(|record| asked.is_record(record));
        let by_new_termination = || {
            person
                .date()
                .is_some_and(|date| asked.is_termination(&termination_of(person, date).id()))
        };
        let by_account = || {
            let accounts = self.accounts_of(position).into_iter();
            accounts
                .filter_map(|key| self.found.accounts.get(&key))
                .any(|candidate| asked.is_account(&candidate.row))
        };
        asked.is_person(person) || by_row() || by_record() || by_new_termination() || by_account()
    }

    fn dossier(&self, position: usize) -> Dossier<'a> {
        let person = &self.people.persons[position];
        let found = self.ground.matches[position].clone();
        let history = self.ground.history.of(person);
        let account = match &found {
            Match::One(key, _) => self.found.accounts.get_key_value(key),
            Match::Gone | Match::Ambiguous(..) | Match::None(..) => None,
        };
        let account = account.map(|(key, candidate)| self.known_account(key, candidate));
        let others = match &account {
            Some(account) => self.others_at(position, account.key),
            None => Vec::new(),
        };
        let keys = self.keys_of(position);
        let is_pointed_at = |suggestion: &&Suggestion| {
            let mut accounts = keys.iter().flat_map(|evidence| &evidence.accounts);
            accounts.any(|(key, ..)| **key == suggestion.key)
        };
        let suggestions = self.found.suggestions.get(&position);
        let suggestions = self
            .settling
            .hints(suggestions.map_or(&[][..], Vec::as_slice));
        let mut dossier = Dossier {
            rows: self.rows_said(person),
            unreadable: self.unreadable_of(person, self.question.invalid),
            unreadable_accounts: self.unreadable_of(person, self.unreadable),
            has_vanished: self.settling.has_vanished(person),
            ends: None,
            mapping: mapped(person, self.question.map),
            known: None,
            suggestions: suggestions.filter(|it| !is_pointed_at(it)).collect(),
            keys,
            obstacles: Vec::new(),
            stance: None,
            others,
            history: history.clone(),
            person,
            found: found.clone(),
            account,
        };
        if let Claim::Leaves(date) = person.claim {
            let departure = self.settling.departure(person, date, &found, &history);
            dossier.known = departure.known;
            if let Some(account) = &dossier.account {
                let sight = self.settling.sight(&departure, account.key, &account.known);
                let obstacles = self.settling.obstacles(&sight).into_iter();
                dossier.obstacles = obstacles.map(Obstacle::from).collect();
                dossier.stance = Some(self.settling.stance(&departure, &account.known));
            }
            dossier.ends = Some(AccessEnds {
                date,
                at: departure
                    .due
                    .map(|due| self.question.calendar.local(due, &departure.site)),
                site: departure.site,
            });
        }
        dossier
    }

    fn rows_of(&self, person: &Person) -> impl Iterator<Item = &'a HrRow> {
        let rows = self.question.rows;
        person.rows.iter().map(|&row| &rows[row])
    }

    fn rows_said(&self, person: &Person) -> Vec<RowSays<'a>> {
        let rows = person.rows.iter().map(|&position| {
            let row = &self.question.rows[position];
            RowSays {
                row,
                claim: claim_of(row, self.question, &self.ground.history),
                decides: person.deciding == Some(position),
            }
        });
        rows.collect()
    }

    /// Every key of the person, those that stand for several people included.
    fn all_keys_of(&self, person: &Person) -> Vec<Key> {
        let of_rows = self.rows_of(person).flat_map(row_keys);
        distinct(of_rows.chain(person.keys.iter().cloned()).collect())
    }

    fn unreadable_of(&self, person: &Person, rows: &'a [InvalidRow]) -> Vec<&'a InvalidRow> {
        let mine: BTreeSet<Identity> = self.all_keys_of(person).iter().map(Key::identity).collect();
        let rows = rows.iter();
        rows.filter(|row| {
            let keys = keys_of_unreadable(row);
            keys.iter().any(|key| mine.contains(&key.identity()))
        })
        .collect()
    }

    fn keys_of(&self, position: usize) -> Vec<KeyEvidence<'a>> {
        let person = &self.people.persons[position];
        let keys = self.all_keys_of(person).into_iter();
        keys.map(|key| {
            let is_shared = !person.has(&key);
            let has_it = |other: &&Person| {
                let keys = self.all_keys_of(other);
                keys.iter()
                    .any(|theirs| theirs.identity() == key.identity())
            };
            let others = self.people.persons.iter().enumerate();
            let others = others.filter(|(other, _)| *other != position && is_shared);
            let accounts = self.ground.directory.accounts_of(&key).into_iter();
            KeyEvidence {
                shared_with: others.map(|(_, other)| other).filter(has_it).collect(),
                accounts: accounts
                    .map(|account| {
                        let is_strangers = self.ground.directory.is_strangers(person, account);
                        (account, &self.found.accounts[account], is_strangers)
                    })
                    .collect(),
                is_shared,
                key,
            }
        })
        .collect()
    }

    /// Accounts that a person was matched to, or points at.
    fn accounts_of(&self, position: usize) -> BTreeSet<AccountKey> {
        let person = &self.people.persons[position];
        let mut accounts = self.ground.directory.pointed_at(person);
        if let Match::One(key, _) = &self.ground.matches[position] {
            accounts.insert(key.clone());
        }
        accounts
    }

    fn others_at(&self, position: usize, account: &AccountKey) -> Vec<&'a Person> {
        let persons = self.people.persons.iter().enumerate();
        persons
            .filter(|(other, person)| *other != position && person.origin == Origin::Hr)
            .filter(|(other, _)| self.accounts_of(*other).contains(account))
            .map(|(_, person)| person)
            .collect()
    }

    fn known_account(&self, key: &'a AccountKey, reported: &'a Candidate) -> KnownAccount<'a> {
        let memory = self.question.memory;
        let (known, since) = as_known(&reported.row, key, memory, self.question.users_at);
        KnownAccount {
            key,
            reported,
            known,
            since,
            verified: memory.accounts.get(key),
        }
    }

    /// Accounts that were asked for and stand in no dossier.
    fn strays(&self, dossiers: &[Dossier<'a>]) -> Vec<StrayAccount<'a>> {
        let told: BTreeSet<&AccountKey> = dossiers
            .iter()
            .flat_map(|dossier| {
                let of_keys = dossier.keys.iter().flat_map(|evidence| &evidence.accounts);
                let of_keys = of_keys.map(|(key, ..)| *key);
                of_keys.chain(dossier.account.as_ref().map(|account| account.key))
            })
            .collect();
        let seen = self.lookout.seen.accounts.iter();
        seen.filter(|(key, _)| !told.contains(key))
            .map(|(key, candidate)| StrayAccount {
                account: self.known_account(key, candidate),
                resembles: self.resembling(key),
                history: self.ground.history.of_account(key).to_vec(),
            })
            .collect()
    }

    fn resembling(&self, account: &AccountKey) -> Vec<(&'a Person, &'a Suggestion)> {
        let all = self.found.suggestions.iter();
        all.flat_map(|(position, suggestions)| {
            let of_account = suggestions.iter().filter(|it| it.key == *account);
            of_account.map(|it| (&self.people.persons[*position], it))
        })
        .collect()
    }

    /// Who may have been meant, in HR and then in the users report.
    fn nearest(&self) -> Vec<String> {
        let asked = &self.lookout.asked;
        let rows = self.question.rows.iter().filter_map(|row| {
            let keys = keys_of(row.employee_id.as_ref(), row.work_email.as_ref(), None);
            let why = asked.resembles(&row.name, &keys)?;
            let SourceRow { file, line } = &row.source;
            Some(format!(
                "{} ({file} line {line}): {why}",
                row.name.display()
            ))
        });
        rows.take(MOST_NEAREST)
            .chain(self.lookout.nearest.iter().cloned())
            .collect()
    }
}
