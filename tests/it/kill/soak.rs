//! Random moments, many of them: not a test of every day. `make soak` runs it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::office::{self, Office, Sandbox, TonightsPlan, Work};
use super::{in_parallel, undisturbed};

/// How many moments, unless `SEATSWEEP_SOAK_MOMENTS` says otherwise.
const MOMENTS: usize = 200;
/// No moment begins later than this after the first.
const LONGEST: Duration = Duration::from_mins(15);
/// One night, and the end that it has when nobody disturbs it.
struct Scene<'t> {
    tonight: &'t TonightsPlan,
    code: i32,
    results: office::Results,
    /// How long that took: a kill that comes later meets nobody. Some do, and
    /// the others are counted.
    time: Duration,
    morning: Option<Morning<'t>>,
}

/// The morning after, with a plan to undo the night, and what that comes to.
struct Morning<'t> {
    office: Office<'t>,
    undone: office::Results,
}

impl<'t> Scene<'t> {
    fn new(tonight: &'t TonightsPlan, succeeded: usize) -> Self {
        let began = now();
        let expected = undisturbed(tonight, succeeded);
        Self {
            tonight,
            code: expected.code,
            results: expected.results,
            time: began.elapsed(),
            morning: None,
        }
    }

    /// The same, and now and then it is the undo that is killed.
    fn with_undo(tonight: &'t TonightsPlan, succeeded: usize) -> Self {
        let office = Office::new(tonight);
        let sandbox = office.start_sandbox(None);
        assert_eq!(office.run(&sandbox, Work::Apply), 0);
        sandbox.end();
        office.plan_undo();
        let undoing = office.copy();
        let sandbox = undoing.start_sandbox(None);
        assert_eq!(undoing.run(&sandbox, Work::Undo), 0);
        sandbox.end();
        let undone = undoing.results();
        Self {
            morning: Some(Morning { office, undone }),
            ..Self::new(tonight, succeeded)
        }
    }

    /// One of the things that can be killed here.
    fn any_work(&self, random: &mut fastrand::Rng) -> Work {
        let mut works = vec![Work::Apply, Work::Run];
        works.extend(self.morning.as_ref().map(|_| Work::Undo));
        works[random.usize(..works.len())]
    }

    /// Kills the work one to three times, then does it to its end. How many
    /// kills met a running program.
    fn play(&self, work: Work, random: &mut fastrand::Rng, what: &str) -> usize {
        let office = match (work, &self.morning) {
            (Work::Undo, Some(morning)) => morning.office.copy(),
            _ => Office::new(self.tonight),
        };
        let sandbox = office.start_sandbox(None);
        let mut killed = 0;
        for _ in 0..random.usize(1..=3) {
            let wait = self.time.mul_f64(random.f64());
            killed += usize::from(kill_after(&office, &sandbox, work, wait));
        }
        let code = office.run(&sandbox, work);
        let log = [sandbox.end()];
        match work {
            Work::Apply | Work::ApplyAt(_) | Work::ApplyReviewed => {
                assert_eq!(code, self.code, "{what}");
                assert_eq!(office.results(), self.results, "{what}");
                office::assert_each_written_once(&log, what);
            }
            Work::Undo => {
                assert_eq!(code, 0, "{what}");
                let undone = self.morning.as_ref().map(|it| &it.undone);
                assert_eq!(Some(&office.results()), undone, "{what}");
                office::assert_each_given_back_once(self.tonight, &log, what);
            }
            Work::Run => {
                assert_eq!(code, 0, "{what}");
                for row in office.results() {
                    let fine = ["", "succeeded", "already_done", "manual"];
                    assert!(fine.contains(&row["outcome"].as_str()), "{what}: {row:?}");
                }
                office::assert_each_written_once(&log, what);
            }
        }
        office.assert_settled(what);
        killed
    }
}

/// Kills the program after so long; false if it had ended by itself.
fn kill_after(office: &Office<'_>, sandbox: &Sandbox, work: Work, wait: Duration) -> bool {
    let mut client = office.spawn(sandbox, work);
    std::thread::sleep(wait);
    let was_running = client.try_wait().expect("its state").is_none();
    if was_running {
        client.kill().expect("killed");
    }
    client.wait().expect("its end");
    was_running
}

#[test]
#[ignore = "minutes long; make soak"]
#[expect(
    clippy::print_stdout,
    reason = "the seed, and what came of it, for whoever runs it"
)]
fn killed_at_random_moments_everything_is_carried_on_to_the_same_end() {
    let moments = number("SEATSWEEP_SOAK_MOMENTS").unwrap_or(MOMENTS as u64);
    let seed = number("SEATSWEEP_SOAK_SEED").unwrap_or_else(|| fastrand::u64(..1_000_000));
    println!("SEATSWEEP_SOAK_SEED={seed}, {moments} moments");
    let [night, over_scim, lost] = [
        TonightsPlan::new(),
        TonightsPlan::over_scim(),
        TonightsPlan::with_lost_answers(),
    ];
    let scenes = [
        Scene::with_undo(&night, 6),
        Scene::new(&over_scim, 5),
        Scene::with_undo(&lost, 6),
    ];
    let began = now();
    let (played, killed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let numbers: Vec<u64> = (0..moments).collect();
    in_parallel(&numbers, |number| {
        if began.elapsed() > LONGEST {
            return;
        }
        let mut random = fastrand::Rng::with_seed(seed.wrapping_add(number));
        let scene = random.usize(..scenes.len());
        let work = scenes[scene].any_work(&mut random);
        let what = format!("moment {number} of seed {seed}, night {scene}, {work:?}");
        killed.fetch_add(
            scenes[scene].play(work, &mut random, &what),
            Ordering::SeqCst,
        );
        played.fetch_add(1, Ordering::SeqCst);
    });
    let (played, killed) = (played.into_inner(), killed.into_inner());
    println!("{played} moments, {killed} kills of a running program, all ended right");
    assert!(
        played > 0 && killed >= played / 4,
        "hardly any kill met a running program"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "the environment is how a test binary is told what to do"
)]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[expect(clippy::disallowed_methods, reason = "real processes run in real time")]
fn now() -> Instant {
    Instant::now()
}
