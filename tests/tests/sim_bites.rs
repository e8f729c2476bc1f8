//! The simulator notices when a guard of the product is taken away. Each guard has a line: the seed
//! that is known to show it, where the search begins, and what it then calls broken.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in here is a finding")]

use holdfast_shared::guard::Guard;
use holdfast_tests::sim::plan::Plan;
use holdfast_tests::sim::run;

/// Within so many seeds it must be found.
const SEEDS_MAX: u64 = 1_000;

/// A guard, where it stands, the seed that is known to find it, and by which invariant.
type Line = (Guard, &'static str, u64, &'static [&'static str]);

const BITES: &[Line] = &[];
