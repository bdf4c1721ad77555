use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::document::{GuardCheck, PassedBy, Plan, Verdict};
use super::headers;
use crate::model::{
    AcceptedInput, ActionKind, ApprovalPolicy, HrFileKind, Limit, Memory, TerminationId,
};

/// What the administrator allowed beyond the limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    /// This very plan was approved.
    pub approved: bool,
    /// Digests of input files that were looked at and found right.
    pub accepted_inputs: BTreeSet<String>,
}

/// Measures the whole plan. Pure, so that `apply` can ask again with the
/// memory as it is by then.
pub fn evaluate(plan: &Plan, memory: &Memory, permissions: &Permissions) -> Vec<GuardCheck> {
    let measure = Measure {
        plan,
        memory,
        permissions,
    };
    if plan.undoes.is_some() {
        return measure.returning();
    }
    let mut checks = measure.people(
        "deactivations",
        &people(plan, ActionKind::Deactivate),
        measure.recently(|recent| recent.deactivated_at),
    );
    let removals: BTreeSet<TerminationId> = people(plan, ActionKind::RemoveLicense)
        .into_iter()
        .filter(|id| !measure.ran_under_approval(id))
        .collect();
    checks.extend(measure.people(
        "licence removals",
        &removals,
        measure.recently(|recent| recent.removed_at),
    ));
    checks.push(measure.protected());
    checks.push(measure.roster());
    checks.push(measure.matched());
    checks.extend(measure.hr_columns());
    checks.push(measure.hr_rows());
    checks.push(measure.users_rows());
    checks.push(measure.canaries());
    checks.extend(measure.ages());
    checks
}

/// Fewer rows than this come and go without meaning anything.
const ENOUGH_ROWS: u64 = 10;

struct Measure<'a> {
    plan: &'a Plan,
    memory: &'a Memory,
    permissions: &'a Permissions,
}

