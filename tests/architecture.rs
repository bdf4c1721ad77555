//! The rules between modules, checked against the source text. ARCHITECTURE.md
//! says why each of them is there; whoever changes one changes both.

#[path = "architecture/rules_can_fail.rs"]
mod rules_can_fail;
#[path = "architecture/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use source::SourceFile;

/// What each module may use of the crate. `commands` ties everything together
/// and may use all of it; `sandbox` shares nothing with its client.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("files", &[]),
    ("ingest", &["model"]),
    ("ledger", &["model"]),
    ("reconcile", &["model"]),
    ("seats", &["model"]),
    ("plan", &["model", "reconcile", "seats"]),
    ("http", &[]),
    ("vendor", &["http"]),
    ("deliver", &["files", "http"]),
    ("apply", &["model", "plan", "vendor", "ledger"]),
    ("report", &["model", "reconcile", "seats", "plan"]),
    ("sandbox", &[]),
    ("cli", &[]),
    ("config", &["cli", "model", "files"]),
    (
        "commands",
        &[
            "model",
            "files",
            "ingest",
            "ledger",
            "reconcile",
            "seats",
            "plan",
            "http",
            "vendor",
            "deliver",
            "apply",
            "report",
            "sandbox",
            "cli",
            "config",
        ],
    ),
    ("lib", &[]),
    ("main", &[]),
];

/// Single items that a module may use besides, each with the reason.
const SINGLE_ITEMS: &[(&str, &str, &str)] = &[
    (
        "plan",
        "files::spreadsheet_safe",
        "the review sheet is opened in a spreadsheet",
    ),
    (
        "report",
        "files::spreadsheet_safe",
        "results are opened in a spreadsheet",
    ),
    (
        "report",
        "ledger::AttemptRow",
        "an attempt is told as the ledger has it",
    ),
    (
        "report",
        "ledger::RunRow",
        "a run is told as the ledger has it",
    ),
    (
        "report",
        "apply::Stop",
        "the exit code depends on why a run stopped",
    ),
    ("report", "vendor::Usage", "the summary counts requests"),
    (
        "deliver",
        "vendor::Clock",
        "it waits between attempts, and there is one clock",
    ),
    (
        "config",
        "ingest::ColumnNames",
        "an option struct of the module it is for",
    ),
    (
        "config",
        "ingest::DateOrder",
        "an option of the module it is for",
    ),
    (
        "config",
        "ingest::Delimiter",
        "an option of the module it is for",
    ),
    (
        "config",
        "ingest::Formats",
        "an option struct of the module it is for",
    ),
    (
        "config",
        "ingest::TextEncoding",
        "an option of the module it is for",
    ),
    (
        "config",
        "ingest::TextFormat",
        "an option struct of the module it is for",
    ),
];

/// Crates that are part of the vocabulary and may appear anywhere.
const VOCABULARY: &[&str] = &["jiff", "serde", "serde_json", "sha2", "thiserror"];

/// All other dependencies, with the modules that they are at home in.
const HOMES: &[(&str, &[&str])] = &[
    ("anyhow", &["commands"]),
    ("askama", &["report"]),
    ("axum", &["sandbox"]),
    ("calamine", &["ingest"]),
    ("clap", &["cli"]),
    ("csv", &["ingest", "plan", "report"]),
    ("ecow", &["model"]),
    ("encoding_rs", &["ingest"]),
    ("fastrand", &["vendor"]),
    ("flate2", &["ingest"]),
    ("governor", &["vendor"]),
    ("hmac", &["deliver"]),
    ("http", &["http"]),
    ("indicatif", &["commands"]),
    ("lettre", &["deliver"]),
    ("memchr", &["ingest", "plan"]),
    // The binary alone decides whose allocator it uses.
    ("mimalloc", &["main"]),
    ("rayon", &["ingest", "plan", "reconcile"]),
    ("reqwest", &["http"]),
    ("rust_xlsxwriter", &["report"]),
    ("rusqlite", &["ledger"]),
    ("rust_decimal", &["model"]),
    ("rustls", &["http"]),
    // `config` reads secrets and may not know `http`, which sends them.
    ("secrecy", &["http", "config"]),
    // Which key a misspelled one was meant to be.
    ("strsim", &["config"]),
    ("tabled", &["report"]),
    ("tempfile", &["files"]),
    ("tokio", &["vendor", "apply", "sandbox", "commands"]),
    ("toml", &["config"]),
    ("tracing", &["commands"]),
    ("tracing_subscriber", &["commands"]),
    ("unicode_normalization", &["model"]),
    ("uuid", &["vendor"]),
    ("zstd", &["ingest"]),
];

