//! A new configuration file, as `init` writes it: what was found stands there
//! as settings, what only a person can say as comments with the reason.

use std::collections::BTreeMap;

use toml::Value;

/// What a new configuration file is to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// The HR exports, relative to the file.
    pub hr_files: Vec<String>,
    /// The users report, relative to the file, or `live`.
    pub users_file: Option<String>,
    /// The seats owned per pool.
    pub licenses_file: Option<String>,
    /// People and accounts not to touch.
    pub holds_file: Option<String>,
    /// HR id to 8x8 user id.
    pub map_file: Option<String>,
    /// What stands in the way of reading one of these three lists.
    pub lists: Vec<String>,
    /// What was found of the HR exports.
    pub hr: ExportDraft,
    /// What was found of the users report.
    pub users: ExportDraft,
}

/// What was found of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportDraft {
    /// Field → header: the columns that were found without doubt.
    pub columns: BTreeMap<String, String>,
    /// What a person should know or decide about columns, as sentences.
    pub about_columns: Vec<String>,
    /// Why the order of day and month has to be said.
    pub undecided_dates: Vec<String>,
    /// The order of day and month that the dates showed, `month-first` or
    /// `day-first`.
    pub date_order: Option<String>,
    /// Why it cannot be read yet. What follows the first line of a sentence is
    /// ready to be filled in.
    pub refusals: Vec<String>,
}

impl Draft {
    /// What is given instead of a users report when the API is asked.
    pub const LIVE: &str = "live";

    /// The command that shows what the file does. The sandbox has no list of
    /// its own.
    pub fn first_try(&self) -> &'static str {
        match self.users_file.as_deref() {
            Some(Self::LIVE) => "seatsweep plan -v",
            Some(_) | None => "seatsweep plan --sandbox -v",
        }
    }

    /// The text of the file.
    pub fn to_toml(&self) -> String {
        let mut text = Text::default();
        text.comment(&format!(
            "Written by `seatsweep init`. A line such as `# KEY = VALUE` is a choice that only you \
             can make:\nremove the `#` and say your own value. Paths are relative to this file.\n\
             `{}` shows what it does, and changes nothing.",
            self.first_try()
        ));
        tenant(&mut text);
        self.inputs(&mut text);
        choices(&mut text);
        text.section("columns.hr");
        self.hr.columns(&mut text);
        text.section("columns.users");
        self.users.columns(&mut text);
        text.section("formats");
        self.hr.formats(&mut text, "hr_dates");
        self.users.formats(&mut text, "users_dates");
        text.0.join("\n") + "\n"
    }

    fn inputs(&self, text: &mut Text) {
        text.section("inputs");
        text.comment("Of a pattern, the newest file that matches is read.");
        match self.hr_files.as_slice() {
            [] => text.choice("hr", &list(&["inbox/terminations*.csv".to_owned()])),
            files => {
                text.setting("hr", &list(files));
                let patterns: Vec<String> = files.iter().filter_map(|it| pattern(it)).collect();
                if !patterns.is_empty() && patterns.len() == files.len() {
                    text.choice("hr", &list(&patterns));
                }
            }
        }
        for (key, file, example) in [
            ("users", &self.users_file, "inbox/users*.csv"),
            ("licenses", &self.licenses_file, "seats.csv"),
            ("holds", &self.holds_file, "holds.csv"),
            ("map", &self.map_file, "map.csv"),
        ] {
            match file {
                None => text.choice(key, &quoted(example)),
                Some(file) => {
                    text.setting(key, &quoted(file));
                    if let Some(pattern) = pattern(file) {
                        text.choice(key, &quoted(&pattern));
                    }
                }
            }
        }
        text.comment(
            "The numbers report of Admin Console: shows whether a country's numbers fit when seats go.",
        );
        text.choice("numbers", &quoted("inbox/numbers*.csv"));
        text.comment("Everybody who is employed, for `audit`: whose licences are nobody's?");
        text.choice("roster", &quoted("inbox/employees*.csv"));
        text.comment("A billing export, for `audit`: is what was cancelled gone from the bill?");
        text.choice("bill", &quoted("inbox/bill*.csv"));
        for sentence in &self.lists {
            text.comment(&format!("Cannot be read yet: {sentence}"));
        }
    }
}

