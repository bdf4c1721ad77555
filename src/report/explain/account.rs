use super::Explanation;
use super::page::Page;
use super::person::{place, placed};
use crate::model::{AccountRow, AccountStatus, LicenseName, TerminationRecord};
use crate::reconcile::{Candidate, Dossier, KeyEvidence, KnownAccount, Match, Stance};
use crate::report::instant;

/// What each key points at, and so whose account it is.
pub(super) fn whose_account(dossier: &Dossier<'_>, page: &mut Page) {
    page.heading("Whose account it is");
    if let Some(target) = dossier.mapping {
        page.say(&format!(
            "The mapping says {target}, and a mapping decides over every key."
        ));
    }
    for evidence in &dossier.keys {
        page.say(&key(evidence));
        for (_, candidate, is_strangers) in &evidence.accounts {
            if *is_strangers && !evidence.is_shared {
                page.detail(&format!(
                    "The name of {} is {:?}: somebody else, first and last name both differ.",
                    called(&candidate.row),
                    candidate.row.name.display()
                ));
            }
        }
    }
    if dossier.person.work_email.is_none() {
        page.say(
            "There is no work e-mail that could be a key: blank, no address, or a placeholder.",
        );
    }
    if let Some(record) = dossier.carried_out() {
        page.say(&format!(
            "This termination was carried out before on {}, found then by {}; it stays with \
             that account.",
            recorded_account(record),
            record.matched_by
        ));
    }
    for row in &dossier.unreadable_accounts {
        page.say(&format!(
            "A row of the users report that has one of these keys could not be read: {}.",
            row.sentence()
        ));
    }
    page.say(&verdict(&dossier.found));
    for suggestion in &dossier.suggestions {
        page.say(&format!(
            "{} looks alike: {}. A likeness is shown and never acted on; if it is right, say \
             it with --map.",
            suggestion.account,
            suggestion.hint.why()
        ));
    }
    if let Some(account) = &dossier.account {
        describe(account, page);
    }
}

impl Explanation<'_> {
    /// Everything that keeps the program from acting on a leaver's account.
    pub(super) fn against(&self, dossier: &Dossier<'_>, page: &mut Page) {
        let (Some(account), Some(stance)) = (&dossier.account, dossier.stance) else {
            return;
        };
        page.heading("What stands against acting on it");
        for person in &dossier.others {
            page.say(&format!(
                "A key of {} points at this account, too.",
                placed(person)
            ));
        }
        for (position, obstacle) in dossier.obstacles.iter().enumerate() {
            let weight = if position == 0 {
                "decides"
            } else {
                "would be next"
            };
            page.say(&format!(
                "{} ({}), which {weight}: {}.",
                obstacle.disposition, obstacle.reason, obstacle.detail
            ));
        }
        if dossier.has_vanished {
            page.say(
                "The row is gone from the cumulative HR file, so it was taken back or lost: \
                 nothing more is done until it is there again.",
            );
        }
        match stance {
            Stance::LeaveToIdp => page.say(
                "An identity provider manages the account: it has to be deactivated there, or the \
                 next sync would undo it ([idp] managed, or the report's provider column).",
            ),
            Stance::WithApproval => page.say(&format!(
                "The date was already more than {} days back when HR first listed it: nothing is \
                 done without an approval of the plan ([policy] max_termination_age_days).",
                self.plan.policy.max_termination_age_days
            )),
            Stance::Act if dossier.obstacles.is_empty() && !dossier.has_vanished => {
                page.say("Nothing: no protection, no hold, no rival, no identity provider.");
                page.say(match account.known.created {
                    Some(_) => "The account is older than the termination.",
                    None => "The report does not say when the account was created.",
                });
            }
            Stance::Act => {}
        }
    }
}

