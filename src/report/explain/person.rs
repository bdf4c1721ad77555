use super::Explanation;
use super::page::Page;
use crate::model::{
    ActOn, Effective, EmploymentStatus, HrRow, InvalidRow, Origin, Policy, Reason, SourceRow, Trust,
};
use crate::reconcile::{AccessEnds, Claim, Dossier, Person};

/// The fields that decide who it is, and whether and when they leave.
const DECIDING: [&str; 7] = [
    "employee_id",
    "work_email",
    "username",
    "status",
    "termination_date",
    "last_day",
    "rehire_date",
];

impl Explanation<'_> {
    /// The person's rows as they were understood, and which of them decides.
    pub(super) fn who(&self, dossier: &Dossier<'_>, page: &mut Page) {
        page.heading("Who it is");
        let person = dossier.person;
        if person.origin == Origin::Ledger {
            let what = match person.claim {
                Claim::Unsettled(_) => "a row that nobody has settled",
                Claim::Leaves(_)
                | Claim::Stays(..)
                | Claim::Contradicts(_)
                | Claim::SaysNothing => "an obligation",
            };
            page.say(&format!(
                "No row of tonight's HR files is about this person. The ledger remembers {what} \
                 from {}.",
                place(&person.source)
            ));
        }
        let only = dossier.rows.len() == 1;
        for says in dossier.rows.iter().filter(|says| says.decides) {
            let why = if only {
                "it is the person's only row"
            } else {
                decisive(&person.claim)
            };
            page.say(&format!("{} decides: {why}.", place(&says.row.source)));
            page.detail(&format!("{}.", fields(says.row).join(" · ")));
            if !only {
                page.detail(&format!("On its own: {}", sentence(&says.claim)));
            }
        }
        for says in dossier.rows.iter().filter(|says| !says.decides) {
            let row = self.place(&says.row.source);
            page.say(&format!("{row} is of the same person and does not decide."));
            page.detail(&format!("{}.", fields(says.row).join(" · ")));
            page.detail(&format!("On its own: {}", sentence(&says.claim)));
        }
        for row in &dossier.unreadable {
            page.say(
                "A row that carries a key of this person could not be read. Until it can be, it \
                 may say that the person stays:",
            );
            invalid(row, page);
        }
        let mut files: Vec<&str> = dossier
            .rows
            .iter()
            .map(|says| says.row.source.file.as_str())
            .collect();
        files.dedup();
        for file in files {
            self.columns(file, page);
        }
    }

    /// Which columns of a file the fields were read from.
    fn columns(&self, file: &str, page: &mut Page) {
        let inputs = self.plan.inputs.iter();
        let mut of_file = inputs.filter(|input| input.role == "hr" && input.path == file);
        let columns = of_file
            .next()
            .and_then(|input| input.detected.get("columns"))
            .and_then(serde_json::Value::as_object);
        let Some(columns) = columns else { return };
        let read: Vec<String> = DECIDING
            .iter()
            .filter_map(|field| {
                let header = columns.get(*field)?.as_str()?;
                Some(format!("{field} from {header:?}"))
            })
            .collect();
        page.say(&format!("Columns that decide: {}.", read.join(", ")));
    }

    /// The line alone where there is one HR file; it was named before.
    pub(super) fn place(&self, source: &SourceRow) -> String {
        let mut files = self.plan.inputs.iter().filter(|input| input.role == "hr");
        match (files.next(), files.next()) {
            (Some(only), None) if only.path == source.file => format!("line {}", source.line),
            _ => place(source),
        }
    }

    /// What HR claims, and when it takes effect.
    pub(super) fn claim(&self, dossier: &Dossier<'_>, page: &mut Page) {
        page.heading("What HR says");
        let person = dossier.person;
        let policy = &self.plan.policy;
        match &person.claim {
            Claim::Leaves(date) if person.origin == Origin::Ledger => {
                page.say(&format!("Left on {date}, as an earlier night recorded it."));
            }
            Claim::Leaves(date) => {
                let basis = basis(policy.trust, person.status);
                page.say(&format!("Leaves on {date}. {basis}"));
                self.acting_date(dossier, page);
            }
            Claim::Stays(..) | Claim::Contradicts(_) | Claim::SaysNothing | Claim::Unsettled(_) => {
                page.say(&sentence(&person.claim));
            }
        }
        if let Some(ends) = &dossier.ends {
            page.say(&self.access_ends(ends));
        }
    }

    /// Two dates of one row: which of them acts.
    fn acting_date(&self, dossier: &Dossier<'_>, page: &mut Page) {
        let deciding = dossier.rows.iter().find(|says| says.decides);
        let dates = deciding.map(|says| (says.row.termination_date, says.row.last_day));
        let Some((Some(termination), Some(last_day))) = dates else {
            return;
        };
        if termination != last_day {
            let setting = match self.plan.policy.act_on {
                ActOn::TerminationDate => "termination_date",
                ActOn::LastDay => "last_day",
            };
            page.say(&format!(
                "The termination date is {termination}, the last day of work {last_day}; [policy] \
                 act_on = {setting:?} chooses."
            ));
        }
    }

    fn access_ends(&self, ends: &AccessEnds) -> String {
        let policy = &self.plan.policy;
        let (setting, when) = effective(policy);
        let Some(at) = &ends.at else {
            return format!(
                "Access ends when the status says that the person has left ([policy] effective = \
                 {setting:?}); it does not yet."
            );
        };
        let tense = if at.timestamp() <= self.plan.as_of {
            "was due"
        } else {
            "is due"
        };
        let zone = at.time_zone().iana_name().unwrap_or("the policy's zone");
        let has_own_zone = policy
            .site_time_zones
            .contains_key(&ends.site.to_lowercase());
        let clocks = if has_own_zone {
            format!("the zone of site {}", ends.site)
        } else {
            "the policy's zone".to_owned()
        };
        let later = match policy.deactivate_after_days {
            0 => String::new(),
            days => format!(" {days} days later"),
        };
        format!(
            "The end of access {tense} at {} {zone} ({}): {when} {}{later}, in {clocks} ([policy] \
             effective = {setting:?}).",
            at.strftime("%Y-%m-%d %H:%M"),
            crate::report::instant(Some(at.timestamp())),
            ends.date,
        )
    }
}

