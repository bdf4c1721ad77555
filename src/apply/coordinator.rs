use std::collections::BTreeMap;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinSet, spawn_blocking};

use crate::ledger::{Entry, Ledger, LedgerError};
use crate::model::OutcomeRecord;

/// Orders that share one commit at most: enough to share a disk flush among
/// all lanes, few enough that none waits long.
const BATCH: usize = 64;

/// Owns the ledger while a plan is carried out. Everything that is to be
/// remembered goes through it, and whoever hands something in waits until it
/// is on disk.
pub struct Coordinator {
    // One task; a set, because dropping it ends the task.
    work: JoinSet<(Ledger, Result<(), LedgerError>)>,
}

/// Hands entries to the coordinator. Clones share it.
#[derive(Clone)]
pub struct Recorder(mpsc::Sender<Message>);

/// The ledger could not be written; the coordinator knows why.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the ledger could not be written")]
pub struct RecordingFailed;

enum Message {
    Record {
        entries: Vec<Entry>,
        done: oneshot::Sender<bool>,
    },
    Outcomes {
        plan_id: String,
        answer: oneshot::Sender<BTreeMap<String, OutcomeRecord>>,
    },
}

impl Coordinator {
    /// Takes the ledger over.
    pub fn start(ledger: Ledger) -> (Self, Recorder) {
        let (sender, receiver) = mpsc::channel(BATCH);
        let mut task = JoinSet::new();
        task.spawn(work(ledger, receiver));
        (Self { work: task }, Recorder(sender))
    }

    /// Waits until every recorder is gone and gives the ledger back, with the
    /// failure that stopped recording, if one did.
    pub async fn finish(mut self) -> (Ledger, Result<(), LedgerError>) {
        match self.work.join_next().await {
            Some(Ok(ended)) => ended,
            Some(Err(panicked)) => std::panic::resume_unwind(panicked.into_panic()),
            None => unreachable!("the one task was never taken"),
        }
    }
}

impl Recorder {
    /// Returns when the entries are on disk.
    pub async fn record(&self, entries: Vec<Entry>) -> Result<(), RecordingFailed> {
        if entries.is_empty() {
            return Ok(());
        }
        let (done, recorded) = oneshot::channel();
        let message = Message::Record { entries, done };
        self.0.send(message).await.map_err(|_| RecordingFailed)?;
        match recorded.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(RecordingFailed),
        }
    }

    /// The outcomes of a plan's actions, as they are on disk.
    pub async fn outcomes(
        &self,
        plan_id: &str,
    ) -> Result<BTreeMap<String, OutcomeRecord>, RecordingFailed> {
        let (answer, outcomes) = oneshot::channel();
        let message = Message::Outcomes {
            plan_id: plan_id.to_owned(),
            answer,
        };
        self.0.send(message).await.map_err(|_| RecordingFailed)?;
        outcomes.await.map_err(|_| RecordingFailed)
    }
}

/// Commits what has piled up. A blocking thread is taken for each commit and
/// not for the whole run: time that is paused in a test could not go on else.
async fn work(
    mut ledger: Ledger,
    mut receiver: mpsc::Receiver<Message>,
) -> (Ledger, Result<(), LedgerError>) {
    let mut result = Ok(());
    let mut messages = Vec::new();
    while receiver.recv_many(&mut messages, BATCH).await > 0 {
        let batch = std::mem::take(&mut messages);
        let committed = spawn_blocking(move || {
            let result = commit(&mut ledger, batch, result);
            (ledger, result)
        });
        (ledger, result) = match committed.await {
            Ok(ended) => ended,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
    }
    (ledger, result)
}

/// Records the batch in one commit, then answers everybody. After a failure
/// nothing more is recorded: an order that is not on disk is not kept.
fn commit(
    ledger: &mut Ledger,
    messages: Vec<Message>,
    earlier: Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let mut batch = Vec::new();
    let mut waiting = Vec::new();
    let mut questions = Vec::new();
    for message in messages {
        match message {
            Message::Record { entries, done } => {
                batch.extend(entries);
                waiting.push(done);
            }
            Message::Outcomes { plan_id, answer } => questions.push((plan_id, answer)),
        }
    }
    let result = match earlier {
        Ok(()) if !batch.is_empty() => ledger.record(&batch),
        earlier => earlier,
    };
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
