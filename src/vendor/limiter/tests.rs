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
    let before = limiter.clock().elapsed();
    assert!(before < 2 * ONE_SECOND, "{before:?}");
    let _permit = limiter.request().await;
    assert_eq!(limiter.clock().elapsed(), Duration::from_secs(30));
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
    assert_eq!(limiter.state().others.requests, 0);
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
