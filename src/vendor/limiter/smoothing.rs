//! Spreads the sends evenly, so that no window is used up in a burst.

use std::num::NonZeroU32;

use governor::{
    Quota, RateLimiter,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};

use super::super::clock::Clock;
use super::{MINUTE, Window};

pub(super) type Smoothing =
    RateLimiter<NotKeyed, InMemoryState, SmoothingClock, NoOpMiddleware<Nanos>>;

/// The governor's view of our clock; its own would not be paused in tests nor
/// scaled against a sandbox.
pub(super) struct SmoothingClock(Clock);

/// The smoothing's spacing as a part of the limit's own.
const SPACING: f64 = 0.95;

/// How many unused sends the smoothing keeps. Two, not one, because a timer
/// that fires late would otherwise cost its lateness at every send.
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

pub(super) fn smoothing(windows: &[Window], clock: &Clock) -> Smoothing {
    let spacing = windows.iter().map(Window::spacing).max();
    let quota = Quota::with_period(spacing.unwrap_or(MINUTE).mul_f64(SPACING))
        .unwrap_or(Quota::per_minute(NonZeroU32::MIN))
        .allow_burst(BURST);
    RateLimiter::direct_with_clock(quota, SmoothingClock(clock.clone()))
}

impl governor::clock::Clock for SmoothingClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}
