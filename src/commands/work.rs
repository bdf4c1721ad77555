//! What `apply` and `run` share once a plan may be carried out: carry it out,
//! show what came of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::failure::{Exit, Failure};
use super::target::Tenant;
use super::{again, console, delivery, following, outputs, signals};
use crate::apply::{self, Execution, Stop, StopSwitch, Timing, Veto};
use crate::config::Settings;
use crate::ingest;
use crate::ledger::{Acceptance, Entry, Identity, Ledger, LedgerError, RunEnd, RunStart};
use crate::model::{
    AcceptedInput, ApprovalRecord, Channel, HoldRecord, HoldSource, Outcome, OutcomeRecord,
    short_digest,
};
use crate::plan::{self, Decision, Plan, Step};
use crate::report::{self, Deliveries, Ending, Run, Spending, Summary};
use crate::vendor::{Usage, wall_now};

/// Told of every commit to the ledger.
pub type CommitHook = Box<dyn FnMut(u64) + Send>;

/// Opens the ledger of the tenant and target in the settings.
pub(super) fn open_ledger(
    settings: &Settings,
    on_commit: Option<CommitHook>,
) -> Result<Ledger, Failure> {
    if let Some(folder) = settings
        .ledger
        .parent()
        .filter(|it| !it.as_os_str().is_empty())
    {
        crate::files::create_owner_only_dir(folder)?;
    }
    let identity = Identity {
        tenant: settings.tenant.clone(),
        target: settings.target_label().to_owned(),
        customer_id: settings.customer_id.clone(),
    };
    let mut ledger = Ledger::open(&settings.ledger, &identity, wall_now().as_millisecond())?;
    if let Some(hook) = on_commit {
        ledger.on_commit(hook);
    }
    Ok(ledger)
}

/// Whether the plan has a first intent on disk. Until then nothing was sent,
/// and age, overtaking and guards are asked as if it had never been accepted.
pub(super) fn is_started(ledger: &Ledger, plan: &Plan) -> Result<bool, Failure> {
    Ok(!ledger.attempts_made(&plan.plan_id)?.is_empty())
}

/// Why somebody is on hold whom the reviewer of this plan put there.
pub(super) fn review_hold(plan: &Plan) -> String {
    format!("held in the review of plan {}", plan.plan_id)
}

pub(super) fn run_id(plan: &Plan, started_at: Timestamp) -> String {
    let content = format!("{}|{}", plan.plan_id, wall_now().as_nanosecond());
    let digest = short_digest(content);
    format!("{}-{}", started_at.strftime("%Y%m%dT%H%M%SZ"), &digest[..6])
}

/// One run of one plan.
pub(super) struct Work<'s> {
    pub settings: &'s Settings,
    pub command: &'static str,
    pub purpose: Purpose,
    pub plan: Arc<Plan>,
    pub approved: bool,
}

/// What was so before the plan was carried on.
struct Before {
    started_at: Timestamp,
    /// Requests that the process had sent.
    requests: u64,
    /// How actions of the plan had ended.
    outcomes: BTreeMap<String, OutcomeRecord>,
}

/// How carrying it out ended.
struct Ended<'a> {
    recorded: &'a Result<(), LedgerError>,
    deliveries: &'a Deliveries,
    stopped: Option<Stop>,
}

/// What a plan is carried out for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The tenant of the plan shall be changed.
    Change,
    /// A simulated one shall show how that would go.
    Predict {
        /// What would keep a real run from beginning, a sentence each.
        obstacles: Vec<String>,
    },
}

