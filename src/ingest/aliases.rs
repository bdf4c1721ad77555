//! Which headers mean which field: one table a field, the preferred spelling
//! first. The spellings were seen in real exports and vendor documents.
//!
//! Aliases are compared without case, punctuation and blanks (see
//! [`super::header`]), so that `EmployeeID`, `employee_id` and `Employee ID`
//! need one entry. They match whole headers only: `Manager's Work Email` and
//! `Personal Email` can never be taken for the leaver's work e-mail.

use super::input_file::InputRole;

/// One field and its spellings.
#[derive(Debug)]
pub(super) struct Field {
    /// The name in `[columns]` and in messages.
    pub name: &'static str,
    /// Headers that mean this field and no other.
    pub strong: &'static [&'static str],
    /// Headers that mean it only when no column has a stronger claim.
    pub weak: &'static [&'static str],
    /// What several fitting columns mean.
    pub arity: Arity,
}

/// What several columns that fit one field mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arity {
    /// The same value; they must not contradict each other.
    One,
    /// More values; the header may be numbered, as in `License 1`, `License 2`.
    Several,
}

/// Fields of which a file must have at least one.
#[derive(Debug)]
pub(super) struct Requirement {
    /// How a message calls them.
    pub wanted: &'static str,
    /// The fields.
    pub any_of: &'static [&'static Field],
}

/// What is known about the columns of one sort of file.
#[derive(Debug)]
pub(super) struct Table {
    /// The sort of file.
    pub role: InputRole,
    /// Its fields; earlier ones choose first among the weak spellings.
    pub fields: &'static [&'static Field],
    /// What it cannot do without.
    pub required: &'static [Requirement],
}

const fn field(
    name: &'static str,
    strong: &'static [&'static str],
    weak: &'static [&'static str],
) -> Field {
    Field {
        name,
        strong,
        weak,
        arity: Arity::One,
    }
}

/// The HR export (`hr-exports.md` 1.2).
pub(super) mod hr {
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
            "contract end date",
            "start date action",
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
}

/// The users report. Its real headers are not public: these are the spellings
/// of the console, the bulk upload, the Administration API and SCIM
/// (`8x8.md` 1.1).
pub(super) mod users {
    use super::{Arity, Field, InputRole, Requirement, Table, field};

    pub(in crate::ingest) static USER_ID: Field =
        field("user_id", &["user id", "basicinfo user id"], &["id"]);
    pub(in crate::ingest) static USERNAME: Field = field(
        "username",
        &["username", "user username", "basicinfo username"],
        &["login"],
    );
    pub(in crate::ingest) static EMAIL: Field = field(
        "email",
        &[
            "email address",
            "email",
            "user email",
            "primary email",
            "basicinfo primary email",
            "emails[type eq work]value",
        ],
        &[],
    );
    pub(in crate::ingest) static EMPLOYEE_ID: Field = field(
        "employee_id",
        &["employee id", "employee number", "employee no"],
        &["external id", "eid"],
    );
    pub(in crate::ingest) static FIRST_NAME: Field = field(
        "first_name",
        &[
            "first name",
            "user first name",
            "basicinfo first name",
            "given name",
            "name given name",
        ],
        &[],
    );
    pub(in crate::ingest) static LAST_NAME: Field = field(
        "last_name",
        &[
            "last name",
            "user last name",
            "basicinfo last name",
            "family name",
            "name family name",
        ],
        &[],
    );
    pub(in crate::ingest) static FULL_NAME: Field = field(
        "full_name",
        &["full name", "display name"],
        &["name", "user"],
    );
    pub(in crate::ingest) static STATUS: Field = field(
        "status",
        &[
            "status",
            "user status",
            "account status",
            "basicinfo status",
        ],
        &["active"],
    );
    pub(in crate::ingest) static LICENSES: Field = Field {
        name: "licenses",
        strong: &[
            "licenses",
            "license",
            "licences",
            "licence",
            "license name",
            "licence name",
            "serviceinfo licenses",
            "services and permissions",
        ],
        weak: &["subscriptions", "subscription", "services", "service"],
        arity: Arity::Several,
    };
    pub(in crate::ingest) static COUNTRY: Field = field(
        "country",
        &["license country", "licence country"],
        &["country"],
    );
    pub(in crate::ingest) static SITE: Field = field(
        "site",
        &[
            "site",
            "user site",
            "site name",
            "basicinfo site name",
            "branch",
        ],
        &[],
    );
    pub(in crate::ingest) static DEPARTMENT: Field = field(
        "department",
        &[
            "department",
            "user department",
            "directoryinfo department",
            "additionalinfo department",
        ],
        &[],
    );
    pub(in crate::ingest) static CREATED: Field = field(
        "created",
        &[
            "created",
            "created time",
            "basicinfo created time",
            "created at",
            "created on",
            "created date",
            "creation date",
            "date created",
            "meta created",
        ],
        &[],
    );
    pub(in crate::ingest) static SCIM_PROVIDER: Field = field(
        "scim_provider",
        &["scim provider", "basicinfo scim provider"],
        &[],
    );
    pub(in crate::ingest) static EXTENSION: Field = field(
        "extension",
        &[
            "extension",
            "extension number",
            "voicebasicsettings extension number",
        ],
        &[],
    );
    pub(in crate::ingest) static PHONE_NUMBERS: Field = Field {
        name: "phone_numbers",
        strong: &["phone number", "phone numbers", "user voice number"],
        weak: &["number"],
        arity: Arity::Several,
    };
    pub(in crate::ingest) static DEVICES: Field = Field {
        name: "devices",
        strong: &["device", "devices", "mac address"],
        weak: &[],
        arity: Arity::Several,
    };

