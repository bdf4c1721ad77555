//! What goes where, and what goes nowhere.

use crate::support::{Account, Office, leaver, with_colleagues};

const CUMULATIVE: &str = "[hr]\nfile = \"cumulative\"\n";
const NIGHT: &str = "2026-11-20";

fn office() -> Office {
    let office = Office::new(CUMULATIVE);
    office.hr(&[
        leaver("ann.moss", "2026-11-18"),
        leaver("nobody.known", "2026-11-18"),
        leaver("colleague.nr1", "2026-11-31"),
    ]);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    office
}

#[test]
fn stdout_has_one_line_and_names_nobody() {
    let ended = office().night(NIGHT, &[]).expect(8);
    assert_eq!(ended.stdout.lines().count(), 1, "{}", ended.stdout);
    assert!(ended.stdout.ends_with("exit 8\n"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("ann"), "{}", ended.stdout);
}

#[test]
fn logs_name_nobody_however_much_is_logged() {
    for more in [&["-vv"][..], &["-vv", "--log-format", "json"], &["-v"]] {
        let ended = office().night(NIGHT, more).expect(8);
        for name in ["ann.", "moss", "nobody", "example.com", "colleague"] {
            let lower = ended.stderr.to_lowercase();
            let lines: Vec<&str> = lower.lines().filter(|line| line.contains(name)).collect();
            assert!(lines.is_empty(), "{name}: {lines:#?}");
        }
    }
}

#[test]
fn a_quiet_night_says_nothing_but_its_summary() {
    let ended = office().night(NIGHT, &["-q"]).expect(8);
    assert_eq!(ended.stderr, "");
    assert_eq!(ended.stdout.lines().count(), 1);
}

#[test]
fn everything_written_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let office = office();
    office.night(NIGHT, &[]).expect(8);
    let mut folders = vec![office.path("out")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let mode = path.metadata().expect("a mode").permissions().mode() & 0o777;
            if path.is_dir() {
                assert_eq!(mode, 0o700, "{}", path.display());
                folders.push(path);
            } else {
                assert_eq!(mode, 0o600, "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files > 10, "{files} files");
}

/// A reader that stops reading, as `head` does, does not end a run.
#[test]
fn a_closed_stdout_does_not_stop_a_run() {
    let office = office();
    let line = "{ seatsweep run --sandbox --hr hr.csv --users users.csv \
        --as-of 2026-11-20T20:00:00Z --hr-at 2026-11-20T15:00:00Z \
        --users-at 2026-11-20T15:00:00Z; echo ended $? >&2; } | true";
    office.shell(line).says(&["ended 8"]);
    assert_eq!(office.writes().len(), 1);
}
