//! Every exit code that a script may branch on.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::stub::{Answer, OPERATION, Request, Stub, USER};
use crate::support::{
    Account, Office, Running, Sandbox, actions, hr_row, leaver, only, with_colleagues,
};

const NIGHT: &str = "2026-11-20";
const CUMULATIVE: &str = "[hr]\nfile = \"cumulative\"\n";
/// A first night that acts, on as many people as there are.
const NO_LIMITS: &str = "[guards]\nfirst_run = \"act\"\nrun_users = \"unlimited\"\n\
    run_percent = \"unlimited\"\nrolling_percent = \"unlimited\"\nceiling_percent = \"unlimited\"\n";
const PLAN: &str = "out/sandbox/plan.json";

/// `count` people leave.
fn office(count: usize) -> Office {
    let office = Office::new(CUMULATIVE);
    let names: Vec<String> = (1..=count)
        .map(|number| format!("leaver.nr{number}"))
        .collect();
    let rows: Vec<String> = names
        .iter()
        .map(|name| leaver(name, "2026-11-18"))
        .collect();
    let accounts: Vec<Account> = names.iter().map(|name| Account::of(name)).collect();
    office.hr(&rows);
    office.users(&with_colleagues(accounts));
    office
}

#[test]
fn exit_0_and_2_tell_whether_a_plan_has_changes() {
    let office = office(1);
    let plan = ["plan", "--sandbox", "--detailed-exitcode"];
    office.on(NIGHT, &plan[..2]).expect(0);
    let ended = office.on(NIGHT, &plan).expect(2);
    assert_eq!(ended.stdout.lines().count(), 1, "{}", ended.stdout);
    office.hr(&[]);
    office.on(NIGHT, &plan).expect(0);
    office.night(NIGHT, &[]).expect(0);
}

#[test]
fn exit_3_is_a_guard_and_changes_nothing() {
    let office = office(6);
    let ended = office.night(NIGHT, &[]).expect(3);
    assert!(ended.stdout.ends_with("exit 3\n"), "{}", ended.stdout);
    ended.says(&[
        "guards.run_users",
        "6 people",
        "of 46; 5 allowed",
        "nothing was changed",
    ]);
    assert_eq!(office.sandbox_log()["requests"], 0);
    office.on(NIGHT, &["plan", "--sandbox"]).expect(3);
}

#[test]
fn exit_3_of_an_input_is_passed_by_its_digest_only() {
    let office = office(1);
    let canaries = "[protected]\ncanaries = [\"reception@example.com\"]\n";
    office.configure(&format!("{CUMULATIVE}{canaries}"));
    fs::rename(office.path("seatsweep.toml"), office.path("it's ours.toml")).expect("renamed");
    let places = [
        "--config",
        "it's ours.toml",
        "--out-dir",
        "my out",
        "--ledger",
        "my.db",
    ];
    let ended = office.night(NIGHT, &places).expect(3);
    let command = ended.advised();
    assert!(command.contains("--accept-input "), "{command}");
    assert!(!command.contains("--approve"), "{command}");
    office.shell(&command).expect(0);
    let rows = office.results_in("my out/sandbox/results.csv");
    assert_eq!(only(&rows, "deactivate")["outcome"], "succeeded");
    assert!(office.exists("my.db"));
}

