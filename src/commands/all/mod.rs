//! `seatsweep run --all`: every tenant of a folder, each as a process of its
//! own, so that one tenant's panic, memory or lock is no other's.

mod call;
mod clashes;
mod process;
mod search;
mod tenant;

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::{Exit, Failure};
use super::signals::Signals;
use super::{console, recovery};
use crate::apply::Stop;
use crate::cli::{GlobalArguments, RunArguments};
use crate::config;
use crate::files::{self, RunLock};
use crate::report::{self, AllSummary, TenantEntry};
use crate::vendor::wall_now;
use call::Call;
use process::{End, Process};
use tenant::Tenant;

/// Below the folder of all; of a rehearsal below `sandbox` there.
const SUMMARY: &str = "all.json";
const SANDBOX_FOLDER: &str = "sandbox";

/// Runs every tenant below `folder`, and sums up.
pub(super) fn run(
    global: &GlobalArguments,
    arguments: &RunArguments,
    folder: &Path,
) -> Result<u8, Failure> {
    let log = config::log_settings(global)?;
    let call = Call::new(global, arguments)?;
    let found = search::search(folder)?;
    for link in &found.links {
        console::warn(&format!(
            "{}: a link to a folder is not followed, so the seatsweep.toml behind it is no tenant \
             here; put the folder itself below {}",
            link.display(),
            folder.display()
        ));
    }
    let tenants = Tenant::all(folder, found, &call);
    if tenants.is_empty() {
        return Err(Failure::new(
            Exit::NoInput,
            format!(
                "{}: no seatsweep.toml is below this folder",
                folder.display()
            ),
        ));
    }
    clashes::refuse(&tenants)?;

    let place = if arguments.output.sandbox {
        folder.join(SANDBOX_FOLDER)
    } else {
        folder.to_owned()
    };
    files::create_owner_only_dir(&place)?;
    let path = place.join(SUMMARY);
    let _lock = RunLock::acquire(&path)?;
    let (name, started_at) = (folder.display().to_string(), wall_now());
    // Whoever finds this later knows that it did not come to its end.
    let entries = tenants.iter().map(Tenant::entry).collect();
    write(
        &path,
        &AllSummary::under_way(name.clone(), started_at, entries),
    )?;

    let night = Night {
        place: &place,
        call: &call,
        log,
        jobs: arguments.jobs,
        program: std::env::current_exe().map_err(|error| Failure::of(Exit::Internal, error))?,
    };
    let entries = recovery::runtime()?.block_on(night.pass(&tenants))?;
    let all = AllSummary::ended(name, started_at, wall_now(), entries);
    for entry in &all.tenants {
        console::say(&format!("{}: {}", entry.folder, entry.last_line()));
    }
    console::say(&format!("{}; {}", all.line(), path.display()));
    let mut codes = vec![all.worst_code()];
    if let Err(failure) = write(&path, &all) {
        // Tenants may have been changed, so this is no early end.
        console::complain(&failure);
        codes.push(report::MIDWAY);
    }
    Ok(report::worst_first(codes).first().copied().unwrap_or(0))
}

fn write(path: &Path, all: &AllSummary) -> Result<(), Failure> {
    let mut bytes =
        serde_json::to_vec_pretty(all).map_err(|error| Failure::of(Exit::Internal, error))?;
    bytes.push(b'\n');
    Ok(files::replace(path, &bytes)?)
}

/// What all tenants of one call share.
struct Night<'n> {
    /// Where what they say is kept until it is shown.
    place: &'n Path,
    call: &'n Call,
    log: config::LogSettings,
    jobs: NonZeroUsize,
    program: PathBuf,
}

