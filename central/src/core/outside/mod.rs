//! Systems of others, as the side that calls them sees them: when to try again, and when to leave them alone for a
//! while. Time and chance are passed in; nothing here calls anybody.

pub mod answer;
pub mod asking;
pub mod backoff;
pub mod breaker;
pub mod gate;
pub mod mishap;
pub mod notice;
pub mod rate;
pub mod signed;
