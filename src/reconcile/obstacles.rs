use std::collections::BTreeSet;

use jiff::civil::Date;

use super::claims::Claim;
use super::keys::keys_of;
use super::matching::{BY_MAPPING, Match};
use super::settle::{Settling, Verdict, text};
use super::{People, Person};
use crate::model::{
    AccountKey, AccountRow, AccountStatus, Disposition, Origin, PersonName, Reason,
    TerminationRecord, UserId, Username,
};

/// A due leaver and the one account that was found.
pub(super) struct Sight<'s> {
    pub person: &'s Person,
    pub date: Date,
    /// The site whose zone counts.
    pub site: &'s str,
    pub key: &'s AccountKey,
    pub account: &'s AccountRow,
    /// A deactivation for this departure was verified before.
    pub carried_out: bool,
    /// The run that carried it out was undone.
    pub undone: bool,
}

/// Accounts of leavers who were found by an address alone, while somebody of the
/// same name stays and has no account: a contractor who is hired gets a new row,
/// often before it has an e-mail.
pub(super) fn of_namesakes(people: &People, matches: &[Match]) -> Vec<AccountKey> {
    let words = |person: &Person| -> Vec<Vec<String>> {
        let words = person.names().map(PersonName::words);
        words.filter(|words| words.len() > 1).collect()
    };
    let both = || people.persons.iter().zip(matches);
    let staying: BTreeSet<Vec<String>> = both()
        .filter(|(person, found)| {
            matches!(person.claim, Claim::Stays(..)) && !matches!(found, Match::One(..))
        })
        .flat_map(|(person, _)| words(person))
        .collect();
    let leaving = both().filter(|(person, _)| matches!(person.claim, Claim::Leaves(_)));
    leaving
        .filter_map(|(person, found)| match found {
            Match::One(key, matched_by) if is_by_address(matched_by) => {
                let mut names = words(person).into_iter();
                names
                    .any(|name| staying.contains(&name))
                    .then(|| key.clone())
            }
            Match::One(..) | Match::Gone | Match::Ambiguous(..) | Match::None(..) => None,
        })
        .collect()
}

/// Neither HR's own id nor the administrator said whose account it is.
fn is_by_address(matched_by: &str) -> bool {
    let mut keys = matched_by.split('+');
    keys.all(|key| key != BY_MAPPING && key != "employee_id")
}

