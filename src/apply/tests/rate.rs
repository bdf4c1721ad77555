//! A thousand changes: within every limit, hardly below it, and with few
//! requests each.

use std::ops::RangeInclusive;

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

fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).expect("a small number"))
}

impl Figures {
    fn requests_a_change(&self) -> f64 {
        number(self.log.requests) / number(self.log.writes)
    }

    /// The part of the allowed requests that went out, in percent, in the
    /// steady state: from a minute after the first write of the range to the
    /// last one, so without the beginning and without the time in which only
    /// what is in flight is finished.
    fn share(&self, writes: RangeInclusive<usize>) -> f64 {
        let names: BTreeSet<String> = writes.map(plans::username).collect();
        let is_of_range = |entry: &&LogEntry| {
            let write = entry.write.as_ref();
            write.is_some_and(|write| names.contains(&write.username))
        };
        let mut times = self.entries.iter().filter(is_of_range).map(|it| it.time);
        let first = times.next().expect("a write") + Duration::from_mins(1);
        let last = times.next_back().expect("a write");
        let within = |entry: &&LogEntry| (first..last).contains(&entry.time);
        let sent = self.entries.iter().filter(within).count();
        number(sent as u64) * 60.0 / last.duration_since(first).as_secs_f64()
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

#[tokio::test(start_paused = true)]
async fn latencies_and_the_server_s_clock_change_nothing_about_the_limits() {
    for seed in 0..12 {
        let counting = match seed % 3 {
            0 => Counting::Sliding,
            _ => Counting::Fixed {
                phase: Duration::from_millis(4_999 * seed),
            },
        };
        let lay_off = LayOff {
            deactivations: 40,
            removals: 20,
            counting,
            ..LayOff::of(100)
        };
        let wire = Wire {
            slowest: Duration::from_millis(10_000 / (1 + seed % 4)),
            seed: usize::try_from(seed).expect("a number"),
            ..Wire::default()
        };
        // What is asserted is asserted there.
        lay_off.carried_out(wire).await;
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_pause_no_more_goes_out_than_the_smoothing_lets() {
    for (paused_at, status) in [(30, 429), (31, 429), (41, 503), (60, 503)] {
        let lay_off = LayOff {
            deactivations: 60,
            ..LayOff::of(60)
        };
        let wire = Wire {
            paused_at: Some((paused_at, status)),
            ..Wire::default()
        };
        let mut night = lay_off.night();
        night.api = wire.api(&night);
        let outcomes = night.run().await;
        // A 503 on the update itself is looked into and not sent again.
        assert!(outcomes.values().all(|it| is(it, Outcome::Succeeded)));
        let times: Vec<Timestamp> = night.tenant.entries().iter().map(|it| it.time).collect();
        let pauses = times.windows(2).filter(|pair| {
            let gap = pair[1].duration_since(pair[0]);
            gap >= jiff::SignedDuration::from_secs(9)
        });
        let ends: Vec<Timestamp> = pauses.map(|pair| pair[1]).collect();
        assert!(!ends.is_empty(), "{paused_at} {status}");
        for end in ends {
            let second = end..end + Duration::from_secs(1);
            let after = times.iter().filter(|time| second.contains(time)).count();
            assert!(after <= 3, "{after} in the second after the pause");
        }
        assert_well_behaved(&night.tenant.report());
    }
}

/// Two runs on one key, which know nothing of each other.
#[expect(clippy::print_stdout, reason = "how they share, for whoever asks")]
#[tokio::test(start_paused = true)]
async fn two_runs_on_one_key_make_each_other_slower_and_not_angrier() {
    for counting in [
        Counting::Sliding,
        Counting::Fixed {
            phase: Duration::from_secs(23),
        },
    ] {
        let lay_off = LayOff {
            deactivations: 100,
            counting,
            ..LayOff::of(200)
        };
        let mut one = lay_off.night();
        one.api = Wire::default().api(&one);
        let second: Vec<Work> = (101..=200).map(Work::Deactivate).collect();
        let mut other = Night::new(&second);
        (other.tenant, other.clock) = (one.tenant.clone(), one.clock.clone());
        other.api = Wire::default().api(&other);
        let (first, second) = tokio::join!(one.run(), other.run());
        for outcomes in [first, second] {
            assert!(outcomes.values().all(|it| is(it, Outcome::Succeeded)));
        }
        let log = one.tenant.report();
        let minutes = one.clock.elapsed().as_secs_f64() / 60.0;
        println!(
            "{counting:?}: {} requests in {minutes:.1} minutes, {} refused",
            log.requests, log.violations
        );
        assert!(log.violations * 20 <= log.requests, "{}", log.violations);
        // A pause for one is no stampede of both: never more in 10 seconds than a
        // few that came too early beside what was let in, which around the
        // boundary of two fixed windows is twice as much.
        let let_in = match counting {
            Counting::Sliding => 20,
            Counting::Fixed { .. } => 40,
        };
        assert!(
            log.max_in_10_seconds <= let_in + 4,
            "{}",
            log.max_in_10_seconds
        );
        assert_eq!(log.repeated_writes, Vec::<String>::new());
        assert_eq!((log.writes, log.polls_too_fast), (200, 0));
        // Together they still use most of the rate.
        assert!(number(log.requests) / minutes >= 70.0, "{minutes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_removal_takes_the_extension_along_and_leaves_the_number_license_out() {
    let night = Night::new(&[Work::Remove(1), Work::Both(2)]);
    assert_eq!(night.account(2).await.matches(';').count(), 3);
    let outcomes = night.run().await;
    assert_eq!(
        tally(&outcomes),
        BTreeMap::from([("succeeded".to_owned(), 5)])
    );
    assert_eq!(night.account(1).await, "deactivated");
    assert_eq!(night.account(2).await, "deactivated");
    let body = night.api.user("U0001").await.expect("a user").value;
    let services = &body.body()["serviceInfo"];
    assert_eq!(services["extensions"], serde_json::json!([]));
    let memory = night.memory();
    let key = AccountKey::stored("id:U0001".to_owned());
    assert_eq!(memory.accounts[&key].removed.len(), 2);
    let record = &outcomes["remove-0001-0"];
    assert_eq!(
        record.before,
        "deactivated; Additional Local Number (US); Cold Storage (US); X Series - X2 (US)"
    );
    assert_eq!(record.after, "deactivated");
    assert_eq!(record.http_status, Some(200));
}

#[tokio::test(start_paused = true)]
async fn the_request_id_of_the_intent_is_the_one_that_was_sent() {
    let night = Night::new(&one());
    let outcomes = night.run().await;
    let sent = night.tenant.entries();
    let write = sent.iter().find(|it| it.write.is_some()).expect("a write");
    let intended = &night.attempts()[0].intent.request_id;
    assert_eq!(*intended, write.request_id);
    assert_eq!(outcomes["deactivate-0001"].request_id, write.request_id);
}
