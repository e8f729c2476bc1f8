//! One trace for an order, by real processes and a collector that reads with the standard's own library: from the
//! storefront's header through central, the store and its handheld, and back. And what happens without a collector.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use holdfast::client::{LanClient, http};
use holdfast::trace::{TraceAsked, trace};
use holdfast_agent::ports::ledger::Role;
use holdfast_shared::ids::TaskId;
use holdfast_tests::e2e::{Chain, Plan, order_of, sku, until};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const STOREFRONT: &str = "00f067aa0ba902b7";

/// Spans with the service that sent them.
type Heard = Arc<Mutex<Vec<(String, Span)>>>;

struct Collector {
    address: SocketAddr,
    heard: Heard,
    /// Its own, so that its connections end with it.
    runtime: Option<Runtime>,
}

impl Drop for Collector {
    /// As if its machine were switched off.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Collector {
    fn start() -> Result<Self> {
        let heard = Heard::default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&heard));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        runtime.spawn(async move {
            axum::serve(TcpListener::from_std(listener).unwrap(), router).await.unwrap();
        });
        Ok(Self { address, heard, runtime: Some(runtime) })
    }

    fn config(&self) -> String {
        format!("\n[traces]\notlp_endpoint = \"http://{}\"\n", self.address)
    }

    fn of_trace(&self, trace: &str) -> Vec<(String, Span)> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|(_, span)| hex(&span.trace_id) == trace).cloned().collect()
    }

    fn has(&self, service: &str, name: &str) -> bool {
        self.of_trace(TRACE).iter().any(|(from, span)| from == service && span.name == name)
    }
}

async fn take(State(heard): State<Heard>, body: Bytes) -> Vec<u8> {
    let told = ExportTraceServiceRequest::decode(body).unwrap();
    for of_resource in told.resource_spans {
        let attributes = of_resource.resource.unwrap().attributes;
        let service = attributes.iter().find(|pair| pair.key == "service.name").unwrap();
        let service = format!("{:?}", service.value);
        let service = if service.contains("holdfast-agent") { "agent" } else { "central" };
        for span in of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            heard.lock().unwrap().push((service.to_owned(), span));
        }
    }
    Vec::new()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A chain whose central and agent tell the collector.
async fn chain(collector: &Collector) -> Result<Chain> {
    let mut chain = Chain::start(Plan { central_config: collector.config(), ..Plan::default() }).await?;
    let store = &mut chain.stores[0];
    store.stop().await?;
    let file = store.data_folder().parent().context("no folder")?.join("agent.toml");
    write!(std::fs::File::options().append(true).open(file)?, "{}", collector.config())?;
    store.start().await?;
    chain.until_standing(0, "eligible").await?;
    Ok(chain)
}

/// As a storefront that measures for itself.
async fn place(chain: &Chain, key: &str, parent: &str) -> Result<Value> {
    let secret = std::fs::read_to_string(chain.central.data_folder().join("admin.key"))?;
    let request = http()?.post(format!("{}/v1/orders", chain.client.url())).bearer_auth(secret.trim());
    let request = request.header("idempotency-key", key).header("traceparent", parent);
    let answer = request.header("tracestate", "shop=t61rcWkgMzE").json(&order_of(&[sku(0)])).send().await?;
    ensure!(answer.status() == 202, "{}", answer.text().await?);
    Ok(answer.json().await?)
}

/// The handheld does its work, and says with each act where the task stands in its order's trace.
async fn fulfil(chain: &Chain, handheld: &LanClient, order: &str) -> Result<()> {
    let task = std::cell::RefCell::new(None);
    until("the work is at the store", async || {
        let found = handheld.open_tasks().await?.into_iter().find(|task| task["order"] == order);
        *task.borrow_mut() = found;
        Ok(task.borrow().is_some())
    })
    .await?;
    let task: TaskId = task.borrow().as_ref().unwrap()["task"].as_str().unwrap().parse()?;
    let shown = handheld.get(&format!("/v1/tasks/{task}")).await?;
    let parent = shown["traceparent"].as_str().context("the task says nothing of its trace")?.to_owned();
    let nothing = json!({});
    let pick = json!({ "line": 1, "quantity": 1 });
    for (act, body) in
        [("accept", &nothing), ("start-picking", &nothing), ("pick", &pick), ("pack", &nothing)]
    {
        handheld.task_act_in(&task, act, &handheld.intent(), body, &parent).await?;
    }
    until("the goods are released", async || {
        let shown = handheld.get(&format!("/v1/tasks/{task}")).await?;
        Ok(shown["released"] == true)
    })
    .await?;
    handheld.task_act_in(&task, "hand-over", &handheld.intent(), &nothing, &parent).await?;
    until("central knows that it went out", async || {
        Ok(chain.client.get(&format!("/v1/orders/{order}")).await?["state"] == "shipped")
    })
    .await
}

