//! Goods that come back, as a section of a policy. What they are matters, and not which store takes them.

use crate::core::policy::Fault;
use crate::core::policy::layers::LayerKind;
use crate::core::policy::section::{Layered, Section};
use crate::core::returns::policy::ReturnPolicy;

impl Section for ReturnPolicy {
    const NAME: &'static str = "returns";
    const LAYERED: &'static [Layered] =
        &[("window_days", &[LayerKind::Class]), ("approve", &[LayerKind::Class])];

    fn faults(&self) -> Vec<Fault> {
        self.faults()
    }
}
