//! Speaks with 8x8: the Administration API and SCIM, each behind a limiter of
//! its own, on one clock. Read [`admin_api`] first, then [`scim`].
//!
//! Architecture invariant: this module knows neither plans nor the ledger. It
//! carries out one call at a time and says precisely what is known about its
//! effect; what follows from that is `apply`'s to decide.

pub mod admin_api;
mod answer;
pub mod call;
mod caller;
pub mod clock;
pub mod limiter;
pub mod listing;
pub mod operation;
pub mod page;
pub mod problem;
pub mod retry;
pub mod scim;
pub mod scim_user;
pub mod signals;
pub mod user;

pub use admin_api::{AdminApi, AdminApiOptions, UnusableKey};
pub use call::{
    CallError, CallErrorKind, Explanation, Reply, SendOnce, Trace, VendorApi, WriteError,
};
pub use clock::{Clock, wall_now};
pub use limiter::{Limiter, Limits, OperationSlot, RequestPermit, ServerLimit, Usage};
pub use listing::{ListError, Listing};
pub use operation::{Accepted, FollowLimits, Followed, Operation, OperationStatus};
pub use page::{PageQuery, UserPage, status_filter};
pub use problem::{Problem, ProblemError};
pub use retry::RetryPolicy;
pub use scim::{Scim, ScimOptions, UnusableToken};
pub use scim_user::ScimUser;
pub use signals::ResponseFacts;
pub use user::{License, NewLicense, Status, User, UserChange};
