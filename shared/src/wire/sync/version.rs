//! What the versions of sync differ in. A message in an older version leaves out what that version
//! does not know, so that its reader finds nothing that it could misunderstand. Kinds of facts have
//! their versions in [`crate::wire::fact::since`].

use super::{SyncRequest, SyncResponse};
use crate::set_hash::SetHash;

/// Who speaks is told from its copies.
const BOOTS_SINCE: u16 = 2;
/// Documents are closed, sealed and dropped.
pub const SEALS_SINCE: u16 = 3;
/// Stores cede units of scarce SKUs.
pub const ESCROW_SINCE: u16 = 4;

impl SyncRequest {
    /// Whether its sender counts its boots, and can be challenged.
    #[must_use]
    pub const fn understands_boots(&self) -> bool {
        self.version >= BOOTS_SINCE
    }

    /// Whether its sender drops documents that central seals. Those of one that does not stay open.
    #[must_use]
    pub const fn understands_seals(&self) -> bool {
        self.version >= SEALS_SINCE
    }

    /// Whether its sender can cede units, and knows what others ceded.
    #[must_use]
    pub const fn understands_escrow(&self) -> bool {
        self.version >= ESCROW_SINCE
    }

    /// The same, as a central of this version reads it.
    #[must_use]
    pub fn in_version(mut self, version: u16) -> Self {
        self.version = version;
        if !self.understands_boots() {
            self.boot_number = 0;
            self.previous_boot = None;
            self.spoken_boots.clear();
            self.resumed = None;
            self.first = false;
            self.own.clear();
            self.rehydrating = false;
            self.challenge = None;
            self.box_name = None;
            self.losses.clear();
        }
        if !self.understands_seals() {
            self.baseline = None;
        }
        if !self.understands_escrow() {
            self.escrow = SetHash::EMPTY;
            self.asked_back.clear();
            self.parcels = None;
            self.shows_labels = false;
            self.label_reports.clear();
        }
        self
    }
}

impl SyncResponse {
    /// The same, as an agent of this version reads it.
    #[must_use]
    pub fn in_version(mut self, version: u16) -> Self {
        self.version = version;
        if version < BOOTS_SINCE {
            self.superseded = None;
            self.quarantined = None;
            self.losses_noted.clear();
        }
        if version < SEALS_SINCE {
            self.seals.clear();
            self.baseline = None;
        }
        if version < ESCROW_SINCE {
            self.escrow = None;
            self.parcels = None;
            self.labels_noted.clear();
            for position in self.baseline.iter_mut().flat_map(|baseline| &mut baseline.positions) {
                position.rights = 0;
            }
        }
        self
    }
}

pub(super) fn is_zero<N: Default + PartialEq>(number: &N) -> bool {
    *number == N::default()
}
