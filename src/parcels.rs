//! The parcels of an order at a terminal: by which label each travels, and where it is.

use crate::client::CentralClient;
use crate::told::{number, rows, text};
use anyhow::Result;
use serde_json::Value;
use std::io::Write;

pub async fn parcels(central: &CentralClient, order: &str, as_json: bool, out: &mut dyn Write) -> Result<()> {
    let told = central.get(&format!("/v1/orders/{order}/parcels")).await?;
    if as_json {
        writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
        return Ok(());
    }
    write_parcels(&told, out)
}

fn write_parcels(told: &Value, out: &mut dyn Write) -> Result<()> {
    let all: Vec<&Value> = rows(told, "/parcels").collect();
    if all.is_empty() {
        writeln!(
            out,
            "no parcel has a label that central had made: none is picked yet, or stores make their own labels"
        )?;
    }
    for parcel in all {
        let state = text(parcel, "/state").replace('_', " ");
        let label = match parcel.get("label") {
            Some(label) => {
                let of = |name: &str| text(label, &format!("/{name}")).to_owned();
                format!("{} {} {}", of("carrier"), of("service"), of("tracking_number"))
            }
            None => String::from("no label"),
        };
        writeln!(out, "parcel {:<3} {state:<12} {label}", number(parcel, "/parcel"))?;
        for line in rows(parcel, "/lines") {
            let (units, there) = (number(line, "/quantity"), number(line, "/delivered"));
            writeln!(out, "  {units} x {}, {there} delivered", text(line, "/sku"))?;
        }
        if let Some(url) = parcel.pointer("/label/url").and_then(Value::as_str) {
            writeln!(out, "  print it from {url}")?;
        }
        if let Some(scan) = parcel.get("scan") {
            let status = text(scan, "/status").replace('_', " ");
            writeln!(out, "  {} {status} {}", text(scan, "/happened_at"), text(scan, "/words"))?;
        }
        for fact in rows(parcel, "/facts") {
            let more = [text(fact, "/code"), text(fact, "/words"), text(fact, "/key")];
            let more: Vec<&str> = more.into_iter().filter(|part| !part.is_empty()).collect();
            let (at, ask) = (text(fact, "/at"), text(fact, "/ask"));
            let (said, source) = (text(fact, "/said"), text(fact, "/source"));
            writeln!(out, "  {at} {ask:<13} {said:<11} by {source:<8} {}", more.join(", "))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(told: &Value) -> String {
        crate::told::shown(write_parcels, told)
    }

    #[test]
    fn a_parcel_is_shown_with_its_label_and_its_last_scan() {
        let told = json!({ "order": "o1", "parcels": [{
            "parcel": 1, "state": "in_transit", "account": "parcels", "silent": false,
            "label": { "reference": "se-1", "carrier": "ups", "service": "ups_ground", "tracking_number": "1Z9",
                "url": "https://labels.example.com/1.pdf" },
            "scan": { "status": "in_transit", "happened_at": "2026-11-22T10:00:00Z", "words": "at the depot" },
            "lines": [{ "line": 1, "sku": "TEE-1", "quantity": 2, "delivered": 0 }],
            "facts": [{ "sequence": 1, "ask": "label/0", "said": "asked", "source": "central",
                "at": "2026-11-22T09:00:00Z", "key": "acme:k/label/-/p1n0" }] }] });
        let shown = shown(&told);
        assert!(
            shown.starts_with("parcel 1   in transit   ups ups_ground 1Z9\n  2 x TEE-1, 0 delivered\n"),
            "{shown}"
        );
        assert!(shown.contains("at the depot") && shown.contains("acme:k/label/-/p1n0"), "{shown}");
    }

    #[test]
    fn nothing_to_show_is_said() {
        assert!(shown(&json!({ "order": "o1", "parcels": [] })).contains("stores make their own labels"));
    }
}
