//! The HR export.

use super::{Field, InputRole, Requirement, Table, agreeing_field, field};

pub(in crate::ingest) static EMPLOYEE_ID: Field = field(
    "employee_id",
    &[
        "employee id",
        "employee number",
        "employee no",
        "employee code",
        "emp id",
        "emp no",
        "emp num",
        "eec emp no",
        "eeid",
        "eid",
        "ee number",
        "worker id",
        "associate id",
        "person number",
        "persno",
        "personnel number",
        "staff id",
        "staff number",
        "personalnummer",
        "personalnr",
        "mitarbeiternummer",
        "psn",
        "pnr",
        "external personal id",
        "person id external",
        "file number",
        "position id",
    ],
    &["user id", "ident", "id", "gusto employee id"],
);
pub(in crate::ingest) static FIRST_NAME: Field = field(
    "first_name",
    &[
        "first name",
        "legal first name",
        "given name",
        "forename",
        "vorname",
        "preferred first name",
    ],
    &["preferred"],
);
pub(in crate::ingest) static LAST_NAME: Field = field(
    "last_name",
    &[
        "last name",
        "surname",
        "legal last name",
        "family name",
        "nachname",
    ],
    &[],
);
pub(in crate::ingest) static FULL_NAME: Field = field(
    "full_name",
    &[
        "full name",
        "employee name",
        "worker name",
        "display name",
        "payroll name",
        "leaver name",
        "leaver full name",
        "name of leaver",
        "name of employee",
        "employee full name",
        "departing employee",
        "departing employee name",
        "exiting employee",
        "leaving employee",
        "terminated employee",
        "terminated employee name",
        "first name last name",
        "last name, first name",
        "legal name",
    ],
    &["employee", "worker", "leaver", "name"],
);
/// A column of somebody else's address (the manager's) or of a private one has
/// no place here, nor has `BambooHR`'s `Best Email`, which falls back to the
/// private one. A user principal name is an address too, but one to log in
/// with: it serves as the username where there is a better e-mail.
pub(in crate::ingest) static WORK_EMAIL: Field = agreeing_field(
    "work_email",
    &[
        "work email",
        "work email address",
        "work contact work email",
        "email work",
        "business email",
        "business email address",
        "email business",
        "corporate email",
        "corporate email address",
        "company email",
        "company email address",
        "official email",
        "email dienstlich",
        "dienst email",
        "dienstliche email",
        "geschäftliche email",
        "employee email",
        "primary email",
        "ad email",
    ],
    &[
        "email address",
        "email",
        "email adresse",
        "upn",
        "user principal name",
    ],
);
pub(in crate::ingest) static USERNAME: Field = agreeing_field(
    "username",
    &[
        "username",
        "sam account name",
        "sam account",
        "logon name",
        "login name",
        "network id",
    ],
    &["login", "user id", "kürzel", "upn", "user principal name"],
);
/// `HiBob` tells the lifecycle from the access status, which says nothing about
/// the employment.
pub(in crate::ingest) const LIFECYCLE_STATUS: &str = "lifecycle status";
pub(in crate::ingest) static STATUS: Field = agreeing_field(
    "status",
    &[
        LIFECYCLE_STATUS,
        "employment status",
        "employee status",
        "worker status",
        "position status",
        "active inactive status",
        "work status",
        "user status",
        "employment status code",
        "employee status code",
        "beschäftigungsstatus",
        "status",
    ],
    &[
        "active status",
        "is active",
        "active",
        "active inactive",
        "current employee flag",
        "termd",
        "terminated",
        "is terminated",
        "empl status",
        "emp status id",
    ],
);
/// Says yes or no where the status alone does not tell a leaver from somebody
/// on leave.
pub(in crate::ingest) static ON_LEAVE: Field = field(
    "on_leave",
    &["on leave", "is on leave", "currently on leave"],
    &["leave of absence"],
);
/// SAP's reports hold events: what was done to the person, and from when.
pub(in crate::ingest) static ACTION: Field = field(
    "action",
    &[
        // Beside these, SAP's action type is a code.
        "name of action type",
        "action type text",
        "action text",
        "action type",
        "personnel action",
        "personnel action type",
    ],
    &[],
);
pub(in crate::ingest) static ACTION_DATE: Field = field(
    "action_date",
    &["start date action", "action start date", "action date"],
    &["effective date"],
);
/// The dates of [`MAYBE_TERMINATION_DATES`] are left out on purpose, although
/// some exports have nothing else: a wrong date locks somebody out, a missing
/// one only asks.
pub(in crate::ingest) static TERMINATION_DATE: Field = agreeing_field(
    "termination_date",
    &[
        "termination date",
        "termination dt",
        "term date",
        "term dt",
        "term effective date",
        "term eff dt",
        "term eff date",
        "termed date",
        "terminated date",
        "date of termination",
        "actual termination date",
        "termination effective date",
        "separation date",
        "separation dt",
        "separation effective date",
        "cease date",
        "cessation date",
        "exit date",
        "exit dt",
        "leaving date",
        "departure date",
        "date of leaving",
        "leaver date",
        "end of employment",
        "employment end date",
        "emp termination date",
        "employee termination date",
        "ende des arbeitsverhältnisses",
        "austrittsdatum",
        "austritt",
        "austritt am",
        "austritt zum",
        "vertragsende",
        "date de sortie",
        "fecha de baja",
        "datum uit dienst",
        "data de desligamento",
        "data di cessazione",
    ],
    &["leave date", "end date", "release date", ANY_DATE],
);
/// A date of which nothing says what happens on it.
pub(in crate::ingest) const ANY_DATE: &str = "date";

