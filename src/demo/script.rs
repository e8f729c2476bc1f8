//! The scripted outage: the demo without a terminal, and its verdict as one JSON object.

use super::board::Board;
use super::books::Books;
use super::people::Pace;
use super::stage::Stage;
use anyhow::{Context, Result, ensure};
use holdfast_central::core::fleet::StoreKind;
use holdfast_central::runtime::DemoAction;
use holdfast_shared::ids::StoreId;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What ends, and comes level, ends within this after everything was restored.
const SETTLE_WITHIN: Duration = Duration::from_secs(180);
/// Acknowledged intents that one request asks central about.
const INTENTS_PER_ASK: usize = 500;

/// What came of it. Each of `double_shipped`, `oversold`, `wrongly_charged` and `lost_acknowledged` must be 0.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Summary {
    pub ran_for_s: f64,
    pub orders_placed: u64,
    pub orders_finished: u64,
    pub orders_backordered: u64,
    pub orders_failed_over: u64,
    pub orders_refused: u64,
    pub sales_at_tills: u64,
    pub transitions_by_pickers: u64,
    pub acknowledged: u64,
    pub parcels_labelled: u64,
    /// In minor units.
    pub charged: i64,
    /// Orders for which more, or less, was taken than what left is worth.
    pub wrongly_charged: u64,
    pub double_shipped: u64,
    pub oversold: u64,
    pub lost_acknowledged: u64,
    pub reserved_mismatch: u64,
    pub orphaned_holds: u64,
    pub silence_to_suspect_s: Seconds,
    pub silence_to_ineligible_s: Seconds,
    pub restore_to_equal_digests_s: Seconds,
    /// What did not hold; empty when all did.
    pub broken: Vec<String>,
}

/// Of each store that was cut or crashed; null when it did not come.
pub(super) type Seconds = BTreeMap<StoreId, Option<f64>>;

/// Who suffers, and when what was done to them.
#[derive(Debug, Default)]
struct Outage {
    silent_since: BTreeMap<StoreId, Duration>,
    restored_at: Duration,
    level_after: Seconds,
}

/// Cuts two stores, crashes one agent, restores all, and waits until everything has ended.
pub(super) async fn outage(
    stage: &Arc<Stage>,
    since: Instant,
    length: Duration,
    seed: u64,
) -> Result<Summary> {
    let (quiet, end) = (CancellationToken::new(), CancellationToken::new());
    let people = stage.act(Pace::default(), seed, &quiet, &end);
    let victims: Vec<StoreId> = stage
        .stores
        .values()
        .filter(|site| site.store.kind == StoreKind::Store)
        .map(|site| site.store.store.clone())
        .take(3)
        .collect();
    let [first, second, third] = victims.as_slice() else { anyhow::bail!("the script needs three stores") };
    let mut outage = Outage::default();
    // Long enough before for everyone to be heard, and after for the dark to be told from the slow.
    pass(since, length.mul_f64(0.15)).await;
    for (store, action) in
        [(first, DemoAction::CutUplink), (second, DemoAction::CutUplink), (third, DemoAction::CrashAgent)]
    {
        // Before it is played: the first sign of it may be seen at once.
        outage.silent_since.insert(store.clone(), since.elapsed());
        stage.play(store, action).await?;
    }
    pass(since, length.mul_f64(0.80)).await;
    stage.play(first, DemoAction::RestoreUplink).await?;
    stage.play(second, DemoAction::RestoreUplink).await?;
    stage.play(third, DemoAction::RestartAgent).await?;
    outage.restored_at = since.elapsed();
    let last_orders = async {
        pass(since, length).await;
        quiet.cancel();
    };
    let ((), settled) = tokio::join!(last_orders, settle(stage, since, &quiet, &victims, &mut outage));
    end.cancel();
    people.join_all().await;
    // What was acknowledged while they left may still be on its way.
    let level = tokio::time::timeout(SETTLE_WITHIN, every_store_is_level(stage)).await.is_ok();
    judge(stage, since, &outage, settled && level).await
}

