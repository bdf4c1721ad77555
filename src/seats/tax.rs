use std::collections::BTreeMap;

use super::{Finding, FindingKind};
use crate::model::{Place, UnassignedSeats};

/// The tax region of each site, as the administrator wrote it down: the word by
/// which addresses of the region are told, such as `CO`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaxRegions(BTreeMap<String, String>);

/// What became of a comparison of addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Seats that are taxed elsewhere than at their site.
    pub findings: Vec<Finding>,
    /// Seats whose site or address names no region that was written down.
    pub unknown: u32,
}

impl TaxRegions {
    /// Regions by site; sites are compared without case.
    pub fn new(regions: impl IntoIterator<Item = (String, String)>) -> Self {
        let folded = |(site, region): (String, String)| (site.trim().to_lowercase(), region);
        Self(regions.into_iter().map(folded).collect())
    }

    /// Whether there is nothing to compare with.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Holds service addresses to the sites that seats belong to. What names no
    /// known region is not judged: an address may be written in many ways.
    pub fn compare(&self, unassigned: &[UnassignedSeats]) -> Compared {
        let mut compared = Compared::default();
        for seats in unassigned {
            let site = self.0.get(&seats.site.trim().to_lowercase());
            let address = self.region_of(&seats.service_address);
            match (site, address) {
                (Some(site), Some(address)) if site == address => {}
                (Some(site), Some(address)) => {
                    compared.findings.push(finding(seats, site, address));
                }
                (None, _) | (_, None) => compared.unknown += seats.seats,
            }
        }
        compared
    }

    /// The region that is named last, because streets and towns come before it.
    /// Case counts: `CO` is a region and `Co` a county.
    fn region_of(&self, address: &str) -> Option<&String> {
        let words = words(address);
        let last_end = |region: &String| {
            let region = self::words(region);
            let length = region.len().max(1);
            let found = words.windows(length).rposition(|part| part == region);
            found.map(|start| (start + length, length))
        };
        self.0
            .values()
            .filter_map(|region| Some((last_end(region)?, region)))
            .max()
            .map(|(_, region)| region)
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect()
}

fn finding(seats: &UnassignedSeats, site: &str, address: &str) -> Finding {
    Finding {
        kind: FindingKind::TaxRegion,
        pool: seats.pool.clone(),
        quantity: seats.seats,
        account: String::new(),
        source: Some(seats.source.clone()),
        place: Place {
            site: seats.site.clone(),
            cost_center: String::new(),
        },
        // The seats cost what they cost; what the other tax comes to only the
        // bill says.
        monthly_cost: None,
        what: format!(
            "unassigned, of a site in {site}, and taxed by a service address in {address}"
        ),
        repair:
            "correct the service address on Home > Licenses: a license that was never assigned \
                 keeps that of its order"
                .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Pool, SourceRow};

    fn regions() -> TaxRegions {
        let pairs = [
            ("Denver", "CO"),
            ("Austin", "TX"),
            ("Leeds", "West Yorkshire"),
        ];
        TaxRegions::new(pairs.map(|(site, region)| (site.to_owned(), region.to_owned())))
    }

    fn seats(site: &str, service_address: &str) -> UnassignedSeats {
        UnassignedSeats {
            pool: Pool {
                license: "X Series - X2".to_owned(),
                country: "US".to_owned(),
            },
            seats: 2,
            site: site.to_owned(),
            service_address: service_address.to_owned(),
            source: SourceRow {
                file: "seats.csv".into(),
                line: 4,
            },
        }
    }

    /// What is said of one row, or the seats that cannot be judged.
    fn said(site: &str, address: &str) -> (Vec<String>, u32) {
        let compared = regions().compare(&[seats(site, address)]);
        let findings = compared.findings.into_iter();
        (findings.map(|it| it.what).collect(), compared.unknown)
    }

    #[test]
    fn only_a_region_that_is_named_is_another_one() {
        let elsewhere = "unassigned, of a site in CO, and taxed by a service address in TX";
        assert_eq!(
            said(" DENVER", "1 Main St, Austin, TX 78701"),
            (vec![elsewhere.to_owned()], 0)
        );
        for address in [
            "1 Main St, Denver CO 80202",
            "12 TX Plaza, Denver, CO",
            "Denver,CO,US",
        ] {
            assert_eq!(said("Denver", address), (vec![], 0), "{address}");
        }
        for (site, address) in [
            ("Denver", "1 Main St, Denver, Colorado"),
            ("Denver", "Larimer Co Road 5, Fort Collins"),
            ("Denver", ""),
            ("Boulder", "1 Main St, Austin, TX 78701"),
            ("", "1 Main St, Austin, TX 78701"),
        ] {
            assert_eq!(said(site, address), (vec![], 2), "{site}: {address}");
        }
        let yorkshire = said("Austin", "1 The Headrow, Leeds, West Yorkshire LS1");
        assert_eq!(yorkshire.0.len(), 1);
    }

    #[test]
    fn without_regions_nothing_is_judged() {
        let none = TaxRegions::default();
        assert!(none.is_empty());
        let compared = none.compare(&[seats("Denver", "Austin, TX")]);
        assert_eq!((compared.findings, compared.unknown), (Vec::new(), 2));
    }
}
