use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rayon::prelude::*;

use super::aliases::users;
use super::body::{self, Count, DataRecord, Rejected, WhoColumns};
use super::chunks::Chunk;
use super::date_columns::{self, DateColumn, DatePins};
use super::date_votes::needs_order;
use super::dates::Fault;
use super::decode::TextFile;
use super::error::IngestError;
use super::header::Column;
use super::input_file::InputFile;
use super::known_cells::KnownCells;
use super::layout::{self, Layout};
use super::license_cell::{country_code, values_in};
use super::license_columns::{self, LicenseColumns};
use super::open;
use super::status::{Meaning, UnknownWords, Vocabulary};
use super::streamed::{self, Blocks};
use super::text::{excerpt, is_blank, lost_characters};
use super::{ColumnNames, Formats};
use crate::model::{
    AccountCells, AccountRow, AccountStatus, EmailAddress, EmployeeId, InvalidRow, KeyCell,
    LicenseName, LicenseSet, SourceRow, UserId, Username, is_damaged_number,
};

/// Bytes of text that are parsed in one piece. A smaller report is one piece:
/// starting threads would take longer.
const CHUNK_BYTES: usize = 1 << 20;

/// Values of a `User ID` column that are looked at to tell ids from usernames.
const USER_ID_SAMPLE: usize = 50;

/// Takes in the accounts of a users report one by one, so that nothing ever
/// holds them all. Parts of a report are observed side by side and merged in
/// the file's order.
pub trait AccountObserver: Sized + Send {
    /// An empty observer of the same kind, for one part of the report.
    #[must_use]
    fn split(&self) -> Self;

    /// Whether nothing of such a row is kept, so that it only has to be counted.
    /// Where it is not said the row is read in full.
    fn passes_over(&self, _: &AccountCells<'_>) -> bool {
        false
    }

    /// Takes in one row that it passes over.
    fn count(&mut self, _: &AccountCells<'_>) {}

    /// Takes in one row.
    fn observe(&mut self, row: &AccountRow);

    /// Adds what was observed of the part that follows.
    fn merge(&mut self, later: Self);
}

/// A users report, read.
#[derive(Debug)]
pub struct UsersFile<O> {
    /// What the plan records about the file.
    pub file: InputFile,
    /// The observer, with every understood row taken in.
    pub observer: O,
    /// The rows that were not understood, in the file's order.
    pub invalid: Vec<InvalidRow>,
}

/// Reads the users report and shows every understood row to `observer`. A bad
/// row is a result; a file that cannot be read as a users report is an error:
/// no header, no identity, status or licenses, a quote that is never closed,
/// unknown status words, creation dates whose order of day and month cannot be
/// told.
pub fn read_users<O: AccountObserver>(
    path: &Path,
    columns: &ColumnNames,
    formats: &Formats,
    observer: O,
) -> Result<UsersFile<O>, IngestError> {
    if let Some(users) = streamed::read(path, columns, formats, &observer, Blocks::default()) {
        return Ok(users);
    }
    read_whole(path, columns, formats, observer)
}

/// The same, with the whole text in memory.
pub(super) fn read_whole<O: AccountObserver>(
    path: &Path,
    columns: &ColumnNames,
    formats: &Formats,
    observer: O,
) -> Result<UsersFile<O>, IngestError> {
    let (others, _) = license_columns::take_named(columns);
    let file = open::open(path, &users::TABLE, &others, &formats.users)?;
    read_text(&file, columns, formats, observer, CHUNK_BYTES)
}

fn read_text<O: AccountObserver>(
    file: &TextFile,
    names: &ColumnNames,
    formats: &Formats,
    observer: O,
    chunk_bytes: usize,
) -> Result<UsersFile<O>, IngestError> {
    let (names, licenses_named) = license_columns::take_named(names);
    let mut layout = layout::locate(file, &users::TABLE, &names)?;
    let chunks = layout.body(file, chunk_bytes)?;
    body::refuse_broken_off(file, &layout, &chunks)?;
    let licenses = LicenseColumns::find(file, &mut layout, &chunks, licenses_named.as_deref())?;
    if !names.0.contains_key(users::USER_ID.name) {
        tell_what_user_ids_are(file, &mut layout)?;
    }
    let pins = date_pins(formats);
    let [created] = date_columns::decide(file, &mut layout, &chunks, [&users::CREATED], pins)?;
    let orders = Orders::OfAllValues;
    let reader = UsersReader::new(file, layout, formats, created, orders, licenses);
    let observers: Vec<O> = chunks.iter().map(|_| observer.split()).collect();
    let parts: Vec<Result<Part<O>, IngestError>> = chunks
        .par_iter()
        .zip(observers)
        .map(|(chunk, observer)| reader.read_chunk(chunk, observer))
        .collect();

    let mut whole = Part::nothing_yet(observer);
    for part in parts {
        whole.add(part?);
    }
    if let Some(refusal) = whole.unknown.refuse_users(file, reader.status.header()) {
        return Err(refusal.into());
    }
    Ok(reader.users_file(whole))
}

fn date_pins(formats: &Formats) -> DatePins<'_> {
    DatePins {
        key: "users_dates",
        table: "users_date_orders",
        file: formats.users_dates,
        fields: &formats.users_date_orders,
    }
}

