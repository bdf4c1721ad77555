use std::io;

use serde_json::{Value, json};

use super::write_csv;
use crate::model::{Contract, FollowedRequest, Memory, RequestState, TaskKind};
use crate::plan::Plan;
use crate::seats::{Terms, contract_of};

/// Everything that a person needs to hand a request in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// One line that says what it is about.
    pub subject: String,
    /// The whole story, for a person. It names nobody.
    pub letter: String,
    /// The same for a program; one revision has one document. It names nobody.
    pub document: Value,
    /// One line for each seat. Personal data: for IT.
    pub seats_csv: Vec<u8>,
    /// Phones to be collected and returned first. Personal data: for IT.
    pub devices_csv: Vec<u8>,
}

/// What a pack is made of.
#[derive(Debug, Clone, Copy)]
pub struct PackFor<'a> {
    /// The request.
    pub followed: &'a FollowedRequest,
    /// Tonight's plan.
    pub plan: &'a Plan,
    /// What the ledger knows of freed seats.
    pub memory: &'a Memory,
    /// `8x8`, `sandbox` or `loopback`.
    pub target: &'a str,
}

const SEAT_COLUMNS: [&str; 4] = ["license", "country", "freed_from", "freed_at"];
const DEVICE_COLUMNS: [&str; 4] = ["username", "what", "before", "task_id"];

/// The pack of a request; `None` when its contract is not configured any more.
pub fn request_pack(material: PackFor<'_>) -> Option<io::Result<Pack>> {
    let contracts = &material.plan.policy.contracts;
    let contract = contract_of(contracts, &material.followed.request.id)?;
    let today = super::day_of(material.plan, material.plan.as_of);
    let terms = Terms::of(contract, material.followed.request.quantity, today);
    Some(pack(material, contract, &terms))
}

fn pack(material: PackFor<'_>, contract: &Contract, terms: &Terms) -> io::Result<Pack> {
    let PackFor { followed, plan, .. } = material;
    let request = &followed.request;
    let subject = match request.quantity {
        0 => format!("Do not hand in {}: no seat is free any more", request.id),
        seats => format!(
            "Cancel {seats} seats of {} at 8x8 by {} ({})",
            request.pool, terms.submit_by, request.id
        ),
    };
    let (mut seats_csv, mut devices_csv) = (Vec::new(), Vec::new());
    write_csv(SEAT_COLUMNS, seats(material), &mut seats_csv)?;
    write_csv(DEVICE_COLUMNS, devices(plan), &mut devices_csv)?;
    Ok(Pack {
        letter: letter(material, contract, terms, &subject),
        document: document(material, contract, terms),
        subject: match material.target {
            "8x8" => subject,
            target => format!("[{target}: not real] {subject}"),
        },
        seats_csv,
        devices_csv,
    })
}

fn letter(material: PackFor<'_>, contract: &Contract, terms: &Terms, subject: &str) -> String {
    let PackFor {
        followed,
        plan,
        target,
        ..
    } = material;
    let request = &followed.request;
    let mut lines = vec![subject.to_owned(), String::new()];
    if target != "8x8" {
        lines.push(format!(
            "This comes from a rehearsal ({target}). Do not hand it in."
        ));
        lines.push(String::new());
    }
    lines.push(format!(
        "Request {}, revision {}, for tenant {} of {}.",
        request.id,
        followed.revision,
        plan.tenant,
        plan.customer_id
            .as_deref()
            .unwrap_or("the customer that you log in as")
    ));
    if request.quantity == 0 {
        lines.push(
            "The seats that earlier revisions asked for are needed again. If one of them was \
             handed in, ask 8x8 to take it back, and record that with `seatsweep requests withdraw`."
                .to_owned(),
        );
        return lines.join("\n") + "\n";
    }
    let effective = request.effective_on.unwrap_or(terms.earliest_effective);
    let money =
        |label: &str, amount: Option<String>| amount.map(|amount| format!("  {label:<24}{amount}"));
    let price = contract.unit_price.as_ref();
    lines.push(String::new());
    lines.push("WHAT TO CANCEL".to_owned());
    lines.push(format!(
        "  {:<24}{}",
        "Service or license", request.pool.license
    ));
    lines.push(format!("  {:<24}{}", "Country", request.pool.country));
    lines.push(format!("  {:<24}{}", "Quantity", request.quantity));
    lines.push(format!("  {:<24}{effective}", "Effective date"));
    lines.push(format!("  {:<24}{}", "End of the term", request.term_ends));
    lines.extend(money(
        "Price a seat and month",
        price.map(ToString::to_string),
    ));
    let saving = price.map(|price| price.times(request.quantity).to_string());
    lines.extend(money("Saves a month", saving));
    lines.push(format!(
        "  {:<24}staff reduction; the seats are unassigned",
        "Reason"
    ));
    lines.push(format!(
        "  {:<24}{}",
        "Numbers",
        plan.entitlement_of(&request.pool)
    ));
    lines.push(String::new());
    lines.push("BY WHEN".to_owned());
    lines.push(format!("  Hand it in by {}.", terms.submit_by));
    lines.push(format!(
        "  8x8 must have confirmed it by {}.",
        terms.notice_by
    ));
    let cost = terms.cost_of_missing.as_ref();
    let cost = cost.map_or_else(String::new, |cost| format!(", which costs {cost}"));
    lines.push(format!(
        "  Missed, the contract renews until {}{cost}.",
        terms.renews_until
    ));
    lines.extend(HOW.iter().map(|line| (*line).to_owned()));
    lines.push(format!(
        "\nAFTERWARDS\n  seatsweep requests submit {id} --case NUMBER --on DATE\n  \
         seatsweep requests confirm {id} --effective DATE --fees \"AMOUNT CURRENCY\"\n  \
         seatsweep requests close {id}          when it is gone from the bill",
        id = request.id
    ));
    lines.join("\n") + "\n"
}

