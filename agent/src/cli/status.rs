//! `status`: how the running agent is, in plain words.

use super::local::Local;
use super::page;
use crate::adapters::http::{LeaseView, StatusView};
use crate::runtime::AgentConfig;
use std::process::ExitCode;

/// Exit codes: 0 all is well, 1 something needs a look, 2 no answer.
pub(super) async fn status(config: &AgentConfig, json: bool) -> anyhow::Result<ExitCode> {
    let local = Local::new(config)?;
    let status = match local.status().await {
        Ok(status) => status,
        Err(error) => {
            if json {
                page::say(&serde_json::json!({ "running": false, "why": format!("{error:#}") }).to_string());
            } else {
                page::say(&format!("The agent does not answer at {}.", local.address));
                page::say("Start it with: holdfast-agent run (or systemctl start holdfast-agent).");
                page::say("If it should be running, see what is wrong: holdfast-agent doctor");
            }
            return Ok(ExitCode::from(2));
        }
    };
    if json {
        page::say(&serde_json::to_string_pretty(&status)?);
    } else {
        page::say(&words(&status).join("\n"));
    }
    Ok(if well(&status) { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn well(status: &StatusView) -> bool {
    status.enrolled
        && status.damaged.is_none()
        && status.quarantined.is_none()
        && status.central.reachable == Some(true)
        && status.central.trouble.is_none()
        && status.broker.connected
}

fn words(status: &StatusView) -> Vec<String> {
    let yes_no = |yes: bool| if yes { "yes" } else { "NO" };
    let mut lines = Vec::new();
    match (&status.store, &status.store_name, &status.replica) {
        (Some(store), Some(name), Some(replica)) => {
            lines.push(format!("Store      {name} ({store}, {replica})"));
        }
        (None, _, _) | (_, None, _) | (_, _, None) => lines.push("Store      not enrolled".to_owned()),
    }
    let (for_long, starts) = (span(status.uptime_s), status.boot_number);
    lines.push(format!("Running    for {for_long}, version {}, start number {starts}", status.version));
    let central = match (status.central.reachable, &status.central.trouble) {
        (Some(true), None) => format!("connected, {}", status.central.url),
        (Some(true), Some(why)) => format!("REFUSES: {why}"),
        (Some(false), _) => format!("NOT REACHED at {}", status.central.url),
        (None, _) => format!("not tried yet, {}", status.central.url),
    };
    lines.push(format!("Central    {central}"));
    lines.push(format!("Last sync  {}", status.central.last_sync_at.as_deref().unwrap_or("never")));
    lines.push(format!("Lease      {}", lease(&status.lease)));
    if let Some(wrong) = &status.clock.wrong {
        lines.push(format!("Clock      WRONG: {wrong}"));
    }
    lines.push(format!("Broker     connected: {}", yes_no(status.broker.connected)));
    lines.push(format!("Waiting    {} facts for central", status.unsynced));
    lines.push(format!("Catalogue  {} articles, {} facts", status.skus, status.facts));
    lines.push(format!("Orders     {} open", status.open_tasks));
    if let Some(closure) = &status.closure {
        let kind = if closure.hard { "all orders" } else { "new orders" };
        lines.push(format!("Closed     for {kind}: {} (by {})", closure.cause, closure.author));
    }
    if let Some(why) = &status.quarantined {
        lines.push(format!("Box        KEPT APART, no order work: {why}"));
    }
    if status.rehydrating {
        lines.push("Box        fetches what it lost from central; no order work until then".to_owned());
    }
    if let Some(damage) = &status.damaged {
        lines.push(format!("Database   DAMAGED, only read: {damage}"));
    }
    for loss in &status.losses {
        let facts =
            loss.facts.map_or_else(|| "an unknown number of".to_owned(), |facts| format!("up to {facts}"));
        let told = if loss.noted { "central knows" } else { "central does not know yet" };
        let at = loss.found_at.as_deref().unwrap_or("at an unknown time");
        lines.push(format!("Lost       {facts} records, found {at} ({told}): {}", loss.detail));
    }
    if status.ballast_held == Some(false) {
        lines.push("Disk       NEARLY FULL: its reserve is used up".to_owned());
    }
    if !status.advice.is_empty() {
        lines.push("\nWhat to do".to_owned());
        lines.extend(status.advice.iter().map(|advice| format!("- {advice}")));
    }
    lines
}

/// Until when accepted work is left here while central does not hear of this store.
fn lease(lease: &LeaseView) -> String {
    match (lease.known, lease.ended, &lease.until) {
        (false, _, _) => "unknown until the next sync".to_owned(),
        (true, false, Some(until)) => format!("central leaves accepted work here until {until}"),
        (true, true, Some(until)) => format!("ended {until}: central may have given accepted work away"),
        (true, _, None) => "central leaves accepted work here".to_owned(),
    }
}

/// A duration for people.
pub(super) fn span(seconds: i64) -> String {
    match seconds {
        ..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        172_800.. => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::http::{BrokerView, CentralView, ClockView};

    fn status() -> StatusView {
        StatusView {
            version: "0.1.0".to_owned(),
            uptime_s: 130,
            now: None,
            clock: ClockView::default(),
            enrolled: true,
            store: Some("leeds".parse().unwrap()),
            store_name: Some("Leeds".to_owned()),
            replica: Some("leeds-a".parse().unwrap()),
            central: CentralView {
                url: "http://c".to_owned(),
                reachable: Some(true),
                last_sync_at: None,
                last_sync_s_ago: None,
                trouble: None,
            },
            broker: BrokerView { address: None, connected: true },
            lease: LeaseView::default(),
            unsynced: 3,
            oldest_unsynced_at: None,
            skus: 10,
            facts: 12,
            open_tasks: 1,
            root: String::new(),
            stock_digest: String::new(),
            closure: None,
            planned: Vec::new(),
            damaged: None,
            examined: true,
            ballast_held: Some(true),
            losses: Vec::new(),
            boot_number: 1,
            rehydrating: false,
            quarantined: None,
            advice: Vec::new(),
        }
    }

    #[test]
    fn plain_words_say_what_works_and_what_does_not() {
        assert!(well(&status()));
        assert!(words(&status()).join("\n").contains("Leeds (leeds, leeds-a)"));
        let cut = StatusView {
            central: CentralView { reachable: Some(false), ..status().central },
            advice: vec!["Check the uplink.".to_owned()],
            ..status()
        };
        assert!(!well(&cut));
        let told = words(&cut).join("\n");
        assert!(told.contains("NOT REACHED") && told.contains("- Check the uplink."), "{told}");
        let wrong = Some("This box's clock is 6 h ahead of central's.".to_owned());
        let off = StatusView { clock: ClockView { ahead_ms: Some(21_600_000), wrong }, ..status() };
        assert!(well(&off), "nothing rests on it");
        assert!(words(&off).join("\n").contains("WRONG: This box's clock is 6 h ahead"));
    }
}
