//! Ctrl-C once finishes what is in flight; twice stops at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::console;
use crate::apply::{Stop, StopSwitch};

/// Asks the run to stop on the first signal; returns on the second.
pub(super) async fn watch(stop: StopSwitch) {
    // Without handlers the signals end the process; the ledger resumes it.
    let Ok(mut signals) = Signals::new() else {
        return std::future::pending().await;
    };
    stop.stop(signals.next().await);
    console::warn(
        "stopping: what is in flight is finished, nothing new is begun; once more stops at once",
    );
    signals.next().await;
}

/// Returns on the first signal.
pub(super) async fn wait() {
    match Signals::new() {
        Ok(mut signals) => {
            signals.next().await;
        }
        Err(_) => std::future::pending().await,
    }
}

/// What asks a program to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// A terminal that went away, as when a connection drops.
    hangup: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupted,
            _ = self.terminate.recv() => Stop::Terminated,
            _ = self.hangup.recv() => Stop::Terminated,
        }
    }
}
