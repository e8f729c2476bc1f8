//! Real processes: the disk of an enrolled box is copied, both boxes run, and a tech sorts it out.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use anyhow::{Context, Result, ensure};
use holdfast::client::{LanClient, Refused};
use holdfast::demo::{Board, pick};
use holdfast::launch::StoreBox;
use holdfast_agent::core::command::{MovementKind, MovementRequest};
use holdfast_agent::ports::ledger::Role;
use holdfast_shared::ids::TaskId;
use holdfast_tests::e2e::{Chain, Plan, order_of, sku, status_of, until};
use reqwest::Method;
use serde_json::{Value, json};

const SHELF: i64 = 100;

/// Two boxes with one identity, and everything that their tills were told is recorded.
struct Twins {
    chain: Chain,
    copy: StoreBox,
    task: TaskId,
    acknowledged: Vec<String>,
}

impl Twins {
    /// The disk of leeds' box is copied while an order is offered to it; then both boxes run, and the
    /// copy is kept apart.
    async fn run() -> Result<Self> {
        let mut chain = Chain::start(Plan { units: SHELF, ..Plan::default() }).await?;
        chain.until_standing(0, "eligible").await?;
        let order = chain.client.place(&"web-1".parse()?, &order_of(&[sku(1)])).await?;
        let task: TaskId = format!("{order}-1").parse()?;
        let till = chain.stores[0].pair(Role::Pos, "till").await?;
        let mut acknowledged = vec![sell(&till, 1).await?];
        let handheld = chain.stores[0].pair(Role::Picker, "handheld").await?;
        until("the offer reached leeds", async || Ok(status_of(&handheld, task.as_str()).await.is_ok()))
            .await?;

        let addresses = chain.central.addresses();
        chain.stores[0].stop().await?;
        let mut copy = chain.stores[0].clone_box("leeds-copy", addresses).await?;
        chain.stores[0].start().await?;
        until("the first box speaks again", async || Ok(boots(&chain).await?.len() == 2)).await?;
        copy.start().await?;

        until("the copy is kept apart", async || Ok(!status(&copy).await?["quarantined"].is_null())).await?;
        // Both pair a till of the same name, and each sells.
        for (store_box, units) in [(&chain.stores[0], 2), (&copy, 3)] {
            let till = store_box.pair(Role::Pos, "front till").await?;
            acknowledged.push(sell(&till, units).await?);
        }
        Ok(Self { chain, copy, task, acknowledged })
    }

    fn first(&self) -> &StoreBox {
        &self.chain.stores[0]
    }

    /// The boot by which central knows the copy.
    async fn apart(&self) -> Result<String> {
        let told = self.chain.client.get("/v1/stores/leeds/replicas").await?;
        let copy = told["replicas"][0]["quarantines"][0]["copy"].as_str();
        Ok(copy.with_context(|| format!("nobody is kept apart: {told}"))?.to_owned())
    }

    /// What the copy recorded, as central keeps it.
    async fn branch(&self) -> Result<Vec<Value>> {
        let copy = self.apart().await?;
        let branch = format!("/v1/stores/leeds/replicas/leeds-a/quarantine/{copy}");
        self.chain.client.all(&branch, "facts").await
    }

    /// Sales of the copy that wait for a decision. It may have closed a document beside.
    async fn until_sales_wait(&self, sales: usize) -> Result<()> {
        until(&format!("{sales} sales wait in the branch"), async || {
            let branch = self.branch().await?;
            let sold = |fact: &&Value| {
                fact["outcome"] == "kept" && self.acknowledged.iter().any(|sale| fact["fact"] == *sale)
            };
            Ok(branch.iter().filter(sold).count() == sales)
        })
        .await
    }

    async fn until_the_copy_has_told(&self) -> Result<()> {
        until("the copy has told all", async || Ok(status(&self.copy).await?["unsynced"] == 0)).await
    }

