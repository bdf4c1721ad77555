//! What deciding about people costs when all files are read, and what writing
//! plan and results costs without a disk. A row costs the same at every size
//! when cost is linear.

#[path = "company/mod.rs"]
mod company;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::process::Command;

use company::Size;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mimalloc::MiMalloc;
use seatsweep::config::Settings;
use seatsweep::ingest::{AccountObserver, ColumnNames, Formats, read_hr, read_users};
use seatsweep::model::{AccountRow, Channel, HrRow, Memory, Outcome, OutcomeRecord};
use seatsweep::plan::{self, Plan};
use seatsweep::reconcile::{Calendar, Found, Index, People, Question, settle};
use seatsweep::report::{Deliveries, Run, results_csv};
use seatsweep::{cli, config};

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Rows of the HR export; there are twice as many accounts.
const SIZES: [usize; 3] = [1_000, 10_000, 50_000];

/// A night's inputs, understood.
struct Night {
    settings: Settings,
    calendar: Calendar,
    memory: Memory,
    rows: Vec<HrRow>,
    accounts: Vec<AccountRow>,
    plan: Plan,
}

impl Night {
    /// Reads a company whose files need not be there afterwards.
    fn of(people: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let accounts = 2 * people;
        company::write(folder.path(), Size { accounts, people }).expect("a company");
        // The paths of the company's inputs are relative to its folder.
        env::set_current_dir(folder.path()).expect("a folder");
        let words = ["seatsweep"].into_iter().chain(company::words());
        let cli = cli::parse(words.map(OsString::from)).expect("a command");
        let settings = config::load(&cli).expect("settings");
        let planned = Command::new(env!("CARGO_BIN_EXE_seatsweep"))
            .args(company::words())
            .output();
        assert!(planned.expect("a process").status.success());
        let (names, formats) = (ColumnNames::default(), Formats::default());
        let users = Path::new("users.csv");
        let kept = read_users(users, &names, &formats, Kept::default()).expect("accounts");
        let hr = read_hr(Path::new("hr.csv"), &names, &formats).expect("people");
        let plan = plan::read(Path::new("out/sandbox/plan.json")).expect("a plan");
        env::set_current_dir("/").expect("a folder");
        Self {
            calendar: Calendar::new(&settings.policy).expect("a zone"),
            rows: hr.rows,
            accounts: kept.observer.0,
            settings,
            memory: Memory::default(),
            plan,
        }
    }

    fn question<'a>(&'a self, map: &'a BTreeMap<String, String>) -> Question<'a> {
        let as_of = self.settings.as_of.expect("a time");
        Question {
            rows: &self.rows,
            invalid: &[],
            memory: &self.memory,
            policy: &self.settings.policy,
            calendar: &self.calendar,
            holds: &[],
            map,
            as_of,
            hr_at: as_of,
            users_at: as_of,
        }
    }

    fn look_for(&self, people: &People, question: &Question<'_>) -> Found {
        let mut index = Index::new(people, question);
        for account in &self.accounts {
            index.observe(account);
        }
        index.finish()
    }
}

/// Keeps every row, which only a bench may do.
#[derive(Default)]
struct Kept(Vec<AccountRow>);

impl AccountObserver for Kept {
    fn split(&self) -> Self {
        Self::default()
    }

    fn observe(&mut self, row: &AccountRow) {
        self.0.push(row.clone());
    }

    fn merge(&mut self, later: Self) {
        self.0.extend(later.0);
    }
}

/// Every way of ending access succeeds.
fn outcomes(plan: &Plan) -> BTreeMap<String, OutcomeRecord> {
    let ended = |action_id: &String| OutcomeRecord {
        action_id: action_id.clone(),
        outcome: Outcome::Succeeded,
        reason: None,
        detail: String::new(),
        channel: Some(Channel::AdminApi),
        attempts: 1,
        http_status: Some(202),
        operation_id: Some("op-1".to_owned()),
        request_id: Some("req-1".to_owned()),
        started_at: Some(plan.as_of),
        finished_at: plan.as_of,
        verified_at: Some(plan.as_of),
        before: "active".to_owned(),
        after: "inactive".to_owned(),
        quantity: None,
    };
    let actions = plan.actions.iter();
    actions
        .map(|action| (action.id.clone(), ended(&action.id)))
        .collect()
}

fn by_size(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("people");
    group.sample_size(10);
    let (map, none) = (BTreeMap::new(), BTreeMap::new());
    for size in SIZES {
        let night = Night::of(size);
        let question = night.question(&map);
        let people = People::gather(&question);
        let found = night.look_for(&people, &question);
        let outcomes = outcomes(&night.plan);
        let run = Run {
            run_id: "run-1",
            plan: &night.plan,
            target: "sandbox",
            outcomes: &outcomes,
            earlier: &none,
            requests: &[],
            deliveries: &Deliveries::default(),
            reclaims: &[],
            approved_by: "",
        };
        let mut bench = |name: &str, work: &dyn Fn()| {
            group.throughput(Throughput::Elements(size as u64));
            group.bench_function(BenchmarkId::new(name, size), |bencher| bencher.iter(work));
        };
        bench("gather", &|| drop(black_box(People::gather(&question))));
        bench("look_for_accounts", &|| {
            drop(black_box(night.look_for(&people, &question)));
        });
        bench("settle", &|| {
            let decided = settle(&people, &found, &[], &question).expect("balanced sums");
            drop(black_box(decided));
        });
        bench("write_plan", &|| {
            plan::write(&night.plan, io::sink()).expect("a plan");
        });
        bench("review_sheet", &|| {
            black_box(plan::review_sheet(&night.plan, io::sink())).expect("a sheet");
        });
        bench("results", &|| {
            black_box(results_csv(&run, io::sink())).expect("results");
        });
    }
    group.finish();
}

criterion_group!(benches, by_size);
criterion_main!(benches);
