//! How faults are written down.

use std::time::Duration;

use axum::http::StatusCode;

use super::faults::{Damage, Fate, Fault, FaultScript, Instead, RequestKind, Rule, When, Which};

/// A rule that cannot be understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the fault rule {rule:?} cannot be understood: {why}")]
pub struct FaultScriptError {
    /// The rule.
    pub rule: String,
    /// What is wrong with it.
    pub why: String,
}

/// The words for requests.
const REQUESTS: [(&str, RequestKind); 9] = [
    ("any", RequestKind::Any),
    ("connection", RequestKind::Connection),
    ("users-list", RequestKind::UsersList),
    ("user-read", RequestKind::UserRead),
    ("update", RequestKind::Update),
    ("poll", RequestKind::Poll),
    ("scim-search", RequestKind::ScimSearch),
    ("scim-read", RequestKind::ScimRead),
    ("scim-patch", RequestKind::ScimPatch),
];

/// The words for how an operation ends.
const FATES: [(&str, Fate); 5] = [
    ("failed", Fate::Failed),
    ("unknown", Fate::Unknown),
    ("stuck", Fate::Stuck),
    ("gone", Fate::Gone),
    ("unchanged", Fate::Unchanged),
];

/// What a poll can be made to say.
const STATUSES: [&str; 5] = ["PENDING", "IN_PROGRESS", "COMPLETED", "FAILED", "UNKNOWN"];

impl FaultScript {
    /// Understands a script, one rule a line:
    ///
    /// ```text
    /// REQUEST [of USER-ID] [WHICH]: FAULT
    /// ```
    ///
    /// Blank lines and what follows a `#` are left out. Of several rules for
    /// one request the first holds; each counts its requests by itself. The
    /// words are those that `seatsweep sandbox --help` lists.
    pub fn parse(text: &str) -> Result<Self, FaultScriptError> {
        let lines = text.lines().map(|line| line.split('#').next());
        let rules = lines.flatten().map(str::trim);
        let rules = rules.filter(|line| !line.is_empty()).map(|line| {
            rule(line).map_err(|why| FaultScriptError {
                rule: line.to_owned(),
                why,
            })
        });
        Ok(Self {
            rules: rules.collect::<Result<_, _>>()?,
        })
    }

    /// This script, and then the other.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.rules.extend(other.rules);
        self
    }
}

fn rule(line: &str) -> Result<Rule, String> {
    let (before, fault) = line
        .split_once(':')
        .ok_or("write REQUEST [of USER-ID] [WHICH]: FAULT")?;
    let mut words = before.split_whitespace();
    let request = known(&REQUESTS, words.next().unwrap_or_default(), "a request")?;
    let mut words: Vec<&str> = words.collect();
    let user_id = match words[..] {
        ["of", user_id, ..] => {
            words.drain(..2);
            Some(user_id.to_owned())
        }
        _ => None,
    };
    let fault = self::fault(&fault.split_whitespace().collect::<Vec<_>>())?;
    check(request, user_id.as_deref(), &fault)?;
    Ok(Rule {
        text: line.to_owned(),
        which: which(&words)?,
        request,
        user_id,
        fault,
    })
}

fn which(words: &[&str]) -> Result<Which, String> {
    let count = |word: &str| {
        let count = word.parse().ok().filter(|count| *count > 0);
        count.ok_or_else(|| format!("{word:?} is no count; requests are counted from 1"))
    };
    match words {
        [] | ["all"] => Ok(Which::FromTo(1, u64::MAX)),
        ["every", step] => Ok(Which::Every(count(step)?)),
        [one] => match one.split_once('-') {
            None => Ok(Which::FromTo(count(one)?, count(one)?)),
            Some((first, "")) => Ok(Which::FromTo(count(first)?, u64::MAX)),
            Some((first, last)) => {
                let (first, last) = (count(first)?, count(last)?);
                if first > last {
                    return Err(format!("{one:?} ends before it begins"));
                }
                Ok(Which::FromTo(first, last))
            }
        },
        _ => Err("write all, 3, 2-5, 4- or every 3 for which requests".to_owned()),
    }
}

fn fault(words: &[&str]) -> Result<Fault, String> {
    match words {
        ["after", rest @ ..] => Ok(Fault::Instead(When::After, instead(rest)?)),
        ["slow", seconds] => {
            let time = seconds.parse().ok().map(Duration::try_from_secs_f64);
            match time {
                Some(Ok(time)) => Ok(Fault::Damaged(Damage::Slow(time))),
                Some(Err(_)) | None => Err(format!("{seconds:?} is no number of seconds")),
            }
        }
        ["cut"] => Ok(Fault::Damaged(Damage::Cut)),
        ["broken-json"] => Ok(Fault::Damaged(Damage::BrokenJson)),
        ["wrong-type"] => Ok(Fault::Damaged(Damage::WrongType)),
        ["says", word] => {
            let status = STATUSES.into_iter().find(|status| status == word);
            let status = status
                .ok_or_else(|| format!("{word:?} is no status; there are {}", STATUSES.join(", ")));
            Ok(Fault::Says(status?))
        }
        ["operation", word] => Ok(Fault::Operation(known(&FATES, word, "an end")?)),
        words => Ok(Fault::Instead(When::Before, instead(words)?)),
    }
}

fn instead(words: &[&str]) -> Result<Instead, String> {
    match words {
        ["reset"] => Ok(Instead::Reset),
        ["redirect"] => Ok(Instead::Redirect),
        ["wrong-shape"] => Ok(Instead::WrongShape),
        ["html"] => Ok(Instead::Html(StatusCode::OK)),
        ["html", code] => Ok(Instead::Html(status(code)?)),
        [code] => Ok(Instead::Status {
            status: status(code)?,
            retry_after: None,
        }),
        [code, "retry-after", seconds] => {
            let seconds = seconds.parse().map_err(|_| {
                format!("{seconds:?} is no whole number of seconds for retry-after")
            })?;
            Ok(Instead::Status {
                status: status(code)?,
                retry_after: Some(seconds),
            })
        }
        _ => Err(format!("there is no fault {:?}", words.join(" "))),
    }
}

