//! The way to the tenant with latencies of every length, and lists of users
//! that show less than they could.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::sync::Notify;

use super::*;

/// How the way and the lists are.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) limits: Limits,
    /// Latencies lie between nothing and this, half of it each way at most.
    pub(super) slowest: Duration,
    /// Where the row of latencies begins.
    pub(super) seed: usize,
    pub(super) list: List,
    /// Users whose first so many updates complete without changing anything.
    pub(super) ignored: fn(&str) -> usize,
    /// The request, from 1, that is answered with this status and ten seconds
    /// of `Retry-After`.
    pub(super) paused_at: Option<(usize, u16)>,
    /// The request, from 1, before whose answer `reached` is told.
    pub(super) tell_at: usize,
    pub(super) reached: Arc<Notify>,
    /// Updates of each user so far.
    pub(super) updates: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// What a list of users shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum List {
    /// As much as the users themselves.
    Whole,
    /// No licences.
    WithoutLicenses,
    /// That nobody has any licence, which is not so.
    NobodyHasLicenses,
    /// Nobody.
    Nobody,
    /// Everybody as active: it lags behind.
    Late,
    /// It is answered with this status.
    Fails(u16),
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            slowest: Duration::from_millis(200),
            seed: 0,
            list: List::Whole,
            ignored: |_| 0,
            paused_at: None,
            tell_at: 0,
            reached: Arc::default(),
            updates: Arc::default(),
        }
    }
}

impl Wire {
    pub(super) fn with_list(list: List) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }

    /// The night's API over this way, behind a limiter of its own.
    pub(super) fn api(&self, night: &Night) -> AdminApi {
        let base = BaseUrl::parse("http://localhost/admin-provisioning").expect("an address");
        let api = AdminApi::new(AdminApiOptions {
            http: HttpClient::in_process(base, self.service(night.tenant.clone())),
            key: KEY.to_owned().into(),
            limiter: Limiter::new(self.limits, night.clock.clone()),
            retry: RetryPolicy::default(),
            jitter_seed: Some(1),
        });
        api.expect("a key")
    }

    fn service(&self, tenant: Tenant) -> Service {
        let (wire, sent) = (self.clone(), Arc::new(AtomicUsize::new(0)));
        Arc::new(move |request| {
            let (wire, tenant) = (wire.clone(), tenant.clone());
            let number = 1 + sent.fetch_add(1, Ordering::SeqCst);
            let answer: ServiceFuture = Box::pin(async move {
                wait(wire.latency(2 * number)).await;
                let answer = match wire.paused_at {
                    Some((at, status)) if at == number => {
                        let mut answer = answer(status, &json!({}));
                        answer.headers_mut().insert("retry-after", 10.into());
                        answer
                    }
                    _ => wire.answer(&tenant, request).await,
                };
                if number == wire.tell_at {
                    wire.reached.notify_one();
                }
                wait(wire.latency(2 * number + 1)).await;
                Ok(answer)
            });
            answer
        })
    }

    /// Updates of the user so far, this one included.
    fn updates(&self, user: &str) -> usize {
        let mut updates = self.updates.lock().expect("the updates");
        let count = updates.entry(user.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// A row that repeats itself late.
    fn latency(&self, number: usize) -> Duration {
        let part = (number + self.seed) * 7919 % 1009;
        let part = u32::try_from(part).expect("a small number");
        self.slowest / 2 * part / 1009
    }

    async fn answer(
        &self,
        tenant: &Tenant,
        request: ::http::Request<Vec<u8>>,
    ) -> ::http::Response<Vec<u8>> {
        let path = request.uri().path().to_owned();
        if let Some((_, user)) = path.split_once("/operations/ignored-") {
            let operation = format!("ignored-{user}");
            return answer(
                200,
                &json!({"operationId": operation, "status": "COMPLETED"}),
            );
        }
        if let (&Method::PUT, Some((_, user))) = (request.method(), path.split_once("/users/"))
            && self.updates(user) <= (self.ignored)(user)
        {
            let operation = format!("ignored-{user}");
            return answer(202, &json!({"operationId": operation, "status": "PENDING"}));
        }
        let is_list = path.ends_with("/users");
        if let (true, List::Fails(status)) = (is_list, self.list) {
            return answer(status, &json!({}));
        }
        let mut answer = tenant.handle(request).await;
        if is_list && answer.status().is_success() {
            let mut page: Value = serde_json::from_slice(answer.body()).expect("a page");
            if let Value::Array(users) = &mut page["data"] {
                if self.list == List::Nobody {
                    users.clear();
                }
                for user in users {
                    self.list.show(user);
                }
            }
            *answer.body_mut() = page.to_string().into_bytes();
        }
        answer
    }
}

impl List {
    fn show(self, user: &mut Value) {
        match self {
            Self::Whole | Self::Nobody | Self::Fails(_) => {}
            Self::WithoutLicenses => {
                user.as_object_mut().expect("a user").remove("serviceInfo");
            }
            Self::NobodyHasLicenses => user["serviceInfo"]["licenses"] = json!([]),
            Self::Late => user["basicInfo"]["status"] = json!("ACTIVE"),
        }
    }
}
