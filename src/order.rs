//! One order at a terminal: what it says, what it comes to, how far each line is, and what was changed.

use crate::client::CentralClient;
use crate::told::text;
use anyhow::Result;
use holdfast_shared::money::Money;
use serde_json::Value;
use std::io::Write;

/// With a key of customer service what is personal of it is told too.
pub async fn order(central: &CentralClient, order: &str, as_json: bool, out: &mut dyn Write) -> Result<()> {
    let told = central.get(&format!("/v1/orders/{order}")).await?;
    if as_json {
        writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
        return Ok(());
    }
    write_order(&told, out)
}

fn write_order(told: &Value, out: &mut dyn Write) -> Result<()> {
    let said = |path: &str| Some(text(told, path)).filter(|said| !said.is_empty());
    writeln!(out, "{}  {}  {}", text(told, "/order"), text(told, "/state"), text(told, "/kind"))?;
    let facts = [
        ("reference", "/reference"),
        ("channel", "/channel"),
        ("key", "/root_key"),
        ("placed", "/placed_at"),
        ("promised by", "/promise_by"),
        ("priority", "/priority"),
        ("paid through", "/payment/provider"),
        ("sent by", "/shipping/service"),
        ("may be there twice, see", "/possible_duplicate_of"),
        ("customer", "/customer/name"),
        ("mail", "/customer/email"),
        ("telephone", "/customer/phone"),
        ("message", "/gift/message"),
    ];
    for (name, path) in facts {
        if let Some(said) = said(path) {
            writeln!(out, "  {name}: {said}")?;
        }
    }
    for line in rows(told, "/customer/address") {
        writeln!(out, "  address: {}", line.as_str().unwrap_or_default())?;
    }
    for line in rows(told, "/lines") {
        let units = |name: &str| number(line, &format!("/{name}"));
        let mut words = format!(
            "  {:>4}  {:<24} {} ordered, {} open, {} finished, {} cancelled",
            number(line, "/line"),
            text(line, "/sku"),
            units("quantity"),
            units("open"),
            units("finished"),
            units("cancelled")
        );
        if let Some(totals) = line.get("totals").filter(|totals| !totals.is_null()) {
            words.push_str(&format!(", {}", money(totals, "total")?));
        }
        writeln!(out, "{words}")?;
    }
    if let Some(totals) = told.get("totals") {
        let part = |name: &str| money(totals, name);
        writeln!(
            out,
            "  comes to {}: goods {}, less {}, taxes {}, shipping {}",
            part("total")?,
            part("goods")?,
            part("discounts")?,
            part("taxes")?,
            part("shipping")?
        )?;
    }
    for change in rows(told, "/changes") {
        let words = [text(change, "/at"), text(change, "/actor"), text(change, "/words")];
        writeln!(out, "  change {}: {}", number(change, "/change"), words.join("  "))?;
    }
    Ok(())
}

fn rows<'a>(told: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> {
    told.pointer(path).and_then(Value::as_array).into_iter().flatten()
}

fn number(told: &Value, path: &str) -> i64 {
    told.pointer(path).and_then(Value::as_i64).unwrap_or_default()
}

/// One amount of totals, which name their currency once.
fn money(totals: &Value, part: &str) -> Result<Money> {
    let minor = totals.get(part).and_then(Value::as_i64).unwrap_or_default();
    Ok(Money { minor, currency: text(totals, "/currency").parse()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_order_is_told_with_its_money_and_its_changes() {
        let totals = json!({ "currency": "EUR", "goods": 2_000, "discounts": 200, "taxes": 0, "shipping": 495, "total": 2_295 });
        let told = json!({
            "order": "o-1", "state": "placed", "kind": "ship", "channel": "web", "root_key": "k1",
            "customer": { "name": "Ada", "address": ["12 St James's Square"] },
            "lines": [{ "line": 1, "sku": "TEA", "quantity": 3, "open": 2, "finished": 0, "cancelled": 1, "totals": totals }],
            "totals": totals,
            "changes": [{ "change": 1, "at": "2027-01-01T00:00:00Z", "actor": "key:shop", "words": "1 of line 1 taken off" }]
        });
        let mut out = Vec::new();
        write_order(&told, &mut out).unwrap();
        let said = String::from_utf8(out).unwrap();
        for expected in [
            "o-1  placed  ship\n",
            "  key: k1\n",
            "  customer: Ada\n  address: 12 St James's Square\n",
            "3 ordered, 2 open, 0 finished, 1 cancelled, 22.95 EUR\n",
            "  comes to 22.95 EUR: goods 20.00 EUR, less 2.00 EUR, taxes 0.00 EUR, shipping 4.95 EUR\n",
            "  change 1: 2027-01-01T00:00:00Z  key:shop  1 of line 1 taken off\n",
        ] {
            assert!(said.contains(expected), "{expected:?} is not in\n{said}");
        }
    }
}
