use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Money, Pool, short_digest};

/// How far a partial-cancellation request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Written here, revised every night.
    Drafted,
    /// Handed to the vendor; has a case number.
    Submitted,
    /// The vendor named a date and the fees.
    Confirmed,
    /// The date has passed.
    Effective,
    /// Gone from the bill.
    Verified,
    /// Not confirmed in time.
    Lapsed,
    /// Taken back.
    Withdrawn,
}

impl RequestState {
    /// The word in results and ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Submitted => "submitted",
            Self::Confirmed => "confirmed",
            Self::Effective => "effective",
            Self::Verified => "verified",
            Self::Lapsed => "lapsed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state that a stored word means.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Drafted,
            Self::Submitted,
            Self::Confirmed,
            Self::Effective,
            Self::Verified,
            Self::Lapsed,
            Self::Withdrawn,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }
}

/// A request as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRequest {
    /// Stable id, e.g. `cancel-1f0c…`.
    pub id: String,
    /// The pool.
    pub pool: Pool,
    /// Term end of the contract it is for; with the pool it names the contract.
    pub term_ends: Date,
    /// Seats asked for.
    pub quantity: u32,
    /// How far it has come.
    pub state: RequestState,
    /// The day it takes or took effect, once known.
    pub effective_on: Option<Date>,
    /// When it was first drafted.
    pub drafted_at: Timestamp,
    /// When somebody said that it is gone from the bill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
}

/// One step of a request, and what was said with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestStep {
    /// Its state from then on.
    pub state: RequestState,
    /// Seats that were handed in, where they are not the draft's.
    pub quantity: Option<u32>,
    /// The vendor's case number.
    pub case_number: Option<String>,
    /// The day on which the vendor got it.
    pub handed_in_on: Option<Date>,
    /// The day on which the vendor lets it take effect.
    pub effective_on: Option<Date>,
    /// What the vendor charges for it.
    pub fees: Option<Money>,
    /// Anything else, for people; or empty.
    pub note: String,
}

impl RequestStep {
    /// A step with which nothing else is said.
    pub fn to(state: RequestState) -> Self {
        Self {
            state,
            quantity: None,
            case_number: None,
            handed_in_on: None,
            effective_on: None,
            fees: None,
            note: String::new(),
        }
    }
}

/// One recorded change of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestEvent {
    /// When, in run-clock time.
    pub at: Timestamp,
    /// What was said; the quantity is always there.
    pub step: RequestStep,
}

/// A request and what was recorded of it since it was last drafted anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowedRequest {
    /// The request as it stands.
    pub request: OpenRequest,
    /// How often it was drafted or revised; it only grows.
    pub revision: u32,
    /// The vendor's case number.
    pub case_number: Option<String>,
    /// The day on which the vendor got it.
    pub handed_in_on: Option<Date>,
    /// What the vendor charges for it.
    pub fees: Option<Money>,
    /// To whom its drafts were delivered, oldest first.
    pub deliveries: Vec<Delivery>,
}

impl FollowedRequest {
    /// Puts the events of a request together, oldest first.
    pub fn of(request: OpenRequest, events: &[RequestEvent], deliveries: Vec<Delivery>) -> Self {
        let mut followed = Self {
            request,
            revision: 0,
            case_number: None,
            handed_in_on: None,
            fees: None,
            deliveries,
        };
        for RequestEvent { step, .. } in events {
            if step.state == RequestState::Drafted {
                followed.revision += 1;
                // What was said of one that lapsed is not true of the next.
                followed.case_number = None;
                followed.handed_in_on = None;
                followed.fees = None;
            }
            if step.case_number.is_some() {
                followed.case_number.clone_from(&step.case_number);
            }
            if step.fees.is_some() {
                followed.fees.clone_from(&step.fees);
            }
            followed.handed_in_on = step.handed_in_on.or(followed.handed_in_on);
        }
        followed
    }

    /// The last delivery through this channel.
    pub fn last_delivery(&self, channel: DeliveryChannel) -> Option<&Delivery> {
        let mut deliveries = self.deliveries.iter().rev();
        deliveries.find(|delivery| delivery.channel == channel)
    }

    /// What a receiver tells a delivery that it has already had by: the same
    /// however often this revision is sent, and another for every other one.
    pub fn idempotency_key(&self, tenant: &str) -> String {
        let OpenRequest { id, drafted_at, .. } = &self.request;
        let content = format!("{tenant}|{id}|{drafted_at}|{}", self.revision);
        format!("seatsweep-{}", short_digest(content))
    }
}

/// A draft that reached the company's own people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The request's revision that was delivered.
    pub revision: u32,
    /// How.
    pub channel: DeliveryChannel,
    /// Seats that it asked for.
    pub quantity: u32,
    /// The key that it was sent with.
    pub key: String,
    /// When, in run-clock time.
    pub at: Timestamp,
}

/// How a draft reaches the company's own people. None of them reaches the
/// vendor: handing a request in is a person's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryChannel {
    /// A folder of files.
    File,
    /// A request to a ticket system.
    Webhook,
    /// A mail.
    Email,
}

impl DeliveryChannel {
    /// The word in configuration and ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Webhook => "webhook",
            Self::Email => "email",
        }
    }

    /// The channel that a stored word means.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::File, Self::Webhook, Self::Email]
            .into_iter()
            .find(|channel| channel.as_str() == word)
    }
}
