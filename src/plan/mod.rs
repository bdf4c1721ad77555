//! The plan: every choice made, nothing executed. Plan documents, what goes
//! into them, the guards that measure them, and the review sheet.

mod build;
mod cancellations;
mod document;
mod fallback;
mod file;
mod guards;
mod headers;
mod issue;
mod leaver;
mod losses;
mod past;
mod reclaims;
mod returning;
mod sheet;
mod slices;
mod steps;
mod tasks;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod undo;

pub use build::{Build, LookedUp, build};
pub use document::{
    Action, Assignment, DraftTerms, Evidence, Expected, Facts, Gift, GuardCheck, Lane, ManualTask,
    PassedBy, Phase, Plan, PlanInput, Removal, Restoration, Step, Subject, Undoes, UponRefusal,
    Verdict,
};
pub use fallback::{Alternative, StandIn, missing_updates};
pub use file::{Nameless, PlanFileError, read, write};
pub use guards::{Permissions, evaluate};
pub use past::{PastPlan, terminations_of};
pub use sheet::{Decision, Review, ReviewError, review_sheet, understand_review};
pub use tasks::id as task_id;
pub use undo::{PastAccount, PastState, Undo, left_again, undo, undoing};
