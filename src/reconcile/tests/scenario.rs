use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::{
    AccountRow, AccountStatus, ApprovalPolicy, DataGate, Disposition, Effective, EmailAddress,
    EmployeeId, EmploymentStatus, HoldRecord, HrFileKind, HrRow, IdentityProvider, InvalidRow,
    LicenseName, Memory, PersonName, Policy, Reason, SourceRow, StrandedSeats, Text, Trust, UserId,
    Username,
};
use crate::reconcile::{Calendar, Found, Index, People, Question, Reconciliation, settle};

/// The licence of most fictional accounts.
pub(crate) const X2: &str = "X Series - X2-VOSVC0216-02-US";

/// Everything that one night's decision depends on.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub rows: Vec<HrRow>,
    pub invalid: Vec<InvalidRow>,
    pub accounts: Vec<AccountRow>,
    pub unreadable: Vec<InvalidRow>,
    pub policy: Policy,
    pub memory: Memory,
    pub holds: Vec<HoldRecord>,
    pub map: BTreeMap<String, String>,
    pub as_of: Timestamp,
    pub hr_at: Timestamp,
    pub users_at: Timestamp,
}

/// The night of Saturday, 28 November 2026, two o'clock in Los Angeles; a
/// cumulative file and the default policy.
pub(crate) fn scenario() -> Scenario {
    let as_of = at("2026-11-28T10:00:00Z");
    Scenario {
        rows: Vec::new(),
        invalid: Vec::new(),
        accounts: Vec::new(),
        unreadable: Vec::new(),
        policy: policy(),
        memory: Memory::default(),
        holds: Vec::new(),
        map: BTreeMap::new(),
        as_of,
        hr_at: as_of - SignedDuration::from_hours(1),
        users_at: as_of - SignedDuration::from_hours(2),
    }
}

fn policy() -> Policy {
    Policy {
        time_zone: "America/Los_Angeles".to_owned(),
        site_time_zones: BTreeMap::from([
            ("london".to_owned(), "Europe/London".to_owned()),
            ("sydney".to_owned(), "Australia/Sydney".to_owned()),
        ]),
        hr_file: HrFileKind::Cumulative,
        trust: Trust::Both,
        effective: Effective::EndOfDay,
        act_on: crate::model::ActOn::TerminationDate,
        deactivate_after_days: 0,
        remove_license_after_days: 7,
        stranded_seats: StrandedSeats::Direct,
        data_gate: DataGate::Grace,
        keep_licenses: vec!["storage".to_owned(), "number".to_owned()],
        approval: ApprovalPolicy::AboveGuard,
        plan_max_age_hours: 72,
        max_termination_age_days: 60,
        protected: [].into(),
        canaries: [].into(),
        identity_domains: [].into(),
        idp: IdentityProvider::None,
        seats_as_of: None,
        contracts: Vec::new(),
        planned_joiners: Vec::new(),
        deactivate_by: crate::model::Channel::AdminApi,
        remove_by_hand: false,
        deactivate_fallback: None,
        remove_license_fallback: None,
    }
}

impl Scenario {
    /// Adds an HR row; see [`hr`].
    pub(crate) fn hr(mut self, text: &str) -> Self {
        let mut row = hr(text);
        row.source.line = self.next_hr_line();
        self.rows.push(row);
        self
    }

    /// Adds an HR row that could not be read; the cells that could.
    pub(crate) fn unreadable_hr(mut self, text: &str) -> Self {
        let line = self.next_hr_line();
        self.invalid.push(unreadable("hr.csv", line, text));
        self
    }

    /// Adds a row of the users report; see [`account`].
    pub(crate) fn account(mut self, text: &str) -> Self {
        let mut row = account(text);
        row.source.line = self.next_users_line();
        self.accounts.push(row);
        self
    }

    /// Adds a row of the users report that could not be read.
    pub(crate) fn unreadable_account(mut self, text: &str) -> Self {
        let line = self.next_users_line();
        self.unreadable.push(unreadable("users.csv", line, text));
        self
    }

    pub(crate) fn policy(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.policy);
        self
    }

    pub(crate) fn incremental(self) -> Self {
        self.policy(|policy| policy.hr_file = HrFileKind::Incremental)
    }

    pub(crate) fn at_night(mut self, instant: &str) -> Self {
        self.set_night(at(instant));
        self
    }

    /// Moves the night, with files made shortly before it.
    pub(crate) fn set_night(&mut self, as_of: Timestamp) {
        self.as_of = as_of;
        self.hr_at = as_of - SignedDuration::from_hours(1);
        self.users_at = as_of - SignedDuration::from_hours(2);
    }

    pub(crate) fn later(&mut self, days: i64) {
        self.set_night(self.as_of + SignedDuration::from_hours(24 * days));
    }

    pub(crate) fn calendar(&self) -> Calendar {
        Calendar::new(&self.policy).expect("zones that exist")
    }

    pub(crate) fn settled(&self) -> Reconciliation {
        self.settled_by(Index::finish_all)
    }

    /// Settles, with a say in how the report is read.
    pub(crate) fn settled_by(
        &self,
        read: impl FnOnce(Index, &[AccountRow]) -> Found,
    ) -> Reconciliation {
        let calendar = self.calendar();
        let question = self.question(&calendar);
        let people = People::gather(&question);
        let found = read(Index::new(&people, &question), &self.accounts);
        settle(&people, &found, &self.unreadable, &question).expect("sums that balance")
    }

    pub(crate) fn question<'a>(&'a self, calendar: &'a Calendar) -> Question<'a> {
        Question {
            rows: &self.rows,
            invalid: &self.invalid,
            memory: &self.memory,
            policy: &self.policy,
            calendar,
            holds: &self.holds,
            map: &self.map,
            as_of: self.as_of,
            hr_at: self.hr_at,
            users_at: self.users_at,
        }
    }

    /// What became of every HR row, in the order of the file.
    pub(crate) fn fates(&self) -> Vec<(Disposition, Reason)> {
        let settled = self.settled();
        let lines = settled.dispositions.iter();
        lines.map(|line| (line.disposition, line.reason)).collect()
    }

    fn next_hr_line(&self) -> u64 {
        2 + (self.rows.len() + self.invalid.len()) as u64
    }

    fn next_users_line(&self) -> u64 {
        2 + (self.accounts.len() + self.unreadable.len()) as u64
    }
}

