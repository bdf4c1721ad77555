use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use memchr::memchr_iter;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Plan, text};

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

/// Writes the plan as it is kept: one field a line, and one element of a list.
/// It is never held as text: that would be as large as the plan.
pub fn write(plan: &Plan, mut into: impl Write + Send) -> io::Result<()> {
    into.write_all(text::head(plan, &plan.plan_id).as_bytes())?;
    text::rest(plan, |text| into.write_all(text))
}

/// A plan that is complete but for its id. That is a digest of everything else
/// in it, so the plan gets it when it is written.
#[derive(Debug)]
pub struct Nameless(Plan);

impl Nameless {
    pub(super) fn of(plan: Plan) -> Self {
        Self(plan)
    }

    /// What is planned, for whoever asks for no id.
    pub fn content(&self) -> &Plan {
        &self.0
    }

    /// Writes the plan as it is kept, from the beginning of `into`, and names it.
    pub fn write(self, mut into: impl Write + Seek + Send) -> io::Result<Plan> {
        let Self(mut plan) = self;
        let mut digest = ContentDigest::begin(&plan);
        into.write_all(text::head(&plan, ROOM_FOR_THE_ID).as_bytes())?;
        text::rest(&plan, |text| {
            digest.update(text);
            into.write_all(text)
        })?;
        plan.plan_id = digest.finish();
        into.rewind()?;
        into.write_all(text::head(&plan, &plan.plan_id).as_bytes())?;
        Ok(plan)
    }
}

/// As long as an id.
const ROOM_FOR_THE_ID: &str = "0000000000000000";

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
    let plan = match serde_json::from_slice::<Plan>(bytes) {
        Ok(plan) => plan,
        Err(source) => {
            // What another version wrote may lack what this one looks for.
            return Err(match serde_json::from_slice(bytes) {
                Ok(Versioned { format_version }) if format_version != FORMAT_VERSION => {
                    PlanFileError::Version {
                        path,
                        found: format_version,
                    }
                }
                Ok(Versioned { .. }) | Err(_) => PlanFileError::NotAPlan { path, source },
            });
        }
    };
    if plan.format_version != FORMAT_VERSION {
        return Err(PlanFileError::Version {
            path,
            found: plan.format_version,
        });
    }
    let actual = digest_of(&plan);
    if plan.plan_id == actual {
        Ok(plan)
    } else {
        Err(PlanFileError::Altered {
            path,
            stated: plan.plan_id,
            actual,
        })
    }
}

/// What plans of all versions have in common.
#[derive(Deserialize)]
struct Versioned {
    format_version: u32,
}

/// The id that the content of a plan gives it.
fn digest_of(plan: &Plan) -> String {
    let mut digest = ContentDigest::begin(plan);
    // A plan is plain data with text keys, which always serializes; and a digest
    // takes in everything.
    let _ = text::rest(plan, |text| {
        digest.update(text);
        Ok(())
    });
    digest.finish()
}

/// A digest of the plan's content: of its text with an empty id, on one line.
struct ContentDigest(Sha256);

impl ContentDigest {
    fn begin(plan: &Plan) -> Self {
        let mut digest = Self(Sha256::new());
        digest.update(text::head(plan, "").as_bytes());
        digest
    }

    fn update(&mut self, text: &[u8]) {
        let mut from = 0;
        for end in memchr_iter(b'\n', text) {
            self.0.update(&text[from..end]);
            from = end + 1;
        }
        self.0.update(&text[from..]);
    }

    fn finish(self) -> String {
        let mut id = format!("{:x}", self.0.finalize());
        id.truncate(ROOM_FOR_THE_ID.len());
        id
    }
}
