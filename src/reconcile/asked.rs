use std::collections::BTreeSet;

use super::Person;
use super::keys::{Key, keys_of, keys_of_unreadable};
use crate::model::{
    AccountKey, AccountRow, EmailAddress, EmployeeId, HrRow, InvalidRow, PersonName, SourceRow,
    TerminationId, TerminationRecord, UserId, Username,
};

/// Whom or what somebody asks about, by anything that names a person, an
/// account or an HR row. Asking changes nothing, so here a name is enough.
#[derive(Debug, Clone)]
pub struct Asked {
    text: String,
    keys: Vec<Key>,
    /// The words of a name; empty when the text cannot be one.
    words: Vec<String>,
    row: Option<AskedRow>,
    terminations: BTreeSet<TerminationId>,
}

/// `FILE:LINE`, or a line of any HR file.
#[derive(Debug, Clone)]
struct AskedRow {
    file: Option<String>,
    line: u64,
}

impl Asked {
    /// Takes the text as it was typed.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        let may_be_name = text.chars().any(char::is_alphabetic) && !text.contains(['@', ':']);
        Self {
            keys: keys_of(
                EmployeeId::parse(text).as_ref(),
                EmailAddress::parse(text).as_ref(),
                Username::parse(text).as_ref(),
            ),
            words: if may_be_name {
                name(text).words()
            } else {
                Vec::new()
            },
            row: AskedRow::parse(text),
            terminations: [TerminationId::stored(text.to_owned())].into(),
            text: text.to_owned(),
        }
    }

    /// The text turned out to be the id of something that is about these
    /// terminations.
    pub fn stands_for(&mut self, terminations: impl IntoIterator<Item = TerminationId>) {
        self.terminations.extend(terminations);
    }

    pub(super) fn is_termination(&self, id: &TerminationId) -> bool {
        self.terminations.contains(id)
    }

    pub(super) fn is_row(&self, source: &SourceRow) -> bool {
        self.row.as_ref().is_some_and(|row| row.is(source))
    }

    /// Whether a person was named; not by a row, which may be of an earlier
    /// file.
    pub(super) fn is_person(&self, person: &Person) -> bool {
        self.text == person.key.as_str()
            || self.is_name(&person.name)
            || self.has_any(&keys_of(
                person.employee_id.as_ref(),
                person.work_email.as_ref(),
                person.username.as_ref(),
            ))
    }

    pub(super) fn is_hr_row(&self, row: &HrRow) -> bool {
        self.is_row(&row.source)
            || self.is_name(&row.name)
            || self.has_any(&keys_of(
                row.employee_id.as_ref(),
                row.work_email.as_ref(),
                row.username.as_ref(),
            ))
    }

    pub(super) fn is_unreadable(&self, row: &InvalidRow) -> bool {
        self.is_row(&row.source)
            || self.is_name(&name(&row.person))
            || self.has_any(&keys_of_unreadable(row))
    }

    pub(super) fn is_record(&self, record: &TerminationRecord) -> bool {
        let termination = &record.termination;
        self.is_termination(&termination.id())
            || self.text == termination.person.as_str()
            || self.is_name(&termination.name)
            || self.is_user(record.user_id.as_ref(), record.account.as_ref())
            || self.has_any(&keys_of(
                termination.employee_id.as_ref(),
                termination.work_email.as_ref(),
                termination.username.as_ref(),
            ))
            || self.has_any(&keys_of(None, None, record.account_username.as_ref()))
    }

    /// Whether the account itself was named, not only somebody of its name.
    pub(super) fn is_account(&self, row: &AccountRow) -> bool {
        self.is_user(row.user_id.as_ref(), row.key().as_ref())
            || self.has_any(&keys_of(
                row.employee_id.as_ref(),
                row.email.as_ref(),
                row.username.as_ref(),
            ))
    }

    /// Whether a name has all the words that were asked for.
    pub(super) fn is_name(&self, name: &PersonName) -> bool {
        let words = name.words();
        !self.words.is_empty() && self.words.iter().all(|word| words.contains(word))
    }

    /// Why somebody who was not asked for may have been meant.
    pub(super) fn resembles(&self, name: &PersonName, keys: &[Key]) -> Option<&'static str> {
        let same_id = |mine: &Key, theirs: &Key| match (mine, theirs) {
            (Key::EmployeeId(mine), Key::EmployeeId(theirs)) => {
                mine.without_zeros() == theirs.without_zeros()
            }
            _ => false,
        };
        let same_mailbox = |mine: &Key, theirs: &Key| match (mine, theirs) {
            (Key::WorkEmail(mine), Key::WorkEmail(theirs)) => mine.mailbox() == theirs.mailbox(),
            _ => false,
        };
        let any = |same: &dyn Fn(&Key, &Key) -> bool| {
            let mine = self.keys.iter();
            mine.clone()
                .any(|mine| keys.iter().any(|theirs| same(mine, theirs)))
        };
        let words = name.words();
        if any(&same_id) {
            Some("the employee id is the same, leading zeros aside")
        } else if any(&same_mailbox) {
            Some("the e-mail address has the same mailbox")
        } else if self.words.iter().any(|word| words.contains(word)) {
            Some("a word of the name is the same")
        } else {
            None
        }
    }

    fn is_user(&self, id: Option<&UserId>, key: Option<&AccountKey>) -> bool {
        id.is_some_and(|id| id.as_str() == self.text)
            || key.is_some_and(|key| key.as_str() == self.text)
    }

    fn has_any(&self, keys: &[Key]) -> bool {
        let asked = |key: &Key| {
            self.keys
                .iter()
                .any(|mine| mine.identity() == key.identity())
        };
        keys.iter().any(asked)
    }
}

