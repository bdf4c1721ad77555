use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    Disposition, EmailAddress, EmployeeId, PersonName, Reason, SourceRow, Text, Username,
    short_digest,
};

/// A row of an incremental HR file on which nobody could act. No later file
/// repeats it, so it is remembered, and reported every night until a later row
/// of the same person or a person settles it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsettledRow {
    /// The row, or the first of a person's rows.
    pub source: SourceRow,
    /// Employee id, if it can be read.
    pub employee_id: Option<EmployeeId>,
    /// Work e-mail, if it can be read.
    pub work_email: Option<EmailAddress>,
    /// Username, if it can be read.
    pub username: Option<Username>,
    /// The person's name.
    pub name: PersonName,
    /// Everything that later rows of the person can be told by: those three,
    /// and those of the person's other rows, each with its kind in front.
    pub identities: Vec<String>,
    /// Site, or empty.
    pub site: Text,
    /// Cost center, or empty.
    pub cost_center: Text,
    /// The date that the row speaks of, if any.
    pub date: Option<Date>,
    /// What became of it.
    pub disposition: Disposition,
    /// Why.
    pub reason: Reason,
    /// The same in a sentence.
    pub detail: String,
    /// When it was first listed.
    pub first_listed: Timestamp,
}

impl UnsettledRow {
    /// `row-5d2e…`, a digest of what makes the row itself: the same row read
    /// again is the same.
    pub fn id(&self) -> String {
        let Self {
            source,
            identities,
            name,
            date,
            reason,
            ..
        } = self;
        let content = format!(
            "{}|{}|{}|{}|{date:?}|{reason}",
            source.file,
            source.line,
            identities.join("|"),
            name.display(),
        );
        format!("row-{}", short_digest(content))
    }
}
