//! Speaks with 8x8: the Administration API behind one limiter, on one clock.
//!
//! Architecture invariant: this module knows neither plans nor the ledger. It
//! carries out one call at a time and says precisely what is known about its
//! effect; what follows from that is `apply`'s to decide.

pub mod clock;
pub mod limiter;
pub mod retry;
pub mod signals;
