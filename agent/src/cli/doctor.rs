//! `doctor`: examines everything that the agent needs, and says what to do about what is wrong.

mod checks;
mod outside;

use super::local::Local;
use super::page;
use crate::runtime::AgentConfig;
use crate::runtime::identity::StoredIdentity;
use holdfast_platform::data_dir::{DataDir, DataDirError};
use serde::Serialize;
use std::process::ExitCode;

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Grade {
    Works,
    Unknown,
    Look,
    Broken,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    what: &'static str,
    grade: Grade,
    found: String,
    /// What to do; absent when there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    todo: Option<String>,
}

impl Finding {
    fn works(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, grade: Grade::Works, found: found.into(), todo: None }
    }

    fn unknown(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, grade: Grade::Unknown, found: found.into(), todo: None }
    }

    fn look(what: &'static str, found: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { what, grade: Grade::Look, found: found.into(), todo: Some(todo.into()) }
    }

    fn broken(what: &'static str, found: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { what, grade: Grade::Broken, found: found.into(), todo: Some(todo.into()) }
    }
}

/// Exit codes: 0 all works, 1 something needs a look, 2 something is broken.
pub(super) async fn doctor(config: &AgentConfig, json: bool) -> anyhow::Result<ExitCode> {
    let findings = examine(config).await?;
    if json {
        page::say(&serde_json::to_string_pretty(&findings)?);
    } else {
        page::say(&words(&findings));
    }
    Ok(match worst(&findings) {
        Grade::Works | Grade::Unknown => ExitCode::SUCCESS,
        Grade::Look => ExitCode::from(1),
        Grade::Broken => ExitCode::from(2),
    })
}

fn worst(findings: &[Finding]) -> Grade {
    findings.iter().map(|finding| finding.grade).max().unwrap_or(Grade::Works)
}

fn words(findings: &[Finding]) -> String {
    let mut lines = Vec::new();
    for finding in findings {
        let mark = match finding.grade {
            Grade::Works => "ok    ",
            Grade::Unknown => "?     ",
            Grade::Look => "LOOK  ",
            Grade::Broken => "BROKEN",
        };
        lines.push(format!("{mark}  {:<15} {}", finding.what, finding.found));
        if let Some(todo) = &finding.todo {
            lines.push(format!("{:24} -> {todo}", ""));
        }
    }
    lines.join("\n")
}

async fn examine(config: &AgentConfig) -> anyhow::Result<Vec<Finding>> {
    // Reaching here means that it was read without a mistake.
    let mut findings = vec![Finding::works("configuration", "read without a mistake")];
    let local = Local::new(config)?;
    match DataDir::open(&config.data_dir) {
        Ok(dir) => {
            findings.push(Finding::works("data directory", dir.path().display().to_string()));
            findings.push(Finding::look(
                "agent",
                "not running",
                "start it: holdfast-agent run (or systemctl start holdfast-agent)",
            ));
            findings.push(checks::database(&dir).await);
            findings.push(checks::port(config).await);
            let stored = match StoredIdentity::read(&dir) {
                Ok(stored) => stored,
                Err(error) => {
                    let todo = "enrol this agent anew: holdfast-agent enroll --central URL --code CODE";
                    findings.push(Finding::broken("identity", error.to_string(), todo));
                    None
                }
            };
            findings.extend(outside::of(config, stored.as_ref()).await);
        }
        Err(DataDirError::InUse { holder, .. }) => {
            let place = format!("{}, in use by process {holder}", config.data_dir.display());
            findings.push(Finding::works("data directory", place));
            findings.extend(checks::running(&local).await);
            let stored = checks::identity_beside(config);
            findings.extend(outside::of(config, stored.as_ref()).await);
        }
        Err(error) => {
            findings.push(Finding::broken(
                "data directory",
                error.to_string(),
                "create it, or run this as the agent's user",
            ));
        }
    }
    findings.push(checks::disk(&config.data_dir));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_decides_and_each_says_what_to_do() {
        let findings = [
            Finding::works("disk", "12 GB free"),
            Finding::look("agent", "not running", "start it"),
            Finding::unknown("clock", "central cannot be asked"),
        ];
        assert_eq!(worst(&findings), Grade::Look);
        let told = words(&findings);
        assert!(told.contains("LOOK    agent") && told.contains("-> start it"), "{told}");
        assert_eq!(worst(&[Finding::unknown("clock", "")]), Grade::Unknown);
    }

    #[tokio::test]
    async fn a_new_machine_is_led_to_enrolment() {
        let place = tempfile::tempdir().unwrap();
        let config = AgentConfig {
            data_dir: place.path().join("data"),
            lan_listen: "127.0.0.1:0".parse().unwrap(),
            central_url: Some("http://127.0.0.1:1".to_owned()),
            ..AgentConfig::default()
        };
        let findings = examine(&config).await.unwrap();
        let of = |what: &str| findings.iter().find(|finding| finding.what == what).unwrap();
        assert_eq!(of("database").grade, Grade::Works);
        assert_eq!(of("agent").grade, Grade::Look);
        assert!(of("identity").todo.as_ref().unwrap().contains("enroll"));
        assert_eq!(of("central").grade, Grade::Look);
    }

    #[tokio::test]
    async fn a_damaged_database_is_named() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join(crate::runtime::LEDGER_FILE), vec![0x5a; 8192]).unwrap();
        let config = AgentConfig { data_dir: place.path().to_owned(), ..AgentConfig::default() };
        let dir = DataDir::open(&config.data_dir).unwrap();
        assert_eq!(checks::database(&dir).await.grade, Grade::Look);
    }
}
