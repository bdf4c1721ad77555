//! The tenant as a whole: one request at a time, held where asked, and logged.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::header::{
    ALLOW, CONTENT_LENGTH, CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER, TRANSFER_ENCODING,
};
use axum::http::{HeaderValue, Request, Response, StatusCode};
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::answer::{Answer, Problem, USERS};
use super::clock::{Clock, unix_second_after};
use super::error::{SandboxError, described};
use super::faults::{Delivery, Fault, FaultScript, Faults};
use super::hold::Gate;
use super::identity::response_id;
use super::limits::{Usage, Windows};
use super::log::{LogEntry, LogReport};
use super::options::Options;
use super::query::parameters;
use super::router::{BASE_PATH, Core, REQUEST_ID, Route, Settings};
use super::scim;
use super::state_file;
use super::users::Scrolls;

const LOG_PATH: &str = "/sandbox/log";

/// A simulated tenant without sockets. Clones are the same tenant.
#[derive(Debug, Clone)]
pub struct Tenant {
    shared: Arc<Shared>,
}

/// Starts a tenant whose clock begins now. Requests are handed to
/// [`Tenant::handle`]; `options.listen` is not used.
///
/// Fails if the seed contradicts itself, or the state file cannot be read or written.
pub fn tenant(options: Options) -> Result<Tenant, SandboxError> {
    Tenant::new(options, "http://localhost")
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    clock: Clock,
    gate: Gate,
    core: Mutex<Core>,
}

impl Tenant {
    /// A tenant whose addresses begin with `origin`.
    pub(super) fn new(options: Options, origin: &str) -> Result<Self, SandboxError> {
        if options.time_scale == 0 {
            return Err(SandboxError::TimeScale);
        }
        let clock = Clock::start(options.origin, options.time_scale);
        let mut state = state_file::load(options.state_file.as_deref(), &options.seed)?;
        let read_lag = SignedDuration::try_from(options.read_lag).unwrap_or(SignedDuration::MAX);
        state.lag_reads(read_lag);
        state.advance(clock.now());
        if let Some(path) = &options.state_file {
            state_file::replace(path, &state)?;
        }
        let core = Core {
            state,
            windows: Windows::new(options.limits),
            scim_windows: Windows::new(options.limits),
            scrolls: Scrolls::default(),
            entries: Vec::new(),
            faults: Faults::new(options.faults),
        };
        let settings = Settings {
            base_url: format!("{origin}{BASE_PATH}"),
            scim_base_url: format!("{origin}{}", scim::BASE_PATH),
            scim: options.scim,
            api_key: options.api_key,
            state_file: options.state_file,
            log_file: options.log_file,
            operations_in_flight: options.limits.operations_in_flight,
            operation_time: options.operation_time,
            stranded_seats: options.stranded_seats,
            update: options.update,
            read_lag,
            list: options.list,
        };
        Ok(Self {
            shared: Arc::new(Shared {
                settings,
                clock,
                gate: Gate::new(options.hold),
                core: Mutex::new(core),
            }),
        })
    }

    /// Answers a request; never returns if it is held. A request without
    /// `Content-Length` gets one, as any transport would give it. An answer
    /// that the fault script loses is a 500 here; [`Tenant::exchange`] tells.
    pub async fn handle(&self, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        self.exchange(request).await.unwrap_or_else(|| {
            let mut lost = Response::new(Vec::new());
            *lost.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            lost
        })
    }

    /// The same, and `None` if the fault script loses the answer on its way.
    pub async fn exchange(&self, mut request: Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        let length = HeaderValue::from(request.body().len());
        let headers = request.headers_mut();
        if !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(TRANSFER_ENCODING) {
            headers.insert(CONTENT_LENGTH, length);
        }
        let Reply { response, delivery } = self.serve(&request).await;
        match delivery {
            Delivery::Whole => Some(response),
            Delivery::Slow(time) => {
                sleep(time).await;
                Some(response)
            }
            Delivery::Cut | Delivery::Reset => None,
        }
    }

    /// How the client behaved so far.
    pub fn report(&self) -> LogReport {
        LogReport::of(&self.core().entries)
    }

    /// Every request so far, in the order of arrival.
    pub fn entries(&self) -> Vec<LogEntry> {
        self.core().entries.clone()
    }

    /// Returns once a request is held; never if none is.
    pub async fn held(&self) {
        self.shared.gate.held().await;
    }

    pub(super) async fn serve(&self, request: &Request<Vec<u8>>) -> Reply {
        if request.uri().path() == LOG_PATH {
            return Reply::whole(self.log_response(request));
        }
        let number = self.shared.gate.receive().await;
        let reply = self.process(number, request);
        self.shared.gate.before_answer(number).await;
        reply
    }

    /// From now on these rules hold, and those of before no more.
    pub fn set_faults(&self, script: FaultScript) {
        self.core().faults = Faults::new(script);
    }

    /// Counts a connection; true when the fault script drops it.
    pub(super) fn drops_connection(&self) -> bool {
        self.core().faults.drops_connection()
    }

    /// The answer to a body that was cut off for its size.
    pub(super) fn too_large(&self) -> Reply {
        let now = self.shared.clock.now();
        let mut core = self.core();
        let answer = Problem::too_large().into_answer(USERS, BASE_PATH, now);
        let usage = core.windows.usage(now);
        Reply::whole(response(&answer, Some(usage), 0, None, now))
    }

