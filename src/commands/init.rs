//! `seatsweep init`: writes a commented configuration file with the columns
//! that were found in the files given.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::console;
use super::failure::{Exit, Failure};
use crate::cli::{GlobalArguments, InitArguments};
use crate::config::{self, Draft, ExportDraft};
use crate::files::{self, FileError};
use crate::ingest::{
    self, ColumnNames, Detected, IngestError, InputFile, InputRole, Inspection, OpenQuestion,
    Refusal,
};
use crate::report;

pub(super) fn run(global: &GlobalArguments, arguments: &InitArguments) -> Result<u8, Failure> {
    let path = config::file_path(global);
    if path.exists() {
        return Err(FileError::Exists(path).into());
    }
    let draft = Drafting {
        folder: folder_of(&path)?,
        quiet: global.quiet,
    };
    let draft = draft.draft(arguments)?;
    files::create(&path, draft.to_toml().as_bytes())?;
    let questions = [&draft.hr, &draft.users]
        .map(|export| export.undecided_dates.len() + export.refusals.len());
    let open = questions.iter().sum::<usize>() + draft.lists.len();
    console::say(&format!(
        "wrote {}: {} columns of the HR export and {} of the users report; {open} things to settle \
         before all files can be read; try it with {}",
        path.display(),
        draft.hr.columns.len(),
        draft.users.columns.len(),
        draft.first_try(),
    ));
    Ok(0)
}

/// A sort of export.
struct Sort {
    role: InputRole,
    /// The fields that its columns can hold.
    fields: fn() -> Vec<&'static str>,
    inspect: fn(&Path, &ColumnNames) -> Result<Inspection, IngestError>,
}

const HR: Sort = Sort {
    role: InputRole::Hr,
    fields: ColumnNames::hr_fields,
    inspect: ingest::inspect_hr,
};

const USERS: Sort = Sort {
    role: InputRole::Users,
    fields: ColumnNames::users_fields,
    inspect: ingest::inspect_users,
};

/// How the files are looked at.
struct Drafting {
    /// The folder of the configuration file, without links.
    folder: PathBuf,
    quiet: bool,
}

impl Drafting {
    fn draft(&self, arguments: &InitArguments) -> Result<Draft, Failure> {
        let mut draft = Draft {
            hr: self.export(&HR, &arguments.hr)?,
            ..Draft::default()
        };
        for path in &arguments.hr {
            draft.hr_files.push(self.beside(path)?);
        }
        match &arguments.users {
            Some(path) if path == Path::new(Draft::LIVE) => {
                draft.users_file = Some(Draft::LIVE.to_owned());
            }
            Some(path) => {
                let paths = std::slice::from_ref(path);
                draft.users = self.export(&USERS, paths)?;
                draft.users_file = Some(self.beside(path)?);
            }
            None => {}
        }
        if let Some(path) = &arguments.licenses {
            let read = ingest::read_licenses(path, &ColumnNames::default()).map(|it| it.file);
            draft.licenses_file = Some(self.list(path, read, &mut draft.lists)?);
        }
        if let Some(path) = &arguments.holds {
            let read = ingest::read_holds(path).map(|it| it.file);
            draft.holds_file = Some(self.list(path, read, &mut draft.lists)?);
        }
        if let Some(path) = &arguments.map {
            let read = ingest::read_map(path).map(|it| it.file);
            draft.map_file = Some(self.list(path, read, &mut draft.lists)?);
        }
        Ok(draft)
    }

    /// A list that is written by hand has nothing to settle: it is right, or
    /// it has to be corrected.
    fn list(
        &self,
        path: &Path,
        read: Result<InputFile, IngestError>,
        wrong: &mut Vec<String>,
    ) -> Result<String, Failure> {
        match read {
            Ok(file) => self.show(file.role, path, file.rows, &file.detected),
            Err(IngestError::Refused(refusal)) => wrong.push(self.retell(&refusal)),
            Err(unreadable @ IngestError::Unreadable { .. }) => return Err(unreadable.into()),
        }
        self.beside(path)
    }

    fn export(&self, sort: &Sort, paths: &[PathBuf]) -> Result<ExportDraft, Failure> {
        let mut found = Vec::new();
        for path in paths {
            let inspection = (sort.inspect)(path, &ColumnNames::default())?;
            if let Some(detected) = &inspection.detected {
                self.show(sort.role, path, inspection.rows, detected);
            }
            found.push((path.as_path(), inspection));
        }
        let mut draft = ExportDraft::default();
        for (_, inspection) in &found {
            for refusal in &inspection.refusals {
                let sentence = self.retell(refusal);
                match refusal.question {
                    Some(OpenQuestion::DateOrder) => draft.undecided_dates.push(sentence),
                    Some(OpenQuestion::StatusWords(_)) | None => draft.refusals.push(sentence),
                }
            }
        }
        draft.date_order = common_date_order(&found);
        let all = common_columns(&found);
        let mut single = all.clone();
        single.retain(|_, header| !is_several(header));
        for columns in [all, single] {
            if reads_the_same(sort, &found, &columns)? {
                draft.columns = columns;
                break;
            }
        }
        draft
            .about_columns
            .extend(about_columns(sort, &found, &draft.columns));
        Ok(draft)
    }

