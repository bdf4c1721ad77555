//! Partial-cancellation requests, every change of them, and their deliveries.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::columns::{date, json, json_text, read, read_optional, time, time_text};
use super::error::Fault;
use super::{Ledger, LedgerError};
use crate::model::{
    Delivery, DeliveryChannel, FollowedRequest, OpenRequest, Pool, RequestEvent, RequestState,
    RequestStep,
};

impl Ledger {
    /// All requests, withdrawn and lapsed ones too, by id.
    pub fn requests(&self) -> Result<Vec<OpenRequest>, LedgerError> {
        self.read(all)
    }

    /// The changes of one request, oldest first.
    pub fn request_events(&self, id: &str) -> Result<Vec<RequestEvent>, LedgerError> {
        self.read(|connection| {
            let events = connection
                .prepare("SELECT * FROM request_events WHERE request_id = ?1 ORDER BY ordinal")?
                .query_map([id], event_row)?
                .collect::<Result<_, _>>()?;
            Ok(events)
        })
    }

    /// All requests with what was recorded of them, by id.
    pub fn followed_requests(&self) -> Result<Vec<FollowedRequest>, LedgerError> {
        self.read(|connection| {
            let mut events: BTreeMap<String, Vec<RequestEvent>> = BTreeMap::new();
            let mut statement =
                connection.prepare("SELECT * FROM request_events ORDER BY ordinal")?;
            let rows =
                statement.query_map([], |row| Ok((row.get("request_id")?, event_row(row)?)))?;
            for row in rows {
                let (id, event) = row?;
                events.entry(id).or_default().push(event);
            }
            let mut deliveries: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
            let mut statement =
                connection.prepare("SELECT * FROM deliveries ORDER BY revision, channel")?;
            let rows =
                statement.query_map([], |row| Ok((row.get("request_id")?, delivery_row(row)?)))?;
            for row in rows {
                let (id, delivery) = row?;
                deliveries.entry(id).or_default().push(delivery);
            }
            let followed = all(connection)?.into_iter().map(|request| {
                let events = events.remove(&request.id).unwrap_or_default();
                let deliveries = deliveries.remove(&request.id).unwrap_or_default();
                FollowedRequest::of(request, &events, deliveries)
            });
            Ok(followed.collect())
        })
    }
}

/// Requests, with what their events say.
const SELECT: &str = "SELECT requests.*, (SELECT MAX(at) FROM request_events WHERE
    request_events.request_id = requests.request_id AND request_events.state = 'verified') AS
    verified_at FROM requests";

/// All requests, by id.
pub(super) fn all(connection: &Connection) -> Result<Vec<OpenRequest>, Fault> {
    let requests = connection
        .prepare(&format!("{SELECT} ORDER BY request_id"))?
        .query_map([], request_row)?
        .collect::<Result<_, _>>()?;
    Ok(requests)
}

/// Drafts or revises a request; true when that changed something. One that was
/// withdrawn or lapsed may be drafted anew, one that the vendor has may not.
pub(super) fn draft(
    transaction: &Transaction<'_>,
    request: &OpenRequest,
    at: Timestamp,
) -> Result<bool, Fault> {
    let mut draft = OpenRequest {
        state: RequestState::Drafted,
        ..request.clone()
    };
    if let Some(known) = find(transaction, &request.id)? {
        match known.state {
            RequestState::Drafted => draft.drafted_at = known.drafted_at,
            RequestState::Withdrawn | RequestState::Lapsed => {}
            RequestState::Submitted
            | RequestState::Confirmed
            | RequestState::Effective
            | RequestState::Verified => {
                return Err(Fault::RequestHandedOver {
                    id: known.id,
                    state: known.state,
                });
            }
        }
        if known == draft {
            return Ok(false);
        }
    }
    store(
        transaction,
        &draft,
        &RequestStep::to(RequestState::Drafted),
        at,
    )?;
    Ok(true)
}

/// Records how far a request has come. Which step may follow which is the
/// caller's to know: it is a person's or the calendar's word.
pub(super) fn advance(
    transaction: &Transaction<'_>,
    id: &str,
    step: &RequestStep,
    at: Timestamp,
) -> Result<(), Fault> {
    let known = find(transaction, id)?.ok_or_else(|| not_recorded(id))?;
    let request = OpenRequest {
        state: step.state,
        quantity: step.quantity.unwrap_or(known.quantity),
        effective_on: step.effective_on.or(known.effective_on),
        ..known
    };
    store(transaction, &request, step, at)
}

/// Records that a draft was delivered. The same delivery again changes nothing:
/// it was sent again because nobody knew whether it had arrived.
pub(super) fn delivered(
    transaction: &Transaction<'_>,
    id: &str,
    delivery: &Delivery,
) -> Result<(), Fault> {
    if find(transaction, id)?.is_none() {
        return Err(not_recorded(id));
    }
    let Delivery {
        revision,
        channel,
        quantity,
        key,
        at,
    } = delivery;
    transaction.execute(
        "INSERT INTO deliveries (request_id, revision, channel, quantity, key, delivered_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO NOTHING",
        params![
            id,
            revision,
            channel.as_str(),
            quantity,
            key,
            time_text(*at)
        ],
    )?;
    Ok(())
}

