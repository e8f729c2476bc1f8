//! What both sides of Holdfast agree on.
//!
//! An agent in a store and central far away decide by the same code: the types of facts, the
//! folds from facts to state, and the forms in which they travel. Whatever both must do alike is
//! here, once; what only one side does is not here at all.
//!
//! The way of a fact through these rooms:
//!
//! ```text
//!   someone acts            the ledger            a document             the other side
//!   domain::fact  --------> wire::fact  --------> document::Bag  ------> wire::sync
//!   (what happened)         (its one spelling)    (a grow-only map)      (a bounded message)
//!        |                                                                    |
//!        +--> domain::{stock, task} fold <------------------------------------+
//! ```
//!
//! - [`ids`], [`time`], [`money`], [`limits`], [`error`], [`packed`]: words that every other room uses.
//! - [`guard`]: what the simulator may take away to prove that it would notice.
//! - [`domain`]: facts, fences, the stock fold, the task's transition table and fold.
//! - [`trace`]: whose request something belongs to, and the spans of what is on record.
//! - [`document`]: bags of facts over automerge, and the check that hostile bytes must pass.
//! - [`wire`]: the forms of facts, sync messages, MQTT payloads and topics.
//!
//! What is absent, on purpose: tokio, sockets, files, clocks, randomness, SQL. Time and random
//! bytes are passed in. Nothing here knows HTTP or MQTT but their names for things.

pub mod document;
pub mod domain;
pub mod error;
pub mod guard;
pub mod ids;
pub mod limits;
pub mod money;
pub mod packed;
pub mod set_hash;
pub mod stamp;
pub mod time;
pub mod trace;
pub mod wire;
