//! Fictional people and small records for the tests of the ledger.

use std::path::PathBuf;

use jiff::Timestamp;
use tempfile::TempDir;

use super::{Acceptance, AttemptKey, Identity, Intent, Ledger};
use crate::model::{
    AccessTrail, AccountKey, Disposition, EmployeeId, LicenseName, Outcome, OutcomeRecord,
    PersonKey, PersonName, Reason, SourceRow, TaskKind, TaskRecord, TaskState, Termination,
    TerminationId, TerminationRecord, TerminationState, Text, UnsettledRow, UserId,
};

/// A folder of its own for one test's ledger.
pub(super) struct Workplace {
    pub(super) folder: TempDir,
}

impl Workplace {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("acme.db")
    }

    pub(super) fn open(&self) -> Ledger {
        Ledger::open(&self.path(), &identity(), 1_795_000_000_000).expect("a ledger")
    }

    /// A ledger in which `plan-1` was accepted with Jana's termination.
    pub(super) fn open_with_plan(&self) -> Ledger {
        let mut ledger = self.open();
        save_and_accept(&mut ledger, &acceptance("plan-1", vec![leaver("1001")]));
        ledger
    }
}

pub(super) fn save_and_accept(ledger: &mut Ledger, acceptance: &Acceptance) {
    ledger
        .save_plan(&acceptance.plan_id, "{}", acceptance.at)
        .expect("a saved plan");
    ledger.accept_plan(acceptance).expect("an accepted plan");
}

pub(super) fn identity() -> Identity {
    Identity {
        tenant: "acme".to_owned(),
        target: "8x8".to_owned(),
        customer_id: None,
    }
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// The evening on which most of these tests happen.
pub(super) fn tonight() -> Timestamp {
    at("2026-11-20T22:00:00Z")
}

pub(super) fn acceptance(plan_id: &str, terminations: Vec<TerminationRecord>) -> Acceptance {
    Acceptance {
        plan_id: plan_id.to_owned(),
        at: tonight(),
        terminations,
        unsettled_rows: Vec::new(),
        settled_rows: Vec::new(),
        inputs: Vec::new(),
        observations: Vec::new(),
        tasks: Vec::new(),
        closed_tasks: Vec::new(),
    }
}

/// Jana, who leaves on 2026-11-20, under the given employee id.
pub(super) fn leaver(employee_id: &str) -> TerminationRecord {
    let employee_id = EmployeeId::parse(employee_id).expect("an id");
    TerminationRecord {
        termination: Termination {
            person: PersonKey::of(Some(&employee_id), None, None).expect("a key"),
            date: "2026-11-20".parse().expect("a date"),
            employee_id: Some(employee_id),
            work_email: None,
            username: None,
            name: PersonName {
                full: "Jana Müller".into(),
                ..PersonName::default()
            },
            site: "Berlin".into(),
            department: Text::new(),
            cost_center: Text::new(),
            source: SourceRow {
                file: "hr.csv".into(),
                line: 2,
            },
        },
        account: Some(account()),
        user_id: UserId::parse("U1001"),
        account_username: None,
        matched_by: "employee_id".to_owned(),
        state: TerminationState::Open,
        first_listed: tonight(),
        deactivated_at: None,
        approved: false,
        vanished_at: None,
        access: AccessTrail::default(),
    }
}

/// A row of somebody with this employee id that could not be read.
pub(super) fn unsettled(employee_id: &str) -> UnsettledRow {
    UnsettledRow {
        source: SourceRow {
            file: "hr.csv".into(),
            line: 3,
        },
        employee_id: EmployeeId::parse(employee_id),
        work_email: None,
        username: None,
        name: PersonName::default(),
        identities: vec![format!("employee:{employee_id}")],
        site: Text::new(),
        cost_center: Text::new(),
        date: None,
        disposition: Disposition::Invalid,
        reason: Reason::Unreadable,
        detail: "there is no such day".to_owned(),
        first_listed: tonight(),
    }
}

pub(super) fn leaver_id() -> TerminationId {
    leaver("1001").termination.id()
}

pub(super) fn account() -> AccountKey {
    AccountKey::stored("id:U1001".to_owned())
}

pub(super) fn license() -> LicenseName {
    LicenseName::parse("X Series - X2-VOSVC0216-02-US", None).expect("a licence")
}

pub(super) fn task(id: &str) -> TaskRecord {
    TaskRecord {
        id: id.to_owned(),
        kind: TaskKind::Voicemail,
        termination: Some(leaver_id()),
        state: TaskState::Open,
        due: Some(at("2026-11-27T08:00:00Z")),
        issued_at: tonight(),
        ticked_off_at: None,
    }
}

pub(super) fn attempt(step_id: &str) -> AttemptKey {
    AttemptKey {
        plan_id: "plan-1".to_owned(),
        step_id: step_id.to_owned(),
        attempt: 1,
    }
}

pub(super) fn intent(step_id: &str) -> Intent {
    Intent {
        key: attempt(step_id),
        account: account(),
        user_id: "U1001".to_owned(),
        before_image: r#"{"status":"ACTIVE"}"#.to_owned(),
        wanted: r#"{"status":"INACTIVE"}"#.to_owned(),
        request_id: Some("request-1".to_owned()),
        at: tonight(),
    }
}

pub(super) fn outcome(action_id: &str, outcome: Outcome) -> OutcomeRecord {
    OutcomeRecord {
        action_id: action_id.to_owned(),
        outcome,
        reason: None,
        detail: "read back as inactive".to_owned(),
        channel: None,
        attempts: 1,
        http_status: Some(200),
        operation_id: Some("operation-1".to_owned()),
        request_id: Some("request-1".to_owned()),
        started_at: Some(tonight()),
        finished_at: tonight(),
        verified_at: None,
        before: "active".to_owned(),
        after: "inactive".to_owned(),
        quantity: None,
    }
}
