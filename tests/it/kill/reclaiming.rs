//! The same sweeps over a night on which an account is reactivated so that its
//! licences come free: whenever the program dies, the account ends deactivated.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use super::{ends_at_commit, in_parallel};
use crate::reclaim::account;
use crate::support::{Account, Office, PROGRAM, Row, X2, actions, leaver, with_colleagues};
use seatsweep::ledger::{Identity, Ledger};
use seatsweep::sandbox::LogReport;

/// More requests than the plan takes.
const MOST_REQUESTS: usize = 22;
/// More commits than a run makes.
const MOST_COMMITS: usize = 48;

const X4: &str = "X Series - X4-VOSVC0218-02-US";
/// Tenant seconds in a real one: fast, and still so slow that a hiccup of the
/// machine is no time-out.
const TIME_SCALE: &str = "100";
const FIRST_NIGHT: &str = "2026-11-20T20:00:00Z";
const SECOND_NIGHT: &str = "2026-11-21T20:00:00Z";
/// When the sandbox is started again: its operations are done.
const LATER: &str = "2026-11-21T20:30:00Z";

/// What nobody expects to be the same after a kill: ids and times.
const MASKED: [&str; 8] = [
    "run_id",
    "attempts",
    "operation_id",
    "request_id",
    "started_at",
    "finished_at",
    "verified_at",
    "next_due",
];

/// The office on the evening of the second night, with its plan. On the first
/// night the tenant refused to free the licences of a deactivated account.
fn second_evening() -> Office {
    let office = Office::new("");
    office.write("key", "example-key");
    let accounts = |ann: Account| {
        let dan = Account::of("dan.old").deactivated().holding(&[X2, X4]);
        with_colleagues([ann, dan])
    };
    office.hr(&[leaver("dan.old", "2026-11-10")]);
    office.users(&accounts(Account::of("ann.moss")));
    let sandbox = Sandbox::start(&office, FIRST_NIGHT, None);
    let (code, said) = call(&office, &sandbox, Work::Run(FIRST_NIGHT));
    assert_eq!(code, 4, "the tenant refuses: {said}");
    sandbox.end();
    office.hr(&[
        leaver("dan.old", "2026-11-10"),
        leaver("ann.moss", "2026-11-20"),
    ]);
    let sandbox = Sandbox::start(&office, SECOND_NIGHT, None);
    let (code, said) = call(&office, &sandbox, Work::Plan);
    assert_eq!(code, 0, "{said}");
    sandbox.end();
    office
}

