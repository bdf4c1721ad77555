use std::fmt;

use serde::{Deserialize, Serialize};

/// A limit as the administrator wrote it. Zero means none are allowed; only
/// the word `unlimited` means that there is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// No limit.
    Unlimited,
    /// At most this many.
    AtMost(u32),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.write_str("unlimited"),
            Self::AtMost(most) => write!(f, "{most}"),
        }
    }
}

/// The limits that a plan is measured against before anything is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardLimits {
    /// People in one run that are always allowed, however small the company.
    pub run_floor: u32,
    /// People in one run, however large the company.
    pub run_users: Limit,
    /// People in one run, in percent of the active licensed accounts.
    pub run_percent: Limit,
    /// Days that the rolling limit looks back.
    pub rolling_days: u16,
    /// People in those days that are always allowed.
    pub rolling_floor: u32,
    /// People in those days, in percent of the active licensed accounts.
    pub rolling_percent: Limit,
    /// Percent that only an approval of the very plan can exceed.
    pub ceiling_percent: Limit,
    /// Protected people among the due leavers.
    pub protected_hits: Limit,
    /// Due leavers that must have an account, in percent.
    pub min_matched_percent: u32,
    /// Rows of the users report that must be there, in percent of last time's.
    pub min_users_percent: u32,
    /// Rows of a cumulative HR file that must be there, in percent of last time's.
    pub min_hr_percent: u32,
    /// Hours that an input file may be old.
    pub max_input_age_hours: Limit,
    /// Whether the first run against a real tenant may change anything.
    pub first_run: FirstRun,
}

/// What a ledger's first run against a real tenant may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstRun {
    /// Plan, and wait for that plan's approval.
    PlanOnly,
    /// Act.
    Act,
}

impl Default for GuardLimits {
    fn default() -> Self {
        Self {
            run_floor: 5,
            run_users: Limit::AtMost(50),
            run_percent: Limit::AtMost(2),
            rolling_days: 7,
            rolling_floor: 10,
            rolling_percent: Limit::AtMost(5),
            ceiling_percent: Limit::AtMost(25),
            protected_hits: Limit::AtMost(2),
            min_matched_percent: 50,
            min_users_percent: 90,
            min_hr_percent: 50,
            max_input_age_hours: Limit::AtMost(36),
            first_run: FirstRun::PlanOnly,
        }
    }
}
