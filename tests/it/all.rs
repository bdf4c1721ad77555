//! Many tenants in one call: side by side, each on its own.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::{
    Account, Ended, Office, PROGRAM, Running, Sandbox, actions, leaver, send, wait_until,
    with_colleagues,
};

const NOON: &str = "2026-11-20T20:00:00Z";
const MORNING: &str = "2026-11-20T15:00:00Z";
const NO_LIMITS: &str = "[guards]\nfirst_run = \"act\"\nrun_users = \"unlimited\"\n\
    run_percent = \"unlimited\"\nrolling_percent = \"unlimited\"\nceiling_percent = \"unlimited\"\n";

/// A service provider with a folder `tenants`.
struct Provider(Office);

impl Provider {
    fn new() -> Self {
        let office = Office::new("");
        // What stands beside the folder of the tenants is none of them.
        office.write("seatsweep.toml", "this is = no configuration");
        Self(office)
    }

    /// A tenant of which `count` people leave.
    fn tenant(&self, folder: &str, count: usize) {
        self.tenant_with(folder, count, "[limits]\ntime_scale = 600\n");
    }

    fn tenant_with(&self, folder: &str, count: usize, more: &str) {
        let names: Vec<String> = (1..=count).map(|nr| format!("leaver.nr{nr}")).collect();
        let rows: Vec<String> = names.iter().map(|it| leaver(it, "2026-11-18")).collect();
        self.0.hr(&rows);
        self.0
            .users(&with_colleagues(names.iter().map(|it| Account::of(it))));
        let place = format!("tenants/{folder}");
        fs::create_dir_all(self.0.path(&place)).expect("a folder");
        for file in ["hr.csv", "users.csv"] {
            fs::rename(self.0.path(file), self.0.path(&format!("{place}/{file}")))
                .expect("a file of the tenant");
        }
        let name = folder.replace('/', "-");
        let config = format!(
            "[tenant]\nname = \"{name}\"\n[inputs]\nhr = [\"hr.csv\"]\nusers = \"users.csv\"\n\
             [hr]\nfile = \"cumulative\"\n{more}"
        );
        self.0.write(&format!("{place}/seatsweep.toml"), config);
    }

    /// One that takes several seconds, with somebody in flight all the time.
    fn slow_tenant(&self, folder: &str) {
        let slowly = format!("[limits]\ntime_scale = 15\n{NO_LIMITS}");
        self.tenant_with(folder, 30, &slowly);
    }

    /// A tenant of an Administration API.
    fn tenant_at(&self, folder: &str, base_url: &str, key: &str) {
        let needed = format!(
            "[limits]\ntime_scale = 600\noperation_timeout_seconds = 60\n\
             [policy]\ntime_zone = \"America/Los_Angeles\"\n\
             [protected]\naccounts = [\"admin@example.com\"]\n\
             [admin_api]\nbase_url = \"{base_url}\"\napi_key_file = \"{key}\"\n{NO_LIMITS}"
        );
        self.tenant_with(folder, 1, &needed);
        let path = format!("tenants/{folder}/seatsweep.toml");
        let config = self.0.read(&path);
        let config = config.replace("[tenant]\n", "[tenant]\ntarget = \"8x8\"\n");
        self.0.write(&path, config);
        self.0
            .write(&format!("tenants/{folder}/{key}"), "example-key");
    }

    /// A line to add at the end of a tenant's `[tenant]` section.
    fn say(&self, folder: &str, line: &str) {
        let path = format!("tenants/{folder}/seatsweep.toml");
        let config = self.0.read(&path);
        self.0.write(
            &path,
            config.replace("[inputs]", &format!("{line}\n[inputs]")),
        );
    }

