//! `seatsweep audit`: takes stock of the seats, and tells when leavers lost
//! access. Reads only, takes no lock, and calls nobody unless the accounts are
//! listed live.

use jiff::Timestamp;
use jiff::civil::Date;

use super::failure::{Exit, Failure};
use super::following::open_requests;
use super::planning::{self, Accounts, Evidence, Tonight};
use super::{access, console, outputs, plan};
use crate::cli::AuditArguments;
use crate::config::Settings;
use crate::ingest::{self, AccountObserver, BillDate, BillReading};
use crate::model::{AccountRow, FollowedRequest, Memory};
use crate::plan::{LookedUp, Plan, PlanInput};
use crate::reconcile::Found;
use crate::report::{self, AccessTimes, AuditFrame, AuditReport};
use crate::seats::{
    self, BillCheck, Billing, Finding, Held, Holders, Inspection, Roster, Stocktaking, TaxRegions,
};
use crate::vendor::wall_now;

pub(super) fn run(settings: &Settings, arguments: &AuditArguments) -> Result<u8, Failure> {
    outputs::prepare(settings)?;
    let as_of = settings.as_of.unwrap_or_else(wall_now);
    let ledger = plan::ledger_to_read(settings)?;
    let mut memory = match &ledger {
        Some(ledger) => ledger.memory(as_of)?,
        None => Memory::default(),
    };
    let accounts = Accounts::of(settings, None)?;
    let tonight = Tonight::read(settings, accounts, as_of)?;
    let today = tonight.day(as_of);
    // No run may have recorded yet what took effect or lapsed.
    memory.requests = seats::on_day(&memory.requests, &settings.policy.contracts, today);
    let question = tonight.question(settings, &memory, as_of);
    let period = access::period(arguments, today)?;
    let roster = roster(settings)?;
    let has_roster = roster.is_some();
    let holders = Holders::new(&memory, question.users_at, roster);
    let (evidence, decided) = planning::settle(settings, accounts, &question, holders)?;
    let plan = tonight.plan(settings, &question, decided, LookedUp::default());
    let plan = plan.content();
    let Evidence {
        found,
        unreadable,
        besides: holders,
        ..
    } = evidence;
    let held = holders.finish();
    if has_roster {
        refuse_other_roster(&held)?;
    }
    let taxed_elsewhere = taxed_elsewhere(settings, &tonight);
    let requests = match &ledger {
        Some(ledger) => open_requests(ledger)?,
        None => Vec::new(),
    };
    let bill = bill(settings, plan, &requests)?;
    let calendar = question.calendar;
    let access = access::times(ledger.as_ref(), &memory, plan, calendar, period)?;
    let audit = Audit {
        settings,
        memory: &memory,
        plan,
        found: &found,
        held: &held,
        requests: &requests,
        bill: bill.as_ref().map(|(_, check)| check),
        taxed_elsewhere: &taxed_elsewhere,
        users_at: question.users_at,
        today,
    };
    let report = audit.report(access);
    let kept = outputs::write_audit(settings, &report)?;
    console::tell(settings, &report::audit_tables(&report));
    console::describe_inputs(settings, &plan.inputs);
    if let Some((input, check)) = &bill {
        console::describe_inputs(settings, std::slice::from_ref(input));
        describe_bill(settings, check, audit.today);
    }
    if !unreadable.is_empty() {
        console::warn(&format!(
            "{} rows of the users report could not be read, and their seats are not counted; \
             `seatsweep plan` lists them",
            unreadable.len()
        ));
    }
    console::say(&format!(
        "{}; {}",
        report::audit_line(&report),
        kept.display()
    ));
    Ok(0)
}

impl AccountObserver for Holders {
    fn split(&self) -> Self {
        self.split()
    }

    fn observe(&mut self, row: &AccountRow) {
        self.observe(row);
    }

    fn merge(&mut self, later: Self) {
        self.merge(later);
    }
}

/// Everything that the report is made of.
struct Audit<'a> {
    settings: &'a Settings,
    memory: &'a Memory,
    /// What tonight's run would do; its figures are those of the drafts.
    plan: &'a Plan,
    found: &'a Found,
    held: &'a Held,
    /// What was said of the requests.
    requests: &'a [FollowedRequest],
    bill: Option<&'a BillCheck>,
    taxed_elsewhere: &'a [Finding],
    users_at: Timestamp,
    today: Date,
}

