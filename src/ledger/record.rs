//! What a run reports while it works: one batch, one transaction.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Transaction;

use super::attempts::{
    AttemptEnd, AttemptKey, Intent, end_attempt, start_operation, store_intent, store_outcome,
    store_sends,
};
use super::columns::time_text;
use super::error::Fault;
use super::{Ledger, LedgerError, accept, accounts, grow_generation, requests, terminations};
use crate::model::{
    AccountKey, AccountStatus, LicenseName, OpenRequest, OutcomeRecord, RequestState, TaskRecord,
    TaskState, TerminationId, TerminationState, TouchedAccount,
};

/// One thing to remember. All times `at` are run-clock time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A write is about to be sent. It may be sent once this is recorded.
    Intent(Intent),
    /// The vendor answered with an operation to follow.
    OperationStarted {
        /// The attempt.
        key: AttemptKey,
        /// The vendor's operation.
        operation_id: String,
        /// When.
        at: Timestamp,
    },
    /// An attempt ended; only an unknown end may be followed by another.
    AttemptEnded {
        /// The attempt.
        key: AttemptKey,
        /// How.
        end: AttemptEnd,
        /// When.
        at: Timestamp,
    },
    /// An action ended. It takes the place of an earlier outcome only as
    /// [`Certainty`](super::Certainty) allows, else nothing happens.
    Outcome {
        /// The plan.
        plan_id: String,
        /// The run that saw it end.
        run_id: String,
        /// How it ended.
        record: OutcomeRecord,
    },
    /// A deactivation was read back: the termination is spent.
    Deactivated {
        /// The termination.
        termination: TerminationId,
        /// Its account.
        account: AccountKey,
        /// When.
        at: Timestamp,
        /// Whether an approval covered it.
        approved: bool,
    },
    /// One seat was read back as removed. Recorded once for each seat, in the
    /// batch with its action's outcome: two seats of one licence are alike.
    LicenseRemoved {
        /// The termination.
        termination: TerminationId,
        /// Its account.
        account: AccountKey,
        /// The licence.
        license: LicenseName,
        /// When.
        at: Timestamp,
        /// Whether an approval covered it.
        approved: bool,
    },
    /// An account's status was read; the newest reading counts.
    Seen {
        /// The account.
        account: AccountKey,
        /// Its status.
        status: AccountStatus,
        /// When.
        at: Timestamp,
    },
    /// A termination has come further; it never goes back.
    TerminationState {
        /// The termination.
        termination: TerminationId,
        /// How far it has come.
        state: TerminationState,
    },
    /// A manual task was issued, unless it was before.
    TaskIssued(TaskRecord),
    /// An open task is done or not needed any more.
    TaskState {
        /// The task.
        id: String,
        /// Its state from now on.
        state: TaskState,
        /// When.
        at: Timestamp,
    },
    /// A cancellation request was drafted or revised.
    RequestDrafted {
        /// The draft.
        request: OpenRequest,
        /// When.
        at: Timestamp,
    },
    /// A cancellation request has come further.
    RequestState {
        /// The request.
        id: String,
        /// Its state from now on.
        state: RequestState,
        /// The day it takes effect, when this says it.
        effective_on: Option<Date>,
        /// When.
        at: Timestamp,
        /// Case number, fees, reason; or empty.
        note: String,
    },
    /// A run writes an account.
    Touched(TouchedAccount),
    /// The tenant refused to free a licence of a deactivated account.
    StrandedRefused {
        /// When.
        at: Timestamp,
    },
    /// Requests were sent to the vendor.
    Sends {
        /// Wall-clock times in Unix milliseconds.
        wall_ms: Vec<i64>,
    },
}

impl Ledger {
    /// Records the entries in one transaction, in their order: on return all of
    /// them are on disk, on an error none.
    pub fn record(&mut self, entries: &[Entry]) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let mut planning_sees_a_difference = false;
            for entry in entries {
                planning_sees_a_difference |= apply(transaction, entry)?;
            }
            if planning_sees_a_difference {
                grow_generation(transaction)?;
            }
            Ok(())
        })
    }
}

/// True when planning, which sees the ledger as `Memory`, or the outcomes of a
/// plan, sees a difference. Attempts and sends are nobody's business but the
/// run's.
fn apply(transaction: &Transaction<'_>, entry: &Entry) -> Result<bool, Fault> {
    match entry {
        Entry::Intent(intent) => store_intent(transaction, intent).map(|()| false),
        Entry::OperationStarted {
            key,
            operation_id,
            at,
        } => start_operation(transaction, key, operation_id, *at).map(|()| false),
        Entry::AttemptEnded { key, end, at } => {
            end_attempt(transaction, key, *end, *at).map(|()| false)
        }
        Entry::Outcome {
            plan_id,
            run_id,
            record,
        } => store_outcome(transaction, plan_id, run_id, record),
        Entry::Deactivated {
            termination,
            account,
            at,
            approved,
        } => accounts::deactivated(transaction, termination, account, *at, *approved),
        Entry::LicenseRemoved {
            termination,
            account,
            license,
            at,
            approved,
        } => {
            accounts::license_removed(transaction, account, license, *at)?;
            accounts::count_removal(transaction, termination, *at, *approved)?;
            Ok(true)
        }
        Entry::Seen {
            account,
            status,
            at,
        } => accounts::seen(transaction, account, *status, *at),
        Entry::TerminationState { termination, state } => {
            terminations::update(transaction, termination, |record| {
                record.state = record.state.max(*state);
            })
        }
        Entry::TaskIssued(task) => accept::issue_task(transaction, task),
        Entry::TaskState { id, state, at } => accept::close_task(transaction, id, *state, *at),
        Entry::RequestDrafted { request, at } => requests::draft(transaction, request, *at),
        Entry::RequestState {
            id,
            state,
            effective_on,
            at,
            note,
        } => {
            requests::advance(transaction, id, *state, *effective_on, *at, note)?;
            Ok(true)
        }
        Entry::Touched(touched) => accounts::touched(transaction, touched),
        Entry::StrandedRefused { at } => {
            let updated = transaction.execute(
                "UPDATE meta SET stranded_refused_at = ?1 WHERE stranded_refused_at IS NULL",
                [time_text(*at)],
            )?;
            Ok(updated > 0)
        }
        Entry::Sends { wall_ms } => store_sends(transaction, wall_ms).map(|()| false),
    }
}
