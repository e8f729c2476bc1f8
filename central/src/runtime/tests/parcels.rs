//! Parcels from the store's work to the customer's door, over real storage and a carrier in memory: what is asked of the
//! carrier, what people wish, what the carrier tells, and who sees which of it.

use super::bench::{Bench, bench_on};
use super::explain::route;
use super::promises::shop_in;
use crate::adapters::sqlite::SqliteStore;
use crate::core::outside::mishap::Fate;
use crate::core::parcel::fact::{Ask, AskId, Said, Source};
use crate::core::parcel::fold::{Parcel, ParcelState};
use crate::core::parcel::notice::{STRANGE_MS, TrackingNotice};
use crate::core::parcel::test_scene::label;
use crate::core::parcel::tracking::{Track, TrackStatus};
use crate::flows::advance_parcels::advance_parcels;
use crate::flows::read_tracking::read_tracking;
use crate::ports::access::Scope;
use crate::ports::poke::Poke;
use crate::ports::shipments::{Account, NewParcelFact, ParcelKey, Shipment, Written};
use axum::http::{Method, StatusCode};
use holdfast_platform::sqlite::{Mode, Options, Place};
use holdfast_shared::ids::{CarrierAccount, StoreId, TenantId};
use holdfast_shared::limits::NOTE_CHARS_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::sync::Mutex;
use tempfile::TempDir;

const KEY: &str = "acme-admin";

/// Which stores were told to look.
#[derive(Default)]
struct Poked(Mutex<Vec<String>>);

impl Poke for Poked {
    fn poke(&self, _tenant: &TenantId, store: &StoreId, _why: &str) {
        self.0.lock().unwrap().push(store.to_string());
    }
}

/// Leeds picks two units of an order.
struct Scene {
    bench: Bench,
    order: String,
    key: ParcelKey,
    poked: Poked,
    conn: Connection,
    _folder: TempDir,
}

fn account() -> CarrierAccount {
    "parcels".parse().unwrap()
}

/// By whom it is asked for: with or without where it goes.
async fn picking(customer: Value) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("central.db");
    let options = Options { mode: Mode::Inline, ..Options::default() };
    let bench = bench_on(SqliteStore::open(&Place::File(path.clone()), options, [7; 8]).unwrap(), None);
    let bench = shop_in(bench).await;
    let body = json!({
        "channel": "web", "kind": "ship", "destination": { "latitude": 53.8, "longitude": -1.5 },
        "lines": [{ "sku": "A", "quantity": 2 }], "customer": customer,
    });
    let placed = bench.place(KEY, "k", &body).await;
    assert_eq!(placed.status, StatusCode::ACCEPTED, "{}", placed.text);
    route(&bench).await;
    let own = Account { tenant: "acme".parse().unwrap(), name: account(), services: Vec::new() };
    bench.app.storage.set_accounts(&[own]).await.unwrap();
    let order = placed.json()["order"].as_str().unwrap().to_owned();
    let conn = Connection::open(&path).unwrap();
    // As the store's sync would write it.
    conn.execute("UPDATE task SET phase = 'picking', state = json_set(state, '$.phase', 'picking')", [])
        .unwrap();
    let begun = "INSERT INTO parcel (tenant, task, order_id, store, number, carrier, next_at)
        SELECT tenant, task, order_id, store, 1, 'parcels', 0 FROM task";
    conn.execute(begun, []).unwrap();
    let task: String = conn.query_row("SELECT task FROM task", [], |row| row.get(0)).unwrap();
    let key = ParcelKey { tenant: "acme".parse().unwrap(), task: task.parse().unwrap() };
    Scene { bench, order, key, poked: Poked::default(), conn, _folder: folder }
}

fn ada() -> Value {
    json!({ "name": "Ada", "address": ["12 King Street", "Leeds", "LS1 4AP", "GB"] })
}

impl Scene {
    async fn shipment(&self) -> Shipment {
        self.bench.app.storage.shipment(&self.key).await.unwrap().unwrap()
    }

    async fn parcel(&self) -> Parcel {
        Parcel::fold(&self.shipment().await.facts)
    }