/// Span and parent of each step that is not the caller's.
fn tree(told: &Value) -> BTreeMap<String, Option<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let own = |step: &&Value| step["what"] != "caller";
    let steps = told["steps"].as_array().unwrap();
    steps.iter().filter(own).map(|step| (text(&step["span"]).unwrap(), text(&step["parent"]))).collect()
}

async fn printed(chain: &Chain, order: &str) -> Result<String> {
    let mut out = Vec::new();
    let asked = TraceAsked { order: order.to_owned(), long_after: 300, json: false };
    trace(&chain.client, &asked, &mut out).await?;
    Ok(String::from_utf8(out)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_goes_from_the_storefront_to_the_hand_over_and_back() -> Result<()> {
    let collector = Collector::start()?;
    let mut chain = chain(&collector).await?;
    let handheld = chain.stores[0].pair(Role::Picker, "handheld").await?;
    let placed = place(&chain, "traced", &format!("00-{TRACE}-{STOREFRONT}-01")).await?;
    ensure!(placed["trace_id"] == TRACE, "{placed}");
    let order = placed["order"].as_str().unwrap().to_owned();
    fulfil(&chain, &handheld, &order).await?;
    until("the collector was told of the last step", async || {
        let hand_over = collector.has("agent", "POST /v1/tasks/{task}/hand-over");
        Ok(hand_over && collector.has("central", "handed_over") && collector.has("central", "OrderShipped"))
    })
    .await?;

    // One tree: nothing hangs on a span that nobody told of, but for the storefront's own.
    let spans = collector.of_trace(TRACE);
    let known: BTreeSet<String> = spans.iter().map(|(_, span)| hex(&span.span_id)).collect();
    for (service, span) in &spans {
        let parent = hex(&span.parent_span_id);
        ensure!(parent == STOREFRONT || known.contains(&parent), "{} of {service} is an orphan", span.name);
        ensure!(span.end_time_unix_nano >= span.start_time_unix_nano, "{span:?}");
    }
    for name in ["POST /v1/orders", "placed", "decision", "offered", "accepted", "picked", "released"] {
        ensure!(collector.has("central", name), "{name} is not among {:?}", names(&spans));
    }
    // What is on record is what was told.
    let told = chain.client.get(&format!("/v1/orders/{order}/trace")).await?;
    let sent: BTreeMap<String, String> =
        spans.iter().map(|(_, span)| (hex(&span.span_id), hex(&span.parent_span_id))).collect();
    for (span, parent) in tree(&told) {
        ensure!(sent.get(&span) == parent.as_ref(), "{span} hangs elsewhere at the collector");
    }
    let shown = printed(&chain, &order).await?;
    ensure!(shown.contains(TRACE) && shown.contains("handed over"), "{shown}");
    // No word that a person wrote, and no name: only what the system calls its own.
    let said: BTreeSet<&str> =
        spans.iter().flat_map(|(_, span)| span.attributes.iter().map(|pair| pair.key.as_str())).collect();
    let own = |key: &&str| key.starts_with("http.") || key.starts_with("holdfast.");
    ensure!(said.iter().all(own) && !said.iter().any(|key| key.contains("actor")), "{said:?}");

    // The collector is gone, and central begins anew: the tree is the same.
    drop(collector);
    chain.central.stop().await?;
    chain.central.start().await?;
    let again = chain.client.get(&format!("/v1/orders/{order}/trace")).await?;
    ensure!(tree(&again) == tree(&told), "{again}");
    Ok(())
}

fn names(spans: &[(String, Span)]) -> Vec<&str> {
    spans.iter().map(|(_, span)| span.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_collector_orders_go_on_and_what_is_lost_is_counted() -> Result<()> {
    let collector = Collector::start()?;
    let chain = chain(&collector).await?;
    drop(collector);
    let handheld = chain.stores[0].pair(Role::Picker, "handheld").await?;
    // A parent that the standard forbids begins a new trace.
    let placed = place(&chain, "untold", &format!("ff-{TRACE}-{STOREFRONT}-01")).await?;
    let trace = placed["trace_id"].as_str().unwrap();
    ensure!(trace != TRACE && trace.len() == 32, "{placed}");
    fulfil(&chain, &handheld, placed["order"].as_str().unwrap()).await?;
    until("what was lost is counted", async || {
        let metrics = http()?.get(format!("{}/metrics", chain.client.url())).send().await?.text().await?;
        let line =
            metrics.lines().find(|line| line.starts_with("holdfast_trace_spans_total{outcome=\"dropped\"}"));
        let dropped: f64 = line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0);
        Ok(dropped > 0.0)
    })
    .await
}
