//! In paused time: a server that only counts, with seeded latencies, and the
//! limits checked over every window of thousands of minutes.

use tokio::task::JoinSet;

use super::*;

const ONE_SECOND: Duration = Duration::from_secs(1);

fn clock() -> Clock {
    Clock::new("2026-03-02T00:00:00Z".parse().expect("a time"), 1)
}

fn limits(requests_per_minute: u32, requests_per_10_seconds: u32) -> Limits {
    Limits {
        requests_per_minute: NonZeroU32::new(requests_per_minute).expect("not zero"),
        requests_per_10_seconds: NonZeroU32::new(requests_per_10_seconds).expect("not zero"),
        ..Limits::default()
    }
}

fn milliseconds(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// What every worker of a simulation shares.
#[derive(Clone)]
struct Simulation {
    limiter: Limiter,
    arrivals: Arc<Mutex<Vec<Duration>>>,
    end: Duration,
}

impl Simulation {
    fn new(limits: Limits, end: Duration) -> Self {
        Self {
            limiter: Limiter::new(limits, clock()),
            arrivals: Arc::default(),
            end,
        }
    }

    /// Sends as fast as the limiter allows from `workers` tasks, with
    /// latencies up to `slowest` that arrive at any point within; returns the
    /// arrivals in order.
    async fn run(&self, workers: u64, slowest: Duration) -> Vec<Duration> {
        let mut tasks = JoinSet::new();
        for worker in 0..workers {
            tasks.spawn(self.clone().work(fastrand::Rng::with_seed(worker), slowest));
        }
        tasks.join_all().await;
        let mut arrivals = std::mem::take(&mut *self.arrivals.lock().expect("arrivals"));
        arrivals.sort_unstable();
        arrivals
    }

    async fn work(self, mut random: fastrand::Rng, slowest: Duration) {
        let clock = self.limiter.clock().clone();
        while clock.elapsed() < self.end {
            let permit = self.limiter.request().await;
            let latency = slowest.mul_f64(random.f64());
            let outward = latency.mul_f64(random.f64());
            clock.sleep(outward).await;
            self.arrivals
                .lock()
                .expect("arrivals")
                .push(clock.elapsed());
            clock.sleep(latency.saturating_sub(outward)).await;
            if random.u8(0..100) == 0 {
                // Lost on the way back: the slot is released by the drop.
                drop(permit);
            } else {
                permit.answered(&ResponseFacts::default());
            }
        }
    }
}

/// The most arrivals in any window of `length`, both ends included.
fn most_within(arrivals: &[Duration], length: Duration) -> usize {
    arrivals
        .iter()
        .enumerate()
        .map(|(first, start)| {
            arrivals[first..].partition_point(|arrival| *arrival <= *start + length)
        })
        .max()
        .unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn no_window_is_ever_overfull_and_hardly_a_slot_is_wasted() {
    // The last column: the least part of the allowed requests that goes out.
    // A slot is out of use for its latency, 0.75 s here, in every window, so
    // that the shorter window gives less.
    let cases = [
        (100, 20, 1000, 98),
        (100, 17, 60, 93),
        (600, 20, 60, 91),
        (7, 1, 500, 91),
    ];
    for (per_minute, per_10_seconds, minutes, least_percent) in cases {
        let length = Duration::from_mins(minutes);
        let simulation = Simulation::new(limits(per_minute, per_10_seconds), length);
        let arrivals = simulation.run(30, milliseconds(1500)).await;

        let in_a_minute = most_within(&arrivals, MINUTE);
        let in_10_seconds = most_within(&arrivals, TEN_SECONDS);
        assert!(in_a_minute <= per_minute as usize, "{in_a_minute}");
        assert!(in_10_seconds <= per_10_seconds as usize, "{in_10_seconds}");

        let allowed = u64::from(per_minute.min(per_10_seconds * 6)) * minutes;
        let percent = arrivals.len() as u64 * 100 / allowed;
        assert!(percent >= least_percent, "{percent} % of {allowed}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_limits_hold_with_very_slow_answers() {
    let simulation = Simulation::new(Limits::default(), Duration::from_hours(2));
    let arrivals = simulation.run(60, Duration::from_secs(40)).await;
    assert!(most_within(&arrivals, MINUTE) <= 100);
    assert!(most_within(&arrivals, TEN_SECONDS) <= 20);
}

#[tokio::test(start_paused = true)]
async fn a_start_is_no_burst() {
    let simulation = Simulation::new(Limits::default(), MINUTE);
    let arrivals = simulation.run(30, Duration::ZERO).await;
    assert!(most_within(&arrivals, ONE_SECOND) <= 3);
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_out_in_a_pause_and_no_stampede_follows_it() {
    let simulation = Simulation::new(Limits::default(), Duration::from_mins(10));
    let limiter = simulation.limiter.clone();
    let pauses = async {
        for _ in 0..3 {
            limiter.clock().sleep(milliseconds(97_300)).await;
            let facts = ResponseFacts {
                throttled: true,
                pause: Some(Duration::from_secs(45)),
                ..ResponseFacts::default()
            };
            limiter.request().await.answered(&facts);
        }
    };
    let ((), arrivals) = tokio::join!(pauses, simulation.run(30, milliseconds(50)));

    let gaps: Vec<_> = arrivals
        .windows(2)
        .filter(|pair| pair[1].saturating_sub(pair[0]) >= Duration::from_secs(44))
        .map(|pair| pair[1])
        .collect();
    assert_eq!(gaps.len(), 3, "{gaps:?}");
    for end in gaps {
        let after = arrivals
            .iter()
            .filter(|arrival| (end..end + ONE_SECOND).contains(*arrival))
            .count();
        assert!(after <= 3, "{after} requests in the second after the pause");
    }
    assert!(most_within(&arrivals, MINUTE) <= 100);
    let usage = limiter.usage();
    assert_eq!(usage.throttled, 3);
    assert_eq!(usage.paused, Duration::from_secs(135));
}

#[tokio::test(start_paused = true)]
async fn a_shorter_pause_does_not_cut_a_longer_one() {
    let limiter = Limiter::new(Limits::default(), clock());
    let now = limiter.clock().now();
    limiter.pause_until(now + 9 * ONE_SECOND);
    limiter.pause_until(now + 4 * ONE_SECOND);
    assert!(limiter.is_paused());
    let permit = limiter.request().await;
    assert_eq!(permit.sent_at(), now + 9 * ONE_SECOND);
    assert_eq!(limiter.usage().paused, 9 * ONE_SECOND);
    assert!(!limiter.is_paused());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_wait_costs_nothing() {
    let limiter = Limiter::new(Limits::default(), clock());
    limiter.pause_until(limiter.clock().now() + 5 * ONE_SECOND);
    tokio::select! {
        _permit = limiter.request() => panic!("sent in a pause"),
        () = limiter.clock().sleep(ONE_SECOND) => {}
    }
    assert_eq!(limiter.usage().requests, 0);
    assert_eq!(limiter.sends(), []);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_permit_holds_its_slot_from_the_drop() {
    let limiter = Limiter::new(limits(1, 1), clock());
    let permit = limiter.request().await;
    limiter.clock().sleep(30 * ONE_SECOND).await;
    drop(permit);
    let next = limiter.request().await;
    let waited = next
        .sent_at()
        .duration_since(limiter.clock().at(Duration::ZERO));
    assert_eq!(waited.as_secs(), 90);
}

#[tokio::test(start_paused = true)]
async fn an_unanswered_request_holds_its_slot() {
    let limiter = Limiter::new(limits(1, 1), clock());
    let permit = limiter.request().await;
    let never = tokio::time::timeout(Duration::from_hours(1), limiter.request()).await;
    assert!(never.is_err());
    permit.answered(&ResponseFacts::default());
    let _next = limiter.request().await;
    assert_eq!(limiter.clock().elapsed().as_secs(), 3660);
}

#[tokio::test(start_paused = true)]
async fn an_earlier_process_s_requests_count() {
    let limiter = Limiter::new(Limits::default(), clock());
    // The 10-second window is not full, the minute is.
    let ages: Vec<_> = (0..100)
        .map(|age| milliseconds(59_000 - age * 400))
        .collect();
    limiter.preload(&ages);
    assert_eq!(limiter.sends().len(), 100);
    let permit = limiter.request().await;
    assert_eq!(limiter.clock().elapsed(), milliseconds(1001));
    permit.answered(&ResponseFacts::default());
    assert_eq!(limiter.usage().requests, 1);
}

#[tokio::test(start_paused = true)]
async fn after_an_unclean_stop_the_windows_are_full() {
    let limiter = Limiter::new(Limits::default(), clock());
    limiter.assume_full();
    let _permit = limiter.request().await;
    assert_eq!(limiter.clock().elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn what_one_process_reports_keeps_the_next_within_the_limits() {
    let clock = clock();
    let simulation = Simulation {
        limiter: Limiter::new(Limits::default(), clock.clone()),
        arrivals: Arc::default(),
        end: Duration::from_secs(200),
    };
    let mut arrivals = simulation.run(30, milliseconds(900)).await;
    let now = clock.now();
    let ages: Vec<_> = simulation
        .limiter
        .sends()
        .into_iter()
        .map(|sent| Duration::try_from(now.duration_since(sent)).expect("past"))
        .collect();

    let next = Simulation {
        limiter: Limiter::new(Limits::default(), clock),
        arrivals: Arc::default(),
        end: Duration::from_secs(400),
    };
    next.limiter.preload(&ages);
    arrivals.extend(next.run(30, milliseconds(900)).await);
    assert!(most_within(&arrivals, MINUTE) <= 100);
    assert!(most_within(&arrivals, TEN_SECONDS) <= 20);
}

#[tokio::test(start_paused = true)]
async fn another_process_on_the_key_gets_its_share() {
    let limiter = Limiter::new(Limits::default(), clock());
    // We sent one; the server would take 3 more: 96 are somebody else's.
    let facts = ResponseFacts {
        remaining: Some(3),
        reset_in: Some(Duration::from_secs(30)),
        ..ResponseFacts::default()
    };
    limiter.request().await.answered(&facts);
    for _ in 0..3 {
        limiter.request().await.answered(&ResponseFacts::default());
    }
    // Of any ten seconds, too, we take no more than our part: one request.
    let before = limiter.clock().elapsed();
    assert!(before < 31 * ONE_SECOND, "{before:?}");
    let _permit = limiter.request().await;
    assert_eq!(limiter.clock().elapsed(), MINUTE);
}

#[tokio::test(start_paused = true)]
async fn a_count_that_agrees_with_ours_changes_nothing() {
    let limiter = Limiter::new(Limits::default(), clock());
    for sent in 1..=99 {
        let facts = ResponseFacts {
            remaining: Some(100 - sent),
            reset_in: Some(MINUTE),
            ..ResponseFacts::default()
        };
        limiter.request().await.answered(&facts);
    }
    assert!(limiter.clock().elapsed() < MINUTE);
    let _permit = limiter.request().await;
    assert!(limiter.clock().elapsed() < MINUTE);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_compared_with_what_the_server_saw_then() {
    let limiter = Limiter::new(Limits::default(), clock());
    for _ in 0..50 {
        limiter.request().await.answered(&ResponseFacts::default());
    }
    let late = limiter.request().await;
    limiter.clock().sleep(Duration::from_secs(50)).await;
    // Most of the 50 have left our window, but the server counted them.
    let facts = ResponseFacts {
        remaining: Some(49),
        ..ResponseFacts::default()
    };
    late.answered(&facts);
    assert_eq!(limiter.state().others.at(limiter.clock().now()), 0);
}

#[tokio::test(start_paused = true)]
async fn operations_are_limited_until_they_end() {
    let limiter = Limiter::new(Limits::default(), clock());
    let mut slots = Vec::new();
    for _ in 0..10 {
        slots.push(limiter.operation().await);
    }
    let eleventh = tokio::time::timeout(MINUTE, limiter.operation()).await;
    assert!(eleventh.is_err());
    slots.pop();
    let _eleventh = limiter.operation().await;
}

#[tokio::test(start_paused = true)]
async fn a_fast_clock_keeps_the_limits_and_the_rate() {
    let clock = Clock::new(Timestamp::UNIX_EPOCH, 60);
    let simulation = Simulation {
        limiter: Limiter::new(Limits::default(), clock),
        arrivals: Arc::default(),
        end: Duration::from_hours(1),
    };
    let arrivals = simulation.run(30, milliseconds(600)).await;
    assert!(most_within(&arrivals, MINUTE) <= 100);
    assert!(arrivals.len() >= 5700, "{}", arrivals.len());
}

/// How a server counts the requests of its minute.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Counting {
    /// In any 60 seconds. One place at a time comes free.
    Sliding,
    /// From one full minute of its clock to the next, where ours began so far
    /// into one of its minutes.
    Fixed(Duration),
}

/// A server that refuses what is over its limit, and says how it counts.
#[derive(Clone)]
struct Server {
    counting: Counting,
    limit: u32,
    admitted: Arc<Mutex<VecDeque<Duration>>>,
}

impl Server {
    fn new(counting: Counting, limit: u32) -> Self {
        Self {
            counting,
            limit,
            admitted: Arc::default(),
        }
    }

    /// Takes a request that arrives at `now`. Times are told in whole seconds.
    fn arrive(&self, now: Duration) -> ResponseFacts {
        let mut admitted = self.admitted.lock().expect("arrivals");
        let phase = match self.counting {
            Counting::Sliding => Duration::ZERO,
            Counting::Fixed(phase) => phase,
        };
        let minute = |at: Duration| (at + phase).as_secs() / 60;
        let is_over = |at: Duration| match self.counting {
            Counting::Sliding => at + MINUTE <= now,
            Counting::Fixed(_) => minute(at) < minute(now),
        };
        while admitted.front().is_some_and(|at| is_over(*at)) {
            admitted.pop_front();
        }
        let counted = u32::try_from(admitted.len()).expect("a count");
        let throttled = counted >= self.limit;
        if !throttled {
            admitted.push_back(now);
        }
        let reset = match self.counting {
            Counting::Sliding => admitted.front().copied().unwrap_or(now) + MINUTE,
            Counting::Fixed(_) => Duration::from_mins(minute(now) + 1).saturating_sub(phase),
        };
        let reset_in = Duration::from_secs(reset.as_secs().saturating_sub(now.as_secs()));
        ResponseFacts {
            throttled,
            pause: throttled.then_some(reset_in.max(ONE_SECOND)),
            limit: NonZeroU32::new(self.limit),
            remaining: Some(self.limit.saturating_sub(counted + 1)),
            reset_in: Some(reset_in),
        }
    }

    /// Ours, from `workers` tasks until `end`: how many were admitted.
    async fn serve(&self, limiter: &Limiter, workers: u64, end: Duration) -> u64 {
        let mut tasks = JoinSet::new();
        for worker in 0..workers {
            let (server, limiter) = (self.clone(), limiter.clone());
            let mut random = fastrand::Rng::with_seed(worker);
            tasks.spawn(async move {
                let mut admitted = 0;
                while limiter.clock().elapsed() < end {
                    let permit = limiter.request().await;
                    limiter
                        .clock()
                        .sleep(milliseconds(random.u64(20..400)))
                        .await;
                    let facts = server.arrive(limiter.clock().elapsed());
                    admitted += u64::from(!facts.throttled);
                    limiter
                        .clock()
                        .sleep(milliseconds(random.u64(20..400)))
                        .await;
                    permit.answered(&facts);
                }
                admitted
            });
        }
        tasks.join_all().await.into_iter().sum()
    }
}

/// Both ways of counting, the fixed one with our clock at many points of the
/// server's minute.
fn all_countings() -> impl Iterator<Item = Counting> {
    let phases = (0..60).step_by(7).map(Duration::from_secs);
    phases.map(Counting::Fixed).chain([Counting::Sliding])
}

#[tokio::test(start_paused = true)]
async fn however_the_server_counts_nothing_is_refused_and_the_rate_is_used() {
    for counting in all_countings() {
        let server = Server::new(counting, 100);
        let limiter = Limiter::new(Limits::default(), clock());
        let minutes = 60;
        let admitted = server
            .serve(&limiter, 30, Duration::from_mins(minutes))
            .await;
        assert_eq!(limiter.usage().throttled, 0, "{counting:?}");
        let percent = admitted * 100 / (minutes * 100);
        assert!(percent >= 97, "{counting:?}: {percent} %");
    }
}

#[tokio::test(start_paused = true)]
async fn no_fixed_window_is_overfull_wherever_the_server_s_clock_stands() {
    let simulation = Simulation::new(Limits::default(), Duration::from_mins(30));
    let arrivals = simulation.run(30, milliseconds(1500)).await;
    for (length, limit) in [(MINUTE, 100), (TEN_SECONDS, 20)] {
        let windows = u64::try_from(length.as_millis()).expect("a length");
        for phase in (0..windows).step_by(50).map(milliseconds) {
            let mut counts = std::collections::BTreeMap::<u128, usize>::new();
            for arrival in &arrivals {
                let window = (*arrival + phase).as_nanos() / length.as_nanos();
                *counts.entry(window).or_default() += 1;
            }
            let most = counts.values().max().copied().unwrap_or_default();
            assert!(most <= limit, "{most} in {length:?} from {phase:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lower_limit_of_the_server_is_kept_to_at_once() {
    for counting in all_countings() {
        let server = Server::new(counting, 60);
        let limiter = Limiter::new(Limits::default(), clock());
        let minutes = 30;
        let admitted = server
            .serve(&limiter, 30, Duration::from_mins(minutes))
            .await;
        assert_eq!(limiter.usage().throttled, 0, "{counting:?}");
        assert_eq!(limiter.usage().server_limit, Some(60));
        let percent = admitted * 100 / (minutes * 60);
        assert!(percent >= 96, "{counting:?}: {percent} %");
    }
}

#[tokio::test(start_paused = true)]
async fn a_higher_limit_of_the_server_counts_only_where_it_is_trusted() {
    for (server_limit, least, most) in [
        (ServerLimit::Lowers, 97, 100),
        // The 10 seconds' limit of 20 is still ours.
        (ServerLimit::Replaces, 112, 120),
    ] {
        let server = Server::new(Counting::Sliding, 300);
        let limits = Limits {
            server_limit,
            ..Limits::default()
        };
        let limiter = Limiter::new(limits, clock());
        let admitted = server.serve(&limiter, 30, Duration::from_mins(30)).await;
        assert!((least..=most).contains(&(admitted / 30)), "{admitted}");
        assert_eq!(limiter.usage().throttled, 0);
    }
}

/// It sends 40 a minute whatever happens, and tries what was refused no more.
#[tokio::test(start_paused = true)]
async fn a_second_process_on_the_key_makes_us_slower_and_not_angrier() {
    for counting in all_countings() {
        let server = Server::new(counting, 100);
        let limiter = Limiter::new(Limits::default(), clock());
        let end = Duration::from_hours(1);
        let other = async {
            let mut refused = 0;
            while limiter.clock().elapsed() < end {
                limiter.clock().sleep(milliseconds(1500)).await;
                refused += u64::from(server.arrive(limiter.clock().elapsed()).throttled);
            }
            refused
        };
        let (admitted, refused) = tokio::join!(server.serve(&limiter, 30, end), other);
        let throttled = limiter.usage().throttled;
        // 3,600 are left to us and 2,400 to the other; a fixed window's start
        // says nothing of either.
        assert!(throttled * 50 <= admitted, "{counting:?}: {throttled}");
        assert!(
            (3400..=4000).contains(&admitted),
            "{counting:?}: {admitted}"
        );
        assert!(refused <= 300, "{counting:?}: {refused}");
    }
}
