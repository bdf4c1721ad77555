use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// What fingerprints are of: equal texts of different sorts differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintOf {
    /// A username or an e-mail address; many usernames are addresses.
    Name,
    /// An employee id.
    EmployeeId,
    /// The vendor's id of a user.
    UserId,
    /// What stands before the `@`, or a username that is no address.
    Handle,
    /// A word of a person's name.
    Word,
}

impl PrintOf {
    fn seed(self) -> u64 {
        match self {
            Self::Name => 0x243f_6a88_85a3_08d3,
            Self::EmployeeId => 0x1319_8a2e_0370_7344,
            Self::UserId => 0xa409_3822_299f_31d0,
            Self::Handle => 0x082e_fa98_ec4e_6c89,
            Self::Word => 0x4528_21e6_38d0_1377,
        }
    }
}

/// A number that stands for a text: two texts have the same one by chance only,
/// once in 2^64. A report has millions of accounts, and most have to be told
/// apart and not remembered.
#[inline]
pub fn fingerprint(of: PrintOf, text: &[u8]) -> u64 {
    print_words(of, text, |word| word)
}

/// The fingerprint of an ASCII text in lower case.
#[inline]
pub fn folded_fingerprint(of: PrintOf, text: &[u8]) -> u64 {
    print_words(of, text, ascii_lower_case)
}

fn print_words(of: PrintOf, text: &[u8], folded: impl Fn(u64) -> u64) -> u64 {
    let (words, rest) = text.as_chunks::<8>();
    let mut number = fold_in(of.seed(), text.len() as u64);
    for word in words {
        number = fold_in(number, folded(u64::from_le_bytes(*word)));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    fold_in(number, folded(u64::from_le_bytes(last)))
}

/// Multiplies to 128 bits and lays both halves over each other, so that every
/// bit of the word has a say in every bit of the result.
fn fold_in(number: u64, word: u64) -> u64 {
    const ODD: u128 = 0x9e37_79b9_7f4a_7c15;
    let [low, high] = halves(u128::from(number ^ word ^ 0x2d35_8dcc_aa6c_78a5) * ODD);
    low ^ high.rotate_left(32)
}

fn halves(wide: u128) -> [u64; 2] {
    let bytes = wide.to_le_bytes();
    let (words, _) = bytes.as_chunks::<8>();
    [u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1])]
}

/// Eight ASCII characters at once.
fn ascii_lower_case(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let low_bits = word & (0x7f * EACH);
    let from_a = low_bits + (0x80 - u64::from(b'A')) * EACH;
    let past_z = low_bits + (0x7f - u64::from(b'Z')) * EACH;
    let upper = (from_a ^ past_z) & !word & (0x80 * EACH);
    word | (upper >> 2)
}

/// A map that finds its texts by their fingerprints and then compares them. For
/// what a report says over and over: looking it up is most of the work.
pub type PrintMap<K, V> = HashMap<K, V, BuildHasherDefault<PrintHasher>>;

/// Makes a fingerprint of what it is shown.
#[derive(Debug, Clone, Default)]
pub struct PrintHasher(u64);

impl Hasher for PrintHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = fold_in(self.0, fingerprint(PrintOf::Word, bytes));
    }

    fn write_u8(&mut self, number: u8) {
        self.0 ^= u64::from(number);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A set of fingerprints that never overlooks one, and takes a few others for
/// its own: one in some hundred. Asking costs one look into memory, so that it
/// is worth asking before an account is taken apart.
#[derive(Debug, Clone, Default)]
pub struct Sieve(Vec<u64>);

impl Sieve {
    /// A sieve of these.
    pub fn of(prints: &[u64]) -> Self {
        if prints.is_empty() {
            return Self::default();
        }
        // At least sixteen bits for each.
        let mut sieve = Self(vec![0; (prints.len() / 4 + 1).next_power_of_two()]);
        for number in prints {
            let at = sieve.place(*number);
            sieve.0[at] |= marks(*number);
        }
        sieve
    }

    /// Whether it may have this one; `false` is certain.
    #[inline]
    pub fn may_have(&self, number: u64) -> bool {
        let word = self.0.get(self.place(number)).copied().unwrap_or_default();
        let marks = marks(number);
        word & marks == marks
    }

    fn place(&self, number: u64) -> usize {
        let mask = self.0.len().wrapping_sub(1);
        usize::try_from(number >> 20).unwrap_or_default() & mask
    }
}

/// Three of a word's bits.
fn marks(number: u64) -> u64 {
    1 << (number & 63) | 1 << (number >> 6 & 63) | 1 << (number >> 12 & 63)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn case_is_folded_for_letters_alone() {
        let all: Vec<u8> = (0..128).collect();
        assert_eq!(
            folded_fingerprint(PrintOf::Name, &all),
            fingerprint(PrintOf::Name, &all.to_ascii_lowercase())
        );
    }

    #[test]
    fn texts_that_differ_a_little_have_other_fingerprints() {
        let mut seen = BTreeSet::new();
        for number in 0..100_000 {
            for of in [PrintOf::Name, PrintOf::UserId] {
                assert!(seen.insert(fingerprint(of, format!("E{number:06}").as_bytes())));
            }
        }
        assert_ne!(
            fingerprint(PrintOf::Name, b"a\0"),
            fingerprint(PrintOf::Name, b"a")
        );
    }

    #[test]
    fn few_strangers_pass_a_sieve() {
        let one = |number: u32| fingerprint(PrintOf::Name, &number.to_le_bytes());
        let sieve = Sieve::of(&(0..10_000).map(one).collect::<Vec<_>>());
        let strangers = (10_000..110_000).filter(|number| sieve.may_have(one(*number)));
        assert!(strangers.count() < 2_000);
        assert!(!Sieve::default().may_have(one(1)));
    }

    proptest! {
        #[test]
        fn a_sieve_overlooks_nothing(prints in prop::collection::vec(any::<u64>(), 1..200)) {
            let sieve = Sieve::of(&prints);
            prop_assert!(prints.iter().all(|number| sieve.may_have(*number)));
        }
    }
}
