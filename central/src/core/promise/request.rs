//! The question of a checkout, and whether it can be answered.

use crate::core::fleet::Place;
use crate::core::order_request::{BadOrder, check_channel, check_place};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{BrandId, Sku, StoreId};
use holdfast_shared::limits::{CART_HOLD_S_MAX, CART_LINES_MAX, QUANTITY_MAX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// `POST /v1/promises`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromiseRequest {
    #[schema(example = "web")]
    pub channel: String,
    /// Under which brand it would be sold, as orders say it.
    // Left out when there is none: the hash of an older request must stay what it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<BrandId>,
    /// The kinds that the customer may choose from.
    pub kinds: BTreeSet<FulfilmentKind>,
    /// Where it goes; for a pickup, where the customer is.
    pub destination: Place,
    /// The store that the customer would collect at. Required when a pickup is asked for.
    #[serde(default)]
    pub pickup_store: Option<StoreId>,
    pub lines: Vec<CartLine>,
    /// Set the units aside for a while, for the kind that is asked for alone.
    #[serde(default)]
    pub hold: Option<HoldRequest>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CartLine {
    pub sku: Sku,
    #[schema(example = 1)]
    pub quantity: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// For how long, in seconds.
    #[schema(example = 600)]
    pub ttl_s: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPromise {
    #[error("a cart has 1 to {CART_LINES_MAX} lines; this one has {0}")]
    Lines(usize),
    #[error("lines[{index}].quantity is {quantity}: expected 1 to {QUANTITY_MAX}")]
    Quantity { index: usize, quantity: i64 },
    #[error("lines[{index}]: {sku} is already in an earlier line; add the quantities up in one line")]
    SkuTwice { index: usize, sku: Sku },
    #[error("kinds is empty: name at least one of ship, pickup and delivery")]
    NoKind,
    #[error("a pickup is asked for, so pickup_store must say where")]
    PickupStoreMissing,
    #[error("pickup_store is only for a pickup, and none is asked for")]
    PickupStoreUnwanted,
    #[error("hold.ttl_s is {0}: expected 1 to {CART_HOLD_S_MAX} seconds")]
    Ttl(i64),
    #[error("units are held for one kind: ask for one kind alone, or leave hold out")]
    HoldOfSeveralKinds,
    #[error(transparent)]
    Other(BadOrder),
}

impl BadPromise {
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Quantity { .. } => Code::InvalidQuantity,
            Self::Lines(_)
            | Self::SkuTwice { .. }
            | Self::NoKind
            | Self::PickupStoreMissing
            | Self::PickupStoreUnwanted
            | Self::Ttl(_)
            | Self::HoldOfSeveralKinds
            | Self::Other(_) => Code::InvalidRequest,
        }
    }
}

pub fn check(request: &PromiseRequest) -> Result<(), BadPromise> {
    check_channel(&request.channel).map_err(BadPromise::Other)?;
    check_place(request.destination).map_err(BadPromise::Other)?;
    if request.kinds.is_empty() {
        return Err(BadPromise::NoKind);
    }
    match (request.kinds.contains(&FulfilmentKind::Pickup), &request.pickup_store) {
        (true, None) => return Err(BadPromise::PickupStoreMissing),
        (false, Some(_)) => return Err(BadPromise::PickupStoreUnwanted),
        (true, Some(_)) | (false, None) => {}
    }
    if let Some(hold) = &request.hold {
        if !(1..=CART_HOLD_S_MAX).contains(&hold.ttl_s) {
            return Err(BadPromise::Ttl(hold.ttl_s));
        }
        if request.kinds.len() > 1 {
            return Err(BadPromise::HoldOfSeveralKinds);
        }
    }
    check_lines(&request.lines)
}

fn check_lines(lines: &[CartLine]) -> Result<(), BadPromise> {
    if !(1..=CART_LINES_MAX).contains(&lines.len()) {
        return Err(BadPromise::Lines(lines.len()));
    }
    let mut seen = BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        if !(1..=QUANTITY_MAX).contains(&line.quantity) {
            return Err(BadPromise::Quantity { index, quantity: line.quantity });
        }
        if !seen.insert(&line.sku) {
            return Err(BadPromise::SkuTwice { index, sku: line.sku.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::LONDON;

    fn refused(change: impl FnOnce(&mut PromiseRequest)) -> BadPromise {
        let mut request = PromiseRequest {
            channel: "web".to_owned(),
            brand: None,
            kinds: BTreeSet::from([FulfilmentKind::Ship]),
            destination: LONDON,
            pickup_store: None,
            lines: vec![CartLine { sku: "TEA".parse().unwrap(), quantity: 1 }],
            hold: Some(HoldRequest { ttl_s: CART_HOLD_S_MAX }),
        };
        assert_eq!(check(&request), Ok(()));
        change(&mut request);
        check(&request).unwrap_err()
    }

    #[test]
    fn lines_are_one_to_the_limit_each_sku_once_with_a_quantity_that_can_be() {
        let line = |sku: String, quantity| CartLine { sku: sku.parse().unwrap(), quantity };
        assert_eq!(refused(|r| r.lines.clear()), BadPromise::Lines(0));
        let many = |r: &mut PromiseRequest| {
            r.lines = (0..=CART_LINES_MAX).map(|n| line(format!("S{n}"), 1)).collect();
        };
        assert_eq!(refused(many), BadPromise::Lines(CART_LINES_MAX + 1));
        for quantity in [0, -1, QUANTITY_MAX + 1] {
            let bad = refused(|r| r.lines[0].quantity = quantity);
            assert_eq!(
                (bad.code(), bad),
                (Code::InvalidQuantity, BadPromise::Quantity { index: 0, quantity })
            );
        }
        let twice = refused(|r| r.lines.push(line("TEA".to_owned(), 2)));
        assert!(matches!(twice, BadPromise::SkuTwice { index: 1, .. }));
    }

    #[test]
    fn kinds_places_and_stores_fit_together() {
        assert_eq!(refused(|r| r.kinds.clear()), BadPromise::NoKind);
        assert_eq!(refused(|r| r.destination.latitude = 91.0), BadPromise::Other(BadOrder::Place));
        assert_eq!(refused(|r| r.destination.longitude = f64::NAN), BadPromise::Other(BadOrder::Place));
        let pickup = refused(|r| r.kinds = BTreeSet::from([FulfilmentKind::Pickup]));
        assert_eq!(pickup, BadPromise::PickupStoreMissing);
        let unwanted = refused(|r| r.pickup_store = Some("leeds".parse().unwrap()));
        assert_eq!(unwanted, BadPromise::PickupStoreUnwanted);
        assert_eq!(refused(|r| r.channel = "Web".to_owned()), BadPromise::Other(BadOrder::Channel));
        let card = refused(|r| r.channel = "4111111111111111".to_owned());
        assert_eq!(card, BadPromise::Other(BadOrder::CardNumber { field: "channel" }));
    }

    #[test]
    fn a_hold_is_for_one_kind_and_ends() {
        for ttl_s in [0, -1, CART_HOLD_S_MAX + 1] {
            assert_eq!(refused(|r| r.hold = Some(HoldRequest { ttl_s })), BadPromise::Ttl(ttl_s));
        }
        let several = refused(|r| {
            r.kinds.insert(FulfilmentKind::Delivery);
        });
        assert_eq!(several, BadPromise::HoldOfSeveralKinds);
    }
}