    /// Writes what is to be written at the end.
    pub(super) fn close(&self) -> LogReport {
        let mut core = self.core();
        core.state.advance(self.shared.clock.now());
        let mut errors = Vec::new();
        if let Some(path) = &self.shared.settings.state_file
            && let Err(error) = state_file::replace(path, &core.state)
        {
            errors.push(described(&error));
        }
        let mut report = self.write_log(&core);
        report.write_errors.append(&mut errors);
        report
    }

    fn process(&self, number: u64, request: &Request<Vec<u8>>) -> Reply {
        let settings = &self.shared.settings;
        let mut core = self.core();
        // The time is taken under the lock, so that the log is in its order.
        let now = self.shared.clock.now();
        core.state.advance(now);

        let path = request.uri().path();
        let route = Route::of(path);
        let request_id = request.headers().get(REQUEST_ID).cloned();
        let mut entry = LogEntry {
            number,
            time: now,
            method: request.method().to_string(),
            path: path.to_owned(),
            status: 0,
            request_id: request_id
                .as_ref()
                .and_then(|id| id.to_str().ok())
                .map(str::to_owned),
            operation_id: None,
            operations_in_flight: 0,
            write: None,
            fault: None,
        };
        let user_id = core.user_of(&route);
        let rule = core
            .faults
            .next(&route, request.method(), user_id.as_deref());
        let (fault, text) = rule.map(|rule| (rule.fault, rule.text)).unzip();
        entry.fault = text;
        let unheard = fault.as_ref().and_then(|fault| fault.unheard(&route));
        let answer = match (unheard, &route) {
            (Some(answer), _) => answer,
            (None, Route::Scim(resource)) => core
                .answer_scim(settings, resource, request, now, &mut entry)
                .unwrap_or_else(|refusal| refusal.into_answer(now)),
            (None, _) => core
                .admit(settings, request.headers(), now)
                .and_then(|()| core.answer(settings, &route, request, now, &mut entry))
                .unwrap_or_else(|problem| problem.into_answer(route.media_type(), path, now)),
        };
        if let Some(Fault::Operation(fate)) = fault {
            core.decree(settings, &mut entry, fate);
        }
        let answer = match &fault {
            Some(fault) => fault.spoil(answer, &route),
            None => answer,
        };

        entry.status = match answer.delivery {
            Delivery::Whole | Delivery::Slow(_) => answer.status.as_u16(),
            Delivery::Cut | Delivery::Reset => 0,
        };
        entry.operations_in_flight = core.open_operations();
        core.entries.push(entry);
        // The vendor says nothing about such headers of SCIM.
        let usage = match &route {
            Route::Scim(_) => None,
            _ => Some(core.windows.usage(now)),
        };
        Reply {
            response: response(&answer, usage, number, request_id, now),
            delivery: answer.delivery,
        }
    }

    /// The log is the sandbox's own: it needs no key and takes part in no limit.
    fn log_response(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let query = parameters(request.uri().query().unwrap_or_default()).unwrap_or_default();
        let core = self.core();
        let mut report = self.write_log(&core);
        if query.get("entries").is_some_and(|value| value == "true") {
            report.entries.clone_from(&core.entries);
        }
        let mut response = Response::new(json!(report).to_string().into_bytes());
        let content_type = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    }

    /// Writes the log file, if there is to be one, entries included.
    fn write_log(&self, core: &Core) -> LogReport {
        let mut report = LogReport::of(&core.entries);
        if let Some(path) = &self.shared.settings.log_file {
            let file = LogReport {
                entries: core.entries.clone(),
                ..report.clone()
            };
            if let Err(error) = state_file::replace(path, &file) {
                report.write_errors.push(described(&error));
            }
        }
        report
    }

    /// A handler that panicked must not take the tenant down with it: the
    /// state is changed in one step, so it is whole.
    fn core(&self) -> MutexGuard<'_, Core> {
        self.shared
            .core
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer, and how it goes out.
pub(super) struct Reply {
    pub(super) response: Response<Vec<u8>>,
    pub(super) delivery: Delivery,
}

impl Reply {
    fn whole(response: Response<Vec<u8>>) -> Self {
        Self {
            response,
            delivery: Delivery::Whole,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is the network that is slow, whatever the tenant's clock says"
)]
async fn sleep(time: std::time::Duration) {
    tokio::time::sleep(time).await;
}

fn response(
    answer: &Answer,
    usage: Option<Usage>,
    number: u64,
    request_id: Option<HeaderValue>,
    now: Timestamp,
) -> Response<Vec<u8>> {
    let body = match (answer.status, &answer.text) {
        (StatusCode::NO_CONTENT, _) => Vec::new(),
        (_, Some(text)) => text.clone().into_bytes(),
        (_, None) => answer.body.to_string().into_bytes(),
    };
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    if answer.status != StatusCode::NO_CONTENT {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.media_type));
    }
    if let Some(usage) = usage {
        headers.insert("x-ratelimit-limit", HeaderValue::from(usage.limit));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(usage.remaining));
        let reset = HeaderValue::from(unix_second_after(usage.reset));
        headers.insert("x-ratelimit-reset", reset);
    }
    if let Ok(id) = HeaderValue::try_from(response_id(number)) {
        headers.insert("x-response-id", id);
    }
    if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&now)
        && let Ok(date) = HeaderValue::try_from(date)
    {
        headers.insert(DATE, date);
    }
    if let Some(seconds) = answer.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(address) = answer.location {
        headers.insert(LOCATION, HeaderValue::from_static(address));
    }
    if let Some(methods) = answer.allow {
        headers.insert(ALLOW, HeaderValue::from_static(methods));
    }
    if let Some(id) = request_id {
        headers.insert(REQUEST_ID, id);
    }
    response
}
