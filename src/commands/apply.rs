//! `seatsweep apply PLAN`: carries out exactly that plan, or what is left of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::failure::{Exit, Failure};
use super::gate::{Gate, gate};
use super::target::Tenant;
use super::work::{CommitHook, Purpose, Work, open_ledger};
use super::{console, nightly, outputs, recovery, unbegun, work};
use crate::config::{Settings, Target};
use crate::files::RunLock;
use crate::ledger::Ledger;
use crate::model::{Channel, Disposition, HrFileKind, Memory, Origin};
use crate::plan::{self, Plan, Step};
use crate::reconcile::RowDisposition;
use crate::vendor::wall_now;

pub(super) fn run(
    settings: &Settings,
    path: &Path,
    on_commit: Option<CommitHook>,
) -> Result<u8, Failure> {
    let plan = plan::read(path)?;
    let as_of = as_of(settings, &plan);
    nightly::check_clock(settings, as_of)?;
    check_identity(settings, &plan)?;
    check_channels(settings, &plan)?;
    outputs::prepare(settings)?;
    let _lock = RunLock::acquire(&settings.ledger)?;
    let ledger = open_ledger(settings, on_commit)?;
    recovery::runtime()?.block_on(async {
        let now = recovery::clock_start(settings, &ledger, as_of)?;
        let users = users_report(&plan);
        let mut tenant = None;
        let mut ledger = ledger;
        if !ledger.memory(now)?.open_reclaims.is_empty() {
            // Whatever becomes of this plan.
            let opened = Tenant::open(settings, users, now).await?;
            opened.remember_sends(&ledger)?;
            ledger = recovery::close_reclaims(settings, ledger, &opened).await?;
            tenant = Some(opened);
        }
        let memory = ledger.memory(now)?;
        check_freshness(&plan, &memory, &ledger, as_of)?;
        let code = match gate(settings, &plan, path, &memory, &ledger)? {
            Gate::Shut(code) => {
                unbegun::show_unbegun(settings, "apply", &plan, &ledger, code)?;
                code
            }
            Gate::Open { approved } => {
                let tenant = if let Some(tenant) = tenant {
                    tenant
                } else {
                    let tenant = Tenant::open(settings, users, now).await?;
                    tenant.remember_sends(&ledger)?;
                    tenant
                };
                let resumed = Some(plan.plan_id.as_str());
                let ledger =
                    recovery::settle_earlier_runs(settings, ledger, &tenant, resumed).await?;
                let plan = Arc::new(plan);
                let work = Work {
                    settings,
                    command: "apply",
                    purpose: Purpose::Change,
                    plan,
                    approved,
                };
                let code = work.carry_out(ledger, &tenant).await?;
                if let Some(log) = tenant.close().await {
                    console::describe_sandbox(settings, &log);
                }
                code
            }
        };
        Ok(code)
    })
}

/// The file that an embedded sandbox is seeded with.
fn users_report(plan: &Plan) -> Option<&Path> {
    let users = plan.inputs.iter().find(|input| input.role == "users")?;
    Some(Path::new(&users.path)).filter(|it| it.exists())
}

/// When the plan is carried out. In a sandbox that is the plan's own night.
pub(super) fn as_of(settings: &Settings, plan: &Plan) -> Timestamp {
    let default = || {
        if settings.is_real() {
            wall_now()
        } else {
            plan.as_of
        }
    };
    settings.as_of.unwrap_or_else(default)
}

/// A plan is for one tenant and one target.
pub(super) fn check_identity(settings: &Settings, plan: &Plan) -> Result<(), Failure> {
    let (tenant, target) = (settings.tenant.as_str(), settings.target_label());
    if plan.tenant == tenant && plan.target == target {
        return Ok(());
    }
    Err(Failure::new(
        Exit::PlanNotUsable,
        format!(
            "the plan is for {} on {}, the configuration says {tenant} on {target}; nothing was \
             changed; apply it with the configuration it was made with, or make a new plan",
            plan.tenant, plan.target
        ),
    ))
}

