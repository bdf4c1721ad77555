//! `apply --rehearse`: what would become of a plan, and nothing is changed.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::{
    Account, Ended, Office, PROGRAM, Running, Sandbox, actions, leaver, only, with_colleagues,
};

const NIGHT: &str = "2026-11-20";
const NOON: &str = "2026-11-20T20:00:00Z";
const CUMULATIVE: &str = "[hr]\nfile = \"cumulative\"\n";
const ACT: &str = "[guards]\nfirst_run = \"act\"\n";
const NO_LIMITS: &str = "[guards]\nfirst_run = \"act\"\nrun_users = \"unlimited\"\n\
    run_percent = \"unlimited\"\nrolling_percent = \"unlimited\"\nceiling_percent = \"unlimited\"\n";
/// Where nobody listens.
const NOWHERE: &str = "http://127.0.0.1:9/admin-provisioning";
const PLAN: &str = "out/plan.json";
const REHEARSALS: &str = "out/sandbox/rehearsals";

/// `count` people leave.
fn office(count: usize) -> Office {
    let office = Office::new(CUMULATIVE);
    let names: Vec<String> = (1..=count).map(|nr| format!("leaver.nr{nr}")).collect();
    let rows: Vec<String> = names.iter().map(|it| leaver(it, "2026-11-18")).collect();
    let accounts: Vec<Account> = names.iter().map(|it| Account::of(it)).collect();
    office.hr(&rows);
    office.users(&with_colleagues(accounts));
    office
}

fn rehearse(office: &Office, more: &[&str]) -> Ended {
    let mut words = vec!["apply", PLAN, "--rehearse"];
    words.extend(more);
    office.seatsweep(&words)
}

fn summary(office: &Office) -> Value {
    let text = office.read(&format!("{REHEARSALS}/summary.json"));
    serde_json::from_str(&text).expect("JSON")
}

fn assert_no_copy_is_left(office: &Office) {
    for beside in ["", "-wal", "-shm", "-journal"] {
        let name = format!("{REHEARSALS}/ledger-copy.db{beside}");
        assert!(!office.exists(&name), "{name}");
    }
}

/// Every file that is no rehearsal's, with its bytes.
fn everything_else(office: &Office) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![office.path("")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.to_string_lossy().into_owned();
            // A reader of the ledger touches its shared memory.
            if name.ends_with(REHEARSALS) || name.ends_with("-shm") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(name, fs::read(path).expect("a file"));
            }
        }
    }
    found
}

#[test]
fn a_rehearsal_needs_no_key_no_server_and_no_confirmation_and_writes_nothing_else() {
    let office = office(3);
    office.configure_8x8(NOWHERE, ACT);
    office.on(NIGHT, &["plan"]).expect(0);
    let before = everything_else(&office);
    let mut command = office.command(PROGRAM);
    command
        .args(["apply", PLAN, "--rehearse"])
        .env_remove("SEATSWEEP_API_KEY");
    let ended = Running::start(command).end().expect(0);
    assert!(ended.stdout.starts_with("rehearsal "), "{}", ended.stdout);
    assert!(
        ended.stdout.ends_with("predicted exit 0\n"),
        "{}",
        ended.stdout
    );
    let ended = ended.says(&[
        "for 3 changes",
        "at the configured limits",
        "0 failed, 0 unknown, 0 drifted, 0 deferred, 0 held",
        "is not predicted",
        "nothing to complain about",
    ]);
    assert!(!ended.stderr.contains("--confirm"), "{}", ended.stderr);
    assert_eq!(everything_else(&office), before);
    assert_no_copy_is_left(&office);

    let rows = office.results_in(&format!("{REHEARSALS}/results.csv"));
    for row in actions(&rows, "deactivate") {
        assert_eq!(row["outcome"], "succeeded");
    }
    assert!(rows.iter().all(|row| row["target"] == "sandbox"));
    let summary = summary(&office);
    let predicted = &summary["rehearsal"];
    assert_eq!(predicted["changes"], 3);
    assert_eq!(predicted["requests"], summary["requests"]["sent"]);
    assert!(predicted["requests"].as_u64().expect("a number") >= 9);
    assert!(predicted["seconds"].as_u64().expect("a number") >= 3);
}

