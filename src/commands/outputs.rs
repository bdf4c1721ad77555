//! Every file that a command writes: kept per plan and per run, with copies of
//! the newest beside them.

use std::path::{Path, PathBuf};

use super::failure::{Exit, Failure};
use crate::config::Settings;
use crate::files;
use crate::plan::{self, Plan};
use crate::report::{self, AuditReport, Run, Summary};

/// Finds an output folder that cannot be written before the work starts.
pub(super) fn prepare(settings: &Settings) -> Result<(), Failure> {
    files::create_owner_only_dir(&settings.out_dir)?;
    files::check_writable(&settings.out_dir)?;
    Ok(())
}

/// Writes the plan and its review sheet; returns where the plan is kept.
pub(super) fn write_plan(
    settings: &Settings,
    plan: &Plan,
    also: Option<&Path>,
) -> Result<PathBuf, Failure> {
    let sheet = review_sheet(plan)?;
    let folder = settings.out_dir.join("plans");
    files::create_owner_only_dir(&folder)?;
    let kept = folder.join(format!("{}.json", plan.plan_id));
    files::replace_by(&kept, |file| plan::write(plan, file))?;
    files::replace(&folder.join(format!("{}.csv", plan.plan_id)), &sheet)?;
    files::replace_by_link(&settings.out_dir.join("plan.json"), &kept)?;
    files::replace(&settings.out_dir.join("plan.csv"), &sheet)?;
    if let Some(path) = also {
        files::replace_by(path, |file| plan::write(plan, file))?;
    }
    Ok(kept)
}

/// Writes what the run has to show, and copies of it as the newest.
pub(super) fn write_run(
    settings: &Settings,
    run: &Run<'_>,
    summary: &Summary,
) -> Result<PathBuf, Failure> {
    let outputs = outputs_of(run, summary)?;
    let folder = keep_run(settings, run, &outputs)?;
    for (name, bytes) in &outputs {
        files::replace(&settings.out_dir.join(name), bytes)?;
    }
    if let Some(path) = &settings.execution.results {
        files::replace(path, &report::results_csv(run).map_err(broken)?)?;
    }
    Ok(folder)
}

/// Writes what an earlier run has to show. The newest is another's.
pub(super) fn write_earlier_run(
    settings: &Settings,
    run: &Run<'_>,
    summary: &Summary,
) -> Result<PathBuf, Failure> {
    keep_run(settings, run, &outputs_of(run, summary)?)
}

fn keep_run(
    settings: &Settings,
    run: &Run<'_>,
    outputs: &[(&str, Vec<u8>)],
) -> Result<PathBuf, Failure> {
    let folder = settings.out_dir.join("runs").join(run.run_id);
    files::create_owner_only_dir(&folder)?;
    for (name, bytes) in outputs {
        files::replace(&folder.join(name), bytes)?;
    }
    Ok(folder)
}

fn outputs_of(run: &Run<'_>, summary: &Summary) -> Result<[(&'static str, Vec<u8>); 6], Failure> {
    let mut summary =
        serde_json::to_vec_pretty(summary).map_err(|error| Failure::of(Exit::Internal, error))?;
    summary.push(b'\n');
    Ok([
        ("results.csv", report::results_csv(run).map_err(broken)?),
        ("summary.json", summary),
        ("manual-tasks.csv", report::tasks_csv(run).map_err(broken)?),
        (
            "cancellation-requests.csv",
            report::requests_csv(run).map_err(broken)?,
        ),
        ("plan.json", plan_document(run.plan)?),
        ("plan.csv", review_sheet(run.plan)?),
    ])
}

fn broken(error: impl Into<anyhow::Error>) -> Failure {
    Failure::of(Exit::Internal, error)
}

/// Writes what an audit has to show; returns where it is kept.
pub(super) fn write_audit(settings: &Settings, report: &AuditReport) -> Result<PathBuf, Failure> {
    let outputs = [
        ("seats.csv", report::seats_csv(report).map_err(broken)?),
        (
            "findings.csv",
            report::findings_csv(report).map_err(broken)?,
        ),
        (
            "audit.xlsx",
            report::audit_workbook(report).map_err(broken)?,
        ),
        (
            "audit.html",
            report::audit_page(report).map_err(broken)?.into_bytes(),
        ),
        ("access.csv", report::access_csv(report).map_err(broken)?),
    ];
    let name = format!("audit-{}", report.as_of.strftime("%Y%m%dT%H%M%SZ"));
    let folder = settings.out_dir.join("audits").join(name);
    files::create_owner_only_dir(&folder)?;
    for (name, bytes) in &outputs {
        files::replace(&folder.join(name), bytes)?;
        files::replace(&settings.out_dir.join(name), bytes)?;
    }
    Ok(settings.out_dir.join("seats.csv"))
}

fn plan_document(plan: &Plan) -> Result<Vec<u8>, Failure> {
    plan::to_bytes(plan).map_err(|error| Failure::of(Exit::Internal, error))
}

fn review_sheet(plan: &Plan) -> Result<Vec<u8>, Failure> {
    plan::review_sheet(plan).map_err(|error| Failure::of(Exit::Internal, error))
}
