use std::io::{self, Write};

use super::{Run, day_of, write_csv};
use crate::model::{FollowedRequest, RequestState};
use crate::seats::{Terms, contract_of};

const COLUMNS: [&str; 21] = [
    "request_id",
    "state",
    "license",
    "country",
    "quantity",
    "unit_price",
    "monthly_saving",
    "currency",
    "term_ends",
    "submit_by",
    "days_left",
    "effective_on",
    "entitlement",
    "submitter",
    "where",
    "notice_by",
    "renews_until",
    "cost_of_missing",
    "case_number",
    "handed_in_on",
    "fees",
];

/// Every cancellation request that is neither withdrawn nor lapsed.
pub fn requests_csv(run: &Run<'_>, into: impl Write) -> io::Result<()> {
    let requests = run.requests.iter();
    write_csv(COLUMNS, requests.map(|request| row(run, request)), into)
}

fn row(run: &Run<'_>, followed: &FollowedRequest) -> [String; 21] {
    let FollowedRequest {
        request,
        case_number,
        handed_in_on,
        fees,
        ..
    } = followed;
    let contract = contract_of(&run.plan.policy.contracts, &request.id);
    let today = day_of(run.plan, run.plan.as_of);
    let terms = contract.map(|contract| Terms::of_request(contract, request, today));
    let terms = terms.as_ref();
    let price = contract.and_then(|contract| contract.unit_price.as_ref());
    let saving = price.map(|price| price.times(request.quantity));
    // What was handed in cannot be late any more, but it can still lapse; what
    // was confirmed has nothing left to miss.
    let (is_drafted, is_open) = match request.state {
        RequestState::Drafted => (true, true),
        RequestState::Submitted => (false, true),
        RequestState::Confirmed
        | RequestState::Effective
        | RequestState::Verified
        | RequestState::Lapsed
        | RequestState::Withdrawn => (false, false),
    };
    let days_left = terms.filter(|_| is_drafted).map(|terms| terms.days_left);
    let open = terms.filter(|_| is_open);
    let cost = open.and_then(|terms| terms.cost_of_missing.as_ref());
    [
        request.id.clone(),
        request.state.as_str().to_owned(),
        request.pool.license.clone(),
        request.pool.country.clone(),
        request.quantity.to_string(),
        super::text(price.map(|price| &price.amount)),
        super::text(saving.as_ref().map(|money| &money.amount)),
        super::text(saving.as_ref().map(|money| &money.currency)),
        request.term_ends.to_string(),
        super::text(terms.map(|terms| &terms.submit_by)),
        super::text(days_left.as_ref()),
        super::text(request.effective_on.as_ref()),
        run.plan.entitlement_of(&request.pool),
        "a My8x8 administrator who may cancel services".to_owned(),
        "8x8 Support Portal: Billing, Cancel Services".to_owned(),
        super::text(terms.map(|terms| &terms.notice_by)),
        super::text(terms.map(|terms| &terms.renews_until)),
        super::text(cost.map(|cost| &cost.amount)),
        case_number.clone().unwrap_or_default(),
        super::text(handed_in_on.as_ref()),
        super::text(fees.as_ref()),
    ]
}
