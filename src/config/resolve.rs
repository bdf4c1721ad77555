mod delivery;
mod execution;
mod inputs;
mod scim;

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::environment::{self, Environment};
use super::sections::{ConfigFile, LimitsSection};
use super::{
    ApiSettings, ConfigError, KeySource, LimitSettings, LogLevel, LogSettings, ScimSettings,
    Settings, Target, document, policy,
};
use crate::cli::{Cli, ColorWhen, Command, GlobalArguments, LogFormat};
use crate::ingest::ColumnNames;
use crate::model::HrFileKind;

const DEFAULT_CONFIG: &str = "seatsweep.toml";
const DEFAULT_LEDGER: &str = "seatsweep.db";
const DEFAULT_OUT_DIR: &str = "out";
/// Whoever was to take over a seat has it by then.
const UNASSIGNED_AFTER_DAYS: u16 = 30;
const SANDBOX_LEDGER: &str = "seatsweep-sandbox.db";
const SANDBOX_FOLDER: &str = "sandbox";
const SANDBOX_TENANT: &str = "sandbox";
const SANDBOX_TIME_ZONE: &str = "America/Los_Angeles";

/// Gives every setting its value: from the command line, else from
/// `environment`, else from the configuration file, else its default.
pub(super) fn resolve(cli: &Cli, environment: &Environment) -> Result<Settings, ConfigError> {
    let found = FoundFile::find(&cli.global, environment)?;
    let file = &found.file;
    let target = target(&cli.command, environment, &found)?;
    let key = key_source(&cli.command, environment, &found, target)?;
    let scim = scim::scim(environment, &found, target)?;
    let said = match target {
        Target::Eight => MustBeSaid::for_8x8(&cli.command, &found, key.as_ref(), scim.as_ref())?,
        Target::Sandbox => MustBeSaid::or_sandbox_defaults(file),
    };
    let as_of = cli.command.as_of();
    let as_of = as_of
        .map(|text| instant(text, &said.time_zone))
        .transpose()?;
    let base_url = file.admin_api.base_url.clone().unwrap_or_default();
    let limits = limits(&cli.command, &file.limits, target);
    let writing_to = scim::writing_to(file);
    let on_loopback = writing_to.iter().all(|url| url.is_loopback);
    let scim_url = file.scim.base_url.as_ref();
    let asks_elsewhere = (inputs::lists_accounts(&cli.command, &found) && !base_url.is_loopback)
        || (scim::reads_scim(&cli.command, file) && scim_url.is_some_and(|url| !url.is_loopback));
    let is_real = target == Target::Eight && (!on_loopback || asks_elsewhere);
    if is_real && limits.exceed_the_vendors() {
        return Err(ConfigError::BeyondTheVendor);
    }
    let out_dir = out_dir(&cli.command, environment, &found, target);
    Ok(Settings {
        tenant: said.tenant,
        target,
        customer_id: customer_id(&cli.command, file),
        ledger: ledger(&cli.global, environment, &found, target, &out_dir),
        out_dir,
        inputs: inputs::inputs(&cli.command, &found, target)?,
        columns_hr: ColumnNames(file.columns.hr.clone()),
        columns_users: columns_users(file),
        columns_licenses: ColumnNames(file.columns.licenses.clone()),
        columns_bill: ColumnNames(file.columns.bill.clone()),
        formats: policy::formats(file),
        policy: policy::policy(file, said.time_zone, said.hr_file),
        guards: policy::guards(&file.guards, target),
        unassigned_after_days: file
            .seats
            .unassigned_after_days
            .unwrap_or(UNASSIGNED_AFTER_DAYS),
        tax_regions: file.seats.tax_regions.clone(),
        api: ApiSettings {
            base_url: base_url.text,
            key,
        },
        scim,
        read: file.channels.read.channel(),
        delivery: delivery::delivery(&found, target)?,
        on_loopback,
        limits,
        as_of,
        execution: execution::execution(&cli.command)?,
        log: log(&cli.global, environment)?,
        color: color(cli.global.color, environment),
        progress: !cli.global.no_progress,
        user: user(environment),
        retyped: retyped(cli),
        config_file: found.was_read.then_some(found.path),
    })
}

fn columns_users(file: &ConfigFile) -> ColumnNames {
    let names = file.columns.users.iter();
    ColumnNames(
        names
            .map(|(field, headers)| (field.clone(), headers.0.clone()))
            .collect(),
    )
}

/// Where the configuration file stands, or is to be written.
pub(super) fn file_path(global: &GlobalArguments, environment: &Environment) -> PathBuf {
    asked_for(global, environment).unwrap_or_else(|| PathBuf::from(DEFAULT_CONFIG))
}

