//! How orders flow, at a terminal: from state to state, and where they stand now.

use crate::client::CentralClient;
use crate::told::{number, rows, text};
use anyhow::Result;
use serde_json::Value;
use std::io::Write;

pub async fn flow(
    central: &CentralClient,
    (from, to): (Option<&str>, Option<&str>),
    by: &str,
    out: &mut dyn Write,
) -> Result<()> {
    let asked = [("from", from), ("to", to), ("by", Some(by))];
    write_flow(&central.find("/v1/kpis/flow", &asked).await?, out)
}

fn write_flow(told: &Value, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "from {} to {}, by {}", text(told, "/from"), text(told, "/to"), text(told, "/by"))?;
    write_ways("all", told, "/total", out)?;
    for slice in rows(told, "/slices") {
        write_ways(text(slice, "/name"), slice, "/transitions", out)?;
    }
    writeln!(out, "\nopen now")?;
    for standing in rows(told, "/now") {
        writeln!(
            out,
            "  {:<12} {:>7} orders, {} late  ({})",
            text(standing, "/state"),
            number(standing, "/orders"),
            number(standing, "/late"),
            text(standing, "/stage"),
        )?;
    }
    let ambiguous = number(told, "/ambiguous/orders");
    let share = told.pointer("/ambiguous/share").and_then(Value::as_f64).unwrap_or_default();
    let after = number(told, "/ambiguous/after_s");
    writeln!(out, "{ambiguous} of them ({:.1}%) nobody can say anything of after {after} s", share * 100.0)?;
    Ok(())
}

fn write_ways(name: &str, told: &Value, path: &str, out: &mut dyn Write) -> Result<()> {
    writeln!(
        out,
        "\n{name:<28}{:>9}{:>8}{:>10}{:>10}{:>10}",
        "orders", "share", "half in", "95% in", "stage"
    )?;
    for way in rows(told, path) {
        let from = Some(text(way, "/from")).filter(|from| !from.is_empty()).unwrap_or("-");
        let set_back = way.get("set_back").and_then(Value::as_bool).unwrap_or_default();
        let share = way.get("share").and_then(Value::as_f64).unwrap_or_default() * 100.0;
        writeln!(
            out,
            "  {:<26}{:>9}{share:>7.1}%{:>10}{:>10}{:>14}{}",
            format!("{from} > {}", text(way, "/to")),
            number(way, "/orders"),
            seconds(way, "/p50_ms"),
            seconds(way, "/p95_ms"),
            text(way, "/stage"),
            if set_back { "  set back" } else { "" },
        )?;
    }
    Ok(())
}

fn seconds(way: &Value, path: &str) -> String {
    let ms = way.pointer(path).and_then(Value::as_f64);
    ms.map_or_else(|| "-".to_owned(), |ms| format!("{:.1} s", ms / 1_000.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_way_has_its_line_and_a_set_back_says_so() {
        let back = json!({ "from": "allocated", "to": "placed", "orders": 1, "share": 0.25, "set_back": true,
            "stage": "allocation", "p50_ms": 61_000, "p95_ms": 90_000 });
        let placed =
            json!({ "to": "placed", "orders": 4, "share": 1.0, "set_back": false, "stage": "intake" });
        let told = json!({ "from": "2026-11-01", "to": "2026-11-07", "by": "channel", "total": [placed],
            "slices": [{ "name": "web", "transitions": [back] }],
            "now": [{ "state": "allocated", "orders": 3, "late": 2, "stage": "allocation" }],
            "ambiguous": { "after_s": 900, "orders": 2, "share": 0.5 } });
        let mut out = Vec::new();
        write_flow(&told, &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        let words: Vec<String> =
            shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert!(words.contains(&"- > placed 4 100.0% - - intake".to_owned()), "{shown}");
        assert!(
            words.contains(&"allocated > placed 1 25.0% 61.0 s 90.0 s allocation set back".to_owned()),
            "{shown}"
        );
        assert!(words.contains(&"allocated 3 orders, 2 late (allocation)".to_owned()), "{shown}");
        assert!(shown.contains("2 of them (50.0%)"), "{shown}");
    }
}
