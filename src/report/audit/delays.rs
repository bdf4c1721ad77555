use jiff::SignedDuration;

use super::{AccessCounts, AccessState, AccessTimes, IN_TIME, LeaverAccess};

/// Leavers whose access ended about as long after it was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delay {
    /// How long, in words.
    pub(super) label: &'static str,
    /// What their access has come to.
    pub(super) state: AccessState,
    /// How many.
    pub(super) leavers: u64,
}

/// How many leavers' access ended how long after it was due. Every leaver is in
/// exactly one of these.
pub(super) fn access_delays(access: &AccessTimes) -> Vec<Delay> {
    let ended = ENDED.windows(2).map(|bounds| {
        let (more_than, (label, at_most)) = (bounds[0].1, bounds[1]);
        let state = if at_most <= IN_TIME {
            AccessState::InTime
        } else {
            AccessState::Late
        };
        let leavers = access.leavers.iter();
        let leavers = leavers.filter(|it| it.ended_within(more_than, at_most));
        Delay {
            label,
            state,
            leavers: leavers.count() as u64,
        }
    });
    let AccessCounts {
        open,
        overdue,
        unmatched,
        given_back,
        taken_back,
        ..
    } = access.total;
    let not_ended = [
        ("open for a day at most", AccessState::Open, open),
        ("open, overdue", AccessState::Overdue, overdue),
        ("no account found", AccessState::Unmatched, unmatched),
        ("given back by an undo", AccessState::GivenBack, given_back),
        ("taken back by HR", AccessState::TakenBack, taken_back),
    ];
    let not_ended = not_ended.map(|(label, state, leavers)| Delay {
        label,
        state,
        leavers,
    });
    ended.chain(not_ended).collect()
}

/// How long after it was due access may have ended: more than the one before
/// says, and at most as long.
const ENDED: [(&str, SignedDuration); 7] = [
    ("", SignedDuration::MIN),
    ("before it was due", SignedDuration::ZERO),
    ("within 4 hours", SignedDuration::from_hours(4)),
    ("within 24 hours", IN_TIME),
    ("within 3 days", SignedDuration::from_hours(3 * 24)),
    ("within 7 days", SignedDuration::from_hours(7 * 24)),
    ("later", SignedDuration::MAX),
];

impl LeaverAccess {
    /// Whether access ended, and by so much after it was due: more than the
    /// first and at most the second.
    fn ended_within(&self, more_than: SignedDuration, at_most: SignedDuration) -> bool {
        let ended = matches!(self.state, AccessState::InTime | AccessState::Late);
        let in_bounds = |total: SignedDuration| more_than < total && total <= at_most;
        ended && self.total().is_some_and(in_bounds)
    }
}
