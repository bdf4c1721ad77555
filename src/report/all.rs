//! `all.json`: what became of every tenant of a folder. It names nobody.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::codes::worst_first;
use crate::model::Outcome;

/// What `run --all` has to show. Version 1; readable by its owner only.
#[derive(Debug, Clone, Serialize)]
pub struct AllSummary {
    /// Version of this layout.
    pub format_version: u32,
    /// Per tenant's folder, the ids of accounts that were reactivated and are
    /// not known to be deactivated again.
    pub reactivated_by_us: BTreeMap<String, Vec<String>>,
    /// The folder of the tenants.
    pub folder: String,
    /// When it was begun, in wall time.
    pub started_at: Timestamp,
    /// When it ended, in wall time; none while it is under way, and for ever
    /// where the process was killed.
    pub finished_at: Option<Timestamp>,
    /// The process's exit code, once it has ended.
    pub exit_code: Option<u8>,
    /// The different codes of the tenants, the worst first.
    pub exit_codes: Vec<u8>,
    /// What the tenants' figures add up to.
    pub totals: Totals,
    /// The tenants in the order of their folders.
    pub tenants: Vec<TenantEntry>,
}

/// Sums over all tenants.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Tenants that were found.
    pub tenants: u64,
    /// Tenants per exit code.
    pub by_exit_code: BTreeMap<u8, u64>,
    /// Tenants that have no figures of this night.
    pub without_figures: u64,
    /// The sums of the figures; those of tenants without any are not in them.
    pub figures: Sums,
}

/// The figures that add up.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Sums {
    /// HR data rows read.
    pub hr_rows: u64,
    /// HR rows per disposition.
    pub dispositions: BTreeMap<String, u64>,
    /// Actions per kind and outcome.
    pub actions: BTreeMap<String, BTreeMap<String, u64>>,
    /// People whose access should have ended and did not, per reason.
    pub access_not_ended: BTreeMap<String, u64>,
    /// Lines of which access that is due may still be open.
    pub needs_a_look: u64,
    /// Manual tasks that are open.
    pub open_tasks: u64,
    /// Requests sent to the vendor.
    pub requests_sent: u64,
}

/// One tenant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TenantEntry {
    /// Its folder, as seen from the folder of all.
    pub folder: String,
    /// Its configuration file.
    pub config: String,
    /// Its name, where its configuration could be read.
    pub tenant: Option<String>,
    /// How far it came.
    pub state: TenantState,
    /// The exit code of its run; none while it waits.
    pub exit_code: Option<u8>,
    /// The last line of its run, as said by itself.
    pub line: Option<String>,
    /// Why it ended early or was not begun.
    pub error: Option<String>,
    /// The folder of this run's results, tasks, requests and summary.
    pub outputs: Option<String>,
    /// What its summary says; none if its run ended without one.
    pub figures: Option<TenantFigures>,
}

/// How far a tenant came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// It waits for its turn, or is at work.
    Waiting,
    /// Its configuration cannot be used, or everything was stopped before.
    NotBegun,
    /// Its run has ended.
    Ended,
}

/// The part of a tenant's `summary.json` that `all.json` repeats, under the
/// same names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TenantFigures {
    /// The run.
    pub run_id: String,
    /// Its plan.
    pub plan_id: String,
    /// `8x8`, `sandbox` or `loopback`.
    pub target: String,
    /// The run's instant.
    pub as_of: Timestamp,
    /// The exit code of its process.
    pub exit_code: u8,
    /// Every code that applies.
    pub exit_codes: Vec<u8>,
    /// Why it stopped midway, if it did.
    pub stopped: Option<String>,
    /// Accounts that were reactivated and are not known to be deactivated again.
    pub reactivated_by_us: Vec<String>,
    /// HR data rows read.
    pub hr_rows: u64,
    /// HR rows per disposition.
    pub dispositions: BTreeMap<String, u64>,
    /// Actions per kind and outcome.
    pub actions: BTreeMap<String, BTreeMap<String, u64>>,
    /// People whose access should have ended and did not, per reason.
    pub access_not_ended: BTreeMap<String, u64>,
    /// Lines of which access that is due may still be open.
    pub needs_a_look: u64,
    /// Manual tasks that are open.
    pub open_tasks: u64,
    /// Requests to the vendor.
    pub requests: TenantRequests,
}

