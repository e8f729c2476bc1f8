//! How orders do, at a terminal: by channel or source, and what waits in which queue.

use crate::client::CentralClient;
use crate::kpis::KpisAsked;
use crate::told::{number, rows, text};
use anyhow::Result;
use serde_json::Value;
use std::io::Write;

#[derive(Debug, Clone, Copy)]
enum Form {
    Count,
    Share,
    Time,
}

/// What is told, under which head, and how it is read.
const COLUMNS: &[(&str, &str, Form)] = &[
    ("placed", "/placed", Form::Count),
    ("got node", "/reserved", Form::Count),
    ("taken on", "/acceptance_rate", Form::Share),
    ("found", "/routing_success", Form::Share),
    ("node p50", "/reservation/p50_ms", Form::Time),
    ("node p95", "/reservation/p95_ms", Form::Time),
    ("answ p50", "/acknowledgement/p50_ms", Form::Time),
    ("answ p95", "/acknowledgement/p95_ms", Form::Time),
    ("cancelled", "/cancellation_rate", Form::Share),
    ("not there", "/oversell_rate", Form::Share),
    ("failover", "/failover_rate", Form::Share),
    ("best node", "/best_node_share", Form::Share),
    ("promises", "/promise_accuracy", Form::Share),
    ("differ", "/mismatches", Form::Count),
    ("minutes", "/manual_minutes", Form::Count),
];

pub async fn order_kpis(central: &CentralClient, asked: &KpisAsked, out: &mut dyn Write) -> Result<()> {
    write_kpis(&central.find("/v1/kpis/orders", &asked.named()).await?, out)
}

fn write_kpis(told: &Value, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "from {} to {}, by {}", text(told, "/from"), text(told, "/to"), text(told, "/by"))?;
    let head: String = COLUMNS.iter().map(|(name, ..)| format!(" {name:>9}")).collect();
    writeln!(out, "{:<22}{head}", "")?;
    let all = told.get("total").map(|total| ("all", total));
    let named = rows(told, "/slices").map(|slice| (text(slice, "/name"), slice));
    for (name, kpi) in all.into_iter().chain(named) {
        let cells: String =
            COLUMNS.iter().map(|(_, path, form)| format!(" {:>9}", cell(kpi.pointer(path), *form))).collect();
        writeln!(out, "{:<22}{cells}", if name.is_empty() { "of no order" } else { name })?;
    }
    writeln!(out, "\nwhat waits now{:<16}{:>8}{:>8}  since", "", "waiting", "tries")?;
    for queue in rows(told, "/queues") {
        let since = Some(text(queue, "/oldest_since")).filter(|since| !since.is_empty()).unwrap_or("-");
        let name = text(queue, "/queue");
        let (waiting, tries) = (number(queue, "/waiting"), number(queue, "/tries_max"));
        writeln!(out, "  {name:<28}{waiting:>8}{tries:>8}  {since}")?;
    }
    let late = number(told, "/ambiguous/orders");
    let after = number(told, "/ambiguous/after_s");
    writeln!(out, "{late} open orders of which nobody can say anything after {after} s")?;
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
    fn each_name_has_its_line_and_each_queue_its_oldest() {
        let kpi = json!({ "placed": 4, "reserved": 3, "acceptance_rate": 0.5, "manual_minutes": 25,
            "reservation": { "p50_ms": 1_500, "p95_ms": null } });
        let mut web = kpi.clone();
        web["name"] = json!("web");
        let told = json!({ "from": "2026-11-01", "to": "2026-11-30", "by": "channel", "total": kpi,
            "slices": [web, { "mismatches": 1 }],
            "queues": [{ "queue": "outbox", "waiting": 2, "tries_max": 0, "oldest_since": "2026-11-30T08:00:00Z" },
                { "queue": "consumer:erp", "waiting": 0, "tries_max": 3 }],
            "ambiguous": { "after_s": 900, "orders": 2, "share": 0.5 } });
        let mut out = Vec::new();
        write_kpis(&told, &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        let lines: Vec<String> =
            shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert!(lines[3].starts_with("web 4 3 50.0% - 1.5 s - "), "{shown}");
        assert!(lines[4].starts_with("of no order - "), "{shown}");
        assert!(lines.contains(&"outbox 2 0 2026-11-30T08:00:00Z".to_owned()), "{shown}");
        assert!(lines.contains(&"consumer:erp 0 3 -".to_owned()), "{shown}");
        assert!(shown.contains("2 open orders of which"), "{shown}");
    }
}
