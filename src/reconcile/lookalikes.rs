use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;

use super::Person;
use super::keys::Key;
use super::resemblances::{Resemblances, Traces};
use crate::model::{AccountKey, AccountRow, EmailAddress, EmployeeId, PersonName, Username, plain};

/// Suggestions kept for one person while the report is read. Some of them turn
/// out to be accounts of people who are known, so it is more than is shown.
const MOST_KEPT: usize = 16;

/// An account that looks like a person's, and why. It is shown, never acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The account.
    pub key: AccountKey,
    /// For people: username or id.
    pub account: String,
    /// Why it was suggested.
    pub hint: Hint,
}

/// What two records have in common that are not linked by a key. The order is
/// the order in which suggestions are shown, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hint {
    /// The employee id but for leading zeros, which a spreadsheet strips.
    EmployeeIdWithoutZeros,
    /// The e-mail address but for a plus-tag.
    TaggedAddress,
    /// The mailbox, at another domain.
    OtherDomain,
    /// One's username is the other's mailbox.
    UsernameIsMailbox,
    /// Name and department.
    NameAndDepartment,
    /// A mailbox or username that companies make of the name, and the last name.
    Alias,
    /// The name.
    Name,
}

impl Hint {
    /// The reason as people read it.
    pub fn why(self) -> &'static str {
        match self {
            Self::EmployeeIdWithoutZeros => "the employee id is the same, leading zeros aside",
            Self::TaggedAddress => "the e-mail address is the same, plus-tag aside",
            Self::OtherDomain => "the e-mail address has the same mailbox at another domain",
            Self::UsernameIsMailbox => "the username of one is the mailbox of the other",
            Self::NameAndDepartment => "the name and the department are the same",
            Self::Alias => "the last name is the same and the alias fits the first name",
            Self::Name => "the name is the same",
        }
    }
}

/// Two records with an equal look are alike. Exact values only, so that looking
/// costs about the same for every account, however many people are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Look(pub Hint, pub String);

impl Look {
    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

/// Whom the accounts are compared with.
#[derive(Debug, Default)]
pub(super) struct Lookalikes {
    /// The company's domains; empty if nobody said which these are.
    domains: BTreeSet<String>,
    /// Digests of looks, sorted, each with the position of a person who has it.
    /// A person has a dozen looks, so their texts would be most of what a run
    /// with a hundred thousand leavers remembers.
    persons: Vec<(u64, usize)>,
    /// What an account has to have of somebody to look like them.
    resemblances: Resemblances,
}

/// Accounts that look like a person's, by the person's position.
pub(super) type Suggestions = BTreeMap<usize, Vec<Suggestion>>;

impl Lookalikes {
    /// Looks out for accounts like those of these persons.
    pub(super) fn of<'p>(
        persons: impl ParallelIterator<Item = (usize, &'p Person)>,
        domains: &BTreeSet<String>,
    ) -> Self {
        let mut lookalikes = Self {
            domains: domains.clone(),
            ..Self::default()
        };
        let of_one = |(mut digests, mut prints): (Vec<_>, Vec<_>), (position, person)| {
            let traits = Traits::of_person(person);
            let looks = lookalikes.of_person(&traits);
            Resemblances::add(&traits, &looks, &mut prints);
            digests.extend(looks.iter().map(|look| (look.digest(), position)));
            (digests, prints)
        };
        let together = |mut one: (Vec<_>, Vec<_>), other: (Vec<_>, Vec<_>)| {
            one.0.extend(other.0);
            one.1.extend(other.1);
            one
        };
        // In whatever order they come: they are sorted, and a sieve has none.
        let (mut digests, prints) = persons
            .fold(Default::default, of_one)
            .reduce(Default::default, together);
        digests.par_sort_unstable();
        digests.dedup();
        lookalikes.persons = digests;
        lookalikes.resemblances = Resemblances::of(&prints);
        lookalikes
    }

    fn of_person(&self, traits: &Traits<'_>) -> Vec<Look> {
        let mut looks = self.of_both(traits);
        looks.extend(traits.usernames.iter().map(|name| username(name)));
        looks.extend(self.mailboxes(traits).map(mailbox));
        looks.extend(traits.aliases());
        looks
    }

    /// The positions of everybody with this look.
    fn with(&self, look: &Look) -> impl Iterator<Item = usize> {
        let digest = look.digest();
        let first = self.persons.partition_point(|(known, _)| *known < digest);
        let same = self.persons[first..].iter();
        same.take_while(move |(known, _)| *known == digest)
            .map(|(_, position)| *position)
    }

    /// Whether the account may look like somebody; `false` is certain.
    pub(super) fn may_suggest(&self, account: &Traces<'_>) -> bool {
        !self.persons.is_empty() && self.resemblances.may_be_in(account)
    }

    /// Adds the account to the suggestions of everybody whom it looks like; for
    /// accounts that may look like somebody.
    pub(super) fn suggest(&self, key: &AccountKey, row: &AccountRow, all: &mut Suggestions) {
        let traits = Traits::of_account(row);
        let mut looks = self.of_both(&traits);
        let last_names = traits.name.parts().1;
        // The other way around: what is a mailbox here is a username there.
        for name in self.mailboxes(&traits) {
            looks.push(username(name));
            looks.extend(last_names.iter().map(|last| alias(name, last)));
        }
        for name in &traits.usernames {
            looks.push(mailbox(name));
            looks.extend(last_names.iter().map(|last| alias(name, last)));
        }
        for look in looks {
            for position in self.with(&look) {
                let suggestions = all.entry(position).or_default();
                suggestions.push(Suggestion {
                    key: key.clone(),
                    account: row
                        .username
                        .as_ref()
                        .map_or_else(|| key.as_str().to_owned(), ToString::to_string),
                    hint: look.0,
                });
                trim(suggestions);
            }
        }
    }

