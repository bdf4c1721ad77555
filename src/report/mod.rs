//! What a run has to show: every number computed once, from the plan and the
//! ledger's outcomes. Renderers return text or bytes, or hand on what
//! may be large as it is made; where it goes is not theirs to say.

mod all;
mod audit;
mod budget;
mod codes;
mod explain;
mod following;
mod inputs;
mod pack;
mod rehearsal;
mod requests;
mod results;
mod summary;
mod tables;
mod tasks;

pub use all::{AllSummary, TenantEntry, TenantFigures, TenantState};
pub use audit::{
    ACCESS_COLUMNS, AccessCounts, AccessInquiry, AccessQuarter, AccessReason, AccessState,
    AccessStudy, AccessTimes, Asked, AuditFrame, AuditReport, FINDING_COLUMNS, IN_TIME,
    LeaverAccess, LeaverSeats, Night, Quarter, Removal, RemovalSource, RequestLine, SEAT_COLUMNS,
    UnassignedSeats, Waste, access_csv, audit_line, audit_page, audit_tables, audit_workbook,
    departures, findings_csv, leaver_seats, leaving, seats_csv,
};
pub use budget::{RequestBudget, Spending, budget_line};
pub use codes::{
    Ending, Look, MIDWAY, exit_codes, lines_to_look_at, still_reactivated, worst_first,
};
pub use explain::{Explanation, PastRuns, Traces, explain};
pub use following::{
    Deliveries, RequestSummary, legal_moves, reminder_text, request_history, request_table,
};
pub use inputs::input_block;
pub use pack::{Pack, PackFor, is_worth_a_pack, request_pack};
pub use rehearsal::{Prediction, predict, prediction_text};
pub use requests::requests_csv;
pub use results::{COLUMNS, results_csv};
pub use summary::{Summary, summarize};
pub use tables::{
    access_not_ended_text, approving_flags, guard_table, outcome_table, plan_tables, summary_line,
    task_table, undo_tables,
};
pub use tasks::tasks_csv;

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::files::spreadsheet_safe;
use crate::model::{FollowedRequest, OutcomeRecord, ReclaimRecord};
use crate::plan::Plan;

/// Everything that a run's outputs are made of.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The run.
    pub run_id: &'a str,
    /// The plan that it carried out.
    pub plan: &'a Plan,
    /// Where: what the plan is for, or `sandbox` for a rehearsal.
    pub target: &'a str,
    /// How the plan's actions ended.
    pub outcomes: &'a BTreeMap<String, OutcomeRecord>,
    /// How they had ended before this run.
    pub earlier: &'a BTreeMap<String, OutcomeRecord>,
    /// The ledger's requests that are neither withdrawn nor lapsed.
    pub requests: &'a [FollowedRequest],
    /// What became of the delivery of their drafts.
    pub deliveries: &'a Deliveries,
    /// The reclaims of the plan, and those of any plan that are still open or
    /// that the run closed.
    pub reclaims: &'a [ReclaimRecord],
    /// Who approved the plan, or empty.
    pub approved_by: &'a str,
}

/// Writes a CSV file as spreadsheets like it: header first, CRLF, formulas
/// disarmed. A number below zero is none.
fn write_csv<const N: usize>(
    columns: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
    into: impl Write,
) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(into);
    writer.write_record(columns)?;
    for row in rows {
        for cell in &row {
            if is_number(cell) {
                writer.write_field(cell)?;
            } else {
                writer.write_field(spreadsheet_safe(cell).as_bytes())?;
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}

fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, cents]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// An instant to the second: finer is of no use to people, and spreadsheets
/// choke on nanoseconds.
fn instant(at: Option<jiff::Timestamp>) -> String {
    at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

/// The day that an instant belongs to in the policy's zone.
fn day_of(plan: &Plan, at: jiff::Timestamp) -> jiff::civil::Date {
    let zone = jiff::tz::TimeZone::get(&plan.policy.time_zone);
    at.to_zoned(zone.unwrap_or(jiff::tz::TimeZone::UTC)).date()
}

fn draw(table: tabled::builder::Builder) -> String {
    table
        .build()
        .with(tabled::settings::Style::sharp())
        .to_string()
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}
