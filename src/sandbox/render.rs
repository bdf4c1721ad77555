//! A seeded user as the API shows it: every field of the vendor's document,
//! and some that it does not name, so that a client that drops what it does
//! not know is found out.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::identity::{number_below, opaque_id};
use super::options::{SeedLicense, SeedUser};

/// The name of the license that a phone number brings along, without its
/// country. The vendor publishes no such name; this one follows its pattern.
const NUMBER_LICENSE: &str = "Additional Local Number-VOSVC0230-01";

const CREATED: &str = "2020-01-15T09:00:00Z";

/// Licenses with these in their names can make calls, and have an extension.
const CALLING_LICENSES: [&str; 4] = ["X Series", "8x8 Work", "8x8 XF", "Virtual Office"];

static USER: LazyLock<Value> = LazyLock::new(|| template(include_str!("user.json")));
static EXTENSION: LazyLock<Value> = LazyLock::new(|| template(include_str!("extension.json")));

/// Builds the user that `seed` describes, always the same.
pub(super) fn user(customer_id: &str, seed: &SeedUser) -> Value {
    let name = seed.username.to_lowercase();
    let created = seed
        .created
        .map_or_else(|| CREATED.to_owned(), |created| created.to_string());
    let site = seed.site.as_deref().unwrap_or("Headquarters");

    let mut user = USER.clone();
    let basic = &mut user["basicInfo"];
    basic["userId"] = json!(user_id(seed));
    basic["customerId"] = json!(customer_id);
    basic["createdTime"] = json!(created);
    basic["lastUpdatedTime"] = json!(created);
    basic["scimProvider"] = json!(seed.scim_provider);
    basic["userName"] = json!(seed.username);
    basic["firstName"] = json!(seed.first_name);
    basic["lastName"] = json!(seed.last_name);
    basic["status"] = json!(if seed.active { "ACTIVE" } else { "INACTIVE" });
    basic["primaryEmail"] = json!(seed.email);
    basic["site"]["id"] = json!(opaque_id("site", site, 0));
    basic["site"]["name"] = json!(site);
    if let Some(provider) = &seed.scim_provider {
        basic["ssoProvider"] = json!(provider);
        basic["ssoFederationId"] = json!(seed.email);
    }
    user["directoryInfo"]["department"] = json!(seed.department);
    user["directoryInfo"]["jobTitle"] = json!(seed.job_title);

    let licenses = own_licenses(seed, &name);
    if let Some((seat, license_id)) = calling_license(&licenses, seed) {
        let extension = extension(seed, &name, license_id, &seat.country);
        user["serviceInfo"]["licenses"] = json!(
            licenses
                .iter()
                .map(|(seat, id)| license(id, &seat.name, &seat.country))
                .chain(number_licenses(std::slice::from_ref(&extension)))
                .collect::<Vec<_>>()
        );
        user["serviceInfo"]["extensions"] = json!([extension]);
        user["assignmentInfo"]["ringGroups"] = json!([{ "id": opaque_id("ring group", site, 0), "name": format!("{site} Reception") }]);
        user["assignmentInfo"]["ucCallQueues"] = json!([{
            "id": opaque_id("queue", site, 0),
            "name": format!("{site} CQ"),
            "memberType": "PRIMARY",
        }]);
    } else {
        user["serviceInfo"]["licenses"] = json!(
            licenses
                .iter()
                .map(|(seat, id)| license(id, &seat.name, &seat.country))
                .collect::<Vec<_>>()
        );
    }
    user
}

/// The id of the user that `seed` describes.
pub(super) fn user_id(seed: &SeedUser) -> String {
    seed.user_id
        .clone()
        .unwrap_or_else(|| opaque_id("user", &seed.username.to_lowercase(), 0))
}

/// Whether a license of this name comes with a phone number, and must not be
/// sent. The vendor's documents say that there are such licenses, but not how
/// to know them; these words are what their names hold.
pub(super) fn is_number_license(name: &str) -> bool {
    let name = name.to_lowercase();
    let toll_free = name.match_indices("toll").any(|(start, toll)| {
        let mut rest = name[start + toll.len()..].chars();
        rest.as_str().starts_with("free") || {
            rest.next();
            rest.as_str().starts_with("free")
        }
    });
    toll_free
        || ["did", "local number", "additional number"]
            .iter()
            .any(|word| name.contains(word))
}

/// The licenses that the numbers configured on `extensions` bring along.
pub(super) fn number_licenses(extensions: &[Value]) -> Vec<Value> {
    extensions
        .iter()
        .filter_map(|extension| extension["phoneNumbers"].as_array())
        .flatten()
        .filter_map(|number| {
            let country = number["country"].as_str().unwrap_or("US");
            let id = opaque_id("number license", number["phoneNumber"].as_str()?, 0);
            Some(license(
                &id,
                &format!("{NUMBER_LICENSE}-{country}"),
                country,
            ))
        })
        .collect()
}

fn own_licenses<'seed>(seed: &'seed SeedUser, name: &str) -> Vec<(&'seed SeedLicense, String)> {
    seed.licenses
        .iter()
        .filter(|license| !is_number_license(&license.name))
        .enumerate()
        .map(|(ordinal, license)| (license, opaque_id("license", name, ordinal)))
        .collect()
}

