//! Single values of the configuration file, each checked as it is read, so
//! that an error stands at its line.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::duration;
use crate::ingest::DateOrder;
use crate::model::{EmailAddress, IdentityProvider, Limit, Username};

/// An IANA time zone by its canonical name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ZoneName(pub(super) String);

impl TryFrom<String> for ZoneName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let zone = TimeZone::get(text.trim()).ok();
        let name = zone.as_ref().and_then(TimeZone::iana_name);
        name.map(|name| Self(name.to_owned()))
            .ok_or_else(|| format!("{text:?} is not a time zone such as \"America/Los_Angeles\""))
    }
}

#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a whole number from 0, or the word \"unlimited\""
)]
enum NumberOrWord {
    Number(u32),
    Word(String),
}

/// A number of people, or `"unlimited"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "NumberOrWord")]
pub(super) struct CountLimit(pub(super) Limit);

impl TryFrom<NumberOrWord> for CountLimit {
    type Error = String;

    fn try_from(value: NumberOrWord) -> Result<Self, Self::Error> {
        match value {
            NumberOrWord::Number(number) => Ok(Self(Limit::AtMost(number))),
            NumberOrWord::Word(word) if word == "unlimited" => Ok(Self(Limit::Unlimited)),
            NumberOrWord::Word(word) => Err(format!(
                "{word:?} is no limit; write a number without quotes, or \"unlimited\""
            )),
        }
    }
}

/// A percentage up to 100, or `"unlimited"`: more than 100 would be no limit
/// in disguise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "CountLimit")]
pub(super) struct PercentLimit(pub(super) Limit);

impl TryFrom<CountLimit> for PercentLimit {
    type Error = String;

    fn try_from(value: CountLimit) -> Result<Self, Self::Error> {
        match value.0 {
            Limit::Unlimited => Ok(Self(Limit::Unlimited)),
            Limit::AtMost(number) => {
                Percent::try_from(number).map(|percent| Self(Limit::AtMost(percent.0)))
            }
        }
    }
}

/// A percentage from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub(super) struct Percent(pub(super) u32);

impl TryFrom<u32> for Percent {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        if number > 100 {
            return Err(format!("{number} is more than 100 percent"));
        }
        Ok(Self(number))
    }
}

/// A duration in whole hours, such as `"72h"` or `"3d"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Hours(pub(super) u32);

impl TryFrom<String> for Hours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let seconds = duration::parse(&text).map(|duration| duration.as_secs());
        let hours = seconds.filter(|seconds| seconds % 3_600 == 0);
        hours
            .and_then(|seconds| u32::try_from(seconds / 3_600).ok())
            .map(Self)
            .ok_or_else(|| {
                format!("{text:?} is no number of whole hours; write it like \"72h\" or \"3d\"")
            })
    }
}

/// A duration in whole hours, or `"unlimited"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "NumberOrWord")]
pub(super) struct HoursLimit(pub(super) Limit);

impl TryFrom<NumberOrWord> for HoursLimit {
    type Error = String;

    fn try_from(value: NumberOrWord) -> Result<Self, Self::Error> {
        match value {
            NumberOrWord::Number(number) => Err(format!(
                "{number} has no unit; write it like \"{number}h\", or \"unlimited\""
            )),
            NumberOrWord::Word(word) if word == "unlimited" => Ok(Self(Limit::Unlimited)),
            NumberOrWord::Word(word) => {
                let hours =
                    Hours::try_from(word).map_err(|error| format!("{error}, or \"unlimited\""))?;
                Ok(Self(Limit::AtMost(hours.0)))
            }
        }
    }
}

/// Seconds above zero, with fractions.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub(super) struct Seconds(pub(super) f64);

impl TryFrom<f64> for Seconds {
    type Error = String;

    fn try_from(seconds: f64) -> Result<Self, Self::Error> {
        // A day is more than any operation takes, and far from overflow.
        if seconds > 0.0 && seconds <= 86_400.0 {
            return Ok(Self(seconds));
        }
        Err(format!("{seconds} is not a number of seconds above 0"))
    }
}

