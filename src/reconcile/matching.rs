use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::history::{History, is_spent};
use super::index::mapped;
use super::keys::Key;
use super::lines::termination_of;
use super::{Candidate, Found, Person, Question};
use crate::model::{AccountKey, EmailAddress, Reason, TerminationRecord, UserId, Username};

/// Whose account it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match<'f> {
    /// Exactly one account, by these keys joined with `+`.
    One(&'f Candidate, Cow<'static, str>),
    /// The account of a termination that was carried out is gone from the report.
    Gone,
    /// More than one may be meant.
    Ambiguous(Reason, String),
    /// None.
    None(Reason, Cow<'static, str>),
}

impl<'f> Match<'f> {
    /// The one account, if there is one.
    pub(super) fn account(&self) -> Option<&'f Candidate> {
        match self {
            Self::One(account, _) => Some(account),
            Self::Gone | Self::Ambiguous(..) | Self::None(..) => None,
        }
    }
}

/// What the results name for an account that the administrator mapped.
pub(super) const BY_MAPPING: &str = "mapping";

/// The accounts that were kept, by what people are looked up with.
pub(super) struct Directory<'f> {
    pub found: &'f Found,
    /// By e-mail and by username, which often is the same text.
    by_name: Names<'f>,
    by_employee_id: Names<'f>,
    has_user_ids: bool,
}

type Names<'f> = HashMap<&'f str, Bearers<'f>>;

