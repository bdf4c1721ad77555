//! What no two tenants may share: side by side they would take each other's
//! files, limits or people for their own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::super::failure::{Exit, Failure};
use super::tenant::Tenant;
use crate::config::{KeySource, Settings, Target};

/// Something that one tenant alone may have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim {
    /// `the ledger`.
    what: &'static str,
    /// Which one.
    which: OsString,
}

/// Refuses tenants that share something, before any of them begins.
pub(super) fn refuse(tenants: &[Tenant]) -> Result<(), Failure> {
    let mut owners: BTreeMap<&Claim, &Tenant> = BTreeMap::new();
    let mut clashes = Vec::new();
    for tenant in tenants {
        for claim in tenant.known.iter().flat_map(|known| &known.claims) {
            match owners.get(claim) {
                Some(owner) => clashes.push(format!(
                    "{} and {} share {} {}",
                    owner.config.display(),
                    tenant.config.display(),
                    claim.what,
                    claim.which.display()
                )),
                None => {
                    owners.insert(claim, tenant);
                }
            }
        }
    }
    if clashes.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Configuration,
        format!(
            "no tenant was begun, because each needs its own; correct one file of each pair (SEATSWEEP_* \
             variables count for all tenants):\n  {}",
            clashes.join("\n  ")
        ),
    ))
}

/// What the tenant alone may have.
pub(super) fn claims(settings: &Settings) -> Vec<Claim> {
    let claim = |what, which: OsString| Claim { what, which };
    let mut claims = vec![
        claim("the ledger", resolved(&settings.ledger).into()),
        claim("the output folder", resolved(&settings.out_dir).into()),
    ];
    let in_address = settings.scim.as_ref().and_then(|it| it.customer_id());
    let customers = [settings.customer_id.as_deref(), in_address];
    claims.extend(
        customers
            .into_iter()
            .flatten()
            .map(|id| claim("the customer_id", id.into())),
    );
    if settings.target == Target::Eight {
        // A receiver of requests tells tenants apart by their names.
        claims.push(claim("the name", (&settings.tenant).into()));
        let api = settings.api.key.as_ref();
        let api = api.map(|key| ("the API key in", key, &settings.api.base_url));
        let scim = settings.scim.as_ref();
        let scim = scim.map(|it| ("the SCIM token in", &it.token, &it.base_url));
        // The vendor's limits are a key's, and behind a key is one customer.
        claims.extend(api.into_iter().chain(scim).map(|(what, source, url)| {
            let mut which = match source {
                KeySource::Environment(name) => OsString::from(name),
                KeySource::File(path) => resolved(path).into(),
            };
            which.push(" for ");
            which.push(url);
            claim(what, which)
        }));
    }
    claims.sort();
    claims.dedup();
    claims
}

/// The same text for every way to write a place, be it there or not: without
/// links as far as it exists, and without `.` and `..`.
fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = absolute
        .ancestors()
        .find_map(|it| Some((it, fs::canonicalize(it).ok()?)));
    let Some((existing, mut resolved)) = there else {
        return absolute;
    };
    for part in absolute
        .strip_prefix(existing)
        .unwrap_or(&absolute)
        .components()
    {
        match part {
            Component::ParentDir => {
                resolved.pop();
            }
            part => resolved.push(part),
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_one_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let top = fs::canonicalize(folder.path()).expect("a folder");
        fs::create_dir_all(top.join("a/inner")).expect("folders");
        std::os::unix::fs::symlink(top.join("a"), top.join("link")).expect("a link");
        for (written, expected) in [
            ("a/inner", "a/inner"),
            ("link/inner", "a/inner"),
            ("a/./none.db", "a/none.db"),
            ("link/none/deep.db", "a/none/deep.db"),
            ("a/../a/none.db", "a/none.db"),
            ("none/../a/x.db", "a/x.db"),
        ] {
            assert_eq!(
                resolved(&top.join(written)),
                top.join(expected),
                "{written}"
            );
        }
    }
}
