//! What the status words of HR systems and of the users report mean. A word
//! that nobody knows stops the run: it may mean that a person stays.

use std::collections::BTreeMap;

use super::Formats;
use super::decode::TextFile;
use super::error::Refusal;
use super::header::normalize;
use super::text::{excerpt, is_blank, tidy};
use crate::model::AccountStatus;
use crate::model::EmploymentStatus::{self, Absent, Employed, Left, NotStarted, Unclear};

/// Unknown words that a message lists at most.
const LISTED: usize = 20;

/// Words seen in real HR exports (`hr-exports.md` 1.3).
const EMPLOYMENT: [(&str, EmploymentStatus); 37] = [
    ("terminated", Left),
    ("voluntarily terminated", Left),
    ("terminated for cause", Left),
    ("inactive employee", Left),
    ("t", Left),
    ("former employee", Left),
    ("deceased", Left),
    ("retired", Left),
    ("separated", Left),
    ("employment ended", Left),
    ("left", Left),
    ("del", Left),
    ("active", Employed),
    ("active employee", Employed),
    ("employed", Employed),
    ("a", Employed),
    ("n/a-stillemployed", Employed),
    ("n/a - still employed", Employed),
    ("on leave", Absent),
    ("l", Absent),
    ("leave", Absent),
    ("leave of absence", Absent),
    ("long-term leave", Absent),
    ("parental leave", Absent),
    ("loa", Absent),
    ("std", Absent),
    ("ltd", Absent),
    ("garden leave", Absent),
    ("suspended", Absent),
    ("hired", NotStarted),
    ("accepted", NotStarted),
    ("onboarding", NotStarted),
    ("future start", NotStarted),
    ("pending", NotStarted),
    ("n/a - has not started yet", NotStarted),
    ("has not started yet", NotStarted),
    // SuccessFactors: terminated or on leave.
    ("inactive", Unclear),
];

/// Columns that hold yes or no: (header, yes means, no means). Workday's
/// `Active Status` is "No" during some leaves too.
const EMPLOYMENT_FLAGS: [(&str, EmploymentStatus, EmploymentStatus); 5] = [
    ("termd", Left, Employed),
    ("terminated", Left, Employed),
    ("is active", Employed, Left),
    ("active", Employed, Left),
    ("active status", Employed, Unclear),
];

const ACCOUNT: [(&str, AccountStatus); 12] = [
    ("active", AccountStatus::Active),
    ("activated", AccountStatus::Active),
    ("enabled", AccountStatus::Active),
    ("active user", AccountStatus::Active),
    ("deactivated", AccountStatus::Inactive),
    ("de-activated", AccountStatus::Inactive),
    ("inactive", AccountStatus::Inactive),
    ("not active", AccountStatus::Inactive),
    ("inactive user", AccountStatus::Inactive),
    ("disabled", AccountStatus::Inactive),
    ("suspended", AccountStatus::Inactive),
    ("deactivated user", AccountStatus::Inactive),
];

/// Words of a header that asks whether the account is active, and of one that
/// asks whether it is not. SCIM has no status but `active`, true or false.
const ASKS_IF_ACTIVE: [&str; 3] = ["active", "activated", "enabled"];
const ASKS_IF_INACTIVE: [&str; 4] = ["deactivated", "inactive", "disabled", "suspended"];

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
            .map(|(word, status)| (fold(word), *status));
        let own = formats.hr_status.iter();
        Self {
            words: known
                .chain(own.map(|(word, status)| (fold(word), *status)))
                .collect(),
            flags: EMPLOYMENT_FLAGS
                .iter()
                .find(|(flag, _, _)| *flag == header)
                .map(|(_, yes, no)| (*yes, *no)),
        }
    }
}