/// The account is in the report, and not in the tenant.
#[test]
fn exit_4_is_a_failed_action_and_the_others_go_on() {
    let office = office(0);
    let server = Sandbox::start(&office, &[]);
    let leavers = ["ghost.one", "colleague.nr1"];
    let mut rows = leavers.map(|name| leaver(name, "2026-11-18")).to_vec();
    rows.push(hr_row("colleague.nr2", "Active", "2026-11-10"));
    office.hr(&rows);
    office.users(&with_colleagues([Account::of("ghost.one")]));
    office.configure_8x8(&server.base_url, NO_LIMITS);
    let ended = office.on(NIGHT, &["run", "--confirm", "--quiet"]).expect(4);
    let said = "access of 1 person did not end (1 ";
    assert!(ended.stdout.contains(said), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("results.csv\n"), "{}", ended.stdout);
    ended.says(&[said]);
    let rows = office.results_in("out/results.csv");
    let outcome = |name: &str| {
        let row = actions(&rows, "deactivate")
            .into_iter()
            .find(|row| row["person"] == name);
        let row = row.expect(name);
        (
            row["outcome"].clone(),
            row["http_status"].clone(),
            row["target"].clone(),
        )
    };
    let expected = |outcome: &str, status: &str| (outcome.into(), status.into(), "loopback".into());
    assert_eq!(outcome("ghost one"), expected("failed", "404"));
    assert_eq!(outcome("colleague nr1"), expected("succeeded", "200"));
    // HR contradicts itself about a third person; the summary has both codes.
    let summary: Value = serde_json::from_str(&office.read("out/summary.json")).expect("JSON");
    assert_eq!(summary["exit_codes"], serde_json::json!([4, 8]));
}

/// The server takes the update and its operation never ends.
#[test]
fn exit_5_is_an_unknown_outcome_that_the_next_run_settles() {
    let office = office(1);
    let stub = Stub::start(|request| match request {
        Request::Operation => Answer::new(200, &OPERATION.replace("STATUS", "IN_PROGRESS")),
        Request::Update => Answer::new(202, &OPERATION.replace("STATUS", "PENDING")),
        Request::User => Answer::new(200, USER),
        Request::Other => Answer::new(404, "{}"),
    });
    office.configure_8x8(&stub.base_url, NO_LIMITS);
    let ended = office.on(NIGHT, &["run", "--confirm"]).expect(5);
    assert!(
        ended.stdout.contains("1 failed or unknown"),
        "{}",
        ended.stdout
    );
    let row = only(&office.results_in("out/results.csv"), "deactivate").clone();
    assert_eq!(
        (&*row["outcome"], &*row["operation_id"]),
        ("unknown", "op_1")
    );

    let stub = Stub::start(|request| match request {
        Request::Operation => Answer::new(200, &OPERATION.replace("STATUS", "COMPLETED")),
        Request::User => Answer::new(200, &USER.replace("ACTIVE", "INACTIVE")),
        Request::Update | Request::Other => Answer::new(500, "{}"),
    });
    office.configure_8x8(&stub.base_url, NO_LIMITS);
    office
        .seatsweep(&["apply", "out/plan.json", "--confirm"])
        .expect(0);
    let row = only(&office.results_in("out/results.csv"), "deactivate").clone();
    assert_eq!((&*row["outcome"], &*row["attempts"]), ("succeeded", "1"));
}

#[test]
fn exit_6_is_a_plan_that_must_not_be_applied() {
    let office = office(1);
    office.on(NIGHT, &["plan", "--sandbox"]).expect(0);
    let whole = office.read(PLAN);
    office.write(
        "altered.json",
        whole.replace("leaver.nr1@", "colleague.nr1@"),
    );
    office.write("other.toml", "[tenant]\nname = \"other\"\n");
    let apply = |words: &[&str]| office.seatsweep(&[&["apply"], words].concat());
    apply(&["altered.json", "--sandbox"])
        .expect(6)
        .says(&["altered"]);
    apply(&[PLAN, "--sandbox", "--as-of", "2026-11-24T20:00:00Z"])
        .expect(6)
        .says(&["96 hours old", "72 are allowed", "make a new one"]);
    apply(&[PLAN, "--sandbox", "--approve", "0123456789abcdef"])
        .expect(6)
        .says(&["0123456789abcdef", "nothing was changed"]);
    office
        .seatsweep(&["apply", PLAN, "--sandbox", "--config", "other.toml"])
        .expect(6)
        .says(&["the plan is for acme on sandbox", "other on sandbox"]);
    assert!(!office.exists("out/sandbox/results.csv"));

    // A run that touches the same account overtakes the plan.
    office.write("old.json", whole);
    office.night("2026-11-21", &[]).expect(0);
    apply(&["old.json", "--sandbox", "--as-of", "2026-11-21T22:00:00Z"])
        .expect(6)
        .says(&["touched accounts of this plan", "make a new one"]);
}

