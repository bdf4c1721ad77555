//! A billing export. The vendor's headers are not published; `Service Plans`
//! and `Service ID/Start Date` stand on its statements, the others
//! are what bills are usually headed with. A start date alone is no alias: it
//! tells when a service began, not what the bill is for.

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
        "license description",
        "licence description",
        "service plan",
        "service plans",
        "product name",
        "item description",
        "charge description",
    ],
    &[
        "description",
        "product",
        "item",
        "service",
        "subscription",
        "plan",
        "name",
        "charge",
    ],
);
pub(in crate::ingest) static COUNTRY: Field = field(
    "country",
    &[
        "country",
        "license country",
        "licence country",
        "country code",
    ],
    &[],
);
pub(in crate::ingest) static QUANTITY: Field = field(
    "quantity",
    &["quantity", "qty", "billed quantity", "quantity billed"],
    &["seats", "units", "count", "licenses", "licences"],
);
pub(in crate::ingest) static AMOUNT: Field = field(
    "amount",
    &[
        "amount",
        "net amount",
        "line amount",
        "charge amount",
        "extended amount",
        "billed amount",
        "amount billed",
        "line total",
    ],
    &["total amount", "charges", "net", "total"],
);
pub(in crate::ingest) static CURRENCY: Field =
    field("currency", &["currency", "currency code"], &["curr"]);
pub(in crate::ingest) static CHARGE_TYPE: Field = field(
    "charge_type",
    &[
        "charge type",
        "type of charge",
        "line type",
        "billing type",
        "charge category",
    ],
    &["type", "category"],
);
pub(in crate::ingest) static DATE: Field = field(
    "date",
    &[
        "bill date",
        "billing date",
        "statement date",
        "invoice date",
        "billing period",
        "service period",
        "bill period",
        "charge period",
        "period start",
        "billing month",
    ],
    &["period", "month", "date"],
);
pub(in crate::ingest) static SERVICE_ID: Field = field(
    "service_id",
    &[
        "service id",
        "service id start date",
        "license id",
        "licence id",
    ],
    &[],
);

pub(in crate::ingest) static TABLE: Table = Table {
    role: InputRole::Bill,
    fields: &[
        &LICENSE,
        &COUNTRY,
        &QUANTITY,
        &AMOUNT,
        &CURRENCY,
        &CHARGE_TYPE,
        &DATE,
        &SERVICE_ID,
    ],
    required: &[
        Requirement {
            wanted: "what a line is for (`license`)",
            any_of: &[&LICENSE],
        },
        Requirement {
            wanted: "how many are billed (`quantity`; or `service id`, where each line is one)",
            any_of: &[&QUANTITY, &SERVICE_ID],
        },
    ],
};