fn asked_for(global: &GlobalArguments, environment: &Environment) -> Option<PathBuf> {
    let typed = global.config.clone();
    typed.or_else(|| environment.get(environment::CONFIG).map(PathBuf::from))
}

/// The configuration file, or its defaults where nobody asked for one.
struct FoundFile {
    path: PathBuf,
    was_read: bool,
    file: ConfigFile,
}

impl FoundFile {
    /// What the file does not say; first of all that it is not there.
    fn lacks(&self, lacking: ConfigError) -> ConfigError {
        if self.was_read {
            return lacking;
        }
        ConfigError::NoFileHere {
            file: std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone()),
            lacking: Box::new(lacking),
        }
    }

    fn find(global: &GlobalArguments, environment: &Environment) -> Result<Self, ConfigError> {
        let asked_for = asked_for(global, environment);
        let was_asked_for = asked_for.is_some();
        let path = asked_for.unwrap_or_else(|| PathBuf::from(DEFAULT_CONFIG));
        match document::read(&path)? {
            Some(file) => Ok(Self {
                path,
                was_read: true,
                file,
            }),
            None if was_asked_for => Err(ConfigError::NoFile(path)),
            None => Ok(Self {
                path,
                was_read: false,
                file: ConfigFile::default(),
            }),
        }
    }

    /// A path of the file is relative to the file's folder; so are the
    /// defaults, so that one file is one tenant with its own ledger and output
    /// folder wherever it is called from.
    fn beside(&self, path: &Path) -> PathBuf {
        match self.path.parent() {
            Some(folder) => folder.join(path),
            None => path.to_owned(),
        }
    }
}

fn target(
    command: &Command,
    environment: &Environment,
    found: &FoundFile,
) -> Result<Target, ConfigError> {
    let asked_for_sandbox = match command {
        Command::Sandbox(_) => true,
        Command::Plan(_)
        | Command::Apply(_)
        | Command::Run(_)
        | Command::Undo(_)
        | Command::Tasks(_)
        | Command::Requests(_)
        | Command::Explain(_)
        | Command::Audit(_)
        | Command::Init(_) => command.output().is_some_and(|output| output.sandbox),
    };
    if asked_for_sandbox {
        return Ok(Target::Sandbox);
    }
    let parse = |word: &str| match word {
        "8x8" => Some(Target::Eight),
        "sandbox" => Some(Target::Sandbox),
        _ => None,
    };
    let chosen = environment.word(environment::TARGET, "8x8, sandbox", parse)?;
    match (chosen.or(found.file.tenant.target), command) {
        (Some(target), _) => Ok(target),
        // These never change a tenant.
        (
            None,
            Command::Plan(_)
            | Command::Undo(_)
            | Command::Tasks(_)
            | Command::Explain(_)
            | Command::Audit(_)
            | Command::Init(_),
        ) => Ok(Target::Eight),
        (None, Command::Apply(apply)) if apply.rehearse => Ok(Target::Eight),
        (None, Command::Requests(requests)) if !requests.action.is_outward() => Ok(Target::Eight),
        (
            None,
            Command::Apply(_) | Command::Run(_) | Command::Sandbox(_) | Command::Requests(_),
        ) => Err(found.lacks(ConfigError::NoTarget(found.path.clone()))),
    }
}

/// What has no default for a real tenant, because a wrong guess deactivates
/// the wrong people or at the wrong time.
struct MustBeSaid {
    tenant: String,
    hr_file: HrFileKind,
    time_zone: String,
}

