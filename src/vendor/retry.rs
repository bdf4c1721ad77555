//! Which calls may be tried again, and after how long. Pure: the caller waits.

use std::time::Duration;

use crate::http::{StatusCode, TransportError};

/// How often and how slowly a call is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all, the first included.
    pub tries: u32,
    /// Longest wait after the first failed try; it doubles with each.
    pub first_delay: Duration,
    /// No wait is longer.
    pub longest_delay: Duration,
}

/// Whether repeating a call could change something twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It only looks.
    Read,
    /// It changes the tenant.
    Write,
}

/// How a try failed.
#[derive(Clone, Copy, Debug)]
pub enum Failure<'a> {
    /// The server answered with this status.
    Status(StatusCode),
    /// No usable answer came.
    Transport(&'a TransportError),
}

impl Default for RetryPolicy {
    /// What 8x8's guide recommends: waits from 2 to 32 seconds, 5 tries.
    fn default() -> Self {
        Self {
            tries: 5,
            first_delay: Duration::from_secs(2),
            longest_delay: Duration::from_secs(32),
        }
    }
}

impl RetryPolicy {
    /// Whether a call that failed so, `tries` times by now, is tried again.
    pub fn tries_again(&self, effect: Effect, failure: Failure<'_>, tries: u32) -> bool {
        tries < self.tries && may_repeat(effect, failure)
    }

    /// The longest wait after `failed_tries` (from 1) failures.
    pub fn longest_delay_after(&self, failed_tries: u32) -> Duration {
        let doublings = failed_tries.saturating_sub(1).min(31);
        self.first_delay
            .saturating_mul(1 << doublings)
            .min(self.longest_delay)
    }

    /// The wait after `failed_tries` (from 1) failures: anything up to the
    /// longest, so that callers that failed together do not return together.
    pub fn delay(&self, failed_tries: u32, random: &mut fastrand::Rng) -> Duration {
        self.longest_delay_after(failed_tries).mul_f64(random.f64())
    }
}

/// Whether a call that failed so may be sent again at all. A read may after
/// anything that can pass; a write only when it certainly was not carried out:
/// the server refused it for the rate, or never saw it.
pub fn may_repeat(effect: Effect, failure: Failure<'_>) -> bool {
    match (effect, failure) {
        (Effect::Read, Failure::Status(status)) => {
            status == StatusCode::REQUEST_TIMEOUT
                || status == StatusCode::TOO_MANY_REQUESTS
                || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED)
        }
        (Effect::Write, Failure::Status(status)) => status == StatusCode::TOO_MANY_REQUESTS,
        (Effect::Read, Failure::Transport(error)) => error.may_pass(),
        (Effect::Write, Failure::Transport(error)) => {
            error.may_pass() && error.certainly_not_sent()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Method, TransportFailure, Url};

    #[test]
    fn the_table_of_statuses() {
        let cases = [
            (400, false, false),
            (401, false, false),
            (403, false, false),
            (404, false, false),
            (408, true, false),
            (409, false, false),
            (424, false, false),
            (429, true, true),
            (500, true, false),
            // A method that is not there will not be there in a minute.
            (501, false, false),
            (502, true, false),
            (503, true, false),
            (504, true, false),
        ];
        for (status, read, write) in cases {
            let failure = Failure::Status(StatusCode::from_u16(status).expect("a status"));
            assert_eq!(may_repeat(Effect::Read, failure), read, "read {status}");
            assert_eq!(may_repeat(Effect::Write, failure), write, "write {status}");
        }
    }

    #[test]
    fn the_table_of_transport_failures() {
        let cases = [
            (TransportFailure::NotSent, true, true),
            (TransportFailure::Interrupted, true, false),
            (TransportFailure::CertificateNotTrusted, false, false),
            (TransportFailure::TooLarge, false, false),
            (TransportFailure::InvalidRequest, false, false),
        ];
        let url = Url::parse("https://api.example.com").expect("a url");
        for (failure, read, write) in cases {
            let error = TransportError::new(failure, &Method::GET, &url, "test");
            let failed = Failure::Transport(&error);
            assert_eq!(may_repeat(Effect::Read, failed), read, "read {failure:?}");
            assert_eq!(
                may_repeat(Effect::Write, failed),
                write,
                "write {failure:?}"
            );
        }
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = RetryPolicy::default();
        let seconds: Vec<_> = (1..=7)
            .map(|tries| policy.longest_delay_after(tries).as_secs())
            .collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 32, 32]);
        assert_eq!(policy.longest_delay_after(u32::MAX).as_secs(), 32);
    }

    #[test]
    fn waits_are_spread_over_the_whole_range_and_repeatable() {
        let policy = RetryPolicy::default();
        let delays = |seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            (0..1000)
                .map(|_| policy.delay(3, &mut random))
                .collect::<Vec<_>>()
        };
        let first = delays(7);
        assert_eq!(first, delays(7));
        assert!(first.iter().all(|delay| *delay <= Duration::from_secs(8)));
        assert!(first.iter().any(|delay| *delay < Duration::from_secs(1)));
        assert!(first.iter().any(|delay| *delay > Duration::from_secs(7)));
    }

    #[test]
    fn tries_are_counted_from_the_first() {
        let policy = RetryPolicy::default();
        let failure = Failure::Status(StatusCode::TOO_MANY_REQUESTS);
        assert!(policy.tries_again(Effect::Write, failure, 4));
        assert!(!policy.tries_again(Effect::Write, failure, 5));
    }
}
