//! A fictional company of any size: a users report of sixteen columns and an HR
//! export, the same bytes each time.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const AS_OF: &str = "2026-11-20T22:00:00Z";
const SYLLABLES: [&str; 32] = [
    "ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu", "wa",
    "ze", "xi", "yo", "ju", "qua", "che", "sha", "tro", "bri", "gle", "dra", "ple", "fre", "cro",
    "sta", "wi",
];
const SITES: [&str; 6] = ["Austin", "Boston", "Cardiff", "Dublin", "Essen", "Florence"];
const DEPARTMENTS: [&str; 5] = ["Sales", "Support", "Finance", "Legal", "Research"];

/// One in so many people of the HR export has left.
const ONE_LEAVER_IN: usize = 20;

/// How large a company is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Accounts in the users report.
    pub(crate) accounts: usize,
    /// People in the HR export; each has an account.
    pub(crate) people: usize,
}

/// A folder with configuration and inputs.
pub(crate) struct Company {
    folder: TempDir,
}

impl Company {
    /// Writes the files of a company of this size.
    pub(crate) fn new(size: Size) -> Self {
        let company = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        write_users(&company.path("users.csv"), size).expect("a users report");
        write_hr(&company.path("hr.csv"), size).expect("an HR export");
        let mut file = File::create(company.path("seatsweep.toml")).expect("a file");
        file.write_all(CONFIGURATION.as_bytes()).expect("a file");
        company
    }

    /// The arguments that plan for this company, for a program in its folder.
    pub(crate) fn plan_with(&self, mut program: Command) -> Command {
        program.args(["plan", "-q", "--no-progress", "--ledger", "night.db"]);
        program.args(["--hr", "hr.csv", "--users", "users.csv"]);
        for option in ["--as-of", "--hr-at", "--users-at"] {
            program.args([option, AS_OF]);
        }
        program.current_dir(self.folder.path());
        program
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Nobody is held back by a guard.
const CONFIGURATION: &str = r#"
[tenant]
name = "acme"
target = "sandbox"

[hr]
file = "cumulative"

[policy]
time_zone = "America/Los_Angeles"
approval = "none"

[guards]
first_run = "act"
run_users = "unlimited"
run_percent = "unlimited"
rolling_percent = "unlimited"
ceiling_percent = "unlimited"
protected_hits = "unlimited"
min_matched_percent = 0
"#;

/// Somebody, by a number.
struct Somebody {
    number: usize,
    /// The number, scattered.
    dice: usize,
    first_name: String,
    last_name: String,
}

impl Somebody {
    fn of(number: usize) -> Self {
        let dice = number.wrapping_mul(2_654_435_761) & 0xffff_ffff;
        let syllable = |shift: usize| SYLLABLES[(dice >> shift) % SYLLABLES.len()];
        Self {
            number,
            dice,
            first_name: capitalized(&[syllable(0), syllable(5)]),
            last_name: capitalized(&[syllable(10), syllable(15), syllable(20)]),
        }
    }

    fn address(&self) -> String {
        let name = format!("{}.{}", self.first_name, self.last_name).to_lowercase();
        format!("{name}{}@example.com", self.number)
    }

    fn of_list<'l>(&self, list: &[&'l str]) -> &'l str {
        list[self.dice % list.len()]
    }
}

fn capitalized(syllables: &[&str]) -> String {
    let name = syllables.concat();
    name[..1].to_uppercase() + &name[1..]
}

fn write_users(path: &Path, size: Size) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(
        file,
        "User ID,Username,First name,Last name,Email,Status,Employee ID,Site,Department,Licenses,\
         License country,Created,Extension,Phone number,Device,Last login"
    )?;
    for number in 0..size.accounts {
        let it = Somebody::of(number);
        let (address, dice) = (it.address(), it.dice);
        let status = if number.is_multiple_of(20) {
            "Deactivated"
        } else {
            "Active"
        };
        let fax = if number.is_multiple_of(17) {
            "; Fax-VOSVC0300-01-US"
        } else {
            ""
        };
        writeln!(
            file,
            "hvOB{dice:08x}DCaDAw{number:08},{address},{},{},{address},{status},E{number:08},{},{},\
             X Series - X{}-VOSVC0216-02-US{fax},US,2024-{:02}-{:02}T10:00:00Z,{},+1 555 01{:02},\
             T54W,",
            it.first_name,
            it.last_name,
            it.of_list(&SITES),
            it.of_list(&DEPARTMENTS),
            2 + number % 3,
            dice % 12 + 1,
            dice % 28 + 1,
            number % 100_000,
            dice % 100,
        )?;
    }
    file.flush()
}

fn write_hr(path: &Path, size: Size) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(
        file,
        "Employee ID,First name,Last name,Work email,Status,Termination date,Location,Department"
    )?;
    for number in 0..size.people {
        let it = Somebody::of(number * (size.accounts / size.people));
        let (status, date) = if number.is_multiple_of(ONE_LEAVER_IN) {
            ("Terminated", format!("2026-11-{:02}", it.dice % 19 + 1))
        } else {
            ("Active", String::new())
        };
        writeln!(
            file,
            "E{:08},{},{},{},{status},{date},{},{}",
            it.number,
            it.first_name,
            it.last_name,
            it.address(),
            it.of_list(&SITES),
            it.of_list(&DEPARTMENTS),
        )?;
    }
    file.flush()
}
