//! Pure judgments about accounts to which something is given back.

use super::judge::{Assigned, Judgment, Wanted, status_of};
use crate::model::{AccountStatus, LicenseKind, LicenseName};
use crate::plan::{Gift, Restoration};
use crate::vendor::{Status, User};

/// Compares the account with what the run that is undone left of it. Whoever
/// `user` is was compared before.
pub(super) fn judge(restoration: &Restoration, status: AccountStatus, user: &User) -> Judgment {
    if let Some(difference) = other_licenses(restoration, user) {
        return Judgment::Drifted(difference);
    }
    let mut wanted = Wanted::default();
    let mut done = Vec::new();
    match &restoration.gift {
        Gift::Access(action) => match user.status() {
            Status::Active => done.push(action.clone()),
            Status::Inactive => match user.scim_provider() {
                Some(provider) => return Judgment::Managed(provider.to_owned()),
                None => wanted.reactivate = Some(action.clone()),
            },
            Status::Other(word) => return Judgment::Drifted(format!("its status is {word:?}")),
        },
        Gift::Seat(seat) => {
            if status_of(&user.status()) != Some(status) {
                let seen = user.status();
                return Judgment::Drifted(format!("its status is {seen} by now"));
            }
            let kept = restoration.kept.iter();
            let before = kept.filter(|it| it.same_as(&seat.license)).count() + seat.earlier;
            let held = seats_held(user, &seat.license);
            if held > before {
                done.push(seat.action.clone());
            } else {
                wanted.assign = Some(Box::new(Assigned {
                    action: seat.action.clone(),
                    license: seat.license.clone(),
                    name: seat.name.clone(),
                    country: seat.country.clone(),
                    held: held + 1,
                }));
            }
        }
    }
    Judgment::Send {
        wanted,
        done,
        left_to_people: Vec::new(),
    }
}

/// Seats of the licence on the account.
pub(super) fn seats_held(user: &User, license: &LicenseName) -> usize {
    let held = held(user);
    held.iter().filter(|it| it.same_as(license)).count()
}

/// Licences but for numbers, which come and go with extensions.
fn held(user: &User) -> Vec<LicenseName> {
    let names = user.licenses().into_iter();
    names
        .filter_map(|license| LicenseName::parse(&license.name, Some(&license.country)))
        .filter(|name| name.kind() != LicenseKind::Number)
        .collect()
}

/// How the account's licences differ from what the run left, if they do.
fn other_licenses(restoration: &Restoration, user: &User) -> Option<String> {
    let mut held = held(user);
    let mut take = |name: &LicenseName| {
        let position = held.iter().position(|it| it.same_as(name));
        position.map(|position| held.remove(position))
    };
    for kept in &restoration.kept {
        if take(kept).is_none() {
            return Some(format!("it does not hold {} any more", kept.pool()));
        }
    }
    for given_back in &restoration.given_back {
        take(given_back);
    }
    let other = held.first()?;
    Some(format!("it holds {} by now", other.pool()))
}
