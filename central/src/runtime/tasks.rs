//! The loops. Each runs a flow again and again: woken by a bell, by a tick, or by a message.
//! A flow that fails is told once for each new cause, and tried again: it decides anew each time.

use super::CentralConfig;
use crate::adapters::http::{App, Shared};
use crate::core::eligibility::Standing;
use crate::core::order::OrderState;
use crate::flows::FlowError;
use crate::flows::date_backorders::date_backorders;
use crate::flows::drill::end_those_over;
use crate::flows::evaluate::evaluate;
use crate::flows::expire_offers::expire_offers;
use crate::flows::failover::fail_over;
use crate::flows::gather::end_gatherings;
use crate::flows::hear::{Outcome, hear};
use crate::flows::in_force::know_in_force;
use crate::flows::label_failed::see_to_labels;
use crate::flows::route_orders::{Router, route_orders};
use crate::flows::unanswered::tell_unanswered_cancels;
use crate::ports::housekeeping::Retention;
use crate::ports::signals::Heard;
use crate::ports::{PageRequest, StoreError};
use holdfast_platform::service::{Lifetime, Ticker};
use holdfast_shared::ids::{Actor, DecisionId};
use holdfast_shared::wire::topic::Channel;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Open units are looked for this often although no bell rang.
const ROUTE_EVERY: Duration = Duration::from_secs(2);
/// Between looks at the fleet that no bell asks for, although thresholds fall due one after the other.
const LOOK_REST: Duration = Duration::from_millis(20);
const PUBLISH_EVERY: Duration = Duration::from_secs(1);
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(20);
const MEASURE_EVERY: Duration = Duration::from_secs(5);
/// Events of one relay; the next follows at once.
const EVENTS_MAX: u32 = 256;
/// Open exceptions are counted up to here.
const COUNTED_MAX: u32 = 500;

pub(super) type Ended = Result<(), Infallible>;

pub(super) fn spawn_all(life: &Lifetime, app: &Shared, config: &CentralConfig, hears: mpsc::Receiver<Heard>) {
    let stop = life.token();
    life.spawn("hear", listen(Arc::clone(app), hears, stop.clone()));
    life.spawn("health", watch_over(Arc::clone(app), config.tick, stop.clone()));
    life.spawn("route", route(Arc::clone(app), stop.clone()));
    life.spawn("publish", publish(Arc::clone(app), stop.clone()));
    life.spawn("housekeeping", keep_house(Arc::clone(app), config.retention, stop.clone()));
    life.spawn("measure", measure(Arc::clone(app), stop));
}

/// Tells a trouble when it begins, when it changes, and when it ends.
pub(super) struct Trouble {
    task: &'static str,
    told: Option<String>,
}

impl Trouble {
    /// One bounded run after the other while there is more to do; stopping comes between them.
    pub(super) async fn while_more<R>(&mut self, stop: &CancellationToken, mut run: impl FnMut() -> R)
    where
        R: Future<Output = Result<bool, FlowError>>,
    {
        while !stop.is_cancelled() && self.note(run().await) == Some(true) {}
    }

    pub(super) const fn of(task: &'static str) -> Self {
        Self { task, told: None }
    }

    pub(super) fn note<T>(&mut self, outcome: Result<T, FlowError>) -> Option<T> {
        match outcome {
            Ok(value) => {
                if self.told.take().is_some() {
                    tracing::info!(task = self.task, "works again");
                }
                Some(value)
            }
            Err(error) => {
                metrics::counter!("holdfast_task_errors_total", "task" => self.task).increment(1);
                let words = error.to_string();
                if self.told.as_ref() != Some(&words) {
                    tracing::error!(
                        task = self.task,
                        error = &error as &dyn std::error::Error,
                        "failed; tried again"
                    );
                    self.told = Some(words);
                }
                None
            }
        }
    }
}

async fn listen(app: Shared, mut hears: mpsc::Receiver<Heard>, stop: CancellationToken) -> Ended {
    let mut trouble = Trouble::of("hear");
    loop {
        let heard = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            heard = hears.recv() => heard,
        };
        let Some(message) = heard else {
            // Every sender is gone: the broker ended, and the process with it.
            stop.cancelled().await;
            return Ok(());
        };
        let Heard { topic, payload, from } = message;
        let now = app.clock.now();
        let outcome = hear(&*app.storage, &app.watch, &topic, from.as_ref(), &payload, now).await;
        if let Some(outcome) = trouble.note(outcome) {
            count(&app, &topic, outcome);
        }
    }
}

fn count(app: &App, topic: &str, outcome: Outcome) {
    let refused = |why: &'static str| {
        metrics::counter!("holdfast_signals_refused_total", "why" => why).increment(1);
    };
    match outcome {
        Outcome::Heard(_) => {
            let Some(channel) = topic.rsplit('/').next().and_then(Channel::of_word) else { return };
            metrics::counter!("holdfast_signals_heard_total", "channel" => channel.as_str()).increment(1);
            if channel == Channel::Presence {
                // Somebody came or went: do not wait for the tick.
                app.bells.evaluate.notify_one();
            }
        }
        Outcome::Unreadable => refused("unreadable"),
        Outcome::Foreign => refused("foreign"),
        Outcome::Apart => refused("apart"),
        Outcome::Own => {}
    }
}

