//! A return from the storefront's wish to the money, by real processes: the store takes the goods in while its line is
//! cut and its box loses power, and afterwards state, money, stock, events, timeline and trace say the same.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "whole_return/bank.rs"]
mod bank;

use anyhow::{Context, Result, ensure};
use bank::{Bank, Sums};
use holdfast::client::{LanClient, http};
use holdfast_agent::ports::ledger::Role;
use holdfast_shared::ids::TaskId;
use holdfast_tests::e2e::{Chain, Plan, sku, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Two units at 10.00, and 4.95 for sending them.
const PAID: i64 = 2_495;
const UNITS: i64 = 100;

async fn post(chain: &Chain, path: &str, key: &str, body: &Value) -> Result<Value> {
    let secret = std::fs::read_to_string(chain.central.data_folder().join("admin.key"))?;
    let request = http()?.post(format!("{}{path}", chain.client.url())).bearer_auth(secret.trim());
    let answer = request.header("idempotency-key", key).json(body).send().await?;
    ensure!(answer.status().is_success(), "{path}: {}", answer.text().await?);
    Ok(answer.json().await?)
}

async fn state_of(chain: &Chain, path: &str) -> Result<String> {
    Ok(chain.client.get(path).await?["state"].as_str().context("no state")?.to_owned())
}

async fn placed(chain: &Chain) -> Result<String> {
    let money = |minor: i64| json!({ "minor": minor, "currency": "EUR" });
    let order = json!({
        "channel": "web", "kind": "ship", "destination": { "latitude": 53.8, "longitude": -1.5 },
        "lines": [{ "sku": sku(0), "quantity": 2, "unit_price": money(1_000) }],
        "shipping": { "service": "standard", "price": money(495) },
        "payment": { "provider": "bank", "token": "pm_1PmZ7c" },
    });
    let placed = chain.client.place_json("whole-return", &order).await?;
    Ok(placed["order"].as_str().context("no order")?.to_owned())
}

async fn sent_out(chain: &Chain, handheld: &LanClient, order: &str) -> Result<()> {
    let task = std::cell::RefCell::new(String::new());
    until("the work is at the store", async || {
        let found = handheld.open_tasks().await?.into_iter().find(|task| task["order"] == order);
        let id = found.as_ref().and_then(|task| task["task"].as_str()).unwrap_or_default();
        id.clone_into(&mut task.borrow_mut());
        Ok(!id.is_empty())
    })
    .await?;
    let task: TaskId = task.borrow().parse()?;
    let (nothing, pick) = (json!({}), json!({ "line": 1, "quantity": 2 }));
    for (act, body) in
        [("accept", &nothing), ("start-picking", &nothing), ("pick", &pick), ("pack", &nothing)]
    {
        handheld.task_act(&task, act, &handheld.intent(), body).await?;
    }
    until("the goods are released", async || {
        Ok(handheld.get(&format!("/v1/tasks/{task}")).await?["released"] == true)
    })
    .await?;
    handheld.task_act(&task, "hand-over", &handheld.intent(), &nothing).await?;
    let path = format!("/v1/orders/{order}");
    until("central knows that it went out", async || Ok(state_of(chain, &path).await? == "shipped")).await
}

/// Both units, one of them broken: with the line cut, the answer lost once, and the power, too.
async fn brought_back(chain: &mut Chain, till: &LanClient, slip: &str) -> Result<()> {
    chain.stores[0].cut_uplink();
    let line = |condition: &str| json!({ "sku": sku(0), "units": 1, "condition": condition });
    let body = json!({ "return": slip, "lines": [line("sellable"), line("damaged")] });
    let key = till.intent();
    let first = till.send("/v1/returns", &key, &body).await?;
    ensure!(first["skus"][0]["on_hand"] == UNITS - 1, "on the shelf at once, without central: {first}");
    chain.stores[0].crash()?;
    chain.stores[0].start().await?;
    ensure!(till.send("/v1/returns", &key, &body).await? == first, "the same answer again");
    let listed = till.get(&format!("/v1/returns?slip={slip}")).await?;
    ensure!(listed["brought_back"].as_array().map(Vec::len) == Some(2), "{listed}");
    let known = chain.client.get(&format!("/v1/returns/{slip}")).await?;
    ensure!(known["state"] == "approved", "central cannot know of it: {known}");
    chain.stores[0].restore_uplink();
    let path = format!("/v1/returns/{slip}");
    until("central counts both", async || Ok(state_of(chain, &path).await? == "restocked")).await
}

/// How often each kind of event was told of it.
async fn told(chain: &Chain, order: &str) -> Result<BTreeMap<String, u32>> {
    let mut counts = BTreeMap::new();
    let events = chain.client.get("/v1/events?limit=500").await?;
    for event in events["events"].as_array().context("no events")? {
        if event["key"] == order {
            *counts.entry(event["kind"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    Ok(counts)
}

async fn stock_agrees(chain: &Chain, till: &LanClient) -> Result<bool> {
    let here = till.get("/v1/status").await?;
    let there = chain.client.get("/v1/stores/leeds").await?;
    let digest = there.get("digest").context("central tells no digest")?;
    let level = here["unsynced"] == 0 && here["root"] == digest["root"];
    Ok(level && here["stock_digest"] == digest["stock_digest"] && till.on_hand(&sku(0)).await? == UNITS - 1)
}

async fn timeline_and_trace_tell_it(chain: &Chain, order: &str) -> Result<()> {
    let timeline = chain.client.get(&format!("/v1/orders/{order}/timeline?audience=support")).await?;
    let entries = timeline["events"].as_array().context("no timeline")?;
    let kinds: Vec<&str> = entries.iter().filter_map(|entry| entry["kind"].as_str()).collect();
    let count = |kind: &str| kinds.iter().filter(|known| **known == kind).count();
    for (kind, times) in [
        ("return_asked", 1),
        ("return_approved", 1),
        ("return_received", 2),
        ("return_decided", 1),
        ("return_refund_asked", 2),
        ("return_refunded", 2),
        ("return_closed", 1),
    ] {
        ensure!(count(kind) == times, "{kind} is {} times in {kinds:?}", count(kind));
    }
    let trace = chain.client.get(&format!("/v1/orders/{order}/trace")).await?;
    let steps = trace["steps"].as_array().context("no steps")?;
    let at_door: Vec<&Value> = steps.iter().filter(|step| step["name"] == "return_received").collect();
    ensure!(at_door.len() == 2, "{trace}");
    for step in at_door {
        let of_store = step["place"] == "store" && step["store"] == "leeds" && step["what"] == "fact";
        ensure!(of_store && step["actor"].is_string() && step["link"].is_null(), "{step}");
    }
    for request in ["return", "return decided"] {
        let asked = |step: &&Value| step["what"] == "request" && step["name"] == request;
        ensure!(steps.iter().any(|step| asked(&step)), "nobody asked for {request}: {trace}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_come_back_with_the_line_cut_and_everything_agrees_afterwards() -> Result<()> {
    let (bank, folder) = (Bank::open().await?, tempfile::tempdir()?);
    let plan = Plan { units: UNITS, central_config: bank.config(folder.path())?, ..Plan::default() };
    let mut chain = Chain::start(plan).await?;
    chain.until_standing(0, "eligible").await?;
    let handheld = chain.stores[0].pair(Role::Picker, "handheld").await?;
    let till = chain.stores[0].pair(Role::Pos, "till").await?;
    let order = placed(&chain).await?;
    sent_out(&chain, &handheld, &order).await?;
    until("the money is taken", async || Ok(bank.sums().captured == PAID)).await?;

    let wish = json!({ "lines": [{ "line": 1, "quantity": 2, "reason": "changed_mind" }] });
    let path = format!("/v1/orders/{order}/returns");
    let asked = post(&chain, &path, "r1", &wish).await?;
    ensure!(asked["state"] == "approved", "{asked}");
    let again = post(&chain, &path, "r1", &wish).await?;
    ensure!(again["replayed"] == true && again["return"] == asked["return"], "{again}");
    let slip = asked["return"].as_str().context("no return")?.to_owned();
    brought_back(&mut chain, &till, &slip).await?;

    // The whole one is paid back by itself; of the broken one a person says so.
    until("the half of it is paid back", async || Ok(bank.sums().refunds == 1)).await?;
    let word = json!({ "refund": true, "reason": "it was broken when it came" });
    post(&chain, &format!("/v1/returns/{slip}/damaged"), "d1", &word).await?;
    let of_return = format!("/v1/returns/{slip}");
    until("it is over", async || Ok(state_of(&chain, &of_return).await? == "closed")).await?;
    until("the order is paid back", async || {
        Ok(state_of(&chain, &format!("/v1/orders/{order}")).await? == "refunded")
    })
    .await?;
    let sums = Sums { captured: PAID, refunded: PAID, refunds: 2 };
    ensure!(bank.sums() == sums, "to the cent, and each once: {:?}", bank.sums());
    until("stock agrees on both sides", async || stock_agrees(&chain, &till).await).await?;
    let told = told(&chain, &order).await?;
    for (kind, times) in [
        ("return.asked", 1),
        ("return.approved", 1),
        ("return.received", 2),
        ("return.refunded", 2),
        ("return.closed", 1),
        ("RefundRequested", 2),
        ("OrderRefunded", 2),
        ("OrderReturned", 1),
        ("OrderFullyRefunded", 1),
    ] {
        ensure!(told.get(kind) == Some(&times), "{kind}: {told:?}");
    }
    timeline_and_trace_tell_it(&chain, &order).await?;
    let open = chain.client.get("/v1/exceptions").await?;
    ensure!(open["exceptions"].as_array().is_some_and(Vec::is_empty), "{open}");
    Ok(())
}
