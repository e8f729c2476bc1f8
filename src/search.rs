//! Orders that are looked for, at a terminal.

use crate::client::CentralClient;
use crate::told::{rows, text};
use anyhow::{Result, bail};
use serde_json::Value;
use std::io::Write;

/// Pages that are asked for while nothing was found: each looks through many orders.
const PAGES_MAX: usize = 200;

/// What an order must be; all that is said must hold.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct OrdersAsked {
    /// An order's id or reference; with a key of customer service also its customer's id or address of mail
    pub words: Option<String>,
    /// As the channel calls the order
    #[arg(long)]
    pub reference: Option<String>,
    /// The customer's id or address of mail; needs a key of customer service
    #[arg(long)]
    pub customer: Option<String>,
    #[arg(long)]
    pub sku: Option<String>,
    /// A store that has, or had, work of it
    #[arg(long)]
    pub store: Option<String>,
    #[arg(long)]
    pub channel: Option<String>,
    /// Only those in this state; several, parted by commas
    #[arg(long)]
    pub state: Option<String>,
    /// Placed at that time or on that day (in UTC) or later
    #[arg(long)]
    pub from: Option<String>,
    /// Placed before that time, or up to the end of that day
    #[arg(long)]
    pub to: Option<String>,
    /// Promised before that time, or by the end of that day
    #[arg(long)]
    pub promise_before: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
    /// Print what central tells as one JSON object
    #[arg(long)]
    pub json: bool,
}

impl OrdersAsked {
    fn named(&self) -> Vec<(&str, Option<&str>)> {
        let named = [
            ("q", &self.words),
            ("reference", &self.reference),
            ("customer", &self.customer),
            ("sku", &self.sku),
            ("store", &self.store),
            ("channel", &self.channel),
            ("state", &self.state),
            ("from", &self.from),
            ("to", &self.to),
            ("promise_before", &self.promise_before),
        ];
        named.into_iter().map(|(name, said)| (name, said.as_deref())).collect()
    }
}

pub async fn orders(central: &CentralClient, asked: &OrdersAsked, out: &mut dyn Write) -> Result<()> {
    let limit = asked.limit.to_string();
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let mut named = asked.named();
        named.extend([("limit", Some(limit.as_str())), ("cursor", cursor.as_deref())]);
        let told = central.find("/v1/orders", &named).await?;
        let found = rows(&told, "/orders").next().is_some();
        let next = told.get("next").and_then(Value::as_str);
        if let Some(next) = next.filter(|_| !found) {
            // Enough was looked through for a page, and nothing was found yet.
            cursor = Some(next.to_owned());
            continue;
        }
        return if asked.json {
            Ok(writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?)
        } else {
            write_orders(&told, out)
        };
    }
    bail!("nothing was found among the newest orders; name --from and --to, or a reference")
}

fn write_orders(told: &Value, out: &mut dyn Write) -> Result<()> {
    for order in rows(told, "/orders") {
        let placed = text(order, "/placed_at");
        writeln!(
            out,
            "{:<28} {:<12} {:<20} {:<16} {}",
            text(order, "/order"),
            text(order, "/state"),
            placed.get(..19).unwrap_or(placed),
            text(order, "/channel"),
            text(order, "/reference")
        )?;
    }
    if told.get("next").is_some_and(|next| !next.is_null()) {
        writeln!(out, "There are more: narrow it by --from and --to.")?;
    }
    Ok(())
}

#[derive(Debug, Clone, clap::Args)]
pub struct TimelineAsked {
    pub order: String,
    #[arg(long, default_value = "support", value_parser = ["support", "customer", "store"])]
    pub audience: String,
    /// For the audience store: which one
    #[arg(long)]
    pub store: Option<String>,
}

/// What happened to an order, for customer service, its customer, or a store.
pub async fn timeline(central: &CentralClient, asked: &TimelineAsked, out: &mut dyn Write) -> Result<()> {
    let TimelineAsked { order, audience, store } = asked;
    let named = [("audience", Some(audience.as_str())), ("store", store.as_deref())];
    let told = central.find(&format!("/v1/orders/{order}/timeline"), &named).await?;
    write_timeline(&told, out)
}

fn write_timeline(told: &Value, out: &mut dyn Write) -> Result<()> {
    let words = Some(text(told, "/state_words")).filter(|words| !words.is_empty());
    let promise = Some(text(told, "/promise_by")).filter(|by| !by.is_empty());
    let promise = promise.map(|by| format!("  promised by {by}")).unwrap_or_default();
    writeln!(out, "{}  {}{promise}", text(told, "/order"), words.unwrap_or_else(|| text(told, "/state")))?;
    for event in rows(told, "/events") {
        let actor = Some(text(event, "/actor")).filter(|actor| !actor.is_empty());
        let by = actor.map(|actor| format!("  ({actor})")).unwrap_or_default();
        let (at, kind) = (text(event, "/at"), text(event, "/kind"));
        writeln!(out, "{at:<25} {kind:<24} {}{by}", text(event, "/words"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_said_is_asked_for_and_nothing_else() {
        let asked = OrdersAsked {
            customer: Some("ada@example.org".to_owned()),
            state: Some("placed,exception".to_owned()),
            ..OrdersAsked::default()
        };
        let said: Vec<(&str, &str)> =
            asked.named().into_iter().filter_map(|(name, said)| said.map(|said| (name, said))).collect();
        assert_eq!(said, [("customer", "ada@example.org"), ("state", "placed,exception")]);
    }

    #[test]
    fn each_order_has_its_line_and_more_are_told_of() {
        let order = json!({ "order": "o-1", "state": "placed", "placed_at": "2026-11-01T08:00:00.123Z",
            "channel": "web", "reference": "W-1" });
        let mut out = Vec::new();
        write_orders(&json!({ "orders": [order], "next": "1.2" }), &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        let words: Vec<&str> = shown.lines().next().unwrap().split_whitespace().collect();
        assert_eq!(words, ["o-1", "placed", "2026-11-01T08:00:00", "web", "W-1"]);
        assert!(shown.contains("There are more"));
    }

    #[test]
    fn a_timeline_is_told_line_by_line_with_who_did_it_where_that_is_known() {
        let told = json!({ "order": "o-1", "state": "picking", "state_words": "We are getting your order ready.",
            "promise_by": "2026-11-03T17:00:00Z", "events": [
            { "at": "2026-11-01T08:00:00Z", "kind": "received", "words": "We have your order." },
            { "at": "2026-11-01T09:00:00Z", "kind": "accepted", "words": "accepted", "actor": "device:till-1" }] });
        let mut out = Vec::new();
        write_timeline(&told, &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert!(
            shown.starts_with("o-1  We are getting your order ready.  promised by 2026-11-03T17:00:00Z\n")
        );
        assert!(
            shown.contains("We have your order.\n") && shown.contains("accepted  (device:till-1)\n"),
            "{shown}"
        );
    }
}
