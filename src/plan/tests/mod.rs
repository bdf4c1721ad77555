//! Scenarios for the plan: several nights, guards, drafts, files.

mod fallback;
mod files;
mod guarding;
mod headers;
mod licenses;
pub(crate) mod night;
mod nights;
pub(crate) mod properties;
mod requests;
mod undoing;
mod unsettled;
