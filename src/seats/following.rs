//! How requests go on: by what people say of them, by the calendar, and what
//! people are reminded of meanwhile.

use jiff::civil::Date;
use serde::Serialize;

use super::cancellation::is_request_of;
use super::terms::{days_between, notice_by};
use super::{Terms, calendar_of};
use crate::model::{Contract, DeliveryChannel, FollowedRequest, OpenRequest, RequestState};

/// Days before `submit_by` on which a reminder becomes more urgent; from the
/// first of them on a draft is delivered at once.
const REMINDED_WITHIN: [i32; 4] = [60, 30, 14, 7];

/// Days that the vendor has for its confirmation before somebody should ask.
const CONFIRMED_WITHIN: i32 = 14;

/// What a person can say of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestMove {
    /// The vendor has it.
    Submit,
    /// The vendor named a date.
    Confirm,
    /// It is gone from the bill.
    Close,
    /// It is not wanted any more.
    Withdraw,
}

impl RequestMove {
    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Confirm => "confirm",
            Self::Close => "close",
            Self::Withdraw => "withdraw",
        }
    }

    /// The state that it leads to.
    pub fn leads_to(self) -> RequestState {
        match self {
            Self::Submit => RequestState::Submitted,
            Self::Confirm => RequestState::Confirmed,
            Self::Close => RequestState::Verified,
            Self::Withdraw => RequestState::Withdrawn,
        }
    }

    /// What can be said of a request in this state. Submit and confirm can be
    /// said again, because case numbers are mistyped and vendors change dates;
    /// a confirmation can come after the notice date and still be kept.
    pub fn legal_from(state: RequestState) -> &'static [Self] {
        match state {
            RequestState::Drafted => &[Self::Submit, Self::Withdraw],
            RequestState::Submitted => &[Self::Submit, Self::Confirm, Self::Withdraw],
            RequestState::Confirmed => &[Self::Confirm, Self::Withdraw],
            RequestState::Effective => &[Self::Close],
            RequestState::Lapsed => &[Self::Confirm],
            RequestState::Verified | RequestState::Withdrawn => &[],
        }
    }
}

/// The requests whose state the calendar has changed by `today`, with their
/// new state: a confirmed date has passed, or a request was not confirmed by
/// the end of its notice.
pub fn by_calendar(
    requests: &[OpenRequest],
    contracts: &[Contract],
    today: Date,
) -> Vec<(String, RequestState)> {
    let moved = |request: &OpenRequest| match request.state {
        RequestState::Confirmed => {
            let effective = request.effective_on?;
            (effective < today).then_some(RequestState::Effective)
        }
        RequestState::Submitted => {
            let contract = contract_of(contracts, &request.id)?;
            (notice_by(contract, request.term_ends) < today).then_some(RequestState::Lapsed)
        }
        RequestState::Drafted
        | RequestState::Effective
        | RequestState::Verified
        | RequestState::Lapsed
        | RequestState::Withdrawn => None,
    };
    requests
        .iter()
        .filter_map(|request| Some((request.id.clone(), moved(request)?)))
        .collect()
}

/// The requests as the calendar leaves them on a day, without those that
/// lapsed: planning sees what the night will record.
pub fn on_day(requests: &[OpenRequest], contracts: &[Contract], today: Date) -> Vec<OpenRequest> {
    let moved = by_calendar(requests, contracts, today);
    let mut requests = requests.to_vec();
    for (id, state) in moved {
        if let Some(request) = requests.iter_mut().find(|request| request.id == id) {
            request.state = state;
        }
    }
    requests.retain(|request| request.state != RequestState::Lapsed);
    requests
}

/// The contract that a request was drafted for, if it still stands in the
/// configuration.
pub fn contract_of<'a>(contracts: &'a [Contract], request_id: &str) -> Option<&'a Contract> {
    contracts
        .iter()
        .find(|contract| is_request_of(contract, request_id))
}

/// Something that a person should not forget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reminder {
    /// The request.
    pub request_id: String,
    /// What about it.
    pub kind: ReminderKind,
    /// Days left until `by`, or days since, for what is late.
    pub days: i32,
    /// The day that it is about.
    pub by: Date,
    /// Of a draft: the mark that was passed last, 60, 30, 14 or 7 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<i32>,
    /// The vendor's case number, to be quoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_number: Option<String>,
}

/// What a reminder is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReminderKind {
    /// A draft has to be handed in soon.
    HandIn,
    /// The vendor did not confirm it for two weeks.
    NotConfirmed,
    /// The date has passed, and nobody has seen it gone from the bill.
    NotVerified,
    /// The date has passed, and seats of it are on the bill.
    StillBilled,
}

/// What people should be reminded of on a day, in the requests' order.
pub fn reminders(
    requests: &[FollowedRequest],
    contracts: &[Contract],
    today: Date,
) -> Vec<Reminder> {
    requests
        .iter()
        .filter_map(|followed| reminder(followed, contracts, today))
        .collect()
}

fn reminder(followed: &FollowedRequest, contracts: &[Contract], today: Date) -> Option<Reminder> {
    let request = &followed.request;
    let remind = |kind, days, by| Reminder {
        request_id: request.id.clone(),
        kind,
        days,
        by,
        within: None,
        case_number: followed.case_number.clone(),
    };
    match request.state {
        RequestState::Drafted if request.quantity > 0 => {
            let (_, submit_by) = calendar_of(contract_of(contracts, &request.id)?, today);
            let left = days_between(today, submit_by);
            let marks = REMINDED_WITHIN.into_iter().filter(|mark| left <= *mark);
            Some(Reminder {
                within: Some(marks.min()?),
                ..remind(ReminderKind::HandIn, left, submit_by)
            })
        }
        RequestState::Submitted => {
            let since = days_between(followed.handed_in_on?, today);
            let contract = contract_of(contracts, &request.id)?;
            let by = notice_by(contract, request.term_ends);
            (since >= CONFIRMED_WITHIN).then(|| remind(ReminderKind::NotConfirmed, since, by))
        }
        RequestState::Effective => {
            let effective = request.effective_on?;
            let since = days_between(effective, today);
            Some(remind(ReminderKind::NotVerified, since, effective))
        }
        RequestState::Drafted
        | RequestState::Confirmed
        | RequestState::Verified
        | RequestState::Lapsed
        | RequestState::Withdrawn => None,
    }
}

/// Whether a draft should reach people through this channel now. Files follow
/// the draft. Tickets and mails come once a calendar month, and at once when
/// the last days run, or when there is less to ask for than people were told.
/// `day` tells on which day something happened.
pub fn delivery_is_due(
    followed: &FollowedRequest,
    channel: DeliveryChannel,
    contract: &Contract,
    today: Date,
    day: impl Fn(jiff::Timestamp) -> Date,
) -> bool {
    let request = &followed.request;
    if request.state != RequestState::Drafted {
        return false;
    }
    let Some(last) = followed.last_delivery(channel) else {
        return request.quantity > 0;
    };
    if last.revision == followed.revision {
        return false;
    }
    let is_urgent = Terms::of(contract, request.quantity, today).days_left <= REMINDED_WITHIN[0];
    let was_lowered = request.quantity < last.quantity;
    let month = |date: Date| (date.year(), date.month());
    let is_new_month = month(day(last.at)) != month(today);
    match channel {
        DeliveryChannel::File => true,
        DeliveryChannel::Webhook | DeliveryChannel::Email => {
            was_lowered || is_urgent || is_new_month
        }
    }
}

#[cfg(test)]
mod random_nights;
#[cfg(test)]
mod tests;