async fn every_store_is_level(stage: &Stage) {
    let mut looks = tokio::time::interval(Duration::from_millis(250));
    for store in stage.stores.keys() {
        while !is_level(stage, store).await.unwrap_or(false) {
            looks.tick().await;
        }
    }
}

/// Until `at`, counted from the start of the demo.
async fn pass(since: Instant, at: Duration) {
    tokio::time::sleep_until(since + at).await;
}

/// Notes when each victim is level again, and waits until the shops are quiet, no order is on its
/// way any more and every store is level with central.
async fn settle(
    stage: &Stage,
    since: Instant,
    quiet: &CancellationToken,
    victims: &[StoreId],
    outage: &mut Outage,
) -> bool {
    let mut looks = tokio::time::interval(Duration::from_millis(250));
    let settled = tokio::time::timeout(SETTLE_WITHIN, async {
        loop {
            looks.tick().await;
            let mut all_level = true;
            for store in stage.stores.keys() {
                let level = is_level(stage, store).await.unwrap_or(false);
                all_level &= level;
                if level && victims.contains(store) && !outage.level_after.contains_key(store) {
                    let after = since.elapsed().saturating_sub(outage.restored_at);
                    outage.level_after.insert(store.clone(), Some(after.as_secs_f64()));
                }
            }
            if quiet.is_cancelled() && all_level && on_the_way(&stage.board) == 0 {
                return;
            }
        }
    });
    settled.await.is_ok()
}

/// Orders that neither ended nor wait for stock.
fn on_the_way(board: &Board) -> u64 {
    let state = board.lock();
    let resting = ["shipped", "collected", "cancelled", "backordered"];
    state.orders.iter().filter(|(word, _)| !resting.contains(&word.as_str())).map(|(_, count)| count).sum()
}

/// Whether store and central have the same documents and the same stock.
async fn is_level(stage: &Stage, store: &StoreId) -> Result<bool> {
    let site = stage.stores.get(store).context("no such store")?;
    let here = site.handheld.get("/v1/status").await?;
    let there = stage.central.get(&format!("/v1/stores/{store}")).await?;
    let digest =
        there.get("digest").filter(|digest| !digest.is_null()).context("central has no digest yet")?;
    Ok(here.get("unsynced").and_then(Value::as_u64) == Some(0)
        && here.get("root") == digest.get("root")
        && here.get("stock_digest") == digest.get("stock_digest"))
}

async fn judge(stage: &Stage, since: Instant, outage: &Outage, settled: bool) -> Result<Summary> {
    let audit = stage.central.get("/v1/audit").await?;
    let counted = |name: &str| {
        let count = audit.get(name).and_then(Value::as_u64);
        count.with_context(|| format!("the audit tells no {name}"))
    };
    let acknowledged = stage.board.lock().acknowledged.clone();
    let lost = lost(stage, &acknowledged).await?;
    let placed = stage.board.lock().placed.clone();
    let books = Books::level(&stage.central, &placed).await?;
    let state = stage.board.lock();
    let orders = |word: &str| state.orders.get(word).copied().unwrap_or_default();
    let turned = |word: &str| -> Seconds {
        let after = |(store, silent): (&StoreId, &Duration)| {
            let row = state.stores.get(store)?;
            let turns = row.turned.iter().flat_map(|(to, at)| at.iter().map(move |when| (when, to)));
            // What it was already, it did not need to become.
            let was = turns.filter(|(when, _)| *when < silent).max().is_some_and(|(_, to)| to == word);
            let when =
                if was { silent } else { row.turned.get(word)?.iter().find(|when| *when >= silent)? };
            Some(when.saturating_sub(*silent).as_secs_f64())
        };
        outage.silent_since.iter().map(|entry| (entry.0.clone(), after(entry))).collect()
    };
    let mut told = Summary {
        ran_for_s: since.elapsed().as_secs_f64(),
        orders_placed: u64::try_from(state.placed.len())?,
        orders_finished: orders("shipped").saturating_add(orders("collected")),
        orders_backordered: orders("backordered"),
        orders_failed_over: counted("recalled_tasks")?,
        orders_refused: state.refused_orders,
        sales_at_tills: state.sales,
        transitions_by_pickers: state.transitions,
        acknowledged: u64::try_from(acknowledged.values().map(Vec::len).sum::<usize>())?,
        parcels_labelled: books.parcels_labelled,
        charged: books.charged_minor,
        wrongly_charged: books.wrongly_charged,
        double_shipped: counted("double_shipped")?,
        oversold: counted("oversold")?,
        lost_acknowledged: lost,
        reserved_mismatch: counted("reserved_mismatch")?,
        orphaned_holds: counted("orphaned_holds")?,
        silence_to_suspect_s: turned("suspect"),
        silence_to_ineligible_s: turned("ineligible"),
        restore_to_equal_digests_s: outage
            .silent_since
            .keys()
            .map(|store| (store.clone(), outage.level_after.get(store).copied().flatten()))
            .collect(),
        broken: Vec::new(),
    };
    drop(state);
    told.broken = broken(&told, settled);
    Ok(told)
}

