//! Recorded orders under another policy, with a score.
//!
//! Two ways, and each says what it is. [`alone`]: every decision by itself on what it was made from, which
//! is exact as far as that is kept. [`sequence`]: the orders one after another in a world where what the
//! replay gave away is gone for those that come later, and what was given away then is there again.
//!
//! Both end in [`case::Case`]s, and a score is the terms of [`terms`] over them. Nothing here knows the time
//! of day or the order in which storage answered: the same record gives the same bytes.

pub mod alone;
pub mod case;
pub mod changes;
pub mod known;
pub mod ledger;
pub mod number;
pub mod record;
pub mod run;
pub mod sequence;
pub mod table;
pub mod terms;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod test_scene;
