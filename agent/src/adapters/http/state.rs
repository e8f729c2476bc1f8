//! What the handlers stand on.

use super::events::Hub;
use super::known::Known;
use super::needs::{Enroller, ReadFile, Standing, StandingNow};
use super::presence::Presence;
use super::tries::Tries;
use crate::core::central_time::right_now;
use crate::ports::ledger::{Devices, Import, Ledger};
use holdfast_platform::clock::Clock;
use holdfast_platform::secret::{Secret, TokenHash};
use holdfast_shared::time::{Now, UtcMs};
use std::sync::Arc;
use tokio::sync::Notify;

/// Everything that a router is made of.
pub struct Parts {
    pub ledger: Arc<dyn Ledger>,
    pub import: Arc<dyn Import>,
    pub devices: Arc<dyn Devices>,
    pub standing: Arc<dyn Standing>,
    pub enroller: Arc<dyn Enroller>,
    pub clock: Arc<dyn Clock>,
    /// Under which device tokens and pairing codes are hashed.
    pub token_key: [u8; 32],
    pub admin_token: Secret,
    pub read_file: Arc<ReadFile>,
    pub hub: Hub,
    pub presence: Arc<Presence>,
    /// Rung after each commit, so that central hears of it soon.
    pub committed: Arc<Notify>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

/// The handlers' state: cheap to clone.
#[derive(Debug, Clone)]
pub struct Api(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: Parts,
    known: Known,
    tries: Tries,
}

impl Api {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner { parts, known: Known::default(), tries: Tries::default() }))
    }

    pub(super) fn ledger(&self) -> &dyn Ledger {
        self.0.parts.ledger.as_ref()
    }

    pub(super) fn import(&self) -> &dyn Import {
        self.0.parts.import.as_ref()
    }

    pub(super) fn devices(&self) -> &dyn Devices {
        self.0.parts.devices.as_ref()
    }

    pub(super) fn standing(&self) -> StandingNow {
        self.0.parts.standing.standing()
    }

    pub(super) fn enroller(&self) -> &dyn Enroller {
        self.0.parts.enroller.as_ref()
    }

    pub(super) fn now(&self) -> Now {
        self.0.parts.clock.now()
    }

    /// The right time, as well as this box knows it: for what people are told of deadlines.
    pub(super) fn right_now(&self) -> UtcMs {
        right_now(self.standing().central_time, self.now())
    }

    pub(super) fn hub(&self) -> &Hub {
        &self.0.parts.hub
    }

    pub(super) fn presence(&self) -> &Presence {
        &self.0.parts.presence
    }

    pub(super) fn read_file(&self) -> Arc<ReadFile> {
        Arc::clone(&self.0.parts.read_file)
    }

    pub(super) fn known(&self) -> &Known {
        &self.0.known
    }

    pub(super) fn tries(&self) -> &Tries {
        &self.0.tries
    }

    pub(super) fn hash(&self, token: &str) -> [u8; 32] {
        *TokenHash::of(&self.0.parts.token_key, token).as_bytes()
    }

    pub(super) fn is_admin(&self, token: &str) -> bool {
        holdfast_platform::secret::same(token.as_bytes(), self.0.parts.admin_token.reveal().as_bytes())
    }

    /// Something was committed: central should hear of it.
    pub(super) fn committed(&self) {
        self.0.parts.committed.notify_one();
    }
}
