//! Speaks with 8x8: the Administration API behind one limiter, on one clock.
//! Read [`admin_api`] first.
//!
//! Architecture invariant: this module knows neither plans nor the ledger. It
//! carries out one call at a time and says precisely what is known about its
//! effect; what follows from that is `apply`'s to decide.

pub mod admin_api;
mod answer;
pub mod call;
pub mod clock;
pub mod limiter;
pub mod listing;
pub mod operation;
pub mod page;
pub mod problem;
pub mod retry;
pub mod signals;
pub mod user;

pub use admin_api::{AdminApi, AdminApiOptions, SendOnce, UnusableKey};
pub use call::{CallError, CallErrorKind, Explanation, Reply, Trace, WriteError};
pub use clock::{Clock, wall_now};
pub use limiter::{Limiter, Limits, OperationSlot, RequestPermit, ServerLimit, Usage};
pub use listing::{ListError, Listing};
pub use operation::{Accepted, FollowLimits, Followed, Operation, OperationStatus};
pub use page::{PageQuery, UserPage};
pub use problem::{Problem, ProblemError};
pub use retry::RetryPolicy;
pub use signals::ResponseFacts;
pub use user::{License, Status, User, UserChange};
