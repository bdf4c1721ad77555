//! Which tenants are below a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::super::failure::{Exit, Failure};

/// What makes a folder a tenant's.
const CONFIG: &str = "seatsweep.toml";
/// Beside a configuration this holds what its runs have written.
const OUTPUTS: &str = "out";

/// What was found, each in the order of its path.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The configuration files.
    pub(super) configs: BTreeSet<PathBuf>,
    /// Folders that could not be searched: nobody knows whose they are.
    pub(super) unreadable: BTreeMap<PathBuf, io::Error>,
    /// Links to folders with a configuration, which are not followed.
    pub(super) links: BTreeSet<PathBuf>,
}

/// Every `seatsweep.toml` below `folder`, itself included. Links to folders
/// are not followed, so that there are neither loops nor tenants found twice;
/// hidden folders hold copies (`.git`, `.snapshot`), not tenants.
pub(super) fn search(folder: &Path) -> Result<Found, Failure> {
    let mut found = Found::default();
    let first = list(folder).map_err(|error| refused(folder, &error))?;
    let mut folders = found.take(first);
    while let Some(folder) = folders.pop() {
        match list(&folder) {
            Ok(entries) => folders.extend(found.take(entries)),
            // It was there a moment ago: somebody is tidying up.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                found.unreadable.insert(folder, error);
            }
        }
    }
    Ok(found)
}

impl Found {
    /// Keeps what the entries of one folder are; returns where to search on.
    fn take(&mut self, entries: Vec<Entry>) -> Vec<PathBuf> {
        let is_tenant = entries.iter().any(Entry::is_config);
        let mut folders = Vec::new();
        for entry in entries {
            let name = entry.path.file_name().unwrap_or_default();
            let is_hidden = name.as_encoded_bytes().first() == Some(&b'.');
            match entry.kind {
                _ if entry.is_config() => {
                    self.configs.insert(entry.path);
                }
                Kind::Folder if is_hidden || (is_tenant && name == OUTPUTS) => {}
                Kind::Folder => folders.push(entry.path),
                Kind::Link if !is_hidden && entry.path.join(CONFIG).exists() => {
                    self.links.insert(entry.path);
                }
                Kind::Link | Kind::Other => {}
            }
        }
        folders
    }
}

struct Entry {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Folder,
    Link,
    Other,
}

impl Entry {
    /// A link to a configuration is one too: it says that there is a tenant,
    /// also where it leads nowhere.
    fn is_config(&self) -> bool {
        let is_file = matches!(self.kind, Kind::Link | Kind::Other);
        is_file && self.path.file_name().is_some_and(|name| name == CONFIG)
    }
}

fn list(folder: &Path) -> io::Result<Vec<Entry>> {
    let entries = fs::read_dir(folder)?.map(|entry| {
        let entry = entry?;
        let file_type = entry.file_type()?;
        let kind = if file_type.is_dir() {
            Kind::Folder
        } else if file_type.is_symlink() {
            Kind::Link
        } else {
            Kind::Other
        };
        Ok(Entry {
            path: entry.path(),
            kind,
        })
    });
    entries.collect()
}

fn refused(folder: &Path, error: &io::Error) -> Failure {
    let exit = match error.kind() {
        ErrorKind::PermissionDenied => Exit::NoPermission,
        _ => Exit::NoInput,
    };
    let sentence = format!(
        "{}: the folder of the tenants cannot be read: {error}; give --all the folder that their \
         folders are in",
        folder.display()
    );
    Failure::new(exit, sentence)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder_with(configs: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for config in configs {
            let path = folder.path().join(config);
            fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
            fs::File::create(path).expect("a file");
        }
        folder
    }

    fn below(folder: &Path, paths: &BTreeSet<PathBuf>) -> Vec<String> {
        let below = paths
            .iter()
            .map(|it| it.strip_prefix(folder).expect("below"));
        below.map(|it| it.display().to_string()).collect()
    }

    #[test]
    fn every_configuration_is_a_tenant_but_stored_and_hidden_ones() {
        let folder = folder_with(&[
            "seatsweep.toml",
            "b/seatsweep.toml",
            "b/inner/deep/seatsweep.toml",
            "b/out/runs/run-1/seatsweep.toml",
            "a/seatsweep.toml",
            "a/seatsweep.toml.bak",
            // Here `out` is the name of a customer.
            "group/out/seatsweep.toml",
            ".git/seatsweep.toml",
            "a/.snapshot/seatsweep.toml",
        ]);
        // A folder of that name is no configuration, and may hold one.
        fs::create_dir_all(folder.path().join("odd/seatsweep.toml")).expect("a folder");
        let found = search(folder.path()).expect("found");
        assert_eq!(
            below(folder.path(), &found.configs),
            [
                "a/seatsweep.toml",
                "b/inner/deep/seatsweep.toml",
                "b/seatsweep.toml",
                "group/out/seatsweep.toml",
                "seatsweep.toml",
            ]
        );
        assert!(found.links.is_empty() && found.unreadable.is_empty());
    }

    #[test]
    fn links_to_folders_are_told_and_links_to_files_are_files() {
        let folder = folder_with(&["real/seatsweep.toml", "empty/other.toml"]);
        let at = |name: &str| folder.path().join(name);
        symlink(at("real"), at("linked")).expect("a link");
        symlink(folder.path(), at("empty/loop")).expect("a link");
        symlink(at("nothing"), at("empty/seatsweep.toml")).expect("a link");
        let found = search(folder.path()).expect("found");
        assert_eq!(
            below(folder.path(), &found.configs),
            ["empty/seatsweep.toml", "real/seatsweep.toml"]
        );
        assert_eq!(below(folder.path(), &found.links), ["linked"]);
    }

    #[test]
    fn a_folder_that_is_none_is_no_input() {
        let folder = folder_with(&["file/seatsweep.toml"]);
        for name in ["none", "file/seatsweep.toml"] {
            let failure = search(&folder.path().join(name)).expect_err(name);
            assert_eq!(failure.exit, Exit::NoInput);
            assert!(failure.text().contains(name), "{}", failure.text());
        }
    }
}
