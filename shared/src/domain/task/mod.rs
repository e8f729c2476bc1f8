//! A task: the store's part of an order. Its facts, its state, its transition table.
//!
//! ```text
//!                +-> declined
//!   offered -> accepted -> picking -> packed -> handed over
//!      |          |           |         |
//!      +----------+-----------+---------+--> put back    (the answer to a recall or a cancel)
//! ```
//!
//! `released`, `recalled` and `cancel requested` are not phases: central says them at any phase,
//! and they change what may come next. Goods leave only with a release.

mod fact;
mod state;
mod transition;

pub use fact::{Authority, FulfilmentKind, Offer, OfferLine, ReleasePoint, TaskEvent, TaskFact};
pub use state::{Line, Phase, Recall, Release, Status, TaskState};
pub(super) use transition::step;
pub use transition::{Illegal, check};
