//! Drills at a terminal: what would move if stores went dark, the same for real, and what came of it.

use crate::client::CentralClient;
use crate::told::{rows, text};
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;

pub async fn dry(central: &CentralClient, stores: &[String], out: &mut dyn Write) -> Result<()> {
    let wanted = json!({ "mode": "dry", "stores": stores, "reason": "dry" });
    let shown = central.send(Method::POST, "/v1/drills", &wanted).await?;
    write_dry(&shown, out)
}

pub async fn live(
    central: &CentralClient,
    stores: &[String],
    reason: &str,
    until: Option<&str>,
    out: &mut dyn Write,
) -> Result<()> {
    let wanted = json!({ "mode": "live", "stores": stores, "reason": reason, "until": until });
    let begun = central.send(Method::POST, "/v1/drills", &wanted).await?;
    let id = text(&begun, "/drill");
    writeln!(out, "{id} runs until {}: {} declared dark", text(&begun, "/until"), stores.join(", "))?;
    writeln!(
        out,
        "what comes of it: holdfast drill-report {id}; to end it: holdfast drill-report {id} --end"
    )?;
    Ok(())
}

pub async fn report(central: &CentralClient, drill: &str, end: bool, out: &mut dyn Write) -> Result<()> {
    let path = format!("/v1/drills/{drill}");
    let told =
        if end { central.send(Method::DELETE, &path, &json!({})).await? } else { central.get(&path).await? };
    write_report(&told, out)
}

fn write_dry(shown: &Value, out: &mut dyn Write) -> Result<()> {
    for task in rows(shown, "/tasks") {
        let to = task.pointer("/outcome/to").and_then(Value::as_array).into_iter().flatten();
        let to: Vec<&str> = to.filter_map(Value::as_str).collect();
        let how = match (text(task, "/outcome/outcome"), to.as_slice()) {
            ("stays", _) => "stays".to_owned(),
            (_, []) => "nobody".to_owned(),
            (_, to) => format!("to {}", to.join(" and ")),
        };
        let by = if flag(task, "/outcome/plan_b") { "plan B, " } else { "" };
        let promise = match task.pointer("/outcome/promise_kept").and_then(Value::as_bool) {
            Some(true) => "promise kept, ",
            Some(false) => "promise missed, ",
            None => "",
        };
        let place = format!("{} {}", text(task, "/task"), text(task, "/phase"));
        writeln!(out, "{place:<44} {how:<20} {by}{promise}{}", text(task, "/outcome/words"))?;
    }
    let count = |name| shown.get(name).and_then(Value::as_u64).unwrap_or_default();
    if count("left_out") > 0 {
        writeln!(out, "and {} more tasks that were not looked at", count("left_out"))?;
    }
    writeln!(
        out,
        "nothing was done; at the pace of the policy it would take {} min",
        count("paced_minutes")
    )?;
    Ok(())
}

fn write_report(told: &Value, out: &mut dyn Write) -> Result<()> {
    let ended = match text(told, "/ended_at") {
        "" => format!("runs until {}", text(told, "/until")),
        at => format!("ended {at} by {}", text(told, "/ended_by")),
    };
    writeln!(out, "{}, {ended}: {}", text(told, "/drill"), text(told, "/reason"))?;
    for (what, path) in [
        ("moved", "/report/moved"),
        ("have another node", "/report/placed"),
        ("by plan B", "/report/by_plan_b"),
        ("went back to their store", "/report/went_back"),
        ("have nobody", "/report/waiting"),
        ("stayed, released", "/report/stayed/released"),
        ("stayed, pickups", "/report/stayed/pickup"),
        ("stayed, not due", "/report/stayed/not_due"),
        ("promises kept", "/report/promises_kept"),
        ("promises missed", "/report/promises_missed"),
    ] {
        let count = told.pointer(path).and_then(Value::as_u64).unwrap_or_default();
        writeln!(out, "{count:>6}  {what}")?;
    }
    for moved in rows(told, "/moves") {
        writeln!(out, "        {}", text(moved, "/words"))?;
    }
    Ok(())
}

fn flag(told: &Value, path: &str) -> bool {
    told.pointer(path).and_then(Value::as_bool).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_drill_is_one_line_a_task() {
        let moves = json!({ "outcome": "moves", "to": ["york"], "plan_b": true, "promise_kept": true, "words": "w." });
        let nobody =
            json!({ "outcome": "moves", "to": [], "plan_b": false, "promise_kept": false, "words": "b." });
        let stays = json!({ "outcome": "stays", "words": "a pickup is never moved" });
        let task = |outcome: Value| json!({ "task": "o1-1", "phase": "offered", "outcome": outcome });
        let shown = json!({
            "tasks": [task(moves), task(nobody), task(stays)], "left_out": 2, "paced_minutes": 3
        });
        let mut out = Vec::new();
        write_dry(&shown, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert!(lines[0].ends_with("to york              plan B, promise kept, w."), "{text}");
        assert!(lines[1].ends_with("nobody               promise missed, b."), "{text}");
        assert!(lines[2].ends_with("stays                a pickup is never moved"), "{text}");
        assert!(lines[3].contains("2 more tasks") && lines[4].contains("3 min"), "{text}");
    }

    #[test]
    fn a_report_says_whether_it_runs_and_what_came_of_it() {
        let told = json!({
            "drill": "drill-1", "reason": "peak", "until": "2027-01-01T00:00:00Z", "ended_at": null,
            "report": { "moved": 4, "stayed": { "pickup": 2 } }, "moves": [{ "words": "o1-1 leaves leeds" }]
        });
        let mut out = Vec::new();
        write_report(&told, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.starts_with("drill-1, runs until 2027-01-01T00:00:00Z: peak\n     4  moved\n"),
            "{text}"
        );
        assert!(text.contains("     2  stayed, pickups\n") && text.contains("o1-1 leaves leeds"), "{text}");
    }
}