    fn words<'w>(more: &[&'w str]) -> Vec<&'w str> {
        let mut words = vec!["run", "--all", "tenants", "--as-of", NOON];
        words.extend(["--hr-at", MORNING, "--users-at", MORNING]);
        words.extend(more);
        words
    }

    fn rehearse(&self, more: &[&str]) -> Ended {
        self.start(more).end()
    }

    fn start(&self, more: &[&str]) -> Running {
        self.0
            .start(&Self::words(&[&["--sandbox"][..], more].concat()))
    }

    /// The same, with a process group of its own, as a shell at a terminal
    /// gives every command.
    fn start_at_terminal(&self, more: &[&str]) -> Running {
        let mut command = self.0.command(PROGRAM);
        command
            .args(Self::words(&[&["--sandbox"][..], more].concat()))
            .process_group(0);
        Running::start(command)
    }

    fn all(&self) -> Value {
        json(&self.0, "tenants/sandbox/all.json")
    }

    /// Waits until somebody of the tenant was written, and others are not yet.
    fn wait_until_at_work(&self, folder: &str) {
        let state = format!("tenants/{folder}/out/sandbox/sandbox-state.json");
        wait_until("a state", || self.0.exists(&state));
        let first = self.0.read(&state);
        wait_until("a change", || self.0.read(&state) != first);
    }

    fn deactivated(&self, folder: &str) -> usize {
        let rows = self
            .0
            .results_in(&format!("tenants/{folder}/out/sandbox/results.csv"));
        let rows = actions(&rows, "deactivate").into_iter();
        rows.filter(|row| row["outcome"] == "succeeded").count()
    }
}

fn json(office: &Office, name: &str) -> Value {
    serde_json::from_str(&office.read(name)).expect("JSON")
}

/// The entry of a tenant.
fn entry<'a>(all: &'a Value, folder: &str) -> &'a Value {
    let mut tenants = all["tenants"].as_array().expect("tenants").iter();
    tenants.find(|it| it["folder"] == folder).expect(folder)
}

/// Fails unless a tenant's figures are those of its own summary; returns them.
fn same_figures<'a>(provider: &Provider, all: &'a Value, folder: &str) -> &'a Value {
    let entry = entry(all, folder);
    let summary = json(
        &provider.0,
        &format!("tenants/{folder}/out/sandbox/summary.json"),
    );
    let figures = entry["figures"].as_object().expect("figures");
    assert!(figures.len() > 10);
    for (name, figure) in figures.iter().filter(|(name, _)| *name != "requests") {
        assert_eq!(*figure, summary[name], "{folder}: {name}");
    }
    assert_eq!(figures["requests"]["sent"], summary["requests"]["sent"]);
    assert_eq!(entry["exit_code"], summary["exit_code"]);
    let kept = entry["outputs"].as_str().expect("a folder");
    assert_eq!(json(&provider.0, &format!("{kept}/summary.json")), summary);
    &entry["figures"]
}

