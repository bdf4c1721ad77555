//! Nights that end early, and the nights after them.

use serde_json::Value;

use crate::support::{Account, Office, Row, Sandbox, actions, leaver, with_colleagues};

const NIGHT: &str = "2026-11-20";
const NEXT_NIGHT: &str = "2026-11-21";
const CUMULATIVE: &str = "[hr]\nfile = \"cumulative\"\n";
const NO_LIMITS: &str = "[guards]\nfirst_run = \"act\"\nrun_users = \"unlimited\"\n\
    run_percent = \"unlimited\"\nrolling_percent = \"unlimited\"\nceiling_percent = \"unlimited\"\n";

/// `count` people leave; 45 seconds of the limits last three, which is enough
/// for somebody on a busy machine and not for everybody.
fn office(count: usize) -> Office {
    let office = Office::new("");
    office.configure_at(15, &format!("{CUMULATIVE}{NO_LIMITS}"));
    let names: Vec<String> = (1..=count).map(|nr| format!("leaver.nr{nr}")).collect();
    let rows: Vec<String> = names.iter().map(|it| leaver(it, "2026-11-18")).collect();
    let accounts: Vec<Account> = names.iter().map(|it| Account::of(it)).collect();
    office.hr(&rows);
    office.users(&with_colleagues(accounts));
    office
}

/// The next report: whoever was deactivated by then is so.
fn next_report(office: &Office, names: &[String], rows: &[Row]) {
    let is_done = |name: &String| {
        let mut done = rows.iter().filter(|row| row["outcome"] == "succeeded");
        done.any(|row| row["username"] == format!("{name}@example.com"))
    };
    let accounts = names.iter().map(|name| {
        let account = Account::of(name);
        if is_done(name) {
            account.deactivated()
        } else {
            account
        }
    });
    office.users(&with_colleagues(accounts));
}

fn ended(rows: &[Row], outcome: &str) -> usize {
    let rows = actions(rows, "deactivate").into_iter();
    rows.filter(|row| row["outcome"] == outcome).count()
}

/// Fails unless some were done, and the rest has a row that says why not.
fn assert_cut_short(rows: &[Row], count: usize) {
    let done = ended(rows, "succeeded");
    assert!((1..count).contains(&done), "{done}");
    assert_eq!(done + ended(rows, "deferred"), count);
    let put_off = rows.iter().filter(|row| row["outcome"] == "deferred");
    for row in put_off {
        assert_eq!(row["reason"], "deadline");
    }
}

#[test]
fn what_a_deadline_left_is_done_on_the_next_night() {
    let office = office(30);
    let ended_early = office.night(NIGHT, &["--deadline", "45s"]).expect(7);
    let rows = office.results();
    assert_cut_short(&rows, 30);
    let all = rows.iter().filter(|row| !row["action"].is_empty()).count();
    let left = rows
        .iter()
        .filter(|row| row["outcome"] == "deferred")
        .count();
    let left = format!("its deadline was reached; {left} of {all} actions are left");
    ended_early.says(&[&left]);

    let done = ended(&rows, "succeeded");
    let names: Vec<String> = (1..=30).map(|nr| format!("leaver.nr{nr}")).collect();
    next_report(&office, &names, &rows);
    office.night(NEXT_NIGHT, &[]).expect(0);
    assert_eq!(ended(&office.results(), "succeeded"), 30 - done);
    assert_eq!(office.writes().len(), 30 - done);
}

#[test]
fn an_apply_has_a_deadline_too_and_the_next_one_carries_on() {
    let office = office(30);
    office.on(NIGHT, &["plan", "--sandbox"]).expect(0);
    let apply = ["apply", "out/sandbox/plan.json", "--sandbox"];
    let early = [&apply[..], &["--deadline", "45s"]].concat();
    office
        .seatsweep(&early)
        .expect(7)
        .says(&["actions are left"]);
    assert_cut_short(&office.results(), 30);
    office.seatsweep(&apply).expect(0);
    assert_eq!(ended(&office.results(), "succeeded"), 30);
}

/// Five accounts are in the report, before all others, and not in the tenant.
#[test]
fn the_same_bad_accounts_do_not_open_the_breaker_before_the_good_ones_are_done() {
    let office = office(20);
    let server = Sandbox::start(&office, &[]);
    let ghosts = (1..=5).map(|nr| format!("a.ghost{nr}"));
    let good = (1..=20).map(|nr| format!("leaver.nr{nr}"));
    let names: Vec<String> = ghosts.chain(good).collect();
    let rows: Vec<String> = names.iter().map(|it| leaver(it, "2026-11-18")).collect();
    let accounts = names.iter().map(|name| Account::of(name));
    office.users(&with_colleagues(accounts));
    office.configure_8x8(&server.base_url, NO_LIMITS);

    office.hr(&rows[..5]);
    office.on(NIGHT, &["run", "--confirm"]).expect(7);
    let first = office.results_in("out/results.csv");
    assert_eq!(ended(&first, "failed"), 5, "{first:#?}");

    office.hr(&rows);
    office.on(NEXT_NIGHT, &["plan"]).expect(0);
    let plan: Value = serde_json::from_str(&office.read("out/plan.json")).expect("JSON");
    let lanes = plan["lanes"].as_array().expect("lanes").iter();
    let accounts: Vec<&str> = lanes.filter_map(|lane| lane["username"].as_str()).collect();
    assert_eq!(accounts.len(), 25);
    assert!(
        accounts[..20].iter().all(|name| name.starts_with("leaver")),
        "{accounts:?}"
    );
    let next = office.on(NEXT_NIGHT, &["run", "--confirm"]);
    // What was in flight may have ended between two of the bad ones.
    assert!([4, 7].contains(&next.code), "{}", next.stderr);
    let second = office.results_in("out/results.csv");
    assert_eq!(ended(&second, "succeeded"), 20, "{second:#?}");
    assert_eq!(ended(&second, "failed"), 5, "{second:#?}");
}
