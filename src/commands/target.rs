//! The tenant that a run speaks to: the real one, or the embedded sandbox.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::failure::{Exit, Failure};
use crate::config::{Settings, Target};
use crate::http::{BaseUrl, HttpClient, Options as HttpOptions, SecretString};
use crate::ingest::{self, AccountObserver};
use crate::ledger::Ledger;
use crate::model::{AccountRow, AccountStatus, LicenseKind};
use crate::sandbox;
use crate::vendor::{
    AdminApi, AdminApiOptions, Clock, Limiter, Limits, RetryPolicy, ServerLimit, wall_now,
};

/// The sandbox's customer, when none is configured: the vendor's own example.
pub(super) const SANDBOX_CUSTOMER: &str = "0012J00042NkZQIQA3";
/// The embedded sandbox listens on loopback for this process alone.
const SANDBOX_KEY: &str = "sandbox";

/// The tenant, ready to be called.
pub(super) struct Tenant {
    pub api: AdminApi,
    pub sandbox: Option<sandbox::Running>,
}

impl Tenant {
    /// Starts the embedded sandbox where that is the target; sends nothing yet.
    pub(super) async fn open(
        settings: &Settings,
        users: Option<&Path>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        match settings.target {
            Target::Eight => {
                let key = settings.api_key()?;
                let api = api(settings, &settings.api.base_url, key, now)?;
                Ok(Self { api, sandbox: None })
            }
            Target::Sandbox => {
                let customer = settings
                    .customer_id
                    .clone()
                    .unwrap_or_else(|| SANDBOX_CUSTOMER.to_owned());
                let seed = seed(settings, users, customer)?;
                let mut options = embedded(settings, seed, now);
                options.state_file = Some(state_file(settings));
                Self::embedded(settings, options, now).await
            }
        }
    }

    /// A simulated tenant for one rehearsal, which nothing of it outlives. It
    /// allows what is configured.
    pub(super) async fn rehearsal(
        settings: &Settings,
        seed: sandbox::Seed,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let mut options = embedded(settings, seed, now);
        options.limits = sandbox::TenantLimits {
            requests_per_minute: settings.limits.requests_per_minute,
            requests_per_10_seconds: settings.limits.requests_per_10_seconds,
            operations_in_flight: settings.limits.operations_in_flight,
        };
        Self::embedded(settings, options, now).await
    }

    async fn embedded(
        settings: &Settings,
        options: sandbox::Options,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let running = sandbox::start(options)
            .await
            .map_err(|error| Failure::of(Exit::CannotWrite, error))?;
        let key = SecretString::from(SANDBOX_KEY.to_owned());
        let api = api(settings, &running.base_url(), key, now)?;
        Ok(Self {
            api,
            sandbox: Some(running),
        })
    }

    /// Counts what an earlier process sent against the limits: what the ledger
    /// has, or a full window where that process was killed.
    pub(super) fn remember_sends(&self, ledger: &Ledger) -> Result<(), Failure> {
        if ledger.unclean_stop()? {
            self.api.limiter().assume_full();
            return Ok(());
        }
        let speed = i64::from(self.api.clock().speed());
        let wall = wall_now().as_millisecond();
        let ages: Vec<Duration> = ledger
            .recent_sends(wall, MINUTE_MS)?
            .into_iter()
            .map(|sent| wall.saturating_sub(sent).max(0).saturating_mul(speed))
            .filter(|age| *age < MINUTE_MS)
            .filter_map(|age| u64::try_from(age).ok())
            .map(Duration::from_millis)
            .collect();
        self.api.limiter().preload(&ages);
        Ok(())
    }

    /// The sends of the last minute in wall-clock milliseconds, for the ledger.
    pub(super) fn recent_sends(&self) -> Vec<i64> {
        let clock = self.api.clock();
        let (now, wall) = (clock.now(), wall_now().as_millisecond());
        let speed = i64::from(clock.speed());
        let sends = self.api.limiter().sends().into_iter();
        sends
            .map(|sent| wall - (now.as_millisecond() - sent.as_millisecond()) / speed)
            .collect()
    }

    /// Stops the embedded sandbox, which then writes its state and log.
    pub(super) async fn close(self) -> Option<sandbox::LogReport> {
        drop(self.api);
        match self.sandbox {
            Some(running) => Some(running.stop().await),
            None => None,
        }
    }
}