/// Modules and files whose functions depend on their arguments alone.
const PURE: &[&str] = &[
    "src/model/",
    "src/reconcile/",
    "src/report/",
    "src/seats/",
    "src/plan/",
    "src/vendor/retry.rs",
];

/// The part of `plan` that reads files: plans.
const PLAN_FILES: &[&str] = &["src/plan/file.rs"];

/// A longer file asks for a split; its tests are not counted.
const MOST_LINES: usize = 500;

/// Files that are longer, each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

#[test]
fn modules_use_only_what_they_may() {
    assert_none(&each_file(foreign_uses));
}

#[test]
fn crates_stay_at_home() {
    assert_none(&each_file(strayed_crates));
}

#[test]
fn every_dependency_has_a_home() {
    let homed = HOMES.iter().map(|(name, _)| *name);
    let known: BTreeSet<&str> = VOCABULARY.iter().copied().chain(homed).collect();
    let manifest = document("Cargo.toml");
    let wanted = dependencies(&manifest);
    let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    assert_eq!(known, wanted, "HOMES and Cargo.toml name different crates");
}

#[test]
fn pure_modules_depend_on_their_arguments_alone() {
    assert_none(&each_file(impurities));
}

#[test]
fn nothing_below_commands_knows_a_dry_run() {
    assert_none(&each_file(dry_runs));
}

#[test]
fn accounts_are_never_collected() {
    assert_none(&each_file(collected_accounts));
}

#[test]
fn long_files_have_a_reason() {
    assert_none(&each_file(too_long));
}

#[test]
fn exceptions_are_still_needed() {
    let files = source::program();
    let used: BTreeSet<(String, String)> = files
        .iter()
        .flat_map(|file| {
            let uses = file.uses_of_the_crate().into_iter();
            uses.map(|item| (file.module.clone(), item))
        })
        .collect();
    let idle = SINGLE_ITEMS
        .iter()
        .filter(|(module, item, _)| !used.contains(&((*module).to_owned(), (*item).to_owned())))
        .map(|(module, item, _)| format!("{module} does not use {item} any more"));
    let lines: BTreeMap<&str, usize> = files
        .iter()
        .map(|file| (file.path.as_str(), file.lines()))
        .collect();
    let short = LONG_FILES
        .iter()
        .filter(|(path, _)| lines.get(path).is_none_or(|lines| *lines <= MOST_LINES))
        .map(|(path, _)| format!("{path} is no long file any more"));
    assert_none(&idle.chain(short).collect::<Vec<_>>());
}

#[test]
fn the_document_names_every_module_and_only_files_that_exist() {
    let text = document("ARCHITECTURE.md");
    let modules = MAY_USE
        .iter()
        .map(|(module, _)| *module)
        .filter(|module| !matches!(*module, "lib" | "main"));
    let missing = modules
        .filter(|module| !text.contains(&format!("\n| `{module}` |")))
        .map(|module| format!("ARCHITECTURE.md has no row for {module}"));
    let gone = named_files(&text)
        .into_iter()
        .filter(|path| !in_package(path).exists())
        .map(|path| format!("ARCHITECTURE.md names {path}, which does not exist"));
    assert_none(&missing.chain(gone).collect::<Vec<_>>());
}

/// What the file uses of the crate and may not.
fn foreign_uses(file: &SourceFile) -> Vec<String> {
    let Some((_, allowed)) = MAY_USE.iter().find(|(module, _)| *module == file.module) else {
        return vec![format!("module {} is in no table", file.module)];
    };
    let may_use = |item: &String| {
        let module = item.split("::").next().unwrap_or_default();
        allowed.contains(&module)
            || SINGLE_ITEMS
                .iter()
                .any(|(user, single, _)| *user == file.module && single == item)
    };
    file.uses_of_the_crate()
        .into_iter()
        .filter(|item| !may_use(item))
        .map(|item| format!("{} may not use {item}", file.module))
        .collect()
}

