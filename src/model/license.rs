use std::fmt;

use super::Text;
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
    pub raw: Text,
    /// The name without product code, revision and country.
    pub display: Text,
    /// Product code such as `VOSVC0216`, or empty.
    pub product: Text,
    /// ISO 3166 country in upper case, or empty when nothing says it.
    pub country: Text,
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
        let (display, product, suffix) = match Parts::of(&raw) {
            Some(parts) => (parts.display, parts.product, parts.country),
            None => (raw.as_str(), "", ""),
        };
        let (display, product) = (display.into(), product.into());
        let country = beside.as_deref().unwrap_or(suffix).into();
        Some(Self {
            raw: raw.into(),
            display,
            product,
            country,
        })
    }

    /// The product's revision such as `02`, or empty.
    pub fn revision(&self) -> &str {
        Parts::of(&self.raw).map_or("", |parts| parts.revision)
    }

    /// The country at the end of the name, where another one stands beside it.
    /// Both are kept, here and in [`country`](Self::country), which counts.
    pub fn disputed_country(&self) -> Option<&str> {
        let parts = Parts::of(&self.raw)?;
        (parts.country != self.country).then_some(parts.country)
    }

    /// Whether the vendor's product code says that this is a licence.
    pub fn has_product_code(&self) -> bool {
        !self.product.is_empty()
    }

    /// Whether it has the words of a family in the vendor's documents. A guess:
    /// a fax number has them too.
    pub fn is_called_like_a_license(&self) -> bool {
        let name = format!(" {} ", words_of(&self.display).join(" "));
        let has = |words: &&str| name.contains(&format!(" {words} "));
        self.has_product_code() || FAMILIES.iter().any(has)
    }

    /// The pool that this licence's seats belong to.
    pub fn pool(&self) -> Pool {
        Pool {
            license: self.display.to_string(),
            country: self.country.to_string(),
        }
    }

    /// What sort of licence the name says it is.
    pub fn kind(&self) -> LicenseKind {
        LicenseKind::of(&self.display)
    }

    /// Whether it is a seat that a person calls with, of which one is enough:
    /// X Series X1 to X8, Virtual Office.
    pub fn is_calling_seat(&self) -> bool {
        let words = words_of(&self.display);
        let is_level = |word: &String| {
            let level = word.strip_prefix('x').unwrap_or_default();
            level.len() == 1 && ("1"..="8").contains(&level)
        };
        match self.kind() {
            LicenseKind::Calling | LicenseKind::ContactCenter => {
                words.iter().any(is_level)
                    || words.windows(2).any(|pair| pair == ["virtual", "office"])
            }
            LicenseKind::Storage | LicenseKind::Number => false,
        }
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

/// Words that the vendor's licences are called by (`ReviewLicenses.htm`).
const FAMILIES: [&str; 29] = [
    "x series",
    "x1",
    "x2",
    "x3",
    "x4",
    "x5",
    "x6",
    "x7",
    "x8",
    "8x8 work",
    "8x8 xf",
    "8x8 engage",
    "engage",
    "virtual office",
    "contact center",
    "contact centre",
    "vcc",
    "additional named user",
    "fax",
    "storage",
    "switchboard",
    "meeting",
    "meetings",
    "operator connect",
    "local number",
    "additional number",
    "toll free",
    "tollfree",
    "did",
];

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
        let words = words_of(display);
        let has_word = |word: &str| words.iter().any(|it| it == word);
        let toll_free = name.contains("toll free") || name.contains("toll-free");
        let keeps_recordings = name.contains("recording") && (has_word("hot") || has_word("cold"));
        if name.contains("storage") || keeps_recordings {
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

/// The words of a name, in lower case.
fn words_of(name: &str) -> Vec<String> {
    let words = name.split(|c: char| !c.is_alphanumeric());
    let filled = words.filter(|word| !word.is_empty());
    filled.map(str::to_lowercase).collect()
}

/// A name in the vendor's form, `name-VOSVC0216-02-US`.
struct Parts<'n> {
    display: &'n str,
    product: &'n str,
    revision: &'n str,
    country: &'n str,
}

impl<'n> Parts<'n> {
    /// Splits from the right, because display names hold hyphens.
    fn of(raw: &'n str) -> Option<Self> {
        let (rest, country) = raw.rsplit_once('-')?;
        let (rest, revision) = rest.rsplit_once('-')?;
        let (display, product) = rest.rsplit_once('-')?;
        let display = display.trim();
        let digits = |text: &str, count: usize| {
            text.len() == count && text.bytes().all(|b| b.is_ascii_digit())
        };
        let is_country = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        let is_product = product
            .strip_prefix("VOSVC")
            .is_some_and(|number| digits(number, 4));
        (is_country && digits(revision, 2) && is_product && !display.is_empty()).then_some(Self {
            display,
            product,
            revision,
            country,
        })
    }
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
        assert_eq!(license.revision(), "02");
        assert_eq!(license.country, "US");
        let hyphens = name("8x8 Toll-Free - Multi-Site-VOSVC0300-11-CA");
        assert_eq!(hyphens.display, "8x8 Toll-Free - Multi-Site");
        assert_eq!((&*hyphens.product, hyphens.revision()), ("VOSVC0300", "11"));
    }

    #[test]
    fn other_forms_are_kept_whole() {
        for text in [
            "X Series - X2",
            "Fax-US",
            "Lobby-VOSVC02-02-US",
            "VOSVC0221-01",
            "Fax-VOSVC0221-01-us",
        ] {
            assert_eq!(name(text).revision(), "");
            assert_eq!(name(text).display, text);
            assert_eq!(name(text).country, "");
        }
    }

    #[test]
    fn a_country_beside_the_name_wins_over_the_suffix() {
        let text = "UC Call Recordings Cold Storage-VOSVC0504-01-GB";
        let license = LicenseName::parse(text, Some("us")).expect("a name");
        assert_eq!(license.country, "US");
        assert_eq!(license.disputed_country(), Some("GB"), "both are kept");
        assert_eq!(name(text).disputed_country(), None);
    }

    #[test]
    fn kinds_are_told_from_the_name() {
        let kinds = [
            ("X Series - X2", LicenseKind::Calling),
            ("X Series - X5", LicenseKind::Calling),
            ("8x8 Work Lobby", LicenseKind::Calling),
            ("Virtual Office Basic", LicenseKind::Calling),
            ("8x8 XF Workspace", LicenseKind::Calling),
            ("Operator Connect Nationwide", LicenseKind::Calling),
            ("Switchboard Pro", LicenseKind::Calling),
            ("Fax", LicenseKind::Calling),
            ("X Series - X6", LicenseKind::ContactCenter),
            ("X Series - X8", LicenseKind::ContactCenter),
            ("8x8 XF Engage", LicenseKind::ContactCenter),
            ("VCC Agent", LicenseKind::ContactCenter),
            ("Additional Named User", LicenseKind::ContactCenter),
            ("UC Call Recordings Cold Storage", LicenseKind::Storage),
            ("Contact Center Hot Storage", LicenseKind::Storage),
            ("Meeting Recording Hot 30 Days", LicenseKind::Storage),
            ("Additional Local Number", LicenseKind::Number),
            ("Toll-free", LicenseKind::Number),
            ("Toll Free Number", LicenseKind::Number),
            ("DID", LicenseKind::Number),
            ("Candid Camera", LicenseKind::Calling),
        ];
        for (text, kind) in kinds {
            assert_eq!(LicenseKind::of(text), kind, "{text}");
            let is_known = text != "Candid Camera";
            assert_eq!(name(text).is_called_like_a_license(), is_known, "{text}");
        }
    }

    #[test]
    fn one_seat_to_call_with_is_enough() {
        for (text, is_one) in [
            ("X Series - X2-VOSVC0216-02-US", true),
            ("X Series - X8", true),
            ("Virtual Office Pro", true),
            ("Fax", false),
            ("8x8 Work Lobby", false),
            ("X2 Recordings Cold Storage", false),
            ("X Series - X9", false),
        ] {
            assert_eq!(name(text).is_calling_seat(), is_one, "{text}");
        }
    }

    #[test]
    fn a_report_without_suffix_names_the_same_licence() {
        assert!(name("X Series - X2").same_as(&name("X Series - X2-VOSVC0216-02-US")));
        let british = LicenseName::parse("X Series - X2", Some("GB")).expect("a name");
        assert!(!british.same_as(&name("X Series - X2-VOSVC0216-02-US")));
    }
}
