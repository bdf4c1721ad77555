//! What the status words of HR systems and of the users report mean. A word
//! that nobody knows stops the run: it may mean that a person stays.

mod accounts;

use std::collections::BTreeMap;

use super::Formats;
use super::aliases::Field;
use super::decode::TextFile;
use super::error::{CONFIGURATION, OpenQuestion, Refusal};
use super::header::normalize;
use super::text::{excerpt, is_blank, tidy};
use crate::model::EmploymentStatus::{self, Absent, Employed, Left, NotStarted, Rehired, Unclear};

/// Unknown words that a message lists at most.
const LISTED: usize = 20;

/// Words of HR exports, folded. Somebody who has given notice, or is on garden
/// leave, is still employed: the date tells when that ends.
const EMPLOYMENT: [(&str, EmploymentStatus); 82] = [
    ("terminated", Left),
    ("terminated employee", Left),
    ("terminated voluntary", Left),
    ("terminated involuntary", Left),
    ("voluntarily terminated", Left),
    ("involuntarily terminated", Left),
    ("voluntary terminated", Left),
    ("involuntary terminated", Left),
    ("terminated for cause", Left),
    ("termed", Left),
    ("inactive employee", Left),
    ("t", Left),
    ("former employee", Left),
    ("former", Left),
    ("ex employee", Left),
    ("deceased", Left),
    ("retired", Left),
    ("separated", Left),
    ("dismissed", Left),
    ("employment ended", Left),
    ("left", Left),
    ("leaver", Left),
    ("del", Left),
    ("ausgetreten", Left),
    ("ausgeschieden", Left),
    ("active", Employed),
    ("active employee", Employed),
    ("active assignment", Employed),
    ("active payroll eligible", Employed),
    ("employed", Employed),
    ("current", Employed),
    ("current employee", Employed),
    ("a", Employed),
    ("n a stillemployed", Employed),
    ("n a still employed", Employed),
    ("still employed", Employed),
    ("rehired", Employed),
    ("notice", Employed),
    ("on notice", Employed),
    ("notice period", Employed),
    ("serving notice", Employed),
    ("aktiv", Employed),
    ("on leave", Absent),
    ("active on leave", Absent),
    ("l", Absent),
    ("leave", Absent),
    ("leave of absence", Absent),
    ("long term leave", Absent),
    ("parental leave", Absent),
    ("maternity leave", Absent),
    ("paternity leave", Absent),
    ("medical leave", Absent),
    ("sick leave", Absent),
    ("paid leave", Absent),
    ("unpaid leave", Absent),
    ("military leave", Absent),
    ("loa", Absent),
    ("fmla", Absent),
    ("std", Absent),
    ("ltd", Absent),
    ("short term disability", Absent),
    ("long term disability", Absent),
    ("furlough", Absent),
    ("furloughed", Absent),
    ("garden leave", Absent),
    ("gardening leave", Absent),
    ("suspended", Absent),
    ("suspended payroll eligible", Absent),
    ("beurlaubt", Absent),
    ("elternzeit", Absent),
    ("hired", NotStarted),
    ("accepted", NotStarted),
    ("onboarding", NotStarted),
    ("future start", NotStarted),
    ("future hire", NotStarted),
    ("pre hire", NotStarted),
    ("pending", NotStarted),
    ("n a has not started yet", NotStarted),
    ("has not started yet", NotStarted),
    // SuccessFactors: terminated or on leave.
    ("inactive", Unclear),
    ("inactive payroll eligible", Unclear),
    ("inaktiv", Unclear),
];

/// Sorts of employment, folded. `BambooHR` writes them where it would write
/// "Terminated" otherwise; elsewhere they say nothing about leaving.
const SORTS_OF_EMPLOYMENT: [&str; 14] = [
    "full time",
    "part time",
    "fulltime",
    "parttime",
    "regular",
    "temporary",
    "permanent",
    "contractor",
    "contract",
    "intern",
    "seasonal",
    "casual",
    "hourly",
    "salaried",
];

/// Whether a cell tells how somebody is employed, not whether.
pub(super) fn is_sort_of_employment(cell: &str) -> bool {
    SORTS_OF_EMPLOYMENT.contains(&&*fold(cell))
}

