//! Drafts of cancellation requests on their way to the company's own people: a
//! folder, a webhook, a mail. Nothing here reaches the vendor, and nothing
//! remembers: whoever calls records what arrived, and sends what was not
//! recorded again, with the same key.

mod email;
mod webhook;

use std::path::Path;
use std::time::Duration;

pub use email::{MailSecurity, Mailer, MailerOptions};
pub use webhook::Webhook;

use crate::files::{self, FileError};
use crate::http::{ClientError, StatusCode, TransportFailure};
use crate::vendor::Clock;

/// One revision of one request, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// What a receiver tells a delivery that it has already had by.
    pub key: String,
    /// The subject of a mail.
    pub subject: String,
    /// The text of a mail, for people.
    pub letter: String,
    /// The body for a program. The same revision has the same body.
    pub document: serde_json::Value,
}

/// Why a parcel did not arrive, or nobody knows whether it did. Addresses are
/// named by their host only: a path may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The address is none that may be sent to.
    #[error("[webhook] url cannot be used: {0}")]
    Address(String),
    /// No client could be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The receiver said no.
    #[error("the webhook at {host} answered {status}; it will be sent again, with the same key")]
    Refused {
        /// The receiver.
        host: String,
        /// What it answered.
        status: StatusCode,
    },
    /// The receiver said nothing.
    #[error(
        "the webhook at {host} gave no answer: {failure}; it will be sent again, with the same key"
    )]
    NoAnswer {
        /// The receiver.
        host: String,
        /// Why.
        failure: TransportFailure,
    },
    /// The mail server said no, or nothing.
    #[error(
        "the mail server {host} did not take the mail: {cause}; it will be sent again, under the same message id"
    )]
    Mail {
        /// The server.
        host: String,
        /// What it said.
        cause: String,
    },
    /// A mail cannot be made of what is configured.
    #[error("[email] cannot be used: {0}")]
    Message(String),
}

impl DeliveryError {
    /// Whether the receiver is there and refused this parcel, so that it may
    /// take others.
    pub fn is_about_the_parcel(&self) -> bool {
        match self {
            Self::Refused { status, .. } => status.is_client_error(),
            Self::Address(_)
            | Self::Client(_)
            | Self::NoAnswer { .. }
            | Self::Mail { .. }
            | Self::Message(_) => false,
        }
    }
}

/// Writes the files of a pack, each whole or not at all.
pub fn to_folder(folder: &Path, files: &[(&str, Vec<u8>)]) -> Result<(), FileError> {
    files::create_owner_only_dir(folder)?;
    for (name, bytes) in files {
        files::replace(&folder.join(name), bytes)?;
    }
    Ok(())
}

/// Waits between attempts of one night; the next night tries again.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(2),
    Duration::from_secs(8),
    Duration::from_secs(30),
];

/// What one attempt came to.
enum Attempt {
    Arrived,
    /// Waiting may heal it.
    MayPass(DeliveryError),
    /// It would be the same in a minute.
    Lasts(DeliveryError),
}

/// Tries until it arrives, cannot, or the pauses are used up.
async fn try_again<F>(clock: &Clock, mut attempt: impl FnMut() -> F) -> Result<(), DeliveryError>
where
    F: Future<Output = Attempt>,
{
    let mut pauses = PAUSES.into_iter();
    loop {
        let error = match attempt().await {
            Attempt::Arrived => return Ok(()),
            Attempt::Lasts(error) => return Err(error),
            Attempt::MayPass(error) => error,
        };
        match pauses.next() {
            Some(pause) => clock.sleep(pause).await,
            None => return Err(error),
        }
    }
}

/// How long one attempt may take: people who press Ctrl-C wait for it.
const PATIENCE: Duration = Duration::from_secs(15);
