//! Stock as a section of a policy. What differs by class of SKUs stands in it already.

use crate::core::policy::Fault;
use crate::core::policy::layers::LayerKind;
use crate::core::policy::section::{Layered, Section};
use crate::core::stock::policy::StockPolicy;

impl Section for StockPolicy {
    const NAME: &'static str = "stock";
    const LAYERED: &'static [Layered] = &[("classes", &[LayerKind::Region, LayerKind::Store])];

    fn faults(&self) -> Vec<Fault> {
        self.faults()
    }
}
