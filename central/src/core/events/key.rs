//! What an event is about: the key under which events keep their order.

use super::kind::KeyedBy;
use holdfast_shared::ids::{ExceptionId, OrderId, Sku, StoreId};
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    Order(OrderId),
    StoreAndSku(StoreId, Sku),
    Exception(ExceptionId),
}

impl Key {
    #[must_use]
    pub const fn keyed_by(&self) -> KeyedBy {
        match self {
            Self::Order(_) => KeyedBy::Order,
            Self::StoreAndSku(..) => KeyedBy::StoreAndSku,
            Self::Exception(_) => KeyedBy::Exception,
        }
    }
}

/// Whether these are the words of an exception's key: `x`, and its number.
#[must_use]
pub fn is_of_exception(key: &str) -> bool {
    key.strip_prefix('x')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(order) => write!(f, "{order}"),
            Self::StoreAndSku(store, sku) => write!(f, "{store}/{sku}"),
            Self::Exception(exception) => write!(f, "{exception}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_an_exception_is_known_by_its_form() {
        assert!(is_of_exception(&Key::Exception("x17".parse().unwrap()).to_string()));
        for other in ["", "x", "o-17", "x17/TEE-1", "leeds/x17", "xl"] {
            assert!(!is_of_exception(other), "{other}");
        }
    }
}
