use super::*;
use crate::adapters::sqlite::SqliteStore;
use crate::core::eligibility::{Eligibility, Standing};
use crate::core::routing::Guide;
use crate::core::routing::decision::{Demand, Node, Shelf};
use crate::core::routing::fleet_index::FleetIndex;
use crate::core::routing::kept::keep;
use crate::core::routing::policy::RoutingPolicy;
use crate::core::test_support::{at_ms, store, tenant};
use crate::flows::test_support::demand;
use crate::ports::housekeeping::{Housekeeping, Retention};
use crate::ports::orders::Orders;
use crate::ports::replays::Replays;
use crate::ports::work::Work;
use data_encoding::BASE64_NOPAD;
use holdfast_platform::sqlite::{Mode, Options, Place};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::packed::pack_bytes;
use rusqlite::named_params;
use serde_json::json;
use std::sync::Arc;

fn open() -> SqliteStore {
    SqliteStore::open(&Place::Memory, Options { mode: Mode::Inline, ..Options::default() }, [1; 8]).unwrap()
}

fn node(name: &str, open_tasks: u32) -> Node {
    let eligibility = Eligibility {
        standing: Standing::Eligible,
        kinds: FulfilmentKind::ALL.into_iter().collect(),
        reasons: Vec::new(),
        physically_open: true,
        fail_over: false,
    };
    let shelves = [("TEA".parse().unwrap(), Shelf { units: 0, ..Shelf::default() })].into();
    let mut store = store(name);
    store.name.clear();
    Node { store, eligibility, open_tasks, recovering: false, shelves }
}

/// Nobody has any of it.
fn decided(id: &str, demand: &Demand, nodes: &[Node]) -> Decision {
    let (fleet, policy) = (FleetIndex::of(nodes.to_vec()), RoutingPolicy::default());
    let mut decision = Guide::of(&policy).route(demand, &fleet, id.parse().unwrap(), at_ms(5).utc);
    decision.inputs = keep(demand, &fleet, &decision).map(Arc::new);
    decision
}

async fn execute(central: &SqliteStore, statement: &'static str) {
    central.write(move |conn, _| Ok(conn.execute_batch(statement)?)).await.unwrap();
}

async fn count(central: &SqliteStore, statement: &'static str) -> i64 {
    central.read(move |conn| Ok(conn.query_row(statement, [], |row| row.get(0))?)).await.unwrap()
}

/// Two orders of two units of tea, open.
async fn placed(central: &SqliteStore) {
    let placed = "INSERT INTO orders (tenant, order_id, kind, request, state, placed_at, changed_at, trace)
        SELECT 'acme', value, 'ship', json_object('channel', 'web', 'kind', 'ship',
                'destination', json_object('latitude', 0.0, 'longitude', 0.0),
                'lines', json_array(json_object('sku', 'TEA', 'quantity', 2))),
            'backordered', 1, 1, '0af7651916cd43dd8448eb211c80319c'
        FROM json_each('[\"o1\", \"o2\"]');
        INSERT INTO order_line (tenant, order_id, line, sku, quantity, open)
            VALUES ('acme', 'o1', 1, 'TEA', 2, 2), ('acme', 'o2', 1, 'TEA', 2, 2)";
    execute(central, placed).await;
}

async fn write(central: &SqliteStore, demand: &Demand, decision: &Decision) {
    let (demand, decision) = (demand.clone(), decision.clone());
    let record = move |conn: &Connection| {
        let saved = crate::adapters::sqlite::decisions::Saved::of(&decision)?;
        crate::adapters::sqlite::decisions::record(conn, &demand.tenant, &demand.order, &saved)
    };
    central.write(move |conn, _| record(conn)).await.unwrap();
}

