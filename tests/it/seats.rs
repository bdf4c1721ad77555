//! What `audit` promises besides its numbers, which `nights.rs` holds.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Account, Office, hr_row, leaver, with_colleagues};

const CUMULATIVE: &str = "[hr]\nfile = \"cumulative\"\n";
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
