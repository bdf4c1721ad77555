//! Planning beside the engines that a user would reach for instead, on the same
//! files and in turn, and how it grows from ten thousand accounts to millions.
//!
//! - `cargo bench --bench planning` measures the companies of `SIZES`;
//! - `… -- 50000x2000 10000000` others: accounts, and HR rows if it is not a tenth;
//! - `… -- --write FOLDER 50000x2000` writes a company's files for use elsewhere.
//!
//! Any other program at work on the machine shows in the figures.

#[path = "../company/mod.rs"]
mod company;
mod contenders;
mod watched;

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;

use company::Size;
use contenders::{Contender, Part};
use mimalloc::MiMalloc;
use seatsweep::{cli, commands, config, model::Memory};
use watched::Taken;

/// The program's allocator, for what is measured within this process.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const SIZES: [&str; 4] = ["10000", "50000x2000", "100000", "1000000"];
/// Runs of each contender; one more before them is not counted.
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo says what it is doing as well.
    let words: Vec<String> = env::args().skip(1).filter(|it| it != "--bench").collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [contenders::DECIDE] => decide(),
        [contenders::READ] => read(),
        ["--write", folder, of_size] => Ok(company::write(Path::new(folder), size(of_size)?)?),
        [] => compare(&SIZES),
        ref sizes => compare(sizes),
    }
}

/// From bytes to decisions: everything reconciled, guarded and named, nothing
/// written. That is `plan` without its last step.
fn decide() -> Result<(), Box<dyn Error>> {
    let words = [&["seatsweep"], &company::words()[..]].concat();
    let settings = config::load(&cli::parse(words.into_iter().map(OsString::from))?)?;
    let as_of = settings.as_of.ok_or("no time")?;
    let plan = commands::make_plan(&settings, &Memory::default(), as_of);
    black_box(plan.map_err(|failure| failure.error)?);
    Ok(())
}

/// The report, cut into cells by the csv crate, and nothing else.
fn read() -> Result<(), Box<dyn Error>> {
    let mut reader = csv::Reader::from_reader(File::open("users.csv")?);
    let mut record = csv::ByteRecord::new();
    let mut cells = 0;
    while reader.read_byte_record(&mut record)? {
        cells += record.len();
    }
    black_box(cells);
    Ok(())
}

/// `50000x2000`, or `50000` with a tenth as many people.
fn size(text: &str) -> Result<Size, String> {
    let wrong = || format!("{text} is no size of a company, as 50000x2000 is");
    let number = |digits: &str| digits.parse().map_err(|_| wrong());
    let (accounts, people) = match text.split_once('x') {
        Some((accounts, people)) => (number(accounts)?, number(people)?),
        None => (number(text)?, number(text)? / 10),
    };
    let is_company = (1..=accounts).contains(&people);
    is_company
        .then_some(Size { accounts, people })
        .ok_or_else(wrong)
}

#[expect(clippy::print_stdout, reason = "what was measured, for whoever asks")]
fn compare(sizes: &[&str]) -> Result<(), Box<dyn Error>> {
    let sizes = sizes.iter().map(|text| size(text));
    let sizes = sizes.collect::<Result<Vec<_>, _>>()?;
    let (mut contenders, missing) = contenders::all();
    for missing in missing {
        println!("{missing}");
    }
    let trial = tempfile::tempdir()?;
    company::write(trial.path(), size("1000")?)?;
    contenders.retain(|it| {
        let tried = watched::run(&mut it.call_in(trial.path()));
        let fails = tried
            .err()
            .filter(|_| matches!(it.part, Part::Engine { .. }));
        if let Some(said) = &fails {
            println!("{} is left out: {said}", it.name);
        }
        fails.is_none()
    });
    let mut curve = Vec::new();
    for size in sizes {
        let folder = tempfile::tempdir()?;
        company::write(folder.path(), size)?;
        let results = measure(&contenders, folder.path())?;
        println!("{}", table(size, folder.path(), &contenders, &results)?);
        curve.push(point(size, folder.path(), &contenders, &results));
    }
    println!("    accounts   plan: wall and processor time, memory, plan.json an account");
    println!("{}", curve.join("\n"));
    Ok(())
}

/// Every contender once a round, each round beginning with the next one; what
/// each took, in the order of the contenders.
fn measure(contenders: &[Contender], folder: &Path) -> Result<Vec<Vec<Taken>>, String> {
    let mut results = vec![Vec::new(); contenders.len()];
    let mut turns: Vec<usize> = (0..contenders.len()).collect();
    for round in 0..=ROUNDS {
        for &turn in &turns {
            let contender = &contenders[turn];
            let taken = watched::run(&mut contender.call_in(folder));
            let taken = taken.map_err(|said| format!("{}: {said}", contender.name))?;
            if round > 0 {
                results[turn].push(taken);
            }
        }
        turns.rotate_left(1);
    }
    Ok(results)
}

