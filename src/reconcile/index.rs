use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::claims::Claim;
use super::keys::{Key, keys_of_unreadable};
use super::lookalikes::{Lookalikes, Suggestions, trim};
use super::resemblances::Traces;
use super::{People, Question};
use crate::model::{
    AccountCells, AccountKey, AccountRow, AccountStatus, EmailAddress, EmployeeId, KeyCell,
    PrintOf, Sieve, TerminationRecord, UserId, Username, fingerprint,
};

/// Watches the accounts stream by and keeps those that a person's key hits,
/// and a few that look alike. It never holds all accounts, so a report with
/// several rows for an account has to repeat the account's keys on each.
#[derive(Debug, Clone)]
pub struct Index {
    wanted: Arc<Wanted>,
    found: Found,
}

/// What to look out for.
#[derive(Debug, Default)]
struct Wanted {
    emails: HashSet<EmailAddress>,
    /// Those that are no addresses of these.
    usernames: HashSet<Username>,
    employee_ids: HashSet<EmployeeId>,
    user_ids: HashSet<UserId>,
    /// What the administrator mapped people to, as user ids.
    mapped_ids: HashSet<String>,
    /// The same as usernames, in lower case.
    mapped_names: HashSet<String>,
    lookalikes: Lookalikes,
    /// All of these but the lookalikes.
    sieve: Sieve,
}

/// The accounts that were kept.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// By account; the rows of one account are merged.
    pub accounts: BTreeMap<AccountKey, Candidate>,
    /// Accounts that look like a person without being found by a key.
    pub(super) suggestions: Suggestions,
}

/// An account that may be somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The account as the report has it, with the licences of all its rows.
    pub row: AccountRow,
    /// The report says both active and inactive of it.
    pub contradictory: bool,
}

impl Index {
    /// Takes the keys of everybody in question.
    pub fn new(people: &People, question: &Question<'_>) -> Self {
        let leavers = people.persons.par_iter().enumerate();
        let leavers = leavers.filter(|(_, person)| matches!(person.claim, Claim::Leaves(_)));
        let mut wanted = Wanted {
            lookalikes: Lookalikes::of(leavers, &question.policy.identity_domains),
            ..Wanted::default()
        };
        for person in &people.persons {
            // Nobody touches an account whose employee id is disputed.
            let disputed = person.employee_id.clone().map(Key::EmployeeId);
            for key in person.keys.iter().chain(&disputed) {
                wanted.look_for(key);
            }
            if let Some(target) = mapped(person, question.map) {
                wanted.mapped_ids.insert(target.to_owned());
                wanted.mapped_names.insert(target.to_lowercase());
            }
        }
        // Whose row cannot be read may be whose account it is.
        let unreadable = question.invalid.iter().flat_map(keys_of_unreadable);
        unreadable.for_each(|key| wanted.look_for(&key));
        for record in question.memory.terminations.values() {
            wanted.remember(record);
        }
        wanted.sieve = wanted.sieve();
        Self {
            wanted: Arc::new(wanted),
            found: Found::default(),
        }
    }

    /// An empty index with the same keys, for another part of the report.
    #[must_use]
    pub fn split(&self) -> Self {
        Self {
            wanted: Arc::clone(&self.wanted),
            found: Found::default(),
        }
    }

    /// Whether nobody looks for the account, so that its row need not be seen.
    pub fn passes_over(&self, cells: &AccountCells<'_>) -> bool {
        let is_wanted = |key: KeyCell<'_>| self.wanted.sieve.may_have(key.fingerprint);
        let may_look_alike = || {
            cells.status == AccountStatus::Active
                && self.wanted.lookalikes.may_suggest(&Traces::of_cells(cells))
        };
        !(cells.keys().any(is_wanted) || may_look_alike())
    }

    /// Looks at one row of the report.
    pub fn observe(&mut self, row: &AccountRow) {
        let Some(key) = row.key() else { return };
        // Behind a deactivated account nobody's access is open.
        let lookalikes = &self.wanted.lookalikes;
        if row.status == AccountStatus::Active && lookalikes.may_suggest(&Traces::of_row(row)) {
            let suggestions = &mut self.found.suggestions;
            lookalikes.suggest(&key, row, suggestions);
        }
        if self.wanted.hits(row) {
            self.found.keep(key, row);
        }
    }

