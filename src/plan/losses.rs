//! What an undo cannot bring back, and what people do about it.

use super::undo::PastAccount;
use crate::model::{LicenseKind, LicenseName};

/// What does not come back to an account from which these licences were taken.
/// Removing a licence takes the extension bound to it along, and with that
/// whatever hangs on the extension.
pub(super) fn lost(past: &PastAccount, taken: &[&LicenseName]) -> String {
    if taken.is_empty() {
        return "lost for good: nothing but the sessions that were open".to_owned();
    }
    if !take_calls(past, taken) {
        return "lost for good: settings that were bound to the licences".to_owned();
    }
    let mut lost = vec!["voicemail messages, greetings, call history, call forwarding".to_owned()];
    let named = [
        ("extension", past.extensions.clone()),
        ("number", past.phone_numbers.clone()),
        ("activation of the device", past.devices.clone()),
        ("membership of", past.memberships.clone()),
    ];
    for (what, names) in named {
        if !names.is_empty() {
            lost.push(format!("{what} {}", names.join(" and ")));
        }
    }
    format!("lost for good: {}", lost.join(", "))
}

/// What a person sets up again, in order.
pub(super) fn setting_up(past: &PastAccount, taken: &[&LicenseName], user: &str) -> Vec<String> {
    let pools: Vec<String> = taken.iter().map(|it| it.pool().to_string()).collect();
    let mut steps = vec![
        format!("{user}: {}.", lost(past, taken)),
        format!(
            "Admin Console → Users → {user} → edit: check that {} is back; assign what is not.",
            pools.join(", ")
        ),
    ];
    if take_calls(past, taken) {
        steps.extend([
            format!(
                "Set up an extension again (it was {}).",
                or_none(&past.extensions)
            ),
            format!(
                "Admin Console → Phone Numbers: assign the numbers again that are still there \
                 (they were {}).",
                or_none(&past.phone_numbers)
            ),
            format!(
                "Assign and activate the devices again (they were {}).",
                or_none(&past.devices)
            ),
            format!(
                "Add the user to ring groups and call queues again (they were {}).",
                or_none(&past.memberships)
            ),
            "Ask the user to record greetings and to set up call forwarding again.".to_owned(),
        ]);
    }
    steps
}

/// Voicemail, greetings and call history go with a calling licence, and with
/// any extension.
fn take_calls(past: &PastAccount, taken: &[&LicenseName]) -> bool {
    let is_calling = |license: &&LicenseName| license.kind() == LicenseKind::Calling;
    taken.iter().any(is_calling) || !past.extensions.is_empty()
}

fn or_none(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
