use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::NamedTempFile;

use super::{FileError, TEMPORARY, create_owner_only_dir};

/// A file of its owner that is written piece by piece and gets its name at the
/// end; until then, or if it never comes, there is no such file.
#[derive(Debug)]
pub struct Incoming {
    folder: PathBuf,
    temporary: NamedTempFile,
}

impl Incoming {
    /// Begins a file in `folder`, which is made if it is not there.
    pub fn begin(folder: &Path) -> Result<Self, FileError> {
        create_owner_only_dir(folder)?;
        // tempfile creates with mode 0600.
        let temporary = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempfile_in(folder)
            .map_err(|error| FileError::of(folder, error))?;
        Ok(Self {
            folder: folder.to_owned(),
            temporary,
        })
    }

    /// Adds to it.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let written = self.temporary.write_all(bytes);
        written.map_err(|error| FileError::of(&self.folder, error))
    }

    /// Gives it its name, and the time `made` if that is known. After `Ok` it
    /// survives a power cut.
    pub fn keep_as(self, name: &str, made: Option<SystemTime>) -> Result<PathBuf, FileError> {
        let path = self.folder.join(name);
        let kept = || -> io::Result<()> {
            if let Some(made) = made {
                self.temporary.as_file().set_modified(made)?;
            }
            self.temporary.as_file().sync_all()?;
            self.temporary
                .persist(&path)
                .map_err(|failed| failed.error)?;
            File::open(&self.folder)?.sync_all()
        };
        kept().map_err(|error| FileError::of(&path, error))?;
        Ok(path)
    }
}

/// Removes all files of `folder` but the `most` that were put there last,
/// whatever time they say that they are from. What a killed run left
/// unfinished goes with them.
pub fn keep_newest(folder: &Path, most: usize) -> Result<(), FileError> {
    let in_folder = |error| FileError::of(folder, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(in_folder)? {
        let entry = entry.map_err(in_folder)?;
        // Another run may have removed it since it was listed.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_file() {
            files.push((metadata.ctime(), metadata.ctime_nsec(), entry.path()));
        }
    }
    files.sort();
    let surplus = files.len().saturating_sub(most);
    for (_, _, path) in files.drain(..surplus) {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(FileError::of(&path, error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a listing");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = names.map(|it| it.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_once_it_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("kept");
        let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let mut file = Incoming::begin(&folder).expect("a file");
        file.write(b"whole ").expect("room");
        file.write(b"file").expect("room");
        assert!(!folder.join("name").exists());
        let path = file.keep_as("name", Some(made)).expect("a name");
        assert_eq!(fs::read(&path).expect("a file"), b"whole file");
        let metadata = fs::metadata(&path).expect("metadata");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert_eq!(metadata.modified().expect("a time"), made);

        let mut given_up = Incoming::begin(&folder).expect("a file");
        given_up.write(b"half").expect("room");
        drop(given_up);
        assert_eq!(names(&folder), ["name"]);
    }

    #[test]
    fn only_what_came_last_is_kept_however_old_it_says_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let old = Some(SystemTime::UNIX_EPOCH);
        for (name, made) in [("first", None), ("second", None), ("third", old)] {
            let file = Incoming::begin(folder.path()).expect("a file");
            file.keep_as(name, made).expect("a name");
            // The system counts the times of changes in ticks of its own.
            std::thread::sleep(Duration::from_millis(20));
        }
        keep_newest(folder.path(), 2).expect("removed");
        assert_eq!(names(folder.path()), ["second", "third"]);
        keep_newest(folder.path(), 2).expect("nothing to remove");
        assert_eq!(names(folder.path()), ["second", "third"]);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        File::create(&file).expect("a file");
        let error = Incoming::begin(&file.join("kept")).expect_err("a file in the way");
        assert!(error.path().starts_with(&file), "{error}");
    }
}
