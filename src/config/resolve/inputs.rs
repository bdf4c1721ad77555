use std::path::{Path, PathBuf};

use super::FoundFile;
use crate::cli::{Command, InputArguments};
use crate::config::sections::ReadChannel;
use crate::config::{ConfigError, Inputs, Target, UsersSource, patterns};

/// What stands in a file's place for the Administration API's list of users.
const LIVE: &str = "live";

/// Whether `command` lists the accounts through the Administration API.
pub(super) fn lists_accounts(command: &Command, found: &FoundFile) -> bool {
    let typed = match command {
        Command::Plan(plan) => plan.inputs.users.as_ref(),
        Command::Run(run) => run.inputs.users.as_ref(),
        Command::Explain(explain) => explain.inputs.users.as_ref(),
        Command::Audit(audit) => audit.inputs.users.as_ref(),
        Command::Apply(_)
        | Command::Undo(_)
        | Command::Tasks(_)
        | Command::Requests(_)
        | Command::Sandbox(_)
        | Command::Init(_) => {
            return false;
        }
    };
    let named = typed.or(found.file.inputs.users.as_ref());
    named.is_some_and(|named| named.as_path() == Path::new(LIVE))
}

/// The files that `command` reads.
pub(super) fn inputs(
    command: &Command,
    found: &FoundFile,
    target: Target,
) -> Result<Inputs, ConfigError> {
    let typed = match command {
        Command::Plan(plan) => plan.inputs.clone(),
        Command::Explain(explain) => explain.inputs.clone(),
        Command::Audit(audit) => {
            let roster = found.file.inputs.roster.as_ref();
            let bill = found.file.inputs.bill.as_ref();
            let bill = input(audit.bill.as_ref(), bill, found)?;
            if let (None, Some(date)) = (&bill, audit.bill_date) {
                return Err(ConfigError::Option {
                    option: "--bill-date",
                    value: date.to_string(),
                    problem: "there is no bill; name it with --bill FILE or [inputs] bill",
                });
            }
            return Ok(Inputs {
                roster: input(audit.roster.as_ref(), roster, found)?,
                bill,
                bill_date: audit.bill_date,
                ..files_to_plan_from(audit.inputs.clone(), found, target)?
            });
        }
        Command::Run(run) => run.inputs.clone(),
        // What a run did is in the ledger; whom to leave alone may be in a file.
        Command::Undo(undo) => {
            let pattern = found.file.inputs.holds.as_ref();
            return Ok(Inputs {
                holds: input(undo.holds.as_ref(), pattern, found)?,
                ..Inputs::default()
            });
        }
        // A plan says what it was made from.
        Command::Apply(_) | Command::Tasks(_) | Command::Requests(_) | Command::Init(_) => {
            return Ok(Inputs::default());
        }
        Command::Sandbox(sandbox) => {
            return Ok(Inputs {
                users: users(sandbox.users.as_ref(), found, target)?,
                ..Inputs::default()
            });
        }
    };
    files_to_plan_from(typed, found, target)
}

fn files_to_plan_from(
    typed: InputArguments,
    found: &FoundFile,
    target: Target,
) -> Result<Inputs, ConfigError> {
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
    let users = users(typed.users.as_ref(), found, target)?;
    if let (Some(UsersSource::Live), Some(at)) = (&users, typed.users_at) {
        return Err(ConfigError::Option {
            option: "--users-at",
            value: at.to_string(),
            problem: "a list that is read live is as old as the run; leave the option out",
        });
    }
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
        numbers: input(typed.numbers.as_ref(), said.numbers.as_ref(), found)?,
        roster: None,
        bill: None,
        bill_date: None,
        hr_at: typed.hr_at,
        users_at: typed.users_at,
    })
}

/// Where the accounts come from.
fn users(
    typed: Option<&PathBuf>,
    found: &FoundFile,
    target: Target,
) -> Result<Option<UsersSource>, ConfigError> {
    let pattern = found.file.inputs.users.as_ref();
    if typed.or(pattern).map(PathBuf::as_path) != Some(Path::new(LIVE)) {
        return Ok(input(typed, pattern, found)?.map(UsersSource::Report));
    }
    let refused = |problem| {
        Err(ConfigError::Option {
            option: match typed {
                Some(_) => "--users",
                None => "[inputs] users =",
            },
            value: LIVE.to_owned(),
            problem,
        })
    };
    match target {
        Target::Eight if found.file.channels.read == ReadChannel::Scim => refused(
            "[channels] read is \"scim\", and SCIM shows no licenses and may hide users that no \
             identity provider created, so its list is no users report; name a report as a file, \
             or set read = \"admin-api\"",
        ),
        Target::Eight => Ok(Some(UsersSource::Live)),
        Target::Sandbox => refused(
            "the sandbox's tenant is made from a users report and has no list of its \
                      own; name a report as a file: --users FILE",
        ),
    }
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
