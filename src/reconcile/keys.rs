use crate::model::{EmailAddress, EmployeeId, InvalidRow, Username};

/// One thing that a person can be looked up by. The order is the order of
/// trust, and the order in which results name them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// HR's own id.
    EmployeeId(EmployeeId),
    /// The work e-mail.
    WorkEmail(EmailAddress),
    /// The login name.
    Username(Username),
}

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

    /// The key as text with its kind in front. A username that is an address
    /// is the same identity as that address: systems use both names for it.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::EmployeeId(id) => format!("employee:{id}"),
            Self::WorkEmail(email) => format!("email:{email}"),
            Self::Username(name) => match EmailAddress::parse(name.as_str()) {
                Some(email) => format!("email:{email}"),
                None => format!("username:{name}"),
            },
        }
    }

    /// Whether it is an address, which can be inherited by somebody else.
    pub(super) fn is_address(&self) -> bool {
        self.identity().starts_with("email:")
    }
}

/// The keys that three cells give, each identity once.
pub(super) fn keys_of(
    employee_id: Option<&EmployeeId>,
    work_email: Option<&EmailAddress>,
    username: Option<&Username>,
) -> Vec<Key> {
    let keys = [
        employee_id.cloned().map(Key::EmployeeId),
        work_email.cloned().map(Key::WorkEmail),
        username.cloned().map(Key::Username),
    ];
    distinct(keys.into_iter().flatten().collect())
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
    if keys.len() > 1 {
        keys.sort();
        let mut seen = std::collections::BTreeSet::new();
        keys.retain(|key| seen.insert(key.identity()));
    }
    keys
}
