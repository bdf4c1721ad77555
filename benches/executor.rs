//! How fast a plan is carried out when nobody limits it, over real sockets and
//! with everything durable, beside a loop that only reads, writes and polls:
//! the same client, the same tenant, as many at a time, and no memory.

#[path = "office/mod.rs"]
mod office;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mimalloc::MiMalloc;
use office::{KEY, Office, POLL, Tenant, as_of, configuration, per, user_id};
use seatsweep::apply::{Execution, Servers, StopSwitch, Timing, execute};
use seatsweep::http::{
    BaseUrl, HeaderMap, HeaderValue, HttpClient, Method, Options, Request, header,
};
use seatsweep::ledger::{Acceptance, Identity, Ledger};
use seatsweep::model::Outcome;
use seatsweep::plan::{self, Plan};
use seatsweep::vendor::{
    AdminApi, AdminApiOptions, Clock, Limiter, Limits, RetryPolicy, ServerLimit,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// The program's allocator, for the bare loop and the tenant as well.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// People whose access ends in one measured run.
const CHANGES: usize = 1000;

const USERS: &str = "application/vnd.users.v1+json";
const OPERATIONS: &str = "application/vnd.operations.v1+json";

/// What one way of doing it took.
#[derive(Default)]
struct Taken {
    runs: Vec<Duration>,
    requests: u64,
    commits: u64,
}

fn beside_a_bare_loop(criterion: &mut Criterion) {
    // The address is not used: the plan does not say where its tenant is.
    let office = Office::new(
        CHANGES,
        &configuration("http://127.0.0.1:1/admin-provisioning", 10),
    );
    let plan = plan::read(&office.path("out/plan.json")).expect("a plan");
    let plan = Arc::new(plan);
    assert_eq!(plan.lanes.len(), CHANGES);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for lanes in [10, 64] {
        let (mut executor, mut bare) = (Taken::default(), Taken::default());
        let mut group = criterion.benchmark_group("changes");
        group.throughput(Throughput::Elements(CHANGES as u64));
        group.sample_size(10);
        group.warm_up_time(Duration::from_secs(1));
        group.bench_function(BenchmarkId::new("bare_loop", lanes), |bencher| {
            bencher.iter_custom(|runs| bare.measure(runs, || run_bare(&runtime, lanes)));
        });
        group.bench_function(BenchmarkId::new("executor", lanes), |bencher| {
            bencher.iter_custom(|runs| {
                executor.measure(runs, || run_executor(&runtime, &plan, lanes))
            });
        });
        group.finish();
        tell(lanes, &executor, &bare);
    }
}

impl Taken {
    fn measure(&mut self, runs: u64, run: impl Fn() -> (Duration, u64, u64)) -> Duration {
        let mut sum = Duration::ZERO;
        for _ in 0..runs {
            let (time, requests, commits) = run();
            self.runs.push(time);
            self.requests += requests;
            self.commits += commits;
            sum += time;
        }
        sum
    }

    fn median(&self) -> f64 {
        let mut runs = self.runs.clone();
        runs.sort();
        runs.get(runs.len() / 2)
            .map_or(f64::NAN, Duration::as_secs_f64)
    }

    /// Of the changes of all runs.
    fn each(&self, count: u64) -> f64 {
        per(count, self.runs.len() * CHANGES)
    }
}

#[expect(clippy::print_stdout, reason = "what was measured, for whoever asks")]
fn tell(lanes: u32, executor: &Taken, bare: &Taken) {
    println!(
        "{lanes} lanes: {:.2} of the bare loop; {:.2} requests a change (bare {:.2}), {:.3} commits a change",
        bare.median() / executor.median(),
        executor.each(executor.requests),
        bare.each(bare.requests),
        executor.each(executor.commits),
    );
}

/// Carries the plan out in a new tenant with a new ledger.
fn run_executor(runtime: &Runtime, plan: &Arc<Plan>, lanes: u32) -> (Duration, u64, u64) {
    let tenant = Tenant::start(CHANGES);
    let folder = tempfile::tempdir().expect("a folder");
    let commits = Arc::new(AtomicU64::new(0));
    let ledger = ledger(&folder.path().join("acme.db"), plan, &commits);
    let _guard = runtime.enter();
    let clock = Clock::new(as_of(), 1);
    let no_limit = |number: u32| number.try_into().expect("not zero");
    let limits = Limits {
        requests_per_minute: no_limit(1_000_000_000),
        requests_per_10_seconds: no_limit(1_000_000_000),
        operations_in_flight: no_limit(lanes),
        server_limit: ServerLimit::Lowers,
    };
    let api = AdminApi::new(AdminApiOptions {
        http: http(&tenant),
        key: KEY.to_owned().into(),
        limiter: Limiter::new(limits, clock.clone()),
        retry: RetryPolicy::default(),
        jitter_seed: Some(1),
    });
    let execution = Execution {
        plan: Arc::clone(plan),
        servers: Servers {
            admin_api: Some(api.expect("a key")),
            scim: None,
        },
        clock,
        run_id: "run-1".to_owned(),
        approved: false,
        vetoes: [].into(),
        timing: Timing {
            poll_first: POLL,
            poll_every: POLL,
            operation_timeout: Duration::from_mins(5),
        },
        deadline: None,
        stop: StopSwitch::default(),
        observer: Arc::new(|_| {}),
    };
    let clock = Clock::new(as_of(), 1);
    let (ledger, recorded) = runtime.block_on(execute(execution, ledger));
    let time = clock.elapsed();
    recorded.expect("a ledger that can be written");
    let outcomes = ledger.outcomes(&plan.plan_id).expect("outcomes");
    let succeeded = outcomes
        .values()
        .filter(|it| it.outcome == Outcome::Succeeded);
    assert_eq!(succeeded.count(), CHANGES);
    let requests = tenant.running.report().requests;
    (time, requests, commits.load(Ordering::SeqCst))
}

fn ledger(path: &std::path::Path, plan: &Plan, commits: &Arc<AtomicU64>) -> Ledger {
    let identity = Identity {
        tenant: "acme".to_owned(),
        target: "loopback".to_owned(),
        customer_id: None,
    };
    let mut ledger = Ledger::open(path, &identity, 0).expect("a ledger");
    ledger
        .save_plan(&plan.plan_id, "{}", plan.as_of)
        .expect("saved");
    let accepted = ledger.accept_plan(&Acceptance {
        plan_id: plan.plan_id.clone(),
        at: plan.as_of,
        terminations: plan.terminations.clone(),
        unsettled_rows: Vec::new(),
        settled_rows: Vec::new(),
        inputs: Vec::new(),
        observations: Vec::new(),
        tasks: Vec::new(),
        closed_tasks: Vec::new(),
    });
    accepted.expect("accepted");
    let commits = Arc::clone(commits);
    ledger.on_commit(Box::new(move |_| {
        commits.fetch_add(1, Ordering::SeqCst);
    }));
    ledger
}

/// The same changes by whoever does not care what becomes of them.
fn run_bare(runtime: &Runtime, lanes: u32) -> (Duration, u64, u64) {
    let tenant = Tenant::start(CHANGES);
    let _guard = runtime.enter();
    let (http, clock) = (http(&tenant), Clock::new(as_of(), 1));
    let next = Arc::new(AtomicUsize::new(0));
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for _ in 0..lanes {
            let (http, clock, next) = (http.clone(), clock.clone(), Arc::clone(&next));
            tasks.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= CHANGES {
                        return;
                    }
                    change(&http, &clock, &user_id(number)).await;
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.expect("a lane that did not panic");
        }
    });
    let time = clock.elapsed();
    let report = tenant.running.report();
    assert_eq!(report.writes, CHANGES as u64);
    (time, report.requests, 0)
}

