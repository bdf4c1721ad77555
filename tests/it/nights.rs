//! Tenants in time: the files of several nights, and what the program says of
//! the seats after each of them.
//!
//! A folder of `tests/nights` is one tenant. It has `why.txt`, `config.toml`
//! (beside what every office has), and a folder for each night, named by its
//! date. In there:
//!
//! - `hr.csv` and `users.csv`, which stay until the next ones come; `seats.csv`,
//!   `numbers.csv`, `roster.csv` and `bill.csv`, which are given on that night
//!   alone; a `config.toml` that takes the other's place from then on;
//! - `said.txt`: what people tell the program before that night's run, one call
//!   a line. REQUEST stands for the id of the first request of the night before,
//!   REQUEST-2 for that of the second; `said-later.txt`: what they tell it
//!   between the run and the audit, of that night's requests;
//! - what is expected: `exit.txt` (the run's exit code, else 0 or 8),
//!   `leavers.csv` (lines of `results.csv`), `pools.csv` and `places.csv` (lines
//!   of the audit's `seats.csv`), `findings.csv`, `requests.csv` (lines of
//!   `cancellation-requests.csv`), `reminders.csv` and `notes.csv` (reminders
//!   and findings of `summary.json`), each with the columns that matter, and
//!   `says.txt`, lines that the audit prints.
//!
//! A tenant with a `tenant.txt` is not rehearsed: its nights run against a
//! `seatsweep sandbox` with these options, and its `config.toml` is complete.
//!
//! With `SEATSWEEP_UPDATE_NIGHTS=1` the expectations are written anew, with the
//! columns that they have. Whoever does that reads the difference.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Ended, Office, Row, Sandbox};

const TENANTS_AT_LEAST: usize = 25;
/// Each is a world of its own, and waits more than it works.
const AT_ONCE: usize = 8;

#[test]
fn tenants_in_time_are_followed() {
    let nights = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nights");
    let tenants = folders(&nights);
    assert!(tenants.len() >= TENANTS_AT_LEAST, "{tenants:?}");
    for tenants in tenants.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            for tenant in tenants {
                scope.spawn(|| Tenant::new(tenant).follow());
            }
        });
    }
}

struct Tenant<'a> {
    folder: &'a Path,
    office: Office,
    /// Options of a sandbox that runs beside the program.
    options: Option<String>,
    configuration: String,
    /// The seats of the night before.
    audited: Vec<Row>,
}

impl<'a> Tenant<'a> {
    fn new(folder: &'a Path) -> Self {
        Self {
            folder,
            office: Office::new(""),
            options: fs::read_to_string(folder.join("tenant.txt")).ok(),
            configuration: text_of(&folder.join("config.toml")),
            audited: Vec::new(),
        }
    }

    fn follow(&mut self) {
        for night in folders(self.folder) {
            self.night(&night);
        }
    }

    fn night(&mut self, night: &Path) {
        let name = night.display();
        let date = night.file_name().expect("a name").to_string_lossy();
        let options = self.prepare(night);
        let sandbox = self.begin();
        self.hear(&night.join("said.txt"), &format!("{date}T16:00:00Z"));

        let mut words = vec!["run", self.consent()];
        words.extend(&options);
        words.retain(|word| !word.contains("roster") && !word.contains("bill"));
        let run = self.office.on(&date, &words);
        let code = night.join("exit.txt");
        if code.exists() {
            compare_text(&code, &format!("{}\n", run.code), &run.stderr);
        } else {
            assert!(matches!(run.code, 0 | 8), "{name}: {}", run.stderr);
        }
        self.hear(&night.join("said-later.txt"), &format!("{date}T20:00:00Z"));
        let mut words = vec!["audit"];
        words.extend(sandbox.is_none().then_some("--sandbox"));
        words.extend(&options);
        let audit = self.office.on(&date, &words).expect(0);
        assert_eq!(audit.stdout.lines().count(), 1, "{name}: {}", audit.stdout);
        assert!(!audit.stderr.contains('@'), "{name}: {}", audit.stderr);
        let printed = format!("{}{}", audit.stdout, audit.stderr);
        let says = fs::read_to_string(night.join("says.txt")).unwrap_or_default();
        for line in says.lines() {
            assert!(printed.contains(line), "{name}: {line}\n{printed}");
        }
        if let Some(sandbox) = sandbox {
            sandbox.stop(&self.office);
        }
        self.hold_to(night);
    }

