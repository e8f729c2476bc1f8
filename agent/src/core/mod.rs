//! Decides, and does nothing else: a command, a view of what is stored and the time go in; facts
//! to record and an answer come out. No sockets, no clock, no threads, no randomness.
//!
//! [`decide`] is the one way in; each command has its file under [`commands`]. What is decided
//! gets its ids and stamps from the [`mint`]. [`replay`] knows a command again whose facts are
//! already in the ledger, [`recall`] answers for goods that nobody has touched, [`escrow`] cedes what central
//! wants of scarce goods, and [`parcels`] knows what is left to come from other stores.

pub mod central_time;
pub mod command;
pub mod commands;
pub mod decide;
pub mod escrow;
pub mod mint;
pub mod outcome;
pub mod parcels;
pub mod readiness;
pub mod recall;
pub mod replay;
pub mod view;

#[cfg(test)]
pub(crate) mod testing;