#[test]
fn exit_6_until_the_first_run_is_confirmed_and_approved() {
    let office = office(1);
    let sandbox = Sandbox::start(&office, &[]);
    office.configure_8x8(&sandbox.base_url, "");
    let first = office.on(NIGHT, &["run"]).expect(6);
    let first = first.says(&["nothing was changed", "first run", "plan and no other"]);
    let unconfirmed = first.advised().replace(" --confirm", "");
    let unconfirmed = office.shell(&unconfirmed).expect(6);
    unconfirmed.says(&["nothing was changed", "--confirm must be given"]);
    office.shell(&first.advised()).expect(0);
    let row = only(&office.results_in("out/results.csv"), "deactivate").clone();
    assert_eq!(
        (&*row["approved_by"], &*row["target"]),
        ("pat.operator", "loopback")
    );
    assert_eq!(sandbox.stop(&office)["writes"], 1);
}

#[test]
fn exit_77_when_the_key_is_not_accepted_and_nothing_was_sent() {
    let office = office(3);
    let sandbox = Sandbox::start(&office, &[]);
    office.configure_8x8(
        &sandbox.base_url,
        "api_key_file = \"key\"\n[guards]\nfirst_run = \"act\"\n",
    );
    office.write("key", "not-the-key");
    let ended = office.on(NIGHT, &["run", "--confirm"]).expect(77);
    let ended = ended.says(&[
        "does not accept the API key",
        "nothing was changed",
        "access of 3 people did not end (3 not_authorized)",
        "results.csv",
    ]);
    assert!(!ended.stderr.contains("not-the-key"));
    let rows = office.results_in("out/results.csv");
    for row in actions(&rows, "deactivate") {
        assert_eq!(
            (&*row["outcome"], &*row["reason"]),
            ("deferred", "not_authorized")
        );
    }
    // With the right key the same plan is finished.
    office.write("key", "example-key");
    office.shell(&ended.advised()).expect(0);
    assert_eq!(sandbox.stop(&office)["writes"], 3);
}

/// The key may read, and not write.
#[test]
fn exit_7_is_a_key_that_is_refused_once_something_was_sent() {
    let office = office(3);
    let sandbox = Sandbox::start(&office, &["--fault", "update: 403"]);
    office.configure_8x8(&sandbox.base_url, NO_LIMITS);
    let ended = office.on(NIGHT, &["run", "--confirm"]).expect(7);
    let ended = ended.says(&["does not accept the API key"]);
    assert!(
        !ended.stderr.contains("nothing was changed"),
        "{}",
        ended.stderr
    );
}

#[test]
fn exit_78_when_the_api_speaks_of_another_customer_and_nothing_was_sent() {
    let office = office(3);
    let sandbox = Sandbox::start(&office, &["--customer-id", "0012J00042NkZQIQA3"]);
    office.configure_8x8(&sandbox.base_url, NO_LIMITS);
    let text = office.read("seatsweep.toml");
    let another = text.replace("[tenant]\n", "[tenant]\ncustomer_id = \"another\"\n");
    office.write("seatsweep.toml", another);
    let ended = office.on(NIGHT, &["run", "--confirm"]).expect(78);
    ended.says(&["another customer", "nothing was changed"]);
    assert_eq!(sandbox.stop(&office)["writes"], 0);
}

#[test]
fn exit_7_is_a_breaker() {
    let office = office(30);
    let stub = Stub::start(|_| Answer::new(400, "{\"title\":\"no\"}"));
    office.configure_8x8(&stub.base_url, NO_LIMITS);
    let ended = office.on(NIGHT, &["run", "--confirm"]).expect(7);
    ended.says(&[
        "too many actions of a kind failed",
        "seatsweep apply out/",
        "access of 30 people did not end",
    ]);
    let rows = office.results_in("out/results.csv");
    let deferred = rows.iter().filter(|row| row["reason"] == "breaker").count();
    assert!(deferred > 0, "{rows:#?}");
}

