//! What happens between a plan and its execution: people decide, HR changes
//! its mind, time goes by.

use crate::support::{
    Account, Ended, Office, Row, actions, colleagues, hr_row, leaver, only, with_colleagues,
};

const CUMULATIVE: &str = "[hr]\nfile = \"cumulative\"\n";
const NIGHT: &str = "2026-11-20";
const PLAN: &str = "out/sandbox/plan.json";
const SHEET: &str = "out/sandbox/plan.csv";
const TASKS: &str = "out/sandbox/manual-tasks.csv";
const REVIEWED: &str = "reviewed.csv";
const STATE: &str = "out/sandbox/sandbox-state.json";

/// These people leave on November 18th.
fn office(names: &[&str]) -> Office {
    let office = Office::new(CUMULATIVE);
    let rows: Vec<String> = names
        .iter()
        .map(|name| leaver(name, "2026-11-18"))
        .collect();
    office.hr(&rows);
    office.users(&with_colleagues(names.iter().map(|name| Account::of(name))));
    office
}

/// Applies a plan as it lies in the office.
fn apply(office: &Office, plan: &str, more: &[&str]) -> Ended {
    office.seatsweep(&[&["apply", plan, "--sandbox"], more].concat())
}

/// Copies the review sheet with `decide`'s decisions, as a spreadsheet program
/// with this delimiter would save it.
fn review(office: &Office, delimiter: u8, decide: impl Fn(&Row) -> &'static str) {
    let mut sheet = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .from_writer(Vec::new());
    sheet
        .write_record(["decision", "action_id", "person"])
        .expect("a header");
    for row in office.results_in(SHEET) {
        sheet
            .write_record([decide(&row), &row["action_id"], &row["person"]])
            .expect("a line");
    }
    office.write(REVIEWED, sheet.into_inner().expect("a sheet"));
}

/// The disposition of a person, and why.
fn disposition<'r>(rows: &'r [Row], person: &str) -> (&'r str, &'r str) {
    let row = rows.iter().find(|row| row["person"] == person);
    let row = row.expect(person);
    (&row["disposition"], &row["reason"])
}

/// Fails unless the plan is refused with these words, and nothing is changed.
#[track_caller]
fn refused(office: &Office, plan: &str, more: &[&str], words: &[&str]) {
    let tenant = office.read(STATE);
    let results = office.read("out/sandbox/results.csv");
    let writes = office.writes();
    apply(office, plan, more).expect(6).says(words);
    assert_eq!(office.read(STATE), tenant);
    assert_eq!(office.read("out/sandbox/results.csv"), results);
    assert_eq!(office.writes(), writes);
}

/// A reviewer leaves an old leaver out, and approves the plan.
#[test]
fn an_approval_covers_only_what_was_carried_out() {
    let office = Office::new(CUMULATIVE);
    office.hr(&[
        leaver("ann.moss", "2026-06-01"),
        leaver("ben.hill", "2026-06-01"),
    ]);
    let (ann, ben) = (Account::of("ann.moss"), Account::of("ben.hill"));
    office.users(&with_colleagues([ann.clone(), ben.clone()]));
    office.on(NIGHT, &["plan", "--sandbox"]).expect(0);
    review(&office, b',', |row| {
        match (&*row["action"], &*row["person"]) {
            ("deactivate", "ann moss") => "skip",
            _ => "",
        }
    });
    let plan: serde_json::Value = serde_json::from_str(&office.read(PLAN)).expect("JSON");
    let id = plan["plan_id"].as_str().expect("an id");
    // Her access is still open, and somebody has to know that.
    apply(&office, PLAN, &["--approve", id, "--review", REVIEWED]).expect(8);
    let rows = office.results();
    let outcome = |person: &str| {
        let mut rows = actions(&rows, "deactivate").into_iter();
        let row = rows.find(|row| row["person"] == person).expect(person);
        (row["outcome"].clone(), row["reason"].clone())
    };
    assert_eq!(outcome("ann moss").1, "review_skip");
    assert_eq!(outcome("ben hill").0, "succeeded");

    office.users(&with_colleagues([ann, ben.deactivated()]));
    office.night("2026-11-21", &[]).expect(8);
    let rows = office.results();
    assert_eq!(disposition(&rows, "ann moss"), ("held", "not_approved"));
    assert!(office.writes().is_empty());
}

/// A plan is made at midnight; by noon HR shows her as employed.
fn overtaken_at_noon(office: &Office) {
    office.hr(&[leaver("ann.moss", "2026-11-19")]);
    let words = ["plan", "--sandbox", "--hr", "hr.csv", "--users"];
    let more = ["users.csv", "--as-of", "2026-11-20", "--out", "old.json"];
    office.seatsweep(&[words, more].concat()).expect(0);
    only(&office.results_in(SHEET), "deactivate");
    office.hr(&[hr_row("ann.moss", "Active", "")]);
    office.night(NIGHT, &[]).expect(0);
    let later = ["--as-of", "2026-11-20T22:00:00Z"];
    refused(office, "old.json", &later, &["taken back a termination"]);
}

