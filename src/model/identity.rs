use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::{PrintOf, Text, fingerprint, folded_fingerprint};

/// E-mail addresses that 8x8 fills in or suggests when nobody has one; many
/// accounts share them, so they never identify anybody.
const PLACEHOLDER_EMAILS: [&str; 2] = ["noreply@8x8.com", "none@8x8.com"];

/// What HR systems write where there is no value (measured in real exports).
const BLANKS: [&str; 10] = [
    "",
    "-",
    "n/a",
    "#n/a",
    "na",
    "nan",
    "null",
    "none",
    "not stated",
    "unk",
];

/// Bytes of the longest of them.
const LONGEST_BLANK: usize = 10;

/// A work e-mail address that can identify a person: case-folded, not blank,
/// not one of the vendor's placeholders.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(Text);

impl EmailAddress {
    /// `None` when the text is no address or a placeholder.
    pub fn parse(text: &str) -> Option<Self> {
        let folded = fold(text);
        is_address(&folded).then_some(Self(folded))
    }

    /// The fingerprint of the address that the text is, without making one.
    pub fn print_in(text: &str) -> Option<u64> {
        let text = text.trim();
        if !text.is_ascii() {
            return Self::parse(text).map(|address| address.fingerprint());
        }
        is_address(text).then(|| folded_fingerprint(PrintOf::Name, text.as_bytes()))
    }

    /// The address's fingerprint: that of the username that is the same.
    pub fn fingerprint(&self) -> u64 {
        fingerprint(PrintOf::Name, self.0.as_bytes())
    }

    /// The folded address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`, without a plus-tag.
    pub fn mailbox(&self) -> &str {
        let local = self.0.split('@').next().unwrap_or_default();
        local.split('+').next().unwrap_or_default()
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split('@').next_back().unwrap_or_default()
    }
}

