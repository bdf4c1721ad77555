//! What an update fails to send back. The vendor replaces the whole user, so
//! whatever a client leaves out is gone.

use std::collections::BTreeSet;

use serde_json::Value;

use super::render::is_number_license;

/// The JSON paths that `before` has and `body` has not, or has differently.
///
/// What a client may change is left aside: the status, the licenses in
/// `removed` and the extensions bound to them, and number licenses, which must
/// not be sent.
pub(super) fn fields_lost(
    before: &Value,
    body: &Value,
    removed: &BTreeSet<&str>,
) -> BTreeSet<String> {
    let mut lost = Comparison {
        removed,
        lost: BTreeSet::new(),
    };
    lost.compare("", before, body);
    lost.lost
}

struct Comparison<'update> {
    removed: &'update BTreeSet<&'update str>,
    lost: BTreeSet<String>,
}

impl Comparison<'_> {
    fn compare(&mut self, path: &str, before: &Value, body: &Value) {
        match (path, before, body) {
            ("basicInfo.status", _, _) => {}
            ("serviceInfo.licenses" | "serviceInfo.extensions", Value::Array(before), _) => {
                self.compare_by_id(path, before, body);
            }
            (_, Value::Object(before), Value::Object(body)) => {
                for (name, value) in before {
                    let path = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    match body.get(name) {
                        Some(sent) => self.compare(&path, value, sent),
                        None => self.compare_missing(&path, value),
                    }
                }
            }
            (_, Value::Array(before), Value::Array(body)) if before.len() == body.len() => {
                for (position, (value, sent)) in before.iter().zip(body).enumerate() {
                    self.compare(&format!("{path}[{position}]"), value, sent);
                }
            }
            (_, before, body) if before == body => {}
            _ => {
                self.lost.insert(path.to_owned());
            }
        }
    }

    /// A list that is missing has lost only what should have been in it.
    fn compare_missing(&mut self, path: &str, before: &Value) {
        match path {
            "basicInfo.status" | "serviceInfo.licenses" | "serviceInfo.extensions" => {
                self.compare(path, before, &Value::Null);
            }
            _ => {
                self.lost.insert(path.to_owned());
            }
        }
    }

    fn compare_by_id(&mut self, path: &str, before: &[Value], body: &Value) {
        for item in before {
            let gone = ["id", "licenseId"]
                .iter()
                .filter_map(|field| item[*field].as_str())
                .any(|id| self.removed.contains(id));
            if gone || item["name"].as_str().is_some_and(is_number_license) {
                continue;
            }
            let path = format!("{path}[{}]", item["id"].as_str().unwrap_or_default());
            let sent = body
                .as_array()
                .into_iter()
                .flatten()
                .find(|sent| sent["id"] == item["id"]);
            match sent {
                Some(sent) => self.compare(&path, item, sent),
                None => {
                    self.lost.insert(path);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = r#"{
        "basicInfo": {"status": "ACTIVE", "ssoProvider": null, "share": 0.10, "big": 9007199254740993},
        "serviceInfo": {
            "licenses": [
                {"id": "x", "name": "X Series - X2-VOSVC0216-02-US"},
                {"id": "s", "name": "Storage", "until": null},
                {"id": "n", "name": "Additional Local Number-VOSVC0230-01-US"}
            ],
            "extensions": [{"id": "e", "licenseId": "x"}, {"id": "f", "licenseId": "s"}]
        },
        "groups": [{"id": 1}, {"id": 2}]
    }"#;

    fn lost(edit: impl Fn(&mut Value), removed: &[&str]) -> Vec<String> {
        let before: Value = serde_json::from_str(BEFORE).expect("JSON");
        let mut body = before.clone();
        edit(&mut body);
        let removed = removed.iter().copied().collect();
        fields_lost(&before, &body, &removed).into_iter().collect()
    }

    fn parsed(text: &str) -> Value {
        serde_json::from_str(text).expect("JSON")
    }

    #[test]
    fn the_allowed_changes_lose_nothing() {
        let edit = |body: &mut Value| {
            body["basicInfo"]["status"] = parsed("\"INACTIVE\"");
            body["serviceInfo"]["licenses"] =
                parsed(r#"[{"id": "s", "name": "Storage", "until": null}]"#);
            body["serviceInfo"]["extensions"] = parsed(r#"[{"id": "f", "licenseId": "s"}]"#);
        };
        assert_eq!(lost(edit, &["x"]), Vec::<String>::new());
    }

    #[test]
    fn a_null_that_is_left_out_is_lost() {
        let edit = |body: &mut Value| {
            body["basicInfo"]
                .as_object_mut()
                .expect("an object")
                .shift_remove("ssoProvider");
            body["serviceInfo"]["licenses"][1] = parsed(r#"{"id": "s", "name": "Storage"}"#);
        };
        assert_eq!(
            lost(edit, &[]),
            ["basicInfo.ssoProvider", "serviceInfo.licenses[s].until"]
        );
    }

    #[test]
    fn a_number_that_went_through_a_float_is_lost() {
        let edit = |body: &mut Value| {
            body["basicInfo"]["share"] = parsed("0.1");
            body["basicInfo"]["big"] = parsed("9007199254740992");
        };
        assert_eq!(lost(edit, &[]), ["basicInfo.big", "basicInfo.share"]);
    }

    #[test]
    fn an_extension_whose_license_stays_is_lost() {
        let edit = |body: &mut Value| body["serviceInfo"]["extensions"] = parsed("[]");
        assert_eq!(lost(edit, &["x"]), ["serviceInfo.extensions[f]"]);
    }

    #[test]
    fn lists_and_whole_parts_can_be_lost() {
        let edit = |body: &mut Value| {
            body["groups"] = parsed(r#"[{"id": 1}]"#);
            body.as_object_mut()
                .expect("an object")
                .shift_remove("basicInfo");
        };
        assert_eq!(lost(edit, &[]), ["basicInfo", "groups"]);
    }
}
