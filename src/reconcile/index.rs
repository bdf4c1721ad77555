use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::claims::Claim;
use super::found::{Candidate, Found};
use super::keys::{Key, keys_of_unreadable};
use super::lookalikes::{Lookalikes, Suggestions, trim};
use super::resemblances::Traces;
use super::{People, Question};
use crate::model::{
    AccountCells, AccountRow, AccountStatus, EmailAddress, EmployeeId, KeyCell, PrintOf, Sieve,
    TerminationRecord, UserId, Username, fingerprint,
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

impl Index {
    /// Takes the keys of everybody in question.
    pub fn new(people: &People, question: &Question<'_>) -> Self {
        let leavers = people.persons.par_iter().enumerate();
        let leavers = leavers.filter(|(_, person)| matches!(person.claim, Claim::Leaves(_)));
        let domains = &question.policy.identity_domains;
        let (wanted, lookalikes) = rayon::join(
            || Wanted::of(people, question),
            || Lookalikes::of(leavers, domains),
        );
        Self::looking_for(Arc::new(Wanted {
            lookalikes,
            ..wanted
        }))
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
    /// All but the lookalikes.
    fn of(people: &People, question: &Question<'_>) -> Self {
        let count = people.persons.len();
        let mut wanted = Self {
            emails: HashSet::with_capacity(count),
            employee_ids: HashSet::with_capacity(count),
            ..Self::default()
        };
        for person in &people.persons {
            person.keys.iter().for_each(|key| wanted.look_for(key));
            // Nobody touches an account whose employee id is disputed.
            let disputed = person.employee_id.as_ref();
            let disputed = disputed.filter(|id| person.employee_ids().all(|own| own != *id));
            wanted.employee_ids.extend(disputed.cloned());
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
        wanted
    }

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
