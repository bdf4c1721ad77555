use serde::{Deserialize, Serialize};

use super::Text;

/// Where a record stood in an input file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceRow {
    /// The file's name as it was given.
    pub file: Text,
    /// The physical line on which the record begins, from 1.
    pub line: u64,
}

/// One line of a review sheet, as it was read back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewLine {
    /// The physical line on which it begins, from 1.
    pub line: u64,
    /// What stands in column `action_id`.
    pub action_id: String,
    /// What stands in column `decision`.
    pub decision: String,
}

/// A record that could not be understood. It is a result, never an abort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvalidRow {
    /// Where it stood.
    pub source: SourceRow,
    /// The header of the column at fault; empty when the whole row is.
    pub column: String,
    /// The cell as read, cut to a length that fits a message.
    pub value: String,
    /// What is wrong, as a lowercase fragment.
    pub problem: String,
    /// What the reader of the message can do about it.
    pub advice: String,
    /// Whatever of the person could be read, to find the row again.
    pub employee_id: String,
    /// The person's name as read, or empty.
    pub person: String,
    /// The person's e-mail as read, or empty.
    pub work_email: String,
    /// The account's username as read, or empty.
    pub username: String,
}

impl InvalidRow {
    /// File, line, column, value, problem and advice in one line.
    pub fn sentence(&self) -> String {
        let SourceRow { file, line } = &self.source;
        let place = match self.column.as_str() {
            "" => format!("{file} line {line}"),
            column => format!(
                "{file} line {line}, column {column:?}, value {:?}",
                self.value
            ),
        };
        format!("{place}: {}; {}", self.problem, self.advice)
    }
}
