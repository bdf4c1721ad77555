use std::collections::BTreeSet;

use super::page::Page;
use super::{Explanation, Traces};
use crate::model::ActionKind;
use crate::plan::{Action, ManualTask, Verdict};
use crate::reconcile::{Dossier, RowDisposition};
use crate::report::instant;

impl Explanation<'_> {
    /// What became of somebody's deciding line, before the reasons.
    pub(super) fn in_short(&self, dossier: &Dossier<'_>, page: &mut Page) {
        let lines = self.plan.dispositions.iter();
        let decides = |line: &&RowDisposition| {
            let source = line.source.as_ref();
            dossier.is_about(line) && source.is_none_or(|it| *it == dossier.person.source)
        };
        if let Some(line) = lines.into_iter().find(decides) {
            page.say(&format!("Tonight: {} ({}).", line.disposition, line.reason));
        }
    }

    /// What tonight's plan says of the lines that are somebody's.
    pub(super) fn tonight(
        &self,
        is_mine: impl Fn(&RowDisposition) -> bool,
        traces: &Traces,
        page: &mut Page,
    ) {
        page.heading("What becomes of it tonight");
        let lines = self.plan.dispositions.iter().enumerate();
        let mine: Vec<(usize, &RowDisposition)> = lines.filter(|(_, line)| is_mine(line)).collect();
        if mine.is_empty() {
            page.say(
                "The plan has no line for it: another row or obligation speaks of the same \
                 account, and this one is closed.",
            );
        }
        for (_, line) in &mine {
            page.say(&self.disposition(line));
        }
        let positions: BTreeSet<usize> = mine.iter().map(|(position, _)| *position).collect();
        let is_of_lines = |line: Option<usize>| line.is_some_and(|it| positions.contains(&it));
        let actions = self.plan.actions.iter();
        let actions: Vec<&Action> = actions.filter(|it| is_of_lines(it.line)).collect();
        for action in &actions {
            if action.kind != ActionKind::ManualTask {
                page.detail(&planned(action));
                self.counted_in(action, page);
            }
        }
        let tasks = self.plan.manual_tasks.iter();
        for task in tasks.filter(|task| is_of_lines(task.line)) {
            page.detail(&by_hand(task));
        }
        for id in &self.plan.closed_tasks {
            let task = self.memory.tasks.get(id);
            let of = task.and_then(|task| task.termination.as_ref());
            if let (Some(task), true) = (task, of.is_some_and(|id| traces.is_termination(id))) {
                page.detail(&format!(
                    "Task {} ({id}) is not needed any more and is closed.",
                    task.kind.as_str()
                ));
            }
        }
        if !actions.is_empty() {
            self.guards(page);
        }
    }

    /// The requests that a freed seat would be counted in.
    fn counted_in(&self, removal: &Action, page: &mut Page) {
        for draft in self.plan.actions.iter().filter_map(|it| it.draft.as_ref()) {
            if draft.removals.contains(&removal.id) {
                page.more(&format!(
                    "Its seat counts in the cancellation request {} for {}.",
                    draft.request.id, draft.request.pool
                ));
            }
        }
    }

    /// A guard stops the plan as a whole.
    fn guards(&self, page: &mut Page) {
        let guards = self.plan.guards.iter();
        let tripped: Vec<_> = guards
            .filter(|guard| guard.verdict == Verdict::Tripped)
            .collect();
        if !tripped.is_empty() {
            page.say("Nothing of the plan would be carried out, because a guard stops all of it:");
        }
        for guard in tripped {
            page.detail(&format!("{}: {}.", guard.name, guard.message));
        }
    }

    /// A line's fate in the words of the results.
    fn disposition(&self, line: &RowDisposition) -> String {
        let from = match &line.source {
            Some(source) => self.place(source),
            None => "The obligation of an earlier night".to_owned(),
        };
        let next = match line.next_due {
            Some(due) => format!(" Next due at {}.", instant(Some(due))),
            None => String::new(),
        };
        let look = if line.needs_a_look {
            " It needs a look: access that is due may still be open, or a task is overdue."
        } else {
            ""
        };
        let detail = match line.detail.as_ref() {
            "" => String::new(),
            detail => format!(": {detail}"),
        };
        format!(
            "{from}: {} ({}){detail}.{next}{look}",
            line.disposition, line.reason
        )
    }
}

fn planned(action: &Action) -> String {
    let license = match &action.license {
        Some(license) => format!(" {}", license.pool()),
        None => String::new(),
    };
    let approval = match &action.needs_approval {
        Some(why) => format!("; it waits: {why}"),
        None => String::new(),
    };
    format!(
        "{}{license} ({}), due since {}, by {}{approval}.",
        action.kind,
        action.id,
        instant(Some(action.due)),
        action.channel.as_str()
    )
}

fn by_hand(task: &ManualTask) -> String {
    let since = match task.issued_at {
        Some(at) => format!("open since {}", instant(Some(at))),
        None => "new".to_owned(),
    };
    let due = match task.due {
        Some(due) => format!(", to be done by {}", instant(Some(due))),
        None => String::new(),
    };
    format!(
        "Task {} ({}), {since}{due}, for {}.",
        task.kind.as_str(),
        task.id,
        task.who
    )
}
