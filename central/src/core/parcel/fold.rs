//! A parcel as the fold of its facts. Whatever arrives twice, late or in another order leads to the same parcel.

use super::fact::{Ask, AskId, Label, ParcelFact, Said, Wish};
use super::record::{AskRecord, AskState};
use super::tracking::{Track, TrackStatus};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far a parcel has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParcelState {
    /// A label is wanted, and there is none yet.
    Wanted,
    Labelled,
    /// It does not leave by any label of it.
    Voided,
    HandedOver,
    InTransit,
    Exception,
    Lost,
    Returned,
    Delivered,
}

impl ParcelState {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Labelled => "labelled",
            Self::Voided => "voided",
            Self::HandedOver => "handed_over",
            Self::InTransit => "in_transit",
            Self::Exception => "exception",
            Self::Lost => "lost",
            Self::Returned => "returned",
            Self::Delivered => "delivered",
        }
    }

    /// Nothing more is expected of the carrier.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Lost | Self::Returned | Self::Delivered)
    }
}

/// A label that was made, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made<'a> {
    pub run: u32,
    pub label: &'a Label,
    /// The service that was asked for.
    pub service: Option<&'a str>,
    pub made_at: UtcMs,
    pub voided: bool,
    /// A person said that it counts no longer.
    pub unwanted: bool,
}

/// Why something was refused for good, or too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal<'a> {
    pub id: AskId,
    pub service: Option<&'a str>,
    pub code: &'a str,
    pub words: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parcel {
    pub asks: Vec<AskRecord>,
    pub left_at: Option<UtcMs>,
    /// The scan that counts.
    pub track: Option<Track>,
    /// When its carrier, or its store, last told something of its way.
    pub heard_at: Option<UtcMs>,
    /// The carrier has been silent for too long.
    pub silent: bool,
    /// No label is wanted any more, and none is good.
    pub dropped: bool,
    pub withdrawn: bool,
    /// Of the newest fact.
    pub sequence: u32,
    /// Labels that were asked for before it count no longer, and no refusal of before it does.
    anew_since: u32,
}

impl Parcel {
    #[must_use]
    pub fn fold(facts: &[ParcelFact]) -> Self {
        let mut parcel = Self::default();
        for fact in facts {
            parcel.take(fact);
        }
        parcel
    }

    fn take(&mut self, fact: &ParcelFact) {
        self.sequence = self.sequence.max(fact.sequence);
        match &fact.said {
            Said::Dropped => self.dropped = true,
            Said::Withdrawn { .. } => (self.withdrawn, self.anew_since) = (true, fact.sequence),
            Said::TryAgain { .. } => {
                (self.withdrawn, self.dropped, self.anew_since) = (false, false, fact.sequence);
            }
            Said::HandedOver { left_at } => {
                self.left_at = self.left_at.or(Some(*left_at));
                self.heard_at = self.heard_at.max(Some(fact.at));
            }
            Said::Tracked { track } => {
                if self.track.as_ref().is_none_or(|known| track.outranks(known)) {
                    self.track = Some(track.clone());
                }
                (self.heard_at, self.silent) = (self.heard_at.max(Some(fact.at)), false);
            }
            Said::Silent { .. } => self.silent = true,
            Said::Asked { .. }
            | Said::Made { .. }
            | Said::Voided
            | Said::Declined { .. }
            | Said::Soft { .. }
            | Said::Busy { .. }
            | Said::Unknown { .. }
            | Said::Absent
            | Said::GivenUp { .. } => self.take_answer(fact),
        }
    }

    fn take_answer(&mut self, fact: &ParcelFact) {
        let Some(id) = fact.id else { return };
        if let Some(record) = self.asks.iter_mut().find(|record| record.id == id) {
            record.take(fact);
        } else if let Said::Asked { key, wish, .. } = &fact.said {
            self.dropped &= id.ask != Ask::Label;
            self.asks.push(AskRecord::new(id, key, wish, fact));
        }
    }

    #[must_use]
    pub fn ask(&self, id: AskId) -> Option<&AskRecord> {
        self.asks.iter().find(|record| record.id == id)
    }

    /// The question of which nobody knows what came of it. There is one at most: the next is asked when it is known.
    #[must_use]
    pub fn open(&self) -> Option<&AskRecord> {
        self.asks.iter().find(|record| record.open().is_some())
    }

