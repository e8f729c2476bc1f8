//! Recorded orders replayed under another policy, at a terminal: the score of both, and who changed most.

use crate::client::CentralClient;
use crate::told::{number, rows, text};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// How often it is asked how far the replay has come.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Looks at a replay that does not move before it is given up: ten minutes.
const STUCK_LOOKS: u32 = 2_400;

#[derive(Debug, Args)]
pub struct ReplayAsked {
    /// A version, 0 for what is built in, or a file in TOML that is no version yet
    #[arg(long, value_name = "VERSION|FILE")]
    pub policy: String,
    /// Orders placed from this day on, like 2026-11-01 in UTC; a week up to the last when left out
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// Up to this day; today when left out
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// These orders, with commas between them, and no days
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["from", "to"])]
    pub orders: Option<Vec<String>>,
    /// What it is compared with: a version, or `active`
    #[arg(long, default_value = "active", value_name = "VERSION|active")]
    pub against: String,
    /// How many of the changed orders are told
    #[arg(long, default_value_t = 20)]
    pub told: usize,
    #[arg(long, default_value = "text")]
    pub out: ReplayForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReplayForm {
    Text,
    Json,
    /// The score alone, a line per term
    Csv,
}

pub async fn replay(central: &CentralClient, asked: ReplayAsked, out: &mut dyn Write) -> Result<()> {
    let (path, body) = request(&asked)?;
    let begun = central.send(Method::POST, &path, &body).await?;
    let id = begun.get("replay").and_then(Value::as_i64).context("the answer names no replay")?;
    let report = wait(central, id).await?;
    match asked.out {
        ReplayForm::Json => writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?,
        ReplayForm::Csv => write_csv(&report, out)?,
        ReplayForm::Text => write_report(&report, out)?,
    }
    Ok(())
}

/// Where it is asked for, and how.
fn request(asked: &ReplayAsked) -> Result<(String, Value)> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            body.insert(name.to_owned(), value);
        }
    };
    put("from", json!(asked.from));
    put("to", json!(asked.to));
    put("orders", json!(asked.orders));
    put("told", json!(asked.told));
    if asked.against != "active" {
        let version: u32 = asked
            .against
            .parse()
            .with_context(|| format!("{:?} is no version, nor active", asked.against))?;
        put("against", json!(version));
    }
    let path = match asked.policy.parse::<u32>() {
        Ok(version) => format!("/v1/policies/{version}/replay"),
        Err(_) => {
            let file = Path::new(&asked.policy);
            let text = std::fs::read_to_string(file).with_context(|| {
                format!("{} is neither a version nor a file that can be read", asked.policy)
            })?;
            put("text", json!(text));
            String::from("/v1/policies/replay")
        }
    };
    Ok((path, Value::Object(body)))
}

/// Until it is over; the report.
async fn wait(central: &CentralClient, id: i64) -> Result<Value> {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let (mut played, mut still) = (0, 0);
    while still < STUCK_LOOKS {
        looks.tick().await;
        let mut told = central.get(&format!("/v1/replays/{id}")).await?;
        match text(&told, "/state") {
            "done" => return Ok(told.get_mut("report").map(Value::take).unwrap_or_default()),
            "failed" => bail!("the replay failed: {}", text(&told, "/why")),
            "cancelled" => bail!("somebody ended the replay"),
            _ => {}
        }
        let now = number(&told, "/played");
        still = if now > played { 0 } else { still.saturating_add(1) };
        played = now;
    }
    bail!("replay {id} does not go on; GET /v1/replays/{id} tells when it does")
}

fn write_report(report: &Value, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{}, beside {}", text(report, "/candidate"), text(report, "/reference"))?;
    let count = |name: &str| number(report, &format!("/record/{name}"));
    writeln!(
        out,
        "{} orders, {} decisions: {} exact, {} with nodes that are not kept, {} without what they were made from; \
         {} made again as they were made",
        count("orders"),
        count("decisions"),
        count("whole"),
        count("cut"),
        count("without_inputs"),
        count("as_decided")
    )?;
    if report.get("more").and_then(Value::as_bool).unwrap_or_default() {
        writeln!(out, "more orders were placed in these days than one replay goes through: name fewer days")?;
    }
    for unknown in rows(report, "/unknown").filter_map(Value::as_str) {
        writeln!(out, "there is no order {unknown}")?;
    }
    let unseen: Vec<&str> = rows(report, "/not_judged").filter_map(Value::as_str).collect();
    if !unseen.is_empty() {
        writeln!(out, "they also differ in {}, of which no replay shows anything", unseen.join(" and "))?;
    }
    write_answer("each decision by itself", report.get("alone"), out)?;
    write_answer("one after another", report.get("sequence"), out)
}

