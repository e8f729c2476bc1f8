//! The trace of one order at a terminal: a tree from the storefront to the hand-over and back, as it is on record.

use crate::client::CentralClient;
use crate::told::{number, rows, text};
use anyhow::Result;
use serde_json::Value;
use std::io::Write;

#[derive(Debug, clap::Args)]
pub struct TraceAsked {
    pub order: String,
    /// Mark steps that took longer than so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub long_after: u32,
    /// Print all that central tells as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Needs no collector of traces: central makes the tree of what it has on record.
pub async fn trace(central: &CentralClient, asked: &TraceAsked, out: &mut dyn Write) -> Result<()> {
    let TraceAsked { order, long_after, json } = asked;
    let told = central.get(&format!("/v1/orders/{order}/trace?long_after_s={long_after}")).await?;
    if *json {
        writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
        return Ok(());
    }
    write_trace(&told, out)
}

fn write_trace(told: &Value, out: &mut dyn Write) -> Result<()> {
    let (order, state, trace) = (text(told, "/order"), text(told, "/state"), text(told, "/trace_id"));
    writeln!(out, "order {order}  {state}\ntrace {trace}\n")?;
    writeln!(out, "  {:<24} {:>9}  {:<44} {:<28} span", "when", "took", "step", "where, who")?;
    for step in rows(told, "/steps") {
        write_step(step, out)?;
    }
    if told.pointer("/truncated").and_then(Value::as_bool) == Some(true) {
        writeln!(out, "  ... there are more steps than central tells")?;
    }
    if let Some(idle_ms) = told.pointer("/idle_ms").and_then(Value::as_u64) {
        let long = idle_ms >= number(told, "/long_after_s").saturating_mul(1_000);
        let mark = if long { "!" } else { " " };
        writeln!(
            out,
            "{mark} {:<24} {:>9}  nothing since: the order waits",
            text(told, "/idle_since"),
            length(idle_ms)
        )?;
    }
    Ok(())
}

fn write_step(step: &Value, out: &mut dyn Write) -> Result<()> {
    let long = step.pointer("/long").and_then(Value::as_bool) == Some(true);
    let depth = usize::try_from(number(step, "/depth")).unwrap_or_default();
    let branch =
        if depth == 0 { String::new() } else { format!("{}└ ", "  ".repeat(depth.saturating_sub(1))) };
    let name = format!("{branch}{}", text(step, "/name").replace('_', " "));
    let place = match text(step, "/store") {
        "" => text(step, "/place"),
        store => store,
    };
    let who = match text(step, "/actor") {
        "" => place.to_owned(),
        actor if actor == place => place.to_owned(),
        actor => format!("{place}, {actor}"),
    };
    let open = step.pointer("/ended_at").is_none();
    let took = if open { "open".to_owned() } else { length(number(step, "/took_ms")) };
    let mark = if long { "!" } else { " " };
    let when = if open { text(step, "/began_at") } else { text(step, "/ended_at") };
    writeln!(out, "{mark} {when:<24} {took:>9}  {name:<44} {who:<28} {}", text(step, "/span"))?;
    let mut more: Vec<String> =
        Some(text(step, "/words").to_owned()).filter(|words| !words.is_empty()).into_iter().collect();
    if step.pointer("/clock_off").and_then(Value::as_bool) == Some(true) {
        more.push("the store's clock was off".to_owned());
    }
    if let Some(link) = step.get("link") {
        more.push(format!("also in trace {}, span {}", text(link, "/trace_id"), text(link, "/span")));
    }
    for words in more {
        writeln!(out, "  {:<24} {:>9}  {}{words}", "", "", "  ".repeat(depth.saturating_add(1)))?;
    }
    Ok(())
}

/// In two units at most: 0, 45ms, 3.2s, 4m10s, 2h05m, 3d4h.
fn length(ms: u64) -> String {
    let (s, m, h) = (ms / 1_000, ms / 60_000, ms / 3_600_000);
    match ms {
        0 => "-".to_owned(),
        1..=999 => format!("{ms}ms"),
        1_000..=59_999 => format!("{s}.{}s", ms % 1_000 / 100),
        60_000..=3_599_999 => format!("{m}m{:02}s", s % 60),
        3_600_000..=86_399_999 => format!("{h}h{:02}m", m % 60),
        _ => format!("{}d{}h", h / 24, h % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(told: &Value) -> String {
        let mut out = Vec::new();
        write_trace(told, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_tree_is_told_from_the_top_and_what_took_long_is_marked() {
        let step = |depth: u32, name: &str, took_ms: u64, long: bool| {
            json!({ "depth": depth, "name": name, "place": "store", "store": "leeds", "actor": "hh-3", "span": "00f067aa0ba902b7",
                "began_at": "2026-11-22T10:00:00Z", "ended_at": "2026-11-22T10:06:40Z", "took_ms": took_ms, "long": long, "words": "" })
        };
        let told = json!({ "order": "o1", "state": "picking", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
            "steps": [step(0, "placed", 0, false), step(1, "offered", 20, false), step(2, "picking_started", 400_000, true)],
            "truncated": false, "long_after_s": 300, "idle_since": "2026-11-22T10:06:40Z", "idle_ms": 7_500_000 });
        let shown = shown(&told);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1], "trace 4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(lines[4].contains("placed") && lines[4].starts_with(' '), "{shown}");
        assert!(lines[5].contains("20ms  └ offered"), "{shown}");
        assert!(lines[6].starts_with('!') && lines[6].contains("6m40s    └ picking started"), "{shown}");
        assert!(lines[6].contains("leeds, hh-3") && lines[6].ends_with("00f067aa0ba902b7"), "{shown}");
        assert!(lines[7].starts_with('!') && lines[7].contains("2h05m  nothing since"), "{shown}");
    }

    #[test]
    fn another_trace_and_a_wrong_clock_are_told_beside_a_step() {
        let told = json!({ "order": "o1", "steps": [{ "depth": 1, "name": "cancel", "place": "central", "span": "00f067aa0ba902b7",
            "began_at": "2026-11-22T10:00:00Z", "clock_off": true, "words": "asked", "took_ms": 0,
            "link": { "trace_id": "0af7651916cd43dd8448eb211c80319c", "span": "b7ad6b7169203331" } }] });
        let shown = shown(&told);
        for part in
            ["open", "asked", "the store's clock was off", "also in trace 0af7651916cd43dd8448eb211c80319c"]
        {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
    }
}
