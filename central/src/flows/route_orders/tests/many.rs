//! Many orders in one run: decided from what was read once, as if each had been decided alone.

use super::*;
use crate::core::stock::class::Channel;
use holdfast_shared::error::Code;
use proptest::prelude::*;

fn orders(count: usize) -> Vec<Demand> {
    (0..count).map(|n| demand(&format!("o{n}"), &[("TEA", 1)])).collect()
}

#[tokio::test]
async fn a_sku_is_read_once_however_many_orders_ask_for_it() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds"]).await;
    ram.told(|told| {
        told.stores[0].store.capacity_tasks = 999;
        told.demands = orders(300);
        told.positions = vec![position("leeds", "TEA", 299)];
    });
    let routed = run(&ram, &watch).await;
    assert_eq!((routed.assigned, routed.backordered), (299, 1), "and each unit is given once");
    assert_eq!(ram.done(|done| done.stock_reads), 1);
}

#[tokio::test]
async fn what_storage_refuses_is_decided_again_from_fresh_stock() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    ram.told(|told| {
        told.demands = orders(2);
        told.positions = vec![position("leeds", "TEA", 9)];
        told.assign = [AssignOutcome::StockGone { sku: "TEA".parse().unwrap() }].into();
    });
    let routed = run(&ram, &watch).await;
    assert_eq!((routed.assigned, routed.postponed), (2, 0));
    assert_eq!(ram.done(|done| done.stock_reads), 2);
}

#[tokio::test]
async fn an_order_that_cannot_be_written_keeps_no_other_from_its_turn() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds"]).await;
    ram.told(|told| {
        told.demands = orders(3);
        told.positions = vec![position("leeds", "TEA", 9)];
        told.unwritable = vec!["o1".parse().unwrap()];
    });
    let sections = Sections::default();
    let router = Router { watch: &watch, poke: &ram, policy: &sections, decision_id: &decision_id };
    let error = route_orders(&ram, &router, at_ms(0)).await.unwrap_err();
    assert_eq!(error.code(), Code::Internal, "and it is told");
    assert_eq!(ram.poked(), ["leeds: offer", "leeds: offer"]);
}

#[tokio::test]
async fn where_nothing_can_be_written_the_run_ends() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds"]).await;
    let all = orders(500);
    ram.told(|told| {
        told.unwritable = all.iter().map(|demand| demand.order.clone()).collect();
        told.stores[0].store.capacity_tasks = 999;
        told.demands = all;
        told.positions = vec![position("leeds", "TEA", 999)];
    });
    let sections = Sections::default();
    let router = Router { watch: &watch, poke: &ram, policy: &sections, decision_id: &decision_id };
    assert!(route_orders(&ram, &router, at_ms(0)).await.is_err());
    assert!(ram.done(|done| done.assigned.len()) < 500, "the rest was not tried");
}

/// Quantities of three SKUs, at a channel.
fn wish() -> impl Strategy<Value = (Vec<(usize, i64)>, bool)> {
    (prop::collection::vec((0..3_usize, 1..4_i64), 1..3), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn together_is_as_one_by_one(
        units in prop::collection::vec(prop::collection::vec(0..8_i64, 3), 3),
        wishes in prop::collection::vec(wish(), 1..12),
        buffer in 0..2_i64,
    ) {
        const STORES: [&str; 3] = ["leeds", "york", "hull"];
        const SKUS: [&str; 3] = ["TEA", "MUG", "JAM"];
        let demands: Vec<Demand> = wishes
            .iter()
            .enumerate()
            .map(|(n, (lines, web))| {
                let lines: Vec<(&str, i64)> = lines.iter().map(|(sku, units)| (SKUS[*sku], *units)).collect();
                let channel = Channel::new(if *web { "web" } else { "app" });
                Demand { channel, ..demand(&format!("o{n}"), &lines) }
            })
            .collect();
        let positions: Vec<StorePosition> = STORES
            .iter()
            .zip(&units)
            .flat_map(|(store, units)| SKUS.iter().zip(units).map(|(sku, units)| position(store, sku, *units)))
            .collect();
        let class = serde_json::json!({
            "buffer_units": buffer, "allow_last_unit": true, "channels": {"app": {"cap_units": 2}},
        });
        let chain = async || {
            let ram = Ram::default();
            let watch = fleet(&ram, &STORES).await;
            hot(&ram, &class);
            ram.told(|told| told.positions.clone_from(&positions));
            (ram, watch)
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (together, alone) = runtime.block_on(async {
            let (ram, watch) = chain().await;
            ram.told(|told| told.demands.clone_from(&demands));
            run(&ram, &watch).await;
            let together = assigned(&ram);
            let (ram, watch) = chain().await;
            for demand in &demands {
                let before = ram.done(|done| done.assigned.len());
                ram.told(|told| told.demands = vec![demand.clone()]);
                run(&ram, &watch).await;
                let given = ram.done(|done| done.assigned[before..].to_vec());
                ram.told(|told| given.iter().for_each(|given| take(told, given)));
            }
            (together, assigned(&ram))
        });
        prop_assert_eq!(together, alone);
    }
}

/// What storage would say of stock and of open tasks after the assignment.
fn take(told: &mut Told, given: &Assignment) {
    for record in told.stores.iter_mut().filter(|record| record.store.store == given.store) {
        record.open_tasks += 1;
    }
    for line in &given.lines {
        let here = |known: &&mut StorePosition| known.store == given.store && known.sku == line.sku;
        told.positions.iter_mut().filter(here).for_each(|known| known.reserved += line.quantity);
    }
}
