//! The HR export (`hr-exports.md` 1.2).

use super::{Field, InputRole, Requirement, Table, field};

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
        "eeid",
        "eid",
        "ee number",
        "worker id",
        "associate id",
        "person number",
        "persno",
        "personnel number",
        "personalnummer",
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
pub(in crate::ingest) static WORK_EMAIL: Field = field(
    "work_email",
    &[
        "work email",
        "work email address",
        "work contact work email",
        "business email",
        "corporate email",
        "employee email",
        "primary email",
        "ad email",
        "upn",
        "user principal name",
    ],
    &["email address", "email"],
);
pub(in crate::ingest) static USERNAME: Field = field(
    "username",
    &[
        "username",
        "sam account name",
        "sam account",
        "logon name",
        "network id",
    ],
    &["login", "user id", "kürzel"],
);
pub(in crate::ingest) static STATUS: Field = field(
    "status",
    &[
        "employment status",
        "employee status",
        "worker status",
        "position status",
        "active inactive status",
        "lifecycle status",
        "work status",
        "user status",
        "status",
    ],
    &[
        "active status",
        "is active",
        "active",
        "termd",
        "terminated",
        "empl status",
        "emp status id",
    ],
);
/// Left out on purpose, although some exports have nothing else: `Contract End
/// Date` (Personio: informational) and SAP's `Start date Action` (also the date
/// of a hire). A wrong date locks somebody out; a missing one only asks.
pub(in crate::ingest) static TERMINATION_DATE: Field = field(
    "termination_date",
    &[
        "termination date",
        "term date",
        "termed date",
        "date of termination",
        "actual termination date",
        "termination effective date",
        "separation date",
        "cease date",
        "cessation date",
        "exit date",
        "leaving date",
        "departure date",
        "end of employment",
        "release date",
        "ende des arbeitsverhältnisses",
        "austrittsdatum",
        "kündigungsdatum",
        "vertragsende",
    ],
    &["leave date", "end date", "date"],
);
pub(in crate::ingest) static LAST_DAY: Field = field(
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
pub(in crate::ingest) static REHIRE_DATE: Field = field(
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
            any_of: &[&STATUS, &TERMINATION_DATE],
        },
    ],
};
