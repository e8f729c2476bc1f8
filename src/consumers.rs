//! Those who are sent events, at a terminal: registered, watched, moved, and helped when something does not get through.

use crate::client::CentralClient;
use crate::told::{number, rows, text};
use anyhow::{Context, Result};
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum ConsumersCommand {
    /// All of them, and how far each has come
    List,
    /// One, with what it says of itself
    Show { consumer: String },
    /// Register one, or give it other terms, from a JSON file: see docs/events.md
    Put {
        consumer: String,
        file: PathBuf,
        /// Where a new one begins: now, a number of an event (0 is the first that is kept), or a time
        #[arg(long, default_value = "now")]
        from: String,
    },
    /// Forget one, with its log and what waits for it
    Remove { consumer: String },
    /// Send it nothing until it is resumed
    Pause {
        consumer: String,
        #[arg(long)]
        reason: String,
    },
    /// Go on sending
    Resume {
        consumer: String,
        #[arg(long)]
        reason: String,
    },
    /// Tell it again, or go on, from a number of an event or a time
    Replay {
        consumer: String,
        #[arg(long)]
        from: String,
        /// Events a second, until it has caught up
        #[arg(long)]
        rate: Option<u32>,
    },
    /// What it was sent and what it answered, newest first
    Deliveries {
        consumer: String,
        /// Of this event alone, with heads and answers
        #[arg(long)]
        event: Option<u64>,
    },
    /// Send it one event once more, now
    Redeliver { consumer: String, event: u64 },
    /// What did not get through and is put aside
    DeadLetters { consumer: String },
    /// Try one again that was put aside, and its key with it
    Retry { consumer: String, event: u64 },
    /// Let one be that was put aside; its key goes on without it
    Skip {
        consumer: String,
        event: u64,
        #[arg(long)]
        reason: String,
    },
    /// Add a second secret, printed this once; both sign until the old one is dropped
    AddSecret { consumer: String },
    /// Sign with a secret no more
    DropSecret { consumer: String, key_id: String },
}

pub async fn ask(central: &CentralClient, command: ConsumersCommand, out: &mut dyn Write) -> Result<()> {
    match command {
        ConsumersCommand::List => {
            let told = central.get("/v1/consumers").await?;
            rows(&told, "/consumers").try_for_each(|consumer| line(consumer, out))
        }
        ConsumersCommand::Show { consumer } => {
            let told = central.get(&format!("/v1/consumers/{consumer}")).await?;
            Ok(writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?)
        }
        ConsumersCommand::Put { consumer, file, from } => put(central, &consumer, &file, &from, out).await,
        ConsumersCommand::Remove { consumer } => {
            central.send(Method::DELETE, &format!("/v1/consumers/{consumer}"), &json!({})).await?;
            Ok(writeln!(out, "{consumer} is forgotten")?)
        }
        ConsumersCommand::Pause { consumer, reason } => set(central, &consumer, "pause", &reason, out).await,
        ConsumersCommand::Resume { consumer, reason } => {
            set(central, &consumer, "resume", &reason, out).await
        }
        ConsumersCommand::Replay { consumer, from, rate } => {
            let body = json!({ "from": beginning(&from), "rate_per_s": rate });
            let told = central.send(Method::POST, &format!("/v1/consumers/{consumer}/replay"), &body).await?;
            line(&told, out)
        }
        ConsumersCommand::Redeliver { consumer, event } => {
            let path = format!("/v1/consumers/{consumer}/events/{event}/redeliver");
            delivery(&central.send(Method::POST, &path, &json!({})).await?, true, out)
        }
        ConsumersCommand::Deliveries { consumer, event } => {
            let of = event.map(|event| event.to_string());
            let pairs = [("limit", Some("100")), ("event", of.as_deref())];
            let told = central.find(&format!("/v1/consumers/{consumer}/deliveries"), &pairs).await?;
            rows(&told, "/deliveries").try_for_each(|one| delivery(one, event.is_some(), out))
        }
        ConsumersCommand::DeadLetters { consumer } => dead_letters(central, &consumer, out).await,
        ConsumersCommand::Retry { consumer, event } => {
            let path = format!("/v1/consumers/{consumer}/dead-letters/{event}/retry");
            central.send(Method::POST, &path, &json!({})).await?;
            Ok(writeln!(out, "{event} is tried again, and its key with it")?)
        }
        ConsumersCommand::Skip { consumer, event, reason } => {
            let path = format!("/v1/consumers/{consumer}/dead-letters/{event}/skip");
            central.send(Method::POST, &path, &json!({ "reason": reason })).await?;
            Ok(writeln!(out, "{event} is let be; its key goes on")?)
        }
        ConsumersCommand::AddSecret { consumer } => {
            let path = format!("/v1/consumers/{consumer}/secrets");
            secret(&central.send(Method::POST, &path, &json!({})).await?, out)
        }
        ConsumersCommand::DropSecret { consumer, key_id } => {
            let path = format!("/v1/consumers/{consumer}/secrets/{key_id}");
            central.send(Method::DELETE, &path, &json!({})).await?;
            Ok(writeln!(out, "{key_id} signs no more")?)
        }
    }
}