/// Medians of the runs' wall time and memory, and the mean of their processor time.
fn typical(runs: &[Taken]) -> Taken {
    let median = |of: fn(&Taken) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let runs_made = f64::from(u32::try_from(runs.len()).expect("a few"));
    Taken {
        wall: median(|it| it.wall),
        processor: runs.iter().map(|it| it.processor).sum::<f64>() / runs_made,
        memory: median(|it| it.memory),
    }
}

/// One company's figures. An engine is compared with as it is, and without the
/// start of the interpreter that it runs in.
fn table(
    size: Size,
    folder: &Path,
    contenders: &[Contender],
    results: &[Vec<Taken>],
) -> Result<String, Box<dyn Error>> {
    let results: Vec<Taken> = results.iter().map(|runs| typical(runs)).collect();
    let with_results = || contenders.iter().zip(&results);
    let wall_of = |name| {
        let named = with_results().find(|(it, _)| it.name == name);
        named.map_or(0.0, |(_, taken)| taken.wall)
    };
    let engines = || {
        with_results().filter_map(|(it, taken)| match it.part {
            Part::Engine { started_by } => Some((taken, started_by.map_or(0.0, wall_of))),
            Part::Ours | Part::Measure => None,
        })
    };
    let fastest = engines().map(|(taken, _)| taken.wall).reduce(f64::min);
    let fastest_alone = engines().map(|(taken, start)| taken.wall - start);
    let fastest_alone = fastest_alone.reduce(f64::min);
    let leanest = engines().map(|(taken, _)| taken.memory).reduce(f64::min);
    let mut lines = vec![
        format!(
            "\n{} accounts x {} HR rows, {:.0} bytes a row: median of {ROUNDS} runs, in turn",
            size.accounts,
            size.people,
            length(&folder.join("users.csv")) / as_f64(size.accounts),
        ),
        "                      wall   of the fastest  (less its start)   processor   memory  of the leanest     rows"
            .to_owned(),
    ];
    for (contender, taken) in with_results() {
        let rows = rows_to_act_on(folder, contender)?;
        lines.push(format!(
            "{:<16} {:>7.3} s  {:>14}  {:>16}   {:>7.2} s  {:>7.0}  {:>14}  {:>7}",
            contender.name,
            taken.wall,
            ratio(taken.wall, fastest),
            ratio(taken.wall, fastest_alone),
            taken.processor,
            taken.memory,
            ratio(taken.memory, leanest),
            rows.map_or_else(String::new, |it| it.to_string()),
        ));
    }
    Ok(lines.join("\n"))
}

/// How the whole of `plan` grows.
fn point(size: Size, folder: &Path, contenders: &[Contender], results: &[Vec<Taken>]) -> String {
    let plan = contenders.iter().position(|it| it.name == "plan");
    let taken = typical(&results[plan.expect("this program")]);
    let accounts = as_f64(size.accounts);
    format!(
        "{:>12}   {:>6.2} us  {:>6.2} us  {:>7.0} bytes  {:>7.0} bytes",
        size.accounts,
        taken.wall * 1e6 / accounts,
        taken.processor * 1e6 / accounts,
        taken.memory * 1_048_576.0 / accounts,
        length(&folder.join("out/sandbox/plan.json")) / accounts,
    )
}

/// What came out, so that everybody can see that the jobs are alike: joined
/// rows, and accounts that are to be deactivated. Only this program leaves out
/// who was hired again and who stands there twice.
fn rows_to_act_on(folder: &Path, contender: &Contender) -> Result<Option<usize>, csv::Error> {
    let rows = |name: &str, counts: fn(&csv::StringRecord) -> bool| {
        let mut reader = csv::Reader::from_path(folder.join(name))?;
        let records = reader.records().collect::<Result<Vec<_>, _>>()?;
        Ok(Some(records.iter().filter(|it| counts(it)).count()))
    };
    match (contender.part, contender.name) {
        (Part::Engine { .. }, name) => rows(&format!("{name}.csv"), |_| true),
        (Part::Ours, "plan") => rows("out/sandbox/plan.csv", |row| {
            row.iter().any(|cell| cell == "deactivate")
        }),
        (Part::Ours | Part::Measure, _) => Ok(None),
    }
}

/// Blank where there is nothing to compare with, be it that an engine did its
/// work in less time than its start varies by.
fn ratio(one: f64, other: Option<f64>) -> String {
    let other = other.filter(|other| *other > 0.0);
    other.map_or_else(String::new, |other| format!("{:.2}", one / other))
}

fn length(path: &Path) -> f64 {
    let bytes = fs::metadata(path).map_or(0, |it| it.len());
    as_f64(usize::try_from(bytes).expect("a file that fits"))
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn as_f64(number: usize) -> f64 {
    number as f64
}
