use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::{
    AccessTrail, AccountKey, AccountRow, Disposition, Memory, Origin, Reason, SourceRow,
    Termination, TerminationId, TerminationRecord, Text, UnsettledRow,
};

/// What became of everybody.
#[derive(Debug, Clone, Default)]
pub struct Reconciliation {
    /// One for each HR data row, then one for each obligation without a row,
    /// then one for each unreadable row of the users report.
    pub dispositions: Vec<RowDisposition>,
    /// Leavers with exactly one account that may be acted on.
    pub cases: Vec<Case>,
    /// Terminations that ended without an action: superseded, rehired, vanished.
    pub records: Vec<TerminationRecord>,
    /// Leavers of tonight's HR files whose termination has taken effect.
    pub due_leavers: u64,
    /// Those of them that have an account.
    pub due_matched: u64,
    /// Those of them whose account is protected.
    pub protected_hits: u64,
    /// Leavers of tonight's HR files, due or not, whose account is active.
    pub active_leavers: u64,
    /// People of tonight's HR files whom the status calls employed long past their date.
    pub lagging_statuses: u64,
    /// Terminations more than two years ahead.
    pub far_dates: u64,
    /// Rows of incremental HR files to be reported until something settles them.
    pub unsettled_rows: Vec<UnsettledRow>,
    /// Earlier ones that are not reported any more.
    pub settled_rows: Vec<String>,
    /// Those of them that nobody settled in all the time that there was.
    pub given_up: Vec<String>,
}

impl Reconciliation {
    /// Terminations whose row is gone from the cumulative file, as of tonight:
    /// their freed seats are kept for people who may come back.
    pub fn vanished(&self, memory: &Memory) -> Vec<TerminationId> {
        let decided: BTreeMap<TerminationId, bool> = self
            .records
            .iter()
            .map(|record| (record.termination.id(), is_vanished(record)))
            .chain(self.cases.iter().map(|case| (case.termination.id(), false)))
            .collect();
        let before = memory
            .terminations
            .iter()
            .filter(|(id, record)| is_vanished(record) && !decided.contains_key(id))
            .map(|(id, _)| id);
        let tonight = decided.iter().filter(|(_, gone)| **gone);
        let all: BTreeSet<&TerminationId> = before.chain(tonight.map(|(id, _)| id)).collect();
        all.into_iter().cloned().collect()
    }
}

fn is_vanished(record: &TerminationRecord) -> bool {
    record.vanished_at.is_some() && !record.state.is_over()
}

/// One line of the results: what became of one row, and of whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowDisposition {
    /// Where the line comes from.
    pub origin: Origin,
    /// The HR row, for lines that come from one.
    pub source: Option<SourceRow>,
    /// Employee id as HR wrote it, or empty.
    pub employee_id: Text,
    /// The person's name, or empty.
    pub person: Text,
    /// Work e-mail, or empty.
    pub work_email: Text,
    /// Site, or empty.
    pub site: Text,
    /// Cost center, or empty.
    pub cost_center: Text,
    /// The date that acts.
    pub termination_date: Option<Date>,
    /// What became of it.
    pub disposition: Disposition,
    /// Why.
    pub reason: Reason,
    /// The same in a sentence, with what to do.
    pub detail: Cow<'static, str>,
    /// The keys that found the account, or empty.
    pub matched_by: Cow<'static, str>,
    /// The account's id, or empty.
    pub user_id: Text,
    /// The account's username, or empty.
    pub username: Text,
    /// When the next step is due.
    pub next_due: Option<Timestamp>,
    /// Access that is due may still be open until a person has looked.
    pub needs_a_look: bool,
}

/// A leaver with exactly one account.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its line in the dispositions, which the plan completes.
    pub line: usize,
    /// Where it comes from.
    pub origin: Origin,
    /// Who and when.
    pub termination: Termination,
    /// As the ledger has it, if it knows it.
    pub record: Option<TerminationRecord>,
    /// The account as it is known tonight: the report, overridden by what the
    /// ledger verified since the report was made.
    pub account: AccountRow,
    /// What stands for the account between runs.
    pub key: AccountKey,
    /// The keys that found it.
    pub matched_by: String,
    /// When the deactivation is due.
    pub due: Timestamp,
    /// When the deactivation was verified, or the account first seen inactive.
    pub deactivated_at: Option<Timestamp>,
    /// What is known of the end of its access, tonight included.
    pub access: AccessTrail,
    /// Whether something keeps the program from acting.
    pub stance: Stance,
}

impl Case {
    /// HR's site decides the zone; where HR has none, the account's does.
    pub fn site(&self) -> &str {
        site_of(&self.termination.site, &self.account.site)
    }
}

/// HR's site decides the zone; where HR has none, the account's does.
pub(super) fn site_of<'s>(hr: &'s str, account: &'s str) -> &'s str {
    if hr.is_empty() { account } else { hr }
}

/// Whether a case may be acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// Yes.
    Act,
    /// Only when the plan is approved: old, and new to the ledger.
    WithApproval,
    /// The identity provider has to deactivate it first.
    LeaveToIdp,
}

/// The totals do not add up to the rows read: a defect, never a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{counted} dispositions for {rows} HR rows; nothing was changed; please report this defect"
)]
pub struct SumsDoNotBalance {
    /// Rows read.
    pub rows: usize,
    /// Dispositions given to them.
    pub counted: usize,
}