    /// Adds what a later part of the report held.
    pub fn merge(&mut self, later: Self) {
        for (_, candidate) in later.found.accounts {
            if let Some(key) = candidate.row.key() {
                let contradictory = candidate.contradictory;
                let kept = self.found.keep(key, &candidate.row);
                kept.contradictory |= contradictory;
            }
        }
        for (position, suggestions) in later.found.suggestions {
            let mine = self.found.suggestions.entry(position).or_default();
            mine.extend(suggestions);
            trim(mine);
        }
    }

    /// What was kept, in an order that does not depend on how the report was
    /// split.
    pub fn finish(mut self) -> Found {
        for candidate in self.found.accounts.values_mut() {
            candidate.row.licenses.sort();
            candidate.row.phone_numbers.sort();
            candidate.row.devices.sort();
        }
        self.found
    }
}

impl Wanted {
    fn look_for(&mut self, key: &Key) {
        match key {
            Key::EmployeeId(id) => {
                self.employee_ids.insert(id.clone());
            }
            Key::WorkEmail(email) => {
                self.emails.insert(email.clone());
            }
            Key::Username(name) => {
                self.usernames.insert(name.clone());
            }
        }
    }

    /// Accounts of earlier nights are looked for by what they were, whatever
    /// HR calls the person tonight.
    fn remember(&mut self, record: &TerminationRecord) {
        self.user_ids.extend(record.user_id.clone());
        self.usernames.extend(record.account_username.clone());
    }

    fn sieve(&self) -> Sieve {
        let text = |of| move |text: &String| fingerprint(of, text.as_bytes());
        let prints = self.emails.iter().map(EmailAddress::fingerprint);
        let prints = prints
            .chain(self.usernames.iter().map(Username::fingerprint))
            .chain(self.employee_ids.iter().map(EmployeeId::fingerprint))
            .chain(self.user_ids.iter().map(UserId::fingerprint))
            .chain(self.mapped_ids.iter().map(text(PrintOf::UserId)))
            .chain(self.mapped_names.iter().map(text(PrintOf::Name)));
        Sieve::of(&prints.collect::<Vec<_>>())
    }

    fn hits(&self, row: &AccountRow) -> bool {
        let has_email = |email: &EmailAddress| self.emails.contains(email);
        let has_name = |name: &Username| {
            self.usernames.contains(name)
                || name.address().is_some_and(|address| has_email(&address))
                || self.mapped_names.contains(name.as_str())
        };
        let has_id =
            |id: &UserId| self.user_ids.contains(id) || self.mapped_ids.contains(id.as_str());
        let has_employee = |id: &EmployeeId| self.employee_ids.contains(id);
        row.email.as_ref().is_some_and(has_email)
            || row.username.as_ref().is_some_and(has_name)
            || row.employee_id.as_ref().is_some_and(has_employee)
            || row.user_id.as_ref().is_some_and(has_id)
    }
}

impl Found {
    /// Rows of one account are one account: their licences add up, and the
    /// first row of the file says the rest, whichever came by first.
    pub(super) fn keep(&mut self, key: AccountKey, row: &AccountRow) -> &mut Candidate {
        match self.accounts.entry(key) {
            Entry::Vacant(vacant) => vacant.insert(Candidate {
                row: row.clone(),
                contradictory: false,
            }),
            Entry::Occupied(occupied) => {
                let kept = occupied.into_mut();
                kept.contradictory |= kept.row.status != row.status;
                let (mut first, second) = if row.source < kept.row.source {
                    (row.clone(), &kept.row)
                } else {
                    (kept.row.clone(), row)
                };
                first.licenses.extend(second.licenses.iter().cloned());
                add_new(&mut first.phone_numbers, &second.phone_numbers);
                add_new(&mut first.devices, &second.devices);
                kept.row = first;
                kept
            }
        }
    }
}

fn add_new(all: &mut Vec<String>, more: &[String]) {
    for text in more {
        if !all.contains(text) {
            all.push(text.clone());
        }
    }
}

/// The administrator's mapping for a person, by employee id or e-mail.
pub(super) fn mapped<'m>(
    person: &super::Person,
    map: &'m BTreeMap<String, String>,
) -> Option<&'m str> {
    let by_id = person
        .employee_id
        .as_ref()
        .and_then(|id| map.get(id.as_str()));
    let by_email = || {
        person
            .work_email
            .as_ref()
            .and_then(|email| map.get(email.as_str()))
    };
    by_id.or_else(by_email).map(String::as_str)
}