impl ExportDraft {
    fn columns(&self, text: &mut Text) {
        text.comment(
            "FIELD = \"header in the file\". Look them over: a column named here is believed. A \
             file that\nlacks one is refused; FIELD = \"\" means that there is no such column.",
        );
        for (field, header) in &self.columns {
            text.setting(field, &quoted(header));
        }
        for sentence in &self.about_columns {
            text.comment(sentence);
        }
    }

    fn formats(&self, text: &mut Text, dates_key: &str) {
        for sentence in &self.undecided_dates {
            text.comment(sentence);
            text.choice(dates_key, &quoted("month-first"));
            text.choice(dates_key, &quoted("day-first"));
        }
        if let Some(order) = &self.date_order {
            text.comment(
                "Found in the file. Say it if another night's file may hold too few dates to show it:",
            );
            text.choice(dates_key, &quoted(order));
        }
        for sentence in &self.refusals {
            text.comment(&format!("Cannot be read yet: {sentence}"));
        }
    }
}

fn tenant(text: &mut Text) {
    text.section("tenant");
    text.comment("Your name for the tenant; it stands in every output. Needed for 8x8.");
    text.choice("name", &quoted("acme"));
    text.comment("\"8x8\" is the real tenant, \"sandbox\" a rehearsal. Nothing is changed anywhere without it.");
    text.choice("target", &quoted("8x8"));
    text.comment("The tenant's id in the API, compared before the first change: a key of another tenant stops.");
    text.choice("customer_id", &quoted("0012J00042NkZQIQA3"));
}

/// What has no default for a real tenant, because a wrong guess deactivates
/// the wrong people or at the wrong time.
fn choices(text: &mut Text) {
    text.section("hr");
    text.comment(
        "\"cumulative\": every leaver stays in the file, and whose row vanishes is not leaving any \
         more.\n\"incremental\": each file holds only news. Only whoever makes the export knows. \
         Needed for 8x8.",
    );
    text.choice("file", &quoted("cumulative"));
    text.section("admin_api");
    text.comment(
        "Where the key is: the name of an environment variable, or a file that only you can read.",
    );
    text.choice("api_key_env", &quoted("SEATSWEEP_API_KEY"));
    channels(text);
    text.section("scim");
    text.comment(
        "The 8x8 URL and token of the provisioning integration in the Admin Console. Not beside an \
         identity\nprovider that provisions: 8x8 allows one program that writes over SCIM.",
    );
    text.choice("base_url", &quoted("https://scim.example.com/scim/v2"));
    text.choice("token_env", &quoted("SEATSWEEP_SCIM_TOKEN"));
    text.section("idp");
    text.comment(
        "Accounts that an identity provider manages: \"none\", \"all\", or a list of usernames and \
         domains.\nIts next sync would undo a deactivation here, so they become tasks.",
    );
    text.choice("managed", &quoted("none"));
    text.section("policy");
    text.comment(
        "The zone in which a last day ends. A zone too far east locks people out early. Needed for 8x8.",
    );
    text.choice("time_zone", &quoted("America/Los_Angeles"));
    text.comment(
        "Licences of accounts that are deactivated: \"direct\" removes them and, once 8x8 has \
         refused it,\nhands them to people; \"reclaim\" then reactivates the account for a few \
         seconds to remove them;\n\"manual\" never tries.",
    );
    text.choice("stranded_seats", &quoted("direct"));
    text.section("protected");
    text.comment(
        "Accounts that are never touched, the primary administrator among them. Needed for 8x8.",
    );
    text.choice("accounts", &list(&["admin@example.com".to_owned()]));
    text.comment(
        "Accounts that every complete users report holds: a report without them stops the run.",
    );
    text.choice("canaries", &list(&["reception@example.com".to_owned()]));
    text.section("seats");
    text.comment("The day on which the seats of `licenses` were counted. Needed with that file.");
    text.choice("as_of", "2026-11-20");
    text.comment("Days after which `audit` lists seats that nobody holds.");
    text.choice("unassigned_after_days", "30");
    text.comment(
        "The tax region of each site, by the word that addresses of it have: `audit` then lists \
         unassigned\nseats whose service address in `licenses` is elsewhere.",
    );
    text.choice("tax_regions", "{ Denver = \"CO\", Austin = \"TX\" }");
    text.comment("Seats to keep for people who join: a block for each pool.");
    text.comment("[[seats.planned_joiners]]");
    for (key, value) in [
        ("license", "\"X Series - X2\""),
        ("country", "\"US\""),
        ("seats", "3"),
    ] {
        text.choice(key, value);
    }
    text.blank();
    text.comment(
        "What a seat costs and when its notice ends: a block for each contract and pool. Without \
         it no\ncancellation is drafted, and no price is built in. `seats` stays as it was signed: \
         what is cancelled\nthrough requests is subtracted by the program.",
    );
    text.comment("[[contracts]]");
    for (key, value) in [
        ("license", "\"X Series - X2\""),
        ("country", "\"US\""),
        ("seats", "120"),
        ("unit_price", "\"24.00\""),
        ("currency", "\"USD\""),
        ("term_ends", "2027-03-31"),
    ] {
        text.choice(key, value);
    }
}

