use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::Question;
use super::due::acting_date;
use super::history::History;
use super::keys::row_keys;
use crate::model::{
    EmploymentStatus, HrFileKind, HrRow, Reason, TerminationState, Trust, UnsettledRow,
};

/// HR systems flip the status late: it may lag this far behind the date.
const STATUS_LAG: SignedDuration = SignedDuration::from_hours(48);

/// What HR says about one row or one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Leaves, or has left, on this date.
    Leaves(Date),
    /// Stays, for this reason; the date that the rows speak of, if any.
    Stays(Reason, Option<Date>),
    /// The rows contradict themselves or each other.
    Contradicts(Contradiction),
    /// Neither a status nor a date.
    SaysNothing,
    /// An earlier night's row that nobody could act on.
    Unsettled(Box<UnsettledRow>),
}

/// Rows that nobody can act on before HR has settled them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// Why, as results name it.
    pub reason: Reason,
    /// The date that the rows speak of, if any.
    pub date: Option<Date>,
    /// The same in a sentence, with what to do.
    pub detail: String,
    /// Whether any of the rows says that somebody leaves.
    pub somebody_leaves: bool,
}

/// The claims of one person's rows, and what else is known of them.
pub(super) struct Evidence<'a> {
    /// Row indices with what each says on its own, in the order of the files.
    pub claims: Vec<(usize, Claim)>,
    /// Another person carries the same employee id.
    pub disputed: bool,
    /// A row of the same person that could not be read.
    pub unreadable: Option<&'a crate::model::InvalidRow>,
}