impl MustBeSaid {
    fn for_8x8(
        command: &Command,
        found: &FoundFile,
        key: Option<&KeySource>,
        scim: Option<&ScimSettings>,
    ) -> Result<Self, ConfigError> {
        let file = &found.file;
        let tenant = file.tenant.name.clone();
        let tenant = tenant.filter(|name| !name.trim().is_empty());
        let hr_file = file.hr.file;
        let time_zone = file.policy.time_zone.clone();
        let changes = match command {
            Command::Apply(apply) => !apply.rehearse,
            Command::Run(_) => true,
            Command::Plan(_)
            | Command::Sandbox(_)
            | Command::Undo(_)
            | Command::Tasks(_)
            | Command::Requests(_)
            | Command::Explain(_)
            | Command::Audit(_)
            | Command::Init(_) => false,
        };
        let needs_key =
            (changes && scim::uses_admin_api(file)) || inputs::lists_accounts(command, found);
        let needs_scim = (changes && scim::uses_scim(file)) || scim::reads_scim(command, file);
        let missing: Vec<&'static str> = [
            (tenant.is_none(), "[tenant] name = \"acme\""),
            (
                hr_file.is_none(),
                "[hr] file = \"cumulative\" or \"incremental\"",
            ),
            (
                time_zone.is_none(),
                "[policy] time_zone = \"America/Los_Angeles\"",
            ),
            (
                file.protected.accounts.0.is_empty(),
                "[protected] accounts = [\"admin@acme.example\"]",
            ),
            (
                needs_key && key.is_none(),
                "[admin_api] api_key_env = \"SEATSWEEP_API_KEY\", or api_key_file",
            ),
            (
                needs_scim && scim.is_none(),
                "[scim] base_url = \"https://…/scim/v2\" and token_env = \"SEATSWEEP_SCIM_TOKEN\", or token_file",
            ),
        ]
        .into_iter()
        .filter_map(|(is_missing, line)| is_missing.then_some(line))
        .collect();
        match (tenant, hr_file, time_zone) {
            (Some(tenant), Some(hr_file), Some(zone)) if missing.is_empty() => Ok(Self {
                tenant,
                hr_file,
                time_zone: zone.0,
            }),
            _ => Err(found.lacks(ConfigError::Incomplete {
                file: found.path.clone(),
                missing,
            })),
        }
    }

    fn or_sandbox_defaults(file: &ConfigFile) -> Self {
        let tenant = file.tenant.name.clone();
        let zone = file.policy.time_zone.clone();
        Self {
            tenant: tenant.unwrap_or_else(|| SANDBOX_TENANT.to_owned()),
            hr_file: file.hr.file.unwrap_or(HrFileKind::Cumulative),
            time_zone: zone.map_or_else(|| SANDBOX_TIME_ZONE.to_owned(), |zone| zone.0),
        }
    }
}

/// The source that the file names, else the usual variable if it is set. The
/// real tenant's key is never given to a sandbox, not even by mistake.
fn key_source(
    command: &Command,
    environment: &Environment,
    found: &FoundFile,
    target: Target,
) -> Result<Option<KeySource>, ConfigError> {
    match (command, target) {
        (Command::Sandbox(sandbox), _) => {
            return Ok(sandbox.api_key_env.clone().map(KeySource::Environment));
        }
        (_, Target::Sandbox) => return Ok(None),
        (_, Target::Eight) => {}
    }
    let said = &found.file.admin_api;
    match (&said.api_key_env, &said.api_key_file) {
        (Some(_), Some(_)) => Err(ConfigError::Text(vec![format!(
            "{}: [admin_api] has both api_key_env and api_key_file; keep one",
            found.path.display()
        )])),
        (Some(name), None) => Ok(Some(KeySource::Environment(name.clone()))),
        (None, Some(path)) => Ok(Some(KeySource::File(found.beside(path)))),
        (None, None) if environment.is_set(environment::API_KEY) => Ok(Some(
            KeySource::Environment(environment::API_KEY.to_owned()),
        )),
        (None, None) => Ok(None),
    }
}

fn customer_id(command: &Command, file: &ConfigFile) -> Option<String> {
    let typed = match command {
        Command::Sandbox(sandbox) => sandbox.customer_id.clone(),
        Command::Plan(_)
        | Command::Apply(_)
        | Command::Run(_)
        | Command::Undo(_)
        | Command::Tasks(_)
        | Command::Requests(_)
        | Command::Explain(_)
        | Command::Audit(_)
        | Command::Init(_) => None,
    };
    typed.or_else(|| file.tenant.customer_id.clone())
}

fn out_dir(
    command: &Command,
    environment: &Environment,
    found: &FoundFile,
    target: Target,
) -> PathBuf {
    let typed = command.output().and_then(|output| output.out_dir.clone());
    let folder = typed
        .or_else(|| environment.get(environment::OUT_DIR).map(PathBuf::from))
        .unwrap_or_else(|| {
            let said = found.file.out_dir.as_deref();
            found.beside(said.unwrap_or(Path::new(DEFAULT_OUT_DIR)))
        });
    match target {
        Target::Eight => folder,
        Target::Sandbox => folder.join(SANDBOX_FOLDER),
    }
}

