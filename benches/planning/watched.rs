//! What a process takes, as Linux tells.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks at the memory of a process.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// What one run took.
#[derive(Clone, Copy)]
pub(crate) struct Taken {
    /// In seconds.
    pub(crate) wall: f64,
    /// User and system time in seconds. Linux tells hundredths, so one run says
    /// little and the mean of several a good deal.
    pub(crate) processor: f64,
    /// In MiB. Of processes side by side the peaks are added up.
    pub(crate) memory: f64,
}

/// Runs a command to its end; `Err` is what it said if it failed.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark's time is the machine's, not a run's"
)]
pub(crate) fn run(command: &mut Command) -> Result<Taken, String> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    let processor_before = processor_time_of_children();
    let began = Instant::now();
    let child = command.stderr(Stdio::piped()).spawn();
    let child = child.map_err(|error| error.to_string())?;
    let (id, has_ended) = (child.id(), AtomicBool::new(false));
    let (ended, wall, memory) = thread::scope(|scope| {
        let peaks = scope.spawn(|| peaks_of(id, &has_ended));
        let ended = child.wait_with_output();
        let wall = began.elapsed().as_secs_f64();
        has_ended.store(true, Ordering::Relaxed);
        (ended, wall, peaks.join().expect("no panic"))
    });
    let ended = ended.map_err(|error| error.to_string())?;
    if !ended.status.success() {
        return Err(String::from_utf8_lossy(&ended.stderr).into_owned());
    }
    Ok(Taken {
        wall,
        processor: processor_time_of_children() - processor_before,
        memory: memory / 1024.0,
    })
}

/// The most memory, in KiB, that a process and its children had.
fn peaks_of(id: u32, has_ended: &AtomicBool) -> f64 {
    let mut peaks = BTreeMap::new();
    while !has_ended.load(Ordering::Relaxed) {
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        for id in [id.to_string().as_str()]
            .into_iter()
            .chain(children.split_whitespace())
        {
            if let Some(peak) = peak_of(id) {
                peaks.insert(id.to_owned(), peak);
            }
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    peaks.values().sum()
}

/// In KiB; `None` if the process is not there any more.
fn peak_of(id: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let mut lines = status.lines();
    let peak = lines.find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().trim_end_matches(" kB").parse().ok()
}

/// User and system time of all children that have ended, in seconds.
fn processor_time_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("this process");
    // The name, in parentheses, may hold spaces; then come state and numbers.
    let (_, numbers) = stat.rsplit_once(')').expect("a name");
    let ticks = numbers.split_whitespace().skip(13).take(2);
    let ticks: f64 = ticks.filter_map(|it| it.parse::<f64>().ok()).sum();
    ticks / 100.0
}
