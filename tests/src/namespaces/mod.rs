//! Central and agents as real processes, each in a network namespace of its own, and lines between them
//! that are really cut and really bad.
//!
//! ```text
//!   central        leeds          york           hull
//!      |          |     |        |     |        |     |
//!   uplink     uplink  lan    uplink  lan    uplink  lan
//!      |          |     |        |     |        |     |
//!      +-- lines -+-----|--------+-----|--------+     |
//!          (bridge)     |              |              |
//!                      hub: where the people of the stores and the customers are
//! ```
//!
//! A cut is a link that is down: no connection is told of it. A bad line is narrow and loses packets.
//! Needs root and what Linux brings; nothing of the machine's own network is touched.

mod chain;
mod net;
mod story;

pub use net::{Built, HUB, Net};
pub use story::play;
