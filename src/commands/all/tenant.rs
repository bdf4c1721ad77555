//! One tenant of many: what is known of it before it begins, and what its run
//! left behind.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::failure::{Exit, Failure};
use super::call::Call;
use super::clashes::{self, Claim};
use super::process::{End, Said};
use super::search::Found;
use crate::cli;
use crate::config;
use crate::report::{TenantEntry, TenantFigures, TenantState};

/// One tenant.
pub(super) struct Tenant {
    /// Its folder, as seen from the folder of all.
    pub(super) folder: String,
    /// Its configuration file, or the folder that could not be searched.
    pub(super) config: PathBuf,
    /// What its configuration means; else why it cannot be begun.
    pub(super) known: Result<Known, Refused>,
}

/// What is known of a tenant before it begins; little, because there may be
/// thousands.
pub(super) struct Known {
    name: String,
    out_dir: PathBuf,
    /// What no other tenant may have.
    pub(super) claims: Vec<Claim>,
}

/// Why a tenant is not begun.
pub(super) struct Refused {
    code: u8,
    pub(super) error: String,
}

impl Tenant {
    /// All that were found, in the order of their paths. One whose configuration
    /// cannot be used is not begun: nobody could say whether it is another one's.
    pub(super) fn all(top: &Path, found: Found, call: &Call) -> Vec<Self> {
        let configs = found.configs.into_iter().map(|config| {
            let known = Known::load(call.words(&config)).map_err(|failure| Refused {
                code: failure.exit.code(),
                error: failure.text(),
            });
            let folder = config.parent().unwrap_or(top).to_owned();
            (config, (folder, known))
        });
        let unreadable = found.unreadable.into_iter().map(|(folder, error)| {
            let refused = Refused {
                code: Exit::NoPermission.code(),
                error: format!(
                    "{}: the folder cannot be searched for tenants: {error}; check its owner and mode",
                    folder.display()
                ),
            };
            (folder.clone(), (folder, Err(refused)))
        });
        let all: BTreeMap<PathBuf, _> = configs.chain(unreadable).collect();
        let named = |folder: &Path| match folder.strip_prefix(top) {
            Ok(below) if below.as_os_str().is_empty() => ".".to_owned(),
            Ok(below) => below.display().to_string(),
            Err(_) => folder.display().to_string(),
        };
        all.into_iter()
            .map(|(config, (folder, known))| Self {
                folder: named(&folder),
                config,
                known,
            })
            .collect()
    }

    /// What can be said of it before it begins.
    pub(super) fn entry(&self) -> TenantEntry {
        let (state, exit_code, error) = match &self.known {
            Ok(_) => (TenantState::Waiting, None, None),
            Err(refused) => (
                TenantState::NotBegun,
                Some(refused.code),
                Some(refused.error.clone()),
            ),
        };
        TenantEntry {
            folder: self.folder.clone(),
            config: self.config.display().to_string(),
            tenant: self.known.as_ref().ok().map(|it| it.name.clone()),
            state,
            exit_code,
            line: None,
            error,
            outputs: None,
            figures: None,
        }
    }

    /// The run that its newest summary is of.
    pub(super) fn newest_run(&self) -> Option<String> {
        Some(self.figures()?.run_id)
    }

    /// Notes how its run ended. The newest summary is this run's if it is not
    /// the one of `before` and agrees with the process: a run that ended early
    /// leaves last night's, and another one that holds the lock may write its.
    pub(super) fn note_end(
        &self,
        entry: &mut TenantEntry,
        end: End,
        said: Said,
        before: Option<&str>,
    ) {
        entry.state = TenantState::Ended;
        entry.exit_code = Some(end.code);
        entry.line = said.line;
        entry.error = end.error.or(said.error);
        let figures = self.figures();
        let own =
            figures.filter(|it| Some(it.run_id.as_str()) != before && it.exit_code == end.code);
        if let (Some(figures), Ok(known)) = (own, &self.known) {
            let kept = known.out_dir.join("runs").join(&figures.run_id);
            entry.outputs = Some(kept.display().to_string());
            entry.figures = Some(figures);
        }
    }

    fn figures(&self) -> Option<TenantFigures> {
        let known = self.known.as_ref().ok()?;
        let bytes = fs::read(known.out_dir.join("summary.json")).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

impl Known {
    fn load(words: Vec<OsString>) -> Result<Self, Failure> {
        let cli = cli::parse(words).map_err(|error| Failure::of(Exit::Usage, error))?;
        let settings = config::load(&cli)?;
        Ok(Self {
            claims: clashes::claims(&settings),
            name: settings.tenant,
            out_dir: settings.out_dir,
        })
    }
}
