//! The one address a client may speak to.

use std::fmt;

use reqwest::Url;

/// An address that was checked once: `https`, or `http` on this machine only,
/// without user, password, query or fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why a text is no usable base address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BaseUrlError {
    /// It is not a URL at all.
    #[error("the base URL is not a URL: {0}; write it like https://api.example.com/path")]
    NotAUrl(String),
    /// It would send the key in the clear, or over something that is not HTTP.
    #[error(
        "the base URL uses {scheme} to {host}: only https is allowed, or http on a loopback address such as http://127.0.0.1:8088"
    )]
    NotProtected {
        /// The scheme that was given.
        scheme: String,
        /// The host that was given, empty when there was none.
        host: String,
    },
    /// It carries a user, a password, a query or a fragment.
    #[error("the base URL carries {0}; give only scheme, host, port and path")]
    NotBare(&'static str),
}

impl BaseUrl {
    /// Checks `text`, which comes from the configuration.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let url =
            Url::parse(text.trim()).map_err(|error| BaseUrlError::NotAUrl(error.to_string()))?;
        let base = Self(url);
        let allowed = match base.0.scheme() {
            "https" => base.0.has_host(),
            "http" => base.is_loopback(),
            _ => false,
        };
        if !allowed {
            return Err(BaseUrlError::NotProtected {
                scheme: base.0.scheme().to_owned(),
                host: base.0.host_str().unwrap_or_default().to_owned(),
            });
        }
        if !base.0.username().is_empty() || base.0.password().is_some() {
            return Err(BaseUrlError::NotBare("a user name or password"));
        }
        if base.0.query().is_some() {
            return Err(BaseUrlError::NotBare("a query"));
        }
        if base.0.fragment().is_some() {
            return Err(BaseUrlError::NotBare("a fragment"));
        }
        Ok(base)
    }

    /// Whether the host is this machine: `localhost`, 127.0.0.0/8 or `::1`.
    pub fn is_loopback(&self) -> bool {
        let Some(host) = self.0.host_str() else {
            return false;
        };
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || address
                .parse()
                .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
    }

    /// The address of a resource below this one. Segments and query values are
    /// percent-encoded, so that nothing in them can reach another resource;
    /// `None` for the segments that no encoding can keep harmless: empty, `.`
    /// and `..`.
    pub fn endpoint(&self, segments: &[&str], query: &[(&str, &str)]) -> Option<Url> {
        if segments
            .iter()
            .any(|segment| matches!(*segment, "" | "." | ".."))
        {
            return None;
        }
        let mut url = self.0.clone();
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .extend(segments);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
            // A literal plus is already %2B here, so that every plus is a
            // space, which only forms write that way.
            let encoded = url.query().unwrap_or_default().replace('+', "%20");
            url.set_query(Some(&encoded));
        }
        Some(url)
    }

    /// Whether `url` has this address's scheme, host and port.
    pub(super) fn is_origin_of(&self, url: &Url) -> bool {
        self.0.origin() == url.origin()
    }

    /// Whether a connection to it needs certificates.
    pub(super) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_protected_addresses_are_accepted() {
        let cases = [
            ("https://api.example.com/admin-provisioning", true, false),
            ("https://api.example.com/admin-provisioning/", true, false),
            ("http://127.0.0.1:8088", true, true),
            ("http://127.9.9.9", true, true),
            ("http://localhost:1/x", true, true),
            ("http://[::1]:8088/", true, true),
            ("http://api.example.com", false, false),
            ("http://localhost.example.com", false, false),
            ("http://127.0.0.1.example.com", false, false),
            ("ftp://127.0.0.1/", false, false),
            ("https://user:pass@api.example.com", false, false),
            ("https://api.example.com/?x=1", false, false),
            ("https://api.example.com/#x", false, false),
            ("api.example.com", false, false),
        ];
        for (text, accepted, loopback) in cases {
            let parsed = BaseUrl::parse(text);
            assert_eq!(parsed.is_ok(), accepted, "{text}: {parsed:?}");
            assert_eq!(
                parsed.is_ok_and(|base| base.is_loopback()),
                loopback,
                "{text}"
            );
        }
    }

    #[test]
    fn the_refusal_says_what_is_allowed() {
        let error = BaseUrl::parse("http://api.example.com").expect_err("not protected");
        assert_eq!(
            error.to_string(),
            "the base URL uses http to api.example.com: only https is allowed, or http on a loopback address such as http://127.0.0.1:8088"
        );
    }

    #[test]
    fn segments_and_values_cannot_leave_their_place() {
        let base = BaseUrl::parse("https://api.example.com/admin-provisioning/").expect("base");
        let url = |segments: &[&str], query: &[(&str, &str)]| {
            base.endpoint(segments, query).map(|url| url.to_string())
        };
        assert_eq!(
            url(&["users", "a/../b?c#d é"], &[]).as_deref(),
            Some("https://api.example.com/admin-provisioning/users/a%2F..%2Fb%3Fc%23d%20%C3%A9")
        );
        assert_eq!(
            url(&["users"], &[("filter", "a==\"x y+z&q\"")]).as_deref(),
            Some(
                "https://api.example.com/admin-provisioning/users?filter=a%3D%3D%22x%20y%2Bz%26q%22"
            )
        );
        assert_eq!(url(&["users", ".."], &[]), None);
        assert_eq!(url(&["users", ""], &[]), None);
        let encoded_dots = url(&["users", "%2e%2e"], &[]).expect("a url");
        assert!(encoded_dots.ends_with("/users/%252e%252e"));
    }
}
