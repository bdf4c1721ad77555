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