impl Evidence<'_> {
    /// One decision for all rows of a person, and the row that decides: an
    /// active row beats a terminated one, a contradiction stays one, a return
    /// counts unless the person left again, the latest date beats earlier ones.
    pub(super) fn decide(&self, question: &Question<'_>) -> (usize, Claim) {
        let first = |wanted: fn(&Claim) -> bool| {
            let found = self.claims.iter().find(|(_, claim)| wanted(claim));
            found.map(|(row, claim)| (*row, claim.clone()))
        };
        let leaves = self.latest();
        let leaves_on = leaves.map(|(_, date)| date);
        let came_back = self.latest_return(question).filter(|(_, returned)| {
            // Whoever left again after the return leaves.
            leaves_on.is_none_or(|left| *returned >= left)
        });
        if self.disputed {
            return self.dispute(leaves);
        }
        let decided = first(is_active)
            .or_else(|| first(|claim| matches!(claim, Claim::Contradicts(_))))
            .or_else(|| came_back.map(|(row, on)| (row, self.returned(row, on, leaves_on))))
            .or_else(|| leaves.map(|(row, date)| (row, Claim::Leaves(date))));
        let Some((row, claim)) = decided else {
            return (self.claims[0].0, Claim::SaysNothing);
        };
        match claim {
            Claim::Leaves(date) => (row, self.doubt(date, question).unwrap_or(claim)),
            Claim::Stays(..) | Claim::Contradicts(_) | Claim::SaysNothing | Claim::Unsettled(_) => {
                (row, claim)
            }
        }
    }

    /// What a return says beside the last departure.
    fn returned(&self, row: usize, on: Date, leaves_on: Option<Date>) -> Claim {
        match (leaves_on, self.claim_of(row)) {
            (Some(left), _) if left == on => contradicts(
                Reason::StatusAndDate,
                Some(left),
                format!(
                    "one row ends the employment on {left}, another begins one that day; ask HR"
                ),
            ),
            // An event alone: nobody has left.
            (None, Claim::Stays(Reason::HiredAgain, None)) => {
                Claim::Stays(Reason::StillEmployed, None)
            }
            (_, claim) => claim,
        }
    }

    /// Why a leaver may not be one: a row that could not be understood may say
    /// that the person stays, so nobody acts until it can be.
    fn doubt(&self, date: Date, question: &Question<'_>) -> Option<Claim> {
        let silent = self
            .claims
            .iter()
            .find(|(_, claim)| *claim == Claim::SaysNothing)
            .map(|(row, _)| {
                let source = &question.rows[*row].source;
                let why = "has neither a status nor a date; fill one in";
                let detail = format!(
                    "another row of the same person ({} line {}) {why}",
                    source.file, source.line
                );
                (Reason::NoTerminationDate, detail)
            });
        let unreadable = || {
            let source = &self.unreadable?.source;
            let detail = format!(
                "another row of the same person could not be read ({} line {})",
                source.file, source.line
            );
            Some((Reason::Unreadable, detail))
        };
        let (reason, detail) = silent.or_else(unreadable)?;
        Some(contradicts(reason, Some(date), detail))
    }

    fn dispute(&self, leaves: Option<(usize, Date)>) -> (usize, Claim) {
        let contradiction = Contradiction {
            reason: Reason::SharedIdentity,
            date: leaves.map(|(_, date)| date),
            detail: "the same employee id stands on several people; ask HR which is right"
                .to_owned(),
            somebody_leaves: self
                .claims
                .iter()
                .any(|(_, claim)| !matches!(claim, Claim::Stays(..))),
        };
        let row = leaves.map_or(self.claims[0].0, |(row, _)| row);
        (row, Claim::Contradicts(contradiction))
    }

    /// The latest date on which a row says that the person leaves; of equal
    /// dates the first row's.
    fn latest(&self) -> Option<(usize, Date)> {
        let mut latest: Option<(usize, Date)> = None;
        for (row, claim) in &self.claims {
            if let Claim::Leaves(date) = claim
                && latest.is_none_or(|(_, known)| *date > known)
            {
                latest = Some((*row, *date));
            }
        }
        latest
    }

    fn latest_return(&self, question: &Question<'_>) -> Option<(usize, Date)> {
        self.claims
            .iter()
            .filter(|(_, claim)| matches!(claim, Claim::Stays(Reason::HiredAgain, _)))
            .filter_map(|(row, _)| Some((*row, question.rows[*row].rehire_date?)))
            .max_by_key(|(_, returned)| *returned)
    }

    fn claim_of(&self, wanted: usize) -> Claim {
        self.claims
            .iter()
            .find(|(row, _)| *row == wanted)
            .map_or(Claim::SaysNothing, |(_, claim)| claim.clone())
    }
}

fn is_active(claim: &Claim) -> bool {
    match claim {
        Claim::Stays(reason, _) => *reason != Reason::HiredAgain,
        Claim::Leaves(_) | Claim::Contradicts(_) | Claim::SaysNothing | Claim::Unsettled(_) => {
            false
        }
    }
}

/// What one row says on its own.
pub(super) fn claim_of(row: &HrRow, question: &Question<'_>, history: &History<'_>) -> Claim {
    let date = acting_date(row, question.policy);
    if let (Some(end), Some(rehired)) = (date, row.rehire_date)
        && rehired > end
    {
        return match row.status {
            // Seasonal workers are gone in between.
            Some(EmploymentStatus::Left) if lies_ahead(rehired, row, question) => contradicts(
                Reason::StatusAndDate,
                date,
                format!("left on {end}, and is hired again on {rehired} only; ask HR"),
            ),
            Some(_) | None => Claim::Stays(Reason::HiredAgain, date),
        };
    }
    if row.status == Some(EmploymentStatus::Rehired) {
        return Claim::Stays(Reason::HiredAgain, date);
    }
    match question.policy.trust {
        Trust::Both => both(row, date, question),
        Trust::Date => match date {
            Some(date) => Claim::Leaves(date),
            None if row.status == Some(EmploymentStatus::Absent) => {
                Claim::Stays(Reason::OnLeave, None)
            }
            None => Claim::Stays(Reason::StillEmployed, None),
        },
        Trust::Status => status_alone(row, date, question, history),
    }
}

