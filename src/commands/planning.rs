//! From input files and memory to a plan.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;

use super::failure::{Exit, Failure};
use super::target::Tenant;
use super::watch::{NobodyElse, Watch};
use super::{live, recovery, sightings};
use crate::config::{Settings, UsersSource};
use crate::ingest::{self, AccountObserver, InputFile};
use crate::model::{HoldRecord, HrRow, InvalidRow, Memory, NumberCounts, UnassignedSeats};
use crate::plan::{Build, Facts, LookedUp, Nameless, PlanInput, build};
use crate::reconcile::{self, Calendar, Census, Found, Index, People, Question, Reconciliation};
use crate::seats::{CountDate, Ledgered, OwnedSeats, Tally, figures, keep_for_joiners};

/// Reads the inputs and makes the plan for `as_of`: from bytes to decisions,
/// with nothing written.
pub fn make_plan(
    settings: &Settings,
    memory: &Memory,
    as_of: Timestamp,
) -> Result<Nameless, Failure> {
    make_plan_with(settings, memory, as_of, None)
}

/// The same for a run, whose tenant is open.
pub(super) fn make_plan_with(
    settings: &Settings,
    memory: &Memory,
    as_of: Timestamp,
    tenant: Option<&Tenant>,
) -> Result<Nameless, Failure> {
    let accounts = Accounts::of(settings, tenant)?;
    let tonight = Tonight::read(settings, accounts, as_of)?;
    let question = tonight.question(settings, memory, as_of);
    let (evidence, mut decided) = settle(settings, accounts, &question, NobodyElse)?;
    let looked_up = sightings::look(settings, tenant, &decided.reconciliation, &question)?;
    if looked_up.sightings.is_empty() {
        return Ok(tonight.plan(settings, &question, decided, looked_up));
    }
    // What was seen just now counts like what the ledger verified.
    let memory = memory.with(&looked_up.sightings);
    let question = tonight.question(settings, &memory, as_of);
    let Evidence {
        people,
        found,
        unreadable,
        besides: NobodyElse,
    } = evidence;
    decided.reconciliation = reconcile::settle(&people, &found, &unreadable, &question)?;
    Ok(tonight.plan(settings, &question, decided, looked_up))
}