/// The license that carries the user's extension. Whoever has an extension or
/// a number has one, even if no name is known to be a calling license's.
fn calling_license<'seed, 'licenses>(
    licenses: &'licenses [(&'seed SeedLicense, String)],
    seed: &SeedUser,
) -> Option<(&'seed SeedLicense, &'licenses str)> {
    let by_name = licenses.iter().find(|(license, _)| {
        CALLING_LICENSES
            .iter()
            .any(|calling| license.name.contains(calling))
    });
    let by_use = || {
        let calls = seed.extension.is_some() || !seed.phone_numbers.is_empty();
        licenses.first().filter(|_| calls)
    };
    by_name
        .or_else(by_use)
        .map(|(license, id)| (*license, id.as_str()))
}

fn extension(seed: &SeedUser, name: &str, license_id: &str, country: &str) -> Value {
    let number = seed
        .extension
        .clone()
        .unwrap_or_else(|| (1_000 + number_below(9_000, "extension number", name)).to_string());
    let primary = seed.phone_numbers.first();

    let mut extension = EXTENSION.clone();
    extension["id"] = json!(opaque_id("extension", name, 0));
    extension["devices"][0]["id"] = json!(opaque_id("device", name, 0));
    extension["devices"][0]["activationCode"] = json!(format!(
        "{:013}",
        number_below(9_999_999_999_999, "activation", name)
    ));
    extension["devices"][0]["macAddress"] =
        json!(format!("{:012x}", number_below(1 << 48, "device", name)));
    extension["extensionNumber"] = json!(number);
    extension["fqExtensionNumber"] = json!(format!("23{number}"));
    extension["externalCallerIdName"] = json!(format!("{} {}", seed.first_name, seed.last_name));
    extension["externalCallerIdNumber"] = json!(primary);
    extension["internalCallerIdFirstName"] = json!(seed.first_name);
    extension["internalCallerIdLastName"] = json!(seed.last_name);
    extension["licenseId"] = json!(license_id);
    extension["primaryPhoneNumber"] = json!(primary);
    extension["voicemailEmail"] = json!(seed.email);
    extension["phoneNumbers"] = seed
        .phone_numbers
        .iter()
        .map(|number| {
            json!({
                "country": country,
                "origin": "CLAIMED",
                "phoneNumber": number,
                "portingNumber": null,
                "primary": Some(number) == primary,
            })
        })
        .collect();
    extension
}

/// `activatedTime` is not in the vendor's document: see the module's comment.
fn license(id: &str, name: &str, country: &str) -> Value {
    json!({ "id": id, "name": name, "country": country, "activatedTime": null })
}

fn template(text: &str) -> Value {
    serde_json::from_str(text).expect("the templates are part of the program, and tests read them")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed() -> SeedUser {
        SeedUser {
            user_id: None,
            username: "Jane.Doe@example.com".into(),
            first_name: "Jane".into(),
            last_name: "Doe".into(),
            email: "jane.doe@example.com".into(),
            active: true,
            site: None,
            department: Some("Sales".into()),
            job_title: None,
            licenses: vec![
                SeedLicense {
                    name: "UC Call Recordings Cold Storage-VOSVC0504-01-US".into(),
                    country: "US".into(),
                },
                SeedLicense {
                    name: "X Series - X2-VOSVC0216-02-US".into(),
                    country: "US".into(),
                },
                SeedLicense {
                    name: "Additional Local Number-VOSVC0230-01-US".into(),
                    country: "US".into(),
                },
            ],
            extension: Some("1001".into()),
            phone_numbers: vec!["+15550100".into(), "+15550101".into()],
            scim_provider: None,
            created: None,
        }
    }

    #[test]
    fn numbers_bring_their_licenses_and_the_extension_is_bound_to_the_calling_one() {
        let user = user("0012J00042NkZQIQA3", &seed());
        let licenses = user["serviceInfo"]["licenses"].as_array().expect("a list");
        let numbers = licenses
            .iter()
            .filter(|license| is_number_license(license["name"].as_str().expect("a name")));
        assert_eq!((licenses.len(), numbers.count()), (4, 2));
        let extension = &user["serviceInfo"]["extensions"][0];
        assert_eq!(extension["licenseId"], licenses[1]["id"]);
        assert_eq!(extension["phoneNumbers"][0]["primary"], true);
        assert_eq!(extension["phoneNumbers"][1]["primary"], false);
    }

    #[test]
    fn a_seeded_id_wins_and_a_derived_one_ignores_letter_case() {
        let mut other = seed();
        other.username = other.username.to_lowercase();
        assert_eq!(user_id(&seed()), user_id(&other));
        other.user_id = Some("hvOB1l3zDCaDAwp9tNLzZA".into());
        assert_eq!(user_id(&other), "hvOB1l3zDCaDAwp9tNLzZA");
    }

    #[test]
    fn decimals_and_big_integers_are_served_as_written() {
        let text = user("0012J00042NkZQIQA3", &seed()).to_string();
        assert!(text.contains("\"share\":0.10"), "{text}");
        assert!(text.contains("\"ledgerNumber\":9007199254740993"), "{text}");
    }

    #[test]
    fn without_a_license_there_is_no_extension() {
        let mut bare = seed();
        bare.licenses.clear();
        let user = user("0012J00042NkZQIQA3", &bare);
        assert_eq!(user["serviceInfo"]["licenses"], json!([]));
        assert_eq!(user["serviceInfo"]["extensions"], json!([]));
    }

    #[test]
    fn number_licenses_are_known_by_name() {
        for name in [
            "DID-1",
            "Toll Free",
            "tollfree",
            "Toll-Free",
            "Local Number",
            "Additional Number",
        ] {
            assert!(is_number_license(name), "{name}");
        }
        for name in ["X Series - X2-VOSVC0216-02-US", "Toll road to free", "toll"] {
            assert!(!is_number_license(name), "{name}");
        }
    }
}
