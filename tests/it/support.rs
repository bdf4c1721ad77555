//! An office with its files, and the program called as a person or cron would.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_seatsweep");
/// How long anything may take; far more than it should, for busy machines.
const PATIENCE: Duration = Duration::from_secs(90);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// The calling seat that everybody holds.
pub(crate) const X2: &str = "X Series - X2-VOSVC0216-02-US";

/// One line of `results.csv`, by column.
pub(crate) type Row = BTreeMap<String, String>;

/// A folder with a configuration, an HR export and a users report.
pub(crate) struct Office {
    folder: TempDir,
}

/// How a call of the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Office {
    /// Settings that every test needs, and `more`.
    pub(crate) fn new(more: &str) -> Self {
        let office = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        office.configure(more);
        office
    }

    /// Replaces the configuration.
    pub(crate) fn configure(&self, more: &str) {
        self.configure_at(600, more);
    }

    /// The same, with the run clock at another speed.
    pub(crate) fn configure_at(&self, time_scale: u32, more: &str) {
        let always = format!("[tenant]\nname = \"acme\"\n[limits]\ntime_scale = {time_scale}\n");
        self.write("seatsweep.toml", always + more);
    }

    /// Replaces the configuration by one for an Administration API.
    pub(crate) fn configure_8x8(&self, base_url: &str, more: &str) {
        let needed = "[tenant]\nname = \"acme\"\ntarget = \"8x8\"\n\
            [hr]\nfile = \"cumulative\"\n\
            [limits]\ntime_scale = 600\noperation_timeout_seconds = 60\n\
            [policy]\ntime_zone = \"America/Los_Angeles\"\n\
            [protected]\naccounts = [\"admin@example.com\"]\n";
        let admin_api = format!("[admin_api]\nbase_url = \"{base_url}\"\n");
        self.write("seatsweep.toml", format!("{needed}{admin_api}{more}"));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        seatsweep::files::replace(&self.path(name), content.as_ref()).expect("a written file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect(name)
    }

    /// Writes tonight's HR export.
    pub(crate) fn hr(&self, rows: &[String]) {
        let header = "Employee ID,First name,Last name,Work email,Status,Termination date";
        self.write("hr.csv", lines(header, rows));
    }

    /// Writes tonight's users report.
    pub(crate) fn users(&self, accounts: &[Account]) {
        let header = "User ID,Username,First name,Last name,Email,Status,Licenses,Created";
        let rows: Vec<String> = accounts.iter().map(Account::row).collect();
        self.write("users.csv", lines(header, &rows));
    }

    /// A rehearsal of one night at noon, with files made that morning.
    pub(crate) fn night(&self, date: &str, more: &[&str]) -> Ended {
        let mut words = vec!["run", "--sandbox"];
        words.extend(more);
        self.on(date, &words)
    }

    /// `words` and the inputs of that night.
    pub(crate) fn on(&self, date: &str, words: &[&str]) -> Ended {
        self.start_on(date, words).end()
    }

    /// The same, and does not wait.
    pub(crate) fn start_on(&self, date: &str, words: &[&str]) -> Running {
        let (noon, morning) = (format!("{date}T20:00:00Z"), format!("{date}T15:00:00Z"));
        let mut line = words.to_vec();
        line.extend(["--hr", "hr.csv", "--users", "users.csv", "--as-of", &noon]);
        line.extend(["--hr-at", &morning, "--users-at", &morning]);
        self.start(&line)
    }

    /// Calls the program in the office's folder and waits for its end.
    pub(crate) fn seatsweep(&self, words: &[impl AsRef<OsStr>]) -> Ended {
        self.start(words).end()
    }

    /// Calls the program and does not wait.
    pub(crate) fn start(&self, words: &[impl AsRef<OsStr>]) -> Running {
        let mut command = self.command(PROGRAM);
        command.args(words);
        Running::start(command)
    }

    /// Runs a line that the program printed, as a shell would.
    pub(crate) fn shell(&self, line: &str) -> Ended {
        let mut command = self.command("sh");
        command.args(["-c", line]);
        Running::start(command).end()
    }

    /// Any program in the office's folder, in an environment of its own.
    pub(crate) fn command(&self, program: &str) -> Command {
        let programs = Path::new(PROGRAM).parent().expect("a folder");
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
            .env("USER", "pat.operator")
            .env("SEATSWEEP_API_KEY", "example-key");
        command
    }

    /// The newest results of a rehearsal.
    pub(crate) fn results(&self) -> Vec<Row> {
        self.results_in("out/sandbox/results.csv")
    }

    pub(crate) fn results_in(&self, name: &str) -> Vec<Row> {
        let mut reader = csv::Reader::from_path(self.path(name)).expect(name);
        reader.deserialize().map(|row| row.expect(name)).collect()
    }

    /// Makes the rehearsal's tenant anew from the next users report: what
    /// other people did in the Admin Console has happened there too.
    pub(crate) fn remake_tenant(&self) {
        fs::remove_file(self.path("out/sandbox/sandbox-state.json")).expect("a tenant");
    }

    /// What the embedded sandbox saw of the last call. Whatever a test is
    /// about, no limit was exceeded, nothing was sent twice and nothing lost.
    pub(crate) fn sandbox_log(&self) -> Value {
        well_behaved(&self.read("out/sandbox/sandbox-log.json"))
    }

    /// Accounts written by the last call, with the number of writes.
    pub(crate) fn writes(&self) -> BTreeMap<String, u64> {
        let written = &self.sandbox_log()["accounts_written"];
        serde_json::from_value(written.clone()).expect("numbers")
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }
}

