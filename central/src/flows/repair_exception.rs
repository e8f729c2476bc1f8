//! A person has an exception put right in one call. What is carried out is a command of its own, with its own
//! checks; here it is prepared, shown before, carried out once, and written down with who and why.

use super::answer_substitution::{Reply, answer_substitution};
use super::cancel::{cancel_order, check_reason};
use super::enrol::offer_enrolment;
use super::overrule::{Wish as Overrule, overrule};
use super::parcel_acts::{LabelWish, wish_label};
use super::returns::{say_yes, waiting_return};
use super::take_back::take_back;
use super::{FlowError, Watch};
use crate::core::events::consumer::{Consumer, ConsumerState, Progress};
use crate::core::exception::Exception;
use crate::core::exception::backlog::{CONSUMER, ConsumerStands};
use crate::core::exception::clock::moment;
use crate::core::exception::repairs::{OrderStands, Preview, RepairKind, RepairOutcome, Scene, preview};
use crate::core::health::overrule::Verdict;
use crate::core::parcel::fold::Parcel;
use crate::core::substitution::SubstitutionState;
use crate::ports::access::Access;
use crate::ports::consumers::{Consumers, TriedAgain};
use crate::ports::exceptions::{BeginOutcome, ExceptionQueue, RepairWish};
use crate::ports::fleet::Fleet;
use crate::ports::orders::Orders;
use crate::ports::poke::Poke;
use crate::ports::recovery::{OverrideOutcome, Recoveries, RecoveringStore};
use crate::ports::returns::Returns;
use crate::ports::shipments::{ParcelKey, Shipments};
use crate::ports::substitutions::Substitutions;
use crate::ports::work::Work;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, ConsumerId, ExceptionId, OrderId, StoreId, TenantId};
use holdfast_shared::limits::EXCEPTION_REPAIRS_MAX;
use holdfast_shared::time::Now;

/// As long as silence counts when a person says so.
const LIFTED_MS: i64 = 10 * 60 * 1000;
/// A repair is a few writes. One that has not ended after so long was cut off, and is carried out anew.
const LOST_AFTER_MS: i64 = 60_000;

/// All that the commands need of storage.
pub trait Repairing:
    Access + Consumers + ExceptionQueue + Fleet + Orders + Recoveries + Returns + Shipments + Substitutions + Work
{
}

impl<S> Repairing for S where
    S: Access
        + Consumers
        + ExceptionQueue
        + Fleet
        + Orders
        + Recoveries
        + Returns
        + Shipments
        + Substitutions
        + Work
        + ?Sized
{
}

/// Who asks for what, and why. `code` is random, passed in, and used where a box is enrolled anew.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    pub tenant: &'a TenantId,
    pub exception: &'a ExceptionId,
    pub repair: RepairKind,
    pub actor: &'a Actor,
    pub reason: &'a str,
    pub again: bool,
    pub code: &'a str,
}

pub struct Tools<'a> {
    pub watch: &'a Watch,
    pub poke: &'a dyn Poke,
}

impl std::fmt::Debug for Tools<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tools").finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    pub outcome: RepairOutcome,
    pub words: String,
    /// It was done before; nothing was done anew.
    pub replayed: bool,
    /// Told this once.
    pub enrolment_code: Option<String>,
}

impl Repaired {
    fn new(outcome: RepairOutcome, words: impl Into<String>) -> Self {
        Self { outcome, words: words.into(), replayed: false, enrolment_code: None }
    }
}

/// What the exception is about, as it stands now.
pub async fn scene<S: Repairing + ?Sized>(
    store: &S,
    watch: &Watch,
    tenant: &TenantId,
    exception: &Exception,
) -> Result<Scene, FlowError> {
    let mut scene = Scene { frozen: watch.with(|observatory| observatory.frozen()), ..Scene::default() };
    if let Some(task) = &exception.task {
        scene.task = store.task(tenant, task).await?;
        scene.stuck_units = store.stuck_units(tenant, task).await?;
        let key = ParcelKey { tenant: tenant.clone(), task: task.clone() };
        let parcel = store.shipment(&key).await?.map(|shipment| Parcel::fold(&shipment.facts));
        scene.carrier_label = parcel.is_some_and(|parcel| parcel.left_at.is_none());
    }
    if let Some(order) = &exception.order
        && let Some(known) = store.order(tenant, order).await?
    {
        scene.order = Some(OrderStands { state: known.state.as_str(), is_final: known.state.is_final() });
        scene.open_units = known.lines.iter().map(|line| line.open).fold(0, i64::saturating_add);
        scene.question = question(store, tenant, order).await?;
        scene.return_waits = waiting_return(store, tenant, order).await?.map(|(_, words)| words);
        if scene.task.is_none()
            && let [task] = known.tasks.as_slice()
        {
            scene.task = store.task(tenant, task).await?;
        }
    }
    if let Some(named) = &exception.store {
        let recovery = store.recovery(tenant).await?;
        let waits = |waited: &RecoveringStore| waited.store == *named && waited.is_waited_for();
        scene.waited_for = recovery.is_some_and(|recovery| recovery.stores.iter().any(waits));
    }
    if let Some(named) = consumer_of(exception) {
        let found = store.consumer(tenant, &named, exception.seen_at).await?;
        scene.consumer = found.map(|(Consumer { consumer, state, .. }, progress)| {
            let Progress { waiting, parked, .. } = progress;
            let (paused, ended) = (state == ConsumerState::Paused, state == ConsumerState::Ended);
            ConsumerStands { consumer, paused, ended, waiting, parked }
        });
    }
    Ok(scene)
}

