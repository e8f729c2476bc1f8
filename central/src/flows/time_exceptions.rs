//! Tells, once each, of exceptions that nobody took or ended in their time.

use super::FlowError;
use super::in_force::PoliciesInForce;
use crate::core::exception::clock::{Breach, sla};
use crate::core::exception::{Category, Severity};
use crate::ports::exceptions::ExceptionQueue;
use holdfast_shared::ids::TenantId;
use holdfast_shared::limits::EXCEPTIONS_TIMED_MAX;
use holdfast_shared::time::UtcMs;

/// One that was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    pub tenant: TenantId,
    pub category: Category,
    pub severity: Severity,
    pub breach: Breach,
}

/// Looks at all that are open, page by page: a policy may have made them late at any time.
pub async fn time_exceptions<S: ExceptionQueue + ?Sized>(
    store: &S,
    policies: &PoliciesInForce,
    now: UtcMs,
) -> Result<Vec<Late>, FlowError> {
    let mut late = Vec::new();
    let mut after = 0;
    loop {
        let page = store.untold_exceptions(after, EXCEPTIONS_TIMED_MAX).await?;
        let Some((last, ..)) = page.last() else { return Ok(late) };
        after = *last;
        for (_, tenant, exception) in page {
            let clock = sla(&exception, &policies.of(&tenant).exceptions, now);
            let told = [(Breach::Look, clock.looked_late), (Breach::End, clock.ended_late)];
            for (breach, _) in told.into_iter().filter(|(_, is)| *is) {
                if store.tell_breach(&tenant, &exception.exception, breach, now).await? {
                    let (category, severity) = (exception.category, exception.severity);
                    late.push(Late { tenant: tenant.clone(), category, severity, breach });
                }
            }
        }
    }
}