impl AsRef<Text> for EmailAddress {
    fn as_ref(&self) -> &Text {
        &self.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An 8x8 username, unique across all of 8x8; compared case-folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Username(Text);

impl Username {
    /// `None` when the cell holds no value, or what a spreadsheet made of one.
    pub fn parse(text: &str) -> Option<Self> {
        let folded = fold(text);
        (!is_blank(&folded) && !is_damaged_number(&folded)).then_some(Self(folded))
    }

    /// The fingerprint of the username that the text is, without making one.
    pub fn print_in(text: &str) -> Option<u64> {
        let text = text.trim();
        if !text.is_ascii() {
            return Self::parse(text).map(|name| name.fingerprint());
        }
        (!is_blank(text) && !is_damaged_number(text))
            .then(|| folded_fingerprint(PrintOf::Name, text.as_bytes()))
    }

    /// The address that the username is, if it is one.
    pub fn address(&self) -> Option<EmailAddress> {
        is_address(&self.0).then(|| EmailAddress(self.0.clone()))
    }

    /// The username's fingerprint: that of the address that is the same.
    pub fn fingerprint(&self) -> u64 {
        fingerprint(PrintOf::Name, self.0.as_bytes())
    }

    /// The folded username.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<Text> for Username {
    fn as_ref(&self) -> &Text {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An employee id as text: zeros kept, never compared as a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmployeeId(Text);

impl EmployeeId {
    /// `None` when the cell holds no value, only zeros, or what a spreadsheet
    /// made of a long number (`6.34E+17`): such ids belong to many people.
    pub fn parse(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        is_employee_id(trimmed).then(|| Self(trimmed.into()))
    }

    /// The fingerprint of the id that the text is, without making one.
    pub fn print_in(text: &str) -> Option<u64> {
        let trimmed = text.trim();
        is_employee_id(trimmed).then(|| fingerprint(PrintOf::EmployeeId, trimmed.as_bytes()))
    }

    /// The id's fingerprint.
    pub fn fingerprint(&self) -> u64 {
        fingerprint(PrintOf::EmployeeId, self.0.as_bytes())
    }

    /// The id as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id without leading zeros: only ever a suggestion, because without
    /// them it may be somebody else's.
    pub fn without_zeros(&self) -> &str {
        self.0.trim_start_matches('0')
    }
}

impl AsRef<Text> for EmployeeId {
    fn as_ref(&self) -> &Text {
        &self.0
    }
}

impl fmt::Display for EmployeeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The vendor's id of a user: case-sensitive, opaque.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(Text);

impl UserId {
    /// `None` when the cell is blank, was damaged by a spreadsheet, or holds a
    /// username or an e-mail address (some reports call the username "User ID").
    pub fn parse(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        is_user_id(trimmed).then(|| Self(trimmed.into()))
    }

    /// The fingerprint of the id that the text is, without making one.
    pub fn print_in(text: &str) -> Option<u64> {
        let trimmed = text.trim();
        is_user_id(trimmed).then(|| fingerprint(PrintOf::UserId, trimmed.as_bytes()))
    }

    /// The id's fingerprint.
    pub fn fingerprint(&self) -> u64 {
        fingerprint(PrintOf::UserId, self.0.as_bytes())
    }

    /// The id as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<Text> for UserId {
    fn as_ref(&self) -> &Text {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands for one account between runs: its id where the report has one,
/// else its username.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountKey(Text);

impl AccountKey {
    /// `None` when the account has neither id nor username.
    pub fn of(user_id: Option<&UserId>, username: Option<&Username>) -> Option<Self> {
        match (user_id, username) {
            (Some(id), _) => Some(Self(joined(["id:", id.as_str()]))),
            (None, Some(name)) => Some(Self(joined(["username:", name.as_str()]))),
            (None, None) => None,
        }
    }

    /// The fingerprint of the id or username that the key is; `None` for a key
    /// that is neither.
    pub fn fingerprint(&self) -> Option<u64> {
        let (sort, text) = self.0.split_once(':')?;
        match sort {
            "id" => Some(fingerprint(PrintOf::UserId, text.as_bytes())),
            "username" => Some(fingerprint(PrintOf::Name, text.as_bytes())),
            _ => None,
        }
    }

    /// The key as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key read back from the ledger.
    pub fn stored(text: String) -> Self {
        Self(text.into())
    }
}

/// What stands for one person between runs: the employee id where HR gives
/// one, else the work e-mail, else the username.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonKey(Text);

impl PersonKey {
    /// `None` when HR gives no usable identity.
    pub fn of(
        employee_id: Option<&EmployeeId>,
        work_email: Option<&EmailAddress>,
        username: Option<&Username>,
    ) -> Option<Self> {
        let text = if let Some(id) = employee_id {
            joined(["employee:", id.as_str()])
        } else if let Some(email) = work_email {
            joined(["email:", email.as_str()])
        } else {
            joined(["username:", username?.as_str()])
        };
        Some(Self(text))
    }

    /// The key as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key read back from the ledger.
    pub fn stored(text: String) -> Self {
        Self(text.into())
    }
}

/// Whether the text, without white space around it, is an address that can
/// identify a person; its case does not matter.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !domain.contains('@')
        && !if text.is_ascii() {
            text.bytes().any(|byte| !byte.is_ascii_graphic())
        } else {
            text.chars().any(|c| c.is_whitespace() || c.is_control())
        }
        && !PLACEHOLDER_EMAILS
            .iter()
            .any(|placeholder| placeholder.eq_ignore_ascii_case(text))
}

/// One text of two, made in one go.
fn joined(parts: [&str; 2]) -> Text {
    let mut text = Text::with_capacity(parts.iter().map(|part| part.len()).sum());
    text.extend(parts);
    text
}

fn is_employee_id(text: &str) -> bool {
    let mut pairs = text.as_bytes().windows(2);
    let damaged = pairs.any(|pair| matches!(pair, b"E+" | b"e+"));
    let only_zeros = text.bytes().all(|byte| byte == b'0');
    !is_blank(text) && !damaged && !only_zeros
}

fn is_user_id(text: &str) -> bool {
    let is_foreign = |byte| matches!(byte, b'@' | b'.' | b' ' | b'/');
    let has_foreign = text.bytes().fold(false, |has, byte| has | is_foreign(byte));
    !is_blank(text) && !has_foreign && !is_damaged_number(text)
}

fn fold(text: &str) -> Text {
    let text = text.trim();
    if text.is_ascii() {
        // Most keys are, and a report has millions.
        return Text::from(text).to_ascii_lowercase();
    }
    text.nfc().collect::<String>().to_lowercase().into()
}

/// Whether the text is what a spreadsheet made of a long number: of
/// `1234567890123456` nothing is left but `1.23E+15`.
pub fn is_damaged_number(text: &str) -> bool {
    let text = text.trim();
    // Every key and number of a report comes by here, and few have such a letter.
    let Some(letter) = text.bytes().position(|byte| matches!(byte, b'E' | b'e')) else {
        return false;
    };
    let (mantissa, exponent) = (&text[..letter], &text[letter + 1..]);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    exponent.strip_prefix('+').is_some_and(digits) && digits(&mantissa.replace(['.', ','], ""))
}

/// Whether the text says that there is no value.
pub fn is_blank(text: &str) -> bool {
    let text = text.trim();
    if text.is_ascii() {
        // Every cell of a report comes by here.
        return text.len() <= LONGEST_BLANK
            && BLANKS.iter().any(|blank| blank.eq_ignore_ascii_case(text));
    }
    BLANKS.contains(&fold(text).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cell_has_the_fingerprint_of_what_it_is_parsed_to(
            text in "[ ]?([a-zA-ZéK@.+0-9/\\-]{0,12}|[Nn]/?[Aa]|[Nn]one@8x8.com|1[.,]2[Ee]\\+15|not stated)[ ]?"
        ) {
            prop_assert_eq!(Username::print_in(&text), Username::parse(&text).map(|it| it.fingerprint()));
            let email = EmailAddress::parse(&text).map(|it| it.fingerprint());
            prop_assert_eq!(EmailAddress::print_in(&text), email);
            let employee = EmployeeId::parse(&text).map(|it| it.fingerprint());
            prop_assert_eq!(EmployeeId::print_in(&text), employee);
            prop_assert_eq!(UserId::print_in(&text), UserId::parse(&text).map(|it| it.fingerprint()));
        }
    }

    #[test]
    fn the_longest_blank_is_as_long_as_it_is_said() {
        assert_eq!(
            BLANKS.iter().map(|blank| blank.len()).max(),
            Some(LONGEST_BLANK)
        );
    }

    #[test]
    fn placeholders_and_blanks_identify_nobody() {
        for text in [
            "noreply@8x8.com",
            "None@8x8.com",
            "",
            "N/A",
            "jane",
            "a@b",
            "a b@c.com",
        ] {
            assert_eq!(EmailAddress::parse(text), None, "{text:?}");
        }
        for text in ["", " - ", "null", "Unk", "0000", "6.34E+17"] {
            assert_eq!(EmployeeId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn addresses_are_folded_and_ids_keep_their_zeros() {
        let email = EmailAddress::parse(" Jane.Doe@Example.COM ").expect("an address");
        assert_eq!(email.as_str(), "jane.doe@example.com");
        assert_eq!(
            EmployeeId::parse("000123").expect("an id").as_str(),
            "000123"
        );
        assert_eq!(
            EmployeeId::parse("000123").expect("an id").without_zeros(),
            "123"
        );
    }

    #[test]
    fn a_user_id_column_with_usernames_is_no_id() {
        assert_eq!(UserId::parse("jane.doe@example.com"), None);
        assert_eq!(UserId::parse("jane.doe"), None);
        assert!(UserId::parse("hvOB1l3zDCaDAwp9tNLzZA").is_some());
    }

    #[test]
    fn ids_are_kept_to_the_letter_and_damaged_ones_are_none() {
        for text in [
            "0012J00042NkZQI",
            "0012J00042NkZQIQA3",
            "02KB7TGTYAG4Rq4jDUhwyQ",
        ] {
            assert_eq!(UserId::parse(text).expect("an id").as_str(), text);
        }
        for text in ["1.2E+15", "1,2E+15", "1E+15", " 5.55e+10 "] {
            assert_eq!(UserId::parse(text), None, "{text}");
            assert_eq!(Username::parse(text), None, "{text}");
        }
        assert!(Username::parse("e+15@example.com").is_some());
        assert!(UserId::parse("12E5").is_some());
    }
}