/// The account as the report has it, and what the ledger verified.
pub(super) fn describe(account: &KnownAccount<'_>, page: &mut Page) {
    let row = &account.reported.row;
    page.say(&format!(
        "The users report ({}) has it as {}.",
        place(&row.source),
        facts(account.reported).join(" · ")
    ));
    page.detail(&format!("Licenses: {}.", licenses(&row.licenses)));
    let Some(verified) = account.verified else {
        return;
    };
    let status = status(verified.status);
    let at = instant(Some(verified.status_at));
    let rule = if account.since == verified.status_at {
        "after the report was made, so that counts"
    } else {
        "before the report was made, so the report counts"
    };
    page.detail(&format!(
        "The program itself last read it as {status} at {at}, {rule}."
    ));
    for (license, at) in &verified.removed {
        let at = instant(Some(*at));
        page.detail(&format!(
            "{} was verified as removed at {at}.",
            license.pool()
        ));
    }
    if account.known.licenses != row.licenses {
        let left = licenses(&account.known.licenses);
        page.detail(&format!("So it now holds: {left}."));
    }
}

/// How people call an account.
pub(super) fn called(row: &AccountRow) -> String {
    let username = row.username.as_ref().map(ToString::to_string);
    let id = || row.user_id.as_ref().map(ToString::to_string);
    username.or_else(id).unwrap_or_default()
}

pub(super) fn licenses(licenses: &[LicenseName]) -> String {
    if licenses.is_empty() {
        return "none".to_owned();
    }
    let names = licenses.iter().map(|license| license.pool().to_string());
    names.collect::<Vec<_>>().join(", ")
}

fn facts(candidate: &Candidate) -> Vec<String> {
    let row = &candidate.row;
    let day = row.created.map(|at| at.strftime("%Y-%m-%d").to_string());
    let username = called(row);
    let mut facts = vec![
        username.clone(),
        status(row.status).to_owned(),
        row.name.display(),
    ];
    if candidate.contradictory {
        facts.push("with rows that say both active and deactivated".to_owned());
    }
    let id = row.user_id.as_ref().map(ToString::to_string);
    let email = row.email.as_ref().map(ToString::to_string);
    let more = [
        ("user id", id.filter(|id| *id != username)),
        (
            "e-mail",
            Some(email.unwrap_or_else(|| "blank or a placeholder".to_owned())),
        ),
        (
            "employee id",
            row.employee_id.as_ref().map(ToString::to_string),
        ),
        ("created", day),
        ("site", Some(row.site.to_string())),
        ("department", Some(row.department.to_string())),
        ("identity provider", Some(row.scim_provider.to_string())),
        ("extension", Some(row.extension.to_string())),
        ("numbers", Some(row.phone_numbers.join(", "))),
        ("devices", Some(row.devices.join(", "))),
    ];
    let more = more
        .into_iter()
        .filter_map(|(what, value)| Some((what, value?)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(what, value)| format!("{what} {value}"));
    facts.extend(more);
    facts.retain(|fact| !fact.is_empty());
    facts
}

pub(super) fn status(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Active => "active",
        AccountStatus::Inactive => "deactivated",
    }
}

fn key(evidence: &KeyEvidence<'_>) -> String {
    let name = format!("{} {}", evidence.key.name(), evidence.key.value());
    if evidence.is_shared {
        let people: Vec<String> = evidence.shared_with.iter().map(|it| placed(it)).collect();
        let people = match people.as_slice() {
            [] => "people with different names".to_owned(),
            people => people.join(", "),
        };
        return format!("{name} is also on {people}: a key of several people matches nobody.");
    }
    let accounts: Vec<String> = evidence
        .accounts
        .iter()
        .map(|(_, candidate, _)| called(&candidate.row))
        .collect();
    match accounts.as_slice() {
        [] => format!("{name}: no account has it."),
        [account] => format!("{name} points at {account}."),
        accounts => format!(
            "{name} is on {} accounts ({}): a key on several points at none.",
            accounts.len(),
            accounts.join(", ")
        ),
    }
}

fn verdict(found: &Match) -> String {
    match found {
        Match::One(_, matched_by) => format!("So there is one account, found by {matched_by}."),
        Match::Gone => "The account that was deactivated is gone from the users report.".to_owned(),
        Match::Ambiguous(reason, detail) => format!(
            "So more than one may be meant ({reason}): {detail}. A line in the --map file settles \
             it."
        ),
        Match::None(reason, detail) => format!("So no account is found ({reason}): {detail}."),
    }
}

pub(super) fn recorded_account(record: &TerminationRecord) -> String {
    let username = record.account_username.as_ref().map(ToString::to_string);
    let id = || record.user_id.as_ref().map(ToString::to_string);
    username
        .or_else(id)
        .unwrap_or_else(|| "no account".to_owned())
}
