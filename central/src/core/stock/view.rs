//! A position as it is told: each number with how sure it is. What is not known is said to be, and
//! is never a zero.

use super::class::{Channel, SkuClass};
use super::confidence::{Band, Evidence};
use super::doubts::Doubts;
use super::policy::StockPolicy;
use super::sellable::{Asked, sellable};
use super::{Known, Records};
use holdfast_shared::ids::{Sku, StoreId};
use holdfast_shared::time::UtcMs;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Every channel for which the class says nothing of its own.
pub const ANY_CHANNEL: &str = "*";

/// Units, and the probability that they are there.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SureUnits {
    pub units: i64,
    #[schema(example = 0.93)]
    pub confidence: f64,
    pub band: Band,
}

impl SureUnits {
    fn new(units: i64, confidence: f64) -> Self {
        Self { units, confidence, band: Band::of(Some(confidence)) }
    }
}

/// What a channel may be promised.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChannelUnits {
    #[serde(flatten)]
    pub sure: SureUnits,
    /// Why not all that is available; absent when it is all.
    pub why: Option<String>,
}

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The store's own boxes.
    Replica,
    /// A backup of central: its store has not told yet what it did since.
    Baseline,
    /// The stock that the store began with, and no movement since.
    Import,
}

impl Source {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replica => "replica",
            Self::Baseline => "baseline",
            Self::Import => "import",
        }
    }
}

/// Stock of one SKU at one node. Numbers are absent together: then nothing is known.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StockPosition {
    pub store: StoreId,
    pub sku: Sku,
    pub class: SkuClass,
    /// By the books, with what orders hold.
    pub on_hand: Option<SureUnits>,
    /// Held for order lines.
    pub reserved: Option<SureUnits>,
    /// Kept back by the store or by policy, whichever is more; nothing of a SKU in escrow.
    pub buffer: i64,
    /// On hand less reserved less buffer, and of a SKU in escrow what the store has ceded and no order
    /// holds; never less than nothing.
    pub available: Option<SureUnits>,
    /// What each channel may be promised; `*` is every channel without words of its own.
    pub sellable: BTreeMap<Channel, ChannelUnits>,
    /// When the newest movement of it happened.
    pub as_of: Option<UtcMs>,
    /// The store's last word: a movement, or that it had nothing more to tell.
    pub heard_at: Option<UtcMs>,
    pub counted_at: Option<UtcMs>,
    pub source: Option<Source>,
    /// At the till, as it goes now.
    pub sales_per_day: Option<f64>,
    /// How likely fewer units are there than the books say, sales since the last word apart.
    pub books_wrong: Option<f64>,
    /// Of `available`.
    pub confidence: Option<f64>,
    pub band: Band,
    pub words: String,
}

impl StockPosition {
    #[must_use]
    pub fn unknown(store: StoreId, sku: Sku, class: SkuClass, policy: &StockPolicy) -> Self {
        let words = String::from("not known: the store has never told of it, which is not the same as none");
        Self {
            buffer: policy.of(&class).buffer_units,
            store,
            sku,
            class,
            on_hand: None,
            reserved: None,
            available: None,
            sellable: BTreeMap::new(),
            as_of: None,
            heard_at: None,
            counted_at: None,
            source: None,
            sales_per_day: None,
            books_wrong: None,
            confidence: None,
            band: Band::Unknown,
            words,
        }
    }

    #[must_use]
    pub fn of(known: &Known, records: &Records, policy: &StockPolicy, doubts: &Doubts, now: UtcMs) -> Self {
        let class = policy.of(&known.class);
        let evidence = known.evidence(records, now);
        let buffer = known.buffer(class.buffer_units);
        let units = known.free().saturating_sub(buffer).max(0);
        let available = SureUnits::new(units, evidence.that_free(units));
        let channels = class.channels.keys().cloned().chain([Channel::new(ANY_CHANNEL)]);
        let sold = |channel: Channel| {
            let asked = Asked { channel: &channel, kind: None };
            let sold = sellable(known, records, class, doubts, asked, now);
            let sure = SureUnits::new(sold.units, evidence.that_free(sold.units));
            let told = ChannelUnits { sure, why: sold.words() };
            (channel, told)
        };
        Self {
            store: known.store.clone(),
            sku: known.sku.clone(),
            class: known.class.clone(),
            on_hand: Some(SureUnits::new(known.on_hand, evidence.that_on_hand())),
            reserved: Some(SureUnits::new(known.reserved, evidence.that_reserved())),
            buffer,
            sellable: channels.map(sold).collect(),
            as_of: Some(known.as_of),
            heard_at: Some(known.last_word()),
            counted_at: known.learned.as_ref().and_then(|learned| learned.counted_at),
            source: Some(source(known)),
            sales_per_day: Some(evidence.rate().per_day()),
            books_wrong: Some(evidence.errors().chance),
            confidence: Some(available.confidence),
            band: available.band,
            words: words(&available, &evidence, known.age_ms(now)),
            available: Some(available),
        }
    }
}