#[test]
fn one_fails_and_the_others_end_and_all_json_adds_up() {
    let provider = Provider::new();
    provider.tenant("acme", 1);
    provider.tenant("globex", 1);
    provider
        .0
        .write("tenants/globex/hr.csv", "no,such\nfile,\n");
    provider.tenant("group/initech", 2);
    let protected = "[protected]\naccounts = [\"leaver.nr1@example.com\"]\n";
    provider.tenant_with(
        "umbrella",
        2,
        &format!("[limits]\ntime_scale = 600\n{protected}"),
    );

    let ended = provider.rehearse(&[]).expect(65);
    let ended = ended.says(&["globex: seatsweep: ", "hr.csv", "group/initech: "]);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let starts = [
        "acme: run ",
        "globex: it ended without a summary; exit 65",
        "group/initech: run ",
        "umbrella: run ",
        "run --all tenants: 4 tenants, 1 with exit 65, 1 with exit 8, 2 with exit 0; ",
    ];
    assert_eq!(lines.len(), starts.len(), "{}", ended.stdout);
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    assert!(
        lines[4].ends_with("exit 65; tenants/sandbox/all.json"),
        "{}",
        lines[4]
    );

    let all = provider.all();
    assert_eq!(all["exit_code"], 65);
    assert_eq!(all["exit_codes"], serde_json::json!([65, 8, 0]));
    assert!(all["finished_at"].is_string());
    let failed = entry(&all, "globex");
    assert_eq!(failed["exit_code"], 65);
    assert_eq!(failed["figures"], Value::Null);
    assert!(
        failed["error"]
            .as_str()
            .is_some_and(|it| it.contains("hr.csv")),
        "{failed}"
    );

    let figures = ["acme", "group/initech", "umbrella"].map(|it| same_figures(&provider, &all, it));
    let totals = &all["totals"];
    for name in ["hr_rows", "needs_a_look", "open_tasks"] {
        let sum: u64 = figures.iter().filter_map(|it| it[name].as_u64()).sum();
        assert_eq!(totals["figures"][name], sum, "{name}");
    }
    let sent: u64 = figures
        .iter()
        .filter_map(|it| it["requests"]["sent"].as_u64())
        .sum();
    assert_eq!(totals["figures"]["requests_sent"], sent);
    assert_eq!(totals["figures"]["hr_rows"], 5);
    assert_eq!(totals["figures"]["actions"]["deactivate"]["succeeded"], 4);
    assert_eq!(
        totals["by_exit_code"],
        serde_json::json!({"0": 2, "8": 1, "65": 1})
    );
    assert_eq!(totals["without_figures"], 1);

    let path = provider.0.path("tenants/sandbox/all.json");
    let mode = fs::metadata(path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // A rehearsal leaves nothing where real nights are summed up.
    assert!(!provider.0.exists("tenants/all.json"));
    let text = provider.0.read("tenants/sandbox/all.json");
    assert!(
        !text.contains("example.com") && !text.contains("leaver"),
        "{text}"
    );
}

#[test]
fn so_many_are_at_work_at_a_time_and_no_more() {
    let provider = Provider::new();
    for name in ["a", "b", "c", "d"] {
        provider.tenant(name, 1);
    }
    let most = |jobs: &str| {
        let ended = provider.rehearse(&["--jobs", jobs]).expect(0);
        let (mut at_work, mut most) = (0, 0);
        for line in ended.stderr.lines() {
            if line.contains(": begun as process ") {
                at_work += 1;
            } else if line.ends_with(": ended with exit 0") {
                at_work -= 1;
            }
            most = most.max(at_work);
        }
        assert_eq!(at_work, 0, "{}", ended.stderr);
        most
    };
    assert_eq!(most("1"), 1);
    assert_eq!(most("2"), 2);
    assert_eq!(most("9"), 4);
}

#[test]
fn tenants_that_share_something_are_not_begun() {
    let provider = Provider::new();
    provider.tenant("a", 1);
    provider.tenant("b/c", 1);
    let clean_a = provider.0.read("tenants/a/seatsweep.toml");
    let clean_b = provider.0.read("tenants/b/c/seatsweep.toml");
    for (of_a, of_b, shared) in [
        (
            "out_dir = \"out\"\n",
            "out_dir = \"../../a/out\"\n",
            "the output folder",
        ),
        ("", "out_dir = \"../../b/../a/./out\"\n", "the ledger"),
    ] {
        provider
            .0
            .write("tenants/a/seatsweep.toml", format!("{of_a}{clean_a}"));
        provider
            .0
            .write("tenants/b/c/seatsweep.toml", format!("{of_b}{clean_b}"));
        let ended = provider.rehearse(&[]).expect(78);
        ended.says(&[
            "tenants/a/seatsweep.toml and tenants/b/c/seatsweep.toml share",
            shared,
            "no tenant was begun",
        ]);
    }
    provider.0.write("tenants/a/seatsweep.toml", &clean_a);
    provider.0.write("tenants/b/c/seatsweep.toml", &clean_b);
    provider.say("a", "customer_id = \"0012J00042NkZQIQA3\"");
    provider.say("b/c", "customer_id = \"0012J00042NkZQIQA3\"");
    let ended = provider.rehearse(&[]).expect(78);
    ended.says(&["share the customer_id 0012J00042NkZQIQA3"]);
    assert!(!provider.0.exists("tenants/a/out") && !provider.0.exists("tenants/b/c/out"));
    assert!(!provider.0.exists("tenants/sandbox"));
}

#[test]
fn tenants_of_8x8_share_neither_ledger_nor_name_nor_key() {
    let provider = Provider::new();
    provider.tenant_at("a", "http://127.0.0.1:9/a", "key");
    provider.tenant_at("b", "http://127.0.0.1:9/a", "../a/key");
    let clean = provider.0.read("tenants/b/seatsweep.toml");
    let shared = clean.replace("name = \"b\"", "name = \"a\"");
    provider.0.write(
        "tenants/b/seatsweep.toml",
        format!("ledger = \"../a/seatsweep.db\"\n{shared}"),
    );
    let ended = provider
        .0
        .start(&Provider::words(&["--confirm"]))
        .end()
        .expect(78);
    ended.says(&[
        "share the ledger ",
        "share the name a",
        "share the API key in ",
        "key for http",
    ]);
    assert!(!provider.0.exists("tenants/all.json") && !provider.0.exists("tenants/a/out"));
    // A variable that counts for all of them.
    let mut command = provider.0.command(PROGRAM);
    provider
        .0
        .write("tenants/b/seatsweep.toml", clean.replace("../a/key", "key"));
    provider.0.write("tenants/b/key", "example-key");
    command
        .args(Provider::words(&["--confirm"]))
        .env("SEATSWEEP_LEDGER", "one.db");
    let ended = Running::start(command).end().expect(78);
    ended.says(&["share the ledger ", "SEATSWEEP_"]);
}

#[test]
fn a_tenant_that_cannot_be_begun_keeps_nobody_from_ending() {
    let provider = Provider::new();
    provider.tenant("acme", 1);
    provider.tenant("broken", 1);
    provider.0.write(
        "tenants/broken/seatsweep.toml",
        "[tenant]\nnmae = \"broken\"\n",
    );
    provider.tenant("empty", 1);
    fs::remove_file(provider.0.path("tenants/empty/hr.csv")).expect("a file less");
    let ended = provider.rehearse(&["--quiet"]).expect(78);
    let ended = ended.says(&[
        "broken: seatsweep: tenants/broken/seatsweep.toml line 2: [tenant] nmae: unknown",
        "empty: seatsweep: ",
    ]);
    assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
    let begun = ended.stdout.lines().nth(1);
    assert_eq!(begun, Some("broken: it was not begun; exit 78"));
    let all = provider.all();
    for (folder, code, state) in [
        ("acme", 0, "ended"),
        ("broken", 78, "not_begun"),
        ("empty", 66, "not_begun"),
    ] {
        let entry = entry(&all, folder);
        assert_eq!(
            (&entry["exit_code"], &entry["state"]),
            (&code.into(), &state.into())
        );
    }
    assert_eq!(provider.deactivated("acme"), 1);
    // Once it is mended, last night's figures are not tonight's.
    provider.0.write("tenants/acme/hr.csv", "no,such\nfile,\n");
    provider.rehearse(&[]).expect(78);
    let all = provider.all();
    assert_eq!(entry(&all, "acme")["exit_code"], 65);
    assert_eq!(entry(&all, "acme")["figures"], Value::Null);
    assert!(provider.0.exists("tenants/acme/out/sandbox/summary.json"));
}

/// What is to be approved is one tenant's, and so is the command that does it.
#[test]
fn a_guard_stops_one_tenant_and_says_how_that_one_is_carried_on() {
    let provider = Provider::new();
    provider.tenant("acme", 6);
    provider.tenant("globex", 1);
    let ended = provider.rehearse(&[]).expect(3);
    let all = provider.all();
    same_figures(&provider, &all, "acme");
    let mut lines = ended.stderr.lines();
    let advice = lines.find_map(|line| {
        let line = line.strip_prefix("acme: ")?.trim_start();
        line.starts_with("seatsweep apply ").then_some(line)
    });
    provider.0.shell(advice.expect(&ended.stderr)).expect(0);
    assert_eq!(
        (provider.deactivated("acme"), provider.deactivated("globex")),
        (6, 1)
    );
}

#[test]
fn ctrl_c_reaches_each_run_once_and_nobody_else_begins() {
    let provider = Provider::new();
    for name in ["a", "b"] {
        provider.slow_tenant(name);
    }
    provider.tenant("c", 1);
    let running = provider.start_at_terminal(&["--jobs", "2"]);
    for name in ["a", "b"] {
        provider.wait_until_at_work(name);
    }
    running.signal_group("INT");
    let ended = running.end().expect(130);
    // Each of them was told once: it finished what was in flight.
    let told = ended.stderr.matches("once more stops at once").count();
    assert_eq!(told, 2, "{}", ended.stderr);
    let all = provider.all();
    assert_eq!(all["exit_code"], 130);
    for name in ["a", "b"] {
        let figures = same_figures(&provider, &all, name);
        assert_eq!(figures["stopped"], "it was interrupted");
    }
    assert_eq!(entry(&all, "c")["state"], "not_begun");
    assert_eq!(entry(&all, "c")["exit_code"], 130);
    assert!(!provider.0.exists("tenants/c/out"));

    let before = ["a", "b"].map(|it| provider.deactivated(it));
    assert!(before.iter().all(|it| (1..30).contains(it)), "{before:?}");
    let resumed = provider.rehearse(&[]).expect(0);
    resumed.says(&["c: begun as process "]);
    let log = |name: &str| {
        json(
            &provider.0,
            &format!("tenants/{name}/out/sandbox/sandbox-log.json"),
        )
    };
    for (name, before) in ["a", "b"].into_iter().zip(before) {
        let written = log(name)["accounts_written"]
            .as_object()
            .expect("accounts")
            .len();
        assert_eq!(written, 30 - before, "nobody is written twice");
    }
}

#[test]
fn term_is_passed_on_and_twice_stops_at_once() {
    let provider = Provider::new();
    provider.0.configure("");
    provider.tenant("seed", 1);
    fs::rename(
        provider.0.path("tenants/seed/users.csv"),
        provider.0.path("users.csv"),
    )
    .expect("a users report");
    fs::remove_dir_all(provider.0.path("tenants/seed")).expect("a folder less");
    let server = Sandbox::start(&provider.0, &["--hold", "4:before"]);
    provider.tenant_at("a", &server.base_url, "key");
    let running = provider
        .0
        .start(&Provider::words(&["--confirm", "--jobs", "1"]));
    server.wait_until_held();
    running.signal("TERM");
    running.wait_for("stopping: no further tenant is begun");
    // The run inside may not have heard the first one yet.
    for _ in 0..5 {
        thread::sleep(Duration::from_millis(200));
        running.signal("TERM");
    }
    running.end().expect(143).says(&["once more stops at once"]);
    let all = json(&provider.0, "tenants/all.json");
    assert_eq!(entry(&all, "a")["exit_code"], 143);
    assert_eq!(entry(&all, "a")["figures"]["target"], "loopback");
}

#[test]
fn a_run_whose_process_is_killed_stopped_midway() {
    let provider = Provider::new();
    provider.slow_tenant("a");
    provider.tenant("b", 1);
    let running = provider.start(&[]);
    provider.wait_until_at_work("a");
    let told = running.told();
    let id = told
        .lines()
        .find_map(|it| it.strip_prefix("a: begun as process "));
    send("KILL", id.expect(&told));
    running.end().expect(7);
    let all = provider.all();
    let killed = entry(&all, "a");
    assert_eq!(
        (&killed["exit_code"], &killed["figures"]),
        (&7.into(), &Value::Null)
    );
    assert!(
        killed["error"]
            .as_str()
            .is_some_and(|it| it.contains("signal: 9")),
        "{killed}"
    );
    assert_eq!(entry(&all, "b")["exit_code"], 0);
}

/// The runs go on to their end, and nobody begins a second one beside them.
#[test]
fn when_the_call_is_killed_its_runs_go_on_and_the_next_call_finds_them_at_work() {
    let provider = Provider::new();
    provider.slow_tenant("a");
    provider.tenant("b", 1);
    let running = provider.start(&["--jobs", "1"]);
    provider.wait_until_at_work("a");
    running.signal("KILL");
    drop(running);
    let cut = provider.all();
    assert_eq!(
        (&cut["finished_at"], &cut["exit_code"]),
        (&Value::Null, &Value::Null)
    );
    let states: BTreeSet<&str> = ["a", "b"]
        .iter()
        .filter_map(|it| entry(&cut, it)["state"].as_str())
        .collect();
    assert_eq!(states, BTreeSet::from(["waiting"]));

    let next = provider.rehearse(&[]).expect(75);
    next.says(&["a: seatsweep: ", "another run holds the lock"]);
    let all = provider.all();
    assert_eq!(entry(&all, "a")["exit_code"], 75);
    assert_eq!(entry(&all, "a")["figures"], Value::Null);
    assert_eq!(entry(&all, "b")["exit_code"], 0);
    wait_until("the orphan's end", || {
        provider.0.exists("tenants/a/out/sandbox/summary.json")
    });
    assert_eq!(provider.deactivated("a"), 30);
}

/// The tenants' runs are what they are; only their sum is missing.
#[test]
fn an_all_json_that_cannot_be_written_is_told_before_and_after() {
    let provider = Provider::new();
    provider.slow_tenant("a");
    provider.0.write("tenants/sandbox", "a file");
    let early = provider.rehearse(&[]).expect(73);
    early.says(&["tenants/sandbox"]);
    assert!(!provider.0.exists("tenants/a/out"));

    fs::remove_file(provider.0.path("tenants/sandbox")).expect("a file less");
    let running = provider.start(&[]);
    provider.wait_until_at_work("a");
    fs::remove_dir_all(provider.0.path("tenants/sandbox")).expect("a folder less");
    let ended = running.end().expect(7);
    let ended = ended.says(&["seatsweep: tenants/sandbox/all.json: no such file"]);
    assert!(ended.stdout.contains("1 with exit 0"), "{}", ended.stdout);
    assert_eq!(provider.deactivated("a"), 30);
}

#[test]
fn a_second_call_beside_the_first_is_refused() {
    let provider = Provider::new();
    provider.slow_tenant("a");
    let running = provider.start(&[]);
    provider.wait_until_at_work("a");
    let second = provider.rehearse(&[]).expect(75);
    second.says(&["tenants/sandbox/all.json.lock", "another run"]);
    running.end().expect(0);
    assert_eq!(provider.all()["exit_code"], 0);
}

#[test]
fn a_folder_without_tenants_is_no_input() {
    let provider = Provider::new();
    provider
        .rehearse(&[])
        .expect(66)
        .says(&["tenants", "cannot be read"]);
    fs::create_dir_all(provider.0.path("tenants/.git")).expect("a folder");
    provider.0.write("tenants/.git/seatsweep.toml", "");
    provider
        .rehearse(&[])
        .expect(66)
        .says(&["tenants: no seatsweep.toml"]);
    std::os::unix::fs::symlink(provider.0.path("."), provider.0.path("tenants/linked"))
        .expect("a link");
    let ended = provider.rehearse(&[]).expect(66);
    ended.says(&["tenants/linked: a link to a folder is not followed"]);
    let typed = ["--config", "seatsweep.toml"];
    provider
        .rehearse(&typed)
        .expect(64)
        .says(&["--config", "--all"]);
    provider.rehearse(&["--hr", "hr.csv"]).expect(64);
}

/// The tests may run as root, who may read everything, so the call does not.
#[test]
fn a_folder_that_cannot_be_searched_is_a_tenant_that_failed() {
    let provider = Provider::new();
    fs::create_dir_all(provider.0.path("tenants/locked")).expect("folders");
    let mode = |name: &str, mode| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(provider.0.path(name), permissions).expect("a mode");
    };
    mode(".", 0o777);
    mode("tenants", 0o777);
    mode("tenants/locked", 0o000);
    let mut command = provider.0.command(PROGRAM);
    command.args(Provider::words(&["--confirm"]));
    if fs::metadata(provider.0.path(".")).expect("an owner").uid() == 0 {
        command.uid(65_534);
    }
    let ended = Running::start(command).end().expect(77);
    ended.says(&["locked: seatsweep: tenants/locked: the folder cannot be searched"]);
    assert_eq!(
        entry(&json(&provider.0, "tenants/all.json"), "locked")["exit_code"],
        77
    );
}

#[test]
fn log_lines_in_json_stay_json_and_say_whose_they_are() {
    let provider = Provider::new();
    provider.tenant("acme", 1);
    let ended = provider
        .rehearse(&["-vv", "--log-format", "json"])
        .expect(0);
    let entries: Vec<Value> = ended
        .stderr
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert!(!entries.is_empty(), "{}", ended.stderr);
    assert!(
        entries.iter().all(|it| it["tenant_folder"] == "acme"),
        "{entries:?}"
    );
}
