//! Scenarios for reconcile: a few rows in, one disposition a row out.

pub(crate) mod scenario;

mod lookalikes;
mod matching;
mod model;
mod rows;
mod time;
