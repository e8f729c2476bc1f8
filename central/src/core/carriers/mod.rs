//! Carriers and time: what services collect when, how long they take, and what they cost. From it
//! follow the three times of a parcel: when it is ready, until when it must be handed over, and by
//! when it arrives.
//!
//! A cutoff and a day of arrival are read from the clock on the store's wall, and turned into UTC
//! once, here. Where that clock jumps or repeats itself, the reading that can be kept counts.

mod calendar;
mod journey;
mod no_date;
mod policy;
mod timetable;
mod wall;

pub use journey::{Journey, Trip, arrival, choose, next_cutoff, ready_at};
pub use no_date::NoDate;
pub use policy::{Band, CarrierPolicy, Collection, Handling, HandlingOf, Price, Service};
pub use timetable::{Timetable, Way};
pub use wall::Wall;
