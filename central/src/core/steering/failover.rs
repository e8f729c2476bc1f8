//! Failover as a section of a policy. Its pace is one of the tenant, so no layer sets it.

use crate::core::failover::policy::FailoverPolicy;
use crate::core::policy::Fault;
use crate::core::policy::section::{Layered, Section};

impl Section for FailoverPolicy {
    const NAME: &'static str = "failover";
    const LAYERED: &'static [Layered] = &[];

    fn faults(&self) -> Vec<Fault> {
        self.faults()
    }
}
