use super::*;
use crate::ingest::DateOrder;
use jiff::civil::date;
use proptest::prelude::*;

fn read(text: &str) -> Result<HrFile, String> {
    read_with(text, &ColumnNames::default(), &Formats::default())
}

fn read_with(text: &str, names: &ColumnNames, formats: &Formats) -> Result<HrFile, String> {
    let file = TextFile::decode("hr.csv".to_owned(), text.into()).expect("text");
    read_text(&file, names, formats, CHUNK_BYTES).map_err(|error| error.to_string())
}

fn read_in_chunks(text: &str, chunk_bytes: usize) -> Result<HrFile, String> {
    let file = TextFile::decode("hr.csv".to_owned(), text.into()).expect("text");
    read_text(
        &file,
        &ColumnNames::default(),
        &Formats::default(),
        chunk_bytes,
    )
    .map_err(|error| error.to_string())
}

/// Rows of every sort: good ones, ones that cannot be read, and ones for which
/// the whole file is refused.
fn line() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "E1,Jane Doe,jane@example.com,Terminated,2026-11-20,",
        "E1,Jane Doe,jane@example.com,Terminated,2026-11-20,",
        "E2,\"Roe, Sam\",sam@example.com,Active,,\"told:\n- on Monday\"",
        "E3,\"Poe \"\"Pat\"\"\",pat@example.com,Terminated,4/13/2026,",
        "E4,Kim Fox,,Terminated,4/5/2026,",
        ",,,,,",
        "Employee ID,Name,Work Email,Status,Termination Date,Remark",
        "# a remark,,,,,",
        "Total,4,,,,",
        "E5,too,few",
        "E6,Al Ace,al@example.com,Terminated,2026-02-30,",
        ",Nobody,,Terminated,2026-11-20,",
        "E7,Bo Box,bo@example.com,Vanished,,",
        "Employee ID,Name,Work Email,Status,Hire Date,Remark",
        "E8,\"Ace,,,,\nE9,Bo,bo@example.com,,,\nE4,Di,D\",,,,",
    ])
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_result(
        lines in prop::collection::vec(line(), 0..12),
        chunk_bytes in 1_usize..200,
        end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let header = "Employee ID,Name,Work Email,Status,Termination Date,Remark";
        let text: String = std::iter::once(header).chain(lines).map(|line| format!("{line}{end}")).collect();
        prop_assert_eq!(read_in_chunks(&text, usize::MAX), read_in_chunks(&text, chunk_bytes));
    }
}

#[test]
fn a_row_is_read_field_by_field() {
    let hr = read(
        "Employee ID,First Name,Last Name,Work Email,Employment Status,Termination Date,\
         Last Day of Work,Location,Department,Cost Center\n\
         000123,Jane,Doe,Jane.Doe@example.com,Terminated,2/28/2026,2/15/2026,Austin,Sales,CC1\n",
    )
    .expect("a file");
    let row = &hr.rows[0];
    assert_eq!(row.source.line, 2);
    assert_eq!(row.employee_id, EmployeeId::parse("000123"));
    assert_eq!(row.work_email, EmailAddress::parse("jane.doe@example.com"));
    assert_eq!(row.name.display(), "Jane Doe");
    assert_eq!(row.status, Some(EmploymentStatus::Left));
    assert_eq!(row.termination_date, Some(date(2026, 2, 28)));
    assert_eq!(row.last_day, Some(date(2026, 2, 15)));
    assert_eq!(
        (row.site.as_str(), row.department.as_str()),
        ("Austin", "Sales")
    );
    assert_eq!(hr.file.rows, 1);
    assert_eq!(hr.file.detected.columns["work_email"], "Work Email");
    assert_eq!(
        hr.file.detected.date_orders["last_day"],
        DateOrder::MonthFirst
    );
}

