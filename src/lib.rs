//! The operator's side of Holdfast, and the demo.
//!
//! The rooms:
//! - [`client`]: the HTTP clients of central's API and of an agent's LAN API, as an operator, a
//!   POS or a handheld would use them.
//! - [`launch`]: real processes of central and of agents, with a network between them that can
//!   be cut. The end-to-end tests stand on the same room, so the demo is a test that one watches.
//! - [`operator`], [`explain`], [`trace`], [`drill`], [`kpis`], [`flow`] and [`replay`]: what is asked at a terminal, and the answers as text.
//! - [`search`] and [`order_kpis`]: orders that are looked for, what happened to one, and how all of them do.
//! - [`exceptions`] and [`reconcile`]: what a person must look at, and whether the books agree.
//! - [`policy`], [`shadow`], [`readiness`] and [`rollback`]: what steers the orders, what a launch needs, and the way back.
//! - [`consumers`]: those who are sent events. [`returns`]: goods that come back. [`parcels`]: where they are.
//! - [`demo`]: a small chain with its stores, staff, customers and tills, played live.
//!
//! Nothing here decides anything about orders or stock: it asks, shows and breaks things.

pub mod client;
pub mod consumers;
pub mod demo;
pub mod drill;
pub mod exceptions;
pub mod explain;
pub mod flow;
pub mod kpis;
pub mod launch;
pub mod operator;
pub mod order;
pub mod order_kpis;
pub mod parcels;
pub mod policy;
pub mod readiness;
pub mod reconcile;
pub mod replay;
pub mod returns;
pub mod rollback;
pub mod search;
pub mod shadow;
pub mod steps;
mod told;
pub mod trace;
