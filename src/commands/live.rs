//! The accounts as the Administration API lists them, in the place of a users
//! report.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::failure::{Exit, Failure};
use super::plan;
use super::target::Tenant;
use crate::config::Settings;
use crate::ingest::{AccountObserver, InputRole};
use crate::model::{
    AccountRow, AccountStatus, EmailAddress, InvalidRow, LicenseName, PersonName, SourceRow, Text,
    UserId, Username,
};
use crate::plan::PlanInput;
use crate::vendor::{AdminApi, CallError, CallErrorKind, ListError, Listing, Status, User};

/// What plan and results call the list where a report has its path.
pub(super) const LIVE: &str = "live";

/// The tenant, to be read. What earlier runs sent counts against the limits;
/// what is sent now is not recorded, because a plan leaves the ledger alone.
pub(super) async fn open(settings: &Settings, as_of: Timestamp) -> Result<Tenant, Failure> {
    let tenant = Tenant::open(settings, None, as_of).await?;
    if let Some(ledger) = plan::ledger_to_read(settings)? {
        tenant.remember_sends(&ledger)?;
    }
    Ok(tenant)
}

/// The list of users, read whole.
pub(super) struct UserList<O> {
    /// The observer, with every understood account taken in.
    pub observer: O,
    /// The accounts that were not understood, in the list's order.
    pub invalid: Vec<InvalidRow>,
    contents: Contents,
    pages: u64,
    /// Users that had to be read by themselves.
    read_alone: u64,
}

impl<O> UserList<O> {
    /// The list as the plan records it.
    pub(super) fn input(&self, listed_at: Timestamp) -> PlanInput {
        let mut notes = Vec::new();
        if self.read_alone > 0 {
            notes.push(format!(
                "{} users were read one by one, because the list does not say their licenses",
                self.read_alone
            ));
        }
        PlanInput {
            role: InputRole::Users.to_string(),
            path: LIVE.to_owned(),
            sha256: self.contents.digest(),
            bytes: self.contents.bytes,
            rows: self.contents.users.len() as u64,
            header_fingerprint: format!("{:x}", Sha256::digest(LIVE)),
            // A list has no header row.
            columns: BTreeMap::new(),
            made_at: Some(listed_at),
            detected: serde_json::json!({ "pages": self.pages, "notes": notes }),
        }
    }
}

/// Shows every account of the tenant to `observer`, page by page. Whatever
/// keeps it from seeing all of them is an error.
pub(super) async fn read_list<O: AccountObserver>(
    api: &AdminApi,
    customer_id: Option<&str>,
    observer: O,
) -> Result<UserList<O>, Failure> {
    let mut list = UserList {
        observer,
        invalid: Vec::new(),
        contents: Contents::default(),
        pages: 0,
        read_alone: 0,
    };
    let mut listing = Listing::new(api.clone());
    while let Some(users) = listing.next_page().await.map_err(of_list)? {
        for mut user in users {
            if !user.says_licenses() {
                // A list may carry less of a user than the user itself.
                let alone = api.user(user.user_id()).await;
                user = alone.map_err(|error| of_call(&error))?.value;
                list.read_alone += 1;
            }
            if customer_id.is_some_and(|id| user.is_of_another_customer(id)) {
                return Err(Failure::new(
                    Exit::Configuration,
                    "the API lists users of another customer than tenant.customer_id; check the \
                     key and the id",
                ));
            }
            match account_row(&user, status(&user)?) {
                Ok(mut account) => {
                    account.source.line = list.contents.add(&user, &account)?;
                    list.observer.observe(&account);
                }
                Err(mut invalid) => {
                    invalid.source.line = list.contents.add(&user, &invalid)?;
                    list.invalid.push(*invalid);
                }
            }
        }
    }
    list.pages = listing.pages();
    Ok(list)
}

/// What was read of every user, whatever the order of the list.
#[derive(Default)]
struct Contents {
    /// User id → digest of what was read.
    users: BTreeMap<String, String>,
    bytes: u64,
}