/// A sandbox has its own ledger: what environment and file name is the real
/// tenant's. Only `--ledger`, typed for this very call, is meant for both.
fn ledger(
    global: &GlobalArguments,
    environment: &Environment,
    found: &FoundFile,
    target: Target,
    out_dir: &Path,
) -> PathBuf {
    if let Some(path) = &global.ledger {
        return path.clone();
    }
    match (target, environment.get(environment::LEDGER)) {
        (Target::Sandbox, _) => out_dir.join(SANDBOX_LEDGER),
        (Target::Eight, Some(path)) => PathBuf::from(path),
        (Target::Eight, None) => {
            let said = found.file.ledger.as_deref();
            found.beside(said.unwrap_or(Path::new(DEFAULT_LEDGER)))
        }
    }
}

fn limits(command: &Command, said: &LimitsSection, target: Target) -> LimitSettings {
    let vendor = LimitSettings::VENDOR;
    let number = |said: Option<NonZeroU32>, default| said.map_or(default, NonZeroU32::get);
    let (typed_time_scale, default_time_scale) = match (command, target) {
        (Command::Sandbox(sandbox), _) => (sandbox.time_scale, vendor.time_scale),
        (_, Target::Sandbox) => (None, LimitSettings::EMBEDDED_TIME_SCALE),
        (_, Target::Eight) => (None, vendor.time_scale),
    };
    LimitSettings {
        requests_per_minute: number(said.requests_per_minute, vendor.requests_per_minute),
        requests_per_10_seconds: number(
            said.requests_per_10_seconds,
            vendor.requests_per_10_seconds,
        ),
        operations_in_flight: number(said.operations_in_flight, vendor.operations_in_flight),
        poll_after_seconds: said
            .poll_after_seconds
            .map_or(vendor.poll_after_seconds, |seconds| seconds.0),
        poll_every_seconds: said
            .poll_every_seconds
            .map_or(vendor.poll_every_seconds, |seconds| seconds.0),
        operation_timeout_seconds: number(
            said.operation_timeout_seconds,
            vendor.operation_timeout_seconds,
        ),
        time_scale: number(typed_time_scale.or(said.time_scale), default_time_scale),
        trust_server_limit: said.trust_server_limit,
    }
}

/// An instant, or 00:00 of a date in `zone` (the first instant of the day
/// where a change of clocks takes 00:00 away).
fn instant(text: &str, zone: &str) -> Result<Timestamp, ConfigError> {
    let start_of_day = |date: Date| {
        let zone = TimeZone::get(zone).ok()?;
        Some(date.to_zoned(zone).ok()?.timestamp())
    };
    let parsed = match text.parse::<Timestamp>() {
        Ok(instant) => Some(instant),
        // strptime takes exactly a date; a time without a zone says no instant.
        Err(_) => Date::strptime("%Y-%m-%d", text).ok().and_then(start_of_day),
    };
    parsed.ok_or_else(|| ConfigError::Option {
        option: "--as-of",
        value: text.to_owned(),
        problem: "write an instant such as 2026-11-20T18:00:00Z, or a date such as 2026-11-20",
    })
}

fn log(global: &GlobalArguments, environment: &Environment) -> Result<LogSettings, ConfigError> {
    let parse = |word: &str| match word {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    };
    let said = environment.word(environment::LOG_FORMAT, "text, json", parse)?;
    let level = match (global.quiet, global.verbose) {
        (true, _) => LogLevel::Warn,
        (false, 0) => LogLevel::Info,
        (false, 1) => LogLevel::Debug,
        (false, _) => LogLevel::Trace,
    };
    Ok(LogSettings {
        format: global.log_format.or(said).unwrap_or(LogFormat::Text),
        level,
    })
}

fn user(environment: &Environment) -> String {
    let name = [environment::USER, environment::LOGNAME]
        .into_iter()
        .find_map(|variable| environment.get(variable));
    name.map_or_else(
        || "unknown".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn retyped(cli: &Cli) -> Vec<OsString> {
    let output = cli.command.output();
    let options = [
        ("--config", cli.global.config.as_ref()),
        ("--ledger", cli.global.ledger.as_ref()),
        (
            "--out-dir",
            output.and_then(|output| output.out_dir.as_ref()),
        ),
    ];
    let mut words: Vec<OsString> = options
        .into_iter()
        .filter_map(|(option, path)| Some([option.into(), path?.into()]))
        .flatten()
        .collect();
    if output.is_some_and(|output| output.sandbox) {
        words.push("--sandbox".into());
    }
    words
}

fn color(typed: ColorWhen, environment: &Environment) -> ColorWhen {
    match typed {
        ColorWhen::Auto if environment.is_set(environment::NO_COLOR) => ColorWhen::Never,
        ColorWhen::Auto | ColorWhen::Always | ColorWhen::Never => typed,
    }
}

#[cfg(test)]
mod tests;
