use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DateOrder, Packing};

/// An input file as the plan records it: what was read, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// What the file is for.
    pub role: InputRole,
    /// The path as it was given.
    pub path: String,
    /// Digest, in hex, of its bytes as they were given: packed, if it is.
    pub sha256: String,
    /// Length in bytes of the same.
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
    /// The phone numbers of the tenant.
    Numbers,
    /// Everybody who is employed, as HR exports them.
    Roster,
    /// A billing export.
    Bill,
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
            Self::Numbers => "numbers",
            Self::Roster => "roster",
            Self::Bill => "bill",
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
    /// What the file is packed with, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packing: Option<Packing>,
    /// How the text is encoded.
    pub encoding: Encoding,
    /// What separates the cells; a comma for a workbook.
    pub delimiter: char,
    /// How lines end, told from the first; `cr` for a workbook.
    pub line_end: LineEnd,
    /// The sheet that was read, if the file is a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
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
    /// UTF-16, the low byte first, as Cognos and Excel's "Unicode Text" write it.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, the high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// What Excel's "CSV" is on Windows.
    #[serde(rename = "windows-1252")]
    Windows1252,
    /// What Excel's "CSV" was on a Mac.
    #[serde(rename = "macintosh")]
    Macintosh,
    /// No text but an Excel workbook; its rows count as lines.
    #[serde(rename = "workbook")]
    Workbook,
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
    /// Carriage returns alone and line feeds, as in files glued together.
    Mixed,
}

impl LineEnd {
    /// How the lines of a text end.
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let Some(feed) = memchr::memchr(b'\n', bytes) else {
            return if text.contains('\r') {
                Self::Cr
            } else {
                Self::Lf
            };
        };
        if lone_returns(bytes) > 0 {
            Self::Mixed
        } else if bytes[..feed].ends_with(b"\r") {
            Self::CrLf
        } else {
            Self::Lf
        }
    }

    /// A byte at which a line surely ends and no pair of bytes is torn apart.
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Lf | Self::CrLf | Self::Mixed => b'\n',
            Self::Cr => b'\r',
        }
    }

    /// Where a line, counted from 1, begins in a text.
    pub(super) fn start_of(self, line: u32, text: &str) -> Option<usize> {
        let Some(line_end) = line.checked_sub(2) else {
            return Some(0);
        };
        let bytes = text.as_bytes();
        let mut ends = (0..bytes.len()).filter(|&at| match self {
            Self::Lf | Self::CrLf => bytes[at] == b'\n',
            Self::Cr => bytes[at] == b'\r',
            Self::Mixed => {
                bytes[at] == b'\n' || bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n')
            }
        });
        ends.nth(line_end as usize).map(|end| end + 1)
    }

    /// How many lines end in these bytes, counted as an editor does.
    pub(super) fn count(self, bytes: &[u8]) -> u64 {
        let ends = memchr::memchr_iter(self.byte(), bytes).count() as u64;
        match self {
            Self::Lf | Self::CrLf | Self::Cr => ends,
            Self::Mixed => ends + lone_returns(bytes),
        }
    }
}

/// Carriage returns that no line feed follows.
fn lone_returns(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\r', bytes)
        .filter(|at| bytes.get(at + 1) != Some(&b'\n'))
        .count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        for (text, line_end, lines) in [
            ("a\nb\n", LineEnd::Lf, 2),
            ("a\r\nb", LineEnd::CrLf, 1),
            ("a\rb\rc", LineEnd::Cr, 2),
            ("a\r\nb\rc\nd", LineEnd::Mixed, 3),
            ("a\nb\r\nc", LineEnd::Lf, 2),
            ("a", LineEnd::Lf, 0),
        ] {
            assert_eq!(LineEnd::of(text), line_end, "{text:?}");
            assert_eq!(line_end.count(text.as_bytes()), lines, "{text:?}");
            assert_eq!(line_end.start_of(1, text), Some(0));
            assert_eq!(line_end.start_of(5, text), None);
        }
    }

    #[test]
    fn lines_begin_where_the_ones_above_end() {
        assert_eq!(LineEnd::CrLf.start_of(2, "a\r\nb\r\n"), Some(3));
        assert_eq!(LineEnd::Mixed.start_of(3, "a\r\nb\rc"), Some(5));
    }
}
