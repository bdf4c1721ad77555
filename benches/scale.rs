//! Whether ten thousand changes cost ten times a thousand: memory and
//! processor time of a client process at the beginning and at the end of its
//! run, and what its ledger weighs. The tenant is in this process, so that it
//! does not count.

#[path = "office/mod.rs"]
mod office;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use office::{Office, Tenant, configuration, per};

const LANES: usize = 64;
const SIZES: [usize; 3] = [1_000, 5_000, 10_000];
/// Changes over which the processor time of one is averaged.
const STRETCH: u64 = 400;

/// What a process has used so far, as Linux tells.
#[derive(Clone, Copy, Default)]
struct Used {
    /// Changes that the tenant has accepted.
    changes: u64,
    /// In clock ticks, a hundred a second.
    processor: u64,
    /// In KiB: now, and the most so far.
    memory: u64,
    most_memory: u64,
}

#[expect(clippy::print_stdout, reason = "what was measured, for whoever asks")]
fn main() {
    println!(
        "changes  memory first/last/most  per change: processor first/last  ledger  results.csv"
    );
    let measured = SIZES.map(measure);
    for run in &measured {
        println!(
            "{:>7}  {:>6} {:>6} {:>6} MiB   {:>17.2} {:>5.2} ms  {:>5.0} B  {:>5.0} B",
            run.changes,
            run.first.memory / 1024,
            run.last.memory / 1024,
            run.most_memory / 1024,
            run.processor_at_first,
            run.processor_at_last,
            run.ledger,
            run.results,
        );
    }
    let (small, large) = (&measured[0], &measured[2]);
    assert!(
        large.ledger < 1.1 * small.ledger,
        "the ledger of a change grows"
    );
}

struct Measured {
    changes: usize,
    /// With the first change.
    first: Used,
    /// With the last one; the results are still to be written.
    last: Used,
    /// In KiB, the results included.
    most_memory: u64,
    processor_at_first: f64,
    processor_at_last: f64,
    ledger: f64,
    results: f64,
}

fn measure(changes: usize) -> Measured {
    let tenant = Tenant::start(changes);
    let office = Office::new(changes, &configuration(&tenant.running.base_url(), LANES));
    let mut applying = office.seatsweep("apply");
    applying.args(["out/plan.json", "--confirm", "--no-progress", "-q"]);
    let mut client = applying
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process");
    let seen = watch(&mut client, &tenant);
    let processor = |from: &Used, to: &Used| {
        let milliseconds = 10 * (to.processor - from.processor);
        let changes = usize::try_from(to.changes - from.changes).expect("a number");
        per(milliseconds, changes)
    };
    // Before its first change a client reads and checks, after its last one
    // it writes the results; neither is the cost of one change.
    let working: Vec<&Used> = seen.iter().filter(|it| it.changes > 0).collect();
    let (first, all) = (working[0], changes as u64);
    let reached = |count: u64| working.iter().find(|it| it.changes >= count);
    let after_first = reached(first.changes + STRETCH).expect("so many changes");
    let before_last = reached(all - STRETCH).expect("so many changes");
    let last = reached(all).expect("all changes");
    let per_change = |bytes| per(bytes, changes);
    let ledger = office.path("seatsweep.db");
    Measured {
        changes,
        first: *first,
        last: **last,
        most_memory: seen.iter().map(|it| it.most_memory).max().expect("a look"),
        processor_at_first: processor(first, after_first),
        processor_at_last: processor(before_last, last),
        ledger: per_change(size(&ledger)),
        results: per_change(size(&office.path("out/results.csv"))),
    }
}

/// What the client has used, looked at again and again until it ends.
fn watch(client: &mut Child, tenant: &Tenant) -> Vec<Used> {
    let folder = PathBuf::from(format!("/proc/{}", client.id()));
    let mut seen = Vec::new();
    loop {
        if let Some(ended) = client.try_wait().expect("a process") {
            assert!(ended.success(), "{ended}");
            return seen;
        }
        let (stat, status) = (read(&folder.join("stat")), read(&folder.join("status")));
        if let (Some(stat), Some(status)) = (stat, status)
            && let Some(used) = used(&stat, &status, tenant.running.report().writes)
        {
            seen.push(used);
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// `None` while the process is not there yet, or not any more.
fn used(stat: &str, status: &str, changes: u64) -> Option<Used> {
    // The name, in parentheses, may hold spaces; then come state and numbers.
    let (_, numbers) = stat.rsplit_once(')')?;
    let ticks = numbers.split_whitespace().skip(11).take(2);
    let kibibytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    };
    Some(Used {
        changes,
        processor: ticks.filter_map(|it| it.parse::<u64>().ok()).sum(),
        memory: kibibytes("VmRSS:")?,
        most_memory: kibibytes("VmHWM:")?,
    })
}

/// The bytes of a file; none if it is not there.
fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |it| it.len())
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}