impl Vocabulary<AccountStatus> {
    /// The vocabulary of the users report's status column. The administrator's
    /// words win.
    pub(super) fn account(header: &str, formats: &Formats) -> Self {
        let known = ACCOUNT.iter().map(|(word, status)| (fold(word), *status));
        let own = formats.users_status.iter();
        let header = normalize(header);
        let words: Vec<&str> = header.split(' ').collect();
        let asks_for = |wanted: &[&str]| match words.as_slice() {
            [before @ .., last] => wanted.contains(last) && !before.contains(&"not"),
            [] => false,
        };
        Self {
            words: known
                .chain(own.map(|(word, status)| (fold(word), *status)))
                .collect(),
            flags: if asks_for(&ASKS_IF_ACTIVE) {
                Some((AccountStatus::Active, AccountStatus::Inactive))
            } else if asks_for(&ASKS_IF_INACTIVE) {
                Some((AccountStatus::Inactive, AccountStatus::Active))
            } else {
                None
            },
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
        match (self.flags, word.as_str()) {
            (Some((yes, _)), "1" | "true" | "yes" | "y") => Meaning::Known(yes),
            (Some((_, no)), "0" | "false" | "no" | "n") => Meaning::Known(no),
            (Some(_) | None, _) => Meaning::Unknown(word),
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

    /// The refusal of an HR export that holds such words.
    pub(super) fn refuse_hr(&self, file: &TextFile, header: &str) -> Option<Refusal> {
        let lines = self.listed(|word, _, _| format!("\n    \"{}\" = \"…\"", toml_escaped(word)));
        let advice = format!(
            "say what they mean (left, employed, absent, not_started or unclear):\n    \
             [formats.hr_status]{}",
            lines.concat()
        );
        self.refuse(file, header, advice)
    }

    /// The refusal of a users report that holds such words.
    pub(super) fn refuse_users(&self, file: &TextFile, header: &str) -> Option<Refusal> {
        let lines = self.listed(|word, _, _| format!("\n    \"{}\" = \"…\"", toml_escaped(word)));
        let advice = format!(
            "check that this column says whether the account is active, or name the right one: \
             [columns.users] status = \"HEADER\"; if it does, say what the words mean (active or \
             inactive):\n    [formats.users_status]{}",
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

fn fold(cell: &str) -> String {
    let words: Vec<&str> = tidy(cell).split_whitespace().collect();
    words.join(" ").to_lowercase()
}

fn toml_escaped(word: &str) -> String {
    let quoted = word.replace('\\', "\\\\").replace('"', "\\\"");
    quoted.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("N/A - Has not started yet", NotStarted),
            ("Inactive", Unclear),
        ] {
            assert_eq!(meaning("Status", cell), Meaning::Known(status), "{cell}");
        }
        assert_eq!(meaning("Status", "Unk"), Meaning::Blank);
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
    fn the_status_of_accounts_is_known_in_any_spelling() {
        use AccountStatus::{Active, Inactive};
        let read =
            |header: &str, cell: &str| Vocabulary::account(header, &Formats::default()).read(cell);
        for (header, cell, status) in [
            ("Status", "ACTIVE", Active),
            ("Status", " Enabled ", Active),
            ("Status", "Deactivated", Inactive),
            ("User status", "SUSPENDED", Inactive),
            ("Active", "true", Active),
            ("Active", "0", Inactive),
            ("Account enabled", "No", Inactive),
            ("Deactivated", "Yes", Inactive),
            ("Deactivated", "false", Active),
            ("Is disabled", "N", Active),
            ("Deactivated", "Active", Active),
        ] {
            assert_eq!(
                read(header, cell),
                Meaning::Known(status),
                "{header} {cell}"
            );
        }
        for (header, cell) in [("Status", "true"), ("Status", "Pending activation")] {
            assert!(matches!(read(header, cell), Meaning::Unknown(_)), "{cell}");
        }
        assert_eq!(read("Deactivated", ""), Meaning::Blank);
        let own = Formats {
            users_status: [("pending activation".to_owned(), Inactive)].into(),
            ..Formats::default()
        };
        let vocabulary = Vocabulary::account("Status", &own);
        assert_eq!(
            vocabulary.read("Pending Activation"),
            Meaning::Known(Inactive)
        );
    }

    #[test]
    fn unknown_words_are_listed_with_the_lines_to_add() {
        let file = TextFile::decode("hr.csv".to_owned(), b"x".to_vec()).expect("text");
        let mut unknown = UnknownWords::default();
        unknown.add("sabbatical".to_owned(), 4);
        unknown.add("sabbatical".to_owned(), 6);
        unknown.add("b \"x\"".to_owned(), 5);
        let refusal = unknown.refuse_hr(&file, "Status").expect("a refusal");
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
        assert_eq!(UnknownWords::default().refuse_hr(&file, "Status"), None);
    }
}
