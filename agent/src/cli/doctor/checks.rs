//! What can be examined on this machine.

use super::super::local::Local;
use super::super::status::span;
use super::Finding;
use crate::adapters::http::StatusView;
use crate::adapters::machine::SysinfoMachine;
use crate::ports::ledger::{Housekeeping, Ledger, LossNote};
use crate::ports::machine::Machine;
use crate::runtime::identity::{IDENTITY_FILE, StoredIdentity};
use crate::runtime::{self, AgentConfig};
use holdfast_platform::data_dir::DataDir;
use holdfast_platform::random;
use holdfast_platform::server::bind;
use holdfast_shared::ids::Sku;
use std::path::Path;

/// Below this an agent soon stops recording.
const DISK_FREE_MIN: u64 = 200 * 1024 * 1024;
/// SKUs whose stock is wrong that are named at once.
const UNBALANCED_TOLD_MAX: u32 = 5;
const MIB: u64 = 1024 * 1024;

/// Opens the ledger as the agent would, with its check. Only while no agent runs.
pub(super) async fn database(dir: &DataDir) -> Finding {
    const WHAT: &str = "database";
    let todo = "call support; do not delete the data directory, it holds records that central lacks";
    let Ok(boot) = random::boot_id() else {
        return Finding::unknown(WHAT, "this machine gives no random numbers");
    };
    let ledger = match runtime::open_ledger(dir, boot, None) {
        Ok(ledger) => ledger,
        Err(error) => return Finding::broken(WHAT, format!("{:#}", anyhow::Error::from(error)), todo),
    };
    // Everything, as the agent does while it works.
    let examined = ledger.examine().await;
    let summary = ledger.summary().await;
    let unbalanced = ledger.unbalanced(UNBALANCED_TOLD_MAX).await.unwrap_or_default();
    ledger.stop().await;
    if !unbalanced.is_empty() {
        let skus: Vec<&str> = unbalanced.iter().map(Sku::as_str).collect();
        let told = format!("stock is not the sum of its records: {}", skus.join(", "));
        return Finding::broken(WHAT, told, "count these articles, and call support");
    }
    match summary {
        Ok(summary) => match (summary.damaged, examined) {
            (Some(damage), _) => Finding::broken(
                WHAT,
                format!("damaged: {damage}"),
                "start the agent: it salvages what is sound, and keeps the damaged file",
            ),
            (None, Err(error)) => Finding::broken(WHAT, error.to_string(), todo),
            (None, Ok(())) => lost(&summary.losses).unwrap_or_else(|| {
                let found = format!(
                    "every page and sum is right: {} articles, {} facts",
                    summary.skus, summary.facts
                );
                Finding::works(WHAT, found)
            }),
        },
        Err(error) => Finding::broken(WHAT, error.to_string(), todo),
    }
}

fn lost(losses: &[LossNote]) -> Option<Finding> {
    let loss = losses.iter().find(|loss| loss.facts != Some(0) && !loss.noted)?;
    let most = loss.facts.map_or_else(|| "an unknown number of".to_owned(), |facts| format!("up to {facts}"));
    let todo = "count what was sold or received since the last sync; central is told with the next sync";
    Some(Finding::look("database", format!("sound, but lost {most} records: {}", loss.detail), todo))
}

/// Whether the port is free for the agent to take.
pub(super) async fn port(config: &AgentConfig) -> Finding {
    match bind(config.lan_listen).await {
        Ok((_, address)) => Finding::works("LAN port", format!("{address} is free")),
        Err(error) => Finding::broken(
            "LAN port",
            error.to_string(),
            "stop what uses it, or set another lan.listen in the configuration",
        ),
    }
}

/// What the running agent says of itself.
pub(super) async fn running(local: &Local) -> Vec<Finding> {
    let status = match local.status().await {
        Ok(status) => status,
        Err(error) => {
            let todo = "look at its log: journalctl -u holdfast-agent; restart it if it hangs";
            return vec![Finding::broken("agent", format!("{error:#}"), todo)];
        }
    };
    let mut findings = vec![Finding::works(
        "agent",
        format!("runs for {}, version {}, at {}", span(status.uptime_s), status.version, local.address),
    )];
    findings.push(match &status.damaged {
        Some(damage) => Finding::broken(
            "database",
            format!("damaged, only read: {damage}"),
            "call support; do not delete the data directory",
        ),
        None if !status.examined => {
            Finding::unknown("database", "it is being examined; ask again in a while")
        }
        None => Finding::works("database", format!("{} articles, {} facts", status.skus, status.facts)),
    });
    for loss in status.losses.iter().filter(|loss| loss.facts != Some(0)) {
        let most =
            loss.facts.map_or_else(|| "an unknown number of".to_owned(), |facts| format!("up to {facts}"));
        let told = if loss.noted { "central knows" } else { "central does not know yet" };
        findings.push(Finding::look(
            "storage",
            format!("lost {most} records ({told}): {}", loss.detail),
            "count what was sold or received since the last sync",
        ));
    }
    if status.ballast_held == Some(false) {
        findings.push(Finding::look("reserve", "used up: the disk is nearly full", "free some space"));
    }
    findings.push(sync(&status));
    if let Some(why) = &status.quarantined {
        findings.push(Finding::broken(
            "identity",
            why.clone(),
            "is this the copy? make a code at central and run holdfast-agent enroll; else ask support",
        ));
    }
    if status.enrolled {
        findings.push(if status.broker.connected {
            Finding::works("health signals", "connected to the broker")
        } else {
            Finding::look("health signals", "not connected to the broker", "see the broker below")
        });
    }
    findings
}

fn sync(status: &StatusView) -> Finding {
    let last = status.central.last_sync_at.as_deref().unwrap_or("never");
    let found = format!("last {last}, {} facts wait", status.unsynced);
    match (&status.central.trouble, status.enrolled) {
        (_, false) => Finding::unknown("sync", "not enrolled"),
        (Some(why), true) => {
            Finding::look("sync", format!("{found}; {why}"), "work goes on meanwhile; see central below")
        }
        (None, true) => Finding::works("sync", found),
    }
}

/// The identity of an agent that runs: readable by its own user.
pub(super) fn identity_beside(config: &AgentConfig) -> Option<StoredIdentity> {
    let bytes = std::fs::read(config.data_dir.join(IDENTITY_FILE)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

pub(super) fn disk(data_dir: &Path) -> Finding {
    let vitals = SysinfoMachine::new(data_dir).read();
    match (vitals.disk_free_bytes, vitals.disk_total_bytes) {
        (Some(free), Some(total)) if free < DISK_FREE_MIN => Finding::broken(
            "disk",
            format!("{} MiB free of {} MiB", free / MIB, total / MIB),
            "free some space: without it nothing can be recorded",
        ),
        (Some(free), Some(total)) => {
            Finding::works("disk", format!("{} MiB free of {} MiB", free / MIB, total / MIB))
        }
        (None, _) | (_, None) => Finding::unknown("disk", "its free space cannot be read"),
    }
}