/// What was read from one chunk, or from all so far.
pub(super) struct Part<O> {
    observer: O,
    invalid: Vec<InvalidRow>,
    unknown: UnknownWords,
    count: Count,
    oddities: Oddities,
    /// Rows with a date that only other rows can tell the order of.
    undecided: u64,
}

impl<O: AccountObserver> Part<O> {
    /// Nothing, to add to.
    pub(super) fn nothing_yet(observer: O) -> Self {
        Self {
            observer,
            invalid: Vec::new(),
            unknown: UnknownWords::default(),
            count: Count::default(),
            oddities: Oddities::default(),
            undecided: 0,
        }
    }

    /// An empty observer of the same kind.
    pub(super) fn split(&self) -> O {
        self.observer.split()
    }

    /// Adds what was read from the chunk that follows.
    pub(super) fn add(&mut self, later: Self) {
        self.observer.merge(later.observer);
        self.invalid.extend(later.invalid);
        self.unknown.merge(later.unknown);
        self.count = self.count.plus(later.count);
        self.oddities = self.oddities.plus(later.oddities);
        self.undecided += later.undecided;
    }

    /// Whether the rest of the file does not matter to what was read.
    pub(super) fn is_settled(&self) -> bool {
        self.unknown == UnknownWords::default() && self.undecided == 0
    }
}

/// What harms no row, and a person should know.
#[derive(Debug, Clone, Copy, Default)]
struct Oddities {
    /// Extensions and phone numbers that a spreadsheet damaged.
    damaged_numbers: u64,
    /// Licenses of another country than the one beside them.
    disputed_countries: u64,
}

impl Oddities {
    fn plus(self, other: Self) -> Self {
        Self {
            damaged_numbers: self.damaged_numbers + other.damaged_numbers,
            disputed_countries: self.disputed_countries + other.disputed_countries,
        }
    }

    fn notes(self) -> impl Iterator<Item = String> {
        [
            (
                self.damaged_numbers,
                "extensions or phone numbers were damaged by a spreadsheet (1.2E+15), and are left out",
            ),
            (
                self.disputed_countries,
                "licenses name another country than the one beside them, which counts",
            ),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
    }
}

/// How the order of day and month was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Orders {
    /// All values of the file were asked, or the administrator.
    OfAllValues,
    /// Not at all: dates that need it are left undecided.
    Unknown,
}

/// The columns of a users report and what their values mean.
pub(super) struct UsersReader<'f> {
    file: &'f TextFile,
    layout: Layout,
    who: WhoColumns,
    user_id: Column,
    status: Column,
    vocabulary: Vocabulary<AccountStatus>,
    licenses: LicenseColumns,
    country: Column,
    site: Column,
    department: Column,
    cost_center: Column,
    created: DateColumn,
    orders: Orders,
    scim_provider: Column,
    extension: Column,
    phone_numbers: Column,
    devices: Column,
}

impl<'f> UsersReader<'f> {
    /// Finds out, from the first rows alone, how a report is read whose rows
    /// stream by; `None` where more has to be seen.
    pub(super) fn of_head(
        head: &'f TextFile,
        names: &ColumnNames,
        formats: &Formats,
    ) -> Option<Self> {
        let (names, licenses_named) = license_columns::take_named(names);
        let mut layout = layout::locate(head, &users::TABLE, &names).ok()?;
        if !layout.is_told_by_first_rows(head) || licenses_named.is_some() {
            return None;
        }
        let licenses = LicenseColumns::of_header(&layout)?;
        if !names.0.contains_key(users::USER_ID.name) {
            let had_ids = layout.column(&users::USER_ID).exists();
            let values = tell_what_user_ids_are(head, &mut layout).ok()?;
            if had_ids && values < USER_ID_SAMPLE {
                return None;
            }
        }
        let pins = date_pins(formats);
        let orders = match pins.file {
            Some(_) => Orders::OfAllValues,
            None => Orders::Unknown,
        };
        let dates = date_columns::decide(head, &mut layout, &[], [&users::CREATED], pins);
        let [created] = dates.ok()?;
        Some(Self::new(head, layout, formats, created, orders, licenses))
    }