fn both(row: &HrRow, date: Option<Date>, question: &Question<'_>) -> Claim {
    use EmploymentStatus::{Absent, Employed, Left, NotStarted, Rehired, Unclear};
    match (row.status, date) {
        (Some(Left | Unclear) | None, Some(date)) => Claim::Leaves(date),
        (Some(Left | Unclear), None) => contradicts(
            Reason::NoTerminationDate,
            None,
            "the status says that the person left, and no date says when",
        ),
        (Some(Employed | Rehired), None) => Claim::Stays(Reason::StillEmployed, None),
        (Some(Absent | NotStarted), None) => Claim::Stays(Reason::OnLeave, None),
        (Some(Employed | Rehired), Some(date)) => {
            let end = employment_ends(row, date, question);
            let lag_ends = end.saturating_add(STATUS_LAG).unwrap_or(end);
            if question.hr_at > lag_ends {
                still_employed("employed", date)
            } else {
                Claim::Leaves(date)
            }
        }
        (Some(Absent | NotStarted), Some(date)) => {
            // However old the file is: the date may be that of the leave's end.
            if question.as_of >= employment_ends(row, date, question) {
                still_employed("on leave, or not started yet", date)
            } else if question.policy.hr_file == HrFileKind::Incremental {
                // No later file would say by then that the leave is over.
                contradicts(
                    Reason::StatusAndDate,
                    Some(date),
                    format!("on leave, or not started yet, and {date} may end that; ask HR"),
                )
            } else {
                Claim::Leaves(date)
            }
        }
        (None, None) => Claim::SaysNothing,
    }
}

fn lies_ahead(date: Date, row: &HrRow, question: &Question<'_>) -> bool {
    question.calendar.start_of(date, &row.site) > question.as_of
}

/// Until when the status may say employed. Where the last day of work acts, paid
/// notice goes on after it.
fn employment_ends(row: &HrRow, date: Date, question: &Question<'_>) -> Timestamp {
    let last = row.termination_date.map_or(date, |end| end.max(date));
    question.calendar.end_of(last, &row.site)
}

fn still_employed(status: &str, date: Date) -> Claim {
    let detail = format!("the status says {status}, the termination date {date} is past; ask HR");
    contradicts(Reason::StatusAndDate, Some(date), detail)
}

fn contradicts(reason: Reason, date: Option<Date>, detail: impl Into<String>) -> Claim {
    Claim::Contradicts(Contradiction {
        reason,
        date,
        detail: detail.into(),
        somebody_leaves: true,
    })
}

fn status_alone(
    row: &HrRow,
    date: Option<Date>,
    question: &Question<'_>,
    history: &History<'_>,
) -> Claim {
    use EmploymentStatus::{Absent, Employed, Left, NotStarted, Rehired, Unclear};
    match row.status {
        Some(Left) => Claim::Leaves(date.unwrap_or_else(|| first_noticed(row, question, history))),
        Some(Unclear) => match date {
            Some(date) => Claim::Leaves(date),
            None => contradicts(
                Reason::NoTerminationDate,
                None,
                "\"inactive\" may mean leave; a termination date would tell",
            ),
        },
        Some(Employed | Rehired) => Claim::Stays(Reason::StillEmployed, date),
        Some(Absent | NotStarted) => Claim::Stays(Reason::OnLeave, date),
        None => Claim::SaysNothing,
    }
}

/// Without a date, the termination keeps the date on which it was first seen.
fn first_noticed(row: &HrRow, question: &Question<'_>, history: &History<'_>) -> Date {
    row_keys(row)
        .iter()
        .flat_map(|key| history.sharing(key))
        .filter(|record| record.state != TerminationState::Closed)
        .filter(|record| !record.termination.name.is_somebody_else(&row.name))
        .map(|record| record.termination.date)
        .max()
        .unwrap_or_else(|| question.calendar.day(question.hr_at))
}