/// The crates that the file uses away from their homes.
fn strayed_crates(file: &SourceFile) -> Vec<String> {
    let paths = file.paths();
    let used = |name: &str| {
        // A module of that name hides the crate, which is then written `::http`.
        let hidden = MAY_USE.iter().any(|(module, _)| *module == name);
        paths.iter().any(|path| match path[0].as_str() {
            "" => path[1] == name,
            first => !hidden && first == name && path.len() > 1,
        })
    };
    HOMES
        .iter()
        .filter(|(name, homes)| !homes.contains(&file.module.as_str()) && used(name))
        .map(|(name, homes)| format!("{name} is at home in {} only", homes.join(", ")))
        .collect()
}

/// What a pure file asks of the world around it.
fn impurities(file: &SourceFile) -> Vec<String> {
    let is_pure = PURE.iter().any(|pure| file.path.starts_with(pure))
        && !PLAN_FILES.contains(&file.path.as_str());
    if !is_pure {
        return Vec::new();
    }
    let world = ["env", "fs", "net", "process", "thread"];
    let asks = |path: &&Vec<String>| {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let clock = parts
            .iter()
            .any(|it| matches!(*it, "Instant" | "SystemTime"));
        let now = parts.len() > 1 && parts.last() == Some(&"now");
        clock
            || now
            || matches!(
                parts.as_slice(),
                ["std", outside, ..] if world.contains(outside)
            )
            || matches!(
                parts.as_slice(),
                [
                    "tokio" | "print" | "println" | "eprint" | "eprintln" | "from_path",
                    ..
                ]
            )
    };
    let paths = file.paths();
    let asked = paths.iter().filter(asks);
    asked
        .map(|path| format!("a pure module may not use {}", path.join("::")))
        .collect()
}

/// Flags for rehearsals: a rehearsal is `apply` against the sandbox.
fn dry_runs(file: &SourceFile) -> Vec<String> {
    let below = file.module != "commands" && file.module != "main";
    let tokens = file.tokens();
    let words = tokens
        .into_iter()
        .filter(|word| below && word.contains("dry_run"));
    words
        .map(|word| format!("{word}: a plan is data, execution has no modes"))
        .collect()
}

/// Places that could hold all accounts at once.
fn collected_accounts(file: &SourceFile) -> Vec<String> {
    let compact: String = file.text.split_whitespace().collect();
    let held = compact.split("Vec<").skip(1).filter(|after| {
        let kind = after.split(['>', ',', '<']).next().unwrap_or_default();
        matches!(kind.rsplit("::").next(), Some("AccountRow" | "Account"))
    });
    held.map(|_| "accounts stream by; observe them instead of collecting them".to_owned())
        .collect()
}

fn too_long(file: &SourceFile) -> Vec<String> {
    let excused = LONG_FILES.iter().any(|(path, _)| *path == file.path);
    let lines = file.lines();
    if lines <= MOST_LINES || excused {
        return Vec::new();
    }
    vec![format!(
        "{lines} lines besides tests; {MOST_LINES} ask for a split"
    )]
}

/// The crates under `[dependencies]`, as they are written in code.
fn dependencies(manifest: &str) -> Vec<String> {
    manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = "))
        .filter(|(name, _)| !name.starts_with('#'))
        .map(|(name, _)| name.replace('-', "_"))
        .collect()
}

/// Paths in backticks that lie in this package.
fn named_files(text: &str) -> Vec<&str> {
    let folders = ["src/", "tests/", ".ci/", "samples/"];
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|quoted| folders.iter().any(|folder| quoted.starts_with(folder)))
        .filter(|quoted| !quoted.contains(['*', '{']))
        .collect()
}

fn each_file(rule: fn(&SourceFile) -> Vec<String>) -> Vec<String> {
    let files = source::program();
    files
        .iter()
        .flat_map(|file| {
            let broken = rule(file).into_iter();
            broken.map(|what| format!("{}: {what}", file.path))
        })
        .collect()
}

fn document(name: &str) -> String {
    fs::read_to_string(in_package(name)).expect("a file of this package")
}

fn in_package(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[track_caller]
fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "\n  {}\n", broken.join("\n  "));
}
