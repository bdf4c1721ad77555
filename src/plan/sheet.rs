use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::slices::hand_on_slices;
use super::{Action, ManualTask, Plan};
use crate::files::spreadsheet_safe;
use crate::model::{ReviewLine, SHORT_DIGEST_LENGTH, UserId, Username};

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

/// Writes the review sheet: one line an action, with an empty decision.
pub fn review_sheet(plan: &Plan, mut into: impl Write + Send) -> io::Result<()> {
    let tasks = plan.tasks();
    let lines = |actions: &[Action]| csv_of(actions.iter().map(|action| line(action, &tasks)));
    into.write_all(&csv_of([COLUMNS.map(Cow::from)])?)?;
    hand_on_slices(&plan.actions, lines, |lines| into.write_all(lines))
}

fn csv_of<'a>(lines: impl IntoIterator<Item = [Cow<'a, str>; 16]>) -> io::Result<Vec<u8>> {
    let mut csv = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for line in lines {
        for cell in &line {
            csv.write_field(spreadsheet_safe(cell).as_bytes())?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    csv.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn line<'a>(action: &'a Action, tasks: &BTreeMap<&str, &ManualTask>) -> [Cow<'a, str>; 16] {
    let subject = &action.subject;
    let license = action.license.as_ref();
    let line = match action.evidence.line {
        0 => String::new(),
        line => line.to_string(),
    };
    let due = action.due.strftime("%Y-%m-%dT%H:%M:%SZ");
    [
        "".into(),
        action.id.as_str().into(),
        action.kind.as_str().into(),
        subject.person.as_str().into(),
        subject
            .username
            .as_ref()
            .map_or("", Username::as_str)
            .into(),
        subject.user_id.as_ref().map_or("", UserId::as_str).into(),
        license.map_or("", |license| &license.display).into(),
        license.map_or("", |license| &license.country).into(),
        action
            .quantity
            .map(|quantity| quantity.to_string())
            .unwrap_or_default()
            .into(),
        due.to_string().into(),
        action.channel.as_str().into(),
        action.needs_approval.as_deref().unwrap_or_default().into(),
        action.evidence.file.as_str().into(),
        line.into(),
        action.evidence.matched_by.as_str().into(),
        match action.task_words(tasks) {
            Some(words) => words.into(),
            None => action.evidence.seen.as_str().into(),
        },
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
