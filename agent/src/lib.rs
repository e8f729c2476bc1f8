//! The store agent: keeps one store's stock and order tasks, answers its tills and handhelds on the
//! LAN, and tells central how the store really is. It works with central out of reach from the
//! first second on, for any length of time.
//!
//! The rooms, each importing only what stands above it:
//!
//! - `core` decides: a command, a view of what is stored and the time go in; facts to record and an
//!   answer come out. No sockets, no clock, no threads, no randomness.
//! - `ports` are what the agent needs of the outside, as small traits: the ledger, central, the
//!   uplink for signals, the machine.
//! - `flows` are the reconcilers: load, ask the core, commit. Sync and vitals.
//! - `adapters`, one folder per outside thing: SQLite, the LAN API with the handheld's web app,
//!   central over HTTPS, MQTT, the machine, import files. None knows another.
//! - `runtime` is the only place that names concrete adapters: it opens the data directory, starts
//!   every task under one life, and stops them in order.
//! - `cli` is the program: it runs the agent, or helps the person in front of it.
//!
//! A sale takes this way: the till's request is authenticated and checked (`adapters::http`),
//! becomes an intent and a command, and is executed in one transaction with its facts, its
//! projections and its idempotency record (`adapters::sqlite`, which asks `core`). Then it is
//! answered; then screens hear of it, and the sync loop is woken. The sync loop puts the facts into
//! documents and hands them to central in one round trip. An order comes the other way round: a
//! poke over MQTT or the timer starts a sync, central's changes are checked and absorbed, and the
//! handheld hears that there is something to pick.
//!
//! Two things are never given up: what was acknowledged is on disk, and goods leave only with a
//! release. Everything that tells central how the store is may be lost without harm.

pub mod adapters;
pub mod cli;
pub mod core;
pub mod flows;
pub mod ports;
pub mod runtime;
