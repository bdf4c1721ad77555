use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::AccountStatus;

/// What is known of the end of a leaver's access. Auditors ask for it; nothing
/// is decided by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTrail {
    /// When access was due to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// When the account was last seen active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_active: Option<Timestamp>,
    /// When it was first seen inactive after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_inactive: Option<Timestamp>,
    /// When our deactivation was read back for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by_us: Option<Timestamp>,
}

impl AccessTrail {
    /// One look at the account.
    pub fn seen(status: AccountStatus, at: Timestamp) -> Self {
        match status {
            AccountStatus::Active => Self {
                last_active: Some(at),
                ..Self::default()
            },
            AccountStatus::Inactive => Self {
                first_inactive: Some(at),
                ..Self::default()
            },
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// This with what was learned later. Whoever was seen active again has not
    /// been inactive since before that. When access was due is not written
    /// anew once it has ended: a policy that changes later is none of its business.
    #[must_use]
    pub fn followed_by(self, later: Self) -> Self {
        let last_active = self.last_active.max(later.last_active);
        let since_then = |at: &Timestamp| last_active.is_none_or(|active| *at > active);
        let has_ended = self.ended_by_us.is_some() || self.first_inactive.is_some();
        let (due, other) = if has_ended {
            (self.due, later.due)
        } else {
            (later.due, self.due)
        };
        Self {
            due: due.or(other),
            last_active,
            first_inactive: earliest(
                self.first_inactive.filter(since_then),
                later.first_inactive.filter(since_then),
            ),
            ended_by_us: earliest(self.ended_by_us, later.ended_by_us),
        }
    }
}

/// The earlier of two times, where there are two.
fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + hour * 3600).expect("a time")
    }

    fn active(hour: i64) -> AccessTrail {
        AccessTrail::seen(AccountStatus::Active, at(hour))
    }

    fn inactive(hour: i64) -> AccessTrail {
        AccessTrail::seen(AccountStatus::Inactive, at(hour))
    }

    fn due(hour: i64) -> AccessTrail {
        AccessTrail {
            due: Some(at(hour)),
            ..AccessTrail::default()
        }
    }

    #[test]
    fn the_last_look_before_and_the_first_after_count() {
        let looks = [active(1), active(3), inactive(5), inactive(7)];
        let trail = looks
            .into_iter()
            .fold(AccessTrail::default(), AccessTrail::followed_by);
        assert_eq!(trail.last_active, Some(at(3)));
        assert_eq!(trail.first_inactive, Some(at(5)));
    }

    // A report that is older than the one before it is nothing new.
    #[test]
    fn whoever_is_active_again_was_not_inactive_since() {
        let again = inactive(3).followed_by(active(5));
        assert_eq!(
            (again.last_active, again.first_inactive),
            (Some(at(5)), None)
        );
        let older = inactive(5).followed_by(active(3));
        assert_eq!(older.first_inactive, Some(at(5)));
        let same = inactive(5).followed_by(active(5));
        assert_eq!(same.first_inactive, None, "unknown is not success");
    }

    #[test]
    fn the_due_time_follows_the_policy_until_access_has_ended() {
        assert_eq!(due(1).followed_by(due(2)).due, Some(at(2)));
        assert_eq!(due(1).followed_by(active(2)).due, Some(at(1)));
        let ended = due(1).followed_by(inactive(3));
        assert_eq!(ended.followed_by(due(2)).due, Some(at(1)));
    }

    #[test]
    fn an_empty_trail_takes_no_place() {
        let text = serde_json::to_string(&AccessTrail::default()).expect("JSON");
        assert_eq!(text, "{}");
        assert!(
            serde_json::from_str::<AccessTrail>("{}")
                .expect("a trail")
                .is_empty()
        );
    }
}