/// Name and strongest key.
pub(super) fn called(person: &Person) -> String {
    let name = match person.name.display() {
        name if name.is_empty() => "Somebody without a name".to_owned(),
        name => name,
    };
    let key = person.key.as_str();
    match key.split_once(':') {
        Some(("employee", id)) => format!("{name}, employee id {id}"),
        Some(("email" | "username", login)) => format!("{name}, {login}"),
        Some(_) | None => name,
    }
}

/// Name, and where the row stands.
pub(super) fn placed(person: &Person) -> String {
    format!("{} ({})", person.name.display(), place(&person.source))
}

pub(super) fn place(source: &SourceRow) -> String {
    format!("{} line {}", source.file, source.line)
}

/// A row that could not be read: what is wrong, and what to do.
pub(super) fn invalid(row: &InvalidRow, page: &mut Page) {
    page.say(&format!("{}.", row.sentence()));
    let read: Vec<String> = [
        ("name", &row.person),
        ("employee id", &row.employee_id),
        ("work e-mail", &row.work_email),
        ("username", &row.username),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(what, value)| format!("{what} {value}"))
    .collect();
    if !read.is_empty() {
        page.detail(&format!("Of it could be read: {}.", read.join(", ")));
    }
}

fn fields(row: &HrRow) -> Vec<String> {
    let date = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string());
    [
        (
            "employee id",
            row.employee_id.as_ref().map(ToString::to_string),
        ),
        ("name", Some(row.name.display())),
        (
            "work e-mail",
            row.work_email.as_ref().map(ToString::to_string),
        ),
        ("username", row.username.as_ref().map(ToString::to_string)),
        (
            "status",
            row.status.map(|status| meaning(status).to_owned()),
        ),
        ("termination date", date(row.termination_date)),
        ("last day", date(row.last_day)),
        ("rehire date", date(row.rehire_date)),
        ("site", Some(row.site.to_string())),
        ("department", Some(row.department.to_string())),
        ("cost center", Some(row.cost_center.to_string())),
    ]
    .into_iter()
    .filter_map(|(what, value)| Some((what, value?)))
    .filter(|(_, value)| !value.is_empty())
    .map(|(what, value)| format!("{what} {value}"))
    .collect()
}

