//! What all systems of others that central asks have in common in the configuration.

use crate::core::outside::gate::GateTerms;
use crate::core::outside::rate::RateTerms;
use holdfast_platform::secret::Secret;
use holdfast_shared::limits::PAYMENT_CALLS_MAX;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A question without an answer is looked up after 15 s; an answer has to come before.
const TIMEOUT_S_MAX: u64 = 12;
const TIMEOUT_S: u64 = 10;

/// How one of them is reached, as its table says it.
pub(super) struct Reached<'a> {
    pub(super) name: &'a dyn Display,
    pub(super) url: Option<&'a str>,
    pub(super) secret_file: Option<&'a Path>,
    pub(super) webhook_secret_files: &'a [PathBuf],
    pub(super) timeout_s: Option<u64>,
    pub(super) calls_per_second: Option<u32>,
    pub(super) calls_max: Option<u32>,
}

/// Where it is, and what signs.
pub(super) struct Way {
    pub(super) url: String,
    pub(super) secret: Secret,
    pub(super) webhook_secrets: Vec<Secret>,
    pub(super) timeout: Duration,
}

impl Reached<'_> {
    /// What is wrong whichever kind it is of.
    pub(super) fn fault(&self) -> Option<String> {
        let name = self.name;
        if self.timeout_s.is_some_and(|seconds| !(1..=TIMEOUT_S_MAX).contains(&seconds)) {
            return Some(format!("{name}: timeout_s is 1 to {TIMEOUT_S_MAX}"));
        }
        let calls = [self.calls_per_second, self.calls_max].into_iter().flatten();
        calls
            .into_iter()
            .any(|calls| !(1..=PAYMENT_CALLS_MAX).contains(&calls))
            .then(|| format!("{name}: calls_per_second and calls_max are 1 to {PAYMENT_CALLS_MAX}"))
    }

    /// What is wrong with one that is really asked.
    pub(super) fn way_fault(&self) -> Option<String> {
        let name = self.name;
        match (self.url, self.secret_file) {
            (None, _) => Some(format!("{name}: url is missing")),
            (Some(url), _) if !is_private(url) => {
                Some(format!("{name}: url must begin with https://, or be on this machine"))
            }
            (Some(_), None) => Some(format!("{name}: secret_file is missing")),
            (Some(_), Some(_)) => None,
        }
    }

    pub(super) fn terms(&self) -> GateTerms {
        let mut terms = GateTerms::default();
        if let Some(per_second) = self.calls_per_second {
            terms.rate = RateTerms { per_second, burst: per_second };
        }
        terms.calls_max = self.calls_max.unwrap_or(terms.calls_max);
        terms
    }

    pub(super) fn way(&self) -> Result<Way, String> {
        let incomplete = || format!("{} is not complete", self.name);
        let webhook_secrets = self.webhook_secret_files.iter().map(|path| secret(path));
        Ok(Way {
            url: self.url.ok_or_else(incomplete)?.to_owned(),
            secret: secret(self.secret_file.ok_or_else(incomplete)?)?,
            webhook_secrets: webhook_secrets.collect::<Result<_, _>>()?,
            timeout: Duration::from_secs(self.timeout_s.unwrap_or(TIMEOUT_S)),
        })
    }
}

/// The secret goes along with each question.
fn is_private(url: &str) -> bool {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    url.starts_with("https://") || local.iter().any(|start| url.strip_prefix(start).is_some_and(ends_host))
}

fn ends_host(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([':', '/'])
}

fn secret(path: &Path) -> Result<Secret, String> {
    let refused = |why: String| format!("the secret in {} {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| refused(format!("cannot be read: {error}")))?;
    match text.trim() {
        "" => Err(refused(String::from("is empty"))),
        text => Ok(Secret::new(text)),
    }
}
