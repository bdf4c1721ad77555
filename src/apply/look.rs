//! Finding out what became of a write whose end nobody saw.

use std::time::Duration;

use super::Context;
use super::judge::Wanted;
use super::lane::{Sent, stop_for};
use crate::vendor::{Clock, FollowLimits, Followed, User};

/// What a look showed.
pub(super) enum Looked {
    /// The account is as wanted.
    Changed(User),
    /// The before-image is still there, and the operation's time is over: the
    /// write was not carried out and will not be.
    NotApplied,
    /// The vendor says that it failed, and the before-image is still there.
    Failed(String),
    /// The operation completed, and the account is as it was.
    NotChanged,
    /// Neither the wanted state nor the before-image, or nobody could look.
    Unknown(String),
}

/// What is known of the operation.
enum Word {
    Completed,
    Failed(String),
    Nothing,
}

/// Follows the operation if one is known, then looks at the account until it
/// is as wanted or the operation's time, counted from the intent, is over.
pub(super) async fn look(context: &Context, sent: &Sent, first: Duration) -> Looked {
    let word = match &sent.operation_id {
        None => Word::Nothing,
        Some(operation_id) => match follow(context, sent, operation_id, first).await {
            Ok(word) => word,
            Err(why) => return Looked::Unknown(why),
        },
    };
    let clock = context.execution.api.clock();
    let timing = context.execution.timing;
    let deadline = sent.at + timing.operation_timeout;
    let mut looks_after_end = 0_u32;
    loop {
        let user = match context.execution.api.user(&sent.user_id).await {
            Ok(reply) => reply.value,
            Err(error) => {
                stop_for(context, &error);
                return Looked::Unknown(format!("the account could not be read: {error}"));
            }
        };
        if sent.wanted.is_met_by(&user) {
            return Looked::Changed(user);
        }
        let as_before = user.fingerprint() == sent.before.fingerprint();
        let over = clock.now() >= deadline;
        looks_after_end += 1;
        match &word {
            // A read may lag behind the operation, so one look is not enough.
            Word::Completed | Word::Failed(_) if looks_after_end <= READS_AFTER_THE_END => {}
            Word::Completed if as_before => return Looked::NotChanged,
            Word::Failed(why) if as_before => return Looked::Failed(why.clone()),
            Word::Nothing if as_before && over => return Looked::NotApplied,
            Word::Completed | Word::Failed(_) => return neither(),
            Word::Nothing if over => return neither(),
            Word::Nothing => {}
        }
        wait(clock, timing.poll_every, looks_after_end).await;
    }
}

/// Looks at the account after the vendor called the operation ended.
const READS_AFTER_THE_END: u32 = 3;

fn neither() -> Looked {
    Looked::Unknown("the account is neither as it was nor as wanted".to_owned())
}

/// Longer and longer, so that a stuck write does not eat the rate.
async fn wait(clock: &Clock, every: Duration, looks: u32) {
    clock
        .sleep(every.saturating_mul(2_u32.saturating_pow(looks.min(5))))
        .await;
}

async fn follow(
    context: &Context,
    sent: &Sent,
    operation_id: &str,
    first: Duration,
) -> Result<Word, String> {
    let timing = context.execution.timing;
    let now = context.now();
    let elapsed = Duration::try_from(now.duration_since(sent.at)).unwrap_or_default();
    let limits = FollowLimits {
        first,
        every: timing.poll_every,
        // A killed run's operation gets one full look, however long ago it was.
        timeout: timing
            .operation_timeout
            .saturating_sub(elapsed)
            .max(timing.poll_every * 2),
    };
    match context.execution.api.follow(operation_id, limits).await {
        Ok(Followed::Completed) => Ok(Word::Completed),
        Ok(Followed::Failed(problem)) => Ok(Word::Failed(problem.to_string())),
        Ok(Followed::Unknown | Followed::Gone) => Ok(Word::Nothing),
        Ok(Followed::TimedOut) => Err(format!(
            "the operation {operation_id} is still under way after its time"
        )),
        Err(error) => {
            stop_for(context, &error);
            Err(format!(
                "the operation {operation_id} could not be followed: {error}"
            ))
        }
    }
}

impl Sent {
    /// The actions that the write carries.
    pub(super) fn wanted(&self) -> &Wanted {
        &self.wanted
    }
}
