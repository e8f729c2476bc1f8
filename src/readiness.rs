//! Before a launch and after it, at a terminal: what is missing, and whether everything adds up.

use crate::client::CentralClient;
use crate::told::{rows, text};
use anyhow::{Result, bail};
use serde_json::Value;
use std::io::Write;

/// Errors when something is missing or not known, after telling all of it.
pub async fn preflight(central: &CentralClient, json: bool, out: &mut dyn Write) -> Result<()> {
    let found = central.get("/v1/preflight").await?;
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&found)?)?;
    } else {
        write_lines(&found, out)?;
    }
    ready(&found)
}

fn ready(found: &Value) -> Result<()> {
    let count = |name: &str| found.get(name).and_then(Value::as_u64).unwrap_or_default();
    if found.get("ready") == Some(&Value::Bool(true)) {
        return Ok(());
    }
    bail!("not ready: {} gaps, {} not known", count("gaps"), count("unknown"))
}

fn write_lines(found: &Value, out: &mut dyn Write) -> Result<()> {
    for line in rows(found, "/lines") {
        let words = [text(line, "/finding"), text(line, "/check"), text(line, "/what")];
        writeln!(out, "{:<8} {:<18} {}", words[0], words[1], words[2])?;
        if let Some(to_do) = line.get("to_do").and_then(Value::as_str) {
            writeln!(out, "         why: {}", text(line, "/why"))?;
            writeln!(out, "         do:  {to_do}")?;
        }
    }
    Ok(())
}

/// Errors when something does not add up, after telling all of it.
pub async fn postlaunch(central: &CentralClient, days: u32, json: bool, out: &mut dyn Write) -> Result<()> {
    let report = central.get(&format!("/v1/postlaunch?days={days}")).await?;
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        write_report(&report, out)?;
    }
    if report.get("agrees") == Some(&Value::Bool(true)) {
        return Ok(());
    }
    bail!("not everything adds up")
}

fn write_report(report: &Value, out: &mut dyn Write) -> Result<()> {
    for section in rows(report, "/sections") {
        let agrees = section.get("agrees") == Some(&Value::Bool(true));
        writeln!(out, "{}: {}", text(section, "/section"), if agrees { "agrees" } else { "does not agree" })?;
        for tally in rows(section, "/tallies") {
            let count = tally.get("count").and_then(Value::as_u64).unwrap_or_default();
            let must_be_none = tally.get("must_be_none") == Some(&Value::Bool(true));
            let mark = if must_be_none && count > 0 { "!" } else { " " };
            writeln!(out, "{mark} {count:>6} {}", text(tally, "/what"))?;
        }
        if let Some(to_do) = section.get("to_do").and_then(Value::as_str) {
            writeln!(out, "  do: {to_do}")?;
        }
    }
    for kind in rows(report, "/exceptions") {
        let count = |name: &str| kind.get(name).and_then(Value::as_u64).unwrap_or_default();
        let since = kind.get("open_since").and_then(Value::as_str);
        let since = since.map(|at| format!(", the oldest since {at}")).unwrap_or_default();
        writeln!(
            out,
            "  {}: {} raised, {} open{since}",
            text(kind, "/category"),
            count("raised"),
            count("open")
        )?;
    }
    for one in rows(report, "/mismatches") {
        writeln!(out, "  {} {}", text(one, "/order"), text(one, "/what"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::told::shown;
    use serde_json::json;

    #[test]
    fn what_is_fine_takes_one_line_and_a_gap_says_why_and_what_to_do() {
        let found = json!({ "ready": false, "gaps": 1, "unknown": 0, "lines": [
            { "check": "clocks", "finding": "ok", "what": "no clock is off", "why": "w", "to_do": null },
            { "check": "backup", "finding": "gap", "what": "there is none", "why": "disks die", "to_do": "make one" },
        ]});
        let text = shown(write_lines, &found);
        let expected = "ok       clocks             no clock is off\n\
                        gap      backup             there is none\n         why: disks die\n         do:  make one\n";
        assert_eq!(text, expected);
        assert_eq!(ready(&found).unwrap_err().to_string(), "not ready: 1 gaps, 0 not known");
        assert!(ready(&json!({ "ready": true })).is_ok());
    }

    #[test]
    fn a_report_marks_what_must_not_be() {
        let report = json!({ "agrees": false, "sections": [
            { "section": "counts", "agrees": false, "to_do": "look", "tallies": [
                { "what": "orders", "count": 9, "must_be_none": false },
                { "what": "holds of nobody", "count": 2, "must_be_none": true } ] } ],
            "exceptions": [{ "category": "stuck", "raised": 3, "open": 1, "open_since": "T" }],
            "mismatches": [{ "order": "o1", "what": "is odd" }] });
        let text = shown(write_report, &report);
        let expected = "counts: does not agree\n       9 orders\n!      2 holds of nobody\n  do: look\n  \
                        stuck: 3 raised, 1 open, the oldest since T\n  o1 is odd\n";
        assert_eq!(text, expected);
    }
}
