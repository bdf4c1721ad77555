//! Writing to disk so that a crash, a full disk or a second run leaves either
//! the old file or the new one, readable by its owner only.

mod cell;
mod incoming;
mod run_lock;

use std::fs::{self, DirBuilder, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

pub use cell::spreadsheet_safe;
pub use incoming::{Incoming, keep_newest};
pub use run_lock::{LockError, RunLock};

/// Replaces the file at `path` by `bytes`, with mode 0600. Readers see the old
/// content or the new one, never a part, and after `Ok` it survives a power
/// cut. Every error names `path`.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace_in(folder_of(path), path, bytes).map_err(|error| FileError::of(path, error))
}

/// The same for content that is written piece by piece.
pub fn replace_by(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), FileError> {
    let folder = folder_of(path);
    write_temporary_by(folder, write)
        .and_then(|(temporary, ())| put_in_place(temporary.into_temp_path(), folder, path))
        .map_err(|error| FileError::of(path, error))
}

/// The same in the folder `folder` for content that says only when it is
/// written what its file is called. Returns its path, and what else came of it.
pub fn replace_named_by<T>(
    folder: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<(String, T)>,
) -> Result<(PathBuf, T), FileError> {
    let (temporary, (name, written)) =
        write_temporary_by(folder, write).map_err(|error| FileError::of(folder, error))?;
    let path = folder.join(name);
    put_in_place(temporary.into_temp_path(), folder, &path)
        .map_err(|error| FileError::of(&path, error))?;
    Ok((path, written))
}

/// Replaces the file at `path` by a copy of `original`.
pub fn replace_by_copy(path: &Path, original: &Path) -> Result<(), FileError> {
    replace_by(path, |copy| {
        io::copy(&mut File::open(original)?, copy).map(|_| ())
    })
}

/// Replaces the file at `path` by `original`, which stays where it is too: as the
/// same file under two names, or as a copy where the disk has no such thing.
/// For files that nobody edits.
pub fn replace_by_link(path: &Path, original: &Path) -> Result<(), FileError> {
    let folder = folder_of(path);
    let linked = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .make_in(folder, |name| fs::hard_link(original, name));
    match linked {
        Ok(linked) => put_in_place(linked.into_temp_path(), folder, path)
            .map_err(|error| FileError::of(path, error)),
        Err(_) => replace_by_copy(path, original),
    }
}

/// Writes a new file at `path`, with mode 0600; one that is there already is
/// left as it is.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let folder = folder_of(path);
    write_temporary(folder, bytes)
        .and_then(|temporary| {
            let persisted = temporary.persist_noclobber(path);
            persisted.map_err(|failed| failed.error)
        })
        .and_then(|_| File::open(folder)?.sync_all())
        .map_err(|error| FileError::of(path, error))
}

/// Creates the folder `path` and its missing parents with mode 0700. A folder
/// that is there already keeps its mode: it is its owner's decision.
pub fn create_owner_only_dir(path: &Path) -> Result<(), FileError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| FileError::of(path, error))
}

/// Writes a probe file into the folder `path` and removes it, so that a folder
/// that cannot be written is found before the work starts and not after it.
pub fn check_writable(path: &Path) -> Result<(), FileError> {
    probe(path).map_err(|error| FileError::of(path, error))
}

/// A file without a name, gone with its last handle: what a process says is
/// kept there until it has ended. It takes its room in the folder `path`.
pub fn nameless(path: &Path) -> Result<File, FileError> {
    tempfile::tempfile_in(path).map_err(|error| FileError::of(path, error))
}

/// Whether anybody but the owner may read or write the file at `path`; `false`
/// when it cannot be looked at, because then reading it fails with the reason.
pub fn readable_by_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// Why a file or folder could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It, or the folder that it should stand in, is not there.
    #[error("{path}: no such file or folder; create the folder first", path = .0.display())]
    NotFound(PathBuf),
    /// Something on the way to it is a file.
    #[error("{path}: a part of this path is a file, not a folder; choose another place", path = .0.display())]
    NotAFolder(PathBuf),
    /// A new file was to be made, and there is one already.
    #[error("{path}: there is such a file already, and it was left as it is; move it away, or choose another name", path = .0.display())]
    Exists(PathBuf),
    /// The file or its folder may not be written.
    #[error("{path}: no permission to write; change its owner or mode, or choose another place", path = .0.display())]
    PermissionDenied(PathBuf),
    /// The disk or the quota is used up.
    #[error("{path}: the disk is full; free some space and start again", path = .0.display())]
    Full(PathBuf),
    /// Anything else.
    #[error("{path}: could not be written", path = .path.display())]
    Other {
        /// What was to be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl FileError {
    /// Sorts what the system said about `path`.
    pub fn of(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::NotFound => Self::NotFound(path),
            ErrorKind::NotADirectory => Self::NotAFolder(path),
            ErrorKind::AlreadyExists => Self::Exists(path),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Self::PermissionDenied(path)
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full(path),
            _ => Self::Other {
                path,
                source: error,
            },
        }
    }

    /// The file or folder that it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::NotFound(path)
            | Self::NotAFolder(path)
            | Self::Exists(path)
            | Self::PermissionDenied(path)
            | Self::Full(path)
            | Self::Other { path, .. } => path,
        }
    }
}

