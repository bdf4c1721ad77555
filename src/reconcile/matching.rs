use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::history::{History, is_spent};
use super::index::mapped;
use super::keys::Key;
use super::lines::termination_of;
use super::{Candidate, Found, Person, Question};
use crate::model::{AccountKey, Reason, TerminationRecord};

/// Whose account it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// Exactly one account, by these keys joined with `+`.
    One(AccountKey, String),
    /// The account of a termination that was carried out is gone from the report.
    Gone,
    /// More than one may be meant.
    Ambiguous(Reason, String),
    /// None.
    None(Reason, String),
}

/// What the results name for an account that the administrator mapped.
pub(super) const BY_MAPPING: &str = "mapping";

/// The accounts that were kept, by what people are looked up with.
pub(super) struct Directory<'f> {
    pub found: &'f Found,
    by_email: Accounts<'f>,
    by_username: Accounts<'f>,
    by_employee_id: Accounts<'f>,
    by_user_id: HashMap<&'f str, &'f AccountKey>,
}

/// The accounts with a value, in the order of their keys. Nobody asks for the
/// values in order, and a hundred thousand people ask for one each.
type Accounts<'f> = HashMap<&'f str, Vec<&'f AccountKey>>;

/// The accounts that a person's keys point at, each with those keys.
type Votes<'f, 'k> = BTreeMap<&'f AccountKey, Vec<&'k Key>>;

impl<'f> Directory<'f> {
    pub(super) fn new(found: &'f Found) -> Self {
        let mut directory = Self {
            found,
            by_email: HashMap::new(),
            by_username: HashMap::new(),
            by_employee_id: HashMap::new(),
            by_user_id: HashMap::new(),
        };
        for (key, candidate) in &found.accounts {
            let row = &candidate.row;
            let add = |map: &mut Accounts<'f>, name: &'f str| {
                map.entry(name).or_default().push(key);
            };
            if let Some(email) = &row.email {
                add(&mut directory.by_email, email.as_str());
            }
            if let Some(name) = &row.username {
                add(&mut directory.by_username, name.as_str());
            }
            if let Some(id) = &row.employee_id {
                add(&mut directory.by_employee_id, id.as_str());
            }
            if let Some(id) = &row.user_id {
                directory.by_user_id.insert(id.as_str(), key);
            }
        }
        directory
    }

    /// An explicit mapping decides; then the account on which the termination
    /// was already carried out; else all keys are looked up.
    pub(super) fn find(
        &self,
        person: &Person,
        history: &History<'_>,
        question: &Question<'_>,
    ) -> Match {
        if let Some(target) = mapped(person, question.map) {
            return self.find_mapped(target);
        }
        let records = history.of(person);
        let earlier = person.date().and_then(|date| {
            let id = termination_of(person, date).id();
            history.exact(&id, date, &records)
        });
        match earlier {
            Some(record) if is_spent(record) && record.account.is_some() => {
                self.find_spent(person, record)
            }
            _ => self.find_open(person, earlier),
        }
    }

    fn find_spent(&self, person: &Person, record: &TerminationRecord) -> Match {
        match self.recorded(record) {
            Some(key) => self
                .other_employee(person, key, &record.matched_by)
                .unwrap_or_else(|| Match::One(key.clone(), record.matched_by.clone())),
            None => Match::Gone,
        }
    }

    fn find_open(&self, person: &Person, earlier: Option<&TerminationRecord>) -> Match {
        let found = self.find_by_keys(person);
        let Some((record, noticed)) =
            earlier.and_then(|record| Some((record, self.recorded(record)?)))
        else {
            return found;
        };
        match found {
            Match::One(key, _) if key != *noticed => Match::Ambiguous(
                Reason::KeysDisagree,
                format!(
                    "the keys pointed at {} on an earlier night and point at {} now",
                    self.name_of(noticed),
                    self.name_of(&key)
                ),
            ),
            // An address that changed since does not lose the person.
            Match::None(..) => self
                .other_employee(person, noticed, &record.matched_by)
                .unwrap_or_else(|| Match::One(noticed.clone(), record.matched_by.clone())),
            Match::One(..) | Match::Ambiguous(..) | Match::Gone => found,
        }
    }

