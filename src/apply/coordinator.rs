use std::collections::BTreeMap;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::ledger::{Entry, Ledger, LedgerError};
use crate::model::OutcomeRecord;

/// Entries recorded in one commit at most: enough to share a disk flush among
/// all lanes, few enough that none waits long.
const BATCH: usize = 64;

/// Owns the ledger while a plan is carried out. Everything that is to be
/// remembered goes through it, and whoever hands something in waits until it
/// is on disk.
pub struct Coordinator {
    work: JoinHandle<(Ledger, Result<(), LedgerError>)>,
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
        let work = tokio::task::spawn_blocking(move || work(ledger, receiver));
        (Self { work }, Recorder(sender))
    }

    /// Waits until every recorder is gone and gives the ledger back, with the
    /// failure that stopped recording, if one did.
    pub async fn finish(self) -> (Ledger, Result<(), LedgerError>) {
        match self.work.await {
            Ok(ended) => ended,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
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

/// Records what has piled up in one commit, then answers everybody. After a
/// failure nothing more is recorded: an order that is not on disk is not kept.
fn work(
    mut ledger: Ledger,
    mut receiver: mpsc::Receiver<Message>,
) -> (Ledger, Result<(), LedgerError>) {
    let mut result = Ok(());
    while let Some(first) = receiver.blocking_recv() {
        let mut batch = Vec::new();
        let mut waiting = Vec::new();
        let mut questions = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Record { entries, done } => {
                    batch.extend(entries);
                    waiting.push(done);
                }
                Message::Outcomes { plan_id, answer } => questions.push((plan_id, answer)),
            }
            next = if waiting.len() < BATCH {
                receiver.try_recv().ok()
            } else {
                None
            };
        }
        if result.is_ok() && !batch.is_empty() {
            result = ledger.record(&batch);
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
    }
    (ledger, result)
}
