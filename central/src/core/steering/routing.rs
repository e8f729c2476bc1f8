//! Routing as a section of a policy.

use crate::core::policy::Fault;
use crate::core::policy::layers::LayerKind;
use crate::core::policy::section::{Layered, Section};
use crate::core::routing::policy::RoutingPolicy;

impl Section for RoutingPolicy {
    const NAME: &'static str = "routing";
    const LAYERED: &'static [Layered] = &[
        ("accept_within_ms", &[LayerKind::Region, LayerKind::Store]),
        ("splits_max", &[LayerKind::Brand]),
        ("split_min_value", &[LayerKind::Brand]),
        ("split_penalty", &[LayerKind::Brand]),
        ("confidence_min", &[LayerKind::Brand]),
        ("substitution_answer_within_ms", &[LayerKind::Brand]),
        ("consolidate", &[LayerKind::Brand]),
        ("ladder", &[LayerKind::Brand]),
        ("ladder_of", &[LayerKind::Brand]),
    ];

    fn faults(&self) -> Vec<Fault> {
        self.faults()
    }
}
