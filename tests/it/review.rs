//! The review sheet: a spreadsheet can veto, it cannot alter.

use std::collections::BTreeMap;
use std::fs;

use crate::support::{Account, Office, Row, Sandbox, actions, leaver, only, with_colleagues};

const CUMULATIVE: &str = "[hr]\nfile = \"cumulative\"\n";
const NAMES: [&str; 3] = ["ann.moss", "ben.hill", "cat.lane"];
const SHEET: &str = "out/sandbox/plan.csv";
const PLAN: &str = "out/sandbox/plan.json";

/// Three people leave; the plan and its sheet are there.
fn office(settings: &str) -> Office {
    let office = Office::new(&format!("{CUMULATIVE}{settings}"));
    office.hr(&NAMES.map(|name| leaver(name, "2026-11-18")));
    office.users(&with_colleagues(NAMES.map(Account::of)));
    office.on("2026-11-20", &["plan", "--sandbox"]).expect(0);
    office
}

/// Copies the sheet as an editor would save it. `edit` changes a line, or drops
/// it by answering `false`.
fn edited(office: &Office, mut edit: impl FnMut(&mut Row) -> bool) {
    let header = office
        .read(SHEET)
        .lines()
        .next()
        .expect("a header")
        .to_owned();
    let columns: Vec<&str> = header.split(',').collect();
    let mut sheet = csv::Writer::from_writer(Vec::new());
    sheet.write_record(&columns).expect("a header");
    for mut row in office.results_in(SHEET) {
        if edit(&mut row) {
            let cells = columns.iter().map(|column| &row[*column]);
            sheet.write_record(cells).expect("a line");
        }
    }
    office.write("reviewed.csv", sheet.into_inner().expect("a sheet"));
}

fn is_deactivation_of(row: &Row, name: &str) -> bool {
    row["action"] == "deactivate" && row["username"] == format!("{name}@example.com")
}

fn outcomes(rows: &[Row]) -> BTreeMap<&str, (&str, &str)> {
    let rows = actions(rows, "deactivate").into_iter();
    rows.map(|row| (&*row["person"], (&*row["outcome"], &*row["reason"])))
        .collect()
}

fn outcomes_of(rows: &[Row]) -> BTreeMap<String, String> {
    let rows = actions(rows, "deactivate").into_iter();
    rows.map(|row| (row["person"].clone(), row["outcome"].clone()))
        .collect()
}

#[test]
fn a_sheet_can_veto_and_a_hold_lasts() {
    let office = office("");
    edited(&office, |row| {
        if is_deactivation_of(row, "ann.moss") {
            row.insert("decision".into(), "Hold".into());
        } else if is_deactivation_of(row, "ben.hill") {
            row.insert("decision".into(), "skip".into());
        }
        true
    });
    let words = ["apply", PLAN, "--sandbox", "--review", "reviewed.csv"];
    let applied = office.seatsweep(&words).expect(0);
    let (_, advised) = applied.stderr.split_once("tasks done ").expect("advice");
    let advised = advised.lines().next().expect("an id").to_owned();
    assert!(advised.starts_with("hold-"), "{advised}");
    let rows = office.results();
    let expected = [
        ("ann moss", ("held", "review_hold")),
        ("ben hill", ("skipped", "review_skip")),
        ("cat lane", ("succeeded", "deactivation_due")),
    ];
    assert_eq!(outcomes(&rows), expected.into());

    // The next nights honour the hold; what was skipped is planned anew.
    let [ann, ben, cat] = NAMES.map(Account::of);
    office.users(&with_colleagues([
        ann.clone(),
        ben,
        cat.clone().deactivated(),
    ]));
    office.night("2026-11-21", &[]).expect(0);
    let rows = office.results();
    assert_eq!(only(&rows, "deactivate")["person"], "ben hill");
    let held = rows.iter().find(|row| row["person"] == "ann moss");
    let held = held.expect("a row");
    assert_eq!(
        (&*held["disposition"], &*held["reason"]),
        ("held", "on_hold")
    );
    assert!(
        held["detail"].contains("held in the review of plan"),
        "{held:?}"
    );

    // Until somebody ends it.
    let tasks = |words: &[&str]| office.seatsweep(&[&["tasks"], words, &["--sandbox"]].concat());
    let listed = tasks(&["list"]).expect(0).stdout;
    let line = listed.lines().find(|line| line.contains(&advised));
    let line = line.expect(&listed);
    for words in ["ann.moss@example.com", "review of plan", "since 2026-11-20"] {
        assert!(line.contains(words), "{line}");
    }
    tasks(&["hold", &advised]).expect(64).says(&["tasks done"]);
    let ended = tasks(&["done", &advised]).expect(0).stdout;
    assert!(ended.contains("not on hold any more"), "{ended}");
    assert!(!tasks(&["list"]).expect(0).stdout.contains(&advised));
    tasks(&["done", &advised]).expect(64).says(&["tasks list"]);
    let [ann, ben, cat] = NAMES.map(Account::of);
    office.users(&with_colleagues([
        ann,
        ben.deactivated(),
        cat.deactivated(),
    ]));
    office.night("2026-11-22", &[]).expect(0);
    assert_eq!(only(&office.results(), "deactivate")["person"], "ann moss");
}