#[test]
fn exit_7_is_a_deadline_and_the_plan_is_resumed() {
    let office = office(30);
    office.configure(&format!("{CUMULATIVE}{NO_LIMITS}"));
    let ended = office.night(NIGHT, &["--deadline", "1m"]).expect(7);
    let ended = ended.says(&["deadline was reached"]);
    office.shell(&ended.advised()).expect(0);
    let rows = office.results();
    assert_eq!(actions(&rows, "deactivate").len(), 30);
    assert!(
        rows.iter()
            .all(|row| row["action"] != "deactivate" || row["outcome"] == "succeeded")
    );
}

#[test]
fn exit_8_is_access_that_may_still_be_open() {
    let office = office(1);
    office.configure(&format!(
        "{CUMULATIVE}[protected]\naccounts = [\"leaver.nr1@example.com\"]\n"
    ));
    for night in ["2026-11-20", "2026-11-21"] {
        let ended = office.night(night, &[]).expect(8);
        ended.says(&["1 protected (protected_account)", "results.csv"]);
        assert!(office.writes().is_empty());
    }
}

#[test]
fn exit_64_is_a_command_that_makes_no_sense() {
    let office = office(1);
    for words in [
        &["frobnicate"][..],
        &["run", "--sandbox", "--deadline", "soon"],
        &["plan", "--sandbox", "--as-of", "x"],
    ] {
        let ended = office.seatsweep(words).expect(64);
        assert_eq!(ended.stdout, "");
    }
    office
        .seatsweep(&["run", "--sandbox"])
        .expect(64)
        .says(&["--hr FILE", "[inputs]"]);
}

#[test]
fn exit_65_and_66_are_plans_that_are_none() {
    let office = office(1);
    office.write("plan.json", "{\"format_version\":");
    office
        .seatsweep(&["apply", "plan.json", "--sandbox"])
        .expect(65)
        .says(&["plan.json"]);
    office
        .seatsweep(&["apply", "none.json", "--sandbox"])
        .expect(66)
        .says(&["none.json"]);
    office
        .seatsweep(&["run", "--sandbox", "--config", "none.toml"])
        .expect(66)
        .says(&["none.toml"]);
}

#[test]
fn exit_69_when_nobody_answers_and_the_plan_is_carried_out_later() {
    let office = office(3);
    // Nothing listens on the port of a listener that is gone.
    let gone = Sandbox::start(&office, &[]);
    office.configure_8x8(&gone.base_url, NO_LIMITS);
    drop(gone);
    let ended = office.on(NIGHT, &["run", "--confirm"]).expect(69);
    let ended = ended.says(&["could not be reached", "nothing was changed", "base_url"]);
    let rows = office.results_in("out/results.csv");
    for row in actions(&rows, "deactivate") {
        assert_eq!(
            (&*row["outcome"], &*row["reason"]),
            ("deferred", "unreachable")
        );
    }

    let sandbox = Sandbox::start(&office, &[]);
    office.configure_8x8(&sandbox.base_url, NO_LIMITS);
    office.shell(&ended.advised()).expect(0);
    assert_eq!(sandbox.stop(&office)["writes"], 3);
}

#[test]
fn exit_75_when_another_run_is_under_way() {
    let office = office(1);
    let sandbox = Sandbox::start(&office, &["--hold", "1:received"]);
    office.configure_8x8(&sandbox.base_url, NO_LIMITS);
    let _first = office.start_on(NIGHT, &["run", "--confirm"]);
    sandbox.wait_until_held();
    office
        .on(NIGHT, &["run", "--confirm"])
        .expect(75)
        .says(&["seatsweep.db", "another run"]);
    // Looking is always possible.
    office.on(NIGHT, &["plan"]).expect(0);
}