fn meaning(status: EmploymentStatus) -> &'static str {
    match status {
        EmploymentStatus::Left => "left",
        EmploymentStatus::Employed => "employed",
        EmploymentStatus::Rehired => "employed again",
        EmploymentStatus::Absent => "on leave",
        EmploymentStatus::NotStarted => "not started yet",
        EmploymentStatus::Unclear => "inactive, which may mean left or on leave",
    }
}

/// Why a row decides over the others of its person.
fn decisive(claim: &Claim) -> &'static str {
    match claim {
        Claim::Leaves(_) => "of several dates the latest counts",
        Claim::Stays(Reason::HiredAgain, _) => "the return is later than every date of leaving",
        Claim::Stays(..) => "a row that says employed beats one that says left",
        Claim::Contradicts(_) => "a contradiction has to be settled before any row counts",
        Claim::SaysNothing | Claim::Unsettled(_) => "no row says anything, and it is the first",
    }
}

fn sentence(claim: &Claim) -> String {
    let with_date = |text: &str, date: &Option<jiff::civil::Date>| match date {
        Some(date) => format!("{text} (the row speaks of {date})."),
        None => format!("{text}."),
    };
    match claim {
        Claim::Leaves(date) => format!("Leaves on {date}."),
        Claim::Stays(Reason::HiredAgain, date) => with_date(
            "Is back: the rehire date is after the date of leaving",
            date,
        ),
        Claim::Stays(Reason::OnLeave, date) => {
            with_date("Stays: on leave, or not started yet", date)
        }
        Claim::Stays(_, date) => with_date("Stays: HR shows the person as employed", date),
        Claim::Contradicts(contradiction) => with_date(
            &format!("Contradicts itself: {}", contradiction.detail),
            &contradiction.date,
        ),
        Claim::SaysNothing => "Says neither a status nor a date; fill one in.".to_owned(),
        Claim::Unsettled(row) => format!(
            "Nobody has settled the row since {} ({}): {}.",
            crate::report::instant(Some(row.first_listed)),
            row.disposition,
            row.detail
        ),
    }
}

/// What makes the date count.
fn basis(trust: Trust, status: Option<EmploymentStatus>) -> &'static str {
    match (trust, status) {
        (Trust::Date, _) => "Only the date counts ([hr] trust = \"date\").",
        (Trust::Status, _) => "The status counts ([hr] trust = \"status\").",
        (Trust::Both, Some(EmploymentStatus::Employed | EmploymentStatus::Rehired)) => {
            "The status still says employed; it may lag 48 hours behind the date ([hr] trust = \
             \"both\")."
        }
        (Trust::Both, Some(EmploymentStatus::Absent | EmploymentStatus::NotStarted)) => {
            "The status says otherwise, which is no contradiction before the date ([hr] trust = \
             \"both\")."
        }
        (Trust::Both, Some(EmploymentStatus::Left | EmploymentStatus::Unclear)) => {
            "Status and date do not contradict each other ([hr] trust = \"both\")."
        }
        (Trust::Both, None) => "There is no status, so the date counts ([hr] trust = \"both\").",
    }
}

fn effective(policy: &Policy) -> (&'static str, &'static str) {
    match policy.effective {
        Effective::EndOfDay => ("end_of_day", "the end of"),
        Effective::StartOfDay => ("start_of_day", "the beginning of"),
        Effective::OnStatus => ("on_status", "the status counts from"),
    }
}
