use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, Zoned};

use super::claims::Claim;
use super::history::is_spent;
use super::keys::Key;
use super::matching::Match;
use super::settle::{Verdict, text};
use super::{Candidate, Person, RowDisposition, Stance, Suggestion};
use crate::model::{
    AccountMemory, AccountRow, Disposition, HrRow, InvalidRow, Origin, PersonKey, Reason,
    TerminationRecord,
};

/// Everything that somebody asked about, with what its decision rests on.
///
/// Nothing is decided here: it shows what [`settle`](super::settle()) looks at,
/// through the same functions.
#[derive(Debug)]
pub struct Inquiry<'a> {
    /// People of tonight's HR files and of open obligations.
    pub persons: Vec<Dossier<'a>>,
    /// HR rows that could not be read and are nobody's of those.
    pub rows: Vec<&'a InvalidRow>,
    /// Accounts that none of those people's keys point at.
    pub accounts: Vec<StrayAccount<'a>>,
    /// Rows of the users report that could not be read.
    pub unreadable_accounts: Vec<&'a InvalidRow>,
    /// Terminations of the ledger that nothing of tonight is about.
    pub remembered: BTreeMap<&'a PersonKey, Vec<&'a TerminationRecord>>,
    /// Who may have been meant, if nobody was found.
    pub nearest: Vec<String>,
}

/// One person, and what the decision about them rests on.
#[derive(Debug)]
pub struct Dossier<'a> {
    /// Who.
    pub person: &'a Person,
    /// The person's rows, with what each says on its own.
    pub rows: Vec<RowSays<'a>>,
    /// Rows that could not be read and carry one of the person's keys.
    pub unreadable: Vec<&'a InvalidRow>,
    /// When the access of somebody who leaves is to end.
    pub ends: Option<AccessEnds>,
    /// Every key that the rows give.
    pub keys: Vec<KeyEvidence<'a>>,
    /// Where the administrator's mapping points to.
    pub mapping: Option<&'a str>,
    /// Whose account it is.
    pub found: Match<'a>,
    /// That account.
    pub account: Option<KnownAccount<'a>>,
    /// Rows of the users report that could not be read and carry one of the
    /// person's keys.
    pub unreadable_accounts: Vec<&'a InvalidRow>,
    /// What the ledger knows of this very termination.
    pub known: Option<&'a TerminationRecord>,
    /// The row is gone from a cumulative file, so nothing is done.
    pub has_vanished: bool,
    /// Accounts that look alike, that no key points at, and that are nobody's
    /// of tonight's file.
    pub suggestions: Vec<&'a Suggestion>,
    /// Every reason not to touch the account, the one that decides first.
    pub obstacles: Vec<Obstacle>,
    /// What a leaver without an obstacle may expect.
    pub stance: Option<Stance>,
    /// Other people of tonight's files whose keys point at the account.
    pub others: Vec<&'a Person>,
    /// All that the ledger knows of the person's terminations.
    pub history: Vec<&'a TerminationRecord>,
}

/// One HR row, and what it says on its own.
#[derive(Debug)]
pub struct RowSays<'a> {
    /// The row.
    pub row: &'a HrRow,
    /// What it says.
    pub claim: Claim,
    /// Whether it decides for the person.
    pub decides: bool,
}

/// When somebody's access is to end.
#[derive(Debug)]
pub struct AccessEnds {
    /// The date that acts.
    pub date: Date,
    /// The site whose clocks count, or empty.
    pub site: String,
    /// The instant on those clocks, unless the policy waits for the status.
    pub at: Option<Zoned>,
}

/// One key, and what it is worth.
#[derive(Debug)]
pub struct KeyEvidence<'a> {
    /// The key.
    pub key: Key,
    /// It stands for several people, so it is not looked up.
    pub is_shared: bool,
    /// Those who have it, too.
    pub shared_with: Vec<&'a Person>,
    /// The accounts that have it, and whether their name is another.
    pub accounts: Vec<(&'a Candidate, bool)>,
}

/// An account as it is known tonight.
#[derive(Debug)]
pub struct KnownAccount<'a> {
    /// As the report has it.
    pub reported: &'a Candidate,
    /// The report, overridden by what the ledger verified since.
    pub known: AccountRow,
    /// Since when its status is known.
    pub since: Timestamp,
    /// What the ledger verified of it, whenever that was.
    pub verified: Option<&'a AccountMemory>,
}

/// A reason not to touch an account.
#[derive(Debug)]
pub struct Obstacle {
    /// What the row becomes because of it.
    pub disposition: Disposition,
    /// Why.
    pub reason: Reason,
    /// The same in a sentence.
    pub detail: Cow<'static, str>,
}

/// An account that no person of the inquiry is about.
#[derive(Debug)]
pub struct StrayAccount<'a> {
    /// The account.
    pub account: KnownAccount<'a>,
    /// People who look like its user, and why.
    pub resembles: Vec<(&'a Person, &'a Suggestion)>,
    /// Terminations that were carried out on it.
    pub history: Vec<&'a TerminationRecord>,
}

impl Inquiry<'_> {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty()
            && self.rows.is_empty()
            && self.accounts.is_empty()
            && self.unreadable_accounts.is_empty()
            && self.remembered.is_empty()
    }
}

impl Dossier<'_> {
    /// The termination, if it was carried out before: unless a mapping says
    /// otherwise, it stays with the account of that night.
    pub fn carried_out(&self) -> Option<&TerminationRecord> {
        let known = self.known.filter(|_| self.mapping.is_none());
        known.filter(|record| is_spent(record) && record.account.is_some())
    }

    /// Whether a line of the plan is one of the person's.
    pub fn is_about(&self, line: &RowDisposition) -> bool {
        let person = self.person;
        match (line.origin, &line.source) {
            (Origin::Hr, Some(source)) => self.rows.iter().any(|says| says.row.source == *source),
            (Origin::Ledger, _) => {
                person.origin == Origin::Ledger
                    && line.termination_date == person.date()
                    && line.employee_id == text(person.employee_id.as_ref())
                    && line.work_email == text(person.work_email.as_ref())
                    && line.person == person.name.display()
            }
            (Origin::Hr | Origin::Pool | Origin::Undo, _) => false,
        }
    }
}

impl From<Verdict> for Obstacle {
    fn from(verdict: Verdict) -> Self {
        Self {
            disposition: verdict.disposition,
            reason: verdict.reason,
            detail: verdict.detail,
        }
    }
}
