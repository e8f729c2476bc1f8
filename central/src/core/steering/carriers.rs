//! Carriers as a section of a policy. What differs by store stands in it already, in `handling_of`.

use crate::core::carriers::CarrierPolicy;
use crate::core::policy::Fault;
use crate::core::policy::section::{Layered, Section};

impl Section for CarrierPolicy {
    const NAME: &'static str = "carriers";
    const LAYERED: &'static [Layered] = &[];

    fn faults(&self) -> Vec<Fault> {
        self.faults()
    }
}
