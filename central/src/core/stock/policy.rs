//! What the units of a SKU class have to be before they are sold.

use super::class::{Channel, SkuClass};
use crate::core::policy::Fault;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::limits::{QUANTITY_MAX, STOCK_CHANNELS_MAX, STOCK_CLASSES_MAX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// No store is ever surer than that, so asking for more would sell nothing.
const CONFIDENCE_MIN_MAX: f64 = 0.999;
/// A hold that is shorter than a store needs to answer at all ends every order.
const HOLD_TTL_MS_MIN: i64 = 1_000;

/// By SKU class. A class that is not named here is sold as `default`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StockPolicy {
    pub classes: BTreeMap<SkuClass, ClassPolicy>,
}

impl Default for StockPolicy {
    /// Everything that the books allow is sold, and how sure it is, is told.
    fn default() -> Self {
        Self { classes: BTreeMap::from([(SkuClass::default(), ClassPolicy::open())]) }
    }
}

/// How one class is sold. A class that somebody names begins careful: its last unit stays, unless
/// that is said to be wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassPolicy {
    /// The oldest last word of a store that still sells; none: of any age.
    pub max_age_ms: Option<i64>,
    /// The same for single kinds of fulfilment, where it differs.
    pub max_age_ms_of: BTreeMap<FulfilmentKind, i64>,
    /// The least probability that the units are there; 0 asks for none.
    pub confidence_min: f64,
    /// Units that are kept back; what the store itself keeps back counts if it is more.
    pub buffer_units: i64,
    pub allow_last_unit: bool,
    /// Units of a SKU that are kept back while the store's tills have not been seen for too long: they sell
    /// on, and central hears of it later.
    pub unseen_pos_keeps: i64,
    /// The longest that an offer may hold units without an answer; none: as long as any offer.
    pub hold_ttl_ms: Option<i64>,
    /// Channels that do not get all of it.
    pub channels: BTreeMap<Channel, ChannelPolicy>,
}

/// What one channel gets of a class. With both a share and a cap the smaller counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelPolicy {
    /// Of the units that are free, in thousandths, rounded down.
    pub share_permille: Option<u16>,
    /// Never more than these of one SKU at one node.
    pub cap_units: Option<i64>,
    /// Where it differs from the class.
    pub allow_last_unit: Option<bool>,
}

static OPEN: ClassPolicy = ClassPolicy::open();
/// The last one on the shelf is the one that a customer carries to the till.
const UNSEEN_POS_KEEPS: i64 = 1;

impl Default for ClassPolicy {
    fn default() -> Self {
        let mut careful = Self::open();
        careful.allow_last_unit = false;
        careful
    }
}

impl ClassPolicy {
    #[must_use]
    pub const fn open() -> Self {
        Self {
            max_age_ms: None,
            max_age_ms_of: BTreeMap::new(),
            confidence_min: 0.0,
            buffer_units: 0,
            allow_last_unit: true,
            unseen_pos_keeps: UNSEEN_POS_KEEPS,
            hold_ttl_ms: None,
            channels: BTreeMap::new(),
        }
    }

    /// The oldest last word that sells for this kind; the strictest when nobody says which.
    #[must_use]
    pub fn max_age_ms(&self, kind: Option<FulfilmentKind>) -> Option<i64> {
        match kind {
            Some(kind) => self.max_age_ms_of.get(&kind).copied().or(self.max_age_ms),
            None => self.max_age_ms_of.values().copied().chain(self.max_age_ms).min(),
        }
    }

    #[must_use]
    pub fn last_unit(&self, channel: &Channel) -> bool {
        let of_channel = self.channels.get(channel).and_then(|channel| channel.allow_last_unit);
        of_channel.unwrap_or(self.allow_last_unit)
    }

    fn faults(&self, at: &str, faults: &mut Vec<Fault>) {
        let mut fault = |below: &str, what: String| faults.push(Fault::new(format!("{at}.{below}"), what));
        let ages =
            self.max_age_ms_of.iter().map(|(kind, age)| (format!("max_age_ms_of.{}", kind.as_str()), *age));
        for (below, age) in
            self.max_age_ms.map(|age| (String::from("max_age_ms"), age)).into_iter().chain(ages)
        {
            if age <= 0 {
                fault(
                    &below,
                    format!("{age} ms: every word of a store is older; leave it out to sell at any age"),
                );
            }
        }
        if !(0.0..=CONFIDENCE_MIN_MAX).contains(&self.confidence_min) {
            let what =
                format!("{}: a probability from 0 to {CONFIDENCE_MIN_MAX} is expected", self.confidence_min);
            fault("confidence_min", what);
        }
        if !(0..=QUANTITY_MAX).contains(&self.buffer_units) {
            fault("buffer_units", format!("{}: 0 to {QUANTITY_MAX} units are expected", self.buffer_units));
        }
        if !(0..=QUANTITY_MAX).contains(&self.unseen_pos_keeps) {
            let what = format!("{}: 0 to {QUANTITY_MAX} units are expected", self.unseen_pos_keeps);
            fault("unseen_pos_keeps", what);
        }
        if let Some(ttl) = self.hold_ttl_ms.filter(|ttl| *ttl < HOLD_TTL_MS_MIN) {
            fault("hold_ttl_ms", format!("{ttl} ms: no store answers within less than {HOLD_TTL_MS_MIN} ms"));
        }
        if self.channels.len() > STOCK_CHANNELS_MAX {
            let what = format!("{} channels are named; at most {STOCK_CHANNELS_MAX}", self.channels.len());
            fault("channels", what);
        }
        self.channels.keys().filter_map(Channel::fault).for_each(|what| fault("channels", what));
        for (channel, policy) in &self.channels {
            policy.faults(&format!("{at}.channels.{channel}"), faults);
        }
    }
}