fn status(word: &str) -> Result<StatusCode, String> {
    let code = word.parse().ok().filter(|code: &u16| *code >= 200);
    let code = code.and_then(|code| StatusCode::from_u16(code).ok());
    code.ok_or_else(|| format!("{word:?} is neither a fault nor an HTTP status"))
}

/// Some faults are about some requests only.
fn check(request: RequestKind, user_id: Option<&str>, fault: &Fault) -> Result<(), String> {
    let is_reset = *fault == Fault::Instead(When::Before, Instead::Reset);
    let refusal = match (request, fault) {
        (RequestKind::Connection, _) if user_id.is_some() => {
            "nobody knows yet whom a connection is about"
        }
        (RequestKind::Connection, _) if !is_reset => "a connection can only be reset",
        (RequestKind::UsersList | RequestKind::ScimSearch, _) if user_id.is_some() => {
            "a list is about nobody by id"
        }
        (kind, Fault::Says(_)) if kind != RequestKind::Poll => "only a poll says a status",
        (kind, Fault::Operation(_)) if kind != RequestKind::Update => {
            "only an update begins an operation"
        }
        _ => return Ok(()),
    };
    Err(refusal.to_owned())
}

fn known<T: Copy>(words: &[(&str, T)], word: &str, what: &str) -> Result<T, String> {
    let found = words.iter().find(|(name, _)| *name == word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        format!("{word:?} is not {what}; there are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Rule {
        let mut rules = FaultScript::parse(text).expect(text).rules;
        assert_eq!(rules.len(), 1);
        rules.remove(0)
    }

    #[test]
    fn comments_and_blank_lines_are_no_rules() {
        let script = "# a night of bad answers\n\n update 1: reset # once\npoll: 503\n";
        let rules = FaultScript::parse(script).expect("a script").rules;
        let texts: Vec<&str> = rules.iter().map(|rule| rule.text.as_str()).collect();
        assert_eq!(texts, ["update 1: reset", "poll: 503"]);
    }

    #[test]
    fn requests_are_counted_in_five_ways() {
        for (text, expected) in [
            ("any: reset", Which::FromTo(1, u64::MAX)),
            ("any all: reset", Which::FromTo(1, u64::MAX)),
            ("any 3: reset", Which::FromTo(3, 3)),
            ("any 2-5: reset", Which::FromTo(2, 5)),
            ("any 4-: reset", Which::FromTo(4, u64::MAX)),
            ("any every 3: reset", Which::Every(3)),
        ] {
            assert_eq!(only(text).which, expected, "{text}");
        }
        let of = only("user-read of U1 2: 404");
        assert_eq!(of.user_id.as_deref(), Some("U1"));
        assert_eq!(of.which, Which::FromTo(2, 2));
    }

    #[test]
    fn every_fault_has_words() {
        let status = |code| StatusCode::from_u16(code).expect("a status");
        for (words, expected) in [
            ("reset", Fault::Instead(When::Before, Instead::Reset)),
            ("after reset", Fault::Instead(When::After, Instead::Reset)),
            (
                "429 retry-after 10",
                Fault::Instead(
                    When::Before,
                    Instead::Status {
                        status: status(429),
                        retry_after: Some(10),
                    },
                ),
            ),
            (
                "html 502",
                Fault::Instead(When::Before, Instead::Html(status(502))),
            ),
            ("redirect", Fault::Instead(When::Before, Instead::Redirect)),
            (
                "after wrong-shape",
                Fault::Instead(When::After, Instead::WrongShape),
            ),
            (
                "slow 1.5",
                Fault::Damaged(Damage::Slow(Duration::from_millis(1500))),
            ),
            ("cut", Fault::Damaged(Damage::Cut)),
            ("broken-json", Fault::Damaged(Damage::BrokenJson)),
            ("wrong-type", Fault::Damaged(Damage::WrongType)),
        ] {
            assert_eq!(only(&format!("update 1: {words}")).fault, expected);
        }
        assert_eq!(
            only("poll 2: says IN_PROGRESS").fault,
            Fault::Says("IN_PROGRESS")
        );
        let stuck = only("update: operation stuck").fault;
        assert_eq!(stuck, Fault::Operation(Fate::Stuck));
    }

    #[test]
    fn a_rule_that_makes_no_sense_says_why() {
        for (rule, why) in [
            ("update 1 reset", "REQUEST [of USER-ID] [WHICH]: FAULT"),
            ("put 1: reset", "there are any, connection"),
            ("update 0: reset", "counted from 1"),
            ("update 5-2: reset", "ends before it begins"),
            ("update 1 2: reset", "every 3"),
            ("update every: reset", "no count"),
            ("update 1: explode", "neither a fault nor an HTTP status"),
            ("update 1: 99", "neither a fault nor an HTTP status"),
            ("update 1: 429 retry-after soon", "no whole number"),
            ("update 1: slow -1", "no number of seconds"),
            ("update 1: says FAILED", "only a poll"),
            ("poll 1: says DONE", "there are PENDING"),
            ("poll 1: operation stuck", "only an update"),
            ("update 1: operation lost", "there are failed"),
            ("connection 1: 500", "only be reset"),
            ("connection of U1: reset", "nobody knows yet"),
            ("users-list of U1: reset", "about nobody"),
            ("update 1:", "no fault"),
        ] {
            let error = FaultScript::parse(rule).expect_err(rule).to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