impl Ended {
    /// Fails, with everything that was said, unless the program ended so.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails unless all `words` were said to the person at the terminal.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(
                self.stderr.contains(word),
                "{word:?} not in:\n{}",
                self.stderr
            );
        }
        self
    }

    /// The command that the program tells to run next.
    #[track_caller]
    pub(crate) fn advised(&self) -> String {
        let mut lines = self.stderr.lines().map(str::trim);
        let line = lines.find(|line| line.starts_with("seatsweep apply "));
        line.expect(&self.stderr).to_owned()
    }
}

/// One account of the users report.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: String,
    /// `first.last`; username and e-mail are made from it.
    pub(crate) name: String,
    pub(crate) active: bool,
    pub(crate) licenses: Vec<&'static str>,
    pub(crate) created: &'static str,
}

impl Account {
    /// Active for years, with one seat.
    pub(crate) fn of(name: &str) -> Self {
        Self {
            // With a dot it would look like a username.
            id: format!("id-{}", name.replace('.', "-")),
            name: name.to_owned(),
            active: true,
            licenses: vec![X2],
            created: "2024-01-02",
        }
    }

    pub(crate) fn deactivated(self) -> Self {
        Self {
            active: false,
            ..self
        }
    }

    pub(crate) fn holding(self, licenses: &[&'static str]) -> Self {
        Self {
            licenses: licenses.to_vec(),
            ..self
        }
    }

    fn row(&self) -> String {
        let (first, last) = self.name.split_once('.').expect("first.last");
        let status = if self.active { "Active" } else { "Deactivated" };
        let licenses = self.licenses.join("; ");
        let (id, name, created) = (&self.id, &self.name, self.created);
        format!(
            "{id},{name}@example.com,{first},{last},{name}@example.com,{status},{licenses},{created}"
        )
    }
}

/// Colleagues who stay, so that nobody is a large part of the company.
pub(crate) fn colleagues(count: usize) -> Vec<Account> {
    (1..=count)
        .map(|number| Account::of(&format!("colleague.nr{number}")))
        .collect()
}

/// `accounts` and 40 colleagues.
pub(crate) fn with_colleagues(accounts: impl IntoIterator<Item = Account>) -> Vec<Account> {
    accounts.into_iter().chain(colleagues(40)).collect()
}

/// An HR row of somebody who leaves.
pub(crate) fn leaver(name: &str, date: &str) -> String {
    hr_row(name, "Terminated", date)
}

/// An HR row; the employee id follows from the name.
pub(crate) fn hr_row(name: &str, status: &str, date: &str) -> String {
    let (first, last) = name.split_once('.').expect("first.last");
    format!("E-{name},{first},{last},{name}@example.com,{status},{date}")
}

fn lines(header: &str, rows: &[String]) -> String {
    let mut text = format!("{header}\n");
    for row in rows {
        text.push_str(row);
        text.push('\n');
    }
    text
}

/// The rows of an action.
pub(crate) fn actions<'r>(rows: &'r [Row], action: &str) -> Vec<&'r Row> {
    rows.iter().filter(|row| row["action"] == action).collect()
}

/// The row of an action that is there exactly once.
#[track_caller]
pub(crate) fn only<'r>(rows: &'r [Row], action: &str) -> &'r Row {
    match actions(rows, action)[..] {
        [row] => row,
        ref found => panic!("{} rows of {action}: {rows:#?}", found.len()),
    }
}

