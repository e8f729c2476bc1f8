//! What both sides decide by: facts, and the folds from facts to state. No I/O, no clock, no wire.

pub mod bring_back;
pub mod epoch;
pub mod fact;
pub mod fence;
pub mod rights;
pub mod stock;
pub mod task;
pub mod task_fold;
