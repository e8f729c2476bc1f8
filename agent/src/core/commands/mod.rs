//! One file per command. Each takes the state that it acts on and gives what is to be recorded.

pub mod accept;
pub mod bring_back;
pub mod close;
pub mod decline;
pub mod hand_over;
pub mod label;
pub mod let_go;
pub mod movement;
pub mod pack;
pub mod pick;
pub mod plan;
pub mod put_back;
pub mod short;
pub mod start_picking;

#[cfg(test)]
mod tests;
