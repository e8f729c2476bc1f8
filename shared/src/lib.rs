pub mod domain;
pub mod error;
pub mod ids;
pub mod limits;
pub mod money;
pub mod time;
pub mod wire;
