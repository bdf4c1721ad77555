//! Tenants in time: the files of several nights, and what `audit` says of the
//! seats after each of them.
//!
//! A folder of `tests/nights` is one tenant. It has `why.txt`, `config.toml`
//! (beside what every office has), and a folder for each night, named by its
//! date, with that night's files: `hr.csv`, `users.csv`; where there are any
//! `seats.csv`, `roster.csv`, `bill.csv`, a `said.txt` with what people say of
//! the only request after the run (`requests …`, with ID for its id), and a
//! `config.toml` that takes the other's place from then on. What is expected stands beside them: `pools.csv` (lines of
//! `seats.csv` about pools), `findings.csv` and `requests.csv` (lines of
//! `cancellation-requests.csv`, as the run left them), each with the columns
//! that matter; `says.txt` has lines that the audit prints.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::{Account, Office, Row, hr_row, leaver, with_colleagues};

const CUMULATIVE: &str = "[hr]\nfile = \"cumulative\"\n";

#[test]
fn tenants_in_time_are_followed() {
    let nights = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nights");
    let tenants = folders(&nights);
    assert!(tenants.len() >= 10, "{tenants:?}");
    // Each is a world of its own, and most of its time is spent waiting.
    std::thread::scope(|scope| {
        for tenant in &tenants {
            scope.spawn(|| follow(tenant));
        }
    });
}

fn follow(tenant: &Path) {
    let office = Office::new(CUMULATIVE);
    office.configure(&text_of(&tenant.join("config.toml")));
    for night in folders(tenant) {
        let name = night.display();
        let date = night.file_name().expect("a name").to_string_lossy();
        let mut options = Vec::new();
        for (file, option) in [
            ("hr.csv", ""),
            ("users.csv", ""),
            ("seats.csv", "--licenses"),
            ("roster.csv", "--roster"),
            ("bill.csv", "--bill"),
        ] {
            let Ok(bytes) = fs::read(night.join(file)) else {
                continue;
            };
            office.write(file, bytes);
            if !option.is_empty() {
                options.extend([option, file]);
            }
        }
        if let Ok(config) = fs::read_to_string(night.join("config.toml")) {
            office.configure(&config);
        }
        if office.exists("out/sandbox/sandbox-state.json") {
            office.remake_tenant();
        }
        let for_a_run: Vec<&str> = options
            .chunks(2)
            .filter(|option| !matches!(option[0], "--roster" | "--bill"))
            .flatten()
            .copied()
            .collect();
        let run = office.night(&date, &for_a_run);
        assert!(matches!(run.code, 0 | 8), "{name}: {}", run.stderr);
        say(&office, &date, &night.join("said.txt"));
        let words = [&["audit", "--sandbox"][..], &options[..]].concat();
        let audit = office.on(&date, &words).expect(0);
        assert_eq!(audit.stdout.lines().count(), 1, "{name}: {}", audit.stdout);
        assert!(!audit.stderr.contains('@'), "{name}: {}", audit.stderr);

        let mut pools = office.results_in("out/sandbox/seats.csv");
        pools.retain(|row| row["scope"] == "pool");
        compare(&night.join("pools.csv"), &pools);
        let findings = office.results_in("out/sandbox/findings.csv");
        compare(&night.join("findings.csv"), &findings);
        let requests = office.results_in("out/sandbox/cancellation-requests.csv");
        compare(&night.join("requests.csv"), &requests);
        let printed = format!("{}{}", audit.stdout, audit.stderr);
        let says = fs::read_to_string(night.join("says.txt")).unwrap_or_default();
        for line in says.lines() {
            assert!(printed.contains(line), "{name}: {line}\n{printed}");
        }
    }
}

/// Says of the only request what a file says, if there is one.
fn say(office: &Office, date: &str, said: &Path) {
    let Ok(said) = fs::read_to_string(said) else {
        return;
    };
    let requests = office.results_in("out/sandbox/cancellation-requests.csv");
    assert_eq!(requests.len(), 1, "{requests:?}");
    for line in said.lines() {
        let line = line.replace("ID", &requests[0]["request_id"]);
        let noon = format!("{date}T20:00:00Z");
        let mut words = vec!["requests"];
        words.extend(line.split(' '));
        words.extend(["--sandbox", "--as-of", &noon]);
        office.seatsweep(&words).expect(0);
    }
}

/// Holds the lines of a file to the columns of an expectation, if there is one.
#[track_caller]
fn compare(expected: &Path, rows: &[Row]) {
    let Ok(mut reader) = csv::Reader::from_path(expected) else {
        return;
    };
    let columns = reader.headers().expect("a header").clone();
    let expected_rows: Vec<Vec<String>> = reader
        .records()
        .map(|row| row.expect("a row").iter().map(str::to_owned).collect())
        .collect();
    let found: Vec<Vec<String>> = rows
        .iter()
        .map(|row| columns.iter().map(|column| row[column].clone()).collect())
        .collect();
    assert_eq!(found, expected_rows, "{}: {columns:?}", expected.display());
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).expect("a folder");
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).expect("a text")
}

