//! Whether an account can look like anybody who is looked for, told from cells
//! that were not copied. Nearly all accounts look like nobody, and taking one
//! apart to find that out costs more than reading it.

use super::lookalikes::{Hint, Look, Traits, letters_of};
use crate::model::{
    AccountCells, AccountRow, EmailAddress, KeyCell, PrintOf, Sieve, Username, each_plain_word,
    fingerprint,
};

/// Characters of a handle that are taken apart on the spot.
const SHORT_HANDLE: usize = 64;

/// What everybody who is looked for has. An account that looks like one of them
/// has one of these too; the other way around it need not be so.
#[derive(Debug, Default)]
pub(super) struct Resemblances(Sieve);

impl Resemblances {
    /// The fingerprints of all.
    pub(super) fn of(prints: &[u64]) -> Self {
        Self(Sieve::of(prints))
    }

    /// Adds what one person has.
    pub(super) fn add(traits: &Traits<'_>, looks: &[Look], prints: &mut Vec<u64>) {
        let handles = traits.addresses.iter().map(EmailAddress::mailbox);
        let handles = handles.chain(traits.usernames.iter().copied());
        prints.extend(handles.map(|handle| handle_print(letters_of(handle).as_bytes())));
        for Look(hint, text) in looks {
            match hint {
                Hint::EmployeeIdWithoutZeros => prints.push(id_print(text)),
                Hint::Name => prints.push(Words::written(text).number),
                Hint::Alias => {
                    let letters = text.split('|').next().unwrap_or_default();
                    prints.push(handle_print(letters.as_bytes()));
                }
                // These have the handle, or the name.
                Hint::TaggedAddress
                | Hint::OtherDomain
                | Hint::UsernameIsMailbox
                | Hint::NameAndDepartment => {}
            }
        }
    }

    /// Whether the account has anything of anybody.
    pub(super) fn may_be_in(&self, cells: &Traces<'_>) -> bool {
        if cells.employee_id.is_some_and(|id| self.0.may_have(id)) {
            return true;
        }
        let name = if cells.first_name.is_empty() && cells.last_name.is_empty() {
            Words::of(cells.full_name)
        } else {
            Words::of(cells.first_name).and(Words::of(cells.last_name))
        };
        if name.count > 1 && self.0.may_have(name.number) {
            return true;
        }
        let is_same = |email: &&str| {
            let username = cells.username.unwrap_or_default();
            email.eq_ignore_ascii_case(username)
        };
        let email = cells.email.filter(|email| !is_same(email));
        let mut names = [cells.username, email].into_iter().flatten();
        names.any(|name| self.may_be_handle(name))
    }

    fn may_be_handle(&self, name: &str) -> bool {
        let mailbox = name.split('@').next().unwrap_or_default();
        let handle = if mailbox.len() == name.len() {
            // Of a username that is no address nothing is a tag.
            mailbox
        } else {
            mailbox.split('+').next().unwrap_or_default()
        };
        // Whose handle is the same has the same letters, and so has an alias.
        !handle.is_ascii() || handle.len() > SHORT_HANDLE || self.0.may_have(letters_print(handle))
    }
}

/// What an account can look like somebody by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traces<'c> {
    /// The fingerprint of the employee id without leading zeros.
    employee_id: Option<u64>,
    username: Option<&'c str>,
    email: Option<&'c str>,
    first_name: &'c str,
    last_name: &'c str,
    full_name: &'c str,
}

impl<'c> Traces<'c> {
    /// Those of a row that was checked, and not copied.
    pub(super) fn of_cells(cells: &AccountCells<'c>) -> Self {
        let text = |key: KeyCell<'c>| key.text;
        Self {
            employee_id: cells.employee_id.map(|id| match id.text.as_bytes() {
                [b'0', ..] => id_print(id.text.trim_start_matches('0')),
                _ => id.fingerprint,
            }),
            username: cells.username.map(text),
            email: cells.email.map(text),
            first_name: cells.first_name,
            last_name: cells.last_name,
            full_name: cells.full_name,
        }
    }

    /// Those of a row.
    pub(super) fn of_row(row: &'c AccountRow) -> Self {
        Self {
            employee_id: row
                .employee_id
                .as_ref()
                .map(|id| id_print(id.without_zeros())),
            username: row.username.as_ref().map(Username::as_str),
            email: row.email.as_ref().map(EmailAddress::as_str),
            first_name: &row.name.first,
            last_name: &row.name.last,
            full_name: &row.name.full,
        }
    }
}

/// The words of a name, in any order.
#[derive(Debug, Clone, Copy, Default)]
struct Words {
    number: u64,
    count: usize,
}

impl Words {
    /// Words that are plain already, each after a space.
    fn written(plain: &str) -> Self {
        let words = plain.split(' ').map(str::as_bytes);
        words.fold(Self::default(), |words, word| Self {
            number: words.number.wrapping_add(fingerprint(PrintOf::Word, word)),
            count: words.count + 1,
        })
    }

    fn of(name: &str) -> Self {
        let mut words = Self::default();
        each_plain_word(name, |word| {
            words.number = words.number.wrapping_add(word);
            words.count += 1;
        });
        words
    }

    fn and(self, others: Self) -> Self {
        Self {
            number: self.number.wrapping_add(others.number),
            count: self.count + others.count,
        }
    }
}

fn id_print(without_zeros: &str) -> u64 {
    fingerprint(PrintOf::EmployeeId, without_zeros.as_bytes())
}

fn handle_print(letters: &[u8]) -> u64 {
    fingerprint(PrintOf::Handle, letters)
}

/// The fingerprint of [`letters_of`] an ASCII handle, of which no text is made.
fn letters_print(handle: &str) -> u64 {
    let mut letters = [0; SHORT_HANDLE];
    let (mut length, mut before) = (0, b' ');
    for byte in handle.bytes() {
        let byte = byte.to_ascii_lowercase();
        let is_second_half = byte == b'e' && matches!(before, b'a' | b'o' | b'u');
        before = byte;
        if !is_second_half && !matches!(byte, b'.' | b'_' | b'-') {
            letters[length] = byte;
            length += 1;
        }
    }
    handle_print(&letters[..length])
}
