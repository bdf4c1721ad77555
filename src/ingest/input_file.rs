use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::DateOrder;

/// An input file as the plan records it: what was read, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// What the file is for.
    pub role: InputRole,
    /// The path as it was given.
    pub path: String,
    /// Digest of its bytes, in hex.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
    /// Data records, invalid ones included; blank ones and headers are not counted.
    pub rows: u64,
    /// Digest, in hex, of the normalized header cells joined by U+001F.
    pub header_fingerprint: String,
    /// What was found out from the content.
    pub detected: Detected,
}

/// What an input file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputRole {
    /// The HR export of leavers.
    Hr,
    /// The 8x8 users report.
    Users,
    /// Seats owned per pool.
    Licenses,
    /// People and accounts not to be touched.
    Holds,
    /// HR id → 8x8 user.
    Map,
    /// The review sheet, which comes back from a spreadsheet.
    Review,
}

impl InputRole {
    /// The word in plan and ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hr => "hr",
            Self::Users => "users",
            Self::Licenses => "licenses",
            Self::Holds => "holds",
            Self::Map => "map",
            Self::Review => "review",
        }
    }
}

impl fmt::Display for InputRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The format that was found from a file's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    /// How the text is encoded.
    pub encoding: Encoding,
    /// What separates the cells.
    pub delimiter: char,
    /// How lines end, told from the first.
    pub line_end: LineEnd,
    /// The physical line, from 1, on which the header row begins.
    pub header_line: u64,
    /// Field → header of the column that it is read from; ` + ` joins several.
    pub columns: BTreeMap<String, String>,
    /// Field → order of day and month, where a value decided it.
    pub date_orders: BTreeMap<String, DateOrder>,
    /// Headers of the columns that no field is read from.
    pub unused: Vec<String>,
    /// Anything else a person should know, as sentences.
    pub notes: Vec<String>,
}

/// How a file's text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8 without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-8 with a byte order mark, as Excel writes it.
    #[serde(rename = "utf-8-bom")]
    Utf8WithMark,
}

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineEnd {
    /// Line feed.
    Lf,
    /// Carriage return and line feed.
    CrLf,
    /// Carriage return alone, as Excel for Mac writes it.
    Cr,
}

impl LineEnd {
    /// The byte that ends a physical line.
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Lf | Self::CrLf => b'\n',
            Self::Cr => b'\r',
        }
    }
}
