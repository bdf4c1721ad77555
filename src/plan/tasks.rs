//! What people have to do by hand, step by step. The steps follow the
//! vendor's public help pages on offboarding users, managing licences and
//! partial cancellations.

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
    let license = license.map(ToString::to_string).unwrap_or_default();
    let numbers = match account.phone_numbers.as_slice() {
        [] => "the numbers of the account".to_owned(),
        numbers => numbers.join(", "),
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
            format!("Collect {} from {user}.", account.devices.join(", ")),
            "A leased phone has to be returned to 8x8 (RMA) before its line is cancelled."
                .to_owned(),
        ],
        TaskKind::ContactCenter => vec![
            format!("Configuration Manager → Agents → edit {user} → Queues: remove all queues."),
            "Take away the Contact Center administrator role, if there is one.".to_owned(),
            format!("Admin Console → Users → {user} → edit: remove the licence {license}."),
        ],
        TaskKind::KeptLicense => vec![
            format!("{user} keeps {license}, as [policy] keep_licenses says."),
            "Recordings may be under legal retention: ask who owns them before the licence goes."
                .to_owned(),
            format!("Admin Console → Users → {user} → edit: remove the licence when it may go."),
        ],
        TaskKind::HotDesk => vec![
            format!(
                "{user} hosts a hot desk. Find out who logs in there, and move it to another user."
            ),
            format!(
                "Admin Console → Users → {user} → edit: remove {license} when nobody needs it."
            ),
        ],
        TaskKind::DeactivateByHand => {
            vec![format!(
                "Admin Console → Users → {user} → More options: Deactivate user."
            )]
        }
        TaskKind::IdentityProvider => vec![
            format!("Deactivate {user} in the identity provider that provisions 8x8."),
            "Do not deactivate it in Admin Console alone: the next sync would activate it again."
                .to_owned(),
        ],
        TaskKind::RemoveLicenseByHand => vec![
            format!("Admin Console → Users → {user} → More options: Activate user."),
            match license.as_str() {
                "" => format!("Edit {user} → Services and permissions: remove its licences; save."),
                license => format!(
                    "Edit {user} → Services and permissions: remove the licence {license}; save."
                ),
            },
            format!("More options: Deactivate user again, and check that {user} is deactivated."),
        ],
        // Their steps are made where they are planned.
        TaskKind::NumberEntitlement
        | TaskKind::ExpressCancellation
        | TaskKind::ReactivateInIdp
        | TaskKind::SetUpAgain => Vec::new(),
    };
    steps
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
