//! What is told when a promised date cannot be kept, before it is missed: once for each new date.

use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was told last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromiseChange {
    /// As it was promised first; whether promises are kept is measured by this one.
    pub promised_by: UtcMs,
    /// All of it is there by then; absent while there is no date.
    pub new_by: Option<UtcMs>,
    pub why: String,
    pub told_at: UtcMs,
    /// How often a change was told.
    pub times: u32,
}

/// What has to be told now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The promise is over; with the new date as far as there is one.
    Lost { new_by: Option<UtcMs> },
    /// It was told to be over, and is kept after all.
    Kept { by: UtcMs },
}

/// `told` is the new date that was told last, if any was; `expected` when all of it would be there now.
#[must_use]
pub fn news(promised_by: UtcMs, told: Option<Option<UtcMs>>, expected: Option<UtcMs>) -> Option<News> {
    let keeps = |by: Option<UtcMs>| by.filter(|by| *by <= promised_by);
    match (told, keeps(expected)) {
        (None, Some(_)) => None,
        (Some(told), Some(by)) => keeps(told).is_none().then_some(News::Kept { by }),
        (Some(told), None) if told == expected => None,
        (None | Some(_), None) => Some(News::Lost { new_by: expected }),
    }
}

impl News {
    /// For the order's timeline.
    #[must_use]
    pub fn words(self, promised_by: UtcMs, why: &str) -> String {
        let promised = said(promised_by);
        match self {
            Self::Lost { new_by: Some(by) } => {
                format!("Promised by {promised}, which cannot be kept: {why}. It is there by {}.", said(by))
            }
            Self::Lost { new_by: None } => {
                format!("Promised by {promised}, which cannot be kept: {why}. There is no new date yet.")
            }
            Self::Kept { by } => {
                format!("Promised by {promised}, which is kept after all: it is there by {}.", said(by))
            }
        }
    }

    /// What the customer is told.
    #[must_use]
    pub const fn customer_words(self) -> &'static str {
        match self {
            Self::Lost { new_by: Some(_) } => {
                "What was promised can no longer be kept; this is the new date."
            }
            Self::Lost { new_by: None } => "What was promised can no longer be kept; a new date follows.",
            Self::Kept { .. } => "What was promised can be kept after all.",
        }
    }
}

/// In UTC, to the minute.
fn said(at: UtcMs) -> String {
    let at = jiff::Timestamp::from_millisecond(at.writable().0).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY: UtcMs = UtcMs(1_000);
    const LATE: UtcMs = UtcMs(2_000);

    #[test]
    fn a_new_date_is_told_once_and_an_old_one_never() {
        let lost = |new_by| Some(News::Lost { new_by });
        let cases = [
            (None, Some(BY), None),
            (None, Some(UtcMs(900)), None),
            (None, Some(LATE), lost(Some(LATE))),
            (None, None, lost(None)),
            (Some(None), None, None),
            (Some(None), Some(LATE), lost(Some(LATE))),
            (Some(Some(LATE)), Some(LATE), None),
            (Some(Some(LATE)), Some(UtcMs(3_000)), lost(Some(UtcMs(3_000)))),
            (Some(Some(LATE)), Some(UtcMs(1_500)), lost(Some(UtcMs(1_500)))),
            (Some(Some(LATE)), None, lost(None)),
            (Some(Some(LATE)), Some(BY), Some(News::Kept { by: BY })),
            (Some(Some(BY)), Some(UtcMs(900)), None),
            (Some(Some(BY)), Some(LATE), lost(Some(LATE))),
        ];
        for (told, expected, news_) in cases {
            assert_eq!(news(BY, told, expected), news_, "{told:?} {expected:?}");
        }
    }

    #[test]
    fn people_read_both_dates_and_why() {
        let words = News::Lost { new_by: Some(UtcMs(86_400_000)) }.words(UtcMs(0), "leeds is dark");
        assert_eq!(
            words,
            "Promised by 1970-01-01 00:00Z, which cannot be kept: leeds is dark. It is there by 1970-01-02 00:00Z."
        );
    }
}