impl Work<'_> {
    /// Accepts the plan, carries it out, and shows what came of it. Returns
    /// the process's exit code.
    pub(super) async fn carry_out(
        &self,
        mut ledger: Ledger,
        tenant: &Tenant,
    ) -> Result<u8, Failure> {
        let started_at = tenant.clock.now();
        let requests = tenant.servers.usage().requests;
        let run_id = run_id(&self.plan, started_at);
        self.name_unchecked_customer();
        let review = self.review()?;
        let earlier = ledger.outcomes(&self.plan.plan_id)?;
        let vetoes = apply::vetoes(&self.plan, self.approved, review.as_ref(), &earlier);
        let holds = self.new_holds(review.as_ref(), started_at);
        self.record_review(&mut ledger, &run_id, started_at, &vetoes, &holds)?;
        console::describe_new_holds(self.settings, &holds);
        self.accept(&mut ledger, &run_id, started_at)?;
        let stop = StopSwitch::default();
        let execution = Execution {
            plan: Arc::clone(&self.plan),
            servers: tenant.servers.clone(),
            clock: tenant.clock.clone(),
            run_id: run_id.clone(),
            approved: self.approved,
            vetoes,
            timing: timing(self.settings),
            deadline: self
                .settings
                .execution
                .deadline
                .map(|span| started_at + span),
            stop: stop.clone(),
            observer: console::progress(self.settings, &tenant.servers),
        };
        following::look_at_the_calendar(&mut ledger, &self.plan, &run_id, started_at)?;
        let work = apply::execute(execution, ledger);
        let (mut ledger, recorded) = tokio::select! {
            ended = work => ended,
            () = signals::at_once(stop.clone(), &tenant.clock) => {
                (open_ledger(self.settings, None)?, Ok(()))
            }
        };
        if recorded.is_err() {
            stop.stop(Stop::Ledger);
        }
        let deliveries = self.deliver(&mut ledger, tenant, &stop).await;
        // Whatever goes wrong from here on, the tenant was changed.
        let (deliveries, undelivered) = match deliveries {
            Ok(deliveries) => (deliveries, None),
            Err(failure) => (Deliveries::default(), Some(failure)),
        };
        let before = Before {
            started_at,
            requests,
            outcomes: earlier,
        };
        let ended = Ended {
            recorded: &recorded,
            deliveries: &deliveries,
            stopped: stop.reason(),
        };
        let concluded = self.conclude(ledger, tenant, &run_id, &before, &ended);
        let concluded = match undelivered {
            None => concluded,
            Some(failure) => concluded.and(Err(failure)),
        };
        concluded.map_err(|failure| Failure {
            exit: Exit::Midway,
            ..failure
        })
    }

    /// SCIM does not say whose users it shows. Its address may, and that was
    /// compared when the configuration was read.
    fn name_unchecked_customer(&self) {
        let steps = self.plan.lanes.iter().flat_map(|lane| &lane.steps);
        let mut steps = steps.flat_map(Step::with_other);
        let over_scim = steps.any(|step| step.channel == Channel::Scim);
        let scim = self.settings.scim.as_ref();
        let names_nobody = scim.is_some_and(|scim| scim.customer_id().is_none());
        if over_scim && names_nobody && self.plan.customer_id.is_some() {
            console::warn(
                "[tenant] customer_id cannot be compared for what goes over SCIM: its answers name \
                 no customer, and neither does [scim] base_url (…/customers/ID/…)",
            );
        }
    }

    /// What people decided is on disk before the plan can be resumed without
    /// its review sheet.
    fn record_review(
        &self,
        ledger: &mut Ledger,
        run_id: &str,
        at: Timestamp,
        vetoes: &BTreeMap<String, Veto>,
        holds: &[HoldRecord],
    ) -> Result<(), Failure> {
        let plan = &self.plan;
        let document =
            serde_json::to_string(&**plan).map_err(|error| Failure::of(Exit::Internal, error))?;
        ledger.save_plan(&plan.plan_id, &document, plan.as_of)?;
        if !vetoes.is_empty() && !ledger.accepted(&plan.plan_id)? {
            ledger.record(&apply::veto_entries(vetoes, &plan.plan_id, run_id, at))?;
        }
        for hold in holds {
            ledger.add_hold(hold)?;
        }
        Ok(())
    }

    /// From here on the plan is resumed, not started.
    fn accept(
        &self,
        ledger: &mut Ledger,
        run_id: &str,
        started_at: Timestamp,
    ) -> Result<(), Failure> {
        let plan = &self.plan;
        let approved_by = self.approved.then(|| self.settings.user.clone());
        if let Some(by) = &approved_by {
            let approval = ApprovalRecord {
                by: by.clone(),
                at: started_at,
            };
            ledger.approve(&plan.plan_id, &approval)?;
        }
        // Before the plan: a termination that was seen to have ended must not
        // look like one whose account is active again.
        let seen = plan.sightings.iter().map(|sighting| Entry::Seen {
            account: sighting.account.clone(),
            status: sighting.status,
            at: sighting.at,
        });
        let seen: Vec<Entry> = seen.collect();
        if !seen.is_empty() {
            ledger.record(&seen)?;
        }
        ledger.accept_plan(&self.acceptance(started_at))?;
        ledger.begin_run(&RunStart {
            run_id: run_id.to_owned(),
            plan_id: plan.plan_id.clone(),
            command: self.command.to_owned(),
            as_of: plan.as_of,
            started_at,
            wall_ms: wall_now().as_millisecond(),
            approved_by,
        })?;
        Ok(())
    }

    fn acceptance(&self, at: Timestamp) -> Acceptance {
        let plan = &self.plan;
        let inputs = plan.inputs.iter().map(|input| AcceptedInput {
            role: input.role.clone(),
            sha256: input.sha256.clone(),
            rows: input.rows,
            header_fingerprint: input.header_fingerprint.clone(),
            columns: input.columns.clone(),
            at,
        });
        Acceptance {
            plan_id: plan.plan_id.clone(),
            at,
            terminations: plan.terminations.clone(),
            unsettled_rows: plan.unsettled_rows.clone(),
            settled_rows: plan.settled_rows.clone(),
            inputs: inputs.collect(),
            observations: plan.observations.clone(),
            // Issued when they are handed over, which a review may prevent.
            tasks: Vec::new(),
            closed_tasks: plan.closed_tasks.clone(),
        }
    }

    /// Lets drafts reach people. A rehearsal reaches nobody, and a run that
    /// was stopped leaves it to the next one.
    async fn deliver(
        &self,
        ledger: &mut Ledger,
        tenant: &Tenant,
        stop: &StopSwitch,
    ) -> Result<Deliveries, Failure> {
        if self.purpose != Purpose::Change || stop.reason().is_some() {
            return Ok(Deliveries::default());
        }
        let delivery = delivery::deliver(self.settings, ledger, &self.plan, &tenant.clock);
        tokio::select! {
            done = delivery => done,
            () = signals::wait() => {
                console::warn("stopping: what was not delivered yet is left to the next run");
                stop.stop(Stop::Interrupted);
                Ok(Deliveries::default())
            }
        }
    }

    fn conclude(
        &self,
        mut ledger: Ledger,
        tenant: &Tenant,
        run_id: &str,
        before: &Before,
        ended: &Ended<'_>,
    ) -> Result<u8, Failure> {
        let plan = &self.plan;
        let Ended {
            recorded,
            deliveries,
            stopped,
        } = *ended;
        if let Err(error) = recorded {
            console::warn(&format!(
                "the ledger could not be written: {error}; run again when it can"
            ));
        }
        let finished_at = tenant.clock.now();
        if stopped.is_some() && recorded.is_ok() {
            apply::account_for_the_rest(plan, run_id, &mut ledger, finished_at)?;
        }
        let memory = ledger.memory(finished_at)?;
        let outcomes = ledger.outcomes(&plan.plan_id)?;
        let approved_by = memory
            .approvals
            .get(&plan.plan_id)
            .map(|it| it.by.clone())
            .unwrap_or_default();
        let run = Run {
            run_id,
            plan,
            target: self.settings.target_label(),
            outcomes: &outcomes,
            earlier: &before.outcomes,
            requests: &following::open_requests(&ledger)?,
            deliveries,
            reclaims: &ledger.reclaims_since(&plan.plan_id, tenant.clock.origin())?,
            approved_by: &approved_by,
        };
        let ending = match stopped {
            None => Ending::Finished,
            Some(why) if is_started(&ledger, plan)? => Ending::Stopped(why),
            Some(why) => Ending::StoppedUnchanged(why),
        };
        let usage: Usage = tenant.servers.usage();
        let spending = Spending {
            usage,
            sent_before: before.requests,
            began_at: before.started_at,
            finished_at,
        };
        let mut summary = report::summarize(&run, self.command, ending, &spending);
        if let Purpose::Predict { obstacles } = &self.purpose {
            let prediction = report::predict(&run, usage, before.started_at, finished_at);
            summary.rehearsal = Some(report::Prediction {
                obstacles: obstacles.clone(),
                ..prediction
            });
        }
        // Said once a run, and not of everybody whom it is about. What was known
        // before the plan was made stands in the plan.
        let refused_at = memory.updates_refused_at;
        let sentence = refused_at
            .filter(|at| *at >= plan.as_of)
            .map(|at| plan::missing_updates(&plan.policy, at))
            .filter(|sentence| !plan.findings.contains(sentence));
        if let Some(sentence) = sentence {
            console::tell(self.settings, &format!("note: {sentence}"));
            summary.findings.push(sentence);
        }
        let folder = outputs::write_run(self.settings, &run, &summary)?;
        if recorded.is_ok() {
            ledger.record(&[Entry::Sends {
                wall_ms: tenant.recent_sends(),
            }])?;
            ledger.finish_run(
                run_id,
                &RunEnd {
                    finished_at,
                    wall_ms: wall_now().as_millisecond(),
                    exit_code: summary.exit_code,
                    exit_codes_json: serde_json::to_string(&summary.exit_codes).unwrap_or_default(),
                },
            )?;
        }
        self.tell(&run, &summary, usage, &folder);
        self.tell_of_stop(ending, &summary, &folder);
        console::say_summary(self.settings, &summary, &folder);
        Ok(summary.exit_code)
    }

    /// What a person at a terminal wants to know besides the last line.
    fn tell(&self, run: &Run<'_>, summary: &Summary, usage: Usage, folder: &Path) {
        if !summary.actions.is_empty() {
            console::tell(self.settings, &report::outcome_table(summary));
        }
        console::describe_reactivated(report::still_reactivated(run));
        if self.purpose == Purpose::Change {
            console::describe_access_not_ended(summary, folder);
        }
        console::describe_attention(self.settings, run, folder);
        console::describe_requests(self.settings, summary);
        console::describe_limit(self.settings, usage);
        if let Some(line) = report::budget_line(&summary.requests) {
            console::tell(self.settings, &line);
        }
        if let Some(prediction) = &summary.rehearsal {
            console::tell(self.settings, &report::prediction_text(prediction));
        }
    }

    /// What is left, and how it is carried on.
    fn tell_of_stop(&self, ending: Ending, summary: &Summary, folder: &Path) {
        let why = match ending {
            Ending::Finished | Ending::NotBegun(_) | Ending::Settled(_) => return,
            Ending::StoppedUnchanged(why @ (Stop::NotAuthorized | Stop::WrongCustomer)) => {
                format!("{why}; nothing was changed")
            }
            Ending::Stopped(why) | Ending::StoppedUnchanged(why) => why.to_string(),
        };
        let kinds = summary.actions.values();
        let left: u64 = kinds
            .map(|outcomes| {
                let count = |word| outcomes.get(word).copied().unwrap_or(0);
                // What became of an unknown one is still to be looked at.
                let unknown = count(Outcome::Unknown.as_str());
                count(Outcome::Deferred.as_str()) + unknown + count("open")
            })
            .sum();
        let is_complete = left == 0;
        let left = format!("{left} of {} actions are left", self.plan.actions.len());
        console::warn(&match &self.purpose {
            Purpose::Change if is_complete => {
                format!("{why}; every action of the plan has ended, and nothing is left to resume")
            }
            Purpose::Change => format!(
                "stopped before the end: {why}; {left}; resume with\n  {}",
                again::apply(self.settings, &folder.join("plan.json"), &[])
            ),
            Purpose::Predict { .. } => {
                format!("the rehearsal stopped before the end: {why}; {left}")
            }
        });
    }

    /// What the reviewer decided, if there is a sheet.
    fn review(&self) -> Result<Option<BTreeMap<String, Decision>>, Failure> {
        let Some(path) = self.settings.execution.review.as_deref() else {
            return Ok(None);
        };
        let lines = ingest::read_review(path)?;
        let review = plan::understand_review(path, &lines, &self.plan)?;
        console::describe_review(&review);
        Ok(Some(review.decisions))
    }

    /// Whoever the reviewer put on hold stays on hold on later nights.
    fn new_holds(
        &self,
        review: Option<&BTreeMap<String, Decision>>,
        at: Timestamp,
    ) -> Vec<HoldRecord> {
        let held = |id: &String| review.and_then(|it| it.get(id)) == Some(&Decision::Hold);
        let why = review_hold(&self.plan);
        self.plan
            .actions
            .iter()
            .filter(|action| held(&action.id))
            .filter_map(|action| {
                let subject = &action.subject;
                let username = subject.username.as_ref().map(ToString::to_string);
                username.or_else(|| subject.user_id.as_ref().map(ToString::to_string))
            })
            .map(|who| HoldRecord {
                who,
                why: why.clone(),
                until: None,
                source: HoldSource::Ledger(Some(at)),
            })
            .collect()
    }
}

/// How operations are followed, from the settings.
pub(super) fn timing(settings: &Settings) -> Timing {
    Timing {
        poll_first: Duration::from_secs_f64(settings.limits.poll_after_seconds),
        poll_every: Duration::from_secs_f64(settings.limits.poll_every_seconds),
        operation_timeout: Duration::from_secs(u64::from(
            settings.limits.operation_timeout_seconds,
        )),
    }
}
