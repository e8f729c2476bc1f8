//! Real processes: orders go out, are replayed under a policy that is a file, and routing tells how it did.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use anyhow::{Result, ensure};
use holdfast::demo::{Board, pick};
use holdfast::kpis::{KpisAsked, kpis};
use holdfast::replay::{ReplayAsked, ReplayForm, replay};
use holdfast_agent::ports::ledger::Role;
use holdfast_shared::ids::IdempotencyKey;
use holdfast_tests::e2e::{Chain, Plan, order_of, sku, until};
use serde_json::Value;

/// Nobody but a distribution centre, and the chain has none.
const CENTRE: &str =
    "[routing]\n[[routing.ladder]]\nname = 'centre'\nwords = 'the centre'\nkinds = ['distribution_centre']\n";

async fn replayed(chain: &Chain, policy: &str, out: ReplayForm) -> Result<String> {
    let (from, to, orders, against) = (None, None, None, "active".to_owned());
    let asked = ReplayAsked { policy: policy.to_owned(), from, to, orders, against, told: 20, out };
    let mut text = Vec::new();
    replay(&chain.client, asked, &mut text).await?;
    Ok(String::from_utf8(text)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_out_is_replayed_and_counted() -> Result<()> {
    let chain = Chain::start(Plan::default()).await?;
    chain.until_standing(0, "eligible").await?;
    for key in ["one", "two"] {
        chain.client.place(&IdempotencyKey::new(key)?, &order_of(&[sku(0), sku(1)])).await?;
    }
    let store = &chain.stores[0];
    let (handheld, board) = (store.pair(Role::Picker, "handheld").await?, Board::default());
    until("both orders went out", async || {
        pick(&handheld, &store.store.store, &board).await?;
        let orders = chain.client.all("/v1/orders", "orders").await?;
        Ok(orders.iter().all(|order| order["state"] == "shipped"))
    })
    .await?;

    let file = chain.folder.path().join("centre.toml");
    std::fs::write(&file, CENTRE)?;
    let told: Value =
        serde_json::from_str(&replayed(&chain, &file.display().to_string(), ReplayForm::Json).await?)?;
    // An order that came before the stock was known has two decisions.
    let record = &told["record"];
    ensure!(record["orders"] == 2 && record["as_decided"] == record["decisions"], "{told}");
    ensure!(told["sequence"]["changed"] == 2, "nobody takes them now: {told}");
    let text = replayed(&chain, "0", ReplayForm::Text).await?;
    ensure!(text.contains("0 of 2 came out otherwise"), "{text}");
    let csv = replayed(&chain, "0", ReplayForm::Csv).await?;
    ensure!(
        csv.lines().any(|line| line.starts_with("sequence,oversell_known") && line.ends_with(",0.0,same")),
        "{csv}"
    );

    let mut shown = Vec::new();
    let by_node = KpisAsked { from: None, to: None, orders: false, by: "node".to_owned() };
    kpis(&chain.client, &by_node, &mut shown).await?;
    let shown = String::from_utf8(shown)?;
    let row = shown.lines().find(|line| line.starts_with(store.store.store.as_str()));
    let cells: Vec<&str> = row.unwrap_or_default().split_whitespace().collect();
    ensure!(
        cells[1..4] == ["4", "100.0%", "100.0%"],
        "four units, all from the best node, all handed over: {shown}"
    );
    Ok(())
}