fn replace_in(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    put_in_place(
        write_temporary(folder, bytes)?.into_temp_path(),
        folder,
        path,
    )
}

fn put_in_place(temporary: TempPath, folder: &Path, path: &Path) -> io::Result<()> {
    if is_same_file(&temporary, path) {
        // A rename would leave both names.
        return temporary.close();
    }
    temporary.persist(path).map_err(|failed| failed.error)?;
    // The new name is durable only once its folder is.
    File::open(folder)?.sync_all()
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let identity = |path| fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    let one = identity(one);
    one.is_some() && one == identity(other)
}

/// What the names of files begin with that are not in place yet.
const TEMPORARY: &str = ".seatsweep-";

fn write_temporary(folder: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let (temporary, ()) = write_temporary_by(folder, |file| file.write_all(bytes))?;
    Ok(temporary)
}

fn write_temporary_by<T>(
    folder: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<T>,
) -> io::Result<(NamedTempFile, T)> {
    // tempfile creates with mode 0600, and removes the file if anything fails.
    let temporary = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempfile_in(folder)?;
    let mut writer = BufWriter::with_capacity(WRITTEN_AT_ONCE, temporary.as_file());
    let written = write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    temporary.as_file().sync_all()?;
    Ok((temporary, written))
}

/// Bytes that are collected before the system is asked to write them.
const WRITTEN_AT_ONCE: usize = 1 << 16;

