use std::fmt::Write;

use sha2::{Digest, Sha256};

/// SHA-256 of the content in lower-case hex.
pub fn sha256_hex(content: impl AsRef<[u8]>) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(content) {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Hex digits of [`short_digest`].
pub const SHORT_DIGEST_LENGTH: usize = 12;

/// The first twelve hex digits: enough to name things within one ledger.
pub fn short_digest(content: impl AsRef<[u8]>) -> String {
    let mut hex = sha256_hex(content);
    hex.truncate(SHORT_DIGEST_LENGTH);
    hex
}
