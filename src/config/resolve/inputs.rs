use std::path::{Path, PathBuf};

use super::FoundFile;
use crate::cli::{Command, InputArguments};
use crate::config::{ConfigError, Inputs, patterns};

/// The files that `command` reads.
pub(super) fn inputs(command: &Command, found: &FoundFile) -> Result<Inputs, ConfigError> {
    let typed = match command {
        Command::Plan(plan) => plan.inputs.clone(),
        Command::Run(run) => run.inputs.clone(),
        // A plan says what it was made from.
        Command::Apply(_) | Command::Tasks(_) | Command::Init(_) => return Ok(Inputs::default()),
        Command::Sandbox(sandbox) => {
            return Ok(Inputs {
                users: input(
                    sandbox.users.as_ref(),
                    found.file.inputs.users.as_ref(),
                    found,
                )?,
                ..Inputs::default()
            });
        }
    };
    files_to_plan_from(typed, found)
}

fn files_to_plan_from(typed: InputArguments, found: &FoundFile) -> Result<Inputs, ConfigError> {
    if typed.users.as_deref() == Some(Path::new("live")) {
        return Err(ConfigError::Option {
            option: "--users",
            value: "live".to_owned(),
            problem: "not supported yet in this version; give the users report as a file",
        });
    }
    let said = &found.file.inputs;
    let mut hr = typed.hr;
    if hr.is_empty() {
        for pattern in &said.hr.0 {
            let newest = patterns::newest_match(&found.beside(pattern))?;
            // Two patterns may have the same newest file; read it once.
            if !hr.contains(&newest) {
                hr.push(newest);
            }
        }
    }
    let users = input(typed.users.as_ref(), said.users.as_ref(), found)?;
    let nothing = |what, option, key| ConfigError::NothingToRead {
        what,
        option,
        key,
        file: found.path.clone(),
    };
    if hr.is_empty() {
        return Err(nothing("HR export", "--hr", "hr"));
    }
    if users.is_none() {
        return Err(nothing("users report", "--users", "users"));
    }
    Ok(Inputs {
        hr,
        users,
        licenses: input(typed.licenses.as_ref(), said.licenses.as_ref(), found)?,
        holds: input(typed.holds.as_ref(), said.holds.as_ref(), found)?,
        map: input(typed.map.as_ref(), said.map.as_ref(), found)?,
        hr_at: typed.hr_at,
        users_at: typed.users_at,
    })
}

/// What was typed, as it is; else the newest match of the file's pattern.
fn input(
    typed: Option<&PathBuf>,
    pattern: Option<&PathBuf>,
    found: &FoundFile,
) -> Result<Option<PathBuf>, ConfigError> {
    match (typed, pattern) {
        (Some(path), _) => Ok(Some(path.clone())),
        (None, Some(pattern)) => patterns::newest_match(&found.beside(pattern)).map(Some),
        (None, None) => Ok(None),
    }
}
