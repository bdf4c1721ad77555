//! Finding out what became of a write whose end nobody saw.

use std::time::Duration;

use super::account::Account;
use super::context::Context;
use super::server::Server;
use super::write::Sent;
use crate::vendor::{AdminApi, CallErrorKind, Clock, FollowLimits, Followed, Reply};

/// What a look showed.
pub(super) enum Looked {
    /// The account is as wanted.
    Changed(Reply<Account>),
    /// The before-image is still there, and the operation's time is over: the
    /// write was not carried out and will not be.
    NotApplied,
    /// The vendor says that it failed, and the account, read with this status,
    /// is as it was.
    Failed(String, u16),
    /// The operation completed, or the change was accepted, and the account, read with this status, is as
    /// it was.
    NotChanged(u16),
    /// The operation is still under way, or nobody could look.
    StillOpen(String),
    /// The operation's time is over, and the account is neither as it was nor
    /// as wanted.
    Neither(String),
}

/// What is known of the operation, or of a change that needs none.
enum Word {
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

/// Follows the operation if one is known, then looks at the account until it
/// is as wanted or the operation's time, counted from the intent, is over.
pub(super) async fn look(
    context: &Context,
    server: Server<'_>,
    sent: &Sent,
    first: Duration,
) -> Looked {
    let word = match (&sent.operation_id, server) {
        (Some(id), Server::Admin(api)) => follow(context, api, sent, id, first).await,
        _ if sent.is_accepted => Word::Completed,
        _ => Word::Nothing,
    };
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
            return Looked::Changed(read);
        }
        let is_as_before = read.value.fingerprint() == sent.before.fingerprint();
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

async fn follow(
    context: &Context,
    api: &AdminApi,
    sent: &Sent,
    operation_id: &str,
    first: Duration,
) -> Word {
    let timing = context.execution.timing;
    let elapsed = context.now().duration_since(sent.at);
    let elapsed = Duration::try_from(elapsed).unwrap_or_default();
    let limits = FollowLimits {
        first,
        every: timing.poll_every,
        // A killed run's operation gets a few looks, however long ago it was.
        timeout: timing
            .operation_timeout
            .saturating_sub(elapsed)
            .max(timing.poll_every * 2),
    };
    match api.follow(operation_id, limits).await {
        Ok(Followed::Completed) => Word::Completed,
        Ok(Followed::Failed(problem)) => Word::Failed(problem.to_string()),
        Ok(Followed::Unknown | Followed::Gone) => Word::Nothing,
        Ok(Followed::TimedOut) if elapsed >= LONGEST_OPERATION => Word::Nothing,
        Ok(Followed::TimedOut) => Word::UnderWay(format!(
            "the operation {operation_id} is still under way after its time; the next run looks \
             again, and once the account is as wanted, by whomever, it is settled"
        )),
        Err(error) => {
            context.read_failed(&error);
            if elapsed >= LONGEST_OPERATION {
                return Word::Nothing;
            }
            Word::UnderWay(format!(
                "the operation {operation_id} could not be followed: {error}; the next run looks \
                 again"
            ))
        }
    }
}
