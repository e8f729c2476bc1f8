//! The saga of an order: what is asked of others on its way, what each silence means, and what undoes it.
//!
//! [`steps`] declares the steps, one file each. Those that ask somebody outside (authorize, capture, void, refund)
//! leave facts, written before the question ([`fact`]); the others happen in central's own transactions and at stores,
//! and are read off what those wrote ([`progress`]). [`account`] folds the facts into money; [`plan`] compares the
//! money with what the order is worth now ([`worth`]) and says the one next thing to do; [`news`] is what people are
//! told. All of it is pure, so a central that starts anew goes on from the last fact.

pub mod account;
pub mod fact;
pub mod news;
pub mod notice;
pub mod plan;
pub mod progress;
pub mod record;
pub mod refund;
pub mod standing;
pub mod steps;
pub mod terms;
pub mod worth;

#[cfg(test)]
pub(crate) mod test_scene;
