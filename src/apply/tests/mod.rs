//! `execute` against the simulated tenant in this process, in paused time:
//! hours of the limits in seconds, and always the same.

mod ahead;
mod drafts;
mod drift;
mod fallback;
mod faults;
mod matrix;
mod plans;
mod rate;
mod readback;
mod reclaim;
mod recording;
mod resumption;
mod scim;
mod stops;
mod undo;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use super::{Execution, Servers, StopSwitch, Timing, Veto, execute, settle};
use crate::http::{
    BaseUrl, HttpClient, Method, Service, ServiceFuture, TransportError, TransportFailure, Url,
};
use crate::ledger::{Acceptance, AttemptRow, Identity, Ledger};
use crate::model::{
    AccountKey, AccountStatus, ActOn, ActionKind, ApprovalPolicy, Channel, DataGate, Effective,
    EmployeeId, GuardLimits, HrFileKind, IdentityProvider, LicenseName, Memory, Origin, Outcome,
    OutcomeReason, OutcomeRecord, PersonKey, PersonName, Policy, SourceRow, StrandedSeats,
    Termination, TerminationRecord, TerminationState, Trust, UserId, Username,
};
use crate::plan::{
    Action, Evidence, Expected, Facts, Lane, Phase, Plan, Removal, Step, Subject, UponRefusal,
};
use crate::sandbox::{self, FaultScript, LogReport, Options, Seed, SeedLicense, SeedUser, Tenant};
use crate::vendor::{
    AdminApi, AdminApiOptions, Clock, Limiter, Limits, RetryPolicy, Scim, ScimOptions,
};

use plans::{plan_of, seed_user, termination, user_id};

const KEY: &str = "key";
const CUSTOMER: &str = "0012J00042NkZQIQA3";
const LICENSE: &str = "X Series - X2-VOSVC0216-02-US";
const STORAGE: &str = "Cold Storage-VOSVC0400-01-US";

fn tonight() -> Timestamp {
    "2026-11-20T22:00:00Z".parse().expect("a time")
}

/// What the plan does to one person; the digits stand for the account.
#[derive(Clone, Copy)]
enum Work {
    /// End access.
    Deactivate(usize),
    /// Free both seats of a deactivated account.
    Remove(usize),
    /// Both in one update.
    Both(usize),
}

/// What happens to a request instead of, or after, being answered.
#[derive(Clone)]
enum Fault {
    /// It is carried out, and the answer is lost.
    LostAfter,
    /// It is lost on the way, and nobody knows.
    LostBefore,
    /// No connection comes about.
    NotSent,
    /// The server's certificate cannot be verified.
    Untrusted,
    /// It is carried out, and answered with this status.
    StatusAfter(u16),
    /// It came too early: so many seconds.
    Throttled(u64),
    /// It is not carried out, and answered so.
    Answer(u16, Value),
}

/// Says what happens to the nth request (from 1) of a method to a path.
type Faults = Box<dyn FnMut(&str, &str, usize) -> Option<Fault> + Send>;

/// The faults, and how often each method and path was asked for.
type SharedFaults = Arc<Mutex<(Faults, BTreeMap<(String, String), usize>)>>;

/// A tenant, a plan for it, a ledger, and a way to disturb them.
struct Night {
    folder: TempDir,
    tenant: Tenant,
    /// The Administration API, by which a test looks at the tenant.
    api: AdminApi,
    scim: Scim,
    clock: Clock,
    plan: Plan,
    faults: SharedFaults,
    vetoes: BTreeMap<String, Veto>,
    deadline: Option<Timestamp>,
    stop: StopSwitch,
}

impl Night {
    fn new(work: &[Work]) -> Self {
        Self::in_tenant(work, |_| {})
    }

    /// With a tenant that `change` has made different.
    fn in_tenant(work: &[Work], change: impl FnOnce(&mut Options)) -> Self {
        let seed = Seed {
            customer_id: CUSTOMER.to_owned(),
            users: work.iter().map(|it| seed_user(*it)).collect(),
        };
        let mut options = Options::new(seed, KEY, tonight());
        change(&mut options);
        let tenant = sandbox::tenant(options).expect("a tenant");
        let faults: SharedFaults =
            Arc::new(Mutex::new((Box::new(|_, _, _| None), BTreeMap::new())));
        let clock = Clock::new(tonight(), 1);
        let http = |path: &str| {
            let base = BaseUrl::parse(&format!("http://localhost{path}")).expect("an address");
            HttpClient::in_process(base, service(tenant.clone(), Arc::clone(&faults)))
        };
        let api = admin_api(http("/admin-provisioning"), Limits::default(), &clock);
        let scim = Scim::new(ScimOptions {
            http: http("/scim/v2"),
            token: KEY.to_owned().into(),
            limiter: Limiter::new(Limits::default(), clock.clone()),
            retry: RetryPolicy::default(),
            jitter_seed: Some(1),
        });
        Self {
            folder: folder(),
            tenant,
            api,
            scim: scim.expect("a token"),
            clock,
            plan: plan_of("plan-1", work),
            faults,
            vetoes: BTreeMap::new(),
            deadline: None,
            stop: StopSwitch::default(),
        }
    }