/// The tests may run as root, who may read everything, so the call does not.
#[test]
fn exit_77_when_a_file_may_not_be_read() {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    let office = office(1);
    let mode = |name: &str, mode| {
        fs::set_permissions(office.path(name), Permissions::from_mode(mode)).expect("a mode");
    };
    mode(".", 0o777);
    mode("seatsweep.toml", 0o644);
    mode("hr.csv", 0o000);
    let mut command = office.command(crate::support::PROGRAM);
    command.args([
        "plan",
        "--sandbox",
        "--hr",
        "hr.csv",
        "--users",
        "users.csv",
    ]);
    if fs::metadata(office.path(".")).expect("an owner").uid() == 0 {
        command.uid(65_534);
    }
    Running::start(command)
        .end()
        .expect(77)
        .says(&["hr.csv", "permissions"]);
}

#[test]
fn exit_78_when_no_target_was_chosen() {
    let office = office(1);
    let ended = office.on(NIGHT, &["run"]).expect(78);
    ended.says(&[
        "no target was chosen",
        "--sandbox",
        "[tenant]",
        "seatsweep.toml",
    ]);
}

#[test]
fn exit_78_says_first_that_there_is_no_configuration_file_here() {
    let office = office(1);
    std::fs::remove_file(office.path("seatsweep.toml")).expect("a file less");
    for command in ["run", "plan"] {
        let ended = office.on(NIGHT, &[command]).expect(78);
        let said = &ended.stderr;
        let first = "seatsweep: there is no configuration file /";
        assert!(said.starts_with(first), "{said}");
        ended.says(&["--config", "(cd)", "seatsweep init"]);
    }
}

#[test]
fn exit_130_and_143_leave_a_run_that_can_be_resumed() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let office = office(30);
        office.configure_at(20, &format!("{CUMULATIVE}{NO_LIMITS}"));
        let running = office.start_on(NIGHT, &["run", "--sandbox"]);
        running.wait_for("deactivating");
        running.signal(signal);
        let ended = running.end().expect(code);
        let ended = ended.says(&["stopping", "it was interrupted"]);
        let rows = office.results();
        let deactivations = actions(&rows, "deactivate");
        let deferred = deactivations
            .iter()
            .filter(|row| row["outcome"] == "deferred")
            .count();
        assert!(
            deferred > 0 && deactivations.len() == 30,
            "{deferred} deferred"
        );
        let written = office.writes().len();

        office.configure(&format!("{CUMULATIVE}{NO_LIMITS}"));
        office.shell(&ended.advised()).expect(0);
        assert_eq!(
            office.writes().len(),
            30 - written,
            "nobody is written twice"
        );
    }
}

/// The server holds its answer back, and the person does not want to wait.
#[test]
fn a_second_signal_stops_at_once_and_nothing_is_done_twice() {
    let office = office(3);
    let sandbox = Sandbox::start(&office, &["--hold", "4:before"]);
    office.configure_8x8(&sandbox.base_url, NO_LIMITS);
    let running = office.start_on(NIGHT, &["run", "--confirm"]);
    sandbox.wait_until_held();
    running.signal("TERM");
    running.wait_for("once more stops at once");
    running.signal("TERM");
    let ended = running.end().expect(143);
    let before = written(&sandbox.stop(&office));
    // Nobody can look at what was left open while the server is gone.
    let unsettled = office.on(NIGHT, &["run", "--confirm"]).expect(69);
    unsettled.says(&["could not be reached"]);

    let sandbox = Sandbox::start(&office, &[]);
    office.configure_8x8(&sandbox.base_url, NO_LIMITS);
    office.shell(&ended.advised()).expect(0);
    let rows = office.results_in("out/results.csv");
    let mut outcomes = actions(&rows, "deactivate").into_iter();
    assert!(
        outcomes.all(|row| row["outcome"] == "succeeded"),
        "{rows:#?}"
    );
    let after = written(&sandbox.stop(&office));
    assert!(before.is_disjoint(&after), "{before:?} and {after:?}");
}

/// Accounts that a sandbox accepted updates of.
fn written(log: &Value) -> BTreeSet<String> {
    let accounts = log["accounts_written"].as_object().expect("an object");
    accounts.keys().cloned().collect()
}
