//! What an answer's headers say about the rate of requests.

use std::{num::NonZeroU32, time::Duration};

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};

use crate::http::{HeaderMap, HeaderName, StatusCode, header};

/// What the limiter learns from an answer. A header that is missing or makes
/// no sense is `None`: the program then keeps to its own count.
///
/// Times are lengths measured from the answer's `Date`, because the server's
/// clock and ours need not agree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseFacts {
    /// The server refused for the rate (429).
    pub throttled: bool,
    /// How long the server asks everybody to wait: `Retry-After` on 429 and
    /// 503, and on a 429 without it the time until the limit is reset.
    pub pause: Option<Duration>,
    /// How many requests a minute the server allows: `x-ratelimit-limit`.
    pub limit: Option<NonZeroU32>,
    /// How many requests the server would still accept: `x-ratelimit-remaining`.
    pub remaining: Option<u32>,
    /// How long until that count starts anew: `x-ratelimit-reset`.
    pub reset_in: Option<Duration>,
}

/// A wait longer than this is a mistake of somebody's; the next answer will
/// tell anyhow.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

impl ResponseFacts {
    /// Reads the status and headers of an answer.
    pub fn read(status: StatusCode, headers: &HeaderMap) -> Self {
        let throttled = status == StatusCode::TOO_MANY_REQUESTS;
        let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
        let date = text(header::DATE).and_then(http_date);

        let reset_in = text(RESET)
            .and_then(|text| text.parse().ok())
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .and_then(|reset| until(date?, reset));
        let retry_after = text(header::RETRY_AFTER).and_then(|text| match text.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds).min(LONGEST_PAUSE)),
            Err(_) => until(date?, http_date(text)?),
        });
        let pause = if throttled {
            retry_after.or(reset_in)
        } else if status == StatusCode::SERVICE_UNAVAILABLE {
            retry_after
        } else {
            None
        };
        Self {
            throttled,
            pause: pause.filter(|pause| !pause.is_zero()),
            limit: text(LIMIT).and_then(|text| text.parse().ok()),
            remaining: text(REMAINING).and_then(|text| text.parse().ok()),
            reset_in,
        }
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`; the two obsolete forms count as missing.
fn http_date(text: &str) -> Option<Timestamp> {
    const PARSER: DateTimeParser = DateTimeParser::new();
    PARSER.parse_timestamp(text).ok()
}

fn until(date: Timestamp, time: Timestamp) -> Option<Duration> {
    let length = Duration::try_from(time.duration_since(date)).ok()?;
    Some(length.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");

    fn read(status: u16, headers: &[(&'static str, &'static str)]) -> ResponseFacts {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                let value = value.parse().expect("a value");
                (HeaderName::from_static(name), value)
            })
            .collect();
        ResponseFacts::read(StatusCode::from_u16(status).expect("a status"), &headers)
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let seconds = |text| read(429, &[("retry-after", text), DATE]).pause;
        assert_eq!(seconds("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            seconds("Sun, 06 Nov 1994 08:50:37 GMT"),
            Some(Duration::from_mins(1))
        );
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:00 GMT"), None, "past");
        assert_eq!(seconds("0"), None);
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("-3"), None);
        assert_eq!(seconds("99999999"), Some(LONGEST_PAUSE));
    }

    #[test]
    fn a_date_cannot_be_measured_without_the_answer_s_own() {
        let later = ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT");
        assert_eq!(read(429, &[later]).pause, None);
        assert_eq!(read(429, &[("x-ratelimit-reset", "784111787")]).pause, None);
    }

    #[test]
    fn only_429_and_503_ask_for_a_pause() {
        let retry_after = ("retry-after", "7");
        assert!(read(429, &[retry_after]).pause.is_some());
        assert!(read(503, &[retry_after]).pause.is_some());
        assert!(read(500, &[retry_after]).pause.is_none());
        assert!(read(200, &[retry_after]).pause.is_none());
    }

    #[test]
    fn a_429_without_retry_after_waits_for_the_reset() {
        // The date is second 784111777 of Unix time.
        let reset = ("x-ratelimit-reset", "784111787");
        let facts = read(429, &[reset, DATE]);
        assert_eq!(facts.pause, Some(Duration::from_secs(10)));
        assert_eq!(read(503, &[reset, DATE]).pause, None);
        assert_eq!(
            read(429, &[reset, DATE, ("retry-after", "3")]).pause,
            Some(Duration::from_secs(3))
        );
    }

    #[test]
    fn a_limit_is_a_plain_number_above_zero() {
        for (text, limit) in [
            ("60", NonZeroU32::new(60)),
            ("0", None),
            ("100, 100;w=60", None),
        ] {
            assert_eq!(read(200, &[("x-ratelimit-limit", text)]).limit, limit);
        }
    }

    #[test]
    fn counts_that_make_no_sense_are_missing() {
        let facts = |remaining, reset| {
            read(
                200,
                &[
                    ("x-ratelimit-remaining", remaining),
                    ("x-ratelimit-reset", reset),
                    DATE,
                ],
            )
        };
        let good = facts(" 42 ", "784111787");
        assert_eq!(good.remaining, Some(42));
        assert_eq!(good.reset_in, Some(Duration::from_secs(10)));
        for (remaining, reset) in [("-1", "1.5"), ("many", "later"), ("", "784111000")] {
            assert_eq!(facts(remaining, reset), ResponseFacts::default());
        }
        assert_eq!(read(200, &[]), ResponseFacts::default());
    }
}
