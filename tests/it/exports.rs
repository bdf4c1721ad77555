//! HR exports as real systems write them. Each folder of `tests/exports` is one
//! case; its `why.txt` says which trait it is about.
//!
//! - `hr*.*`: the HR files, in the order of their names.
//! - `users.csv`, `seatsweep.toml`: instead of the shared ones.
//! - `options`: more words of the command line, one a line.
//! - `expected.csv`: what becomes of every HR data row; an empty `reason` or
//!   `username` is not asked about.
//! - `refused.txt`, instead of it: the exit code, then texts of the message.
//! - `notes.txt`: texts of what has to be reported, in any case. Besides notes
//!   and findings a line such as `delimiter: ;` or `columns.status: Stato` is
//!   found in what was detected.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rayon::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::support::{Account, Ended, Office, PROGRAM, Running, with_colleagues};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exports");
/// Options of every case that does not name them itself: two at night in Los
/// Angeles, with files from an hour earlier.
const OPTIONS: [(&str, &str); 5] = [
    ("--config", "../seatsweep.toml"),
    ("--users", "../users.csv"),
    ("--as-of", "2026-11-24T10:00:00Z"),
    ("--hr-at", "2026-11-24T09:00:00Z"),
    ("--users-at", "2026-11-24T09:00:00Z"),
];
const ACTIONS_ON_ACCOUNTS: [&str; 2] = ["deactivate", "remove_license"];

/// Where an HR row stands.
type Place = (String, u64);