const fn source(known: &Known) -> Source {
    match (known.recovering, &known.learned) {
        (true, _) => Source::Baseline,
        (false, Some(_)) => Source::Replica,
        (false, None) => Source::Import,
    }
}

/// Rounded down: only what is certain is said to be.
#[must_use]
pub fn percent(confidence: f64) -> String {
    format!("{:.0}", (confidence * 100.0).floor())
}

fn words(available: &SureUnits, evidence: &Evidence, age_ms: i64) -> String {
    let minutes = age_ms / 60_000;
    let age = match minutes {
        0 => String::from("less than a minute"),
        1..120 => format!("{minutes} min"),
        120..2_880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    };
    let sales = evidence.rate().per_day();
    let wrong = evidence.errors().chance * 100.0;
    format!(
        "{} available, {}% sure: last word {age} ago, about {sales:.2} sold a day, {wrong:.0}% that the books \
         were wrong before",
        available.units,
        percent(available.confidence),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMs = UtcMs(1_700_000_000_000);

    fn known(on_hand: i64) -> Known {
        Known {
            store: StoreId::new("leeds").unwrap(),
            sku: Sku::new("A").unwrap(),
            class: SkuClass::new("hot"),
            on_hand,
            reserved: 1,
            ceded: None,
            store_buffer: 0,
            as_of: NOW.plus(-3 * 3_600_000),
            level_at: None,
            recovering: false,
            learned: None,
        }
    }

    fn policy() -> StockPolicy {
        let class = serde_json::json!({"classes": {"hot": {
            "buffer_units": 2, "allow_last_unit": true, "channels": {"market": {"cap_units": 1}},
        }}});
        serde_json::from_value(class).unwrap()
    }

    #[test]
    fn every_number_is_told_with_how_sure_it_is() {
        let told = StockPosition::of(&known(8), &Records::default(), &policy(), &Doubts::default(), NOW);
        let units = |sure: &Option<SureUnits>| sure.as_ref().map(|sure| sure.units);
        assert_eq!(
            (units(&told.on_hand), units(&told.reserved), units(&told.available)),
            (Some(8), Some(1), Some(5))
        );
        let sellable: Vec<_> =
            told.sellable.iter().map(|(channel, told)| (channel.as_str(), told.sure.units)).collect();
        assert_eq!(sellable, [("*", 5), ("market", 1)]);
        assert!(told.sellable[&Channel::new("market")].sure.confidence > told.confidence.unwrap());
        assert!(
            told.on_hand.unwrap().confidence < told.confidence.unwrap(),
            "the buffer is there to be missing"
        );
        assert!(told.words.starts_with("5 available, 99% sure"), "{}", told.words);
        assert!(told.words.contains("last word 3 h ago"), "{}", told.words);
    }

    #[test]
    fn what_nobody_told_of_is_not_known_and_not_zero() {
        let known = known(0);
        let unknown =
            StockPosition::unknown(known.store.clone(), known.sku.clone(), known.class.clone(), &policy());
        let json = serde_json::to_value(&unknown).unwrap();
        assert!(json["on_hand"].is_null() && json["available"].is_null() && json["confidence"].is_null());
        assert_eq!((json["band"].as_str(), unknown.words.is_empty()), (Some("unknown"), false));
        let none = serde_json::to_value(StockPosition::of(
            &known,
            &Records::default(),
            &policy(),
            &Doubts::default(),
            NOW,
        ))
        .unwrap();
        assert_eq!(none["available"]["units"], 0, "a zero that was told is one");
    }

    #[test]
    fn a_number_says_where_it_comes_from() {
        let mut known = known(8);
        let told = |known: &Known| {
            StockPosition::of(known, &Records::default(), &policy(), &Doubts::default(), NOW).source
        };
        assert_eq!(told(&known), Some(Source::Import));
        known.learned = Some(super::super::learned::Learned::nothing_since(NOW));
        assert_eq!(told(&known), Some(Source::Replica));
        known.recovering = true;
        assert_eq!(told(&known), Some(Source::Baseline));
    }
}
