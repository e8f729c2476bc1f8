//! Proof that Holdfast does what it says.
//!
//! Unit tests stand beside the code that they test; here is what needs more than one crate.
//! [`tidy`] holds the house rules: directions of imports, sizes, dead files, documents that name
//! files, inline SQL, limits that nobody holds. `tests/tests/` has what cargo runs, `tests/scripts/`
//! what needs a shell, such as installing the packages. Each script prints a line per check
//! (`ok NAME`, `not ok NAME`, `skip NAME REASON`), and `tests/run` sums everything up.
//! [`books`] asks reconciliation, wherever all should agree.
//! [`conformance`] is what every engine of central's storage must do.
//! [`e2e`] is a small chain of real processes, started on free ports in a folder of its own.
//! [`crowd`] is a chain of stores that come back all at once.
//! [`flock`] is thousands of stores that speak as agents do, without a disk.
//! [`matrix`] is what the tables of everything that can go wrong outside stand on.
//! [`namespaces`] is a chain of real processes over lines that are really cut, where root may run it.
//! [`packaged`] is what the packages set around a process, for benches.
//! [`pipeline`] sends orders by the thousand through a real central, and compares the books at the end.
//! [`fuzz`] makes up what a network may bring.
//! [`stage`] is where named scenarios play: real parts, and time in the test's hand.
//! [`sim`] runs agents and central in one thread from one seed, with every fault that it can think of.
//!
//! Nothing here sleeps to wait: a test waits for a signal, or asks again until a deadline.

pub mod books;
pub mod conformance;
pub mod crowd;
pub mod e2e;
pub mod flock;
pub mod fuzz;
pub mod matrix;
pub mod namespaces;
pub mod packaged;
pub mod pipeline;
pub mod sim;
pub mod stage;
pub mod tidy;
pub mod year;
