pub mod document;
pub mod error;
pub mod ids;
pub mod limits;
pub mod money;
pub mod set_hash;
pub mod time;
pub mod wire;
