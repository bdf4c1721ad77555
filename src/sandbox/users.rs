//! `GET /users`: filter, sort, and scroll.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::answer::{Fault, Problem};
use super::clock::later;
use super::filter::Filter;
use super::identity::opaque_id;
use super::options::ListPayload;
use super::query::parameters;
use super::router::Settings;
use super::state::{State, username};

/// How long a scroll can be taken up. The vendor publishes no such time.
const SCROLL_KEPT: SignedDuration = SignedDuration::from_mins(15);

const LARGEST_PAGE: usize = 100;

/// The scrolls that clients have begun.
#[derive(Debug, Default)]
pub(super) struct Scrolls {
    open: BTreeMap<String, Scroll>,
    last: usize,
}

/// A place in a listing.
#[derive(Debug)]
struct Scroll {
    listing: Arc<Listing>,
    page: usize,
    expires: Timestamp,
}

/// What a first page asked for, and whom it found.
#[derive(Debug)]
struct Listing {
    user_ids: Vec<String>,
    page_size: usize,
    filter: Option<String>,
    sort: Option<String>,
}

/// Answers with the vendor's `UserPage`.
pub(super) fn list(
    state: &State,
    scrolls: &mut Scrolls,
    query: &str,
    settings: &Settings,
    now: Timestamp,
) -> Result<Value, Problem> {
    let shown_at = settings.shown_at(now);
    let parameters = parameters(query)
        .ok_or_else(|| Problem::bad_request("The query string is not well formed"))?;
    let (listing, page) = match parameters.get("scrollId") {
        Some(scroll_id) => {
            let first_page = ["filter", "sort", "pageSize"];
            if first_page.iter().any(|name| parameters.contains_key(*name)) {
                return Err(Problem::conflicting_parameters());
            }
            scrolls.resume(scroll_id, now)?
        }
        None => (Arc::new(Listing::new(state, &parameters, shown_at)?), 0),
    };

    let users = listing.page(page).iter();
    let data: Vec<Value> = users
        .filter_map(|user_id| state.shown(user_id, shown_at))
        .map(|user| match settings.list {
            ListPayload::Full => user.clone(),
            ListPayload::Status => json!({ "basicInfo": user["basicInfo"] }),
        })
        .collect();
    let next = (!listing.page(page + 1).is_empty())
        .then(|| scrolls.begin(Arc::clone(&listing), page + 1, now));
    let base_url = &settings.base_url;
    let link = |query: &str| json!({ "href": format!("{base_url}/users?{query}") });
    let mut links = json!({ "self": link(query) });
    if let Some(scroll_id) = &next {
        links["next"] = link(&format!("scrollId={scroll_id}"));
    }
    let mut page = json!({
        "data": null,
        "pagination": {
            "pageSize": listing.page_size,
            "pageNumber": page,
            "hasMore": next.is_some(),
            "filter": listing.filter,
            "sort": listing.sort,
            "nextScrollId": next,
        },
        "_links": links,
    });
    // Moved and not copied: it is a hundred users.
    page["data"] = Value::Array(data);
    Ok(page)
}

impl Scrolls {
    /// A scroll can be taken up more than once: an answer can get lost.
    fn resume(&self, scroll_id: &str, now: Timestamp) -> Result<(Arc<Listing>, usize), Problem> {
        self.open
            .get(scroll_id)
            .filter(|scroll| now < scroll.expires)
            .map(|scroll| (Arc::clone(&scroll.listing), scroll.page))
            .ok_or_else(|| invalid("scrollId", "Invalid or expired scrollId"))
    }

    fn begin(&mut self, listing: Arc<Listing>, page: usize, now: Timestamp) -> String {
        self.open.retain(|_, scroll| now < scroll.expires);
        self.last += 1;
        let scroll_id = opaque_id("scroll", "", self.last);
        let scroll = Scroll {
            listing,
            page,
            expires: later(now, SCROLL_KEPT),
        };
        self.open.insert(scroll_id.clone(), scroll);
        scroll_id
    }
}

impl Listing {
    fn new(
        state: &State,
        parameters: &BTreeMap<String, String>,
        shown_at: Timestamp,
    ) -> Result<Self, Problem> {
        let page_size = match parameters.get("pageSize") {
            None => LARGEST_PAGE,
            Some(text) => text
                .parse()
                .ok()
                .filter(|size| (1..=LARGEST_PAGE).contains(size))
                .ok_or_else(|| invalid("pageSize", "must be between 1 and 100"))?,
        };
        let filter = parameters
            .get("filter")
            .map(|text| {
                Filter::parse(text).ok_or_else(|| invalid("filter", "Invalid filter syntax"))
            })
            .transpose()?;
        let mut users: Vec<&Value> = state
            .users_shown(shown_at)
            .filter(|user| filter.as_ref().is_none_or(|filter| filter.matches(user)))
            .collect();
        // The form's decoding has made a space of a plus sign.
        match parameters.get("sort").map(|sort| sort.trim()) {
            // The vendor promises no order without a sort; here it is that of the ids.
            None => {}
            Some("basicInfo.userName" | "+basicInfo.userName") => {
                users.sort_by_key(|user| username(user).to_lowercase());
            }
            Some("-basicInfo.userName") => {
                users.sort_by_key(|user| std::cmp::Reverse(username(user).to_lowercase()));
            }
            Some(_) => return Err(invalid("sort", "Invalid sort parameter")),
        }
        Ok(Self {
            user_ids: users
                .into_iter()
                .filter_map(|user| user["basicInfo"]["userId"].as_str())
                .map(str::to_owned)
                .collect(),
            page_size,
            filter: parameters.get("filter").cloned(),
            sort: parameters.get("sort").cloned(),
        })
    }

    fn page(&self, number: usize) -> &[String] {
        self.user_ids
            .chunks(self.page_size)
            .nth(number)
            .unwrap_or_default()
    }
}

fn invalid(field: &str, message: &str) -> Problem {
    Problem::validation(vec![Fault::invalid(field, message)])
}
