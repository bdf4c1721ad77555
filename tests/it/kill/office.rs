//! One company on one night: its files, its tenant, and the program.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use seatsweep::ledger::{Identity, Ledger};
use seatsweep::sandbox::LogReport;
use tempfile::TempDir;

/// The variable that holds the key, and the key that the sandbox accepts.
pub(super) const KEY_VARIABLE: &str = "SEATSWEEP_KILL_KEY";
pub(super) const KEY: &str = "sandbox";

const CUSTOMER: &str = "0012J00042NkZQIQA3";
const PROGRAM: &str = env!("CARGO_BIN_EXE_seatsweep");
const AS_OF: &str = "2026-11-20T22:00:00Z";
/// When the sandbox is started for the second time: its operations are done.
const LATER: &str = "2026-11-20T22:30:00Z";
/// When the night is undone, and when the sandbox is started after that.
const UNDO_AT: &str = "2026-11-20T23:00:00Z";
const AFTER_UNDO: &str = "2026-11-20T23:30:00Z";
/// Tenant seconds in a real one: fast, and still so slow that a hiccup of the
/// machine is no time-out.
const TIME_SCALE: &str = "100";

/// The plan that undoes the night, and the mark that it was begun.
const UNDO_PLAN: &str = "undo.json";
const UNDO_BEGUN: &str = "undo.begun";

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

const HR: &str = "\
Employee ID,First Name,Last Name,Work Email,Employment Status,Termination Date
E1,Ada,Example,ada@example.com,Terminated,2026-11-18
E2,Ben,Example,ben@example.com,Terminated,2026-11-18
E3,Cora,Example,cora@example.com,Terminated,2026-11-19
E4,Dan,Example,dan@example.com,Terminated,2026-11-10
";

const LEAVERS: [&str; 4] = [
    "ada@example.com",
    "ben@example.com",
    "cora@example.com",
    "dan@example.com",
];

/// Two are only deactivated, one gives its seat back at once, one was
/// deactivated before and still holds two.
const USERS: &str = "\
User ID,Username,First name,Last name,Email,Status,Licenses,Phone number
U1,ada@example.com,Ada,Example,ada@example.com,Active,,
U2,ben@example.com,Ben,Example,ben@example.com,Active,Cold Storage-VOSVC0400-01-US,
U3,cora@example.com,Cora,Example,cora@example.com,Active,X Series - X2-VOSVC0216-02-US,+15555550103
U4,dan@example.com,Dan,Example,dan@example.com,Inactive,X Series - X2-VOSVC0216-02-US; X Series - X4-VOSVC0218-02-US,+15555550104
";

/// The inputs and the plan that all scenarios start from.
pub(super) struct TonightsPlan {
    folder: TempDir,
    channels: &'static str,
    /// Rules of the sandbox's fault script.
    faults: &'static [&'static str],
    /// How the tenant answers updates.
    update: &'static str,
}

impl TonightsPlan {
    pub(super) fn new() -> Self {
        Self::over("", "202")
    }

    /// Access ends over SCIM, seats come free over the Administration API.
    pub(super) fn over_scim() -> Self {
        Self::over("[channels]\ndeactivate = \"scim\"\n", "202")
    }

    /// Answers get lost: one of an update that was carried out, and some of
    /// polls and reads.
    pub(super) fn with_lost_answers() -> Self {
        Self {
            faults: &[
                "update 1: after reset",
                "poll 1: cut",
                "poll 3: broken-json",
                "user-read 3: html 502",
            ],
            ..Self::new()
        }
    }

    /// In a tenant that has no method to update users.
    pub(super) fn without_updates(channels: &'static str) -> Self {
        Self::over(channels, "405")
    }

    fn over(channels: &'static str, update: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let tonight = Self {
            folder,
            channels,
            faults: &[],
            update,
        };
        let mut users = USERS.to_owned();
        for number in 10..30 {
            use std::fmt::Write;
            writeln!(
                users,
                "U{number},staff{number}@example.com,Staff,Member,staff{number}@example.com,Active,X Series - X2-VOSVC0216-02-US,"
            )
            .expect("a line");
        }
        write(&tonight.path("hr.csv"), HR);
        write(&tonight.path("users.csv"), &users);
        let config = tonight.path("seatsweep.toml");
        write(
            &config,
            &tonight.configuration("http://127.0.0.1:1/admin-provisioning"),
        );
        let mut arguments: Vec<OsString> = vec![PROGRAM.into(), "plan".into()];
        arguments.extend(tonight.inputs());
        arguments.extend(["--config".into(), config.into()]);
        arguments.extend(["--out-dir".into(), tonight.path("out").into()]);
        let planned = command(&arguments).output().expect("a process");
        let said = String::from_utf8_lossy(&planned.stderr);
        assert!(planned.status.success(), "{said}");
        tonight
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configuration(&self, base_url: &str) -> String {
        let scim = base_url.replace("/admin-provisioning", "/scim/v2");
        format!(
            "{}{}[scim]\nbase_url = \"{scim}\"\ntoken_env = \"{KEY_VARIABLE}\"\n",
            configuration(base_url),
            self.channels
        )
    }

