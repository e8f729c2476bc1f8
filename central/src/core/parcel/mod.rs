//! A parcel: what of one task leaves in one box with one carrier, from the wish for a label to the customer's door.
//!
//! [`fact`] says what is written down, before a carrier is asked and after; [`record`] is one question with all that was
//! said of it; [`fold`] is what holds; [`needs`] what its task asks for; [`plan`] the one next thing to do; [`news`] what
//! people and other systems are told. [`tracking`] ranks what a carrier tells, so that what comes late or twice takes
//! nothing back. All of it is pure: a central that starts anew goes on from the last fact.

pub mod address;
pub mod fact;
pub mod fold;
pub mod needs;
pub mod news;
pub mod notice;
pub mod plan;
pub mod progress;
pub mod record;
pub mod tracking;

#[cfg(test)]
pub(crate) mod test_scene;
