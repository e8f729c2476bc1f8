//! A person overrules the observer: holds everything although it sees nothing wrong, or lets silence
//! count although it is frozen. Both are on record as an exception; released goods and pickups stay
//! where they are all the same.

use super::{FlowError, Watch};
use crate::core::exception::{Category, NewException, Severity};
use crate::core::health::overrule::{Overrule, Verdict};
use crate::ports::fleet::Fleet;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, TenantId};
use holdfast_shared::limits::{NOTE_CHARS_MAX, OVERRULE_MS_MAX};
use holdfast_shared::time::Now;

const HELD: &str = "overruled:hold";

#[derive(Debug, Clone)]
pub struct Wish {
    pub verdict: Verdict,
    pub author: Actor,
    pub reason: String,
    /// How long it holds.
    pub for_ms: i64,
}

pub async fn overrule<S: Fleet + ?Sized>(
    store: &S,
    watch: &Watch,
    tenant: &TenantId,
    wish: Wish,
    now: Now,
) -> Result<(), FlowError> {
    let reason = wish.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > NOTE_CHARS_MAX {
        return Err(refused(format!("the reason has 1 to {NOTE_CHARS_MAX} characters")));
    }
    if wish.for_ms <= 0 || wish.for_ms > OVERRULE_MS_MAX {
        let hours = OVERRULE_MS_MAX / 3_600_000;
        return Err(refused(format!("until lies in the future, and not more than {hours} h ahead")));
    }
    let Wish { verdict, author, for_ms, .. } = wish;
    let exception = told(verdict, &author, &reason);
    let overrule = Overrule { verdict, author, reason, until: now.mono.plus(for_ms) };
    if verdict == Verdict::Release {
        let lifted = watch.with(|observatory| observatory.lift_hold(tenant, now.mono));
        if lifted {
            let resolution = format!("{}: {}", overrule.author, overrule.reason);
            store.settle(tenant, HELD, &resolution, now.utc).await?;
        }
        // Without a freeze of the observer's own there is nothing more to overrule.
        return match (watch.with(|observatory| observatory.frozen()), lifted) {
            (true, _) => on_record(store, watch, tenant, overrule, &exception, now).await,
            (false, true) => Ok(()),
            (false, false) => Err(refused("nothing is held".to_owned())),
        };
    }
    on_record(store, watch, tenant, overrule, &exception, now).await
}

/// On record first: what cannot be written down does not happen.
async fn on_record<S: Fleet + ?Sized>(
    store: &S,
    watch: &Watch,
    tenant: &TenantId,
    overrule: Overrule,
    exception: &NewException,
    now: Now,
) -> Result<(), FlowError> {
    store.raise(tenant, exception, now.utc).await?;
    watch.with(|observatory| observatory.overrule(tenant, overrule, now.mono));
    Ok(())
}

fn refused(what: String) -> FlowError {
    FlowError::refused(Code::InvalidRequest, what)
}

fn told(verdict: Verdict, author: &Actor, reason: &str) -> NewException {
    let (key, what, suggestion) = match verdict {
        Verdict::Hold => (
            HELD,
            "silence counts against no store",
            "Work of stores that are truly dark stays there meanwhile. End it when the cause is gone.",
        ),
        Verdict::Release => (
            "overruled:release",
            "silence counts again, although many stores fell silent at once",
            "Work of every store that stays silent moves away. Resolve this when it has been looked at.",
        ),
    };
    NewException {
        key: key.to_owned(),
        category: Category::ObserverFrozen,
        severity: Severity::High,
        order: None,
        task: None,
        store: None,
        detail: format!("{author} overruled the observer: {what}. Reason: {reason}"),
        suggestion: suggestion.to_owned(),
    }
}

#[cfg(test)]
mod tests;
