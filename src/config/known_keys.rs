// strsim is at home in `reconcile`, which ranks suggestions about people; here
// it ranks suggestions about keys.
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use Shape::{Fields, List, Names, Table, Value};

use crate::ingest::ColumnNames;

/// What may stand under a key.
enum Shape {
    /// A value; its type is checked when it is read.
    Value,
    /// A table with keys of its own, `[policy]`.
    Table(&'static [(&'static str, Shape)]),
    /// Several tables with the same keys, `[[contracts]]`.
    List(&'static [(&'static str, Shape)]),
    /// A table whose keys the company chooses: sites, status words.
    Names,
    /// A table whose keys are the fields of a file.
    Fields(fn() -> Vec<&'static str>),
}

/// Every key of a configuration file (contract section 11, and `out_dir`,
/// `[policy.site_time_zones]`, `[identity]`, `[formats]`, `[guards]
/// min_users_percent`, `min_hr_percent` and `max_input_age`, which are ours).
const DOCUMENT: &[(&str, Shape)] = &[
    ("ledger", Value),
    ("out_dir", Value),
    (
        "tenant",
        Table(&[("name", Value), ("target", Value), ("customer_id", Value)]),
    ),
    (
        "inputs",
        Table(&[
            ("hr", Value),
            ("users", Value),
            ("licenses", Value),
            ("holds", Value),
            ("map", Value),
            ("numbers", Value),
            ("roster", Value),
            ("bill", Value),
        ]),
    ),
    ("hr", Table(&[("file", Value), ("trust", Value)])),
    (
        "admin_api",
        Table(&[
            ("base_url", Value),
            ("api_key_env", Value),
            ("api_key_file", Value),
        ]),
    ),
    (
        "scim",
        Table(&[
            ("base_url", Value),
            ("token_env", Value),
            ("token_file", Value),
        ]),
    ),
    ("identity", Table(&[("domains", Value)])),
    ("idp", Table(&[("managed", Value)])),
    (
        "channels",
        Table(&[
            ("read", Value),
            ("deactivate", Value),
            ("remove_license", Value),
            ("deactivate_fallback", Value),
            ("remove_license_fallback", Value),
            ("cancellation", Value),
        ]),
    ),
    (
        "limits",
        Table(&[
            ("requests_per_minute", Value),
            ("requests_per_10_seconds", Value),
            ("operations_in_flight", Value),
            ("poll_after_seconds", Value),
            ("poll_every_seconds", Value),
            ("operation_timeout_seconds", Value),
            ("time_scale", Value),
            ("trust_server_limit", Value),
        ]),
    ),
    (
        "policy",
        Table(&[
            ("time_zone", Value),
            ("site_time_zones", Names),
            ("effective", Value),
            ("act_on", Value),
            ("deactivate_after_days", Value),
            ("remove_license_after_days", Value),
            ("stranded_seats", Value),
            ("data_gate", Value),
            ("keep_licenses", Value),
            ("approval", Value),
            ("plan_max_age", Value),
            ("max_termination_age_days", Value),
        ]),
    ),
    (
        "protected",
        Table(&[("accounts", Value), ("canaries", Value)]),
    ),
    (
        "guards",
        Table(&[
            ("run_floor", Value),
            ("run_users", Value),
            ("run_percent", Value),
            ("rolling_days", Value),
            ("rolling_floor", Value),
            ("rolling_percent", Value),
            ("ceiling_percent", Value),
            ("protected_hits", Value),
            ("min_matched_percent", Value),
            ("min_users_percent", Value),
            ("min_hr_percent", Value),
            ("max_input_age", Value),
            ("first_run", Value),
        ]),
    ),
    (
        "webhook",
        Table(&[
            ("url", Value),
            ("secret_env", Value),
            ("secret_file", Value),
        ]),
    ),
    (
        "email",
        Table(&[
            ("host", Value),
            ("port", Value),
            ("encryption", Value),
            ("username", Value),
            ("password_env", Value),
            ("password_file", Value),
            ("from", Value),
            ("to", Value),
        ]),
    ),
    (
        "seats",
        Table(&[
            ("as_of", Value),
            ("unassigned_after_days", Value),
            ("tax_regions", Names),
            (
                "planned_joiners",
                List(&[("license", Value), ("country", Value), ("seats", Value)]),
            ),
        ]),
    ),
    (
        "contracts",
        List(&[
            ("license", Value),
            ("country", Value),
            ("seats", Value),
            ("unit_price", Value),
            ("currency", Value),
            ("term_ends", Value),
            ("notice_days", Value),
            ("confirm_days", Value),
            ("renewal_months", Value),
            ("billing", Value),
            ("spare", Value),
        ]),
    ),
    (
        "columns",
        Table(&[
            ("hr", Fields(ColumnNames::hr_fields)),
            ("users", Fields(ColumnNames::users_fields)),
            ("licenses", Fields(ColumnNames::licenses_fields)),
            ("bill", Fields(ColumnNames::bill_fields)),
        ]),
    ),
    (
        "formats",
        Table(&[
            ("hr_dates", Value),
            ("users_dates", Value),
            ("hr_date_orders", Fields(ColumnNames::hr_fields)),
            ("users_date_orders", Fields(ColumnNames::users_fields)),
            ("hr_status", Names),
            ("users_status", Names),
            ("bill_dates", Value),
            ("bill_names", Names),
            ("hr_encoding", Value),
            ("users_encoding", Value),
            ("hr_delimiter", Value),
            ("users_delimiter", Value),
            ("hr_header_line", Value),
            ("users_header_line", Value),
            ("hr_sheet", Value),
            ("users_sheet", Value),
        ]),
    ),
];

