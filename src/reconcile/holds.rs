//! People and accounts that are not to be touched, and lists of them that
//! name somebody whom nobody knows.

use std::collections::BTreeSet;

use super::keys::{Key, keys_of, keys_of_unreadable};
use super::obstacles::{Sight, names_of};
use super::settle::{Settling, Verdict};
use super::{Census, Question};
use crate::model::{Disposition, EmployeeId, HoldRecord, Reason, TerminationState};

/// Entries of the administrator's lists that stand for nobody tonight: perhaps
/// a slip of the pen, and then somebody is not protected who should be.
#[derive(Debug, Clone, Default)]
pub struct NamesOfNobody {
    /// Holds in force.
    pub holds: Vec<HoldRecord>,
    /// Protected accounts.
    pub protected: Vec<String>,
}

/// Everybody whom a hold in force or the list of protected accounts names, in
/// lower case: whom the census has to look out for.
pub fn listed_names(question: &Question<'_>) -> BTreeSet<String> {
    let protected = question.policy.protected.iter().cloned();
    in_force(question).map(name_of).chain(protected).collect()
}

/// The entries that no HR row, no open obligation and no account is meant by.
pub fn names_of_nobody(question: &Question<'_>, census: &Census) -> NamesOfNobody {
    let mut unknown: BTreeSet<String> = census.missing(&listed_names(question));
    if unknown.is_empty() {
        return NamesOfNobody::default();
    }
    let mut meet = |keys: Vec<Key>| {
        for key in keys {
            unknown.remove(&key.value().to_lowercase());
        }
    };
    for row in question.rows {
        meet(keys_of(
            row.employee_id.as_ref(),
            row.work_email.as_ref(),
            row.username.as_ref(),
        ));
    }
    for row in question.invalid {
        meet(keys_of_unreadable(row));
    }
    for row in &question.memory.unsettled {
        meet(keys_of(
            row.employee_id.as_ref(),
            row.work_email.as_ref(),
            row.username.as_ref(),
        ));
    }
    let all = question.memory.terminations.values();
    for record in all.filter(|record| record.state != TerminationState::Closed) {
        let termination = &record.termination;
        meet(keys_of(
            termination.employee_id.as_ref(),
            termination.work_email.as_ref(),
            termination.username.as_ref(),
        ));
        meet(keys_of(None, None, record.account_username.as_ref()));
    }
    NamesOfNobody {
        holds: in_force(question)
            .filter(|hold| unknown.contains(&name_of(hold)))
            .cloned()
            .collect(),
        protected: question
            .policy
            .protected
            .intersection(&unknown)
            .cloned()
            .collect(),
    }
}

fn in_force<'q>(question: &Question<'q>) -> impl Iterator<Item = &'q HoldRecord> {
    let today = question.calendar.day(question.as_of);
    let all = question.holds.iter().chain(&question.memory.holds);
    all.filter(move |hold| hold.is_in_force(today))
}

fn name_of(hold: &HoldRecord) -> String {
    hold.who.trim().to_lowercase()
}

impl Settling<'_, '_, '_> {
    /// A hold that names the person or the account. An id that differs in
    /// leading zeros only is held as well: a spreadsheet may have taken them
    /// away or put them there, and waiting costs less than acting.
    pub(super) fn hold(&self, sight: &Sight<'_>) -> Option<Verdict> {
        in_force(self.question).next()?;
        let names = names_of(sight);
        let exact = in_force(self.question).find(|hold| names.contains(&name_of(hold)));
        let nearly = || {
            let ids = ids_without_zeros(sight);
            in_force(self.question).find(|hold| {
                let who = EmployeeId::parse(&hold.who);
                who.is_some_and(|who| ids.contains(who.without_zeros()))
            })
        };
        let (hold, doubt) = match exact {
            Some(hold) => (hold, String::new()),
            None => nearly().map(|hold| {
                let who = &hold.who;
                let doubt = format!("; the hold says {who}, which differs in leading zeros only");
                (hold, doubt)
            })?,
        };
        let until = hold.until.map(|until| format!(" (until {until})"));
        let until = until.unwrap_or_default();
        let why = format!("on hold: {}{until}{doubt}", hold.why);
        Some(Verdict::settled(Disposition::Held, Reason::OnHold, why))
    }
}

fn ids_without_zeros<'s>(sight: &Sight<'s>) -> BTreeSet<&'s str> {
    let own = sight.person.employee_id.iter();
    own.chain(&sight.account.employee_id)
        .chain(sight.person.employee_ids())
        .map(EmployeeId::without_zeros)
        .collect()
}
