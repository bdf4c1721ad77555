//! How far a phase has come, what its changes cost, and how long the rest
//! takes: from the rate at which it goes, not from a guess.

use std::time::Duration;

use indicatif::HumanDuration;

/// Requests that a change takes: read, write, one look at its operation; what
/// is read back together hardly counts.
const REQUESTS_A_CHANGE: f64 = 3.0;

/// Accounts after which what was seen counts for more than what is expected.
/// Until then most of what was sent is for accounts that are not done.
const ACCOUNTS_THAT_TELL: u64 = 20;

/// As long does a phase take to reach its rate.
const WARM_UP: Duration = Duration::from_mins(1);

/// What was used at some moment, in run-clock time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spent {
    pub requests: u64,
    pub elapsed: Duration,
    pub allowed_per_minute: u32,
}

/// How a phase stands.
pub(super) struct Standing {
    /// Accounts that are done.
    pub done: u64,
    pub all: u64,
    /// What was used when it began, and by now.
    pub began: Spent,
    pub now: Spent,
    /// Run-clock seconds in a real one.
    pub time_scale: u32,
}

impl Standing {
    /// Requests for each account, once enough are done to tell.
    fn each(&self) -> Option<f64> {
        let requests = self.now.requests.saturating_sub(self.began.requests);
        (self.done >= ACCOUNTS_THAT_TELL).then(|| number(requests) / number(self.done))
    }

    /// The part of the allowed requests that goes out, once the phase has
    /// reached its rate.
    fn share(&self) -> Option<f64> {
        let elapsed = self.now.elapsed.saturating_sub(self.began.elapsed);
        if elapsed < WARM_UP || self.now.allowed_per_minute == 0 {
            return None;
        }
        let requests = self.now.requests.saturating_sub(self.began.requests);
        let allowed = f64::from(self.now.allowed_per_minute) * elapsed.as_secs_f64() / 60.0;
        Some((number(requests) / allowed).clamp(0.01, 1.0))
    }

    /// Real time until the last account is done.
    pub(super) fn left(&self) -> HumanDuration {
        let accounts = number(self.all.saturating_sub(self.done));
        let requests = accounts * self.each().unwrap_or(REQUESTS_A_CHANGE);
        let allowed = f64::from(self.now.allowed_per_minute.max(1));
        let minutes = requests / allowed / self.share().unwrap_or(1.0);
        let seconds = minutes * 60.0 / f64::from(self.time_scale.max(1));
        HumanDuration(Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(Duration::MAX))
    }

    /// `83 requests (3.3 each, 98 % of the rate), about 2 minutes left`.
    pub(super) fn text(&self) -> String {
        let each = self.each().map(|each| format!("{each:.1} each"));
        let share = self.share();
        let share = share.map(|share| format!("{:.0} % of the rate", share * 100.0));
        let budget: Vec<String> = each.into_iter().chain(share).collect();
        let budget = match budget.as_slice() {
            [] => String::new(),
            some => format!(" ({})", some.join(", ")),
        };
        let requests = self.now.requests;
        format!("{requests} requests{budget}, about {} left", self.left())
    }
}

/// Exact up to four thousand million.
fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(done: u64, requests: u64, seconds: u64) -> Standing {
        let spent = |requests, seconds| Spent {
            requests,
            elapsed: Duration::from_secs(seconds),
            allowed_per_minute: 100,
        };
        Standing {
            done,
            all: 1000,
            began: spent(40, 30),
            now: spent(40 + requests, 30 + seconds),
            time_scale: 1,
        }
    }

    #[test]
    fn the_first_accounts_tell_nothing_of_the_rest() {
        let text = standing(1, 20, 10).text();
        assert_eq!(text, "60 requests, about 30 minutes left");
    }

    #[test]
    fn what_goes_slower_or_costs_more_takes_longer() {
        let text = standing(100, 320, 200).text();
        assert_eq!(
            text,
            "360 requests (3.2 each, 96 % of the rate), about 30 minutes left"
        );
        let text = standing(100, 400, 480).text();
        assert_eq!(
            text,
            "440 requests (4.0 each, 50 % of the rate), about 72 minutes left"
        );
    }

    #[test]
    fn a_fast_clock_is_told_in_real_time() {
        let fast = Standing {
            time_scale: 60,
            ..standing(500, 1500, 900)
        };
        assert_eq!(fast.left().to_string(), "15 seconds");
    }
}