impl Measure<'_> {
    /// The three limits on people: in this run, over the last days, and the
    /// ceiling that only an approval of this very plan can exceed.
    fn people(
        &self,
        what: &str,
        tonight: &BTreeSet<TerminationId>,
        before: u64,
    ) -> Vec<GuardCheck> {
        let limits = &self.plan.guard_limits;
        let denominator = self.plan.facts.active_licensed;
        let count = tonight.len() as u64;
        let run = Limit::of(
            limits.run_floor,
            limits.run_percent,
            limits.run_users,
            denominator,
        );
        let rolling = Limit::of(
            limits.rolling_floor,
            limits.rolling_percent,
            Limit::Unlimited,
            denominator,
        );
        let ceiling = Limit::of(10, limits.ceiling_percent, Limit::Unlimited, denominator);
        let days = limits.rolling_days;
        let run_setting = format!(
            "guards.run_floor = {}, guards.run_percent = {}, guards.run_users = {}",
            limits.run_floor, limits.run_percent, limits.run_users
        );
        let rolling_setting = format!(
            "guards.rolling_floor = {}, guards.rolling_percent = {}, guards.rolling_days = {days}",
            limits.rolling_floor, limits.rolling_percent
        );
        let needs_approval = self.plan.policy.approval != ApprovalPolicy::None;
        let asked = |limit: Limit| {
            if needs_approval {
                limit
            } else {
                Limit::Unlimited
            }
        };
        vec![
            self.check(Asked {
                name: format!("{what} in this run"),
                setting: run_setting,
                limit: asked(run),
                measured: count,
                denominator,
                unit: "people",
            }),
            self.check(Asked {
                name: format!("{what} in {days} days"),
                setting: rolling_setting,
                limit: if count == 0 {
                    Limit::Unlimited
                } else {
                    asked(rolling)
                },
                measured: before + count,
                denominator,
                unit: "people",
            }),
            self.check(Asked {
                name: format!("{what}: ceiling"),
                setting: format!("guards.ceiling_percent = {}", limits.ceiling_percent),
                limit: ceiling,
                measured: count,
                denominator,
                unit: "people",
            }),
        ]
    }

    /// Whoever left gets something back: as many at once as may lose it. There
    /// is no input to doubt, because what is given back was recorded.
    fn returning(&self) -> Vec<GuardCheck> {
        let kinds = [
            ("reactivations", ActionKind::Reactivate),
            ("licence assignments", ActionKind::AssignLicense),
        ];
        kinds
            .into_iter()
            .flat_map(|(what, kind)| self.people(what, &people(self.plan, kind), 0))
            .collect()
    }

    /// People of earlier runs that the rolling limit still counts.
    fn recently(&self, when: impl Fn(&crate::model::RecentPerson) -> Option<Timestamp>) -> u64 {
        let hours = 24 * i64::from(self.plan.guard_limits.rolling_days);
        let since = self
            .plan
            .as_of
            .saturating_sub(SignedDuration::from_hours(hours));
        let Ok(since) = since else { return 0 };
        let counted = self
            .memory
            .recent
            .iter()
            .filter(|recent| !recent.approved)
            .filter(|recent| when(recent).is_some_and(|at| at > since));
        counted.count() as u64
    }

    fn ran_under_approval(&self, id: &TerminationId) -> bool {
        self.memory
            .terminations
            .get(id)
            .is_some_and(|record| record.approved)
    }

    fn protected(&self) -> GuardCheck {
        self.check(Asked {
            name: "protected people among the due leavers".to_owned(),
            setting: format!(
                "guards.protected_hits = {}",
                self.plan.guard_limits.protected_hits
            ),
            limit: self.plan.guard_limits.protected_hits,
            measured: self.plan.facts.protected_hits,
            denominator: self.plan.facts.due_leavers,
            unit: "people",
        })
    }

    /// A list of everybody, given as the list of leavers, ends everybody.
    fn roster(&self) -> GuardCheck {
        let facts = &self.plan.facts;
        let half = facts.active_accounts.div_ceil(2);
        let tripped = facts.active_accounts > 0 && facts.active_leavers >= half;
        self.input_check(Input {
            name: "HR file looks like the full roster",
            setting: "half of the active accounts".to_owned(),
            limit: half.saturating_sub(1),
            measured: facts.active_leavers,
            denominator: facts.active_accounts,
            tripped,
            message: format!(
                "{} of {} active accounts are leavers in the HR file, fewer than half are expected: \
                 is it a list of everybody?",
                facts.active_leavers, facts.active_accounts
            ),
            sha256: self.first_of("hr"),
        })
    }

    fn matched(&self) -> GuardCheck {
        let facts = &self.plan.facts;
        let percent = u64::from(self.plan.guard_limits.min_matched_percent);
        let tripped =
            facts.due_leavers >= 4 && facts.due_matched * 100 < facts.due_leavers * percent;
        self.input_check(Input {
            name: "due leavers with an account",
            setting: format!("guards.min_matched_percent = {percent}"),
            limit: percent,
            measured: facts.due_matched,
            denominator: facts.due_leavers,
            tripped,
            message: format!(
                "{} of {} due leavers have an account, at least {percent} percent should: do the \
                 files belong together?",
                facts.due_matched, facts.due_leavers
            ),
            sha256: self.first_of("hr"),
        })
    }

    /// A file in which other columns say who leaves, and when, is another file.
    fn hr_columns(&self) -> Vec<GuardCheck> {
        let files = self.plan.inputs.iter().filter(|input| input.role == "hr");
        files
            .map(|file| {
                let changes = headers::changed_deciding_columns(file, self.memory);
                self.input_check(Input {
                    name: "columns that decide in the HR file",
                    setting: "the columns of the last accepted HR file".to_owned(),
                    limit: 0,
                    measured: changes.len() as u64,
                    denominator: headers::deciding(file) as u64,
                    tripped: !changes.is_empty(),
                    message: format!(
                        "{} does not have the columns of the last accepted HR file: {}. Is it the \
                         right export, and is this what HR means?",
                        file.path,
                        changes.join("; ")
                    ),
                    sha256: file.sha256.clone(),
                })
            })
            .collect()
    }

    /// Every leaver stays in a cumulative file, so half of one is cut short,
    /// and one without any row, however few there were, is empty by mistake.
    fn hr_rows(&self) -> GuardCheck {
        let files = self.plan.inputs.iter().filter(|input| input.role == "hr");
        let rows: u64 = files.map(|file| file.rows).sum();
        let last: u64 = self.last_accepted("hr").iter().map(|it| it.rows).sum();
        let percent = u64::from(self.plan.guard_limits.min_hr_percent);
        let is_enough = last >= ENOUGH_ROWS || rows == 0;
        let is_cumulative = self.plan.policy.hr_file == HrFileKind::Cumulative;
        self.input_check(Input {
            name: "rows of the HR files",
            setting: format!("guards.min_hr_percent = {percent}"),
            limit: percent,
            measured: rows,
            denominator: last,
            tripped: is_cumulative && is_enough && rows * 100 < last * percent,
            message: format!(
                "the cumulative HR files have {rows} rows, the last accepted ones had {last}, and \
                 at least {percent} percent of that are expected: are they whole?"
            ),
            sha256: self.first_of("hr"),
        })
    }

    fn last_accepted(&self, role: &str) -> Vec<&AcceptedInput> {
        let accepted = self.memory.accepted_inputs.iter();
        headers::last_of(accepted.filter(|input| input.role == role))
    }

    fn users_rows(&self) -> GuardCheck {
        let rows = self.plan.facts.users_rows;
        let percent = u64::from(self.plan.guard_limits.min_users_percent);
        let last = self.last_accepted("users");
        let last = last.last().map_or(0, |input| input.rows);
        self.input_check(Input {
            name: "rows of the users report",
            setting: format!("guards.min_users_percent = {percent}"),
            limit: percent,
            measured: rows,
            denominator: last,
            tripped: rows * 100 < last * percent,
            message: format!(
                "the users report has {rows} rows, the last accepted one had {last}, and at least \
                 {percent} percent of that are expected: is it whole?"
            ),
            sha256: self.first_of("users"),
        })
    }

    fn canaries(&self) -> GuardCheck {
        let missing = &self.plan.facts.missing_canaries;
        let named: Vec<&str> = missing.iter().map(String::as_str).collect();
        self.input_check(Input {
            name: "canary accounts missing",
            setting: "protected.canaries".to_owned(),
            limit: 0,
            measured: missing.len() as u64,
            denominator: self.plan.policy.canaries.len() as u64,
            tripped: !missing.is_empty(),
            message: format!("the users report lacks {}: is it whole?", named.join(", ")),
            sha256: self.first_of("users"),
        })
    }

    fn ages(&self) -> Vec<GuardCheck> {
        let Limit::AtMost(hours) = self.plan.guard_limits.max_input_age_hours else {
            return Vec::new();
        };
        let inputs = &self.plan.inputs;
        let dated = inputs
            .iter()
            .filter(|input| input.role == "hr" || input.role == "users");
        dated
            .filter_map(|input| {
                let age = self.plan.as_of.duration_since(input.made_at?);
                let measured = u64::try_from(age.as_hours()).unwrap_or(0);
                Some(self.input_check(Input {
                    name: "age of the input in hours",
                    setting: format!("guards.max_input_age = {hours}h"),
                    limit: u64::from(hours),
                    measured,
                    denominator: 0,
                    tripped: age > SignedDuration::from_hours(i64::from(hours)),
                    message: format!(
                        "{} was made {measured} hours before the run; {hours} are allowed; export it \
                         again, and accept it only if it cannot be newer",
                        input.path
                    ),
                    sha256: input.sha256.clone(),
                }))
            })
            .collect()
    }

    fn check(&self, asked: Asked<'_>) -> GuardCheck {
        let Asked {
            name,
            setting,
            limit,
            measured,
            denominator,
            unit,
        } = asked;
        let verdict = match limit {
            Limit::AtMost(most) if measured > u64::from(most) => Verdict::Tripped,
            Limit::AtMost(_) | Limit::Unlimited => Verdict::Passed,
        };
        let message =
            format!("{measured} {unit} ({name}) of {denominator}; {limit} allowed by {setting}");
        let limit = limit.to_string();
        let passed_by = PassedBy::Approval;
        self.allow(GuardCheck {
            name,
            setting,
            limit,
            measured,
            denominator,
            verdict,
            message,
            passed_by,
        })
    }

    /// The file that a check of all files of a role names.
    fn first_of(&self, role: &str) -> String {
        let file = self.plan.inputs.iter().find(|file| file.role == role);
        file.map(|file| file.sha256.clone()).unwrap_or_default()
    }

    fn input_check(&self, input: Input<'_>) -> GuardCheck {
        self.allow(GuardCheck {
            name: input.name.to_owned(),
            setting: input.setting,
            limit: input.limit.to_string(),
            measured: input.measured,
            denominator: input.denominator,
            verdict: if input.tripped {
                Verdict::Tripped
            } else {
                Verdict::Passed
            },
            message: input.message,
            passed_by: PassedBy::AcceptedInput(input.sha256),
        })
    }

    fn allow(&self, mut check: GuardCheck) -> GuardCheck {
        let allowed = match &check.passed_by {
            PassedBy::Approval => self.permissions.approved,
            PassedBy::AcceptedInput(sha256) => self.permissions.accepted_inputs.contains(sha256),
        };
        if allowed && check.verdict == Verdict::Tripped {
            check.verdict = Verdict::Allowed;
        }
        check
    }
}