/// A plan says over which channels it is carried out, whatever the
/// configuration has come to say since.
pub(super) fn check_channels(settings: &Settings, plan: &Plan) -> Result<(), Failure> {
    if settings.target == Target::Sandbox {
        return Ok(());
    }
    let steps = plan.lanes.iter().flat_map(|lane| &lane.steps);
    let mut steps = steps.flat_map(Step::with_other);
    let lacks_scim = settings.scim.is_none();
    let lacks_key = settings.api.key.is_none();
    let missing = steps.find_map(|step| match step.channel {
        Channel::Scim if lacks_scim => {
            Some("SCIM, and [scim] base_url and token_env (or token_file) are not both set")
        }
        Channel::AdminApi if lacks_key => {
            Some("the Administration API, and no key is set under [admin_api]")
        }
        Channel::AdminApi | Channel::Scim | Channel::Manual | Channel::File => None,
    });
    match missing {
        None => Ok(()),
        Some(what) => Err(Failure::new(
            Exit::Configuration,
            format!("the plan is carried out over {what}; nothing was changed"),
        )),
    }
}

fn check_freshness(
    plan: &Plan,
    memory: &Memory,
    ledger: &Ledger,
    as_of: Timestamp,
) -> Result<(), Failure> {
    match staleness(plan, memory, ledger, as_of)? {
        None => Ok(()),
        Some(sentence) => Err(Failure::new(Exit::PlanNotUsable, sentence)),
    }
}

/// Why the plan may not be started any more. One that was never started must
/// be of tonight, and neither a run nor HR nor a hold may have overtaken it. A
/// plan with an intent on disk is resumed, whatever its age; but what was
/// undone is not done again, and an undo that was overtaken gives nothing more
/// back: it can be planned anew, and access that is given to the wrong person
/// cannot be called back.
pub(super) fn staleness(
    plan: &Plan,
    memory: &Memory,
    ledger: &Ledger,
    as_of: Timestamp,
) -> Result<Option<String>, Failure> {
    if let Some(sentence) = undone(plan, ledger)? {
        return Ok(Some(sentence));
    }
    if work::is_started(ledger, plan)? {
        let undo = plan.undoes.as_ref();
        return Ok(undo.and_then(|_| overtaken(plan, memory, as_of)));
    }
    let age = as_of.duration_since(plan.as_of);
    let most = plan.policy.plan_max_age_hours;
    let stale = if age > jiff::SignedDuration::from_hours(i64::from(most)) {
        let hours = age.as_hours();
        Some(format!(
            "the plan is {hours} hours old, {most} are allowed; make a new one"
        ))
    } else if age < -CLOCKS_MAY_DIFFER {
        let when = plan.as_of;
        Some(format!(
            "the plan is for {when}, which has not come yet; apply it then"
        ))
    } else {
        match overtaken(plan, memory, as_of) {
            None if plan.undoes.is_none() => contradicted(plan, ledger)?,
            stale => stale,
        }
    };
    Ok(stale)
}

/// A plan may be made on one machine and applied on another.
const CLOCKS_MAY_DIFFER: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// Whether something that the plan did was given back.
fn undone(plan: &Plan, ledger: &Ledger) -> Result<Option<String>, Failure> {
    let given_back = ledger.given_back()?;
    let undoing = |action| plan::undoing(&plan.plan_id, action);
    let mut undoing = plan.actions.iter().filter_map(undoing);
    let is_undone = undoing.any(|id| given_back.contains(&id));
    Ok(is_undone.then(|| {
        format!(
            "plan {} was undone, so it is not carried on; make a new one",
            plan.plan_id
        )
    }))
}

