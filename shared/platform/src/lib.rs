//! The plumbing that both processes stand on.
//!
//! `holdfast-shared` does no I/O; this crate does, and knows nothing of stores, stock or orders.
//! Agent and central use it from their adapters rightwards; their cores never see it.
//!
//! A process starts from left to right: [`config`] reads the settings and tells every mistake of
//! the file and of the environment at once; [`data_dir`] takes a private directory that only one
//! process has; [`sqlite`] opens and checks the database in it; [`service`] owns the tasks;
//! [`server`] serves a router that [`http`] has guarded; [`sse`] pushes what changed.
//!
//! A write passes [`http`]'s extractors (wrong bodies are problems before a handler runs) and
//! becomes a job of the one SQLite writer. Jobs that wait together share a commit, each in a
//! savepoint of its own, and are answered after that commit: what was acknowledged is on the disk.
//! When the commit fails, each of them is told, and the state kept in memory is thrown away. A witness
//! beside the database keeps the count of commits, so that a database that lost one is found out.
//!
//! The end is as bounded as the work. A stop, a signal or a failed task cancels one token; event
//! streams end with it, open requests get until the drain deadline, and what is left is cut.
//!
//! - [`clock`] and [`random`] are the only places that read a raw clock or ask for randomness.
//! - [`outside`] asks systems of others over HTTPS, and says whether nobody knows what came of it.
//! - [`secret`] keeps secrets out of logs and compares them in constant time.
//!
//! What is measured of a trace goes to a collector by [`telemetry`], or nowhere: it never holds anything up.
//!
//! Absent on purpose: domain types beyond ids and limits, routes, SQL other than pragmas and
//! transactions, retries. A damaged database is an answer here ([`sqlite::Opened::Damaged`]), not
//! an error: a process that crash-loops over it tells nobody what is wrong.

pub mod clock;
pub mod config;
pub mod data_dir;
pub mod http;
pub mod outside;
pub mod random;
pub mod secret;
pub mod server;
pub mod service;
pub mod sqlite;
pub mod sse;
pub mod telemetry;
