pub mod adapters;
pub mod cli;
pub mod core;
pub mod ports;
pub mod runtime;