    fn inputs(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        arguments.extend(["--hr".into(), self.path("hr.csv").into()]);
        arguments.extend(["--users".into(), self.path("users.csv").into()]);
        for option in ["--as-of", "--hr-at", "--users-at"] {
            arguments.extend([option.into(), AS_OF.into()]);
        }
        arguments
    }
}

/// The rows of `results.csv`, by column.
pub(super) type Results = Vec<BTreeMap<String, String>>;

/// What the program does tonight.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    /// `apply` of tonight's plan.
    Apply,
    /// The same, with the machine's clock set to another time of that day.
    ApplyAt(&'static str),
    /// The same with a review sheet that keeps two people back.
    ApplyReviewed,
    /// `run`.
    Run,
    /// `apply` of the plan that undoes the night.
    Undo,
}

/// Where the sandbox freezes.
#[derive(Clone, Copy)]
pub(super) struct Hold {
    pub(super) request: usize,
    pub(super) point: &'static str,
}

/// A folder with the ledger, the outputs and the tenant's state.
pub(super) struct Office<'t> {
    tonight: &'t TonightsPlan,
    folder: TempDir,
}

impl<'t> Office<'t> {
    pub(super) fn new(tonight: &'t TonightsPlan) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { tonight, folder }
    }

    /// The same office again, as far as files go.
    pub(super) fn copy(&self) -> Self {
        let copy = Self::new(self.tonight);
        copy_files(self.folder.path(), copy.folder.path());
        copy
    }

    /// Plans to undo the last run.
    pub(super) fn plan_undo(&self) {
        let planned = self.undo(&self.last_run());
        let said = String::from_utf8_lossy(&planned.stderr);
        assert!(planned.status.success(), "{said}");
    }

    /// Plans to undo a run, and returns what came of it.
    pub(super) fn undo(&self, run_id: &str) -> Output {
        let mut arguments: Vec<OsString> = vec![PROGRAM.into(), "undo".into(), run_id.into()];
        for (option, value) in [
            ("--as-of", UNDO_AT.into()),
            ("--config", self.path("seatsweep.toml").into_os_string()),
            ("--out", self.path(UNDO_PLAN).into_os_string()),
        ] {
            arguments.extend([option.into(), value]);
        }
        command(&arguments).output().expect("a process")
    }

