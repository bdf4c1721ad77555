//! A thousand changes: within every limit, hardly below it, and with few
//! requests each.

use super::wire::Wire;
use super::*;
use crate::sandbox::{Counting, LogEntry};

/// A lay-off in a company: so many accounts, of whom so many are deactivated,
/// and so many deactivated ones lose their seats.
#[derive(Clone, Copy)]
struct LayOff {
    accounts: usize,
    deactivations: usize,
    removals: usize,
    counting: Counting,
}

/// What a run took.
struct Figures {
    log: LogReport,
    entries: Vec<LogEntry>,
}

impl LayOff {
    fn of(accounts: usize) -> Self {
        Self {
            accounts,
            deactivations: 1000,
            removals: 0,
            counting: Counting::Sliding,
        }
    }

    fn changes(&self) -> usize {
        self.deactivations + self.removals
    }

    fn night(&self) -> Night {
        let deactivations = (1..=self.deactivations).map(Work::Deactivate);
        let removals = (self.deactivations + 1..=self.changes()).map(Work::Remove);
        let work: Vec<Work> = deactivations.chain(removals).collect();
        let mut night = Night::in_tenant(&work, |options| {
            options.limits.counting = self.counting;
            let others = self.changes() + 1..=self.accounts;
            let others = others.map(|number| seed_user(Work::Deactivate(number)));
            options.seed.users.extend(others);
        });
        let count = |number: usize| u64::try_from(number).expect("a number");
        night.plan.facts.users_rows = count(self.accounts);
        night.plan.facts.active_accounts = count(self.accounts - self.removals);
        night
    }

    /// Carries it out over the wire.
    async fn carried_out(self, wire: Wire) -> Figures {
        let mut night = self.night();
        night.api = wire.api(&night);
        let outcomes = night.run().await;
        assert_eq!(outcomes.len(), self.deactivations + 2 * self.removals);
        assert!(outcomes.values().all(|it| is(it, Outcome::Succeeded)));
        assert!(outcomes.values().all(|it| it.verified_at.is_some()));
        assert!(outcomes.values().all(|it| it.http_status == Some(200)));
        assert_eq!(night.open_attempts(), 0);
        let log = night.tenant.report();
        assert_well_behaved(&log);
        assert_eq!(log.writes, u64::try_from(self.changes()).expect("a number"));
        assert_eq!(night.api.limiter().usage().throttled, 0);
        let entries = night.tenant.entries();
        Figures { log, entries }
    }
}

impl Figures {
    fn requests_a_change(&self) -> f64 {
        self.log.requests as f64 / self.log.writes as f64
    }

    /// The part of the allowed requests that went out, in percent, in the
    /// steady state: from a minute after the first write of the range to the
    /// last one, so without the beginning and without the time in which only
    /// what is in flight is finished.
    fn share(&self, writes: std::ops::RangeInclusive<usize>) -> f64 {
        let names: BTreeSet<String> = writes.map(plans::username).collect();
        let is_of_range = |entry: &&LogEntry| {
            let write = entry.write.as_ref();
            write.is_some_and(|write| names.contains(&write.username))
        };
        let mut times = self.entries.iter().filter(is_of_range).map(|it| it.time);
        let first = times.next().expect("a write") + Duration::from_mins(1);
        let last = times.last().expect("a write");
        let within = |entry: &&LogEntry| (first..last).contains(&entry.time);
        let sent = self.entries.iter().filter(within).count();
        sent as f64 * 60.0 / last.duration_since(first).as_secs_f64()
    }
}

/// 1,000 changes among 1,000, 3,000 and 10,000 accounts, deactivations alone
/// and with removals, on a server that counts in sliding and in fixed windows.
#[expect(
    clippy::print_stdout,
    reason = "how economical it is, for whoever asks"
)]
#[tokio::test(start_paused = true)]
async fn a_thousand_changes_take_three_requests_each_at_the_limit_s_rate() {
    let fixed = |seconds| Counting::Fixed {
        phase: Duration::from_secs(seconds),
    };
    for (accounts, removals, counting) in [
        (1000, 0, Counting::Sliding),
        (3000, 300, fixed(17)),
        (10_000, 500, Counting::Sliding),
    ] {
        let lay_off = LayOff {
            deactivations: 1000 - removals,
            removals,
            counting,
            ..LayOff::of(accounts)
        };
        let figures = lay_off.carried_out(Wire::default()).await;
        let mut shares = vec![figures.share(1..=lay_off.deactivations)];
        if removals > 0 {
            shares.push(figures.share(lay_off.deactivations + 1..=1000));
        }
        let each = figures.requests_a_change();
        println!(
            "{accounts} accounts, {} deactivations and {removals} removals, {counting:?}: {} requests, {each:.3} a change, {shares:.1?} % of the rate, at most {} in 60 s and {} in 10 s",
            lay_off.deactivations,
            figures.log.requests,
            figures.log.max_in_60_seconds,
            figures.log.max_in_10_seconds,
        );
        assert!(each <= 3.1, "{each}");
        assert!(shares.iter().all(|share| *share >= 97.0), "{shares:?}");
    }
}
