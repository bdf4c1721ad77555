//! Checks of what a column is called against what it holds. A header is a
//! claim; somebody else's address under `Email`, a row counter under `ID` or a
//! remark under `End Date` must not decide about a person.

use std::collections::{BTreeMap, BTreeSet};

use super::aliases::{Field, hr};
use super::cells::{Cells, KeptCells};
use super::decode::TextFile;
use super::events;
use super::header::{self, Column, Misfits, is_of_a_superior, normalize};
use super::layout::Layout;
use super::status::{Meaning, Vocabulary, is_sort_of_employment};
use super::text::{excerpt, is_blank, tidy};
use super::{ColumnNames, Formats};
use crate::model::PersonName;

/// Rows that are looked at.
const SAMPLE_ROWS: usize = 500;

/// Bytes of them that are kept: a cell may be of any size.
const SAMPLE_BYTES: usize = 4 << 20;

/// People who may share a mailbox; an address on rows of more is somebody
/// else's.
const SHARING_PEOPLE: usize = 2;

/// Why an address in the answers to a form is not the leaver's.
const OF_THE_SENDER: &str = "is of whoever sent the form";

/// Takes back what the header claimed and the values deny, and looks for the
/// next best column. What the administrator named stays. Leaves a note about
/// each column that was passed over.
pub(super) fn settle(layout: &mut Layout, sample: &Sample, names: &ColumnNames, formats: &Formats) {
    let mut misfits = Misfits::new();
    // One at a time: a column that falls may change what another one shows.
    while let Some(doubt) = first_doubt(layout, sample, names, formats) {
        let Doubt {
            field,
            position,
            why,
        } = doubt;
        layout.notes.push(format!(
            "column \"{}\" is not read for {}: it {why}",
            excerpt(&layout.header[position]),
            field.name
        ));
        misfits.insert((field.name, position));
        layout.assign_without(&misfits, names);
    }
    let addresses = misfits.iter().filter(|(field, position)| {
        *field == hr::EMPLOYEE_ID.name && sample.is_mostly(*position, is_address)
    });
    for (_, position) in addresses {
        if !names.0.contains_key(hr::WORK_EMAIL.name) {
            layout.give(*position, &hr::WORK_EMAIL);
        }
    }
    events::settle_dates(layout, names);
    leave_out_events(layout);
    note_unread_addresses(layout, sample);
}

/// An address that nobody reads can contradict no other key.
fn note_unread_addresses(layout: &mut Layout, sample: &Sample) {
    if !layout.positions(&hr::WORK_EMAIL).is_empty() {
        return;
    }
    let notes: Vec<String> = layout
        .unused()
        .map(|position| (position, &layout.header[position]))
        .filter(|(position, header)| {
            !header::is_of_somebody_else(header) && sample.is_mostly(*position, is_address)
        })
        .map(|(_, header)| {
            let header = excerpt(header);
            format!(
                "column \"{header}\" holds addresses and is not read; if they are the people's at \
                 work, say [columns.hr] work_email = \"{header}\""
            )
        })
        .collect();
    layout.notes.extend(notes);
}

/// What was done to a person is asked only where status or date is missing.
fn leave_out_events(layout: &mut Layout) {
    let has = |field| !layout.positions(field).is_empty();
    let has_date = has(&hr::TERMINATION_DATE) || has(&hr::LAST_DAY);
    let tells_all = has(&hr::STATUS) && has_date;
    if tells_all || !has(&hr::ACTION) {
        layout.leave_out(&hr::ACTION);
        layout.leave_out(&hr::ACTION_DATE);
    }
}

/// The column that is called e-mail and stands beside the manager, where
/// another one is the person's by its name. The administrator's word ends the
/// rivalry.
pub(super) fn rival_email(layout: &Layout, names: &ColumnNames) -> Column {
    let email = layout.positions(&hr::WORK_EMAIL);
    if email.is_empty() || names.0.contains_key(hr::WORK_EMAIL.name) {
        return Column::default();
    }
    let mut called = header::candidates(&layout.header, &hr::WORK_EMAIL);
    called.retain(|position| {
        let is_plain = matches!(
            &*normalize(&layout.header[*position]),
            "email" | "email address"
        );
        is_plain && !email.contains(position) && is_beside_a_superior(layout, *position)
    });
    Column::at(&layout.header, &called)
}

fn is_beside_a_superior(layout: &Layout, position: usize) -> bool {
    let left = position.checked_sub(1).map(|left| &layout.header[left]);
    left.is_some_and(|header| is_of_a_superior(header))
}

/// The first rows below the header.
#[derive(Debug, Default)]
pub(super) struct Sample(Vec<KeptCells>);

