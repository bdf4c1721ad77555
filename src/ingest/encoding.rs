//! Which characters a file's bytes are.

use encoding_rs::{MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::input_file::{Encoding, LineEnd};
use super::options::TextEncoding;

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";
const UTF16LE_MARK: &[u8] = b"\xFF\xFE";
const UTF16BE_MARK: &[u8] = b"\xFE\xFF";

/// The first bytes that are looked at to tell UTF-16 without a mark.
const SAMPLE: usize = 4096;

/// A file's characters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// How it was encoded.
    pub encoding: Encoding,
    /// What a person should know about it, if anything.
    pub note: Option<String>,
}

/// Why bytes are no text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undecodable {
    /// UTF-16 with half a character in it.
    TornUtf16,
    /// The bytes do not fit the encoding that the administrator fixed.
    NotAsFixed,
}

/// Decodes bytes as what they look like: by their mark, else as UTF-16 if
/// every second byte is NUL, else as UTF-8, else as one of the old encodings.
pub(super) fn detect(bytes: Vec<u8>) -> Result<Decoded, Undecodable> {
    if bytes.starts_with(UTF16LE_MARK) || nuls_in_second_bytes(&bytes, 1) {
        return utf16(&bytes, Encoding::Utf16Le);
    }
    if bytes.starts_with(UTF16BE_MARK) || nuls_in_second_bytes(&bytes, 0) {
        return utf16(&bytes, Encoding::Utf16Be);
    }
    Ok(utf8(bytes).unwrap_or_else(|bytes| eight_bit(&bytes)))
}

/// Decodes bytes as the administrator said; fails when they are surely
/// something else.
pub(super) fn decode_as(bytes: Vec<u8>, fixed: TextEncoding) -> Result<Decoded, Undecodable> {
    match fixed {
        TextEncoding::Utf8 => utf8(bytes).map_err(|_| Undecodable::NotAsFixed),
        TextEncoding::Utf16Le if has_nul_in_second_bytes(&bytes, 1) => {
            utf16(&bytes, Encoding::Utf16Le)
        }
        TextEncoding::Utf16Be if has_nul_in_second_bytes(&bytes, 0) => {
            utf16(&bytes, Encoding::Utf16Be)
        }
        TextEncoding::Windows1252 if may_be_eight_bit(&bytes) => {
            Ok(windows_1252(&bytes).without_note())
        }
        TextEncoding::Macintosh if may_be_eight_bit(&bytes) => Ok(macintosh(&bytes).without_note()),
        TextEncoding::Utf16Le
        | TextEncoding::Utf16Be
        | TextEncoding::Windows1252
        | TextEncoding::Macintosh => Err(Undecodable::NotAsFixed),
    }
}

impl Decoded {
    fn new(text: String, encoding: Encoding) -> Self {
        Self {
            text,
            encoding,
            note: None,
        }
    }

    /// What the administrator said needs no remark.
    fn without_note(self) -> Self {
        Self { note: None, ..self }
    }
}

