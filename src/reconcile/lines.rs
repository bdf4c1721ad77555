use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Person, RowDisposition};
use crate::model::{
    AccountKey, AccountRow, Disposition, InvalidRow, LicenseName, Memory, Origin, Reason,
    Termination,
};

/// A report's row, overridden by what the ledger verified after the report was
/// made; and since when the status is known.
pub fn as_known(
    row: &AccountRow,
    key: &AccountKey,
    memory: &Memory,
    users_at: Timestamp,
) -> (AccountRow, Timestamp) {
    let mut row = row.clone();
    let mut since = users_at;
    if let Some(verified) = memory.accounts.get(key) {
        if verified.status_at > users_at {
            row.status = verified.status;
            since = verified.status_at;
        }
        let newer = verified.removed.iter().filter(|(_, at)| *at > users_at);
        for (license, _) in newer {
            take_one(&mut row.licenses, license);
        }
    }
    (row, since)
}

fn take_one(licenses: &mut Vec<LicenseName>, gone: &LicenseName) {
    if let Some(position) = licenses.iter().position(|license| license.same_as(gone)) {
        licenses.remove(position);
    }
}

pub(super) fn termination_of(person: &Person, date: Date) -> Termination {
    Termination {
        person: person.key.clone(),
        date,
        employee_id: person.employee_id.clone(),
        work_email: person.work_email.clone(),
        username: person.username.clone(),
        name: person.name.clone(),
        site: person.site.clone(),
        department: person.department.clone(),
        cost_center: person.cost_center.clone(),
        source: person.source.clone(),
    }
}

pub(super) fn unreadable_names(unreadable: &[InvalidRow]) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for row in unreadable {
        for name in [&row.username, &row.work_email] {
            if !name.is_empty() {
                names.insert(name.trim().to_lowercase(), row.sentence());
            }
        }
    }
    names
}

/// A row of the users report is about seats, so its line is the pool's.
pub(super) fn unreadable_account(row: &InvalidRow) -> RowDisposition {
    RowDisposition {
        source: None,
        username: row.username.clone(),
        ..unreadable_line(row, Origin::Pool)
    }
}

pub(super) fn unreadable_line(row: &InvalidRow, origin: Origin) -> RowDisposition {
    RowDisposition {
        origin,
        source: Some(row.source.clone()),
        employee_id: row.employee_id.clone(),
        person: row.person.clone(),
        work_email: row.work_email.clone(),
        site: String::new(),
        cost_center: String::new(),
        termination_date: None,
        disposition: Disposition::Invalid,
        reason: Reason::Unreadable,
        detail: row.sentence(),
        matched_by: String::new(),
        user_id: String::new(),
        username: String::new(),
        next_due: None,
        needs_a_look: false,
    }
}
