//! A task: the store's part of an order. Its facts, its transition table, its fold.
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
mod fold;
mod state;
mod transition;

pub use fact::{Authority, FulfilmentKind, Offer, OfferLine, ReleasePoint, TaskEvent, TaskFact};
pub use fold::{Contradiction, Folded, fold};
pub use state::{Line, Phase, Recall, Release, Status, TaskState};
pub use transition::{Illegal, check};
