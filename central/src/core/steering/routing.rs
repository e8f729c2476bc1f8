//! Routing as a section of a policy.

use crate::core::policy::Fault;
use crate::core::policy::layers::LayerKind;
use crate::core::policy::section::{Layered, Section};
use crate::core::routing::policy::RoutingPolicy;

impl Section for RoutingPolicy {
    const NAME: &'static str = "routing";
    const LAYERED: &'static [Layered] = &[("accept_within_ms", &[LayerKind::Region, LayerKind::Store])];

    fn faults(&self) -> Vec<Fault> {
        self.faults()
    }
}