/// What 8x8's pages say of partial cancellations.
const HOW: [&str; 23] = [
    "",
    "WHO AND WHERE",
    "  Only some administrators see the form: the My8x8 role that may cancel services, which the",
    "  primary administrator gives under Roles & permissions. IT administrators alone may not.",
    "  8x8 Support Portal (My8x8): Billing, Cancel Services. Attach seats.csv where it is asked for.",
    "  The form may also ask for your billing account, a contact with phone, the best time to call",
    "  and its time zone.",
    "  8x8 may ask for your Security Passphrase, by mail or phone. It is yours alone: it belongs in",
    "  no ticket, no file and no note of this program.",
    "  Answer 8x8's mail: a cancellation that nobody confirms is not carried out. It names the date",
    "  and the fees; during a term there may be some.",
    "",
    "BEFORE",
    "  Seats are unassigned already (seats.csv). Seats of one pool are alike: any of them may go.",
    "  Port numbers away before, not after: a port does not cancel, and a cancellation cuts off.",
    "  Each X Series seat includes one number of its country. Return numbers that no seat covers.",
    "  Leased (Flex) phones need an RMA, with their MAC addresses, before the date: device-returns.csv.",
    "",
    "ON THE DATE",
    "  8x8 writes once more, and numbers that are left ring busy. For 30 days it can be undone.",
    "  Services are billed in advance: look at the statement after the date.",
    "  The line on the bill should be lower by the quantity and nothing else.",
    "",
];

fn document(material: PackFor<'_>, contract: &Contract, terms: &Terms) -> Value {
    let PackFor {
        followed,
        plan,
        target,
        ..
    } = material;
    let request = &followed.request;
    let price = contract.unit_price.as_ref();
    let saving = price.map(|price| price.times(request.quantity).amount.to_string());
    json!({
        "format_version": 1,
        "kind": "partial_cancellation_request",
        "idempotency_key": followed.idempotency_key(&plan.tenant),
        "request_id": request.id,
        "revision": followed.revision,
        "tenant": plan.tenant,
        "target": target,
        "todo": if request.quantity == 0 { "do_not_hand_in" } else { "hand_in" },
        "license": request.pool.license,
        "country": request.pool.country,
        "quantity": request.quantity,
        "term_ends": request.term_ends,
        "effective_on": request.effective_on,
        "submit_by": terms.submit_by,
        "notice_by": terms.notice_by,
        "renews_until": terms.renews_until,
        "unit_price": price.map(|price| price.amount.to_string()),
        "monthly_saving": saving,
        "cost_of_missing": terms.cost_of_missing.as_ref().map(|cost| cost.amount.to_string()),
        "currency": price.map(|price| price.currency.clone()),
        "who": "a My8x8 administrator who may cancel services",
        "where": "8x8 Support Portal (My8x8): Billing, Cancel Services",
        "reason": "staff reduction",
    })
}

/// As many lines as seats: those that were freed last, and for the rest that
/// they were unassigned before.
fn seats(material: PackFor<'_>) -> Vec<[String; 4]> {
    let PackFor {
        followed, memory, ..
    } = material;
    let request = &followed.request;
    let mut usernames = std::collections::BTreeMap::new();
    for record in memory.terminations.values() {
        if let (Some(account), Some(username)) = (&record.account, &record.account_username) {
            usernames.insert(account, username.to_string());
        }
    }
    let mut freed = Vec::new();
    for (key, account) in &memory.accounts {
        let here = account
            .removed
            .iter()
            .filter(|(license, _)| license.pool() == request.pool);
        let name = usernames.get(key).cloned();
        let name = name.unwrap_or_else(|| key.as_str().to_owned());
        freed.extend(here.map(|(_, at)| (*at, name.clone())));
    }
    freed.sort();
    let wanted = usize::try_from(request.quantity).unwrap_or(usize::MAX);
    let newest = freed.into_iter().rev().map(|(at, name)| (name, Some(at)));
    let unassigned = std::iter::repeat_with(|| ("unassigned before".to_owned(), None));
    newest
        .chain(unassigned)
        .take(wanted)
        .map(|(name, at)| {
            let pool = &request.pool;
            [
                pool.license.clone(),
                pool.country.clone(),
                name,
                super::instant(at),
            ]
        })
        .collect()
}

/// The open tasks about devices, whichever seat they belong to.
fn devices(plan: &Plan) -> Vec<[String; 4]> {
    let tasks = plan.manual_tasks.iter();
    let devices = tasks.filter(|task| task.kind == TaskKind::Device);
    devices
        .map(|task| {
            let mut steps = task.steps.iter();
            [
                task.username.clone(),
                steps.next().cloned().unwrap_or_default(),
                steps.cloned().collect::<Vec<_>>().join(" "),
                task.id.clone(),
            ]
        })
        .collect()
}

/// Whether people still have a use for the request's pack.
pub fn is_worth_a_pack(followed: &FollowedRequest) -> bool {
    let is_draft = followed.request.state == RequestState::Drafted;
    is_draft && (followed.request.quantity > 0 || !followed.deliveries.is_empty())
}

#[cfg(test)]
mod tests;
