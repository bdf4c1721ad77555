//! `seatsweep explain`: the whole story of a person, an account or an HR row,
//! in the order in which it is decided. It names people: it is for the
//! terminal of whoever asked.

mod account;
mod page;
mod past;
mod person;
#[cfg(test)]
mod tests;
mod tonight;
mod traces;

pub use traces::{PastRuns, Traces};

use std::collections::BTreeSet;

use crate::model::{InvalidRow, Memory, SourceRow, TerminationRecord};
use crate::plan::Plan;
use crate::reconcile::{Dossier, Inquiry, RowDisposition, StrayAccount};

use page::Page;

/// All that stories are told from.
#[derive(Debug, Clone, Copy)]
pub struct Explanation<'a> {
    /// What was asked about, with its evidence.
    pub inquiry: &'a Inquiry<'a>,
    /// The plan that tonight's inputs make.
    pub plan: &'a Plan,
    /// What the ledger knows.
    pub memory: &'a Memory,
    /// Earlier runs, oldest first.
    pub past: &'a [PastRuns],
}

/// The stories of everybody who was asked about, one after the other; empty
/// when that is nobody.
pub fn explain(explanation: &Explanation<'_>) -> String {
    let mut page = Page::default();
    let inquiry = explanation.inquiry;
    let stories = inquiry.persons.len()
        + inquiry.rows.len()
        + inquiry.accounts.len()
        + inquiry.unreadable_accounts.len()
        + inquiry.remembered.len();
    if stories > 1 {
        page.title(&format!(
            "{stories} stories fit what was asked; each is told."
        ));
    }
    for dossier in &inquiry.persons {
        explanation.person(dossier, &mut page);
    }
    for row in &inquiry.rows {
        explanation.unreadable_row(row, &mut page);
    }
    for stray in &inquiry.accounts {
        explanation.stray_account(stray, &mut page);
    }
    for row in &inquiry.unreadable_accounts {
        page.title("A row of the users report that could not be read");
        page.say(&format!("{}.", row.sentence()));
        page.say("Nobody whose account it may be is acted on before it can be read.");
    }
    for records in inquiry.remembered.values() {
        explanation.remembered(records, &mut page);
    }
    page.finish()
}

impl Explanation<'_> {
    fn person(&self, dossier: &Dossier<'_>, page: &mut Page) {
        let traces = Traces::of_person(dossier);
        page.title(&person::called(dossier.person));
        self.in_short(dossier, page);
        self.who(dossier, page);
        self.claim(dossier, page);
        account::whose_account(dossier, page);
        self.against(dossier, page);
        self.tonight(|line| dossier.is_about(line), &traces, page);
        self.earlier(&traces, page);
    }

    fn unreadable_row(&self, row: &InvalidRow, page: &mut Page) {
        let name = match row.person.as_str() {
            "" => "Nobody knows who",
            name => name,
        };
        page.title(&format!("{name}: a row that could not be read"));
        page.heading("Who it is");
        person::invalid(row, page);
        let traces = Traces::of_row(row);
        let is_mine = |line: &RowDisposition| line.source.as_ref() == Some(&row.source);
        self.tonight(is_mine, &traces, page);
        self.earlier(&traces, page);
    }

    fn stray_account(&self, stray: &StrayAccount<'_>, page: &mut Page) {
        let traces = Traces::of_account(stray);
        page.title(&format!(
            "Account {}",
            account::called(&stray.account.known)
        ));
        page.heading("Whose account it is");
        account::describe(&stray.account, page);
        for (person, suggestion) in &stray.resembles {
            page.say(&format!(
                "It looks like the account of {}: {}. A likeness is shown and never acted on; \
                 if it is right, say it with --map.",
                person::placed(person),
                suggestion.why
            ));
        }
        page.heading("What becomes of it tonight");
        page.say(
            "No HR row and no open obligation is about it, so it is left alone: an account is \
             never written without one.",
        );
        let policy = &self.plan.policy;
        let names = [
            stray
                .account
                .known
                .username
                .as_ref()
                .map(ToString::to_string),
            stray.account.known.email.as_ref().map(ToString::to_string),
        ];
        let is_in = |list: &BTreeSet<String>| {
            let names = names.iter().flatten();
            names.into_iter().any(|name| list.contains(name))
        };
        if is_in(&policy.protected) {
            page.say("It is on the protected list ([protected] accounts).");
        }
        if is_in(&policy.canaries) {
            page.say(
                "It is a canary: without it a users report is refused ([protected] canaries).",
            );
        }
        self.earlier(&traces, page);
    }

    fn remembered(&self, records: &[&TerminationRecord], page: &mut Page) {
        let Some(newest) = records.iter().max_by_key(|it| it.termination.date) else {
            return;
        };
        let termination = &newest.termination;
        page.title(&format!(
            "{}, known from earlier nights ({})",
            termination.name.display(),
            termination.person.as_str()
        ));
        page.heading("Who it is");
        let SourceRow { file, line } = &termination.source;
        page.say(&format!(
            "No row of tonight's HR files is about this person; {file} line {line} was, when it \
             was last listed."
        ));
        page.heading("What becomes of it tonight");
        page.say("Nothing: no obligation is open.");
        self.earlier(&Traces::of_records(records), page);
    }
}
