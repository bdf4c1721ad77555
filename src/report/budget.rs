use jiff::Timestamp;
use serde::Serialize;

use super::Run;
use super::rehearsal::{changes_since, per_change};
use crate::vendor::Usage;

/// What the run took of the vendor's rate.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RequestBudget {
    /// Requests sent, polls included, by the whole process.
    pub sent: u64,
    /// Looks at operations.
    pub polls: u64,
    /// Answers 429.
    pub throttled: u64,
    /// Requests a minute that the server last said it allows.
    pub server_limit: Option<u32>,
    /// Requests of those that were sent once the plan was begun, not before it
    /// to list accounts or to settle what was left open.
    pub for_plan: u64,
    /// Updates of accounts.
    pub changes: u64,
    /// `for_plan` for each of them; none without updates.
    pub per_change: Option<f64>,
    /// The part of the allowed requests that was sent from the plan's begin to
    /// its end, in percent; none if nothing was sent.
    pub share_percent: Option<u8>,
}

/// What was used, and when.
#[derive(Debug, Clone, Copy)]
pub struct Spending {
    /// What the process used in all.
    pub usage: Usage,
    /// Requests that were sent before the plan was begun, as to list accounts.
    pub sent_before: u64,
    /// When the plan was begun, in run-clock time.
    pub began_at: Timestamp,
    /// When it ended, in run-clock time.
    pub finished_at: Timestamp,
}

impl Spending {
    /// Of a run that was not begun.
    pub fn nothing(at: Timestamp) -> Self {
        Self {
            usage: Usage::default(),
            sent_before: 0,
            began_at: at,
            finished_at: at,
        }
    }

    fn for_plan(&self) -> u64 {
        self.usage.requests.saturating_sub(self.sent_before)
    }

    fn share_percent(&self) -> Option<u8> {
        let length = self.finished_at.duration_since(self.began_at);
        let milliseconds = u128::try_from(length.as_millis()).unwrap_or_default();
        let allowed = u128::from(self.usage.allowed_per_minute) * milliseconds;
        let sent = u128::from(self.for_plan()) * 60_000;
        let percent = (sent * 100).checked_div(allowed)?;
        (sent > 0).then(|| u8::try_from(percent.min(100)).unwrap_or(100))
    }
}

impl RequestBudget {
    pub(super) fn of(run: &Run<'_>, spending: &Spending) -> Self {
        let usage = spending.usage;
        let changes = changes_since(run, spending.began_at);
        Self {
            sent: usage.requests,
            polls: usage.polls,
            throttled: usage.throttled,
            server_limit: usage.server_limit,
            for_plan: spending.for_plan(),
            changes,
            per_change: per_change(spending.for_plan(), changes),
            share_percent: spending.share_percent(),
        }
    }
}

/// The budget in a line; none if nothing was changed.
pub fn budget_line(budget: &RequestBudget) -> Option<String> {
    let each = budget.per_change?;
    let changes = match budget.changes {
        1 => "1 change".to_owned(),
        changes => format!("{changes} changes"),
    };
    let share = budget.share_percent;
    let share = share.map(|share| format!(", {share} % of the allowed rate"));
    let before = match budget.sent.saturating_sub(budget.for_plan) {
        0 => String::new(),
        before => format!("{before} before the plan was begun, and "),
    };
    Some(format!(
        "requests: {before}{} for {changes} ({each} each){}",
        budget.for_plan,
        share.unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::tests::scenario::at;

    fn spending(requests: u64, sent_before: u64, finished_at: &str) -> Spending {
        Spending {
            usage: Usage {
                requests,
                allowed_per_minute: 100,
                ..Usage::default()
            },
            sent_before,
            began_at: at("2026-11-21T22:00:00Z"),
            finished_at: at(finished_at),
        }
    }

    #[test]
    fn the_share_is_of_what_was_allowed_while_the_plan_was_carried_out() {
        let share = |sent, before, until| spending(sent, before, until).share_percent();
        assert_eq!(share(160, 10, "2026-11-21T22:02:00Z"), Some(75));
        // The first requests of a minute may come faster than its average.
        assert_eq!(share(30, 0, "2026-11-21T22:00:10Z"), Some(100));
        assert_eq!(share(30, 30, "2026-11-21T22:01:00Z"), None);
        assert_eq!(share(30, 0, "2026-11-21T22:00:00Z"), None);
    }

    #[test]
    fn the_line_says_what_a_change_costs() {
        let budget = RequestBudget {
            sent: 310,
            for_plan: 310,
            changes: 100,
            per_change: Some(3.1),
            share_percent: Some(98),
            ..RequestBudget::default()
        };
        assert_eq!(
            budget_line(&budget).as_deref(),
            Some("requests: 310 for 100 changes (3.1 each), 98 % of the allowed rate")
        );
        let settled = RequestBudget {
            sent: 336,
            ..budget
        };
        assert_eq!(
            budget_line(&settled).as_deref(),
            Some(
                "requests: 26 before the plan was begun, and 310 for 100 changes (3.1 each), 98 % \
                 of the allowed rate"
            )
        );
        assert_eq!(budget_line(&RequestBudget::default()), None);
    }
}