impl Sample {
    /// Takes the first rows that have as many cells as the header.
    pub(super) fn of(file: &TextFile, layout: &Layout) -> Self {
        let mut records = layout.body_records(file);
        let mut rows = Vec::new();
        let mut bytes = 0;
        while rows.len() < SAMPLE_ROWS && bytes < SAMPLE_BYTES && records.advance() {
            let record = records.record();
            if record.len() >= layout.width() && !layout.is_header(record) {
                bytes += record.text().len();
                rows.push(record.iter().collect());
            }
        }
        Self(rows)
    }

    /// Whether most of a column's values are such.
    pub(super) fn is_mostly(&self, position: usize, is_such: impl Fn(&str) -> bool) -> bool {
        let (mut values, mut such) = (0, 0);
        for value in self.values(position) {
            values += 1;
            such += usize::from(is_such(value));
        }
        such * 2 > values
    }

    /// The cells of two columns, row by row.
    pub(super) fn pairs(&self, left: usize, right: usize) -> impl Iterator<Item = (&str, &str)> {
        self.rows()
            .filter_map(move |row| Some((tidy(row.get(left)?), tidy(row.get(right)?))))
    }

    fn rows(&self) -> impl Iterator<Item = Cells<'_>> {
        self.0.iter().map(KeptCells::cells)
    }

    fn values(&self, position: usize) -> impl Iterator<Item = &str> {
        self.rows()
            .filter_map(move |row| row.get(position))
            .map(tidy)
            .filter(|cell| !is_blank(cell))
    }
}

/// A column that is called like a field and does not hold it.
struct Doubt {
    field: &'static Field,
    position: usize,
    why: &'static str,
}

/// Says of a column by its position why it does not hold its field.
type Check<'c> = &'c dyn Fn(usize) -> Option<&'static str>;

fn first_doubt(
    layout: &Layout,
    sample: &Sample,
    names: &ColumnNames,
    formats: &Formats,
) -> Option<Doubt> {
    let look = Look { layout, sample };
    let at_date = |position| look.at_date(position);
    let checks: [(&'static Field, Check<'_>); 8] = [
        (&hr::EMPLOYEE_ID, &|position| look.at_id(position)),
        (&hr::WORK_EMAIL, &|position| look.at_email(position)),
        (&hr::USERNAME, &|position| look.at_username(position)),
        (&hr::STATUS, &|position| look.at_status(position, formats)),
        (&hr::TERMINATION_DATE, &at_date),
        (&hr::LAST_DAY, &at_date),
        (&hr::REHIRE_DATE, &at_date),
        (&hr::ACTION_DATE, &at_date),
    ];
    let found = checks
        .into_iter()
        .filter(|(field, _)| !names.0.contains_key(field.name));
    found
        .flat_map(|(field, why)| {
            let positions = layout.positions(field).iter();
            positions.map(move |position| (field, *position, why))
        })
        .find_map(|(field, position, why)| {
            let why = why(position)?;
            Some(Doubt {
                field,
                position,
                why,
            })
        })
}

/// The columns of a file and their first values.
#[derive(Clone, Copy)]
struct Look<'l> {
    layout: &'l Layout,
    sample: &'l Sample,
}