/// What two words about one person say together; `None` when they contradict
/// each other. "Inactive" leaves open what a plainer word says.
pub(super) fn both_statuses(a: EmploymentStatus, b: EmploymentStatus) -> Option<EmploymentStatus> {
    match (a, b) {
        (a, b) if a == b => Some(a),
        (Unclear, plain @ (Left | Absent | NotStarted))
        | (plain @ (Left | Absent | NotStarted), Unclear) => Some(plain),
        (Left | Employed | Rehired | Absent | NotStarted | Unclear, _) => None,
    }
}

/// Columns that hold yes or no: (header, yes means, no means). Workday's
/// `Active Status` is "No" during some leaves too.
const EMPLOYMENT_FLAGS: [(&str, EmploymentStatus, EmploymentStatus); 8] = [
    ("termd", Left, Employed),
    ("terminated", Left, Employed),
    ("is terminated", Left, Employed),
    ("is active", Employed, Left),
    ("active", Employed, Left),
    ("current employee flag", Employed, Left),
    ("active status", Employed, Unclear),
    ("active inactive status", Employed, Unclear),
];

/// Names of events in reports such as SAP's, folded.
const ACTIONS: [(&str, Action); 59] = [
    ("termination", Action::Termination),
    ("terminations", Action::Termination),
    ("auto termination", Action::Termination),
    ("auto terminations", Action::Termination),
    ("termination hr checklist", Action::Termination),
    ("terminate", Action::Termination),
    ("terminate employee", Action::Termination),
    ("terminate contingent worker", Action::Termination),
    ("voluntary termination", Action::Termination),
    ("involuntary termination", Action::Termination),
    ("voluntary", Action::Termination),
    ("involuntary", Action::Termination),
    ("separation", Action::Termination),
    ("leaving", Action::Termination),
    ("leaver", Action::Termination),
    ("resignation", Action::Termination),
    ("retirement", Action::Termination),
    ("early retirement", Action::Termination),
    ("dismissal", Action::Termination),
    ("end of employment", Action::Termination),
    ("death", Action::Termination),
    ("austritt", Action::Termination),
    ("rehire", Action::Works),
    ("reentry into company", Action::Works),
    ("re entry into company", Action::Works),
    ("re hire", Action::Works),
    ("rehire employee", Action::Works),
    ("wiedereinstellung", Action::Works),
    ("wiedereintritt", Action::Works),
    ("hire", Action::Works),
    ("new hire", Action::Works),
    ("hiring", Action::Works),
    ("hire employee", Action::Works),
    ("hire contractor", Action::Works),
    ("einstellung", Action::Works),
    ("transfer", Action::Works),
    ("promotion", Action::Works),
    ("demotion", Action::Works),
    ("change", Action::Works),
    ("data change", Action::Works),
    ("job change", Action::Works),
    ("position change", Action::Works),
    ("change of position", Action::Works),
    ("change in pay", Action::Works),
    ("pay change", Action::Works),
    ("pay rate change", Action::Works),
    ("salary change", Action::Works),
    ("compensation change", Action::Works),
    ("organizational reassignment", Action::Works),
    ("organisational reassignment", Action::Works),
    ("contract extension", Action::Works),
    ("return from leave", Action::Works),
    ("reverse termination", Action::Other(Employed)),
    // It may take back a termination that lies ahead of it.
    ("reinstatement", Action::Other(Employed)),
    ("reinstate", Action::Other(Employed)),
    ("leave", Action::Works),
    ("leave of absence", Action::Works),
    ("parental leave", Action::Works),
    ("suspension", Action::Works),
];

/// What was done to a person, in a report of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// The employment ends on the event's date.
    Termination,
    /// Whoever is hired, moved, paid otherwise or on leave is employed from the
    /// event's date on, until a later one ends it.
    Works,
    /// Anything else; it tells the status alone, whatever its date is.
    Other(EmploymentStatus),
}

/// Whether somebody is on leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// On leave.
    Away,
    /// Expressly not on leave.
    Present,
    /// The file does not say.
    Unsaid,
}