    fn new(
        file: &'f TextFile,
        layout: Layout,
        formats: &Formats,
        created: DateColumn,
        orders: Orders,
        licenses: LicenseColumns,
    ) -> Self {
        let status = layout.column(&users::STATUS);
        Self {
            file,
            who: WhoColumns {
                employee_id: layout.column(&users::EMPLOYEE_ID),
                first_name: layout.column(&users::FIRST_NAME),
                last_name: layout.column(&users::LAST_NAME),
                full_name: layout.column(&users::FULL_NAME),
                email: layout.column(&users::EMAIL),
                username: layout.column(&users::USERNAME),
            },
            user_id: layout.column(&users::USER_ID),
            vocabulary: Vocabulary::account(status.header(), formats),
            status,
            licenses,
            country: layout.column(&users::COUNTRY),
            site: layout.column(&users::SITE),
            department: layout.column(&users::DEPARTMENT),
            cost_center: layout.column(&users::COST_CENTER),
            created,
            orders,
            scim_provider: layout.column(&users::SCIM_PROVIDER),
            extension: layout.column(&users::EXTENSION),
            phone_numbers: layout.column(&users::PHONE_NUMBERS),
            devices: layout.column(&users::DEVICES),
            layout,
        }
    }

    /// The columns and where the rows begin.
    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The report, of which everything was read.
    pub(super) fn users_file<O: AccountObserver>(self, whole: Part<O>) -> UsersFile<O> {
        let mut layout = self.layout;
        layout.notes.extend(whole.count.notes());
        layout.notes.extend(whole.oddities.notes());
        let date_orders = self.created.detected(&users::CREATED).into_iter().collect();
        UsersFile {
            file: layout.input_file(self.file, whole.count.rows, date_orders),
            observer: whole.observer,
            invalid: whole.invalid,
        }
    }

    /// Shows the rows of a chunk to `observer`.
    pub(super) fn read_chunk<O: AccountObserver>(
        &self,
        chunk: &Chunk<'_>,
        observer: O,
    ) -> Result<Part<O>, IngestError> {
        let Part {
            mut observer,
            mut invalid,
            mut unknown,
            mut oddities,
            mut undecided,
            ..
        } = Part::nothing_yet(observer);
        let mut known = KnownCells::default();
        let count = body::for_each_record(self.file, &self.layout, chunk, |record| {
            if self.orders == Orders::Unknown && self.needs_order(&record) {
                undecided += 1;
                return;
            }
            if let Some(cells) = self.glance(&record, &mut known)
                && observer.passes_over(&cells)
            {
                observer.count(&cells);
                return;
            }
            match self.read(&record) {
                Ok(row) => {
                    oddities = oddities.plus(self.oddities(&record, &row));
                    observer.observe(&row);
                }
                Err(Rejected::Invalid(row)) => invalid.push(*row),
                Err(Rejected::UnknownStatus(word)) => unknown.add(word, record.line),
            }
        })?;
        Ok(Part {
            observer,
            invalid,
            unknown,
            count,
            oddities,
            undecided,
        })
    }

    /// Whether the row has a date that can be read in two orders.
    fn needs_order(&self, record: &DataRecord<'_>) -> bool {
        let cells = self.created.column.filled(record.cells);
        record.raggedness().is_none() && cells.into_iter().any(needs_order)
    }

