//! Changes that are read back together: the list decides only what it shows,
//! and whatever else happens, each change is made once and told truly.

use super::super::Stop;
use super::wire::{List, Wire};
use super::*;

/// A night whose plan knows the tenant, over this wire.
fn night(work: &[Work], wire: &Wire) -> Night {
    let mut night = Night::new(work);
    let removals = work.iter().filter(|it| matches!(it, Work::Remove(_)));
    let count = |number: usize| u64::try_from(number).expect("a number");
    night.plan.facts.users_rows = count(work.len());
    night.plan.facts.active_accounts = count(work.len() - removals.count());
    night.api = wire.api(&night);
    night
}

/// People to deactivate, people to free of seats, and people of whom both.
fn people(deactivations: usize, removals: usize, both: usize) -> Vec<Work> {
    let first = (1..=deactivations).map(Work::Deactivate);
    let second = (deactivations + 1..=deactivations + removals).map(Work::Remove);
    let all = deactivations + removals;
    let third = (all + 1..=all + both).map(Work::Both);
    first.chain(second).chain(third).collect()
}

/// Requests for a page of users, and for single ones.
fn reads(night: &Night) -> (usize, usize) {
    let entries = night.tenant.entries();
    let gets = || entries.iter().filter(|it| it.method == "GET");
    let pages = gets().filter(|it| it.path.ends_with("/users")).count();
    let users = gets().filter(|it| it.path.contains("/users/")).count();
    (pages, users)
}

/// What a resumed run shows like one that was not disturbed.
fn told(
    outcomes: &BTreeMap<String, OutcomeRecord>,
) -> BTreeMap<String, (String, String, String, Option<u16>)> {
    let told = |it: &OutcomeRecord| {
        let (before, after) = (it.before.clone(), it.after.clone());
        (word(it), before, after, it.http_status)
    };
    let records = outcomes.iter();
    records.map(|(id, it)| (id.clone(), told(it))).collect()
}

