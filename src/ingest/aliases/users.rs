//! The users report. Its real headers are not public: these are the spellings
//! of the console, the bulk upload, the Administration API and SCIM
//! (`8x8.md` 1.1).

use super::{Arity, Field, InputRole, Requirement, Table, field};

pub(in crate::ingest) static USER_ID: Field =
    field("user_id", &["user id", "basicinfo user id"], &["id"]);
pub(in crate::ingest) static USERNAME: Field = field(
    "username",
    &[
        "username",
        "user username",
        "basicinfo username",
        "8x8 username",
        "login name",
    ],
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
        "work email",
        "e mail",
        "e mail address",
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
        "activation status",
        "basicinfo status",
    ],
    &[
        "active",
        "is active",
        "user active",
        "enabled",
        "is enabled",
        "account enabled",
        "activated",
        "deactivated",
        "is deactivated",
        "disabled",
        "is disabled",
        "account disabled",
        "inactive",
        "suspended",
    ],
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
        "assigned licenses",
        "assigned licences",
        "user licenses",
        "user licences",
        "serviceinfo licenses",
        "services and permissions",
        "services & permissions",
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
        "dept",
    ],
    &[],
);
pub(in crate::ingest) static COST_CENTER: Field = field(
    "cost_center",
    &[
        "cost center",
        "cost centre",
        "cost center reference",
        "cost centre reference",
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
    &["ext", "extensions"],
);
pub(in crate::ingest) static PHONE_NUMBERS: Field = Field {
    name: "phone_numbers",
    strong: &[
        "phone number",
        "phone numbers",
        "user voice number",
        "direct number",
        "did number",
    ],
    weak: &["number", "phone", "did"],
    arity: Arity::Several,
};
pub(in crate::ingest) static DEVICES: Field = Field {
    name: "devices",
    strong: &["device", "devices", "mac address", "device mac address"],
    weak: &[],
    arity: Arity::Several,
};

/// "Groups" alone may be those of a directory.
pub(in crate::ingest) static GROUPS: Field = Field {
    name: "groups",
    strong: &[
        "ring group",
        "ring groups",
        "call queue",
        "call queues",
        "ring groups and call queues",
    ],
    weak: &[],
    arity: Arity::Several,
};

/// The licenses are required too, but not by their header alone: see
/// `license_columns`.
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
        &COST_CENTER,
        &CREATED,
        &SCIM_PROVIDER,
        &EXTENSION,
        &PHONE_NUMBERS,
        &DEVICES,
        &GROUPS,
    ],
    required: &[
        Requirement {
            wanted: "whose account it is (username or user id)",
            any_of: &[&USERNAME, &USER_ID],
        },
        Requirement {
            wanted: "whether the account is active (status)",
            any_of: &[&STATUS],
        },
    ],
};