async fn watch_over(app: Shared, tick: Duration, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(tick, stop);
    let mut trouble = Trouble::of("health");
    while ticker.tick_or(&app.bells.evaluate).await {
        // What could not be looked at is due still, and comes again with the tick.
        let Some(changed) = trouble.note(look(&app).await) else { continue };
        if changed {
            app.bells.route.notify_one();
            app.bells.publish.notify_one();
        }
        if let Some(due) = due_in(&app) {
            ticker.come_within(due.max(LOOK_REST));
        }
    }
    Ok(())
}

/// Until a store may stand otherwise although nothing is heard: silence is judged when it is due, and not at
/// the tick after.
fn due_in(app: &App) -> Option<Duration> {
    let now = app.clock.now();
    let due_ms = app.watch.with(|observatory| observatory.book.due_in_ms(now))?;
    u64::try_from(due_ms).ok().map(Duration::from_millis)
}

/// Judges the fleet, then moves what must move. Whether anything changed.
async fn look(app: &App) -> Result<bool, FlowError> {
    let (storage, watch, poke) = (&*app.storage, &*app.watch, &*app.poke);
    app.policies.steer_health(watch);
    let evaluation = evaluate(storage, watch, app.clock.now()).await?;
    let router = Router { watch, poke, policy: &*app.policies, decision_id: &decision_id };
    let over = end_those_over(storage, poke, &central()?, app.clock.now()).await?;
    let failed_over = fail_over(storage, &router, app.clock.now()).await?;
    let accept_within_ms = app.policies.accept_within_ms();
    let withdrawn = expire_offers(storage, &router, accept_within_ms, app.clock.now()).await?;
    let relabelled = see_to_labels(storage, &router, app.clock.now()).await?;
    let gathered = end_gatherings(storage, watch, app.clock.now()).await?;
    metrics::counter!("holdfast_gatherings_ended_total").increment(gathered.into());
    let limit_ms = app.policies.cancel_answer_within_ms();
    let unanswered = tell_unanswered_cancels(storage, watch, limit_ms, app.clock.now()).await?;
    metrics::counter!("holdfast_recalls_total", "cause" => "failover").increment(failed_over.recalled.into());
    metrics::gauge!("holdfast_moves_waiting").set(f64::from(failed_over.waiting));
    metrics::counter!("holdfast_recalls_total", "cause" => "not_accepted").increment(withdrawn.into());
    let told = failed_over.told > 0 || unanswered > 0 || relabelled > 0;
    if over > 0 {
        // The stores are open again: do not wait for the tick.
        app.bells.evaluate.notify_one();
    }
    Ok(!evaluation.changes.is_empty() || failed_over.recalled > 0 || withdrawn > 0 || gathered > 0 || told)
}

/// In whose name what ends by itself is ended.
fn central() -> Result<Actor, StoreError> {
    Ok(Actor::new("central")?)
}

async fn route(app: Shared, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(ROUTE_EVERY, stop.clone());
    let mut trouble = Trouble::of("route");
    let decision_id = decision_id;
    while ticker.tick_or(&app.bells.route).await {
        let router =
            Router { watch: &app.watch, poke: &*app.poke, policy: &*app.policies, decision_id: &decision_id };
        // Each run is bounded; a long backlog takes several, and stopping comes between them.
        while !stop.is_cancelled() {
            // What began since steers this run already, whichever process let it begin.
            if trouble.note(know_in_force(&*app.storage, &app.policies).await).is_none() {
                break;
            }
            if trouble.note(end_unanswered(&app).await).is_none() {
                break;
            }
            let routed = route_orders(&*app.storage, &router, app.clock.now()).await;
            let Some(routed) = trouble.note(routed) else { break };
            for (outcome, count) in [
                ("assigned", routed.assigned),
                ("backordered", routed.backordered),
                ("held", routed.held),
                ("gathered", routed.gathered),
                ("postponed", routed.postponed),
                ("substituted", routed.substituted),
                ("proposed", routed.proposed),
            ] {
                metrics::counter!("holdfast_routing_total", "outcome" => outcome).increment(count.into());
            }
            metrics::counter!("holdfast_stock_withheld_units_total").increment(routed.withheld);
            if routed.assigned > 0 || routed.backordered > 0 || routed.proposed > 0 {
                app.bells.publish.notify_one();
            }
            if !routed.more {
                break;
            }
        }
    }
    Ok(())
}

/// What customers were asked about other goods, and did not answer in time, is over: those lines are
/// routed as they were ordered.
async fn end_unanswered(app: &App) -> Result<(), FlowError> {
    for (tenant, count) in app.storage.expire_substitutions(app.clock.now().utc).await? {
        metrics::counter!("holdfast_substitutions_total", "outcome" => "expired", "tenant" => tenant.to_string())
            .increment(count.into());
    }
    Ok(())
}