impl Look<'_> {
    fn at_id(self, position: usize) -> Option<&'static str> {
        if self.sample.is_mostly(position, is_address) {
            return Some("holds e-mail addresses");
        }
        if !matches!(&*self.called(position), "id" | "ident") {
            return None;
        }
        if self.counts_rows(position) {
            return Some("counts the rows");
        }
        let confirming = [
            &hr::FIRST_NAME,
            &hr::LAST_NAME,
            &hr::FULL_NAME,
            &hr::WORK_EMAIL,
            &hr::USERNAME,
        ];
        let alone = confirming
            .iter()
            .all(|field| self.layout.positions(field).is_empty());
        alone.then_some("may number the requests, and no name or address tells whose it is")
    }

    /// Whether the values are small numbers that grow from row to row. Some may
    /// be missing: rows are taken out after they were numbered.
    fn counts_rows(self, position: usize) -> bool {
        let values: Vec<&str> = self.sample.values(position).collect();
        let numbers: Vec<usize> = values
            .iter()
            .map_while(|value| value.parse().ok())
            .collect();
        let grow = numbers.windows(2).all(|pair| pair[0] < pair[1]);
        let are_small = numbers
            .last()
            .is_some_and(|last| *last <= 2 * numbers.len());
        // The last one may be a line with totals.
        grow && are_small && numbers.len() + 1 >= values.len()
    }

    fn at_email(self, position: usize) -> Option<&'static str> {
        if self.has_values(position) && !self.sample.is_mostly(position, |cell| cell.contains('@'))
        {
            return Some("holds no e-mail addresses");
        }
        if self.is_shared(position) {
            return Some("holds the same addresses for different people");
        }
        let is_weak = matches!(&*self.called(position), "email" | "email address");
        if is_weak && self.is_form() {
            return Some(OF_THE_SENDER);
        }
        let alone = self.layout.positions(&hr::WORK_EMAIL).len() == 1;
        let is_beside = is_beside_a_superior(self.layout, position);
        (is_weak && alone && is_beside && !self.is_named_after_people(position))
            .then_some("stands beside the manager and may be the manager's")
    }

    /// Google's forms call the sender's address so when they ask for it.
    fn at_username(self, position: usize) -> Option<&'static str> {
        (self.called(position) == "username" && self.is_form()).then_some(OF_THE_SENDER)
    }

    /// Whether Google's or Microsoft's forms wrote the file: with when each was
    /// sent, and by whom.
    fn is_form(self) -> bool {
        let mut headers = self.layout.header.iter().map(|header| normalize(header));
        let (first, second) = (headers.next(), headers.next());
        first.as_deref() == Some("timestamp")
            || second.as_deref() == Some("start time")
                && headers.next().as_deref() == Some("completion time")
    }

    /// Whether most rows have an address of too many people.
    fn is_shared(self, position: usize) -> bool {
        let mut people: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
        let mut addresses = Vec::new();
        for row in self.sample.rows() {
            let address = row.get(position).map(tidy).unwrap_or_default();
            let person = self.person(row);
            if is_address(address) && !person.is_empty() {
                let address = address.to_lowercase();
                people.entry(address.clone()).or_default().insert(person);
                addresses.push(address);
            }
        }
        let shared = addresses.iter().filter(|address| {
            let people = people.get(*address);
            people.is_some_and(|people| people.len() > SHARING_PEOPLE)
        });
        shared.count() * 2 > addresses.len()
    }

    /// Whether most addresses have a word of their row's name in them.
    fn is_named_after_people(self, position: usize) -> bool {
        let own = self.sample.rows().filter(|row| {
            let address = row.get(position).unwrap_or_default().to_lowercase();
            let mailbox = address.split('@').next().unwrap_or_default();
            let name = self.name(*row).words();
            name.iter()
                .any(|word| word.chars().count() > 2 && mailbox.contains(word.as_str()))
        });
        own.count() * 2 > self.sample.0.len()
    }

    /// What tells the row's person from others: the id, else the name.
    fn person(self, row: Cells<'_>) -> Vec<String> {
        let id = self.layout.column(&hr::EMPLOYEE_ID).text(row);
        if is_blank(id) {
            self.name(row).words()
        } else {
            vec![id.to_owned()]
        }
    }

    fn name(self, row: Cells<'_>) -> PersonName {
        let text = |field| self.layout.column(field).text(row).into();
        PersonName {
            first: text(&hr::FIRST_NAME),
            last: text(&hr::LAST_NAME),
            full: text(&hr::FULL_NAME),
        }
    }

    /// Of several columns that could be the status, those are none that hold no
    /// word of it, such as `BambooHR`'s `Employment Status` with "Full-Time".
    fn at_status(self, position: usize, formats: &Formats) -> Option<&'static str> {
        let candidates = header::candidates(&self.layout.header, &hr::STATUS);
        let others: Vec<usize> = candidates
            .into_iter()
            .filter(|other| *other != position)
            .collect();
        let knows = |position: usize| {
            let vocabulary = Vocabulary::employment(&self.layout.header[position], formats);
            let mut values = self.sample.values(position);
            values.any(|value| {
                let is_known = matches!(vocabulary.read(value), Meaning::Known(_));
                is_known && !is_sort_of_employment(value)
            })
        };
        let is_lifecycle = |position: usize| self.called(position) == hr::LIFECYCLE_STATUS;
        let lifecycle = others.iter().find(|other| is_lifecycle(**other));
        if lifecycle.is_some_and(|other| !is_lifecycle(position) && knows(*other)) {
            return Some("is not about the lifecycle, which another column tells");
        }
        if self.has_values(position) && self.sample.values(position).all(is_sort_of_employment) {
            return Some("tells how people are employed, not whether");
        }
        let holds_others = self.has_values(position) && !knows(position);
        (holds_others && others.into_iter().any(knows))
            .then_some("holds no word of a status, and another column does")
    }

    fn at_date(self, position: usize) -> Option<&'static str> {
        let has_digit = |cell: &str| cell.bytes().any(|byte| byte.is_ascii_digit());
        let holds_text = self.has_values(position) && !self.sample.is_mostly(position, has_digit);
        holds_text.then_some("holds no dates")
    }

    fn has_values(self, position: usize) -> bool {
        self.sample.values(position).next().is_some()
    }

    fn called(self, position: usize) -> String {
        normalize(&self.layout.header[position])
    }
}

fn is_address(cell: &str) -> bool {
    cell.contains('@')
}
