//! A fictional company of any size: a users report of sixteen columns and some
//! 205 bytes a row, and an HR export, the same bytes each time.
//!
//! One person in twenty has left, and nineteen of twenty accounts are active,
//! whoever has left. Of fifty leavers one stands in the export twice, one was
//! hired again, and one has no account. Some people have no employee id.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

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
/// Of so many leavers each of the unusual ones is there once.
const LEAVERS_OF_ALL_SORTS: usize = 50;

/// How large a company is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Accounts in the users report.
    pub(crate) accounts: usize,
    /// Rows of the HR export.
    pub(crate) people: usize,
}

/// The words after the program's name that plan for a company, in its folder.
pub(crate) fn words() -> Vec<&'static str> {
    let mut words = vec!["plan", "-q", "--no-progress", "--ledger", "night.db"];
    words.extend(["--hr", "hr.csv", "--users", "users.csv"]);
    for option in ["--as-of", "--hr-at", "--users-at"] {
        words.extend([option, AS_OF]);
    }
    words
}

/// Writes configuration and inputs of a company of this size into a folder.
pub(crate) fn write(folder: &Path, size: Size) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    write_users(&folder.join("users.csv"), size)?;
    write_hr(&folder.join("hr.csv"), size)?;
    File::create(folder.join("seatsweep.toml"))?.write_all(CONFIGURATION.as_bytes())
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
    /// The number, scattered: neighbors have nothing in common.
    dice: usize,
    first_name: String,
    last_name: String,
}

impl Somebody {
    fn of(number: usize) -> Self {
        let dice = scattered(number);
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

    fn is_one_in(&self, many: usize) -> bool {
        scattered(self.dice ^ many).is_multiple_of(many)
    }
}

/// The last steps of a well-known hash function.
fn scattered(number: usize) -> usize {
    let mixed = (number ^ (number >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 33)
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
        let status = if it.is_one_in(20) {
            "Deactivated"
        } else {
            "Active"
        };
        let fax = if it.is_one_in(17) {
            "; Fax-VOSVC0300-01-US"
        } else {
            ""
        };
        writeln!(
            file,
            "hvOB{:08x}DCaDAw{number:08},{address},{},{},{address},{status},E{number:08},{},{},\
             X Series - X{}-VOSVC0216-02-US{fax},US,2024-{:02}-{:02}T10:00:00Z,{},+1 555 01{:02},\
             T54W,",
            dice >> 32,
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
    for row in 0..size.people {
        writeln!(file, "{}", hr_row(row, size))?;
    }
    file.flush()
}

/// A row of the HR export, counted from 0.
fn hr_row(row: usize, size: Size) -> String {
    let person = |row| Somebody::of(row * size.accounts / size.people);
    let leaver_before = row.saturating_sub(ONE_LEAVER_IN);
    if !row.is_multiple_of(ONE_LEAVER_IN) {
        return employed(&person(row));
    }
    match row / ONE_LEAVER_IN % LEAVERS_OF_ALL_SORTS {
        10 => terminated(&person(leaver_before)),
        20 => employed(&person(leaver_before)),
        30 => terminated(&Somebody::of(size.accounts + row)),
        _ => terminated(&person(row)),
    }
}

fn employed(it: &Somebody) -> String {
    hr_line(it, "Active", "")
}

fn terminated(it: &Somebody) -> String {
    hr_line(
        it,
        "Terminated",
        &format!("2026-11-{:02}", it.dice % 19 + 1),
    )
}

fn hr_line(it: &Somebody, status: &str, date: &str) -> String {
    let employee_id = if it.is_one_in(30) {
        String::new()
    } else {
        format!("E{:08}", it.number)
    };
    format!(
        "{employee_id},{},{},{},{status},{date},{},{}",
        it.first_name,
        it.last_name,
        it.address(),
        it.of_list(&SITES),
        it.of_list(&DEPARTMENTS),
    )
}