/// The accounts with a name, in the order of their keys. A hundred thousand
/// people ask for one each, and nearly always it is one.
enum Bearers<'f> {
    One(&'f Candidate),
    Several(Vec<&'f Candidate>),
}

impl<'f> Directory<'f> {
    pub(super) fn new(found: &'f Found) -> Self {
        let accounts = found.accounts();
        let mut by_name = HashMap::with_capacity(accounts.len());
        let mut by_employee_id = HashMap::with_capacity(accounts.len());
        for account in accounts {
            let row = &account.row;
            let email = row.email.as_ref().map(EmailAddress::as_str);
            let username = row.username.as_ref().map(Username::as_str);
            let other_name = username.filter(|name| Some(*name) != email);
            for name in email.into_iter().chain(other_name) {
                add(&mut by_name, name, account);
            }
            if let Some(id) = &row.employee_id {
                add(&mut by_employee_id, id.as_str(), account);
            }
        }
        Self {
            found,
            by_name,
            by_employee_id,
            has_user_ids: accounts.iter().any(|account| account.row.user_id.is_some()),
        }
    }

    /// An explicit mapping decides; then the account on which the termination
    /// was already carried out; else all keys are looked up.
    pub(super) fn find(
        &self,
        person: &Person,
        history: &History<'_>,
        question: &Question<'_>,
    ) -> Match<'f> {
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

    fn find_spent(&self, person: &Person, record: &TerminationRecord) -> Match<'f> {
        match self.recorded(record) {
            Some(account) => recognized(person, account, record),
            None => Match::Gone,
        }
    }

    fn find_open(&self, person: &Person, earlier: Option<&TerminationRecord>) -> Match<'f> {
        let found = self.find_by_keys(person);
        let Some((record, noticed)) =
            earlier.and_then(|record| Some((record, self.recorded(record)?)))
        else {
            return found;
        };
        match found {
            Match::One(account, _) if account.key != noticed.key => Match::Ambiguous(
                Reason::KeysDisagree,
                format!(
                    "the keys pointed at {} on an earlier night and point at {} now",
                    noticed.name(),
                    account.name()
                ),
            ),
            // An address that changed since does not lose the person.
            Match::None(..) => recognized(person, noticed, record),
            Match::One(..) | Match::Ambiguous(..) | Match::Gone => found,
        }
    }

    /// The account that a record was matched to, as tonight's report has it:
    /// by its key, or by id or username where the report gained a column.
    fn recorded(&self, record: &TerminationRecord) -> Option<&'f Candidate> {
        let by_key = || self.found.get(record.account.as_ref()?);
        let by_id = || {
            self.found
                .get(&AccountKey::of(record.user_id.as_ref(), None)?)
        };
        let by_name = || {
            let name = record.account_username.as_ref()?;
            // A username can be given to somebody else; an id cannot.
            let unnamed = record.user_id.is_none() || !self.has_user_ids;
            self.only_account_called(name.as_str()).filter(|_| unnamed)
        };
        by_key().or_else(by_id).or_else(by_name)
    }

    fn find_mapped(&self, target: &str) -> Match<'f> {
        let id = AccountKey::of(UserId::parse(target).as_ref(), None);
        let by_id = id.and_then(|id| self.found.get(&id));
        let by_name = || self.only_account_called(&target.to_lowercase());
        match by_id.or_else(by_name) {
            Some(account) => Match::One(account, BY_MAPPING.into()),
            None => Match::None(
                Reason::NoAccount,
                format!("the mapping points to {target:?}, and no account has that id or username")
                    .into(),
            ),
        }
    }

    fn find_by_keys(&self, person: &Person) -> Match<'f> {
        if person.keys.is_empty() {
            return Match::None(Reason::NoKey, without_keys(person).into());
        }
        let mut votes = Vec::with_capacity(person.keys.len());
        for key in &person.keys {
            let mut accounts = self.accounts_of(key);
            match (accounts.next(), accounts.count()) {
                (None, _) => {}
                (Some(account), 0) => votes.push(Vote { account, key }),
                // Accounts of different people that share an address say nothing.
                (Some(_), others) => {
                    let accounts = self.accounts_of(key);
                    let mine = accounts.filter(|account| !is_strangers(person, account));
                    if mine.count() > 1 {
                        return Match::Ambiguous(
                            Reason::SeveralAccounts,
                            format!("{} accounts share the {}", others + 1, key.name()),
                        );
                    }
                }
            }
        }
        judge(person, &votes)
    }

    /// Accounts that somebody's keys point at, whether or not they are told
    /// apart: nobody else's departure may touch them.
    pub(super) fn pointed_at(&self, person: &Person) -> impl Iterator<Item = &'f Candidate> {
        let hits = self.hits(person);
        hits.filter_map(|hit| hit.is_for(person).then_some(hit.account))
    }

    /// The accounts that somebody's keys hit. An employee id counts even if two
    /// people have it, for it is one of them.
    pub(super) fn hits(&self, person: &Person) -> impl Iterator<Item = Hit<'f>> {
        let by_keys = person.keys.iter().flat_map(|key| {
            let by_address = key.is_address();
            let accounts = self.accounts_of(key);
            accounts.map(move |account| Hit {
                account,
                by_address,
            })
        });
        let ids = person.employee_id.iter();
        let by_ids = ids.flat_map(|id| bearers(&self.by_employee_id, id.as_str()));
        by_keys.chain(by_ids.map(|account| Hit {
            account,
            by_address: false,
        }))
    }

    /// The one account that a key points at.
    pub(super) fn only_account_of(&self, key: &Key) -> Option<&'f Candidate> {
        only(self.accounts_of(key))
    }

    /// Every account that has the key. Usernames often are e-mail addresses, so an
    /// address may name an account whose e-mail cell holds a placeholder.
    pub(super) fn accounts_of(&self, key: &Key) -> impl Iterator<Item = &'f Candidate> {
        let accounts = match key {
            Key::EmployeeId(id) => bearers(&self.by_employee_id, id.as_str()),
            Key::WorkEmail(_) | Key::Username(_) => bearers(&self.by_name, key.value()),
        };
        accounts.filter(move |account| match key {
            Key::Username(name) => is_called(account, name.as_str()),
            Key::EmployeeId(_) | Key::WorkEmail(_) => true,
        })
    }

    fn only_account_called(&self, username: &str) -> Option<&'f Candidate> {
        let accounts = bearers(&self.by_name, username);
        only(accounts.filter(|account| is_called(account, username)))
    }
}

impl<'f> Bearers<'f> {
    fn and(&mut self, account: &'f Candidate) {
        match self {
            Self::One(first) => *self = Self::Several(vec![first, account]),
            Self::Several(all) => all.push(account),
        }
    }

    fn all(&self) -> &[&'f Candidate] {
        match self {
            Self::One(account) => std::slice::from_ref(account),
            Self::Several(accounts) => accounts,
        }
    }
}

fn add<'f>(names: &mut Names<'f>, name: &'f str, account: &'f Candidate) {
    match names.entry(name) {
        Entry::Vacant(vacant) => {
            vacant.insert(Bearers::One(account));
        }
        Entry::Occupied(mut occupied) => occupied.get_mut().and(account),
    }
}

fn bearers<'f>(names: &Names<'f>, name: &str) -> impl Iterator<Item = &'f Candidate> {
    names
        .get(name)
        .map_or(&[][..], Bearers::all)
        .iter()
        .copied()
}

