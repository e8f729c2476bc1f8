//! Taking orders as a section of a policy. Whose order it is matters, and not which store serves it, so no
//! layer sets it.

use crate::core::intake::IntakePolicy;
use crate::core::policy::Fault;
use crate::core::policy::section::{Layered, Section};

impl Section for IntakePolicy {
    const NAME: &'static str = "intake";
    const LAYERED: &'static [Layered] = &[];

    fn faults(&self) -> Vec<Fault> {
        self.faults()
    }
}