impl ChannelPolicy {
    fn faults(&self, at: &str, faults: &mut Vec<Fault>) {
        if let Some(share) = self.share_permille.filter(|share| *share > 1_000) {
            let what = format!("{share} of 1000 is more than there is");
            faults.push(Fault::new(format!("{at}.share_permille"), what));
        }
        if let Some(cap) = self.cap_units.filter(|cap| !(0..=QUANTITY_MAX).contains(cap)) {
            let what = format!("{cap}: 0 to {QUANTITY_MAX} units are expected");
            faults.push(Fault::new(format!("{at}.cap_units"), what));
        }
    }
}

impl StockPolicy {
    #[must_use]
    pub fn of(&self, class: &SkuClass) -> &ClassPolicy {
        let named = self.classes.get(class).or_else(|| self.classes.get(&SkuClass::default()));
        named.unwrap_or(&OPEN)
    }

    /// All that cannot be meant.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.classes.len() > STOCK_CLASSES_MAX {
            let what = format!("{} classes are named; at most {STOCK_CLASSES_MAX}", self.classes.len());
            faults.push(Fault::new("classes", what));
        }
        for (class, policy) in &self.classes {
            if let Some(what) = class.fault() {
                faults.push(Fault::new("classes", what));
            }
            policy.faults(&format!("classes.{class}"), &mut faults);
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: serde_json::Value) -> StockPolicy {
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn a_class_that_is_not_named_is_sold_as_the_default() {
        let policy = parsed(serde_json::json!({"classes": {
            "default": {"buffer_units": 2}, "hot": {"confidence_min": 0.9},
        }}));
        assert_eq!(policy.of(&SkuClass::new("cold")).buffer_units, 2);
        let hot = policy.of(&SkuClass::new("hot"));
        assert_eq!((hot.buffer_units, hot.allow_last_unit), (0, false), "named, so its last unit stays");
        assert!(StockPolicy::default().of(&SkuClass::new("hot")).allow_last_unit);
        assert!(StockPolicy { classes: BTreeMap::new() }.of(&SkuClass::default()).allow_last_unit);
    }

    #[test]
    fn a_kind_may_have_an_age_of_its_own() {
        let policy = parsed(serde_json::json!({"classes": {
            "hot": {"max_age_ms": 60_000, "max_age_ms_of": {"pickup": 5_000}},
        }}));
        let hot = policy.of(&SkuClass::new("hot"));
        let ages = [Some(FulfilmentKind::Pickup), Some(FulfilmentKind::Ship), None];
        assert_eq!(ages.map(|kind| hot.max_age_ms(kind)), [Some(5_000), Some(60_000), Some(5_000)]);
    }

    #[test]
    fn everything_that_cannot_be_meant_is_told_at_once() {
        let policy = parsed(serde_json::json!({"classes": {
            "": {},
            "hot": {
                "max_age_ms": 0, "max_age_ms_of": {"ship": -1}, "confidence_min": 1.0, "buffer_units": -1,
                "unseen_pos_keeps": -1, "hold_ttl_ms": 5, "channels": {"web": {"share_permille": 1001, "cap_units": -1}, " ": {}},
            },
        }}));
        let at: Vec<String> = policy.faults().into_iter().map(|fault| fault.at).collect();
        assert_eq!(
            at,
            [
                "classes",
                "classes.hot.max_age_ms",
                "classes.hot.max_age_ms_of.ship",
                "classes.hot.confidence_min",
                "classes.hot.buffer_units",
                "classes.hot.unseen_pos_keeps",
                "classes.hot.hold_ttl_ms",
                "classes.hot.channels",
                "classes.hot.channels.web.share_permille",
                "classes.hot.channels.web.cap_units",
            ]
            .map(String::from)
        );
        let nan = ClassPolicy { confidence_min: f64::NAN, ..ClassPolicy::open() };
        let policy = StockPolicy { classes: BTreeMap::from([(SkuClass::default(), nan)]) };
        assert_eq!(policy.faults().len(), 1, "what is no number is no probability");
        assert_eq!(StockPolicy::default().faults(), []);
    }

    #[test]
    fn more_names_than_the_limit_are_a_fault() {
        let channels =
            (0..=STOCK_CHANNELS_MAX).map(|n| (Channel::new(format!("c{n}")), ChannelPolicy::default()));
        let class = ClassPolicy { channels: channels.collect(), ..ClassPolicy::open() };
        let classes = (0..=STOCK_CLASSES_MAX).map(|n| (SkuClass::new(format!("k{n}")), ClassPolicy::open()));
        let mut policy = StockPolicy { classes: classes.collect() };
        policy.classes.insert(SkuClass::new("k0"), class);
        let at: Vec<String> = policy.faults().into_iter().map(|fault| fault.at).collect();
        assert_eq!(at, ["classes", "classes.k0.channels"]);
    }

    #[test]
    fn a_word_that_is_not_known_is_refused() {
        let misspelt = serde_json::json!({"classes": {"hot": {"bufer_units": 1}}});
        assert!(serde_json::from_value::<StockPolicy>(misspelt).is_err());
    }
}
