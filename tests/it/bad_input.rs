//! Bad rows are results; bad files and settings stop everything before anything
//! is changed, and say what to do.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use crate::support::{Account, Ended, Office, hr_row, leaver, only, with_colleagues};

const NIGHT: &str = "2026-11-20";
/// A ledger of a test need not be afraid of its first night.
const ACT: &str = "[guards]\nfirst_run = \"act\"\n";
const CUMULATIVE: &str = "[hr]\nfile = \"cumulative\"\n";
/// Ann leaves, and everything about her is well.
fn office() -> Office {
    let office = Office::new(CUMULATIVE);
    office.hr(&[leaver("ann.moss", "2026-11-18")]);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    office
}

/// Fails unless the night was refused with `code` and `words`, and left nothing.
#[track_caller]
fn refused(office: &Office, code: i32, words: &[&str]) {
    nothing_was_done(office, office.night(NIGHT, &[]), code, words);
}

#[track_caller]
fn nothing_was_done(office: &Office, ended: Ended, code: i32, words: &[&str]) {
    let ended = ended.expect(code).says(words);
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.starts_with("seatsweep: "), "{}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    for name in [
        "out/sandbox/plan.json",
        "out/sandbox/results.csv",
        "out/plan.json",
    ] {
        assert!(!office.exists(name), "{name} was written");
    }
    if office.exists("out/sandbox/sandbox-log.json") {
        assert_eq!(office.sandbox_log()["requests"], 0);
    }
}

#[test]
fn a_bad_hr_row_is_a_result_and_the_others_go_on() {
    let cases = [
        ("E-9,short", "cells", ""),
        (
            &*leaver("bad.date", "2026-02-30"),
            "2026-02-30",
            "Termination date",
        ),
    ];
    for (row, value, column) in cases {
        let office = office();
        office.hr(&[row.to_owned(), leaver("ann.moss", "2026-11-18")]);
        office.night(NIGHT, &[]).expect(8);
        let rows = office.results();
        let invalid: Vec<_> = rows
            .iter()
            .filter(|row| row["disposition"] == "invalid")
            .collect();
        let [invalid] = invalid[..] else {
            panic!("{rows:#?}")
        };
        assert_eq!(
            (&*invalid["source_file"], &*invalid["source_row"]),
            ("hr.csv", "2")
        );
        for word in ["hr.csv line 2", column, value, "; "] {
            assert!(
                invalid["detail"].contains(word),
                "{word}: {}",
                invalid["detail"]
            );
        }
        assert_eq!(only(&rows, "deactivate")["outcome"], "succeeded");
    }
}

