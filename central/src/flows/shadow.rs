//! A version put in shadow and taken out of it, what another system decided taken in, and differences
//! settled by people.

use super::FlowError;
use super::cancel::check_reason;
use crate::core::shadow::legacy::{LegacyDecision, check};
use crate::core::shadow::{NewShadow, Refusal, Shadow};
use crate::ports::legacy::{LegacyDecisions, Taken, TakenOrFull};
use crate::ports::shadow::{Judgement, ShadowStarted, Shadows};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, TenantId};
use holdfast_shared::limits::SHADOW_WAITING_MAX;
use holdfast_shared::time::UtcMs;

pub async fn start<S: Shadows + ?Sized>(
    store: &S,
    tenant: &TenantId,
    new: NewShadow,
    now: UtcMs,
) -> Result<Shadow, FlowError> {
    check_reason(&new.reason)?;
    let new = NewShadow { reason: new.reason.trim().to_owned(), ..new };
    match store.start_shadow(tenant, &new, now).await? {
        ShadowStarted::Done(shadow) => Ok(shadow),
        ShadowStarted::Unknown => {
            let what = format!("there is no version {}", new.version);
            Err(FlowError::refused(Code::UnknownPolicy, what))
        }
        ShadowStarted::Refused(refusal) => Err(FlowError::refused(code_of(&refusal), refusal.to_string())),
    }
}

const fn code_of(refusal: &Refusal) -> Code {
    match refusal {
        Refusal::Length | Refusal::Tolerance => Code::InvalidRequest,
        Refusal::InForce(_) | Refusal::Another(_) => Code::PolicyState,
    }
}

pub async fn stop<S: Shadows + ?Sized>(
    store: &S,
    tenant: &TenantId,
    (reason, by): (&str, &Actor),
    now: UtcMs,
) -> Result<Shadow, FlowError> {
    check_reason(reason)?;
    let ended = store.stop_shadow(tenant, by, reason.trim(), now).await?;
    ended.ok_or_else(|| FlowError::refused(Code::NotFound, "no version is in shadow"))
}

/// A batch is taken as a whole or, when it is not well formed, not at all.
pub async fn take<S: LegacyDecisions + ?Sized>(
    store: &S,
    tenant: &TenantId,
    batch: &[LegacyDecision],
    now: UtcMs,
) -> Result<Taken, FlowError> {
    check(batch).map_err(|bad| FlowError::refused(Code::InvalidRequest, bad.to_string()))?;
    match store.take_legacy(tenant, batch, now).await? {
        TakenOrFull::Taken(taken) => Ok(taken),
        TakenOrFull::Full => {
            let what = format!("{SHADOW_WAITING_MAX} decisions wait for central's already");
            Err(FlowError::refused(Code::Busy, what))
        }
    }
}

pub async fn triage<S: Shadows + ?Sized>(
    store: &S,
    tenant: &TenantId,
    judgement: Judgement,
    now: UtcMs,
) -> Result<u32, FlowError> {
    check_reason(&judgement.reason)?;
    let judgement = Judgement { reason: judgement.reason.trim().to_owned(), ..judgement };
    let settled = store.triage_diff(tenant, &judgement, now).await?;
    let unknown = || format!("there is no difference {}, or it was long ago", judgement.diff);
    settled.ok_or_else(|| FlowError::refused(Code::NotFound, unknown()))
}
