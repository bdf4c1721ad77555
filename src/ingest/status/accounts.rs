//! The status words of the users report.

use super::{Vocabulary, fold, normalize};
use crate::ingest::Formats;
use crate::model::AccountStatus::{self, Active, Inactive};

const ACCOUNT: [(&str, AccountStatus); 12] = [
    ("active", Active),
    ("activated", Active),
    ("enabled", Active),
    ("active user", Active),
    ("deactivated", Inactive),
    ("de-activated", Inactive),
    ("inactive", Inactive),
    ("not active", Inactive),
    ("inactive user", Inactive),
    ("disabled", Inactive),
    ("suspended", Inactive),
    ("deactivated user", Inactive),
];

/// Words of a header that asks whether the account is active, and of one that
/// asks whether it is not. SCIM has no status but `active`, true or false.
const ASKS_IF_ACTIVE: [&str; 3] = ["active", "activated", "enabled"];
const ASKS_IF_INACTIVE: [&str; 4] = ["deactivated", "inactive", "disabled", "suspended"];

impl Vocabulary<AccountStatus> {
    /// The vocabulary of the users report's status column. The administrator's
    /// words win.
    pub(in crate::ingest) fn account(header: &str, formats: &Formats) -> Self {
        let known = ACCOUNT.iter().map(|(word, status)| (fold(word), *status));
        let own = formats.users_status.iter();
        let header = normalize(header);
        let words: Vec<&str> = header.split(' ').collect();
        let asks_for = |wanted: &[&str]| match words.as_slice() {
            [before @ .., last] => wanted.contains(last) && !before.contains(&"not"),
            [] => false,
        };
        Self {
            words: known
                .chain(own.map(|(word, status)| (fold(word), *status)))
                .collect(),
            flags: if asks_for(&ASKS_IF_ACTIVE) {
                Some((Active, Inactive))
            } else if asks_for(&ASKS_IF_INACTIVE) {
                Some((Inactive, Active))
            } else {
                None
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Meaning;
    use super::*;

    #[test]
    fn the_status_of_accounts_is_known_in_any_spelling() {
        let read =
            |header: &str, cell: &str| Vocabulary::account(header, &Formats::default()).read(cell);
        for (header, cell, status) in [
            ("Status", "ACTIVE", Active),
            ("Status", " Enabled ", Active),
            ("Status", "Deactivated", Inactive),
            ("User status", "SUSPENDED", Inactive),
            ("Active", "true", Active),
            ("Active", "0", Inactive),
            ("Account enabled", "No", Inactive),
            ("Deactivated", "Yes", Inactive),
            ("Deactivated", "false", Active),
            ("Is disabled", "N", Active),
            ("Deactivated", "Active", Active),
        ] {
            assert_eq!(
                read(header, cell),
                Meaning::Known(status),
                "{header} {cell}"
            );
        }
        for (header, cell) in [("Status", "true"), ("Status", "Pending activation")] {
            assert!(matches!(read(header, cell), Meaning::Unknown(_)), "{cell}");
        }
        assert_eq!(read("Deactivated", ""), Meaning::Blank);
        let own = Formats {
            users_status: [("pending activation".to_owned(), Inactive)].into(),
            ..Formats::default()
        };
        let vocabulary = Vocabulary::account("Status", &own);
        assert_eq!(
            vocabulary.read("Pending Activation"),
            Meaning::Known(Inactive)
        );
    }
}
