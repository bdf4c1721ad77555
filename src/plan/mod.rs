//! The plan: every choice made, nothing executed. Plan documents, what goes
//! into them, the guards that measure them, and the review sheet.

mod build;
mod cancellations;
mod document;
mod file;
mod guards;
mod headers;
mod issue;
mod leaver;
mod sheet;
mod steps;
mod tasks;
#[cfg(test)]
mod tests;

pub use build::{Build, build};
pub use document::{
    Action, DraftTerms, Evidence, Expected, Facts, GuardCheck, Lane, ManualTask, PassedBy, Phase,
    Plan, PlanInput, Removal, Step, Subject, UponRefusal, Verdict,
};
pub use file::{PlanFileError, read, to_bytes};
pub use guards::{Permissions, evaluate};
pub use sheet::{Decision, ReviewError, read_review, review_sheet};
pub use tasks::id as task_id;
