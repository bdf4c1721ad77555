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

    use super::super::account::Account;
    use super::*;
    use crate::plan::Assignment;

    const X2: &str = "X Series - X2-VOSVC0216-02-US";
    const X4: &str = "X Series - X4-VOSVC0218-02-US";

    fn license(name: &str) -> LicenseName {
        LicenseName::parse(name, Some("US")).expect("a licence")
    }

    fn licenses(names: &[&str]) -> Vec<LicenseName> {
        names.iter().map(|name| license(name)).collect()
    }

    fn account(status: &str, held: &[&str]) -> User {
        let held = held.iter().enumerate();
        let held: Vec<Value> = held
            .map(|(nr, name)| json!({"id": format!("L{nr}"), "name": name, "country": "US"}))
            .collect();
        let body = json!({
            "basicInfo": {"userId": "U1", "status": status},
            "serviceInfo": {"licenses": held},
        });
        User::read(body).expect("a user")
    }

    fn seat(earlier: usize) -> Gift {
        Gift::Seat(Assignment {
            action: "a".to_owned(),
            license: license(X2),
            name: X2.to_owned(),
            country: "US".to_owned(),
            earlier,
            after: None,
        })
    }

    /// `send`, `done` or what else; and how many seats are wanted.
    fn told(judgment: &Judgment) -> (&'static str, usize) {
        match judgment {
            Judgment::Drifted(_) => ("drifted", 0),
            Judgment::Managed(_) => ("managed", 0),
            Judgment::Send { wanted, done, .. } => match (wanted.is_empty(), done.len()) {
                (false, 0) => ("send", wanted.assign.as_ref().map_or(0, |it| it.held)),
                (true, 1) => ("done", 0),
                (_, _) => ("both", 0),
            },
        }
    }

    #[test]
    fn access_comes_back_to_the_account_as_it_was_left() {
        let cases: [(&str, &[&str], &str); 8] = [
            ("INACTIVE", &[X4], "send"),
            ("ACTIVE", &[X4], "done"),
            ("LOCKED", &[X4], "drifted"),
            ("INACTIVE", &[], "drifted"),
            ("INACTIVE", &[X4, X4], "drifted"),
            ("INACTIVE", &[X2], "drifted"),
            // What this undo gives back may be there already.
            ("INACTIVE", &[X4, X2], "send"),
            ("INACTIVE", &[X4, "Local Number-VOSVC0300-01-US"], "send"),
        ];
        for (status, held, expected) in cases {
            let restoration = Restoration {
                gift: Gift::Access("a".to_owned()),
                kept: licenses(&[X4]),
                given_back: licenses(&[X2]),
            };
            let inactive = AccountStatus::Inactive;
            let judgment = judge(&restoration, inactive, &account(status, held));
            assert_eq!(told(&judgment).0, expected, "{status} {held:?}");
        }
    }

    #[test]
    fn a_seat_comes_back_once() {
        // One was kept, two come back: how many were given before, what the
        // account holds.
        let cases: [(&str, usize, usize, (&str, usize)); 7] = [
            ("ACTIVE", 0, 1, ("send", 2)),
            ("ACTIVE", 0, 2, ("done", 0)),
            ("ACTIVE", 1, 2, ("send", 3)),
            ("ACTIVE", 1, 3, ("done", 0)),
            ("ACTIVE", 0, 0, ("drifted", 0)),
            ("ACTIVE", 0, 4, ("drifted", 0)),
            ("INACTIVE", 0, 1, ("drifted", 0)),
        ];
        for (status, earlier, held, expected) in cases {
            let restoration = Restoration {
                gift: seat(earlier),
                kept: licenses(&[X2]),
                given_back: licenses(&[X2, X2]),
            };
            let held = [X2].repeat(held);
            let judgment = judge(&restoration, AccountStatus::Active, &account(status, &held));
            assert_eq!(told(&judgment), expected, "{status} {earlier} {held:?}");
            if let Judgment::Send { wanted, .. } = judgment
                && !wanted.is_empty()
            {
                let met = |held: &[&str]| wanted.is_met_by(&Account::Admin(account(status, held)));
                assert!(!met(&held) && met(&[&held[..], &[X2]].concat()));
            }
        }
    }

    #[test]
    fn access_is_back_when_it_was_read_back() {
        let wanted = Wanted {
            reactivate: Some("a".to_owned()),
            ..Wanted::default()
        };
        for (status, expected) in [("ACTIVE", true), ("INACTIVE", false), ("LOCKED", false)] {
            let account = Account::Admin(account(status, &[]));
            assert_eq!(wanted.is_met_by(&account), expected, "{status}");
        }
    }

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
        assert_eq!(sent(judged(seat(0), &json!(true))), None);
    }
}