/// What a tenant's run took of the vendor's rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantRequests {
    /// Requests sent.
    pub sent: u64,
    /// Answers 429.
    pub throttled: u64,
}

impl AllSummary {
    /// Of a call that was begun and is under way.
    pub fn under_way(folder: String, started_at: Timestamp, tenants: Vec<TenantEntry>) -> Self {
        let figures = || {
            tenants
                .iter()
                .filter_map(|it| Some((it, it.figures.as_ref()?)))
        };
        let reactivated = figures()
            .filter(|(_, figures)| !figures.reactivated_by_us.is_empty())
            .map(|(it, figures)| (it.folder.clone(), figures.reactivated_by_us.clone()));
        Self {
            format_version: 1,
            reactivated_by_us: reactivated.collect(),
            folder,
            started_at,
            finished_at: None,
            exit_code: None,
            exit_codes: worst_first(tenants.iter().filter_map(|it| it.exit_code)),
            totals: Totals::of(&tenants),
            tenants,
        }
    }

    /// Of a call that has ended: its exit code is the worst of the tenants'.
    pub fn ended(
        folder: String,
        started_at: Timestamp,
        finished_at: Timestamp,
        tenants: Vec<TenantEntry>,
    ) -> Self {
        let all = Self::under_way(folder, started_at, tenants);
        Self {
            finished_at: Some(finished_at),
            exit_code: Some(all.worst_code()),
            ..all
        }
    }

    /// The worst exit code of the tenants so far.
    pub fn worst_code(&self) -> u8 {
        self.exit_codes.first().copied().unwrap_or(0)
    }

    /// How all tenants ended, in one line.
    pub fn line(&self) -> String {
        let codes: Vec<String> = self
            .exit_codes
            .iter()
            .map(|code| {
                let count = self.totals.by_exit_code.get(code).copied().unwrap_or(0);
                format!("{count} with exit {code}")
            })
            .collect();
        let sums = &self.totals.figures;
        let ended = |outcomes: &[Outcome]| -> u64 {
            let kinds = sums.actions.values();
            let counts =
                kinds.flat_map(|kind| outcomes.iter().filter_map(|it| kind.get(it.as_str())));
            counts.sum()
        };
        let open = match self.reactivated_by_us.len() {
            0 => String::new(),
            count => format!("reactivated_by_us at {count} tenants; "),
        };
        format!(
            "{open}run --all {}: {} tenants, {}; {} HR rows; {} actions succeeded, {} failed or \
             unknown; {} need a look; exit {}",
            self.folder,
            self.totals.tenants,
            codes.join(", "),
            sums.hr_rows,
            ended(&[Outcome::Succeeded]),
            ended(&[Outcome::Failed, Outcome::Unknown]),
            sums.needs_a_look,
            self.worst_code(),
        )
    }
}

impl TenantEntry {
    /// Notes that its run was not begun, and why.
    pub fn not_begun(&mut self, code: u8, why: String) {
        self.state = TenantState::NotBegun;
        self.exit_code = Some(code);
        self.error = Some(why);
    }

    /// How it ended, in one line.
    pub fn last_line(&self) -> String {
        let how = match (&self.line, self.state) {
            (Some(line), _) => return line.clone(),
            (None, TenantState::Ended) => "it ended without a summary",
            (None, TenantState::NotBegun | TenantState::Waiting) => "it was not begun",
        };
        let code = self.exit_code.map(|code| format!("; exit {code}"));
        format!("{how}{}", code.unwrap_or_default())
    }
}

impl Totals {
    fn of(tenants: &[TenantEntry]) -> Self {
        let mut totals = Self::default();
        for tenant in tenants {
            totals.tenants += 1;
            if let Some(code) = tenant.exit_code {
                *totals.by_exit_code.entry(code).or_default() += 1;
            }
            match &tenant.figures {
                Some(figures) => totals.figures.add(figures),
                None => totals.without_figures += 1,
            }
        }
        totals
    }
}