    /// The looks that are compared like with like.
    fn of_both(&self, traits: &Traits<'_>) -> Vec<Look> {
        let mut looks: Vec<Look> = traits
            .employee_ids
            .iter()
            .map(|id| Look(Hint::EmployeeIdWithoutZeros, id.without_zeros().to_owned()))
            .collect();
        looks.extend(traits.addresses.iter().map(|address| {
            let text = format!("{}@{}", address.mailbox(), address.domain());
            Look(Hint::TaggedAddress, text)
        }));
        looks.extend(
            self.mailboxes(traits)
                .map(|name| Look(Hint::OtherDomain, name.to_owned())),
        );
        let words = traits.name.words();
        if words.len() > 1 {
            let words = words.join(" ");
            if !traits.department.is_empty() {
                let text = format!("{words}|{}", traits.department.to_lowercase());
                looks.push(Look(Hint::NameAndDepartment, text));
            }
            looks.push(Look(Hint::Name, words));
        }
        looks
    }

    /// Mailboxes that the company gave away. At a public provider the same
    /// mailbox is anybody's; which domains are public is known only if the
    /// administrator said which are the company's.
    fn mailboxes<'t>(&self, traits: &'t Traits<'_>) -> impl Iterator<Item = &'t str> {
        let is_ours = |address: &&EmailAddress| {
            self.domains.is_empty() || self.domains.contains(address.domain())
        };
        traits
            .addresses
            .iter()
            .filter(is_ours)
            .map(EmailAddress::mailbox)
    }
}

fn username(name: &str) -> Look {
    Look(Hint::UsernameIsMailbox, format!("username {name}"))
}

fn mailbox(name: &str) -> Look {
    Look(Hint::UsernameIsMailbox, format!("mailbox {name}"))
}

fn alias(name: &str, last_name: &str) -> Look {
    Look(Hint::Alias, format!("{}|{last_name}", letters_of(name)))
}

/// What counts of an alias: `jane.doe`, `jane_doe` and `janedoe` are one.
pub(super) fn letters_of(name: &str) -> String {
    let mut letters = plain(name);
    letters.retain(|c| !['.', '_', '-'].contains(&c));
    letters
}

/// Everything that can make two records look alike.
pub(super) struct Traits<'t> {
    pub(super) employee_ids: BTreeSet<&'t EmployeeId>,
    pub(super) addresses: BTreeSet<EmailAddress>,
    /// Usernames that are no addresses.
    pub(super) usernames: BTreeSet<&'t str>,
    name: &'t PersonName,
    department: &'t str,
}

impl<'t> Traits<'t> {
    /// Keys that the person shares with others too: they do not match, and
    /// still say whom the person looks like.
    fn of_person(person: &'t Person) -> Self {
        let mut traits = Self::new(&person.name, &person.department);
        traits.employee_ids.extend(&person.employee_id);
        traits.addresses.extend(person.work_email.clone());
        person.username.iter().for_each(|name| traits.add(name));
        for key in &person.keys {
            match key {
                Key::EmployeeId(id) => {
                    traits.employee_ids.insert(id);
                }
                Key::WorkEmail(email) => {
                    traits.addresses.insert(email.clone());
                }
                Key::Username(name) => traits.add(name),
            }
        }
        traits
    }

    fn of_account(row: &'t AccountRow) -> Self {
        let mut traits = Self::new(&row.name, &row.department);
        traits.employee_ids.extend(&row.employee_id);
        traits.addresses.extend(row.email.clone());
        row.username.iter().for_each(|name| traits.add(name));
        traits
    }

    fn new(name: &'t PersonName, department: &'t str) -> Self {
        Self {
            employee_ids: BTreeSet::new(),
            addresses: BTreeSet::new(),
            usernames: BTreeSet::new(),
            name,
            department,
        }
    }

    fn add(&mut self, username: &'t Username) {
        match username.address() {
            Some(address) => {
                self.addresses.insert(address);
            }
            None => {
                self.usernames.insert(username.as_str());
            }
        }
    }

    /// The mailboxes that companies make of a first and a last name.
    fn aliases(&self) -> Vec<Look> {
        let (firsts, lasts) = self.name.parts();
        let Some(first) = firsts.first() else {
            return Vec::new();
        };
        let whole = lasts.concat();
        let mut looks = Vec::new();
        for last in &lasts {
            for written in BTreeSet::from([last, &whole]) {
                let (first_initial, last_initial) = (initial(first), initial(written));
                let names = [
                    format!("{first}{written}"),
                    format!("{first_initial}{written}"),
                    format!("{first}{last_initial}"),
                    format!("{written}{first}"),
                    format!("{written}{first_initial}"),
                    first.clone(),
                ];
                looks.extend(names.iter().map(|name| alias(name, last)));
            }
        }
        looks
    }
}

fn initial(name: &str) -> &str {
    let end = name.chars().next().map_or(0, char::len_utf8);
    &name[..end]
}

/// One suggestion an account, the best reason first, then by account.
pub(super) fn trim(suggestions: &mut Vec<Suggestion>) {
    suggestions.sort_by(|a, b| (&a.key, a.hint).cmp(&(&b.key, b.hint)));
    suggestions.dedup_by(|b, a| a.key == b.key);
    suggestions.sort_by(|a, b| (a.hint, &a.key).cmp(&(b.hint, &b.key)));
    suggestions.truncate(MOST_KEPT);
}
