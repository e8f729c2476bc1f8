//! Names that follow from others: of an order from its key, of a line from the one that it stands in for.

use holdfast_shared::ids::{BadId, IdempotencyKey, LineNo, OrderId, PromiseId, TenantId};

/// Between the number of a line and that of one that stands in for it: more than an order has lines.
const STAND_IN_STEP: u32 = 1_000;

/// The number of the line that stands in for this one, the `nth` of those that do. Whoever sees the number
/// knows what it stands in for: also a central that was restored, from a store's offer alone.
#[must_use]
pub fn stand_in(line: LineNo, nth: u32) -> Option<LineNo> {
    let below = line.0 < STAND_IN_STEP && nth > 0;
    below.then(|| nth.checked_mul(STAND_IN_STEP)?.checked_add(line.0)).flatten().map(LineNo)
}

/// The line whose units it stands in for.
#[must_use]
pub const fn stands_in_for(line: LineNo) -> Option<LineNo> {
    if line.0 > STAND_IN_STEP { Some(LineNo(line.0 % STAND_IN_STEP)) } else { None }
}

/// The id of the order that this key places: the same intent has the same order, also at a central
/// that was restored and has never heard of the key. `o-` and 26 letters and digits.
pub fn order_id(tenant: &TenantId, key: &IdempotencyKey) -> Result<OrderId, BadId> {
    OrderId::new(format!("o-{}", name_of("holdfast order", tenant, key)))
}

/// The id of the promise that this key asks for, likewise.
pub fn promise_id(tenant: &TenantId, key: &IdempotencyKey) -> Result<PromiseId, BadId> {
    PromiseId::new(format!("p-{}", name_of("holdfast promise", tenant, key)))
}

fn name_of(what: &str, tenant: &TenantId, key: &IdempotencyKey) -> String {
    let mut hasher = blake3::Hasher::new();
    // A tenant id holds no zero byte, so tenant and key cannot be confused.
    for part in [what, tenant.as_str(), key.as_str()] {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    data_encoding::BASE32_DNSSEC.encode(&id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_shared::limits::ORDER_LINES_MAX;

    #[test]
    fn a_line_that_stands_in_tells_for_which() {
        assert_eq!(stand_in(LineNo(7), 1), Some(LineNo(1_007)));
        assert_eq!(stand_in(LineNo(7), 3).and_then(stands_in_for), Some(LineNo(7)));
        assert_eq!(
            (stand_in(LineNo(1_007), 1), stand_in(LineNo(7), 0)),
            (None, None),
            "it is not carried on"
        );
        let last = LineNo(u32::try_from(ORDER_LINES_MAX).unwrap());
        assert_eq!((stands_in_for(last), stand_in(last, 1).and_then(stands_in_for)), (None, Some(last)));
    }

    #[test]
    fn one_intent_is_one_order() {
        let id = |tenant: &str, key: &str| order_id(&tenant.parse().unwrap(), &key.parse().unwrap()).unwrap();
        assert_eq!(id("acme", "k-1"), id("acme", "k-1"));
        assert_ne!(id("acme", "k-1"), id("acme", "k-2"));
        assert_ne!(id("acme", "k-1"), id("acm", "ek-1"));
        assert_eq!(id("acme", "k-1").as_str().len(), 28);
    }
}
