//! When leavers lost access, as `audit` tells it after each of several nights.
//!
//! Nights and audits are at noon in Los Angeles. Whoever leaves on the 19th is
//! due at the end of that day, twelve hours before the night of the 20th.

use std::fs;

use serde_json::Value;

use crate::support::{Account, Ended, Office, Row, Sandbox, hr_row, leaver, only, with_colleagues};

const CUMULATIVE: &str = "[hr]\nfile = \"cumulative\"\n";
const BY_HAND: &str = "[hr]\nfile = \"cumulative\"\n[channels]\ndeactivate = \"manual\"\n";
const AUDIT: [&str; 2] = ["audit", "--sandbox"];

/// Ann leaves on the 19th.
fn office(settings: &str) -> Office {
    let office = Office::new(settings);
    office.hr(&[leaver("ann.moss", "2026-11-19")]);
    report(&office, Account::of("ann.moss"));
    office
}

/// The next users report; people in the Admin Console did what it shows.
fn report(office: &Office, ann: Account) {
    office.users(&with_colleagues([ann]));
    if office.exists("out/sandbox/sandbox-state.json") {
        office.remake_tenant();
    }
}

/// The audit's lines of that day. It never names people to the terminal.
#[track_caller]
fn audit(office: &Office, date: &str) -> Vec<Row> {
    let ended = office.on(date, &AUDIT).expect(0);
    assert!(!ended.stderr.contains("example.com"), "{}", ended.stderr);
    office.results_in("out/sandbox/access.csv")
}

#[track_caller]
fn only_line(office: &Office, date: &str) -> Row {
    let mut lines = audit(office, date);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.remove(0)
}

/// State, reason, hours until access ended, and who ended it.
fn told(line: &Row) -> (&str, &str, &str, &str) {
    (
        &line["state"],
        &line["reason"],
        &line["total_hours"],
        &line["ended_by"],
    )
}

#[test]
fn a_removal_in_three_nights_ends_access_on_the_first() {
    let office = office(CUMULATIVE);
    // Before any night there is no ledger, and what is open is told.
    let line = only_line(&office, "2026-11-20");
    assert_eq!(told(&line), ("open", "", "12.00", ""));
    office.night("2026-11-20", &[]).expect(0);
    let verified = only(&office.results(), "deactivate")["verified_at"].clone();
    let line = only_line(&office, "2026-11-20");
    assert_eq!(
        (&*line["state"], &*line["ended_by"]),
        ("in_time", "seatsweep")
    );
    assert_eq!(line["due"], "2026-11-20T08:00:00Z");
    assert_eq!(line["first_listed"], "2026-11-20T20:00:00Z");
    assert_eq!(
        (&*line["notice_hours"], &*line["told_late"]),
        ("12.00", "no")
    );
    assert_eq!(
        (&*line["removed_at"], &*line["removed_after"]),
        (&*verified, "")
    );
    for night in ["2026-11-21", "2026-11-28", "2026-11-29"] {
        report(&office, Account::of("ann.moss").deactivated());
        office.night(night, &[]).expect(0);
        assert_eq!(only_line(&office, night), line, "{night}");
    }
    let ended = office.on("2026-11-29", &AUDIT).expect(0);
    ended.says(&[
        "access of those who left from 2026-07-01 to 2026-11-29",
        "2026 Q4",
        "100.0 %",
    ]);
    let kept = "out/sandbox/audits/audit-20261129T200000Z/access.csv";
    assert_eq!(office.read(kept), office.read("out/sandbox/access.csv"));
}