impl Contents {
    /// Adds what was read of a user, and says the how manieth user it is.
    fn add(&mut self, user: &User, read: &impl Serialize) -> Result<u64, Failure> {
        let text = serde_json::to_string(read).map_err(|it| Failure::of(Exit::Internal, it))?;
        self.bytes += text.len() as u64;
        let digest = format!("{:x}", Sha256::digest(&text));
        self.users.insert(user.user_id().to_owned(), digest);
        Ok(self.users.len() as u64)
    }

    fn digest(&self) -> String {
        let mut whole = Sha256::new();
        for (user_id, digest) in &self.users {
            whole.update(format!("{user_id} {digest}\n"));
        }
        format!("{:x}", whole.finalize())
    }
}

/// A user without a known status is no reason to guess for all of them.
fn status(user: &User) -> Result<AccountStatus, Failure> {
    match user.status() {
        Status::Active => Ok(AccountStatus::Active),
        Status::Inactive => Ok(AccountStatus::Inactive),
        Status::Other(word) => Err(Failure::new(
            Exit::BadData,
            format!(
                "the list of users has the status {word:?}, which is neither ACTIVE nor INACTIVE; \
                 export the users report and name that file"
            ),
        )),
    }
}

/// A user as a row of the report, or as an invalid one. Its line is still to
/// be said.
fn account_row(user: &User, status: AccountStatus) -> Result<AccountRow, Box<InvalidRow>> {
    let user_id = UserId::parse(user.user_id())
        .ok_or_else(|| invalid(user, "userId", user.user_id(), "this is no id of a user"))?;
    let created = match user.created_text() {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| invalid(user, "createdTime", text, "this is no instant"))?,
        ),
    };
    let mut licenses = Vec::new();
    for license in user.licenses() {
        let name = LicenseName::parse(&license.name, Some(&license.country));
        licenses.push(
            name.ok_or_else(|| invalid(user, "licenses", &license.id, "a license without a name"))?,
        );
    }
    licenses.sort();
    Ok(AccountRow {
        source: unnumbered(),
        user_id: Some(user_id),
        username: Username::parse(user.username()),
        email: EmailAddress::parse(user.email()),
        employee_id: None,
        name: name(user),
        status,
        site: user.site_name().into(),
        department: user.department().into(),
        cost_center: Text::new(),
        created,
        scim_provider: user.scim_provider().unwrap_or_default().into(),
        extension: user.extension_number().into(),
        phone_numbers: user.phone_numbers(),
        devices: user.devices(),
        groups: user.memberships(),
        licenses,
    })
}

fn invalid(user: &User, column: &str, value: &str, problem: &str) -> Box<InvalidRow> {
    Box::new(InvalidRow {
        source: unnumbered(),
        column: column.to_owned(),
        value: value.to_owned(),
        problem: problem.to_owned(),
        advice: "look the account up in the Admin Console; 8x8 support can correct it".to_owned(),
        employee_id: String::new(),
        person: name(user).display(),
        work_email: user.email().to_owned(),
        username: user.username().to_owned(),
    })
}

fn unnumbered() -> SourceRow {
    SourceRow {
        file: LIVE.into(),
        line: 0,
    }
}

fn name(user: &User) -> PersonName {
    PersonName {
        first: user.first_name().into(),
        last: user.last_name().into(),
        full: Text::new(),
    }
}

fn of_list(error: ListError) -> Failure {
    match error {
        ListError::Call(error) => of_call(&error),
        ListError::NotWhole(_) => Failure::of(Exit::VendorUnavailable, error),
    }
}

