//! Keeps every request and operation within the vendor's limits.
//!
//! The proof that no window is ever overfull is the log of completions: the
//! server counts arrivals, and all we know of an arrival is that it lay
//! between the send and the answer. A slot is therefore held from the send
//! until the window's length after the answer. Whatever the latencies, two
//! requests on one slot then arrive further apart than the window is long.
//!
//! Within that, governor spreads the sends evenly. Its quota replenishes one
//! request every 0.95 × the limit's own spacing (0.57 s at 100 a minute) and
//! keeps at most two: a little faster than the limit, so that the log and not
//! the smoothing decides how much goes out, and without a burst when a window
//! or a pause ends.

mod others;
mod smoothing;

use std::{
    collections::VecDeque,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use self::others::Others;
use self::smoothing::{Smoothing, smoothing};
use super::{clock::Clock, signals::ResponseFacts};

/// How much is allowed in any window. 8x8 documents these per API key, and the
/// operations per organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests in any 60 seconds.
    pub requests_per_minute: NonZeroU32,
    /// Requests in any 10 seconds.
    pub requests_per_10_seconds: NonZeroU32,
    /// Operations that have been accepted and have not ended.
    pub operations_in_flight: NonZeroU32,
    /// What becomes of the limit that the server itself names.
    pub server_limit: ServerLimit,
}

/// What becomes of the requests a minute that the server says it allows
/// (`x-ratelimit-limit`). A lower number than ours is always kept to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerLimit {
    /// It can only slow us down.
    #[default]
    Lowers,
    /// It takes the place of ours, also where it allows more.
    Replaces,
}

/// Hands out permits to send. Clones share one count; callers are served in
/// the order in which they came.
#[derive(Clone)]
pub struct Limiter(Arc<Shared>);

/// Permission to send one request, now. Dropped without
/// [`answered`](Self::answered), as after a failure or a cancellation, it
/// holds its slot for a window from the drop: the request may have arrived at
/// any moment until then.
#[must_use]
pub struct RequestPermit {
    limiter: Limiter,
    sent_at: Timestamp,
}

/// The right to have one operation open, from before its request until it is
/// known to have ended or is given up. Dropping it frees the place.
#[must_use]
pub struct OperationSlot {
    _place: OwnedSemaphorePermit,
}

/// What a run has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests sent, polls included.
    pub requests: u64,
    /// Requests that only asked how an operation stands.
    pub polls: u64,
    /// Answers that refused for the rate (429).
    pub throttled: u64,
    /// Requests a minute that are allowed, by ourselves and by the server.
    pub allowed_per_minute: u32,
    /// Time that the server's requests for a pause added up to.
    pub paused: Duration,
    /// Requests a minute that the server last said it allows.
    pub server_limit: Option<u32>,
}

struct Shared {
    clock: Clock,
    state: Mutex<State>,
    /// Only the caller at the head of the queue looks for a free slot.
    turn: tokio::sync::Mutex<()>,
    /// An answer came: the caller at the head looks again.
    answered: Notify,
    operations: Arc<Semaphore>,
}

