//! What a launch asks beside the policy itself: whether all is there before it ([`preflight`]), how it is
//! taken back ([`rollback`]), whether the books agree afterwards ([`reconcile`], [`postlaunch`]), and
//! which parts of a policy were ever put to use ([`coverage`], [`sign_off`]).
//!
//! Nothing here reads or writes: what is known comes in, what a person should be told goes out.

pub mod coverage;
pub mod postlaunch;
pub mod preflight;
pub mod reconcile;
pub mod rollback;
pub mod sign_off;
pub mod systems;
