//! `seatsweep requests`: partial cancellations on their way to the bill.

use jiff::Timestamp;
use jiff::civil::Date;

use super::console;
use super::failure::{Exit, Failure};
use super::following::calendar_entries;
use super::work::open_ledger;
use crate::cli::{RequestsAction, SubmitArguments};
use crate::config::{Settings, Target};
use crate::files::RunLock;
use crate::ledger::{Entry, Ledger};
use crate::model::{FollowedRequest, Money, OpenRequest, RequestState, RequestStep};
use crate::reconcile::Calendar;
use crate::report;
use crate::seats::{RequestMove, by_calendar};
use crate::vendor::wall_now;

pub(super) fn run(settings: &Settings, action: &RequestsAction) -> Result<u8, Failure> {
    let now = settings.as_of.unwrap_or_else(wall_now);
    let today = Calendar::new(&settings.policy)?.day(now);
    let said = match action {
        RequestsAction::List { ids, all } => {
            let sentence = list(settings, ids, *all, today)?;
            console::say(&sentence);
            return Ok(0);
        }
        RequestsAction::Submit(arguments) => submit(settings, arguments, today)?,
        RequestsAction::Confirm {
            id,
            effective,
            fees,
            note,
        } => Said {
            id,
            what: RequestMove::Confirm,
            step: RequestStep {
                effective_on: Some(*effective),
                fees: fees.as_deref().map(amount).transpose()?,
                ..step(RequestMove::Confirm, note.as_ref())?
            },
        },
        RequestsAction::Close { id, note } => Said::plain(id, RequestMove::Close, note.as_ref())?,
        RequestsAction::Withdraw { id, note } => {
            Said::plain(id, RequestMove::Withdraw, note.as_ref())?
        }
    };
    must_exist(settings)?;
    let _lock = RunLock::acquire(&settings.ledger)?;
    let mut ledger = open_ledger(settings, None)?;
    let mut entries = calendar_entries(&ledger, &settings.policy.contracts, today, now)?;
    let sentence = record(&mut ledger, &mut entries, said, now)?;
    console::say(&sentence);
    Ok(0)
}

/// What somebody says of one request.
struct Said<'a> {
    id: &'a str,
    what: RequestMove,
    step: RequestStep,
}

impl<'a> Said<'a> {
    fn plain(id: &'a str, what: RequestMove, note: Option<&String>) -> Result<Self, Failure> {
        let step = step(what, note)?;
        Ok(Self { id, what, step })
    }
}

fn list(settings: &Settings, ids: &[String], all: bool, today: Date) -> Result<String, Failure> {
    must_exist(settings)?;
    let ledger = super::plan::ledger_to_read(settings)?
        .ok_or_else(|| Failure::new(Exit::NoInput, "there is no ledger"))?;
    let mut requests = ledger.followed_requests()?;
    let stored: Vec<OpenRequest> = requests.iter().map(|it| it.request.clone()).collect();
    for (id, state) in by_calendar(&stored, &settings.policy.contracts, today) {
        for followed in requests.iter_mut().filter(|it| it.request.id == id) {
            followed.request.state = state;
        }
    }
    if ids.is_empty() {
        let is_shown = |followed: &&FollowedRequest| match followed.request.state {
            RequestState::Drafted
            | RequestState::Submitted
            | RequestState::Confirmed
            | RequestState::Effective => true,
            RequestState::Verified | RequestState::Lapsed | RequestState::Withdrawn => all,
        };
        let shown: Vec<&FollowedRequest> = requests.iter().filter(is_shown).collect();
        return Ok(report::request_table(
            &shown,
            &settings.policy.contracts,
            today,
        ));
    }
    let stories = ids.iter().map(|id| {
        let followed = find(&requests, id)?;
        let events = ledger.request_events(id)?;
        Ok(report::request_history(followed, &events))
    });
    Ok(stories.collect::<Result<Vec<_>, Failure>>()?.join("\n"))
}

/// From here on the draft is not revised any more, so it has to be meant.
fn submit<'a>(
    settings: &Settings,
    arguments: &'a SubmitArguments,
    today: Date,
) -> Result<Said<'a>, Failure> {
    let SubmitArguments {
        id,
        case_number,
        on,
        quantity,
        note,
        confirm,
    } = arguments;
    if settings.target == Target::Eight && !confirm {
        return Err(Failure::new(
            Exit::PlanNotUsable,
            format!(
                "nothing was recorded: with target 8x8, --confirm must be given. It says that a \
                 person has handed {id} in at My8x8 → Billing → Cancel Services; from then on its \
                 seats are never asked for again"
            ),
        ));
    }
    let handed_in_on = on.unwrap_or(today);
    if handed_in_on > today {
        return usage(format!(
            "--on {handed_in_on} is not over yet; say it when 8x8 has the request"
        ));
    }
    if *quantity == Some(0) {
        return usage("--quantity 0 is no request; `seatsweep requests withdraw` takes it back");
    }
    let step = RequestStep {
        quantity: *quantity,
        case_number: Some(short_text("--case", case_number)?),
        handed_in_on: Some(handed_in_on),
        ..step(RequestMove::Submit, note.as_ref())?
    };
    Ok(Said {
        id,
        what: RequestMove::Submit,
        step,
    })
}

