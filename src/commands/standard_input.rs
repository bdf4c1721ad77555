//! An input that is piped in: `-`. It is kept as a file, because a tenant is made
//! from it too, a rehearsal reads it again, and whoever looks up a row wants to
//! see it. From here on it is a file like any other.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::failure::{Exit, Failure};
use crate::cli::Command;
use crate::config::{Inputs, Settings, UsersSource};
use crate::files::{self, Incoming};
use crate::model::SHORT_DIGEST_LENGTH;

/// What stands in a file's place.
const STANDARD_INPUT: &str = "-";

/// The folder of the kept ones, below the output folder.
const FOLDER: &str = "standard-input";

/// How many are kept: a week of nights. A plan is rehearsed sooner than that.
const KEPT: usize = 7;

/// Reads the input that is piped in, if one is, and puts the file that keeps it
/// in its place. It is named by its content, so that the same bytes give the
/// same plan and two calls side by side never read each other's.
pub(super) fn keep(command: &Command, mut settings: Settings) -> Result<Settings, Failure> {
    let has_times = command.inputs().is_some();
    let said = [
        ("--hr", settings.inputs.hr_at),
        ("--users", settings.inputs.users_at),
    ];
    let mut piped = piped(&mut settings.inputs);
    let Some((option, path)) = piped.pop() else {
        return Ok(settings);
    };
    if let Some((other, _)) = piped.pop() {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "{other} - and {option} -: there is one standard input; name all inputs but one as \
                 files"
            ),
        ));
    }
    let mut source = open(option)?;
    let made = time_of(&source);
    let is_unsaid = said.contains(&(option, None));
    if has_times && is_unsaid && made.is_none() {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "{option} -: a pipe does not say when the export was made, and the ledger may know \
                 better since; say it with {option}-at INSTANT, or redirect the file itself: \
                 {option} - < FILE"
            ),
        ));
    }
    *path = store(&mut source, &settings.out_dir.join(FOLDER), made)?;
    Ok(settings)
}

/// The inputs that are to be read from standard input, with their options.
fn piped(inputs: &mut Inputs) -> Vec<(&'static str, &mut PathBuf)> {
    let Inputs {
        hr,
        users,
        licenses,
        holds,
        map,
        numbers,
        roster,
        bill,
        bill_date: _,
        hr_at: _,
        users_at: _,
    } = inputs;
    let users = match users {
        Some(UsersSource::Report(path)) => Some(path),
        Some(UsersSource::Live) | None => None,
    };
    let others = [
        ("--users", users),
        ("--licenses", licenses.as_mut()),
        ("--holds", holds.as_mut()),
        ("--map", map.as_mut()),
        ("--numbers", numbers.as_mut()),
        ("--roster", roster.as_mut()),
        ("--bill", bill.as_mut()),
    ];
    let others = others
        .into_iter()
        .filter_map(|(option, path)| Some((option, path?)));
    hr.iter_mut()
        .map(|path| ("--hr", path))
        .chain(others)
        .filter(|(_, path)| path.as_path() == Path::new(STANDARD_INPUT))
        .collect()
}

fn open(option: &str) -> Result<File, Failure> {
    let standard_input = io::stdin();
    if standard_input.is_terminal() {
        return Err(Failure::new(
            Exit::Usage,
            format!("{option} -: standard input is a terminal; pipe the file in, or name it"),
        ));
    }
    let handle = standard_input.as_fd().try_clone_to_owned();
    handle.map(File::from).map_err(|error| unreadable(&error))
}

/// The time of a file that was redirected; a pipe has none.
fn time_of(source: &File) -> Option<SystemTime> {
    let metadata = source.metadata().ok().filter(std::fs::Metadata::is_file)?;
    metadata.modified().ok()
}

/// Copies everything into a file that is named by its digest.
fn store(
    source: &mut impl Read,
    folder: &Path,
    made: Option<SystemTime>,
) -> Result<PathBuf, Failure> {
    let mut incoming = Incoming::begin(folder)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                digest.update(&buffer[..read]);
                incoming.write(&buffer[..read])?;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(&error)),
        }
    }
    let mut name = format!("{:x}", digest.finalize());
    name.truncate(SHORT_DIGEST_LENGTH);
    let path = incoming.keep_as(&name, made)?;
    files::keep_newest(folder, KEPT)?;
    Ok(path)
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::new(
        Exit::NoInput,
        format!("standard input could not be read to its end: {error}; nothing of it is used"),
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Breaks after its bytes.
    struct Broken<'b>(&'b [u8]);

    impl Read for Broken<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("the disk is gone")),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn the_same_bytes_are_the_same_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let keep = |mut bytes: &[u8]| store(&mut bytes, folder.path(), None).expect("a file");
        let (first, again, other) = (keep(b"id\n1\n"), keep(b"id\n1\n"), keep(b"id\n2\n"));
        assert_eq!(first, again);
        assert_ne!(first, other);
        assert_eq!(fs::read(first).expect("a file"), b"id\n1\n");
    }

    #[test]
    fn nothing_is_kept_of_what_broke_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = store(&mut Broken(b"id\n1\n"), folder.path(), None).expect_err("a failure");
        assert_eq!(error.exit, Exit::NoInput);
        assert_eq!(fs::read_dir(folder.path()).expect("a listing").count(), 0);
    }

    #[test]
    fn every_input_can_be_piped_in() {
        let dash = || Some(PathBuf::from(STANDARD_INPUT));
        let mut inputs = Inputs {
            hr: vec!["hr.csv".into(), STANDARD_INPUT.into()],
            users: dash().map(UsersSource::Report),
            licenses: dash(),
            holds: dash(),
            map: dash(),
            numbers: dash(),
            roster: dash(),
            bill: dash(),
            ..Inputs::default()
        };
        let options: Vec<&str> = piped(&mut inputs)
            .iter()
            .map(|(option, _)| *option)
            .collect();
        assert_eq!(
            options,
            [
                "--hr",
                "--users",
                "--licenses",
                "--holds",
                "--map",
                "--numbers",
                "--roster",
                "--bill"
            ]
        );
        inputs = Inputs {
            hr: vec!["./-".into()],
            users: Some(UsersSource::Live),
            ..Inputs::default()
        };
        assert!(piped(&mut inputs).is_empty());
    }
}
