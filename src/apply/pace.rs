//! When to look at an operation: learned from the operations of this run. A
//! look that comes too early is a request wasted; one that comes late costs
//! nothing as long as other operations are under way meanwhile. Pure.

use std::time::Duration;

/// Read, write, one look at the operation; what is read back through pages
/// hardly counts.
pub(super) const REQUESTS_A_CHANGE: u32 = 3;

/// How long this run's operations take, as far as it was noticed.
#[derive(Debug)]
pub(super) struct Pace {
    /// No first look comes earlier.
    earliest: Duration,
    /// The longest time after which an operation that had been looked at too
    /// early was found to have ended. What is over at the first look says only
    /// that the expectation was not too low.
    longest: Duration,
}

impl Pace {
    /// Before anything is known, operations are expected to take `earliest`.
    pub(super) fn new(earliest: Duration) -> Self {
        Self {
            earliest,
            longest: earliest,
        }
    }

    /// When to look at an operation for the first time, so that it is likely
    /// to have ended. `operation_time` is how long operations may take before
    /// the places for them decide the rate (at [`REQUESTS_A_CHANGE`]); a quarter
    /// of it is left for the change's other requests. One operation that took
    /// for ever must not make all others wait.
    pub(super) fn first_look(&self, operation_time: Duration) -> Duration {
        self.longest.min(operation_time / 4 * 3).max(self.earliest)
    }

    /// Whether operations are over so soon that whoever waits for a place
    /// meanwhile gets one within `time`.
    pub(super) fn is_within(&self, time: Duration) -> bool {
        self.longest < time
    }

    /// How long to wait for the next look at an operation that is still under
    /// way after `elapsed`: until all others had ended, but no longer than
    /// it took so far; when it takes longer than any, half as long again.
    pub(super) fn next_look(&self, elapsed: Duration) -> Duration {
        match self.longest.checked_sub(elapsed) {
            Some(left) if !left.is_zero() => left.min(elapsed),
            Some(_) | None => elapsed / 2,
        }
    }

    /// Takes in that an operation was found to have ended after `elapsed`, and
    /// to be under way before.
    pub(super) fn learn(&mut self, elapsed: Duration) {
        self.longest = self.longest.max(elapsed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const ENOUGH: Duration = seconds(18);

    /// Looks that operations of these lengths take, one after another.
    fn looks(pace: &mut Pace, lengths: impl IntoIterator<Item = Duration>) -> u32 {
        let mut looks = 0;
        for length in lengths {
            let first = pace.first_look(ENOUGH);
            let mut elapsed = first;
            looks += 1;
            while elapsed < length {
                elapsed += pace.next_look(elapsed).max(seconds(1));
                looks += 1;
            }
            if elapsed > first {
                pace.learn(elapsed);
            }
        }
        looks
    }

    #[test]
    fn after_a_few_operations_one_look_is_enough() {
        let mut pace = Pace::new(seconds(2));
        let length = |number: u64| Duration::from_millis(1500 + number * 1009 % 4500);
        let first = looks(&mut pace, (0..10).map(length));
        assert!(first <= 18, "{first}");
        let later = looks(&mut pace, (10..1010).map(length));
        assert!(later <= 1005, "{later}");
    }

    #[test]
    fn waiting_never_becomes_the_bottleneck() {
        let mut pace = Pace::new(seconds(2));
        assert_eq!(pace.first_look(ENOUGH), seconds(2));
        pace.learn(seconds(5));
        pace.learn(seconds(4));
        assert_eq!(pace.first_look(ENOUGH), seconds(5));
        pace.learn(seconds(250));
        assert_eq!(pace.first_look(ENOUGH), Duration::from_millis(13_500));
        // Nor does it come before the configured time.
        assert_eq!(pace.first_look(Duration::ZERO), seconds(2));
    }

    #[test]
    fn a_stuck_operation_does_not_eat_the_rate() {
        let mut pace = Pace::new(seconds(2));
        assert!(looks(&mut pace, [seconds(300)]) <= 14);
        // Nor does the next one wait for so long because of it.
        assert_eq!(pace.next_look(seconds(20)), seconds(20));
    }
}