impl Leave {
    /// Reads a cell that should say yes or no. Anything else that is written
    /// there, such as the sort of leave, is a yes: it stops an action at most.
    pub(super) fn read(cell: &str) -> Self {
        if is_blank(cell) {
            return Self::Unsaid;
        }
        match yes_or_no(&fold(cell)) {
            Some(false) => Self::Present,
            Some(true) | None => Self::Away,
        }
    }

    /// What a status means for somebody of whom this is known: "inactive" is
    /// no leaver while on leave, and a leaver when not.
    pub(super) fn refine(
        self,
        status: Option<EmploymentStatus>,
        has_date: bool,
    ) -> Option<EmploymentStatus> {
        match (self, status) {
            (Self::Away, Some(Unclear | Employed)) => Some(Absent),
            (Self::Away, Some(Left)) if !has_date => Some(Absent),
            (Self::Present, Some(Unclear)) => Some(Left),
            (
                Self::Away | Self::Present | Self::Unsaid,
                status @ (None | Some(Left | Employed | Rehired | Absent | NotStarted | Unclear)),
            ) => status,
        }
    }
}

/// What a status cell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning<S> {
    /// It means this.
    Known(S),
    /// It has no value.
    Blank,
    /// Nobody said what this word means.
    Unknown(String),
}

/// What the words of one status column mean.
#[derive(Debug)]
pub(super) struct Vocabulary<S> {
    words: BTreeMap<String, S>,
    flags: Option<(S, S)>,
}

impl Vocabulary<EmploymentStatus> {
    /// The vocabulary of an HR export's status column. The administrator's
    /// words win.
    pub(super) fn employment(header: &str, formats: &Formats) -> Self {
        let header = normalize(header);
        let known = EMPLOYMENT
            .iter()
            .map(|(word, status)| ((*word).to_owned(), *status));
        let sorts = SORTS_OF_EMPLOYMENT.map(|word| (word.to_owned(), Employed));
        let own = formats.hr_status.iter().map(|(word, status)| {
            let status = match status {
                // A status has no date that could tell since when.
                Employed | Rehired => Employed,
                Left | Absent | NotStarted | Unclear => *status,
            };
            (fold(word), status)
        });
        Self {
            words: known.chain(sorts).chain(own).collect(),
            flags: EMPLOYMENT_FLAGS
                .iter()
                .find(|(flag, _, _)| *flag == header)
                .map(|(_, yes, no)| (*yes, *no)),
        }
    }
}

impl Vocabulary<Action> {
    /// The vocabulary of a column of events. The administrator's words win.
    pub(super) fn actions(formats: &Formats) -> Self {
        let known = ACTIONS
            .iter()
            .map(|(word, action)| ((*word).to_owned(), *action));
        let own = formats.hr_status.iter().map(|(word, status)| {
            let action = match status {
                Left => Action::Termination,
                Employed | Rehired | Absent => Action::Works,
                NotStarted | Unclear => Action::Other(*status),
            };
            (fold(word), action)
        });
        Self {
            words: known.chain(own).collect(),
            flags: None,
        }
    }
}

impl<S: Copy> Vocabulary<S> {
    /// What a cell says.
    pub(super) fn read(&self, cell: &str) -> Meaning<S> {
        let word = fold(cell);
        if let Some(status) = self.words.get(&word) {
            return Meaning::Known(*status);
        }
        if is_blank(cell) {
            return Meaning::Blank;
        }
        match (self.flags, yes_or_no(&word)) {
            (Some((yes, _)), Some(true)) => Meaning::Known(yes),
            (Some((_, no)), Some(false)) => Meaning::Known(no),
            (Some(_), None) | (None, _) => Meaning::Unknown(tidy(cell).to_lowercase()),
        }
    }
}

/// Words that nobody knows, with how often they stand in the file and the
/// first line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct UnknownWords(BTreeMap<String, (u64, u64)>);

impl UnknownWords {
    /// Counts one word.
    pub(super) fn add(&mut self, word: String, line: u64) {
        let (count, _) = self.0.entry(word).or_insert((0, line));
        *count += 1;
    }

    /// Adds the words of a later stretch of the file.
    pub(super) fn merge(&mut self, later: Self) {
        for (word, (count, line)) in later.0 {
            let (total, _) = self.0.entry(word).or_insert((0, line));
            *total += count;
        }
    }

