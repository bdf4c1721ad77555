use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::{People, Question};
use crate::model::{
    AccountKey, AccountRow, AccountStatus, EmailAddress, EmployeeId, Origin, PersonName,
    TerminationRecord,
};

/// Suggestions kept for one person; more would not help anybody.
const MOST_SUGGESTIONS: usize = 3;

/// Watches the accounts stream by and keeps those that a person's key hits,
/// and a few that look alike. It never holds all accounts.
#[derive(Debug, Clone)]
pub struct Index {
    wanted: Arc<Wanted>,
    found: Found,
}

/// What to look out for.
#[derive(Debug, Default)]
struct Wanted {
    emails: HashSet<String>,
    usernames: HashSet<String>,
    employee_ids: HashSet<String>,
    user_ids: HashSet<String>,
    lookalikes: HashMap<String, Vec<usize>>,
}

/// The accounts that were kept.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// By account; the rows of one account are merged.
    pub accounts: BTreeMap<AccountKey, Candidate>,
    /// Accounts that look like a person without being found by a key.
    pub(super) suggestions: BTreeMap<usize, Vec<Suggestion>>,
}

/// An account that may be somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The account as the report has it, with the licences of all its rows.
    pub row: AccountRow,
    /// The report says both active and inactive of it.
    pub contradictory: bool,
}

/// An account that looks like a person's, and why. It is shown, never acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The account.
    pub key: AccountKey,
    /// For people: username or id.
    pub account: String,
    /// Why it was suggested.
    pub why: &'static str,
    /// The rank of the reason: a smaller one is a better hint.
    rank: u8,
}

impl Index {
    /// Takes the keys of everybody in question.
    pub fn new(people: &People, question: &Question<'_>) -> Self {
        let mut wanted = Wanted::default();
        for (position, person) in people.persons.iter().enumerate() {
            wanted
                .employee_ids
                .extend(person.employee_id.as_ref().map(ToString::to_string));
            for email in person.work_email.iter().map(ToString::to_string) {
                wanted.usernames.insert(email.clone());
                wanted.emails.insert(email);
            }
            wanted
                .usernames
                .extend(person.username.as_ref().map(ToString::to_string));
            if let Some(target) = mapped(person, question.map) {
                wanted.user_ids.insert(target.to_owned());
                wanted.usernames.insert(target.to_lowercase());
            }
            if person.origin == Origin::Hr {
                for (look, _, _) in lookalikes(
                    &person.name,
                    person.work_email.as_ref(),
                    person.employee_id.as_ref().map(EmployeeId::without_zeros),
                    &person.department,
                ) {
                    wanted.lookalikes.entry(look).or_default().push(position);
                }
            }
        }
        for record in question.memory.terminations.values() {
            wanted.remember(record);
        }
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

    /// Looks at one row of the report.
    pub fn observe(&mut self, row: &AccountRow) {
        let Some(key) = row.key() else { return };
        if self.wanted.hits(row) {
            self.found.keep(key, row);
        } else if row.status == AccountStatus::Active {
            self.suggest(&key, row);
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

    /// What was kept.
    pub fn finish(self) -> Found {
        self.found
    }

    fn suggest(&mut self, key: &AccountKey, row: &AccountRow) {
        let looks = lookalikes(
            &row.name,
            row.email.as_ref(),
            row.employee_id.as_ref().map(EmployeeId::without_zeros),
            &row.department,
        );
        for (look, rank, why) in looks {
            for &position in self.wanted.lookalikes.get(&look).into_iter().flatten() {
                let account = row
                    .username
                    .as_ref()
                    .map_or_else(|| key.as_str().to_owned(), ToString::to_string);
                let suggestions = self.found.suggestions.entry(position).or_default();
                suggestions.push(Suggestion {
                    key: key.clone(),
                    account,
                    why,
                    rank,
                });
                trim(suggestions);
            }
        }
    }
}

impl Wanted {
    /// Accounts of earlier nights are looked for by what they were, whatever
    /// HR calls the person tonight.
    fn remember(&mut self, record: &TerminationRecord) {
        self.user_ids
            .extend(record.user_id.as_ref().map(ToString::to_string));
        self.usernames
            .extend(record.account_username.as_ref().map(ToString::to_string));
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

impl Found {
    /// Rows of one account are one account: their licences add up.
    fn keep(&mut self, key: AccountKey, row: &AccountRow) -> &mut Candidate {
        match self.accounts.entry(key) {
            std::collections::btree_map::Entry::Vacant(vacant) => vacant.insert(Candidate {
                row: row.clone(),
                contradictory: false,
            }),
            std::collections::btree_map::Entry::Occupied(occupied) => {
                let kept = occupied.into_mut();
                kept.contradictory |= kept.row.status != row.status;
                kept.row.licenses.extend(row.licenses.iter().cloned());
                let numbers: BTreeSet<&String> = kept.row.phone_numbers.iter().collect();
                let more: Vec<String> = row
                    .phone_numbers
                    .iter()
                    .filter(|number| !numbers.contains(number))
                    .cloned()
                    .collect();
                kept.row.phone_numbers.extend(more);
                kept
            }
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

/// What makes two records look alike, best hint first. Exact keys only, so
/// that looking costs the same for every account.
fn lookalikes(
    name: &PersonName,
    email: Option<&EmailAddress>,
    stripped_id: Option<&str>,
    department: &str,
) -> Vec<(String, u8, &'static str)> {
    let mut looks = Vec::new();
    if let Some(id) = stripped_id {
        looks.push((
            format!("id:{id}"),
            0,
            "the employee id is the same but for leading zeros",
        ));
    }
    if let Some(email) = email {
        looks.push((
            format!("mailbox:{}", email.mailbox()),
            1,
            "the e-mail address is the same but for its domain or tag",
        ));
    }
    let words = name.words();
    if words.len() > 1 {
        let words = words.join(" ");
        if !department.is_empty() {
            let department = department.to_lowercase();
            looks.push((
                format!("name:{words}|{department}"),
                2,
                "the name and the department are the same",
            ));
        }
        looks.push((format!("name:{words}"), 3, "the name is the same"));
    }
    looks
}

/// One suggestion an account, the best reason first, then by account.
fn trim(suggestions: &mut Vec<Suggestion>) {
    suggestions.sort_by(|a, b| (&a.key, a.rank).cmp(&(&b.key, b.rank)));
    suggestions.dedup_by(|b, a| a.key == b.key);
    suggestions.sort_by(|a, b| (a.rank, &a.key).cmp(&(b.rank, &b.key)));
    suggestions.truncate(MOST_SUGGESTIONS);
}