/// One key that is not accepted.
pub(super) struct Refused {
    /// Where it begins in the text, in bytes.
    pub(super) offset: usize,
    /// The key, what is wrong with it, and what may have been meant.
    pub(super) problem: String,
}

/// The keys of `document` that nobody knows, in the order of the text.
pub(super) fn refused(document: &DeTable<'_>) -> Vec<Refused> {
    let mut refused = Vec::new();
    collect_unknown(document, DOCUMENT, "", &mut refused);
    refused.sort_by_key(|refused| refused.offset);
    refused
}

/// The name of the table `name` within `section`: `policy.site_time_zones`.
pub(super) fn inside(section: &str, name: &str) -> String {
    match section {
        "" => name.to_owned(),
        section => format!("{section}.{name}"),
    }
}

/// A key as the file has it: `[limits] time_scale`.
pub(super) fn written(section: &str, key: &str) -> String {
    match section {
        "" => key.to_owned(),
        section => format!("[{section}] {key}"),
    }
}

fn collect_unknown(
    table: &DeTable<'_>,
    known: &[(&str, Shape)],
    section: &str,
    refused: &mut Vec<Refused>,
) {
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let known_shape = known.iter().find(|(known, _)| *known == name);
        let mut refuse = |problem| {
            refused.push(Refused {
                offset: key.span().start,
                problem,
            });
        };
        match known_shape.map(|(_, shape)| shape) {
            None => refuse(unknown(section, name, value.get_ref().is_table(), known)),
            Some(Value | Names) => {}
            Some(Fields(fields)) => {
                // Something else than a table is told when it is read.
                if let DeValue::Table(table) = value.get_ref() {
                    let fields = fields().into_iter().map(|field| (field, Value));
                    let known: Vec<_> = fields.collect();
                    collect_unknown(table, &known, &inside(section, name), refused);
                }
            }
            Some(Table(known)) => match value.get_ref() {
                DeValue::Table(table) => {
                    collect_unknown(table, known, &inside(section, name), refused);
                }
                _ => refuse(format!("{name}: no single value; write a table, [{name}]")),
            },
            Some(List(known)) => match tables_in(value.get_ref()) {
                Some(tables) => {
                    for table in tables {
                        collect_unknown(table, known, &inside(section, name), refused);
                    }
                }
                None => refuse(format!(
                    "{name}: may be there several times; write each as [[{name}]]"
                )),
            },
        }
    }
}

/// The tables of a `[[list]]`; `None` when it is something else.
fn tables_in<'a, 'i>(value: &'a DeValue<'i>) -> Option<Vec<&'a DeTable<'i>>> {
    let items = value.as_array()?.iter().map(Spanned::get_ref);
    items.map(DeValue::as_table).collect()
}

