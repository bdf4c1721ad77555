use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a licence as the vendor writes it, taken apart.
///
/// The vendor's form is `X Series - X2-VOSVC0216-02-US`: display name, product
/// code, revision, country. Display names contain hyphens, so it is split from
/// the right; anything else is kept whole. The suffix and the API's `country`
/// field can disagree, so a country given beside the name wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LicenseName {
    /// The name as it was read.
    pub raw: String,
    /// The name without product code, revision and country.
    pub display: String,
    /// Product code such as `VOSVC0216`, or empty.
    pub product: String,
    /// ISO 3166 country in upper case, or empty when nothing says it.
    pub country: String,
}

impl LicenseName {
    /// Parses a name; `country` is what stands beside it, if anything does.
    /// `None` when the text is blank.
    pub fn parse(text: &str, country: Option<&str>) -> Option<Self> {
        let raw = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if raw.is_empty() {
            return None;
        }
        let beside = country
            .map(|c| c.trim().to_uppercase())
            .filter(|c| !c.is_empty());
        let (display, product, suffix) = match split_from_the_right(&raw) {
            Some((display, product, suffix)) => (display, product, Some(suffix)),
            None => (raw.clone(), String::new(), None),
        };
        let country = beside.or(suffix).unwrap_or_default();
        Some(Self {
            raw,
            display,
            product,
            country,
        })
    }

    /// The pool that this licence's seats belong to.
    pub fn pool(&self) -> Pool {
        Pool {
            license: self.display.clone(),
            country: self.country.clone(),
        }
    }

    /// What sort of licence the name says it is.
    pub fn kind(&self) -> LicenseKind {
        LicenseKind::of(&self.display)
    }

    /// Whether two names can mean the same licence: the same display name, and
    /// no two different product codes or countries.
    pub fn same_as(&self, other: &Self) -> bool {
        let agree = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
        self.display.eq_ignore_ascii_case(&other.display)
            && agree(&self.product, &other.product)
            && agree(&self.country, &other.country)
    }
}

impl fmt::Display for LicenseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw)
    }
}

/// What sort of licence it is, told from the families in the vendor's licence
/// documentation (`ReviewLicenses.htm`). Number licences have no documented
/// names; `[policy] keep_licenses` can add to what is recognized here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenseKind {
    /// A seat for calling: X Series X1 to X5, Virtual Office, Work Lobby and all others.
    Calling,
    /// Contact Center: X6 to X8, VCC, Engage, named users.
    ContactCenter,
    /// Hot or cold storage for recordings, which may be under legal retention.
    Storage,
    /// A phone number; comes and goes with the number by itself.
    Number,
}

impl LicenseKind {
    /// The kind that a licence's display name says.
    pub fn of(display: &str) -> Self {
        let name = display.to_lowercase();
        let words: Vec<&str> = name
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let has_word = |word: &str| words.contains(&word);
        let toll_free = name.contains("toll free") || name.contains("toll-free");
        if name.contains("storage") {
            Self::Storage
        } else if has_word("did")
            || name.contains("local number")
            || name.contains("additional number")
            || toll_free
            || has_word("tollfree")
        {
            Self::Number
        } else if ["x6", "x7", "x8", "vcc", "engage"]
            .into_iter()
            .any(has_word)
            || name.contains("contact center")
            || name.contains("contact centre")
            || name.contains("additional named user")
        {
            Self::ContactCenter
        } else {
            Self::Calling
        }
    }
}

/// All seats of one SKU and country.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pool {
    /// The licence's display name, without product code and country.
    pub license: String,
    /// ISO 3166 country in upper case, or empty.
    pub country: String,
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.country.as_str() {
            "" => f.write_str(&self.license),
            country => write!(f, "{} ({country})", self.license),
        }
    }
}

/// `name-VOSVC0216-02-US` as (name, product, country).
fn split_from_the_right(raw: &str) -> Option<(String, String, String)> {
    let (rest, country) = raw.rsplit_once('-')?;
    let (rest, revision) = rest.rsplit_once('-')?;
    let (display, product) = rest.rsplit_once('-')?;
    let digits =
        |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let is_country = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
    let is_product = product
        .strip_prefix("VOSVC")
        .is_some_and(|number| digits(number, 4));
    (is_country && digits(revision, 2) && is_product && !display.trim().is_empty()).then(|| {
        (
            display.trim().to_owned(),
            product.to_owned(),
            country.to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> LicenseName {
        LicenseName::parse(text, None).expect("a name")
    }

    #[test]
    fn the_vendors_form_is_split_from_the_right() {
        let license = name("X Series - X2-VOSVC0216-02-US");
        assert_eq!(license.display, "X Series - X2");
        assert_eq!(license.product, "VOSVC0216");
        assert_eq!(license.country, "US");
    }

    #[test]
    fn other_forms_are_kept_whole() {
        for text in ["X Series - X2", "Fax-US", "Lobby-VOSVC02-02-US"] {
            assert_eq!(name(text).display, text);
            assert_eq!(name(text).country, "");
        }
    }

    #[test]
    fn a_country_beside_the_name_wins_over_the_suffix() {
        let text = "UC Call Recordings Cold Storage-VOSVC0504-01-GB";
        let license = LicenseName::parse(text, Some("us")).expect("a name");
        assert_eq!(license.country, "US");
    }

    #[test]
    fn kinds_are_told_from_the_name() {
        let kinds = [
            ("X Series - X2", LicenseKind::Calling),
            ("X Series - X8", LicenseKind::ContactCenter),
            ("8x8 Engage", LicenseKind::ContactCenter),
            ("UC Call Recordings Cold Storage", LicenseKind::Storage),
            ("Additional Local Number", LicenseKind::Number),
            ("Candid Camera", LicenseKind::Calling),
        ];
        for (text, kind) in kinds {
            assert_eq!(LicenseKind::of(text), kind, "{text}");
        }
    }

    #[test]
    fn a_report_without_suffix_names_the_same_licence() {
        assert!(name("X Series - X2").same_as(&name("X Series - X2-VOSVC0216-02-US")));
        let british = LicenseName::parse("X Series - X2", Some("GB")).expect("a name");
        assert!(!british.same_as(&name("X Series - X2-VOSVC0216-02-US")));
    }
}
