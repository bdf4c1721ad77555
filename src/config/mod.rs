//! What command line, environment and configuration file mean together. The
//! only reader of the environment.
//!
//! The command line wins over `SEATSWEEP_*` variables, these over the file,
//! and the file over the defaults. `resolve` holds that order; the other files
//! each understand one thing.

mod base_url;
mod delivery;
mod document;
mod duration;
mod environment;
mod error;
mod known_keys;
mod patterns;
mod policy;
mod resolve;
mod secret;
mod sections;
mod settings;
mod template;
mod values;

pub use delivery::{DeliverySettings, EmailSettings, MailEncryption, MailLogin, WebhookSettings};
pub use error::{ConfigError, ConfigErrorKind, Secret};
pub use settings::{
    ApiSettings, Execution, Inputs, KeySource, LimitSettings, LogLevel, LogSettings, ScimSettings,
    Settings, Target, UsersSource,
};

pub use template::{Draft, ExportDraft};

use std::path::PathBuf;

use crate::cli::{Cli, GlobalArguments};
use environment::Environment;

/// Resolves everything that `cli` leaves open with the environment, the
/// configuration file and the defaults.
pub fn load(cli: &Cli) -> Result<Settings, ConfigError> {
    resolve::resolve(cli, &Environment::of_process())
}

/// How to log, where no configuration file is read.
pub fn log_settings(global: &GlobalArguments) -> Result<LogSettings, ConfigError> {
    resolve::log(global, &Environment::of_process())
}

/// Where the configuration file stands, or is to be written.
pub fn file_path(global: &GlobalArguments) -> PathBuf {
    resolve::file_path(global, &Environment::of_process())
}
