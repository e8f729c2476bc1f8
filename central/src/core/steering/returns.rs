//! Goods that come back, as a section of a policy. Who sold them matters, and not which store takes them, so no layer
//! sets it.

use crate::core::policy::Fault;
use crate::core::policy::section::{Layered, Section};
use crate::core::returns::policy::ReturnPolicy;

impl Section for ReturnPolicy {
    const NAME: &'static str = "returns";
    const LAYERED: &'static [Layered] = &[];

    fn faults(&self) -> Vec<Fault> {
        self.faults()
    }
}
