//! Files that are named like leaver lists and are none: churned customers,
//! counts a month, surveys, rosters.

use std::collections::BTreeSet;
use std::fmt;

use super::ColumnNames;
use super::aliases::hr;
use super::content::Sample;
use super::decode::TextFile;
use super::error::{IngestError, Refusal};
use super::header::{Assignment, is_of_a_replacement, is_of_somebody_else, normalize};
use super::layout::Layout;
use super::missing::is_of_a_beginning;
use super::taken_back::readings;
use super::text::excerpt;

/// Columns that a message names at most.
const NAMED: usize = 4;

/// Words of headers that only lists of customers have.
const CUSTOMER_WORDS: [&str; 8] = [
    "customer",
    "customerid",
    "subscriber",
    "subscription",
    "subscriptions",
    "churn",
    "churned",
    "mrr",
];

/// Words of headers that only lists of employees have.
const EMPLOYEE_WORDS: [&str; 16] = [
    "department",
    "abteilung",
    "manager",
    "supervisor",
    "hire",
    "hired",
    "job",
    "position",
    "employee",
    "employeeid",
    "employment",
    "worker",
    "associate",
    "personnel",
    "personalnummer",
    "payroll",
];

/// Words of headers over counts and averages.
const COUNT_WORDS: [&str; 14] = [
    "headcount",
    "count",
    "counts",
    "total",
    "totals",
    "rate",
    "turnover",
    "average",
    "avg",
    "percent",
    "percentage",
    "terminations",
    "separations",
    "hires",
];

/// Words of headers that survey tools write.
const SURVEY_WORDS: [&str; 2] = ["respondent", "collector"];

/// Headers, normalized, that only lists of holidays and sick days have.
const ABSENCE_HEADERS: [&str; 14] = [
    "leave type",
    "type of leave",
    "absence type",
    "type of absence",
    "vacation type",
    "time off type",
    "leave days",
    "days off",
    "fehlzeit",
    "absence reason",
    "leave reason",
    "first day",
    "return date",
    "date of return",
];

/// How words of headers begin that only speak of people who leave.
const LEAVING_WORDS: [&str; 13] = [
    "terminat",
    "termreason",
    "leaver",
    "leaving",
    "separation",
    "resign",
    "offboard",
    "exit",
    "departure",
    "dismiss",
    "austritt",
    "kündigung",
    "ausscheiden",
];

/// Headers, normalized, of a last day that need not be the very last one.
const WORKED_HEADERS: [&str; 2] = ["last day worked", "last date worked"];

/// Words of headers over what an account holds.
const LICENSE_WORDS: [&str; 4] = ["license", "licenses", "licence", "licences"];

/// Answers of the usual scales.
const ANSWERS: [&str; 13] = [
    "strongly agree",
    "agree",
    "neutral",
    "neither agree nor disagree",
    "disagree",
    "strongly disagree",
    "very satisfied",
    "satisfied",
    "dissatisfied",
    "very dissatisfied",
    "very likely",
    "likely",
    "unlikely",
];

/// A question is longer than the header of a field such as `Eligible for rehire?`.
const WORDS_OF_A_QUESTION: usize = 5;

/// What a file seems to be instead, and the columns that say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kind {
    what: &'static str,
    columns: Vec<String>,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this looks like {}", self.what)?;
        if self.columns.is_empty() {
            return Ok(());
        }
        let shown = self.columns.iter().take(NAMED);
        let shown: Vec<String> = shown
            .map(|column| format!("\"{}\"", excerpt(column)))
            .collect();
        write!(f, " (columns {})", shown.join(", "))
    }
}

