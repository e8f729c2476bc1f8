//! How many units of a position an order may be promised, and why not more.

use super::class::Channel;
use super::doubts::Doubts;
use super::policy::{ChannelPolicy, ClassPolicy};
use super::{Known, Records};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who asks for units.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub channel: &'a Channel,
    /// None: whatever the kind, so the strictest.
    pub kind: Option<FulfilmentKind>,
}

/// Why units that are on the books are not sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// The store's last word is too old.
    Stale,
    /// Central lacks for too long what the store did with SKUs of this class.
    Feed,
    /// The store's tills were not seen for too long.
    UnseenPos,
    Buffer,
    LastUnit,
    /// They are other channels'.
    Allotment,
    /// It is not sure enough that they are there.
    Confidence,
}

impl Kept {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Feed => "feed",
            Self::UnseenPos => "unseen_pos",
            Self::Buffer => "buffer",
            Self::LastUnit => "last_unit",
            Self::Allotment => "allotment",
            Self::Confidence => "confidence",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Stale => "kept back: the store's last word is too old",
            Self::Feed => "kept back: what the store did with this class is known too late",
            Self::UnseenPos => "kept back while its tills are not seen",
            Self::Buffer => "kept as buffer",
            Self::LastUnit => "kept as the last unit",
            Self::Allotment => "kept for other channels",
            Self::Confidence => "kept back: not sure enough to be there",
        }
    }
}

/// What may be sold of one position, and what is kept back, in the order in which it was.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sellable {
    pub units: i64,
    pub kept: Vec<(Kept, i64)>,
}

impl Sellable {
    fn keep(&mut self, why: Kept, leave: i64) {
        let leave = leave.clamp(0, self.units);
        let kept = self.units.saturating_sub(leave);
        if kept > 0 {
            self.units = leave;
            self.kept.push((why, kept));
        }
    }

    /// Why fewer than the free units are sold; none when all of them are.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let words: Vec<String> =
            self.kept.iter().map(|(why, units)| format!("{units} {}", why.words())).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// What class, channel, buffers, age and confidence allow. Never more than is free on the books, and
/// of a SKU in escrow never more than its store has ceded. Buffers are for the others, and so is the age
/// of a last word: the till sells no ceded unit, however long it was not heard of. What channels get is
/// a matter of trade, and holds for both.
#[must_use]
pub fn sellable(
    known: &Known,
    records: &Records,
    policy: &ClassPolicy,
    doubts: &Doubts,
    asked: Asked<'_>,
    now: UtcMs,
) -> Sellable {
    let free = known.free().max(0);
    let mut sellable = Sellable { units: free, kept: Vec::new() };
    let too_old = |max: i64| known.ceded.is_none() && known.age_ms(now) > max;
    if policy.max_age_ms(asked.kind).is_some_and(too_old) {
        sellable.keep(Kept::Stale, 0);
    }
    if doubts.is_stale(&known.class, asked.kind) {
        sellable.keep(Kept::Feed, 0);
    }
    sellable.keep(Kept::Buffer, free.saturating_sub(known.buffer(policy.buffer_units)));
    if !policy.last_unit(asked.channel) {
        // The last one on the shelf, which a store that ceded only some does not part with.
        sellable.keep(Kept::LastUnit, known.there().saturating_sub(1));
    }
    // What its store has ceded, its till does not sell.
    if doubts.are_tills_unseen() && known.ceded.is_none() {
        sellable.keep(Kept::UnseenPos, known.there().saturating_sub(policy.unseen_pos_keeps));
    }
    if let Some(channel) = policy.channels.get(asked.channel) {
        sellable.keep(Kept::Allotment, allotted(channel, sellable.units));
    }
    if policy.confidence_min > 0.0 && sellable.units > 0 {
        let evidence = known.evidence(records, now);
        sellable.keep(Kept::Confidence, evidence.free_with(policy.confidence_min, sellable.units));
    }
    sellable
}

fn allotted(channel: &ChannelPolicy, units: i64) -> i64 {
    let share = channel.share_permille.map_or(units, |permille| {
        // Thousands first: their product with a share cannot overflow.
        let (thousands, rest) = (units / 1_000, units % 1_000);
        let permille = i64::from(permille);
        thousands.saturating_mul(permille).saturating_add(rest.saturating_mul(permille) / 1_000)
    });
    share.min(channel.cap_units.unwrap_or(share))
}

#[cfg(test)]
mod tests;
