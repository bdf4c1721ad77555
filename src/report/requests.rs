use super::{Run, csv_of};
use crate::model::{Contract, OpenRequest};
use crate::seats::{calendar_of, is_request_of};

const COLUMNS: [&str; 15] = [
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
];

/// Every cancellation request that is still open.
pub fn requests_csv(run: &Run<'_>) -> Result<Vec<u8>, csv::Error> {
    csv_of(
        COLUMNS,
        run.requests.iter().map(|request| row(run, request)),
    )
}

fn row(run: &Run<'_>, request: &OpenRequest) -> [String; 15] {
    let today = run.plan.as_of.to_zoned(
        jiff::tz::TimeZone::get(&run.plan.policy.time_zone).unwrap_or(jiff::tz::TimeZone::UTC),
    );
    let terms = contract_of(run, request);
    let submit_by = terms.map(|contract| calendar_of(contract, today.date()).1);
    let days_left = submit_by
        .and_then(|date| today.date().until(date).ok())
        .map(|span| span.get_days().to_string());
    let price = terms.and_then(|contract| contract.unit_price.as_ref());
    let saving = price.map(|price| price.times(request.quantity));
    [
        request.id.clone(),
        request.state.as_str().to_owned(),
        request.pool.license.clone(),
        request.pool.country.clone(),
        request.quantity.to_string(),
        price
            .map(|price| price.amount.to_string())
            .unwrap_or_default(),
        saving
            .as_ref()
            .map(|money| money.amount.to_string())
            .unwrap_or_default(),
        saving.map(|money| money.currency).unwrap_or_default(),
        request.term_ends.to_string(),
        submit_by.map(|date| date.to_string()).unwrap_or_default(),
        days_left.unwrap_or_default(),
        request
            .effective_on
            .map(|date| date.to_string())
            .unwrap_or_default(),
        "unknown".to_owned(),
        "a My8x8 administrator who may cancel services".to_owned(),
        "8x8 Support Portal: Billing, Cancel Services".to_owned(),
    ]
}

/// The contract that the request was drafted for.
fn contract_of<'a>(run: &Run<'a>, request: &OpenRequest) -> Option<&'a Contract> {
    let contracts = &run.plan.policy.contracts;
    contracts
        .iter()
        .find(|contract| is_request_of(contract, &request.id))
}
