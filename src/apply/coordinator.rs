//! The one writer of the ledger while a plan is carried out.
//!
//! Only an intent has to be on disk before something else may happen: its
//! request. So whoever hands an intent in waits, and whoever hands in what
//! became of it does not. One line leads to the disk, and it is never left:
//! what is on disk is always all that was handed in up to some moment, so a
//! run that is killed has at worst to look again at what it did last.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{JoinSet, spawn_blocking};

use super::{Stop, StopSwitch};
use crate::ledger::{Entry, Ledger, LedgerError};
use crate::model::OutcomeRecord;
use crate::vendor::Clock;

/// Orders that share one commit at most. Each lane has an intent and what
/// became of its change before in it.
const BATCH: usize = 256;

/// A commit is a disk flush, which as many lanes share as can: it waits for
/// intents of so many of them, or of all that are at work, ...
const ENOUGH: usize = 14;

/// ... but no longer than this, in run-clock time. The vendor lets a request
/// out every 600 ms, and lanes overlap, so that it costs nothing there.
const HOLD: Duration = Duration::from_millis(50);

/// What nobody waits for is held back longer, for an intent to go with. A run
/// that is killed meanwhile looks again at what it did in this time.
const HOLD_UNAWAITED: Duration = Duration::from_millis(200);

/// Owns the ledger while a plan is carried out. Everything that is to be
/// remembered goes through it.
pub struct Coordinator {
    // One task; a set, because dropping it ends the task.
    work: JoinSet<(Ledger, Result<(), LedgerError>)>,
}

/// Hands entries to the coordinator. Clones share it.
#[derive(Clone)]
pub struct Recorder {
    messages: mpsc::Sender<Message>,
    lanes: Arc<LanesAtWork>,
}

/// A lane at work, from which, or after which, the coordinator may expect an
/// intent.
#[must_use]
pub struct LaneAtWork(Arc<LanesAtWork>);

/// How many are.
#[derive(Default)]
struct LanesAtWork {
    count: AtomicUsize,
    /// There is one fewer.
    fewer: Notify,
}

/// The ledger could not be written; the coordinator knows why.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the ledger could not be written")]
pub struct RecordingFailed;

enum Message {
    Record {
        entries: Vec<Entry>,
        /// Told once they are on disk; nobody, where nobody waits for that.
        done: Option<oneshot::Sender<bool>>,
    },
    Outcomes {
        plan_id: String,
        answer: oneshot::Sender<BTreeMap<String, OutcomeRecord>>,
    },
}

/// Where messages arrive.
struct Inbox {
    messages: mpsc::Receiver<Message>,
    lanes: Arc<LanesAtWork>,
    clock: Clock,
}

impl Coordinator {
    /// Takes the ledger over. If it cannot be written any more, `stop` is told.
    pub fn start(ledger: Ledger, clock: Clock, stop: StopSwitch) -> (Self, Recorder) {
        let (sender, receiver) = mpsc::channel(BATCH);
        let lanes = Arc::new(LanesAtWork::default());
        let inbox = Inbox {
            messages: receiver,
            lanes: Arc::clone(&lanes),
            clock,
        };
        let mut task = JoinSet::new();
        task.spawn(work(ledger, inbox, stop));
        let recorder = Recorder {
            messages: sender,
            lanes,
        };
        (Self { work: task }, recorder)
    }

    /// Waits until every recorder is gone and all that was handed in is on
    /// disk, and gives the ledger back, with the failure that stopped
    /// recording, if one did.
    pub async fn finish(mut self) -> (Ledger, Result<(), LedgerError>) {
        match self.work.join_next().await {
            Some(Ok(ended)) => ended,
            Some(Err(panicked)) => std::panic::resume_unwind(panicked.into_panic()),
            None => unreachable!("the one task was never taken"),
        }
    }
}

impl Recorder {
    /// Returns when the entries, and all that was handed in before them, are
    /// on disk.
    pub async fn record(&self, entries: Vec<Entry>) -> Result<(), RecordingFailed> {
        if entries.is_empty() {
            return Ok(());
        }
        self.recorded(entries).await
    }

    /// Returns when the entries are handed in. They reach the disk with or
    /// before whatever is handed in after them, and before the coordinator has
    /// finished.
    pub async fn record_later(&self, entries: Vec<Entry>) -> Result<(), RecordingFailed> {
        if entries.is_empty() {
            return Ok(());
        }
        let done = None;
        self.send(Message::Record { entries, done }).await
    }

