//! A tenant's run as a process: how it is begun, told to stop, and heard.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::super::console::{self, COMPLAINT};
use super::super::failure::{Exit, Failure};
use crate::cli::LogFormat;
use crate::files::{self, FileError};
use crate::report;

/// A run at work.
pub(super) struct Process {
    child: Child,
    /// Files and not pipes: nobody has to listen, nothing is held in memory,
    /// and if this program is killed the run goes on to its end.
    stdout: File,
    stderr: File,
}

/// What of the words of a run is kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Its last line on stdout: the summary.
    pub(super) line: Option<String>,
    /// What it complained of in the end.
    pub(super) error: Option<String>,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The exit code, one of ours.
    pub(super) code: u8,
    /// What nobody but the system can tell of it.
    pub(super) error: Option<String>,
}

impl Process {
    /// Begins `program` with `words`, its name first. What it says is kept in
    /// the folder `place`.
    pub(super) fn begin(program: &Path, words: &[OsString], place: &Path) -> Result<Self, Failure> {
        let (stdout, stderr) = (files::nameless(place)?, files::nameless(place)?);
        let handle = |file: &File| match file.try_clone() {
            Ok(file) => Ok(Stdio::from(file)),
            Err(error) => Err(FileError::of(place, error)),
        };
        let child = Command::new(program)
            .args(words.iter().skip(1))
            .stdin(Stdio::null())
            .stdout(handle(&stdout)?)
            .stderr(handle(&stderr)?)
            // A terminal's Ctrl-C reaches this program alone, which passes it
            // on: a run that is told twice stops at once.
            .process_group(0)
            .spawn()
            .map_err(|error| {
                let sentence = format!("{}: cannot be started: {error}", program.display());
                Failure::new(Exit::Internal, sentence)
            })?;
        Ok(Self {
            child,
            stdout,
            stderr,
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended; `None` while it is at work.
    pub(super) fn ended(&mut self) -> Option<End> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(End::of(status)),
            // Only somebody else's wait explains that: its end was missed.
            Err(error) => Some(End::died(report::MIDWAY, &error)),
        }
    }

    /// Shows each line that it wrote to stderr, and returns what is to be kept.
    pub(super) fn said(self, show: impl Fn(&str)) -> Said {
        let mut said = Said::default();
        each_line(self.stderr, |line| {
            show(line);
            match (line.strip_prefix(COMPLAINT), &mut said.error) {
                (Some(error), kept) => *kept = Some(error.to_owned()),
                (None, Some(error)) => {
                    error.push('\n');
                    error.push_str(line);
                }
                (None, None) => {}
            }
        });
        each_line(self.stdout, |line| said.line = Some(line.to_owned()));
        said
    }
}

impl End {
    fn of(status: ExitStatus) -> Self {
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        match (code, status.signal()) {
            (Some(code), _) if report::worst_first([code]) == [code] => Self { code, error: None },
            // It was told before it could listen.
            (_, Some(SIGINT)) => Self::died(130, &status),
            (_, Some(SIGTERM)) => Self::died(143, &status),
            _ => Self::died(report::MIDWAY, &status),
        }
    }

    /// A run that a signal ended, or that panicked.
    fn died(code: u8, how: &dyn std::fmt::Display) -> Self {
        let error = format!(
            "its process did not end by itself ({how}); the ledger says how far it came, and the next \
             run carries on"
        );
        Self {
            code,
            error: Some(error),
        }
    }
}

/// POSIX numbers of the signals that are passed on.
const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

/// Tells every run what this program was told. Their ids are still theirs: no
/// end of them was waited for.
pub(super) fn pass_on<'p>(signal: &str, running: impl Iterator<Item = &'p Process>) {
    let ids: Vec<String> = running.map(|it| it.id().to_string()).collect();
    // The standard library can only kill. A shell is everywhere, and `kill` is
    // built into it.
    let sent = Command::new("sh")
        .args(["-c", "kill -s \"$@\"", "sh", signal])
        .args(&ids)
        .status();
    if !sent.is_ok_and(|status| status.success()) {
        console::warn(&format!(
            "not every run could be told to stop; this does it: kill -s {signal} {}",
            ids.join(" ")
        ));
    }
}

/// A line of a tenant's log as a line of everybody's.
pub(super) fn attributed(folder: &str, format: LogFormat, line: &str) -> String {
    if format == LogFormat::Json
        && let Ok(mut entry) = serde_json::from_str::<serde_json::Map<_, _>>(line)
    {
        entry.insert("tenant_folder".to_owned(), folder.into());
        return serde_json::Value::Object(entry).to_string();
    }
    format!("{folder}: {line}")
}

fn each_line(mut file: File, mut line: impl FnMut(&str)) {
    // The run wrote with this very handle, which stands at its end.
    if file.seek(SeekFrom::Start(0)).is_err() {
        return;
    }
    for bytes in BufReader::new(file).split(b'\n').map_while(Result::ok) {
        line(&String::from_utf8_lossy(&bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_a_code_of_ours() {
        let exited = |code: i32| ExitStatus::from_raw(code << 8);
        let killed = ExitStatus::from_raw;
        assert_eq!(End::of(exited(8)).error, None);
        let crash = End::of(killed(9)).error.expect("an error");
        assert!(crash.contains("signal: 9"), "{crash}");
        for (status, code) in [
            (exited(0), 0),
            (exited(78), 78),
            (exited(130), 130),
            // A panic, and a code that no run ends with.
            (exited(101), 7),
            (exited(2), 7),
            (killed(2), 130),
            (killed(15), 143),
            (killed(9), 7),
        ] {
            assert_eq!(End::of(status).code, code, "{status}");
        }
    }

    #[test]
    fn a_line_says_whose_it_is_and_json_stays_json() {
        for (format, line, expected) in [
            (LogFormat::Text, "note: x", "acme: note: x"),
            (LogFormat::Json, "note: x", "acme: note: x"),
            (LogFormat::Text, "{\"a\":1}", "acme: {\"a\":1}"),
            (
                LogFormat::Json,
                "{\"a\":1.50}",
                "{\"a\":1.50,\"tenant_folder\":\"acme\"}",
            ),
            (LogFormat::Json, "[1]", "acme: [1]"),
        ] {
            assert_eq!(attributed("acme", format, line), expected);
        }
    }

    #[test]
    fn the_last_complaint_is_kept_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let words = |script: &str| ["sh", "-c", script].map(OsString::from);
        let script = "echo one; echo two; echo note >&2; echo 'seatsweep: first' >&2; \
                      echo 'seatsweep: hr.csv: bad' >&2; echo '  line 3' >&2; exit 65";
        let mut process =
            Process::begin(Path::new("sh"), &words(script), folder.path()).expect("a process");
        let end = loop {
            if let Some(end) = process.ended() {
                break end;
            }
        };
        assert_eq!(end.code, 65);
        let said = process.said(|_| {});
        assert_eq!(said.line.as_deref(), Some("two"));
        assert_eq!(said.error.as_deref(), Some("hr.csv: bad\n  line 3"));
    }
}
