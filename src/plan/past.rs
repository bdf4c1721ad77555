use std::collections::BTreeSet;

use serde::Deserialize;

use super::Action;
use crate::model::TerminationId;
use crate::reconcile::RowDisposition;

/// What is told of a plan that was kept. The rest of the document is passed
/// over, so that the plans of earlier versions can be told as well.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PastPlan {
    /// What became of the rows.
    pub dispositions: Vec<RowDisposition>,
    /// Every change, draft and task.
    pub actions: Vec<Action>,
}

impl PastPlan {
    /// Reads a document that the ledger kept.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }
}

/// Whose terminations an action, the manual task that it issues, or the
/// request that it drafts is about.
pub fn terminations_of(actions: &[Action], id: &str) -> BTreeSet<TerminationId> {
    let drafted = |action: &Action| {
        let draft = action.draft.as_ref()?;
        (action.id == id || draft.request.id == id).then(|| draft.removals.clone())
    };
    let removals: BTreeSet<String> = actions.iter().filter_map(drafted).flatten().collect();
    let is_meant = |action: &&Action| {
        action.id == id || action.task_id.as_deref() == Some(id) || removals.contains(&action.id)
    };
    let meant = actions.iter().filter(is_meant);
    meant
        .filter_map(|action| action.subject.termination.clone())
        .collect()
}
