use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Plan;

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

/// Writes the plan as it is kept: readable, one field a line. It is never held as
/// text: that would be several times as large as the plan.
pub fn write(plan: &Plan, mut into: impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut into, plan)?;
    into.write_all(b"\n")
}

/// The plan as it is kept.
pub fn to_bytes(plan: &Plan) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write(plan, &mut bytes)?;
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
    let mut plan: Plan =
        serde_json::from_value(value).map_err(|source| PlanFileError::NotAPlan {
            path: path.clone(),
            source,
        })?;
    let stated = plan.plan_id.clone();
    name(&mut plan);
    if plan.plan_id == stated {
        Ok(plan)
    } else {
        Err(PlanFileError::Altered {
            path,
            stated,
            actual: plan.plan_id,
        })
    }
}

/// Names a plan: by a digest of everything in it but the name itself.
pub(super) fn name(plan: &mut Plan) {
    plan.plan_id.clear();
    let mut digest = BufWriter::new(Sha256::new());
    // A plan is plain data with text keys, which always serializes; and a digest
    // takes in everything.
    let _ = serde_json::to_writer(&mut digest, plan);
    let digest = digest.into_inner().map(Sha256::finalize);
    plan.plan_id = digest
        .map(|digest| format!("{digest:x}"))
        .unwrap_or_default();
    plan.plan_id.truncate(16);
}