impl Night<'_> {
    /// Runs all tenants, so many at a time, and returns what became of each.
    async fn pass(&self, tenants: &[Tenant]) -> Result<Vec<TenantEntry>, Failure> {
        let mut entries: Vec<TenantEntry> = tenants.iter().map(Tenant::entry).collect();
        let mut bells = Bells::new().map_err(|error| Failure::of(Exit::Internal, error))?;
        let mut waiting: VecDeque<usize> = VecDeque::new();
        for (number, tenant) in tenants.iter().enumerate() {
            match &tenant.known {
                Ok(_) => waiting.push_back(number),
                Err(refused) => self.complain(tenant, &refused.error),
            }
        }
        let mut running: BTreeMap<usize, Running> = BTreeMap::new();
        let mut stopped: Option<Stop> = None;
        loop {
            while stopped.is_none() && running.len() < self.jobs.get() {
                let Some(number) = waiting.pop_front() else {
                    break;
                };
                match self.begin(&tenants[number]) {
                    Ok(begun) => {
                        running.insert(number, begun);
                    }
                    Err(failure) => {
                        self.complain(&tenants[number], &failure.text());
                        entries[number].not_begun(failure.exit.code(), failure.text());
                    }
                }
            }
            if running.is_empty() {
                break;
            }
            match bells.next().await {
                Bell::Asked(stop) => {
                    if stopped.is_none() {
                        console::warn(&format!(
                            "stopping: no further tenant is begun, and {} at work finish what is in \
                             flight; once more stops them at once",
                            running.len()
                        ));
                    }
                    stopped.get_or_insert(stop);
                    process::pass_on(told(stop).0, running.values().map(|it| &it.process));
                }
                Bell::SomethingEnded => {
                    for (number, mut begun) in std::mem::take(&mut running) {
                        match begun.process.ended() {
                            None => {
                                running.insert(number, begun);
                            }
                            Some(end) => {
                                self.end(&tenants[number], begun, end, &mut entries[number]);
                            }
                        }
                    }
                }
            }
        }
        if let Some(stop) = stopped {
            for number in waiting {
                let why = "everything was stopped before its turn; nothing was changed";
                entries[number].not_begun(told(stop).1, why.to_owned());
            }
        }
        Ok(entries)
    }

    fn begin(&self, tenant: &Tenant) -> Result<Running, Failure> {
        let before = tenant.newest_run();
        let words = self.call.words(&tenant.config);
        let process = Process::begin(&self.program, &words, self.place)?;
        self.tell(tenant, &format!("begun as process {}", process.id()));
        Ok(Running { process, before })
    }

    /// Shows what the tenant's run had to say and notes how it ended.
    fn end(&self, tenant: &Tenant, begun: Running, end: End, entry: &mut TenantEntry) {
        let said = begun.process.said(|line| {
            console::warn(&process::attributed(&tenant.folder, self.log.format, line));
        });
        self.tell(tenant, &format!("ended with exit {}", end.code));
        tenant.note_end(entry, end, said, begun.before.as_deref());
    }

    fn tell(&self, tenant: &Tenant, what: &str) {
        if self.log.level != config::LogLevel::Warn {
            console::warn(&format!("{}: {what}", tenant.folder));
        }
    }

    fn complain(&self, tenant: &Tenant, error: &str) {
        for line in format!("{}{error}", console::COMPLAINT).lines() {
            console::warn(&process::attributed(&tenant.folder, self.log.format, line));
        }
    }
}

/// The signal that says the same to a run, and the exit code of a tenant whose
/// turn it stops.
fn told(stop: Stop) -> (&'static str, u8) {
    match stop {
        Stop::Interrupted => ("INT", 130),
        Stop::Terminated
        | Stop::Deadline
        | Stop::NotAuthorized
        | Stop::WrongCustomer
        | Stop::Unreachable
        | Stop::Ledger
        | Stop::Breaker
        | Stop::Defect => ("TERM", 143),
    }
}

/// A tenant's run at work.
struct Running {
    process: Process,
    /// The run that the tenant's newest summary was of when this one began.
    before: Option<String>,
}

/// What the night waits for.
struct Bells {
    signals: Signals,
    children: Signal,
}

enum Bell {
    /// Somebody wants everything to end.
    Asked(Stop),
    /// A process may have ended.
    SomethingEnded,
}

impl Bells {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            signals: Signals::new()?,
            // Before the first process begins, so that no end is missed.
            children: signal(SignalKind::child())?,
        })
    }

    async fn next(&mut self) -> Bell {
        tokio::select! {
            stop = self.signals.next() => Bell::Asked(stop),
            _ = self.children.recv() => Bell::SomethingEnded,
        }
    }
}
