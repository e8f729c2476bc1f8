//! Where a difference is written down.

use crate::core::shadow::words::Against;
use crate::core::stock::report::Day;
use holdfast_shared::ids::TenantId;

/// Whose line it is, and on which day it was found.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) against: Against,
    pub(super) day: Day,
}