/// Refuses a file that has all columns of an HR export and is none. Whoever
/// says in `[columns.hr]` who its people are has looked at it.
pub(super) fn refuse_other_kinds(
    file: &TextFile,
    layout: &Layout,
    sample: &Sample,
    names: &ColumnNames,
) -> Result<(), IngestError> {
    let identities = [&hr::EMPLOYEE_ID, &hr::WORK_EMAIL, &hr::USERNAME];
    if identities
        .iter()
        .any(|field| names.0.contains_key(field.name))
    {
        return Ok(());
    }
    let header = &layout.header;
    let absences = || absences(layout);
    let survey = || survey(header, sample);
    let accounts = || accounts(layout);
    let hours = || hours(layout, names);
    let kind = customers(header).or_else(survey);
    let Some(kind) = kind.or_else(absences).or_else(accounts).or_else(hours) else {
        return Ok(());
    };
    let refusal = file.refusal(
        format!("{kind}, not like an HR export"),
        "give the list that HR exports; if this is it, say in [columns.hr] who its people are, \
         e.g. work_email = \"HEADER\"",
    );
    Err(refusal.into())
}

/// Refuses a file whose only date is called `Date` or `End Date`, where nothing
/// says that it is about leaving: courses, projects and expenses have one, too.
/// Beside a status an end is that of the employment; a date may be any day.
pub(super) fn refuse_vague_date(
    file: &TextFile,
    layout: &Layout,
    names: &ColumnNames,
) -> Result<(), IngestError> {
    let mut positions = layout.positions(&hr::TERMINATION_DATE).iter();
    let vague = positions.find_map(|position| {
        let header = &layout.header[*position];
        let is_weak = hr::TERMINATION_DATE.weak.contains(&&*normalize(header));
        is_weak.then_some((*position, header))
    });
    let Some((position, header)) = vague else {
        return Ok(());
    };
    let has = |field| !layout.positions(field).is_empty();
    let mut others = layout.header.iter().enumerate();
    let speaks_of_leaving =
        others.any(|(other, header)| other != position && is_about_leaving(header));
    let is_clear = if normalize(header) == hr::ANY_DATE {
        speaks_of_leaving && !has(&hr::LAST_DAY)
    } else {
        speaks_of_leaving || has(&hr::STATUS) || has(&hr::LAST_DAY)
    };
    if is_clear || names.0.contains_key(hr::TERMINATION_DATE.name) {
        return Ok(());
    }
    let header = excerpt(header);
    let refusal = Refusal {
        line: Some(layout.header_line()),
        column: header.clone(),
        ..file.refusal(
            "no other column says that this is the day on which somebody leaves",
            format!(
                "if it is, say so: [columns.hr] termination_date = \"{header}\"; if not, and \
                 another column says it, name that one, or termination_date = \"\" for none"
            ),
        )
    };
    Err(refusal.into())
}

/// Refuses a file whose only known day is a last day of work, where a column
/// that is not read has later dates: whoever is on paid notice until then would
/// lose their access months early.
pub(super) fn refuse_later_dates(
    file: &TextFile,
    layout: &Layout,
    sample: &Sample,
    names: &ColumnNames,
) -> Result<(), IngestError> {
    let has_date = !layout.positions(&hr::TERMINATION_DATE).is_empty();
    if has_date || names.0.contains_key(hr::TERMINATION_DATE.name) {
        return Ok(());
    }
    let Some(last_day) = layout.positions(&hr::LAST_DAY).first().copied() else {
        return Ok(());
    };
    let is_date = |cell: &str| readings(cell).iter().any(Option::is_some);
    let has_later_dates = |position: usize| {
        sample.pairs(last_day, position).any(|(last, other)| {
            let pairs = readings(last).into_iter().zip(readings(other));
            pairs
                .into_iter()
                .any(|pair| matches!(pair, (Some(last), Some(other)) if other > last))
        })
    };
    let later = layout.unused().find(|position| {
        let header = &layout.header[*position];
        !hr::OTHER_DATES.contains(&&*normalize(header))
            && !is_of_a_beginning(header)
            && sample.is_mostly(*position, is_date)
            && has_later_dates(*position)
    });
    let Some(later) = later else { return Ok(()) };
    let [last_day, later] = [last_day, later].map(|at| excerpt(&layout.header[at]));
    let refusal = Refusal {
        line: Some(layout.header_line()),
        column: later.clone(),
        ..file.refusal(
            format!("this column is not read, and has dates after the last day, \"{last_day}\""),
            format!(
                "if employments end then, say [columns.hr] termination_date = \"{later}\"; if not, \
                 termination_date = \"\" says that there is no such column and that \"{last_day}\" acts"
            ),
        )
    };
    Err(refusal.into())
}

