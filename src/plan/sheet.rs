use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Action, ManualTask, Plan};
use crate::files::spreadsheet_safe;
use crate::model::{ReviewLine, SHORT_DIGEST_LENGTH};

/// What a reviewer decided about one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Carry it out.
    Approve,
    /// Leave it out of this plan.
    Skip,
    /// Leave it out of this plan and of later nights' plans.
    Hold,
    /// Nothing was written: carried out unless every plan needs an approval.
    Blank,
}

/// A review sheet, understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Review {
    /// What was decided, by action. An action that is not in here is held.
    pub decisions: BTreeMap<String, Decision>,
    /// Lines that name no action, because the spreadsheet or the reviewer
    /// changed its id: (line, what stands there).
    pub not_understood: Vec<(u64, String)>,
    /// How many actions of the plan have no line.
    pub missing: usize,
}

/// Why a review sheet cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// A decision is no decision.
    #[error(
        "{path} line {line}: {value:?} is no decision; write approve, skip or hold, or leave it empty"
    )]
    Decision {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// What stands there.
        value: String,
    },
    /// It is the sheet of another plan.
    #[error(
        "{path} line {line}: the plan has no action {action_id:?}; is it the sheet of another plan?"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The action.
        action_id: String,
    },
    /// An action has two lines that decide differently.
    #[error("{path} line {line}: {action_id:?} was decided differently above; keep one line")]
    Twice {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The action.
        action_id: String,
    },
}

const COLUMNS: [&str; 16] = [
    "decision",
    "action_id",
    "action",
    "person",
    "username",
    "user_id",
    "license",
    "country",
    "quantity",
    "due",
    "channel",
    "needs_approval",
    "source_file",
    "source_row",
    "matched_by",
    "seen",
];

/// The review sheet: one line an action, with an empty decision.
pub fn review_sheet(plan: &Plan) -> Result<Vec<u8>, csv::Error> {
    let mut sheet = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(vec![]);
    sheet.write_record(COLUMNS)?;
    let tasks = plan.tasks();
    for action in &plan.actions {
        sheet.write_record(
            line(action, &tasks)
                .iter()
                .map(|cell| spreadsheet_safe(cell).into_owned()),
        )?;
    }
    sheet
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

fn line(action: &Action, tasks: &BTreeMap<&str, &ManualTask>) -> [String; 16] {
    let subject = &action.subject;
    let license = action.license.as_ref();
    let line = match action.evidence.line {
        0 => String::new(),
        line => line.to_string(),
    };
    [
        String::new(),
        action.id.clone(),
        action.kind.to_string(),
        subject.person.clone(),
        subject
            .username
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        subject
            .user_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        license
            .map(|license| license.display.to_string())
            .unwrap_or_default(),
        license
            .map(|license| license.country.to_string())
            .unwrap_or_default(),
        action
            .quantity
            .map(|quantity| quantity.to_string())
            .unwrap_or_default(),
        action.due.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        action.channel.as_str().to_owned(),
        action.needs_approval.clone().unwrap_or_default(),
        action.evidence.file.clone(),
        line,
        action.evidence.matched_by.clone(),
        action
            .task_words(tasks)
            .unwrap_or_else(|| action.evidence.seen.clone()),
    ]
}

/// Understands the lines of a sheet; `path` is only named in errors. An action
/// without a line is held, and so is one whose id was damaged. A decision that
/// is none, and an id that belongs to another plan, refuse the whole sheet.
pub fn understand_review(
    path: &Path,
    lines: &[ReviewLine],
    plan: &Plan,
) -> Result<Review, ReviewError> {
    let known: BTreeSet<&str> = plan
        .actions
        .iter()
        .map(|action| action.id.as_str())
        .collect();
    let mut review = Review::default();
    for line in lines {
        let decision = decision(path, line)?;
        let action_id = line.action_id.to_lowercase();
        if !known.contains(action_id.as_str()) {
            if is_intact(&action_id) {
                return Err(foreign(path, line));
            }
            if decision != Decision::Blank || !action_id.is_empty() {
                let shown = line.action_id.clone();
                review.not_understood.push((line.line, shown));
            }
            continue;
        }
        let earlier = review.decisions.insert(action_id, decision);
        if earlier.is_some_and(|earlier| earlier != decision) {
            return Err(ReviewError::Twice {
                path: path.to_owned(),
                line: line.line,
                action_id: line.action_id.clone(),
            });
        }
    }
    let first_stray = lines.iter().find(|line| !line.action_id.is_empty());
    match first_stray {
        Some(line) if review.decisions.is_empty() => return Err(foreign(path, line)),
        Some(_) | None => {}
    }
    review.missing = known.len() - review.decisions.len();
    Ok(review)
}

fn decision(path: &Path, line: &ReviewLine) -> Result<Decision, ReviewError> {
    match line.decision.to_lowercase().as_str() {
        "" => Ok(Decision::Blank),
        "approve" => Ok(Decision::Approve),
        "skip" => Ok(Decision::Skip),
        "hold" => Ok(Decision::Hold),
        _ => Err(ReviewError::Decision {
            path: path.to_owned(),
            line: line.line,
            value: line.decision.clone(),
        }),
    }
}

/// Whether it is an id as plans make them: a word and a digest. The word keeps
/// spreadsheets from reading a number or a date, so an id that they damage
/// does not look like one any more.
fn is_intact(action_id: &str) -> bool {
    action_id.split_once('-').is_some_and(|(word, digest)| {
        word.bytes().all(|byte| byte.is_ascii_lowercase())
            && digest.len() == SHORT_DIGEST_LENGTH
            && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn foreign(path: &Path, line: &ReviewLine) -> ReviewError {
    ReviewError::Foreign {
        path: path.to_owned(),
        line: line.line,
        action_id: line.action_id.clone(),
    }
}