#[test]
fn a_missing_line_is_held_also_when_the_plan_is_resumed_without_the_sheet() {
    let office = office("");
    edited(&office, |row| !is_deactivation_of(row, "ann.moss"));
    let apply = ["apply", PLAN, "--sandbox"];
    let with_sheet = [&apply[..], &["--review", "reviewed.csv"]].concat();
    office.seatsweep(&with_sheet).expect(0);
    assert_eq!(office.writes().len(), 2);
    for _ in 0..2 {
        let resumed = office.seatsweep(&apply).expect(0);
        let says = "2 deactivated (2 before)";
        assert!(resumed.stdout.contains(says), "{}", resumed.stdout);
        assert!(office.writes().is_empty());
        let rows = office.results();
        assert_eq!(outcomes(&rows)["ann moss"], ("held", "review_hold"));
        assert_eq!(outcomes(&rows)["ben hill"].0, "succeeded");
    }
}

#[test]
fn with_approval_always_a_blank_line_is_not_carried_out() {
    let office = office("[policy]\napproval = \"always\"\n");
    let stopped = office.seatsweep(&["apply", PLAN, "--sandbox"]).expect(6);
    let stopped = stopped.says(&["nothing was changed", "approval = \"always\""]);
    edited(&office, |row| {
        if is_deactivation_of(row, "ann.moss") {
            row.insert("decision".into(), "approve".into());
        }
        true
    });
    let words = ["apply", PLAN, "--sandbox", "--review", "reviewed.csv"];
    office.seatsweep(&words).expect(0);
    assert_eq!(
        outcomes(&office.results())["ben hill"],
        ("held", "not_approved")
    );
    office.seatsweep(&words[..3]).expect(0);
    assert!(office.writes().is_empty(), "blank lines stay held");
    // The approval of the plan covers them.
    office.shell(&stopped.advised()).expect(0);
    assert_eq!(office.writes().len(), 2);
    assert_eq!(outcomes(&office.results())["ben hill"].0, "succeeded");
}

#[test]
fn a_sheet_cannot_alter() {
    let office = office("");
    edited(&office, |row| {
        for column in ["username", "user_id", "action", "person", "license", "due"] {
            row.insert(column.into(), "colleague.nr1@example.com".into());
        }
        true
    });
    let words = ["apply", PLAN, "--sandbox", "--review", "reviewed.csv"];
    office.seatsweep(&words).expect(0);
    let expected = NAMES.map(|name| (format!("{name}@example.com"), 1));
    assert_eq!(office.writes(), expected.into());
}

