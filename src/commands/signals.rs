//! Ctrl-C once finishes what is in flight; twice stops at once.

use tokio::signal::unix::{SignalKind, signal};

use super::console;
use crate::apply::{Stop, StopSwitch};

/// Asks the run to stop on the first signal; returns on the second.
pub(super) async fn watch(stop: StopSwitch) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        // Without handlers the signals end the process; the ledger resumes it.
        return std::future::pending().await;
    };
    let why = tokio::select! {
        _ = interrupt.recv() => Stop::Interrupted,
        _ = terminate.recv() => Stop::Terminated,
    };
    stop.stop(why);
    console::warn(
        "stopping: what is in flight is finished, nothing new is begun; once more stops at once",
    );
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Returns on the first signal.
pub(super) async fn watch_once(stop: &StopSwitch) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    let why = tokio::select! {
        _ = interrupt.recv() => Stop::Interrupted,
        _ = terminate.recv() => Stop::Terminated,
    };
    stop.stop(why);
}
