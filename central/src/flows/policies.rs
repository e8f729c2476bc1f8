//! Versions of policies: drafted, taken a step further, begun when their time has come.

use super::FlowError;
use super::cancel::check_reason;
use crate::core::policy::version::{PolicyAct, PolicyFreeze, PolicyRecord, PolicyVersion, Refusal, Step};
use crate::core::policy::{Found, Placed};
use crate::core::steering::{Steering, read_policy_over};
use crate::ports::fleet::Fleet;
use crate::ports::policies::{NewPolicy, Policies, Stepped};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, TenantId};
use holdfast_shared::limits::{POLICY_AHEAD_MS_MAX, POLICY_FREEZE_MS_MAX};
use holdfast_shared::time::UtcMs;

/// Versions that begin in one run; the next follows soon.
const DUE_MAX: u32 = 50;

/// Sections that the text does not name are the usual ones.
pub async fn draft<S: Policies + Fleet + ?Sized>(
    store: &S,
    tenant: &TenantId,
    (text, usual): (&str, &Steering),
    (reason, author): (&str, &Actor),
    now: UtcMs,
) -> Result<PolicyRecord, FlowError> {
    check_reason(reason)?;
    let placed = placed(store, tenant).await?;
    let document =
        read_policy_over(text, usual, &placed).map_err(|found| refused(Code::InvalidPolicy, told(&found)))?;
    let policy = NewPolicy {
        text: text.to_owned(),
        canonical: document.canonical().to_owned(),
        hash: document.hash(),
        author: author.clone(),
        reason: reason.trim().to_owned(),
    };
    Ok(store.draft_policy(tenant, &policy, now).await?)
}

/// In which regions a tenant's stores lie.
pub async fn placed<S: Fleet + ?Sized>(store: &S, tenant: &TenantId) -> Result<Placed, FlowError> {
    let records = store.stores(tenant).await?;
    Ok(records.into_iter().filter_map(|record| Some((record.store.store, record.store.region?))).collect())
}

/// One line for each thing that is wrong.
fn told(found: &[Found]) -> String {
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Takes a version a step further. None when the tenant is back at what was built in.
pub async fn step<S: Policies + ?Sized>(
    store: &S,
    tenant: &TenantId,
    version: PolicyVersion,
    step: Step,
    now: UtcMs,
) -> Result<Option<PolicyRecord>, FlowError> {
    check_reason(&step.reason)?;
    let reason = step.reason.trim().to_owned();
    let step = match (step.act, step.effective_at) {
        (PolicyAct::Activate, Some(at)) if at > now => {
            if at.since(now) > POLICY_AHEAD_MS_MAX {
                let days = POLICY_AHEAD_MS_MAX / 86_400_000;
                return Err(refused(
                    Code::InvalidRequest,
                    format!("effective_at is more than {days} days ahead"),
                ));
            }
            Step { act: PolicyAct::Schedule, reason, ..step }
        }
        (_, _) => Step { reason, ..step },
    };
    match store.step_policy(tenant, version, &step, now).await? {
        Stepped::Done(record) => Ok(record),
        Stepped::Unknown => Err(refused(Code::UnknownPolicy, format!("there is no version {version}"))),
        Stepped::Refused(refusal) => Err(refused(code_of(&refusal), refusal.to_string())),
    }
}

const fn code_of(refusal: &Refusal) -> Code {
    match refusal {
        Refusal::State { .. } => Code::PolicyState,
        Refusal::OwnWork(_) => Code::SecondPerson,
        Refusal::Frozen(_) => Code::PoliciesFrozen,
        Refusal::BigBang(_) => Code::PolicyUntried,
    }
}

/// Lets versions begin whose time has come. One that cannot begin now is tried again: a freeze ends.
/// How many began.
pub async fn begin_due<S: Policies + ?Sized>(store: &S, now: UtcMs) -> Result<u32, FlowError> {
    let mut begun: u32 = 0;
    for (tenant, version, step) in store.due_policies(now, DUE_MAX).await? {
        match store.step_policy(&tenant, version, &step, now).await? {
            Stepped::Done(_) => begun = begun.saturating_add(1),
            Stepped::Refused(_) | Stepped::Unknown => {}
        }
    }
    Ok(begun)
}

pub async fn freeze<S: Policies + ?Sized>(
    store: &S,
    tenant: &TenantId,
    (reason, by): (&str, &Actor),
    until: UtcMs,
    now: UtcMs,
) -> Result<PolicyFreeze, FlowError> {
    check_reason(reason)?;
    let length = until.since(now);
    if length <= 0 || length > POLICY_FREEZE_MS_MAX {
        let days = POLICY_FREEZE_MS_MAX / 86_400_000;
        let what = format!("until lies in the future, and not more than {days} days ahead");
        return Err(refused(Code::InvalidRequest, what));
    }
    let freeze = PolicyFreeze { by: by.clone(), reason: reason.trim().to_owned(), since: now, until };
    if store.freeze_policies(tenant, &freeze).await? {
        return Ok(freeze);
    }
    let what = "policies are frozen for longer than that already; end that freeze instead of shortening it";
    Err(refused(Code::PoliciesFrozen, what.to_owned()))
}

pub async fn thaw<S: Policies + ?Sized>(
    store: &S,
    tenant: &TenantId,
    (reason, by): (&str, &Actor),
    now: UtcMs,
) -> Result<(), FlowError> {
    check_reason(reason)?;
    if store.thaw_policies(tenant, by, reason.trim(), now).await? {
        return Ok(());
    }
    Err(refused(Code::NotFound, "policies are not frozen".to_owned()))
}

fn refused(code: Code, what: String) -> FlowError {
    FlowError::refused(code, what)
}
