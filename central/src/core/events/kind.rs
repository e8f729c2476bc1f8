//! What a kind of event is made of.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an event does to what its reader knows. Each is safe to replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Something is there that was not.
    Create,
    /// It has changed.
    Update,
    /// Something that was told before does not hold: the reader puts it right.
    Compensate,
    /// It happened, physically, and is not taken back.
    Confirm,
}

impl Class {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Compensate => "compensate",
            Self::Confirm => "confirm",
        }
    }
}

/// Events of one key keep their order, and are counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyedBy {
    Order,
    StoreAndSku,
    Exception,
}

/// On whose behalf a reader asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Whoever ordered. Hears of orders, and of no store.
    Customer,
    /// The people of one store. Hear of their store.
    Store,
    /// The business: hears all of its tenant.
    Owner,
}

impl Audience {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Store => "store",
            Self::Owner => "owner",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// In the past tense, and never given to anything else.
    pub name: &'static str,
    /// Of the body. Fields come without a new one; a change that breaks readers is another version.
    pub version: u16,
    pub class: Class,
    pub keyed_by: KeyedBy,
    /// Beside the owner, who hears all.
    pub audience: &'static [Audience],
    pub tells: &'static str,
    pub body: &'static [Field],
    /// A body, as JSON.
    pub example: &'static str,
}

impl Kind {
    #[must_use]
    pub fn is_for(&self, audience: Audience) -> bool {
        audience == Audience::Owner || self.audience.contains(&audience)
    }
}

/// A field of a body.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
    pub tells: &'static str,
}

#[must_use]
pub const fn required(name: &'static str, shape: Shape, tells: &'static str) -> Field {
    Field { name, shape, required: true, tells }
}

#[must_use]
pub const fn optional(name: &'static str, shape: Shape, tells: &'static str) -> Field {
    Field { name, shape, required: false, tells }
}

#[derive(Debug, Clone, Copy)]
pub enum Shape {
    Id,
    Text,
    Flag,
    /// RFC 3339, in UTC.
    Time,
    /// Any whole number.
    Whole,
    /// A whole number, not less than zero.
    Count,
    /// One of these; a reader lets others pass, as more may come.
    Words(&'static [&'static str]),
    /// Minor units, and a currency.
    Money,
    Record(&'static [Field]),
    List(&'static [Field]),
    /// A list of plain values.
    Each(&'static Self),
    /// Present, and perhaps null.
    OrNull(&'static Self),
}