#[test]
fn a_removal_that_failed_is_overdue_and_then_late_for_that_reason() {
    let office = office("");
    let sandbox = Sandbox::start(&office, &["--fault", "update 1: operation failed"]);
    office.configure_8x8(&sandbox.base_url, "[guards]\nfirst_run = \"act\"\n");
    let run = |date: &str| -> Ended { office.on(date, &["run", "--confirm"]) };
    let line = |date: &str| -> Row {
        office.on(date, &["audit"]).expect(0);
        office.results_in("out/access.csv").remove(0)
    };
    run("2026-11-20").expect(4);
    assert_eq!(told(&line("2026-11-20")).0, "open");
    let overdue = line("2026-11-21");
    assert_eq!(told(&overdue), ("overdue", "operation_failed", "36.00", ""));
    run("2026-11-21").expect(0);
    let late = line("2026-11-21");
    assert_eq!((&*late["state"], &*late["ended_by"]), ("late", "seatsweep"));
    assert_eq!(late["reason"], "operation_failed");
    assert!(late["removal_hours"].starts_with("36.0"), "{late:?}");
    assert_eq!(late["target"], "loopback");
    sandbox.stop(&office);
}

#[test]
fn whoever_came_back_and_left_again_left_twice() {
    let office = office(CUMULATIVE);
    office.night("2026-11-20", &[]).expect(0);
    office.hr(&[hr_row("ann.moss", "Active", "")]);
    report(&office, Account::of("ann.moss"));
    office.night("2026-11-21", &[]).expect(0);
    let line = only_line(&office, "2026-11-21");
    assert_eq!((&*line["state"], &*line["active_again"]), ("in_time", ""));

    office.hr(&[leaver("ann.moss", "2026-11-23")]);
    office.night("2026-11-22", &[]).expect(0);
    office.night("2026-11-24", &[]).expect(0);
    let lines = audit(&office, "2026-11-24");
    let ends: Vec<(&str, &str, bool)> = lines
        .iter()
        .map(|it| {
            let day = &it["removed_at"][..10];
            (&*it["termination_date"], day, it["state"] == "in_time")
        })
        .collect();
    let expected = [
        ("2026-11-19", "2026-11-20", true),
        ("2026-11-23", "2026-11-24", true),
    ];
    assert_eq!(ends, expected);
}

#[test]
fn whoever_has_no_account_is_listed_and_in_no_share() {
    let office = office(CUMULATIVE);
    let rows = [
        leaver("ann.moss", "2026-11-19"),
        leaver("zoe.none", "2026-11-18"),
    ];
    office.hr(&rows);
    office.night("2026-11-20", &[]).expect(0);
    let lines = audit(&office, "2026-11-22");
    let told: Vec<_> = lines.iter().map(told).map(|it| (it.0, it.1)).collect();
    assert_eq!(told, [("unmatched", "no_account"), ("in_time", "")]);
    let ended = office.on("2026-11-22", &AUDIT).expect(0);
    ended.says(&["100.0 %", "unmatched"]);
}

#[test]
fn what_a_person_did_counts_when_it_is_seen() {
    let office = office(BY_HAND);
    office.night("2026-11-20", &[]).expect(8);
    let listed = office.seatsweep(&["tasks", "list", "--sandbox"]).expect(0);
    let id = listed
        .stdout
        .split_whitespace()
        .find(|it| it.starts_with("task-"));
    let id = id.expect(&listed.stdout).trim_matches('│').to_owned();
    let done = ["tasks", "done", &id, "--sandbox"];
    office.seatsweep(&done).expect(0);
    assert_eq!(
        only_line(&office, "2026-11-20")["state"],
        "open",
        "a word is no evidence"
    );
    // The report is made at seven in the morning.
    report(&office, Account::of("ann.moss").deactivated());
    office.night("2026-11-21", &[]).expect(0);
    let line = only_line(&office, "2026-11-21");
    assert_eq!(told(&line), ("late", "handed_over", "31.00", "by_hand"));
    assert_eq!(line["removed_after"], "2026-11-20T15:00:00Z");
    assert_eq!(line["removed_at"], "2026-11-21T15:00:00Z");
    assert!(!line["said_done"].is_empty());
    for night in ["2026-11-22", "2026-11-28"] {
        office.night(night, &[]).expect(0);
        assert_eq!(only_line(&office, night), line, "{night}");
    }
}