/// Dates that end an employment in some companies only: a contract that is
/// prolonged, a notice that was given, a change of any sort. They are never
/// taken; a file that has nothing else is refused with the line to write.
pub(in crate::ingest) const MAYBE_TERMINATION_DATES: [&str; 8] = [
    "contract end date",
    "contract end",
    "kündigungsdatum",
    "effective date",
    "status effective date",
    "employment status date",
    "position status date",
    "start date action",
];

/// Dates beside a termination that never are its date.
pub(in crate::ingest) const OTHER_DATES: [&str; 14] = [
    "pay through date",
    "paid through date",
    "payroll end date",
    "last paid date",
    "benefit term date",
    "benefits end date",
    "cobra date",
    "previous termination date",
    "resignation date",
    "notification date",
    "notice date",
    "loa date",
    "leave of absence start date",
    "leave of absence return date",
];

pub(in crate::ingest) static LAST_DAY: Field = agreeing_field(
    "last_day",
    &[
        "last day of work",
        "last day worked",
        "last date worked",
        "last working day",
        "last working date",
        "termination last day of work",
        "status termination last day of work",
        "letzter arbeitstag",
        "last day",
    ],
    &[],
);
pub(in crate::ingest) static REHIRE_DATE: Field = agreeing_field(
    "rehire_date",
    &[
        "rehire date",
        "hire rehire date",
        "last hire date",
        "last hire",
        "most recent hire date",
        "latest hire date",
    ],
    &[],
);
/// A hire is news only where it is later than the termination: whoever left was
/// hired again.
pub(in crate::ingest) static HIRE_DATE: Field = field(
    "hire_date",
    &[
        "hire date",
        "date of hire",
        "date hired",
        "hired on",
        "employment start date",
        "joining date",
        "date of joining",
        "eintrittsdatum",
        "einstellungsdatum",
    ],
    &[],
);
/// Yes, or the day, where the termination was taken back.
pub(in crate::ingest) static RESCINDED: Field = agreeing_field(
    "rescinded",
    &[
        "rescinded",
        "is rescinded",
        "rescinded date",
        "rescind date",
        "date rescinded",
        "termination rescinded",
        "cancelled",
        "canceled",
        "is cancelled",
        "is canceled",
        "termination cancelled",
        "termination canceled",
        "withdrawn",
        "termination withdrawn",
        "resignation withdrawn",
        "reversed",
        "termination reversed",
        "storniert",
        "zurückgezogen",
    ],
    &[],
);
/// Whether the termination is more than a request.
pub(in crate::ingest) static APPROVAL: Field = agreeing_field(
    "approval",
    &[
        "approval",
        "approval status",
        "approval state",
        "approved",
        "is approved",
        "termination approved",
        "termination approval status",
        "workflow status",
    ],
    &[],
);
pub(in crate::ingest) static REASON: Field = agreeing_field(
    "reason",
    &[
        "termination reason",
        "termination reason description",
        "primary termination reason",
        "term reason",
        "reason",
        "reason for termination",
        "reason for leaving",
        "leaving reason",
        "separation reason",
        "status reason",
        "austrittsgrund",
    ],
    &[],
);
pub(in crate::ingest) static SITE: Field = field(
    "site",
    &[
        "site",
        "location",
        "location description",
        "work location",
        "office",
        "branch",
        "standort",
        "personnel area",
    ],
    &[],
);
pub(in crate::ingest) static DEPARTMENT: Field = field(
    "department",
    &[
        "department",
        "department desc",
        "department description",
        "home department description",
        "organizational unit",
        "abteilung",
        "org level 1",
    ],
    &["business unit", "division"],
);
pub(in crate::ingest) static COST_CENTER: Field = field(
    "cost_center",
    &["cost center", "cost centre", "cost ctr", "kostenstelle"],
    &[],
);

