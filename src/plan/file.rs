use std::path::{Path, PathBuf};

use super::Plan;
use crate::model::sha256_hex;

/// The layout that this version writes and reads.
pub(super) const FORMAT_VERSION: u32 = 1;

/// Why a plan file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It could not be read.
    #[error("cannot read the plan {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no plan.
    #[error("{path} is not a plan of seatsweep")]
    NotAPlan {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// It was written by another version.
    #[error("{path} has plan format {found}, this version reads {FORMAT_VERSION}; make a new plan")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// Its content is not what its id says.
    #[error(
        "{path} was altered after it was made: its content is {actual}, it says {stated}; make a new plan, and use plan.csv with --review to leave actions out"
    )]
    Altered {
        /// The file.
        path: PathBuf,
        /// The id that it states.
        stated: String,
        /// The digest of its content.
        actual: String,
    },
}

/// The plan as it is kept: readable, one field a line.
pub fn to_bytes(plan: &Plan) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(plan)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads a plan and checks that nobody altered it.
pub fn read(path: &Path) -> Result<Plan, PlanFileError> {
    let bytes = std::fs::read(path).map_err(|source| PlanFileError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    parse(&bytes, path)
}

fn parse(bytes: &[u8], path: &Path) -> Result<Plan, PlanFileError> {
    let path = path.to_owned();
    let not_a_plan = |source| PlanFileError::NotAPlan {
        path: path.clone(),
        source,
    };
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(not_a_plan)?;
    let version = value
        .get("format_version")
        .and_then(serde_json::Value::as_u64);
    if let Some(found) = version
        && found != u64::from(FORMAT_VERSION)
    {
        return Err(PlanFileError::Version {
            path,
            found: u32::try_from(found).unwrap_or(0),
        });
    }
    let plan: Plan = serde_json::from_value(value).map_err(|source| PlanFileError::NotAPlan {
        path: path.clone(),
        source,
    })?;
    let actual = digest(&plan);
    if actual == plan.plan_id {
        Ok(plan)
    } else {
        Err(PlanFileError::Altered {
            path,
            stated: plan.plan_id,
            actual,
        })
    }
}

/// What names a plan: a digest of everything in it but the name itself.
pub(super) fn digest(plan: &Plan) -> String {
    let unnamed = Plan {
        plan_id: String::new(),
        ..plan.clone()
    };
    // A plan is plain data with text keys, which always serializes.
    let bytes = serde_json::to_vec(&unnamed).unwrap_or_default();
    let mut id = sha256_hex(bytes);
    id.truncate(16);
    id
}
