//! Pure judgments about accounts to which something is given back.

use super::judge::{Assigned, Judgment, Wanted, status_of};
use crate::model::{AccountStatus, LicenseKind, LicenseName};
use crate::plan::{Gift, Restoration};
use crate::vendor::{ScimUser, Status, User};

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

/// The same over SCIM, which shows neither licences nor who provisions the
/// account: nothing but its access can be judged.
pub(super) fn judge_over_scim(restoration: &Restoration, user: &ScimUser) -> Judgment {
    let Gift::Access(action) = &restoration.gift else {
        return Judgment::Drifted("SCIM does not show its licences".to_owned());
    };
    let mut wanted = Wanted::default();
    let mut done = Vec::new();
    match user.status() {
        Status::Active => done.push(action.clone()),
        Status::Inactive => wanted.reactivate = Some(action.clone()),
        Status::Other(word) => return Judgment::Drifted(format!("its status is {word:?}")),
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::plan::Assignment;

    fn judged(gift: Gift, active: &Value) -> Judgment {
        let restoration = Restoration {
            gift,
            kept: Vec::new(),
            given_back: Vec::new(),
        };
        let body = json!({"id": "U1", "userName": "ann", "active": active});
        let user = ScimUser::read(body).expect("a user");
        judge_over_scim(&restoration, &user)
    }

    #[test]
    fn over_scim_access_alone_comes_back() {
        let access = || Gift::Access("a".to_owned());
        let sent = |judgment| match judgment {
            Judgment::Send { wanted, done, .. } => Some((wanted.reactivate, done)),
            Judgment::Drifted(_) | Judgment::Managed(_) => None,
        };
        let a = || "a".to_owned();
        assert_eq!(
            sent(judged(access(), &json!(false))),
            Some((Some(a()), vec![]))
        );
        assert_eq!(
            sent(judged(access(), &json!(true))),
            Some((None, vec![a()]))
        );
        for word in [json!("False"), json!(null), json!(0)] {
            assert_eq!(sent(judged(access(), &word)), None, "{word}");
        }
        let license = LicenseName::parse("X Series - X2", Some("US")).expect("a licence");
        let seat = Gift::Seat(Assignment {
            action: a(),
            name: license.raw.clone(),
            country: license.country.clone(),
            license,
            earlier: 0,
            after: None,
        });
        assert_eq!(sent(judged(seat, &json!(true))), None);
    }
}
