//! Decides, and does nothing else: a command, a view of what is stored and the time go in; facts
//! to record and an answer come out. No sockets, no clock, no threads, no randomness.

pub mod command;
pub mod view;
