use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::aliases::{Table, bill, hr, seats, users};
use crate::model::{AccountStatus, EmploymentStatus};

/// Columns named by the administrator: field → header as it stands in the
/// file. They win over everything that the alias table would find. An empty
/// header means that the file has no such column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnNames(pub BTreeMap<String, String>);

impl ColumnNames {
    /// Stands between the headers of a field that is read from several columns.
    pub const JOINED_BY: &str = " + ";

    /// The fields of the HR export that a column can be named for.
    pub fn hr_fields() -> Vec<&'static str> {
        names_of(&hr::TABLE)
    }

    /// The fields of the users report that a column can be named for.
    pub fn users_fields() -> Vec<&'static str> {
        names_of(&users::TABLE)
    }

    /// The fields of the licences file that a column can be named for.
    pub fn licenses_fields() -> Vec<&'static str> {
        names_of(&seats::TABLE)
    }

    /// The fields of the billing export that a column can be named for.
    pub fn bill_fields() -> Vec<&'static str> {
        names_of(&bill::TABLE)
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
    /// Order of the dates in single fields of the HR export: field → order.
    pub hr_date_orders: BTreeMap<String, DateOrder>,
    /// Order of the dates in single fields of the users report.
    pub users_date_orders: BTreeMap<String, DateOrder>,
    /// What the company's own status words mean, by word in lower case.
    pub hr_status: BTreeMap<String, EmploymentStatus>,
    /// What other status words of the users report mean, by word in lower case.
    pub users_status: BTreeMap<String, AccountStatus>,
    /// Order of the dates in the billing export.
    pub bill_dates: Option<DateOrder>,
    /// The license that a name on the bill means, by name in lower case.
    pub bill_names: BTreeMap<String, String>,
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
    /// The sheet to read, if it is a workbook.
    pub sheet: Option<String>,
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