#[tokio::test(start_paused = true)]
async fn whatever_the_list_shows_each_change_is_told_as_by_itself() {
    let work = people(20, 20, 10);
    let mut expected = None;
    for (list, fewest, most) in [
        // One page a phase; five and what is in flight are read one by one.
        (List::Whole, 50, 90),
        // Deactivations are seen on the list, seats on the users.
        (List::WithoutLicenses, 70, 95),
        (List::NobodyHasLicenses, 70, 100),
        (List::Nobody, 100, 100),
        (List::Late, 100, 100),
        (List::Fails(500), 100, 100),
        (List::Fails(403), 100, 100),
        (List::Fails(400), 100, 100),
    ] {
        let night = night(&work, &Wire::with_list(list));
        let outcomes = night.run().await;
        assert!(
            outcomes.values().all(|it| is(it, Outcome::Succeeded)),
            "{list:?}: {:?}",
            tally(&outcomes)
        );
        assert_eq!(night.stop.reason(), None, "{list:?}");
        assert_eq!(night.open_attempts(), 0, "{list:?}");
        assert_well_behaved(&night.tenant.report());
        let (_, users) = reads(&night);
        assert!((fewest..=most).contains(&users), "{list:?}: {users}");
        let told = told(&outcomes);
        assert_eq!(*expected.get_or_insert(told.clone()), told, "{list:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_takes_more_pages_than_there_are_changes_is_not_read() {
    let mut night = night(&people(12, 0, 0), &Wire::default());
    night.plan.facts.users_rows = 5000;
    night.plan.facts.active_accounts = 1000;
    let outcomes = night.run().await;
    assert!(outcomes.values().all(|it| is(it, Outcome::Succeeded)));
    assert_eq!(reads(&night), (0, 24));
}

#[tokio::test(start_paused = true)]
async fn what_completed_without_a_change_fails_whatever_the_list_shows() {
    // From the twelfth person on, long after the first were read back.
    let from_the_twelfth = |user: &str| match user {
        "U0012" | "U0030" => 9,
        _ => 0,
    };
    for list in [List::Whole, List::NobodyHasLicenses, List::WithoutLicenses] {
        let wire = Wire {
            ignored: from_the_twelfth,
            ..Wire::with_list(list)
        };
        let night = night(&people(15, 20, 0), &wire);
        let outcomes = night.run().await;
        for id in ["deactivate-0012", "remove-0030-0", "remove-0030-1"] {
            assert_eq!(word(&outcomes[id]), "failed not_changed", "{list:?}");
        }
        assert_eq!(tally(&outcomes)["succeeded"], 14 + 2 * 19, "{list:?}");
        let memory = night.memory();
        let key = AccountKey::stored("id:U0030".to_owned());
        let removed = memory.accounts.get(&key).map(|it| it.removed.len());
        assert_eq!(removed.unwrap_or_default(), 0, "{list:?}");
        assert_eq!(night.open_attempts(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_on_which_nothing_takes_is_found_out_after_a_handful() {
    let wire = Wire {
        ignored: |_| 9,
        ..Wire::default()
    };
    let night = night(&people(200, 0, 0), &wire);
    let outcomes = night.run().await;
    let tally = tally(&outcomes);
    assert!(tally["failed not_changed"] <= 30, "{tally:?}");
    assert_eq!(night.stop.reason(), Some(Stop::Breaker));
    assert_eq!(night.attempts().len(), tally["failed not_changed"]);
}

#[tokio::test(start_paused = true)]
async fn access_ends_alone_where_the_read_back_shows_that_both_did_not_take() {
    let wire = Wire {
        ignored: |user| usize::from(user == "U0014"),
        ..Wire::default()
    };
    let night = night(&people(0, 0, 14), &wire);
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0014"]), "succeeded");
    assert_eq!(outcomes["deactivate-0014"].attempts, 2);
    for id in ["remove-0014-0", "remove-0014-1"] {
        assert_eq!(word(&outcomes[id]), "deferred not_changed");
    }
    assert_eq!(tally(&outcomes)["succeeded"], 3 * 13 + 1);
    assert_eq!(night.open_attempts(), 0);
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_request_the_rest_is_carried_on_to_the_same_end() {
    let work = people(9, 9, 0);
    let undisturbed = night(&work, &Wire::default());
    let expected = told(&undisturbed.run().await);
    let (pages, _) = reads(&undisturbed);
    assert!(pages > 0, "something is read back together");
    let requests = undisturbed.tenant.entries().len();
    for tell_at in 1..=requests {
        let wire = Wire {
            tell_at,
            ..Wire::default()
        };
        let night = night(&work, &wire);
        tokio::select! {
            _ = night.run() => {}
            () = wire.reached.notified() => {}
        }
        // What a commit was about to write is written.
        wait(Duration::from_millis(1)).await;
        let outcomes = night.run().await;
        assert_eq!(told(&outcomes), expected, "killed at request {tell_at}");
        assert_eq!(night.open_attempts(), 0, "killed at request {tell_at}");
        assert_well_behaved(&night.tenant.report());
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_run_reads_back_what_it_changed() {
    for why in [Stop::Interrupted, Stop::Terminated, Stop::Deadline] {
        let night = night(&people(60, 0, 0), &Wire::default());
        let interrupt = async {
            night.clock.sleep(Duration::from_secs(45)).await;
            night.stop.stop(why);
        };
        let (outcomes, ()) = tokio::join!(night.run(), interrupt);
        let tally = tally(&outcomes);
        assert_eq!(tally.len(), 2, "{tally:?}");
        assert!(tally["succeeded"] >= 10, "{tally:?}");
        assert_eq!(night.open_attempts(), 0);
        assert!(reads(&night).0 > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_run_left_to_be_read_back_is_read_back_together() {
    let night = night(&people(60, 0, 0), &Wire::default());
    resumption::killed_after(&night, Duration::from_secs(90)).await;
    let open = night.open_attempts();
    assert!(open >= 20, "{open}");
    let before = night.tenant.entries().len();
    let (pages, users) = reads(&night);
    night.settle().await;
    assert_eq!(night.open_attempts(), 0);
    let after = night.tenant.entries().len();
    // A look at each operation, and a page; more for what had no answer yet.
    assert!(after - before <= open + 20, "{} for {open}", after - before);
    let (pages_after, users_after) = reads(&night);
    assert_eq!(pages_after, pages + 1);
    // Those whose answer the kill took away are looked at by themselves.
    assert!(users_after - users <= 16, "{}", users_after - users);
    assert_well_behaved(&night.tenant.report());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_taken_back_while_changes_wait_leaves_them_to_the_next_run() {
    let mut night = night(&people(40, 0, 0), &Wire::default());
    let taken_back = async {
        night.clock.sleep(Duration::from_mins(1)).await;
        night.stop.stop(Stop::NotAuthorized);
    };
    let (outcomes, ()) = tokio::join!(night.run(), taken_back);
    let tally = tally(&outcomes);
    assert!(tally["unknown no_answer"] >= 5, "{tally:?}");
    assert_eq!(night.open_attempts(), tally["unknown no_answer"]);
    assert_eq!(reads(&night).0, 0);
    night.stop = StopSwitch::default();
    let outcomes = night.run().await;
    assert!(outcomes.values().all(|it| is(it, Outcome::Succeeded)));
    assert_well_behaved(&night.tenant.report());
}
