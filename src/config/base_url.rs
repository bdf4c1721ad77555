use std::net::IpAddr;

use serde::Deserialize;

/// The production address of the Administration API (`user-api-v1.yaml`, servers).
const PRODUCTION: &str = "https://api.8x8.com/admin-provisioning";

/// An address that may be given the API key. `http` parses it again, with the
/// same rules; this check only makes the mistake known before anything starts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct BaseUrl {
    pub(super) text: String,
    pub(super) is_loopback: bool,
}

impl Default for BaseUrl {
    fn default() -> Self {
        Self {
            text: PRODUCTION.to_owned(),
            is_loopback: false,
        }
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim().trim_end_matches('/').to_owned();
        let (scheme, rest) = text.split_once("://").ok_or_else(|| {
            format!("{text:?} is not a URL; write it like https://api.example.com/path")
        })?;
        if text.contains(['@', '?', '#']) {
            return Err("the base URL carries a user, a query or a fragment; give only scheme, host, port and path".to_owned());
        }
        let authority = rest.split('/').next().unwrap_or_default();
        let host = host_of(authority);
        let is_loopback = is_loopback(host);
        let allowed = match scheme.to_ascii_lowercase().as_str() {
            "https" => !host.is_empty(),
            "http" => is_loopback,
            _ => false,
        };
        if !allowed {
            return Err(format!(
                "the base URL uses {scheme} to {host}: only https is allowed, or http on a loopback address such as http://127.0.0.1:8808"
            ));
        }
        Ok(Self { text, is_loopback })
    }
}

/// Where drafts are posted. Unlike a base URL nothing is added to its path, and
/// it may carry a query: some receivers tell their callers by one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct WebhookUrl {
    pub(super) text: String,
    pub(super) is_loopback: bool,
}

impl TryFrom<String> for WebhookUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (address, query) = match text.trim().split_once('?') {
            Some((address, query)) => (address, Some(query)),
            None => (text.trim(), None),
        };
        if query.is_some_and(|query| query.contains('#')) {
            return Err("the URL carries a fragment, which no receiver gets to see; leave out what begins with #".to_owned());
        }
        let base = BaseUrl::try_from(address.to_owned())?;
        Ok(Self {
            text: match query {
                Some(query) => format!("{}?{query}", base.text),
                None => base.text,
            },
            is_loopback: base.is_loopback,
        })
    }
}

/// `[::1]:80` and `localhost:80` without port and brackets.
fn host_of(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

pub(super) fn is_loopback(host: &str) -> bool {
    let is_loopback_address = host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    is_loopback_address || host.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_may_have_a_query() {
        let parse = |text: &str| WebhookUrl::try_from(text.to_owned()).map(|url| url.text);
        let signed = "https://flows.example.com/hook?v=1&sig=a%2Bb@c";
        assert_eq!(parse(signed).as_deref(), Ok(signed));
        let plain = parse("https://flows.example.com/hook/");
        assert_eq!(plain.as_deref(), Ok("https://flows.example.com/hook"));
        for text in [
            "http://flows.example.com/hook?v=1",
            "https://flows.example.com/hook?v=1#top",
            "https://pat@flows.example.com/hook?v=1",
            "?v=1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_key_goes_over_https_or_stays_on_this_machine() {
        let cases = [
            ("https://api.example.com/admin-provisioning/", Some(false)),
            ("https://127.0.0.1:8808", Some(true)),
            ("http://127.0.0.1:8808/admin-provisioning", Some(true)),
            ("http://localhost:1", Some(true)),
            ("http://[::1]:8808", Some(true)),
            ("http://api.example.com", None),
            ("http://127.0.0.1.example.com", None),
            ("http://127.0.0.1@example.com", None),
            ("https://", None),
            ("https://api.example.com/?x=1", None),
            ("ftp://127.0.0.1", None),
            ("api.example.com", None),
        ];
        for (text, is_loopback) in cases {
            let parsed = BaseUrl::try_from(text.to_owned());
            let found = parsed.as_ref().ok().map(|base| base.is_loopback);
            assert_eq!(found, is_loopback, "{text}: {parsed:?}");
        }
    }
}