/// Where the accounts are read from.
#[derive(Clone, Copy)]
pub(super) enum Accounts<'a> {
    /// The users report.
    Report(&'a Path),
    /// The list of the tenant that is open, else of one that is opened for it.
    Listed(Option<&'a Tenant>),
}

impl<'a> Accounts<'a> {
    pub(super) fn of(settings: &'a Settings, tenant: Option<&'a Tenant>) -> Result<Self, Failure> {
        match &settings.inputs.users {
            Some(UsersSource::Report(path)) => Ok(Self::Report(path)),
            Some(UsersSource::Live) => Ok(Self::Listed(tenant)),
            None => Err(Failure::new(Exit::Usage, "no users report was named")),
        }
    }

    /// The moment that they are seen at. A clock that is still to be started
    /// starts at `as_of`.
    fn seen_at(self, settings: &Settings, as_of: Timestamp) -> Timestamp {
        match self {
            Self::Report(path) => made_at(path, settings.inputs.users_at, as_of),
            Self::Listed(tenant) => tenant.map_or(as_of, |tenant| tenant.clock.now()),
        }
    }

    /// Shows every account to `watch`.
    fn read<O: AccountObserver>(
        self,
        settings: &Settings,
        question: &Question<'_>,
        watch: O,
    ) -> Result<Accounted<O>, Failure> {
        let seen_at = question.users_at;
        match self {
            Self::Report(path) => {
                let columns = &settings.columns_users;
                let users = ingest::read_users(path, columns, &settings.formats, watch)?;
                Ok(Accounted {
                    input: input(users.file, Some(seen_at)),
                    observer: users.observer,
                    invalid: users.invalid,
                })
            }
            Self::Listed(tenant) => {
                let list = recovery::wait(async {
                    let api = match tenant {
                        Some(tenant) => tenant.admin_api()?.clone(),
                        None => live::open(settings, question.as_of)
                            .await?
                            .admin_api()?
                            .clone(),
                    };
                    live::read_list(&api, settings.customer_id.as_deref(), watch).await
                })?;
                Ok(Accounted {
                    input: list.input(seen_at),
                    observer: list.observer,
                    invalid: list.invalid,
                })
            }
        }
    }
}

/// The accounts, seen.
struct Accounted<O> {
    /// What the plan records of the report or the list.
    input: PlanInput,
    observer: O,
    /// The accounts that could not be understood.
    invalid: Vec<InvalidRow>,
}

/// Tonight's inputs as they were read, but for the accounts, which stream by.
pub(super) struct Tonight {
    calendar: Calendar,
    hand_made: HandMade,
    /// The HR exports.
    inputs: Vec<PlanInput>,
    rows: Vec<HrRow>,
    invalid: Vec<InvalidRow>,
    hr_at: Timestamp,
    users_at: Timestamp,
}

/// What everybody's decision rests on.
pub(super) struct Evidence<B> {
    pub people: People,
    pub found: Found,
    /// Rows of the users report that could not be read.
    pub unreadable: Vec<InvalidRow>,
    /// Whoever looked at the accounts besides.
    pub besides: B,
}

/// Everybody's decision, and what was counted on the way.
pub(super) struct Decided {
    reconciliation: Reconciliation,
    tally: Tally,
    census: Census,
    users: PlanInput,
}

impl Tonight {
    pub(super) fn read(
        settings: &Settings,
        accounts: Accounts<'_>,
        as_of: Timestamp,
    ) -> Result<Self, Failure> {
        let calendar = Calendar::new(&settings.policy)?;
        let hand_made = HandMade::read(settings)?;
        let mut inputs = Vec::new();
        let mut rows = Vec::new();
        let mut invalid = Vec::new();
        let mut hr_at = Timestamp::MIN;
        let mut paths = BTreeMap::new();
        for path in &settings.inputs.hr {
            let hr = ingest::read_hr(path, &settings.columns_hr, &settings.formats)?;
            let made_at = made_at(path, settings.inputs.hr_at, as_of);
            hr_at = hr_at.max(made_at);
            refuse_twice(&mut paths, hr.content_sha256, &hr.file.path)?;
            inputs.push(input(hr.file, Some(made_at)));
            rows.extend(hr.rows);
            invalid.extend(hr.invalid);
        }
        Ok(Self {
            calendar,
            hand_made,
            inputs,
            rows,
            invalid,
            hr_at,
            users_at: accounts.seen_at(settings, as_of),
        })
    }

    pub(super) fn question<'a>(
        &'a self,
        settings: &'a Settings,
        memory: &'a Memory,
        as_of: Timestamp,
    ) -> Question<'a> {
        Question {
            rows: &self.rows,
            invalid: &self.invalid,
            memory,
            policy: &settings.policy,
            calendar: &self.calendar,
            holds: &self.hand_made.holds,
            map: &self.hand_made.map,
            as_of,
            hr_at: self.hr_at,
            users_at: self.users_at,
        }
    }

    /// Unassigned seats with their service addresses, where the licences file
    /// says them.
    pub(super) fn unassigned(&self) -> &[UnassignedSeats] {
        &self.hand_made.unassigned
    }

    /// The day of an instant in the policy's zone.
    pub(super) fn day(&self, at: Timestamp) -> Date {
        self.calendar.day(at)
    }

    /// The plan that follows from what was decided.
    pub(super) fn plan(
        &self,
        settings: &Settings,
        question: &Question<'_>,
        decided: Decided,
        looked_up: LookedUp,
    ) -> Nameless {
        let Decided {
            reconciliation,
            tally,
            mut census,
            users,
        } = decided;
        let headcount = census.headcount();
        let memory = question.memory;
        let vanished = reconciliation.vanished(memory);
        let counted = counted(settings);
        let calendar = &self.calendar;
        let on_accounts = tally.finish();
        let mut seats = figures(
            &on_accounts.pools(),
            &self.hand_made.owned,
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
        keep_for_joiners(&mut seats, &settings.policy.planned_joiners);
        let facts = Facts {
            active_accounts: headcount.active,
            active_licensed: headcount.active_licensed,
            users_rows: users.rows,
            due_leavers: reconciliation.due_leavers,
            due_matched: reconciliation.due_matched,
            protected_hits: reconciliation.protected_hits,
            active_leavers: reconciliation.active_leavers,
            missing_canaries: census.missing(&settings.policy.canaries),
        };
        let names_of_nobody = reconcile::names_of_nobody(question, &census);
        let mut inputs = self.inputs.clone();
        inputs.push(users);
        inputs.extend(self.hand_made.inputs.iter().cloned());
        build(Build {
            as_of: question.as_of,
            users_at: self.users_at,
            tenant: &settings.tenant,
            target: settings.target_label(),
            customer_id: settings.customer_id.as_deref(),
            inputs,
            policy: &settings.policy,
            guard_limits: &settings.guards,
            calendar,
            memory,
            reconciliation,
            names_of_nobody,
            looked_up,
            facts,
            seats,
            on_accounts: &on_accounts,
            counted,
            numbers: self.hand_made.numbers.as_ref(),
        })
    }
}