#[test]
fn a_rehearsal_predicts_what_then_happens() {
    let office = office(4);
    let server = Sandbox::start_at(60, &office, &[]);
    office.configure_8x8(&server.base_url, ACT);
    let text = office.read("seatsweep.toml");
    office.write(
        "seatsweep.toml",
        text.replace("time_scale = 600", "time_scale = 60"),
    );
    office.on(NIGHT, &["plan"]).expect(0);
    let sheet = office.read("out/plan.csv");
    let mut lines: Vec<String> = sheet.lines().map(str::to_owned).collect();
    let vetoed = lines.iter_mut().find(|line| line.contains("deactivate"));
    let line = vetoed.expect("a deactivation");
    let column = sheet.lines().next().expect("a header").split(',');
    let column = column.into_iter().position(|name| name == "decision");
    let mut cells: Vec<&str> = line.split(',').collect();
    cells[column.expect("a column")] = "skip";
    *line = cells.join(",");
    office.write("decided.csv", lines.join("\n"));

    let fates = |name: &str| -> BTreeMap<String, (String, String)> {
        let rows = office.results_in(name).into_iter();
        rows.map(|row| {
            let fate = (row["outcome"].clone(), row["reason"].clone());
            (row["action_id"].clone(), fate)
        })
        .collect()
    };
    let review = ["--review", "decided.csv"];
    rehearse(&office, &review).expect(0);
    let predicted = fates(&format!("{REHEARSALS}/results.csv"));
    assert!(
        predicted
            .values()
            .any(|(_, reason)| reason == "review_skip")
    );
    let requests = summary(&office)["rehearsal"]["requests"].clone();

    let words = ["apply", PLAN, "--confirm", "--as-of", NOON];
    office.seatsweep(&[&words[..], &review].concat()).expect(0);
    assert_eq!(fates("out/results.csv"), predicted);
    let real: Value = serde_json::from_str(&office.read("out/summary.json")).expect("JSON");
    let (real, requests) = (real["requests"]["sent"].as_u64(), requests.as_u64());
    // How often an operation is looked at depends on the machine.
    assert!(real.expect("sent").abs_diff(requests.expect("sent")) <= 6);
    assert_eq!(server.stop(&office)["writes"], 3);
}

#[test]
fn a_plan_that_a_guard_would_stop_is_rehearsed_as_approved_and_that_is_told() {
    let office = office(6);
    office.configure_8x8(NOWHERE, ACT);
    office.on(NIGHT, &["plan"]).expect(3);
    let ended = rehearse(&office, &["--as-of", NOON]).expect(0);
    let last = "would not begin as it stands; predicted exit 0\n";
    assert!(ended.stdout.ends_with(last), "{}", ended.stdout);
    ended.says(&[
        "guards.run_users",
        "would not begin, with exit 3: a guard stopped the run; it needs --approve ",
        "rehearsed as if the plan were approved",
        "for 6 changes",
    ]);
    let rows = office.results_in(&format!("{REHEARSALS}/results.csv"));
    assert_eq!(actions(&rows, "deactivate")[0]["approved_by"], "rehearsal");
    let obstacles = summary(&office)["rehearsal"]["obstacles"].clone();
    assert_eq!(obstacles.as_array().map(Vec::len), Some(1), "{obstacles}");
    // It was no approval.
    office
        .seatsweep(&["apply", PLAN, "--confirm", "--as-of", NOON])
        .expect(3);
    rehearse(&office, &["--approve", "another"]).expect(6);
}

#[test]
fn a_plan_that_is_too_old_is_rehearsed_and_that_is_told() {
    let office = office(1);
    office.configure_8x8(NOWHERE, ACT);
    office.on(NIGHT, &["plan"]).expect(0);
    rehearse(&office, &["--as-of", "2026-12-20T20:00:00Z"])
        .expect(0)
        .says(&["would refuse this plan with exit 6", "hours old"]);
}

