//! Partial-cancellation requests and every change of them.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::columns::{date, read, read_optional, time, time_text};
use super::error::Fault;
use super::{Ledger, LedgerError};
use crate::model::{OpenRequest, Pool, RequestState};

/// One change of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestEvent {
    /// When, in run-clock time.
    pub at: Timestamp,
    /// Its state from then on.
    pub state: RequestState,
    /// Seats asked for from then on.
    pub quantity: u32,
    /// Case number, fees, reason; or empty.
    pub note: String,
}

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
                .query_map([id], |row| {
                    Ok(RequestEvent {
                        at: read(row, "at", time)?,
                        state: read(row, "state", RequestState::parse)?,
                        quantity: row.get("quantity")?,
                        note: row.get("note")?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(events)
        })
    }
}

/// All requests, by id.
pub(super) fn all(connection: &Connection) -> Result<Vec<OpenRequest>, Fault> {
    let requests = connection
        .prepare("SELECT * FROM requests ORDER BY request_id")?
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
    store(transaction, &draft, at, "")?;
    Ok(true)
}

/// Records how far a request has come. Which step may follow which is the
/// caller's to know: it is a person's or the calendar's word.
pub(super) fn advance(
    transaction: &Transaction<'_>,
    id: &str,
    state: RequestState,
    effective_on: Option<Date>,
    at: Timestamp,
    note: &str,
) -> Result<(), Fault> {
    let known = find(transaction, id)?.ok_or_else(|| Fault::NotRecorded {
        what: "request",
        id: id.to_owned(),
    })?;
    let request = OpenRequest {
        state,
        effective_on: effective_on.or(known.effective_on),
        ..known
    };
    store(transaction, &request, at, note)
}

fn find(connection: &Connection, id: &str) -> Result<Option<OpenRequest>, Fault> {
    let request = connection
        .prepare_cached("SELECT * FROM requests WHERE request_id = ?1")?
        .query_row([id], request_row)
        .optional()?;
    Ok(request)
}

/// Stores the request as it is now, and the change as an event.
fn store(
    transaction: &Transaction<'_>,
    request: &OpenRequest,
    at: Timestamp,
    note: &str,
) -> Result<(), Fault> {
    let OpenRequest {
        id,
        pool,
        term_ends,
        quantity,
        state,
        effective_on,
        drafted_at,
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
        "INSERT INTO request_events (request_id, at, state, quantity, note)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id, time_text(at), state.as_str(), quantity, note],
    )?;
    Ok(())
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
    })
}

#[cfg(test)]
mod tests {
    use super::{OpenRequest, Pool, RequestState};
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
                state,
                effective_on: effective_on.map(|date| date.parse().expect("a date")),
                at: at("2026-11-21T09:00:00Z"),
                note: "case 00123456".to_owned(),
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
        let events = ledger.request_events("cancel-1").expect("events");
        let changes: Vec<_> = events
            .iter()
            .map(|event| (event.state, event.quantity, event.note.as_str()))
            .collect();
        assert_eq!(
            changes,
            [
                (RequestState::Drafted, 3, ""),
                (RequestState::Drafted, 2, ""),
                (RequestState::Submitted, 2, "case 00123456"),
                (RequestState::Confirmed, 2, "case 00123456"),
                (RequestState::Effective, 2, "case 00123456"),
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
}