/// The day of the seat counts, if there is a licences file.
pub(super) fn counted(settings: &Settings) -> Option<Date> {
    let licenses = settings.inputs.licenses.as_ref();
    settings.policy.seats_as_of.filter(|_| licenses.is_some())
}

/// Shows the accounts to everybody who looks out for some, to `besides` as
/// well, and gives every person one decision.
pub(super) fn settle<B: AccountObserver>(
    settings: &Settings,
    accounts: Accounts<'_>,
    question: &Question<'_>,
    besides: B,
) -> Result<(Evidence<B>, Decided), Failure> {
    let people = People::gather(question);
    let mut watched = reconcile::listed_names(question);
    watched.extend(settings.policy.canaries.iter().cloned());
    let watch = Watch {
        index: Index::new(&people, question),
        tally: Tally::new(question.memory, question.users_at),
        census: Census::new(watched),
        besides,
    };
    let users = accounts.read(settings, question, watch)?;
    let Watch {
        index,
        tally,
        census,
        besides,
    } = users.observer;
    let found = index.finish();
    let reconciliation = reconcile::settle(&people, &found, &users.invalid, question)?;
    let evidence = Evidence {
        people,
        found,
        unreadable: users.invalid,
        besides,
    };
    let decided = Decided {
        reconciliation,
        tally,
        census,
        users: users.input,
    };
    Ok((evidence, decided))
}

/// The files that administrators write themselves.
#[derive(Default)]
struct HandMade {
    inputs: Vec<PlanInput>,
    owned: Vec<OwnedSeats>,
    unassigned: Vec<UnassignedSeats>,
    holds: Vec<HoldRecord>,
    map: BTreeMap<String, String>,
    numbers: Option<NumberCounts>,
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
            let licenses = ingest::read_licenses(path, &settings.columns_licenses)?;
            all.inputs.push(input(licenses.file, None));
            all.unassigned = licenses.unassigned;
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
        if let Some((file, holds)) = holds_file(settings)? {
            all.inputs.push(file);
            all.holds = holds;
        }
        if let Some(path) = &settings.inputs.map {
            let map = ingest::read_map(path)?;
            all.inputs.push(input(map.file, None));
            all.map = map.map;
        }
        if let Some(path) = &settings.inputs.numbers {
            let numbers = ingest::read_numbers(path)?;
            all.inputs.push(input(numbers.file, None));
            all.numbers = Some(numbers.counts);
        }
        Ok(all)
    }
}

/// The file of people and accounts that are not to be touched, if there is one.
pub(super) fn holds_file(
    settings: &Settings,
) -> Result<Option<(PlanInput, Vec<HoldRecord>)>, Failure> {
    let Some(path) = &settings.inputs.holds else {
        return Ok(None);
    };
    let holds = ingest::read_holds(path)?;
    Ok(Some((input(holds.file, None), holds.holds)))
}

/// The same HR file twice would make every leaver two, be it packed once and
/// once not.
fn refuse_twice(
    paths: &mut BTreeMap<String, String>,
    content_sha256: String,
    path: &str,
) -> Result<(), Failure> {
    match paths.insert(content_sha256, path.to_owned()) {
        None => Ok(()),
        Some(first) => Err(Failure::new(
            Exit::BadData,
            format!("{first} and {path} are the same file; name it once"),
        )),
    }
}

pub(super) fn input(file: InputFile, made_at: Option<Timestamp>) -> PlanInput {
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

#[cfg(test)]
mod tests;