/// Sorted by time. The fallback cannot be reached: the text is always well formed.
#[expect(clippy::expect_used, reason = "letters and digits are an id, whatever the random bytes are")]
pub(super) fn decision_id() -> DecisionId {
    let text = data_encoding::BASE32_DNSSEC.encode(uuid::Uuid::now_v7().as_bytes());
    DecisionId::new(format!("d-{text}")).expect("an id of letters and digits")
}

async fn publish(app: Shared, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(PUBLISH_EVERY, stop.clone());
    let mut trouble = Trouble::of("publish");
    while ticker.tick_or(&app.bells.publish).await {
        trouble.while_more(&stop, || async { Ok(relay(&app).await?) }).await;
    }
    Ok(())
}

/// Hands waiting events to the open streams, then marks them. Whether more may wait.
async fn relay(app: &App) -> Result<bool, StoreError> {
    let events = app.storage.unpublished(EVENTS_MAX).await?;
    let Some(last) = events.last().map(|event| event.sequence) else { return Ok(false) };
    let more = u32::try_from(events.len()).unwrap_or(u32::MAX) >= EVENTS_MAX;
    for event in events {
        app.events.publish(Arc::new(event));
    }
    app.storage.published(last, app.clock.now().utc).await?;
    Ok(more)
}

/// Ends and deletes what is over. Each step is bounded; a long backlog takes several.
async fn keep_house(app: Shared, retention: Retention, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(HOUSEKEEPING_EVERY, stop.clone());
    let mut trouble = Trouble::of("housekeeping");
    while ticker.tick().await {
        let sweep = || async { Ok(app.storage.keep_house(retention, app.clock.now()).await?.more) };
        trouble.while_more(&stop, sweep).await;
        trouble.while_more(&stop, || sweep_promises(&app, retention.keys_ms)).await;
        let dated = date_backorders(&*app.storage, app.clock.now().utc).await;
        if trouble.note(dated).is_some_and(|told| told > 0) {
            app.bells.publish.notify_one();
        }
    }
    Ok(())
}

/// Units of carts that nobody ordered are free again. Whether there is more to do.
async fn sweep_promises(app: &App, kept_ms: i64) -> Result<bool, FlowError> {
    let swept = app.storage.sweep_promises(app.clock.now().utc, kept_ms).await?;
    metrics::counter!("holdfast_promises_total", "outcome" => "expired").increment(swept.expired.into());
    if swept.expired > 0 {
        app.bells.route.notify_one();
    }
    for outcome in swept.outcomes {
        let kept = if outcome.kept { "kept" } else { "missed" };
        let (source, tenant) = (outcome.source.as_str(), outcome.tenant.to_string());
        metrics::counter!("holdfast_promise_outcomes_total",
            "outcome" => kept, "source" => source, "channel" => outcome.channel, "tenant" => tenant)
        .increment(1);
    }
    Ok(swept.more)
}

async fn measure(app: Shared, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(MEASURE_EVERY, stop);
    let mut trouble = Trouble::of("measure");
    while ticker.tick().await {
        trouble.note(gauges(&app).await.map_err(FlowError::from));
        app.metrics.run_upkeep();
    }
    Ok(())
}

async fn gauges(app: &App) -> Result<(), StoreError> {
    let tenants = app.storage.tenants().await?;
    let frozen = app.watch.with(|observatory| observatory.frozen());
    metrics::gauge!("holdfast_observer_frozen").set(if frozen { 1.0 } else { 0.0 });
    for tenant in tenants {
        let of = tenant.to_string();
        let orders = app.storage.count_orders(&tenant).await?;
        for state in OrderState::ALL {
            let count = orders.get(&state).copied().unwrap_or(0);
            set("holdfast_orders", "state", state.as_str(), &of, count);
        }
        for standing in Standing::ALL {
            let count = u64::try_from(app.count(&tenant, standing)).unwrap_or(u64::MAX);
            set("holdfast_stores", "standing", standing.as_str(), &of, count);
        }
        if let Some(recovery) = app.storage.recovery(&tenant).await? {
            let waiting = recovery.stores.iter().filter(|store| store.is_waited_for()).count();
            let waiting = u64::try_from(waiting).unwrap_or(u64::MAX);
            set("holdfast_recovery", "what", "waiting_replicas", &of, waiting);
            set("holdfast_recovery", "what", "held_orders", &of, recovery.held_orders);
            set("holdfast_recovery", "what", "adopted_orders", &of, recovery.adopted_orders);
        }
        let page = PageRequest { cursor: None, limit: COUNTED_MAX };
        let open = app.storage.exceptions(&tenant, true, &page).await?.rows.len();
        set("holdfast_exceptions_open", "capped_at", "500", &of, u64::try_from(open).unwrap_or(u64::MAX));
    }
    Ok(())
}

fn set(name: &'static str, label: &'static str, value: &'static str, tenant: &str, count: u64) {
    let exact = u32::try_from(count).unwrap_or(u32::MAX);
    metrics::gauge!(name, label => value, "tenant" => tenant.to_owned()).set(f64::from(exact));
}
