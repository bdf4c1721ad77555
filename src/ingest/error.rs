use std::fmt;
use std::io;

use thiserror::Error;

/// Why a file cannot be read as what it is said to be. The run stops before
/// anything is changed.
#[derive(Debug, Error)]
pub enum IngestError {
    /// The operating system did not hand over the whole file.
    #[error(
        "cannot read {file}; check the path, its permissions and that it was copied completely"
    )]
    Unreadable {
        /// The file's name as it was given.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The content is not what it has to be.
    #[error(transparent)]
    Refused(#[from] Box<Refusal>),
}

/// What the caller makes of an [`IngestError`]: its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IngestErrorKind {
    /// The file is missing or cannot be read to its end (66).
    NoInput,
    /// The content is at fault (65).
    BadData,
    /// The file may not be read (77).
    NoPermission,
}

impl IngestError {
    /// What sort of error it is.
    pub fn kind(&self) -> IngestErrorKind {
        match self {
            Self::Unreadable { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => IngestErrorKind::NoPermission,
                _ => IngestErrorKind::NoInput,
            },
            Self::Refused(_) => IngestErrorKind::BadData,
        }
    }
}

impl From<Refusal> for IngestError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// What is wrong with a file's content, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The file's name as it was given.
    pub file: String,
    /// The physical line, from 1, where one line is at fault.
    pub line: Option<u64>,
    /// The header of the column at fault, or empty.
    pub column: String,
    /// The cell as read, cut to a length that fits a message, or empty.
    pub value: String,
    /// What is wrong, as a lowercase fragment.
    pub problem: String,
    /// What the reader of the message can do about it.
    pub advice: String,
    /// What the administrator can say in the configuration to settle it.
    pub question: Option<OpenQuestion>,
}

/// Where the lines go that an advice shows.
pub(super) const CONFIGURATION: &str = "seatsweep.toml (`seatsweep init` makes one)";

/// What a file leaves open, and only a person knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenQuestion {
    /// Which comes first in its dates, day or month.
    DateOrder,
    /// What these status words mean.
    StatusWords(Vec<String>),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        if !self.column.is_empty() {
            write!(f, ", column \"{}\"", self.column)?;
        }
        if !self.value.is_empty() {
            write!(f, ", value \"{}\"", self.value)?;
        }
        write!(f, ": {}; {}", self.problem, self.advice)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_place_problem_and_advice() {
        let refusal = Refusal {
            file: "hr.csv".to_owned(),
            line: Some(3),
            column: "Status".to_owned(),
            value: "gone fishing".to_owned(),
            problem: "the status is not known".to_owned(),
            advice: "say what it means".to_owned(),
            question: None,
        };
        assert_eq!(
            IngestError::from(refusal).to_string(),
            "hr.csv line 3, column \"Status\", value \"gone fishing\": \
             the status is not known; say what it means"
        );
    }

    #[test]
    fn kinds_follow_the_operating_system() {
        let unreadable = |kind: io::ErrorKind| IngestError::Unreadable {
            file: "hr.csv".to_owned(),
            source: kind.into(),
        };
        assert_eq!(
            unreadable(io::ErrorKind::NotFound).kind(),
            IngestErrorKind::NoInput
        );
        assert_eq!(
            unreadable(io::ErrorKind::PermissionDenied).kind(),
            IngestErrorKind::NoPermission
        );
    }
}