#[derive(Clone, Copy)]
enum Work {
    Plan,
    Apply,
    /// At that time.
    Run(&'static str),
}

fn arguments(office: &Office, sandbox: &Sandbox, work: Work) -> Vec<OsString> {
    let config = office.path("seatsweep.toml");
    let base_url = &sandbox.base_url;
    office.write(
        "seatsweep.toml",
        format!(
            "[tenant]\nname = \"acme\"\ntarget = \"8x8\"\n[hr]\nfile = \"cumulative\"\n\
             [admin_api]\nbase_url = \"{base_url}\"\napi_key_file = \"key\"\n\
             [limits]\ntime_scale = {TIME_SCALE}\n\
             [policy]\ntime_zone = \"America/Los_Angeles\"\nremove_license_after_days = 0\n\
             stranded_seats = \"reclaim\"\n\
             [protected]\naccounts = [\"admin@example.com\"]\n[guards]\nfirst_run = \"act\"\n"
        ),
    );
    let mut words: Vec<OsString> = vec![PROGRAM.into()];
    let as_of = match work {
        Work::Run(as_of) => as_of,
        Work::Plan | Work::Apply => SECOND_NIGHT,
    };
    match work {
        Work::Apply => words.extend(["apply".into(), office.path("out/plan.json").into()]),
        Work::Plan | Work::Run(_) => {
            let is_plan = matches!(work, Work::Plan);
            words.push(if is_plan { "plan" } else { "run" }.into());
            words.extend(["--hr".into(), office.path("hr.csv").into()]);
            words.extend(["--users".into(), office.path("users.csv").into()]);
            for option in ["--hr-at", "--users-at"] {
                words.extend([option.into(), FIRST_NIGHT.into()]);
            }
        }
    }
    words.extend(["--as-of".into(), as_of.into()]);
    if !matches!(work, Work::Plan) {
        words.push("--confirm".into());
    }
    words.extend(["--config".into(), config.into()]);
    words
}

fn call(office: &Office, sandbox: &Sandbox, work: Work) -> (i32, String) {
    let words = arguments(office, sandbox, work);
    let ended = Command::new(&words[0]).args(&words[1..]).output();
    let ended = ended.expect("a process");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    (ended.status.code().expect("no signal"), said)
}

/// `results.csv`, without what a kill may change.
fn results(office: &Office) -> Vec<Row> {
    let mut rows = office.results_in("out/results.csv");
    for row in &mut rows {
        for column in MASKED {
            row.remove(column).expect("a column of the contract");
        }
        if row["detail"].starts_with("the account was active for") {
            row.insert("detail".to_owned(), "so many seconds".to_owned());
        }
    }
    rows
}

/// Both leavers are locked out and hold nothing, nothing is left open, and the
/// tenant was treated well.
fn assert_over(
    office: &Office,
    sandbox: Sandbox,
    earlier: Option<LogReport>,
    kills: u64,
    what: &str,
) {
    let mut logs = vec![sandbox.log()];
    logs.extend(earlier);
    for id in ["id-dan-old", "id-ann-moss"] {
        let expected = ("INACTIVE".to_owned(), 0);
        assert_eq!(account(&sandbox.base_url, id), expected, "{what}: {id}");
    }
    drop(sandbox);
    let ledger = ledger(office);
    assert_eq!(ledger.open_attempts().expect("attempts"), [], "{what}");
    assert!(!ledger.unclean_stop().expect("an answer"), "{what}");
    let reclaims = ledger.reclaims("none").expect("reclaims");
    assert_eq!(reclaims, [], "{what}: open");
    let mut written: BTreeMap<&str, u64> = BTreeMap::new();
    for log in &logs {
        assert_eq!((log.violations, log.polls_too_fast), (0, 0), "{what}");
        assert!(log.fields_lost.is_empty(), "{what}: {:?}", log.fields_lost);
        assert!(log.repeated_writes.is_empty(), "{what}");
        for (username, writes) in &log.accounts_written {
            *written.entry(username).or_default() += writes;
        }
    }
    assert_eq!(written["ann.moss@example.com"], 1, "{what}");
    // Reactivated, freed and deactivated; and opened and closed once more for
    // each time that it was killed before its licences were gone.
    let writes = written["dan.old@example.com"];
    assert!(
        writes % 2 == 1 && (3..=3 + 2 * kills).contains(&writes),
        "{what}: {writes}"
    );
}

fn ledger(office: &Office) -> Ledger {
    let identity = Identity {
        tenant: "acme".to_owned(),
        target: "loopback".to_owned(),
        customer_id: None,
    };
    let ledger = Ledger::open_read_only(&office.path("seatsweep.db"), &identity);
    ledger.expect("a ledger").expect("that exists")
}

fn copy(office: &Office) -> Office {
    let copy = Office::new("");
    copy_files(&office.path(""), &copy.path(""));
    copy
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_files(&from, &to);
        } else {
            std::fs::copy(&from, &to).expect("a copy");
        }
    }
}

/// What the night comes to when nobody disturbs it.
fn undisturbed(evening: &Office) -> (i32, Vec<Row>) {
    let office = copy(evening);
    let sandbox = Sandbox::start(&office, SECOND_NIGHT, None);
    let (code, said) = call(&office, &sandbox, Work::Apply);
    let results = results(&office);
    assert_over(&office, sandbox, None, 0, "undisturbed");
    for (kind, count) in [("reactivate", 1), ("remove_license", 3), ("deactivate", 2)] {
        let rows = actions(&results, kind);
        assert_eq!(rows.len(), count, "{kind}: {results:#?}");
        assert!(
            rows.iter().all(|row| row["outcome"] == "succeeded"),
            "{said}"
        );
    }
    (code, results)
}

