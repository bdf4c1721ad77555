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

use std::io::Cursor;

use super::{Nameless, Plan};

/// The plan with its id, written for nobody.
pub(crate) fn named(plan: Nameless) -> Plan {
    plan.write(Cursor::new(Vec::new())).expect("a plan")
}