#[test]
fn whoever_others_deactivated_is_seen_afterwards() {
    let office = office(CUMULATIVE);
    office.hr(&[leaver("ann.moss", "2026-11-24")]);
    office.night("2026-11-20", &[]).expect(0);
    report(&office, Account::of("ann.moss").deactivated());
    office.night("2026-11-22", &[]).expect(0);
    assert!(audit(&office, "2026-11-22").is_empty(), "nothing is due");
    office.night("2026-11-25", &[]).expect(0);
    let line = only_line(&office, "2026-11-25");
    assert_eq!(told(&line), ("in_time", "", "-65.00", "seen"));
    assert_eq!(line["removed_after"], "2026-11-20T15:00:00Z");
}

#[test]
fn hr_is_late_only_if_a_night_looked_in_vain() {
    let listed_on_the_24th = |first_night: &str| -> Row {
        let office = office(CUMULATIVE);
        office.hr(&[leaver("zoe.none", "2026-11-18")]);
        office.night(first_night, &[]).expect(0);
        let rows = [
            leaver("ann.moss", "2026-11-19"),
            leaver("zoe.none", "2026-11-18"),
        ];
        office.hr(&rows);
        office.night("2026-11-24", &[]).expect(0);
        audit(&office, "2026-11-24").remove(1)
    };
    let late = listed_on_the_24th("2026-11-21");
    assert_eq!(
        (&*late["reason"], &*late["told_late"]),
        ("hr_told_late", "yes")
    );
    assert_eq!(late["notice_hours"], "108.00");
    assert!(late["removal_hours"].starts_with("0.0"), "{late:?}");
    assert_eq!(late["not_listed"], "2026-11-21T20:00:00Z");
    let missed = listed_on_the_24th("2026-11-19");
    assert_eq!(
        (&*missed["reason"], &*missed["told_late"]),
        ("no_run", "no")
    );
    assert!(missed["removal_hours"].starts_with("108."), "{missed:?}");
}

#[test]
fn access_that_an_undo_gave_back_is_told_apart() {
    let office = office(CUMULATIVE);
    office.night("2026-11-20", &[]).expect(0);
    let summary: Value =
        serde_json::from_str(&office.read("out/sandbox/summary.json")).expect("JSON");
    let run_id = summary["run_id"].as_str().expect("a run");
    let as_of = ["--as-of", "2026-11-20T21:00:00Z"];
    let undo = [&["undo", run_id, "--sandbox"][..], &as_of].concat();
    let advised = office.seatsweep(&undo).expect(0).advised();
    office.shell(&advised).expect(0);
    report(&office, Account::of("ann.moss"));
    let line = only_line(&office, "2026-11-21");
    assert_eq!(line["state"], "given_back");
}

#[test]
fn the_period_can_be_chosen() {
    let office = office(CUMULATIVE);
    let rows = [
        leaver("ann.moss", "2026-11-19"),
        leaver("zoe.none", "2026-06-30"),
    ];
    office.hr(&rows);
    let people = |more: &[&str]| -> Vec<String> {
        let words = [&AUDIT[..], more].concat();
        office.on("2026-11-20", &words).expect(0);
        let lines = office.results_in("out/sandbox/access.csv").into_iter();
        lines.map(|line| line["person"].clone()).collect()
    };
    assert_eq!(people(&[]), ["ann moss"]);
    assert_eq!(people(&["--since", "2026-06-30"]), ["zoe none", "ann moss"]);
    assert_eq!(people(&["--until", "2026-06-30"]), ["zoe none"]);
    assert_eq!(people(&["--since", "2026-11-20"]), [""; 0]);
    let header = office.read("out/sandbox/access.csv");
    assert!(header.starts_with("quarter,person,"), "{header}");
    fs::remove_file(office.path("out/sandbox/access.csv")).expect("a file");
    for (more, code) in [
        (["--since", "2026-12-01"], 64),
        (["--until", "2026-02-30"], 64),
    ] {
        let words = [&AUDIT[..], &more].concat();
        office.on("2026-11-20", &words).expect(code);
        assert!(!office.exists("out/sandbox/access.csv"));
    }
}
