//! What other processes on the same key need, as the server's answers imply.

use std::time::Duration;

use jiff::Timestamp;

use super::MINUTE;

/// Requests of others in a minute: the most that the answers of the last
/// minute implied, because what they needed lately they will need again.
#[derive(Default)]
pub(super) struct Others {
    needed: Option<Needed>,
    reset: Option<Reset>,
}

struct Needed {
    requests: usize,
    until: Timestamp,
}

/// When the server's count starts anew, as its answers say. A moment that
/// stays the same from answer to answer is the end of a fixed window.
#[derive(Clone, Copy)]
struct Reset {
    at: Timestamp,
    first_said: Timestamp,
}

/// How long a moment of reset has to stay the same to be a fixed window's. One
/// that moves with our requests moves on within that.
const STAYS_THE_SAME: Duration = Duration::from_secs(5);

/// What the moments said of one reset differ by: `Date` and reset are whole
/// seconds, and answers take their time.
const WHOLE_SECONDS: Duration = Duration::from_secs(2);

impl Others {
    /// How many requests of the minute are theirs.
    pub(super) fn at(&self, now: Timestamp) -> usize {
        let needed = self.needed.iter().filter(|needed| now < needed.until);
        needed.map(|needed| needed.requests).sum()
    }

    /// When what they needed is forgotten, unless it is seen again.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.needed.as_ref().map(|needed| needed.until)
    }

    /// Takes in how many requests an answer implied.
    pub(super) fn need(&mut self, now: Timestamp, requests: usize) {
        if requests >= self.at(now) {
            let until = now + MINUTE;
            self.needed = Some(Needed { requests, until });
        }
    }

    /// How far back the server has counted at most, if it starts anew in
    /// `reset_in`: a fixed window began a minute before its end.
    pub(super) fn counted_for(&mut self, now: Timestamp, reset_in: Option<Duration>) -> Duration {
        let Some(length) = reset_in else {
            return MINUTE;
        };
        let said = Reset {
            at: now + length,
            first_said: now,
        };
        let known = self.reset.filter(|known| {
            let apart = known.at.duration_since(said.at).unsigned_abs();
            apart <= WHOLE_SECONDS
        });
        let reset = *self.reset.insert(known.unwrap_or(said));
        if now < reset.first_said + STAYS_THE_SAME {
            return MINUTE;
        }
        let left = Duration::try_from(reset.at.duration_since(now)).unwrap_or_default();
        (MINUTE.saturating_sub(left) + WHOLE_SECONDS).min(MINUTE)
    }
}
