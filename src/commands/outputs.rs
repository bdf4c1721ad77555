//! Every file that a command writes: kept per plan and per run, with copies of
//! the newest beside them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::failure::{Exit, Failure};
use crate::config::Settings;
use crate::files::{self, FileError};
use crate::plan::{self, Nameless, Plan};
use crate::report::{self, AuditReport, Run, Summary};

/// Finds an output folder that cannot be written before the work starts.
pub(super) fn prepare(settings: &Settings) -> Result<(), Failure> {
    files::create_owner_only_dir(&settings.out_dir)?;
    files::check_writable(&settings.out_dir)?;
    Ok(())
}

/// Names the plan, and writes it and its review sheet; returns where the plan is
/// kept.
pub(super) fn write_plan(
    settings: &Settings,
    plan: Nameless,
    also: Option<&Path>,
) -> Result<(Plan, PathBuf), Failure> {
    let folder = settings.out_dir.join("plans");
    files::create_owner_only_dir(&folder)?;
    let (kept, plan) = files::replace_named_by(&folder, |file| {
        let plan = plan.write(file)?;
        Ok((format!("{}.json", plan.plan_id), plan))
    })?;
    files::replace_by_link(&settings.out_dir.join("plan.json"), &kept)?;
    if let Some(path) = also {
        files::replace_by_copy(path, &kept)?;
    }
    let sheet = kept.with_extension("csv");
    files::replace_by(&sheet, |file| plan::review_sheet(&plan, file))?;
    files::replace_by_copy(&settings.out_dir.join("plan.csv"), &sheet)?;
    Ok((plan, kept))
}

/// Writes what the run has to show, and copies of it as the newest.
pub(super) fn write_run(
    settings: &Settings,
    run: &Run<'_>,
    summary: &Summary,
) -> Result<PathBuf, Failure> {
    let kept = keep_run(settings, run, summary)?;
    kept.copy_to(&settings.out_dir)?;
    if let Some(path) = &settings.execution.results {
        files::replace_by_copy(path, &kept.folder.join(RESULTS))?;
    }
    Ok(kept.folder)
}

/// Writes what an earlier run has to show. The newest is another's.
pub(super) fn write_earlier_run(
    settings: &Settings,
    run: &Run<'_>,
    summary: &Summary,
) -> Result<PathBuf, Failure> {
    Ok(keep_run(settings, run, summary)?.folder)
}

fn keep_run(settings: &Settings, run: &Run<'_>, summary: &Summary) -> Result<Kept, FileError> {
    let mut kept = Kept::begin(settings.out_dir.join("runs").join(run.run_id))?;
    kept.write(RESULTS, |file| report::results_csv(run, file))?;
    kept.write("summary.json", |file| {
        serde_json::to_writer_pretty(&mut *file, summary)?;
        file.write_all(b"\n")
    })?;
    kept.write("manual-tasks.csv", |file| report::tasks_csv(run, file))?;
    kept.write("cancellation-requests.csv", |file| {
        report::requests_csv(run, file)
    })?;
    kept.write("plan.json", |file| plan::write(run.plan, file))?;
    kept.write("plan.csv", |file| plan::review_sheet(run.plan, file))?;
    Ok(kept)
}

const RESULTS: &str = "results.csv";

/// Writes what an audit has to show; returns where it is kept.
pub(super) fn write_audit(settings: &Settings, report: &AuditReport) -> Result<PathBuf, Failure> {
    let workbook = report::audit_workbook(report).map_err(broken)?;
    let page = report::audit_page(report).map_err(broken)?;
    let name = format!("audit-{}", report.as_of.strftime("%Y%m%dT%H%M%SZ"));
    let mut kept = Kept::begin(settings.out_dir.join("audits").join(name))?;
    kept.write(SEATS, |file| report::seats_csv(report, file))?;
    kept.write("findings.csv", |file| report::findings_csv(report, file))?;
    kept.write("audit.xlsx", |file| file.write_all(&workbook))?;
    kept.write("audit.html", |file| file.write_all(page.as_bytes()))?;
    kept.write("access.csv", |file| report::access_csv(report, file))?;
    kept.copy_to(&settings.out_dir)?;
    Ok(settings.out_dir.join(SEATS))
}

const SEATS: &str = "seats.csv";

fn broken(error: impl Into<anyhow::Error>) -> Failure {
    Failure::of(Exit::Internal, error)
}

/// A folder in which the files of one run or audit are kept.
struct Kept {
    folder: PathBuf,
    /// What was written.
    names: Vec<&'static str>,
}

impl Kept {
    fn begin(folder: PathBuf) -> Result<Self, FileError> {
        files::create_owner_only_dir(&folder)?;
        Ok(Self {
            folder,
            names: Vec::new(),
        })
    }

    /// Writes one of the files as it is made.
    fn write(
        &mut self,
        name: &'static str,
        write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
    ) -> Result<(), FileError> {
        files::replace_by(&self.folder.join(name), write)?;
        self.names.push(name);
        Ok(())
    }

    /// Shows all of them as the newest.
    fn copy_to(&self, folder: &Path) -> Result<(), FileError> {
        let mut names = self.names.iter();
        names.try_for_each(|name| {
            files::replace_by_copy(&folder.join(name), &self.folder.join(name))
        })
    }
}
