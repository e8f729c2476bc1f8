pub mod core;
pub mod ports;