    /// The run that began last.
    pub(super) fn last_run(&self) -> String {
        let run = self.ledger().last_run().expect("an answer");
        run.expect("a run").start.run_id
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A tenant in a process of its own, or the same one started again.
    pub(super) fn start_sandbox(&self, hold: Option<Hold>) -> Sandbox {
        let state = self.path("tenant.json");
        let is_undoing = self.path(UNDO_PLAN).exists();
        let has_begun = self.path(UNDO_BEGUN).exists();
        let as_of = match (state.exists(), is_undoing, has_begun) {
            (false, ..) => AS_OF,
            (true, false, _) => LATER,
            (true, true, false) => UNDO_AT,
            (true, true, true) => AFTER_UNDO,
        };
        if is_undoing {
            write(&self.path(UNDO_BEGUN), "");
        }
        let mut arguments: Vec<OsString> = vec![PROGRAM.into(), "sandbox".into()];
        arguments.extend(["--users".into(), self.tonight.path("users.csv").into()]);
        arguments.extend(["--state".into(), state.into()]);
        for (option, value) in [
            ("--listen", "127.0.0.1:0"),
            ("--time-scale", TIME_SCALE),
            ("--as-of", as_of),
            ("--customer-id", CUSTOMER),
            ("--update", self.tonight.update),
        ] {
            arguments.extend([option.into(), value.into()]);
        }
        for rule in self.tonight.faults {
            arguments.extend(["--fault".into(), (*rule).into()]);
        }
        if let Some(Hold { request, point }) = hold {
            arguments.extend(["--hold".into(), format!("{request}:{point}").into()]);
        }
        Sandbox::start(command(&arguments).current_dir(self.folder.path()))
    }

    /// The command line of the work, with this sandbox as its 8x8.
    pub(super) fn arguments(&self, sandbox: &Sandbox, work: Work) -> Vec<OsString> {
        let config = self.path("seatsweep.toml");
        write(&config, &self.tonight.configuration(&sandbox.base_url));
        let mut arguments: Vec<OsString> = vec![PROGRAM.into()];
        match work {
            Work::Apply | Work::ApplyAt(_) | Work::ApplyReviewed => {
                let plan = self.tonight.path("out").join("plan.json");
                let as_of = match work {
                    Work::ApplyAt(as_of) => as_of,
                    _ => AS_OF,
                };
                arguments.extend(["apply".into(), plan.into()]);
                arguments.extend(["--as-of".into(), as_of.into()]);
                if matches!(work, Work::ApplyReviewed) {
                    arguments.extend(["--review".into(), self.review_sheet().into()]);
                }
            }
            Work::Undo => {
                arguments.extend(["apply".into(), self.path(UNDO_PLAN).into()]);
                arguments.extend(["--as-of".into(), UNDO_AT.into()]);
            }
            Work::Run => {
                arguments.push("run".into());
                arguments.extend(self.tonight.inputs());
            }
        }
        arguments.extend(["--confirm".into(), "--config".into(), config.into()]);
        arguments
    }

    /// Tonight's sheet, filled in.
    fn review_sheet(&self) -> PathBuf {
        let empty = self.tonight.path("out").join("plan.csv");
        let mut reader = csv::Reader::from_path(empty).expect("the sheet");
        let mut filled = csv::Writer::from_writer(Vec::new());
        filled
            .write_record(["action_id", "decision"])
            .expect("a line");
        for row in reader.deserialize::<BTreeMap<String, String>>() {
            let row = row.expect("a row");
            let decision = match (row["username"].as_str(), row["action"].as_str()) {
                ("ben@example.com", "deactivate") => "hold",
                ("cora@example.com", "deactivate") => "skip",
                _ => "",
            };
            let line = [row["action_id"].as_str(), decision];
            filled.write_record(line).expect("a line");
        }
        let path = self.path("review.csv");
        let bytes = filled.into_inner().expect("the sheet");
        write(&path, &String::from_utf8(bytes).expect("text"));
        path
    }

    pub(super) fn spawn(&self, sandbox: &Sandbox, work: Work) -> Child {
        let mut command = command(&self.arguments(sandbox, work));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("a process")
    }

    /// Does the work to its end and returns its exit code.
    pub(super) fn run(&self, sandbox: &Sandbox, work: Work) -> i32 {
        let (code, said) = self.run_within(sandbox, work, None);
        assert!([0, 4, 5, 8].contains(&code), "exit code {code}: {said}");
        code
    }

    /// Does the work where no file may grow beyond so many blocks of 512 bytes,
    /// as on a disk that is full; returns the exit code and what was said.
    pub(super) fn run_within(
        &self,
        sandbox: &Sandbox,
        work: Work,
        blocks: Option<u64>,
    ) -> (i32, String) {
        let arguments = self.arguments(sandbox, work);
        let mut limited = match blocks {
            None => command(&arguments),
            Some(blocks) => {
                // A write beyond the limit fails, instead of ending the process.
                let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
                let shell = ["sh", "-c", &script, "sh"].map(OsString::from);
                command(&[&shell[..], &arguments[..]].concat())
            }
        };
        let ended = limited.output().expect("a process");
        let code = ended.status.code().expect("no signal");
        (code, String::from_utf8_lossy(&ended.stderr).into_owned())
    }

    /// `manual-tasks.csv`, which a kill does not change.
    pub(super) fn tasks(&self) -> String {
        let path = self.path("out").join("manual-tasks.csv");
        std::fs::read_to_string(path).expect("tasks")
    }

    /// `results.csv`, without what a kill may change, in a stable order.
    pub(super) fn results(&self) -> Results {
        let path = self.path("out").join("results.csv");
        let mut reader = csv::Reader::from_path(path).expect("results");
        let rows = reader.deserialize::<BTreeMap<String, String>>();
        rows.map(|row| {
            let mut row = row.expect("a row");
            for column in MASKED {
                row.remove(column).expect("a column of the contract");
            }
            row
        })
        .collect()
    }

    /// `results.csv` of every run, as it is.
    pub(super) fn results_of_all_runs(&self) -> Results {
        let folders = std::fs::read_dir(self.path("out").join("runs")).expect("runs");
        let files = folders.map(|folder| folder.expect("a folder").path().join("results.csv"));
        files
            .flat_map(|path| {
                let reader = csv::Reader::from_path(path).expect("results");
                reader.into_deserialize::<BTreeMap<String, String>>()
            })
            .map(|row| row.expect("a row"))
            .collect()
    }

    /// Nothing has opened the office's own ledger to write it.
    pub(super) fn assert_no_ledger(&self, what: &str) {
        assert!(!self.path("seatsweep.db").exists(), "{what}");
    }

    fn ledger(&self) -> Ledger {
        let identity = Identity {
            tenant: "acme".to_owned(),
            target: "loopback".to_owned(),
            customer_id: Some(CUSTOMER.to_owned()),
        };
        let ledger = Ledger::open_read_only(&self.path("seatsweep.db"), &identity);
        ledger.expect("a ledger").expect("that exists")
    }

    /// No intent is open any more.
    pub(super) fn assert_settled(&self, what: &str) {
        let ledger = self.ledger();
        assert_eq!(ledger.open_attempts().expect("attempts"), [], "{what}");
        assert!(!ledger.unclean_stop().expect("an answer"), "{what}");
    }
}

/// A running sandbox.
pub(super) struct Sandbox {
    process: Child,
    lines: Receiver<String>,
    base_url: String,
}

impl Sandbox {
    fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("a process");
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

