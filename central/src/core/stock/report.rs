//! Where stock was promised that was not there, and where stock that was there was not sold.

use super::class::{Channel, SkuClass};
use super::sellable::Kept;
use holdfast_shared::ids::StoreId;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const DAY_MS: i64 = 86_400_000;

/// A day of the calendar in UTC, by its number since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i64);

impl Day {
    #[must_use]
    pub const fn of(at: UtcMs) -> Self {
        Self(at.0.div_euclid(DAY_MS))
    }

    /// Midnight in UTC.
    #[must_use]
    pub const fn begins(self) -> UtcMs {
        UtcMs(self.0.saturating_mul(DAY_MS))
    }

    /// How many days from this one to another, both counted.
    #[must_use]
    pub const fn up_to(self, last: Self) -> i64 {
        last.0.saturating_sub(self.0).saturating_add(1)
    }
}

/// What units were lacking, or kept back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Miss {
    /// Promised, and not found at the shelf.
    ShortPick,
    /// Promised, and taken off the books otherwise before they were picked: sold at the till, say.
    Oversold,
    /// Not promised, while the order went farther away or nowhere: by the rule that kept them.
    Stale,
    Feed,
    UnseenPos,
    Buffer,
    LastUnit,
    Allotment,
    Confidence,
}

impl Miss {
    pub const ALL: [Self; 9] = [
        Self::ShortPick,
        Self::Oversold,
        Self::Stale,
        Self::Feed,
        Self::UnseenPos,
        Self::Buffer,
        Self::LastUnit,
        Self::Allotment,
        Self::Confidence,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ShortPick => "short_pick",
            Self::Oversold => "oversold",
            Self::Stale => Kept::Stale.as_str(),
            Self::Feed => Kept::Feed.as_str(),
            Self::UnseenPos => Kept::UnseenPos.as_str(),
            Self::Buffer => Kept::Buffer.as_str(),
            Self::LastUnit => Kept::LastUnit.as_str(),
            Self::Allotment => Kept::Allotment.as_str(),
            Self::Confidence => Kept::Confidence.as_str(),
        }
    }

    /// Promised and not there; otherwise there and not promised.
    #[must_use]
    pub const fn is_oversell(self) -> bool {
        match self {
            Self::ShortPick | Self::Oversold => true,
            Self::Stale
            | Self::Feed
            | Self::UnseenPos
            | Self::Buffer
            | Self::LastUnit
            | Self::Allotment
            | Self::Confidence => false,
        }
    }
}

impl From<Kept> for Miss {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Stale => Self::Stale,
            Kept::Feed => Self::Feed,
            Kept::UnseenPos => Self::UnseenPos,
            Kept::Buffer => Self::Buffer,
            Kept::LastUnit => Self::LastUnit,
            Kept::Allotment => Self::Allotment,
            Kept::Confidence => Self::Confidence,
        }
    }
}

/// Units of one store, class and channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissRow {
    pub store: StoreId,
    pub class: SkuClass,
    /// Absent where units were not those of one order.
    pub channel: Option<Channel>,
    pub cause: Miss,
    pub units: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar_also_before_1970() {
        assert_eq!([-1, 0, DAY_MS - 1, DAY_MS].map(|ms| Day::of(UtcMs(ms)).0), [-1, 0, 0, 1]);
        assert_eq!(Day(4).up_to(Day(6)), 3);
    }

    #[test]
    fn each_miss_has_the_word_by_which_it_is_stored() {
        for miss in Miss::ALL {
            assert_eq!(serde_json::to_value(miss).unwrap(), miss.as_str());
        }
        let oversell: Vec<Miss> = Miss::ALL.into_iter().filter(|miss| miss.is_oversell()).collect();
        assert_eq!(oversell, [Miss::ShortPick, Miss::Oversold]);
    }
}
