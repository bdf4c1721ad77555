use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::families::{Families, active_again, look_at_the_tasks};
use super::reasons::{AccessStudy, Night, Studied, obstacle_tonight, reason_by_time};
use super::{AccessState, IN_TIME, LeaverAccess, Removal};
use crate::model::{
    Disposition, Memory, Origin, Termination, TerminationId, TerminationRecord, TerminationState,
    UnsettledRow,
};
use crate::plan::Plan;
use crate::reconcile::{Calendar, RowDisposition};

/// Everything that is known of the leavers of a period.
#[derive(Debug, Clone, Copy)]
pub struct AccessInquiry<'a> {
    /// What tonight's run would do; it has seen tonight's files.
    pub plan: &'a Plan,
    /// What earlier nights left.
    pub memory: &'a Memory,
    /// Dates and zones.
    pub calendar: &'a Calendar,
    /// The accepted nights, the earliest first.
    pub nights: &'a [Night],
    /// First and last of HR's dates.
    pub period: (Date, Date),
}

impl AccessInquiry<'_> {
    /// Finds the leavers of the period whose access is due to end, and what is
    /// known of its end.
    pub fn study(&self) -> AccessStudy {
        let records = self.records();
        let families = Families::of(&records, self.memory);
        let of_period = |line: &&RowDisposition| {
            let date = line.termination_date;
            date.is_some_and(|date| self.covers(date))
        };
        let lines = Lines::of(self.lines().filter(of_period).collect());
        let mut told = BTreeSet::new();
        let mut leavers = Vec::new();
        let records = records.values();
        for record in records.filter(|record| self.covers(record.termination.date)) {
            let mine = lines.about(&record.termination);
            if families.speaks_for_itself(record) {
                let line = mine.first().map(|position| lines.all[*position]);
                leavers.extend(self.of_record(record, &families, line));
            }
            told.extend(mine);
        }
        // Rows of one person that contradict each other are one leaver.
        let mut by_who = BTreeMap::new();
        for (position, line) in lines.all.iter().enumerate() {
            if !told.contains(&position) && may_be_open(line) {
                by_who
                    .entry((line.termination_date, who(line)))
                    .or_insert(*line);
            }
        }
        leavers.extend(by_who.values().filter_map(|line| self.of_line(line)));
        AccessStudy {
            period: self.period,
            leavers,
            undated: self.undated(),
        }
    }

    /// Every termination, as it would be known after tonight.
    fn records(&self) -> BTreeMap<TerminationId, &TerminationRecord> {
        let known = self.memory.terminations.values();
        let all = known.chain(&self.plan.terminations);
        all.map(|record| (record.termination.id(), record))
            .collect()
    }

    /// Tonight's lines about people; those of the users report are about seats.
    fn lines(&self) -> impl Iterator<Item = &RowDisposition> {
        let lines = self.plan.dispositions.iter();
        lines.filter(|line| matches!(line.origin, Origin::Hr | Origin::Ledger))
    }

    fn undated(&self) -> u64 {
        let undated = self
            .lines()
            .filter(|line| line.termination_date.is_none() && may_be_open(line));
        undated.count() as u64
    }

    fn covers(&self, date: Date) -> bool {
        let (since, until) = self.period;
        (since..=until).contains(&date)
    }

    /// `None` while access is not due to end.
    fn of_record(
        &self,
        record: &TerminationRecord,
        families: &Families<'_>,
        line: Option<&RowDisposition>,
    ) -> Option<Studied> {
        let termination = &record.termination;
        if line.is_some_and(|line| line.disposition == Disposition::NotDue) {
            return None;
        }
        let due = record.access.due.or_else(|| self.due_of(termination))?;
        if due > self.plan.as_of {
            return None;
        }
        let removal = families.removal_of(record);
        let has_ended = removal.counted().is_some();
        let is_unmatched = record.account.is_none()
            && line.is_none_or(|line| line.disposition == Disposition::Unmatched);
        let state = match record.state {
            TerminationState::Undone => AccessState::GivenBack,
            TerminationState::Closed if !has_ended => AccessState::TakenBack,
            _ if !has_ended && is_unmatched => AccessState::Unmatched,
            _ => self.state_by_time(removal, due),
        };
        let source = &termination.source;
        let mut leaver = LeaverAccess {
            person: termination.name.display(),
            employee_id: text(termination.employee_id.as_ref()),
            work_email: text(termination.work_email.as_ref()),
            username: text(record.account_username.as_ref()),
            site: termination.site.to_string(),
            cost_center: termination.cost_center.to_string(),
            source: Some(source.clone()),
            date: termination.date,
            due,
            first_listed: Some(families.first_listed(record)),
            not_listed: None,
            told_late: false,
            removal,
            ended_by: None,
            said_done: None,
            active_again: active_again(record, removal),
            state,
            reason: None,
            counted_until: self.counted_until(state, removal),
        };
        self.look_at_the_nights(&mut leaver);
        let tasks = families.tasks.get(&termination.id());
        look_at_the_tasks(&mut leaver, tasks.map_or(&[], Vec::as_slice));
        Some(self.with_reason(leaver, Some(termination), line))
    }

    /// Somebody of whom there is nothing but tonight's row.
    fn of_line(&self, line: &RowDisposition) -> Option<Studied> {
        let date = line.termination_date.filter(|date| self.covers(*date))?;
        let due = self.calendar.deactivation_due(date, None, &line.site)?;
        if due > self.plan.as_of {
            return None;
        }
        let removal = Removal::Unknown;
        let state = match line.disposition {
            Disposition::Unmatched => AccessState::Unmatched,
            _ => self.state_by_time(removal, due),
        };
        let mut leaver = LeaverAccess {
            person: line.person.clone(),
            employee_id: line.employee_id.clone(),
            work_email: line.work_email.clone(),
            username: line.username.clone(),
            site: line.site.clone(),
            cost_center: line.cost_center.clone(),
            source: line.source.clone(),
            date,
            due,
            first_listed: self.unsettled(line).map(|row| row.first_listed),
            not_listed: None,
            told_late: false,
            removal,
            ended_by: None,
            said_done: None,
            active_again: None,
            state,
            reason: None,
            counted_until: self.counted_until(state, removal),
        };
        self.look_at_the_nights(&mut leaver);
        Some(self.with_reason(leaver, None, Some(line)))
    }

    fn with_reason(
        &self,
        mut leaver: LeaverAccess,
        termination: Option<&Termination>,
        line: Option<&RowDisposition>,
    ) -> Studied {
        let tonight = match leaver.state {
            AccessState::Open | AccessState::Overdue | AccessState::Unmatched => {
                line.and_then(|line| obstacle_tonight(line, &self.plan.actions, termination))
            }
            AccessState::InTime
            | AccessState::Late
            | AccessState::GivenBack
            | AccessState::TakenBack => None,
        };
        let (otherwise, night) = reason_by_time(&leaver, self.nights);
        let night = night.filter(|_| tonight.is_none());
        leaver.reason = tonight.or(otherwise);
        Studied {
            leaver,
            termination: termination.cloned(),
            asks: night.map(|night| night.plan_id.clone()),
        }
    }

    /// When access was due, for terminations that do not say it: as the policy
    /// is tonight.
    fn due_of(&self, termination: &Termination) -> Option<Timestamp> {
        let Termination { date, site, .. } = termination;
        self.calendar.deactivation_due(*date, None, site)
    }

    fn state_by_time(&self, removal: Removal, due: Timestamp) -> AccessState {
        let until = removal.counted().unwrap_or(self.plan.as_of);
        let in_time = until.duration_since(due) <= IN_TIME;
        match (removal, in_time) {
            (Removal::At(_) | Removal::Between { .. }, true) => AccessState::InTime,
            (Removal::At(_) | Removal::Between { .. }, false) => AccessState::Late,
            (Removal::Unknown, true) => AccessState::Open,
            (Removal::Unknown, false) => AccessState::Overdue,
        }
    }

    fn counted_until(&self, state: AccessState, removal: Removal) -> Option<Timestamp> {
        match state {
            AccessState::InTime | AccessState::Late | AccessState::GivenBack => removal.counted(),
            AccessState::Open | AccessState::Overdue => Some(self.plan.as_of),
            AccessState::Unmatched | AccessState::TakenBack => None,
        }
    }

    /// HR is late only if a night after access was due read its file, and the
    /// leaver was not in it: while no run looks, nobody knows what HR lists.
    fn look_at_the_nights(&self, leaver: &mut LeaverAccess) {
        let Some(listed) = leaver.first_listed else {
            return;
        };
        let mut before = self.nights.iter().rev();
        let before = before.find(|night| night.as_of < listed);
        leaver.not_listed = before.map(|night| night.as_of);
        leaver.told_late = leaver.not_listed.is_some_and(|night| night >= leaver.due);
    }

    /// The earlier night's row that the line repeats.
    fn unsettled(&self, line: &RowDisposition) -> Option<&UnsettledRow> {
        self.memory.unsettled.iter().find(|row| {
            let whose = (
                text(row.employee_id.as_ref()),
                text(row.work_email.as_ref()),
                row.name.display(),
            );
            row.date == line.termination_date && whose == who(line)
        })
    }
}

