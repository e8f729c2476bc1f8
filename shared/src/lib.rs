pub mod error;
pub mod ids;
pub mod limits;
pub mod money;
pub mod time;
