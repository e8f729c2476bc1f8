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
//! and they change what may come next. Goods leave only with a release, or when a manager lets them
//! go and answers for it.
//!
//! What a store may do now (`check`) is stricter than what the fold takes over: a store that has not
//! heard of a recall goes on working, and what it did is in the tote all the same. A recall is
//! therefore a flag beside the phase. It ends with the store's answer, or with `readopted`, which
//! gives the work back under a new fence.

mod fact;
mod state;
mod transition;

pub use fact::{Authority, FulfilmentKind, Offer, OfferLine, ReleasePoint, TaskEvent, TaskFact};
pub use state::{LetGo, Line, Phase, Recall, Release, Status, TaskState};
pub(super) use transition::take_over;
pub use transition::{Illegal, check};