#[test]
fn a_title_above_the_header_and_semicolons_are_found() {
    let hr = read(
        "\u{feff}Leavers, March\r\n\r\nPersonalnummer;Nachname;Vertragsende;Abteilung;\r\n\
         7;Doe;31.03.2026;\"Sales; \"\"EMEA\"\"\";\r\n",
    )
    .expect("a file");
    assert_eq!(hr.file.detected.delimiter, ';');
    assert_eq!(hr.file.detected.header_line, 3);
    assert_eq!(hr.rows[0].source.line, 4);
    assert_eq!(hr.rows[0].department, "Sales; \"EMEA\"");
    assert_eq!(hr.rows[0].termination_date, Some(date(2026, 3, 31)));
}

#[test]
fn two_header_rows_repeated_headers_and_blank_records_are_no_rows() {
    let hr = read(
        "USERID,STATUS,LASTNAME\nUser ID,Status,Last Name\n1,Active,Doe\n,,\n\
         Userid,Status,LastName\n2,Inactive,Roe\n",
    )
    .expect("a file");
    assert_eq!(hr.file.rows, 2);
    let lines: Vec<u64> = hr.rows.iter().map(|row| row.source.line).collect();
    assert_eq!(lines, [3, 6]);
    assert_eq!(hr.file.detected.notes.len(), 2);
}

/// The state of Idaho is called like an id, and some statuses like columns.
#[test]
fn a_row_of_a_person_is_no_header_row() {
    let row = "10001,Ann,Terminated,2026-11-20,ID";
    let hr = read(&format!("Employee ID,Name,Status,Exit Date,State\n{row}\n")).expect("a file");
    assert_eq!(hr.rows[0].source.line, 2);
    let unknown = format!("Ref,Wer,Zustand,Bis,Ort\n10001,Ben,Active,,CA\n{row}\n{row}\n");
    let error = read(&unknown).expect_err("no header row");
    assert!(error.contains("no column says who leaves"), "{error}");
}

/// A shifted row is that row's fault; its address is no word that anybody should
/// have to explain.
#[test]
fn an_address_or_a_date_is_no_status() {
    for cell in ["ann.moss@example.com", "2026-11-20", "11/20/2026"] {
        let hr = read(&format!(
            "Employee ID,Status,Exit Date\n1,{cell},\n2,Active,\n"
        ));
        let hr = hr.expect("a file");
        assert_eq!((hr.rows.len(), hr.invalid.len()), (1, 1), "{cell}");
        assert!(hr.invalid[0].problem.contains("may be shifted"), "{cell}");
    }
}

// An unquoted comma pushes the date of the notice under the termination date,
// and the blank comment off the table.
#[test]
fn a_surplus_blank_cell_is_harmless_only_where_all_rows_have_it() {
    let header = "Employee ID,Name,Notice Date,Termination Date,Comment\n";
    let shifted = "2,Roe, Jan,2026-11-02,2026-12-31,\n";
    let good = "1,Doe,2026-11-02,2026-11-20,\n3,Poe,2026-11-02,2026-11-20,\n";
    assert_eq!(
        told(&format!("{header}{good}{shifted}")),
        ["1 2026-11-20", "3 2026-11-20", "invalid"]
    );
    // Alone, it does not say what is usual.
    assert_eq!(told(&format!("{header}{shifted}")), ["invalid"]);
    let all = "1,Doe,2026-11-02,2026-11-20,,\n3,Poe,2026-11-02,2026-11-20,,\n";
    assert_eq!(
        told(&format!("{header}{all}")),
        ["1 2026-11-20", "3 2026-11-20"]
    );
}