/// Acknowledged intents of which central, level with every store, has no fact.
async fn lost(stage: &Stage, acknowledged: &BTreeMap<StoreId, Vec<String>>) -> Result<u64> {
    let mut lost = 0_u64;
    for (store, intents) in acknowledged {
        for intents in intents.chunks(INTENTS_PER_ASK) {
            let asked = json!({ "store": store, "intents": intents });
            let answer = stage.central.send(Method::POST, "/v1/audit/intents", &asked).await?;
            let missing =
                answer.get("missing").and_then(Value::as_array).context("no list of missing intents")?;
            lost = lost.saturating_add(u64::try_from(missing.len())?);
        }
    }
    Ok(lost)
}

fn broken(told: &Summary, settled: bool) -> Vec<String> {
    let zeros = [
        ("order lines shipped twice", told.double_shipped),
        ("units oversold", told.oversold),
        ("orders charged wrongly", told.wrongly_charged),
        ("acknowledged facts lost", told.lost_acknowledged),
        ("positions whose reserved units are not their holds", told.reserved_mismatch),
        ("holds whose task has ended", told.orphaned_holds),
        ("orders refused", told.orders_refused),
    ];
    let counted = zeros.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}"));
    let unsettled = (!settled)
        .then(|| format!("not every order ended and every digest was equal within {SETTLE_WITHIN:?}"));
    let idle = (told.orders_finished == 0).then(|| "no order was finished".to_owned());
    counted.chain(unsettled).chain(idle).collect()
}

/// An error when something did not hold, so that the process exits with one.
pub(super) fn verdict(summary: &Summary) -> Result<()> {
    ensure!(summary.broken.is_empty(), "broken: {}", summary.broken.join("; "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean() -> Summary {
        Summary {
            ran_for_s: 60.0,
            orders_placed: 3,
            orders_finished: 3,
            orders_backordered: 0,
            orders_failed_over: 1,
            orders_refused: 0,
            sales_at_tills: 5,
            transitions_by_pickers: 9,
            acknowledged: 14,
            parcels_labelled: 3,
            charged: 4_500,
            wrongly_charged: 0,
            double_shipped: 0,
            oversold: 0,
            lost_acknowledged: 0,
            reserved_mismatch: 0,
            orphaned_holds: 0,
            silence_to_suspect_s: Seconds::new(),
            silence_to_ineligible_s: Seconds::new(),
            restore_to_equal_digests_s: Seconds::new(),
            broken: Vec::new(),
        }
    }

    #[test]
    fn each_invariant_that_broke_is_named() {
        assert_eq!(broken(&clean(), true), Vec::<String>::new());
        for spoil in [
            |told: &mut Summary| told.double_shipped = 1,
            |told: &mut Summary| told.oversold = 1,
            |told: &mut Summary| told.wrongly_charged = 1,
            |told: &mut Summary| told.lost_acknowledged = 1,
            |told: &mut Summary| told.reserved_mismatch = 1,
            |told: &mut Summary| told.orphaned_holds = 1,
            |told: &mut Summary| told.orders_finished = 0,
        ] {
            let mut told = clean();
            spoil(&mut told);
            assert_eq!(broken(&told, true).len(), 1);
        }
        let told = Summary { broken: broken(&clean(), false), ..clean() };
        assert!(verdict(&told).is_err());
    }
}