/// The account, if there is exactly one.
fn only<'f>(mut accounts: impl Iterator<Item = &'f Candidate>) -> Option<&'f Candidate> {
    let first = accounts.next()?;
    accounts.next().is_none().then_some(first)
}

fn is_called(account: &Candidate, username: &str) -> bool {
    let name = account.row.username.as_ref();
    name.is_some_and(|name| name.as_str() == username)
}

/// An account that a key hits.
pub(super) struct Hit<'f> {
    pub account: &'f Candidate,
    by_address: bool,
}

impl Hit<'_> {
    /// An address may have been inherited from somebody with another name.
    pub(super) fn is_for(&self, person: &Person) -> bool {
        !(self.by_address && is_strangers(person, self.account))
    }
}

/// A key that points at exactly one account.
#[derive(Clone, Copy)]
struct Vote<'f, 'k> {
    account: &'f Candidate,
    key: &'k Key,
}

fn judge<'f>(person: &Person, votes: &[Vote<'f, '_>]) -> Match<'f> {
    let Some(Vote {
        account,
        key: first,
    }) = votes.first()
    else {
        return Match::None(
            Reason::NoAccount,
            "no 8x8 account has this employee id, work e-mail or username; one that is called \
             otherwise can be named with --map"
                .into(),
        );
    };
    if votes.iter().any(|vote| vote.account.key != account.key) {
        return Match::Ambiguous(
            Reason::KeysDisagree,
            format!(
                "the keys point at different accounts: {}",
                who_points_where(votes)
            ),
        );
    }
    let matched_by = names(votes);
    if let Some(verdict) = other_employee(person, account, matched_by) {
        return verdict;
    }
    // Addresses are inherited, and a spreadsheet that strips zeros turns an id
    // into somebody else's: one key alone does not outweigh the name.
    if votes.len() == 1 && person.may_be_stranger_to(&account.row.name) {
        return Match::Ambiguous(
            Reason::NameDiffers,
            format!(
                "only the {} fits; the account's name is {:?}",
                first.name(),
                account.row.name.display()
            ),
        );
    }
    Match::One(account, matched_by.into())
}

/// Each account, in the order of their keys, with the keys that point at it.
fn who_points_where(votes: &[Vote<'_, '_>]) -> String {
    let mut by_account: BTreeMap<&AccountKey, Vec<Vote<'_, '_>>> = BTreeMap::new();
    for vote in votes {
        by_account.entry(&vote.account.key).or_default().push(*vote);
    }
    let said: Vec<String> = by_account
        .values()
        .map(|votes| format!("{} → {}", names(votes), votes[0].account.name()))
        .collect();
    said.join(", ")
}

/// The account that was noticed on an earlier night.
fn recognized<'f>(
    person: &Person,
    account: &'f Candidate,
    record: &TerminationRecord,
) -> Match<'f> {
    other_employee(person, account, &record.matched_by)
        .unwrap_or_else(|| Match::One(account, record.matched_by.clone().into()))
}

/// The account's own employee id says that it is somebody else's.
fn other_employee<'f>(person: &Person, account: &Candidate, matched_by: &str) -> Option<Match<'f>> {
    let theirs = account.row.employee_id.as_ref()?;
    let ours = person.employee_id.as_ref()?;
    let is_mine = ours == theirs || person.employee_ids().any(|id| id == theirs);
    (!is_mine && matched_by != BY_MAPPING).then(|| {
        Match::Ambiguous(
            Reason::KeysDisagree,
            format!(
                "{matched_by} fits {}, whose employee id is {theirs} and not {ours}",
                account.name()
            ),
        )
    })
}

pub(super) fn is_strangers(person: &Person, account: &Candidate) -> bool {
    person.is_stranger_to(&account.row.name)
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
fn names(votes: &[Vote<'_, '_>]) -> &'static str {
    let has = |is_one: fn(&Key) -> bool| votes.iter().any(|vote| is_one(vote.key));
    let employee_id = has(|key| matches!(key, Key::EmployeeId(_)));
    let work_email = has(|key| matches!(key, Key::WorkEmail(_)));
    let username = has(|key| matches!(key, Key::Username(_)));
    match (employee_id, work_email, username) {
        (true, true, true) => "employee_id+work_email+username",
        (true, true, false) => "employee_id+work_email",
        (true, false, true) => "employee_id+username",
        (true, false, false) => "employee_id",
        (false, true, true) => "work_email+username",
        (false, true, false) => "work_email",
        (false, false, true) => "username",
        (false, false, false) => "",
    }
}