    /// The cells of a row that is surely understood and has nothing odd; `None`
    /// for every other one, which has to be read in full.
    fn glance<'r>(
        &self,
        record: &DataRecord<'r>,
        known: &'r mut KnownCells,
    ) -> Option<AccountCells<'r>> {
        let cells = record.cells;
        let who = &self.who;
        let keys = [&self.user_id, &who.username, &who.email, &who.employee_id];
        let is_damaged = keys
            .into_iter()
            .any(|key| key.filled(cells).any(lost_characters));
        let status = self.status.text(cells);
        let status = known.status(status, || match self.vocabulary.read(status) {
            Meaning::Known(status) => Some(status),
            Meaning::Blank | Meaning::Unknown(_) => None,
        })?;
        let is_odd = is_damaged
            || record.raggedness().is_some()
            || self.damaged_numbers(record) > 0
            || !self.is_date(record, known);
        let username = key_cell(who.username.text(cells), Username::print_in);
        let user_id = key_cell(self.user_id.text(cells), UserId::print_in);
        if is_odd || user_id.is_none() && username.is_none() {
            return None;
        }
        let said = self.licenses.cells(cells);
        let licenses = known.licenses(said.chain([self.country.text(cells)]), |number| {
            let licenses = self.licenses(record).ok()?;
            let is_disputed = licenses.iter().any(|it| it.disputed_country().is_some());
            (!is_disputed).then_some(LicenseSet { number, licenses })
        })?;
        Some(AccountCells {
            user_id,
            username,
            email: key_cell(who.email.text(cells), EmailAddress::print_in),
            employee_id: key_cell(who.employee_id.text(cells), EmployeeId::print_in),
            first_name: who.first_name.text(cells),
            last_name: who.last_name.text(cells),
            full_name: who.full_name.text(cells),
            status,
            licenses,
        })
    }

    fn is_date(&self, record: &DataRecord<'_>, known: &mut KnownCells) -> bool {
        let is_date = || self.created(record).is_ok();
        if self.created.is_one_column() {
            known.date(self.created.column.text(record.cells), is_date)
        } else {
            // What two of them say together is not known from one.
            is_date()
        }
    }

    fn damaged_numbers(&self, record: &DataRecord<'_>) -> u64 {
        let numbers = self.phone_numbers.filled(record.cells).flat_map(values_in);
        let numbers = numbers.chain(self.extension.filled(record.cells));
        numbers.filter(|it| is_damaged_number(it)).count() as u64
    }

    fn oddities(&self, record: &DataRecord<'_>, row: &AccountRow) -> Oddities {
        let disputed = row
            .licenses
            .iter()
            .filter(|it| it.disputed_country().is_some());
        Oddities {
            damaged_numbers: self.damaged_numbers(record),
            disputed_countries: disputed.count() as u64,
        }
    }

    fn read(&self, record: &DataRecord<'_>) -> Result<AccountRow, Rejected> {
        let cells = record.cells;
        if let Some(fault) = record.raggedness() {
            return Err(self.invalid(record, None, fault));
        }
        let who = &self.who;
        let keys = [&self.user_id, &who.username, &who.email, &who.employee_id];
        let mut damaged = keys
            .into_iter()
            .filter(|key| key.filled(cells).any(lost_characters));
        if let Some(key) = damaged.next() {
            return Err(self.invalid(record, Some(key), body::damaged_key()));
        }
        let user_id = UserId::parse(self.user_id.text(cells));
        let username = Username::parse(self.who.username.text(cells));
        let email = EmailAddress::parse(self.who.email.text(cells));
        if user_id.is_none() && username.is_none() {
            let fault = Fault::new(
                "the row does not say whose account it is: user id and username are blank",
                "a line with totals can be left as it is; else export the report again",
            );
            return Err(self.invalid(record, None, fault));
        }
        Ok(AccountRow {
            source: SourceRow {
                file: self.file.name.clone(),
                line: record.line,
            },
            user_id,
            username,
            email,
            employee_id: EmployeeId::parse(self.who.employee_id.text(cells)),
            name: self.who.name(cells),
            status: self.status(record)?,
            site: self.site.text(cells).to_owned(),
            department: self.department.text(cells).to_owned(),
            cost_center: self.cost_center.text(cells).to_owned(),
            created: self
                .created(record)
                .map_err(|fault| self.invalid(record, Some(&self.created.column), fault))?,
            scim_provider: value(self.scim_provider.text(cells)),
            extension: value(self.extension.text(cells)),
            phone_numbers: list(&self.phone_numbers, record),
            devices: list(&self.devices, record),
            licenses: self.licenses(record)?,
        })
    }

    fn status(&self, record: &DataRecord<'_>) -> Result<AccountStatus, Rejected> {
        match self.vocabulary.read(self.status.text(record.cells)) {
            Meaning::Known(status) => Ok(status),
            Meaning::Unknown(word) => Err(Rejected::UnknownStatus(word)),
            Meaning::Blank => {
                let fault = Fault::new(
                    "the row does not say whether the account is active",
                    "look the account up in the Admin Console, and export the report again",
                );
                Err(self.invalid(record, Some(&self.status), fault))
            }
        }
    }

    fn licenses(&self, record: &DataRecord<'_>) -> Result<Vec<LicenseName>, Rejected> {
        let country = country_code(self.country.text(record.cells));
        self.licenses
            .read(record.cells, country)
            .map_err(|(column, fault)| self.invalid(record, Some(column), fault))
    }

    /// When the account was created: the instant where the cell has one, else
    /// the beginning of that day in UTC.
    fn created(&self, record: &DataRecord<'_>) -> Result<Option<Timestamp>, Fault> {
        let cell = self.created.column.text(record.cells);
        if let Ok(instant) = cell.parse::<Timestamp>() {
            return Ok(Some(instant));
        }
        let Some(date) = self.created.read(record.cells)? else {
            return Ok(None);
        };
        let midnight = date.to_zoned(TimeZone::UTC);
        midnight
            .map(|midnight| Some(midnight.timestamp()))
            .map_err(|_| Fault::new("this day has no beginning", "correct the report"))
    }

    fn invalid(&self, record: &DataRecord<'_>, column: Option<&Column>, fault: Fault) -> Rejected {
        Rejected::Invalid(Box::new(self.who.invalid(self.file, record, column, fault)))
    }
}