    fn show(&self, role: InputRole, path: &Path, rows: u64, detected: &Detected) {
        let detected = serde_json::to_value(detected).unwrap_or_default();
        let path = path.display().to_string();
        self.tell(&report::input_block(role.as_str(), &path, rows, &detected));
    }

    /// The sentence for the file, which the person at the terminal reads too.
    fn retell(&self, refusal: &Refusal) -> String {
        let sentence = refusal.to_string();
        self.tell(&sentence);
        sentence
    }

    fn tell(&self, text: &str) {
        if !self.quiet {
            console::warn(text);
        }
    }

    /// The path as the configuration file has to say it.
    fn beside(&self, path: &Path) -> Result<String, Failure> {
        let relative = relative_to(&self.folder, &absolute(path)?);
        relative.to_str().map(str::to_owned).ok_or_else(|| {
            let path = path.display();
            Failure::new(
                Exit::Usage,
                format!("{path}: a configuration file cannot name it; rename it to UTF-8"),
            )
        })
    }
}

/// The columns that can be named for all the files: those that every file has
/// under one and the same header.
fn common_columns(found: &[(&Path, Inspection)]) -> BTreeMap<String, String> {
    let mut columns = found.iter().map(|(_, inspection)| columns_of(inspection));
    let mut common = columns.next().unwrap_or_default();
    for others in columns {
        common.retain(|field, header| others.get(field) == Some(header));
    }
    common
}

fn columns_of(inspection: &Inspection) -> BTreeMap<String, String> {
    let detected = inspection.detected.as_ref();
    detected.map(|it| it.columns.clone()).unwrap_or_default()
}

/// Several columns serve the field; not every field can be named so.
fn is_several(header: &str) -> bool {
    header.contains(" + ")
}

/// Whether naming the columns leaves the reading as it was: choosing between
/// two columns, for one, would silence the doubt about them.
fn reads_the_same(
    sort: &Sort,
    found: &[(&Path, Inspection)],
    columns: &BTreeMap<String, String>,
) -> Result<bool, Failure> {
    let names = ColumnNames(columns.clone());
    for (path, inspection) in found {
        let again = (sort.inspect)(path, &names)?;
        let same = columns_of(&again) == columns_of(inspection)
            && (again.rows, again.invalid) == (inspection.rows, inspection.invalid)
            && again.refusals == inspection.refusals;
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a person should know about the columns that are not named.
fn about_columns(
    sort: &Sort,
    found: &[(&Path, Inspection)],
    named: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut sentences = Vec::new();
    for (path, inspection) in found {
        let Some(detected) = &inspection.detected else {
            continue;
        };
        let path = path.display();
        for (field, header) in &detected.columns {
            if !named.contains_key(field) {
                sentences.push(format!(
                    "{path}: found by its header, and not named here: {field} ← {header:?}"
                ));
            }
        }
        let mut lacking = (sort.fields)();
        lacking.retain(|field| !detected.columns.contains_key(*field));
        if !lacking.is_empty() {
            sentences.push(format!(
                "{path}: no column was found for {}",
                lacking.join(", ")
            ));
        }
        if !detected.unused.is_empty() {
            let unused: Vec<String> = detected.unused.iter().map(|it| format!("{it:?}")).collect();
            sentences.push(format!("{path}: not read: {}", unused.join(", ")));
        }
        let notes = detected.notes.iter();
        sentences.extend(notes.map(|note| format!("{path}: note: {note}")));
    }
    sentences
}

/// The order of day and month, where all dates of all files show the same.
fn common_date_order(found: &[(&Path, Inspection)]) -> Option<String> {
    let detected = found.iter().filter_map(|(_, it)| it.detected.as_ref());
    let mut orders = detected.flat_map(|it| it.date_orders.values());
    let first = orders.next()?;
    let word = serde_json::to_value(first).ok()?;
    orders
        .all(|order| order == first)
        .then(|| word.as_str().map(str::to_owned))
        .flatten()
}

fn folder_of(path: &Path) -> Result<PathBuf, Failure> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let absolute = folder.canonicalize();
    absolute.map_err(|error| FileError::of(path, error).into())
}

/// The path without links in its folders; a link at its end may be what points
/// at tonight's file.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    let folder = folder_of(path)?;
    Ok(path
        .file_name()
        .map_or(folder.clone(), |name| folder.join(name)))
}

/// `path` as seen from `folder`; both are absolute and without links.
fn relative_to(folder: &Path, path: &Path) -> PathBuf {
    let shared = folder
        .components()
        .zip(path.components())
        .take_while(|(left, right)| left == right)
        .count();
    let up = folder
        .components()
        .skip(shared)
        .map(|_| Component::ParentDir);
    up.chain(path.components().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_files_folder() {
        let cases = [
            ("/srv/acme", "/srv/acme/hr.csv", "hr.csv"),
            ("/srv/acme", "/srv/acme/inbox/hr.csv", "inbox/hr.csv"),
            ("/srv/acme", "/srv/in/hr.csv", "../in/hr.csv"),
            ("/srv", "/var/hr.csv", "../var/hr.csv"),
        ];
        for (folder, path, expected) in cases {
            let found = relative_to(Path::new(folder), Path::new(path));
            assert_eq!(found, Path::new(expected), "{path}");
        }
    }
}
