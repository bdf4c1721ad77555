//! The request limits, over arrivals, in tenant time.

use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

use super::clock::later;
use super::options::{Counting, TenantLimits};

/// Both windows of one API key.
#[derive(Debug)]
pub(super) struct Windows {
    minute: Window,
    burst: Window,
}

/// What the rate-limit headers of an answer say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usage {
    /// Requests allowed in a minute.
    pub(super) limit: u32,
    /// Requests left of them now.
    pub(super) remaining: u32,
    /// When a place becomes free again.
    pub(super) reset: Timestamp,
}

/// Whether a request may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may.
    Admitted,
    /// It came too early.
    Refused {
        /// When it would have been admitted.
        retry_at: Timestamp,
    },
}

impl Windows {
    pub(super) fn new(limits: TenantLimits) -> Self {
        let window = |seconds, limit| Window {
            length: SignedDuration::from_secs(seconds),
            counting: limits.counting,
            limit,
            arrivals: VecDeque::new(),
        };
        Self {
            minute: window(60, limits.requests_per_minute),
            burst: window(10, limits.requests_per_10_seconds),
        }
    }

    /// Admits a request that arrives at `now`, or refuses it. A refused one
    /// takes no place, so that a client that waits as told is let in.
    pub(super) fn arrive(&mut self, now: Timestamp) -> Admission {
        self.minute.forget(now);
        self.burst.forget(now);
        let retry_at = [&self.minute, &self.burst]
            .into_iter()
            .filter(|window| window.remaining() == 0)
            .map(|window| window.reset(now))
            .max();
        if let Some(retry_at) = retry_at {
            return Admission::Refused { retry_at };
        }
        self.minute.arrivals.push_back(now);
        self.burst.arrivals.push_back(now);
        Admission::Admitted
    }

    /// What the headers say at `now`: the minute's window, which is the limit
    /// that the vendor's headers name.
    pub(super) fn usage(&mut self, now: Timestamp) -> Usage {
        self.minute.forget(now);
        Usage {
            limit: self.minute.limit,
            remaining: self.minute.remaining(),
            reset: self.minute.reset(now),
        }
    }
}

#[derive(Debug)]
struct Window {
    length: SignedDuration,
    counting: Counting,
    limit: u32,
    arrivals: VecDeque<Timestamp>,
}

impl Window {
    fn forget(&mut self, now: Timestamp) {
        let first = self.begins(now);
        while self
            .arrivals
            .front()
            .is_some_and(|arrival| *arrival < first)
        {
            self.arrivals.pop_front();
        }
    }

    /// The earliest arrival that counts at `now`.
    fn begins(&self, now: Timestamp) -> Timestamp {
        match self.counting {
            // A request counts until the window's length has passed, and no
            // longer at that very moment.
            Counting::Sliding => later(later(now, -self.length), NANOSECOND),
            Counting::Fixed { phase } => {
                let length = self.length.as_nanos();
                let phase = i128::try_from(phase.as_nanos()).unwrap_or_default();
                let into = (now.as_nanosecond() - phase).rem_euclid(length);
                later(now, -SignedDuration::from_nanos_i128(into))
            }
        }
    }

    fn remaining(&self) -> u32 {
        let used = u32::try_from(self.arrivals.len()).unwrap_or(u32::MAX);
        self.limit.saturating_sub(used)
    }

    fn reset(&self, now: Timestamp) -> Timestamp {
        match (self.counting, self.arrivals.front()) {
            (Counting::Fixed { .. }, _) => later(self.begins(now), self.length),
            (Counting::Sliding, Some(oldest)) => later(*oldest, self.length),
            // A limit of zero never has room; otherwise there is room now.
            (Counting::Sliding, None) if self.limit == 0 => later(now, self.length),
            (Counting::Sliding, None) => now,
        }
    }
}

const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: f64) -> Timestamp {
        let origin: Timestamp = "2026-11-20T08:00:00Z".parse().expect("a time");
        later(origin, SignedDuration::from_secs_f64(seconds))
    }

    #[test]
    fn the_21st_request_in_10_seconds_is_refused() {
        let mut windows = Windows::new(TenantLimits::default());
        for _ in 0..20 {
            assert_eq!(windows.arrive(at(0.5)), Admission::Admitted);
        }
        assert_eq!(
            windows.arrive(at(10.4)),
            Admission::Refused { retry_at: at(10.5) }
        );
        assert_eq!(windows.arrive(at(10.5)), Admission::Admitted);
    }

    #[test]
    fn the_101st_request_in_a_minute_is_refused() {
        let mut windows = Windows::new(TenantLimits::default());
        for number in 0..100 {
            let arrival = at(0.55 * f64::from(number));
            assert_eq!(windows.arrive(arrival), Admission::Admitted, "{number}");
        }
        assert_eq!(windows.usage(at(59.0)).remaining, 0);
        assert_eq!(
            windows.arrive(at(59.9)),
            Admission::Refused { retry_at: at(60.0) }
        );
        assert_eq!(windows.arrive(at(60.0)), Admission::Admitted);
    }

    #[test]
    fn fixed_windows_begin_anew_at_their_phase() {
        let limits = TenantLimits {
            requests_per_minute: 30,
            counting: Counting::Fixed {
                phase: Duration::from_secs(17),
            },
            ..TenantLimits::default()
        };
        let mut windows = Windows::new(limits);
        // 20 just before the end of a window and 20 right after it: more in a
        // moment than sliding windows would ever admit.
        for _ in 0..20 {
            assert_eq!(windows.arrive(at(16.9)), Admission::Admitted);
        }
        assert_eq!(
            windows.arrive(at(16.9)),
            Admission::Refused { retry_at: at(17.0) }
        );
        let usage = windows.usage(at(16.9));
        assert_eq!((usage.remaining, usage.reset), (10, at(17.0)));
        for _ in 0..20 {
            assert_eq!(windows.arrive(at(17.0)), Admission::Admitted);
        }
        assert_eq!(
            windows.arrive(at(20.0)),
            Admission::Refused { retry_at: at(27.0) }
        );
        for _ in 0..10 {
            assert_eq!(windows.arrive(at(76.9)), Admission::Admitted);
        }
        let usage = windows.usage(at(76.9));
        assert_eq!((usage.remaining, usage.reset), (0, at(77.0)));
        assert_eq!(
            windows.arrive(at(76.99)),
            Admission::Refused { retry_at: at(77.0) }
        );
        assert_eq!(windows.usage(at(77.0)).remaining, 30);
    }

    #[test]
    fn the_headers_tell_the_minute() {
        let mut windows = Windows::new(TenantLimits::default());
        windows.arrive(at(1.0));
        windows.arrive(at(2.0));
        let usage = windows.usage(at(3.0));
        assert_eq!((usage.limit, usage.remaining), (100, 98));
        assert_eq!(usage.reset, at(61.0));
    }
}