#[test]
fn bad_rows_are_results_with_their_place() {
    let hr = read(
        "Employee ID,Name,Termination Date\n\
         1,Doe,2026-02-30\n\
         2,Roe\n\
         3,Poe,2026-02-01,surplus\n\
         N/A,Total,\n\
         4,Coe,2026-02-01\n",
    )
    .expect("a file");
    assert_eq!(hr.file.rows, 5);
    assert_eq!(hr.rows.len(), 1);
    let sentences: Vec<String> = hr.invalid.iter().map(InvalidRow::sentence).collect();
    assert!(sentences[0].starts_with(
        "hr.csv line 2, column \"Termination Date\", value \"2026-02-30\": there is no such day"
    ));
    assert!(sentences[1].contains("line 3: the row has 2 cells where the header has 3"));
    assert!(sentences[2].contains("line 4: the row has 4 cells"));
    assert!(sentences[3].contains("line 5: the row does not say whose it is"));
    assert_eq!(hr.invalid[0].employee_id, "1");
    assert_eq!(hr.invalid[0].person, "Doe");
}

#[test]
fn columns_of_one_name_must_agree() {
    let hr = read(
        "Employee ID,Termination Date,Termination Date\n\
         1,,2026-02-01\n2,2026-02-01,2026-02-01\n3,2026-02-01,2026-03-01\n",
    )
    .expect("a file");
    assert_eq!(hr.rows.len(), 2);
    assert_eq!(hr.invalid[0].source.line, 4);
}

#[test]
fn a_header_without_rows_is_a_quiet_night() {
    let hr = read("Employee ID,Termination Date\n").expect("a file");
    assert_eq!((hr.file.rows, hr.rows.len()), (0, 0));
}

#[test]
fn files_that_are_no_hr_export_say_what_is_missing() {
    for (text, words) in [
        ("a,b\n1,2\n", "no header row was found"),
        ("\n\n", "no header row was found"),
        (
            "Employee ID,Last Seen On\n1,2\n",
            "no column says whether or when they leave (status or termination date)",
        ),
        (
            "Full Name,Status,Employee Ident Number\nDoe,Active,1\n",
            "nearest: \"Employee Ident Number\"",
        ),
        ("Employee ID,\"Status\n1,Active\n", "line 1: a quote"),
        (
            "Employee ID,Status\n1,\"Active\n2,Active\n",
            "line 2: a quote",
        ),
        (
            "Employee ID,Status\n1,Gone\n2,Gone\n",
            "\"gone\" (2 rows, first on line 2)",
        ),
        (
            "Employee ID,Termination Date\n1,\n2,04/08/2026\n",
            "hr.csv line 3, column \"Termination Date\", value \"04/08/2026\": the order",
        ),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.contains(words), "{text:?}: {error}");
    }
}

#[test]
fn the_administrators_columns_and_order_win() {
    let names =
        |field: &str, header: &str| ColumnNames([(field.to_owned(), header.to_owned())].into());
    let formats = Formats {
        hr_dates: Some(DateOrder::DayFirst),
        ..Formats::default()
    };
    let text = "Employee ID,Gone On\n1,04/08/2026\n";
    let hr = read_with(text, &names("termination_date", "Gone On"), &formats);
    let row = &hr.expect("a file").rows[0];
    assert_eq!(row.termination_date, Some(date(2026, 8, 4)));

    let error = read_with(text, &names("termination_date", "Left"), &formats);
    assert!(
        error
            .expect_err("an error")
            .contains("columns seen: \"Employee ID\", \"Gone On\"")
    );
    let error = read_with(text, &names("termination", "Gone On"), &formats);
    assert!(
        error
            .expect_err("an error")
            .contains("did you mean termination_date?")
    );
}

