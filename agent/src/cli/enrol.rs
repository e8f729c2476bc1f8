//! `enroll`: an identity at central, whether the agent runs or not.

use super::local::Local;
use super::page;
use crate::adapters::http::needs::{EnrolWish, NowEnrolled};
use crate::runtime::{self, AgentConfig};
use anyhow::anyhow;
use holdfast_platform::data_dir::{DataDir, DataDirError};
use std::process::ExitCode;
use std::time::Duration;

/// A start takes a moment; one that takes longer is told, and not waited for.
const BACK_WITHIN: Duration = Duration::from_secs(10);

pub(super) async fn enrol(
    config: &AgentConfig,
    central: String,
    code: String,
    box_name: Option<String>,
    leave_unsent: bool,
) -> anyhow::Result<ExitCode> {
    let wish = EnrolWish { central, code, box_name, leave_unsent };
    let (enrolled, runs) = match DataDir::open(&config.data_dir) {
        Ok(dir) => (beside_no_agent(&dir, &wish).await?, false),
        Err(DataDirError::InUse { .. }) => (Local::new(config)?.enrol(&wish).await?, true),
        Err(error) => return Err(error.into()),
    };
    page::say(&format!(
        "Enrolled: this is {} of store {} ({}).",
        enrolled.replica, enrolled.store, enrolled.store_name
    ));
    if enrolled.begins_anew {
        page::say(
            "What this box recorded as a copy is set aside in its data directory, in files that begin with aside-. It \
             begins anew: central sends the stock; import the catalogue, and pair its tills and handhelds again.",
        );
    }
    let next = match (runs, runs && is_back(config).await) {
        (true, true) => "The agent has started anew, and connects.",
        (true, false) => "The agent starts anew by itself; holdfast-agent status tells when it is back.",
        (false, _) => "Start the agent now: holdfast-agent run",
    };
    page::say(next);
    Ok(ExitCode::SUCCESS)
}

/// Waits until the agent answers under its new identity, so that the next command finds it.
async fn is_back(config: &AgentConfig) -> bool {
    let mut looks = tokio::time::interval(Duration::from_millis(100));
    let back = async {
        loop {
            looks.tick().await;
            // Its port may be another than before.
            let Ok(local) = Local::new(config) else { continue };
            if local.status().await.is_ok_and(|status| status.enrolled) {
                return;
            }
        }
    };
    tokio::time::timeout(BACK_WITHIN, back).await.is_ok()
}

async fn beside_no_agent(dir: &DataDir, wish: &EnrolWish) -> anyhow::Result<NowEnrolled> {
    let enrolled = runtime::enrol(dir, wish).await;
    enrolled.map_err(|problem| anyhow!("{}\n{}", problem.detail, problem.hint))
}
