//! Which version of sync both sides speak. Found out by speaking: central tells its newest in a
//! header, and one that reads less refuses.

use holdfast_shared::error::{Code, Problem};
use holdfast_shared::wire::sync::{SYNC_VERSION, SYNC_VERSION_HEADER, SYNC_VERSION_MIN};
use reqwest::header::HeaderMap;
use std::sync::atomic::{AtomicU16, Ordering};

/// How the first central says that it does not read a version: it has no header for it.
pub(super) const REFUSAL: &str = "the sync message has version";

#[derive(Debug)]
pub(super) struct Spoken(AtomicU16);

impl Default for Spoken {
    fn default() -> Self {
        Self(AtomicU16::new(SYNC_VERSION))
    }
}

impl Spoken {
    pub(super) fn now(&self) -> u16 {
        self.0.load(Ordering::Relaxed)
    }

    /// Central answered. One that was updated is spoken to as such from now on.
    pub(super) fn hear(&self, headers: &HeaderMap) {
        let newest = headers.get(SYNC_VERSION_HEADER).and_then(|value| value.to_str().ok());
        if let Some(newest) = newest.and_then(|text| text.parse::<u16>().ok()) {
            self.0.store(newest.clamp(SYNC_VERSION_MIN, SYNC_VERSION), Ordering::Relaxed);
        }
    }

    /// Whether there is an older version to try after this refusal of `version`.
    pub(super) fn step_down(&self, version: u16, problem: &Problem) -> bool {
        let by_version = problem.code == Code::InvalidRequest && problem.detail.contains(REFUSAL);
        if by_version && version > SYNC_VERSION_MIN {
            self.0.store(version.saturating_sub(1), Ordering::Relaxed);
            return true;
        }
        false
    }
}