#[test]
fn every_export_ends_as_its_folder_says() {
    let cases = cases();
    let failures: Vec<String> = cases.par_iter().filter_map(Case::failure).collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases fail\n\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

#[test]
fn there_are_at_least_sixty_input_files() {
    let files: usize = cases().iter().map(|case| case.hr_files().len()).sum();
    assert!(files >= 60, "{files} input files");
}

/// Too large to be kept as a file: a comment of a megabyte on one line, and one
/// of many lines with quotes and commas in it.
#[test]
fn a_cell_of_a_megabyte_is_one_cell() {
    let one_line = "handed over ".repeat(100_000);
    let many_lines = "page \"\"1\"\", read and signed\n".repeat(40_000);
    let office = Office::new("[hr]\nfile = \"cumulative\"\n");
    let names = ["ann.moss", "ben.lake", "cat.hill"];
    office.users(&with_colleagues(names.map(Account::of)));
    office.write(
        "hr.csv",
        format!(
            "Work email,Department,Status,Termination date,Comment\n\
             ann.moss@example.com,Sales,Terminated,2026-11-18,{one_line}\n\
             ben.lake@example.com,Sales,Terminated,2026-11-18,\"{many_lines}\"\n\
             cat.hill@example.com,Sales,Active,,\n"
        ),
    );
    office.on("2026-11-20", &["plan", "--sandbox"]).expect(0);
    let plan: Value = serde_json::from_str(&office.read("out/sandbox/plan.json")).expect("JSON");
    let lines: Vec<(u64, &str)> = hr_lines(&plan)
        .map(|line| (place(line).1, line["disposition"].as_str().unwrap_or("")))
        .collect();
    let expected = [(2, "planned"), (3, "planned"), (40_004, "not_leaving")];
    assert_eq!(lines, expected);
}

/// Whoever is touched without being expected, and whichever row is lost, is
/// noticed.
#[test]
fn the_judges_find_fault() {
    let line = |number: u64, disposition: &str| {
        json!({"origin": "hr", "disposition": disposition, "reason": "",
            "username": "ada@example.com", "source": {"file": "hr.csv", "line": number}})
    };
    let deactivation = |name: &str| json!({"kind": "deactivate", "subject": {"username": name}});
    let plan = json!({
        "inputs": [{"role": "hr", "rows": 3, "detected": {"notes": ["UTF-16"]}}],
        "totals": {"planned": 1, "conflict": 1},
        "dispositions": [line(2, "planned"), line(4, "conflict")],
        "actions": [deactivation("ada@example.com"), deactivation("bob@example.com")],
        "findings": [],
    });
    let expected =
        [(2, "planned"), (3, "unmatched"), (4, "invalid")].map(|(line, disposition)| Expected {
            file: "hr.csv".to_owned(),
            line,
            disposition: disposition.to_owned(),
            reason: String::new(),
            username: String::new(),
        });
    assert_eq!(judge_rows(&expected, &plan).len(), 2);
    assert_eq!(judge_rows(&expected[..1], &plan).len(), 1);
    assert!(judge_conservation(&plan).is_some());
    let faults = judge_actions(&[], &plan).join("\n");
    assert!(faults.contains("ada@example.com") && faults.contains("bob@example.com"));
    assert_eq!(judge_notes("utf-16\ndelimiter: ;", &plan).len(), 1);
}

/// One folder.
struct Case {
    folder: PathBuf,
}

/// One line of `expected.csv`.
#[derive(Debug, Deserialize)]
struct Expected {
    file: String,
    line: u64,
    disposition: String,
    reason: String,
    username: String,
}

fn cases() -> Vec<Case> {
    let entries = fs::read_dir(FOLDER).expect("the cases");
    let paths = entries.map(|entry| entry.expect("a case").path());
    let mut folders: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.into_iter().map(|folder| Case { folder }).collect()
}

impl Case {
    /// What is not as it should be; `None` when everything is.
    fn failure(&self) -> Option<String> {
        let mut faults = Vec::new();
        if self.text("why.txt").is_none() {
            faults.push("there is no why.txt".to_owned());
        }
        match (self.text("expected.csv"), self.text("refused.txt")) {
            (Some(expected), None) => faults.extend(self.judge_plan(&expected)),
            (None, Some(refused)) => faults.extend(judge_refusal(&refused, &self.plan().0)),
            (None, None) => faults.push("it expects nothing".to_owned()),
            (Some(_), Some(_)) => faults.push("it expects a plan and a refusal".to_owned()),
        }
        let name = self.folder.file_name()?.to_string_lossy();
        let told = |mut told: String, fault: &String| {
            let _ = writeln!(told, "  {}", fault.trim_end().replace('\n', "\n    "));
            told
        };
        (!faults.is_empty()).then(|| faults.iter().fold(format!("{name}\n"), told))
    }

    fn judge_plan(&self, expected: &str) -> Vec<String> {
        let (ended, plan) = self.plan();
        let Some(plan) = plan.filter(|_| ended.code == 0) else {
            return vec![format!("exit code {}: {}", ended.code, ended.stderr)];
        };
        let mut reader = csv::Reader::from_reader(expected.as_bytes());
        let expected: Vec<Expected> = match reader.deserialize().collect() {
            Ok(expected) => expected,
            Err(error) => return vec![format!("expected.csv: {error}")],
        };
        let mut faults = judge_rows(&expected, &plan);
        faults.extend(judge_conservation(&plan));
        faults.extend(judge_actions(&expected, &plan));
        faults.extend(judge_notes(
            &self.text("notes.txt").unwrap_or_default(),
            &plan,
        ));
        faults
    }

    /// Runs `plan` in the case's folder and reads the plan that it wrote.
    fn plan(&self) -> (Ended, Option<Value>) {
        let out = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(PROGRAM);
        command
            .current_dir(&self.folder)
            .env_clear()
            .args(["plan", "--no-progress", "--color", "never", "--out-dir"])
            .arg(out.path())
            .arg("--ledger")
            .arg(out.path().join("seatsweep.db"));
        let more = self.text("options").unwrap_or_default();
        for (option, shared) in OPTIONS {
            let own = shared.trim_start_matches("../");
            let value = if self.has(own) { own } else { shared };
            if !more.lines().any(|word| word == option) {
                command.args([option, value]);
            }
        }
        for file in self.hr_files() {
            command.args(["--hr", &file]);
        }
        command.args(more.lines());
        let ended = Running::start(command).end();
        let plan = fs::read(out.path().join("plan.json")).ok();
        (
            ended,
            plan.map(|bytes| serde_json::from_slice(&bytes).expect("JSON")),
        )
    }

    /// The names of the HR files, in order.
    fn hr_files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).expect("a folder");
        let names = entries.map(|entry| entry.expect("a file").file_name());
        let mut files: Vec<String> = names
            .map(|name| name.to_string_lossy().into_owned())
            .filter(|name| name.starts_with("hr"))
            .collect();
        files.sort();
        files
    }

    fn has(&self, name: &str) -> bool {
        self.folder.join(name).is_file()
    }

    fn text(&self, name: &str) -> Option<String> {
        self.has(name)
            .then(|| fs::read_to_string(Path::new(&self.folder).join(name)).expect(name))
    }
}

/// The exit code, and everything that the message has to say.
fn judge_refusal(refused: &str, ended: &Ended) -> Vec<String> {
    let mut lines = refused.lines();
    let code = lines.next().unwrap_or_default();
    let mut faults = Vec::new();
    if ended.code.to_string() != code {
        faults.push(format!(
            "exit code {} instead of {code}: {}",
            ended.code, ended.stderr
        ));
    }
    for words in lines.filter(|words| !ended.stderr.contains(words)) {
        faults.push(format!("{words:?} is not in: {}", ended.stderr));
    }
    faults
}