/// Whether most characters of the sample have a NUL as byte `second` of their
/// two: table text is mostly ASCII, whatever the language.
fn nuls_in_second_bytes(bytes: &[u8], second: usize) -> bool {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let nuls = |at: usize| {
        let bytes = sample.iter().skip(at).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let (expected, others) = (nuls(second), nuls(1 - second));
    expected * 8 > sample.len() && others * 20 <= expected
}

/// Whether any character has a NUL as byte `second` of its two. Text of a
/// table has one: its line ends and delimiters.
fn has_nul_in_second_bytes(bytes: &[u8], second: usize) -> bool {
    bytes.iter().skip(second).step_by(2).any(|byte| *byte == 0)
}

fn utf16(bytes: &[u8], encoding: Encoding) -> Result<Decoded, Undecodable> {
    let (decoder, mark) = match encoding {
        Encoding::Utf16Be => (UTF_16BE, UTF16BE_MARK),
        _ => (UTF_16LE, UTF16LE_MARK),
    };
    let bytes = bytes.strip_prefix(mark).unwrap_or(bytes);
    decoder
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(|text| Decoded::new(text.into_owned(), encoding))
        .ok_or(Undecodable::TornUtf16)
}

/// UTF-8, also where a few of its bytes are damaged: exporters cut cells to a
/// length in bytes, in the middle of a character. Gives the bytes back when
/// they are something else.
fn utf8(mut bytes: Vec<u8>) -> Result<Decoded, Vec<u8>> {
    let marked = bytes.starts_with(UTF8_MARK);
    if marked {
        bytes.drain(..UTF8_MARK.len());
    }
    let encoding = if marked {
        Encoding::Utf8WithMark
    } else {
        Encoding::Utf8
    };
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok(Decoded::new(text, encoding)),
        Err(error) => error.into_bytes(),
    };
    let (mut whole, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if !marked && whole <= broken {
        return Err(bytes);
    }
    Ok(Decoded {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        encoding,
        note: Some(format!(
            "{broken} characters are damaged UTF-8 and shown as \"\u{fffd}\"; an id, e-mail or \
             username with one is not used"
        )),
    })
}

/// Text of the time before UTF-8. Both encodings fit any bytes; the one that
/// makes words of them rather than symbols is likelier.
fn eight_bit(bytes: &[u8]) -> Decoded {
    let (windows, mac) = (windows_1252(bytes), macintosh(bytes));
    let more_likely = words_in(&mac.text).cmp(&words_in(&windows.text));
    if more_likely.is_gt() || more_likely.is_eq() && LineEnd::of(&mac.text) == LineEnd::Cr {
        mac
    } else {
        windows
    }
}

fn windows_1252(bytes: &[u8]) -> Decoded {
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    Decoded {
        note: Some(guessed("windows-1252", "macintosh")),
        ..Decoded::new(text.into_owned(), Encoding::Windows1252)
    }
}

fn macintosh(bytes: &[u8]) -> Decoded {
    let (text, _) = MACINTOSH.decode_without_bom_handling(bytes);
    Decoded {
        note: Some(guessed("macintosh", "windows-1252")),
        ..Decoded::new(text.into_owned(), Encoding::Macintosh)
    }
}

fn guessed(chosen: &str, other: &str) -> String {
    format!(
        "the text is not UTF-8 and is read as {chosen}; if names look wrong, fix the encoding \
         in [formats], e.g. as \"{other}\""
    )
}

/// Whether bytes can be in an encoding of one byte a character: no mark, no
/// NUL, and not UTF-8 by more than chance.
fn may_be_eight_bit(bytes: &[u8]) -> bool {
    let marked = [UTF8_MARK, UTF16LE_MARK, UTF16BE_MARK]
        .iter()
        .any(|mark| bytes.starts_with(mark));
    let is_utf8 = !bytes.is_ascii() && str::from_utf8(bytes).is_ok();
    !marked && !is_utf8 && memchr::memchr(0, bytes).is_none()
}

/// How much the characters beyond ASCII look like parts of words.
fn words_in(text: &str) -> i64 {
    let mut likelihood = 0;
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if !character.is_ascii() {
            let after = characters.peek().copied().unwrap_or(' ');
            likelihood += likelihood_within(before, character, after);
        }
        before = character;
    }
    likelihood
}

