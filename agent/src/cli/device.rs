//! `pair`: a code for a new till or handheld.

use super::local::Local;
use super::page;
use crate::ports::ledger::Role;
use crate::runtime::AgentConfig;
use std::process::ExitCode;

pub(super) async fn pair(
    config: &AgentConfig,
    role: Role,
    name: Option<&str>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let local = Local::new(config)?;
    let offered = local.offer(role).await?;
    let url = local.url("/");
    if json {
        page::say(&serde_json::json!({ "code": offered.code, "role": role, "expires": offered.expires, "url": url }).to_string());
        return Ok(ExitCode::SUCCESS);
    }
    page::say(&format!("Code      {}", offered.code));
    page::say(&format!("Page      {url}"));
    if let Some(name) = name {
        page::say(&format!("Name      {name}"));
    }
    page::say("\nOpen the page on the device and type the code. It is good once, for ten minutes.");
    if config.lan_listen.ip().is_loopback() {
        page::say(
            "The agent listens on this machine only. For other devices set lan.listen and\n\
             lan.allow_beyond_loopback in the configuration.",
        );
    }
    Ok(ExitCode::SUCCESS)
}
