//! Faults over real sockets: broken connections and answers, and what a person
//! may type to get them.

use crate::support::{Account, Office, Sandbox, actions, leaver, with_colleagues};

const NIGHT: &str = "2026-11-20";
const ACT: &str = "[guards]\nfirst_run = \"act\"\nrun_users = \"unlimited\"\n\
    run_percent = \"unlimited\"\nrolling_percent = \"unlimited\"\n";

/// `count` people leave.
fn office(count: usize) -> Office {
    let office = Office::new("[hr]\nfile = \"cumulative\"\n");
    let names: Vec<String> = (1..=count).map(|nr| format!("leaver.nr{nr}")).collect();
    let rows: Vec<String> = names.iter().map(|it| leaver(it, "2026-11-18")).collect();
    let accounts: Vec<Account> = names.iter().map(|it| Account::of(it)).collect();
    office.hr(&rows);
    office.users(&with_colleagues(accounts));
    office
}

/// A tenant in which a second of real time is a minute: slow answers are in
/// real time.
fn tenant(office: &Office, more: &[&str], settings: &str) -> Sandbox {
    let sandbox = Sandbox::start_at(60, office, more);
    office.configure_8x8(&sandbox.base_url, &format!("{ACT}{settings}"));
    let configuration = office.read("seatsweep.toml");
    let configuration = configuration.replace("time_scale = 600", "time_scale = 60");
    let configuration = configuration.replace("timeout_seconds = 60", "timeout_seconds = 300");
    office.write("seatsweep.toml", configuration);
    sandbox
}

#[test]
fn broken_connections_and_answers_change_nothing_about_the_end() {
    let office = office(6);
    let script = "\
        connection 2: reset\n\
        connection 6: reset\n\
        user-read 2: reset          # before anything was said\n\
        user-read 4: cut\n\
        user-read 6: slow 0.5\n\
        user-read 8: html 502\n\
        update 1: after reset\n\
        update 2: cut\n\
        update 4: reset\n\
        poll 2: reset\n\
        poll 3: slow 0.5\n\
        poll 5: 503 retry-after 3\n";
    office.write("faults.txt", script);
    let more = ["--faults", "faults.txt", "--fault", "poll 4: cut"];
    let sandbox = tenant(&office, &more, "");
    office.on(NIGHT, &["run", "--confirm"]).expect(0);
    let rows = office.results_in("out/results.csv");
    let deactivations = actions(&rows, "deactivate");
    assert_eq!(deactivations.len(), 6);
    assert!(
        deactivations
            .iter()
            .all(|row| row["outcome"] == "succeeded")
    );
    let log = sandbox.stop(&office);
    let written = log["accounts_written"].as_object().expect("accounts");
    assert_eq!(written.len(), 6);
    assert!(written.values().all(|writes| *writes == 1), "{written:?}");
    let entries = log["entries"].as_array().expect("entries").iter();
    let met = entries.filter(|entry| entry["fault"].is_string()).count();
    assert!(met >= 10, "{met} faults");
}

#[test]
fn reads_that_lag_behind_and_a_list_that_shows_less_change_nothing_either() {
    let office = office(3);
    let more = [
        "--read-lag",
        "20",
        "--list",
        "status",
        "--operation-time",
        "1-2",
    ];
    let sandbox = tenant(&office, &more, "[policy]\nremove_license_after_days = 0\n");
    let configuration = office.read("seatsweep.toml");
    let key = "remove_license_after_days = 0\n";
    let configuration = configuration.replace(&format!("[policy]\n{key}"), "");
    office.write(
        "seatsweep.toml",
        configuration.replace("[policy]\n", &format!("[policy]\n{key}")),
    );
    let mut line = vec!["run", "--confirm", "--hr", "hr.csv", "--users", "live"];
    line.extend([
        "--hr-at",
        "2026-11-20T15:00:00Z",
        "--as-of",
        "2026-11-20T20:00:00Z",
    ]);
    office.seatsweep(&line).expect(0);
    let rows = office.results_in("out/results.csv");
    for action in ["deactivate", "remove_license"] {
        let rows = actions(&rows, action);
        assert_eq!(rows.len(), 3, "{action}");
        assert!(
            rows.iter().all(|row| row["outcome"] == "succeeded"),
            "{rows:?}"
        );
    }
    assert_eq!(sandbox.stop(&office)["writes"], 3);
}

#[test]
fn a_fault_script_that_makes_no_sense_is_refused_with_its_place() {
    let office = office(1);
    let sandbox = |more: &[&str]| {
        let mut line = vec!["sandbox", "--listen", "127.0.0.1:0", "--users", "users.csv"];
        line.extend(more);
        office.seatsweep(&line)
    };
    sandbox(&["--fault", "update 1: explode"])
        .expect(64)
        .says(&["update 1: explode", "explode"]);
    office.write("faults.txt", "poll: 500\nputs 1: reset\n");
    sandbox(&["--faults", "faults.txt"]).expect(65).says(&[
        "faults.txt",
        "puts 1: reset",
        "user-read",
    ]);
    sandbox(&["--faults", "none.txt"])
        .expect(66)
        .says(&["none.txt"]);
    sandbox(&["--read-lag", "soon"]).expect(64);
    sandbox(&["--operation-time", "6-2"]).expect(64);
    sandbox(&["--limits", "100,20"]).expect(64);
    let help = office.seatsweep(&["sandbox", "--help"]).expect(0);
    assert!(
        help.stdout.contains("update 1: after reset"),
        "{}",
        help.stdout
    );
}

#[test]
fn a_ledger_that_another_program_has_locked_is_exit_75() {
    let office = office(0);
    office.night(NIGHT, &[]).expect(0);
    let path = office.path("out/sandbox/seatsweep-sandbox.db");
    let writing = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let ledger = rusqlite::Connection::open_with_flags(path, writing).expect("a ledger");
    ledger.execute_batch("BEGIN IMMEDIATE").expect("locked");
    office
        .night("2026-11-21", &[])
        .expect(75)
        .says(&["locked by another process"]);
    ledger.execute_batch("ROLLBACK").expect("let go");
    office.night("2026-11-21", &[]).expect(0);
}