/// How changes are made, and how drafts reach people.
fn channels(text: &mut Text) {
    text.section("channels");
    text.comment(
        "Accounts that wait for an identity provider: with \"scim\" their status is looked up before \
         each plan\n(reading is allowed beside the provider), with \"admin-api\" the users report alone \
         tells.",
    );
    text.choice("read", &quoted("admin-api"));
    text.comment(
        "How access is ended: \"admin-api\", \"scim\" (then [scim] is needed, and for licenses the \
         Administration\nAPI or a person), or \"manual\"; how licenses are removed: \"admin-api\" or \
         \"manual\".",
    );
    text.choice("deactivate", &quoted("admin-api"));
    text.choice("remove_license", &quoted("admin-api"));
    text.comment(
        "8x8 documents an update of users, and elsewhere calls it not implemented. Where the tenant \
         answers\nso (405 or 501), access is ended by \"manual\", \"scim\" (then [scim] is needed), or \
         \"none\", and licenses\nare removed by \"manual\" or \"none\". It is \"manual\" unless you say \
         otherwise, so that somebody is told\nwhose access is still open. \"none\" fails, and tries \
         again every night.",
    );
    text.choice("deactivate_fallback", &quoted("manual"));
    text.choice("remove_license_fallback", &quoted("manual"));
    text.comment(
        "How drafts of cancellation requests reach your own people: \"file\", \"webhook\", \"email\". \
         Handing them in\nto 8x8 is a person's work.",
    );
    text.choice("cancellation", &list(&["file".to_owned()]));
    text.section("webhook");
    text.comment(
        "A ticket system, for the channel \"webhook\". Requests are signed: X-Seatsweep-Signature is \
         sha256=HMAC of\nthe body. The same Idempotency-Key may come twice.",
    );
    text.choice("url", &quoted("https://tickets.example.com/seatsweep"));
    text.choice("secret_env", &quoted("SEATSWEEP_WEBHOOK_SECRET"));
    text.section("email");
    text.comment(
        "Your own people and mail server, for the channel \"email\". \"starttls\" or \"tls\".",
    );
    text.choice("host", &quoted("mail.example.com"));
    text.choice("encryption", &quoted("starttls"));
    text.choice("username", &quoted("seatsweep@example.com"));
    text.choice("password_env", &quoted("SEATSWEEP_MAIL_PASSWORD"));
    text.choice("from", &quoted("seatsweep@example.com"));
    text.choice("to", &list(&["licences@example.com".to_owned()]));
}

/// The lines of a file while it is written.
#[derive(Default)]
struct Text(Vec<String>);

impl Text {
    fn blank(&mut self) {
        self.0.push(String::new());
    }

    fn section(&mut self, name: &str) {
        self.blank();
        self.0.push(format!("[{name}]"));
    }

    fn setting(&mut self, key: &str, value: &str) {
        self.0.push(format!("{key} = {value}"));
    }

    /// A setting that is not made yet.
    fn choice(&mut self, key: &str, value: &str) {
        self.0.push(format!("# {key} = {value}"));
    }