#[test]
fn the_report_has_to_be_the_one_of_the_plan() {
    let office = office(1);
    office.configure_8x8(NOWHERE, ACT);
    office.on(NIGHT, &["plan"]).expect(0);
    let report = office.read("users.csv");
    office.write(
        "users.csv",
        report.replace("colleague.nr7@", "colleague.nr99@"),
    );
    rehearse(&office, &[])
        .expect(65)
        .says(&["users.csv is not as it was when the plan was made"]);
    fs::remove_file(office.path("users.csv")).expect("removed");
    rehearse(&office, &[]).expect(66).says(&["users.csv"]);
    assert_no_copy_is_left(&office);
    office.write("users.csv", report);
    rehearse(&office, &[]).expect(0);

    let plan = office.read(PLAN);
    office.write(PLAN, plan.replace("leaver.nr1@", "leaver.nr2@"));
    rehearse(&office, &[]).expect(6);
    office.write(PLAN, "no plan");
    rehearse(&office, &[]).expect(65);
}

/// On the second night the seat is due, and the report is still the old one.
#[test]
fn what_the_ledger_verified_after_the_report_is_true_in_a_rehearsal() {
    let office = office(1);
    office.configure(&format!(
        "{CUMULATIVE}[policy]\nremove_license_after_days = 1\n"
    ));
    office.night(NIGHT, &[]).expect(0);
    let at = ["--as-of", "2026-11-21T21:00:00Z"];
    let old = "2026-11-20T15:00:00Z";
    let files = ["--hr", "hr.csv", "--users", "users.csv", "--users-at", old];
    let plan = [&["plan", "--sandbox"][..], &files, &at].concat();
    office.seatsweep(&plan).expect(0);
    let before = everything_else(&office);
    let words = ["apply", "out/sandbox/plan.json", "--rehearse", "--sandbox"];
    office.seatsweep(&[&words[..], &at].concat()).expect(0);
    let rows = office.results_in(&format!("{REHEARSALS}/results.csv"));
    assert_eq!(
        only(&rows, "remove_license")["outcome"],
        "succeeded",
        "{rows:#?}"
    );
    assert_eq!(everything_else(&office), before);
    office
        .seatsweep(&[&words[..2], &["--sandbox"], &at[..]].concat())
        .expect(0);
}

#[test]
fn a_deadline_and_what_it_would_leave_are_predicted() {
    let office = office(30);
    office.configure_8x8(NOWHERE, NO_LIMITS);
    office.on(NIGHT, &["plan"]).expect(0);
    let ended = rehearse(&office, &["--deadline", "45s"]).expect(7);
    assert!(
        ended.stdout.ends_with("predicted exit 7\n"),
        "{}",
        ended.stdout
    );
    let ended = ended.says(&[
        " deferred (deadline)",
        "the rehearsal stopped before the end",
    ]);
    assert!(!ended.stderr.contains("resume with"), "{}", ended.stderr);
    let deferred = &summary(&office)["rehearsal"]["deferred"]["deadline"];
    assert!(
        (1..=30).contains(&deferred.as_u64().expect("a number")),
        "{deferred}"
    );
    assert_no_copy_is_left(&office);
}

#[test]
fn of_a_plan_that_was_begun_the_rest_is_rehearsed() {
    let office = office(30);
    office.configure(&format!("{CUMULATIVE}{NO_LIMITS}"));
    office.on(NIGHT, &["plan", "--sandbox"]).expect(0);
    let apply = ["apply", "out/sandbox/plan.json", "--sandbox"];
    let begun = [&apply[..], &["--deadline", "45s"]].concat();
    office.seatsweep(&begun).expect(7);
    let rows = office.results();
    let left = |row: &&&crate::support::Row| row["outcome"] == "deferred";
    let left = actions(&rows, "deactivate").iter().filter(left).count();
    let before = everything_else(&office);
    let rehearsed = [&apply[..], &["--rehearse"]].concat();
    let words = format!("for {left} changes");
    office.seatsweep(&rehearsed).expect(0).says(&[&words]);
    assert_eq!(everything_else(&office), before);
    office.seatsweep(&apply).expect(0);
    assert_eq!(office.writes().len(), left);
}