const MINUTE_MS: i64 = 60_000;

/// The API at this address, within the configured limits.
fn api(
    settings: &Settings,
    base_url: &str,
    key: SecretString,
    now: Timestamp,
) -> Result<AdminApi, Failure> {
    let limits = &settings.limits;
    let limiter = Limiter::new(
        Limits {
            requests_per_minute: at_least_one(limits.requests_per_minute),
            requests_per_10_seconds: at_least_one(limits.requests_per_10_seconds),
            operations_in_flight: at_least_one(limits.operations_in_flight),
            server_limit: if limits.trust_server_limit {
                ServerLimit::Replaces
            } else {
                ServerLimit::Lowers
            },
        },
        Clock::new(now, limits.time_scale),
    );
    let base = BaseUrl::parse(base_url).map_err(|error| Failure::of(Exit::Configuration, error))?;
    let http = HttpClient::network(base, &HttpOptions::default())
        .map_err(|error| Failure::of(Exit::Configuration, error))?;
    let options = AdminApiOptions {
        http,
        key,
        limiter,
        retry: RetryPolicy::default(),
        jitter_seed: None,
    };
    AdminApi::new(options).map_err(|error| Failure::of(Exit::Configuration, error))
}

fn embedded(settings: &Settings, seed: sandbox::Seed, now: Timestamp) -> sandbox::Options {
    let mut options = sandbox::Options::new(seed, SANDBOX_KEY.to_owned(), now);
    options.log_file = Some(settings.out_dir.join("sandbox-log.json"));
    options.time_scale = settings.limits.time_scale;
    options
}

fn state_file(settings: &Settings) -> PathBuf {
    settings.out_dir.join("sandbox-state.json")
}

/// The accounts of a users report as the sandbox's first state.
pub(super) fn seed(
    settings: &Settings,
    users: Option<&Path>,
    customer_id: String,
) -> Result<sandbox::Seed, Failure> {
    let Some(path) = users else {
        return Ok(sandbox::Seed {
            customer_id,
            users: Vec::new(),
        });
    };
    let seeds = Seeds::default();
    let users = ingest::read_users(path, &settings.columns_users, &settings.formats, seeds)?;
    Ok(sandbox::Seed {
        customer_id,
        users: users.observer.into_users(),
    })
}

/// Rows of the report, joined into accounts.
#[derive(Default)]
pub(super) struct Seeds(BTreeMap<String, sandbox::SeedUser>);

impl Seeds {
    pub(super) fn into_users(self) -> Vec<sandbox::SeedUser> {
        self.0.into_values().collect()
    }

    /// Several rows of one account are one account with the licences of all.
    fn add(&mut self, user: sandbox::SeedUser) {
        match self.0.entry(user.username.clone()) {
            Entry::Vacant(place) => {
                place.insert(user);
            }
            Entry::Occupied(known) => known.into_mut().licenses.extend(user.licenses),
        }
    }
}

impl AccountObserver for Seeds {
    fn split(&self) -> Self {
        Self::default()
    }

    fn observe(&mut self, row: &AccountRow) {
        let Some(username) = &row.username else {
            return;
        };
        let licenses = row
            .licenses
            .iter()
            // Number licences come with their numbers by themselves.
            .filter(|license| license.kind() != LicenseKind::Number)
            .map(|license| sandbox::SeedLicense {
                name: license.raw.clone(),
                country: license.country.clone(),
            });
        let optional = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        self.add(sandbox::SeedUser {
            user_id: row.user_id.as_ref().map(ToString::to_string),
            username: username.to_string(),
            first_name: row.name.first.clone(),
            last_name: row.name.last.clone(),
            email: row
                .email
                .as_ref()
                .map_or_else(|| "noreply@8x8.com".to_owned(), ToString::to_string),
            active: row.status == AccountStatus::Active,
            site: optional(&row.site),
            department: optional(&row.department),
            job_title: None,
            licenses: licenses.collect(),
            extension: optional(&row.extension),
            phone_numbers: row.phone_numbers.clone(),
            scim_provider: optional(&row.scim_provider),
            created: row.created,
        });
    }

    fn merge(&mut self, later: Self) {
        for user in later.into_users() {
            self.add(user);
        }
    }
}

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}