/// `now`, a number, or a time; central says what is wrong with anything else.
fn beginning(from: &str) -> Value {
    match from.parse::<u64>() {
        Ok(number) => json!({ "sequence": number }),
        Err(_) if from == "now" => json!("now"),
        Err(_) => json!({ "time": from }),
    }
}

async fn put(
    central: &CentralClient,
    consumer: &str,
    file: &PathBuf,
    from: &str,
    out: &mut dyn Write,
) -> Result<()> {
    let name = file.display();
    let read = std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
    let terms: Value = serde_json::from_str(&read).with_context(|| format!("{name} is not JSON"))?;
    let body = json!({ "consumer": terms, "from": beginning(from) });
    let told = central.send(Method::PUT, &format!("/v1/consumers/{consumer}"), &body).await?;
    line(&told, out)?;
    told.get("secret").map_or(Ok(()), |made| secret(made, out))
}

async fn set(
    central: &CentralClient,
    consumer: &str,
    act: &str,
    reason: &str,
    out: &mut dyn Write,
) -> Result<()> {
    let path = format!("/v1/consumers/{consumer}/{act}");
    line(&central.send(Method::POST, &path, &json!({ "reason": reason })).await?, out)
}

fn secret(made: &Value, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "secret {} (shown this once): {}", text(made, "/key_id"), text(made, "/secret"))?;
    Ok(())
}

fn line(consumer: &Value, out: &mut dyn Write) -> Result<()> {
    writeln!(
        out,
        "{:<20} {:<7} {:<8} at {}, {} behind, {} waiting, {} parked; {}, {}",
        text(consumer, "/consumer"),
        text(consumer, "/state"),
        text(consumer, "/sink/kind"),
        number(consumer, "/position"),
        number(consumer, "/progress/behind"),
        number(consumer, "/progress/waiting"),
        number(consumer, "/progress/parked"),
        text(consumer, "/owner"),
        text(consumer, "/contact"),
    )?;
    Ok(())
}

fn delivery(one: &Value, whole: bool, out: &mut dyn Write) -> Result<()> {
    writeln!(
        out,
        "{} {:<8} {:<22} {} (event {}, try {}) {} ms {}",
        text(one, "/at"),
        text(one, "/outcome"),
        text(one, "/kind"),
        text(one, "/key"),
        number(one, "/sequence"),
        number(one, "/try"),
        number(one, "/took_ms"),
        text(one, "/why"),
    )?;
    if whole {
        for part in ["/asked", "/answered"] {
            text(one, part).lines().try_for_each(|line| writeln!(out, "    {line}"))?;
        }
    }
    Ok(())
}

async fn dead_letters(central: &CentralClient, consumer: &str, out: &mut dyn Write) -> Result<()> {
    let told = central.get(&format!("/v1/consumers/{consumer}/dead-letters?limit=500")).await?;
    let mut none = true;
    for letter in rows(&told, "/dead_letters") {
        none = false;
        writeln!(
            out,
            "event {} of {}: {} ({} tries, {} behind it)",
            number(letter, "/sequence"),
            text(letter, "/key"),
            text(letter, "/why"),
            number(letter, "/tries"),
            number(letter, "/behind"),
        )?;
    }
    if none {
        writeln!(out, "nothing is put aside")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_begins_is_a_word_a_number_or_a_time() {
        assert_eq!(beginning("now"), json!("now"));
        assert_eq!(beginning("0"), json!({ "sequence": 0 }));
        assert_eq!(beginning("2026-11-01T00:00:00Z"), json!({ "time": "2026-11-01T00:00:00Z" }));
    }

    #[test]
    fn a_consumer_has_a_line_with_how_far_it_is() {
        let told = json!({ "consumer": "erp", "state": "active", "sink": { "kind": "webhook" }, "position": 12,
            "owner": "accounting", "contact": "a@b.c", "progress": { "behind": 3, "waiting": 2, "parked": 1 } });
        let mut out = Vec::new();
        line(&told, &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        for part in ["erp", "webhook", "at 12, 3 behind, 2 waiting, 1 parked", "accounting"] {
            assert!(shown.contains(part), "{shown}");
        }
    }

    #[test]
    fn one_delivery_is_shown_with_what_was_said() {
        let told = json!({ "at": "2026-11-22T10:00:00Z", "outcome": "failed", "kind": "OrderPlaced", "key": "o-1",
            "sequence": 7, "try": 2, "took_ms": 40, "why": "answered 500", "asked": "POST https://x\nwebhook-id: e",
            "answered": "500" });
        let mut out = Vec::new();
        delivery(&told, true, &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert!(shown.contains("event 7, try 2") && shown.contains("    webhook-id: e"), "{shown}");
    }
}
