//! The commands that messages tell people to run next: whole, so that they can
//! be copied into a shell as they are.

use std::path::Path;

use crate::config::{Settings, Target};

/// The command that carries out the plan kept at `plan`, with the options of
/// this call that it depends on, and these flags.
pub(super) fn apply(settings: &Settings, plan: &Path, flags: &[String]) -> String {
    let mut words = vec![
        "seatsweep".to_owned(),
        "apply".to_owned(),
        quoted(&plan.to_string_lossy()),
    ];
    let retyped = settings.retyped.iter();
    words.extend(retyped.map(|word| quoted(&word.to_string_lossy())));
    if settings.target == Target::Eight {
        words.push("--confirm".to_owned());
    }
    words.extend(flags.iter().cloned());
    words.join(" ")
}

/// The command that tells whose account an id stands for. The id goes last: it
/// may begin with a hyphen.
pub(super) fn explain(user_id: &str) -> String {
    format!("seatsweep explain -- {}", quoted(user_id))
}

/// How to leave some of a plan's actions out, for whoever is shown where the
/// plan is kept; its review sheet lies beside it.
pub(super) fn reviewing(plan: &Path) -> String {
    let sheet = plan.with_extension("csv");
    let flag = format!("--review {}", quoted(&sheet.to_string_lossy()));
    format!(
        "To leave actions out, write skip (not in this plan; the next night asks again) or hold \
         (also not on later nights, until `seatsweep tasks done hold-…` ends it; `seatsweep tasks \
         list` shows it) in the decision column of {}, and add {flag}",
        sheet.display(),
    )
}

/// As a POSIX shell takes it for one word.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_is_one_word_for_the_shell() {
        for (word, expected) in [
            ("out/plans/5d2e.json", "out/plans/5d2e.json"),
            ("My Documents/plan.json", "'My Documents/plan.json'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
