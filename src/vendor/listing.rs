//! All users of a tenant, page by page, and never a short list: an account
//! that was overlooked would look as if its leaver had none.

use std::collections::BTreeSet;

use super::admin_api::AdminApi;
use super::call::CallError;
use super::page::{PageQuery, UserPage};
use super::user::User;

/// Users asked for at a time: the vendor's default.
const PAGE_SIZE: u32 = 100;

/// A list of users that is being read. It ends with an error rather than
/// early.
pub struct Listing {
    api: AdminApi,
    query: Option<PageQuery>,
    pages: u64,
    user_ids: BTreeSet<String>,
}

/// Why a list could not be read to its end.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ListError {
    /// A page did not come.
    #[error(transparent)]
    Call(#[from] CallError),
    /// All pages came, and do not make up the whole list.
    #[error(
        "the list of users is not whole, and nothing was changed: {0}; run again, or export the users report and name that file"
    )]
    NotWhole(String),
}

impl Listing {
    /// A list of all users; sends nothing yet.
    pub fn new(api: AdminApi) -> Self {
        Self {
            api,
            query: Some(PageQuery::First {
                filter: None,
                page_size: PAGE_SIZE,
            }),
            pages: 0,
            user_ids: BTreeSet::new(),
        }
    }

    /// How many pages were read.
    pub fn pages(&self) -> u64 {
        self.pages
    }

    /// The users of the next page; `None` once the list was read whole.
    pub async fn next_page(&mut self) -> Result<Option<Vec<User>>, ListError> {
        let Some(query) = self.query.take() else {
            return Ok(None);
        };
        let reply = self.api.traced_page(query).await?;
        self.check(&reply.value, reply.trace.attempts)
            .map_err(ListError::NotWhole)?;
        self.pages += 1;
        self.query = reply.value.next.map(PageQuery::Next);
        Ok(Some(reply.value.users))
    }

    /// Says why the page shows that something is missing, if it does.
    fn check(&mut self, page: &UserPage, attempts: u32) -> Result<(), String> {
        let number = self.pages;
        match page.number {
            Some(said) if said != number => {
                return Err(format!("page {said} came where page {number} was due"));
            }
            // A server that moves on with every answer would have skipped the
            // one that was lost.
            None if attempts > 1 => {
                return Err(format!(
                    "page {number} was asked for more than once, and no page number shows that \
                     none was skipped"
                ));
            }
            Some(_) | None => {}
        }
        let users = page.users.len() as u64;
        if page.next.is_some() && users < page.size.unwrap_or(1) {
            return Err(format!(
                "page {number} has {users} users although more follow"
            ));
        }
        for user in &page.users {
            if !self.user_ids.insert(user.user_id().to_owned()) {
                return Err("a user is on it twice, as when accounts change meanwhile".to_owned());
            }
        }
        let listed = self.user_ids.len() as u64;
        match page.total {
            Some(total) if page.next.is_none() && total != listed => Err(format!(
                "it has {listed} users, and the server speaks of {total}"
            )),
            // A tenant has its administrator at least.
            Some(_) | None if page.next.is_none() && listed == 0 => {
                Err("it has no users at all".to_owned())
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::admin_api::tests::{Answer, fixture};
    use super::*;
    use crate::http::TransportFailure;

    fn users(ids: &[&str]) -> Vec<Value> {
        let user = |id: &&str| json!({"basicInfo": {"userId": id}});
        ids.iter().map(user).collect()
    }

    fn page(ids: &[&str], pagination: &Value) -> Answer {
        Answer::Json(200, json!({"data": users(ids), "pagination": pagination}))
    }

    fn first(ids: &[&str]) -> Answer {
        let pagination =
            json!({"pageSize": 2, "pageNumber": 0, "hasMore": true, "nextScrollId": "s1"});
        page(ids, &pagination)
    }

    fn last(ids: &[&str]) -> Answer {
        page(
            ids,
            &json!({"pageSize": 2, "pageNumber": 1, "hasMore": false}),
        )
    }

    /// The ids in the list, or why it could not be read.
    async fn list(script: Vec<Answer>) -> Result<Vec<String>, ListError> {
        let mut listing = Listing::new(fixture(script).api);
        let mut ids = Vec::new();
        while let Some(users) = listing.next_page().await? {
            ids.extend(users.iter().map(|user| user.user_id().to_owned()));
        }
        Ok(ids)
    }

    #[tokio::test(start_paused = true)]
    async fn pages_make_up_the_list() {
        let whole = list(vec![first(&["a", "b"]), last(&["c"])]).await;
        assert_eq!(whole.expect("a list"), ["a", "b", "c"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_fails_is_asked_for_again() {
        let lost = Answer::Lost(TransportFailure::Interrupted);
        let busy = Answer::Json(503, json!({"title": "Service unavailable"}));
        let whole = list(vec![first(&["a", "b"]), lost, busy, last(&["c"])]).await;
        assert_eq!(whole.expect("a list"), ["a", "b", "c"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_never_comes_is_an_error() {
        for answer in [
            Answer::Json(503, json!({"title": "Service unavailable"})),
            Answer::Json(400, json!({"title": "Invalid or expired scrollId"})),
            Answer::Json(429, json!({"title": "Too many requests"})),
            Answer::Json(200, json!({"data": []})),
            Answer::Lost(TransportFailure::Interrupted),
        ] {
            let error = list(vec![first(&["a", "b"]), answer]).await;
            assert!(matches!(error, Err(ListError::Call(_))), "{error:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_list_is_never_taken_for_the_whole() {
        let numbered = |number: u64| json!({"pageNumber": number, "hasMore": false});
        for (what, script) in [
            ("no users at all", vec![page(&[], &numbered(0))]),
            (
                "page 2 came",
                vec![first(&["a", "b"]), page(&["c"], &numbered(2))],
            ),
            ("1 users although more follow", vec![first(&["a"])]),
            (
                "0 users although more follow",
                vec![page(&[], &json!({"hasMore": true, "nextScrollId": "s1"}))],
            ),
            ("twice", vec![first(&["a", "b"]), last(&["b"])]),
            (
                "speaks of 3",
                vec![page(&["a"], &json!({"hasMore": false, "totalElements": 3}))],
            ),
            (
                "more than once",
                vec![
                    Answer::Lost(TransportFailure::Interrupted),
                    page(&["a"], &json!({"hasMore": false})),
                ],
            ),
        ] {
            let error = list(script).await.expect_err(what).to_string();
            assert!(error.contains(what), "{what}: {error}");
        }
    }
}