/// A file's rows in short: id or address, status, date, rehire; `invalid` for
/// the others. Whoever reads it sees what would be acted on.
fn told(text: &str) -> Vec<String> {
    let hr = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut rows: Vec<(u64, String)> = Vec::new();
    for row in &hr.rows {
        let id = row.employee_id.as_ref().map(ToString::to_string);
        let email = row.work_email.as_ref().map(ToString::to_string);
        let username = row.username.as_ref().map(ToString::to_string);
        let mut words = vec![id.or(email).or(username).unwrap_or_default()];
        words.extend(row.status.map(|status| format!("{status:?}")));
        words.extend(row.termination_date.map(|date| date.to_string()));
        words.extend(row.rehire_date.map(|date| format!("back {date}")));
        rows.push((row.source.line, words.join(" ")));
    }
    let invalid = hr.invalid.iter();
    rows.extend(invalid.map(|row| (row.source.line, "invalid".to_owned())));
    rows.sort();
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Field → header of the columns that are read.
fn columns(text: &str) -> String {
    let hr = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let columns = hr.file.detected.columns.iter();
    let columns: Vec<String> = columns
        .map(|(field, header)| format!("{field}={header}"))
        .collect();
    columns.join(", ")
}

#[test]
fn values_decide_what_finds_a_person() {
    for (rule, text, expected) in [
        (
            "a weak id that counts the rows is no id",
            "ID,Email,Status\n1,ann@example.com,Active\n2,ben@example.com,Active\n\
             4,cy@example.com,Active\n",
            "status=Status, work_email=Email",
        ),
        (
            "a weak id with other numbers is one",
            "ID,Email,Status\n4711,ann@example.com,Active\n18,ben@example.com,Active\n",
            "employee_id=ID, status=Status, work_email=Email",
        ),
        (
            "a strong id may count",
            "Employee ID,Status\n1,Active\n2,Active\n3,Active\n",
            "employee_id=Employee ID, status=Status",
        ),
        (
            "an id that holds addresses is an e-mail",
            "Worker ID,Status\nann@example.com,Active\nben@example.com,Active\n",
            "status=Status, work_email=Worker ID",
        ),
        (
            "an e-mail that holds names is none",
            "Employee ID,Email,Status\n7,jdoe,Active\n8,rroe,Active\n",
            "employee_id=Employee ID, status=Status",
        ),
        (
            "addresses of different people are somebody else's",
            "Employee ID,Email,Status\n17,boss@example.com,Active\n18,boss@example.com,Active\n\
             19,boss@example.com,Active\n20,dee@example.com,Active\n",
            "employee_id=Employee ID, status=Status",
        ),
        (
            "two people may share a mailbox",
            "Employee ID,Email,Status\n17,a@example.com,Active\n18,a@example.com,Active\n\
             19,b@example.com,Active\n20,b@example.com,Active\n",
            "employee_id=Employee ID, status=Status, work_email=Email",
        ),
        (
            "one person may have several rows",
            "Employee ID,Email,Status\n17,a@example.com,Active\n17,a@example.com,Active\n\
             18,b@example.com,Active\n18,b@example.com,Active\n",
            "employee_id=Employee ID, status=Status, work_email=Email",
        ),
        (
            "an address beside the manager is the manager's",
            "Employee ID,Name,Status,Manager,Email\n17,Ann Moss,Active,Kim Boss,kim.boss@example.com\n",
            "employee_id=Employee ID, full_name=Name, status=Status",
        ),
        (
            "unless it is named after the person",
            "Employee ID,Name,Status,Manager,Email\n17,Ann Moss,Active,Kim Boss,ann.moss@example.com\n",
            "employee_id=Employee ID, full_name=Name, status=Status, work_email=Email",
        ),
        (
            "the team's lead is a manager, too",
            "Employee ID,Leaver,Status,Team lead,Email\n17,Ann Moss,Active,Kim Boss,kim.boss@example.com\n",
            "employee_id=Employee ID, full_name=Leaver, status=Status",
        ),
    ] {
        assert_eq!(columns(text), expected, "{rule}");
    }
}

#[test]
fn values_decide_what_a_status_or_a_date_is() {
    for (rule, text, expected) in [
        (
            "remarks are no dates",
            "Employee ID,Status,End Date\n17,Active,unlimited\n18,Terminated,see file\n",
            "employee_id=Employee ID, status=Status",
        ),
        (
            "BambooHR's employment status may hold the contract",
            "Employee #,Status,Employment Status\n17,Active,Full-Time\n18,Inactive,Part-Time\n",
            "employee_id=Employee #, status=Status",
        ),
        (
            "or both",
            "Employee #,Status,Employment Status\n17,Active,Full-Time\n18,Inactive,Terminated\n",
            "employee_id=Employee #, status=Status + Employment Status",
        ),
        (
            "a column of sorts of employment is no status",
            "Employee ID,Employment Status,Exit Date\n17,Full-Time,\n18,Part Time,2026-11-13\n",
            "employee_id=Employee ID, termination_date=Exit Date",
        ),
        (
            "HiBob's access status is not the lifecycle",
            "Employee ID,Status,Lifecycle Status\n17,Active,Garden leave\n18,Inactive,Terminated\n",
            "employee_id=Employee ID, status=Lifecycle Status",
        ),
        (
            "events are not asked where status and date are told",
            "Employee ID,Status,Termination Date,Action Type,Effective Date\n\
             17,Terminated,2026-11-01,Data entry,2026-11-03\n",
            "employee_id=Employee ID, status=Status, termination_date=Termination Date",
        ),
    ] {
        assert_eq!(columns(text), expected, "{rule}");
    }
}

/// Google's and Microsoft's forms note who sent them.
#[test]
fn the_address_of_whoever_sent_a_form_is_no_leavers() {
    for (text, expected) in [
        (
            "Timestamp,Email Address,Employee ID,Last day\n\
             11/13/2026 9:00:00,kim.boss@example.com,17,11/20/2026\n",
            "employee_id=Employee ID, last_day=Last day",
        ),
        (
            "ID,Start time,Completion time,Email,Name,Employee ID,Last day\n\
             1,11/13/26 9:00:00,11/13/26 9:01:00,kim.boss@example.com,Kim Boss,17,11/20/2026\n",
            "employee_id=Employee ID, full_name=Name, last_day=Last day",
        ),
    ] {
        assert_eq!(columns(text), expected);
    }
}

#[test]
fn a_column_that_was_passed_over_is_a_note() {
    let hr = read("ID,Email,Status\n1,ann@example.com,Active\n2,ben@example.com,Active\n");
    let notes = hr.expect("a file").file.detected.notes;
    assert_eq!(
        notes,
        ["column \"ID\" is not read for employee_id: it counts the rows"]
    );
}

#[test]
fn the_administrators_column_stands_whatever_it_holds() {
    let names = ColumnNames([("employee_id".to_owned(), "ID".to_owned())].into());
    let text = "ID,Status\n1,Active\n2,Active\n";
    let hr = read_with(text, &names, &Formats::default()).expect("a file");
    assert_eq!(hr.file.detected.columns["employee_id"], "ID");
    // Without it nobody is identified.
    let error = read(text).expect_err("no identity");
    assert!(error.contains("no column says who leaves"), "{error}");
}

#[test]
fn an_empty_name_leaves_a_column_out() {
    let names = ColumnNames([("status".to_owned(), String::new())].into());
    let text = "Employee ID,Status,Termination Date\n17,Ticket closed,2026-11-01\n";
    let hr = read_with(text, &names, &Formats::default()).expect("a file");
    assert_eq!(hr.rows[0].status, None);
    assert_eq!(hr.rows[0].termination_date, Some(date(2026, 11, 1)));
}

#[test]
fn columns_of_one_meaning_must_agree_in_what_they_mean() {
    for (rule, text, expected) in [
        (
            "dates in two spellings agree",
            "Employee ID,Termination Date,Exit Date\n17,2026-11-13,11/13/2026\n",
            "17 2026-11-13",
        ),
        (
            "different dates do not",
            "Employee ID,Termination Date,Exit Date\n17,2026-11-13,11/14/2026\n",
            "invalid",
        ),
        (
            "a date that means none says nothing",
            "Employee ID,Termination Date,Exit Date\n17,12/31/9999,2026-11-13\n",
            "17 2026-11-13",
        ),
        (
            "addresses in another case agree",
            "Work Email,Primary Email,Status\nAnn@example.com,ann@EXAMPLE.com,Active\n",
            "ann@example.com Employed",
        ),
        (
            "different addresses do not",
            "Work Email,Primary Email,Status\nann@example.com,ann@example.net,Active\n",
            "invalid",
        ),
        (
            "nor do two columns of one name: one is the manager's",
            "Name,Email,Status,Manager,Email\nAnn,ann@example.com,Active,Kim,kim@example.com\n",
            "invalid",
        ),
        (
            "words of one meaning agree",
            "Employee ID,Employment Status,Status\n17,Terminated,T\n",
            "17 Left",
        ),
        (
            "inactive leaves open what a plainer word says",
            "Employee ID,Employment Status,Status\n17,Terminated,Inactive\n18,Inactive,LOA\n\
             19,Inactive,Active\n",
            "17 Left, 18 Absent, invalid",
        ),
        (
            "an address beside the manager may be the manager's",
            "Employee ID,Work Email,Status,Manager,Email\n\
             17,ann@example.com,Active,Kim,kim@example.com\n\
             18,ben@example.com,Active,Kim,Ben@example.com\n19,,Active,Kim,kim@example.com\n",
            "invalid, 18 Employed, 19 Employed",
        ),
        (
            "words of another do not",
            "Employee ID,Employment Status,Status\n17,Terminated,Active\n18,On leave,LOA\n",
            "invalid, 18 Absent",
        ),
        (
            "ids of different kinds are no disagreement",
            "File Number,Associate ID,Status\n000123,ABC123,Active\n",
            "ABC123 Employed",
        ),
        (
            "a blank says nothing",
            "Employee ID,Username,Login Name,Status\n,N/A,jdoe,Active\n",
            "jdoe Employed",
        ),
    ] {
        assert_eq!(told(text).join(", "), expected, "{rule}");
    }
}

#[test]
fn a_damaged_key_is_no_key() {
    let text = "Employee ID,Work Email,Status\n1\u{fffd}7,ann@example.com,Active\n\
                18,b\u{fffd}n@example.com,Active\n\"19\u{7}20\",cy@example.com,Active\n21,,Active\n";
    assert_eq!(told(text), ["invalid", "invalid", "invalid", "21 Employed"]);
    // What nobody sees comes along from web pages.
    let text = "Employee ID,Status\n\u{200b}21\u{200e},Active\n2\u{ad}2,Active\n";
    assert_eq!(told(text), ["21 Employed", "invalid"]);
}

/// Entra's feed and Workday: "inactive" is no leaver while on leave.
#[test]
fn leave_is_told_apart_from_leaving() {
    let text = "WorkerID,WorkerStatus,OnLeave,Termination Date\n\
                17,Inactive,True,\n18,Inactive,False,2026-11-13\n19,Inactive,,\n\
                20,Active,True,\n21,Terminated,Yes,\n22,Terminated,Yes,2026-11-13\n";
    assert_eq!(
        told(text),
        [
            "17 Absent",
            "18 Left 2026-11-13",
            "19 Unclear",
            "20 Absent",
            "21 Absent",
            "22 Left 2026-11-13"
        ]
    );
}

/// SAP's query: only the event tells what its date means.
#[test]
fn the_date_of_an_event_ends_an_employment_if_the_event_does() {
    let text = "Pers.no.,Last name,Action Type,Start date Action,End date Action\n\
                00000017,Moss,Auto Terminations,13/11/2026,31/12/9999\n\
                00000018,Roe,Hire Employee,14/11/2026,31/12/9999\n\
                00000019,Poe,Rehire,1/10/2026,31/12/9999\n\
                00000020,Coe,Leave of absence,14/11/2026,31/12/9999\n";
    assert_eq!(
        told(text),
        [
            "00000017 Left 2026-11-13",
            "00000018 Rehired back 2026-11-14",
            "00000019 Rehired back 2026-10-01",
            "00000020 Rehired back 2026-11-14"
        ]
    );
    let unknown = text.replace("Hire Employee", "Secondment");
    let error = read(&unknown).expect_err("an unknown event");
    for words in [
        "line 3, column \"Action Type\"",
        "\"secondment\" (1 row",
        "[formats.hr_status]",
    ] {
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_field_of_dates_can_have_an_order_of_its_own() {
    let text = "Employee ID,Termination Date,Last Day\n17,04/05/2026,04/05/2026\n";
    let mut formats = Formats {
        hr_dates: Some(DateOrder::MonthFirst),
        ..Formats::default()
    };
    let orders = &mut formats.hr_date_orders;
    orders.insert("last_day".to_owned(), DateOrder::DayFirst);
    let hr = read_with(text, &ColumnNames::default(), &formats).expect("a file");
    assert_eq!(hr.rows[0].termination_date, Some(date(2026, 4, 5)));
    assert_eq!(hr.rows[0].last_day, Some(date(2026, 5, 4)));

    formats.hr_date_orders = [("last_days".to_owned(), DateOrder::DayFirst)].into();
    let error = read_with(text, &ColumnNames::default(), &formats).expect_err("a field");
    assert!(error.contains("did you mean last_day?"), "{error}");
    let error = read(text).expect_err("no order");
    for words in [
        "column \"Termination Date\", value \"04/05/2026\"",
        "[formats] hr_dates = \"month-first\"",
        "[formats.hr_date_orders] termination_date = \"day-first\"",
    ] {
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn columns_in_different_orders_are_a_note() {
    let text = "Employee ID,Termination Date,Rehire Date\n17,11/13/2026,14/11/2026\n";
    let hr = read(text).expect("a file");
    assert_eq!(hr.rows[0].rehire_date, Some(date(2026, 11, 14)));
    let notes = hr.file.detected.notes.join("; ");
    assert!(notes.contains("dates are written in two orders"), "{notes}");
}

#[test]
fn files_that_are_named_like_leaver_lists_say_what_they_are() {
    for (text, words) in [
        (
            "customerID,gender,tenure,Contract,Churn\n7590-VHVEG,F,1,Monthly,No\n",
            "this looks like a list of customers (columns \"customerID\", \"Churn\")",
        ),
        (
            "Customer ID,Email,Plan,MRR,Status,End Date\n9,ann@example.com,Pro,9,Active,\n",
            "this looks like a list of customers (columns \"Customer ID\", \"MRR\"), not like",
        ),
        (
            "Month,Department,Headcount,Terminations,Turnover Rate\n2026-10,Sales,40,2,5\n",
            "this looks like counts, not people (columns \"Headcount\", \"Terminations\"",
        ),
        (
            "Respondent ID,Collector ID,Start Date,End Date,Email Address\n\
             1,2,2026-10-01,2026-10-02,ann@example.com\n",
            "this looks like the answers to a survey (columns \"Respondent ID\"",
        ),
        (
            "Employee ID,End Date,Pay is fair,I would recommend us\n\
             17,2026-10-01,Agree,Disagree\n18,2026-10-01,Neutral,Agree\n",
            "this looks like the answers to a survey (columns \"Pay is fair\"",
        ),
        (
            "User ID,Username,Email,Status,Licenses\nq1,ann,ann@example.com,Active,X2\n",
            "this looks like a users report (columns \"Licenses\"), not like",
        ),
        (
            "Employee ID,Name,Leaving Date\n17,Ann,2026-11-01\n,,\nEmployee ID,NAME,Start Date\n\
             18,Ben,2026-11-02\n",
            "hr.csv line 4, column \"Leaving Date\", value \"Start Date\": a second header row",
        ),
        (
            "Employee ID,Leaving Date\n17,2026-11-01\nNew joiners:,\n18,2026-11-02\n",
            "hr.csv line 3, value \"New joiners:\": a title stands between the rows",
        ),
        (
            "gusto_employee_id,effective_date,run_termination_payroll\n7f,2026-11-23,true\n",
            "e.g. termination_date = \"effective_date\"",
        ),
        (
            "Employee ID,Leave Type,Start Date,End Date,Days\n17,Sick,2026-10-01,2026-10-02,2\n",
            "this looks like a list of absences (columns \"Leave Type\"), not like",
        ),
        (
            "Employee ID,First Day,Last Day\n17,2026-10-01,2026-10-02\n",
            "this looks like a list of absences (columns \"First Day\"), not like",
        ),
        (
            "Employee ID,Name,Last Day Worked,Hours\n17,Ann Moss,2026-11-20,38.5\n",
            "this looks like a register of hours",
        ),
        (
            "Employee ID,Name,Department,Extension\n17,Ann Moss,Sales,1001\n",
            "this looks like a roster",
        ),
        (
            "Personalnummer,Name,Contract End Date\n17,Ann Moss,2026-10-01\n",
            "[columns.hr], e.g. termination_date = \"Contract End Date\"",
        ),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.contains(words), "{text}: {error}");
    }
    // An agent's customer is whom the agent works for.
    assert_eq!(
        told("Name,Email,Customer,Status\nAnn,ann@example.com,Acme,Active\n"),
        ["ann@example.com Employed"]
    );
}

/// Courses, projects and expenses have such dates, too.
#[test]
fn a_date_of_anything_needs_a_word_of_leaving() {
    for header in [
        "Employee ID,Date,Amount",
        "Employee ID,Status,Date",
        "Employee ID,Date,Last day of work",
        "Employee ID,Course,Start Date,End Date",
        "Login,Component,Release Date",
    ] {
        let error = read(&format!("{header}\n")).expect_err(header);
        let words = "no other column says that this is the day on which somebody leaves";
        assert!(error.contains(words), "{header}: {error}");
    }
    for header in [
        "Employee ID,Date,Reason for leaving",
        "Employee ID,Status,End Date",
        "Employee ID,End Date,Separation Type",
    ] {
        assert!(
            columns(&format!("{header}\n")).contains("termination_date="),
            "{header}"
        );
    }
    let names = ColumnNames([("termination_date".to_owned(), "Date".to_owned())].into());
    let pinned = read_with("Employee ID,Date\n", &names, &Formats::default());
    pinned.expect("the administrator's word");
}

/// What is nearest by its letters may be somebody else's, or no date to act on.
#[test]
fn a_dangerous_column_is_never_suggested() {
    for header in [
        "Name,Manager ID,Status",
        "Name,Supervisor Email,Status",
        "Name,Personal Email,Status",
        "Employee ID,Previous Termination Date",
        "Employee ID,Resignation Date",
        "Employee ID,Hire Date",
        "Employee ID,Date of Birth",
        "Employee ID,Pay Through Date",
        "Employee ID,Status (Background check)",
    ] {
        let error = read(&format!("{header}\n")).expect_err(header);
        assert!(!error.contains("nearest"), "{header}: {error}");
    }
    let error = read("ID,Title,Status\n412,Ann Moss,Left\n408,Ben Lake,Left\n");
    let error = error.expect_err("no column says who leaves");
    assert!(!error.contains("nearest"), "{error}");
    let form = "Timestamp,Email Address,Last day\n11/13/2026 9:00:00,kim@example.com,11/20/2026\n";
    let error = read(form).expect_err("no column says who leaves");
    assert!(!error.contains("nearest"), "{error}");
}
