//! `enroll`: an identity at central, whether the agent runs or not.

use super::local::Local;
use super::page;
use crate::adapters::http::needs::{EnrolWish, NowEnrolled};
use crate::runtime::{self, AgentConfig};
use anyhow::anyhow;
use holdfast_platform::data_dir::{DataDir, DataDirError};
use std::process::ExitCode;

pub(super) async fn enrol(
    config: &AgentConfig,
    central: String,
    code: String,
    box_name: Option<String>,
) -> anyhow::Result<ExitCode> {
    let wish = EnrolWish { central, code, box_name };
    let (enrolled, runs) = match DataDir::open(&config.data_dir) {
        Ok(dir) => (beside_no_agent(&dir, &wish).await?, false),
        Err(DataDirError::InUse { .. }) => (Local::new(config)?.enrol(&wish).await?, true),
        Err(error) => return Err(error.into()),
    };
    page::say(&format!(
        "Enrolled: this is {} of store {} ({}).",
        enrolled.replica, enrolled.store, enrolled.store_name
    ));
    page::say(if runs {
        "The agent starts anew by itself and connects."
    } else {
        "Start the agent now: holdfast-agent run"
    });
    Ok(ExitCode::SUCCESS)
}

async fn beside_no_agent(dir: &DataDir, wish: &EnrolWish) -> anyhow::Result<NowEnrolled> {
    let enrolled = runtime::enrol(dir, wish).await;
    enrolled.map_err(|problem| anyhow!("{}\n{}", problem.detail, problem.hint))
}
