//! Each rule is shown a file that breaks it, and one that looks as if it did.

use super::*;

#[track_caller]
fn check(rule: fn(&SourceFile) -> Vec<String>, path: &str, content: &str, expected: &[&str]) {
    assert_eq!(rule(&SourceFile::new(path, content)), expected, "{content}");
}

#[test]
fn uses() {
    let rule = foreign_uses;
    let ledger = ["plan may not use ledger::Ledger"];
    for content in [
        "use crate::ledger::Ledger;",
        "use crate::{model::Pool, ledger::{Ledger}};",
        "fn f(ledger: &crate::ledger::Ledger) {}",
        "use super::super::ledger::Ledger;",
    ] {
        check(rule, "src/plan/build.rs", content, &ledger);
    }
    check(
        rule,
        "src/plan/mod.rs",
        "use super::ledger::Ledger;",
        &ledger,
    );
    check(
        rule,
        "src/sandbox/users.rs",
        "use crate::model;",
        &["sandbox may not use model"],
    );
    check(
        rule,
        "src/report/codes.rs",
        "use crate::apply::{Stop, StopSwitch};",
        &["report may not use apply::StopSwitch"],
    );
    check(
        rule,
        "src/novelty/mod.rs",
        "",
        &["module novelty is in no table"],
    );
    for content in [
        "// use crate::ledger::Ledger;",
        "const S: &str = \"use crate::ledger::Ledger;\";",
        "#[cfg(test)]\nmod tests { use crate::ledger::Ledger; }",
        "use super::ledger::Ledger;",
        "use crate::plan::ledger;",
    ] {
        check(rule, "src/plan/build.rs", content, &[]);
    }
}

#[test]
fn crates() {
    let rule = strayed_crates;
    let tokio = ["tokio is at home in vendor, apply, sandbox, commands only"];
    for content in [
        "use tokio::sync::Notify;",
        "async fn f() { tokio::select! {} }",
    ] {
        check(rule, "src/plan/build.rs", content, &tokio);
    }
    check(rule, "src/plan/build.rs", "fn f(tokio: u8) {}", &[]);
    check(rule, "src/vendor/call.rs", "use tokio::sync::Notify;", &[]);
    let http = ["http is at home in http only"];
    check(rule, "src/apply/look.rs", "use ::http::Method;", &http);
    check(rule, "src/apply/look.rs", "use crate::http::Method;", &[]);
}

#[test]
fn purity() {
    let rule = impurities;
    for (content, named) in [
        ("fn f() { let _ = std::fs::read(p); }", "std::fs::read"),
        ("use std::{env, fmt};", "std::env"),
        ("fn f() { jiff::Timestamp::now() }", "jiff::Timestamp::now"),
        ("use std::time::Instant;", "std::time::Instant"),
        ("fn f() { println!(\"x\") }", "println"),
    ] {
        let expected = format!("a pure module may not use {named}");
        check(rule, "src/seats/tally.rs", content, &[&expected]);
        check(rule, "src/files/mod.rs", content, &[]);
    }
    let reads = "fn f() { std::fs::read(p) }";
    check(rule, "src/plan/file.rs", reads, &[]);
    check(
        rule,
        "src/seats/tally.rs",
        "fn f(now: u8) { self.now() }",
        &[],
    );
}

#[test]
fn dry_run_flags() {
    let content = "fn apply(dry_run: bool) {}";
    let expected = ["dry_run: a plan is data, execution has no modes"];
    check(dry_runs, "src/apply/mod.rs", content, &expected);
    check(dry_runs, "src/commands/plan.rs", content, &[]);
}

#[test]
fn collections() {
    let expected = ["accounts stream by; observe them instead of collecting them"];
    for content in [
        "struct S(Vec<AccountRow>);",
        "fn f() -> Vec<crate::model::AccountRow> {}",
    ] {
        check(
            collected_accounts,
            "src/ingest/users.rs",
            content,
            &expected,
        );
    }
    check(
        collected_accounts,
        "src/ingest/users.rs",
        "struct S(Vec<AccountKey>);",
        &[],
    );
}

#[test]
fn lengths() {
    let lines = "fn f() {}\n".repeat(MOST_LINES);
    let longer = format!("{lines}fn g() {{}}\n");
    let expected = ["501 lines besides tests; 500 ask for a split"];
    check(too_long, "src/plan/novelty.rs", &longer, &expected);
    let tested = format!("{lines}#[cfg(test)]\nmod tests {{\n    fn g() {{}}\n}}\n");
    check(too_long, "src/plan/novelty.rs", &tested, &[]);
}

#[test]
fn manifests_and_documents() {
    let manifest =
        "[package]\nname = \"x\"\n[dependencies]\n# a = b\nserde-json = \"1\"\n[lints]\nz = 1\n";
    assert_eq!(dependencies(manifest), ["serde_json"]);
    let text = "see `src/gone.rs`, `plan`, and `tests/it/main.rs`";
    assert_eq!(named_files(text), ["src/gone.rs", "tests/it/main.rs"]);
}

#[test]
fn quotes_and_comments_do_not_confuse_the_reader() {
    let content = concat!(
        "fn f<'a>(x: &'a str) -> char { '\"' } /* use crate::ledger::A; */\n",
        "const R: &[u8] = br#\"\" use crate::ledger::B; \"#;\n",
        "const E: &str = \"\\\" use crate::ledger::C; \\\\\";\n",
        "const Q: char = '\\''; use crate::ledger::D;\n",
    );
    let expected = ["plan may not use ledger::D"];
    check(foreign_uses, "src/plan/build.rs", content, &expected);
}
