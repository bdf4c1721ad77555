//! The one filter that SCIM of the tenant knows: `userName eq "…"`.

/// The username that the filter asks for (RFC 7644 section 3.4.2.2); `None` if
/// it is another filter, or none at all. Attribute and operator are in any
/// letter case, the value is a JSON string.
pub(super) fn username_in(filter: &str) -> Option<String> {
    let (attribute, rest) = filter.trim().split_once(' ')?;
    let (operator, value) = rest.trim_start().split_once(' ')?;
    let is_ours = attribute.eq_ignore_ascii_case("userName") && operator.eq_ignore_ascii_case("eq");
    let value: String = serde_json::from_str(value.trim()).ok()?;
    is_ours.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_username_can_be_asked_for() {
        let cases = [
            (r#"userName eq "ann@example.com""#, Some("ann@example.com")),
            (r#"USERNAME EQ "a\"b""#, Some("a\"b")),
            (r#"userName sw "ann""#, None),
            (r#"emails eq "ann""#, None),
            ("userName eq ann", None),
            (r#"userName eq "a" or userName eq "b""#, None),
            ("userName pr", None),
            ("", None),
        ];
        for (filter, expected) in cases {
            assert_eq!(username_in(filter).as_deref(), expected, "{filter}");
        }
    }
}
