//! How soon exceptions want an answer, as a section of a policy. The people who answer are the tenant's, so no
//! layer sets it.

use crate::core::exception::policy::ExceptionPolicy;
use crate::core::policy::Fault;
use crate::core::policy::section::{Layered, Section};

impl Section for ExceptionPolicy {
    const NAME: &'static str = "exceptions";
    const LAYERED: &'static [Layered] = &[];

    fn faults(&self) -> Vec<Fault> {
        self.faults()
    }
}