fn unknown(section: &str, key: &str, is_table: bool, known: &[(&str, Shape)]) -> String {
    let written_key = if is_table {
        format!("[{}]", inside(section, key))
    } else {
        written(section, key)
    };
    let meant = match section {
        // Fields have names of their own.
        "columns.hr" | "columns.users" => None,
        _ => same_key_elsewhere(key),
    };
    let meant = meant.or_else(|| nearest(key, section, known));
    match meant {
        Some(meant) => format!("{written_key}: unknown; did you mean {meant}?"),
        None => format!("{written_key}: unknown"),
    }
}

/// A key under the wrong heading.
fn same_key_elsewhere(key: &str) -> Option<String> {
    DOCUMENT.iter().find_map(|(section, shape)| match shape {
        Table(keys) => keys
            .iter()
            .any(|(known, _)| *known == key)
            .then(|| written(section, key)),
        // A contract's keys are too common to be what was meant elsewhere.
        List(_) | Value | Names | Fields(_) => None,
    })
}

fn nearest(key: &str, section: &str, known: &[(&str, Shape)]) -> Option<String> {
    let likeness = |name: &str| strsim::jaro_winkler(&key.to_lowercase(), name);
    let (name, shape) = known
        .iter()
        .max_by(|(a, _), (b, _)| likeness(a).total_cmp(&likeness(b)))?;
    Some(match shape {
        Value => (*name).to_owned(),
        Table(_) | Names | Fields(_) => format!("[{}]", inside(section, name)),
        List(_) => format!("[[{}]]", inside(section, name)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let document = DeTable::parse(text).expect("TOML");
        let refused = refused(document.get_ref());
        refused.into_iter().map(|refused| refused.problem).collect()
    }

    #[test]
    fn unknown_keys_get_the_nearest_known_one() {
        let cases = [
            (
                "[limits]\nrequest_per_minute = 1",
                "[limits] request_per_minute: unknown; did you mean requests_per_minute?",
            ),
            (
                "[[contracts]]\nnotice = 30",
                "[contracts] notice: unknown; did you mean notice_days?",
            ),
            (
                "[hr]\ntime_zone = \"UTC\"",
                "[hr] time_zone: unknown; did you mean [policy] time_zone?",
            ),
            (
                "target = \"8x8\"",
                "target: unknown; did you mean [tenant] target?",
            ),
            (
                "[column.hr]\nstatus = \"Status\"",
                "[column]: unknown; did you mean [columns]?",
            ),
            (
                "[policy]\nsite_zones = 1",
                "[policy] site_zones: unknown; did you mean [policy.site_time_zones]?",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(problems(text), [expected], "{text}");
        }
    }

    #[test]
    fn columns_are_named_for_known_fields_only() {
        let cases = [
            (
                "[columns.hr]\ntermination = \"Gone On\"",
                "[columns.hr] termination: unknown; did you mean termination_date?",
            ),
            (
                "[columns.users]\nlicence = \"Lic.\"",
                "[columns.users] licence: unknown; did you mean licenses?",
            ),
            (
                "[columns.users]\ntermination_date = \"Gone On\"",
                "[columns.users] termination_date: unknown; did you mean ",
            ),
            (
                "[columns.hr]\naccounts = \"Who\"",
                "[columns.hr] accounts: unknown; did you mean ",
            ),
        ];
        for (text, start) in cases {
            let [problem] = &problems(text)[..] else {
                panic!("{text}: {:?}", problems(text))
            };
            assert!(problem.starts_with(start), "{text}: {problem}");
            assert!(!problem.contains("[protected]"), "{problem}");
        }
        // A field that a file has no column for.
        assert!(problems("[columns.hr]\nrehire_date = \"\"").is_empty());
    }

    #[test]
    fn tables_and_lists_of_tables_are_told_apart() {
        let cases = [
            ("tenant = \"acme\"", "[tenant]"),
            ("[contracts]\nlicense = \"X\"", "[[contracts]]"),
            ("[[contract]]\nlicense = \"X\"", "[[contracts]]"),
        ];
        for (text, form) in cases {
            let found = problems(text).join("\n");
            assert!(found.contains(form), "{text}: {found}");
        }
    }

    #[test]
    fn names_that_the_company_chooses_are_free() {
        let text = "[columns.hr]\nemployee_id = \"Pers. no.\"\n\
                    [formats.hr_status]\n\"gone fishing\" = \"left\"\n\
                    [policy.site_time_zones]\n\"Site A\" = \"UTC\"";
        assert!(problems(text).is_empty());
    }
}