fn not_recorded(id: &str) -> Fault {
    Fault::NotRecorded {
        what: "request",
        id: id.to_owned(),
    }
}

fn find(connection: &Connection, id: &str) -> Result<Option<OpenRequest>, Fault> {
    let request = connection
        .prepare_cached(&format!("{SELECT} WHERE request_id = ?1"))?
        .query_row([id], request_row)
        .optional()?;
    Ok(request)
}

/// Stores the request as it is now, and the change as an event.
fn store(
    transaction: &Transaction<'_>,
    request: &OpenRequest,
    step: &RequestStep,
    at: Timestamp,
) -> Result<(), Fault> {
    let OpenRequest {
        id,
        pool,
        term_ends,
        quantity,
        state,
        effective_on,
        drafted_at,
        verified_at: _,
    } = request;
    transaction.execute(
        "INSERT INTO requests (request_id, license, country, term_ends, quantity, state,
             effective_on, drafted_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (request_id) DO UPDATE SET
             license = excluded.license, country = excluded.country,
             term_ends = excluded.term_ends, quantity = excluded.quantity,
             state = excluded.state, effective_on = excluded.effective_on,
             drafted_at = excluded.drafted_at",
        params![
            id,
            pool.license,
            pool.country,
            term_ends.to_string(),
            quantity,
            state.as_str(),
            effective_on.map(|date| date.to_string()),
            time_text(*drafted_at),
        ],
    )?;
    transaction.execute(
        "INSERT INTO request_events
             (request_id, at, state, quantity, note, case_number, handed_in_on, effective_on, fees)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            id,
            time_text(at),
            state.as_str(),
            quantity,
            step.note,
            step.case_number,
            step.handed_in_on.map(|date| date.to_string()),
            step.effective_on.map(|date| date.to_string()),
            step.fees.as_ref().map(json_text).transpose()?,
        ],
    )?;
    Ok(())
}

fn event_row(row: &Row<'_>) -> rusqlite::Result<RequestEvent> {
    Ok(RequestEvent {
        at: read(row, "at", time)?,
        step: RequestStep {
            state: read(row, "state", RequestState::parse)?,
            quantity: Some(row.get("quantity")?),
            case_number: row.get("case_number")?,
            handed_in_on: read_optional(row, "handed_in_on", date)?,
            effective_on: read_optional(row, "effective_on", date)?,
            fees: read_optional(row, "fees", json)?,
            note: row.get("note")?,
        },
    })
}

fn delivery_row(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        revision: row.get("revision")?,
        channel: read(row, "channel", DeliveryChannel::parse)?,
        quantity: row.get("quantity")?,
        key: row.get("key")?,
        at: read(row, "delivered_at", time)?,
    })
}

fn request_row(row: &Row<'_>) -> rusqlite::Result<OpenRequest> {
    Ok(OpenRequest {
        id: row.get("request_id")?,
        pool: Pool {
            license: row.get("license")?,
            country: row.get("country")?,
        },
        term_ends: read(row, "term_ends", date)?,
        quantity: row.get("quantity")?,
        state: read(row, "state", RequestState::parse)?,
        effective_on: read_optional(row, "effective_on", date)?,
        drafted_at: read(row, "drafted_at", time)?,
        verified_at: read_optional(row, "verified_at", time)?,
    })
}

#[cfg(test)]
mod tests {
    use super::{
        Delivery, DeliveryChannel, OpenRequest, Pool, RequestEvent, RequestState, RequestStep,
    };
    use crate::ledger::test_support::{Workplace, at, tonight};
    use crate::ledger::{Entry, Ledger, LedgerError};

    fn request(quantity: u32) -> OpenRequest {
        OpenRequest {
            id: "cancel-1".to_owned(),
            pool: Pool {
                license: "X Series - X2".to_owned(),
                country: "US".to_owned(),
            },
            term_ends: "2027-03-31".parse().expect("a date"),
            quantity,
            state: RequestState::Drafted,
            effective_on: None,
            drafted_at: tonight(),
            verified_at: None,
        }
    }

    fn draft(ledger: &mut Ledger, quantity: u32) -> Result<(), LedgerError> {
        ledger.record(&[Entry::RequestDrafted {
            request: request(quantity),
            at: tonight(),
        }])
    }

    fn advance(ledger: &mut Ledger, state: RequestState, effective_on: Option<&str>) {
        ledger
            .record(&[Entry::RequestState {
                id: "cancel-1".to_owned(),
                step: RequestStep {
                    effective_on: effective_on.map(|date| date.parse().expect("a date")),
                    case_number: (state == RequestState::Submitted).then(|| "00123456".to_owned()),
                    ..RequestStep::to(state)
                },
                at: at("2026-11-21T09:00:00Z"),
            }])
            .expect("a state");
    }