pub(in crate::ingest) static TABLE: Table = Table {
    role: InputRole::Hr,
    fields: &[
        &EMPLOYEE_ID,
        &FIRST_NAME,
        &LAST_NAME,
        &FULL_NAME,
        &WORK_EMAIL,
        &USERNAME,
        &STATUS,
        &ON_LEAVE,
        &ACTION,
        &ACTION_DATE,
        &TERMINATION_DATE,
        &LAST_DAY,
        &REHIRE_DATE,
        &HIRE_DATE,
        &RESCINDED,
        &APPROVAL,
        &REASON,
        &SITE,
        &DEPARTMENT,
        &COST_CENTER,
    ],
    required: &[
        Requirement {
            wanted: "who leaves (employee id, work e-mail or username)",
            any_of: &[&EMPLOYEE_ID, &WORK_EMAIL, &USERNAME],
        },
        Requirement {
            wanted: "whether or when they leave (status or termination date)",
            any_of: &[&STATUS, &TERMINATION_DATE, &LAST_DAY, &ACTION],
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::ColumnNames;
    use crate::ingest::header::{Misfits, assign};

    /// The field that a file's only column is taken for.
    fn field_of(header: &str) -> Option<&'static str> {
        let header = [header.to_owned()];
        let assignment = assign(&header, &TABLE, &ColumnNames::default(), &Misfits::new());
        assignment.into_keys().next()
    }

    /// Spellings of real exports, of job aids and of integrators' documents.
    #[test]
    fn every_spelling_that_was_seen_is_known() {
        for (field, spellings) in [
            (
                "employee_id",
                "Employee ID|Employee Id|EmployeeID|Employee_ID|employee_id|Employee #|Employee No|\
                 Employee Number|employee_no|Employee Code|Employee_Code|Emp ID|EmpID|empno|empnum|\
                 EecEmpNo|EEID|EID|EE Number|Worker ID|WorkerID|Worker_ID|Associate ID|File Number|\
                 File #|Position ID|Person Number|Pers.no.|pers_no|Personnel Number|Personalnummer|\
                 PSN|PNR|External Personal ID|Employee - ID|USERID|EMPID|personIdExternal|ident|ID|\
                 gusto_employee_id",
            ),
            (
                "full_name",
                "Employee|Employee Name|Employee_Name|Worker|Worker Name|Full Name|FullName|\
                 full_name|Display name|Name|Payroll Name|First Name Last Name|\
                 Last Name, First Name|Legal Name",
            ),
            (
                "first_name",
                "First Name|FirstName|FIRSTNAME|Legal First Name|Legal_Firstname|Given Name|\
                 GivenName|Vorname|Preferred First Name|Preferred|\
                 Legal First Name (Personal Profile)",
            ),
            (
                "last_name",
                "Last Name|LastName|last_name|surname|Legal Last Name|Legal_Lastname|Family Name|\
                 Nachname",
            ),
            (
                "work_email",
                "Work Email|WorkEmail|Work_Email|Work E-mail|Work Email Address|Email|E-Mail|\
                 E-mail address|EMAIL|Email Address|Employee Email|Primary Email|Business Email|\
                 Email - Work|Email (Work)|E-Mail dienstlich|Dienst-E-Mail|dienstliche E-Mail|\
                 Corporate Email|ADEmail|Work Contact: Work Email|UPN|UserPrincipalName",
            ),
            (
                "username",
                "Username|USERNAME|User Name|SamAccount|SamAccountName|sAMAccountName|Login|\
                 logonname|Network ID|Kürzel",
            ),
            (
                "status",
                "Status|Employee Status|Employee_Status|EmployeeStatus|Employment Status|\
                 EmploymentStatus|Worker Status|WorkerStatus|Position Status|\
                 Active/Inactive Status|Active Status|User Status|Lifecycle status|Termd|is_active|\
                 active|Terminated|work_status|EMPL_STATUS|EmpStatusID|Employment Status Code",
            ),
            ("on_leave", "On Leave|OnLeave|Leave of Absence"),
            ("action", "Action Type"),
            ("action_date", "Start date Action|Effective Date"),
            (
                "termination_date",
                "Termination Date|TerminationDate|Termination_Date|TERMINATION DATE|Term Date|\
                 TermDate|Termed Date|Date of Termination|DateofTermination|\
                 Actual Termination Date|Termination Effective Date|Separation Date|Cease Date|\
                 Cessation Date|End Date|end_date|Exit Date|ExitDate|Leaving Date|Leave Date|\
                 Departure Date|End of employment|Release Date|Emp_Termination_Date|Vertragsende|\
                 Ende des Arbeitsverhältnisses|Austrittsdatum|Austritt am|Separation Dt (Eff)|\
                 Term Eff Dt|Date|\
                 Termination Date (Employment Profile)",
            ),
            (
                "last_day",
                "Last Day of Work|LastDayOfWork|Last Day Worked|LastDayWorked|Last Date Worked|\
                 Last Working Day|Last Working Date|Last Day|last_day|\
                 Termination Last Day of Work|Letzter Arbeitstag|StatusTerminationLastDayOfWork",
            ),
            (
                "rehire_date",
                "Rehire Date|Hire/Rehire Date|Last Hire Date|Last Hire|Most Recent Hire Date|\
                 Most_Recent_Hire_Date|Latest Hire Date",
            ),
            (
                "hire_date",
                "Hire Date|Date of Hire|Hired on|Eintrittsdatum",
            ),
            ("rescinded", "Rescinded|Is Cancelled|Withdrawn"),
            ("approval", "Approval Status|Approved"),
            (
                "reason",
                "Termination Reason|Reason|Primary Termination Reason",
            ),
            (
                "site",
                "Location|Location Description|Site|Office|Work_Location|Personnel Area",
            ),
            (
                "department",
                "Department|Department_Desc|Department Description|Home Department Description|\
                 Org Level 1|Business Unit|Division|Abteilung",
            ),
            (
                "cost_center",
                "Cost Center|Cost Centre|Cost ctr|Kostenstelle",
            ),
        ] {
            for spelling in spellings.split('|') {
                assert_eq!(field_of(spelling), Some(field), "{spelling}");
            }
        }
    }

    /// Other people's, private addresses, and dates that end no employment.
    #[test]
    fn these_are_never_taken() {
        let others = "Manager|ManagerName|Manager ID|Manager's Work Email|Manager - Work email|\
                      Reports To|Reports To Name|Reports To Associate ID|Reports To (Email)|\
                      Reporting to|Supervisor|Supervisor Name|Supervisor Email|\
                      Supervisor_Primary_Code|Line manager|Direct Manager|Manager 1 Name|HR|\
                      Personal Email|Personal_Email|Home Email|Secondary Email|PersonalEmail|\
                      Personal Contact: Personal Email|Best Email|Employment Status: Date|\
                      Pre-Termination Employment Status|Eligible for Rehire|\
                      Original Hire Date|Birth_Date_(MM/DD/YYYY)|LOA Date|LOA Reason|\
                      Kündigungsdatum|Contract End Date";
        let headers = others.split('|').chain(OTHER_DATES);
        for header in headers {
            assert_eq!(field_of(header), None, "{header}");
        }
    }
}