impl AskedRow {
    fn parse(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        let after_word = ["line ", "row "]
            .iter()
            .find_map(|word| lower.strip_prefix(word));
        let (file, line) = if let Some(line) = after_word {
            (None, line.trim())
        } else {
            let (file, line) = text.rsplit_once(':')?;
            (Some(file.to_owned()), line)
        };
        let line = line.parse().ok()?;
        Some(Self { file, line })
    }

    /// A file may be named without its folders.
    fn is(&self, source: &SourceRow) -> bool {
        let is_file = self.file.as_ref().is_none_or(|file| {
            let end = source.file.strip_suffix(file.as_str());
            end.is_some_and(|folders| folders.is_empty() || folders.ends_with('/'))
        });
        is_file && self.line == source.line
    }
}

fn name(text: &str) -> PersonName {
    PersonName {
        full: text.into(),
        ..PersonName::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::tests::scenario::{account, hr};

    fn asks_for_row(text: &str, file: &str, line: u64) -> bool {
        let file = file.into();
        Asked::new(text).is_row(&SourceRow { file, line })
    }

    #[test]
    fn a_row_is_named_by_its_line_with_or_without_its_file() {
        for text in [
            "line 7",
            "Row 7",
            "hr.csv:7",
            "in/hr.csv:7",
            "/x/in/hr.csv:7",
        ] {
            assert!(asks_for_row(text, "/x/in/hr.csv", 7), "{text}");
        }
        for text in ["7", "line 8", "other.csv:7", "r.csv:7", "hr.csv"] {
            assert!(!asks_for_row(text, "/x/in/hr.csv", 7), "{text}");
        }
    }

    #[test]
    fn ids_are_text_and_addresses_have_no_case() {
        let row = hr("id=007 name=Jana_Doe email=jana user=jdoe date=2026-11-20");
        for text in ["007", "Jana@Example.com", "JDoe", "Doe, Jana"] {
            assert!(Asked::new(text).is_hr_row(&row), "{text}");
        }
        for text in ["7", "jan", "kim@example.com", "Jana Roe"] {
            assert!(!Asked::new(text).is_hr_row(&row), "{text}");
        }
    }

    #[test]
    fn who_was_nearly_asked_for_is_known_by_its_reason() {
        let row = account("id=u1 name=Jana_Doe email=jana.doe");
        let why = |text: &str| {
            let keys = keys_of(None, row.email.as_ref(), None);
            Asked::new(text).resembles(&row.name, &keys)
        };
        assert!(
            why("jana.doe@example.net")
                .expect("a reason")
                .contains("mailbox")
        );
        assert!(why("Jana Roe").expect("a reason").contains("name"));
        assert_eq!(why("kim"), None);
    }
}