    async fn said(&self) -> Vec<&'static str> {
        self.shipment().await.facts.iter().map(|fact| fact.said.kind()).collect()
    }

    async fn say(&self, id: Option<AskId>, said: Said) {
        let after = self.parcel().await.sequence;
        let now = self.bench.app.clock.now().utc;
        let fact =
            NewParcelFact { key: self.key.clone(), after, id, said, source: Source::Answer, next_at: now };
        assert_eq!(self.bench.app.storage.write_parcel(&fact, now).await.unwrap(), Written::Yes);
    }

    /// Facts that were written, and whether there is more to look at.
    async fn advance(&self) -> (u32, bool) {
        let app = &self.bench.app;
        let clock = || app.clock.now();
        let done =
            advance_parcels(&*app.storage, &app.carriers, &account(), &self.poked, &clock).await.unwrap();
        (done.steps, done.more)
    }

    fn poked(&self) -> Vec<String> {
        std::mem::take(&mut *self.poked.0.lock().unwrap())
    }

    async fn shown(&self, token: &str) -> Value {
        self.bench.get(&format!("/v1/orders/{}/parcels", self.order), token).await.json()["parcels"][0]
            .clone()
    }

    async fn wish(&self, act: &str, reason: &str) -> (u16, String) {
        let path = format!("/v1/tasks/{}/label/{act}", self.key.task);
        let answer = self.bench.ask(Method::POST, &path, KEY, Some(&json!({ "reason": reason }))).await;
        if answer.status.is_success() { (answer.status.as_u16(), String::new()) } else { answer.problem() }
    }

    async fn tells(&self, event: &str, number: &str, track: Option<(TrackStatus, i64)>) {
        let track = track.map(|(status, at)| Track { status, happened_at: UtcMs(at), words: String::new() });
        let notice =
            TrackingNotice { event: event.into(), kind: "x".into(), tracking_number: number.into(), track };
        let storage = &self.bench.app.storage;
        let now = self.bench.app.clock.now().utc;
        storage.take_in_tracking(&self.key.tenant, &account(), &notice, now).await.unwrap();
    }

    fn outcome(&self, event: &str) -> Option<String> {
        let query = "SELECT outcome FROM tracking_notice WHERE event = ?1";
        self.conn.query_row(query, [event], |row| row.get(0)).unwrap()
    }

    async fn leave(&self) {
        let sql = "UPDATE task SET phase = 'handed_over', state = json_set(state, '$.phase', 'handed_over')";
        self.conn.execute(sql, []).unwrap();
        self.say(None, Said::HandedOver { left_at: UtcMs(1) }).await;
    }
}

fn label_of(run: u32) -> Option<AskId> {
    Some(AskId { ask: Ask::Label, run })
}

#[tokio::test]
async fn a_label_is_asked_for_and_the_store_is_told_at_once() {
    let scene = picking(ada()).await;
    let (steps, more) = scene.advance().await;
    assert_eq!((steps, more, scene.said().await), (2, false, vec!["asked", "made"]));
    assert_eq!(
        (scene.poked(), scene.parcel().await.state()),
        (vec!["leeds".to_owned()], ParcelState::Labelled)
    );
    assert_eq!(scene.advance().await, (0, false), "nothing more is to be done");
    assert!(scene.poked().is_empty());
    let known = scene.bench.app.storage.parcel_of(&scene.key.tenant, &account(), "nobody's").await.unwrap();
    assert_eq!(known, None);
    let number = scene.parcel().await.labels().next().unwrap().label.tracking_number.clone();
    let known = scene.bench.app.storage.parcel_of(&scene.key.tenant, &account(), &number).await.unwrap();
    assert_eq!(known, Some((scene.key.clone(), 0)));
}

#[tokio::test]
async fn without_an_address_nobody_is_asked_and_a_person_hears_why() {
    let scene = picking(json!({ "name": "Ada" })).await;
    scene.advance().await;
    assert_eq!(scene.said().await, ["asked", "declined"]);
    assert!(scene.bench.parcels.book().is_empty() && scene.poked().is_empty());
    let queue = scene.bench.get("/v1/exceptions", KEY).await.text;
    assert!(queue.contains("label_failed") && queue.contains("not one for a label"), "{queue}");
    assert!(!queue.contains("Ada"), "{queue}");
}

#[tokio::test]
async fn a_look_up_that_is_not_taken_in_leaves_the_question_as_unknown_as_before() {
    let scene = picking(ada()).await;
    scene.bench.parcels.fates([Fate::DoneUnheard]);
    scene.advance().await;
    assert_eq!(scene.said().await, ["asked", "unknown"]);
    scene.bench.clock.advance(3_600_000);
    scene.advance().await;
    assert_eq!(scene.parcel().await.state(), ParcelState::Labelled, "it was made, and is found");
    assert_eq!(scene.bench.parcels.book().len(), 1);
}