    fn with_faults(
        self,
        faults: impl FnMut(&str, &str, usize) -> Option<Fault> + Send + 'static,
    ) -> Self {
        self.faults.lock().expect("the faults").0 = Box::new(faults);
        self
    }

    fn undisturbed(&self) {
        self.faults.lock().expect("the faults").0 = Box::new(|_, _, _| None);
        self.tenant.set_faults(FaultScript::default());
    }

    /// With a script of the sandbox's.
    fn with_script(self, script: &str) -> Self {
        self.tenant
            .set_faults(FaultScript::parse(script).expect("a script"));
        self
    }

    fn ledger(&self) -> Ledger {
        let identity = Identity {
            tenant: "acme".to_owned(),
            target: "loopback".to_owned(),
            customer_id: None,
        };
        let path = self.folder.path().join("acme.db");
        let mut ledger = Ledger::open(&path, &identity, 0).expect("a ledger");
        let plan = &self.plan;
        let document = serde_json::to_string(plan).expect("a document");
        ledger
            .save_plan(&plan.plan_id, &document, plan.as_of)
            .expect("saved");
        ledger
            .accept_plan(&Acceptance {
                plan_id: plan.plan_id.clone(),
                at: plan.as_of,
                terminations: plan.terminations.clone(),
                unsettled_rows: Vec::new(),
                settled_rows: Vec::new(),
                inputs: Vec::new(),
                observations: Vec::new(),
                tasks: Vec::new(),
                closed_tasks: Vec::new(),
            })
            .expect("accepted");
        ledger
    }

    fn execution(&self) -> Execution {
        Execution {
            plan: Arc::new(self.plan.clone()),
            servers: Servers {
                admin_api: Some(self.api.clone()),
                scim: Some(self.scim.clone()),
            },
            clock: self.clock.clone(),
            run_id: "run-1".to_owned(),
            approved: false,
            vetoes: self.vetoes.clone(),
            timing: Timing {
                poll_first: Duration::from_secs(2),
                poll_every: Duration::from_secs(1),
                operation_timeout: Duration::from_mins(5),
            },
            deadline: self.deadline,
            stop: self.stop.clone(),
            observer: Arc::new(|_| {}),
        }
    }

    /// Carries the plan out, or on.
    async fn run(&self) -> BTreeMap<String, OutcomeRecord> {
        let (ledger, recorded) = execute(self.execution(), self.ledger()).await;
        recorded.expect("a ledger that can be written");
        ledger.outcomes(&self.plan.plan_id).expect("outcomes")
    }

    /// Looks at what was left open, as the next night's run does.
    async fn settle(&self) -> BTreeMap<String, OutcomeRecord> {
        let (ledger, recorded) = settle(self.execution(), self.ledger()).await;
        recorded.expect("a ledger that can be written");
        ledger.outcomes(&self.plan.plan_id).expect("outcomes")
    }

    /// The same after whatever stopped the run is gone.
    fn restarted(mut self) -> Self {
        self.stop = StopSwitch::default();
        self.deadline = None;
        self.undisturbed();
        self
    }

    fn memory(&self) -> Memory {
        self.ledger().memory(tonight()).expect("a memory")
    }

    fn attempts(&self) -> Vec<AttemptRow> {
        let ledger = self.ledger();
        ledger.attempts(&self.plan.plan_id).expect("attempts")
    }

    fn open_attempts(&self) -> usize {
        self.ledger().open_attempts().expect("attempts").len()
    }

    /// Edits the tenant as somebody else would, behind the program's back, and
    /// waits for it.
    async fn edit(&self, number: usize, edit: impl FnOnce(&mut Value)) {
        let id = user_id(number);
        let user = self.api.user(&id).await.expect("a user").value;
        let mut body = user
            .updated(&crate::vendor::UserChange::default(), &|name| {
                name.contains("Local Number")
            })
            .clone();
        edit(&mut body);
        let mut request = ::http::Request::new(body.to_string().into_bytes());
        *request.method_mut() = Method::PUT;
        let path = format!("http://localhost/admin-provisioning/users/{id}");
        *request.uri_mut() = path.parse().expect("an address");
        for (name, value) in [
            ("x-api-key", KEY),
            ("accept", "application/vnd.users.v1+json"),
            ("content-type", "application/vnd.users.v1+json"),
        ] {
            let value = value.parse().expect("a value");
            request.headers_mut().insert(name, value);
        }
        let answer = self.tenant.handle(request).await;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert_eq!(answer.status().as_u16(), 202, "{text}");
        self.api.clock().sleep(Duration::from_mins(2)).await;
    }

