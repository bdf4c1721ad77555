//! What people have to do by hand, step by step. The steps follow the
//! vendor's public help pages on offboarding users, managing licences and
//! partial cancellations.

use jiff::civil::Date;

use crate::model::{AccountRow, LicenseName, TaskKind, short_digest};

/// The stable id of a task: the same task is never issued twice.
pub fn id(kind: TaskKind, subject: &str, license: &str) -> String {
    format!(
        "task-{}",
        short_digest(format!("{}|{subject}|{license}", kind.as_str()))
    )
}

/// Who may do it.
pub(super) fn who(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Voicemail
        | TaskKind::Number
        | TaskKind::Device
        | TaskKind::KeptLicense
        | TaskKind::HotDesk
        | TaskKind::RemoveLicenseByHand
        | TaskKind::SetUpAgain => "an Admin Console administrator",
        TaskKind::DeactivateByHand => "the primary or a secondary account administrator",
        TaskKind::ContactCenter => "a Contact Center administrator (Configuration Manager)",
        TaskKind::IdentityProvider | TaskKind::ReactivateInIdp => {
            "an administrator of the identity provider"
        }
        TaskKind::NumberEntitlement | TaskKind::ExpressCancellation => {
            "a My8x8 billing administrator"
        }
    }
}

/// The exact steps for one account.
pub(super) fn steps(
    kind: TaskKind,
    account: &AccountRow,
    license: Option<&LicenseName>,
) -> Vec<String> {
    let user = account
        .username
        .as_ref()
        .map(ToString::to_string)
        .or_else(|| account.user_id.as_ref().map(ToString::to_string))
        .unwrap_or_default();
    let license_name = license.map(ToString::to_string).unwrap_or_default();
    let numbers = match account.phone_numbers.as_slice() {
        [] => "the numbers of the account".to_owned(),
        numbers => numbers.join(", "),
    };
    let devices = match account.devices.as_slice() {
        [] => "the devices of the account".to_owned(),
        devices => devices.join(", "),
    };
    let steps: Vec<String> = match kind {
        TaskKind::Voicemail => vec![
            format!("Listen to, forward or download the voicemail of {user} that is still needed."),
            "Removing the licence deletes voicemail, greetings and forwarding for good.".to_owned(),
        ],
        TaskKind::Number => vec![
            format!("Decide what becomes of {numbers} ({user})."),
            "To keep a number reachable, assign it to another user, ring group or auto attendant \
             in Admin Console → Phone Numbers; an unlicensed leaver cannot forward calls."
                .to_owned(),
            "A number that is not needed can be returned; its number licence goes with it."
                .to_owned(),
        ],
        TaskKind::Device => vec![
            format!("Collect {devices} from {user}."),
            "A leased phone has to be returned to 8x8 (RMA) before its line is cancelled."
                .to_owned(),
        ],
        TaskKind::ContactCenter => vec![
            format!("Configuration Manager → Agents → edit {user} → Queues: remove all queues."),
            "Take away the Contact Center administrator role, if there is one.".to_owned(),
            format!("Admin Console → Users → {user} → edit: remove the licence {license_name}."),
        ],
        TaskKind::KeptLicense => vec![
            format!("{user} keeps {license_name}, as [policy] keep_licenses says."),
            "Recordings may be under legal retention: ask who owns them before the licence goes."
                .to_owned(),
            format!("Admin Console → Users → {user} → edit: remove the licence when it may go."),
        ],
        TaskKind::HotDesk => vec![
            format!(
                "{user} hosts a hot desk. Find out who logs in there, and move it to another user."
            ),
            format!(
                "Admin Console → Users → {user} → edit: remove {license_name} when nobody needs it."
            ),
        ],
        TaskKind::DeactivateByHand => deactivation_steps(&user, account),
        TaskKind::IdentityProvider => vec![
            format!("Deactivate {user} in the identity provider that provisions 8x8."),
            "Do not deactivate it in Admin Console alone: the next sync would activate it again."
                .to_owned(),
            "Once 8x8 shows it deactivated, this task is closed and its licences are removed."
                .to_owned(),
        ],
        TaskKind::RemoveLicenseByHand => removal_steps(&user, account, license),
        // Their steps are made where they are planned.
        TaskKind::NumberEntitlement
        | TaskKind::ExpressCancellation
        | TaskKind::ReactivateInIdp
        | TaskKind::SetUpAgain => Vec::new(),
    };
    steps
}

