//! Keys of the two scopes. The root key names an intent: it is the `Idempotency-Key` under which an order was
//! placed. From it each step of the order's way derives a key of its own, `root/step/line/turn`, that an
//! outside system gets with the call: the same step of the same order has the same key at each try, also
//! after a crash, and another step, line or turn never has it.
//!
//! The root names the tenant too, because tenants may share an account of a provider. The last three parts
//! hold no slash, so that a key is taken apart from its end, whatever the root looks like.
//!
//! ```
//! use holdfast_central::core::keys::{Root, Scope, Step, Turn};
//! let root = Root::of(&"acme".parse().unwrap(), &"cart-81".parse().unwrap());
//! let scope = Scope { step: Step::Capture, line: None, turn: Turn::Nth(2) };
//! assert_eq!(root.derive(scope).unwrap().as_str(), "acme:cart-81/capture/-/n2");
//! ```

use holdfast_shared::domain::fence::Fence;
use holdfast_shared::ids::{BadId, IdempotencyKey, LineNo, TenantId};
use holdfast_shared::limits::ROOT_KEY_CHARS_MAX;
use std::fmt;

/// What the keys of one order's steps are derived from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Root(String);

/// A step of an order's way that is a call to the outside, or a scope of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Authorize,
    Capture,
    Void,
    Refund,
    Label,
    VoidLabel,
    Notify,
}

impl Step {
    pub const ALL: [Self; 7] = [
        Self::Authorize,
        Self::Capture,
        Self::Void,
        Self::Refund,
        Self::Label,
        Self::VoidLabel,
        Self::Notify,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::Label => "label",
            Self::VoidLabel => "void_label",
            Self::Notify => "notify",
        }
    }
}

/// Which of several of one step: it is the same at each try, and another for each new wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// There is one.
    Only,
    /// One for each assignment.
    Of(Fence),
    /// Counted within the order.
    Nth(u32),
    /// Counted within one parcel of the order.
    OfParcel { parcel: u32, nth: u32 },
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only => f.write_str("-"),
            Self::Of(fence) => write!(f, "{fence}"),
            Self::Nth(nth) => write!(f, "n{nth}"),
            Self::OfParcel { parcel, nth } => write!(f, "p{parcel}n{nth}"),
        }
    }
}

/// What a derived key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    pub step: Step,
    /// None: the whole order.
    pub line: Option<LineNo>,
    pub turn: Turn,
}

impl Root {
    /// A key that is too long for others to follow it stands there as its hash. No tenant's name begins
    /// with `~`.
    #[must_use]
    pub fn of(tenant: &TenantId, key: &IdempotencyKey) -> Self {
        let plain = format!("{tenant}:{key}");
        if plain.len() <= ROOT_KEY_CHARS_MAX {
            return Self(plain);
        }
        let hash = blake3::hash(plain.as_bytes());
        let short = hash.as_bytes().get(..HASH_BYTES).unwrap_or_default();
        Self(format!("~{}", data_encoding::BASE32_DNSSEC.encode(short)))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn derive(&self, scope: Scope) -> Result<IdempotencyKey, BadId> {
        let line = scope.line.map_or_else(|| String::from("-"), |line| line.to_string());
        IdempotencyKey::new(format!("{}/{}/{line}/{}", self.0, scope.step.as_str(), scope.turn))
    }
}

const HASH_BYTES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scopes() -> impl Strategy<Value = Scope> {
        let turn = prop_oneof![
            Just(Turn::Only),
            (1_u32..4, 0_u32..1_000)
                .prop_map(|(incarnation, number)| Turn::Of(Fence { incarnation, number })),
            any::<u32>().prop_map(Turn::Nth),
            (any::<u32>(), any::<u32>()).prop_map(|(parcel, nth)| Turn::OfParcel { parcel, nth }),
        ];
        let step = proptest::sample::select(Step::ALL.to_vec());
        (step, proptest::option::of((1..2_000_u32).prop_map(LineNo)), turn)
            .prop_map(|(step, line, turn)| Scope { step, line, turn })
    }

    fn roots() -> impl Strategy<Value = (String, String)> {
        ("[a-z0-9_-]{1,64}", "[!-~]{1,128}")
    }

    fn root((tenant, key): &(String, String)) -> Root {
        Root::of(&tenant.parse().unwrap(), &key.parse().unwrap())
    }

    proptest! {
        #[test]
        fn a_key_is_the_same_for_the_same_scope_alone(a in roots(), b in roots(), x in scopes(), y in scopes()) {
            let key = |of: &(String, String), scope| root(of).derive(scope).unwrap();
            prop_assert_eq!(key(&a, x), key(&a, x));
            prop_assert_eq!(key(&a, x) == key(&b, y), a == b && x == y);
            prop_assert_eq!(key(&a, x) == key(&a, y), x == y);
        }
    }

    #[test]
    fn a_root_that_looks_like_a_derived_key_is_another() {
        let scope = Scope { step: Step::Void, line: Some(LineNo(1)), turn: Turn::Only };
        let plain = root(&("acme".into(), "k".into()));
        let looks = root(&("acme".into(), "k/void/1/-".into()));
        assert_ne!(looks.as_str(), plain.derive(scope).unwrap().as_str().trim_end_matches("/void/1/-"));
        assert_ne!(looks.derive(scope).unwrap(), plain.derive(scope).unwrap());
        let fence = Fence { incarnation: 1, number: 7 };
        let of = Scope { turn: Turn::Of(fence), ..scope };
        assert_eq!(plain.derive(of).unwrap().as_str(), "acme:k/void/1/1.7");
    }
}
