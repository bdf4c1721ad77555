use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::claims::Claim;
use super::found::{Candidate, Found};
use super::keys::{Key, keys_of_unreadable};
use super::lookalikes::{Lookalikes, Suggestions, trim};
use super::resemblances::Traces;
use super::{People, Question};
use crate::model::{
    AccountCells, AccountRow, AccountStatus, KeyCell, PrintOf, Sieve, TerminationRecord,
    fingerprint,
};

/// Watches the accounts stream by and keeps those that a person's key hits,
/// and a few that look alike. It never holds all accounts, so a report with
/// several rows for an account has to repeat the account's keys on each.
#[derive(Debug, Clone)]
pub struct Index {
    wanted: Arc<Wanted>,
    /// Accounts that a key hits. One may be in it several times: a report can have
    /// several rows for it, which need not stand together.
    kept: Vec<Candidate>,
    suggestions: Suggestions,
}

/// What to look out for.
#[derive(Debug, Default)]
struct Wanted {
    emails: HashSet<String>,
    usernames: HashSet<String>,
    employee_ids: HashSet<String>,
    user_ids: HashSet<String>,
    lookalikes: Lookalikes,
    /// All of these but the lookalikes.
    sieve: Sieve,
}

impl Index {
    /// Takes the keys of everybody in question.
    pub fn new(people: &People, question: &Question<'_>) -> Self {
        let leavers = people.persons.iter().enumerate();
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
                wanted.user_ids.insert(target.to_owned());
                wanted.usernames.insert(target.to_lowercase());
            }
        }
        // Whose row cannot be read may be whose account it is.
        let unreadable = question.invalid.iter().flat_map(keys_of_unreadable);
        unreadable.for_each(|key| wanted.look_for(&key));
        for record in question.memory.terminations.values() {
            wanted.remember(record);
        }
        wanted.sieve = wanted.sieve();
        Self::looking_for(Arc::new(wanted))
    }

    /// An empty index with the same keys, for another part of the report.
    #[must_use]
    pub fn split(&self) -> Self {
        Self::looking_for(Arc::clone(&self.wanted))
    }

    fn looking_for(wanted: Arc<Wanted>) -> Self {
        Self {
            wanted,
            kept: Vec::new(),
            suggestions: Suggestions::new(),
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
            lookalikes.suggest(&key, row, &mut self.suggestions);
        }
        if self.wanted.hits(row) {
            self.keep(Candidate::new(key, row));
        }
    }

    /// Adds what a later part of the report held.
    pub fn merge(&mut self, later: Self) {
        self.kept.extend(later.kept);
        for (position, suggestions) in later.suggestions {
            let mine = self.suggestions.entry(position).or_default();
            mine.extend(suggestions);
            trim(mine);
        }
    }

    /// What was kept, in an order that does not depend on how the report was
    /// split.
    pub fn finish(self) -> Found {
        Found::new(self.kept, self.suggestions)
    }

    fn keep(&mut self, mut row: Candidate) {
        match self.kept.last_mut() {
            Some(last) if last.key == row.key => last.join(&mut row),
            Some(_) | None => self.kept.push(row),
        }
    }
}

impl Wanted {
    fn look_for(&mut self, key: &Key) {
        match key {
            Key::EmployeeId(id) => {
                self.employee_ids.insert(id.to_string());
            }
            Key::WorkEmail(email) => {
                self.emails.insert(email.to_string());
                self.usernames.insert(email.to_string());
            }
            Key::Username(name) => {
                self.usernames.insert(name.to_string());
            }
        }
    }

    /// Accounts of earlier nights are looked for by what they were, whatever
    /// HR calls the person tonight.
    fn remember(&mut self, record: &TerminationRecord) {
        self.user_ids
            .extend(record.user_id.as_ref().map(ToString::to_string));
        self.usernames
            .extend(record.account_username.as_ref().map(ToString::to_string));
    }

    fn sieve(&self) -> Sieve {
        let all = [
            (PrintOf::Name, &self.emails),
            (PrintOf::Name, &self.usernames),
            (PrintOf::EmployeeId, &self.employee_ids),
            (PrintOf::UserId, &self.user_ids),
        ];
        let prints = all.into_iter().flat_map(|(of, texts)| {
            let texts = texts.iter();
            texts.map(move |text| fingerprint(of, text.as_bytes()))
        });
        Sieve::of(&prints.collect::<Vec<_>>())
    }

    fn hits(&self, row: &AccountRow) -> bool {
        let email = row
            .email
            .as_ref()
            .is_some_and(|email| self.emails.contains(email.as_str()));
        let username = row
            .username
            .as_ref()
            .is_some_and(|name| self.usernames.contains(name.as_str()));
        let employee_id = row
            .employee_id
            .as_ref()
            .is_some_and(|id| self.employee_ids.contains(id.as_str()));
        let user_id = row
            .user_id
            .as_ref()
            .is_some_and(|id| self.user_ids.contains(id.as_str()));
        email || username || employee_id || user_id
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