#[test]
fn a_plan_is_overtaken_by_a_return() {
    let office = Office::new(CUMULATIVE);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    // The ledger has known the termination since the day before.
    office.hr(&[leaver("ann.moss", "2026-11-19")]);
    office.night("2026-11-19", &[]).expect(0);
    assert_eq!(office.results()[0]["disposition"], "not_due");
    overtaken_at_noon(&office);
}

#[test]
fn a_plan_is_overtaken_by_a_return_of_somebody_the_ledger_never_saw() {
    let office = Office::new(CUMULATIVE);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    overtaken_at_noon(&office);
}

/// The plan was never accepted, and the file of the next day holds only news.
#[test]
fn a_plan_is_overtaken_by_news_of_somebody_the_ledger_never_saw() {
    let news_of = |row: &str, code: i32| {
        let office = Office::new("[hr]\nfile = \"incremental\"\n");
        office.users(&with_colleagues([Account::of("ann.moss")]));
        office.hr(&[leaver("ann.moss", "2026-11-19")]);
        let plan = ["plan", "--sandbox", "--out", "old.json"];
        office.on(NIGHT, &plan).expect(0);
        office.hr(&[row.to_owned()]);
        office.night(NIGHT, &[]).expect(code);
        assert!(office.writes().is_empty());
        office
    };
    let later = ["--as-of", "2026-11-20T22:00:00Z"];
    let unreadable = hr_row("ann.moss", "Terminated", "2026-11-31");
    for (row, code) in [(hr_row("ann.moss", "Active", ""), 0), (unreadable, 8)] {
        let office = news_of(&row, code);
        let words = [
            "does not confirm that somebody of this plan leaves",
            "--hr can",
        ];
        refused(&office, "old.json", &later, &words);
    }
    // News of somebody else are none of hers.
    let office = news_of(&hr_row("ben.hill", "Active", ""), 0);
    apply(&office, "old.json", &later).expect(0);
    assert_eq!(office.writes().len(), 1);
}

/// The hold is written for the owner of a task of an earlier night.
#[test]
fn a_plan_is_overtaken_by_a_hold() {
    let office = office(&["ann.moss"]);
    office.night(NIGHT, &[]).expect(0);
    let task = office.results_in(TASKS)[0]["task_id"].clone();
    office.users(&with_colleagues([Account::of("ann.moss").deactivated()]));
    let plan = ["plan", "--sandbox", "--out", "old.json"];
    office.on("2026-11-28", &plan).expect(0);
    only(&office.results_in(SHEET), "remove_license");
    let hold = ["tasks", "hold", &task, "--sandbox"];
    office.seatsweep(&hold).expect(0);
    refused(&office, "old.json", &[], &["put on hold since"]);
}

/// Accepted, and stopped before its first write: nothing stands behind it yet.
#[test]
fn a_plan_that_never_began_is_asked_everything_again() {
    let office = office(&["ann.moss"]);
    office.night(NIGHT, &["--deadline", "0s"]).expect(7);
    assert!(office.writes().is_empty());
    assert_eq!(only(&office.results(), "deactivate")["outcome"], "deferred");
    let too_late = ["--as-of", "2026-11-24T20:00:00Z"];
    refused(
        &office,
        PLAN,
        &too_late,
        &["96 hours old", "72 are allowed"],
    );
    apply(&office, PLAN, &["--as-of", "2026-11-21T20:00:00Z"]).expect(0);
    assert_eq!(office.writes().len(), 1);
}

/// Two clocks may differ by minutes, not by an hour.
#[test]
fn a_plan_of_the_future_is_not_applied() {
    let office = office(&["ann.moss"]);
    office.on(NIGHT, &["plan", "--sandbox"]).expect(0);
    apply(&office, PLAN, &["--as-of", "2026-11-20T19:00:00Z"])
        .expect(6)
        .says(&["the plan is for 2026-11-20T20:00:00Z", "not come yet"]);
    assert!(!office.exists("out/sandbox/results.csv"));
    assert!(!office.exists(STATE));
    apply(&office, PLAN, &["--as-of", "2026-11-20T19:58:00Z"]).expect(0);
    assert_eq!(office.writes().len(), 1);
}