    /// One comment a line of `sentence`. Headers may hold characters that TOML
    /// does not allow even in comments.
    fn comment(&mut self, sentence: &str) {
        for line in sentence.lines() {
            let line = line.replace(|c: char| c.is_control() && c != '\t', " ");
            self.0.push(format!("# {line}"));
        }
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn list(texts: &[String]) -> String {
    Value::from(texts.to_vec()).to_string()
}

/// The pattern that a file's name probably follows: exporters put dates and
/// numbers into names.
fn pattern(file: &str) -> Option<String> {
    let (folder, name) = match file.rsplit_once('/') {
        Some((folder, name)) => (format!("{folder}/"), name),
        None => (String::new(), file),
    };
    let first = name.find(|c: char| c.is_ascii_digit())?;
    let last = name.rfind(|c: char| c.is_ascii_digit())?;
    let digits = name[first..=last].chars().filter(char::is_ascii_digit);
    // A year at least; `q4` is no date.
    (digits.count() >= 4).then(|| format!("{folder}{}*{}", &name[..first], &name[last + 1..]))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::document;
    use super::*;

    fn draft() -> Draft {
        let sentence = || vec!["a \u{1}sentence:\n    [formats.hr_status]".to_owned()];
        let export = ExportDraft {
            columns: BTreeMap::new(),
            about_columns: sentence(),
            undecided_dates: sentence(),
            date_order: Some("day-first".to_owned()),
            refusals: sentence(),
        };
        Draft {
            hr_files: vec!["inbox/hr 2026-11-20.csv".to_owned()],
            users_file: Some("we\"ird\\\u{7f}.csv".to_owned()),
            hr: export.clone(),
            users: export,
            ..Draft::default()
        }
    }

    fn parse(text: &str) -> super::super::sections::ConfigFile {
        document::parse(text, Path::new("seatsweep.toml")).expect(text)
    }

    #[test]
    fn whatever_was_found_the_file_loads() {
        let mut draft = draft();
        let headers = [
            ("employee_id", "Pers.-Nr. \"neu\""),
            ("status", "Status\n(heute)"),
            ("site", "Ort\t\\ \u{7f}\u{1b} #1"),
        ];
        for (field, header) in headers {
            draft.hr.columns.insert(field.to_owned(), header.to_owned());
        }
        let file = parse(&draft.to_toml());
        assert_eq!(file.columns.hr, draft.hr.columns);
        assert_eq!(
            file.inputs.users.expect("a path"),
            Path::new("we\"ird\\\u{7f}.csv")
        );
        assert!(file.policy.time_zone.is_none(), "nobody chose one");
    }

    #[test]
    fn every_choice_is_a_setting_once_its_mark_is_removed() {
        let text = Draft::default().to_toml();
        let is_setting = |line: &str| {
            line.starts_with("[[")
                || line.split_once(" = ").is_some_and(|(key, _)| {
                    key.bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                })
        };
        let chosen: Vec<&str> = text
            .lines()
            .map(|line| {
                line.strip_prefix("# ")
                    .filter(|it| is_setting(it))
                    .unwrap_or(line)
            })
            .collect();
        let file = parse(&chosen.join("\n"));
        assert!(file.tenant.customer_id.is_some() && file.hr.file.is_some());
        assert!(file.policy.time_zone.is_some() && file.seats.as_of.is_some());
        assert!(file.email.host.is_some() && file.webhook.url.is_some());
        assert_eq!(file.seats.planned_joiners.0.len(), 1);
        assert!(file.inputs.roster.is_some() && file.seats.unassigned_after_days.is_some());
        assert!(file.inputs.bill.is_some());
        assert_eq!(file.seats.tax_regions["Austin"], "TX");
        assert!(file.inputs.map.is_some() && !file.protected.accounts.0.is_empty());
    }

    #[test]
    fn a_name_with_a_date_suggests_a_pattern() {
        let cases = [
            ("inbox/leavers-2026-11-20.csv", Some("inbox/leavers-*.csv")),
            ("20261120 users.xlsx", Some("* users.xlsx")),
            ("2026/leavers.csv", None),
            ("leavers-q4.csv", None),
        ];
        for (file, expected) in cases {
            assert_eq!(pattern(file).as_deref(), expected, "{file}");
        }
        assert!(draft().to_toml().contains("# hr = [\"inbox/hr *.csv\"]\n"));
    }
}