struct Asked<'a> {
    name: String,
    setting: String,
    limit: Limit,
    measured: u64,
    denominator: u64,
    unit: &'a str,
}

struct Input<'a> {
    name: &'a str,
    setting: String,
    limit: u64,
    measured: u64,
    denominator: u64,
    tripped: bool,
    message: String,
    sha256: String,
}

impl Limit {
    /// The larger of the floor and the smaller of percentage and number.
    /// Percentages round down; a zero beats every floor.
    fn of(floor: u32, percent: Self, users: Self, denominator: u64) -> Self {
        let percent = match percent {
            Self::AtMost(0) => return Self::AtMost(0),
            Self::AtMost(percent) => Some(denominator.saturating_mul(u64::from(percent)) / 100),
            Self::Unlimited => None,
        };
        let users = match users {
            Self::AtMost(0) => return Self::AtMost(0),
            Self::AtMost(users) => Some(u64::from(users)),
            Self::Unlimited => None,
        };
        match percent.into_iter().chain(users).min() {
            None => Self::Unlimited,
            Some(least) => Self::AtMost(floor.max(u32::try_from(least).unwrap_or(u32::MAX))),
        }
    }
}

/// People of the plan with an action of the kind. Those who wait for an
/// approval of the plan are not carried out without one, so they do not count.
fn people(plan: &Plan, kind: ActionKind) -> BTreeSet<TerminationId> {
    let reclaiming = plan.reclaiming();
    let is_new = |id: &String| kind != ActionKind::Deactivate || !reclaiming.contains(id);
    plan.actions
        .iter()
        .filter(|action| action.kind == kind && action.needs_approval.is_none())
        // A reclaim's deactivation ends nobody's access.
        .filter(|action| is_new(&action.id))
        .filter_map(|action| action.subject.termination.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_floor_or_the_smaller_of_percent_and_number() {
        let limit = |denominator| Limit::of(5, Limit::AtMost(2), Limit::AtMost(50), denominator);
        assert_eq!(limit(0), Limit::AtMost(5));
        assert_eq!(limit(299), Limit::AtMost(5), "percentages round down");
        assert_eq!(limit(300), Limit::AtMost(6));
        assert_eq!(limit(1_000_000), Limit::AtMost(50));
    }

    // A limit of zero was once read as "no limit".
    #[test]
    fn zero_means_none_and_beats_every_floor() {
        assert_eq!(
            Limit::of(5, Limit::AtMost(0), Limit::AtMost(50), 300),
            Limit::AtMost(0)
        );
        assert_eq!(
            Limit::of(5, Limit::AtMost(2), Limit::AtMost(0), 300),
            Limit::AtMost(0)
        );
        assert_eq!(
            Limit::of(5, Limit::Unlimited, Limit::Unlimited, 300),
            Limit::Unlimited
        );
    }
}