    async fn decide(&self, decision: &str) -> Result<Value> {
        let boot = self.apart().await?;
        let said = json!({ "boot": boot, "decision": decision, "reason": "looked at both boxes" });
        self.chain.client.send(Method::POST, "/v1/stores/leeds/replicas/leeds-a/quarantine", &said).await
    }

    async fn until_central_counts(&self, units: i64) -> Result<()> {
        until(&format!("central counts {units}"), async || {
            let told = self.chain.client.get(&format!("/v1/positions?sku={}", sku(2))).await?;
            Ok(told["positions"][0]["on_hand"] == units)
        })
        .await
    }

    /// With a code of its own the copy becomes a second box of the store, while it runs.
    async fn enroll_copy(&self) -> Result<()> {
        self.until_the_copy_has_told().await?;
        let code = self.chain.client.enrolment_code(&self.copy.store.store).await?;
        let told = self.copy.enroll(&code).await?;
        ensure!(told.contains("leeds-b"), "{told}");
        until("the copy speaks as itself", async || {
            let told = status(&self.copy).await?;
            let level = told["unsynced"] == 0 && told["central"]["reachable"] == true;
            Ok(told["replica"] == "leeds-b" && told["quarantined"].is_null() && level)
        })
        .await
    }

    /// Both boxes sell, each hears of the other's sale, and the copy works on an order.
    async fn both_work(&mut self, mut units: i64) -> Result<()> {
        let tills = [self.first().pair(Role::Pos, "till").await?, self.copy.pair(Role::Pos, "till").await?];
        for till in &tills {
            self.acknowledged.push(sell(till, 1).await?);
            units -= 1;
        }
        self.until_central_counts(units).await?;
        for till in &tills {
            until("both boxes agree", async || Ok(till.on_hand(&sku(2)).await? == units)).await?;
        }
        let handheld = self.copy.pair(Role::Picker, "handheld").await?;
        let order = self.chain.client.place(&"web-2".parse()?, &order_of(&[sku(1)])).await?;
        let (board, store) = (Board::default(), self.copy.store.store.clone());
        until("the copy sent an order out", async || {
            pick(&handheld, &store, &board).await?;
            Ok(self.chain.client.get(&format!("/v1/orders/{order}")).await?["state"] == "shipped")
        })
        .await
    }

    /// Of what tills were told, what is neither at central nor in a branch.
    async fn missing(&self) -> Result<Vec<Value>> {
        let asked = json!({ "store": "leeds", "intents": self.acknowledged });
        let told = self.chain.client.send(Method::POST, "/v1/audit/intents", &asked).await?;
        let branch = self.branch().await?;
        let missing = told["missing"].as_array().context("no answer")?.clone();
        Ok(missing.into_iter().filter(|fact| !branch.iter().any(|kept| kept["fact"] == *fact)).collect())
    }
}

async fn boots(chain: &Chain) -> Result<Vec<Value>> {
    let told = chain.client.get("/v1/stores/leeds/replicas").await?;
    Ok(told["replicas"][0]["boots"].as_array().cloned().unwrap_or_default())
}

async fn status(of: &StoreBox) -> Result<Value> {
    // While it starts anew nobody answers.
    let Ok(answer) = holdfast::client::http()?.get(format!("{}/v1/status", of.lan_url())).send().await else {
        return Ok(Value::Null);
    };
    Ok(answer.json().await?)
}

/// One sale at a till: the id that it was acknowledged under.
async fn sell(till: &LanClient, units: i64) -> Result<String> {
    let key = till.intent();
    let sale =
        MovementRequest { kind: MovementKind::Sale, sku: sku(2), quantity: units, peer: None, note: None };
    till.movements(&key, &[sale]).await?;
    Ok(key)
}

/// What the files of the copy's former life are called now.
fn set_aside(copy: &StoreBox) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(copy.data_folder())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("aside-") && entry.metadata()?.len() > 0 {
            names.push(name);
        }
    }
    Ok(names)
}

