use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{AccountStatus, EmploymentStatus};

/// Columns named by the administrator: field → header as it stands in the
/// file. They win over everything that the alias table would find.
///
/// Fields of the HR export: `employee_id`, `first_name`, `last_name`,
/// `full_name`, `work_email`, `username`, `status`, `termination_date`,
/// `last_day`, `rehire_date`, `site`, `department`, `cost_center`.
///
/// Fields of the users report: `user_id`, `username`, `email`, `employee_id`,
/// `first_name`, `last_name`, `full_name`, `status`, `licenses`, `country`,
/// `site`, `department`, `created`, `scim_provider`, `extension`,
/// `phone_numbers`, `devices`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnNames(pub BTreeMap<String, String>);

impl ColumnNames {
    /// Stands between the headers of a field that is read from several columns.
    pub const JOINED_BY: &str = " + ";
}

/// Which comes first in dates such as `03/04/2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    /// `03/04/2026` is 4 March.
    MonthFirst,
    /// `03/04/2026` is 3 April.
    DayFirst,
}

/// What the administrator fixed instead of leaving it to detection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Formats {
    /// Order of the dates in the HR export.
    pub hr_dates: Option<DateOrder>,
    /// Order of the dates in the users report.
    pub users_dates: Option<DateOrder>,
    /// What the company's own status words mean, by word in lower case.
    pub hr_status: BTreeMap<String, EmploymentStatus>,
    /// What other status words of the users report mean, by word in lower case.
    pub users_status: BTreeMap<String, AccountStatus>,
}