    /// Every label that was ever made, in their order.
    pub fn labels(&self) -> impl Iterator<Item = Made<'_>> {
        self.asks.iter().filter_map(|record| {
            let AskState::Made(label) = &record.state else { return None };
            let run = record.id.run;
            let voids = |other: &&AskRecord| other.wish.label == Some(run);
            Some(Made {
                run,
                label,
                service: record.wish.service.as_deref(),
                made_at: record.last_at,
                voided: self.asks.iter().filter(voids).any(|other| other.state == AskState::Voided),
                unwanted: record.begun < self.anew_since,
            })
        })
    }

    /// Those that the carrier takes.
    pub fn live(&self) -> impl Iterator<Item = Made<'_>> {
        self.labels().filter(|made| !made.voided)
    }

    fn newest(&self, ask: Ask, of: impl Fn(&Wish) -> bool) -> impl Iterator<Item = &AskRecord> {
        self.asks.iter().rev().filter(move |record| record.id.ask == ask && of(&record.wish))
    }

    /// Those that failed one after the other, newest first, since it last went through or a person said to try again.
    pub fn failures(&self, ask: Ask, wish: &Wish) -> impl Iterator<Item = &AskRecord> {
        let same = |other: &Wish| other.service == wish.service && other.label == wish.label;
        self.newest(ask, same)
            .take_while(|record| record.sequence > self.anew_since)
            .take_while(|record| matches!(record.state, AskState::Soft { .. } | AskState::Absent { .. }))
            .filter(|record| matches!(record.state, AskState::Soft { .. }))
    }

    /// Whether such a wish was refused for good, or failed as often as it may.
    #[must_use]
    pub fn refused(&self, ask: Ask, wish: &Wish, failures_max: u32) -> Option<Refusal<'_>> {
        let same = |other: &Wish| other.service == wish.service && other.label == wish.label;
        let absent = |record: &&AskRecord| record.absent() > 0;
        let record = self.newest(ask, same).find(|record| !absent(record))?;
        let counts = record.sequence > self.anew_since;
        let of =
            |code, words| Refusal { id: record.id, service: record.wish.service.as_deref(), code, words };
        match &record.state {
            AskState::Declined { code, words } if counts => Some(of(code, words)),
            AskState::Soft { code, words } if counts => {
                let times = u32::try_from(self.failures(ask, wish).count()).unwrap_or(u32::MAX);
                (times >= failures_max.max(1)).then(|| of(code, words))
            }
            AskState::Asked
            | AskState::Unknown { .. }
            | AskState::Busy { .. }
            | AskState::Absent { .. }
            | AskState::Made(_)
            | AskState::Voided
            | AskState::Declined { .. }
            | AskState::Soft { .. } => None,
        }
    }

    /// The run under which such a wish is asked: that of the same wish of which the carrier knows nothing, else a new one.
    #[must_use]
    pub fn run_for(&self, ask: Ask, wish: &Wish) -> AskId {
        let newest = self.newest(ask, |_| true).next();
        let alike = |other: &Wish| other.service == wish.service && other.label == wish.label;
        let same = newest.filter(|record| record.absent() > 0 && alike(&record.wish));
        let after =
            || self.newest(ask, |_| true).map(|record| record.id.run.saturating_add(1)).max().unwrap_or(0);
        AskId { ask, run: same.map_or_else(after, |record| record.id.run) }
    }

    #[must_use]
    pub fn state(&self) -> ParcelState {
        let way = self.track.as_ref().and_then(|track| match track.status {
            TrackStatus::Announced => None,
            TrackStatus::InTransit | TrackStatus::OutForDelivery => Some(ParcelState::InTransit),
            TrackStatus::Exception => Some(ParcelState::Exception),
            TrackStatus::Lost => Some(ParcelState::Lost),
            TrackStatus::Returned => Some(ParcelState::Returned),
            TrackStatus::Delivered => Some(ParcelState::Delivered),
        });
        let stands = || {
            if self.live().any(|made| !made.unwanted) {
                ParcelState::Labelled
            } else if self.dropped || self.withdrawn {
                ParcelState::Voided
            } else {
                ParcelState::Wanted
            }
        };
        way.or_else(|| self.left_at.map(|_| ParcelState::HandedOver)).unwrap_or_else(stands)
    }

    /// When the customer got it, by the carrier's word.
    #[must_use]
    pub fn arrived_at(&self) -> Option<UtcMs> {
        let track = self.track.as_ref().filter(|track| track.status == TrackStatus::Delivered);
        track.map(|track| track.happened_at)
    }
}

#[cfg(test)]
mod tests;
