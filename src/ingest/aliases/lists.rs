//! The lists that the administrator writes by hand, and the review sheet that
//! comes back from a spreadsheet.

/// Seats owned: per pool, copied by hand from the vendor's Licenses page; or
/// one row for each licence, as the service summary and the asset template of
/// the cost centers have it. The headers of these two are not published.
pub(in crate::ingest) mod seats {
    use super::super::{Field, InputRole, Requirement, Table, field};

    pub(in crate::ingest) static LICENSE: Field = field(
        "license",
        &[
            "license",
            "licence",
            "license name",
            "licence name",
            "license type",
            "licence type",
            "license description",
            "licence description",
            "service plan",
            "service plans",
        ],
        &["description", "subscription", "service", "product", "name"],
    );
    pub(in crate::ingest) static LICENSE_ID: Field = field(
        "license_id",
        &[
            "license id",
            "licence id",
            "license ids",
            "licence ids",
            "service id",
            "service id start date",
            "asset id",
        ],
        &[],
    );
    pub(in crate::ingest) static STATUS: Field = field(
        "status",
        &[
            "status",
            "license status",
            "licence status",
            "assignment status",
        ],
        &["state"],
    );
    pub(in crate::ingest) static ASSIGNEE: Field = field(
        "assignee",
        &["assigned to", "assignee", "assigned user"],
        &["user", "username"],
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

    pub(in crate::ingest) static SITE: Field = field("site", &["site", "site name"], &[]);
    pub(in crate::ingest) static SERVICE_ADDRESS: Field =
        field("service_address", &["service address"], &["address"]);

    pub(in crate::ingest) static TABLE: Table = Table {
        role: InputRole::Licenses,
        fields: &[
            &LICENSE,
            &COUNTRY,
            &OWNED,
            &UNASSIGNED,
            &UNASSIGNED_OF_OWNED,
            &SUSPENDED,
            &LICENSE_ID,
            &STATUS,
            &ASSIGNEE,
            &SITE,
            &SERVICE_ADDRESS,
        ],
        required: &[
            Requirement {
                wanted: "the license's name",
                any_of: &[&LICENSE],
            },
            Requirement {
                wanted: "the seats owned (`owned`, `total` or `Unassigned/Total`; or one row for \
                         each license with `license id`, `status` or `assigned to`)",
                any_of: &[
                    &OWNED,
                    &UNASSIGNED_OF_OWNED,
                    &LICENSE_ID,
                    &STATUS,
                    &ASSIGNEE,
                ],
            },
        ],
    };
}

/// People and accounts not to be touched.
pub(in crate::ingest) mod holds {
    use super::super::{Field, InputRole, Requirement, Table, field};

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
pub(in crate::ingest) mod map {
    use super::super::{Field, InputRole, Requirement, Table, field};

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

/// The review sheet (`src/plan/sheet.rs` writes it).
pub(in crate::ingest) mod review {
    use super::super::{Field, InputRole, Requirement, Table, field};

    pub(in crate::ingest) static ACTION_ID: Field = field("action_id", &["action id"], &[]);
    pub(in crate::ingest) static DECISION: Field = field("decision", &["decision"], &[]);

    pub(in crate::ingest) static TABLE: Table = Table {
        role: InputRole::Review,
        fields: &[&ACTION_ID, &DECISION],
        required: &[
            Requirement {
                wanted: "which action a line is about (`action_id`)",
                any_of: &[&ACTION_ID],
            },
            Requirement {
                wanted: "what was decided (`decision`)",
                any_of: &[&DECISION],
            },
        ],
    };
}

/// The vendor's numbers report; its three headers are known (`8x8.md` 1.6).
pub(in crate::ingest) mod numbers {
    use super::super::{Field, InputRole, Requirement, Table, field};

    pub(in crate::ingest) static NUMBER: Field = field(
        "phone_number",
        &["phone number", "number"],
        &["did", "telephone number"],
    );
    pub(in crate::ingest) static STATUS: Field =
        field("number_status", &["number status"], &["status"]);
    pub(in crate::ingest) static EXTENSION: Field = field("extension", &["extension"], &["ext"]);

    pub(in crate::ingest) static TABLE: Table = Table {
        role: InputRole::Numbers,
        fields: &[&NUMBER, &STATUS, &EXTENSION],
        required: &[Requirement {
            wanted: "the phone number (`Phone number`)",
            any_of: &[&NUMBER],
        }],
    };
}

/// Everybody who is employed, as the HR system exports them.
pub(in crate::ingest) mod roster {
    use super::super::{InputRole, Requirement, Table, hr};

    pub(in crate::ingest) static TABLE: Table = Table {
        role: InputRole::Roster,
        fields: &[
            &hr::EMPLOYEE_ID,
            &hr::FIRST_NAME,
            &hr::LAST_NAME,
            &hr::FULL_NAME,
            &hr::WORK_EMAIL,
            &hr::USERNAME,
            &hr::STATUS,
        ],
        required: &[Requirement {
            wanted: "who is employed (employee id, work e-mail or username)",
            any_of: &[&hr::EMPLOYEE_ID, &hr::WORK_EMAIL, &hr::USERNAME],
        }],
    };
}