    /// Kills the client as soon as a request is held; false if the client came
    /// to its end before.
    pub(super) fn kill_when_held(&self, mut client: Child) -> bool {
        let is_held = self.holds(&mut client);
        if is_held {
            client.kill().expect("killed");
        }
        client.wait().expect("its end");
        is_held
    }

    /// Presses Ctrl-C until the client has ended, as soon as a request is
    /// held; returns its exit code.
    pub(super) fn interrupt_when_held(&self, mut client: Child) -> Option<i32> {
        assert!(self.holds(&mut client), "nothing was held");
        loop {
            let process = client.id().to_string();
            let signal = Command::new("kill").args(["-INT", &process]).status();
            assert!(signal.expect("a process").success());
            for _ in 0..20 {
                std::thread::sleep(Duration::from_millis(10));
                if let Some(status) = client.try_wait().expect("its state") {
                    return status.code();
                }
            }
        }
    }

    /// Waits until a request is held; false if the client ends before.
    fn holds(&self, client: &mut Child) -> bool {
        loop {
            match self.lines.recv_timeout(Duration::from_millis(5)) {
                Ok(line) if line == "held" => return true,
                Ok(line) => panic!("the sandbox said {line}"),
                Err(RecvTimeoutError::Disconnected) => panic!("the sandbox ended"),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if client.try_wait().expect("its state").is_some() {
                return false;
            }
        }
    }

    /// Kills the sandbox, which remembers only what it promised, and returns
    /// its log.
    pub(super) fn end(mut self) -> LogReport {
        let address = self.base_url.trim_start_matches("http://");
        let address = address.split('/').next().expect("an address");
        let mut connection = TcpStream::connect(address).expect("a connection");
        let request =
            format!("GET /sandbox/log HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        self.process.kill().expect("killed");
        self.process.wait().expect("its end");
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

/// Over all the logs: each leaver written once, nothing lost, no limit passed.
pub(super) fn assert_each_written_once(logs: &[LogReport], what: &str) {
    assert_written(logs, &LEAVERS.map(|it| (it, 1)).into(), what);
}

/// The same for an undo: access and each seat are an update of their own. A
/// seat that went together with access did so in one update, so not over SCIM.
pub(super) fn assert_each_given_back_once(tonight: &TonightsPlan, logs: &[LogReport], what: &str) {
    let updates = if tonight.channels.is_empty() {
        [1, 1, 2, 2]
    } else {
        [1, 1, 1, 2]
    };
    assert_written(logs, &LEAVERS.into_iter().zip(updates).collect(), what);
}

pub(super) fn assert_written(logs: &[LogReport], expected: &BTreeMap<&str, u64>, what: &str) {
    let mut written: BTreeMap<&str, u64> = BTreeMap::new();
    for log in logs {
        assert_eq!(log.violations, 0, "{what}");
        assert_eq!(log.polls_too_fast, 0, "{what}");
        assert!(log.fields_lost.is_empty(), "{what}: {:?}", log.fields_lost);
        assert!(log.repeated_writes.is_empty(), "{what}");
        for (username, writes) in &log.accounts_written {
            *written.entry(username).or_default() += writes;
        }
    }
    assert_eq!(&written, expected, "{what}");
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

fn command(arguments: &[OsString]) -> Command {
    let mut command = Command::new(&arguments[0]);
    command.args(&arguments[1..]).env(KEY_VARIABLE, KEY);
    command
}

fn configuration(base_url: &str) -> String {
    format!(
        r#"
[tenant]
name = "acme"
target = "8x8"
customer_id = "{CUSTOMER}"

[hr]
file = "cumulative"

[admin_api]
base_url = "{base_url}"
api_key_env = "{KEY_VARIABLE}"

[limits]
time_scale = {TIME_SCALE}

[policy]
time_zone = "America/Los_Angeles"
remove_license_after_days = 0

[protected]
accounts = ["admin@example.com"]

[guards]
first_run = "act"
"#
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "the user's own files, not the program's"
)]
fn write(path: &Path, content: &str) {
    std::fs::write(path, content).expect("written");
}
