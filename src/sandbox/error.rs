//! Why a sandbox does not start.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a sandbox could not be started, or could not keep its files.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address to listen on can be reached from other machines.
    #[error(
        "the sandbox does not listen on {address}: choose a loopback address such as 127.0.0.1:0"
    )]
    NotLoopback {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The address is taken or may not be used.
    #[error("the sandbox cannot listen on {address}: choose another port, or 0 for a free one")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A time scale of zero would stop the tenant's clock.
    #[error("the sandbox's time scale is 0: use 1 for real time, more for faster")]
    TimeScale,
    /// Two seeded users share a username, which is unique across 8x8.
    #[error("the seed holds the username {username} twice: usernames are unique, keep one of them")]
    DuplicateUsername {
        /// The username that occurs twice, letter case aside.
        username: String,
    },
    /// Two users share a user id.
    #[error("the seed gives the user id {user_id} to two users: keep it for one of them")]
    DuplicateUserId {
        /// The id that occurs twice.
        user_id: String,
    },
    /// The state file could not be read.
    #[error("the sandbox's state file {} cannot be read: check its permissions", path.display())]
    StateRead {
        /// The state file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The state file is not what this version writes.
    #[error("the sandbox's state file {} is damaged: remove it to start from the seed", path.display())]
    StateDamaged {
        /// The state file.
        path: PathBuf,
        /// Where and why reading stopped.
        source: serde_json::Error,
    },
    /// The state file was written by another version.
    #[error(
        "the sandbox's state file {} has format {found}, this version reads {expected}: remove it to start from the seed",
        path.display()
    )]
    StateVersion {
        /// The state file.
        path: PathBuf,
        /// The format in the file.
        found: u32,
        /// The format this version reads.
        expected: u32,
    },
    /// The state file belongs to another customer.
    #[error(
        "the sandbox's state file {} belongs to customer {found}, not {expected}: name another file",
        path.display()
    )]
    StateCustomer {
        /// The state file.
        path: PathBuf,
        /// The customer in the file.
        found: String,
        /// The customer of the seed.
        expected: String,
    },
    /// A file could not be replaced.
    #[error("the sandbox cannot write {}: check the folder's permissions and free space", path.display())]
    Write {
        /// The file that was to be replaced.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// An error with its causes, for where only text is kept.
pub(super) fn described(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