    /// The refusal of an HR export that holds such words in the column of
    /// `field`.
    pub(super) fn refuse_hr(
        &self,
        file: &TextFile,
        field: &Field,
        header: &str,
    ) -> Option<Refusal> {
        let lines = self.listed(|word, _, _| format!("\n    \"{}\" = \"…\"", toml_escaped(word)));
        let advice = format!(
            "say what they mean (left, employed, rehired, absent, not_started or unclear) in \
             {CONFIGURATION}:\n    \
             [formats.hr_status]{}\n  or, if the column is about something else: \
             [columns.hr] {} = \"\"",
            lines.concat(),
            field.name
        );
        self.refuse(file, header, advice)
    }

    /// The refusal of a users report that holds such words.
    pub(super) fn refuse_users(&self, file: &TextFile, header: &str) -> Option<Refusal> {
        let lines = self.listed(|word, _, _| format!("\n    \"{}\" = \"…\"", toml_escaped(word)));
        let advice = format!(
            "check that this column says whether the account is active, or name the right one in \
             {CONFIGURATION}: [columns.users] status = \"HEADER\"; if it does, say there what the \
             words mean (active or inactive):\n    [formats.users_status]{}",
            lines.concat()
        );
        self.refuse(file, header, advice)
    }

    fn refuse(&self, file: &TextFile, header: &str, advice: String) -> Option<Refusal> {
        let first_line = self.0.values().map(|(_, line)| *line).min()?;
        let words = self.listed(|word, count, line| {
            let times = if count == 1 { "row" } else { "rows" };
            format!(
                "\"{}\" ({count} {times}, first on line {line})",
                excerpt(word)
            )
        });
        let more = match self.0.len().saturating_sub(LISTED) {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        Some(Refusal {
            line: Some(first_line),
            column: excerpt(header),
            question: Some(OpenQuestion::StatusWords(self.0.keys().cloned().collect())),
            ..file.refusal(
                format!("unknown status values: {}{more}", words.join(", ")),
                advice,
            )
        })
    }

    fn listed(&self, show: impl Fn(&str, u64, u64) -> String) -> Vec<String> {
        let words = self.0.iter().take(LISTED);
        words
            .map(|(word, (count, line))| show(word, *count, *line))
            .collect()
    }
}

pub(super) fn yes_or_no(word: &str) -> Option<bool> {
    match word {
        "1" | "true" | "yes" | "y" | "ja" | "x" => Some(true),
        "0" | "false" | "no" | "n" | "nein" => Some(false),
        _ => None,
    }
}

/// The words of a cell alone: `Terminated - Voluntary` and `TERMINATED_VOLUNTARY`
/// are one. Workday writes paths, `Terminate Employee > Voluntary > Moved`: what
/// is right of the first step explains it.
fn fold(cell: &str) -> String {
    if cell.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return cell.to_ascii_lowercase();
    }
    let step = cell.split(" > ").next().unwrap_or(cell);
    let words = step.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ").to_lowercase()
}