struct State {
    limits: Limits,
    windows: [Window; 2],
    smoothing: Smoothing,
    in_flight: usize,
    /// When the requests of the last [`REMEMBERED`] were answered, oldest
    /// first.
    answered: VecDeque<Timestamp>,
    paused_until: Timestamp,
    others: Others,
    usage: Usage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Window {
    length: Duration,
    limit: usize,
}

/// Why the caller at the head has to wait: until a time, or else for an
/// answer.
struct Wait(Option<Timestamp>);

const MINUTE: Duration = Duration::from_mins(1);
const TEN_SECONDS: Duration = Duration::from_secs(10);

/// A slow answer tells what the server counted when the request arrived, up to
/// the client's time-out ago, so the log reaches back that much further than
/// the window.
const REMEMBERED: Duration = Duration::from_mins(3);

impl Default for Limits {
    /// The limits that 8x8 documents.
    fn default() -> Self {
        let limit = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self {
            requests_per_minute: limit(100),
            requests_per_10_seconds: limit(20),
            operations_in_flight: limit(10),
            server_limit: ServerLimit::default(),
        }
    }
}

impl Limiter {
    /// A limiter that has seen no requests yet.
    pub fn new(limits: Limits, clock: Clock) -> Self {
        let windows = windows(&limits, limits.requests_per_minute);
        let operations = usize::try_from(limits.operations_in_flight.get()).unwrap_or(usize::MAX);
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                limits,
                windows,
                smoothing: smoothing(&windows, &clock),
                in_flight: 0,
                answered: VecDeque::new(),
                paused_until: Timestamp::MIN,
                others: Others::default(),
                usage: Usage::default(),
            }),
            turn: tokio::sync::Mutex::new(()),
            answered: Notify::new(),
            operations: Arc::new(Semaphore::new(operations.min(Semaphore::MAX_PERMITS))),
            clock,
        }))
    }

    /// Waits until a request may be sent. Cancelling the wait costs nothing.
    pub async fn request(&self) -> RequestPermit {
        let shared = &self.0;
        let _turn = shared.turn.lock().await;
        loop {
            // Pause, log and smoothing are asked at one instant, so that no
            // pause can begin between them; after every wait all are asked
            // again, so that the end of a pause is no stampede.
            match self.take() {
                Ok(sent_at) => {
                    return RequestPermit {
                        limiter: self.clone(),
                        sent_at,
                    };
                }
                Err(Wait(Some(until))) => tokio::select! {
                    () = shared.clock.sleep_until(until) => {}
                    () = shared.answered.notified() => {}
                },
                Err(Wait(None)) => shared.answered.notified().await,
            }
        }
    }

    /// Waits for one of the places for open operations.
    pub async fn operation(&self) -> OperationSlot {
        let place = Arc::clone(&self.0.operations).acquire_owned().await;
        OperationSlot {
            _place: place.expect("this semaphore is never closed"),
        }
    }

    /// Nothing is sent before `time`. An earlier pause that lasts longer stays.
    pub fn pause_until(&self, time: Timestamp) {
        let now = self.0.clock.now();
        self.state().pause(now, time);
    }

    /// Whether a pause is on.
    pub fn is_paused(&self) -> bool {
        self.state().paused_until > self.0.clock.now()
    }

    /// Counts requests that an earlier process sent, `ages` ago, as
    /// [`sends`](Self::sends) told it.
    pub fn preload(&self, ages: &[Duration]) {
        let mut state = self.state();
        let now = self.0.clock.now();
        let times = ages.iter().filter_map(|age| now.checked_sub(*age).ok());
        state.answered.extend(times);
        state.answered.make_contiguous().sort_unstable();
    }

    /// Counts every window as used up right now: an earlier process was killed
    /// and what it sent last is not known.
    pub fn assume_full(&self) {
        let mut state = self.state();
        let now = self.0.clock.now();
        let largest = state.windows.iter().map(|window| window.limit).max();
        let full = std::iter::repeat_n(now, largest.unwrap_or_default());
        state.answered.extend(full);
    }

    /// The requests of the last 60 seconds, each by the last moment at which
    /// it can have reached the server: its answer, or now while none has come.
    /// Kept by the caller for the next process's [`preload`](Self::preload).
    pub fn sends(&self) -> Vec<Timestamp> {
        let now = self.0.clock.now();
        let state = self.state();
        let open = std::iter::repeat_n(now, state.in_flight);
        state.answered_within(MINUTE, now).chain(open).collect()
    }

    /// What has been used so far.
    pub fn usage(&self) -> Usage {
        let state = self.state();
        Usage {
            allowed_per_minute: state.allowed_per_minute(),
            ..state.usage
        }
    }

    /// How long operations may take before the places for them, and not the
    /// requests, decide how fast changes go out, at so many requests a change.
    pub fn operation_time(&self, requests_a_change: u32) -> Duration {
        let state = self.state();
        let change = MINUTE * requests_a_change / state.allowed_per_minute();
        change.saturating_mul(state.limits.operations_in_flight.get())
    }

    /// How many changes of so many requests each the allowed rate serves in this
    /// time.
    pub fn changes_within(&self, time: Duration, requests_a_change: u32) -> usize {
        let change = MINUTE * requests_a_change / self.state().allowed_per_minute();
        let changes = time.as_nanos() / change.as_nanos().max(1);
        usize::try_from(changes).unwrap_or(usize::MAX)
    }

    /// How many operations may be open at the same time.
    pub fn operations_at_once(&self) -> usize {
        let operations = self.state().limits.operations_in_flight.get();
        usize::try_from(operations)
            .unwrap_or(usize::MAX)
            .min(Semaphore::MAX_PERMITS)
    }

    /// The clock on which the limits are kept.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(super) fn count_polls(&self, polls: u32) {
        self.state().usage.polls += u64::from(polls);
    }

    fn take(&self) -> Result<Timestamp, Wait> {
        let mut state = self.state();
        let now = self.0.clock.now();
        state.room(now)?;
        state.smoothing.check().map_err(|not_until| {
            let elapsed = Duration::from(not_until.earliest_possible());
            Wait(Some(self.0.clock.at(elapsed)))
        })?;
        state.in_flight += 1;
        state.usage.requests += 1;
        Ok(now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock with a half-made change.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RequestPermit {
    /// When the request was allowed out.
    pub fn sent_at(&self) -> Timestamp {
        self.sent_at
    }

    /// Records the answer and what it says; returns its time.
    pub fn answered(self, facts: &ResponseFacts) -> Timestamp {
        let clock = &self.limiter.0.clock;
        let now = clock.now();
        let mut state = self.limiter.state();
        if let Some(limit) = facts.limit {
            state.keep_to(limit, clock);
        }
        state.learn(now, self.sent_at, facts);
        drop(state);
        // The drop that follows begins the slot's last window.
        now
    }
}

impl Drop for RequestPermit {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        // Read under the lock, so that the log stays in order.
        let now = self.limiter.0.clock.now();
        state.in_flight -= 1;
        state.answered.push_back(now);
        state.forget(now);
        drop(state);
        self.limiter.0.answered.notify_one();
    }
}

impl State {
    /// Whether a request may go out now, by the pause and the log.
    fn room(&self, now: Timestamp) -> Result<(), Wait> {
        if self.paused_until > now {
            return Err(Wait(Some(self.paused_until)));
        }
        let others = self.others.at(now);
        for window in self.windows {
            let others = self.part_of_others(window, others);
            let held = self.answered_within(window.length, now).len();
            let taken = held + self.in_flight + others;
            if taken < window.limit {
                continue;
            }
            // As many slots as are too many have to come free, oldest first.
            let surplus = taken - window.limit;
            let released = self
                .answered_within(window.length, now)
                .nth(surplus)
                .map(|answered| answered + window.length + Duration::from_nanos(1));
            let others_end = self.others.until().filter(|_| others > 0);
            return Err(Wait(released.into_iter().chain(others_end).min()));
        }
        Ok(())
    }

    /// How much of the window is left to others. Of the shorter one the server
    /// says nothing, so they get the same part of it, but never all.
    fn part_of_others(&self, window: Window, in_a_minute: usize) -> usize {
        if window.length == MINUTE {
            return in_a_minute;
        }
        let part = (window.limit * in_a_minute).div_ceil(self.windows[0].limit.max(1));
        part.min(window.limit.saturating_sub(1))
    }

    /// Takes in what an answer to a request of `sent_at` says.
    fn learn(&mut self, now: Timestamp, sent_at: Timestamp, facts: &ResponseFacts) {
        self.usage.throttled += u64::from(facts.throttled);
        if let Some(pause) = facts.pause {
            self.pause(now, now + pause);
        }
        let counted = self.others.counted_for(now, facts.reset_in);
        if let Some(remaining) = facts.remaining {
            // Whatever of ours the server may have counted when the request
            // arrived; what it counted beyond that is somebody else's.
            let since = Duration::try_from(now.duration_since(sent_at)).unwrap_or_default();
            let at_most = self.in_flight + self.answered_within(counted + since, now).len();
            let remaining = usize::try_from(remaining).unwrap_or(usize::MAX);
            let limit = self.windows[0].limit;
            let counted_beyond = |ours: usize| limit.saturating_sub(ours.saturating_add(remaining));
            let requests = if counted_beyond(at_most) > 0 {
                // Somebody is there, and gets the benefit of every doubt.
                let before = self.answered_within(counted, now);
                let at_least = before.filter(|answered| *answered <= sent_at).count();
                counted_beyond(at_least + 1)
            } else {
                0
            };
            self.others.need(now, requests);
        }
    }

    /// Takes in how many requests a minute the server says it allows. It may
    /// say less than the configuration, which is then obeyed, or more.
    fn keep_to(&mut self, said: NonZeroU32, clock: &Clock) {
        let configured = self.limits.requests_per_minute;
        let limit = match self.limits.server_limit {
            ServerLimit::Lowers => said.min(configured),
            ServerLimit::Replaces => said,
        };
        self.usage.server_limit = Some(said.get());
        let windows = windows(&self.limits, limit);
        if windows != self.windows {
            self.windows = windows;
            self.smoothing = smoothing(&windows, clock);
        }
    }

    /// At least 1: what all windows together let out in the long run.
    fn allowed_per_minute(&self) -> u32 {
        let windows = self.windows.iter();
        let spacing = windows.map(Window::spacing).max().unwrap_or(MINUTE);
        let allowed = MINUTE.as_nanos() / spacing.as_nanos().max(1);
        u32::try_from(allowed).unwrap_or(u32::MAX).max(1)
    }

    fn pause(&mut self, now: Timestamp, until: Timestamp) {
        let added = until.duration_since(self.paused_until.max(now));
        if let Ok(added) = Duration::try_from(added) {
            self.usage.paused += added;
            self.paused_until = until;
        }
    }

    fn answered_within(
        &self,
        length: Duration,
        now: Timestamp,
    ) -> impl ExactSizeIterator<Item = Timestamp> + '_ {
        let first = self
            .answered
            .partition_point(|answered| *answered + length < now);
        self.answered.range(first..).copied()
    }

    fn forget(&mut self, now: Timestamp) {
        while self
            .answered
            .front()
            .is_some_and(|answered| *answered + REMEMBERED < now)
        {
            self.answered.pop_front();
        }
    }
}

impl Window {
    fn new(length: Duration, limit: NonZeroU32) -> Self {
        Self {
            length,
            limit: usize::try_from(limit.get()).unwrap_or(usize::MAX),
        }
    }

    /// The time from one request to the next at an even rate.
    fn spacing(&self) -> Duration {
        let limit = u32::try_from(self.limit).unwrap_or(u32::MAX);
        self.length / limit
    }
}

/// Both windows, of which the longer one allows `per_minute`.
fn windows(limits: &Limits, per_minute: NonZeroU32) -> [Window; 2] {
    [
        Window::new(MINUTE, per_minute),
        Window::new(TEN_SECONDS, limits.requests_per_10_seconds),
    ]
}

#[cfg(test)]
mod tests;