/// 8x8 calls the username "User ID" in places, and spreadsheets number their
/// rows. The column is the username's if its values are mostly words, e-mail
/// addresses, or what stands before the `@` of the row's e-mail; ids are long
/// and opaque. Numbers that count the rows name another account every night.
///
/// Returns how many values were looked at.
fn tell_what_user_ids_are(file: &TextFile, layout: &mut Layout) -> Result<usize, IngestError> {
    let user_id = layout.column(&users::USER_ID);
    let email = layout.column(&users::EMAIL);
    let mut records = layout.body_records(file);
    let (mut values, mut usernames, mut counting) = (0, 0, 0);
    let mut previous = None;
    while user_id.exists() && values < USER_ID_SAMPLE && records.advance()? {
        let value = user_id.text(records.record());
        if !is_blank(value) && !is_damaged_number(value) {
            values += 1;
            usernames += usize::from(is_username(value, email.text(records.record())));
            let number = value.parse::<u64>().ok();
            counting += usize::from(number.is_some() && number == previous);
            previous = number.map(|number| number + 1);
        }
    }
    let header = excerpt(user_id.header());
    if usernames * 2 > values {
        layout
            .notes
            .push(format!("column \"{header}\" holds usernames, not ids"));
        layout.reassign(&users::USER_ID, &users::USERNAME);
    } else if values > 2 && counting + 1 == values {
        layout.notes.push(format!(
            "column \"{header}\" numbers the rows: it is not read"
        ));
        layout.assign(&users::USER_ID, Vec::new());
    }
    Ok(values)
}

fn is_username(value: &str, email: &str) -> bool {
    let mailbox = email.split('@').next().unwrap_or_default();
    let short_word = value.len() < 15 && value.chars().all(char::is_alphabetic);
    UserId::parse(value).is_none() || value.eq_ignore_ascii_case(mailbox) || short_word
}

fn key_cell(text: &str, print: impl Fn(&str) -> Option<u64>) -> Option<KeyCell<'_>> {
    let fingerprint = print(text)?;
    Some(KeyCell { text, fingerprint })
}

fn value(cell: &str) -> String {
    if is_blank(cell) || is_damaged_number(cell) {
        String::new()
    } else {
        cell.to_owned()
    }
}

