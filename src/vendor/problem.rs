//! The explanation that comes with a refusal (RFC 7807, 8x8's `ErrorResponse`,
//! and SCIM's `Error`, RFC 7644 section 3.12).

use std::fmt;

use serde_json::Value;

/// Why the server refused or an operation failed. Every field is optional in
/// the vendor's document; it never fails to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// A short summary.
    pub title: Option<String>,
    /// What happened this time.
    pub detail: Option<String>,
    /// What was wrong, field by field.
    pub errors: Vec<ProblemError>,
}

/// One entry of [`Problem::errors`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProblemError {
    /// Such as `VALIDATION_ERROR`.
    pub code: Option<String>,
    /// The field, such as `basicInfo.userName`.
    pub field: Option<String>,
    /// What is wrong with it.
    pub message: Option<String>,
}

impl Problem {
    /// Reads a problem; `None` if `value` explains nothing.
    pub fn read(value: &Value) -> Option<Self> {
        let text = |value: &Value, field: &str| {
            let text = value.get(field)?.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let errors = value.get("errors").and_then(Value::as_array);
        // SCIM says in one word what was wrong, such as `invalidFilter`.
        let scim_type = ProblemError {
            code: text(value, "scimType"),
            ..ProblemError::default()
        };
        let problem = Self {
            title: text(value, "title"),
            detail: text(value, "detail"),
            errors: errors
                .into_iter()
                .flatten()
                .map(|error| ProblemError {
                    code: text(error, "code"),
                    field: text(error, "field"),
                    message: text(error, "message"),
                })
                .chain([scim_type])
                .filter(|error| *error != ProblemError::default())
                .collect(),
        };
        (problem != Self::default()).then_some(problem)
    }
}

impl Problem {
    /// The same with every text changed.
    pub(super) fn map_texts(self, change: impl Fn(String) -> String) -> Self {
        let errors = self.errors.into_iter().map(|error| ProblemError {
            code: error.code.map(&change),
            field: error.field.map(&change),
            message: error.message.map(&change),
        });
        Self {
            title: self.title.map(&change),
            detail: self.detail.map(&change),
            errors: errors.collect(),
        }
    }
}

impl fmt::Display for Problem {
    /// Everything it says, each text once, in one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said: Vec<&str> = Vec::new();
        let mut parts: Vec<String> = Vec::new();
        for text in [&self.title, &self.detail].into_iter().flatten() {
            if !said.contains(&text.as_str()) {
                said.push(text);
                parts.push(text.clone());
            }
        }
        for error in &self.errors {
            let message = error.message.as_deref().filter(|text| !said.contains(text));
            let named: Vec<&str> = [error.field.as_deref(), message]
                .into_iter()
                .flatten()
                .collect();
            let code = error.code.as_ref().map(|code| format!("[{code}]"));
            let part: Vec<String> = named.into_iter().map(str::to_owned).chain(code).collect();
            if !part.is_empty() {
                parts.push(part.join(" "));
            }
        }
        formatter.write_str(&parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_is_said_once() {
        let problem = Problem::read(&json!({
            "status": 400,
            "title": "Validation error",
            "detail": "userName already in use",
            "errors": [
                {"code": "VALIDATION_ERROR", "field": "basicInfo.userName", "message": "must not be blank"},
                {"code": "VALIDATION_ERROR", "message": "userName already in use"},
                {},
            ],
        }))
        .expect("a problem");
        assert_eq!(
            problem.to_string(),
            "Validation error; userName already in use; basicInfo.userName must not be blank [VALIDATION_ERROR]; [VALIDATION_ERROR]"
        );
    }

    #[test]
    fn a_scim_error_is_read_too() {
        let problem = Problem::read(&json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": "400",
            "scimType": "mutability",
            "detail": "only active can be changed",
        }));
        assert_eq!(
            problem.expect("a problem").to_string(),
            "only active can be changed; [mutability]"
        );
    }

    #[test]
    fn what_explains_nothing_is_no_problem() {
        for value in [
            json!({"status": 400}),
            json!([]),
            json!(null),
            json!({"title": " ", "errors": null}),
        ] {
            assert_eq!(Problem::read(&value), None);
        }
    }
}