    #[test]
    fn every_change_is_an_event() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        draft(&mut ledger, 3).expect("a draft");
        draft(&mut ledger, 3).expect("the same draft");
        draft(&mut ledger, 2).expect("a lower draft");
        advance(&mut ledger, RequestState::Submitted, None);
        advance(&mut ledger, RequestState::Confirmed, Some("2027-03-31"));
        advance(&mut ledger, RequestState::Effective, None);
        let seen_gone = |ledger: &Ledger| ledger.requests().expect("requests")[0].verified_at;
        assert_eq!(seen_gone(&ledger), None);
        let events = ledger.request_events("cancel-1").expect("events");
        let changes: Vec<_> = events
            .iter()
            .map(|RequestEvent { step, .. }| (step.state, step.quantity))
            .collect();
        assert_eq!(
            changes,
            [
                (RequestState::Drafted, Some(3)),
                (RequestState::Drafted, Some(2)),
                (RequestState::Submitted, Some(2)),
                (RequestState::Confirmed, Some(2)),
                (RequestState::Effective, Some(2)),
            ]
        );
        let remembered = &ledger.memory(tonight()).expect("a memory").requests;
        assert_eq!(
            remembered,
            &[OpenRequest {
                state: RequestState::Effective,
                effective_on: Some("2027-03-31".parse().expect("a date")),
                ..request(2)
            }]
        );
        advance(&mut ledger, RequestState::Verified, None);
        assert_eq!(seen_gone(&ledger), Some(at("2026-11-21T09:00:00Z")));
    }

    #[test]
    fn what_the_vendor_has_cannot_be_drafted_again() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        draft(&mut ledger, 3).expect("a draft");
        advance(&mut ledger, RequestState::Submitted, None);
        assert!(matches!(
            draft(&mut ledger, 1),
            Err(LedgerError::RequestHandedOver { .. })
        ));
    }

    #[test]
    fn what_was_withdrawn_is_forgotten_by_planning_and_may_be_drafted_anew() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        draft(&mut ledger, 3).expect("a draft");
        advance(&mut ledger, RequestState::Withdrawn, None);
        let planned = |ledger: &Ledger| ledger.memory(tonight()).expect("a memory").requests;
        assert_eq!(planned(&ledger), []);
        assert_eq!(ledger.requests().expect("requests").len(), 1);
        draft(&mut ledger, 4).expect("a new draft");
        assert_eq!(planned(&ledger), [request(4)]);
    }

    #[test]
    fn what_was_said_is_kept_until_the_request_is_drafted_anew() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        draft(&mut ledger, 3).expect("a draft");
        let fees = crate::model::Money::parse("120.50", "USD").expect("money");
        let said = RequestStep {
            quantity: Some(2),
            case_number: Some("00123456".to_owned()),
            handed_in_on: Some("2026-11-21".parse().expect("a date")),
            fees: Some(fees.clone()),
            note: "downsizing".to_owned(),
            ..RequestStep::to(RequestState::Submitted)
        };
        let entry = |step| Entry::RequestState {
            id: "cancel-1".to_owned(),
            step,
            at: tonight(),
        };
        ledger.record(&[entry(said.clone())]).expect("a step");
        let followed = |ledger: &Ledger| ledger.followed_requests().expect("requests").remove(0);
        let one = followed(&ledger);
        assert_eq!((one.request.quantity, one.revision), (2, 1));
        assert_eq!(one.case_number.as_deref(), Some("00123456"));
        assert_eq!(
            (one.handed_in_on, one.fees),
            (said.handed_in_on, Some(fees))
        );
        assert_eq!(
            ledger.request_events("cancel-1").expect("events")[1].step,
            said
        );
        ledger
            .record(&[entry(RequestStep::to(RequestState::Lapsed))])
            .expect("a step");
        draft(&mut ledger, 3).expect("a new draft");
        let again = followed(&ledger);
        assert_eq!((again.case_number, again.revision), (None, 2));
    }

    #[test]
    fn a_delivery_is_recorded_once() {
        let workplace = Workplace::new();
        let mut ledger = workplace.open();
        draft(&mut ledger, 3).expect("a draft");
        let delivery = Delivery {
            revision: 1,
            channel: DeliveryChannel::Webhook,
            quantity: 3,
            key: "seatsweep-1".to_owned(),
            at: tonight(),
        };
        for _ in 0..2 {
            let entry = Entry::Delivered {
                request_id: "cancel-1".to_owned(),
                delivery: delivery.clone(),
            };
            ledger.record(&[entry]).expect("a delivery");
        }
        let followed = ledger.followed_requests().expect("requests");
        assert_eq!(followed[0].deliveries, [delivery]);
    }
}
