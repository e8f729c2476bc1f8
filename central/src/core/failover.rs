//! Which work moves away from stores that may no longer have it, when, and in which order. A plan
//! first, in words; executed afterwards, where each move decides once more against a release and
//! against the pace.
//!
//! `policy` is what a person may set, `plan` what follows for each task, `standby` the node that
//! stood second when the work was given, `telling` who hears what of a move, `drill` what a drill
//! amounted to.

pub mod drill;
pub mod plan;
pub mod policy;
pub mod record;
pub mod standby;
pub mod telling;
