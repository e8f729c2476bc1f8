//! Trials of versions at a terminal.

use super::{number, rows, text, text_of};
use crate::client::CentralClient;
use anyhow::{Context, Result};
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Start {
    version: u32,
    plan: PathBuf,
    /// The share of the plan's cohort that it starts with
    #[arg(long)]
    percent: u8,
    #[arg(long)]
    reason: String,
    /// Completes the plan's cohort; rollout-presets tells what each asks for
    #[arg(long)]
    preset: Option<String>,
    /// Added to the plan's cohort; repeat for several
    #[arg(long)]
    region: Vec<String>,
    #[arg(long)]
    brand: Vec<String>,
    #[arg(long)]
    class: Vec<String>,
    #[arg(long)]
    channel: Vec<String>,
}

pub(super) async fn start(central: &CentralClient, wanted: Start, out: &mut dyn Write) -> Result<()> {
    let plan: Value = serde_json::from_str(&text_of(&wanted.plan)?)
        .with_context(|| format!("{} is not JSON", wanted.plan.display()))?;
    trial(&central.send(Method::POST, "/v1/rollouts", &request(&wanted, plan)).await?, out)
}

/// The plan with what was added to its cohort.
fn request(wanted: &Start, mut plan: Value) -> Value {
    let added = [
        ("regions", &wanted.region),
        ("brands", &wanted.brand),
        ("classes", &wanted.class),
        ("channels", &wanted.channel),
    ];
    for (field, names) in added.into_iter().filter(|(_, names)| !names.is_empty()) {
        let before = plan.pointer(&format!("/cohort/{field}")).and_then(Value::as_array).cloned();
        let mut all = before.unwrap_or_default();
        all.extend(names.iter().map(|name| json!(name)));
        if let Some(plan) = plan.as_object_mut()
            && let Some(cohort) = plan.entry("cohort").or_insert_with(|| json!({})).as_object_mut()
        {
            cohort.insert(field.to_owned(), Value::Array(all));
        }
    }
    let preset = wanted.preset.as_ref().map(|name| name.replace('-', "_"));
    json!({
        "version": wanted.version, "plan": plan, "percent": wanted.percent, "reason": wanted.reason,
        "preset": preset,
    })
}

pub(super) fn presets(told: &Value, out: &mut dyn Write) -> Result<()> {
    for one in told.as_array().into_iter().flatten() {
        writeln!(out, "{}: {}", text(one, "/preset").replace('_', "-"), text(one, "/words"))?;
        writeln!(out, "    asks for {}", text(one, "/asks"))?;
    }
    Ok(())
}

pub(super) fn trial(rollout: &Value, out: &mut dyn Write) -> Result<()> {
    let state = text(rollout, "/state").replace('_', " ");
    let share = number(rollout, "/percent");
    writeln!(out, "the trial of v{} on {share} percent is {state}", number(rollout, "/version"))?;
    Ok(())
}

pub(super) fn rollout(told: &Value, out: &mut dyn Write) -> Result<()> {
    let Some(newest) = told.get("rollout").filter(|newest| !newest.is_null()) else {
        writeln!(out, "no version was ever tried")?;
        return Ok(());
    };
    trial(newest, out)?;
    for gauge in rows(told, "/gauges") {
        let side = if gauge.get("at_least") == Some(&Value::Bool(true)) { "at least" } else { "at most" };
        let mark = if gauge.get("holds") == Some(&Value::Bool(true)) { " " } else { "!" };
        let value = |name: &str| gauge.get(name).and_then(Value::as_i64).unwrap_or_default();
        let what = text(gauge, "/what");
        writeln!(out, "{mark} {:>8} {what}, {side} {}", value("now"), value("limit"))?;
    }
    writeln!(out, "guardrails: {}", text(told, "/verdict"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Start {
        Start {
            version: 3,
            plan: PathBuf::new(),
            percent: 5,
            reason: "peak".to_owned(),
            preset: Some("low-risk".to_owned()),
            region: vec!["north".to_owned()],
            brand: Vec::new(),
            class: Vec::new(),
            channel: vec!["app".to_owned()],
        }
    }

    #[test]
    fn what_is_named_at_the_terminal_joins_the_plans_cohort() {
        let asked = request(&wanted(), json!({ "cohort": { "channels": ["web"], "in_stock": true } }));
        let cohort = json!({ "channels": ["web", "app"], "regions": ["north"], "in_stock": true });
        assert_eq!((&asked["plan"]["cohort"], &asked["preset"]), (&cohort, &json!("low_risk")));
        let bare = request(&wanted(), json!({}));
        assert_eq!(bare["plan"]["cohort"], json!({ "channels": ["app"], "regions": ["north"] }));
    }

    #[test]
    fn each_guardrail_is_told_beside_its_limit() {
        let told = json!({
            "rollout": { "version": 3, "percent": 5, "state": "rolled_back" }, "verdict": "holds",
            "gauges": [{ "what": "open exceptions", "now": 2, "limit": 1, "at_least": false, "holds": false }]
        });
        let mut out = Vec::new();
        rollout(&told, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let expected = "the trial of v3 on 5 percent is rolled back\n!        2 open exceptions, at most 1\n\
                        guardrails: holds\n";
        assert_eq!(text, expected);
    }
}
