//! The tenant that a run speaks to: the real one, or the embedded sandbox.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::failure::{Exit, Failure};
use crate::apply::Servers;
use crate::config::{ConfigError, Settings, Target};
use crate::http::{BaseUrl, HttpClient, Options as HttpOptions, SecretString};
use crate::ingest::{self, AccountObserver};
use crate::ledger::Ledger;
use crate::model::{AccountRow, AccountStatus, LicenseKind};
use crate::sandbox;
use crate::vendor::{
    AdminApi, AdminApiOptions, Clock, Limiter, Limits, RetryPolicy, Scim, ScimOptions, ServerLimit,
    wall_now,
};

/// The sandbox's customer, when none is configured: the vendor's own example.
pub(super) const SANDBOX_CUSTOMER: &str = "0012J00042NkZQIQA3";
/// The embedded sandbox listens on loopback for this process alone.
const SANDBOX_KEY: &str = "sandbox";

/// The tenant, ready to be called.
pub(super) struct Tenant {
    pub servers: Servers,
    pub clock: Clock,
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
                let key = settings.api.key.as_ref().map(|_| settings.api_key());
                let key = key.transpose()?;
                let admin_api = key.map(|key| (settings.api.base_url.clone(), key));
                let scim = settings.scim.as_ref();
                let scim = scim.map(|it| Ok::<_, ConfigError>((it.base_url.clone(), it.token()?)));
                Self::at(settings, now, admin_api, scim.transpose()?, None)
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
            ..options.limits
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
        let secret = || SecretString::from(SANDBOX_KEY.to_owned());
        let admin_api = Some((running.base_url(), secret()));
        let scim = Some((running.scim_url(), secret()));
        Self::at(settings, now, admin_api, scim, Some(running))
    }

    /// The tenant behind these addresses, each with its secret.
    fn at(
        settings: &Settings,
        now: Timestamp,
        admin_api: Option<(String, SecretString)>,
        scim: Option<(String, SecretString)>,
        sandbox: Option<sandbox::Running>,
    ) -> Result<Self, Failure> {
        let limits = &settings.limits;
        let clock = Clock::new(now, limits.time_scale);
        let limits = Limits {
            requests_per_minute: at_least_one(limits.requests_per_minute),
            requests_per_10_seconds: at_least_one(limits.requests_per_10_seconds),
            operations_in_flight: at_least_one(limits.operations_in_flight),
            server_limit: if limits.trust_server_limit {
                ServerLimit::Replaces
            } else {
                ServerLimit::Lowers
            },
        };
        // Each credential has limits of its own.
        let limiter = || Limiter::new(limits, clock.clone());
        let servers = Servers {
            admin_api: admin_api
                .map(|(url, key)| admin_api_at(&url, key, limiter()))
                .transpose()?,
            scim: scim
                .map(|(url, token)| scim_at(&url, token, limiter()))
                .transpose()?,
        };
        Ok(Self {
            servers,
            clock,
            sandbox,
        })
    }

    /// The Administration API, which alone can list accounts.
    pub(super) fn admin_api(&self) -> Result<&AdminApi, Failure> {
        let api = self.servers.admin_api.as_ref();
        api.ok_or_else(|| Failure::of(Exit::Configuration, ConfigError::NoKeySource))
    }

    /// Counts what an earlier process sent against the limits: what the ledger
    /// has, or a full window where that process was killed.
    pub(super) fn remember_sends(&self, ledger: &Ledger) -> Result<(), Failure> {
        if ledger.unclean_stop()? {
            for limiter in self.servers.limiters() {
                limiter.assume_full();
            }
            return Ok(());
        }
        let speed = i64::from(self.clock.speed());
        let wall = wall_now().as_millisecond();
        let ages: Vec<Duration> = ledger
            .recent_sends(wall, MINUTE_MS)?
            .into_iter()
            .map(|sent| wall.saturating_sub(sent).max(0).saturating_mul(speed))
            .filter(|age| *age < MINUTE_MS)
            .filter_map(|age| u64::try_from(age).ok())
            .map(Duration::from_millis)
            .collect();
        // The ledger does not say which credential each was sent with, so all
        // of them count for each.
        for limiter in self.servers.limiters() {
            limiter.preload(&ages);
        }
        Ok(())
    }

    /// The sends of the last minute in wall-clock milliseconds, for the ledger.
    pub(super) fn recent_sends(&self) -> Vec<i64> {
        let (now, wall) = (self.clock.now(), wall_now().as_millisecond());
        let speed = i64::from(self.clock.speed());
        let sends = self.servers.limiters().flat_map(Limiter::sends);
        sends
            .map(|sent| wall - (now.as_millisecond() - sent.as_millisecond()) / speed)
            .collect()
    }

    /// Stops the embedded sandbox, which then writes its state and log.
    pub(super) async fn close(self) -> Option<sandbox::LogReport> {
        drop(self.servers);
        match self.sandbox {
            Some(running) => Some(running.stop().await),
            None => None,
        }
    }
}

fn admin_api_at(url: &str, key: SecretString, limiter: Limiter) -> Result<AdminApi, Failure> {
    AdminApi::new(AdminApiOptions {
        http: network(url)?,
        key,
        limiter,
        retry: RetryPolicy::default(),
        jitter_seed: None,
    })
    .map_err(|error| Failure::of(Exit::Configuration, error))
}

fn scim_at(url: &str, token: SecretString, limiter: Limiter) -> Result<Scim, Failure> {
    Scim::new(ScimOptions {
        http: network(url)?,
        token,
        limiter,
        retry: RetryPolicy::default(),
        jitter_seed: None,
    })
    .map_err(|error| Failure::of(Exit::Configuration, error))
}

fn network(url: &str) -> Result<HttpClient, Failure> {
    let base = BaseUrl::parse(url).map_err(|error| Failure::of(Exit::Configuration, error))?;
    HttpClient::network(base, &HttpOptions::default())
        .map_err(|error| Failure::of(Exit::Configuration, error))
}

const MINUTE_MS: i64 = 60_000;

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
            first_name: row.name.first.to_string(),
            last_name: row.name.last.to_string(),
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
