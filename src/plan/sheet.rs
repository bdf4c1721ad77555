use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Action, Plan};
use crate::files::spreadsheet_safe;
use crate::model::ActionKind;

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

/// Why a review sheet cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// It could not be read.
    #[error("cannot read the review sheet {path}; check the path, and save it as CSV UTF-8")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: csv::Error,
    },
    /// A column is missing.
    #[error("the review sheet {path} has no column {column:?}; columns seen: {seen}")]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// The columns that it has.
        seen: String,
    },
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

impl ReviewError {
    /// What the system said, where the sheet could not be read at all.
    pub fn io_kind(&self) -> Option<std::io::ErrorKind> {
        match self {
            Self::Unreadable { source, .. } => match source.kind() {
                csv::ErrorKind::Io(error) => Some(error.kind()),
                _ => None,
            },
            Self::MissingColumn { .. }
            | Self::Decision { .. }
            | Self::Twice { .. }
            | Self::Foreign { .. } => None,
        }
    }
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
    for action in &plan.actions {
        sheet.write_record(
            line(plan, action)
                .iter()
                .map(|cell| spreadsheet_safe(cell).into_owned()),
        )?;
    }
    sheet
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

fn line(plan: &Plan, action: &Action) -> [String; 16] {
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
            .map(|license| license.display.clone())
            .unwrap_or_default(),
        license
            .map(|license| license.country.clone())
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
        plan.task_of(action)
            .unwrap_or_else(|| action.evidence.seen.clone()),
    ]
}

/// Reads the decisions back: only `action_id` and `decision` count. An action
/// whose line is missing is not in the answer, and is held.
pub fn read_review(path: &Path, plan: &Plan) -> Result<BTreeMap<String, Decision>, ReviewError> {
    let unreadable = |source| ReviewError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let bytes = std::fs::read(path).map_err(|error| unreadable(error.into()))?;
    let header = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    // Spreadsheets in half of Europe save with semicolons.
    let delimiter = if header.contains(&b';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(bytes.as_slice());
    let headers = reader.headers().map_err(unreadable)?.clone();
    let column = |wanted: &'static str| {
        headers
            .iter()
            .position(|header| header.trim_start_matches('\u{feff}').trim() == wanted)
            .ok_or_else(|| ReviewError::MissingColumn {
                path: path.to_owned(),
                column: wanted,
                seen: headers.iter().collect::<Vec<_>>().join(", "),
            })
    };
    let (id_column, decision_column) = (column("action_id")?, column("decision")?);
    let known: BTreeMap<&str, ActionKind> = plan
        .actions
        .iter()
        .map(|action| (action.id.as_str(), action.kind))
        .collect();
    let mut decisions = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        let action_id = record.get(id_column).unwrap_or_default().trim();
        if action_id.is_empty() {
            continue;
        }
        if !known.contains_key(action_id) {
            let action_id = action_id.to_owned();
            return Err(ReviewError::Foreign {
                path: path.to_owned(),
                line,
                action_id,
            });
        }
        let value = record.get(decision_column).unwrap_or_default().trim();
        let decision = match value.to_lowercase().as_str() {
            "" => Decision::Blank,
            "approve" => Decision::Approve,
            "skip" => Decision::Skip,
            "hold" => Decision::Hold,
            _ => {
                let value = value.to_owned();
                return Err(ReviewError::Decision {
                    path: path.to_owned(),
                    line,
                    value,
                });
            }
        };
        let earlier = decisions.insert(action_id.to_owned(), decision);
        if earlier.is_some_and(|earlier| earlier != decision) {
            return Err(ReviewError::Twice {
                path: path.to_owned(),
                line,
                action_id: action_id.to_owned(),
            });
        }
    }
    Ok(decisions)
}
