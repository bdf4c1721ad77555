//! seatsweep ends 8x8 access on time for people who leave, and follows their
//! seats until the bill stops.
//!
//! Read [`commands`] first: one file a command, each a page of steps, and
//! follow its verbs. ARCHITECTURE.md says what each module may use.

pub mod apply;
pub mod cli;
pub mod commands;
pub mod config;
pub mod deliver;
pub mod files;
pub mod http;
pub mod ingest;
pub mod ledger;
pub mod model;
pub mod plan;
pub mod reconcile;
pub mod report;
pub mod sandbox;
pub mod seats;
pub mod vendor;
