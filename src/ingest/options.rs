use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::aliases::{Table, hr, users};
use crate::model::EmploymentStatus;

/// Columns named by the administrator: field → header as it stands in the
/// file. They win over everything that the alias table would find.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnNames(pub BTreeMap<String, String>);

impl ColumnNames {
    /// The fields of the HR export that a column can be named for.
    pub fn hr_fields() -> Vec<&'static str> {
        names_of(&hr::TABLE)
    }

    /// The fields of the users report that a column can be named for.
    pub fn users_fields() -> Vec<&'static str> {
        names_of(&users::TABLE)
    }
}

fn names_of(table: &Table) -> Vec<&'static str> {
    table.fields.iter().map(|field| field.name).collect()
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
}
