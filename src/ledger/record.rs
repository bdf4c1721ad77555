//! What a run reports while it works: one batch, one transaction.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::attempts::{
    AttemptEnd, AttemptKey, Intent, end_attempt, start_operation, store_intent, store_sends,
};
use super::columns::time_text;
use super::error::Fault;
use super::outcomes::store_outcome;
use super::{
    Ledger, LedgerError, accept, accounts, grow_generation, plans, reclaims, requests,
    terminations, unsettled,
};
use crate::model::{
    AccessTrail, AccountKey, AccountStatus, Delivery, LicenseName, OpenRequest, OutcomeRecord,
    ReclaimRecord, RequestStep, TaskRecord, TaskState, TerminationId, TerminationState,
    TouchedAccount,
};

/// Who ended somebody's access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// This program, in the moment that is recorded.
    Us,
    /// Somebody else, before we looked.
    Others,
}

impl EndedBy {
    fn trail(self, at: Timestamp) -> AccessTrail {
        match self {
            Self::Us => AccessTrail {
                ended_by_us: Some(at),
                ..AccessTrail::default()
            },
            Self::Others => AccessTrail::seen(AccountStatus::Inactive, at),
        }
    }
}

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
        /// Whose doing it was.
        by: EndedBy,
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
    /// A run was taken back for a termination, and that was read back: nothing
    /// is done for it any more, and its tasks are over but for those that
    /// follow from the undo.
    Undone {
        /// The termination.
        termination: TerminationId,
        /// When.
        at: Timestamp,
    },
    /// One seat that was verified as removed was read back as assigned again.
    /// Recorded once for each seat, in the batch with its action's outcome.
    LicenseAssigned {
        /// The account.
        account: AccountKey,
        /// The licence, named as when it was removed.
        license: LicenseName,
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
    /// A person says that an unsettled row is settled.
    RowSettled {
        /// The row.
        id: String,
        /// When.
        at: Timestamp,
    },
    /// A person ended a hold of the ledger.
    HoldEnded {
        /// Who is not on hold any more.
        who: String,
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
        /// Its state from now on, and what was said with it.
        step: RequestStep,
        /// When.
        at: Timestamp,
    },
    /// A draft reached the company's own people.
    Delivered {
        /// The request.
        request_id: String,
        /// What was delivered, how and when.
        delivery: Delivery,
    },
    /// A run writes an account.
    Touched(TouchedAccount),
    /// The tenant refused to free a licence of a deactivated account.
    StrandedRefused {
        /// When.
        at: Timestamp,
    },
    /// The tenant has no method to update users.
    UpdatesRefused {
        /// When.
        at: Timestamp,
    },
    /// It took an update after all.
    UpdatesAccepted,
    /// An account is about to be reactivated so that its licences come free.
    /// Recorded in the batch with the intent.
    ReclaimOpened {
        /// The account, and since when it can have been active. If it is open
        /// already, it is since then.
        reclaim: ReclaimRecord,
        /// Actions of the plan whose outcomes, of an earlier reclaim of the
        /// account, do not hold any more.
        superseded: Vec<String>,
    },
    /// The account was read as deactivated again, and nothing is under way that
    /// could change that.
    ReclaimClosed {
        /// The account.
        account: AccountKey,
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
            by,
            approved,
        } => {
            let is_news = accounts::deactivated(transaction, termination, account, *at, *approved)?;
            let trail = by.trail(*at);
            let is_evidence = terminations::update(transaction, termination, |record| {
                record.access = record.access.followed_by(trail);
            })?;
            Ok(is_news || is_evidence)
        }
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
        Entry::Undone { termination, at } => accept::undone(transaction, termination, *at),
        Entry::LicenseAssigned { account, license } => {
            accounts::license_assigned(transaction, account, license)
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
        Entry::RowSettled { id, at } => unsettled::settle(transaction, id, *at),
        Entry::HoldEnded { who, at } => plans::end_hold(transaction, who, *at),
        Entry::RequestDrafted { request, at } => requests::draft(transaction, request, *at),
        Entry::RequestState { id, step, at } => {
            requests::advance(transaction, id, step, *at)?;
            Ok(true)
        }
        Entry::Delivered {
            request_id,
            delivery,
        } => requests::delivered(transaction, request_id, delivery).map(|()| false),
        Entry::Touched(touched) => accounts::touched(transaction, touched),
        Entry::StrandedRefused { at } => {
            let updated = transaction.execute(
                "UPDATE meta SET stranded_refused_at = ?1 WHERE stranded_refused_at IS NULL",
                [time_text(*at)],
            )?;
            Ok(updated > 0)
        }
        Entry::UpdatesRefused { at } => {
            let updated = transaction.execute(
                "UPDATE meta SET updates_refused_at = ?1
                 WHERE updates_refused_at IS NULL OR updates_refused_at < ?1",
                [time_text(*at)],
            )?;
            Ok(updated > 0)
        }
        Entry::UpdatesAccepted => {
            let updated = transaction.execute(
                "UPDATE meta SET updates_refused_at = NULL WHERE updates_refused_at IS NOT NULL",
                [],
            )?;
            Ok(updated > 0)
        }
        Entry::ReclaimOpened {
            reclaim,
            superseded,
        } => reclaims::store_opening(transaction, reclaim, superseded),
        Entry::ReclaimClosed { account, at } => reclaims::close(transaction, account, *at),
        Entry::Sends { wall_ms } => store_sends(transaction, wall_ms).map(|()| false),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        AccountStatus, EndedBy, Entry, LedgerError, TaskRecord, TaskState, TerminationState,
        TouchedAccount,
    };
    use crate::ledger::test_support::{
        Workplace, account, at, attempt, intent, leaver, leaver_id, license, outcome, task, tonight,
    };
    use crate::ledger::{AttemptEnd, Ledger};
    use crate::model::{AccountMemory, Memory, Outcome, RecentPerson, TaskKind};

    fn memory(ledger: &Ledger) -> Memory {
        ledger.memory(tonight()).expect("a memory")
    }

    fn deactivated(time: &str, approved: bool) -> Entry {
        Entry::Deactivated {
            termination: leaver_id(),
            account: account(),
            at: at(time),
            by: EndedBy::Us,
            approved,
        }
    }

    fn license_removed(time: &str) -> Entry {
        Entry::LicenseRemoved {
            termination: leaver_id(),
            account: account(),
            license: license(),
            at: at(time),
            approved: false,
        }
    }

    fn seen(status: AccountStatus, time: &str) -> Entry {
        Entry::Seen {
            account: account(),
            status,
            at: at(time),
        }
    }

    fn touched(plan_id: &str, time: &str) -> TouchedAccount {
        TouchedAccount {
            account: account(),
            plan_id: plan_id.to_owned(),
            at: at(time),
        }
    }

    fn recent(deactivated: Option<&str>, removed: Option<&str>, approved: bool) -> RecentPerson {
        RecentPerson {
            person: leaver("1001").termination.person,
            deactivated_at: deactivated.map(at),
            removed_at: removed.map(at),
            approved,
        }
    }

    #[test]
    fn a_verified_deactivation_spends_the_termination() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let (first, again) = ("2026-11-20T22:01:00Z", "2026-11-20T22:09:00Z");
        ledger
            .record(&[deactivated(first, false), deactivated(again, false)])
            .expect("a record");
        let memory = memory(&ledger);
        let record = &memory.terminations[&leaver_id()];
        assert_eq!(record.state, TerminationState::Spent);
        assert_eq!(record.deactivated_at, Some(at(first)));
        assert_eq!(memory.accounts[&account()].status, AccountStatus::Inactive);
        assert_eq!(memory.accounts[&account()].status_at, at(again));
        assert_eq!(memory.recent, [recent(Some(first), None, false)]);
    }

    #[test]
    fn every_removed_seat_is_remembered_and_its_person_once() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let (first, second) = ("2026-11-27T22:00:00Z", "2026-11-28T22:00:00Z");
        ledger
            .record(&[
                license_removed(first),
                license_removed(first),
                license_removed(second),
            ])
            .expect("a record");
        let memory = memory(&ledger);
        let expected = AccountMemory {
            status: AccountStatus::Inactive,
            status_at: at(first),
            removed: [first, first, second]
                .map(|time| (license(), at(time)))
                .to_vec(),
        };
        assert_eq!(memory.accounts[&account()], expected);
        assert_eq!(memory.recent, [recent(None, Some(first), false)]);
    }

    #[test]
    fn an_approved_deactivation_covers_the_licences_too() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let (first, later) = ("2026-11-20T22:01:00Z", "2026-11-27T22:00:00Z");
        ledger
            .record(&[deactivated(first, true), license_removed(later)])
            .expect("a record");
        assert!(memory(&ledger).terminations[&leaver_id()].approved);
        let approved = [
            recent(Some(first), None, true),
            recent(None, Some(later), true),
        ];
        assert_eq!(memory(&ledger).recent, approved);
    }

    #[test]
    fn people_changed_are_remembered_for_sixty_days() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        ledger
            .record(&[deactivated("2026-11-20T22:00:00Z", false)])
            .expect("a record");
        let count = |as_of| ledger.memory(at(as_of)).expect("a memory").recent.len();
        assert_eq!(count("2027-01-19T22:00:00Z"), 1);
        assert_eq!(count("2027-01-19T22:00:01Z"), 0);
    }

    #[test]
    fn the_newest_reading_of_a_status_counts() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        ledger
            .record(&[
                seen(AccountStatus::Inactive, "2026-11-20T22:00:00.5Z"),
                seen(AccountStatus::Active, "2026-11-20T22:00:00Z"),
            ])
            .expect("a record");
        assert_eq!(
            memory(&ledger).accounts[&account()].status,
            AccountStatus::Inactive
        );
    }

    #[test]
    fn accounts_written_are_remembered_newest_last() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        let entries = [
            touched("plan-2", "2026-11-20T22:02:00Z"),
            touched("plan-1", "2026-11-20T22:01:00Z"),
            touched("plan-1", "2026-11-20T22:03:00Z"),
        ];
        ledger
            .record(&entries.clone().map(Entry::Touched))
            .expect("a record");
        let [plan_2, _, plan_1] = entries;
        assert_eq!(memory(&ledger).touched, [plan_2, plan_1]);
    }

    #[test]
    fn tasks_states_and_refusals_are_remembered() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        ledger
            .record(&[
                Entry::TaskIssued(task("task-1")),
                Entry::TaskState {
                    id: "task-1".to_owned(),
                    state: TaskState::Done,
                    at: tonight(),
                },
                Entry::TerminationState {
                    termination: leaver_id(),
                    state: TerminationState::Closed,
                },
                Entry::StrandedRefused { at: tonight() },
            ])
            .expect("a record");
        let memory = memory(&ledger);
        assert_eq!(memory.tasks["task-1"].state, TaskState::Done);
        assert_eq!(
            memory.terminations[&leaver_id()].state,
            TerminationState::Closed
        );
        assert!(memory.stranded_refused);
    }

    #[test]
    fn that_updates_are_missing_is_remembered_until_one_is_taken() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        let (first, second) = (at("2026-11-20T22:00:00Z"), at("2026-11-27T22:00:00Z"));
        assert_eq!(memory(&ledger).updates_refused_at, None);
        for (time, newest) in [(first, first), (second, second), (first, second)] {
            ledger
                .record(&[Entry::UpdatesRefused { at: time }])
                .expect("a record");
            assert_eq!(memory(&ledger).updates_refused_at, Some(newest));
        }
        ledger.record(&[Entry::UpdatesAccepted]).expect("a record");
        assert_eq!(memory(&ledger).updates_refused_at, None);
    }

    #[test]
    fn an_undone_termination_stays_so_and_its_seat_is_taken_again() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let (first, second) = ("2026-11-27T22:00:00Z", "2026-11-28T22:00:00Z");
        let follows = TaskRecord {
            kind: TaskKind::SetUpAgain,
            ..task("task-2")
        };
        let undone = Entry::Undone {
            termination: leaver_id(),
            at: tonight(),
        };
        ledger
            .record(&[
                deactivated("2026-11-20T22:01:00Z", false),
                license_removed(first),
                license_removed(second),
                Entry::TaskIssued(task("task-1")),
                Entry::TaskIssued(follows),
                undone,
                Entry::LicenseAssigned {
                    account: account(),
                    license: license(),
                },
                // Whatever a later night makes of the row.
                Entry::TerminationState {
                    termination: leaver_id(),
                    state: TerminationState::Settled,
                },
            ])
            .expect("a record");
        let memory = memory(&ledger);
        let state = memory.terminations[&leaver_id()].state;
        assert_eq!(state, TerminationState::Undone);
        let removed = &memory.accounts[&account()].removed;
        assert_eq!(removed, &[(license(), at(first))], "the latest is back");
        assert_eq!(memory.tasks["task-1"].state, TaskState::Observed);
        assert_eq!(memory.tasks["task-2"].state, TaskState::Open);
    }

    #[test]
    fn a_deactivation_of_nobody_is_refused() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        assert!(matches!(
            ledger.record(&[
                seen(AccountStatus::Active, "2026-11-20T22:00:00Z"),
                deactivated("2026-11-20T22:01:00Z", false),
            ]),
            Err(LedgerError::NotRecorded {
                what: "termination",
                ..
            })
        ));
        assert!(memory(&ledger).accounts.is_empty(), "nothing of the batch");
    }

    #[test]
    fn the_generation_grows_with_what_planning_sees() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open_with_plan();
        let succeeded = Entry::Outcome {
            plan_id: "plan-1".to_owned(),
            run_id: "run-1".to_owned(),
            record: outcome("action-1", Outcome::Succeeded),
        };
        let started = Entry::OperationStarted {
            key: attempt("step-1"),
            operation_id: "operation-1".to_owned(),
            at: tonight(),
        };
        let ended = Entry::AttemptEnded {
            key: attempt("step-1"),
            end: AttemptEnd::Changed,
            at: tonight(),
        };
        let sends = Entry::Sends { wall_ms: vec![1] };
        let inactive = || seen(AccountStatus::Inactive, "2026-11-20T22:01:00Z");
        let cases = [
            (vec![Entry::Intent(intent("step-1"))], 0),
            (vec![started, sends, ended], 0),
            (vec![succeeded.clone(), inactive()], 1),
            (vec![succeeded], 0),
            (vec![inactive()], 0),
            (vec![seen(AccountStatus::Active, "2026-11-20T22:02:00Z")], 1),
            (
                vec![Entry::Touched(touched("plan-1", "2026-11-20T22:00:00Z"))],
                1,
            ),
        ];
        for (entries, growth) in cases {
            let before = ledger.generation().expect("a generation");
            ledger.record(&entries).expect("a record");
            let after = ledger.generation().expect("a generation");
            assert_eq!(after - before, growth, "{entries:?}");
        }
    }
}
