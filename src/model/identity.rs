use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

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

/// A work e-mail address that can identify a person: case-folded, not blank,
/// not one of the vendor's placeholders.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// `None` when the text is no address or a placeholder.
    pub fn parse(text: &str) -> Option<Self> {
        let folded = fold(text);
        let (local, domain) = folded.split_once('@')?;
        let plausible = !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !domain.contains('@')
            && !folded.chars().any(|c| c.is_whitespace() || c.is_control());
        let placeholder = PLACEHOLDER_EMAILS.contains(&folded.as_str());
        (plausible && !placeholder).then_some(Self(folded))
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

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An 8x8 username, unique across all of 8x8; compared case-folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Username(String);

impl Username {
    /// `None` when the cell holds no value, or what a spreadsheet made of one.
    pub fn parse(text: &str) -> Option<Self> {
        let folded = fold(text);
        (!is_blank(&folded) && !is_damaged_number(&folded)).then_some(Self(folded))
    }

    /// The folded username.
    pub fn as_str(&self) -> &str {
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
pub struct EmployeeId(String);

impl EmployeeId {
    /// `None` when the cell holds no value, only zeros, or what a spreadsheet
    /// made of a long number (`6.34E+17`): such ids belong to many people.
    pub fn parse(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        let damaged = trimmed.contains("E+") || trimmed.contains("e+");
        let only_zeros = trimmed.chars().all(|c| c == '0');
        (!is_blank(trimmed) && !damaged && !only_zeros).then(|| Self(trimmed.to_owned()))
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

impl fmt::Display for EmployeeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The vendor's id of a user: case-sensitive, opaque.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// `None` when the cell is blank, was damaged by a spreadsheet, or holds a
    /// username or an e-mail address (some reports call the username "User ID").
    pub fn parse(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        let opaque = !trimmed.contains(['@', '.', ' ', '/']) && !is_damaged_number(trimmed);
        (!is_blank(trimmed) && opaque).then(|| Self(trimmed.to_owned()))
    }

    /// The id as written.
    pub fn as_str(&self) -> &str {
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
pub struct AccountKey(String);

impl AccountKey {
    /// `None` when the account has neither id nor username.
    pub fn of(user_id: Option<&UserId>, username: Option<&Username>) -> Option<Self> {
        match (user_id, username) {
            (Some(id), _) => Some(Self(format!("id:{id}"))),
            (None, Some(name)) => Some(Self(format!("username:{name}"))),
            (None, None) => None,
        }
    }

    /// The key as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key read back from the ledger.
    pub fn stored(text: String) -> Self {
        Self(text)
    }
}

/// What stands for one person between runs: the employee id where HR gives
/// one, else the work e-mail, else the username.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonKey(String);

impl PersonKey {
    /// `None` when HR gives no usable identity.
    pub fn of(
        employee_id: Option<&EmployeeId>,
        work_email: Option<&EmailAddress>,
        username: Option<&Username>,
    ) -> Option<Self> {
        let text = if let Some(id) = employee_id {
            format!("employee:{id}")
        } else if let Some(email) = work_email {
            format!("email:{email}")
        } else {
            format!("username:{}", username?)
        };
        Some(Self(text))
    }

    /// The key as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key read back from the ledger.
    pub fn stored(text: String) -> Self {
        Self(text)
    }
}

fn fold(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() {
        // Most keys are, and a report has millions.
        return text.to_ascii_lowercase();
    }
    text.nfc().collect::<String>().to_lowercase()
}

/// Whether the text is what a spreadsheet made of a long number: of
/// `1234567890123456` nothing is left but `1.23E+15`.
pub fn is_damaged_number(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.trim().split_once(['E', 'e']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(&mantissa.replace(['.', ','], "")) && exponent.strip_prefix('+').is_some_and(digits)
}

/// Whether the text says that there is no value.
pub fn is_blank(text: &str) -> bool {
    BLANKS.contains(&fold(text).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

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