/// What Excel and `LibreOffice` make of a sheet: other delimiters, encodings and
/// line ends, quotes or none, moved and added columns, cells that look like
/// numbers damaged.
#[test]
fn a_sheet_that_a_spreadsheet_saved_only_vetoes() {
    let office = office("");
    let ids = |action: &str, name: &str| {
        let rows = office.results_in(SHEET);
        let row = rows.iter().find(|row| {
            row["action"] == action && row["username"] == format!("{name}@example.com")
        });
        row.expect(name)["action_id"].clone()
    };
    let [ann, ben, cat] = NAMES.map(|name| ids("deactivate", name));
    let cells = [
        [
            "Person",
            "Action_ID",
            "Note",
            "DECISION",
            "user_id",
            "source_row",
        ],
        ["M\u{fc}ller", &ann, "1.2E+15", " HOLD ", "7", "1"],
        [
            "'=Ben",
            &format!("'{ben}"),
            "03.04.2026",
            "'Skip",
            "'+15550100",
            "",
        ],
        ["Cat", &cat, "#NAME?", "\u{a0}", "0007", "3,0"],
    ];
    let saved = |delimiter: &str, quote: &str, line_end: &str| {
        let lines = cells.iter().map(|cells| {
            let cells = cells.map(|cell| format!("{quote}{cell}{quote}"));
            cells.join(delimiter) + line_end
        });
        let empty = format!("{}{line_end}", delimiter.repeat(5));
        lines
            .chain([empty, line_end.to_owned()])
            .collect::<String>()
    };
    let utf16 = |text: String| {
        let units = format!("\u{feff}{text}");
        units.encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    // Every character of the sheet is one byte of Windows-1252.
    let windows = |text: String| text.chars().map(|c| c as u8).collect();
    let forms: [(&str, Vec<u8>); 6] = [
        ("comma", saved(",", "\"", "\r\n").into()),
        (
            "mark and semicolons",
            format!("\u{feff}{}", saved(";", "", "\r\n")).into(),
        ),
        ("tabs and CR", saved("\t", "", "\r").into()),
        ("quoted pipes", saved("|", "\"", "\n").into()),
        ("Unicode Text", utf16(saved("\t", "", "\r\n"))),
        ("Windows-1252", windows(saved(";", "", "\r\n"))),
    ];
    let words = ["apply", PLAN, "--sandbox", "--review", "reviewed.csv"];
    for (form, sheet) in forms {
        office.write("reviewed.csv", sheet);
        let ended = office.seatsweep(&words).expect(0);
        let outcomes = outcomes_of(&office.results());
        assert_eq!(outcomes["ann moss"], "held", "{form}");
        assert_eq!(outcomes["ben hill"], "skipped", "{form}");
        assert_eq!(outcomes["cat lane"], "succeeded", "{form}");
        ended.says(&["actions without a line in the review sheet, held:"]);
        for state in ["sandbox-state.json", "seatsweep-sandbox.db"] {
            fs::remove_file(office.path(&format!("out/sandbox/{state}"))).expect(state);
        }
    }
}

#[test]
fn an_id_that_the_spreadsheet_damaged_is_told_and_held() {
    let office = office("");
    edited(&office, |row| {
        if is_deactivation_of(row, "ann.moss") {
            row.insert("action_id".into(), "deactivate-1.2E+15".into());
        }
        true
    });
    let words = ["apply", PLAN, "--sandbox", "--review", "reviewed.csv"];
    let told = "\"deactivate-1.2E+15\" names no action of this plan";
    office.seatsweep(&words).expect(0).says(&[told]);
    assert_eq!(outcomes_of(&office.results())["ann moss"], "held");
}

#[test]
fn a_sheet_that_cannot_be_right_stops_everything() {
    let cases = [
        (
            "decision,action_id\nmaybe,ID\n",
            "line 2: \"maybe\" is no decision; write approve",
        ),
        (
            "decision,action_id\nhold,deactivate-1\n",
            "is it the sheet of another plan?",
        ),
        (
            "decision,action\nhold,deactivate\n",
            "no column says which action a line is about (`action_id`); columns seen: \"decision\"",
        ),
    ];
    let office = office("");
    let id = office.results_in(SHEET)[0]["action_id"].clone();
    let words = ["apply", PLAN, "--sandbox", "--review", "reviewed.csv"];
    for (sheet, message) in cases {
        office.write("reviewed.csv", sheet.replace("ID", &id));
        office.seatsweep(&words).expect(65).says(&[message]);
    }
    office.write("reviewed.csv", "");
    office.seatsweep(&words).expect(65);
    fs::remove_file(office.path("reviewed.csv")).expect("removed");
    office.seatsweep(&words).expect(66).says(&["reviewed.csv"]);
    assert!(!office.exists("out/sandbox/results.csv"));
}

/// A killed run is resumed without the sheet.
#[test]
fn a_veto_outlasts_a_kill() {
    let act = "[guards]\nfirst_run = \"act\"\n";
    let office = office("");
    let sandbox = Sandbox::start(&office, &["--hold", "2:before"]);
    office.configure_8x8(&sandbox.base_url, act);
    office.on("2026-11-20", &["plan"]).expect(0);
    fs::copy(office.path("out/plan.csv"), office.path(SHEET)).expect("a copy");
    edited(&office, |row| !is_deactivation_of(row, "ann.moss"));
    let apply = ["apply", "out/plan.json", "--confirm"];
    let with_sheet = [&apply[..], &["--review", "reviewed.csv"]].concat();
    let running = office.start(&with_sheet);
    sandbox.wait_until_held();
    drop(running);
    drop(sandbox);

    let sandbox = Sandbox::start(&office, &[]);
    office.configure_8x8(&sandbox.base_url, act);
    office.seatsweep(&apply).expect(0);
    let rows = office.results_in("out/results.csv");
    assert_eq!(outcomes(&rows)["ann moss"], ("held", "review_hold"));
    let written = &sandbox.stop(&office)["accounts_written"];
    assert!(written["ann.moss@example.com"].is_null(), "{written}");
    assert_eq!(written["ben.hill@example.com"], 1);
}