    /// The account as the tenant has it: status and licences.
    async fn account(&self, number: usize) -> String {
        let user = self.api.user(&user_id(number)).await.expect("a user");
        super::judge::describe(&super::account::Account::Admin(user.value))
    }
}

fn admin_api(http: HttpClient, limits: Limits, clock: &Clock) -> AdminApi {
    let api = AdminApi::new(AdminApiOptions {
        http,
        key: KEY.to_owned().into(),
        limiter: Limiter::new(limits, clock.clone()),
        retry: RetryPolicy::default(),
        jitter_seed: Some(1),
    });
    api.expect("a key")
}

/// In memory where there is such a place: what a crash of the machine leaves
/// is not tried here.
fn folder() -> TempDir {
    let in_memory = tempfile::tempdir_in("/dev/shm");
    in_memory
        .or_else(|_| tempfile::tempdir())
        .expect("a folder")
}

/// The tenant, reached through the faults, with a little latency.
fn service(tenant: Tenant, faults: SharedFaults) -> Service {
    Arc::new(move |request| {
        let (tenant, faults) = (tenant.clone(), Arc::clone(&faults));
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let path = path
            .replace("/admin-provisioning", "")
            .replace("/scim/v2", "");
        let answer: ServiceFuture = Box::pin(async move {
            wait(Duration::from_millis(50)).await;
            let fault = {
                let mut faults = faults.lock().expect("the faults");
                let key = (method.to_string(), path.clone());
                let nth = faults.1.entry(key).or_default();
                *nth += 1;
                let nth = *nth;
                (faults.0)(method.as_str(), &path, nth)
            };
            let lost = |failure| {
                let url = Url::parse("http://localhost/lost").expect("an address");
                Err(TransportError::new(failure, &method, &url, "a test"))
            };
            let answer = match fault {
                // The tenant's own script may lose the answer.
                None => match tenant.exchange(request).await {
                    Some(answer) => Ok(answer),
                    None => lost(TransportFailure::Interrupted),
                },
                Some(Fault::LostAfter) => {
                    tenant.handle(request).await;
                    lost(TransportFailure::Interrupted)
                }
                Some(Fault::LostBefore) => lost(TransportFailure::Interrupted),
                Some(Fault::NotSent) => lost(TransportFailure::NotSent),
                Some(Fault::Untrusted) => lost(TransportFailure::CertificateNotTrusted),
                Some(Fault::StatusAfter(status)) => {
                    tenant.handle(request).await;
                    Ok(answer(status, &Value::Null))
                }
                Some(Fault::Throttled(seconds)) => {
                    let mut answer = answer(429, &Value::Null);
                    answer.headers_mut().insert("retry-after", seconds.into());
                    Ok(answer)
                }
                Some(Fault::Answer(status, body)) => Ok(answer(status, &body)),
            };
            wait(Duration::from_millis(50)).await;
            answer
        });
        answer
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the network between the two clocks"
)]
async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}

fn answer(status: u16, body: &Value) -> ::http::Response<Vec<u8>> {
    ::http::Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body.to_string().into_bytes())
        .expect("an answer")
}

/// An operation's answer with this status.
fn operation(status: &str) -> Fault {
    let body = serde_json::json!({ "operationId": "op_000000001", "status": status });
    Fault::Answer(200, body)
}

/// `outcome reason` of every action, by id.
fn words(outcomes: &BTreeMap<String, OutcomeRecord>) -> BTreeMap<&str, String> {
    outcomes
        .iter()
        .map(|(id, record)| (id.as_str(), word(record)))
        .collect()
}

fn word(record: &OutcomeRecord) -> String {
    let reason = record.reason.map(OutcomeReason::as_str).unwrap_or_default();
    format!("{} {reason}", record.outcome).trim().to_owned()
}

/// How many actions ended in each way.
fn tally(outcomes: &BTreeMap<String, OutcomeRecord>) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for record in outcomes.values() {
        *tally.entry(word(record)).or_default() += 1;
    }
    tally
}

/// Nobody over a limit, nobody written twice, nothing lost.
fn assert_well_behaved(log: &LogReport) {
    assert_eq!(log.violations, 0);
    assert!(log.max_in_60_seconds <= 100, "{}", log.max_in_60_seconds);
    assert!(log.max_in_10_seconds <= 20, "{}", log.max_in_10_seconds);
    assert!(log.max_operations_in_flight <= 10);
    assert_eq!(log.polls_too_fast, 0);
    assert_eq!(log.fields_lost, Vec::<String>::new());
    assert_eq!(log.repeated_writes, Vec::<String>::new());
    assert!(log.accounts_written.values().all(|writes| *writes == 1));
}

/// One person to deactivate.
fn one() -> [Work; 1] {
    [Work::Deactivate(1)]
}

/// This many people to deactivate.
fn several(people: usize) -> Vec<Work> {
    (1..=people).map(Work::Deactivate).collect()
}

fn is(record: &OutcomeRecord, outcome: Outcome) -> bool {
    record.outcome == outcome
}