/// A cell that lost characters: the account's seats are not known, so neither
/// are they counted nor is its leaver acted on.
#[test]
fn a_licence_cell_that_cannot_be_read_is_a_result() {
    let office = office();
    office.hr(&[
        leaver("ann.moss", "2026-11-18"),
        leaver("bad.cell", "2026-11-18"),
    ]);
    let bad = Account::of("bad.cell").holding(&["X Seri\u{fffd}s - X2"]);
    office.users(&with_colleagues([Account::of("ann.moss"), bad]));
    office.night(NIGHT, &[]).expect(8);
    let rows = office.results();
    assert_eq!(only(&rows, "deactivate")["person"], "ann moss");
    let invalid: Vec<_> = rows
        .iter()
        .filter(|row| row["disposition"] == "invalid")
        .collect();
    let [leaver, account] = invalid[..] else {
        panic!("{rows:#?}")
    };
    assert_eq!((&*leaver["origin"], &*leaver["source_row"]), ("hr", "3"));
    assert_eq!((&*account["origin"], &*account["source_row"]), ("pool", ""));
    let place = "users.csv line 3, column \"Licenses\", value \"X Seri\u{fffd}s - X2\": ";
    for row in [leaver, account] {
        let detail = &row["detail"];
        assert!(detail.starts_with(place), "{detail}");
        assert!(detail.contains("look the account up"), "{detail}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let office = office();
    fs::remove_file(office.path("hr.csv")).expect("removed");
    refused(&office, 66, &["hr.csv", "check the path"]);
}

#[test]
fn hr_files_that_are_no_hr_files_are_refused() {
    let header = "Employee ID,Work email,Status,Termination date\n";
    let cases: [(Vec<u8>, &[&str]); 9] = [
        (Vec::new(), &["hr.csv", "0 bytes", "export it again"]),
        (
            b"1,2,3\n4,5,6\n".to_vec(),
            &["no header row", "columns seen"],
        ),
        (
            b"Employee ID,Work email,Terminaton dat\nE1,a@example.com,2026-11-18\n".to_vec(),
            &[
                "status or termination date",
                "columns seen: \"Employee ID\", \"Work email\", \"Terminaton dat\"",
                "nearest: \"Terminaton dat\"",
                "[columns.hr], e.g. termination_date = \"Terminaton dat\"",
            ],
        ),
        (
            format!("{header}E1,\"a@example.com,Terminated,2026-11-18\n").into_bytes(),
            &["line 2", "quote", "never closed", "export it again"],
        ),
        (
            format!("{header}E1,a@example.com,Term\0inated,2026-11-18\n").into_bytes(),
            &["line 2", "NUL", "export it again"],
        ),
        (
            b"PK\x03\x04 and so on".to_vec(),
            &["no workbook", "CSV UTF-8"],
        ),
        (
            b"\xFF\xFEE\0m\0p\0l\0o\0y\0e\0e\0 \0I\0D".to_vec(),
            &["half a character", "export it again"],
        ),
        (
            format!("{header}E1,a@example.com,Terminated,04/05/2026\n").into_bytes(),
            &["Termination date", "04/05/2026", "hr_dates"],
        ),
        (
            format!("{header}E1,a@example.com,Gone fishing,2026-11-18\n").into_bytes(),
            &["Status", "gone fishing", "line 2", "hr_status"],
        ),
    ];
    for (content, words) in cases {
        let office = office();
        office.write("hr.csv", content);
        refused(&office, 65, words);
    }
}

#[test]
fn a_users_report_without_licences_is_refused() {
    let office = office();
    office.write(
        "users.csv",
        "Username,Status,Licence typ\na@example.com,Active,x\n",
    );
    refused(
        &office,
        65,
        &[
            "users.csv",
            "its licenses",
            "Licence typ",
            "[columns.users]",
        ],
    );
}

#[test]
fn an_unknown_key_names_its_line_and_the_nearest_one() {
    let office = office();
    office.configure("[polcy]\n[guards]\nrun_flor = 3\n");
    refused(
        &office,
        78,
        &[
            "seatsweep.toml line",
            "[polcy]",
            "[policy]",
            "run_flor",
            "run_floor",
        ],
    );
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let office = office();
    office.write("key", "example-key");
    let mode = fs::Permissions::from_mode(0o644);
    fs::set_permissions(office.path("key"), mode).expect("a mode");
    office.configure_8x8("http://127.0.0.1:9/x", "api_key_file = \"key\"\n");
    let ended = office.on(NIGHT, &["run", "--confirm"]);
    assert!(!ended.stderr.contains("example-key"));
    nothing_was_done(&office, ended, 78, &["key", "others can read", "chmod 600"]);
}

#[test]
fn a_base_url_in_the_clear_is_refused() {
    let office = office();
    office.configure_8x8("http://api.example.com", "");
    let ended = office.on(NIGHT, &["run", "--confirm"]);
    nothing_was_done(
        &office,
        ended,
        78,
        &["base_url", "only https", "api.example.com"],
    );
}

/// Plain text where TLS is expected: nothing is sent, and nothing changes.
#[test]
fn a_server_that_cannot_be_verified_gets_nothing() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = server.local_addr().expect("an address");
    let heard = thread::spawn(move || {
        let (mut stream, _) = server.accept().expect("a client");
        let mut bytes = [0; 512];
        let count = stream.read(&mut bytes).expect("a greeting");
        bytes[..count].to_vec()
    });
    let office = office();
    office.configure_8x8(&format!("https://{address}/x"), ACT);
    let ended = office.on(NIGHT, &["run", "--confirm"]).expect(69);
    ended.says(&["could not be reached", "base_url", "seatsweep apply"]);
    let heard = String::from_utf8_lossy(&heard.join().expect("what was heard")).into_owned();
    assert!(!heard.contains("example-key"));
    let rows = office.results_in("out/results.csv");
    assert_eq!(only(&rows, "deactivate")["outcome"], "deferred");
}

#[test]
fn an_output_folder_that_cannot_be_written_is_found_first() {
    let office = office();
    office.write("taken", "a file");
    let ended = office.night(NIGHT, &["--out-dir", "taken/out"]);
    nothing_was_done(&office, ended, 73, &["taken/out", "choose another place"]);
}

/// Whoever writes into a cell cannot make a spreadsheet run it.
#[test]
fn formulas_in_names_are_disarmed() {
    let office = office();
    office.hr(&[
        leaver("=cmd.moss", "2026-11-18"),
        hr_row("ann.moss", "Active", ""),
    ]);
    office.night(NIGHT, &[]).expect(0);
    let rows = office.results();
    assert!(
        rows.iter().any(|row| row["person"] == "'=cmd moss"),
        "{rows:#?}"
    );
}