/// Nobody clears up after somebody who may be staying.
#[test]
fn a_hold_on_a_deactivation_holds_the_tasks_of_that_person() {
    let office = office(&["ann.moss", "ben.hill"]);
    office.on(NIGHT, &["plan", "--sandbox"]).expect(0);
    review(&office, b',', |row| {
        match (&*row["action"], &*row["person"]) {
            ("deactivate", "ann moss") => "hold",
            _ => "",
        }
    });
    apply(&office, PLAN, &["--review", REVIEWED]).expect(0);
    let rows = office.results();
    let of = |person: &str| -> Vec<&str> {
        let tasks = rows.iter().filter(|row| row["action"] == "manual_task");
        let own = tasks.filter(|row| row["person"] == person);
        own.map(|row| &*row["outcome"]).collect()
    };
    assert_eq!(of("ann moss"), ["held"]);
    assert_eq!(of("ben hill"), ["manual"]);
    let listed = office.results_in(TASKS);
    // A task has a line for each of its steps.
    let first_steps = listed.iter().filter(|row| row["step"] == "1");
    let listed: Vec<&str> = first_steps.map(|task| &*task["username"]).collect();
    assert_eq!(listed, ["ben.hill@example.com"]);
    let ledger = office.seatsweep(&["tasks", "list", "--sandbox"]).expect(0);
    assert!(ledger.stdout.contains("ben hill"), "{}", ledger.stdout);
    assert!(!ledger.stdout.contains("ann moss"), "{}", ledger.stdout);
}

/// What an earlier night handed over stays on the list; nothing is added.
#[test]
fn a_guard_stop_hands_no_tasks_over() {
    let office = office(&["ann.moss"]);
    office.night(NIGHT, &[]).expect(0);
    let names = (1..=6).map(|number| format!("leaver.nr{number}"));
    let names: Vec<String> = names.collect();
    let mut rows = vec![leaver("ann.moss", "2026-11-18")];
    rows.extend(names.iter().map(|name| leaver(name, "2026-11-20")));
    office.hr(&rows);
    let mut accounts = colleagues(40);
    accounts.push(Account::of("ann.moss").deactivated());
    accounts.extend(names.iter().map(|name| Account::of(name)));
    office.users(&accounts);
    let stopped = office.night("2026-11-21", &[]).expect(3);
    let listed = |office: &Office, state: &str| {
        let tasks = office.results_in(TASKS).into_iter();
        let tasks = tasks.filter(|row| row["state"] == state && row["step"] == "1");
        tasks
            .map(|task| task["username"].clone())
            .collect::<Vec<_>>()
    };
    assert!(listed(&office, "new").is_empty());
    assert_eq!(listed(&office, "open"), ["ann.moss@example.com"]);
    office.shell(&stopped.advised()).expect(0);
    assert_eq!(listed(&office, "new").len(), 6);
}

/// Spreadsheet programs in half of Europe save with semicolons.
#[test]
fn a_review_sheet_with_semicolons_is_read() {
    let office = office(&["ann.moss", "ben.hill"]);
    office.on(NIGHT, &["plan", "--sandbox"]).expect(0);
    review(&office, b';', |row| {
        match (&*row["action"], &*row["person"]) {
            ("deactivate", "ann moss") => "skip",
            _ => "approve",
        }
    });
    assert!(office.read(REVIEWED).starts_with("decision;action_id"));
    apply(&office, PLAN, &["--review", REVIEWED]).expect(0);
    let written: Vec<String> = office.writes().into_keys().collect();
    assert_eq!(written, ["ben.hill@example.com"]);
}

#[test]
fn a_task_is_done_once_and_only_if_there_is_one() {
    let office = office(&["ann.moss"]);
    let list = ["tasks", "list", "--sandbox"];
    let none = office.seatsweep(&list).expect(66);
    none.says(&["there is no ledger at", "--out-dir"]);
    office.night(NIGHT, &[]).expect(0);
    let task = office.results_in(TASKS)[0]["task_id"].clone();
    let done = |ids: &[&str]| {
        let words = [&["tasks", "done"], ids, &["--sandbox"]].concat();
        office.seatsweep(&words)
    };
    let is_open = || {
        let listed = office.seatsweep(&list).expect(0).stdout;
        listed.split('│').any(|cell| cell.trim() == task)
    };

    let unknown = ["task-none", "tasks list"];
    done(&["task-none"]).expect(64).says(&unknown);
    // One wrong id, and none is marked.
    done(&[&task, "task-none"]).expect(64).says(&unknown);
    assert!(is_open());
    let hold = |more: &[&str]| {
        let words = [&["tasks", "hold", &task, "--sandbox"], more].concat();
        office.seatsweep(&words)
    };
    let past = hold(&["--until", "2020-01-01"]);
    past.expect(64).says(&["--until 2020-01-01 is over"]);
    let said = hold(&["--until", "2099-12-31"]).expect(0).stdout;
    for words in [
        "ann.moss@example.com is on hold",
        "until the end of 2099-12-31",
    ] {
        assert!(said.contains(words), "{said}");
    }
    let said = done(&[&task]).expect(0).stdout;
    assert!(said.contains(&format!("({task})")), "{said}");
    assert!(!is_open());
    hold(&[]).expect(64).says(&[&task, "not open any more"]);
    done(&[&task])
        .expect(64)
        .says(&[&task, "not open any more: done"]);
}