/// A calendar date, with or without quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(super) struct CalendarDate(pub(super) Date);

impl TryFrom<toml::Value> for CalendarDate {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, Self::Error> {
        let text = match &value {
            toml::Value::Datetime(written) => written.to_string(),
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        // strptime takes exactly a date; a time beside it would be ignored.
        Date::strptime("%Y-%m-%d", &text)
            .map(Self)
            .map_err(|_| format!("{text} is not a date such as 2026-11-20"))
    }
}

/// The text of an exact price; a TOML float would round it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "PriceForm")]
pub(super) struct PriceText(pub(super) String);

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected an exact decimal in quotes")]
enum PriceForm {
    Text(String),
    Number(f64),
}

impl TryFrom<PriceForm> for PriceText {
    type Error = String;

    fn try_from(form: PriceForm) -> Result<Self, Self::Error> {
        match form {
            PriceForm::Text(text) => Ok(Self(text)),
            PriceForm::Number(number) => Err(format!(
                "write it in quotes, like \"{number:.2}\": a bare number is not exact"
            )),
        }
    }
}

/// Usernames and e-mail addresses, folded as accounts are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(super) struct AccountNames(pub(super) BTreeSet<String>);

impl TryFrom<Vec<String>> for AccountNames {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, Self::Error> {
        let fold = |name: &String| {
            let folded = Username::parse(name).map(|name| name.as_str().to_owned());
            folded.ok_or_else(|| format!("{name:?} names nobody"))
        };
        names.iter().map(fold).collect::<Result<_, _>>().map(Self)
    }
}

/// E-mail domains, in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(super) struct Domains(pub(super) BTreeSet<String>);

impl TryFrom<Vec<String>> for Domains {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, Self::Error> {
        let fold = |name: &String| {
            // Told by the same rules as the domain of an address.
            let address = EmailAddress::parse(&format!("somebody@{}", name.trim()));
            address
                .map(|address| address.domain().to_owned())
                .ok_or_else(|| {
                    format!("{name:?} is no domain; write what follows the @, like \"example.com\"")
                })
        };
        names.iter().map(fold).collect::<Result<_, _>>().map(Self)
    }
}

/// Which accounts an identity provider manages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ManagedForm")]
pub(super) struct Managed(pub(super) IdentityProvider);

#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected \"none\", \"all\", or a list of usernames and domains"
)]
enum ManagedForm {
    Word(String),
    List(Vec<String>),
}

impl TryFrom<ManagedForm> for Managed {
    type Error = String;

    fn try_from(form: ManagedForm) -> Result<Self, Self::Error> {
        match form {
            ManagedForm::Word(word) if word == "none" => Ok(Self(IdentityProvider::None)),
            ManagedForm::Word(word) if word == "all" => Ok(Self(IdentityProvider::All)),
            ManagedForm::Word(word) => Err(format!(
                "{word:?} is neither \"none\" nor \"all\"; name accounts and domains in a list"
            )),
            ManagedForm::List(names) => {
                let names = AccountNames::try_from(names)?;
                Ok(Self(IdentityProvider::Listed(names.0)))
            }
        }
    }
}

/// One path, or several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "OneOrSeveral")]
pub(super) struct Paths(pub(super) Vec<PathBuf>);

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a path in quotes, or a list of them")]
enum OneOrSeveral {
    One(PathBuf),
    Several(Vec<PathBuf>),
}

impl From<OneOrSeveral> for Paths {
    fn from(form: OneOrSeveral) -> Self {
        match form {
            OneOrSeveral::One(path) => Self(vec![path]),
            OneOrSeveral::Several(paths) => Self(paths),
        }
    }
}

/// The order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DateOrderWord {
    MonthFirst,
    DayFirst,
}

impl From<DateOrderWord> for DateOrder {
    fn from(word: DateOrderWord) -> Self {
        match word {
            DateOrderWord::MonthFirst => Self::MonthFirst,
            DateOrderWord::DayFirst => Self::DayFirst,
        }
    }
}