#[test]
fn killed_at_any_request_a_reclaim_is_carried_on_to_the_same_end() {
    let evening = second_evening();
    let expected = undisturbed(&evening);
    let held = AtomicUsize::new(0);
    let points = ["received", "before", "after"];
    let moments: Vec<(usize, &str)> = (1..=MOST_REQUESTS)
        .flat_map(|request| points.map(|point| (request, point)))
        .collect();
    in_parallel(&moments, |(request, point)| {
        let what = format!("killed at request {request}, {point}");
        let office = copy(&evening);
        let sandbox = Sandbox::start(&office, SECOND_NIGHT, Some((request, point)));
        let was_held = sandbox.kill_when_held(&arguments(&office, &sandbox, Work::Apply));
        held.fetch_add(usize::from(was_held), Ordering::SeqCst);
        let first = sandbox.end();

        let sandbox = Sandbox::start(&office, LATER, None);
        let (code, said) = call(&office, &sandbox, Work::Apply);
        assert_eq!((code, results(&office)), expected, "{what}: {said}");
        assert_over(&office, sandbox, Some(first), 1, &what);
    });
    let held = held.into_inner();
    assert!(held >= 3 * 12, "only {held} of the moments came");
    assert!(held < moments.len(), "the plan takes more requests");
}

#[test]
fn killed_at_any_commit_a_reclaim_is_carried_on_to_the_same_end() {
    let evening = second_evening();
    let expected = undisturbed(&evening);
    let killed = at_every_commit(&evening, Work::Apply, |office, code, what| {
        assert_eq!((code, results(office)), expected, "{what}");
    });
    assert!(killed >= 15, "only {killed} commits");
}

#[test]
fn killed_at_any_commit_run_closes_a_reclaim_first_and_plans_anew() {
    let evening = second_evening();
    let killed = at_every_commit(&evening, Work::Run(SECOND_NIGHT), |office, _, what| {
        for row in results(office) {
            let outcome = row["outcome"].as_str();
            let fine = ["", "succeeded", "already_done", "manual"];
            assert!(fine.contains(&outcome), "{what}: {row:?}");
        }
    });
    assert!(killed >= 15, "only {killed} commits");
}

/// HR has taken the termination back in the meantime, and the file is another:
/// the account was deactivated when it was opened, and so it is again.
#[test]
fn killed_in_a_reclaim_a_run_with_other_inputs_closes_it_first() {
    let evening = second_evening();
    let was_open = AtomicUsize::new(0);
    let requests: Vec<usize> = (4..=16).collect();
    in_parallel(&requests, |request| {
        let what = format!("killed at request {request}");
        let office = copy(&evening);
        let sandbox = Sandbox::start(&office, SECOND_NIGHT, Some((request, "after")));
        sandbox.kill_when_held(&arguments(&office, &sandbox, Work::Apply));
        sandbox.end();
        let open = ledger(&office).reclaims("none").expect("reclaims");
        was_open.fetch_add(open.len(), Ordering::SeqCst);

        office.hr(&[leaver("ann.moss", "2026-11-20")]);
        let sandbox = Sandbox::start(&office, LATER, None);
        // Without leave to change anything it only looks, and says so.
        let mut words = arguments(&office, &sandbox, Work::Run(SECOND_NIGHT));
        words.retain(|word| word != "--confirm");
        let ended = Command::new(&words[0]).args(&words[1..]).output();
        let ended = ended.expect("a process");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(6), "{what}: {said}");
        let told = String::from_utf8_lossy(&ended.stdout);
        let open = ledger(&office).reclaims("none").expect("reclaims");
        let is_open = !open.is_empty();
        let says_so = told.starts_with("reactivated_by_us id-dan-old;");
        assert_eq!(says_so, is_open, "{what}: {told}");

        let (code, said) = call(&office, &sandbox, Work::Run(SECOND_NIGHT));
        assert!([0, 8].contains(&code), "{what}: {code}: {said}");
        let closes = said.contains("deactivating it first");
        assert_eq!(closes, is_open, "{what}: {said}");
        let (status, _) = account(&sandbox.base_url, "id-dan-old");
        assert_eq!(status, "INACTIVE", "{what}");
        let summary: serde_json::Value =
            serde_json::from_str(&office.read("out/summary.json")).expect("JSON");
        let seconds = summary["reclaims"][0]["seconds_alive"].as_i64();
        assert_eq!(seconds.is_some(), is_open, "{what}: {summary:#}");
        let log = sandbox.end();
        let writes = log.accounts_written.get("dan.old@example.com");
        assert!(
            writes.is_none_or(|writes| *writes == 1),
            "{what}: {writes:?}"
        );
        assert_eq!(
            ledger(&office).reclaims("none").expect("reclaims"),
            [],
            "{what}"
        );
        let rows = results(&office);
        assert!(actions(&rows, "reactivate").is_empty(), "{what}");
    });
    assert!(was_open.into_inner() >= 6, "too few were open");
}