fn write_answer(name: &str, answer: Option<&Value>, out: &mut dyn Write) -> Result<()> {
    let Some(answer) = answer else { return Ok(()) };
    writeln!(out, "\n{name}: {}", text(answer, "/words"))?;
    writeln!(out, "  {:<20} {:>12} {:>12} {:>12}  unit", "", "candidate", "reference", "difference")?;
    for row in rows(answer, "/score") {
        let shown = |path: &str| figure(row.pointer(path));
        let [candidate, reference] = [shown("/candidate/value"), shown("/reference/value")];
        let difference = row.get("difference").and_then(Value::as_f64);
        let difference = difference.map_or_else(|| "-".to_owned(), |by| format!("{by:+}"));
        let (term, unit, verdict) = (text(row, "/term"), text(row, "/unit"), text(row, "/verdict"));
        writeln!(out, "  {term:<20} {candidate:>12} {reference:>12} {difference:>12}  {unit}, {verdict}")?;
    }
    writeln!(out, "  {} of {} came out otherwise", number(answer, "/changed"), number(answer, "/cases"))?;
    for change in rows(answer, "/most_changed") {
        writeln!(out, "  {}: {}", text(change, "/order"), text(change, "/words"))?;
        writeln!(out, "      {}", text(change, "/cause"))?;
        let left_out = number(change, "/unrecorded");
        if left_out > 0 {
            writeln!(out, "      not known: {left_out} nodes of which nothing is kept")?;
        }
        writeln!(out, "      explained at {}", text(change, "/explain"))?;
    }
    Ok(())
}

fn write_csv(report: &Value, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "way,term,unit,better,candidate,candidate_of,reference,reference_of,difference,verdict")?;
    for way in ["alone", "sequence"] {
        for row in rows(report, &format!("/{way}/score")) {
            let cell =
                |path: &str| row.pointer(path).filter(|cell| !cell.is_null()).map(plain).unwrap_or_default();
            let cells = [
                way.to_owned(),
                cell("/term"),
                format!("\"{}\"", cell("/unit")),
                cell("/better"),
                cell("/candidate/value"),
                cell("/candidate/of"),
                cell("/reference/value"),
                cell("/reference/of"),
                cell("/difference"),
                cell("/verdict"),
            ];
            writeln!(out, "{}", cells.join(","))?;
        }
    }
    Ok(())
}

fn figure(value: Option<&Value>) -> String {
    value.filter(|value| !value.is_null()).map_or_else(|| "-".to_owned(), plain)
}

/// Without the quotes of JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        asked: ReplayAsked,
    }

    fn asked(line: &str) -> Result<(String, Value)> {
        let words = std::iter::once("replay").chain(line.split_whitespace());
        request(&Line::try_parse_from(words)?.asked)
    }

    #[test]
    fn a_version_or_a_file_is_asked_for_with_days_or_orders() {
        let (path, body) = asked("--policy 4 --from 2026-11-01 --against 0").unwrap();
        assert_eq!(path, "/v1/policies/4/replay");
        assert_eq!(body, json!({ "from": "2026-11-01", "told": 20, "against": 0 }));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("p.toml");
        std::fs::write(&file, "[routing]\n").unwrap();
        let (path, body) = asked(&format!("--policy {} --orders o-1,o-2", file.display())).unwrap();
        assert_eq!(path, "/v1/policies/replay");
        assert_eq!(body, json!({ "text": "[routing]\n", "orders": ["o-1", "o-2"], "told": 20 }));
        assert!(asked("--policy /nowhere.toml").unwrap_err().to_string().contains("neither a version"));
        assert!(asked("--policy 4 --orders o-1 --from 2026-11-01").is_err());
        assert!(asked("--policy 4 --against yesterday").unwrap_err().to_string().contains("nor active"));
    }

    fn report() -> Value {
        let row = json!({
            "term": "split_share", "words": "", "unit": "share", "better": "lower",
            "candidate": { "value": 0.25, "of": 4 }, "reference": { "value": 0.5, "of": 4 },
            "difference": -0.25, "verdict": "better"
        });
        let nothing = json!({
            "term": "promise_kept", "words": "", "unit": "share", "better": "higher",
            "candidate": null, "reference": null, "difference": null, "verdict": "unknown"
        });
        let change = json!({
            "order": "o-1", "decision": "d-1", "words": "york (20 km) instead of nobody", "cause": "no more refused",
            "unrecorded": 3, "explain": "/v1/orders/o-1/explain?policy=4"
        });
        let answer = json!({ "words": "exact.", "cases": 4, "score": [row, nothing], "changed": 1, "most_changed": [change] });
        json!({
            "candidate": "v4 abc", "reference": "v3 def", "more": false, "unknown": [],
            "record": { "orders": 4, "decisions": 4, "whole": 4, "cut": 0, "without_inputs": 0, "as_decided": 4 },
            "alone": answer, "sequence": answer
        })
    }

    #[test]
    fn a_report_is_told_as_text_and_its_score_as_csv() {
        let mut out = Vec::new();
        write_report(&report(), &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        for line in [
            "v4 abc, beside v3 def",
            "  split_share                  0.25          0.5        -0.25  share, better",
            "  promise_kept                    -            -            -  share, unknown",
            "  o-1: york (20 km) instead of nobody",
            "      explained at /v1/orders/o-1/explain?policy=4",
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
        }
        let mut out = Vec::new();
        write_csv(&report(), &mut out).unwrap();
        let lines = String::from_utf8(out).unwrap();
        assert_eq!(lines.lines().count(), 5);
        assert_eq!(lines.lines().nth(1), Some("alone,split_share,\"share\",lower,0.25,4,0.5,4,-0.25,better"));
        assert_eq!(lines.lines().nth(4), Some("sequence,promise_kept,\"share\",higher,,,,,,unknown"));
    }
}
