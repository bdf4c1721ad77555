//! Users, page by page.

use serde_json::Value;

use super::user::{Status, User};

/// Which page of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageQuery {
    /// The first.
    First {
        /// RSQL, such as `basicInfo.status==ACTIVE`; all users without it.
        filter: Option<String>,
        /// Users on a page; the vendor's default is 100.
        page_size: u32,
    },
    /// The one that [`UserPage::next`] names. Nothing else may be sent with
    /// it: the server refuses a scroll id beside first-page parameters.
    Next(String),
}

/// A page of users.
#[derive(Clone, Debug, PartialEq)]
pub struct UserPage {
    /// The users, in the server's order.
    pub users: Vec<User>,
    /// The scroll id of the next page; `None` on the last.
    pub next: Option<String>,
    /// The page's number from 0, if the server says it.
    pub number: Option<u64>,
    /// How many users a full page has, if the server says it.
    pub size: Option<u64>,
    /// How many users all pages have together, if the server says it.
    pub total: Option<u64>,
}

/// What other listings of the vendor and its kind call the number of all
/// elements. The document of this one names none.
const TOTALS: [&str; 4] = ["totalElements", "totalCount", "totalResults", "total"];

impl UserPage {
    /// Reads a page. A page without its pagination part is an error
    /// and not the last one: accounts could silently be missing. Links are
    /// never followed.
    pub(super) fn read(mut body: Value) -> Result<Self, String> {
        let pagination = body.get("pagination").filter(|value| value.is_object());
        let pagination = pagination.ok_or("the page does not say whether more follow")?;
        let next = pagination.get("nextScrollId").and_then(Value::as_str);
        let next = next.filter(|id| !id.is_empty()).map(str::to_owned);
        let next = match (pagination.get("hasMore").and_then(Value::as_bool), next) {
            (Some(true), None) => {
                return Err("the page says that more follow but not where".to_owned());
            }
            (Some(true) | None, next) => next,
            (Some(false), _) => None,
        };
        let number = |field: &str| pagination.get(field).and_then(Value::as_u64);
        let (page_number, size) = (number("pageNumber"), number("pageSize"));
        let total = TOTALS.into_iter().find_map(number);
        let users = match body.get_mut("data").map(Value::take) {
            Some(Value::Array(users)) => users,
            Some(Value::Null) => Vec::new(),
            _ => return Err("the page has no list of users (data)".to_owned()),
        };
        let users = users
            .into_iter()
            .map(User::read)
            .collect::<Result<_, _>>()
            .map_err(|_| "a user on the page has no id (basicInfo.userId)")?;
        Ok(Self {
            users,
            next,
            number: page_number,
            size,
            total,
        })
    }
}

/// The RSQL filter for the users of one status.
pub fn status_filter(status: &Status) -> String {
    format!("basicInfo.status=={}", status.as_str())
}

/// The RSQL filter for one username. Quotes and backslashes are escaped, so
/// that nothing in a name can widen the search.
pub(super) fn username_filter(username: &str) -> String {
    let escaped = username.replace('\\', r"\\").replace('"', "\\\"");
    format!("basicInfo.userName==\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_page_is_known_for_certain() {
        let next = |pagination: Value| {
            UserPage::read(json!({"data": [], "pagination": pagination})).map(|page| page.next)
        };
        let scroll = Some("s2".to_owned());
        assert_eq!(
            next(json!({"hasMore": true, "nextScrollId": "s2"})),
            Ok(scroll.clone())
        );
        assert_eq!(next(json!({"nextScrollId": "s2"})), Ok(scroll));
        assert_eq!(
            next(json!({"hasMore": false, "nextScrollId": "s2"})),
            Ok(None)
        );
        assert_eq!(next(json!({"hasMore": false})), Ok(None));
        assert_eq!(next(json!({})), Ok(None));
        assert!(next(json!({"hasMore": true, "nextScrollId": null})).is_err());
        assert!(next(json!(null)).is_err());
    }

    #[test]
    fn a_page_has_users_with_ids() {
        let read = |data: Value| UserPage::read(json!({"data": data, "pagination": {}}));
        let users = read(json!([{"basicInfo": {"userId": "u1"}}])).map(|page| page.users.len());
        assert_eq!(users, Ok(1));
        assert_eq!(read(json!(null)).map(|page| page.users.len()), Ok(0));
        assert!(read(json!([{"basicInfo": {}}])).is_err());
        assert!(read(json!({})).is_err());
    }

    #[test]
    fn a_username_cannot_widen_the_search() {
        assert_eq!(
            username_filter("jane.doe@example.com"),
            r#"basicInfo.userName=="jane.doe@example.com""#
        );
        assert_eq!(
            username_filter(r#"a",b\"#),
            r#"basicInfo.userName=="a\",b\\""#
        );
    }
}