impl Index {
    fn finish_all(mut self, accounts: &[AccountRow]) -> Found {
        for row in accounts {
            self.observe(row);
        }
        self.finish()
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// An HR row from `key=value` words; `_` stands for a blank. A date alone means
/// that the status says "left".
pub(crate) fn hr(text: &str) -> HrRow {
    let cells = Cells::of(text);
    let date = |name: &str| cells.get(name).map(|text| text.parse().expect("a date"));
    let status = match cells.get("status") {
        None => date("date").map(|_: jiff::civil::Date| EmploymentStatus::Left),
        Some("left") => Some(EmploymentStatus::Left),
        Some("employed") => Some(EmploymentStatus::Employed),
        Some("rehired") => Some(EmploymentStatus::Rehired),
        Some("absent") => Some(EmploymentStatus::Absent),
        Some("not_started") => Some(EmploymentStatus::NotStarted),
        Some("unclear") => Some(EmploymentStatus::Unclear),
        Some("blank") => None,
        Some(other) => panic!("no such status: {other}"),
    };
    HrRow {
        source: SourceRow {
            file: "hr.csv".into(),
            line: 0,
        },
        employee_id: cells.get("id").and_then(EmployeeId::parse),
        name: cells.name(),
        work_email: cells.email(),
        username: cells.get("user").and_then(Username::parse),
        status,
        termination_date: date("date"),
        last_day: date("last"),
        rehire_date: date("rehire"),
        site: cells.text("site"),
        department: cells.text("department"),
        cost_center: Text::new(),
    }
}

/// A row of the users report from `key=value` words; `id` is the user id,
/// `licenses` a number of X2 seats (1 if it is not said).
pub(crate) fn account(text: &str) -> AccountRow {
    let cells = Cells::of(text);
    let seats = cells.get("licenses").unwrap_or("1");
    let seats: usize = seats.parse().expect("a number of seats");
    let others = cells.get("also").map(|name| name.replace('_', " "));
    let names = std::iter::repeat_n(X2.to_owned(), seats).chain(others);
    AccountRow {
        source: SourceRow {
            file: "users.csv".into(),
            line: 0,
        },
        user_id: cells.get("id").and_then(UserId::parse),
        username: cells.get("user").and_then(Username::parse),
        email: cells.email(),
        employee_id: cells.get("employee").and_then(EmployeeId::parse),
        name: cells.name(),
        status: match cells.get("status") {
            None | Some("active") => AccountStatus::Active,
            Some("inactive") => AccountStatus::Inactive,
            Some(other) => panic!("no such status: {other}"),
        },
        site: cells.text("site"),
        department: cells.text("department"),
        cost_center: Text::new(),
        created: cells.get("created").map(at),
        scim_provider: cells.text("idp"),
        extension: Text::new(),
        phone_numbers: cells.get("phone").map(str::to_owned).into_iter().collect(),
        devices: cells.get("device").map(str::to_owned).into_iter().collect(),
        groups: Vec::new(),
        licenses: names
            .filter_map(|name| LicenseName::parse(&name, None))
            .collect(),
    }
}

fn unreadable(file: &str, line: u64, text: &str) -> InvalidRow {
    let cells = Cells::of(text);
    InvalidRow {
        source: SourceRow {
            file: file.into(),
            line,
        },
        column: String::new(),
        value: String::new(),
        problem: "too few cells".to_owned(),
        advice: "export it again".to_owned(),
        employee_id: cells.text("id").into(),
        person: cells.text("name").into(),
        work_email: cells
            .email()
            .map(|email| email.to_string())
            .unwrap_or_default(),
        username: cells.text("user").into(),
    }
}

struct Cells<'t>(BTreeMap<&'t str, &'t str>);

impl<'t> Cells<'t> {
    fn of(text: &'t str) -> Self {
        let cells = text.split_whitespace();
        Self(
            cells
                .map(|cell| cell.split_once('=').expect("key=value"))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&'t str> {
        self.0.get(name).copied()
    }

    fn text(&self, name: &str) -> Text {
        self.get(name).unwrap_or_default().replace('_', " ").into()
    }

    fn name(&self) -> PersonName {
        PersonName {
            full: self.text("name"),
            ..PersonName::default()
        }
    }

    /// `jane` is short for `jane@example.com`.
    fn email(&self) -> Option<EmailAddress> {
        let text = self.get("email")?;
        if text.contains('@') {
            EmailAddress::parse(text)
        } else {
            EmailAddress::parse(&format!("{text}@example.com"))
        }
    }
}