/// Refuses a file whose only key is a column called `Email`, where a column that
/// is not read names people: the address may be theirs. Beside the leaver's name
/// an address is compared with it.
pub(super) fn refuse_address_of_nobody(
    file: &TextFile,
    layout: &Layout,
    sample: &Sample,
    names: &ColumnNames,
) -> Result<(), IngestError> {
    let telling = [
        &hr::EMPLOYEE_ID,
        &hr::FIRST_NAME,
        &hr::LAST_NAME,
        &hr::FULL_NAME,
    ];
    let is_told = telling
        .iter()
        .any(|field| !layout.positions(field).is_empty());
    let said = [hr::WORK_EMAIL.name, hr::FULL_NAME.name];
    if is_told || said.iter().any(|field| names.0.contains_key(*field)) {
        return Ok(());
    }
    let mut emails = layout.positions(&hr::WORK_EMAIL).iter();
    let weak = emails.find(|at| {
        hr::WORK_EMAIL
            .weak
            .contains(&&*normalize(&layout.header[**at]))
    });
    let people = layout.unused().find(|position| {
        is_about_people(&layout.header[*position]) && sample.is_mostly(*position, is_like_a_name)
    });
    let (Some(email), Some(people)) = (weak, people) else {
        return Ok(());
    };
    let [email, people] = [*email, people].map(|at| excerpt(&layout.header[at]));
    let refusal = Refusal {
        line: Some(layout.header_line()),
        column: email.clone(),
        ..file.refusal(
            format!("nothing says whose address this is, and \"{people}\" names people"),
            format!(
                "if the leavers are named there, say [columns.hr] full_name = \"{people}\"; if not, \
                 and the address is the leaver's, work_email = \"{email}\"; else export the \
                 employee id"
            ),
        )
    };
    Err(refusal.into())
}

/// Whether a header speaks of the leaver or of whoever stands in, not of the
/// manager, whom many lists name.
fn is_about_people(header: &str) -> bool {
    const WORDS: [&str; 9] = [
        "name",
        "employee",
        "worker",
        "leaver",
        "associate",
        "person",
        "staff",
        "who",
        "mitarbeiter",
    ];
    let normalized = normalize(header);
    let has_word = normalized.split(' ').any(|word| WORDS.contains(&word));
    is_of_a_replacement(header) || has_word && !is_of_somebody_else(header)
}

/// Two words or more that begin with capitals.
fn is_like_a_name(cell: &str) -> bool {
    let words = || cell.split_whitespace();
    let is_word = |word: &str| word.starts_with(char::is_uppercase);
    words().count() > 1 && words().all(is_word) && !cell.contains(|c: char| c.is_ascii_digit())
}

fn is_about_leaving(header: &str) -> bool {
    let header = normalize(header);
    let mut words = header.split(' ');
    words.any(|word| LEAVING_WORDS.iter().any(|begin| word.starts_with(begin)))
}

/// What a file seems to be that lacks a column of an HR export.
pub(super) fn guess(header: &[String], assignment: &Assignment) -> Option<Kind> {
    let has = |field: &str| assignment.contains_key(field);
    let identifies = [&hr::EMPLOYEE_ID, &hr::WORK_EMAIL, &hr::USERNAME]
        .iter()
        .any(|field| has(field.name));
    let survey = || survey(header, &Sample::default());
    customers(header).or_else(survey).or_else(|| {
        if identifies {
            return Some(Kind {
                what: "a roster: it says who the people are, and of nobody whether they leave",
                columns: Vec::new(),
            });
        }
        counts(header)
    })
}

