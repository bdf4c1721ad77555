use std::io::Write as _;

use proptest::prelude::*;
use tempfile::NamedTempFile;

use super::*;
use crate::ingest::{ColumnNames, Formats};
use crate::model::{AccountKey, AccountMemory, AccountRow, AccountStatus};
use crate::reconcile::tests::scenario::{Scenario, at, hr, scenario};

/// Has every row read in full, whatever could be passed over.
struct InFull(Watch<NobodyElse>);

impl AccountObserver for InFull {
    fn split(&self) -> Self {
        Self(self.0.split())
    }

    fn observe(&mut self, row: &AccountRow) {
        self.0.observe(row);
    }

    fn merge(&mut self, later: Self) {
        self.0.merge(later.0);
    }
}

fn watch(people: &People, question: &Question<'_>) -> Watch<NobodyElse> {
    let mut watched = reconcile::listed_names(question);
    watched.extend(question.policy.canaries.iter().cloned());
    Watch {
        index: Index::new(people, question),
        tally: Tally::new(question.memory, question.users_at),
        census: Census::new(watched),
        besides: NobodyElse,
    }
}

/// Everything that was taken in, as text.
fn taken_in(mut watch: Watch<NobodyElse>, question: &Question<'_>) -> String {
    let missing = watch.census.missing(&question.policy.canaries);
    let (rows, headcount) = (watch.census.rows(), watch.census.headcount());
    let (found, seats) = (watch.index.finish(), watch.tally.finish());
    format!("{rows} {headcount:?} {missing:?}\n{seats:#?}\n{found:#?}")
}

fn check(night: &Scenario, report: &str) -> Result<(), TestCaseError> {
    let calendar = night.calendar();
    let question = night.question(&calendar);
    let people = People::gather(&question);
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(report.as_bytes()).expect("a full file");
    let (names, formats) = (ColumnNames::default(), Formats::default());
    let glanced = watch(&people, &question);
    let glanced = ingest::read_users(file.path(), &names, &formats, glanced);
    let in_full = InFull(watch(&people, &question));
    let in_full = ingest::read_users(file.path(), &names, &formats, in_full);
    let glanced = glanced.map_err(|error| TestCaseError::fail(error.to_string()))?;
    let in_full = in_full.map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(
        taken_in(glanced.observer, &question),
        taken_in(in_full.observer.0, &question)
    );
    prop_assert_eq!(glanced.invalid, in_full.invalid);
    prop_assert_eq!(glanced.file, in_full.file);
    Ok(())
}

/// People who have much in common, so that many look alike.
fn row() -> impl Strategy<Value = String> {
    let id = "(|hvOB1l3zDCaDAwp9tNL0[1-3]|HVOB1l3zDCaDAwp9tNL01)";
    let username = "(|jane|Jane\\.Doe|j_doe|jdoe|jörg|aue|doej|admin@example\\.com|jane\\.doe@(example|sample)\\.com)";
    let email = "(|jane(\\+x)?@example\\.com|JDOE@sample\\.com|none@8x8\\.com|doej@example\\.net|jörg@example\\.com)";
    let name = "(|Jane|Jörg|Auée|J\\.|Jane Marie),(|Doe|Doe-Roe|Roe|Müller|Bauer)";
    let plain = "(Active|Inactive),(|7|007|E7),(|Sales),(X2|X2; Fax),(|US),(|2024-05-01),(|1001)";
    let odd = "(Active|),(|1\\.2E\\+15),(|Sales),(|X2;;|Fax-VOSVC0300-01-GB),(|US),(|2024-05-01T10:00:00Z|2024-02-31),(|1E\\+10)";
    let rest = prop_oneof![4 => plain, 1 => odd];
    let place = "(|Leeds|Denver),(|Sales|Field Sales)";
    (id, username, email, name, rest, place).prop_map(|(id, username, email, name, rest, place)| {
        format!("{id},{username},{email},{name},{rest},{place}\n")
    })
}

const LEAVERS: [&str; 8] = [
    "id=0007 date=2026-11-20 name=Jane_Doe",
    "email=jane@example.com date=2026-11-20 name=Doe,_Jane department=Sales",
    "user=jdoe date=2026-11-20 name=Jörg_Müller",
    "email=jane.doe@example.com date=2026-12-20 name=Jane_Marie_Roe",
    "id=E7 status=employed name=Jane_Bauer",
    "user=doej date=2026-11-20",
    "email=jörg@example.com date=2026-11-20 name=Auee_Bauer",
    "id=9 email=aue@example.com date=2026-11-20 name=Jane_Doe-Roe",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(384) })]

    /// Passing rows over changes nothing but the cost.
    #[test]
    fn a_row_that_is_passed_over_would_not_have_been_kept(
        rows in prop::collection::vec(row(), 0..24),
        leavers in prop::collection::vec(prop::sample::select(LEAVERS.to_vec()), 0..4),
        is_changed in any::<bool>(),
        our_domain in any::<bool>(),
    ) {
        let mut night = scenario().policy(|policy| {
            policy.canaries = ["hvob1l3zdcadawp9tnl01", "admin@example.com"].map(str::to_owned).into();
            if our_domain {
                policy.identity_domains = ["example.com".to_owned()].into();
            }
        });
        night.rows = (2..).zip(leavers).map(|(line, leaver)| {
            let mut row = hr(leaver);
            row.source.line = line;
            row
        }).collect();
        if is_changed {
            let verified = AccountMemory {
                status: AccountStatus::Inactive,
                status_at: at("2026-11-28T09:00:00Z"),
                removed: Vec::new(),
            };
            for key in ["id:hvOB1l3zDCaDAwp9tNL02", "username:jane"] {
                night.memory.accounts.insert(AccountKey::stored(key.to_owned()), verified.clone());
            }
        }
        let header = "User ID,Username,Email,First name,Last name,Status,Employee ID,Department,Licenses,License country,Created,Extension,Site,Cost center\n";
        check(&night, &format!("{header}{}", rows.concat()))?;
    }
}

/// For each reason to suggest an account there is one that has no other.
#[test]
fn accounts_that_look_like_somebody_are_never_passed_over() {
    let night = scenario().hr("id=0007 email=roe@example.com date=2026-11-20 name=Jane_Doe");
    let calendar = night.calendar();
    let question = night.question(&calendar);
    let people = People::gather(&question);
    for cells in [
        ",u,,Pat,Poe,Active,7,",
        ",u,roe+x@example.com,Pat,Poe,Active,,",
        ",u,roe@example.net,Pat,Poe,Active,,",
        ",roe,,Pat,Poe,Active,,",
        ",u,,Doe,Jane,Active,,",
        ",j_doe,,Pat,Doe,Active,,",
        ",u,Jane-Doe@example.net,Pat,Doe,Active,,",
    ] {
        let report = format!(
            "User ID,Username,Email,First name,Last name,Status,Employee ID,Licenses\n{cells}\n"
        );
        let mut file = NamedTempFile::new().expect("a file");
        file.write_all(report.as_bytes()).expect("a full file");
        let (names, formats) = (ColumnNames::default(), Formats::default());
        let users = ingest::read_users(file.path(), &names, &formats, watch(&people, &question));
        let found = users.expect("a report").observer.index.finish();
        let found = format!("{found:?}");
        assert!(found.contains("Suggestion {"), "{cells}: {found}");
    }
}
