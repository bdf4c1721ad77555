//! From input files and memory to a plan.

use std::path::Path;

use jiff::Timestamp;

use super::failure::{Exit, Failure};
use crate::config::Settings;
use crate::ingest::{self, AccountObserver, InputFile};
use crate::model::{AccountRow, Memory};
use crate::plan::{Build, Facts, Plan, PlanInput, build};
use crate::reconcile::{self, Calendar, Census, Index, People, Question};
use crate::seats::{CountDate, Ledgered, OwnedSeats, Tally, figures};

/// Reads the inputs and makes the plan for `as_of`.
pub(super) fn make_plan(
    settings: &Settings,
    memory: &Memory,
    as_of: Timestamp,
) -> Result<Plan, Failure> {
    let calendar = Calendar::new(&settings.policy)?;
    let hand_made = HandMade::read(settings)?;
    let mut inputs = Vec::new();
    let mut rows = Vec::new();
    let mut invalid = Vec::new();
    let mut hr_at = Timestamp::MIN;
    for path in &settings.inputs.hr {
        let hr = ingest::read_hr(path, &settings.columns_hr, &settings.formats)?;
        let made_at = made_at(path, settings.inputs.hr_at, as_of);
        hr_at = hr_at.max(made_at);
        refuse_twice(&inputs, &hr.file)?;
        inputs.push(input(hr.file, Some(made_at)));
        rows.extend(hr.rows);
        invalid.extend(hr.invalid);
    }
    let users_path = settings.inputs.users.as_deref();
    let users_path =
        users_path.ok_or_else(|| Failure::new(Exit::Usage, "no users report was named"))?;
    let users_at = made_at(users_path, settings.inputs.users_at, as_of);
    let question = Question {
        rows: &rows,
        invalid: &invalid,
        memory,
        policy: &settings.policy,
        calendar: &calendar,
        holds: &hand_made.holds,
        map: &hand_made.map,
        as_of,
        hr_at,
        users_at,
    };
    let people = People::gather(&question);
    let watch = Watch {
        index: Index::new(&people, &question),
        tally: Tally::new(memory, users_at),
        census: Census::new(&settings.policy.canaries),
    };
    let users = ingest::read_users(
        users_path,
        &settings.columns_users,
        &settings.formats,
        watch,
    )?;
    inputs.push(input(users.file.clone(), Some(users_at)));
    inputs.extend(hand_made.inputs);
    let Watch {
        index,
        tally,
        census,
    } = users.observer;
    let reconciliation = reconcile::settle(&people, &index.finish(), &users.invalid, &question)?;
    let vanished = reconciliation.vanished(memory);
    let counted = settings
        .policy
        .seats_as_of
        .filter(|_| settings.inputs.licenses.is_some());
    let seats = figures(
        &tally.finish(),
        &hand_made.owned,
        &settings.policy.contracts,
        &Ledgered {
            memory,
            vanished: &vanished,
            counted: counted.map(|date| CountDate {
                start: calendar.start_of(date, ""),
                end: calendar.end_of(date, ""),
            }),
        },
    );
    let facts = Facts {
        active_accounts: census.active(),
        active_licensed: census.active_licensed(),
        users_rows: users.file.rows,
        due_leavers: reconciliation.due_leavers,
        due_matched: reconciliation.due_matched,
        protected_hits: reconciliation.protected_hits,
        active_leavers: reconciliation.active_leavers,
        missing_canaries: census.missing(),
    };
    Ok(build(Build {
        as_of,
        users_at,
        tenant: &settings.tenant,
        target: settings.target_label(),
        customer_id: settings.customer_id.as_deref(),
        inputs,
        policy: &settings.policy,
        guard_limits: &settings.guards,
        calendar: &calendar,
        memory,
        reconciliation,
        facts,
        seats,
        counted,
    }))
}

/// Everything that looks at the accounts while they stream by.
struct Watch {
    index: Index,
    tally: Tally,
    census: Census,
}

impl AccountObserver for Watch {
    fn split(&self) -> Self {
        Self {
            index: self.index.split(),
            tally: self.tally.split(),
            census: self.census.split(),
        }
    }

    fn observe(&mut self, row: &AccountRow) {
        self.index.observe(row);
        self.tally.observe(row);
        self.census.observe(row);
    }

    fn merge(&mut self, later: Self) {
        self.index.merge(later.index);
        self.tally.merge(later.tally);
        self.census.merge(later.census);
    }
}

/// The files that administrators write themselves.
#[derive(Default)]
struct HandMade {
    inputs: Vec<PlanInput>,
    owned: Vec<OwnedSeats>,
    holds: Vec<crate::model::HoldRecord>,
    map: std::collections::BTreeMap<String, String>,
}

impl HandMade {
    fn read(settings: &Settings) -> Result<Self, Failure> {
        let mut all = Self::default();
        if let Some(path) = &settings.inputs.licenses {
            if settings.policy.seats_as_of.is_none() {
                return Err(Failure::new(
                    Exit::Configuration,
                    "a licences file was given, and [seats] as_of does not say on which day its \
                     seats were counted; add `as_of = 2026-11-20` with that day",
                ));
            }
            let licenses = ingest::read_licenses(path)?;
            all.inputs.push(input(licenses.file, None));
            all.owned = licenses
                .pools
                .into_iter()
                .map(|seats| OwnedSeats {
                    pool: seats.pool,
                    owned: seats.owned,
                    unassigned: seats.unassigned,
                    suspended: seats.suspended,
                })
                .collect();
        }
        if let Some(path) = &settings.inputs.holds {
            let holds = ingest::read_holds(path)?;
            all.inputs.push(input(holds.file, None));
            all.holds = holds.holds;
        }
        if let Some(path) = &settings.inputs.map {
            let map = ingest::read_map(path)?;
            all.inputs.push(input(map.file, None));
            all.map = map.map;
        }
        Ok(all)
    }
}

/// The same HR file twice would make every leaver two.
fn refuse_twice(inputs: &[PlanInput], file: &InputFile) -> Result<(), Failure> {
    match inputs.iter().find(|input| input.sha256 == file.sha256) {
        None => Ok(()),
        Some(first) => Err(Failure::new(
            Exit::BadData,
            format!(
                "{} and {} are the same file; name it once",
                first.path, file.path
            ),
        )),
    }
}

fn input(file: InputFile, made_at: Option<Timestamp>) -> PlanInput {
    PlanInput {
        role: file.role.to_string(),
        path: file.path,
        sha256: file.sha256,
        bytes: file.bytes,
        rows: file.rows,
        header_fingerprint: file.header_fingerprint,
        columns: file.detected.columns.clone(),
        made_at,
        detected: serde_json::to_value(&file.detected).unwrap_or_default(),
    }
}

/// When an export was made: as it was said, else the file's time, and never
/// after the run.
fn made_at(path: &Path, said: Option<Timestamp>, as_of: Timestamp) -> Timestamp {
    let of_file = || {
        let modified = std::fs::metadata(path)
            .and_then(|file| file.modified())
            .ok()?;
        Timestamp::try_from(modified).ok()
    };
    said.or_else(of_file).unwrap_or(as_of).min(as_of)
}
