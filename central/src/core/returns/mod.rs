//! Goods of an order that come back, and the money that follows them.
//!
//! A return is a fold of facts ([`fact`], [`state`]): asked, approved by a rule or a person, received line by line as
//! stores tell it, refunded, closed. What stores tell is physical: it counts whether or not anybody asked. [`matching`]
//! finds the return that units belong to, [`tally`] counts over all returns of an order so that no more come back than
//! left, [`judge`] is the rule, and [`next`] says the one thing to do next. The money itself goes the way of every other
//! refund ([`crate::core::saga::refund`]). All of it is pure.
//!
//! What is absent: exchanges. Whoever wants other goods returns these, and orders those.

pub mod due;
pub mod fact;
pub mod judge;
pub mod matching;
pub mod next;
pub mod policy;
pub mod request;
pub mod standing;
pub mod state;
pub mod tally;

#[cfg(test)]
pub(crate) mod test_support;
#[cfg(test)]
mod tests;
