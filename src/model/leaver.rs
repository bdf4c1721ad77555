use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{EmailAddress, EmployeeId, PersonKey, PersonName, SourceRow, Text, Username};

/// One understood data row of an HR export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HrRow {
    /// Where it stood.
    pub source: SourceRow,
    /// Employee id as text.
    pub employee_id: Option<EmployeeId>,
    /// The person's name.
    pub name: PersonName,
    /// Work e-mail; a personal address is never read into this.
    pub work_email: Option<EmailAddress>,
    /// Login name, where the export has one.
    pub username: Option<Username>,
    /// Employment status; `None` without such a column or with a blank cell.
    pub status: Option<EmploymentStatus>,
    /// The date on which the employment ends.
    pub termination_date: Option<Date>,
    /// The last day of work, which may be earlier.
    pub last_day: Option<Date>,
    /// The date of a rehire.
    pub rehire_date: Option<Date>,
    /// Site or location as HR names it, or empty.
    pub site: Text,
    /// Department as HR names it, or empty.
    pub department: Text,
    /// Cost center as HR names it, or empty.
    pub cost_center: Text,
}

impl HrRow {
    /// What stands for the person between runs, if the row identifies anybody.
    pub fn person_key(&self) -> Option<PersonKey> {
        PersonKey::of(
            self.employee_id.as_ref(),
            self.work_email.as_ref(),
            self.username.as_ref(),
        )
    }
}

/// What an HR status value says, after the vocabulary was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmploymentStatus {
    /// Terminated, separated, retired, deceased.
    Left,
    /// Active, employed.
    Employed,
    /// An event in a file of events, such as a rehire: employed from the rehire
    /// date on, whatever happened before or will happen later.
    Rehired,
    /// On leave, garden leave, suspended: still employed, never acted on.
    Absent,
    /// Hired or accepted, not started yet.
    NotStarted,
    /// `Inactive`: terminated or on leave; only a termination date tells.
    Unclear,
}