/// Tonight's lines by whatever names somebody: a round of layoffs has many.
struct Lines<'a> {
    all: Vec<&'a RowDisposition>,
    by_word: BTreeMap<String, Vec<usize>>,
}

impl<'a> Lines<'a> {
    fn of(all: Vec<&'a RowDisposition>) -> Self {
        let mut by_word: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (position, line) in all.iter().enumerate() {
            for word in [&line.employee_id, &line.work_email, &line.person] {
                let positions = by_word.entry(word.to_lowercase()).or_default();
                positions.push(position);
            }
        }
        by_word.remove("");
        Self { all, by_word }
    }

    /// The lines about the termination, in their order.
    fn about(&self, termination: &Termination) -> BTreeSet<usize> {
        let words = [
            text(termination.employee_id.as_ref()),
            text(termination.work_email.as_ref()),
            termination.name.display(),
        ];
        let named = words
            .iter()
            .filter_map(|word| self.by_word.get(&word.to_lowercase()));
        named
            .flatten()
            .copied()
            .filter(|position| is_about(self.all[*position], termination))
            .collect()
    }
}

/// Whether tonight's line is about the termination. A row's own identities may
/// be shared with others, which the termination then does not have.
pub(super) fn is_about(line: &RowDisposition, termination: &Termination) -> bool {
    if line.termination_date != Some(termination.date) || line.disposition == Disposition::Duplicate
    {
        return false;
    }
    let differ_or_fit = |mine: String, theirs: &str| {
        let both = !mine.is_empty() && !theirs.is_empty();
        both.then(|| mine.eq_ignore_ascii_case(theirs))
    };
    let by_id = differ_or_fit(text(termination.employee_id.as_ref()), &line.employee_id);
    let by_email = differ_or_fit(text(termination.work_email.as_ref()), &line.work_email);
    by_id
        .or(by_email)
        .unwrap_or_else(|| !line.person.is_empty() && line.person == termination.name.display())
}

/// Whether access may be open, as far as the line tells.
fn may_be_open(line: &RowDisposition) -> bool {
    match line.disposition {
        Disposition::Unmatched => true,
        Disposition::Conflict | Disposition::Ambiguous | Disposition::Invalid => line.needs_a_look,
        Disposition::Planned
        | Disposition::Waiting
        | Disposition::AlreadyDone
        | Disposition::NotDue
        | Disposition::Held
        | Disposition::Protected
        | Disposition::IdpManaged
        | Disposition::Rehired
        | Disposition::NotLeaving
        | Disposition::Duplicate => false,
    }
}

fn who(line: &RowDisposition) -> (String, String, String) {
    (
        line.employee_id.clone(),
        line.work_email.clone(),
        line.person.clone(),
    )
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}
