//! A person is told while a system of others has been out of reach for long, and when it is back.

use super::FlowError;
use super::gateways::Gateway;
use crate::core::exception::{Category, NewException, Severity};
use crate::ports::fleet::Fleet;
use holdfast_shared::time::Now;

/// Which system, in words.
#[derive(Debug, Clone, Copy)]
pub(super) struct OutOfReach<'a> {
    pub(super) what: &'a str,
    pub(super) name: &'a str,
    /// What waits for it.
    pub(super) waits: &'a str,
}

pub(super) async fn tell_of<S: Fleet + ?Sized, P: ?Sized + Send + Sync>(
    store: &S,
    gateway: &Gateway<P>,
    lies: OutOfReach<'_>,
    now: Now,
) -> Result<(), FlowError> {
    let OutOfReach { what, name, waits } = lies;
    gateway.measure(name);
    let key = format!("outside/{name}");
    for tenant in gateway.tenants() {
        match gateway.open_too_long_ms(now.mono) {
            Some(open_ms) if gateway.tell_once(tenant, true) => {
                let exception = NewException {
                    key: key.clone(),
                    category: Category::OutsideDown,
                    severity: Severity::High,
                    order: None,
                    task: None,
                    store: None,
                    detail: format!(
                        "{what} {name} has not answered for {} s; {waits} wait for it",
                        open_ms / 1_000
                    ),
                    suggestion: format!(
                        "Look at the status page of {name} and at the network. The {waits} go on by themselves when it answers."
                    ),
                };
                store.raise(tenant, &exception, now.utc).await?;
            }
            None if gateway.tell_once(tenant, false) => {
                store.settle(tenant, &key, "it answers again", now.utc).await?;
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}
