//! What is measured: this program, and what a user would reach for instead.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::company;

const PROGRAM: &str = env!("CARGO_BIN_EXE_seatsweep");
/// The words by which this bench calls itself.
pub(crate) const DECIDE: &str = "--decide";
pub(crate) const READ: &str = "--read";

/// What a contender is there for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// This program, or a part of it.
    Ours,
    /// An engine that joins the two files and writes the rows to act on.
    Engine {
        /// The contender that only starts what the engine runs in.
        started_by: Option<&'static str>,
    },
    /// What others are compared with.
    Measure,
}

/// A program that is called in a company's folder.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) part: Part,
    program: PathBuf,
    words: Vec<&'static str>,
}

impl Contender {
    pub(crate) fn call_in(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.words).current_dir(folder);
        command
    }
}

/// Everything that is there, and why the rest is not.
pub(crate) fn all() -> (Vec<Contender>, Vec<String>) {
    let myself = env::current_exe().expect("a path");
    let contender = |name, part, program: &Path, words: &[&'static str]| Contender {
        name,
        part,
        program: program.to_owned(),
        words: words.to_vec(),
    };
    let mut there = vec![
        contender("decisions", Part::Ours, &myself, &[DECIDE]),
        contender("plan", Part::Ours, Path::new(PROGRAM), &company::words()),
        contender("csv crate alone", Part::Measure, &myself, &[READ]),
    ];
    let mut missing = Vec::new();
    let python = python();
    for (name, start, import, script) in PYTHON_ENGINES {
        match python.as_deref().filter(|it| can_run(it, &["-c", import])) {
            Some(python) => {
                let started_by = Some(start);
                let engine = Part::Engine { started_by };
                there.push(contender(name, engine, python, &["-c", script]));
                there.push(contender(start, Part::Measure, python, &["-c", import]));
            }
            None => missing.push(format!("{name} is left out: python3 has no such module")),
        }
    }
    if can_run(Path::new("xan"), &["--version"]) {
        let engine = Part::Engine { started_by: None };
        there.push(contender("xan", engine, Path::new("sh"), &["-c", XAN]));
    } else {
        missing.push("xan is left out: it is not on the path".to_owned());
    }
    (there, missing)
}

/// The interpreter itself: what stands on the path may be a script that finds it.
fn python() -> Option<PathBuf> {
    let mut asking = Command::new("python3");
    let said = asking.args(["-c", "import sys; print(sys.executable)"]);
    let said = said.output().ok().filter(|it| it.status.success())?;
    Some(String::from_utf8(said.stdout).ok()?.trim().into())
}

fn can_run(program: &Path, words: &[&str]) -> bool {
    let output = Command::new(program).args(words).output();
    output.is_ok_and(|it| it.status.success())
}

/// Name, name of the mere start, what is imported, script.
const PYTHON_ENGINES: [(&str, &str, &str, &str); 2] = [
    ("duckdb", "duckdb, started", "import duckdb", DUCKDB),
    ("polars", "polars, started", "import polars", POLARS),
];

const DUCKDB: &str = r#"
import duckdb
duckdb.sql("""
    COPY (
        SELECT u."User ID", u.Username, h."Employee ID", h.Status, h."Termination date",
            u.Licenses, u.Status AS account
        FROM read_csv('hr.csv', header = true, all_varchar = true) h
        JOIN read_csv('users.csv', header = true, all_varchar = true) u
            ON lower(h."Work email") = lower(u.Username)
        WHERE h.Status = 'Terminated' AND u.Status = 'Active'
    ) TO 'duckdb.csv' (HEADER)
""")
"#;

const POLARS: &str = r"
import polars as pl
def read(name, status, key):
    rows = pl.scan_csv(name, infer_schema=False).filter(pl.col('Status') == status)
    return rows.with_columns(key=pl.col(key).str.to_lowercase())
leavers = read('hr.csv', 'Terminated', 'Work email')
active = read('users.csv', 'Active', 'Username')
active.join(leavers, on='key').collect(engine='streaming').write_csv('polars.csv')
";

const XAN: &str = r#"
xan filter 'Status eq "Terminated"' hr.csv |
    xan join -i -R users_ 'Work email' - Username users.csv |
    xan filter 'users_Status eq "Active"' > xan.csv
"#;
