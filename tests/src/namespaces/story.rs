//! The story: a store's uplink is cut, comes back bad, and is mended, with orders before, during and after.

use super::chain::{Chain, Shop};
use super::net::{Line, Net};
use crate::e2e::{order_of, sku, until};
use anyhow::{Context, Result, ensure};
use holdfast::client::Refused;
use holdfast_central::core::order::OrderRequest;
use holdfast_central::ports::work::Audit;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{IdempotencyKey, OrderId};
use holdfast_shared::time::UtcMs;
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;

/// The nearest to every customer, so it gets every order that it may get.
const NEAR: &str = "leeds";
const OTHERS: [&str; 2] = ["york", "hull"];

/// By so much at the least the lease is longer than the silence that makes a store dark.
const LEASE_OUTLASTS_MS: i64 = 1_000;

/// What is expected of an order, and found in the end.
struct Row {
    what: &'static str,
    order: OrderId,
    when_cut: &'static str,
    state: &'static str,
    /// Who handed the goods over: the near store, or one of the others; none when either may.
    by_near: Option<bool>,
}

struct Story<'a> {
    net: &'a Net,
    chain: Chain,
    rows: Vec<Row>,
}

/// Plays it, tells each check, and fails at the first that does not hold.
pub async fn play(net: &Net, folder: &Path, mut tell: impl FnMut(&str)) -> Result<()> {
    let chain = Chain::start(net, folder, &[NEAR, OTHERS[0], OTHERS[1]]).await?;
    for shop in &chain.shops {
        chain.until_standing(&shop.store.name, "eligible").await?;
    }
    let mut story = Story { net, chain, rows: Vec::new() };
    story.before().await?;
    tell("ok namespaces orders are taken and worked on over good lines");
    story.cut().await?;
    tell("ok namespaces a cut store goes on alone, and lets nothing go that is not released");
    story.moved().await?;
    tell("ok namespaces what was not released goes elsewhere, after the lease where it was begun");
    story.bad_line().await?;
    tell("ok namespaces over a narrow line that loses packets the store is back, and serves");
    story.mended().await?;
    let told = story.told().await?;
    tell(&told);
    tell("ok namespaces every order ended once, where it should");
    story.nothing_lost_nothing_twice().await?;
    tell("ok namespaces nothing is lost, nothing is twice, and all are level");
    Ok(())
}

