use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::{PrintOf, Text, fingerprint};

/// Words that stand in many names, or before and after them, and do not say
/// whose the name is.
const COMMON_WORDS: [&str; 33] = [
    "al", "bin", "bint", "da", "de", "del", "della", "den", "der", "di", "do", "dos", "dr", "du",
    "el", "ibn", "ii", "iii", "jr", "la", "le", "mr", "mrs", "ms", "phd", "prof", "san", "sr",
    "ten", "ter", "van", "von", "zu",
];

/// Letters that are letters of their own and not accented ones, with what
/// people write who do not have them.
const SPECIAL_LETTERS: [(char, &str); 8] = [
    ('ß', "ss"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('ø', "o"),
    ('ł', "l"),
    ('đ', "d"),
    ('þ', "th"),
    ('ı', "i"),
];

/// A person's name. It describes and warns; it never identifies.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PersonName {
    /// First or given name as written, or empty.
    pub first: Text,
    /// Last or family name as written, or empty.
    pub last: Text,
    /// The whole name when the file has it in one cell, or empty.
    pub full: Text,
}

impl PersonName {
    /// The name for people to read.
    pub fn display(&self) -> String {
        if self.first.is_empty() && self.last.is_empty() {
            return self.full.to_string();
        }
        format!("{} {}", self.first, self.last).trim().to_owned()
    }

    /// Whether anything of it can be compared.
    pub fn has_words(&self) -> bool {
        let parts = [&self.first, &self.last, &self.full];
        if !parts.iter().all(|part| part.is_ascii()) {
            return !self.words().is_empty();
        }
        let has_word = |part: &Text| part.bytes().any(|byte| byte.is_ascii_alphanumeric());
        if self.first.is_empty() && self.last.is_empty() {
            return has_word(&self.full);
        }
        has_word(&self.first) || has_word(&self.last)
    }

    /// The name's plain words, sorted, so that `Müller, Jana` and
    /// `Jana Mueller` are the same set.
    pub fn words(&self) -> Vec<String> {
        let mut words = plain_words(&self.display());
        words.sort_unstable();
        words
    }

    /// The plain words of the first and of the last name. Of a name in one cell
    /// the last name is what stands before a comma, else the last word.
    pub fn parts(&self) -> (Vec<String>, Vec<String>) {
        if !self.first.is_empty() || !self.last.is_empty() {
            return (plain_words(&self.first), plain_words(&self.last));
        }
        if let Some((last, first)) = self.full.split_once(',') {
            return (plain_words(first), plain_words(last));
        }
        let mut first = plain_words(&self.full);
        let last = first.pop().into_iter().collect();
        (first, last)
    }

    /// Whether both names are known, and first and last name both differ.
    ///
    /// One of the two is enough to be the same person, who may have married,
    /// or be called by a middle name; so are the two in the other order. A
    /// word at different places of two names (`James Thomas`, `Thomas Baker`)
    /// is not, and neither are initials or words such as `van`.
    pub fn is_somebody_else(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.parts(), other.parts());
        let all = |(first, last): &(Vec<String>, Vec<String>)| [&first[..], &last[..]].concat();
        let (all_mine, all_theirs) = (all(&mine), all(&theirs));
        if all_mine.is_empty() || all_theirs.is_empty() {
            return false;
        }
        // Nobody knows which of the two a single word is.
        if all_mine.len() == 1 || all_theirs.len() == 1 {
            return !share_a_word(&all_mine, &all_theirs);
        }
        let same_first = share_a_word(&mine.0, &theirs.0);
        let same_last = share_a_word(&mine.1, &theirs.1);
        let swapped = share_a_word(&mine.0, &theirs.1) && share_a_word(&mine.1, &theirs.0);
        !(same_first || same_last || swapped)
    }
}

/// Text as it is compared when only letters count: without accents and case,
/// and with `ü`, `ue` and `u` alike.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let letters = text
        .nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase);
    for letter in letters {
        let special = SPECIAL_LETTERS
            .iter()
            .find(|(special, _)| *special == letter);
        match special {
            Some((_, written)) => plain.push_str(written),
            None => plain.push(letter),
        }
    }
    for (two, one) in [("ae", "a"), ("oe", "o"), ("ue", "u")] {
        // Every account's name comes by here, and few have one of these.
        if plain.contains(two) {
            plain = plain.replace(two, one);
        }
    }
    plain
}

