//! Whose account is it, and what became of every HR row.
//!
//! [`People::gather`] reads tonight's rows and the ledger's open obligations
//! before any account is seen; an [`Index`] then watches the accounts stream
//! by and keeps only those that a key hits; [`settle`] gives every person one
//! decision and every row one disposition.

mod asked;
mod census;
mod claims;
mod dossier;
mod due;
mod found;
mod groups;
mod history;
mod holds;
mod index;
mod inquiry;
mod keys;
mod leaver;
mod lines;
mod lookalikes;
mod lookout;
mod matching;
mod obstacles;
mod people;
mod reconciliation;
mod resemblances;
mod settle;
#[cfg(test)]
pub(crate) mod tests;
mod unsettled;

pub use asked::Asked;
pub use census::{Census, Headcount};
pub use claims::{Claim, Contradiction};
pub use dossier::{
    AccessEnds, Dossier, Inquiry, KeyEvidence, KnownAccount, Obstacle, RowSays, StrayAccount,
};
pub use due::{Calendar, CalendarError};
pub use found::{Candidate, Found};
pub use holds::{NamesOfNobody, listed_names, names_of_nobody};
pub use index::Index;
pub use inquiry::inquire;
pub use keys::Key;
pub use lines::as_known;
pub use lookalikes::{Hint, Suggestion};
pub use lookout::Lookout;
pub use matching::Match;
pub use people::{People, Person};
pub use reconciliation::{Case, Reconciliation, RowDisposition, Stance, SumsDoNotBalance};
pub use settle::settle;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{HoldRecord, HrRow, InvalidRow, Memory, Policy};

/// Everything that the decision about people depends on, besides the accounts.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Tonight's understood HR rows, in the order of the files.
    pub rows: &'a [HrRow],
    /// Tonight's rows that could not be read.
    pub invalid: &'a [InvalidRow],
    /// What earlier nights left.
    pub memory: &'a Memory,
    /// The administrator's decisions.
    pub policy: &'a Policy,
    /// Dates and zones, from the policy.
    pub calendar: &'a Calendar,
    /// People and accounts not to touch, from the holds file.
    pub holds: &'a [HoldRecord],
    /// The administrator's mapping from HR id or e-mail to user id or username.
    pub map: &'a BTreeMap<String, String>,
    /// The run's instant.
    pub as_of: Timestamp,
    /// When the HR export was made.
    pub hr_at: Timestamp,
    /// When the users report was made.
    pub users_at: Timestamp,
}