    /// The account that a record was matched to, as tonight's report has it:
    /// by its key, or by id or username where the report gained a column.
    fn recorded(&self, record: &TerminationRecord) -> Option<&'f AccountKey> {
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
            Some(key) => Match::One(key.clone(), BY_MAPPING.to_owned()),
            None => Match::None(
                Reason::NoAccount,
                format!("the mapping points to {target:?}, and no account has that id or username"),
            ),
        }
    }

    fn find_by_keys(&self, person: &Person) -> Match {
        if person.keys.is_empty() {
            return Match::None(Reason::NoKey, without_keys(person).to_owned());
        }
        for key in &person.keys {
            let accounts = self.accounts_of(key);
            let mine = accounts
                .iter()
                .filter(|account| !self.is_strangers(person, account));
            // Accounts of different people that share an address say nothing.
            if accounts.len() > 1 && mine.count() > 1 {
                return Match::Ambiguous(
                    Reason::SeveralAccounts,
                    format!("{} accounts share the {}", accounts.len(), key.name()),
                );
            }
        }
        self.judge(person, &self.votes(&person.keys))
    }

    /// Which accounts the keys point at; a key on several accounts points at none.
    fn votes<'k>(&self, keys: &'k [Key]) -> Votes<'f, 'k> {
        let mut votes = Votes::new();
        for key in keys {
            let accounts = self.accounts_of(key);
            if let (Some(&account), 1) = (accounts.first(), accounts.len()) {
                votes.entry(account).or_default().push(key);
            }
        }
        votes
    }

    fn judge(&self, person: &Person, votes: &Votes<'f, '_>) -> Match {
        let mut accounts = votes.iter();
        let (Some((&account, keys)), another) = (accounts.next(), accounts.next()) else {
            return Match::None(
                Reason::NoAccount,
                "no 8x8 account has this employee id, work e-mail or username; one that is called \
                 otherwise can be named with --map"
                    .to_owned(),
            );
        };
        if another.is_some() {
            let said: Vec<String> = votes
                .iter()
                .map(|(account, keys)| format!("{} → {}", names(keys), self.name_of(account)))
                .collect();
            return Match::Ambiguous(
                Reason::KeysDisagree,
                format!("the keys point at different accounts: {}", said.join(", ")),
            );
        }
        if let Some(verdict) = self.other_employee(person, account, &names(keys)) {
            return verdict;
        }
        // Addresses are inherited, and a spreadsheet that strips zeros turns an id
        // into somebody else's: one key alone does not outweigh the name.
        if let [only] = keys[..]
            && person.may_be_stranger_to(&self.candidate(account).row.name)
        {
            return Match::Ambiguous(
                Reason::NameDiffers,
                format!(
                    "only the {} fits; the account's name is {:?}",
                    only.name(),
                    self.candidate(account).row.name.display()
                ),
            );
        }
        Match::One(account.clone(), names(keys))
    }

    /// Accounts that somebody's keys point at, whether or not they are told
    /// apart: nobody else's departure may touch them. An address may have been
    /// inherited from somebody with another name; an employee id counts even if
    /// two people have it, for it is one of them.
    pub(super) fn pointed_at(&self, person: &Person) -> BTreeSet<AccountKey> {
        let employee_id = person.employee_id.clone().map(Key::EmployeeId);
        let keys = person.keys.iter().chain(&employee_id);
        let hits = keys.flat_map(|key| {
            let accounts = self.accounts_of(key).into_iter();
            accounts.filter(|account| !(key.is_address() && self.is_strangers(person, account)))
        });
        hits.cloned().collect()
    }

    /// The one account that a key points at.
    pub(super) fn only_account_of(&self, key: &Key) -> Option<&'f AccountKey> {
        let accounts = self.accounts_of(key);
        (accounts.len() == 1).then(|| accounts.first().copied())?
    }

    /// The account's own employee id says that it is somebody else's.
    fn other_employee(
        &self,
        person: &Person,
        account: &AccountKey,
        matched_by: &str,
    ) -> Option<Match> {
        let theirs = self.candidate(account).row.employee_id.as_ref()?;
        let ours = person.employee_id.as_ref()?;
        let is_mine = ours == theirs || person.employee_ids().any(|id| id == theirs);
        (!is_mine && matched_by != BY_MAPPING).then(|| {
            Match::Ambiguous(
                Reason::KeysDisagree,
                format!(
                    "{matched_by} fits {}, whose employee id is {theirs} and not {ours}",
                    self.name_of(account)
                ),
            )
        })
    }

    pub(super) fn is_strangers(&self, person: &Person, account: &AccountKey) -> bool {
        person.is_stranger_to(&self.candidate(account).row.name)
    }

    /// Every account that has the key.
    pub(super) fn accounts_of(&self, key: &Key) -> Vec<&'f AccountKey> {
        let all = |keys: Option<&Vec<&'f AccountKey>>| keys.cloned().unwrap_or_default();
        match key {
            Key::EmployeeId(id) => all(self.by_employee_id.get(id.as_str())),
            Key::WorkEmail(email) => {
                // Usernames often are e-mail addresses, so an address may name
                // an account whose e-mail cell holds a placeholder.
                let mut accounts = all(self.by_email.get(email.as_str()));
                accounts.extend(all(self.by_username.get(email.as_str())));
                accounts.sort();
                accounts.dedup();
                accounts
            }
            Key::Username(name) => all(self.by_username.get(name.as_str())),
        }
    }

    pub(super) fn candidate(&self, key: &AccountKey) -> &'f Candidate {
        &self.found.accounts[key]
    }

    fn name_of(&self, key: &AccountKey) -> String {
        let username = self.candidate(key).row.username.as_ref();
        username.map_or_else(|| key.as_str().to_owned(), ToString::to_string)
    }
}

fn without_keys(person: &Person) -> &'static str {
    let has_any =
        person.employee_id.is_some() || person.work_email.is_some() || person.username.is_some();
    if has_any {
        "every key of the row is shared by several people"
    } else {
        "the row has no usable employee id, work e-mail or username"
    }
}

/// The keys' names in order of trust, each once, joined with `+`.
fn names(keys: &[&Key]) -> String {
    let mut names: Vec<&str> = keys.iter().map(|key| key.name()).collect();
    names.dedup();
    names.join("+")
}