/// Shows the fingerprint of every plain word of the text. Most names are ASCII
/// and short, and for these no text is made.
pub fn each_plain_word(text: &str, mut each: impl FnMut(u64)) {
    let mut show = |word: &[u8]| each(fingerprint(PrintOf::Word, word));
    if !text.is_ascii() || text.len() > SHORT_NAME {
        for word in plain_words(text) {
            show(word.as_bytes());
        }
        return;
    }
    let mut letters = [0; SHORT_NAME];
    let (mut length, mut before) = (0, b' ');
    for byte in text.bytes().chain([b' ']) {
        let byte = byte.to_ascii_lowercase();
        let is_second_half = byte == b'e' && matches!(before, b'a' | b'o' | b'u');
        before = byte;
        if byte.is_ascii_alphanumeric() {
            if !is_second_half {
                letters[length] = byte;
                length += 1;
            }
        } else if length > 0 {
            show(&letters[..length]);
            length = 0;
        }
    }
}

/// Bytes of a name that is taken apart on the spot.
const SHORT_NAME: usize = 64;

fn plain_words(text: &str) -> Vec<String> {
    plain(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn share_a_word(left: &[String], right: &[String]) -> bool {
    let right = telling(right);
    telling(left).iter().any(|word| right.contains(word))
}

/// The words of a name that say whose it is, and all of it as one word, for
/// `Anna-Lena` is also `Annalena`.
fn telling(words: &[String]) -> Vec<String> {
    let is_initial = |word: &str| word.len() == 1;
    let mut telling: Vec<String> = words
        .iter()
        .filter(|word| !is_initial(word) && !COMMON_WORDS.contains(&word.as_str()))
        .cloned()
        .collect();
    // Somebody's last name is Le, and nothing else.
    if telling.is_empty() {
        telling = words
            .iter()
            .filter(|word| !is_initial(word))
            .cloned()
            .collect();
    }
    if words.len() > 1 {
        telling.push(words.concat());
    }
    telling
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_on_the_spot_are_the_plain_words(text in "([aeouAEOUxé7 ,.'-]{0,12}|[a-e ]{60,70})") {
            let mut prints = Vec::new();
            each_plain_word(&text, |number| prints.push(number));
            let words = plain_words(&text);
            let words = words.iter().map(|word| fingerprint(PrintOf::Word, word.as_bytes()));
            prop_assert_eq!(prints, words.collect::<Vec<_>>());
        }
    }

    /// `First|Last`, or a name in one cell.
    fn name(text: &str) -> PersonName {
        match text.split_once('|') {
            Some((first, last)) => PersonName {
                first: first.into(),
                last: last.into(),
                full: Text::new(),
            },
            None => PersonName {
                full: text.into(),
                ..PersonName::default()
            },
        }
    }

    #[test]
    fn words_are_compared_without_accents_case_order_and_punctuation() {
        for same in ["Müller, Jana", "Jana|Mueller", "JANA MULLER", "jana|müller"] {
            assert_eq!(name(same).words(), name("Jana Muller").words(), "{same}");
        }
        assert_eq!(name("Søren|Strauß").words(), name("Soeren Strauss").words());
    }

    // An e-mail alone may be believed for these: one of the names is the same.
    #[test]
    fn the_same_person_may_be_called_differently() {
        for (one, other) in [
            ("Jana|Müller", "Jana|Smith"),
            ("Jana|Müller", "Müller, Jana"),
            ("Müller|Jana", "Jana|Müller"),
            ("Doe Jane", "Jane Doe"),
            ("J.|Doe", "Jane|Doe"),
            ("Robert|Smith", "Bob|Smith"),
            ("Maria|García López", "María García"),
            ("Anna-Lena|Meyer", "Annalena|Schmidt"),
            ("Jane|Meyer-Schmidt", "J|Schmidt"),
            ("Siobhán|O'Brien", "S|OBrien"),
            ("Jürgen|Groß", "Juergen|Klein"),
            ("Minh|Le", "Anh|Le"),
            ("Jane Marie|Doe", "Marie|Roe"),
            ("Dr. Jane|Doe", "Jane|Poe"),
            ("Jane", "Jane|Doe"),
            ("", "Jane|Doe"),
            ("李|明", "明|李"),
        ] {
            assert!(!name(one).is_somebody_else(&name(other)), "{one} {other}");
            assert!(!name(other).is_somebody_else(&name(one)), "{other} {one}");
        }
    }

    #[test]
    fn first_and_last_name_both_differ() {
        for (one, other) in [
            ("Jana Müller", "Pat Smith"),
            ("James|Thomas", "Thomas|Baker"),
            ("Jan|van Dijk", "Piet|van den Berg"),
            ("J.|Doe", "J.|Smith"),
            ("J|D", "Jane|Doe"),
            ("Dr. Jane|Doe", "Dr. Pat|Poe"),
            ("Jane|Doe Jr.", "Pat|Poe Jr."),
            ("Jane", "Pat|Doe"),
        ] {
            assert!(name(one).is_somebody_else(&name(other)), "{one} {other}");
            assert!(name(other).is_somebody_else(&name(one)), "{other} {one}");
        }
    }
}
