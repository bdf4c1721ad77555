use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::ConfigError;

/// Path of the configuration file.
pub(super) const CONFIG: &str = "SEATSWEEP_CONFIG";
/// Path of the ledger.
pub(super) const LEDGER: &str = "SEATSWEEP_LEDGER";
/// The output folder.
pub(super) const OUT_DIR: &str = "SEATSWEEP_OUT_DIR";
/// `8x8` or `sandbox`.
pub(super) const TARGET: &str = "SEATSWEEP_TARGET";
/// `text` or `json`.
pub(super) const LOG_FORMAT: &str = "SEATSWEEP_LOG_FORMAT";
/// The API key, when the file names no other source.
pub(super) const API_KEY: &str = "SEATSWEEP_API_KEY";
/// The SCIM token, when the file names no other source.
pub(super) const SCIM_TOKEN: &str = "SEATSWEEP_SCIM_TOKEN";
/// Set by people who want no color anywhere (<https://no-color.org>).
pub(super) const NO_COLOR: &str = "NO_COLOR";

/// The login name, for the record of who approved a plan.
pub(super) const USER: &str = "USER";
/// The same on systems that set no `USER`, as under some crons.
pub(super) const LOGNAME: &str = "LOGNAME";

const ALL: [&str; 10] = [
    CONFIG, LEDGER, OUT_DIR, TARGET, LOG_FORMAT, API_KEY, SCIM_TOKEN, NO_COLOR, USER, LOGNAME,
];

/// The variables that mean something here, as plain data so that tests need no
/// process environment. An empty variable counts as not set. Not `Debug`: it
/// may hold the API key.
#[derive(Default)]
pub(super) struct Environment(BTreeMap<&'static str, OsString>);

impl Environment {
    /// The process's own.
    pub(super) fn of_process() -> Self {
        let set = ALL
            .into_iter()
            .filter_map(|name| Some((name, read_variable(name)?)));
        Self(set.collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(name).map(OsString::as_os_str)
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The value as one of a few words; `expected` lists them for the error.
    pub(super) fn word<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let parsed = value.to_str().and_then(parse);
        parsed.map(Some).ok_or_else(|| ConfigError::Variable {
            name,
            value: value.to_string_lossy().into_owned(),
            expected,
        })
    }

    #[cfg(test)]
    pub(super) fn of(variables: &[(&'static str, &str)]) -> Self {
        let set = variables
            .iter()
            .map(|(name, value)| (*name, OsString::from(value)));
        Self(set.collect())
    }
}

/// One variable of the process; `None` when it is empty or not set.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the only reader of the environment"
)]
pub(super) fn read_variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