impl Story<'_> {
    fn near(&self) -> Result<&Shop> {
        self.chain.shop(NEAR)
    }

    async fn place(
        &mut self,
        what: &'static str,
        when_cut: &'static str,
        by_near: Option<bool>,
    ) -> Result<OrderId> {
        self.place_one(what, when_cut, by_near, order_of(&[sku(0)])).await
    }

    async fn place_one(
        &mut self,
        what: &'static str,
        when_cut: &'static str,
        by_near: Option<bool>,
        request: OrderRequest,
    ) -> Result<OrderId> {
        let state = if request.kind == FulfilmentKind::Pickup { "collected" } else { "shipped" };
        let key = IdempotencyKey::new(format!("row-{}", self.rows.len()))?;
        let order = self.chain.client.place(&key, &request).await?;
        self.rows.push(Row { what, order: order.clone(), when_cut, state, by_near });
        Ok(order)
    }

    fn order(&self, what: &str) -> Result<&OrderId> {
        let row = self.rows.iter().find(|row| row.what == what);
        Ok(&row.with_context(|| format!("no order {what}"))?.order)
    }

    /// Over good lines: one order ends, the others get as far as they shall be when the line goes.
    async fn before(&mut self) -> Result<()> {
        let shipped = self.place("shipped", "shipped", Some(true)).await?;
        self.chain.work_until(&[NEAR], &[&shipped], "shipped").await?;
        let released = self.place("released", "packed and released", Some(true)).await?;
        self.near()?.until_status(&released, "offered").await?;
        self.near()?.act(&released, &["accept", "start-picking", "pick", "pack"]).await?;
        self.near()?.until_status(&released, "ready").await?;
        let kind = FulfilmentKind::Pickup;
        let wish = OrderRequest { kind, pickup_store: Some(NEAR.parse()?), ..order_of(&[sku(0)]) };
        let pickup = self.place_one("pickup", "offered, to be collected", Some(true), wish).await?;
        self.near()?.until_status(&pickup, "offered").await?;
        let begun = self.place("begun", "accepted, picking", Some(false)).await?;
        self.near()?.until_status(&begun, "offered").await?;
        self.near()?.act(&begun, &["accept", "start-picking"]).await?;
        until("central knows that it was begun", async || Ok(self.chain.state(&begun).await? == "picking"))
            .await?;
        let offered = self.place("offered", "offered", Some(false)).await?;
        self.near()?.until_status(&offered, "offered").await
    }

    /// Without central: what is released goes, what is not stays, and the work goes on.
    async fn cut(&mut self) -> Result<()> {
        self.net.set(NEAR, Line::Cut)?;
        let near = self.near()?;
        near.act(self.order("released")?, &["hand-over"]).await?;
        let pickup = self.order("pickup")?;
        near.act(pickup, &["accept", "start-picking", "pick", "pack", "hand-over"]).await?;
        let begun = self.order("begun")?;
        near.act(begun, &["pick", "pack"]).await?;
        let refused = near.act(begun, &["hand-over"]).await.err().context("goods left without a release")?;
        let refused = refused.downcast::<Refused>()?;
        ensure!((refused.status, refused.code.as_str()) == (409, "not_released"), "{refused}");
        self.place("during", "placed after it", Some(false)).await.map(drop)
    }

    /// Central moves what it may, and no sooner than it may.
    async fn moved(&self) -> Result<()> {
        self.chain.until_standing(NEAR, "ineligible").await?;
        let orders = [self.order("offered")?, self.order("during")?, self.order("begun")?];
        self.chain.work_until(&OTHERS, &orders, "shipped").await?;
        let [at_once, later] = [self.recalled_at("offered").await?, self.recalled_at("begun").await?];
        let waited_ms = later.since(at_once);
        ensure!(
            waited_ms > LEASE_OUTLASTS_MS,
            "begun work was moved {waited_ms} ms after what was only offered"
        );
        for stays in ["released", "pickup"] {
            let tasks = self.chain.tasks(self.order(stays)?).await?;
            ensure!(tasks.len() == 1, "{stays} was moved: {tasks:?}");
        }
        Ok(())
    }

    async fn recalled_at(&self, what: &str) -> Result<UtcMs> {
        let order = self.order(what)?;
        let told = self.chain.client.get(&format!("/v1/orders/{order}/timeline")).await?;
        let events = told.get("events").and_then(Value::as_array).context("no events")?;
        let recalled = events.iter().find(|event| {
            event.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.contains("recalled"))
        });
        let recalled = recalled.with_context(|| format!("{what} was never recalled: {told}"))?;
        Ok(serde_json::from_value(recalled.get("at").cloned().context("no time")?)?)
    }

    async fn bad_line(&mut self) -> Result<()> {
        self.net.set(NEAR, Line::Bad)?;
        self.chain.until_standing(NEAR, "eligible").await?;
        let order = self.place("bad line", "placed over the bad line", None).await?;
        self.chain.work_until(&[NEAR, OTHERS[0], OTHERS[1]], &[&order], "shipped").await?;
        let lost = self.net.packets_lost(NEAR)?;
        ensure!(lost > 0, "the line lost nothing: it was no bad line");
        Ok(())
    }

    async fn mended(&mut self) -> Result<()> {
        self.net.set(NEAR, Line::Good)?;
        self.chain.until_standing(NEAR, "eligible").await?;
        let order = self.place("after", "placed after the mending", Some(true)).await?;
        let all = [NEAR, OTHERS[0], OTHERS[1]];
        self.chain.work_until(&all, &[&order], "shipped").await?;
        let pickup = self.order("pickup")?;
        self.chain.work_until(&all, &[pickup], "collected").await?;
        self.chain.work_until(&all, &[self.order("released")?], "shipped").await?;
        // Of the work that was moved away, what was picked goes back to its shelf.
        until("nothing is left to do", async || {
            for shop in &self.chain.shops {
                holdfast::demo::pick(&shop.handheld, &shop.store.store, &shop.board).await?;
                if !shop.handheld.open_tasks().await?.is_empty() {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .await
    }

    /// What became of each order, as a table; fails where it is not what was expected.
    async fn told(&self) -> Result<String> {
        let mut table = format!("{:<10} {:<26} {:<10} {:<7} tasks\n", "order", "at the cut", "now", "by");
        let mut wrong = Vec::new();
        for row in &self.rows {
            let (state, tasks) = (self.chain.state(&row.order).await?, self.chain.tasks(&row.order).await?);
            let left: Vec<&str> = tasks
                .iter()
                .filter(|(_, status)| status == "handed_over")
                .map(|(store, _)| store.as_str())
                .collect();
            let all: Vec<String> = tasks.iter().map(|(store, status)| format!("{store} {status}")).collect();
            let by = left.join(" and ");
            table +=
                &format!("{:<10} {:<26} {state:<10} {by:<7} {}\n", row.what, row.when_cut, all.join(", "));
            let where_it_should = match (left.as_slice(), row.by_near) {
                ([one], Some(by_near)) => (*one == NEAR) == by_near,
                ([_], None) => true,
                _ => false,
            };
            if state != row.state || !where_it_should {
                wrong.push(row.what);
            }
        }
        ensure!(wrong.is_empty(), "not as it should be: {wrong:?}\n{table}");
        Ok(table)
    }

    async fn nothing_lost_nothing_twice(&self) -> Result<()> {
        for shop in &self.chain.shops {
            let store = &shop.store.store;
            until(&format!("{store} is level"), async || {
                let here = shop.handheld.get("/v1/status").await?;
                let there = self.chain.client.get(&format!("/v1/stores/{store}")).await?;
                let digest = there.get("digest").context("central tells no digest")?;
                let same = |field: &str| here.get(field).is_some() && here.get(field) == digest.get(field);
                Ok(here.get("unsynced") == Some(&json!(0)) && same("root") && same("stock_digest"))
            })
            .await?;
            let intents = json!({ "store": store, "intents": shop.acknowledged() });
            let answer = self.chain.client.send(Method::POST, "/v1/audit/intents", &intents).await?;
            ensure!(answer.get("missing") == Some(&json!([])), "{store} lost what it acknowledged: {answer}");
        }
        let audit: Audit = serde_json::from_value(self.chain.client.get("/v1/audit").await?)?;
        let twice = audit.double_shipped + audit.oversold;
        let unsound = audit.reserved_mismatch + audit.orphaned_holds + audit.baseline_mismatch;
        ensure!(twice + unsound == 0, "{audit:?}");
        ensure!(audit.open_holds + audit.open_tasks == 0, "something is left: {audit:?}");
        let left: u32 = self.rows.len().try_into()?;
        let mut on_hand = 0;
        for shop in &self.chain.shops {
            on_hand += shop.handheld.on_hand(&sku(0)).await?;
        }
        let had = i64::from(super::chain::UNITS) * i64::try_from(self.chain.shops.len())?;
        ensure!(on_hand == had - i64::from(left), "{on_hand} units are left of {had} after {left} orders");
        Ok(())
    }
}