fn consumer_of(exception: &Exception) -> Option<ConsumerId> {
    exception.failure.as_ref()?.values.get(CONSUMER)?.parse().ok()
}

async fn question<S: Repairing + ?Sized>(
    store: &S,
    tenant: &TenantId,
    order: &OrderId,
) -> Result<Option<(u32, String)>, FlowError> {
    let all = store.substitutions(tenant, order).await?;
    let waiting = all.into_iter().find(|one| one.state == SubstitutionState::Waiting);
    Ok(waiting.map(|one| (one.number, format!("{} of {} for {}", one.quantity, one.instead, one.sku))))
}

/// What a repair would do, and whether it can be done now. Nothing is changed.
pub async fn look<S: Repairing + ?Sized>(
    store: &S,
    watch: &Watch,
    (tenant, exception): (&TenantId, &ExceptionId),
    repair: RepairKind,
) -> Result<Preview, FlowError> {
    let known = find(store, tenant, exception).await?;
    let scene = scene(store, watch, tenant, &known).await?;
    Ok(preview(repair, &known, &scene))
}

async fn find<S: ExceptionQueue + ?Sized>(
    store: &S,
    tenant: &TenantId,
    exception: &ExceptionId,
) -> Result<Exception, FlowError> {
    let missing = || FlowError::refused(Code::NotFound, format!("there is no exception {exception}"));
    store.exception(tenant, exception).await?.ok_or_else(missing)
}

pub async fn repair<S: Repairing + ?Sized>(
    store: &S,
    tools: &Tools<'_>,
    wish: Wish<'_>,
    now: Now,
) -> Result<Repaired, FlowError> {
    check_reason(wish.reason)?;
    let asked = RepairWish {
        exception: wish.exception.clone(),
        repair: wish.repair,
        actor: wish.actor.clone(),
        reason: wish.reason.trim().to_owned(),
        again: wish.again,
        lost_before: now.utc.plus(-LOST_AFTER_MS),
    };
    let attempt = match store.begin_repair(wish.tenant, &asked, now.utc).await? {
        BeginOutcome::Begun { attempt } => attempt,
        BeginOutcome::Before(before) => {
            let words = format!("{} did it at {}: {}", before.actor, moment(before.began_at), before.words);
            return Ok(Repaired { replayed: true, ..Repaired::new(before.outcome, words) });
        }
        BeginOutcome::Busy(other) => {
            let what =
                format!("{} is at it since {}: look again in a moment", other.actor, moment(other.began_at));
            return Err(FlowError::refused(Code::Busy, what));
        }
        BeginOutcome::Over => {
            let known = find(store, wish.tenant, wish.exception).await?;
            let told = preview(wish.repair, &known, &Scene::default());
            let why = told.not_now.unwrap_or_default();
            return Ok(Repaired::new(RepairOutcome::Moot, format!("nothing was done: {why}")));
        }
        BeginOutcome::TooMany => {
            let what =
                format!("{EXCEPTION_REPAIRS_MAX} repairs were tried: resolve it, and say what was done");
            return Err(FlowError::refused(Code::TooManyRequests, what));
        }
        BeginOutcome::Unknown => {
            let what = format!("there is no exception {}", wish.exception);
            return Err(FlowError::refused(Code::NotFound, what));
        }
    };
    let done = match carry_out(store, tools, &wish, now).await {
        // What storage could not do may be asked again: the attempt counts as lost after a while.
        Err(FlowError::Store(error)) if error.code.status() >= 500 => return Err(error.into()),
        Err(error) => Repaired::new(RepairOutcome::Refused, error.to_string()),
        Ok(done) => done,
    };
    let told = (done.outcome, &*done.words);
    store.end_repair(wish.tenant, wish.exception, attempt, told, now.utc).await?;
    Ok(done)
}

fn parcel_of(tenant: &TenantId, exception: &Exception) -> Result<ParcelKey, FlowError> {
    let task = exception.task.clone().ok_or_else(|| lacks("task"))?;
    Ok(ParcelKey { tenant: tenant.clone(), task })
}

