//! Ids that look like the vendor's and follow from what they name, so that
//! the same seed is the same tenant.

use sha2::{Digest, Sha256};

const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// An id of 22 base64url characters, as users, licenses and extensions carry.
/// `kind` keeps the user and the extension of one person apart.
pub(super) fn opaque_id(kind: &str, name: &str, ordinal: usize) -> String {
    let bits = first_128_bits(&format!("{kind}\n{name}\n{ordinal}"));
    (0..22)
        .map(|position| {
            // The last character has only two bits left of the 128.
            let sextet = match 122_u32.checked_sub(6 * position) {
                Some(shift) => bits >> shift,
                None => bits << 4,
            };
            char::from(BASE64_URL[usize::try_from(sextet & 63).unwrap_or_default()])
        })
        .collect()
}

/// A UUID for the answer with this number.
pub(super) fn response_id(number: u64) -> String {
    let bits = first_128_bits(&format!("response\n{number}"));
    // Version 4, variant 1, as a generator of random UUIDs would set them.
    let bits = bits & !(0xf << 76) | (0x4 << 76);
    let bits = bits & !(0x3 << 62) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// Whether `text` is a UUID in its usual form.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(position, byte)| match position {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
}

/// 16 hexadecimal digits that stand for `text`.
pub(super) fn digest(text: &str) -> String {
    format!("{:016x}", first_128_bits(text) >> 64)
}

/// A number below `bound` that follows from `name`, 0 if `bound` is 0.
pub(super) fn number_below(bound: u64, kind: &str, name: &str) -> u64 {
    let bits = first_128_bits(&format!("{kind}\n{name}"));
    u64::try_from(bits >> 64)
        .unwrap_or_default()
        .checked_rem(bound)
        .unwrap_or_default()
}

fn first_128_bits(text: &str) -> u128 {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter()
        .take(16)
        .fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_22_base64url_characters_and_stable() {
        let id = opaque_id("user", "jane.doe@example.com", 0);
        assert_eq!(id.len(), 22);
        assert!(id.bytes().all(|byte| BASE64_URL.contains(&byte)));
        assert_eq!(id, opaque_id("user", "jane.doe@example.com", 0));
        assert_ne!(id, opaque_id("user", "jane.doe@example.com", 1));
        assert_ne!(id, opaque_id("extension", "jane.doe@example.com", 0));
    }

    #[test]
    fn response_ids_are_version_4_uuids() {
        let id = response_id(7);
        assert!(is_uuid(&id), "{id}");
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]), "{id}");
    }

    #[test]
    fn what_is_no_uuid() {
        assert!(!is_uuid(""));
        assert!(!is_uuid("0190163d-8694-739b-aea5-966c26f8ad9"));
        assert!(!is_uuid("0190163d_8694_739b_aea5_966c26f8ad91"));
        assert!(!is_uuid("0190163d-8694-739b-aea5-966c26f8ad9g"));
    }

    #[test]
    fn numbers_stay_below_their_bound() {
        assert_eq!(number_below(0, "operation", "1"), 0);
        assert!(number_below(9, "operation", "1") < 9);
    }
}
