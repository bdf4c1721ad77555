use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::model::EmploymentStatus;

/// Columns named by the administrator: field → header as it stands in the
/// file. They win over everything that the alias table would find. An empty
/// header means that the file has no such column.
///
/// Fields of the HR export: `employee_id`, `first_name`, `last_name`,
/// `full_name`, `work_email`, `username`, `status`, `on_leave`, `action`,
/// `action_date`, `termination_date`, `last_day`, `rehire_date`, `site`, `department`, `cost_center`.
///
/// Fields of the users report: `user_id`, `username`, `email`, `employee_id`,
/// `first_name`, `last_name`, `full_name`, `status`, `licenses`, `country`,
/// `site`, `department`, `created`, `scim_provider`, `extension`,
/// `phone_numbers`, `devices`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnNames(pub BTreeMap<String, String>);

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
    /// Order of the dates in single fields of the HR export: field → order.
    pub hr_date_orders: BTreeMap<String, DateOrder>,
    /// Order of the dates in single fields of the users report.
    pub users_date_orders: BTreeMap<String, DateOrder>,
    /// What the company's own status words mean, by word in lower case.
    pub hr_status: BTreeMap<String, EmploymentStatus>,
    /// How the HR export is written.
    pub hr: TextFormat,
    /// How the users report is written.
    pub users: TextFormat,
}

/// How a file is written, as far as it is not left to detection. What does not
/// fit the file refuses it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextFormat {
    /// How its text is encoded.
    pub encoding: Option<TextEncoding>,
    /// What separates its cells.
    pub delimiter: Option<Delimiter>,
    /// The physical line, from 1, on which the header row begins.
    pub header_line: Option<NonZeroU32>,
}

/// An encoding that can be fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum TextEncoding {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, the low byte first, with or without a byte order mark.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, the high byte first, with or without a byte order mark.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// What Windows calls ANSI in western Europe and America.
    #[serde(rename = "windows-1252")]
    Windows1252,
    /// What Excel for Mac wrote for decades.
    #[serde(rename = "macintosh")]
    Macintosh,
}

/// What separates cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Delimiter {
    /// `,`
    #[serde(rename = ",")]
    Comma,
    /// `;`
    #[serde(rename = ";")]
    Semicolon,
    /// A tabulator.
    #[serde(rename = "tab")]
    Tab,
    /// `|`
    #[serde(rename = "|")]
    Pipe,
}

impl Delimiter {
    /// All of them, the likeliest first.
    pub(super) const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// The byte in a file.
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}
