//! Fictional people and the plan for them.

use super::*;
use crate::model::{AccessTrail, Text};

pub(super) fn user_id(number: usize) -> String {
    format!("U{number:04}")
}

pub(super) fn username(number: usize) -> String {
    format!("user{number:04}@example.com")
}

pub(super) fn seed_user(work: Work) -> SeedUser {
    let (Work::Deactivate(number) | Work::Remove(number) | Work::Both(number)) = work;
    let license = |name: &str| SeedLicense {
        name: name.to_owned(),
        country: "US".to_owned(),
    };
    SeedUser {
        user_id: Some(user_id(number)),
        username: username(number),
        first_name: "Robin".to_owned(),
        last_name: format!("Example {number}"),
        email: username(number),
        active: !matches!(work, Work::Remove(_)),
        site: None,
        department: None,
        job_title: None,
        licenses: vec![license(LICENSE), license(STORAGE)],
        extension: Some(format!("{}", 1000 + number)),
        phone_numbers: vec![format!("+1555555{:04}", 100 + number % 100)],
        scim_provider: None,
        created: None,
    }
}

pub(super) fn plan_of(plan_id: &str, work: &[Work]) -> Plan {
    let mut plan = Plan {
        format_version: 1,
        plan_id: plan_id.to_owned(),
        as_of: tonight(),
        tenant: "acme".to_owned(),
        target: "loopback".to_owned(),
        customer_id: Some(CUSTOMER.to_owned()),
        inputs: Vec::new(),
        policy: policy(),
        guard_limits: GuardLimits::default(),
        undoes: None,
        ledger_generation: 0,
        facts: Facts::default(),
        dispositions: Vec::new(),
        totals: BTreeMap::new(),
        guards: Vec::new(),
        actions: Vec::new(),
        lanes: Vec::new(),
        manual_tasks: Vec::new(),
        closed_tasks: Vec::new(),
        unsettled_rows: Vec::new(),
        settled_rows: Vec::new(),
        terminations: Vec::new(),
        sightings: Vec::new(),
        observations: Vec::new(),
        seats: Vec::new(),
        entitlements: Vec::new(),
        findings: Vec::new(),
    };
    for work in work {
        add(&mut plan, *work);
    }
    plan
}

fn add(plan: &mut Plan, work: Work) {
    let (Work::Deactivate(number) | Work::Remove(number) | Work::Both(number)) = work;
    let record = termination(number);
    let termination = record.termination.id();
    let key = AccountKey::of(record.user_id.as_ref(), None).expect("a key");
    let action = |id: &str, kind, license: Option<&LicenseName>| Action {
        id: id.to_owned(),
        kind,
        origin: Origin::Hr,
        line: None,
        subject: Subject {
            termination: Some(termination.clone()),
            ..Subject::default()
        },
        license: license.cloned(),
        quantity: None,
        due: tonight(),
        depends_on: Vec::new(),
        channel: Channel::AdminApi,
        needs_approval: None,
        evidence: Evidence::default(),
        draft: None,
        task_id: None,
    };
    let deactivate = (!matches!(work, Work::Remove(_))).then(|| format!("deactivate-{number:04}"));
    let mut remove = Vec::new();
    if !matches!(work, Work::Deactivate(_)) {
        for (ordinal, name) in [LICENSE, STORAGE].into_iter().enumerate() {
            let license = LicenseName::parse(name, None).expect("a licence");
            let id = format!("remove-{number:04}-{ordinal}");
            plan.actions
                .push(action(&id, ActionKind::RemoveLicense, Some(&license)));
            remove.push(Removal {
                action: id,
                license,
            });
        }
    }
    if let Some(id) = &deactivate {
        plan.actions.push(action(id, ActionKind::Deactivate, None));
    }
    let (phase, status, upon_refusal) = match work {
        Work::Deactivate(_) => (
            Phase::Deactivations,
            AccountStatus::Active,
            UponRefusal::Fail,
        ),
        Work::Both(_) => (
            Phase::Deactivations,
            AccountStatus::Active,
            UponRefusal::DeactivateAlone,
        ),
        Work::Remove(_) => (
            Phase::Removals,
            AccountStatus::Inactive,
            UponRefusal::RememberStranded,
        ),
    };
    plan.lanes.push(Lane {
        account: key,
        user_id: record.user_id.clone(),
        username: Username::parse(&username(number)),
        steps: vec![Step {
            id: format!("step-{number:04}"),
            phase,
            channel: Channel::AdminApi,
            deactivate,
            remove,
            reactivate: None,
            restore: None,
            expected: Expected {
                user_id: record.user_id.clone(),
                username: Username::parse(&username(number)),
                email: crate::model::EmailAddress::parse(&username(number)),
                name: PersonName::default(),
                created_before: "2026-11-20T08:00:00Z".parse().expect("a time"),
                status,
            },
            upon_refusal,
            upon_not_implemented: None,
            needs_approval: false,
        }],
    });
    plan.terminations.push(record);
}

pub(super) fn termination(number: usize) -> TerminationRecord {
    let employee_id = EmployeeId::parse(&format!("E{number:04}")).expect("an id");
    TerminationRecord {
        termination: Termination {
            person: PersonKey::of(Some(&employee_id), None, None).expect("a key"),
            date: "2026-11-19".parse().expect("a date"),
            employee_id: Some(employee_id),
            work_email: None,
            username: None,
            name: PersonName::default(),
            site: Text::new(),
            department: Text::new(),
            cost_center: Text::new(),
            source: SourceRow {
                file: "hr.csv".into(),
                line: 2,
            },
        },
        account: None,
        user_id: UserId::parse(&user_id(number)),
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

fn policy() -> Policy {
    Policy {
        time_zone: "America/Los_Angeles".to_owned(),
        site_time_zones: BTreeMap::new(),
        hr_file: HrFileKind::Cumulative,
        trust: Trust::Both,
        effective: Effective::EndOfDay,
        act_on: ActOn::TerminationDate,
        deactivate_after_days: 0,
        remove_license_after_days: 7,
        stranded_seats: StrandedSeats::Direct,
        data_gate: DataGate::Grace,
        keep_licenses: Vec::new(),
        approval: ApprovalPolicy::AboveGuard,
        plan_max_age_hours: 72,
        max_termination_age_days: 60,
        protected: BTreeSet::new(),
        canaries: BTreeSet::new(),
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
