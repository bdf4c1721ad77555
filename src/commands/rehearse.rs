//! `seatsweep apply PLAN --rehearse`: the very plan, the very executor and real
//! sockets, against a simulated tenant. Nothing that a real run uses is written.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::failure::{Exit, Failure};
use super::gate::{Obstacle, is_approved, obstacles};
use super::target::{SANDBOX_CUSTOMER, Seeds, Tenant};
use super::work::{CommitHook, Purpose, Work, open_ledger};
use super::{apply, console, live, nightly, outputs, plan as planning, recovery};
use crate::config::{LimitSettings, Settings, Target};
use crate::files::{FileError, RunLock};
use crate::ingest;
use crate::ledger::Ledger;
use crate::model::{AccountKey, AccountStatus, LicenseName, Memory, UserId, Username};
use crate::plan::{self, PassedBy, Plan, Verdict};
use crate::report;
use crate::sandbox;

/// Who approves in a rehearsal.
const NOBODY: &str = "rehearsal";

pub(super) fn run(
    settings: &Settings,
    path: &Path,
    on_commit: Option<CommitHook>,
) -> Result<u8, Failure> {
    let plan = plan::read(path)?;
    apply::check_identity(settings, &plan)?;
    refuse_undo(&plan)?;
    let as_of = apply::as_of(settings, &plan);
    let stage = Stage::set(settings)?;
    let ledger = stage.ledger(settings, on_commit)?;
    recovery::runtime()?.block_on(async {
        let now = recovery::clock_start(&stage.settings, &ledger, as_of)?;
        let memory = ledger.memory(now)?;
        let standing = stand(settings, &plan, path, &memory, &ledger, as_of)?;
        let users = seed(settings, &plan, &memory, as_of).await?;
        let tenant = Tenant::rehearsal(&stage.settings, users, now).await?;
        let work = Work {
            settings: &stage.settings,
            command: "rehearsal",
            purpose: Purpose::Predict {
                obstacles: standing.obstacles,
            },
            plan: Arc::new(plan),
            approved: standing.approved,
        };
        let code = work.carry_out(ledger, &tenant).await?;
        if let Some(log) = tenant.close().await {
            console::describe_sandbox(settings, &log);
        }
        Ok(code)
    })
}

/// Whether a seat is free, nobody knows but the vendor: a simulated tenant
/// would refuse every seat, or give each.
fn refuse_undo(plan: &Plan) -> Result<(), Failure> {
    match &plan.undoes {
        None => Ok(()),
        Some(undoes) => Err(Failure::new(
            Exit::Usage,
            format!(
                "the plan undoes run {}, and an undo cannot be rehearsed: no report says which \
                 seats are free; read plan.csv, which names what comes back and what is lost",
                undoes.run_id
            ),
        )),
    }
}

/// Where a rehearsal takes place: settings of its own, and a copy of the
/// ledger that is thrown away.
struct Stage {
    settings: Settings,
    _lock: RunLock,
}

impl Stage {
    fn set(settings: &Settings) -> Result<Self, Failure> {
        let below = match settings.target {
            Target::Eight => settings.out_dir.join("sandbox"),
            Target::Sandbox => settings.out_dir.clone(),
        };
        let mut own = settings.clone();
        own.target = Target::Sandbox;
        own.out_dir = below.join("rehearsals");
        own.ledger = own.out_dir.join("ledger-copy.db");
        NOBODY.clone_into(&mut own.user);
        // Faster than that, the machine's own slowness would be predicted.
        own.limits.time_scale = LimitSettings::EMBEDDED_TIME_SCALE;
        outputs::prepare(&own)?;
        refuse_the_ledger_itself(&settings.ledger, &own.ledger)?;
        let lock = RunLock::acquire(&own.ledger)?;
        // What a rehearsal that was killed has left.
        discard(&own.ledger)?;
        Ok(Self {
            settings: own,
            _lock: lock,
        })
    }

    /// The real ledger is read, and only its copy is written.
    fn ledger(
        &self,
        settings: &Settings,
        on_commit: Option<CommitHook>,
    ) -> Result<Ledger, Failure> {
        if let Some(real) = planning::ledger_to_read(settings)? {
            real.copy_for(&self.settings.ledger, self.settings.target_label())?;
        }
        open_ledger(&self.settings, on_commit)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(error) = discard(&self.settings.ledger) {
            console::warn(&format!("{error}; remove it: it names people"));
        }
    }
}

/// The copy is removed at the end, so it must be no ledger that somebody keeps.
fn refuse_the_ledger_itself(real: &Path, copy: &Path) -> Result<(), Failure> {
    let there = |path: &Path| fs::canonicalize(path).ok();
    let is_same = real == copy || there(real).is_some_and(|real| Some(real) == there(copy));
    if !is_same {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Configuration,
        format!(
            "the ledger {} is where a rehearsal puts the copy that it removes; keep the ledger \
             somewhere else",
            real.display()
        ),
    ))
}

