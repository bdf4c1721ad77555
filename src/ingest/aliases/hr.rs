//! The HR export (`hr-exports.md` 1.2).

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
        "first name last name",
        "last name, first name",
        "legal name",
    ],
    &["employee", "worker", "name"],
);
/// A column of somebody else's address (the manager's) or of a private one has
/// no place here, nor has BambooHR's `Best Email`, which falls back to the
/// private one. A user principal name is an address too, but one to log in
/// with: it serves as the username where there is a better e-mail.
pub(in crate::ingest) static WORK_EMAIL: Field = agreeing_field(
    "work_email",
    &[
        "work email",
        "work email address",
        "work contact work email",
        "business email",
        "corporate email",
        "company email",
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
/// HiBob tells the lifecycle from the access status, which says nothing about
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
        "employment status code",
        "employee status code",
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
    &["action type", "personnel action", "personnel action type"],
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
        "term date",
        "termed date",
        "terminated date",
        "date of termination",
        "actual termination date",
        "termination effective date",
        "separation date",
        "cease date",
        "cessation date",
        "exit date",
        "leaving date",
        "departure date",
        "date of leaving",
        "leaver date",
        "end of employment",
        "employment end date",
        "emp termination date",
        "employee termination date",
        "release date",
        "ende des arbeitsverhältnisses",
        "austrittsdatum",
        "austritt",
        "vertragsende",
        "date de sortie",
        "fecha de baja",
        "datum uit dienst",
        "data de desligamento",
        "data di cessazione",
    ],
    &["leave date", "end date", "date"],
);

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
            any_of: &[&STATUS, &TERMINATION_DATE, &ACTION],
        },
    ],
};
