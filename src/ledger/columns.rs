//! How values look in the tables, and how they are read back.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Row;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::AccountStatus;

/// Reads a text column with the parser of what it holds.
pub(super) fn read<T>(
    row: &Row<'_>,
    column: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| unreadable(column))
}

/// The same for a column that may be empty.
pub(super) fn read_optional<T>(
    row: &Row<'_>,
    column: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| parse(&text).ok_or_else(|| unreadable(column)))
        .transpose()
}

/// Reads a count, which `SQLite` keeps as a signed number.
pub(super) fn read_count(row: &Row<'_>, column: &'static str) -> rusqlite::Result<u64> {
    let count: i64 = row.get(column)?;
    u64::try_from(count).map_err(|_| unreadable(column))
}

pub(super) fn count_value(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Nine decimals always, so that the order of the text is the order in time.
pub(super) fn time_text(at: Timestamp) -> String {
    format!("{at:.9}")
}

pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

pub(super) fn date(text: &str) -> Option<Date> {
    text.parse().ok()
}

pub(super) fn json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

pub(super) fn json_text<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

pub(super) fn status_text(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Active => "active",
        AccountStatus::Inactive => "inactive",
    }
}

pub(super) fn status(text: &str) -> Option<AccountStatus> {
    [AccountStatus::Active, AccountStatus::Inactive]
        .into_iter()
        .find(|status| status_text(*status) == text)
}

/// Names the column only: its content may be somebody's name.
#[derive(Debug, thiserror::Error)]
#[error("column {0} holds a value that this version cannot read")]
struct Unreadable(&'static str);

fn unreadable(column: &'static str) -> rusqlite::Error {
    // The index is not known here, and nobody asks for it.
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(Unreadable(column)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{time, time_text};

    #[test]
    fn text_order_is_time_order() {
        let times = [
            "2026-11-20T08:00:00Z",
            "2026-11-20T08:00:00.000000001Z",
            "2026-11-20T08:00:00.5Z",
        ];
        let times = times.map(|text| text.parse::<Timestamp>().expect("a time"));
        let texts = times.map(time_text);
        assert!(texts.is_sorted());
        assert_eq!(texts.each_ref().map(|text| time(text)), times.map(Some));
    }
}
