//! The text of a plan: JSON with one field a line, and one element a line of
//! every list.

use std::io;

use serde::Serialize;

use super::Plan;
use super::slices::hand_on_slices;

/// The text up to the plan's id, and the id.
pub(super) fn head(plan: &Plan, id: &str) -> String {
    format!(
        "{{\"format_version\":{},\n\"plan_id\":\"{id}\"",
        plan.format_version
    )
}

/// Hands on all text that follows the plan's id.
pub(super) fn rest(
    plan: &Plan,
    hand_on: impl FnMut(&[u8]) -> io::Result<()> + Send,
) -> io::Result<()> {
    let Plan {
        format_version: _,
        plan_id: _,
        as_of,
        tenant,
        target,
        customer_id,
        inputs,
        policy,
        guard_limits,
        undoes,
        ledger_generation,
        facts,
        dispositions,
        totals,
        guards,
        actions,
        lanes,
        manual_tasks,
        closed_tasks,
        terminations,
        unsettled_rows,
        settled_rows,
        sightings,
        observations,
        seats,
        entitlements,
        findings,
    } = plan;
    let mut text = Text { hand_on };
    text.field("as_of", as_of)?;
    text.field("tenant", tenant)?;
    text.field("target", target)?;
    text.field("customer_id", customer_id)?;
    text.list("inputs", inputs)?;
    text.field("policy", policy)?;
    text.field("guard_limits", guard_limits)?;
    if let Some(undoes) = undoes {
        text.field("undoes", undoes)?;
    }
    text.field("ledger_generation", ledger_generation)?;
    text.field("facts", facts)?;
    text.list("dispositions", dispositions)?;
    text.field("totals", totals)?;
    text.list("guards", guards)?;
    text.list("actions", actions)?;
    text.list("lanes", lanes)?;
    text.list("manual_tasks", manual_tasks)?;
    text.list("closed_tasks", closed_tasks)?;
    text.list("terminations", terminations)?;
    text.list("unsettled_rows", unsettled_rows)?;
    text.list("settled_rows", settled_rows)?;
    if !sightings.is_empty() {
        text.list("sightings", sightings)?;
    }
    text.list("observations", observations)?;
    text.list("seats", seats)?;
    if !entitlements.is_empty() {
        text.list("entitlements", entitlements)?;
    }
    text.list("findings", findings)?;
    text.end()
}

struct Text<H> {
    hand_on: H,
}

impl<H: FnMut(&[u8]) -> io::Result<()> + Send> Text<H> {
    fn field(&mut self, name: &str, value: &impl Serialize) -> io::Result<()> {
        let mut text = format!(",\n\"{name}\":").into_bytes();
        serde_json::to_writer(&mut text, value)?;
        (self.hand_on)(&text)
    }

    fn list<T: Serialize + Sync>(&mut self, name: &str, elements: &[T]) -> io::Result<()> {
        let Some((first, others)) = elements.split_first() else {
            return self.field(name, &elements);
        };
        let mut text = format!(",\n\"{name}\":[\n").into_bytes();
        serde_json::to_writer(&mut text, first)?;
        (self.hand_on)(&text)?;
        hand_on_slices(others, following, &mut self.hand_on)?;
        (self.hand_on)(b"\n]")
    }

    fn end(&mut self) -> io::Result<()> {
        (self.hand_on)(b"}\n")
    }
}

/// The text of elements that follow others.
fn following<T: Serialize>(elements: &[T]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for element in elements {
        text.extend_from_slice(b",\n");
        serde_json::to_writer(&mut text, element)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