impl Sums {
    fn add(&mut self, figures: &TenantFigures) {
        self.hr_rows += figures.hr_rows;
        add_each(&mut self.dispositions, &figures.dispositions);
        for (kind, outcomes) in &figures.actions {
            add_each(self.actions.entry(kind.clone()).or_default(), outcomes);
        }
        add_each(&mut self.access_not_ended, &figures.access_not_ended);
        self.needs_a_look += figures.needs_a_look;
        self.open_tasks += figures.open_tasks;
        self.requests_sent += figures.requests.sent;
    }
}

fn add_each(sums: &mut BTreeMap<String, u64>, counts: &BTreeMap<String, u64>) {
    for (word, count) in counts {
        *sums.entry(word.clone()).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(rows: u64) -> TenantFigures {
        let counts = |word: &str, count| BTreeMap::from([(word.to_owned(), count)]);
        TenantFigures {
            run_id: "run-1".to_owned(),
            plan_id: "plan-1".to_owned(),
            target: "8x8".to_owned(),
            as_of: Timestamp::UNIX_EPOCH,
            exit_code: 0,
            exit_codes: vec![0],
            stopped: None,
            reactivated_by_us: Vec::new(),
            hr_rows: rows,
            dispositions: counts("planned", rows),
            actions: BTreeMap::from([("deactivate".to_owned(), counts("succeeded", rows))]),
            access_not_ended: BTreeMap::new(),
            needs_a_look: 0,
            open_tasks: 1,
            requests: TenantRequests {
                sent: 3,
                throttled: 0,
            },
        }
    }

    fn entry(folder: &str, code: u8, figures: Option<TenantFigures>) -> TenantEntry {
        TenantEntry {
            folder: folder.to_owned(),
            config: format!("{folder}/seatsweep.toml"),
            tenant: None,
            state: TenantState::Ended,
            exit_code: Some(code),
            line: None,
            error: None,
            outputs: None,
            figures,
        }
    }

    #[test]
    fn totals_are_sums_and_say_of_how_many() {
        let mut open = figures(4);
        open.reactivated_by_us = vec!["id-1".to_owned()];
        let tenants = vec![
            entry("a", 0, Some(figures(2))),
            entry("b", 78, None),
            entry("c", 7, Some(open)),
            entry("d", 0, Some(figures(1))),
        ];
        let at = Timestamp::UNIX_EPOCH;
        let all = AllSummary::ended("t".to_owned(), at, at, tenants);
        assert_eq!(
            (all.exit_code, &*all.exit_codes),
            (Some(7), &[7, 78, 0][..])
        );
        let totals = &all.totals;
        assert_eq!((totals.tenants, totals.without_figures), (4, 1));
        assert_eq!(
            totals.by_exit_code,
            BTreeMap::from([(0, 2), (7, 1), (78, 1)])
        );
        let sums = &totals.figures;
        assert_eq!(
            (sums.hr_rows, sums.open_tasks, sums.requests_sent),
            (7, 3, 9)
        );
        assert_eq!(sums.dispositions["planned"], 7);
        assert_eq!(sums.actions["deactivate"]["succeeded"], 7);
        assert_eq!(all.reactivated_by_us["c"], ["id-1"]);
        assert_eq!(
            all.line(),
            "reactivated_by_us at 1 tenants; run --all t: 4 tenants, 1 with exit 7, 1 with exit 78, \
             2 with exit 0; 7 HR rows; 7 actions succeeded, 0 failed or unknown; 0 need a look; exit 7"
        );
    }

    #[test]
    fn what_is_under_way_has_no_end_and_no_code() {
        let waiting = TenantEntry {
            state: TenantState::Waiting,
            exit_code: None,
            ..entry("a", 0, None)
        };
        let all = AllSummary::under_way("t".to_owned(), Timestamp::UNIX_EPOCH, vec![waiting]);
        let json = serde_json::to_value(&all).expect("JSON");
        assert_eq!(json["finished_at"], serde_json::Value::Null);
        assert_eq!(json["exit_code"], serde_json::Value::Null);
        assert_eq!(json["exit_codes"], serde_json::json!([]));
        assert_eq!(json["tenants"][0]["state"], "waiting");
    }
}