const AUDIT: [&str; 2] = ["audit", "--sandbox"];

fn small_office() -> Office {
    let office = Office::new(CUMULATIVE);
    office.hr(&[leaver("ann.moss", "2026-11-19")]);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    office
}

#[test]
fn an_audit_changes_nothing_and_says_the_same_again() {
    let office = small_office();
    let first = office.on("2026-11-20", &AUDIT).expect(0);
    assert!(
        !office.exists("out/sandbox/seatsweep-sandbox.db"),
        "no ledger"
    );
    assert!(!office.exists("out/sandbox/plan.json"), "no plan");
    let seats = office.read("out/sandbox/seats.csv");
    let packs = || {
        let packs = ["out/sandbox/audit.xlsx", "out/sandbox/audit.html"];
        packs.map(|name| fs::read(office.path(name)).expect("a pack"))
    };
    let first_packs = packs();
    let again = office.on("2026-11-20", &AUDIT).expect(0);
    assert_eq!(first.stdout, again.stdout);
    assert_eq!(office.read("out/sandbox/seats.csv"), seats);
    assert!(packs() == first_packs, "the same audit, the same bytes");
    let kept = "out/sandbox/audits/audit-20261120T200000Z";
    for name in ["seats.csv", "findings.csv", "audit.xlsx", "audit.html"] {
        let newest = format!("out/sandbox/{name}");
        let bytes = |name: &str| fs::read(office.path(name)).expect("a file");
        assert!(bytes(&format!("{kept}/{name}")) == bytes(&newest), "{name}");
        let mode = fs::metadata(office.path(&newest))
            .expect("a file")
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
    }
    let rows = office.results_in("out/sandbox/seats.csv");
    assert_eq!((&*rows[0]["leaving"], &*rows[0]["in_use"]), ("1", "40"));
    assert_eq!(rows[0]["owned"], "", "nobody said it");
}

#[test]
fn an_audit_needs_no_lock_and_leaves_the_ledger_alone() {
    let office = small_office();
    office.night("2026-11-20", &[]).expect(0);
    let database = "out/sandbox/seatsweep-sandbox.db";
    let ledger = || {
        let parts = ["", "-wal"].map(|end| fs::read(office.path(&format!("{database}{end}"))));
        parts.map(|part| part.expect("a file"))
    };
    let before = ledger();
    let lock = fs::File::open(office.path(&format!("{database}.lock"))).expect("a lock");
    lock.try_lock().expect("nobody holds it");
    office.on("2026-11-21", &AUDIT).expect(0);
    assert!(ledger() == before, "the ledger was written");
}

#[test]
fn a_roster_that_knows_nobody_is_refused() {
    let office = small_office();
    office.write("roster.csv", "Employee ID,Name\nE-1,Ann Moss\n");
    let words = ["audit", "--sandbox", "--roster", "roster.csv"];
    let ended = office.on("2026-11-20", &words).expect(65);
    ended.says(&[
        "knows 0 of the active licensed accounts",
        "does not know 41",
    ]);
    assert!(!office.exists("out/sandbox/seats.csv"));

    let colleagues =
        (1..=40).map(|number| format!("E-{number},colleague.nr{number}@example.com\n"));
    let roster: String = colleagues.collect();
    office.write("roster.csv", format!("Employee ID,Work Email\n{roster}"));
    office.on("2026-11-20", &words).expect(0);
    let findings = office.results_in("out/sandbox/findings.csv");
    assert_eq!(findings.len(), 0, "ann leaves, so she need not be on it");

    office.hr(&[hr_row("somebody.else", "Terminated", "2026-11-19")]);
    office.on("2026-11-20", &words).expect(0);
    let findings = office.results_in("out/sandbox/findings.csv");
    assert_eq!(findings[0]["finding"], "not_in_hr");
    assert_eq!(findings[0]["account"], "ann.moss@example.com");
}

#[test]
fn what_an_audit_cannot_do_is_told_by_its_exit_code() {
    let office = small_office();
    office.seatsweep(&["audit", "--sandbox"]).expect(64);
    office.on("2026-11-20", &["audit", "--confirm"]).expect(64);
    let licenses = ["audit", "--sandbox", "--licenses", "seats.csv"];
    office.write("seats.csv", "License,Country,Owned\nX Series - X2,US,50\n");
    // The day on which the seats were counted is missing.
    office.on("2026-11-20", &licenses).expect(78);
    office.configure(&format!("{CUMULATIVE}[seats]\nas_of = 2026-11-18\n"));
    office.on("2026-11-20", &licenses).expect(0);
    office.write("seats.csv", "License,Status\nX Series - X2,suspended\n");
    let ended = office.on("2026-11-20", &licenses).expect(65);
    ended.says(&["seats.csv line 2, column \"Status\"", "[columns.licenses]"]);
    office
        .on("2026-11-20", &["audit", "--sandbox", "--roster", "no.csv"])
        .expect(66);
}