/// Records what was said if it is legal, and what the calendar says before it.
fn record(
    ledger: &mut Ledger,
    entries: &mut Vec<Entry>,
    said: Said<'_>,
    at: Timestamp,
) -> Result<String, Failure> {
    let Said { id, what, step } = said;
    let requests = ledger.followed_requests()?;
    let followed = find(&requests, id)?;
    let by_calendar = entries.iter().find_map(|entry| match entry {
        Entry::RequestState {
            id: moved, step, ..
        } if moved == id => Some(step.state),
        _ => None,
    });
    let state = by_calendar.unwrap_or(followed.request.state);
    let word = what.as_str();
    if !RequestMove::legal_from(state).contains(&what) {
        return usage(format!(
            "request {id} is {}, so it cannot be said to {word}; {}",
            state.as_str(),
            report::legal_moves(state)
        ));
    }
    let quantity = step.quantity.unwrap_or(followed.request.quantity);
    if what == RequestMove::Submit && quantity == 0 {
        return usage(format!(
            "request {id} asks for no seats any more, so there is nothing to hand in; if 8x8 has an \
             earlier revision of it, say how many seats with --quantity"
        ));
    }
    if let (Some(effective), Some(handed_in)) = (step.effective_on, followed.handed_in_on)
        && effective < handed_in
    {
        return usage(format!(
            "--effective {effective} is before {handed_in}, when {id} was handed in; look at 8x8's \
             mail again"
        ));
    }
    let sentence = format!(
        "{}: {id}, {quantity} seats of {}{}",
        step.state.as_str(),
        followed.request.pool,
        afterwards(what, state)
    );
    entries.push(Entry::RequestState {
        id: id.to_owned(),
        step,
        at,
    });
    ledger.record(entries)?;
    Ok(sentence)
}

/// What somebody should know who said this.
fn afterwards(what: RequestMove, before: RequestState) -> &'static str {
    match (what, before) {
        (RequestMove::Withdraw, RequestState::Drafted) => {
            "; while the seats are free, the next night drafts them again: raise `spare` of the \
             contract, or [[seats.planned_joiners]], to keep them"
        }
        (RequestMove::Withdraw, _) => {
            "; 8x8 has to be told too, or it carries the cancellation out"
        }
        (RequestMove::Submit | RequestMove::Confirm | RequestMove::Close, _) => "",
    }
}

fn step(what: RequestMove, note: Option<&String>) -> Result<RequestStep, Failure> {
    let note = note.map(|note| short_text("--note", note)).transpose()?;
    Ok(RequestStep {
        note: note.unwrap_or_default(),
        ..RequestStep::to(what.leads_to())
    })
}

/// Longest remark that is kept.
const LONGEST: usize = 200;

/// One line of text.
fn short_text(option: &str, text: &str) -> Result<String, Failure> {
    let text = text.trim();
    let is_short = !text.is_empty() && text.chars().count() <= LONGEST;
    if !is_short || text.contains(char::is_control) {
        return usage(format!(
            "{option} needs one line of 1 to {LONGEST} characters"
        ));
    }
    Ok(text.to_owned())
}

/// `120.50 USD`.
fn amount(text: &str) -> Result<Money, Failure> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let money = match words.as_slice() {
        [amount, currency] => Money::parse(amount, currency).ok(),
        _ => None,
    };
    money.ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            format!("--fees {text:?} is no exact amount with its currency, such as \"120.50 USD\""),
        )
    })
}

fn find<'r>(requests: &'r [FollowedRequest], id: &str) -> Result<&'r FollowedRequest, Failure> {
    let found = requests.iter().find(|followed| followed.request.id == id);
    found.ok_or_else(|| {
        let advice = "`seatsweep requests list --all` shows them";
        Failure::new(
            Exit::Usage,
            format!("the ledger has no request {id:?}; {advice}"),
        )
    })
}

fn must_exist(settings: &Settings) -> Result<(), Failure> {
    if settings.ledger.exists() {
        return Ok(());
    }
    let path = settings.ledger.display();
    Err(Failure::new(
        Exit::NoInput,
        format!(
            "there is no ledger at {path}; give the --config, --sandbox and --out-dir of the run"
        ),
    ))
}

fn usage<T>(sentence: impl std::fmt::Display) -> Result<T, Failure> {
    Err(Failure::new(Exit::Usage, sentence))
}