#[tokio::test]
async fn a_decision_reads_back_whole_and_its_nodes_are_written_once() {
    let central = open();
    placed(&central).await;
    let nodes = [node("leeds", 3), node("york", 0)];
    let (one, other) = (demand("o1", &[("TEA", 2)]), demand("o2", &[("TEA", 2)]));
    let was = decided("d1", &one, &nodes);
    assert_eq!(was.rungs.iter().map(|rung| rung.candidates.len()).max(), Some(2), "{was:?}");
    write(&central, &one, &was).await;
    write(&central, &other, &decided("d2", &other, &[node("leeds", 4), node("york", 0)])).await;
    assert_eq!(count(&central, "SELECT count(*) FROM node_seen").await, 2);
    let head = "SELECT json_array_length(record, '$.rungs') FROM decision WHERE order_id = 'o1'";
    assert_eq!(count(&central, head).await, 0);

    let is_whole = |read: &Decision| {
        assert_eq!(serde_json::to_value(read).unwrap(), serde_json::to_value(&was).unwrap());
    };
    is_whole(&central.decisions(&tenant(), &one.order).await.unwrap()[0]);
    let (decision, inputs) = central.recorded(&tenant(), &one.order).await.unwrap().remove(0);
    is_whole(&decision);
    assert_eq!(inputs, Some(Recorded { demand: one, nodes: nodes.to_vec(), unrecorded: 0 }));
    let second = central.past_decisions(&tenant(), &[2]).await.unwrap().remove(0).inputs.unwrap();
    assert_eq!((second.nodes[0].open_tasks, second.demand.order), (4, other.order));
}

#[tokio::test]
async fn a_decision_of_before_they_lay_apart_is_still_read() {
    let central = open();
    placed(&central).await;
    let (demand, nodes) = (demand("o1", &[("TEA", 2)]), vec![node("leeds", 3)]);
    let was = decided("d1", &demand, &nodes);
    let plain = json!({"demand": demand, "nodes": nodes, "unrecorded": 7}).to_string();
    let (record, inputs) = (
        serde_json::to_string(&was).unwrap(),
        json!(BASE64_NOPAD.encode(&pack_bytes(&plain).unwrap())).to_string(),
    );
    let insert = move |conn: &Connection| {
        let params = named_params! { ":record": record, ":inputs": inputs };
        let statement = "INSERT INTO decision (tenant, order_id, record, inputs)
            VALUES ('acme', 'o1', :record, :inputs)";
        Ok(conn.execute(statement, params)?)
    };
    central.write(move |conn, _| insert(conn)).await.unwrap();
    let (decision, inputs) = central.recorded(&tenant(), &demand.order).await.unwrap().remove(0);
    assert_eq!(decision.rungs.len(), was.rungs.len());
    assert_eq!(inputs, Some(Recorded { demand, nodes, unrecorded: 7 }));
}

#[tokio::test]
async fn another_look_of_one_wait_takes_the_place_of_the_last() {
    let central = open();
    placed(&central).await;
    let demand = demand("o1", &[("TEA", 2)]);
    let first = decided("d1", &demand, &[node("leeds", 3)]);
    let second = decided("d2", &demand, &[node("hull", 1)]);
    for decision in [&first, &second] {
        central.backorder(&demand, decision, at_ms(9)).await.unwrap();
    }
    let read = central.recorded(&tenant(), &demand.order).await.unwrap();
    assert_eq!(read.iter().map(|(decision, _)| decision.decision.as_str()).collect::<Vec<_>>(), ["d2"]);
    let nodes = &read[0].1.as_ref().unwrap().nodes;
    assert_eq!(nodes.iter().map(|node| node.store.store.as_str()).collect::<Vec<_>>(), ["hull"]);
}

#[tokio::test]
async fn a_node_goes_only_when_no_decision_can_speak_of_it_any_more() {
    let central = open();
    placed(&central).await;
    let demand = demand("o1", &[("TEA", 2)]);
    write(&central, &demand, &decided("d1", &demand, &[node("leeds", 3)])).await;
    let later = async |statement| {
        execute(&central, statement).await;
        central.keep_house(Retention::default(), at_ms(10)).await.unwrap();
        count(&central, "SELECT count(*) FROM node_seen").await
    };
    assert_eq!(later("UPDATE decision SET sequence = 10001").await, 1, "it may be told of ten thousand more");
    assert_eq!(later("UPDATE decision SET sequence = 10002").await, 0);
    let read = central.recorded(&tenant(), &demand.order).await.unwrap().remove(0).1.unwrap();
    assert_eq!((read.nodes.len(), read.unrecorded), (0, 1), "what is not known any more is told so");
}

#[tokio::test]
async fn a_node_that_decisions_go_on_speaking_of_stays() {
    let central = open();
    placed(&central).await;
    let demand = demand("o1", &[("TEA", 2)]);
    write(&central, &demand, &decided("d1", &demand, &[node("leeds", 3)])).await;
    execute(&central, "UPDATE decision SET sequence = 9000").await;
    let again = decided("d2", &demand, &[node("leeds", 3)]);
    central.backorder(&demand, &again, at_ms(9)).await.unwrap();
    assert_eq!(count(&central, "SELECT used_by FROM node_seen").await, 9000);
}
