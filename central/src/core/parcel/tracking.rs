//! What a carrier tells of a parcel on its way.

use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrackStatus {
    /// The carrier knows of the label, and has not seen the parcel.
    Announced,
    InTransit,
    OutForDelivery,
    /// Something is in its way: nobody at home, a damaged label, customs.
    Exception,
    Lost,
    /// It came back to whom it was sent from.
    Returned,
    Delivered,
}

impl TrackStatus {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::InTransit => "in_transit",
            Self::OutForDelivery => "out_for_delivery",
            Self::Exception => "exception",
            Self::Lost => "lost",
            Self::Returned => "returned",
            Self::Delivered => "delivered",
        }
    }

    /// Ends outrank what happens on the way, and what arrived outranks what came back. A parcel that counts as lost
    /// may be found.
    const fn finality(self) -> u8 {
        match self {
            Self::Announced => 0,
            Self::InTransit | Self::OutForDelivery | Self::Exception | Self::Lost => 1,
            Self::Returned => 2,
            Self::Delivered => 3,
        }
    }
}

/// One scan, with the time at which the carrier says that it happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    pub status: TrackStatus,
    pub happened_at: UtcMs,
    #[serde(default)]
    pub words: String,
}

impl Track {
    /// Of two scans the one that counts; the same whichever came first.
    #[must_use]
    pub fn outranks(&self, other: &Self) -> bool {
        let rank = |track: &Self| (track.status.finality(), track.happened_at, track.status);
        rank(self) > rank(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn track(status: TrackStatus, at: i64) -> Track {
        Track { status, happened_at: UtcMs(at), words: String::new() }
    }

    fn counts(tracks: &[Track]) -> Option<&Track> {
        let mut best: Option<&Track> = None;
        for track in tracks {
            if best.is_none_or(|best| track.outranks(best)) {
                best = Some(track);
            }
        }
        best
    }

    fn any_track() -> impl Strategy<Value = Track> {
        use TrackStatus::{Announced, Delivered, Exception, InTransit, Lost, OutForDelivery, Returned};
        let status = prop::sample::select(vec![
            Announced,
            InTransit,
            OutForDelivery,
            Exception,
            Lost,
            Returned,
            Delivered,
        ]);
        (status, 0_i64..20).prop_map(|(status, at)| track(status, at))
    }

    #[test]
    fn what_was_lost_may_be_found_and_what_arrived_stays() {
        use TrackStatus::{Delivered, InTransit, Lost, Returned};
        assert!(track(InTransit, 9).outranks(&track(Lost, 5)), "a later scan");
        assert!(!track(InTransit, 4).outranks(&track(Lost, 5)), "an older one that comes late");
        assert!(track(Delivered, 1).outranks(&track(Lost, 5)));
        assert!(!track(Returned, 9).outranks(&track(Delivered, 1)));
        assert!(!track(Delivered, 1).outranks(&track(Delivered, 1)), "twice is once");
    }

    proptest! {
        #[test]
        fn in_whatever_order_scans_come_the_same_one_counts(
            tracks in prop::collection::vec(any_track(), 1..12),
            swaps in prop::collection::vec((0_usize..12, 0_usize..12), 0..12),
        ) {
            let mut mixed = tracks.clone();
            mixed.extend(tracks.iter().take(3).cloned());
            for (one, other) in swaps {
                let all = mixed.len();
                mixed.swap(one % all, other % all);
            }
            prop_assert_eq!(counts(&tracks).map(|track| track.status), counts(&mixed).map(|track| track.status));
            // And on no way does what arrived become anything else.
            for end in 1..=mixed.len() {
                if mixed[..end].iter().any(|track| track.status == TrackStatus::Delivered) {
                    prop_assert_eq!(counts(&mixed[..end]).unwrap().status, TrackStatus::Delivered);
                }
            }
        }
    }
}
