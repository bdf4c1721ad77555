//! Finding out what became of a write whose end nobody saw.

use std::time::Duration;

use super::account::Account;
use super::context::Context;
use super::judge::describe;
use super::pace::REQUESTS_A_CHANGE;
use super::server::Server;
use super::write::Sent;
use crate::vendor::{AdminApi, CallErrorKind, Clock, FollowLimits, Followed, Reply, Status};

/// What a look showed.
pub(super) enum Looked {
    /// The account is as wanted.
    Changed(Seen),
    /// The before-image is still there, and the operation's time is over: the
    /// write was not carried out and will not be.
    NotApplied,
    /// The vendor says that it failed, and the account, read with this status,
    /// is as it was.
    Failed(String, u16),
    /// The operation completed, or the change was accepted, and the account,
    /// read with this status, is as it was.
    NotChanged(u16),
    /// The operation is still under way, or nobody could look.
    StillOpen(String),
    /// The operation's time is over, and the account is neither as it was nor
    /// as wanted.
    Neither(String),
}

/// An account as it was read back.
pub(super) struct Seen {
    pub(super) status: Status,
    /// The account in a few words.
    pub(super) words: String,
    /// The status of the answer that showed it.
    pub(super) http_status: u16,
}

/// When the operation began that is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    /// Just now: how long it takes is learned.
    Now,
    /// In a run that was killed, who knows how long ago.
    Earlier,
}

/// What is known of the operation, or of a change that needs none.
pub(super) enum Word {
    Completed,
    Failed(String),
    /// It goes on, or nobody could ask: it may yet do what it was to do.
    UnderWay(String),
    Nothing,
}

/// The vendor's guide gives an operation five minutes. One that has not ended
/// by then is waited for over the night and not for ever: its word says
/// nothing any more, and the account decides.
const LONGEST_OPERATION: Duration = Duration::from_hours(12);

/// Looks at the account after the vendor called the operation ended. A read
/// may lag behind the operation, so one look is not enough.
const READS_AFTER_THE_END: u32 = 3;

/// Follows the operation to its end, if one is known.
pub(super) async fn follow(
    context: &Context,
    server: Server<'_>,
    sent: &Sent,
    begun: Begun,
) -> Word {
    match (&sent.operation_id, server) {
        (Some(id), Server::Admin(api)) => follow_operation(context, api, sent, id, begun).await,
        _ if sent.is_accepted => Word::Completed,
        _ => Word::Nothing,
    }
}

/// Looks at the account until it is as wanted or, when nothing is known of the
/// change, until the operation's time, counted from the intent, is over.
pub(super) async fn look(context: &Context, server: Server<'_>, sent: &Sent, word: Word) -> Looked {
    let clock = &context.execution.clock;
    let timing = context.execution.timing;
    let deadline = sent.at + timing.operation_timeout;
    let mut looks = 0_u32;
    loop {
        // Asked before the account is read, so that what is read is the state
        // after the end.
        let is_over = clock.now() >= deadline;
        let read = match server.account(&sent.user_id).await {
            Ok(read) => read,
            Err(error) if error.kind == CallErrorKind::NotFound => {
                return Looked::Neither("the account is gone".to_owned());
            }
            Err(error) => {
                context.read_failed(&error);
                return Looked::StillOpen(format!(
                    "the account could not be read back: {error}; the next run looks again"
                ));
            }
        };
        if sent.wanted.is_met_by(&read.value) {
            return Looked::Changed(Seen::of(&read));
        }
        let is_as_before = read.value.fingerprint() == sent.before_fingerprint;
        looks += 1;
        let look_again = match &word {
            // What the vendor called done may take a while to show.
            Word::Completed => looks <= READS_AFTER_THE_END || !is_over,
            Word::Failed(_) | Word::UnderWay(_) => looks <= READS_AFTER_THE_END,
            Word::Nothing => !is_over,
        };
        if look_again {
            wait(clock, timing.poll_every, looks).await;
            continue;
        }
        let status = read.trace.status;
        return match word {
            Word::UnderWay(why) => Looked::StillOpen(why),
            _ if !is_as_before => Looked::Neither(
                "the account is neither as it was nor as wanted; look at it by hand".to_owned(),
            ),
            Word::Completed => Looked::NotChanged(status),
            Word::Failed(why) => Looked::Failed(why, status),
            Word::Nothing => Looked::NotApplied,
        };
    }
}

/// Longer and longer, so that a stuck write does not eat the rate.
async fn wait(clock: &Clock, every: Duration, looks: u32) {
    clock
        .sleep(every.saturating_mul(2_u32.saturating_pow(looks.min(5))))
        .await;
}

async fn follow_operation(
    context: &Context,
    api: &AdminApi,
    sent: &Sent,
    operation_id: &str,
    begun: Begun,
) -> Word {
    let timing = context.execution.timing;
    let since_intent = context.now().duration_since(sent.at);
    let since_intent = Duration::try_from(since_intent).unwrap_or_default();
    let spare = api.limiter().operation_time(REQUESTS_A_CHANGE);
    let limits = FollowLimits {
        first: match begun {
            Begun::Now => context.pace().first_look(spare),
            // Whoever was killed may have looked at it just now.
            Begun::Earlier => timing.poll_every,
        },
        every: timing.poll_every,
        // A killed run's operation gets a few looks, however long ago it was.
        timeout: timing
            .operation_timeout
            .saturating_sub(since_intent)
            .max(timing.poll_every * 2),
    };
    let followed_from = context.now();
    let mut was_too_early = false;
    let next_look = |elapsed| {
        was_too_early = true;
        context.pace().next_look(elapsed)
    };
    let followed = api.follow(operation_id, limits, next_look).await;
    let has_ended = matches!(followed, Ok(Followed::Completed | Followed::Failed(_)));
    if has_ended && was_too_early && begun == Begun::Now {
        let elapsed = context.now().duration_since(followed_from);
        let elapsed = Duration::try_from(elapsed).unwrap_or_default();
        context.pace().learn(elapsed);
    }
    match followed {
        Ok(Followed::Completed) => Word::Completed,
        Ok(Followed::Failed(problem)) => Word::Failed(problem.to_string()),
        Ok(Followed::Unknown | Followed::Gone) => Word::Nothing,
        Ok(Followed::TimedOut) if since_intent >= LONGEST_OPERATION => Word::Nothing,
        Ok(Followed::TimedOut) => Word::UnderWay(format!(
            "the operation {operation_id} is still under way after its time; the next run looks \
             again, and once the account is as wanted, by whomever, it is settled"
        )),
        Err(error) => {
            context.read_failed(&error);
            if since_intent >= LONGEST_OPERATION {
                return Word::Nothing;
            }
            Word::UnderWay(format!(
                "the operation {operation_id} could not be followed: {error}; the next run looks \
                 again"
            ))
        }
    }
}

impl Seen {
    /// An account that was read by itself.
    fn of(read: &Reply<Account>) -> Self {
        Self {
            status: read.value.status(),
            words: describe(&read.value),
            http_status: read.trace.status,
        }
    }
}