/// Kills `work` right after each commit, and again a few commits into the
/// second time; then does it to its end and checks it. Returns how many commits
/// there were.
fn at_every_commit(
    evening: &Office,
    work: Work,
    check: impl Fn(&Office, i32, &str) + Sync,
) -> usize {
    let killed = AtomicUsize::new(0);
    let commits: Vec<usize> = (1..=MOST_COMMITS).collect();
    in_parallel(&commits, |commit| {
        let what = format!("killed at commit {commit}");
        let office = copy(evening);
        let sandbox = Sandbox::start(&office, SECOND_NIGHT, None);
        if !ends_at_commit(&arguments(&office, &sandbox, work), commit) {
            // The run had fewer commits; it is done.
            return;
        }
        killed.fetch_add(1, Ordering::SeqCst);
        let again = 1 + commit % 7;
        let twice = ends_at_commit(&arguments(&office, &sandbox, work), again);
        let (code, said) = call(&office, &sandbox, work);
        check(&office, code, &format!("{what}: {said}"));
        let times = if twice { 2 } else { 1 };
        assert_over(&office, sandbox, None, times, &what);
    });
    let killed = killed.into_inner();
    assert!(killed < MOST_COMMITS, "the run makes more commits");
    killed
}

/// A running sandbox that frees no licence of a deactivated account.
struct Sandbox {
    process: Child,
    lines: Receiver<String>,
    base_url: String,
}

impl Sandbox {
    fn start(office: &Office, as_of: &str, hold: Option<(usize, &str)>) -> Self {
        let mut command = office.command(PROGRAM);
        command
            .args([
                "sandbox",
                "--listen",
                "127.0.0.1:0",
                "--stranded",
                "refused",
            ])
            .args(["--time-scale", TIME_SCALE, "--as-of", as_of])
            .args(["--users", "users.csv", "--state", "tenant.json"])
            .args(["--api-key-env", "SEATSWEEP_API_KEY"]);
        if let Some((request, point)) = hold {
            command.args(["--hold", &format!("{request}:{point}")]);
        }
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let output = process.stdout.take().expect("its output");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody listens any more once the scenario is over.
                let _ = sender.send(line);
            }
        });
        let line: String = lines.recv().expect("its first line");
        let base_url = line.strip_prefix("listening on ").expect("its address");
        Self {
            base_url: base_url.to_owned(),
            process,
            lines,
        }
    }

    /// Starts the program and kills it as soon as a request is held; false if it
    /// came to its end before.
    fn kill_when_held(&self, words: &[OsString]) -> bool {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        let mut client = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let is_held = loop {
            match self.lines.recv_timeout(Duration::from_millis(5)) {
                Ok(line) if line == "held" => break true,
                Ok(line) => panic!("the sandbox said {line}"),
                Err(RecvTimeoutError::Disconnected) => panic!("the sandbox ended"),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if client.try_wait().expect("its state").is_some() {
                break false;
            }
        };
        if is_held {
            client.kill().expect("killed");
        }
        client.wait().expect("its end");
        is_held
    }

    /// Kills it, which remembers only what it promised, and returns its log.
    fn end(self) -> LogReport {
        self.log()
    }

    fn log(&self) -> LogReport {
        let address = self.base_url.trim_start_matches("http://");
        let address = address.split('/').next().expect("an address");
        let mut connection = TcpStream::connect(address).expect("a connection");
        let request =
            format!("GET /sandbox/log HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("a log")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // A scenario that failed leaves no process behind; one that went well
        // has ended it already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