    pub(in crate::ingest) static TABLE: Table = Table {
        role: InputRole::Users,
        fields: &[
            &USER_ID,
            &USERNAME,
            &EMAIL,
            &EMPLOYEE_ID,
            &FIRST_NAME,
            &LAST_NAME,
            &FULL_NAME,
            &STATUS,
            &LICENSES,
            &COUNTRY,
            &SITE,
            &DEPARTMENT,
            &CREATED,
            &SCIM_PROVIDER,
            &EXTENSION,
            &PHONE_NUMBERS,
            &DEVICES,
        ],
        required: &[
            Requirement {
                wanted: "whose account it is (username, user id or e-mail)",
                any_of: &[&USERNAME, &USER_ID, &EMAIL],
            },
            Requirement {
                wanted: "whether the account is active (status)",
                any_of: &[&STATUS],
            },
            Requirement {
                wanted: "its licenses",
                any_of: &[&LICENSES],
            },
        ],
    };
}

/// Seats owned per pool, copied by hand from the Licenses page (`8x8.md` 1.5).
pub(super) mod seats {
    use super::{Field, InputRole, Requirement, Table, field};

    pub(in crate::ingest) static LICENSE: Field = field(
        "license",
        &[
            "license",
            "licence",
            "license name",
            "licence name",
            "license type",
            "licence type",
        ],
        &["description", "subscription", "service", "name"],
    );
    pub(in crate::ingest) static COUNTRY: Field = field(
        "country",
        &["country", "license country", "licence country"],
        &[],
    );
    pub(in crate::ingest) static OWNED: Field = field(
        "owned",
        &["owned", "seats owned", "total", "total seats"],
        &["seats", "quantity"],
    );
    pub(in crate::ingest) static UNASSIGNED: Field =
        field("unassigned", &["unassigned", "available"], &["free"]);
    pub(in crate::ingest) static UNASSIGNED_OF_OWNED: Field =
        field("unassigned_total", &["unassigned total"], &[]);
    pub(in crate::ingest) static SUSPENDED: Field = field(
        "suspended",
        &[
            "suspended",
            "suspended without a user",
            "suspended without user",
        ],
        &[],
    );

    pub(in crate::ingest) static TABLE: Table = Table {
        role: InputRole::Licenses,
        fields: &[
            &LICENSE,
            &COUNTRY,
            &OWNED,
            &UNASSIGNED,
            &UNASSIGNED_OF_OWNED,
            &SUSPENDED,
        ],
        required: &[
            Requirement {
                wanted: "the license's name",
                any_of: &[&LICENSE],
            },
            Requirement {
                wanted: "the seats owned (`owned`, `total` or `Unassigned/Total`)",
                any_of: &[&OWNED, &UNASSIGNED_OF_OWNED],
            },
        ],
    };
}

/// People and accounts not to be touched.
pub(super) mod holds {
    use super::{Field, InputRole, Requirement, Table, field};

    pub(in crate::ingest) static WHO: Field = field(
        "who",
        &["who", "person", "account"],
        &[
            "employee id",
            "email",
            "work email",
            "username",
            "user id",
            "user",
        ],
    );
    pub(in crate::ingest) static WHY: Field =
        field("why", &["why", "reason"], &["note", "comment"]);
    pub(in crate::ingest) static UNTIL: Field = field(
        "until",
        &["until", "hold until", "expires"],
        &["end date", "date"],
    );

    pub(in crate::ingest) static TABLE: Table = Table {
        role: InputRole::Holds,
        fields: &[&WHO, &WHY, &UNTIL],
        required: &[Requirement {
            wanted: "who is held (`who`)",
            any_of: &[&WHO],
        }],
    };
}

/// HR id → 8x8 user.
pub(super) mod map {
    use super::{Field, InputRole, Requirement, Table, field};

    pub(in crate::ingest) static HR_ID: Field = field(
        "hr_id",
        &["hr id"],
        &["employee id", "employee number", "work email", "email"],
    );
    pub(in crate::ingest) static USER_ID: Field =
        field("user_id", &["user id"], &["username", "account"]);

    pub(in crate::ingest) static TABLE: Table = Table {
        role: InputRole::Map,
        fields: &[&HR_ID, &USER_ID],
        required: &[
            Requirement {
                wanted: "the person in HR (`hr_id`)",
                any_of: &[&HR_ID],
            },
            Requirement {
                wanted: "the 8x8 user (`user_id`)",
                any_of: &[&USER_ID],
            },
        ],
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::header::normalize;

    #[test]
    fn aliases_are_written_as_headers_are_normalized() {
        let tables = [
            &hr::TABLE,
            &users::TABLE,
            &seats::TABLE,
            &holds::TABLE,
            &map::TABLE,
        ];
        for field in tables.iter().flat_map(|table| table.fields) {
            for alias in field.strong.iter().chain(field.weak) {
                assert_eq!(normalize(alias), *alias, "field {}", field.name);
            }
        }
    }

    #[test]
    fn no_two_fields_have_the_same_strong_alias() {
        for table in [&hr::TABLE, &users::TABLE, &seats::TABLE] {
            let mut aliases: Vec<_> = table.fields.iter().flat_map(|field| field.strong).collect();
            let count = aliases.len();
            aliases.sort_unstable();
            aliases.dedup();
            assert_eq!(aliases.len(), count, "{}", table.role);
        }
    }
}
