//! Makes accounts of the records of a users report, or checks and counts those
//! that nobody looks for.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::aliases::users;
use super::body::{self, DataRecord, Rejected, WhoColumns};
use super::chunks::Chunk;
use super::date_columns::{self, DateColumn, DatePins};
use super::date_votes::needs_order;
use super::dates::Fault;
use super::decode::TextFile;
use super::error::IngestError;
use super::header::Column;
use super::known_cells::KnownCells;
use super::layout::{self, Layout};
use super::license_cell::{country_code, values_in};
use super::license_columns::{self, LicenseColumns};
use super::status::{Meaning, Vocabulary};
use super::text::{excerpt, is_blank, is_printable_ascii, lost_characters};
use super::users::{AccountObserver, UsersFile};
use super::users_part::{Oddities, Part};
use super::{ColumnNames, Formats};
use crate::model::{
    AccountCells, AccountRow, AccountStatus, EmailAddress, EmployeeId, KeyCell, LicenseName,
    LicenseSet, SourceRow, Text, UserId, Username, is_damaged_number,
};

/// Values of a `User ID` column that are looked at to tell ids from usernames.
const USER_ID_SAMPLE: usize = 50;

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
    groups: Column,
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
            let values = tell_what_user_ids_are(head, &mut layout);
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

    /// A reader of these columns.
    pub(super) fn new(
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
            groups: layout.column(&users::GROUPS),
            layout,
        }
    }

    /// The columns and where the rows begin.
    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The report, of which everything was read.
    /// Words of the status that nobody knows refuse it.
    pub(super) fn users_file<O: AccountObserver>(
        self,
        whole: Part<O>,
    ) -> Result<UsersFile<O>, IngestError> {
        if let Some(refusal) = whole.unknown.refuse_users(self.file, self.status.header()) {
            return Err(refusal.into());
        }
        let mut layout = self.layout;
        layout.notes.extend(whole.count.notes());
        layout.notes.extend(whole.oddities.notes());
        let date_orders = self.created.detected(&users::CREATED).into_iter().collect();
        Ok(UsersFile {
            file: layout.input_file(self.file, whole.count.rows, date_orders),
            observer: whole.observer,
            invalid: whole.invalid,
        })
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
            if self.orders == Orders::Unknown && self.needs_order(&record, &mut known) {
                undecided += 1;
                return;
            }
            if let Some(cells) = self.glance(&record, &mut known) {
                if observer.passes_over(&cells) {
                    observer.count(&cells);
                } else {
                    observer.observe(&self.row_of_cells(&record, &cells));
                }
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
    fn needs_order(&self, record: &DataRecord<'_>, known: &mut KnownCells) -> bool {
        let mut cells = self.created.column.filled(record.cells);
        cells.any(|cell| !known.orderless(cell, || !needs_order(cell)))
            && record.raggedness().is_none()
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
        // Nearly every row is, and then no cell has to be looked at.
        let is_damaged = !is_printable_ascii(cells.text())
            && keys
                .into_iter()
                .any(|key| key.filled(cells).any(lost_characters));
        let status = self.status.text(cells);
        let status = known.status(status, || match self.vocabulary.read(status) {
            Meaning::Known(status) => Some(status),
            Meaning::Blank | Meaning::Unknown(_) => None,
        })?;
        let is_odd =
            is_damaged || record.raggedness().is_some() || self.damaged_numbers(record) > 0;
        let username = key_cell(who.username.text(cells), Username::print_in);
        let user_id = key_cell(self.user_id.text(cells), UserId::print_in);
        if is_odd || user_id.is_none() && username.is_none() || !self.is_date(record, known) {
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
            site: self.site.text(cells),
            cost_center: self.cost_center.text(cells),
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
        let phone_numbers = self.phone_numbers.filled(record.cells);
        let may_be_damaged = |cell: &&str| cell.bytes().any(|it| it.eq_ignore_ascii_case(&b'e'));
        let numbers = phone_numbers.filter(may_be_damaged).flat_map(values_in);
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
        let is_somebodys = UserId::parse(self.user_id.text(cells)).is_some()
            || Username::parse(who.username.text(cells)).is_some();
        if !is_somebodys {
            let fault = Fault::new(
                "the row does not say whose account it is: user id and username are blank",
                "a line with totals can be left as it is; else export the report again",
            );
            return Err(self.invalid(record, None, fault));
        }
        let status = self.status(record)?;
        let created = self
            .created(record)
            .map_err(|fault| self.invalid(record, Some(&self.created.column), fault))?;
        let licenses = self.licenses(record)?;
        Ok(self.row(record, status, created, licenses))
    }

    /// The row of which these cells are, that somebody looks for.
    fn row_of_cells(&self, record: &DataRecord<'_>, cells: &AccountCells<'_>) -> AccountRow {
        // Whoever made the cells saw that the date can be read.
        let created = self.created(record).unwrap_or_default();
        let licenses = cells.licenses.licenses.clone();
        self.row(record, cells.status, created, licenses)
    }

    fn row(
        &self,
        record: &DataRecord<'_>,
        status: AccountStatus,
        created: Option<Timestamp>,
        licenses: Vec<LicenseName>,
    ) -> AccountRow {
        let cells = record.cells;
        AccountRow {
            source: SourceRow {
                file: self.file.name.clone(),
                line: record.line,
            },
            user_id: UserId::parse(self.user_id.text(cells)),
            username: Username::parse(self.who.username.text(cells)),
            email: EmailAddress::parse(self.who.email.text(cells)),
            employee_id: EmployeeId::parse(self.who.employee_id.text(cells)),
            name: self.who.name(cells),
            status,
            site: self.site.text(cells).into(),
            department: self.department.text(cells).into(),
            cost_center: self.cost_center.text(cells).into(),
            created,
            scim_provider: value(self.scim_provider.text(cells)),
            extension: value(self.extension.text(cells)),
            phone_numbers: list(&self.phone_numbers, record),
            devices: list(&self.devices, record),
            groups: list(&self.groups, record),
            licenses,
        }
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
pub(super) fn tell_what_user_ids_are(file: &TextFile, layout: &mut Layout) -> usize {
    let user_id = layout.column(&users::USER_ID);
    let email = layout.column(&users::EMAIL);
    let mut records = layout.body_records(file);
    let (mut values, mut usernames, mut counting) = (0, 0, 0);
    let mut previous = None;
    while user_id.exists() && values < USER_ID_SAMPLE && records.advance() {
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
    values
}

fn is_username(value: &str, email: &str) -> bool {
    let mailbox = email.split('@').next().unwrap_or_default();
    let short_word = value.len() < 15 && value.chars().all(char::is_alphabetic);
    UserId::parse(value).is_none() || value.eq_ignore_ascii_case(mailbox) || short_word
}

fn key_cell(text: &str, fingerprint_in: impl Fn(&str) -> Option<u64>) -> Option<KeyCell<'_>> {
    let fingerprint = fingerprint_in(text)?;
    Some(KeyCell { text, fingerprint })
}

fn value(cell: &str) -> Text {
    if is_blank(cell) || is_damaged_number(cell) {
        Text::new()
    } else {
        cell.into()
    }
}

fn list(column: &Column, record: &DataRecord<'_>) -> Vec<String> {
    let cells = column.filled(record.cells);
    let values = cells.flat_map(values_in);
    let intact = values.filter(|value| !is_damaged_number(value));
    intact.map(str::to_owned).collect()
}

/// What the administrator fixed about the dates of a users report.
pub(super) fn date_pins(formats: &Formats) -> DatePins<'_> {
    DatePins {
        key: "users_dates",
        table: "users_date_orders",
        file: formats.users_dates,
        fields: &formats.users_date_orders,
    }
}
