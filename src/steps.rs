//! The way of an order at a terminal: what was reserved, acknowledged, labelled, charged.

use crate::client::CentralClient;
use crate::told::{number, rows, text};
use anyhow::Result;
use serde_json::Value;
use std::io::Write;

/// Each step with its tries, and the money's facts.
pub async fn steps(central: &CentralClient, order: &str, as_json: bool, out: &mut dyn Write) -> Result<()> {
    let told = central.get(&format!("/v1/orders/{order}/steps")).await?;
    if as_json {
        writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
        return Ok(());
    }
    write_steps(&told, out)
}

fn write_steps(told: &Value, out: &mut dyn Write) -> Result<()> {
    for question in ["reserved", "acknowledged", "labelled", "charged"] {
        let answer = match told.get(question).and_then(Value::as_bool) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not known",
        };
        writeln!(out, "{question:<13} {answer}")?;
    }
    writeln!(out)?;
    for step in rows(told, "/steps") {
        let state = text(step, "/state").replace('_', " ");
        let (name, tries) = (text(step, "/step").replace('_', " "), number(step, "/attempts"));
        writeln!(out, "{name:<10} {state:<10} {tries:>3}  {}", text(step, "/words"))?;
        if state == "failed" || state == "under way" {
            writeln!(
                out,
                "{:<26}in silence: {}; {}",
                "",
                text(step, "/on_timeout"),
                text(step, "/recovery")
            )?;
        }
    }
    let Some(payment) = told.get("payment") else { return Ok(()) };
    let money = |name: &str| {
        let at = |part: &str| format!("/{name}/{part}");
        format!("{name} {} {}", number(payment, &at("minor")), text(payment, &at("currency")))
    };
    let sums: Vec<String> = ["authorized", "captured", "voided", "refunded"].map(money).into();
    writeln!(out, "\n{} ({}): {}", text(payment, "/provider"), text(payment, "/standing"), sums.join(", "))?;
    for fact in rows(payment, "/facts") {
        let call = format!("{}/{}", text(fact, "/call"), number(fact, "/run"));
        let (said, source) = (text(fact, "/said"), text(fact, "/source"));
        let more = [text(fact, "/reference"), text(fact, "/code"), text(fact, "/words"), text(fact, "/key")];
        let more: Vec<&str> = more.into_iter().filter(|part| !part.is_empty()).collect();
        writeln!(out, "  {} {call:<12} {said:<9} by {source:<8} {}", text(fact, "/at"), more.join(", "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_four_questions_come_first_and_a_step_that_hangs_says_what_follows() {
        let step = |name: &str, state: &str| {
            json!({ "step": name, "state": state, "attempts": 2, "words": "asked", "on_timeout": "confirm",
                "recovery": "a decline rejects the order" })
        };
        let money = |minor: i64| json!({ "minor": minor, "currency": "EUR" });
        let told = json!({ "order": "o1", "reserved": true, "acknowledged": false, "charged": false,
            "steps": [step("authorize", "under_way"), step("hand_over", "not_begun")],
            "payment": { "provider": "cards", "standing": "awaited", "authorized": money(1000),
                "captured": money(0), "voided": money(0), "refunded": money(0),
                "facts": [{ "sequence": 1, "call": "authorize", "run": 0, "said": "asked", "source": "central",
                    "at": "2026-11-22T10:00:00Z", "key": "acme:k/authorize/-/n0" }] } });
        let mut out = Vec::new();
        write_steps(&told, &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "reserved      yes");
        assert_eq!(lines[2], "labelled      not known");
        assert!(lines[6].contains("in silence: confirm; a decline rejects the order"), "{shown}");
        assert!(!lines[7].contains("in silence"), "{shown}");
        assert!(shown.contains("cards (awaited): authorized 1000 EUR, captured 0 EUR"), "{shown}");
        assert!(shown.contains("authorize/0  asked     by central  acme:k/authorize/-/n0"), "{shown}");
    }
}
