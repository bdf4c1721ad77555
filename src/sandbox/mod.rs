//! The simulated 8x8 tenant: an HTTP server that answers like the vendor's
//! Administration API and SCIM service, and is as strict.
//!
//! Written from the vendor's OpenAPI documents and SCIM's RFCs alone. It uses nothing of the
//! crate, wire types least of all: a field name misspelled on both sides would
//! pass every test. Where the vendor's documents are silent the sandbox has a
//! rule of its own, and the comment at that rule says so.
//!
//! [`start`] serves it over loopback sockets; [`tenant`] is the same tenant
//! without sockets, for tests in tokio's paused time. A request goes through
//! `service` (hold, lock, log) and `router` (key, limits, routing) to `users`,
//! `update` or `operations`, or to `scim`; `state` is what the tenant remembers; `log` judges
//! how the client behaved; `faults` spoils answers on purpose, and `wire` the connections.

mod answer;
mod clock;
mod error;
mod fault_script;
mod faults;
mod filter;
mod hold;
mod identity;
mod limits;
mod log;
mod lost;
mod operations;
mod options;
mod query;
mod render;
mod router;
mod scim;
mod scim_filter;
mod server;
mod service;
mod state;
mod state_file;
mod update;
mod users;
mod wire;

#[cfg(test)]
mod tests;

pub use error::SandboxError;
pub use fault_script::FaultScriptError;
pub use faults::FaultScript;
pub use hold::{Hold, HoldPoint};
pub use log::{LogEntry, LogReport, LogWrite};
pub use options::{
    Counting, ListPayload, ListScope, OperationTime, Options, PatchAnswer, ScimOptions, Seed,
    SeedLicense, SeedUser, StrandedSeats, TenantLimits, UpdateSupport,
};
pub use server::{Running, start};
pub use service::{Tenant, tenant};