/// The first step of a task that somebody said was done, and was not.
pub(super) fn ticked_off_too_soon(kind: TaskKind, day: Date) -> String {
    let shown = if kind == TaskKind::RemoveLicenseByHand {
        "shows the licence on the account"
    } else {
        "shows the account as active"
    };
    format!("This task was ticked off on {day}, but 8x8 still {shown}: do it, and check it.")
}

/// Access ended by a person.
fn deactivation_steps(user: &str, account: &AccountRow) -> Vec<String> {
    vec![
        format!("{} It has to be active.", found_as(user, account)),
        "Numbers, voicemail and queues come first, because the settings of a deactivated user \
         cannot be changed; but once the date of this task has come, deactivate all the same."
            .to_owned(),
        format!("Row of {user} → More options: Deactivate user; confirm."),
        format!(
            "Filter the list by Status: {user} has to be shown as deactivated. A later users \
             report that shows it closes this task."
        ),
    ]
}

/// All seats of a licence removed by a person, as the vendor's knowledge base
/// has it.
fn removal_steps(user: &str, account: &AccountRow, license: Option<&LicenseName>) -> Vec<String> {
    let held = account.licenses.iter();
    let seats = held.filter(|held| Some(*held) == license).count();
    let (which, page) = match license {
        Some(license) if seats > 1 => (
            format!("all {seats} licences {license}"),
            format!("Home → Licenses → {license}"),
        ),
        Some(license) => (
            format!("the licence {license}"),
            format!("Home → Licenses → {license}"),
        ),
        None => ("its licences".to_owned(), "Home → Licenses".to_owned()),
    };
    vec![
        format!("{} It has to be deactivated.", found_as(user, account)),
        format!(
            "Row of {user} → More options: Activate user. 8x8 removes no licence from a \
             deactivated user; go on at once, because the account can be used until it is deactivated again."
        ),
        format!("Edit {user} → Services and permissions: remove {which}; save."),
        format!("Row of {user} → More options: Deactivate user; confirm."),
        format!("Filter the list by Status: {user} has to be shown as deactivated."),
        format!(
            "{page}: no seat may be assigned to {user}, Suspended ones \
             included. A later users report that shows it closes this task."
        ),
    ]
}

/// How an account is found, and told from somebody else's.
fn found_as(user: &str, account: &AccountRow) -> String {
    let email = account.email.as_ref().map(ToString::to_string);
    let user_id = account.user_id.as_ref().map(|id| format!("id {id}"));
    let known: Vec<String> = [Some(account.name.display()), email, user_id]
        .into_iter()
        .flatten()
        .filter(|word| !word.is_empty() && word != user)
        .collect();
    let known = match known.as_slice() {
        [] => String::new(),
        known => format!(" ({}; if that differs, stop and ask)", known.join(", ")),
    };
    format!("Admin Console → Home → Users: search for {user}{known}.")
}

/// The steps for the numbers of a pool whose seats are to be cancelled.
pub(super) fn entitlement_steps(pool: &str, country: &str) -> Vec<String> {
    vec![
        format!(
            "Each X Series seat includes one number of its country. Before {pool} seats are \
             cancelled, count the claimed and ported numbers of {country} in Admin Console → \
             Phone Numbers."
        ),
        "If more numbers remain than seats and additional number licences, return or port \
         numbers first."
            .to_owned(),
    ]
}

/// The steps for a pool that is billed by 8x8 Express.
pub(super) fn express_steps(pool: &str, quantity: i64) -> Vec<String> {
    vec![format!(
        "{quantity} seats of {pool} are free. 8x8 Express takes partial cancellations in the \
         support chat only: ask for them there."
    )]
}