#[test]
fn a_plan_from_a_list_is_rehearsed_against_the_tenant_as_it_is_now() {
    let office = office(2);
    let server = Sandbox::start_at(60, &office, &[]);
    let configure = |server: &Sandbox| {
        office.configure_8x8(&server.base_url, ACT);
        let text = office.read("seatsweep.toml");
        office.write(
            "seatsweep.toml",
            text.replace("time_scale = 600", "time_scale = 60"),
        );
    };
    configure(&server);
    let words = ["plan", "--hr", "hr.csv", "--users", "live", "--as-of", NOON];
    let made = ["--hr-at", "2026-11-20T15:00:00Z"];
    office.seatsweep(&[&words[..], &made].concat()).expect(0);
    let ended = rehearse(&office, &[]).expect(0).says(&["for 2 changes"]);
    assert!(!ended.stderr.contains("has changed"), "{}", ended.stderr);
    assert_eq!(server.stop(&office)["writes"], 0);

    // Meanwhile somebody else has the account of the first, and the second is
    // deactivated.
    let mut taken = Account::of("somebody.else");
    taken.id = Account::of("leaver.nr1").id;
    let accounts = [taken, Account::of("leaver.nr2").deactivated()];
    office.users(&with_colleagues(accounts));
    fs::remove_file(office.path("tenant.json")).expect("a tenant");
    let server = Sandbox::start_at(60, &office, &[]);
    configure(&server);
    let ended = rehearse(&office, &[]).expect(4);
    ended.says(&[
        "the tenant has changed since the plan was made",
        "1 drifted",
    ]);
    let rows = office.results_in(&format!("{REHEARSALS}/results.csv"));
    let outcomes = actions(&rows, "deactivate").into_iter();
    let outcomes: Vec<&str> = outcomes.map(|row| row["outcome"].as_str()).collect();
    assert_eq!(outcomes.len(), 2);
    assert!(
        outcomes.contains(&"skipped") && outcomes.contains(&"already_done"),
        "{outcomes:?}"
    );
    assert_eq!(server.stop(&office)["writes"], 0);
}

#[test]
fn a_rehearsal_that_is_killed_or_interrupted_leaves_nothing_in_the_way() {
    let office = office(30);
    office.configure_8x8(NOWHERE, NO_LIMITS);
    let slower = office.read("seatsweep.toml");
    let slower = slower.replace("time_scale = 600", "time_scale = 60");
    office.write("seatsweep.toml", slower);
    office.on(NIGHT, &["plan"]).expect(0);
    let before = everything_else(&office);
    let words = ["apply", PLAN, "--rehearse"];
    for commits in ["deactivating", "25 of 30"] {
        let running = office.start(&words);
        running.wait_for(commits);
        // Its drop kills it.
        drop(running);
        assert!(office.exists(&format!("{REHEARSALS}/ledger-copy.db")));
        assert_eq!(everything_else(&office), before);
    }
    // A copy that was cut short.
    office.write(&format!("{REHEARSALS}/ledger-copy.db"), "half a copy");
    office.write(&format!("{REHEARSALS}/ledger-copy.db-wal"), "half a log");
    let running = office.start(&words);
    running.wait_for("deactivating");
    // Only one at a time has the copy.
    rehearse(&office, &[]).expect(75);
    running.signal("INT");
    let ended = running.end().expect(130);
    assert!(
        ended.stdout.ends_with("predicted exit 130\n"),
        "{}",
        ended.stdout
    );
    assert_no_copy_is_left(&office);
    rehearse(&office, &[]).expect(0);
    assert_eq!(everything_else(&office), before);
    assert_no_copy_is_left(&office);
}