/// Removes the copy of the ledger, and what SQLite keeps beside it.
fn discard(ledger: &Path) -> Result<(), FileError> {
    for beside in ["", "-wal", "-shm", "-journal"] {
        let mut name = ledger.as_os_str().to_owned();
        name.push(beside);
        let path = PathBuf::from(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(FileError::of(&path, error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// How a plan stands before it is rehearsed.
struct Standing {
    /// It is rehearsed as an approved one.
    approved: bool,
    /// What would keep a real run from beginning, a sentence each.
    obstacles: Vec<String>,
}

/// Tells what would keep the plan from being carried out for real. It is
/// rehearsed as approved if nothing could come of it else.
fn stand(
    settings: &Settings,
    plan: &Plan,
    path: &Path,
    memory: &Memory,
    ledger: &Ledger,
    as_of: Timestamp,
) -> Result<Standing, Failure> {
    let approved = is_approved(settings, plan, path, memory)?;
    let mut refusals = Vec::new();
    let checks = [
        nightly::check_clock(settings, as_of),
        apply::check_channels(settings, plan),
    ];
    refusals.extend(checks.into_iter().filter_map(|check| {
        let failure = check.err()?;
        Some((failure.exit.code(), failure.error.to_string()))
    }));
    let stale = apply::staleness(plan, memory, ledger, as_of)?;
    refusals.extend(stale.map(|sentence| (Exit::PlanNotUsable.code(), sentence)));
    let mut told: Vec<String> = refusals
        .into_iter()
        .map(|(code, sentence)| {
            format!("a real run would refuse this plan with exit {code}: {sentence}")
        })
        .collect();
    let mut is_needed = false;
    for obstacle in obstacles(settings, plan, memory, ledger, approved)? {
        match &obstacle {
            Obstacle::Guards(checks) => {
                console::warn(&report::guard_table(checks));
                is_needed |= checks.iter().any(|check| {
                    check.verdict == Verdict::Tripped && check.passed_by == PassedBy::Approval
                });
            }
            Obstacle::FirstRun | Obstacle::NotApproved => is_needed = true,
            // Nothing is changed, so there is nothing to confirm.
            Obstacle::NotConfirmed => continue,
        }
        told.push(format!(
            "a real run would not begin, with exit {}: {}; it needs {}",
            obstacle.code(),
            obstacle.sentence(),
            obstacle.flags(plan).join(" ")
        ));
    }
    for sentence in &told {
        console::warn(sentence);
    }
    if is_needed {
        console::warn("rehearsed as if the plan were approved");
    }
    let open = ledger.open_attempts()?;
    let left_open = open
        .iter()
        .filter(|row| row.intent.key.plan_id != plan.plan_id)
        .count();
    if left_open > 0 {
        console::warn(&format!(
            "an earlier run left {left_open} changes open; a real run looks at them first, and here \
             their accounts stay as unknown as they are"
        ));
    }
    Ok(Standing {
        approved: approved || is_needed,
        obstacles: told,
    })
}

/// The tenant as the plan saw it, with what the ledger has verified since; or
/// as it is now, where the plan was made from a list.
async fn seed(
    settings: &Settings,
    plan: &Plan,
    memory: &Memory,
    as_of: Timestamp,
) -> Result<sandbox::Seed, Failure> {
    let Some(input) = plan.inputs.iter().find(|input| input.role == "users") else {
        return Err(Failure::new(
            Exit::BadData,
            "the plan does not say which users report it was made from; make a new plan",
        ));
    };
    let customer_id = plan
        .customer_id
        .clone()
        .unwrap_or_else(|| SANDBOX_CUSTOMER.to_owned());
    let seeds = Seeds::default();
    let (users, unreadable) = if input.path == live::LIVE {
        let tenant = live::open(settings, as_of).await?;
        let customer = settings.customer_id.as_deref();
        let list = live::read_list(tenant.admin_api()?, customer, seeds).await?;
        let listed = list.input(as_of);
        if listed.sha256 != input.sha256 {
            console::warn(&format!(
                "the tenant has changed since the plan was made, from {} users to {}; what of that \
                 matters to the plan shows as drifted",
                input.rows, listed.rows
            ));
        }
        (list.observer.into_users(), list.invalid.len())
    } else {
        let path = Path::new(&input.path);
        let report = ingest::read_users(path, &settings.columns_users, &settings.formats, seeds)?;
        if report.file.sha256 != input.sha256 {
            return Err(Failure::new(
                Exit::BadData,
                format!(
                    "{} is not as it was when the plan was made: its SHA-256 is {}, and the plan \
                     has {}; bring the file back, or make a new plan",
                    input.path, report.file.sha256, input.sha256
                ),
            ));
        }
        let mut users = report.observer.into_users();
        let seen_at = input.made_at.unwrap_or(plan.as_of);
        for user in &mut users {
            override_by_ledger(user, memory, seen_at);
        }
        (users, report.invalid.len())
    };
    if unreadable > 0 {
        console::tell(
            settings,
            &format!("note: {unreadable} accounts could not be read and are not in the rehearsal"),
        );
    }
    Ok(sandbox::Seed { customer_id, users })
}

/// What was verified after the report was made is true of the tenant.
fn override_by_ledger(user: &mut sandbox::SeedUser, memory: &Memory, seen_at: Timestamp) {
    let user_id = user.user_id.as_deref().and_then(UserId::parse);
    let username = Username::parse(&user.username);
    let keys = [
        AccountKey::of(user_id.as_ref(), None),
        AccountKey::of(None, username.as_ref()),
    ];
    let mut known = keys.iter().flatten();
    let Some(verified) = known.find_map(|key| memory.accounts.get(key)) else {
        return;
    };
    if verified.status_at > seen_at {
        user.active = verified.status == AccountStatus::Active;
    }
    for (gone, _) in verified.removed.iter().filter(|(_, at)| *at > seen_at) {
        let is_gone = |held: &sandbox::SeedLicense| {
            let name = LicenseName::parse(&held.name, Some(&held.country));
            name.is_some_and(|name| name.same_as(gone))
        };
        if let Some(position) = user.licenses.iter().position(is_gone) {
            user.licenses.remove(position);
        }
    }
}
