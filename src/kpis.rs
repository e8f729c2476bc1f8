//! How routing does, at a terminal.

use crate::client::CentralClient;
use anyhow::Result;
use serde_json::Value;
use std::io::Write;

/// What is told, under which head, and how it is read: as a share, a count, or a time.
const COLUMNS: &[(&str, &str, Form)] = &[
    ("units", "/counts/units", Form::Count),
    ("best node", "/rates/best_node_share", Form::Share),
    ("fulfilled", "/rates/fulfilled_best_share", Form::Share),
    ("found", "/rates/routing_success", Form::Share),
    ("split", "/rates/split_share", Form::Share),
    ("rerouted", "/rates/reroute_share", Form::Share),
    ("cancelled", "/counts/cancelled", Form::Count),
    ("not there", "/rates/oversell_share", Form::Share),
    ("kept back", "/counts/withheld_units", Form::Count),
    ("promises", "/rates/promise_accuracy", Form::Share),
    ("to a node", "/rates/reservation_ms", Form::Time),
    ("to answer", "/rates/acknowledgement_ms", Form::Time),
];

#[derive(Debug, Clone, Copy)]
enum Form {
    Count,
    Share,
    Time,
}

/// Which days, and split by what.
#[derive(Debug, Clone, clap::Args)]
pub struct KpisAsked {
    /// A day like 2026-11-01, in UTC; 30 days up to the last when left out
    #[arg(long)]
    pub from: Option<String>,
    #[arg(long)]
    pub to: Option<String>,
    /// Of orders: acceptance, waits, cancellations, minutes of people, by channel or source; and what waits
    #[arg(long)]
    pub orders: bool,
    /// Of routing: channel, kind, policy, region or node; of orders: channel or source
    #[arg(long, default_value = "channel", value_parser = ["channel", "kind", "policy", "region", "node", "source"])]
    pub by: String,
}

impl KpisAsked {
    pub(crate) fn named(&self) -> [(&str, Option<&str>); 3] {
        [("from", self.from.as_deref()), ("to", self.to.as_deref()), ("by", Some(self.by.as_str()))]
    }
}

pub async fn kpis(central: &CentralClient, asked: &KpisAsked, out: &mut dyn Write) -> Result<()> {
    write_kpis(&central.find("/v1/kpis/routing", &asked.named()).await?, out)
}

fn write_kpis(told: &Value, out: &mut dyn Write) -> Result<()> {
    let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
    writeln!(out, "from {} to {}, by {}", text("from"), text("to"), text("by"))?;
    let head: String = COLUMNS.iter().map(|(name, ..)| format!(" {name:>10}")).collect();
    writeln!(out, "{:<24}{head}", "")?;
    let all = told.get("total").map(|total| ("all", total));
    let slices = told.get("slices").and_then(Value::as_array).into_iter().flatten();
    let named = slices.map(|slice| (slice.get("name").and_then(Value::as_str).unwrap_or("none"), slice));
    for (name, kpi) in all.into_iter().chain(named) {
        let cells: String = COLUMNS
            .iter()
            .map(|(_, path, form)| format!(" {:>10}", cell(kpi.pointer(path), *form)))
            .collect();
        writeln!(out, "{name:<24}{cells}")?;
    }
    Ok(())
}

fn cell(value: Option<&Value>, form: Form) -> String {
    let Some(value) = value.and_then(Value::as_f64) else { return "-".to_owned() };
    match form {
        Form::Count => value.to_string(),
        Form::Share => format!("{:.1}%", value * 100.0),
        Form::Time => format!("{:.1} s", value / 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_name_has_its_line_below_all_of_them() {
        let kpi = |units: i64, best: Option<f64>| {
            json!({ "counts": { "units": units, "withheld_units": 2 },
            "rates": { "best_node_share": best, "reservation_ms": 1_500.0 } })
        };
        let mut web = kpi(3, Some(0.5));
        web["name"] = json!("web");
        let told = json!({ "from": "2026-11-01", "to": "2026-11-30", "by": "channel", "total": kpi(4, None),
            "slices": [web, kpi(1, Some(1.0))] });
        let mut out = Vec::new();
        write_kpis(&told, &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        let lines: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0].join(" "), "from 2026-11-01 to 2026-11-30, by channel");
        assert_eq!(lines[2][..3], ["all", "4", "-"]);
        assert_eq!(lines[3][..3], ["web", "3", "50.0%"]);
        assert_eq!(lines[4][..3], ["none", "1", "100.0%"]);
        assert!(shown.contains("1.5 s"), "{shown}");
    }
}
