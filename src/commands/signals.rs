//! Ctrl-C once finishes what is in flight; twice stops at once.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::console;
use crate::apply::{Stop, StopSwitch};
use crate::vendor::Clock;

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
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// A terminal that went away, as when a connection drops.
    hangup: Signal,
}

impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupted,
            _ = self.terminate.recv() => Stop::Terminated,
            _ = self.hangup.recv() => Stop::Terminated,
        }
    }
}

/// Returns on the second signal. Only an account that is reactivated for the
/// moment is deactivated before, for as long as people may wait for that.
pub(super) async fn at_once(stop: StopSwitch, clock: &Clock) {
    watch(stop.clone()).await;
    tokio::select! {
        () = stop.reclaims_at_rest() => {}
        () = clock.sleep(A_RECLAIM_MAY_TAKE) => {}
    }
}

/// How long a run that was told to stop at once still deactivates an account.
const A_RECLAIM_MAY_TAKE: Duration = Duration::from_mins(1);
