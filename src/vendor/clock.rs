//! The only home of time.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// The run clock: it starts at an origin and advances with monotonic time,
/// `speed` times as fast. Limits, waits and recorded times all use it, so that
/// a run against a sandbox can pass quickly and a test in no time at all.
/// Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    origin: Timestamp,
    started: Instant,
    speed: u32,
}

impl Clock {
    /// A clock that shows `origin` now. A `speed` of 0 is read as 1: time
    /// never stands still.
    #[expect(clippy::disallowed_methods, reason = "this is the home of time")]
    pub fn new(origin: Timestamp, speed: u32) -> Self {
        Self {
            origin,
            started: Instant::now(),
            speed: speed.max(1),
        }
    }

    /// The time that it showed first.
    pub fn origin(&self) -> Timestamp {
        self.origin
    }

    /// The run clock's time.
    pub fn now(&self) -> Timestamp {
        self.origin + self.elapsed()
    }

    /// How much time has passed on this clock since its origin.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed().saturating_mul(self.speed)
    }

    /// The instant that lies `elapsed` after the origin.
    pub(super) fn at(&self, elapsed: Duration) -> Timestamp {
        self.origin + elapsed
    }

    /// Waits for `duration` of this clock's time.
    #[expect(clippy::disallowed_methods, reason = "this is the home of time")]
    pub async fn sleep(&self, duration: Duration) {
        // Rounded up, so that a wait never ends before its time.
        let real = duration.as_nanos().div_ceil(u128::from(self.speed));
        let nanoseconds = u64::try_from(real).unwrap_or(u64::MAX);
        tokio::time::sleep(Duration::from_nanos(nanoseconds)).await;
    }

    /// Waits until this clock shows `time`; returns at once if it is past.
    pub async fn sleep_until(&self, time: Timestamp) {
        let wait = Duration::try_from(time.duration_since(self.now())).unwrap_or_default();
        if !wait.is_zero() {
            self.sleep(wait).await;
        }
    }

    /// How many times faster than real time it runs.
    pub fn speed(&self) -> u32 {
        self.speed
    }
}

/// The wall clock's time: for the origin of a run's clock and for the column
/// beside its times, never for a decision.
#[expect(clippy::disallowed_methods, reason = "this is the home of time")]
pub fn wall_now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_runs_as_fast_as_it_was_told() {
        for speed in [1, 60] {
            let origin: Timestamp = "2026-03-02T00:00:00Z".parse().expect("a time");
            let clock = Clock::new(origin, speed);
            let real = Clock::new(origin, 1);
            assert_eq!(clock.now(), origin);
            clock.sleep(Duration::from_mins(1)).await;
            assert_eq!(clock.now(), origin + Duration::from_mins(1));
            assert_eq!(real.elapsed(), Duration::from_mins(1) / speed);
            clock.sleep_until(origin).await;
            clock.sleep_until(origin + Duration::from_mins(5)).await;
            assert_eq!(clock.elapsed(), Duration::from_mins(5));
        }
    }
}