fn likelihood_within(before: char, character: char, after: char) -> i64 {
    let touches_word = before.is_alphabetic() || after.is_alphabetic();
    let within_word = before.is_alphabetic() && after.is_alphabetic();
    match character {
        _ if character.is_control() => -1,
        // Letters to Unicode, but not in names.
        'ﬁ' | 'ﬂ' | 'ˆ' | '˜' | 'ı' | 'ƒ' | 'π' | 'Ω' | 'µ' | 'ª' | 'º' => {
            -i64::from(touches_word)
        }
        // O’Brien, Mary’s.
        '’' if within_word && (after.is_uppercase() || after == 's') => 1,
        _ if character.is_lowercase() && after.is_uppercase() => -1,
        _ if character.is_uppercase() && before.is_lowercase() => -1,
        _ if character.is_uppercase() && before.is_alphabetic() && after.is_lowercase() => -1,
        _ if character.is_alphabetic() => i64::from(touches_word),
        _ => -i64::from(within_word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::tests::mac_bytes;

    fn detected(bytes: &[u8]) -> (String, Encoding) {
        let decoded = detect(bytes.to_vec()).expect("text");
        (decoded.text, decoded.encoding)
    }

    fn utf16_bytes(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn a_mark_tells_the_encoding_and_is_no_part_of_the_text() {
        let text = "id\tname\r\n1\tZoë\r\n";
        for (encoding, mark, bytes) in [
            (Encoding::Utf8WithMark, UTF8_MARK, text.as_bytes().to_vec()),
            (
                Encoding::Utf16Le,
                UTF16LE_MARK,
                utf16_bytes(text, u16::to_le_bytes),
            ),
            (
                Encoding::Utf16Be,
                UTF16BE_MARK,
                utf16_bytes(text, u16::to_be_bytes),
            ),
        ] {
            let marked = [mark, &bytes].concat();
            assert_eq!(detected(&marked), (text.to_owned(), encoding));
        }
    }

    #[test]
    fn nuls_in_every_second_byte_tell_utf16() {
        for text in ["id,name\n1,Zoë\n", "номер;имя;статус\n1;Зоя;2026-01-31\n"] {
            let low_first = utf16_bytes(text, u16::to_le_bytes);
            assert_eq!(detected(&low_first), (text.to_owned(), Encoding::Utf16Le));
            let high_first = utf16_bytes(text, u16::to_be_bytes);
            assert_eq!(detected(&high_first), (text.to_owned(), Encoding::Utf16Be));
        }
    }

    #[test]
    fn half_a_character_of_utf16_is_no_text() {
        let mut odd = utf16_bytes("id,name\n", u16::to_le_bytes);
        odd.push(b'x');
        assert_eq!(detect(odd), Err(Undecodable::TornUtf16));
        let mut lone = utf16_bytes("id,name\n", u16::to_le_bytes);
        lone.extend(0xD83D_u16.to_le_bytes());
        lone.extend(u16::from(b'\n').to_le_bytes());
        assert_eq!(detect(lone), Err(Undecodable::TornUtf16));
    }

    #[test]
    fn text_of_windows_and_of_the_mac_is_told_apart_by_its_words() {
        for name in [
            "Müller",
            "José García",
            "Muñoz",
            "Éric",
            "O’Brien",
            "MÜLLER",
            "Straße",
            "Garcia–Lopez",
            "François",
            "Ångström",
        ] {
            let text = format!("id,name\n1,{name}\n");
            let (bytes, _, _) = WINDOWS_1252.encode(&text);
            assert_eq!(detected(&bytes), (text.clone(), Encoding::Windows1252));
        }
        for name in ["Müller", "José García", "Muñoz", "Élan", "MÜLLER", "Noël"] {
            let text = format!("id,name\n1,{name}\n");
            let bytes = mac_bytes(&text);
            assert_eq!(detected(&bytes), (text.clone(), Encoding::Macintosh));
        }
    }

    #[test]
    fn line_ends_of_the_mac_decide_where_words_do_not() {
        let (text, encoding) = detected(b"id,name\r1,J\x9Arg\r");
        assert_eq!(
            (text.as_str(), encoding),
            ("id,name\r1,Jörg\r", Encoding::Macintosh)
        );
        let (_, encoding) = detected(b"id,name\n1,J\x9Arg\n");
        assert_eq!(encoding, Encoding::Windows1252);
    }

    #[test]
    fn a_torn_character_does_not_make_utf8_something_else() {
        let decoded = detect(b"1,Zo\xC3\xAB M\xC3\xBCller\n2,Zo\xC3\n".to_vec()).expect("text");
        assert_eq!(decoded.text, "1,Zoë Müller\n2,Zo\u{fffd}\n");
        assert_eq!(decoded.encoding, Encoding::Utf8);
        assert!(decoded.note.expect("a note").starts_with("1 characters"));
    }

    #[test]
    fn a_fixed_encoding_wins_unless_it_cannot_be_right() {
        let latin = b"1,J\x9Arg\n";
        for (fixed, text) in [
            (TextEncoding::Macintosh, Some("1,Jörg\n")),
            (TextEncoding::Windows1252, Some("1,Jšrg\n")),
            (TextEncoding::Utf8, None),
            (TextEncoding::Utf16Le, None),
        ] {
            let decoded = decode_as(latin.to_vec(), fixed);
            let found = decoded.as_ref().ok().map(|decoded| decoded.text.as_str());
            assert_eq!(found, text, "{fixed:?}");
        }
        let utf16 = utf16_bytes("номер\n", u16::to_le_bytes);
        assert!(decode_as(utf16.clone(), TextEncoding::Utf16Le).is_ok());
        assert!(decode_as(utf16, TextEncoding::Windows1252).is_err());
        for not_it in [TextEncoding::Windows1252, TextEncoding::Macintosh] {
            assert!(decode_as("Müller".into(), not_it).is_err());
            assert!(decode_as(b"\xEF\xBB\xBFid\n".to_vec(), not_it).is_err());
        }
    }
}
