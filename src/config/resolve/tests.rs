use std::ffi::OsString;
use std::fs::File;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::cli;
use crate::config::{ConfigErrorKind, Inputs, UsersSource};
use crate::files;
use crate::ingest::{DateOrder, Delimiter, TextEncoding, TextFormat};
use crate::model::{
    AccountStatus, Channel, ContractBilling, EmploymentStatus, FirstRun, IdentityProvider, Limit,
    StrandedSeats,
};

/// The sample of contract section 11, without what later versions will read.
const SAMPLE: &str = include_str!("sample.toml");

/// The shortest file for a real tenant.
const MINIMAL: &str = r#"
[tenant]
name = "acme"
target = "8x8"
[hr]
file = "cumulative"
[policy]
time_zone = "America/New_York"
[protected]
accounts = ["admin@acme.example"]
[admin_api]
api_key_env = "SEATSWEEP_API_KEY"
"#;

#[test]
fn an_audit_has_a_roster_and_days_of_its_own() {
    let more = "[inputs]\nhr = [\"hr.csv\"]\nusers = \"users.csv\"\nroster = \"all*.csv\"\n\
                [seats]\nunassigned_after_days = 45\ntax_regions = { Denver = \"CO\" }\n\
                [columns.licenses]\nlicense = \"Product\"\n";
    let setup = Setup::new(&format!("{MINIMAL}{more}"));
    for name in ["hr.csv", "users.csv", "all-1.csv", "typed.csv"] {
        files::replace(&setup.path(name), b"x").expect("written");
    }
    let settings = setup.resolve("audit").expect("settings");
    assert_eq!(settings.inputs.roster, Some(setup.path("all-1.csv")));
    assert_eq!(settings.unassigned_after_days, 45);
    assert_eq!(settings.tax_regions["Denver"], "CO");
    assert_eq!(settings.columns_licenses.0["license"], "Product");
    let settings = setup.resolve("audit --roster typed.csv").expect("settings");
    assert_eq!(settings.inputs.roster, Some(PathBuf::from("typed.csv")));
    // Nobody else reads it.
    let settings = setup.resolve("plan").expect("settings");
    assert_eq!(settings.inputs.roster, None);
    let setup = Setup::new(MINIMAL);
    let inputs = "audit --hr hr.csv --users users.csv";
    let settings = setup.resolve(inputs).expect("settings");
    assert_eq!(settings.unassigned_after_days, UNASSIGNED_AFTER_DAYS);
}

/// A folder with a configuration file, input files and no process environment.
struct Setup {
    folder: TempDir,
    environment: Environment,
}

impl Setup {
    fn new(config: &str) -> Self {
        let setup = Self {
            folder: tempfile::tempdir().expect("a folder"),
            environment: Environment::default(),
        };
        let path = setup.path("seatsweep.toml");
        files::replace(&path, config.as_bytes()).expect("written");
        setup
    }