async fn carry_out<S: Repairing + ?Sized>(
    store: &S,
    tools: &Tools<'_>,
    wish: &Wish<'_>,
    now: Now,
) -> Result<Repaired, FlowError> {
    let known = find(store, wish.tenant, wish.exception).await?;
    let scene = scene(store, tools.watch, wish.tenant, &known).await?;
    let told = preview(wish.repair, &known, &scene);
    if let Some(why) = told.not_now {
        let outcome = if known.resolved_at.is_some() { RepairOutcome::Moot } else { RepairOutcome::Refused };
        return Ok(Repaired::new(outcome, format!("nothing was done: {why}")));
    }
    let (tenant, actor, reason) = (wish.tenant, wish.actor, wish.reason.trim());
    let order = || known.order.as_ref().ok_or_else(|| lacks("order"));
    let node = || known.store.as_ref().ok_or_else(|| lacks("store"));
    match wish.repair {
        RepairKind::TakeBack => {
            let task = scene.task.as_ref().ok_or_else(|| lacks("task"))?;
            take_back(store, tools.poke, tenant, &task.task, (reason, actor), now).await?;
        }
        RepairKind::CancelOrder => {
            cancel_order(store, tools.poke, tenant, order()?, reason, actor, now.utc).await?;
        }
        RepairKind::RouteAgain => {
            store.route_again(tenant, order()?, now.utc).await?;
        }
        RepairKind::AcceptSubstitution => {
            let (number, _) = scene.question.as_ref().ok_or_else(|| lacks("question"))?;
            let reply = Reply { tenant, order: order()?, number: *number, accept: true, by: actor };
            answer_substitution(store, reply, now.utc).await?;
        }
        RepairKind::Resend => tools.poke.poke(tenant, node()?, "an answer is missing"),
        RepairKind::EnrolAnew => return enrol_anew(store, wish, node()?, now).await,
        RepairKind::LiftFreeze => {
            let lift = Overrule {
                verdict: Verdict::Release,
                author: actor.clone(),
                reason: reason.to_owned(),
                for_ms: LIFTED_MS,
            };
            overrule(store, tools.watch, tenant, lift, now).await?;
        }
        RepairKind::ReleaseHold => {
            let task = known.task.as_ref().ok_or_else(|| lacks("task"))?;
            let units = store.release_hold(tenant, task, now.utc).await?;
            return Ok(Repaired::new(RepairOutcome::Done, format!("{units} units are free again")));
        }
        RepairKind::AnswerForStore => {
            let node = node()?;
            match store.override_recovery(tenant, node, reason, actor, now.utc).await? {
                OverrideOutcome::Overridden { .. } => {}
                OverrideOutcome::NotWaitedFor => {
                    let words = format!("nobody waits for {node} any more");
                    return Ok(Repaired::new(RepairOutcome::Moot, words));
                }
            }
        }
        RepairKind::FoldAgain => {
            let differed = store.fold_again(tenant, order()?, now.utc).await?;
            let words = if differed { "its state was another, and is told" } else { "its state was right" };
            return Ok(Repaired::new(RepairOutcome::Done, words));
        }
        RepairKind::DeliverAgain => return deliver_again(store, wish, &known, now).await,
        RepairKind::SettleReturn => say_yes(store, tenant, order()?, (reason, actor), now.utc).await?,
        RepairKind::LabelAgain => label_again(store, tenant, &known, (reason, actor), now).await?,
        RepairKind::AcceptAsIs => {}
    }
    Ok(Repaired::new(RepairOutcome::Done, told.does))
}

async fn label_again<S: Repairing + ?Sized>(
    store: &S,
    tenant: &TenantId,
    known: &Exception,
    why: (&str, &Actor),
    now: Now,
) -> Result<(), FlowError> {
    let key = parcel_of(tenant, known)?;
    wish_label(store, &key, LabelWish::Again, why, now.utc).await?;
    Ok(())
}

async fn deliver_again<S: Repairing + ?Sized>(
    store: &S,
    wish: &Wish<'_>,
    known: &Exception,
    now: Now,
) -> Result<Repaired, FlowError> {
    let consumer = consumer_of(known).ok_or_else(|| lacks("consumer"))?;
    let tried = store.deliver_again(wish.tenant, &consumer, wish.actor, now.utc).await?;
    let Some(TriedAgain { events, left }) = tried else {
        return Ok(Repaired::new(RepairOutcome::Moot, format!("{consumer} is there no more")));
    };
    let words =
        format!("{events} events that were put aside for {consumer} are tried again, {left} are not yet");
    Ok(Repaired::new(RepairOutcome::Done, words))
}

fn lacks(what: &str) -> FlowError {
    FlowError::refused(Code::InvalidRequest, format!("the exception names no {what}"))
}

async fn enrol_anew<S: Repairing + ?Sized>(
    store: &S,
    wish: &Wish<'_>,
    node: &StoreId,
    now: Now,
) -> Result<Repaired, FlowError> {
    let until = offer_enrolment(store, wish.tenant, node, wish.code, now.utc).await?;
    let words = format!("a code for one box of {node} is good until {}", moment(until));
    let done = Repaired::new(RepairOutcome::Done, words);
    Ok(Repaired { enrolment_code: Some(wish.code.to_owned()), ..done })
}