/// Every HR row has its line with the right words, and there is no other.
fn judge_rows(expected: &[Expected], plan: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut found: BTreeMap<Place, &Value> = BTreeMap::new();
    for line in hr_lines(plan) {
        if let Some(again) = found.insert(place(line), line) {
            faults.push(format!("two lines for one row: {}", told(again)));
        }
    }
    for row in expected {
        let asked = |word: &String, of: &str, line: &Value| {
            word.is_empty() || line[of].as_str() == Some(word.as_str())
        };
        match found.remove(&(row.file.clone(), row.line)) {
            None => faults.push(format!("{} line {} has no line", row.file, row.line)),
            Some(line) => {
                let is_right = line["disposition"] == row.disposition
                    && asked(&row.reason, "reason", line)
                    && asked(&row.username, "username", line);
                if !is_right {
                    faults.push(format!(
                        "{} line {} should be {} {} {}\nand is {}",
                        row.file,
                        row.line,
                        row.disposition,
                        row.reason,
                        row.username,
                        told(line)
                    ));
                }
            }
        }
    }
    let unexpected = found.values().map(|line| told(line));
    faults.extend(unexpected.map(|line| format!("not expected: {line}")));
    faults
}

/// Every row read has a line, and the totals say so.
fn judge_conservation(plan: &Value) -> Option<String> {
    let lines = hr_lines(plan).count() as u64;
    let inputs = plan["inputs"].as_array().into_iter().flatten();
    let rows: u64 = inputs
        .filter(|input| input["role"] == "hr")
        .filter_map(|input| input["rows"].as_u64())
        .sum();
    let totals = plan["totals"].as_object().into_iter().flatten();
    let total: u64 = totals.filter_map(|(_, count)| count.as_u64()).sum();
    (lines != rows || lines != total)
        .then(|| format!("{rows} rows were read, {lines} have a line, totals say {total}"))
}

/// Something happens to everybody who is expected to be planned, and nobody
/// else's account is touched.
fn judge_actions(expected: &[Expected], plan: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut planned = BTreeSet::new();
    for row in expected.iter().filter(|row| row.disposition == "planned") {
        if row.username.is_empty() {
            faults.push(format!("line {} does not say which account", row.line));
        }
        planned.insert(row.username.as_str());
    }
    let actions = plan["actions"].as_array().into_iter().flatten();
    let touched: BTreeSet<&str> = actions
        .filter(|action| ACTIONS_ON_ACCOUNTS.contains(&action["kind"].as_str().unwrap_or_default()))
        .map(|action| action["subject"]["username"].as_str().unwrap_or_default())
        .collect();
    let wrongly = touched.difference(&planned);
    faults.extend(wrongly.map(|name| format!("{name:?} would be touched")));
    let missed = planned.difference(&touched);
    faults.extend(missed.map(|name| format!("nothing is planned for {name:?}")));
    faults
}

/// Everything that has to be reported is.
fn judge_notes(notes: &str, plan: &Value) -> Vec<String> {
    let mut reported = Vec::new();
    for input in plan["inputs"].as_array().into_iter().flatten() {
        flatten("", &input["detected"], &mut reported);
    }
    flatten("", &plan["findings"], &mut reported);
    let all = reported.join("\n");
    let folded = all.to_lowercase();
    notes
        .lines()
        .filter(|note| !folded.contains(&note.to_lowercase()))
        .map(|note| format!("{note:?} is not reported in:\n{all}"))
        .collect()
}

/// One line for each value, with the names that lead to it.
fn flatten(names: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let dot = if names.is_empty() { "" } else { "." };
                flatten(&format!("{names}{dot}{name}"), value, lines);
            }
        }
        Value::Array(values) => {
            for value in values {
                flatten(names, value, lines);
            }
        }
        Value::String(text) => lines.push(format!("{names}: {text}")),
        Value::Null | Value::Bool(_) | Value::Number(_) => lines.push(format!("{names}: {value}")),
    }
}

fn hr_lines(plan: &Value) -> impl Iterator<Item = &Value> {
    let lines = plan["dispositions"].as_array().into_iter().flatten();
    lines.filter(|line| line["origin"] == "hr")
}

fn place(line: &Value) -> Place {
    let source = &line["source"];
    let file = source["file"].as_str().unwrap_or_default();
    (file.to_owned(), source["line"].as_u64().unwrap_or_default())
}

/// A disposition for people to read.
fn told(line: &Value) -> String {
    let (file, number) = place(line);
    let words = ["disposition", "reason", "username", "detail"];
    let words = words.map(|name| line[name].as_str().unwrap_or_default());
    format!("{file} line {number}: {}", words.join(" "))
}
