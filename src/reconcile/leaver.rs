use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::history::is_spent;
use super::lines::termination_of;
use super::matching::Match;
use super::obstacles::Sight;
use super::settle::{Case, Settling, Stance, Verdict, site_of};
use super::{Person, Suggestion};
use crate::model::{
    AccessTrail, AccountKey, AccountRow, AccountStatus, Disposition, HrFileKind, Origin, Reason,
    Termination, TerminationRecord, TerminationState,
};

/// Suggestions shown for one person; more would not help anybody.
const MOST_SUGGESTIONS: usize = 3;

/// Somebody who leaves on a date, and what is known of it.
pub(super) struct Departure<'s, 'h> {
    person: &'s Person,
    termination: Termination,
    found: &'s Match,
    /// What the ledger knows of the person's terminations.
    history: &'s [&'h TerminationRecord],
    /// What it knows of this very termination.
    pub(super) known: Option<&'h TerminationRecord>,
    /// The site whose zone counts.
    pub(super) site: String,
    /// When the deactivation is due, if that is known yet.
    pub(super) due: Option<Timestamp>,
}

impl<'h> Settling<'_, '_, 'h> {
    pub(super) fn leaver(
        &mut self,
        person: &Person,
        date: Date,
        found: &Match,
        suggestions: &[Suggestion],
        history: &[&'h TerminationRecord],
    ) {
        let departure = self.departure(person, date, found, history);
        let due_now = departure.due.filter(|due| *due <= self.question.as_of);
        self.count(&departure, due_now.is_some());
        if self.has_vanished(person) {
            return self.vanished(&departure);
        }
        let verdict = match (due_now, found) {
            (None, _) => Some(self.not_due(date)),
            (Some(due), Match::One(key, matched_by)) => {
                self.due_with_account(&departure, due, key, matched_by)
            }
            (Some(_), Match::Gone | Match::Ambiguous(..) | Match::None(..)) => {
                Some(self.due_without_account(&departure, suggestions))
            }
        };
        self.close_others(&departure);
        if let Some(verdict) = verdict {
            self.remember(&departure, &verdict);
            self.write(person, verdict, found);
            if let (None, Some(line)) = (due_now, self.result.dispositions.last_mut()) {
                line.next_due = departure.due;
            }
        }
        self.duplicates(person, found);
    }

    pub(super) fn departure<'s>(
        &self,
        person: &'s Person,
        date: Date,
        found: &'s Match,
        history: &'s [&'h TerminationRecord],
    ) -> Departure<'s, 'h> {
        let termination = termination_of(person, date);
        let site = match found {
            Match::One(key, _) => {
                site_of(&person.site, &self.directory.candidate(key).row.site).to_owned()
            }
            Match::Gone | Match::Ambiguous(..) | Match::None(..) => person.site.to_string(),
        };
        let calendar = self.question.calendar;
        Departure {
            person,
            known: self.history.exact(&termination.id(), date, history),
            termination,
            found,
            history,
            due: calendar.deactivation_due(date, person.status, &site),
            site,
        }
    }

    /// A year that was mistyped would never come, so somebody has to see it.
    fn not_due(&mut self, date: Date) -> Verdict {
        let today = self.question.calendar.day(self.question.as_of);
        let in_two_years = today.checked_add(2.years()).unwrap_or(Date::MAX);
        let is_far = date > in_two_years;
        self.result.far_dates += u64::from(is_far);
        let doubt = if is_far {
            "; it lies more than two years ahead: check the year for a typing error"
        } else {
            ""
        };
        let why = format!("{NOT_YET}{doubt}");
        Verdict::settled(Disposition::NotDue, Reason::FutureDate, why)
    }

    /// The account as the obstacles look at it.
    pub(super) fn sight<'s>(
        &self,
        departure: &'s Departure<'_, '_>,
        key: &'s AccountKey,
        account: &'s AccountRow,
    ) -> Sight<'s> {
        let verified = self.deactivation_of(departure, key);
        Sight {
            person: departure.person,
            date: departure.termination.date,
            site: &departure.site,
            key,
            account,
            carried_out: verified.is_some() || departure.known.is_some_and(is_spent),
            undone: departure
                .known
                .is_some_and(|record| record.state == TerminationState::Undone),
        }
    }

    /// Whether a leaver whom nothing stands against may be acted on.
    pub(super) fn stance(&self, departure: &Departure<'_, '_>, account: &AccountRow) -> Stance {
        if account.status == AccountStatus::Active && self.is_managed(account) {
            Stance::LeaveToIdp
        } else if self.needs_approval(departure.termination.date, departure.known) {
            Stance::WithApproval
        } else {
            Stance::Act
        }
    }

    /// `None` when the leaver became a case, whose line is written already.
    fn due_with_account(
        &mut self,
        departure: &Departure<'_, '_>,
        due: Timestamp,
        key: &AccountKey,
        matched_by: &str,
    ) -> Option<Verdict> {
        let (account, status_since) = self.known(key);
        let sight = self.sight(departure, key, &account);
        if let Some(verdict) = self.obstacle(&sight) {
            return Some(verdict);
        }
        let stance = self.stance(departure, &account);
        let verified = self.deactivation_of(departure, key);
        let deactivated_at = match account.status {
            AccountStatus::Active => None,
            AccountStatus::Inactive => verified.or(Some(status_since)),
        };
        // The plan completes the line when it knows what is left to do.
        let nothing_yet =
            Verdict::settled(Disposition::AlreadyDone, Reason::NothingLeft, String::new());
        self.write(departure.person, nothing_yet, departure.found);
        self.result.cases.push(Case {
            line: self.result.dispositions.len() - 1,
            origin: departure.person.origin,
            termination: departure.termination.clone(),
            record: departure.known.cloned(),
            account,
            key: key.clone(),
            matched_by: matched_by.to_owned(),
            due,
            deactivated_at,
            access: self.trail(departure),
            stance,
        });
        None
    }

    /// What is known of the end of the leaver's access, tonight included.
    fn trail(&self, departure: &Departure<'_, '_>) -> AccessTrail {
        let known = departure.known.map(|record| record.access);
        let due = AccessTrail {
            due: departure.due,
            ..AccessTrail::default()
        };
        let tonight = due.followed_by(self.look(departure.found));
        known.unwrap_or_default().followed_by(tonight)
    }

    /// What is seen of the account tonight. One that we reactivated ourselves to
    /// free its licences is nobody's.
    fn look(&self, found: &Match) -> AccessTrail {
        match found {
            Match::One(key, _) if !self.question.memory.open_reclaims.contains_key(key) => {
                let (account, since) = self.known(key);
                AccessTrail::seen(account.status, since)
            }
            Match::One(..) | Match::Gone | Match::Ambiguous(..) | Match::None(..) => {
                AccessTrail::default()
            }
        }
    }

    /// When a deactivation for this departure was verified. One before the
    /// date belongs to an earlier departure.
    fn deactivation_of(
        &self,
        departure: &Departure<'_, '_>,
        key: &AccountKey,
    ) -> Option<Timestamp> {
        let of_this_one = departure.known.and_then(|record| record.deactivated_at);
        let date = departure.termination.date;
        let begins = self.question.calendar.start_of(date, &departure.site);
        let of_the_person = departure.history.iter();
        let of_others = || {
            of_the_person
                .filter_map(|record| record.deactivated_at)
                .chain(self.history.deactivations_of(key))
                .filter(|at| *at >= begins)
                .max()
        };
        of_this_one.or_else(of_others)
    }

    fn due_without_account(
        &self,
        departure: &Departure<'_, '_>,
        suggestions: &[Suggestion],
    ) -> Verdict {
        match departure.found {
            Match::Ambiguous(reason, detail) => {
                let advice = format!("{detail}; settle it with --map");
                Verdict::settled(Disposition::Ambiguous, *reason, advice).look_if(true)
            }
            Match::Gone => Verdict::settled(
                Disposition::AlreadyDone,
                Reason::NothingLeft,
                "deactivated earlier; the account is gone from the users report",
            ),
            Match::None(reason, detail) => self.unmatched(*reason, detail, suggestions),
            Match::One(..) => Verdict::settled(Disposition::NotDue, Reason::FutureDate, NOT_YET),
        }
    }

    /// An account that somebody's row points at is no hint for another.
    pub(super) fn hints<'s>(
        &self,
        suggestions: &'s [Suggestion],
    ) -> impl Iterator<Item = &'s Suggestion> {
        let is_known = |key: &AccountKey| self.taken.contains(key) || self.spoken_for.contains(key);
        let unknown = suggestions.iter().filter(move |it| !is_known(&it.key));
        unknown.take(MOST_SUGGESTIONS)
    }

    fn unmatched(&self, reason: Reason, detail: &str, suggestions: &[Suggestion]) -> Verdict {
        let hints: Vec<String> = self
            .hints(suggestions)
            .map(|suggestion| format!("{} ({})", suggestion.account, suggestion.hint.why()))
            .collect();
        if hints.is_empty() {
            return Verdict::settled(Disposition::Unmatched, reason, detail);
        }
        let detail = format!(
            "{detail}; perhaps {}; if so, say it with --map",
            hints.join(" or ")
        );
        Verdict::settled(Disposition::Unmatched, Reason::NearMiss, detail).look_if(true)
    }

    pub(super) fn has_vanished(&self, person: &Person) -> bool {
        let cumulative = self.question.policy.hr_file == HrFileKind::Cumulative;
        person.origin == Origin::Ledger && cumulative
    }

    /// A cumulative file no longer has the row: it was taken back, or lost.
    fn vanished(&mut self, departure: &Departure<'_, '_>) {
        let never_matched = |record: &TerminationRecord| {
            record.account.is_none() && record.state == TerminationState::Open
        };
        if departure.history.iter().all(|record| never_matched(record)) {
            return self.close(departure.history);
        }
        let own = departure.history.iter().filter(|record| {
            let is_own = record.termination.person == departure.person.key;
            is_own && !record.state.is_over()
        });
        for record in own {
            let mut record = (*record).clone();
            record.vanished_at = record.vanished_at.or(Some(self.question.as_of));
            record.access = record.access.followed_by(self.look(departure.found));
            self.result.records.push(record);
        }
        let verdict = Verdict::settled(
            Disposition::Held,
            Reason::RowVanished,
            "the row is gone from the cumulative HR file: nothing more is done until it is back",
        );
        self.write(departure.person, verdict, departure.found);
    }

    /// A termination that waits is remembered, so that it is carried out, or
    /// reported again, even if an incremental file does not repeat it. Somebody
    /// without a key of their own could not be told apart on a later night, so
    /// nothing but their row is.
    fn remember(&mut self, departure: &Departure<'_, '_>, verdict: &Verdict) {
        if departure.person.keys.is_empty() {
            match departure.found {
                // By the time that it is due, nobody will know whose it is.
                Match::None(reason, detail) if verdict.disposition == Disposition::NotDue => {
                    let later = Verdict::settled(Disposition::Unmatched, *reason, detail);
                    self.keep_unsettled(departure.person, &later);
                }
                _ if verdict.needs_a_look => self.keep_unsettled(departure.person, verdict),
                Match::One(..) | Match::Gone | Match::Ambiguous(..) | Match::None(..) => {}
            }
            return;
        }
        let mut record = match departure.known {
            Some(known) => TerminationRecord {
                state: reopened(known),
                ..known.clone()
            },
            None => TerminationRecord {
                termination: departure.termination.clone(),
                account: None,
                user_id: None,
                account_username: None,
                matched_by: String::new(),
                state: TerminationState::Open,
                first_listed: self.question.as_of,
                deactivated_at: None,
                approved: false,
                vanished_at: None,
                access: AccessTrail::default(),
            },
        };
        record.termination = departure.termination.clone();
        record.access = self.trail(departure);
        record.vanished_at = None;
        // Where tonight's keys do not settle it, the earlier match stays known.
        if let Match::One(key, matched_by) = departure.found {
            let row = &self.directory.candidate(key).row;
            record.account = Some(key.clone());
            record.user_id.clone_from(&row.user_id);
            record.account_username.clone_from(&row.username);
            record.matched_by.clone_from(matched_by);
        }
        self.result.records.push(record);
    }

    /// The date was corrected, or HR calls the person differently by now: what
    /// was open under the old id is over.
    fn close_others(&mut self, departure: &Departure<'_, '_>) {
        let id = departure.termination.id();
        let others: Vec<&TerminationRecord> = departure
            .history
            .iter()
            .copied()
            .filter(|record| record.termination.id() != id)
            .collect();
        self.close(&others);
    }

    fn count(&mut self, departure: &Departure<'_, '_>, is_due: bool) {
        if departure.person.origin != Origin::Hr {
            return;
        }
        let is_matched = matches!(departure.found, Match::One(..) | Match::Gone);
        self.result.due_leavers += u64::from(is_due);
        self.result.due_matched += u64::from(is_due && is_matched);
        if let Match::One(key, _) = departure.found {
            let active = self.known(key).0.status == AccountStatus::Active;
            self.result.active_leavers += u64::from(active);
        }
    }
}

const NOT_YET: &str = "the termination has not taken effect yet";

/// HR lists a termination again that was closed when the person seemed to
/// stay: it is open again, or reported again if it was carried out before.
fn reopened(known: &TerminationRecord) -> TerminationState {
    match known.state {
        TerminationState::Closed if is_spent(known) => TerminationState::Spent,
        TerminationState::Closed => TerminationState::Open,
        TerminationState::Open
        | TerminationState::Spent
        | TerminationState::Settled
        | TerminationState::Undone => known.state,
    }
}