/// The program, running; killed when dropped.
pub(crate) struct Running {
    child: Child,
    stdout: Heard,
    stderr: Heard,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("a process");
        let stdout = Heard::from(child.stdout.take().expect("a pipe"));
        let stderr = Heard::from(child.stderr.take().expect("a pipe"));
        Self {
            child,
            stdout,
            stderr,
        }
    }

    /// Waits for the end of the process.
    pub(crate) fn end(mut self) -> Ended {
        let status = wait_for(&mut self.child);
        Ended {
            code: status.code().unwrap_or(-1),
            stdout: self.stdout.whole(),
            stderr: self.stderr.whole(),
        }
    }

    /// Waits until the person at the terminal has read `words`.
    pub(crate) fn wait_for(&self, words: &str) {
        wait_until(words, || self.stderr.so_far().contains(words));
    }

    /// Sends `INT` or `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        send(name, &self.child.id().to_string());
    }

    /// Sends a signal to its process group, of which it must be the first, as
    /// a terminal does.
    pub(crate) fn signal_group(&self, name: &str) {
        send(name, &format!("-{}", self.child.id()));
    }

    /// What it has told the person at the terminal so far.
    pub(crate) fn told(&self) -> String {
        self.stderr.so_far()
    }
}

/// Sends a signal to a process, or to a group of them.
pub(crate) fn send(signal: &str, to: &str) {
    let sent = Command::new("kill").args(["-s", signal, "--", to]).status();
    assert!(sent.expect("kill").success());
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended, which is the aim.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `seatsweep sandbox` as a process of its own; killed when dropped.
pub(crate) struct Sandbox {
    process: Running,
    /// What a configuration needs to reach it.
    pub(crate) base_url: String,
}

impl Sandbox {
    /// The same for SCIM.
    pub(crate) fn scim_url(&self) -> String {
        self.base_url.replace("/admin-provisioning", "/scim/v2")
    }

    /// Serves the office's users report, and keeps tenant and log in the
    /// office as `tenant.json` and `log.json`.
    pub(crate) fn start(office: &Office, more: &[&str]) -> Self {
        Self::start_at(600, office, more)
    }

    /// The same, with the run clock at another speed.
    pub(crate) fn start_at(time_scale: u32, office: &Office, more: &[&str]) -> Self {
        let mut command = office.command(PROGRAM);
        command
            .args(["sandbox", "--listen", "127.0.0.1:0"])
            .args(["--time-scale", &time_scale.to_string()])
            .args(["--users", "users.csv", "--as-of", "2026-11-20T20:00:00Z"])
            .args(["--state", "tenant.json", "--log", "log.json"])
            .args(["--api-key-env", "SEATSWEEP_API_KEY"])
            .args(more);
        let process = Running::start(command);
        wait_until("the sandbox", || process.stdout.so_far().contains('\n'));
        let said = process.stdout.so_far();
        let base_url = said.trim().strip_prefix("listening on ").expect(&said);
        Self {
            base_url: base_url.to_owned(),
            process,
        }
    }

    /// Waits for the request that was to be held.
    pub(crate) fn wait_until_held(&self) {
        wait_until("a held request", || {
            self.process.stdout.so_far().contains("held")
        });
    }

    /// Stops it and returns its log.
    pub(crate) fn stop(self, office: &Office) -> Value {
        self.process.signal("INT");
        self.process.end().expect(0);
        well_behaved(&office.read("log.json"))
    }
}

fn well_behaved(log: &str) -> Value {
    let log: Value = serde_json::from_str(log).expect("JSON");
    for fault in ["violations", "polls_too_fast"] {
        assert_eq!(log[fault], 0, "{fault}");
    }
    for faults in ["repeated_writes", "fields_lost"] {
        assert_eq!(log[faults], serde_json::json!([]), "{faults}");
    }
    log
}

/// Waits until `done`, and fails when it takes for ever.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..PATIENCE.as_millis() / BETWEEN_LOOKS.as_millis() {
        if done() {
            return;
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    panic!("{what} took more than {PATIENCE:?}");
}

fn wait_for(child: &mut Child) -> ExitStatus {
    let mut status = None;
    wait_until("the program", || {
        status = child.try_wait().expect("a status");
        status.is_some()
    });
    status.expect("a status")
}

/// What a process says, read while it runs.
struct Heard {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Heard {
    fn from(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&text);
        let reader = thread::spawn(move || {
            for line in BufReader::new(pipe).lines() {
                let line = line.expect("text");
                let mut heard = heard.lock().expect("no reader panicked");
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        Self {
            text,
            reader: Some(reader),
        }
    }

    fn so_far(&self) -> String {
        self.text.lock().expect("no reader panicked").clone()
    }

    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("what was said");
        }
        self.so_far()
    }
}
