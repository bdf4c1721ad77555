//! What planning costs from ten thousand accounts to a million: processor time
//! beside a plain reading of the same report, peak memory, and instructions an
//! account, which are the same on a busy machine.
//!
//! `cargo bench --bench planning -- 10000000` adds a larger company.

#[path = "company/mod.rs"]
mod company;

use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use company::{Company, Size};

const PROGRAM: &str = env!("CARGO_BIN_EXE_seatsweep");
/// Accounts of each company; its HR export has a tenth as many people.
const ACCOUNTS: [usize; 3] = [10_000, 100_000, 1_000_000];
/// Accounts of the companies between which instructions are counted.
const COUNTED: [usize; 2] = [10_000, 30_000];

#[expect(clippy::print_stdout, reason = "what was measured, for whoever asks")]
fn main() {
    let larger = std::env::args().filter_map(|it| it.parse().ok());
    println!("accounts   processor time, of a plain reading's   peak memory   plan.json");
    for accounts in ACCOUNTS.into_iter().chain(larger) {
        let company = Company::new(of(accounts));
        let plain = processor_time_of_reading(&company.path("users.csv"));
        let planned = plan(&company);
        println!(
            "{accounts:>8}   {:>6.2} s {:>18.1}   {:>16} MiB   {:>6.1} MB",
            planned.seconds,
            planned.seconds / plain.max(0.01),
            planned.most_memory / 1024,
            megabytes(&company.path("out/sandbox/plan.json")),
        );
    }
    match COUNTED.map(|accounts| instructions(&Company::new(of(accounts)))) {
        [Some(few), Some(many)] => {
            let accounts = (COUNTED[1] - COUNTED[0]) as u64;
            println!(
                "instructions an account, its share of HR rows included: {}",
                (many - few) / accounts
            );
        }
        _ => println!("instructions are not counted: there is no valgrind"),
    }
}

fn of(accounts: usize) -> Size {
    Size {
        accounts,
        people: accounts / 10,
    }
}

struct Planned {
    /// Processor time.
    seconds: f64,
    /// In KiB.
    most_memory: u64,
}

fn plan(company: &Company) -> Planned {
    let before = processor_time_of_children();
    let mut planning = company.plan_with(Command::new(PROGRAM));
    let planning = planning.stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = planning.spawn().expect("a process");
    let status = format!("/proc/{}/status", process.id());
    let mut most_memory = 0;
    loop {
        if let Some(ended) = process.try_wait().expect("a process") {
            assert!(ended.success(), "{ended}");
            break;
        }
        let seen = fs::read_to_string(&status).ok().and_then(|it| peak_of(&it));
        most_memory = most_memory.max(seen.unwrap_or_default());
        thread::sleep(Duration::from_millis(1));
    }
    Planned {
        seconds: processor_time_of_children() - before,
        most_memory,
    }
}

fn peak_of(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Reading with the csv crate alone, in this process.
fn processor_time_of_reading(path: &Path) -> f64 {
    let before = processor_time("self", 11);
    let mut reader = csv::Reader::from_reader(File::open(path).expect("the report"));
    let mut record = csv::ByteRecord::new();
    let mut cells = 0;
    while reader.read_byte_record(&mut record).expect("a record") {
        cells += record.len();
    }
    black_box(cells);
    processor_time("self", 11) - before
}

fn processor_time_of_children() -> f64 {
    processor_time("self", 13)
}

/// User and system time of a process, in seconds; Linux counts hundredths.
fn processor_time(process: &str, field: usize) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("the process");
    // The name, in parentheses, may hold spaces; then come state and numbers.
    let (_, numbers) = stat.rsplit_once(')').expect("a name");
    let ticks = numbers.split_whitespace().skip(field).take(2);
    let ticks: u32 = ticks.filter_map(|it| it.parse::<u32>().ok()).sum();
    f64::from(ticks) / 100.0
}

/// What valgrind counts, if it is there.
fn instructions(company: &Company) -> Option<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args([
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        PROGRAM,
    ]);
    let counted = company.plan_with(valgrind).output().ok()?;
    let said = String::from_utf8_lossy(&counted.stderr).into_owned();
    let line = said
        .lines()
        .find_map(|line| line.split_once("Collected :"))?;
    line.1.trim().parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn megabytes(path: &Path) -> f64 {
    fs::metadata(path).map_or(0.0, |it| it.len() as f64 / 1e6)
}