    /// Puts the night's files into the office, and returns the options that
    /// name some of them.
    fn prepare(&mut self, night: &Path) -> Vec<&'static str> {
        let mut options = Vec::new();
        for (file, option) in [
            ("hr.csv", None),
            ("users.csv", None),
            ("seats.csv", Some("--licenses")),
            ("numbers.csv", Some("--numbers")),
            ("roster.csv", Some("--roster")),
            ("bill.csv", Some("--bill")),
        ] {
            if let Ok(bytes) = fs::read(night.join(file)) {
                self.office.write(file, bytes);
                options.extend(option.into_iter().flat_map(|option| [option, file]));
            }
        }
        if let Ok(configuration) = fs::read_to_string(night.join("config.toml")) {
            self.configuration = configuration;
        }
        options
    }

    /// Makes the vendor's side anew from the users report.
    fn begin(&self) -> Option<Sandbox> {
        let Some(options) = &self.options else {
            self.office.configure(&self.configuration);
            if self.office.exists("out/sandbox/sandbox-state.json") {
                self.office.remake_tenant();
            }
            return None;
        };
        if self.office.exists("tenant.json") {
            fs::remove_file(self.office.path("tenant.json")).expect("a tenant");
        }
        let options: Vec<&str> = options.split_whitespace().collect();
        let sandbox = Sandbox::start(&self.office, &options);
        let configuration = self.configuration.replace("TENANT", &sandbox.base_url);
        self.office.write("seatsweep.toml", configuration);
        Some(sandbox)
    }

    fn consent(&self) -> &'static str {
        match self.options {
            Some(_) => "--confirm",
            None => "--sandbox",
        }
    }

    /// Tells the program what a file says, if there is one.
    fn hear(&self, said: &Path, at: &str) {
        for line in fs::read_to_string(said).unwrap_or_default().lines() {
            let ended = self.say(at, line);
            let name = said.display();
            assert_eq!(ended.code, 0, "{name}: {line}: {}", ended.stderr);
        }
    }

    fn say(&self, at: &str, line: &str) -> Ended {
        let requests = self
            .office
            .results_in(&self.output("cancellation-requests.csv"));
        let words = line.split_whitespace().map(|word| match word {
            "REQUEST" => requests[0]["request_id"].clone(),
            "REQUEST-2" => requests[1]["request_id"].clone(),
            _ => word.to_owned(),
        });
        let mut words: Vec<String> = words.collect();
        words.extend(["--sandbox", "--as-of", at].map(str::to_owned));
        self.office.seatsweep(&words)
    }

    fn output(&self, name: &str) -> String {
        match self.options {
            Some(_) => format!("out/{name}"),
            None => format!("out/sandbox/{name}"),
        }
    }

    fn hold_to(&mut self, night: &Path) {
        let rows = |name: &str| self.office.results_in(&self.output(name));
        let seats = rows("seats.csv");
        let of = |scope: &str| -> Vec<Row> {
            let seats = seats.iter().filter(|row| row["scope"] == scope);
            seats.cloned().collect()
        };
        compare(&night.join("leavers.csv"), &rows("results.csv"));
        compare(&night.join("pools.csv"), &of("pool"));
        compare(&night.join("places.csv"), &of("place"));
        compare(&night.join("findings.csv"), &rows("findings.csv"));
        compare(
            &night.join("requests.csv"),
            &rows("cancellation-requests.csv"),
        );
        let summary = self.office.read(&self.output("summary.json"));
        let summary: Value = serde_json::from_str(&summary).expect("JSON");
        compare(&night.join("reminders.csv"), &reminders(&summary));
        compare(&night.join("notes.csv"), &notes(&summary));
        assert_balanced(night, &seats);
        assert_continued(night, &self.audited, &seats);
        self.audited = seats;
    }
}

