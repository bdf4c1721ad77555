//! The request log, and the judgment of a client that is drawn from it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::scim;

const FORMAT_VERSION: u32 = 1;

/// The vendor asks clients to leave this long between two looks at an operation.
const BETWEEN_POLLS: SignedDuration = SignedDuration::from_secs(1);

/// How a client behaved, over all requests since the start. Times are tenant time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogReport {
    /// The format of this report as a file; tests and people read it.
    pub format_version: u32,
    /// API requests that were answered, or would have been but for a hold.
    pub requests: u64,
    /// Updates that were accepted.
    pub writes: u64,
    /// The most requests in any 60 seconds, refused ones included; of the two
    /// APIs, whose limits are their own, the larger number.
    pub max_in_60_seconds: u64,
    /// The same for any 10 seconds.
    pub max_in_10_seconds: u64,
    /// The most operations that were open at once.
    pub max_operations_in_flight: u64,
    /// Requests that were answered with 429, but for those that the fault
    /// script answered so.
    pub violations: u64,
    /// Looks at an operation less than a second after its 202 or the look before.
    pub polls_too_fast: u64,
    /// JSON paths that some accepted update failed to send back as they were,
    /// planned changes aside; sorted, each once.
    pub fields_lost: Vec<String>,
    /// Accepted updates by username.
    pub accounts_written: BTreeMap<String, u64>,
    /// The username of each accepted update that changed nothing, or wanted
    /// what that user's update before it wanted.
    pub repeated_writes: Vec<String>,
    /// Files that could not be written; the message says why.
    pub write_errors: Vec<String>,
    /// The requests themselves, where they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<LogEntry>,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its number, from 1, in the order of arrival.
    pub number: u64,
    /// When it arrived, in tenant time.
    pub time: Timestamp,
    /// Its method.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
    /// The status of its answer.
    pub status: u16,
    /// Its `X-Request-Id`.
    pub request_id: Option<String>,
    /// The operation that it began or looked at.
    pub operation_id: Option<String>,
    /// Operations that were open after it.
    pub operations_in_flight: u64,
    /// What it wrote, if it is an accepted update.
    pub write: Option<LogWrite>,
    /// The rule of the fault script that it met with. The status is 0 where
    /// the rule left it without an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// An accepted update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogWrite {
    /// The username of the user written.
    pub username: String,
    /// Stands for the status and licenses wanted.
    pub change: String,
    /// Whether it changed nothing, or wanted what the update before it wanted.
    pub repeated: bool,
    /// What it failed to send back.
    pub fields_lost: BTreeSet<String>,
    /// Whether the change is made in the end.
    pub takes_effect: bool,
}

impl LogReport {
    /// Judges `entries`, which are in the order of their times. The report
    /// holds no entries of its own.
    pub(super) fn of(entries: &[LogEntry]) -> Self {
        let writes = || entries.iter().filter_map(|entry| entry.write.as_ref());
        let fields_lost: BTreeSet<String> = writes()
            .flat_map(|write| write.fields_lost.iter().cloned())
            .collect();
        let mut accounts_written = BTreeMap::new();
        for write in writes() {
            *accounts_written.entry(write.username.clone()).or_default() += 1;
        }
        Self {
            format_version: FORMAT_VERSION,
            requests: count(entries.iter()),
            writes: count(writes()),
            max_in_60_seconds: most_of_an_api(entries, SignedDuration::from_secs(60)),
            max_in_10_seconds: most_of_an_api(entries, SignedDuration::from_secs(10)),
            max_operations_in_flight: entries
                .iter()
                .map(|entry| entry.operations_in_flight)
                .max()
                .unwrap_or_default(),
            violations: count(
                entries
                    .iter()
                    .filter(|entry| entry.status == 429 && entry.fault.is_none()),
            ),
            polls_too_fast: polls_too_fast(entries),
            fields_lost: fields_lost.into_iter().collect(),
            accounts_written,
            repeated_writes: writes()
                .filter(|write| write.repeated)
                .map(|write| write.username.clone())
                .collect(),
            write_errors: Vec::new(),
            entries: Vec::new(),
        }
    }
}

fn most_of_an_api(entries: &[LogEntry], length: SignedDuration) -> u64 {
    let times = |is_scim: bool| {
        let of_it = entries
            .iter()
            .filter(|entry| entry.path.starts_with(scim::BASE_PATH) == is_scim);
        of_it.map(|entry| entry.time).collect::<Vec<_>>()
    };
    most_within(&times(true), length).max(most_within(&times(false), length))
}

/// The most of these times in any half-open window of this length.
fn most_within(times: &[Timestamp], length: SignedDuration) -> u64 {
    let mut first = 0;
    let mut most = 0;
    for (last, time) in times.iter().enumerate() {
        while time.duration_since(times[first]) >= length {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    u64::try_from(most).unwrap_or(u64::MAX)
}

fn polls_too_fast(entries: &[LogEntry]) -> u64 {
    let mut seen: BTreeMap<&str, Timestamp> = BTreeMap::new();
    count(entries.iter().filter(|entry| {
        let Some(operation_id) = entry.operation_id.as_deref() else {
            return false;
        };
        let before = seen.insert(operation_id, entry.time);
        before.is_some_and(|before| entry.time.duration_since(before) < BETWEEN_POLLS)
    }))
}

fn count(items: impl Iterator) -> u64 {
    u64::try_from(items.count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(milliseconds: i64) -> LogEntry {
        LogEntry {
            number: 0,
            time: Timestamp::from_millisecond(milliseconds).expect("a time"),
            method: "GET".into(),
            path: "/admin-provisioning/users".into(),
            status: 200,
            request_id: None,
            operation_id: None,
            operations_in_flight: 0,
            write: None,
            fault: None,
        }
    }

    fn poll(operation_id: &str, milliseconds: i64) -> LogEntry {
        LogEntry {
            operation_id: Some(operation_id.into()),
            ..entry(milliseconds)
        }
    }

    #[test]
    fn windows_are_half_open() {
        let entries: Vec<_> = [0, 5_000, 9_999, 10_000, 60_000].map(entry).into();
        let report = LogReport::of(&entries);
        assert_eq!(report.max_in_10_seconds, 3);
        assert_eq!(report.max_in_60_seconds, 4);
    }

    #[test]
    fn a_poll_too_early_or_too_soon_after_another_is_counted() {
        let entries = [
            poll("op_1", 0),
            poll("op_2", 500),
            poll("op_1", 999),
            poll("op_2", 1_500),
            poll("op_1", 1_500),
        ];
        assert_eq!(LogReport::of(&entries).polls_too_fast, 2);
    }

    #[test]
    fn an_empty_log_is_a_report_too() {
        let report = LogReport::of(&[]);
        assert_eq!((report.requests, report.max_in_60_seconds), (0, 0));
    }
}