impl Audit<'_> {
    fn report(&self, access: AccessTimes) -> AuditReport {
        let Self {
            settings,
            memory,
            plan,
            held,
            bill,
            ..
        } = *self;
        let policy = &settings.policy;
        let counted = planning::counted(settings);
        let departures = report::departures(&plan.dispositions);
        let leaving = report::leaving(&departures, self.found, memory, self.users_at);
        let pools = seats::take_stock(&Stocktaking {
            figures: &plan.seats,
            contracts: &policy.contracts,
            memory,
            counted,
            users_at: self.users_at,
            tonight: &plan.observations,
            held,
            leaving: &leaving,
        });
        let users = plan.inputs.iter().find(|input| input.role == "users");
        let mut findings = seats::inspect(&Inspection {
            pools: &pools,
            held,
            departures: &departures,
            contracts: &policy.contracts,
            memory,
            as_of: plan.as_of,
            taxed_elsewhere: self.taxed_elsewhere,
            idle_after_days: settings.unassigned_after_days,
            report: users.map_or("", |input| &input.path),
        });
        findings.extend(bill.iter().flat_map(|bill| bill.findings()));
        let frame = AuditFrame {
            as_of: plan.as_of,
            today: self.today,
            tenant: &plan.tenant,
            target: &plan.target,
            policy,
            counted_on: counted,
            requests: &memory.requests,
            followed: self.requests,
            leavers: &report::leaver_seats(
                &plan.dispositions,
                self.found,
                memory,
                self.users_at,
                &pools,
            ),
            bill,
        };
        AuditReport::new(&frame, pools, findings, access)
    }
}

/// Holds the bill against the contracts, if one was given.
fn bill(
    settings: &Settings,
    plan: &Plan,
    requests: &[FollowedRequest],
) -> Result<Option<(PlanInput, BillCheck)>, Failure> {
    let Some(path) = &settings.inputs.bill else {
        return Ok(None);
    };
    let date = settings.inputs.bill_date;
    let reading = BillReading {
        names: &settings.columns_bill,
        formats: &settings.formats,
        date: date.map_or(BillDate::Column, |_| BillDate::Said),
    };
    let bill = ingest::read_bill(path, reading)?;
    let check = seats::check_bill(&Billing {
        file: &bill.file.path,
        lines: &bill.lines,
        date,
        contracts: &settings.policy.contracts,
        known: &plan.seats.iter().map(|it| it.pool.clone()).collect(),
        requests,
    })
    .map_err(|error| Failure::of(Exit::BadData, error))?;
    Ok(Some((planning::input(bill.file, None), check)))
}

/// What somebody should do about the bill.
fn describe_bill(settings: &Settings, check: &BillCheck, today: Date) {
    for reminder in check.reminders(today) {
        console::warn(&report::reminder_text(&reminder));
    }
    for id in &check.gone {
        console::tell(
            settings,
            &format!(
                "{id} is gone from the bill of {}: `seatsweep requests close {id}`",
                check.date
            ),
        );
    }
}

/// Compares where unassigned seats are and where they are taxed, and says what
/// is missing for it if half of it is there.
fn taxed_elsewhere(settings: &Settings, tonight: &Tonight) -> Vec<Finding> {
    let regions = TaxRegions::new(settings.tax_regions.clone());
    let unassigned = tonight.unassigned();
    match (regions.is_empty(), unassigned.is_empty()) {
        (true, true) => return Vec::new(),
        (true, false) => console::warn(
            "the licences file says where unassigned seats are taxed, and [seats] tax_regions does \
             not say in which region each site is, so the two are not compared",
        ),
        (false, true) => console::warn(
            "[seats] tax_regions has nothing to be compared with: that takes a --licenses file with \
             one row for each license, with status, site and service address",
        ),
        (false, false) => {}
    }
    let compared = regions.compare(unassigned);
    if compared.unknown > 0 && !regions.is_empty() {
        console::warn(&format!(
            "of {} unassigned seats the site or the service address names no region of [seats] \
             tax_regions, so they are not compared",
            compared.unknown
        ));
    }
    compared.findings
}

fn roster(settings: &Settings) -> Result<Option<Roster>, Failure> {
    let Some(path) = &settings.inputs.roster else {
        return Ok(None);
    };
    let file = ingest::read_roster(path, &settings.formats)?;
    if file.unreadable > 0 {
        console::warn(&format!(
            "{}: {} rows tell nobody, so accounts of these people may be listed as nobody's",
            path.display(),
            file.unreadable
        ));
    }
    let mut roster = Roster::default();
    for person in &file.people {
        roster.add(
            person.employee_id.as_ref(),
            person.work_email.as_ref(),
            person.username.as_ref(),
        );
    }
    Ok(Some(roster))
}

/// A list of leavers, or of another company, would make strangers of everybody.
fn refuse_other_roster(held: &Held) -> Result<(), Failure> {
    let strangers = held.strangers.len() as u64;
    if strangers <= held.on_roster.max(ENOUGH_TO_TELL) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::BadData,
        format!(
            "the roster knows {} of the active licensed accounts and does not know {strangers}: is \
             it the list of everybody who is employed, with work e-mails, usernames or the employee \
             ids that 8x8 has?",
            held.on_roster
        ),
    ))
}

/// In an office with fewer accounts than this, more of them may be nobody's
/// than somebody's.
const ENOUGH_TO_TELL: u64 = 10;
