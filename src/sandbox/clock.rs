//! The tenant's time: real time from an origin, at a scale.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Tells the tenant's time. Under tokio's paused clock it stands still with it.
#[derive(Debug)]
pub(super) struct Clock {
    origin: Timestamp,
    started: Instant,
    scale: u32,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the sandbox uses nothing of the crate, so this is its own home of the clock"
    )]
    pub(super) fn start(origin: Timestamp, scale: u32) -> Self {
        Self {
            origin,
            started: Instant::now(),
            scale,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        let elapsed = self.started.elapsed().saturating_mul(self.scale);
        later(
            self.origin,
            SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX),
        )
    }
}

/// `time` plus `duration`, at most the last instant there is.
pub(super) fn later(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// Whole seconds from `now` to `time`, rounded up, at least 1: what goes into
/// `Retry-After`.
pub(super) fn seconds_until(now: Timestamp, time: Timestamp) -> i64 {
    let wait = time.duration_since(now);
    let begun = i64::from(wait.subsec_nanos() > 0);
    (wait.as_secs() + begun).max(1)
}

/// `time` as a Unix second, rounded up, so that whoever waits for it never
/// comes too early.
pub(super) fn unix_second_after(time: Timestamp) -> i64 {
    time.as_second() + i64::from(time.subsec_nanosecond() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn time_passes_at_the_scale() {
        let origin: Timestamp = "2026-11-20T08:00:00Z".parse().expect("a time");
        let clock = Clock::start(origin, 60);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(clock.now().to_string(), "2026-11-20T08:02:00Z");
    }

    #[test]
    fn a_wait_is_rounded_up() {
        let now: Timestamp = "2026-11-20T08:00:00Z".parse().expect("a time");
        let soon: Timestamp = "2026-11-20T08:00:02.1Z".parse().expect("a time");
        assert_eq!(seconds_until(now, soon), 3);
        assert_eq!(seconds_until(soon, now), 1);
        assert_eq!(unix_second_after(soon), now.as_second() + 3);
    }
}
