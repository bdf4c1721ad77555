//! Scenarios for reconcile.