/// Before the first change, so nothing was changed.
fn of_call(error: &CallError) -> Failure {
    let exit = match error.kind {
        CallErrorKind::Unauthorized | CallErrorKind::Forbidden => Exit::NoPermission,
        CallErrorKind::NotFound
        | CallErrorKind::NotImplemented
        | CallErrorKind::Rejected
        | CallErrorKind::Downstream
        | CallErrorKind::Throttled
        | CallErrorKind::Server
        | CallErrorKind::OtherHost
        | CallErrorKind::UnexpectedBody
        | CallErrorKind::Transport => Exit::VendorUnavailable,
    };
    let advice = error.advice();
    Failure::new(
        exit,
        format!("the list of users could not be read, and nothing was changed: {error}; {advice}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn user(id: &str, edit: impl Fn(&mut Value)) -> User {
        let mut body = json!({
            "basicInfo": {"userId": id, "userName": "Ann.Moss@example.com", "status": "ACTIVE",
                "primaryEmail": "ann.moss@example.com", "firstName": "Ann", "lastName": "Moss",
                "createdTime": "2024-01-02T00:00:00Z", "site": {"name": "Austin"}},
            "directoryInfo": {"department": "Sales"},
            "assignmentInfo": {"ringGroups": [{"id": "g1", "name": "Reception"}]},
            "serviceInfo": {
                "licenses": [
                    {"id": "l2", "name": "X Series - X2-VOSVC0216-02-US", "country": "US"},
                    {"id": "l1", "name": "Fax", "country": "GB"}],
                "extensions": [{"extensionNumber": "1001",
                    "phoneNumbers": [{"phoneNumber": "+15550100"}],
                    "devices": [{"macAddress": "0004f2000000"}]}]}
        });
        edit(&mut body);
        User::read(body).expect("a user")
    }

    fn row(user: &User) -> Result<AccountRow, Box<InvalidRow>> {
        account_row(user, AccountStatus::Active)
    }

    #[test]
    fn a_user_is_read_as_a_row_of_the_report() {
        let row = row(&user("U1", |_| {})).expect("an account");
        assert_eq!(row.user_id, UserId::parse("U1"));
        assert_eq!(row.username, Username::parse("ann.moss@example.com"));
        assert_eq!(row.created, "2024-01-02T00:00:00Z".parse().ok());
        assert_eq!((&*row.site, &*row.department), ("Austin", "Sales"));
        assert_eq!(
            (&*row.extension, &*row.phone_numbers[0]),
            ("1001", "+15550100")
        );
        assert_eq!(row.devices, ["0004f2000000"]);
        assert_eq!(row.groups, ["Reception"]);
        let pools: Vec<String> = row
            .licenses
            .iter()
            .map(|it| it.pool().to_string())
            .collect();
        assert_eq!(pools, ["Fax (GB)", "X Series - X2 (US)"]);
    }

    #[test]
    fn what_cannot_be_told_for_certain_is_an_invalid_row() {
        for (column, invalid) in [
            ("userId", user("a.b", |_| {})),
            (
                "createdTime",
                user("U1", |it| it["basicInfo"]["createdTime"] = json!("May")),
            ),
            (
                "licenses",
                user("U1", |it| {
                    it["serviceInfo"]["licenses"][0]["name"] = json!(null);
                }),
            ),
        ] {
            let invalid = row(&invalid).expect_err(column);
            assert_eq!(
                (&*invalid.column, &*invalid.work_email),
                (column, "ann.moss@example.com")
            );
        }
        let unknown = user("U1", |it| it["basicInfo"]["status"] = json!("LOCKED"));
        let failure = status(&unknown).expect_err("no status");
        assert_eq!(failure.exit, Exit::BadData);
    }

    #[test]
    fn the_digest_tells_what_was_listed_and_not_in_which_order() {
        let digest = |users: &[User]| {
            let mut contents = Contents::default();
            for user in users {
                let row = row(user).expect("an account");
                contents.add(user, &row).expect("text");
            }
            contents.digest()
        };
        let (one, two) = (user("U1", |_| {}), user("U2", |_| {}));
        let renamed = user("U2", |it| it["basicInfo"]["userName"] = json!("other"));
        let both = digest(&[one.clone(), two.clone()]);
        assert_eq!(both, digest(&[two, one.clone()]));
        assert_ne!(both, digest(&[one, renamed]));
    }
}
