use std::collections::{BTreeMap, BTreeSet};

use super::index::mapped;
use super::{Candidate, Found, People, Person, Question};
use crate::model::{AccountKey, Reason, TerminationRecord, TerminationState};

/// Whose account it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Match {
    /// Exactly one account, by these keys joined with `+`.
    One(AccountKey, String),
    /// The account of a termination that was carried out is gone from the report.
    Gone,
    /// More than one may be meant.
    Ambiguous(Reason, String),
    /// None.
    None(Reason, String),
}

/// The accounts that were kept, by what people are looked up with.
pub(super) struct Directory<'f> {
    pub found: &'f Found,
    by_email: BTreeMap<&'f str, BTreeSet<&'f AccountKey>>,
    by_username: BTreeMap<&'f str, BTreeSet<&'f AccountKey>>,
    by_employee_id: BTreeMap<&'f str, BTreeSet<&'f AccountKey>>,
    by_user_id: BTreeMap<&'f str, &'f AccountKey>,
}

impl<'f> Directory<'f> {
    pub(super) fn new(found: &'f Found) -> Self {
        let mut directory = Self {
            found,
            by_email: BTreeMap::new(),
            by_username: BTreeMap::new(),
            by_employee_id: BTreeMap::new(),
            by_user_id: BTreeMap::new(),
        };
        for (key, candidate) in &found.accounts {
            let row = &candidate.row;
            if let Some(email) = &row.email {
                directory
                    .by_email
                    .entry(email.as_str())
                    .or_default()
                    .insert(key);
            }
            if let Some(name) = &row.username {
                directory
                    .by_username
                    .entry(name.as_str())
                    .or_default()
                    .insert(key);
            }
            if let Some(id) = &row.employee_id {
                directory
                    .by_employee_id
                    .entry(id.as_str())
                    .or_default()
                    .insert(key);
            }
            if let Some(id) = &row.user_id {
                directory.by_user_id.insert(id.as_str(), key);
            }
        }
        directory
    }

    /// An explicit mapping decides; then the account on which the termination
    /// was already carried out; else all keys are looked up.
    pub(super) fn find(&self, person: &Person, people: &People, question: &Question<'_>) -> Match {
        if let Some(target) = mapped(person, question.map) {
            return self.find_mapped(target);
        }
        let spent = records_of(person, question).find(|record| {
            record.state != TerminationState::Open && Some(record.termination.date) == person.date()
        });
        if let Some(record) = spent
            && record.account.is_some()
        {
            return match self.recorded(record) {
                Some(key) => Match::One(key.clone(), record.matched_by.clone()),
                None => Match::Gone,
            };
        }
        let noticed = records_of(person, question)
            .find(|record| Some(record.termination.date) == person.date())
            .and_then(|record| Some((self.recorded(record)?, record.matched_by.clone())));
        match (self.find_by_keys(person, people), noticed) {
            (Match::One(key, _), Some((earlier, _))) if key != *earlier => Match::Ambiguous(
                Reason::KeysDisagree,
                format!(
                    "the keys pointed at {} on an earlier night and point at {} now",
                    self.name_of(earlier),
                    self.name_of(&key)
                ),
            ),
            // An address that changed since does not lose the person.
            (Match::None(..), Some((earlier, matched_by))) => {
                Match::One(earlier.clone(), matched_by)
            }
            (found, _) => found,
        }
    }

