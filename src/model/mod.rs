//! The words of the field as types: people, accounts, seats, terminations,
//! outcomes, and what is remembered between runs. Values are parsed once and
//! valid ever after; nothing here reads a file, a clock or the network.

mod access;
mod account;
mod account_cells;
mod bill;
mod digest;
mod disposition;
mod fingerprint;
mod guard_limits;
mod identity;
mod leaver;
mod license;
mod memory;
mod money;
mod outcome;
mod person_name;
mod phone_numbers;
mod policy;
mod request;
mod source;
mod task;
mod termination;
mod unassigned;
mod unsettled;

pub use access::AccessTrail;
pub use account::{AccountRow, AccountStatus};
pub use account_cells::{AccountCells, KeyCell, LicenseSet};
pub use bill::BillLine;
pub use digest::{SHORT_DIGEST_LENGTH, sha256_hex, short_digest};
pub use disposition::{Disposition, Origin, Reason};
/// A text of which a copy costs nothing: short ones stand in the value itself,
/// longer ones are shared.
pub use ecow::EcoString as Text;
pub use fingerprint::{PrintMap, PrintOf, Sieve, fingerprint, folded_fingerprint};
pub use guard_limits::{FirstRun, GuardLimits, Limit};
pub use identity::{
    AccountKey, EmailAddress, EmployeeId, PersonKey, UserId, Username, is_blank, is_damaged_number,
};
pub use leaver::{EmploymentStatus, HrRow};
pub use license::{LicenseKind, LicenseName, Pool};
pub use memory::{
    AcceptedInput, AccountMemory, ApprovalRecord, HoldRecord, HoldSource, Memory, Place,
    PlaceObservation, PoolObservation, PoolStock, RecentPerson, ReclaimRecord, Sighting,
    TouchedAccount, seconds_between,
};
pub use money::{Money, MoneyError, MoneyTotals};
pub use outcome::{ActionKind, Channel, Outcome, OutcomeReason, OutcomeRecord};
pub use person_name::{PersonName, each_plain_word, plain};
pub use phone_numbers::NumberCounts;
pub use policy::{
    ActOn, ApprovalPolicy, Contract, ContractBilling, DataGate, Effective, HrFileKind,
    IdentityProvider, PlannedJoiners, Policy, StrandedSeats, Trust,
};
pub use request::{
    Delivery, DeliveryChannel, FollowedRequest, OpenRequest, RequestEvent, RequestState,
    RequestStep,
};
/// The exact number that amounts and billed quantities are.
pub use rust_decimal::Decimal;
pub use source::{InvalidRow, ReviewLine, SourceRow};
pub use task::{TaskKind, TaskRecord, TaskState};
pub use termination::{Termination, TerminationId, TerminationRecord, TerminationState};
pub use unassigned::UnassignedSeats;
pub use unsettled::UnsettledRow;