    /// Returns when all that was handed in is on disk.
    pub async fn flush(&self) -> Result<(), RecordingFailed> {
        self.recorded(Vec::new()).await
    }

    /// The outcomes of a plan's actions, as they are on disk.
    pub async fn outcomes(
        &self,
        plan_id: &str,
    ) -> Result<BTreeMap<String, OutcomeRecord>, RecordingFailed> {
        let (answer, outcomes) = oneshot::channel();
        let plan_id = plan_id.to_owned();
        self.send(Message::Outcomes { plan_id, answer }).await?;
        outcomes.await.map_err(|_| RecordingFailed)
    }

    /// Counts a lane as one at work, until it is dropped.
    pub fn lane(&self) -> LaneAtWork {
        self.lanes.count.fetch_add(1, Ordering::SeqCst);
        LaneAtWork(Arc::clone(&self.lanes))
    }

    async fn recorded(&self, entries: Vec<Entry>) -> Result<(), RecordingFailed> {
        let (done, recorded) = oneshot::channel();
        let done = Some(done);
        self.send(Message::Record { entries, done }).await?;
        match recorded.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(RecordingFailed),
        }
    }

    async fn send(&self, message: Message) -> Result<(), RecordingFailed> {
        let sent = self.messages.send(message).await;
        sent.map_err(|_| RecordingFailed)
    }
}

impl Drop for LaneAtWork {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::SeqCst);
        self.0.fewer.notify_one();
    }
}

impl Inbox {
    /// What goes into the next commit; nothing once every recorder is gone.
    async fn next_batch(&mut self) -> Vec<Message> {
        let mut batch = Vec::new();
        self.messages.recv_many(&mut batch, BATCH).await;
        let mut held_back = pin!(self.clock.sleep(HOLD_UNAWAITED));
        let mut is_awaited = false;
        while !batch.is_empty() && batch.len() < BATCH {
            let waiting = batch.iter().filter(|it| it.is_awaited()).count();
            let lanes = self.lanes.count.load(Ordering::SeqCst);
            if waiting >= ENOUGH.min(lanes) {
                break;
            }
            if waiting > 0 && !is_awaited {
                is_awaited = true;
                held_back.set(self.clock.sleep(HOLD));
            }
            let room = BATCH - batch.len();
            tokio::select! {
                more = self.messages.recv_many(&mut batch, room) => if more == 0 { break },
                // One that ended brings nothing more.
                () = self.lanes.fewer.notified() => {}
                () = &mut held_back => break,
            }
        }
        batch
    }
}

impl Message {
    /// Whether somebody waits until it is dealt with.
    fn is_awaited(&self) -> bool {
        match self {
            Self::Record { done, .. } => done.is_some(),
            Self::Outcomes { .. } => true,
        }
    }
}

/// Commits batch after batch. A blocking thread is taken for each commit and
/// not for the whole run: time that is paused in a test could not go on else.
async fn work(
    mut ledger: Ledger,
    mut inbox: Inbox,
    stop: StopSwitch,
) -> (Ledger, Result<(), LedgerError>) {
    let mut result = Ok(());
    loop {
        let batch = inbox.next_batch().await;
        if batch.is_empty() {
            return (ledger, result);
        }
        let stop = stop.clone();
        let committed = spawn_blocking(move || {
            let result = commit(&mut ledger, batch, result, &stop);
            (ledger, result)
        });
        (ledger, result) = match committed.await {
            Ok(ended) => ended,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
    }
}

/// Records the batch in one commit, then answers everybody. After a failure
/// nothing more is recorded: an order that is not on disk is not kept.
fn commit(
    ledger: &mut Ledger,
    messages: Vec<Message>,
    earlier: Result<(), LedgerError>,
    stop: &StopSwitch,
) -> Result<(), LedgerError> {
    let mut batch = Vec::new();
    let mut waiting = Vec::new();
    let mut questions = Vec::new();
    for message in messages {
        match message {
            Message::Record { entries, done } => {
                batch.extend(entries);
                waiting.extend(done);
            }
            Message::Outcomes { plan_id, answer } => questions.push((plan_id, answer)),
        }
    }
    let result = match earlier {
        Ok(()) if !batch.is_empty() => ledger.record(&batch),
        earlier => earlier,
    };
    if result.is_err() {
        stop.stop(Stop::Ledger);
    }
    // A lane that is gone does not need to know.
    for done in waiting {
        let _ = done.send(result.is_ok());
    }
    for (plan_id, answer) in questions {
        if let Ok(outcomes) = ledger.outcomes(&plan_id) {
            let _ = answer.send(outcomes);
        }
    }
    result
}
