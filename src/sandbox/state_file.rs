//! The files of a sandbox: its state, and its log.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::SandboxError;
use super::options::Seed;
use super::state::{FORMAT_VERSION, State};

/// The state of an earlier sandbox if there is one, with the seeded users
/// that it does not know.
pub(super) fn load(path: Option<&Path>, seed: &Seed) -> Result<State, SandboxError> {
    let found = match path {
        Some(path) => read(path, &seed.customer_id)?,
        None => None,
    };
    let mut state = found.unwrap_or_else(|| State::new(&seed.customer_id));
    state.restore();
    state.adopt(seed)?;
    Ok(state)
}

/// Replaces `path` with `content` as JSON, readable by the owner only. When
/// this returns, the content survives a crash of the machine.
pub(super) fn replace(path: &Path, content: &impl Serialize) -> Result<(), SandboxError> {
    let write = || {
        let temporary = temporary(path);
        let mut bytes = serde_json::to_vec(content)?;
        bytes.push(b'\n');
        let mut file = create_private(&temporary)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        sync_folder(path)
    };
    write().map_err(|source| SandboxError::Write {
        path: path.to_owned(),
        source,
    })
}

fn read(path: &Path, customer_id: &str) -> Result<Option<State>, SandboxError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(SandboxError::StateRead {
                path: path.to_owned(),
                source,
            });
        }
    };
    let damaged = |source| SandboxError::StateDamaged {
        path: path.to_owned(),
        source,
    };
    // The version comes first: another one may not look like ours otherwise.
    let version: Version = serde_json::from_slice(&bytes).map_err(damaged)?;
    if version.format_version != FORMAT_VERSION {
        return Err(SandboxError::StateVersion {
            path: path.to_owned(),
            found: version.format_version,
            expected: FORMAT_VERSION,
        });
    }
    let state: State = serde_json::from_slice(&bytes).map_err(damaged)?;
    if state.customer_id != customer_id {
        return Err(SandboxError::StateCustomer {
            path: path.to_owned(),
            found: state.customer_id,
            expected: customer_id.to_owned(),
        });
    }
    Ok(Some(state))
}

#[derive(serde::Deserialize)]
struct Version {
    format_version: u32,
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

fn create_private(path: &Path) -> io::Result<File> {
    // A file that a killed sandbox left behind may have another mode.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A rename is durable once the folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