fn list(column: &Column, record: &DataRecord<'_>) -> Vec<String> {
    let cells = column.filled(record.cells);
    let values = cells.flat_map(values_in);
    let intact = values.filter(|value| !is_damaged_number(value));
    intact.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Keeps every row, which only a test may do.
    #[derive(Debug, Default, PartialEq)]
    struct Collected(Vec<AccountRow>);

    impl AccountObserver for Collected {
        fn split(&self) -> Self {
            Self::default()
        }

        fn observe(&mut self, row: &AccountRow) {
            self.0.push(row.clone());
        }

        fn merge(&mut self, later: Self) {
            self.0.extend(later.0);
        }
    }

    fn read(text: &str) -> Result<UsersFile<Collected>, String> {
        read_in_chunks(text, CHUNK_BYTES)
    }

    fn read_in_chunks(text: &str, chunk_bytes: usize) -> Result<UsersFile<Collected>, String> {
        read_with(
            text,
            &ColumnNames::default(),
            &Formats::default(),
            chunk_bytes,
        )
    }

    /// Reads with the columns named for the licenses.
    fn read_named(text: &str, licenses: &[&str]) -> Result<UsersFile<Collected>, String> {
        let licenses = licenses.join(ColumnNames::JOINED_BY);
        let names = ColumnNames([("licenses".to_owned(), licenses)].into());
        read_with(text, &names, &Formats::default(), CHUNK_BYTES)
    }

    fn read_with(
        text: &str,
        names: &ColumnNames,
        formats: &Formats,
        chunk_bytes: usize,
    ) -> Result<UsersFile<Collected>, String> {
        let file = TextFile::decode("users.csv".to_owned(), text.into()).expect("text");
        read_text(&file, names, formats, Collected::default(), chunk_bytes)
            .map_err(|error| error.to_string())
    }

    /// The licenses of all rows, by row.
    fn licenses(users: &UsersFile<Collected>) -> Vec<String> {
        let rows = users.observer.0.iter();
        rows.map(|row| {
            let raw: Vec<&str> = row.licenses.iter().map(|it| it.raw.as_str()).collect();
            raw.join("; ")
        })
        .collect()
    }

    #[test]
    fn a_row_is_read_field_by_field() {
        let users = read(
            "User ID,Username,First name,Last name,Email,Status,Site,Department,Licenses,\
             License country,Created,Extension,Phone number,Device\n\
             hvOB1l3zDCaDAwp9tNLzZA,Jane.Doe,Jane,Doe,jane.doe@example.com,Active,Austin,Sales,\
             X Series - X2-VOSVC0216-02-US; Fax (2),US,2024-05-01T10:00:00Z,1001,\
             +1 555 0100; +1 555 0101,T54W\n",
        )
        .expect("a file");
        let row = &users.observer.0[0];
        assert_eq!(row.user_id, UserId::parse("hvOB1l3zDCaDAwp9tNLzZA"));
        assert_eq!(row.username, Username::parse("jane.doe"));
        assert_eq!(row.status, AccountStatus::Active);
        assert_eq!(row.licenses.len(), 3);
        assert_eq!(row.licenses[2].country, "US");
        assert_eq!(row.created, "2024-05-01T10:00:00Z".parse().ok());
        assert_eq!(row.phone_numbers, ["+1 555 0100", "+1 555 0101"]);
        assert_eq!(row.devices, ["T54W"]);
        assert_eq!(users.file.rows, 1);
    }

    #[test]
    fn a_user_id_column_with_usernames_is_the_username_column() {
        for id in ["jane.doe@example.com", "jdoe7", "janed"] {
            let users = read(&format!(
                "User ID,Email,Status,License\n{id},jdoe7@example.com,Active,Fax\n"
            ))
            .expect("a file");
            assert_eq!(users.observer.0[0].user_id, None, "{id}");
            assert_eq!(users.observer.0[0].username, Username::parse(id), "{id}");
            assert_eq!(users.file.detected.columns["username"], "User ID");
        }
    }

    #[test]
    fn licenses_may_come_in_rows_or_numbered_columns() {
        let rows = read("Username,Status,License\na1,Active,Fax\na1,Active,X2\n").expect("rows");
        assert_eq!(rows.observer.0.len(), 2);
        let columns =
            read("Username,Status,License 1,License 2\na1,Active,Fax,X2\n").expect("columns");
        assert_eq!(columns.observer.0[0].licenses.len(), 2);
        assert_eq!(
            columns.file.detected.columns["licenses"],
            "License 1 + License 2"
        );
    }

    #[test]
    fn every_layout_of_licenses_says_the_same() {
        let x2 = "X Series - X2-VOSVC0216-02-US";
        let head = "Username,Status,Extension,Phone number,Device";
        let (ann, bob) = ("ann,Active,1001,+15550100,T54W", "bob,Active,,,");
        for text in [
            format!("{head},Licenses\n{ann},{x2}; Fax\n{bob},\n"),
            format!("{head},License\n{ann},{x2}\n{ann},Fax\n{bob},\n"),
            format!("{head},License 1,License 2\n{ann},{x2},Fax\n{bob},,\n"),
            format!("{head},{x2},Fax\n{ann},Yes,1\n{bob},No,\n"),
        ] {
            let users = read(&text).expect(&text);
            assert_eq!(users.invalid, [], "{text}");
            let ann = users
                .observer
                .0
                .iter()
                .filter(|row| row.extension == "1001");
            let mut found = Vec::new();
            for row in ann {
                assert_eq!(
                    (&*row.phone_numbers[0], &*row.devices[0]),
                    ("+15550100", "T54W")
                );
                found.extend(row.licenses.iter().map(|license| license.raw.clone()));
            }
            assert_eq!(found, [x2, "Fax"], "{text}");
            assert_eq!(licenses(&users).last().expect("bob"), "", "{text}");
        }
    }

    #[test]
    fn a_column_for_each_license_holds_marks_or_small_numbers() {
        let users = read(
            "Username,Status,License country,X Series - X2,Virtual Office Basic,Fax\n\
             a,Active,GB,x,,2\nb,Active,US,✓,n,0\nc,Active,,-,maybe,1\nd,Active,,,Y,\n",
        )
        .expect("a file");
        assert_eq!(
            licenses(&users),
            [
                "X Series - X2; Fax; Fax",
                "X Series - X2",
                "Virtual Office Basic"
            ]
        );
        assert_eq!(users.observer.0[0].licenses[0].country, "GB");
        assert_eq!(users.invalid[0].source.line, 4);
        assert_eq!(users.invalid[0].column, "Virtual Office Basic");
        assert!(users.invalid[0].problem.contains("neither a mark nor"));
        assert_eq!(
            users.file.detected.columns["licenses"],
            "X Series - X2 + Virtual Office Basic + Fax"
        );
    }

    #[test]
    fn what_is_only_called_like_a_license_is_a_note() {
        let users = read("Username,Status,Licenses,Fax,Storage\na,Active,X2,+1 555 0100,\n");
        let users = users.expect("a file");
        assert_eq!(licenses(&users), ["X2"]);
        let notes = users.file.detected.notes.join("\n");
        assert!(
            notes.contains("\"Fax\" is called like a license"),
            "{notes}"
        );
        let flags = "Username,Status,Licenses,Fax enabled,Meeting ID\na,Active,X2,Yes,1\n";
        let users = read(flags).expect("a file");
        assert_eq!(
            licenses(&users),
            ["X2"],
            "flags of services are no licenses"
        );
        let error = read("Username,Status,Fax\na,Active,+1 555 0100\n").expect_err("no license");
        assert!(error.contains("no column says its licenses"), "{error}");
    }

    #[test]
    fn licenses_that_are_said_twice_refuse_the_file_until_one_is_named() {
        let text = "Username,Status,Licenses,Fax\na,Active,X2,Yes\nb,Active,X2; Fax,No\n";
        let error = read(text).expect_err("a refusal");
        assert!(
            error.contains("by name in \"Licenses\", and by marks in \"Fax\""),
            "{error}"
        );
        for (named, expected) in [
            (&["Licenses"][..], ["X2", "X2; Fax"]),
            (&["Fax"], ["Fax", ""]),
            (&["Licenses", "Fax"], ["X2; Fax", "X2; Fax"]),
        ] {
            let users = read_named(text, named).expect("a file");
            assert_eq!(licenses(&users), expected, "{named:?}");
        }
    }

    #[test]
    fn named_columns_are_read_by_their_cells() {
        let text = "Username,Status,Voice,Extra\na,Active,1,\nb,Active,,X2\n";
        let users = read_named(text, &["Voice", "Extra"]).expect("a file");
        assert_eq!(licenses(&users), ["Voice", "X2"]);
        let error = read_named(text, &["Voice", "Extras"]).expect_err("a refusal");
        assert!(
            error.contains("column \"Extras\": [columns.users] licenses names"),
            "{error}"
        );
        let error = read_named(text, &[""]).expect_err("a refusal");
        assert!(error.contains("no column says its licenses"), "{error}");
        let users = read("Username,Status,License\na,Active,Yes\n").expect("a file");
        assert!(
            users.invalid[0]
                .problem
                .contains("a mark in the place of a license's name")
        );
    }

    #[test]
    fn a_name_and_the_column_beside_it_may_disagree_on_the_country() {
        let users = read(
            "Username,Status,License,License country\n\
             a,Active,UC Call Recordings Cold Storage-VOSVC0504-01-GB,US\n",
        )
        .expect("a file");
        assert_eq!(users.observer.0[0].licenses[0].country, "US");
        let notes = users.file.detected.notes.join("\n");
        assert!(notes.contains("1 licenses name another country"), "{notes}");
    }

    #[test]
    fn what_a_spreadsheet_damaged_is_neither_id_nor_number() {
        let users = read(
            "User ID,Username,Status,Licenses,Extension,Phone number\n\
             1.2E+15,a,Active,Fax,1E+10,1.5555E+10; +1 555 0100\n\
             0012J00042NkZQIQA3,b,Active,Fax,1001,\n\
             0012j00042nkzqi,c,Active,Fax,1002,\n",
        )
        .expect("a file");
        let ids = users.observer.0.iter().map(|row| row.user_id.clone());
        let expected = [None, Some("0012J00042NkZQIQA3"), Some("0012j00042nkzqi")];
        assert!(ids.eq(expected.map(|id| id.and_then(UserId::parse))));
        let row = &users.observer.0[0];
        assert_eq!(row.extension, "");
        assert_eq!(row.phone_numbers, ["+1 555 0100"]);
        let notes = users.file.detected.notes.join("\n");
        assert!(
            notes.contains("2 extensions or phone numbers were damaged"),
            "{notes}"
        );
    }

    #[test]
    fn numbers_that_count_the_rows_are_no_ids() {
        let users = read("ID,Username,Status,License\n1,a,Active,\n2,b,Active,\n3,c,Active,\n");
        let users = users.expect("a file");
        assert!(users.observer.0.iter().all(|row| row.user_id.is_none()));
        let notes = users.file.detected.notes.join("\n");
        assert!(notes.contains("\"ID\" numbers the rows"), "{notes}");
    }

    #[test]
    fn a_second_header_row_is_skipped() {
        let users = read(
            "User.Username,User.Email,basicInfo.status,License\n\
             Username,Email,Status,License\na,a@example.com,Active,Fax\n",
        )
        .expect("a file");
        assert_eq!(licenses(&users), ["Fax"]);
        assert_eq!(users.observer.0[0].source.line, 3);
    }

    #[test]
    fn bad_rows_are_results() {
        let users = read(
            "Username,Status,Licenses,Created\n\
             a1,Active,X2;;Fax,\n\
             a2,,Fax,\n\
             ,Active,Fax,\n\
             a4,Active,Fax,2024-02-31\n\
             a5,Active\n\
             a6,Deactivated,,5/1/2024\n\
             a7,Deactivated,,5/31/2024\n",
        )
        .expect("a file");
        let lines: Vec<u64> = users.invalid.iter().map(|row| row.source.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6]);
        assert_eq!(users.invalid[0].username, "a1");
        assert_eq!(
            users.observer.0[0].created,
            "2024-05-01T00:00:00Z".parse().ok()
        );
        assert_eq!(users.file.rows, 7);
    }

    #[test]
    fn unknown_status_words_refuse_the_file() {
        let error =
            read("Username,Status,Licenses\na,Active,\nb,Parked,\n").expect_err("a refusal");
        assert!(error.contains("line 3, column \"Status\": unknown status values: \"parked\""));
        assert!(
            error.contains("[formats.users_status]\n    \"parked\" = \"…\""),
            "{error}"
        );
        let formats = Formats {
            users_status: [("parked".to_owned(), AccountStatus::Inactive)].into(),
            ..Formats::default()
        };
        let text = "Username,Status,Licenses\na,Active,\nb,Parked,\n";
        let users = read_with(text, &ColumnNames::default(), &formats, CHUNK_BYTES);
        let users = users.expect("a file");
        assert_eq!(users.observer.0[1].status, AccountStatus::Inactive);
    }

    #[test]
    fn a_report_without_licenses_is_refused() {
        let error = read("Username,Status,Lic.\na,Active,\n").expect_err("a refusal");
        assert!(error.contains("no column says its licenses"), "{error}");
        assert!(error.contains("nearest: \"Lic.\""), "{error}");
    }

    fn rows() -> impl Strategy<Value = Vec<(String, String, String, String)>> {
        let user = "([a-z]{0,6}|[a-z]{3}7)";
        let status = "(Active|Inactive|Activ|)";
        let license = "(Fax|X2;Fax|\"X2\nFax\"|\"Fax \"\"x\"\"\"|X2;;|5\" pipe)";
        let created = "(|3/4/2024|13/4/2024|4/13/2024|2024-04-01|,surplus)";
        prop::collection::vec((user, status, license, created), 0..30)
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_result(rows in rows(), chunk_bytes in 1usize..200) {
            let mut text = "User ID,Status,Licenses,Created\n".to_owned();
            for (user, status, license, created) in rows {
                text.extend([&user, ",", &status, ",", &license, ",", &created, "\n"]);
            }
            match (read_in_chunks(&text, usize::MAX), read_in_chunks(&text, chunk_bytes)) {
                (Ok(whole), Ok(chunked)) => {
                    prop_assert_eq!(whole.observer, chunked.observer);
                    prop_assert_eq!(whole.invalid, chunked.invalid);
                    prop_assert_eq!(whole.file, chunked.file);
                }
                (whole, chunked) => prop_assert_eq!(whole.err(), chunked.err()),
            }
        }
    }
}