/// What happened to the plan's accounts and people since it was made.
fn overtaken(plan: &Plan, memory: &Memory, as_of: Timestamp) -> Option<String> {
    let touched = memory.touched.iter().find(|touched| {
        touched.plan_id != plan.plan_id
            && touched.at >= plan.as_of
            && plan
                .lanes
                .iter()
                .any(|lane| lane.account == touched.account)
    });
    if let Some(touched) = touched {
        return Some(format!(
            "plan {} has touched accounts of this plan since it was made; make a new one",
            touched.plan_id
        ));
    }
    if let Some(date) = left_again(plan, memory, as_of) {
        return Some(format!(
            "somebody of this plan left again on {date}, as HR says; undo the run again"
        ));
    }
    let subjects = || plan.actions.iter().map(|action| &action.subject);
    // What HR says of people who leave is nothing against taking a run back.
    let of_a_night = plan.undoes.is_none();
    let listed = || {
        let terminations = subjects().filter_map(|subject| subject.termination.as_ref());
        terminations.map(|id| memory.terminations.get(id))
    };
    let closed = memory.generation != plan.ledger_generation
        && listed().flatten().any(|record| {
            record.state.is_over() || record.vanished_at.is_some_and(|at| at >= plan.as_of)
        });
    let taken_back =
        closed || (lists_everybody_anew(plan, memory) && listed().any(|it| it.is_none()));
    if of_a_night && taken_back {
        let sentence =
            "HR has taken back a termination of this plan since it was made; make a new one";
        return Some(sentence.to_owned());
    }
    let own = work::review_hold(plan);
    let on_hold = subjects().any(|subject| {
        let username = subject.username.as_ref().map(ToString::to_string);
        let user_id = subject.user_id.as_ref().map(ToString::to_string);
        let mut names = username.iter().chain(&user_id);
        names.any(|name| {
            let mut holds = memory.holds.iter().filter(|hold| hold.why != own);
            holds.any(|hold| hold.who.eq_ignore_ascii_case(name))
        })
    });
    on_hold.then(|| {
        "somebody of this plan was put on hold since it was made; make a new one".to_owned()
    })
}

/// When somebody who would get access or a seat back left again.
fn left_again(plan: &Plan, memory: &Memory, as_of: Timestamp) -> Option<Date> {
    let today = Offset::UTC.to_datetime(as_of).date();
    let steps = plan.lanes.iter().filter_map(|lane| {
        let first = lane.steps.first()?;
        first.restore.as_ref()?;
        plan::left_again(memory, lane, first.expected.created_before, today)
    });
    steps.max()
}

/// What HR said later of the plan's people, also of those whom the ledger does
/// not know because the plan was never accepted.
fn contradicted(plan: &Plan, ledger: &Ledger) -> Result<Option<String>, Failure> {
    let subjects = plan.actions.iter().filter_map(|action| action.line);
    let subjects: BTreeSet<usize> = subjects.collect();
    let subjects: Vec<&RowDisposition> = subjects
        .into_iter()
        .filter_map(|line| plan.dispositions.get(line))
        .collect();
    for document in ledger.plans_accepted_since(plan.as_of, &plan.plan_id)? {
        let later: Plan =
            serde_json::from_str(&document).map_err(|error| Failure::of(Exit::Internal, error))?;
        let speaks_against = |line: &&RowDisposition| {
            line.origin == Origin::Hr
                && matches!(
                    line.disposition,
                    Disposition::NotLeaving
                        | Disposition::Rehired
                        | Disposition::Conflict
                        | Disposition::Invalid
                )
        };
        let mut against = later.dispositions.iter().filter(speaks_against);
        if against.any(|line| subjects.iter().any(|subject| is_same_person(subject, line))) {
            let files = match plan.policy.hr_file {
                HrFileKind::Cumulative => "",
                HrFileKind::Incremental => {
                    ", from the HR files since and this plan's own (--hr can be repeated)"
                }
            };
            return Ok(Some(format!(
                "the HR file of a later night, in plan {}, does not confirm that somebody of this \
                 plan leaves; make a new one{files}",
                later.plan_id
            )));
        }
    }
    Ok(None)
}

/// Whether two lines have an id, an address or an account in common.
fn is_same_person(one: &RowDisposition, other: &RowDisposition) -> bool {
    let same = |one: &str, other: &str| !one.is_empty() && one.eq_ignore_ascii_case(other);
    same(&one.employee_id, &other.employee_id)
        || same(&one.work_email, &other.work_email)
        || (!one.user_id.is_empty() && one.user_id == other.user_id)
        || same(&one.username, &other.username)
}

/// Whether a later cumulative file was accepted. Whoever it lists is in the
/// ledger, so whoever is not was taken back before the ledger knew them.
fn lists_everybody_anew(plan: &Plan, memory: &Memory) -> bool {
    let is_ours = |sha256: &str| plan.inputs.iter().any(|input| input.sha256 == sha256);
    let mut accepted = memory.accepted_inputs.iter();
    plan.policy.hr_file == HrFileKind::Cumulative
        && accepted.any(|it| it.role == "hr" && it.at >= plan.as_of && !is_ours(&it.sha256))
}