async fn the_copy_is_told_apart(twins: &mut Twins) -> Result<()> {
    let exceptions = twins.chain.client.all("/v1/exceptions", "exceptions").await?;
    let cloned: Vec<_> = exceptions.iter().filter(|told| told["category"] == "cloned_box").collect();
    ensure!(cloned.len() == 1, "{exceptions:?}");
    for store_box in [twins.first(), &twins.copy] {
        let (address, lan) = (store_box.address(), store_box.lan_url().replace("http://", ""));
        let detail = cloned[0]["detail"].as_str().unwrap_or_default();
        ensure!(
            detail.contains(&format!("from {address})")) && detail.contains(&lan),
            "{address} {lan}: {detail}"
        );
    }
    let handheld = twins.copy.pair(Role::Picker, "handheld").await?;
    let refused = handheld.task_act(&twins.task, "accept", &handheld.intent(), &json!({})).await;
    let refused = refused.err().context("the copy took an order")?;
    let refused: Refused = refused.downcast()?;
    ensure!((refused.status, refused.code.as_str()) == (409, "quarantined"), "{refused:?}");
    ensure!(refused.detail.contains("no order work"), "{refused:?}");
    ensure!(refused.hint.contains("other box"), "{refused:?}");
    let advice = status(&twins.copy).await?["advice"].to_string();
    ensure!(advice.contains("holdfast-agent enroll"), "{advice}");
    // Neither puts the other out at the broker.
    for store_box in [twins.first(), &twins.copy] {
        let connected = async || Ok(status(store_box).await?["broker"]["connected"] == true);
        until("both are connected to the broker", connected).await?;
    }
    // It goes on selling; nothing of that counts yet, and the first box does the order work.
    let till = twins.copy.pair(Role::Pos, "till").await?;
    twins.acknowledged.push(sell(&till, 4).await?);
    let handheld = twins.first().pair(Role::Picker, "handheld").await?;
    handheld.task_act(&twins.task, "accept", &handheld.intent(), &json!({})).await?;
    twins.until_central_counts(SHELF - 3).await?;
    twins.until_sales_wait(2).await
}

/// A copy that sold while its line was down gets no new identity before central has those sales.
async fn nothing_is_left_behind(twins: &mut Twins) -> Result<()> {
    twins.until_the_copy_has_told().await?;
    twins.copy.cut_uplink();
    let till = twins.copy.pair(Role::Pos, "till").await?;
    twins.acknowledged.push(sell(&till, 5).await?);
    let refused = twins.copy.enroll("AAAA-AAAA").await.err().context("the sale was left behind")?.to_string();
    ensure!(refused.contains("reached central yet: 1;") && refused.contains("--leave-unsent"), "{refused}");
    twins.copy.restore_uplink();
    twins.until_sales_wait(1).await?;
    ensure!(twins.decide("merge").await?["merged_facts"] == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sales_of_a_copied_box_are_merged_and_it_becomes_a_box_of_its_own() -> Result<()> {
    let mut twins = Twins::run().await?;
    the_copy_is_told_apart(&mut twins).await?;

    ensure!(twins.decide("merge").await?["merged_facts"] == 2);
    twins.until_central_counts(SHELF - 10).await?;
    nothing_is_left_behind(&mut twins).await?;
    twins.until_central_counts(SHELF - 15).await?;
    twins.enroll_copy().await?;
    twins.both_work(SHELF - 15).await?;

    ensure!(twins.missing().await?.is_empty(), "lost: {:?}", twins.missing().await?);
    ensure!(!set_aside(&twins.copy)?.is_empty(), "the former records are gone");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sales_of_a_copied_box_are_discarded_and_stay_on_record() -> Result<()> {
    let mut twins = Twins::run().await?;
    the_copy_is_told_apart(&mut twins).await?;

    ensure!(twins.decide("discard").await?["merged_facts"] == 0);
    twins.enroll_copy().await?;
    twins.both_work(SHELF - 3).await?;

    ensure!(twins.missing().await?.is_empty(), "lost: {:?}", twins.missing().await?);
    ensure!(!set_aside(&twins.copy)?.is_empty(), "the former records are gone");
    Ok(())
}