/// Reads, writes, polls.
async fn change(http: &HttpClient, clock: &Clock, id: &str) {
    let mut user = call(http, Method::GET, &["users", id], USERS, None).await;
    user["basicInfo"]["status"] = json!("INACTIVE");
    let accepted = call(http, Method::PUT, &["users", id], USERS, Some(&user)).await;
    let operation = accepted["operationId"].as_str().expect("an operation");
    loop {
        clock.sleep(POLL).await;
        let path = ["operations", operation];
        let now = call(http, Method::GET, &path, OPERATIONS, None).await;
        if now["status"] == "COMPLETED" {
            return;
        }
    }
}

async fn call(
    http: &HttpClient,
    method: Method,
    path: &[&str],
    media_type: &'static str,
    body: Option<&Value>,
) -> Value {
    let media_type = HeaderValue::from_static(media_type);
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", HeaderValue::from_static(KEY));
    headers.insert(header::ACCEPT, media_type.clone());
    if body.is_some() {
        headers.insert(header::CONTENT_TYPE, media_type);
    }
    let request = Request {
        method,
        url: http.base().endpoint(path, &[]).expect("an address"),
        headers,
        body: body.map(|body| body.to_string().into_bytes()),
    };
    let answer = http.send(request).await.expect("an answer");
    assert!(answer.status.is_success(), "{}", answer.status);
    serde_json::from_slice(&answer.body).expect("JSON")
}

fn http(tenant: &Tenant) -> HttpClient {
    let base = BaseUrl::parse(&tenant.running.base_url()).expect("an address");
    HttpClient::network(base, &Options::default()).expect("a client")
}

criterion_group!(benches, beside_a_bare_loop);
criterion_main!(benches);
