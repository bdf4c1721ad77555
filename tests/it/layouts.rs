//! The layouts of the users report: whichever an operator exported, the night
//! is the same.

use serde_json::{Value, json};

use crate::support::{Office, X2, leaver};

const FAX: &str = "Fax-VOSVC0300-01-US";

/// The report in one layout: what stands in the columns of licenses for Ann,
/// who holds two seats, and for everybody else, who holds one.
struct Report {
    header: String,
    ann: Vec<String>,
    others: String,
}

impl Report {
    fn text(&self) -> String {
        let mut lines = vec![format!(
            "Username,First name,Last name,Email,Status,Extension,Phone number,Device,{}",
            self.header
        )];
        let ann = "ann.moss@example.com,Ann,Moss,ann.moss@example.com,Active,1001,+15550100,T54W";
        lines.extend(self.ann.iter().map(|licenses| format!("{ann},{licenses}")));
        lines.extend((1..=40).map(|number| {
            let (name, licenses) = (format!("colleague.nr{number}"), &self.others);
            format!("{name}@example.com,,,{name}@example.com,Active,,,,{licenses}")
        }));
        lines.join("\n") + "\n"
    }
}

fn layouts() -> [Report; 4] {
    let report = |header: &str, ann: &[String], others: &str| Report {
        header: header.to_owned(),
        ann: ann.to_vec(),
        others: others.to_owned(),
    };
    [
        report("Licenses", &[format!("{X2}; {FAX}")], X2),
        report("License", &[X2.to_owned(), FAX.to_owned()], X2),
        report(
            "License 1,License 2",
            &[format!("{X2},{FAX}")],
            &format!("{X2},"),
        ),
        report(&format!("{X2},{FAX}"), &["1,x".to_owned()], "1,"),
    ]
}

/// What the plan does and asks for, without the lines that it was read from.
fn decided(plan: &Value) -> Value {
    let list = |name: &str, fields: &[&str]| -> Vec<Value> {
        let items = plan[name].as_array().expect(name).iter();
        items
            .map(|item| fields.iter().map(|field| item[field].clone()).collect())
            .collect()
    };
    json!([
        list("actions", &["id", "kind", "license", "due"]),
        list("manual_tasks", &["id", "kind", "steps"]),
    ])
}

#[test]
fn every_layout_makes_the_same_night() {
    let mut first = None;
    for report in layouts() {
        let office = Office::new("[policy]\nremove_license_after_days = 0\n");
        office.hr(&[leaver("ann.moss", "2026-11-18")]);
        office.write("users.csv", report.text());
        office.on("2026-11-20", &["plan", "--sandbox"]).expect(0);
        let plan = office.read("out/sandbox/plan.json");
        for kept in ["+15550100", "T54W"] {
            assert!(plan.contains(kept), "{}: {kept}", report.header);
        }
        let plan: Value = serde_json::from_str(&plan).expect("JSON");
        let decided = decided(&plan);
        let kinds: Vec<&Value> = plan["actions"]
            .as_array()
            .expect("actions")
            .iter()
            .map(|action| &action["kind"])
            .collect();
        let removals = kinds
            .iter()
            .filter(|kind| **kind == "remove_license")
            .count();
        assert_eq!(removals, 2, "{}: {kinds:?}", report.header);
        assert_eq!(
            first.get_or_insert_with(|| decided.clone()),
            &decided,
            "{}",
            report.header
        );
    }
}
