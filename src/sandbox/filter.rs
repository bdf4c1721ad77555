//! The `filter` of `GET /users`: the part of RSQL that the vendor's examples
//! show, `==`, `!=`, `;` for and, `,` for or, and quoted values.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::Value;

/// A parsed filter: it matches if every comparison of one of its alternatives does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter {
    alternatives: Vec<Vec<Comparison>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparison {
    selector: Selector,
    operator: Operator,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Selector {
    UserName,
    UserId,
    Status,
    PrimaryEmail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
}

impl Filter {
    /// Reads a filter; `None` if it is not one, or names a field that cannot
    /// be filtered by.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.chars().peekable();
        let mut alternatives = vec![vec![comparison(&mut rest)?]];
        while let Some(separator) = rest.next() {
            let next = comparison(&mut rest)?;
            match (separator, alternatives.last_mut()) {
                // And binds tighter than or.
                (';', Some(alternative)) => alternative.push(next),
                (',', _) => alternatives.push(vec![next]),
                _ => return None,
            }
        }
        Some(Self { alternatives })
    }

    /// Whether a user, as the API shows it, matches.
    pub(super) fn matches(&self, user: &Value) -> bool {
        self.alternatives
            .iter()
            .any(|alternative| alternative.iter().all(|comparison| comparison.holds(user)))
    }
}

impl Comparison {
    fn holds(&self, user: &Value) -> bool {
        let found = user["basicInfo"][self.selector.field()]
            .as_str()
            .unwrap_or_default();
        let equal = match self.selector {
            Selector::UserName => found.to_lowercase() == self.value.to_lowercase(),
            Selector::UserId | Selector::Status | Selector::PrimaryEmail => found == self.value,
        };
        match self.operator {
            Operator::Equal => equal,
            Operator::NotEqual => !equal,
        }
    }
}

impl Selector {
    const ALL: [Self; 4] = [
        Self::UserName,
        Self::UserId,
        Self::Status,
        Self::PrimaryEmail,
    ];

    fn field(self) -> &'static str {
        match self {
            Self::UserName => "userName",
            Self::UserId => "userId",
            Self::Status => "status",
            Self::PrimaryEmail => "primaryEmail",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let field = text.strip_prefix("basicInfo.")?;
        Self::ALL
            .into_iter()
            .find(|selector| selector.field() == field)
    }
}

fn comparison(rest: &mut Peekable<Chars<'_>>) -> Option<Comparison> {
    let selector = Selector::parse(&unreserved(rest))?;
    let operator = match rest.next()? {
        '=' => Operator::Equal,
        '!' => Operator::NotEqual,
        _ => return None,
    };
    rest.next_if_eq(&'=')?;
    let value = match rest.next_if(|next| matches!(next, '"' | '\'')) {
        Some(quote) => quoted(rest, quote)?,
        None => unreserved(rest),
    };
    (!value.is_empty()).then_some(Comparison {
        selector,
        operator,
        value,
    })
}

/// The characters up to the next one that RSQL reserves.
fn unreserved(rest: &mut Peekable<Chars<'_>>) -> String {
    const RESERVED: &str = "\"'();,=!~<> ";
    let mut text = String::new();
    while let Some(next) = rest.next_if(|next| !RESERVED.contains(*next)) {
        text.push(next);
    }
    text
}

/// The characters up to the closing quote; a backslash takes the next one as it is.
fn quoted(rest: &mut Peekable<Chars<'_>>, quote: char) -> Option<String> {
    let mut text = String::new();
    loop {
        match rest.next()? {
            '\\' => text.push(rest.next()?),
            next if next == quote => return Some(text),
            next => text.push(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn matches(filter: &str) -> bool {
        let user = json!({"basicInfo": {
            "userName": "Pat.O'Brien@example.com",
            "userId": "hvOB1l3zDCaDAwp9tNLzZA",
            "status": "ACTIVE",
            "primaryEmail": "pat@example.com",
        }});
        Filter::parse(filter).expect(filter).matches(&user)
    }

    #[test]
    fn usernames_match_in_any_letter_case_and_nothing_else_does() {
        assert!(matches("basicInfo.userName==\"pat.o'brien@example.com\""));
        assert!(matches("basicInfo.status==ACTIVE"));
        assert!(!matches("basicInfo.status==active"));
        assert!(!matches("basicInfo.primaryEmail==PAT@example.com"));
        assert!(matches("basicInfo.userId!=other"));
    }

    #[test]
    fn quotes_escape() {
        assert!(matches(r"basicInfo.userName=='pat.o\'brien@example.com'"));
    }

    #[test]
    fn and_binds_tighter_than_or() {
        assert!(matches(
            "basicInfo.status==ACTIVE,basicInfo.userId==other;basicInfo.status==INACTIVE"
        ));
        assert!(!matches(
            "basicInfo.status==INACTIVE;basicInfo.userId==hvOB1l3zDCaDAwp9tNLzZA,basicInfo.userId==other"
        ));
    }

    #[test]
    fn what_is_no_filter() {
        for filter in [
            "",
            "basicInfo.status",
            "basicInfo.status=ACTIVE",
            "basicInfo.status==",
            "basicInfo.status==ACTIVE;",
            "basicInfo.status==ACTIVE)",
            "basicInfo.lastName==Doe",
            "userName==jane",
            "basicInfo.status=in=(ACTIVE)",
            "basicInfo.userName==\"open",
            "basicInfo.userName==O'Brien",
            "basicInfo.userName==two words",
        ] {
            assert_eq!(Filter::parse(filter), None, "{filter}");
        }
    }
}