/// Whatever a night is about: every pool adds up, and its places add up to it.
fn assert_balanced(night: &Path, seats: &[Row]) {
    let number = |row: &Row, column: &str| row[column].parse::<i64>().unwrap_or(0);
    for pool in seats.iter().filter(|row| row["scope"] == "pool") {
        let name = format!(
            "{}: {} ({})",
            night.display(),
            pool["license"],
            pool["country"]
        );
        let sum = |row: &Row, columns: &[&str]| -> i64 {
            columns.iter().map(|column| number(row, column)).sum()
        };
        let on_accounts = ["in_use", "leaving", "stranded"];
        if !pool["difference"].is_empty() {
            let on_none = ["unassigned", "suspended", "difference"];
            let parts = sum(pool, &on_accounts) + sum(pool, &on_none);
            assert_eq!(number(pool, "owned"), parts, "{name}: owned");
        }
        let opening = ["opening_active", "opening_stranded"];
        let closing = |row: &Row| {
            sum(row, &opening) - number(row, "moved_freed") + number(row, "moved_assigned")
        };
        let has_opening = !pool["opening_at"].is_empty();
        if has_opening {
            assert_eq!(closing(pool), sum(pool, &on_accounts), "{name}: accounts");
        }
        if !pool["moved_bought"].is_empty() {
            let moved = number(pool, "moved_bought") - number(pool, "moved_ended");
            let owned = number(pool, "opening_owned") + moved;
            assert_eq!(owned, number(pool, "owned"), "{name}: owned then and now");
        }
        let places: Vec<&Row> = seats
            .iter()
            .filter(|row| row["scope"] == "place")
            .filter(|row| row["license"] == pool["license"] && row["country"] == pool["country"])
            .collect();
        let moved = [
            "opening_active",
            "opening_stranded",
            "moved_freed",
            "moved_assigned",
        ];
        for column in on_accounts
            .iter()
            .chain(has_opening.then_some(&moved).into_iter().flatten())
        {
            let sum: i64 = places.iter().map(|row| number(row, column)).sum();
            assert_eq!(sum, number(pool, column), "{name}: {column} of its places");
        }
        for place in places.iter().filter(|_| has_opening) {
            assert_eq!(
                closing(place),
                sum(place, &on_accounts),
                "{name}: {}",
                place["site"]
            );
        }
    }
}

/// A night opens with what the one before it closed with. What a run changed
/// after its users report was made is told of both: seats that it deactivated
/// or freed are counted together here.
fn assert_continued(night: &Path, before: &[Row], seats: &[Row]) {
    let sum = |row: &Row, columns: &[&str]| -> i64 {
        let numbers = columns.iter().map(|column| row[*column].parse::<i64>());
        numbers.map(|number| number.unwrap_or(0)).sum()
    };
    let then = ["in_use", "leaving", "stranded", "unassigned"];
    let opening = ["opening_active", "opening_stranded", "opening_unassigned"];
    for pool in seats.iter().filter(|row| row["scope"] == "pool") {
        let mut pools = before.iter().filter(|row| row["scope"] == "pool");
        let before =
            pools.find(|it| it["license"] == pool["license"] && it["country"] == pool["country"]);
        let Some(before) = before else { continue };
        let name = format!("{}: {}", night.display(), pool["license"]);
        for column in ["owned", "suspended", "difference"] {
            assert_eq!(
                pool[&format!("opening_{column}")],
                before[column],
                "{name}: {column}"
            );
        }
        assert_eq!(sum(pool, &opening), sum(before, &then), "{name}: seats");
    }
}

fn notes(summary: &Value) -> Vec<Row> {
    let notes = summary["findings"].as_array().expect("a list").iter();
    let row = |note: &Value| {
        let text = note.as_str().expect("a sentence").to_owned();
        Row::from([("note".to_owned(), text)])
    };
    notes.map(row).collect()
}

fn reminders(summary: &Value) -> Vec<Row> {
    let reminders = summary["cancellation_requests"]["reminders"].as_array();
    let row = |reminder: &Value| -> Row {
        let cells = ["kind", "days", "by", "within"].into_iter();
        let text = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let cells = cells.map(|cell| (cell.to_owned(), text(&reminder[cell])));
        cells.collect::<BTreeMap<String, String>>()
    };
    reminders.expect("a list").iter().map(row).collect()
}

/// Holds the lines of a file to the columns of an expectation, if there is one.
#[track_caller]
fn compare(expected: &Path, rows: &[Row]) {
    let Ok(text) = fs::read_to_string(expected) else {
        return;
    };
    let columns: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
    let mut found = csv::WriterBuilder::new()
        .terminator(csv::Terminator::Any(b'\n'))
        .from_writer(Vec::new());
    found.write_record(&columns).expect("a header");
    for row in rows {
        let cells = columns.iter().map(|column| &row[*column]);
        found.write_record(cells).expect("a row");
    }
    let found = String::from_utf8(found.into_inner().expect("rows")).expect("UTF-8");
    compare_text(expected, &found, "");
}

#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "the environment is what a person can say to a test"
)]
fn compare_text(expected: &Path, found: &str, said: &str) {
    if std::env::var_os("SEATSWEEP_UPDATE_NIGHTS").is_some() {
        seatsweep::files::replace(expected, found.as_bytes()).expect("a written expectation");
    } else {
        let name = expected.display();
        assert_eq!(found, text_of(expected), "{name}\n{said}");
    }
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).expect("a folder");
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).expect("a text")
}