    /// The account that a record was matched to, as tonight's report has it:
    /// by its key, or by id or username where the report gained a column.
    pub(super) fn recorded(&self, record: &TerminationRecord) -> Option<&'f AccountKey> {
        let by_key = record
            .account
            .as_ref()
            .and_then(|key| self.found.accounts.get_key_value(key))
            .map(|(key, _)| key);
        let by_id = || {
            record
                .user_id
                .as_ref()
                .and_then(|id| self.by_user_id.get(id.as_str()).copied())
        };
        let by_name = || {
            let name = record.account_username.as_ref()?;
            let keys = self.by_username.get(name.as_str())?;
            // A username can be given to somebody else; an id cannot.
            let unnamed = record.user_id.is_none() || self.by_user_id.is_empty();
            (unnamed && keys.len() == 1).then(|| keys.first().copied())?
        };
        by_key.or_else(by_id).or_else(by_name)
    }

    fn find_mapped(&self, target: &str) -> Match {
        let by_name = || {
            let keys = self.by_username.get(target.to_lowercase().as_str())?;
            (keys.len() == 1).then(|| keys.first().copied())?
        };
        match self.by_user_id.get(target).copied().or_else(by_name) {
            Some(key) => Match::One(key.clone(), "mapping".to_owned()),
            None => Match::None(
                Reason::NoAccount,
                format!("the mapping points to {target:?}, and no account has that id or username"),
            ),
        }
    }

    fn find_by_keys(&self, person: &Person, people: &People) -> Match {
        let mut votes: BTreeMap<&AccountKey, Vec<&'static str>> = BTreeMap::new();
        let mut usable = false;
        for (key_name, identity, accounts) in self.lookups(person) {
            if people.shared.contains(&identity) {
                continue;
            }
            usable = true;
            match accounts.len() {
                0 => {}
                1 => votes.entry(accounts[0]).or_default().push(key_name),
                _ => {
                    let mine = |key: &&AccountKey| {
                        !self.candidate(key).row.name.is_somebody_else(&person.name)
                    };
                    let several = accounts.iter().filter(|key| mine(key)).count();
                    if several > 1 {
                        return Match::Ambiguous(
                            Reason::SeveralAccounts,
                            format!("{} accounts share the {key_name}", accounts.len()),
                        );
                    }
                    // An address on accounts of different people belongs to none of them.
                }
            }
        }
        self.judge(person, &votes, usable)
    }

    fn judge(
        &self,
        person: &Person,
        votes: &BTreeMap<&AccountKey, Vec<&'static str>>,
        usable: bool,
    ) -> Match {
        let mut keys = votes.iter();
        let (Some((&account, key_names)), rest) = (keys.next(), keys.next()) else {
            return if usable {
                Match::None(
                    Reason::NoAccount,
                    "no account has any of the keys".to_owned(),
                )
            } else {
                Match::None(
                    Reason::NoKey,
                    "every key of the row is shared by several people".to_owned(),
                )
            };
        };
        if rest.is_some() {
            let said: Vec<String> = votes
                .iter()
                .map(|(key, names)| format!("{} → {}", names.join("+"), self.name_of(key)))
                .collect();
            return Match::Ambiguous(
                Reason::KeysDisagree,
                format!("the keys point at different accounts: {}", said.join(", ")),
            );
        }
        let row = &self.candidate(account).row;
        if let (Some(theirs), Some(ours)) = (&row.employee_id, &person.employee_id)
            && theirs != ours
        {
            return Match::Ambiguous(
                Reason::KeysDisagree,
                format!(
                    "{} fits {}, whose employee id is {theirs} and not {ours}",
                    key_names.join("+"),
                    self.name_of(account)
                ),
            );
        }
        if key_names == &["work_email"] && row.name.is_somebody_else(&person.name) {
            return Match::Ambiguous(
                Reason::NameDiffers,
                format!(
                    "only the e-mail fits; the account's name is {:?}",
                    row.name.display()
                ),
            );
        }
        Match::One(account.clone(), key_names.join("+"))
    }

    /// Every usable key with the accounts that it hits.
    fn lookups(&self, person: &Person) -> Vec<(&'static str, String, Vec<&'f AccountKey>)> {
        let all = |keys: Option<&BTreeSet<&'f AccountKey>>| -> BTreeSet<&'f AccountKey> {
            keys.cloned().unwrap_or_default()
        };
        let mut lookups = Vec::new();
        if let Some(id) = &person.employee_id {
            let hits = all(self.by_employee_id.get(id.as_str()));
            lookups.push(("employee_id", format!("employee:{id}"), hits));
        }
        if let Some(email) = &person.work_email {
            // Usernames often are e-mail addresses, so an address may name an
            // account whose e-mail cell holds a placeholder.
            let mut hits = all(self.by_email.get(email.as_str()));
            hits.extend(all(self.by_username.get(email.as_str())));
            lookups.push(("work_email", format!("email:{email}"), hits));
        }
        if let Some(name) = &person.username {
            let hits = all(self.by_username.get(name.as_str()));
            lookups.push(("username", format!("username:{name}"), hits));
        }
        lookups
            .into_iter()
            .map(|(name, identity, hits)| (name, identity, hits.into_iter().collect()))
            .collect()
    }

    pub(super) fn candidate(&self, key: &AccountKey) -> &'f Candidate {
        &self.found.accounts[key]
    }

    fn name_of(&self, key: &AccountKey) -> String {
        let username = self.candidate(key).row.username.as_ref();
        username.map_or_else(|| key.as_str().to_owned(), ToString::to_string)
    }
}

/// What the ledger knows of a person's terminations, whatever HR calls the
/// person tonight.
pub(super) fn records_of<'q>(
    person: &Person,
    question: &Question<'q>,
) -> impl Iterator<Item = &'q TerminationRecord> {
    let key = person.key.clone();
    let mine = person.identities();
    let name = person.name.clone();
    let employee_id = person.employee_id.clone();
    question.memory.terminations.values().filter(move |record| {
        let theirs = &record.termination;
        // An address can be inherited: another id or another name is another person.
        let other_id = theirs.employee_id.is_some()
            && employee_id.is_some()
            && theirs.employee_id != employee_id;
        let shares_identity = || {
            super::people::identities(
                theirs.employee_id.as_ref(),
                theirs.work_email.as_ref(),
                theirs.username.as_ref(),
            )
            .iter()
            .any(|identity| mine.contains(identity))
        };
        theirs.person == key
            || (!other_id && !theirs.name.is_somebody_else(&name) && shares_identity())
    })
}
