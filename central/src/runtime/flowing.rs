//! The loop that adds up which way orders went, behind those who change them, and measures where they stand.

use super::tasks::{Ended, Trouble};
use crate::adapters::http::{App, Shared};
use crate::core::kpis::flow::{Standing, Step, is_ambiguous};
use crate::core::kpis::orders::{Measure, WaitingIn, measured, source_of};
use crate::core::order::OrderState;
use crate::core::replay::number::float;
use crate::flows::FlowError;
use crate::ports::StoreError;
use crate::ports::flow::OrderFlow;
use holdfast_platform::service::Ticker;
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(5);
/// Steps of one transaction; the next follows at once.
const STEPS_MAX: u32 = 1_000;
const CONSUMERS: &str = "consumers";
/// An order that nobody can say anything of after this long is ambiguous.
const LATE_AFTER_MS: i64 = 900_000;

pub(super) async fn flow(app: Shared, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(EVERY, stop.clone());
    let mut trouble = Trouble::of("flow");
    while ticker.tick().await {
        while !stop.is_cancelled() {
            let summed = app.storage.sum_up_steps(STEPS_MAX).await.map_err(FlowError::from);
            let Some(steps) = trouble.note(summed).filter(|steps| !steps.is_empty()) else { break };
            for step in &steps {
                measure_step(step);
            }
        }
        trouble.note(measure_standing(&app).await.map_err(FlowError::from));
    }
    Ok(())
}

/// Adds everything up anew. How many steps there are.
pub(super) async fn add_up<S: OrderFlow + ?Sized>(storage: &S) -> Result<usize, StoreError> {
    storage.forget_flow().await?;
    let mut all = 0_usize;
    loop {
        let steps = storage.sum_up_steps(STEPS_MAX).await?.len();
        if steps == 0 {
            return Ok(all);
        }
        all = all.saturating_add(steps);
    }
}

fn measure_step(step: &Step) {
    for (measure, ms) in measured(step) {
        let labels = [
            ("tenant", step.tenant.to_string()),
            ("channel", step.channel.clone()),
            ("source", source_of(step).to_owned()),
            ("measure", measure.as_str().to_owned()),
        ];
        metrics::counter!("holdfast_order_measures_total", &labels).increment(1);
        if measure != Measure::Placed {
            metrics::histogram!("holdfast_order_wait_seconds", &labels).record(float(ms) / 1_000.0);
        }
    }
    let Some((was, stood)) = step.was.zip(step.stood_ms()) else { return };
    metrics::histogram!("holdfast_order_step_seconds",
        "tenant" => step.tenant.to_string(), "channel" => step.channel.clone(), "source" => step.source.clone(),
        "from" => was.as_str(), "to" => step.is.as_str())
    .record(float(stood) / 1_000.0);
}

async fn measure_standing(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now().utc;
    let open: Vec<OrderState> = OrderState::ALL.into_iter().filter(|state| !state.is_final()).collect();
    for tenant in app.storage.tenants().await? {
        let standing = app.storage.orders_now(&tenant, &open, now.plus(-LATE_AFTER_MS)).await?;
        for state in &open {
            let here = standing.iter().find(|standing| standing.state == *state);
            tell(&tenant, *state, here, now);
        }
        tell_queues(&tenant, &app.storage.what_waits(&tenant, now).await?, now);
    }
    Ok(())
}

/// Consumers as one, so that the metric of one that is gone does not stand on.
fn tell_queues(tenant: &TenantId, queues: &[WaitingIn], now: UtcMs) {
    let mut told: BTreeMap<&str, (i64, i64, i64)> = BTreeMap::from([(CONSUMERS, (0, 0, 0))]);
    for queue in queues {
        let name = if queue.queue.starts_with("consumer:") { CONSUMERS } else { queue.queue.as_str() };
        let oldest = queue.oldest_since.map_or(0, |since| now.since(since).max(0));
        let (waiting, since, tries) = told.entry(name).or_default();
        *waiting = waiting.saturating_add(queue.waiting);
        (*since, *tries) = ((*since).max(oldest), (*tries).max(queue.tries_max));
    }
    for (queue, (waiting, oldest, tries)) in told {
        let labels = [("tenant", tenant.to_string()), ("queue", queue.to_owned())];
        metrics::gauge!("holdfast_queue_waiting", &labels).set(float(waiting));
        metrics::gauge!("holdfast_queue_oldest_seconds", &labels).set(float(oldest) / 1_000.0);
        metrics::gauge!("holdfast_queue_tries_max", &labels).set(float(tries));
    }
}

fn tell(tenant: &TenantId, state: OrderState, here: Option<&Standing>, now: UtcMs) {
    let oldest = here.map_or(0, |standing| now.since(standing.oldest_since).max(0));
    let labels = [("tenant", tenant.to_string()), ("state", state.as_str().to_owned())];
    metrics::gauge!("holdfast_order_oldest_seconds", &labels).set(float(oldest) / 1_000.0);
    if is_ambiguous(state) {
        let late = here.map_or(0, |standing| i64::try_from(standing.late).unwrap_or(i64::MAX));
        metrics::gauge!("holdfast_orders_ambiguous", &labels).set(float(late));
    }
}