impl Settling<'_, '_, '_> {
    /// Why a due leaver's account must not be touched, if there is a reason.
    pub(super) fn obstacle(&mut self, sight: &Sight<'_>) -> Option<Verdict> {
        let first = self.obstacles(sight).into_iter().next()?;
        let is_protected = first.reason == Reason::ProtectedAccount;
        let is_hit = is_protected && sight.person.origin == Origin::Hr;
        self.result.protected_hits += u64::from(is_hit);
        Some(first)
    }

    /// Every reason not to touch it, the one that decides first.
    pub(super) fn obstacles(&self, sight: &Sight<'_>) -> Vec<Verdict> {
        let active = sight.account.status == AccountStatus::Active;
        let in_doubt = [
            self.unreadable_account(sight),
            self.claimed_by_others(sight),
            self.rival(sight),
            undone(sight),
            self.somebody_else_by_now(sight),
            self.protection(sight),
        ];
        let in_doubt = in_doubt.into_iter().flatten();
        let in_doubt = in_doubt.map(|verdict| verdict.look_if(active));
        let open = self.reclaim_open(sight).into_iter();
        open.chain(in_doubt).chain(self.hold(sight)).collect()
    }

    /// Whether the termination is so old, and was so old when it was first
    /// listed, that a person has to confirm it.
    pub(super) fn needs_approval(&self, date: Date, record: Option<&TerminationRecord>) -> bool {
        let calendar = self.question.calendar;
        let days = self.question.policy.max_termination_age_days;
        let first_listed = record.map_or(self.question.as_of, |record| record.first_listed);
        let approved = record.is_some_and(|record| record.approved);
        !approved && calendar.after_days(calendar.end_of(date, ""), days) < first_listed
    }

    /// Whether the identity provider would undo what we do.
    pub(super) fn is_managed(&self, account: &AccountRow) -> bool {
        let idp = &self.question.policy.idp;
        !account.scim_provider.is_empty()
            || idp.manages(
                &text(account.username.as_ref()),
                &text(account.email.as_ref()),
            )
    }

    /// An account that this program reactivated itself is not active again
    /// because somebody is back.
    fn reclaim_open(&self, sight: &Sight<'_>) -> Option<Verdict> {
        let open = &self.question.memory.open_reclaims;
        let why = "the account was reactivated to free its licences and is not known to be deactivated again; run and apply do that first, or deactivate it in Admin Console";
        open.contains_key(sight.key)
            .then(|| Verdict::settled(Disposition::Waiting, Reason::ReclaimOpen, why).look_if(true))
    }

    fn unreadable_account(&self, sight: &Sight<'_>) -> Option<Verdict> {
        let row = sight.account;
        let sentence = keys_of(
            row.employee_id.as_ref(),
            row.email.as_ref(),
            row.username.as_ref(),
        )
        .iter()
        .find_map(|key| self.unreadable.get(&key.identity()))
        .cloned();
        let contradictory = self.directory.candidate(sight.key).contradictory.then(|| {
            "the users report says both active and deactivated of this account".to_owned()
        });
        let sentence = sentence.or(contradictory)?;
        Some(Verdict::settled(
            Disposition::Invalid,
            Reason::AccountUnreadable,
            sentence,
        ))
    }

    /// Somebody who stays, or whose row nobody understands, may use the account.
    fn claimed_by_others(&self, sight: &Sight<'_>) -> Option<Verdict> {
        let why = "another row from HR, which does not say that its person leaves, or that nobody has settled, points at this account, or has the same name and no account; ask HR, or settle it with --map";
        self.spoken_for
            .contains(sight.key)
            .then(|| Verdict::settled(Disposition::Conflict, Reason::SharedIdentity, why))
    }

    fn rival(&self, sight: &Sight<'_>) -> Option<Verdict> {
        let why = "several leavers of the file point at this account; settle it with --map";
        self.rivals
            .contains(sight.key)
            .then(|| Verdict::settled(Disposition::Ambiguous, Reason::SeveralLeavers, why))
    }

    /// An account that is newer than the termination, or active again after
    /// it, belongs to somebody who works here.
    fn somebody_else_by_now(&self, sight: &Sight<'_>) -> Option<Verdict> {
        let end = self.question.calendar.end_of(sight.date, sight.site);
        if sight.account.created.is_some_and(|created| created >= end) {
            return Some(Verdict::settled(
                Disposition::Conflict,
                Reason::CreatedLater,
                "the account was created after the termination: it is somebody else's, or the person is back",
            ));
        }
        let active_again = sight.carried_out && sight.account.status == AccountStatus::Active;
        active_again.then(|| {
            Verdict::settled(
                Disposition::Conflict,
                Reason::ActiveAgain,
                "the account was deactivated for this termination and is active again, and HR shows no return",
            )
        })
    }

    fn protection(&self, sight: &Sight<'_>) -> Option<Verdict> {
        let protected = &self.question.policy.protected;
        let why = "the account is on the protected list; a person has to decide";
        names_of(sight)
            .iter()
            .any(|name| protected.contains(name))
            .then(|| Verdict::settled(Disposition::Protected, Reason::ProtectedAccount, why))
    }
}

/// Whoever took a run back knew better than the file; but HR should know too.
fn undone(sight: &Sight<'_>) -> Option<Verdict> {
    let why = "this termination was undone and does nothing any more, and HR still lists it; ask HR to take it back, or to give another date";
    sight
        .undone
        .then(|| Verdict::settled(Disposition::Conflict, Reason::Undone, why))
}

/// Everything that a list of people or accounts can call them, in lower case.
pub(super) fn names_of(sight: &Sight<'_>) -> BTreeSet<String> {
    let (person, account) = (sight.person, sight.account);
    let keys = person.keys.iter().map(|key| key.value().to_owned());
    [
        text(person.employee_id.as_ref()),
        text(person.work_email.as_ref()),
        text(person.username.as_ref()),
        text(account.username.as_ref().map(Username::as_str)),
        text(account.email.as_ref()),
        text(account.user_id.as_ref().map(UserId::as_str)),
        text(account.employee_id.as_ref()),
    ]
    .into_iter()
    .chain(keys)
    .filter(|name| !name.is_empty())
    .map(|name| name.to_lowercase())
    .collect()
}