    fn with_environment(mut self, variables: &[(&'static str, &str)]) -> Self {
        self.environment = Environment::of(variables);
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn input(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        files::create_owner_only_dir(path.parent().expect("a folder")).expect("a folder");
        File::create(&path).expect("a file");
        path
    }

    /// Resolves `line` with `--config` naming this setup's file.
    fn resolve(&self, line: &str) -> Result<Settings, ConfigError> {
        let config = self.path("seatsweep.toml");
        let line = format!("{line} --config {}", config.display());
        resolve(&parse(&line), &self.environment)
    }

    fn error(&self, line: &str) -> ConfigError {
        self.resolve(line).expect_err(line)
    }
}

fn parse(line: &str) -> Cli {
    let words = format!("seatsweep {line}");
    cli::parse(words.split_whitespace().map(OsString::from)).expect("a command line")
}

const PLAN: &str = "plan --hr hr.csv --users users.csv";
const RUN: &str = "run --hr hr.csv --users users.csv";

#[test]
fn the_sample_of_the_contract_is_understood() {
    let setup = Setup::new(SAMPLE);
    let hr = setup.input("inbox/terminations-1.csv");
    let users = setup.input("inbox/users-1.csv");
    let licenses = setup.input("inbox/seats-1.csv");
    let settings = setup.resolve("run --confirm").expect("settings");

    assert_eq!(settings.tenant, "acme");
    assert_eq!(settings.target_label(), "8x8");
    assert_eq!(settings.customer_id.as_deref(), Some("0012J00042NkZQIQA3"));
    assert_eq!(settings.ledger, setup.path("seatsweep.db"));
    assert_eq!(settings.out_dir, setup.path("out"));
    assert_eq!(settings.inputs.hr, [hr]);
    assert_eq!(settings.inputs.users, Some(UsersSource::Report(users)));
    assert_eq!(settings.inputs.licenses, Some(licenses));
    assert_eq!(
        settings.columns_hr.0["employee_id"], "Pers. no.",
        "header as it stands in the file"
    );
    assert_eq!(settings.columns_users.0["licenses"], "Voice seat + Fax");
    assert_eq!(
        settings.formats.users_status["pending activation"],
        AccountStatus::Inactive
    );
    assert_eq!(settings.formats.hr_dates, Some(DateOrder::MonthFirst));
    let written = TextFormat {
        encoding: Some(TextEncoding::Utf16Le),
        delimiter: Some(Delimiter::Tab),
        header_line: NonZeroU32::new(6),
        sheet: Some("Leavers".to_owned()),
    };
    assert_eq!(settings.formats.hr, written);
    assert_eq!(
        settings.formats.users.delimiter,
        Some(Delimiter::Comma),
        "one key for each file"
    );
    assert_eq!(
        settings.formats.hr_date_orders["last_day"],
        DateOrder::DayFirst
    );
    assert_eq!(
        settings.formats.hr_status["gone fishing"],
        EmploymentStatus::Left
    );
    let policy = &settings.policy;
    assert_eq!(policy.time_zone, "America/Los_Angeles");
    assert_eq!(policy.site_time_zones["austin"], "America/Chicago");
    assert_eq!(policy.remove_license_after_days, 7);
    assert_eq!(policy.plan_max_age_hours, 72);
    assert_eq!(policy.stranded_seats, StrandedSeats::Direct);
    assert_eq!(policy.idp, IdentityProvider::None);
    assert!(policy.protected.contains("admin@acme.example"));
    assert!(policy.canaries.contains("reception@acme.example"));
    assert!(policy.deactivate_by == Channel::AdminApi && !policy.remove_by_hand);
    assert_eq!(
        policy.seats_as_of.map(|date| date.to_string()).as_deref(),
        Some("2026-11-20")
    );
    let [contract] = policy.contracts.as_slice() else {
        panic!("one contract")
    };
    assert_eq!(contract.pool.to_string(), "X Series - X2 (US)");
    let price = contract.unit_price.as_ref().expect("a price");
    assert_eq!(price.to_string(), "24.00 USD");
    assert_eq!(contract.billing, ContractBilling::Contract);
    assert_eq!(settings.guards, crate::model::GuardLimits::default());
    assert_eq!(settings.limits, LimitSettings::VENDOR);
    assert_eq!(
        settings.api.key,
        Some(KeySource::Environment("SEATSWEEP_API_KEY".to_owned()))
    );
    assert!(settings.execution.confirm);
}

#[test]
fn the_sandbox_needs_no_file() {
    let mut cli = parse("run --hr hr.csv --users users.csv --sandbox --out-dir o");
    cli.global.config = None;
    let settings = resolve(&cli, &Environment::default()).expect("settings");
    assert_eq!(settings.config_file, None);
    assert_eq!(settings.tenant, "sandbox");
    assert_eq!(settings.target_label(), "sandbox");
    assert_eq!(settings.out_dir, Path::new("o/sandbox"));
    assert_eq!(settings.ledger, Path::new("o/sandbox/seatsweep-sandbox.db"));
    assert_eq!(settings.policy.time_zone, "America/Los_Angeles");
    assert_eq!(settings.policy.hr_file, HrFileKind::Cumulative);
    assert_eq!(settings.guards.first_run, FirstRun::Act);
    assert_eq!(settings.limits.time_scale, 60);
}

#[test]
fn a_sandbox_never_takes_the_real_tenants_ledger() {
    let config = format!("ledger = \"real.db\"\n{MINIMAL}[guards]\nfirst_run = \"plan-only\"\n");
    let setup = Setup::new(&config).with_environment(&[(environment::LEDGER, "real.db")]);
    let settings = setup
        .resolve(&format!("{RUN} --sandbox --out-dir o"))
        .expect("settings");
    assert_eq!(settings.ledger, Path::new("o/sandbox/seatsweep-sandbox.db"));
    assert_eq!(settings.guards.first_run, FirstRun::PlanOnly);
    assert_eq!(settings.api.key, None, "nor its key");
    let settings = setup
        .resolve(&format!("{RUN} --sandbox --ledger mine.db"))
        .expect("settings");
    assert_eq!(settings.ledger, Path::new("mine.db"));
}

#[test]
fn the_command_line_wins_over_environment_file_and_default() {
    let with_file = format!("ledger = \"file.db\"\nout_dir = \"from-file\"\n{MINIMAL}");
    let default = Setup::new(MINIMAL);
    let file = Setup::new(&with_file);
    let environment = Setup::new(&with_file).with_environment(&[
        (environment::LEDGER, "environment.db"),
        (environment::OUT_DIR, "from-environment"),
        (environment::TARGET, "sandbox"),
        (environment::LOG_FORMAT, "json"),
    ]);
    let found = |setup: &Setup, line: &str| {
        let settings = setup.resolve(line).expect("settings");
        (settings.out_dir, settings.ledger)
    };

    let expected = (default.path("out"), default.path("seatsweep.db"));
    assert_eq!(found(&default, PLAN), expected);
    let expected = (file.path("from-file"), file.path("file.db"));
    assert_eq!(found(&file, PLAN), expected);
    let settings = environment.resolve(PLAN).expect("settings");
    assert_eq!(settings.out_dir, Path::new("from-environment/sandbox"));
    assert_eq!(settings.target, Target::Sandbox);
    assert_eq!(settings.log.format, LogFormat::Json);
    let line = format!("{PLAN} --out-dir typed --log-format text -v");
    let settings = environment.resolve(&line).expect("settings");
    assert_eq!(settings.out_dir, Path::new("typed/sandbox"));
    assert_eq!(settings.log.format, LogFormat::Text);
    assert_eq!(settings.log.level, LogLevel::Debug);
}

#[test]
fn the_environment_names_the_file_and_its_words_are_checked() {
    let setup = Setup::new(MINIMAL);
    let path = setup.path("seatsweep.toml");
    let named = Environment::of(&[(environment::CONFIG, path.to_str().expect("text"))]);
    let settings = resolve(&parse(PLAN), &named).expect("settings");
    assert_eq!(settings.config_file, Some(path));

    let wrong = setup.with_environment(&[(environment::TARGET, "production")]);
    let error = wrong.error(PLAN);
    assert_eq!(error.kind(), ConfigErrorKind::Configuration);
    assert!(error.to_string().contains("SEATSWEEP_TARGET"), "{error}");
}

#[test]
fn no_color_is_respected_unless_color_was_typed() {
    let setup = Setup::new(MINIMAL).with_environment(&[(environment::NO_COLOR, "1")]);
    let color = |line: &str| setup.resolve(line).expect("settings").color;
    assert_eq!(color(PLAN), ColorWhen::Never);
    assert_eq!(color(&format!("{PLAN} --color always")), ColorWhen::Always);
}

#[test]
fn a_target_must_be_chosen_before_anything_is_changed() {
    let without_target = MINIMAL.replace("target = \"8x8\"", "");
    let setup = Setup::new(&without_target);
    for line in [RUN, "apply plan.json"] {
        let error = setup.error(line);
        assert_eq!(error.kind(), ConfigErrorKind::Configuration);
        let text = error.to_string();
        for way in ["--sandbox", "target = \"sandbox\"", "target = \"8x8\""] {
            assert!(text.contains(way), "{text}");
        }
    }
    for line in [PLAN, "apply plan.json --rehearse"] {
        let settings = setup.resolve(line).expect("it changes nothing");
        assert_eq!(settings.target, Target::Eight);
    }
}

#[test]
fn a_rehearsal_needs_no_key() {
    let without_key = MINIMAL.replace("api_key_env = \"SEATSWEEP_API_KEY\"", "");
    let setup = Setup::new(&without_key);
    let error = setup.error("apply plan.json --confirm");
    assert!(error.to_string().contains("api_key_env"), "{error}");
    let settings = setup.resolve("apply plan.json --rehearse");
    assert_eq!(settings.expect("settings").api.key, None);
}

#[test]
fn the_server_s_limit_is_trusted_only_if_that_is_said() {
    for (line, expected) in [("", false), ("[limits]\ntrust_server_limit = true\n", true)] {
        let setup = Setup::new(&format!("{MINIMAL}{line}"));
        let limits = setup.resolve(RUN).expect("settings").limits;
        assert_eq!(limits.trust_server_limit, expected);
    }
    let setup = Setup::new(&format!("{MINIMAL}[limits]\ntrust_server_limit = 200\n"));
    assert!(setup.error(RUN).to_string().contains("trust_server_limit"));
}

#[test]
fn all_that_is_missing_for_a_real_tenant_is_told_at_once() {
    let setup = Setup::new("[tenant]\ntarget = \"8x8\"");
    let error = setup.error(RUN);
    assert_eq!(error.kind(), ConfigErrorKind::Configuration);
    let text = error.to_string();
    for key in [
        "[tenant] name",
        "[hr] file",
        "[policy] time_zone",
        "[protected] accounts",
        "[admin_api] api_key_env",
    ] {
        assert!(text.contains(key), "{text}");
    }
    let plan = setup.error(PLAN).to_string();
    assert!(!plan.contains("api_key"), "a plan needs no key: {plan}");
}

#[test]
fn the_usual_variable_is_the_key_when_the_file_names_none() {
    let config = MINIMAL.replace("api_key_env = \"SEATSWEEP_API_KEY\"", "");
    let setup = Setup::new(&config);
    assert!(setup.resolve(RUN).is_err());
    let setup = setup.with_environment(&[(environment::API_KEY, "example-key")]);
    let settings = setup.resolve(RUN).expect("settings");
    let variable = KeySource::Environment("SEATSWEEP_API_KEY".to_owned());
    assert_eq!(settings.api.key, Some(variable));
    assert!(!format!("{settings:?}").contains("example-key"));

    let both = Setup::new(&format!("{MINIMAL}api_key_file = \"key\"\n"));
    assert!(both.error(RUN).to_string().contains("keep one"));
}

#[test]
fn a_missing_file_matters_only_if_it_was_asked_for() {
    let setup = Setup::new("");
    let line = format!(
        "{PLAN} --sandbox --config {}",
        setup.path("none.toml").display()
    );
    let error = resolve(&parse(&line), &Environment::default()).expect_err("missing");
    assert_eq!(error.kind(), ConfigErrorKind::NoInput);
    assert!(error.to_string().contains("none.toml"), "{error}");
}

#[test]
fn inputs_are_typed_or_the_newest_match() {
    let config =
        format!("{MINIMAL}[inputs]\nhr = [\"in/a*.csv\", \"in/*.csv\"]\nusers = \"u?.csv\"\n");
    let setup = Setup::new(&config);
    let error = setup.error("plan");
    assert_eq!(error.kind(), ConfigErrorKind::NoInput);
    assert!(error.to_string().contains("in/a*.csv"), "{error}");

    let hr = setup.input("in/a1.csv");
    let users = setup.input("u1.csv");
    let inputs = setup.resolve("plan").expect("settings").inputs;
    assert_eq!(inputs.hr, [hr], "both patterns find the same file");
    assert_eq!(inputs.users, Some(UsersSource::Report(users)));
    let inputs = setup.resolve("plan --hr x*.csv").expect("settings").inputs;
    assert_eq!(inputs.hr, [PathBuf::from("x*.csv")], "typed is literal");
    let sandbox = setup.resolve("sandbox --users s.csv").expect("settings");
    assert_eq!(sandbox.inputs.users_report(), Some(Path::new("s.csv")));
    let apply = setup.resolve("apply plan.json").expect("settings");
    assert_eq!(apply.inputs, Inputs::default());
}

#[test]
fn a_live_list_needs_the_key_and_no_file() {
    let typed = Setup::new(MINIMAL);
    let settings = typed.resolve("plan --hr hr.csv --users live");
    let settings = settings.expect("settings");
    assert_eq!(settings.inputs.users, Some(UsersSource::Live));
    assert_eq!(settings.inputs.users_report(), None);

    let without_key = MINIMAL.replace("api_key_env = \"SEATSWEEP_API_KEY\"", "");
    let setup = Setup::new(&format!("{without_key}[inputs]\nusers = \"live\"\n"));
    let error = setup.error("plan --hr hr.csv");
    assert_eq!(error.kind(), ConfigErrorKind::Configuration);
    assert!(error.to_string().contains("api_key_env"), "{error}");
    let with_file = setup.resolve("plan --hr hr.csv --users u.csv");
    assert!(with_file.is_ok(), "a plan from files sends nothing");
}

#[test]
fn usage_errors_name_option_and_remedy() {
    let setup = Setup::new(MINIMAL);
    let cases = [
        ("plan --users users.csv", "--hr FILE"),
        ("plan --hr hr.csv", "--users FILE"),
        (
            "plan --hr hr.csv --users live --sandbox",
            "name a report as a file",
        ),
        ("sandbox --users live", "name a report as a file"),
        (
            "run --hr hr.csv --users live --users-at 2026-11-20T15:00:00Z",
            "--users-at",
        ),
        (
            "plan --hr hr.csv --users u.csv --as-of tomorrow",
            "--as-of \"tomorrow\"",
        ),
        (
            "plan --hr hr.csv --users u.csv --as-of 2026-11-20T10:00",
            "--as-of",
        ),
        ("apply plan.json --deadline 90", "--deadline \"90\""),
        ("apply plan.json --accept-input abc", "64 hex digits"),
    ];
    for (line, part) in cases {
        let error = setup.error(line);
        assert_eq!(error.kind(), ConfigErrorKind::Usage, "{line}: {error}");
        assert!(error.to_string().contains(part), "{line}: {error}");
    }
}

#[test]
fn a_bare_date_begins_in_the_policys_zone() {
    let setup = Setup::new(MINIMAL);
    let as_of = |text: &str| {
        let settings = setup.resolve(&format!("{PLAN} --as-of {text}"));
        let instant = settings.expect("settings").as_of.expect("an instant");
        instant.to_string()
    };
    assert_eq!(as_of("2026-11-20"), "2026-11-20T05:00:00Z");
    assert_eq!(as_of("2026-07-01"), "2026-07-01T04:00:00Z");
    assert_eq!(as_of("2026-11-20T10:00:00+02:00"), "2026-11-20T08:00:00Z");
}

#[test]
fn execution_options_are_understood() {
    let setup = Setup::new(MINIMAL);
    let digest = "AB".repeat(32);
    let line = format!(
        "apply plan.json --review r.csv --approve p1 --accept-input {digest} --deadline 2h30m"
    );
    let execution = setup.resolve(&line).expect("settings").execution;
    assert_eq!(execution.approve.as_deref(), Some("p1"));
    assert!(execution.accept_inputs.contains(&digest.to_lowercase()));
    assert_eq!(execution.deadline, Some(Duration::from_mins(150)));
    assert_eq!(execution.review, Some(PathBuf::from("r.csv")));
    assert!(!execution.confirm);
}

#[test]
fn more_than_the_vendor_allows_stays_on_this_machine() {
    let base_url = |url: &str| format!("{MINIMAL}base_url = \"{url}\"\n");
    let limits = [
        "time_scale = 60",
        "requests_per_minute = 101",
        "poll_every_seconds = 0.5",
    ];
    for limit in limits {
        let real = Setup::new(&format!(
            "{}[limits]\n{limit}\n",
            base_url("https://api.example.com")
        ));
        let error = real.error(RUN);
        assert!(matches!(error, ConfigError::BeyondTheVendor), "{error}");
        assert_eq!(error.kind(), ConfigErrorKind::Configuration);
        let local = Setup::new(&format!(
            "{}[limits]\n{limit}\n",
            base_url("http://127.0.0.1:8808")
        ));
        let settings = local.resolve(RUN).expect("settings");
        assert_eq!(settings.target_label(), "loopback");
    }
    let clear = Setup::new(&base_url("http://api.example.com"));
    assert!(clear.error(RUN).to_string().contains("only https"));
}

#[test]
fn limits_of_guards_are_numbers_or_unlimited() {
    let guards = |text: &str| Setup::new(&format!("{MINIMAL}[guards]\n{text}\n")).resolve(PLAN);
    let settings = guards("run_users = \"unlimited\"\nrun_floor = 0\nmax_input_age = \"3d\"")
        .expect("settings");
    assert_eq!(settings.guards.run_users, Limit::Unlimited);
    assert_eq!(settings.guards.run_floor, 0);
    assert_eq!(settings.guards.max_input_age_hours, Limit::AtMost(72));
    let refused = [
        ("run_users = \"none\"", "\"none\" is no limit"),
        ("run_users = -1", "whole number"),
        ("run_users = 1.5", "whole number"),
        ("run_percent = 101", "more than 100 percent"),
        ("run_floor = \"unlimited\"", "run_floor"),
        ("rolling_days = 0", "rolling_days"),
        ("max_input_age = \"90m\"", "whole hours"),
        ("max_input_age = 36", "36 has no unit"),
    ];
    for (text, part) in refused {
        let error = guards(text).expect_err(text).to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn the_companys_domains_are_what_follows_the_at() {
    let domains = |list: &str| {
        let setup = Setup::new(&format!("[identity]\ndomains = {list}\n"));
        setup
            .resolve(&format!("{PLAN} --sandbox"))
            .map(|settings| settings.policy.identity_domains)
            .map_err(|error| error.to_string())
    };
    let two = ["example.com", "example.net"].map(str::to_owned);
    assert_eq!(
        domains(r#"["Example.COM", " example.net"]"#),
        Ok(two.into())
    );
    assert_eq!(domains("[]"), Ok([].into()));
    for wrong in ["", "example", "jane@example.com", "@example.com"] {
        let error = domains(&format!("[{wrong:?}]")).expect_err(wrong);
        assert!(error.contains("is no domain"), "{error}");
    }
}

#[test]
fn contracts_are_exact_and_each_is_one() {
    let contract = |text: &str| {
        let head = "[[contracts]]\nlicense = \"X Series - X2\"\ncountry = \"us\"\nseats = 1\nterm_ends = 2027-03-31\n";
        let setup = Setup::new(&format!("{MINIMAL}{}", text.replace("HEAD\n", head)));
        setup.resolve(PLAN)
    };
    let settings = contract("HEAD\n").expect("settings");
    let defaults = &settings.policy.contracts[0];
    assert_eq!((defaults.notice_days, defaults.confirm_days), (30, 14));
    assert_eq!(defaults.pool.country, "US");
    assert_eq!(defaults.unit_price, None);
    let refused = [
        (
            "HEAD\nunit_price = 24.5\ncurrency = \"USD\"",
            "write it in quotes, like \"24.50\"",
        ),
        ("HEAD\nunit_price = 24\ncurrency = \"USD\"", "in quotes"),
        ("HEAD\nunit_price = \"24.00\"", "needs a currency"),
        (
            "HEAD\nunit_price = \"24,00\"\ncurrency = \"USD\"",
            "exact decimal",
        ),
        ("HEAD\nHEAD\n", "two contracts"),
        (
            "[seats]\nas_of = 2026-11-20T00:00:00Z\n",
            "not a date such as",
        ),
    ];
    for (text, part) in refused {
        let error = contract(text).expect_err(text).to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn an_identity_provider_manages_none_all_or_a_list() {
    let idp = |text: &str| {
        let config = format!("{MINIMAL}[idp]\nmanaged = {text}\n");
        let settings = Setup::new(&config).resolve(PLAN)?;
        Ok::<_, ConfigError>(settings.policy.idp)
    };
    assert_eq!(idp("\"none\"").expect("none"), IdentityProvider::None);
    assert_eq!(idp("\"all\"").expect("all"), IdentityProvider::All);
    let listed = ["acme.example".to_owned()].into();
    assert_eq!(
        idp("[\"Acme.Example\"]").expect("a list"),
        IdentityProvider::Listed(listed)
    );
    let error = idp("\"acme.example\"").expect_err("a word").to_string();
    assert!(error.contains("in a list"), "{error}");
}

#[test]
fn channels_may_be_manual() {
    let config =
        format!("{MINIMAL}[channels]\ndeactivate = \"manual\"\nremove_license = \"manual\"\n");
    let policy = Setup::new(&config).resolve(PLAN).expect("settings").policy;
    assert!(policy.deactivate_by == Channel::Manual && policy.remove_by_hand);
}

#[test]
fn what_stands_in_for_updates_is_a_person_unless_said_otherwise() {
    let policy = |text: &str| {
        let config = format!("{MINIMAL}[channels]\n{text}\n");
        let policy = Setup::new(&config).resolve(PLAN)?.policy;
        Ok::<_, ConfigError>((policy.deactivate_fallback, policy.remove_license_fallback))
    };
    let (manual, scim) = (Some(Channel::Manual), Some(Channel::Scim));
    assert_eq!(policy("").expect("settings"), (manual, manual));
    let said = "deactivate_fallback = \"scim\"\nremove_license_fallback = \"none\"";
    assert_eq!(policy(said).expect("settings"), (scim, None));
    let none = "deactivate_fallback = \"none\"";
    assert_eq!(policy(none).expect("settings"), (None, manual));
    for wrong in [
        "remove_license_fallback = \"scim\"",
        "deactivate_fallback = \"admin-api\"",
    ] {
        let error = policy(wrong).expect_err(wrong).to_string();
        assert!(
            error.contains("manual") && error.contains("none"),
            "{error}"
        );
    }
    // A run that may fall back to SCIM has to have it.
    let falls_back = format!("{MINIMAL}[channels]\ndeactivate_fallback = \"scim\"\n");
    let missing = Setup::new(&falls_back).error("apply plan.json").to_string();
    assert!(missing.contains("[scim] base_url"), "{missing}");
    let by_hand = format!("{falls_back}deactivate = \"manual\"\n");
    let settings = Setup::new(&by_hand).resolve("apply plan.json");
    assert_eq!(settings.expect("nothing is missed").scim, None);
}

#[test]
fn reading_over_scim_needs_scim_and_a_report() {
    let config = format!("{MINIMAL}[channels]\nread = \"scim\"\n");
    let missing = Setup::new(&config).error(PLAN).to_string();
    assert!(missing.contains("[scim] base_url"), "{missing}");
    let complete = format!("{config}[scim]\nbase_url = \"https://scim.example.com\"\n");
    let setup = Setup::new(&complete).with_environment(&[("SEATSWEEP_SCIM_TOKEN", "example")]);
    assert_eq!(setup.resolve(PLAN).expect("settings").read, Channel::Scim);
    let live = setup.error("plan --hr hr.csv --users live").to_string();
    assert!(live.contains("no licenses"), "{live}");
    let plain = Setup::new(MINIMAL).resolve(PLAN).expect("settings");
    assert_eq!(plain.read, Channel::AdminApi);
}

#[test]
fn scim_is_asked_for_where_it_changes_something() {
    const APPLY: &str = "apply plan.json";
    let without_key = MINIMAL.replace("[admin_api]\napi_key_env = \"SEATSWEEP_API_KEY\"\n", "");
    let channels = "[channels]\ndeactivate = \"scim\"\nremove_license = \"manual\"\n";
    let alone = format!("{without_key}{channels}");
    let missing = Setup::new(&alone).error(APPLY).to_string();
    assert!(missing.contains("[scim] base_url"), "{missing}");
    assert!(!missing.contains("api_key_env"), "{missing}");
    assert_eq!(Setup::new(&alone).resolve(PLAN).expect("a plan").scim, None);

    let url = "http://127.0.0.1:9/udi/customers/C1/scim/v2";
    let complete = format!("{alone}[scim]\nbase_url = \"{url}\"\n");
    let setup = Setup::new(&complete).with_environment(&[("SEATSWEEP_SCIM_TOKEN", "example")]);
    let settings = setup.resolve(APPLY).expect("settings");
    let scim = settings.scim.as_ref().expect("scim");
    let variable = KeySource::Environment("SEATSWEEP_SCIM_TOKEN".to_owned());
    assert_eq!((&scim.token, scim.customer_id()), (&variable, Some("C1")));
    // What is changed is behind the loopback address, and nothing elsewhere.
    assert_eq!(settings.target_label(), "loopback");
    let real = complete.replace("http://127.0.0.1:9", "https://scim.example.com");
    let real = format!("{real}[limits]\nrequests_per_minute = 200\n");
    let setup = Setup::new(&real).with_environment(&[("SEATSWEEP_SCIM_TOKEN", "example")]);
    assert!(matches!(setup.error(APPLY), ConfigError::BeyondTheVendor));

    let both =
        "[scim]\nbase_url = \"https://scim.example.com\"\ntoken_env = \"A\"\ntoken_file = \"b\"\n";
    let error = Setup::new(&format!("{MINIMAL}{both}"))
        .error(PLAN)
        .to_string();
    assert!(error.contains("keep one"), "{error}");
}

#[test]
fn the_served_sandbox_has_its_own_options() {
    let setup = Setup::new(MINIMAL);
    let line = "sandbox --time-scale 30 --customer-id C1 --api-key-env EXAMPLE_KEY \
                --as-of 2026-11-20T00:00:00Z";
    let settings = setup.resolve(line).expect("settings");
    assert_eq!(settings.limits.time_scale, 30);
    assert_eq!(settings.customer_id.as_deref(), Some("C1"));
    let variable = KeySource::Environment("EXAMPLE_KEY".to_owned());
    assert_eq!(settings.api.key, Some(variable));
    let plain = setup.resolve("sandbox").expect("settings");
    assert_eq!(plain.limits.time_scale, 1);
    assert_eq!(plain.target, Target::Sandbox);
}
