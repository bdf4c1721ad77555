use super::{AccountStatus, LicenseName};

/// A row of the users report that was checked, and not copied: what is needed
/// to tell whether anybody looks for the account, and to count its seats.
#[derive(Debug, Clone, Copy)]
pub struct AccountCells<'c> {
    /// The vendor's id.
    pub user_id: Option<KeyCell<'c>>,
    /// The username.
    pub username: Option<KeyCell<'c>>,
    /// The e-mail address.
    pub email: Option<KeyCell<'c>>,
    /// Employee id.
    pub employee_id: Option<KeyCell<'c>>,
    /// First name, or empty.
    pub first_name: &'c str,
    /// Last name, or empty.
    pub last_name: &'c str,
    /// The whole name in one cell, or empty.
    pub full_name: &'c str,
    /// Site, or empty.
    pub site: &'c str,
    /// Cost center, or empty.
    pub cost_center: &'c str,
    /// Whether the account can log in.
    pub status: AccountStatus,
    /// The licences of the row.
    pub licenses: &'c LicenseSet,
}

impl AccountCells<'_> {
    /// What tells the account from others: its id where the report has it, else
    /// its username.
    pub fn account_print(&self) -> Option<u64> {
        self.user_id.or(self.username).map(|cell| cell.fingerprint)
    }

    /// Every key that the row has.
    pub fn keys(&self) -> impl Iterator<Item = KeyCell<'_>> {
        [self.user_id, self.username, self.email, self.employee_id]
            .into_iter()
            .flatten()
    }
}

/// A cell that identifies an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyCell<'c> {
    /// As it stands there, without white space around it.
    pub text: &'c str,
    /// The fingerprint of the value that it is parsed to.
    pub fingerprint: u64,
}

/// Licences as one row holds them. Rows of a part of the report that say the
/// same share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseSet {
    /// Which of the part's different ones it is, counted from 0.
    pub number: usize,
    /// One entry a seat.
    pub licenses: Vec<LicenseName>,
}
