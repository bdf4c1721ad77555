//! The tables and how older ledgers come to have them.

use rusqlite::{Connection, Transaction};

use super::error::Fault;

/// One script a schema version, oldest first. A script that was released is
/// never edited; what comes later is a new one.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
    include_str!("schema_8.sql"),
    include_str!("schema_9.sql"),
    include_str!("schema_10.sql"),
];

/// Tells a ledger from any other SQLite file; `file(1)` shows it.
const APPLICATION_ID: i32 = 0x5ea7_5ee9;

/// The file's schema version: 0 for a new, empty file.
pub(super) fn version(connection: &Connection, migrations: &[&str]) -> Result<usize, Fault> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let application_id = pragma("application_id")?;
    let user_version = pragma("user_version")?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application_id == 0 && user_version == 0 && tables == 0 {
        return Ok(0);
    }
    if application_id != APPLICATION_ID {
        return Err(Fault::NotALedger);
    }
    let found = usize::try_from(user_version).map_err(|_| Fault::NotALedger)?;
    let known = migrations.len();
    if found > known {
        return Err(Fault::Newer { found, known });
    }
    Ok(found)
}

/// Runs the scripts that the file has not seen, all or none of them.
pub(super) fn migrate(transaction: &Transaction<'_>, migrations: &[&str]) -> Result<(), Fault> {
    let found = version(transaction, migrations)?;
    for script in &migrations[found..] {
        transaction.execute_batch(script)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    transaction.pragma_update(None, "user_version", known)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{Fault, MIGRATIONS, migrate, version};
    use crate::model::AccessTrail;

    fn migrate_to(connection: &mut Connection, migrations: &[&str]) -> Result<(), Fault> {
        let transaction = connection.transaction()?;
        migrate(&transaction, migrations)?;
        transaction.commit()?;
        Ok(())
    }

    fn with_one_more() -> Vec<&'static str> {
        [MIGRATIONS, &["ALTER TABLE runs ADD COLUMN host TEXT;"]].concat()
    }

    #[test]
    fn an_older_ledger_gets_only_what_it_lacks() {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate_to(&mut connection, MIGRATIONS).expect("the known schema");
        let newer = with_one_more();
        migrate_to(&mut connection, &newer).expect("one version more");
        migrate_to(&mut connection, &newer).expect("nothing left to do");
        connection
            .prepare("SELECT host FROM runs")
            .expect("the new column is there");
        assert_eq!(
            version(&connection, &newer).expect("a version"),
            newer.len()
        );
    }

    #[test]
    fn an_input_of_the_first_version_has_no_columns() {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate_to(&mut connection, &MIGRATIONS[..1]).expect("the first schema");
        connection
            .execute_batch(
                "INSERT INTO plans VALUES ('plan-1', '{}', '', NULL);
                 INSERT INTO accepted_inputs VALUES (1, 'plan-1', 'hr', '', 3, '', '');",
            )
            .expect("an input");
        migrate_to(&mut connection, MIGRATIONS).expect("the known schema");
        let columns: String = connection
            .query_row("SELECT columns FROM accepted_inputs", [], |row| row.get(0))
            .expect("the input");
        assert_eq!(columns, "{}");
    }

    /// Accepted plans of version 8 and what came of them, and what is known of
    /// the access of each leaver then.
    #[test]
    fn older_plans_tell_how_access_ended() {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate_to(&mut connection, &MIGRATIONS[..8]).expect("the eighth schema");
        let plan = |made_at: &str, kinds: &[(&str, &str)]| {
            let actions = kinds.iter().map(|(kind, who)| {
                serde_json::json!({
                    "id": format!("{kind}-{who}"), "kind": kind, "due": "2026-11-20T08:00:00Z",
                    "subject": {"termination": who},
                })
            });
            let actions: Vec<_> = actions.collect();
            let inputs = [
                serde_json::json!({"role": "hr", "made_at": "2026-12-31T00:00:00Z"}),
                serde_json::json!({"role": "users", "made_at": made_at}),
            ];
            serde_json::json!({"inputs": inputs, "actions": actions}).to_string()
        };
        let night = |day: u8| format!("2026-11-{day}T15:00:00.75Z");
        for (plan_id, document, accepted) in [
            (
                "p1",
                plan(&night(20), &[("deactivate", "ann"), ("deactivate", "bob")]),
                true,
            ),
            (
                "p2",
                plan(&night(21), &[("deactivate", "bob"), ("deactivate", "cid")]),
                true,
            ),
            // Bob's account is active for as long as it takes to free his seat.
            (
                "p3",
                plan(&night(28), &[("reactivate", "bob"), ("deactivate", "bob")]),
                true,
            ),
            ("p4", plan(&night(29), &[("deactivate", "dan")]), false),
            ("p5", "no plan".to_owned(), true),
        ] {
            let accepted_at = accepted.then_some("2026-11-20T20:00:00.000000000Z");
            connection
                .execute(
                    "INSERT INTO plans VALUES (?1, ?2, '', ?3)",
                    (plan_id, document, accepted_at),
                )
                .expect("a plan");
        }
        connection
            .execute_batch(
                r#"INSERT INTO outcomes (plan_id, action_id, run_id, record) VALUES
                     ('p1', 'deactivate-ann', 'r', '{"outcome":"succeeded"}'),
                     ('p1', 'deactivate-bob', 'r', '{"outcome":"failed"}'),
                     ('p2', 'deactivate-bob', 'r', '{"outcome":"succeeded"}'),
                     ('p2', 'deactivate-cid', 'r', '{"outcome":"already_done"}');
                 INSERT INTO terminations (termination_id, listed, matched_by, state,
                     first_listed_at, deactivated_at, approved) VALUES
                     ('ann', '', '', 'spent', '', '2026-11-20T20:00:00.000000000Z', 0),
                     ('bob', '', '', 'spent', '', '2026-11-21T20:00:00.000000000Z', 0),
                     ('cid', '', '', 'spent', '', '2026-11-21T20:00:00.000000000Z', 0),
                     ('dan', '', '', 'open', '', NULL, 0),
                     ('eve', '', '', 'spent', '', '2026-11-19T15:00:00.000000000Z', 0);
                 INSERT INTO recent_people VALUES
                     ('ann', 'deactivated', '2026-11-20T20:00:00.000000000Z', 0),
                     ('bob', 'deactivated', '2026-11-21T20:00:00.000000000Z', 0),
                     ('cid', 'deactivated', '2026-11-21T20:00:00.000000000Z', 0),
                     ('ann', 'removed', '2026-11-27T20:00:00.000000000Z', 0);"#,
            )
            .expect("what older versions kept");
        migrate_to(&mut connection, MIGRATIONS).expect("the known schema");
        let trail = |who: &str| -> AccessTrail {
            let query = "SELECT access FROM terminations WHERE termination_id = ?1";
            let text: String = connection
                .query_row(query, [who], |row| row.get(0))
                .expect("the termination");
            serde_json::from_str(&text).expect(&text)
        };
        let at = |text: &str| text.parse().ok();
        let due = at("2026-11-20T08:00:00Z");
        let ours = |last_active, ended_by_us| AccessTrail {
            due,
            last_active: at(last_active),
            first_inactive: None,
            ended_by_us: at(ended_by_us),
        };
        let ann = ours("2026-11-20T15:00:00Z", "2026-11-20T20:00:00Z");
        let bob = ours("2026-11-21T15:00:00Z", "2026-11-21T20:00:00Z");
        let cid = AccessTrail {
            first_inactive: bob.ended_by_us,
            ended_by_us: None,
            ..bob
        };
        let eve = AccessTrail {
            first_inactive: at("2026-11-19T15:00:00Z"),
            ..AccessTrail::default()
        };
        let expected = [ann, bob, cid, AccessTrail::default(), eve];
        assert_eq!(["ann", "bob", "cid", "dan", "eve"].map(trail), expected);
    }

    #[test]
    fn a_failing_script_leaves_the_older_schema() {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate_to(&mut connection, MIGRATIONS).expect("the known schema");
        let broken = [MIGRATIONS, &["CREATE TABLE half (a); NONSENSE;"]].concat();
        migrate_to(&mut connection, &broken).expect_err("a script that fails");
        assert_eq!(
            version(&connection, MIGRATIONS).expect("a version"),
            MIGRATIONS.len()
        );
        connection
            .prepare("SELECT * FROM half")
            .expect_err("the half-made table is gone");
    }

    #[test]
    fn a_newer_ledger_is_refused() {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate_to(&mut connection, &with_one_more()).expect("a newer schema");
        assert!(matches!(
            version(&connection, MIGRATIONS),
            Err(Fault::Newer { found, known }) if found == known + 1
        ));
    }

    #[test]
    fn somebody_elses_database_is_refused() {
        let connection = Connection::open_in_memory().expect("a database");
        connection
            .execute_batch("CREATE TABLE theirs (a);")
            .expect("a table");
        assert!(matches!(
            version(&connection, MIGRATIONS),
            Err(Fault::NotALedger)
        ));
    }
}
