//! Metrics in Prometheus' text form. One recorder per process, whoever starts first; a demo or a
//! test that starts central twice shares it.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Seconds, from a memory read to the patience of a client.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Seconds, from the budget of a store that is online to three days without a line.
const LAGS: [f64; 12] = [0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0, 3_600.0, 21_600.0, 86_400.0, 259_200.0];

/// The one recorder, installed at the first call.
#[must_use]
pub fn recorder() -> PrometheusHandle {
    HANDLE.get_or_init(install).clone()
}

fn install() -> PrometheusHandle {
    let builder = PrometheusBuilder::new();
    // Fails for an empty list only; the default buckets serve as well.
    let builder = builder.set_buckets(&SECONDS).unwrap_or_else(|_| PrometheusBuilder::new());
    let converging = Matcher::Full(String::from("holdfast_convergence_seconds"));
    let builder =
        builder.set_buckets_for_metric(converging, &LAGS).unwrap_or_else(|_| PrometheusBuilder::new());
    let waited = |name: &str| Matcher::Full(name.to_owned());
    let builder =
        ["holdfast_reservation_seconds", "holdfast_acknowledgement_seconds", "holdfast_order_wait_seconds"]
            .into_iter()
            .fold(builder, |builder, name| {
                builder
                    .set_buckets_for_metric(waited(name), &LAGS)
                    .unwrap_or_else(|_| PrometheusBuilder::new())
            });
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("this process measures elsewhere already; /metrics stays empty");
    }
    describe();
    handle
}

fn describe() {
    describe_counter!("holdfast_http_requests_total", "Requests answered, by path and status");
    describe_counter!("holdfast_orders_placed_total", "Orders taken, by tenant; replays not counted");
    describe_counter!("holdfast_routing_total", "Routing runs, by outcome");
    describe_counter!("holdfast_trace_spans_total", "Spans for the collector of traces, sent or dropped");
    describe_counter!("holdfast_recalls_total", "Recalls of work at a store, by cause and outcome");
    describe_counter!("holdfast_sync_exchanges_total", "Rounds of sync, by outcome");
    describe_histogram!("holdfast_sync_seconds", Unit::Seconds, "Time to answer a round of sync");
    describe_histogram!(
        "holdfast_convergence_seconds",
        Unit::Seconds,
        "From a fact at a store to central's positions, by kind of store"
    );
    describe_counter!(
        "holdfast_routed_units_total",
        "Units given to nodes, by whether the best node got them"
    );
    describe_histogram!(
        "holdfast_reservation_seconds",
        Unit::Seconds,
        "From placing an order to its first node"
    );
    describe_histogram!("holdfast_acknowledgement_seconds", Unit::Seconds, "From an offer to its acceptance");
    describe_counter!(
        "holdfast_order_measures_total",
        "What orders did first, by tenant, channel and source"
    );
    describe_histogram!("holdfast_order_wait_seconds", Unit::Seconds, "How long that took, by the same");
    describe_gauge!("holdfast_queue_waiting", "What waits, by tenant and queue");
    describe_gauge!("holdfast_queue_oldest_seconds", "Since when the longest of it waits");
    describe_gauge!("holdfast_queue_tries_max", "How often the one was tried that was tried most");
    describe_counter!("holdfast_stock_withheld_units_total", "Units kept back while orders went elsewhere");
    describe_counter!("holdfast_stock_missing_units_total", "Units promised and not there, by cause");
    describe_counter!("holdfast_payment_calls_total", "Questions to payment providers, by call and answer");
    describe_counter!(
        "holdfast_payment_webhooks_total",
        "Webhooks of payment providers, by what became of them"
    );
    describe_counter!("holdfast_outside_stopped_total", "Calls that waited for an outside system, by why");
    describe_gauge!("holdfast_outside_breaker", "1 for the state in which an outside system's breaker is");
    describe_gauge!("holdfast_outside_calls", "Calls to an outside system that are under way");
    describe_counter!("holdfast_sync_facts_total", "New facts that sync brought in");
    describe_counter!("holdfast_signals_heard_total", "MQTT messages taken, by channel");
    describe_counter!("holdfast_signals_refused_total", "MQTT messages not believed or not readable");
    describe_counter!("holdfast_mqtt_logins_refused_total", "MQTT logins refused");
    describe_counter!("holdfast_mqtt_topics_refused_total", "Publishes and subscriptions to foreign topics");
    describe_gauge!("holdfast_orders", "Orders by tenant and state");
    describe_gauge!("holdfast_stores", "Stores by tenant and standing");
    describe_support();
}

/// What a person must look at, and whether the books agree.
fn describe_support() {
    describe_gauge!("holdfast_exceptions_open", "Open exceptions by tenant");
    describe_gauge!("holdfast_exceptions", "Open exceptions by tenant, category and severity");
    describe_gauge!("holdfast_exceptions_late", "Those of them that were not over in their time");
    describe_counter!(
        "holdfast_exceptions_late_total",
        "Exceptions told as late, by what they were late for"
    );
    describe_gauge!("holdfast_findings", "Open findings of reconciliation by tenant, kind and state");
    describe_gauge!("holdfast_orders_stuck", "Orders that stand still, by tenant and between which states");
    describe_counter!(
        "holdfast_reconciled_total",
        "Orders, positions and stores looked at, by how they came up"
    );
    describe_counter!("holdfast_reconciliation_total", "What became of findings");
    describe_counter!(
        "holdfast_label_failures_total",
        "Parcels for which a carrier gave no label, by tenant"
    );
    describe_gauge!(
        "holdfast_observer_frozen",
        "1 while health stands still because many fell silent at once"
    );
}
