use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AccountKey, EmailAddress, EmployeeId, LicenseName, PersonName, SourceRow, Text, UserId,
    Username,
};

/// One understood data row of the users report: an account, or one licence of
/// an account when the report has a row for each licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    /// Where it stood.
    pub source: SourceRow,
    /// The vendor's id, where the report has it.
    pub user_id: Option<UserId>,
    /// The username.
    pub username: Option<Username>,
    /// The e-mail address; `None` for the vendor's placeholders.
    pub email: Option<EmailAddress>,
    /// Employee id, where the report carries one.
    pub employee_id: Option<EmployeeId>,
    /// The person's name.
    pub name: PersonName,
    /// Whether the account can log in.
    pub status: AccountStatus,
    /// Site name, or empty.
    pub site: Text,
    /// Department, or empty.
    pub department: Text,
    /// Cost center, or empty.
    pub cost_center: Text,
    /// When the account was created, where the report says.
    pub created: Option<Timestamp>,
    /// The identity provider that manages the account, or empty.
    pub scim_provider: Text,
    /// Extension number, or empty.
    pub extension: Text,
    /// Phone numbers as written, kept for manual tasks.
    pub phone_numbers: Vec<String>,
    /// Devices as written, kept for manual tasks.
    pub devices: Vec<String>,
    /// Ring groups and call queues that the account is in, where the report
    /// says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The licences of this row, one entry a seat.
    pub licenses: Vec<LicenseName>,
}

impl AccountRow {
    /// What stands for the account between runs.
    pub fn key(&self) -> Option<AccountKey> {
        AccountKey::of(self.user_id.as_ref(), self.username.as_ref())
    }
}

/// Whether an account can log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// Can log in and call.
    Active,
    /// Deactivated.
    Inactive,
}