/// What a real run would be refused for is no surprise of the night.
#[test]
fn a_channel_that_is_not_set_up_is_told() {
    let office = office(1);
    let channel = "[channels]\ndeactivate = \"scim\"\n";
    let scim = "[scim]\nbase_url = \"http://127.0.0.1:9/scim/v2\"\ntoken_env = \"TOKEN\"\n";
    office.configure_8x8(NOWHERE, &format!("{ACT}{channel}{scim}"));
    office.on(NIGHT, &["plan"]).expect(0);
    office.configure_8x8(NOWHERE, ACT);
    rehearse(&office, &[]).expect(0).says(&[
        "would refuse this plan with exit 78",
        "carried out over SCIM",
    ]);
}

#[test]
fn an_undo_is_not_rehearsed() {
    let office = office(1);
    office.configure(CUMULATIVE);
    office.night(NIGHT, &[]).expect(0);
    let summary: Value =
        serde_json::from_str(&office.read("out/sandbox/summary.json")).expect("JSON");
    let run_id = summary["run_id"].as_str().expect("a run");
    let at = ["--sandbox", "--as-of", "2026-11-21T20:00:00Z"];
    office
        .seatsweep(&[&["undo", run_id][..], &at].concat())
        .expect(0);
    let words = ["apply", "out/sandbox/plan.json", "--rehearse", "--sandbox"];
    office
        .seatsweep(&words)
        .expect(64)
        .says(&["an undo cannot be rehearsed", "seats are free"]);
}

/// The copy is thrown away, so it must not be the ledger that is in use.
#[test]
fn the_ledger_itself_is_never_taken_for_the_copy() {
    let office = office(1);
    office.configure(&format!("{CUMULATIVE}{NO_LIMITS}"));
    let ledger = "out/sandbox/rehearsals/ledger-copy.db";
    let with = ["--ledger", ledger];
    fs::create_dir_all(office.path(REHEARSALS)).expect("a folder");
    office.night(NIGHT, &with).expect(0);
    let before = fs::read(office.path(ledger)).expect("a ledger");
    let words = ["apply", "out/sandbox/plan.json", "--rehearse", "--sandbox"];
    office
        .seatsweep(&[&words[..], &with].concat())
        .expect(78)
        .says(&["keep the ledger somewhere else"]);
    assert_eq!(fs::read(office.path(ledger)).expect("a ledger"), before);
    // Nor by another name.
    let link = office.path("ledger.db");
    std::os::unix::fs::symlink(office.path(ledger), link).expect("a link");
    office
        .seatsweep(&[&words[..], &["--ledger", "ledger.db"]].concat())
        .expect(78);
    assert_eq!(fs::read(office.path(ledger)).expect("a ledger"), before);
}

#[test]
fn the_first_plan_of_a_ledger_is_rehearsed_as_approved() {
    let office = office(1);
    office.configure_8x8(NOWHERE, "");
    office.on(NIGHT, &["plan"]).expect(0);
    rehearse(&office, &["--as-of", NOON]).expect(0).says(&[
        "the ledger's first run against 8x8",
        "rehearsed as if the plan were approved",
        "for 1 change",
    ]);
}

/// Somebody gave the account back by hand, and the report has seen it.
#[test]
fn a_report_that_is_newer_than_the_ledger_is_believed() {
    let office = office(1);
    office.configure(&format!(
        "{CUMULATIVE}[policy]\nremove_license_after_days = 0\n"
    ));
    office.night(NIGHT, &[]).expect(0);
    office.hr(&[leaver("leaver.nr1", "2026-11-23")]);
    office.on("2026-11-25", &["plan", "--sandbox"]).expect(0);
    let words = ["apply", "out/sandbox/plan.json", "--rehearse", "--sandbox"];
    office.seatsweep(&words).expect(0);
    let rows = office.results_in(&format!("{REHEARSALS}/results.csv"));
    for action in ["deactivate", "remove_license"] {
        assert_eq!(only(&rows, action)["outcome"], "succeeded", "{rows:#?}");
    }
}