fn probe(folder: &Path) -> io::Result<()> {
    let mut probe = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempfile_in(folder)?;
    // A full disk still lets an empty file be created.
    probe.write_all(b"probe")?;
    probe.close()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Seek;

    use super::*;

    fn mode(path: &Path) -> u32 {
        let metadata = fs::metadata(path).expect("metadata");
        metadata.permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    }

    #[test]
    fn a_file_is_replaced_whole_and_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("results.csv");
        replace(&path, b"old, and longer").expect("written");
        set_mode(&path, 0o644);
        replace(&path, b"new").expect("written again");
        assert_eq!(fs::read(&path).expect("read"), b"new");
        assert_eq!(mode(&path), 0o600);
        let files = fs::read_dir(folder.path()).expect("a listing").count();
        assert_eq!(files, 1, "no temporary file is left");
    }

    #[test]
    fn a_new_file_never_takes_an_old_ones_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("seatsweep.toml");
        create(&path, b"first").expect("written");
        assert_eq!(mode(&path), 0o600);
        let error = create(&path, b"second").expect_err("an error");
        assert!(matches!(error, FileError::Exists(_)), "{error:?}");
        assert_eq!(fs::read(&path).expect("read"), b"first");
        let files = fs::read_dir(folder.path()).expect("a listing").count();
        assert_eq!(files, 1, "no temporary file is left");
    }

    #[test]
    fn a_link_takes_the_place_of_an_old_file_and_outlives_the_original() {
        let folder = tempfile::tempdir().expect("a folder");
        let [kept, newest] = ["kept.json", "newest.json"].map(|name| folder.path().join(name));
        replace(&newest, b"old").expect("written");
        for content in ["first", "second"] {
            replace_by(&kept, |file| file.write_all(content.as_bytes())).expect("written");
            for _ in 0..2 {
                replace_by_link(&newest, &kept).expect("linked");
                assert_eq!(fs::read(&newest).expect("read"), content.as_bytes());
            }
            assert_eq!(mode(&newest), 0o600);
        }
        let files = fs::read_dir(folder.path()).expect("a listing").count();
        assert_eq!(files, 2, "no temporary file is left");
        replace(&kept, b"third").expect("written");
        assert_eq!(fs::read(&newest).expect("read"), b"second");
        let error = replace_by_link(&newest, Path::new("none")).expect_err("no original");
        assert!(matches!(error, FileError::NotFound(_)), "{error:?}");
        assert_eq!(fs::read(&newest).expect("read"), b"second");
    }

    #[test]
    fn content_names_its_file_only_when_it_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let whole = replace_named_by(folder.path(), |file| {
            file.write_all(b"-- content")?;
            file.rewind()?;
            file.write_all(b"id")?;
            Ok(("id.json".to_owned(), 7))
        });
        let (path, written) = whole.expect("written");
        assert_eq!(
            (path.as_path(), written),
            (&*folder.path().join("id.json"), 7)
        );
        assert_eq!(fs::read(&path).expect("read"), b"id content");
        assert_eq!(mode(&path), 0o600);
        let failed: Result<(PathBuf, ()), FileError> = replace_named_by(folder.path(), |file| {
            file.write_all(b"new")?;
            Err(io::Error::from(ErrorKind::StorageFull))
        });
        let error = failed.expect_err("an error");
        assert!(matches!(error, FileError::Full(_)), "{error:?}");
        assert_eq!(error.path(), folder.path());
        let files = fs::read_dir(folder.path()).expect("a listing").count();
        assert_eq!(files, 1, "no temporary file is left");
    }

    #[test]
    fn a_copy_is_a_file_of_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let [kept, newest] = ["kept.csv", "newest.csv"].map(|name| folder.path().join(name));
        replace(&kept, b"kept").expect("written");
        replace(&newest, b"old").expect("written");
        replace_by_copy(&newest, &kept).expect("copied");
        assert_eq!(fs::read(&newest).expect("read"), b"kept");
        assert_eq!(mode(&newest), 0o600);
        assert!(!is_same_file(&newest, &kept));
        let error = replace_by_copy(&newest, Path::new("none")).expect_err("no original");
        assert!(matches!(error, FileError::NotFound(_)), "{error:?}");
        assert_eq!(fs::read(&newest).expect("read"), b"kept");
    }

    #[test]
    fn content_that_cannot_be_made_leaves_the_old_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("plan.json");
        replace(&path, b"old").expect("written");
        let failed = replace_by(&path, |file| {
            file.write_all(b"new")?;
            Err(io::Error::from(ErrorKind::StorageFull))
        });
        assert!(matches!(failed, Err(FileError::Full(_))), "{failed:?}");
        assert_eq!(fs::read(&path).expect("read"), b"old");
        let files = fs::read_dir(folder.path()).expect("a listing").count();
        assert_eq!(files, 1, "no temporary file is left");
    }

    #[test]
    fn a_failed_replacement_leaves_the_old_file_and_names_the_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = folder.path().join("none/results.csv");
        let error = replace(&missing, b"x").expect_err("no folder");
        assert!(matches!(error, FileError::NotFound(_)), "{error:?}");
        assert_eq!(error.path(), missing);
        assert!(error.to_string().contains("none/results.csv"), "{error}");

        // A folder cannot be replaced by a file.
        let taken = folder.path().join("taken");
        create_owner_only_dir(&taken.join("inside")).expect("folders");
        assert!(replace(&taken, b"x").is_err());
        let files = fs::read_dir(folder.path()).expect("a listing").count();
        assert_eq!(files, 1, "no temporary file is left");
    }

    #[test]
    fn folders_are_created_owner_only_with_their_parents() {
        let folder = tempfile::tempdir().expect("a folder");
        let deep = folder.path().join("out/runs");
        create_owner_only_dir(&deep).expect("created");
        create_owner_only_dir(&deep).expect("already there");
        assert_eq!(mode(&deep), 0o700);
        assert_eq!(mode(&folder.path().join("out")), 0o700);
    }

    #[test]
    fn the_probe_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        check_writable(folder.path()).expect("writable");
        let files = fs::read_dir(folder.path()).expect("a listing").count();
        assert_eq!(files, 0);
        let error = check_writable(&folder.path().join("none")).expect_err("missing");
        assert!(matches!(error, FileError::NotFound(_)), "{error:?}");
    }

    #[test]
    fn errors_are_told_apart_by_kind() {
        let path = Path::new("out/results.csv");
        let of = |kind: ErrorKind| FileError::of(path, io::Error::from(kind)).to_string();
        assert!(of(ErrorKind::PermissionDenied).contains("no permission"));
        assert!(of(ErrorKind::ReadOnlyFilesystem).contains("no permission"));
        assert!(of(ErrorKind::NotADirectory).contains("choose another place"));
        assert!(of(ErrorKind::StorageFull).contains("disk is full"));
        assert!(of(ErrorKind::QuotaExceeded).contains("disk is full"));
        assert_eq!(
            of(ErrorKind::Other),
            "out/results.csv: could not be written"
        );
    }

    #[test]
    fn a_key_file_that_others_can_read_is_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        replace(&path, b"key").expect("written");
        assert!(!readable_by_others(&path));
        set_mode(&path, 0o640);
        assert!(readable_by_others(&path));
        assert!(!readable_by_others(&folder.path().join("none")));
    }
}