fn toml_escaped(word: &str) -> String {
    let quoted = word.replace('\\', "\\\\").replace('"', "\\\"");
    quoted.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::aliases::hr;

    fn meaning(header: &str, cell: &str) -> Meaning<EmploymentStatus> {
        Vocabulary::employment(header, &Formats::default()).read(cell)
    }

    #[test]
    fn words_of_real_exports_are_known() {
        for (cell, status) in [
            ("Terminated", Left),
            (" LEFT ", Left),
            ("ACTIVE", Employed),
            ("Garden  leave", Absent),
            ("ON_LEAVE", Absent),
            ("Long-term leave", Absent),
            ("Terminated - Voluntary", Left),
            ("Inactive Employee", Left),
            ("N/A-StillEmployed", Employed),
            ("Future Start", NotStarted),
            ("N/A - Has not started yet", NotStarted),
            ("Inactive", Unclear),
        ] {
            assert_eq!(meaning("Status", cell), Meaning::Known(status), "{cell}");
        }
        assert_eq!(meaning("Status", "Unk"), Meaning::Blank);
        // Terminated, or for a term.
        assert_eq!(
            meaning("Status", "Term"),
            Meaning::Unknown("term".to_owned())
        );
    }

    #[test]
    fn yes_and_no_mean_what_the_header_asks() {
        assert_eq!(meaning("Termd", "1"), Meaning::Known(Left));
        assert_eq!(meaning("is_active", "true"), Meaning::Known(Employed));
        assert_eq!(meaning("is_active", "False"), Meaning::Known(Left));
        assert_eq!(meaning("Active Status", "No"), Meaning::Known(Unclear));
        assert_eq!(meaning("Status", "1"), Meaning::Unknown("1".to_owned()));
    }

    #[test]
    fn the_administrators_words_win() {
        let formats = Formats {
            hr_status: [("Inactive".to_owned(), Absent), ("gone".to_owned(), Left)].into(),
            ..Formats::default()
        };
        let vocabulary = Vocabulary::employment("Status", &formats);
        assert_eq!(vocabulary.read("INACTIVE"), Meaning::Known(Absent));
        assert_eq!(vocabulary.read("Gone"), Meaning::Known(Left));
    }

    #[test]
    fn words_are_written_as_cells_are_folded() {
        let actions = ACTIONS.iter().map(|(word, _)| word);
        for word in EMPLOYMENT.iter().map(|(word, _)| word).chain(actions) {
            assert_eq!(fold(word), *word);
        }
    }

    #[test]
    fn a_leave_tells_what_inactive_means() {
        for (cell, status, has_date, refined) in [
            ("Yes", Unclear, false, Absent),
            ("True", Unclear, true, Absent),
            ("No", Unclear, false, Left),
            ("", Unclear, false, Unclear),
            ("N/A", Unclear, true, Unclear),
            ("Medical", Unclear, true, Absent),
            ("1", Left, false, Absent),
            ("1", Left, true, Left),
            ("0", Left, false, Left),
            ("yes", Employed, false, Absent),
            ("no", Employed, false, Employed),
            ("yes", NotStarted, false, NotStarted),
        ] {
            let leave = Leave::read(cell);
            let place = format!("{cell:?} {status:?} {has_date}");
            assert_eq!(
                leave.refine(Some(status), has_date),
                Some(refined),
                "{place}"
            );
        }
        assert_eq!(Leave::Away.refine(None, true), None);
    }

    #[test]
    fn actions_end_an_employment_show_that_it_goes_on_or_tell_the_status() {
        let formats = Formats {
            hr_status: [("Zwangspause".to_owned(), Absent), ("out".to_owned(), Left)].into(),
            ..Formats::default()
        };
        let vocabulary = Vocabulary::actions(&formats);
        for (cell, action) in [
            ("Auto Terminations", Action::Termination),
            ("Termination (HR checklist)", Action::Termination),
            (
                "Terminate Employee > Involuntary > Position",
                Action::Termination,
            ),
            ("Rehire", Action::Works),
            ("Reinstatement", Action::Other(Employed)),
            ("Hire Contractor", Action::Works),
            ("Leave of absence", Action::Works),
            ("Zwangspause", Action::Works),
            ("OUT", Action::Termination),
        ] {
            assert_eq!(vocabulary.read(cell), Meaning::Known(action), "{cell}");
        }
        let unknown = Meaning::Unknown("secondment".to_owned());
        assert_eq!(vocabulary.read("Secondment"), unknown);
    }

    #[test]
    fn unknown_words_are_listed_with_the_lines_to_add() {
        let file = TextFile::decode("hr.csv".to_owned(), b"x".to_vec()).expect("text");
        let mut unknown = UnknownWords::default();
        unknown.add("sabbatical".to_owned(), 4);
        unknown.add("sabbatical".to_owned(), 6);
        unknown.add("b \"x\"".to_owned(), 5);
        let refusal = unknown
            .refuse_hr(&file, &hr::STATUS, "Status")
            .expect("a refusal");
        assert_eq!(refusal.line, Some(4));
        assert!(
            refusal
                .problem
                .contains("\"sabbatical\" (2 rows, first on line 4)")
        );
        assert!(
            refusal
                .advice
                .contains("[formats.hr_status]\n    \"b \\\"x\\\"\" = \"…\"")
        );
        let none = UnknownWords::default();
        assert_eq!(none.refuse_hr(&file, &hr::STATUS, "Status"), None);
    }
}
