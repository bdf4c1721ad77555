use std::fmt;

use crate::model::{EmailAddress, EmployeeId, HrRow, InvalidRow, Username};

/// One thing that a person can be looked up by. The order is the order of
/// trust, and the order in which results name them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// HR's own id.
    EmployeeId(EmployeeId),
    /// The work e-mail.
    WorkEmail(EmailAddress),
    /// The login name.
    Username(Username),
}

/// What a key says who somebody is. A username that is an address is the same
/// identity as that address: systems use both names for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity(Key);

impl Key {
    /// What results call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::EmployeeId(_) => "employee_id",
            Self::WorkEmail(_) => "work_email",
            Self::Username(_) => "username",
        }
    }

    /// The key as it was read.
    pub fn value(&self) -> &str {
        match self {
            Self::EmployeeId(id) => id.as_str(),
            Self::WorkEmail(email) => email.as_str(),
            Self::Username(name) => name.as_str(),
        }
    }

    pub(super) fn identity(&self) -> Identity {
        let address = match self {
            Self::Username(name) => name.address(),
            Self::EmployeeId(_) | Self::WorkEmail(_) => None,
        };
        Identity(address.map_or_else(|| self.clone(), Self::WorkEmail))
    }

    /// Whether it is an address, which can be inherited by somebody else.
    pub(super) fn is_address(&self) -> bool {
        matches!(self.identity(), Identity(Self::WorkEmail(_)))
    }
}

impl Identity {
    /// Whether it is HR's own id.
    pub(super) fn is_employee_id(&self) -> bool {
        matches!(self, Self(Key::EmployeeId(_)))
    }

    /// A number that differs for two identities, but for chance.
    pub(super) fn fingerprint(&self) -> u64 {
        match &self.0 {
            Key::EmployeeId(id) => id.fingerprint(),
            Key::WorkEmail(email) => email.fingerprint(),
            Key::Username(name) => name.fingerprint(),
        }
    }
}

impl fmt::Display for Identity {
    /// As the ledger has it: with its kind in front.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Key::EmployeeId(id) => write!(f, "employee:{id}"),
            Key::WorkEmail(email) => write!(f, "email:{email}"),
            Key::Username(name) => write!(f, "username:{name}"),
        }
    }
}

/// The keys that three cells give, each identity once.
pub(super) fn keys_of(
    employee_id: Option<&EmployeeId>,
    work_email: Option<&EmailAddress>,
    username: Option<&Username>,
) -> Vec<Key> {
    let email = work_email.map(EmailAddress::as_str);
    let username = username.filter(|name| Some(name.as_str()) != email);
    let keys = [
        employee_id.cloned().map(Key::EmployeeId),
        work_email.cloned().map(Key::WorkEmail),
        username.cloned().map(Key::Username),
    ];
    keys.into_iter().flatten().collect()
}

/// The keys of a row.
pub(super) fn row_keys(row: &HrRow) -> Vec<Key> {
    keys_of(
        row.employee_id.as_ref(),
        row.work_email.as_ref(),
        row.username.as_ref(),
    )
}

/// The keys that can still be read in a row that as a whole cannot.
pub(super) fn keys_of_unreadable(row: &InvalidRow) -> Vec<Key> {
    keys_of(
        EmployeeId::parse(&row.employee_id).as_ref(),
        EmailAddress::parse(&row.work_email).as_ref(),
        Username::parse(&row.username).as_ref(),
    )
}

/// In order of trust, each identity once.
pub(super) fn distinct(mut keys: Vec<Key>) -> Vec<Key> {
    keys.sort_unstable();
    keys.dedup();
    let first_username = keys.partition_point(|key| !matches!(key, Key::Username(_)));
    let usernames = keys.split_off(first_username);
    let is_new = |key: &Key| {
        let Identity(same) = key.identity();
        keys.binary_search(&same).is_err()
    };
    let new: Vec<Key> = usernames.into_iter().filter(is_new).collect();
    keys.extend(new);
    keys
}
