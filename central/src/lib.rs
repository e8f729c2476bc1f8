//! Holdfast's central coordinator: takes orders, knows how each store really is, and decides which
//! of them gets which work.
//!
//! # The rooms, from left to right
//!
//! - [`core`] decides. Health, eligibility, routing, failover and the checks of an order are pure
//!   functions of state and a time that is passed in. No socket, clock, thread or random number.
//! - [`ports`] say what central needs of the outside, as small traits of domain operations.
//! - [`flows`] hold one file per command or reconciler: load, ask core, commit.
//! - [`adapters`] are the outside: SQLite, HTTP with the console, the MQTT broker inside or outside.
//! - [`runtime`] wires one process: it alone names concrete adapters, starts tasks and ends them.
//! - [`cli`] is the command line: it runs central, or asks the one that runs.
//!
//! Each room imports only what stands before it in this list, and `holdfast-shared`.
//!
//! # The way of an order
//!
//! [`flows::place_order`] checks it and writes it down in one transaction; that is all that the
//! storefront waits for. [`flows::route_orders`] finds units without a node, lets
//! [`core::routing::route`] walk the ladder over the nodes as they stand now, and assigns in one
//! conditional write that reserves the stock. If that stock went meanwhile, it routes again. The
//! offer reaches the store with its next sync; a poke only hurries it.
//!
//! # The way of a signal
//!
//! [`flows::hear`] takes in a message only as far as topic, sender and words agree, and writes it
//! into the health book under central's own monotonic time. [`flows::evaluate`] looks first at the
//! observer (was central away? did too many stores fall silent at once?), then judges every store
//! by its signals, closures and hours. Its result is the eligibility, with reasons; nobody types
//! it in. [`flows::failover`] moves the unreleased work of stores that are dark or closed hard.
//!
//! # The way of a comparison
//!
//! What is saved of a decision is enough to ask another version about it. [`flows::shadow_look`] does
//! so behind a cursor, in a task of its own, and lays what another system says of the same lines beside
//! it; [`core::shadow`] says why two sides differ and how bad that is. Nothing of an order waits for it.
//!
//! # What is nowhere in here
//!
//! No decision of safety rests on what the health book says: an assignment, a recall and a release
//! each decide in their own transaction on the rows themselves. Everything in memory may be lost
//! at any moment; it is heard again within a few heartbeats, and until then nothing is moved.

pub mod adapters;
pub mod cli;
pub mod core;
pub mod flows;
pub mod ports;
pub mod runtime;
