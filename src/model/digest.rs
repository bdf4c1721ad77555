use sha2::{Digest, Sha256};

/// SHA-256 of the content in lower-case hex.
pub fn sha256_hex(content: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(content))
}

/// Hex digits of [`short_digest`].
pub const SHORT_DIGEST_LENGTH: usize = 12;

/// The first twelve hex digits: enough to name things within one ledger.
pub fn short_digest(content: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(content)[..SHORT_DIGEST_LENGTH / 2])
}

/// Two digits a byte. A large plan names some ten thousand things, and `{:02x}`
/// takes as long for each as its digest.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digit = |value: u8| DIGITS[usize::from(value)];
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The digest of "abc" that the standard gives.
    #[test]
    fn digests_are_written_as_everybody_writes_them() {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex("abc"), digest);
        assert_eq!(short_digest("abc"), digest[..SHORT_DIGEST_LENGTH]);
    }
}
