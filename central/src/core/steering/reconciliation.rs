//! How long things may stand still before reconciliation tells of them, as a section of a policy.

use crate::core::policy::Fault;
use crate::core::policy::section::{Layered, Section};
use crate::core::reconcile::policy::ReconcilePolicy;

impl Section for ReconcilePolicy {
    const NAME: &'static str = "reconciliation";
    const LAYERED: &'static [Layered] = &[];

    fn faults(&self) -> Vec<Fault> {
        self.faults()
    }
}