#[tokio::test]
async fn a_person_wishes_with_a_reason_and_not_when_the_goods_have_left() {
    let scene = picking(ada()).await;
    assert_eq!(scene.wish("again", "  ").await, (400, "invalid_request".to_owned()));
    let long = "x".repeat(NOTE_CHARS_MAX + 1);
    assert_eq!(scene.wish("again", &long).await, (400, "invalid_request".to_owned()));
    assert_eq!(scene.wish("again", &"x".repeat(NOTE_CHARS_MAX)).await.0, 202);
    assert_eq!(scene.wish("void", "the printer tore it").await.0, 202);
    assert_eq!(scene.said().await, ["try_again", "withdrawn"]);
    scene.leave().await;
    for act in ["again", "void"] {
        assert_eq!(scene.wish(act, "too late").await, (409, "illegal_transition".to_owned()), "{act}");
    }
}

#[tokio::test]
async fn what_a_carrier_tells_counts_once_in_any_order_and_stays_to_be_seen() {
    use TrackStatus::{Delivered, InTransit};
    let scene = picking(ada()).await;
    scene.advance().await;
    scene.leave().await;
    let number = scene.parcel().await.labels().next().unwrap().label.tracking_number.clone();
    scene.tells("e1", &number, Some((InTransit, 50))).await;
    scene.tells("e2", &number, Some((InTransit, 40))).await;
    scene.tells("e3", "another's", Some((Delivered, 60))).await;
    scene.tells("e4", &number, None).await;
    let now = scene.bench.app.clock.now().utc;
    assert_eq!(read_tracking(&*scene.bench.app.storage, now).await.unwrap(), 4);
    let outcomes = ["e1", "e2", "e3", "e4"].map(|event| scene.outcome(event));
    let told = outcomes.each_ref().map(|outcome| outcome.as_deref());
    assert_eq!(told, [Some("applied"), Some("known_before"), None, Some("not_ours")]);
    let track = scene.parcel().await.track.unwrap();
    assert_eq!((track.status, track.happened_at), (InTransit, UtcMs(50)));
    assert_eq!(read_tracking(&*scene.bench.app.storage, now).await.unwrap(), 0, "each is read once");
    let later = now.plus(STRANGE_MS);
    assert_eq!(read_tracking(&*scene.bench.app.storage, later).await.unwrap(), 1, "it may have been ours");
    assert_eq!(scene.outcome("e3").as_deref(), Some("not_ours"));
}

#[tokio::test]
async fn a_storefront_sees_the_way_of_a_parcel_and_service_what_was_asked_of_the_carrier() {
    let scene = picking(ada()).await;
    let wish = crate::core::parcel::fact::Wish { service: None, units: 2, label: None };
    for run in 0..2 {
        let key = format!("label-{run}").parse().unwrap();
        scene.say(label_of(run), Said::Asked { attempt: 1, key, wish: wish.clone() }).await;
        scene.say(label_of(run), Said::Made { label: label(run) }).await;
        if run == 0 {
            scene.say(None, Said::TryAgain { by: "zq-ann".into(), reason: "torn".into() }).await;
        }
    }
    let shop = scene.bench.key("acme", &[Scope::OrdersRead]).await;
    let told = scene.shown(&shop).await;
    assert_eq!((&told["state"], &told["label"]["tracking_number"]), (&json!("labelled"), &json!("1Z1")));
    assert_eq!(told["lines"], json!([{ "line": 1, "sku": "A", "quantity": 2, "delivered": 0 }]));
    for word in ["zq-ann", "leeds", "\"task\"", "\"facts\""] {
        assert!(!told.to_string().contains(word), "{word}: {told}");
    }
    let all = scene.shown(KEY).await;
    assert_eq!((all["facts"].as_array().map(Vec::len), &all["task"]), (Some(5), &json!(scene.key.task)));
    scene.leave().await;
    let track = Track { status: TrackStatus::Delivered, happened_at: UtcMs(9), words: String::new() };
    scene.say(label_of(1), Said::Tracked { track }).await;
    let told = scene.shown(&shop).await;
    assert_eq!((&told["state"], &told["lines"][0]["delivered"]), (&json!("delivered"), &json!(2)));
}
