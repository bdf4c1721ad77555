//! A tenant without limits, and a plan that ends the access of everybody in it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use seatsweep::files;
use seatsweep::sandbox::{
    self, OperationTime, Options, Running, Seed, SeedLicense, SeedUser, TenantLimits,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_seatsweep");
pub(crate) const KEY: &str = "key";
pub(crate) const KEY_VARIABLE: &str = "SEATSWEEP_BENCH_KEY";
/// The wait before the first look at an operation, and between looks.
pub(crate) const POLL: Duration = Duration::from_millis(2);

const CUSTOMER: &str = "0012J00042NkZQIQA3";
const AS_OF: &str = "2026-11-20T22:00:00Z";
const LICENSE: &str = "X Series - X2-VOSVC0216-02-US";
/// No number of requests reaches it.
const NO_LIMIT: u32 = 1_000_000_000;

/// A folder with configuration, inputs and plan.
pub(crate) struct Office(TempDir);

impl Office {
    /// Plans the deactivation of so many people.
    pub(crate) fn new(leavers: usize, configuration: &str) -> Self {
        let office = Self(tempfile::tempdir().expect("a folder"));
        let mut hr =
            String::from("Employee ID,First name,Last name,Work email,Status,Termination date\n");
        let mut users =
            String::from("User ID,Username,First name,Last name,Email,Status,Licenses\n");
        for number in 0..leavers {
            let (id, name) = (user_id(number), username(number));
            writeln!(
                hr,
                "E{number},Robin,Example {number},{name},Terminated,2026-11-19"
            )
            .expect("a line");
            writeln!(
                users,
                "{id},{name},Robin,Example {number},{name},Active,{LICENSE}"
            )
            .expect("a line");
        }
        // The guards want more people to stay than go, and the administrator to
        // be there. The tenant need not know them.
        for number in leavers..2 * leavers + 10 {
            let (id, name) = (user_id(number), username(number));
            writeln!(
                users,
                "{id},{name},Robin,Example {number},{name},Active,{LICENSE}"
            )
            .expect("a line");
        }
        writeln!(
            users,
            "A1,admin@example.com,Ada,Example,admin@example.com,Active,{LICENSE}"
        )
        .expect("a line");
        office.write("hr.csv", &hr);
        office.write("users.csv", &users);
        office.write("seatsweep.toml", configuration);
        let mut planning = office.seatsweep("plan");
        planning.args(["--hr", "hr.csv", "--users", "users.csv"]);
        for option in ["--as-of", "--hr-at", "--users-at"] {
            planning.args([option, AS_OF]);
        }
        let planned = planning.output().expect("a process");
        let said = String::from_utf8_lossy(&planned.stderr);
        assert!(planned.status.success(), "{said}");
        office
    }

    /// A call of the program that takes its settings from this folder.
    pub(crate) fn seatsweep(&self, command: &str) -> Command {
        let mut process = Command::new(PROGRAM);
        process.arg(command).current_dir(self.0.path());
        process.env(KEY_VARIABLE, KEY);
        process
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        files::replace(&self.path(name), content.as_bytes()).expect("a written file");
    }
}

/// What a program needs that works on a tenant at this address, so many
/// operations at the same time.
pub(crate) fn configuration(base_url: &str, operations: usize) -> String {
    let poll = POLL.as_secs_f64();
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
requests_per_minute = {NO_LIMIT}
requests_per_10_seconds = {NO_LIMIT}
operations_in_flight = {operations}
poll_after_seconds = {poll}
poll_every_seconds = {poll}

[policy]
time_zone = "America/Los_Angeles"
approval = "none"

[protected]
accounts = ["admin@example.com"]

[guards]
first_run = "act"
run_floor = {NO_LIMIT}
rolling_floor = {NO_LIMIT}
ceiling_percent = 100
"#
    )
}

/// A sandbox on a loopback socket, with a thread of its own. Its operations
/// take milliseconds, and nothing is too fast for it.
pub(crate) struct Tenant {
    // Dropped first: the server ends before what it runs on.
    pub(crate) running: Running,
    _runtime: Runtime,
}

impl Tenant {
    pub(crate) fn start(users: usize) -> Self {
        let mut options = Options::new(seed(users), KEY, as_of());
        options.limits = TenantLimits {
            requests_per_minute: NO_LIMIT,
            requests_per_10_seconds: NO_LIMIT,
            operations_in_flight: NO_LIMIT,
            ..TenantLimits::default()
        };
        options.operation_time = OperationTime {
            minimum: Duration::from_micros(1_500),
            maximum: Duration::from_millis(6),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let running = runtime
            .block_on(sandbox::start(options))
            .expect("a sandbox");
        Self {
            running,
            _runtime: runtime,
        }
    }
}

pub(crate) fn as_of() -> Timestamp {
    AS_OF.parse().expect("a time")
}

pub(crate) fn user_id(number: usize) -> String {
    format!("U{number:05}")
}

fn username(number: usize) -> String {
    format!("user{number}@example.com")
}

fn seed(users: usize) -> Seed {
    let user = |number| SeedUser {
        user_id: Some(user_id(number)),
        username: username(number),
        first_name: "Robin".to_owned(),
        last_name: format!("Example {number}"),
        email: username(number),
        active: true,
        site: None,
        department: None,
        job_title: None,
        licenses: vec![SeedLicense {
            name: LICENSE.to_owned(),
            country: "US".to_owned(),
        }],
        extension: None,
        phone_numbers: Vec::new(),
        scim_provider: None,
        created: None,
    };
    Seed {
        customer_id: CUSTOMER.to_owned(),
        users: (0..users).map(user).collect(),
    }
}

/// How much of `count` falls to one of so many.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn per(count: u64, many: usize) -> f64 {
    count as f64 / many as f64
}