fn customers(header: &[String]) -> Option<Kind> {
    let mut columns = with_words(header, &CUSTOMER_WORDS);
    // An agent's `Customer` is whom the agent works for.
    columns.retain(|column| normalize(column) != "customer");
    let is_of_customers = !columns.is_empty() && with_words(header, &EMPLOYEE_WORDS).is_empty();
    is_of_customers.then_some(Kind {
        what: "a list of customers",
        columns,
    })
}

/// A list of holidays has an `End Date` or a `Last Day` too.
fn absences(layout: &Layout) -> Option<Kind> {
    let is_plain = |position: &usize| {
        let header = normalize(&layout.header[*position]);
        header == "last day" || hr::TERMINATION_DATE.weak.contains(&&*header)
    };
    let [ends, last_days] = [&hr::TERMINATION_DATE, &hr::LAST_DAY].map(|it| layout.positions(it));
    if !ends.iter().chain(last_days).any(is_plain) {
        return None;
    }
    let columns = layout.header.iter().filter(|header| {
        let header = normalize(header);
        ABSENCE_HEADERS.contains(&&*header)
    });
    let columns: Vec<String> = columns.cloned().collect();
    (!columns.is_empty()).then_some(Kind {
        what: "a list of absences",
        columns,
    })
}

/// The users report says which accounts are inactive, not who left.
fn accounts(layout: &Layout) -> Option<Kind> {
    let has_date = [&hr::TERMINATION_DATE, &hr::LAST_DAY]
        .iter()
        .any(|field| !layout.positions(field).is_empty());
    let columns = with_words(&layout.header, &LICENSE_WORDS);
    (!has_date && !columns.is_empty()).then_some(Kind {
        what: "a users report",
        columns,
    })
}

/// A payroll has a last day worked of everybody, and it is no farewell.
fn hours(layout: &Layout, names: &ColumnNames) -> Option<Kind> {
    let said_besides = [&hr::STATUS, &hr::TERMINATION_DATE, &hr::ACTION]
        .iter()
        .any(|field| !layout.positions(field).is_empty());
    let is_named = names.0.contains_key(hr::LAST_DAY.name);
    let columns = layout.positions(&hr::LAST_DAY).iter();
    let columns: Vec<String> = columns
        .map(|position| layout.header[*position].clone())
        .filter(|header| WORKED_HEADERS.contains(&&*normalize(header)))
        .collect();
    (!said_besides && !is_named && !columns.is_empty()).then_some(Kind {
        what: "a register of hours: whoever still works has a last day worked, too",
        columns,
    })
}

fn counts(header: &[String]) -> Option<Kind> {
    let columns = with_words(header, &COUNT_WORDS);
    (columns.len() > 1).then_some(Kind {
        what: "counts, not people",
        columns,
    })
}

fn survey(header: &[String], sample: &Sample) -> Option<Kind> {
    let mut columns = with_words(header, &SURVEY_WORDS);
    let by_tool = columns.len();
    let asked = header.iter().enumerate().filter(|(position, cell)| {
        let is_question =
            cell.ends_with('?') && cell.split_whitespace().count() >= WORDS_OF_A_QUESTION;
        is_question || sample.is_mostly(*position, is_answer)
    });
    columns.extend(asked.map(|(_, cell)| cell.clone()));
    let asked = columns.len() - by_tool;
    (by_tool > 0 || asked > 1).then_some(Kind {
        what: "the answers to a survey",
        columns,
    })
}

fn is_answer(cell: &str) -> bool {
    ANSWERS.contains(&&*cell.to_lowercase())
}

fn with_words(header: &[String], words: &[&str]) -> Vec<String> {
    let has_word = |cell: &&String| {
        let normalized = normalize(cell);
        let found: BTreeSet<&str> = normalized.split(' ').collect();
        words.iter().any(|word| found.contains(word))
    };
    header.iter().filter(has_word).cloned().collect()
}
