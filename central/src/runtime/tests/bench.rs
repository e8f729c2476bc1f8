//! The router over an in-memory database, and words to ask it with.

use crate::adapters::carriers::simulator::Simulator as Carrier;
use crate::adapters::http::{self, App, Bells, Rooms, Shared};
use crate::adapters::metrics;
use crate::adapters::payments::simulator::{Rates, Simulator};
use crate::adapters::sinks::{SinkSettings, WaysOut};
use crate::adapters::sqlite::SqliteStore;
use crate::adapters::surroundings::Folders;
use crate::core::events::cloud::Naming;
use crate::core::health::observatory::Observatory;
use crate::core::health::policy::HealthPolicy;
use crate::core::launch::systems::LaunchTerms;
use crate::core::outside::gate::GateTerms;
use crate::core::steering::{Sections, Steering};
use crate::flows::Watch;
use crate::flows::enrol::token_hash;
use crate::flows::gateways::{CarrierGateways, Gateway, Gateways};
use crate::flows::in_force::PoliciesInForce;
use crate::ports::access::{Access, ApiKey, Scope};
use crate::ports::carriers::Carriers;
use crate::ports::demo::DemoControls;
use crate::ports::payments::Payments;
use crate::ports::poke::Poke;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use holdfast_platform::clock::{Clock, ManualClock};
use holdfast_platform::secret::Secret;
use holdfast_platform::sqlite::{Mode, Options, Place};
use holdfast_platform::sse::Hub;
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

struct Silent;

impl Poke for Silent {
    fn poke(&self, _tenant: &TenantId, _store: &StoreId, _why: &str) {}
}

pub(super) struct Bench {
    pub(super) app: Shared,
    pub(super) cards: Arc<Simulator>,
    pub(super) parcels: Arc<Carrier>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) router: Router,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// Status and code of a problem.
    pub(super) fn problem(&self) -> (u16, String) {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{}", self.text);
        (self.status.as_u16(), self.json()["code"].as_str().unwrap().to_owned())
    }
}

pub(super) fn storage() -> SqliteStore {
    let options = Options { mode: Mode::Inline, ..Options::default() };
    SqliteStore::open(&Place::Memory, options, [7; 8]).unwrap()
}

pub(super) fn bench() -> Bench {
    bench_with(None)
}

pub(super) fn bench_with(demo: Option<Arc<dyn DemoControls>>) -> Bench {
    bench_on(storage(), demo)
}

pub(super) fn bench_on(storage: SqliteStore, demo: Option<Arc<dyn DemoControls>>) -> Bench {
    let now = Now { utc: UtcMs(1_800_000_000_000), mono: MonoMs(1_000_000) };
    let clock = Arc::new(ManualClock::new(now));
    let built_in = Steering::built_in(&Sections::default()).unwrap();
    let cards = Arc::new(Simulator::new(1, Rates::default(), Secret::new("whsec")));
    let parcels = Arc::new(Carrier::new(1, Secret::new("whsec")));
    let app = Arc::new(App {
        storage: Arc::new(storage),
        watch: Arc::new(Watch::new(Observatory::new(HealthPolicy::default()))),
        policies: Arc::new(PoliciesInForce::new(built_in)),
        poke: Arc::new(Silent),
        bells: Arc::new(Bells::default()),
        payments: paid_by(cards.clone()),
        carriers: carriers_of(parcels.clone()),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        mqtt_address: ":7883".to_owned(),
        events: Hub::new(16, 16, CancellationToken::new()),
        sinks: Arc::new(WaysOut::new(
            SinkSettings { private_receivers: true, ..SinkSettings::default() },
            Arc::clone(&clock) as Arc<dyn Clock>,
        )),
        naming: Arc::new(Naming::default()),
        metrics: metrics::recorder(),
        demo,
        rooms: Rooms::default(),
        decision_id: || "d-shown".parse().unwrap(),
        launch: LaunchTerms::default(),
        surroundings: Arc::new(Folders::new("/".into(), None)),
        trusted_proxies: Vec::new(),
    });
    Bench { router: http::router(&app), app, cards, parcels, clock }
}

/// The account of one tenant.
fn carriers_of(port: Arc<dyn Carriers>) -> CarrierGateways {
    let tenants = [TenantId::new("acme").unwrap()].into();
    let gateway = Gateway::new(port, GateTerms::default(), tenants, MonoMs(0));
    Gateways::new([("parcels".parse().unwrap(), gateway)].into())
}

/// The account of one tenant.
fn paid_by(port: Arc<dyn Payments>) -> Gateways {
    let tenants = [TenantId::new("acme").unwrap()].into();
    let gateway = Gateway::new(port, GateTerms::default(), tenants, MonoMs(0));
    Gateways::new([("cards".parse().unwrap(), gateway)].into())
}

pub(super) fn store_json(id: &str) -> Value {
    json!({
        "store": id, "name": format!("Store {id}"), "kind": "store",
        "place": { "latitude": 53.8, "longitude": -1.5 }, "zone": "Europe/London",
        "fulfils": ["ship", "pickup"], "capacity_tasks": 10
    })
}

pub(super) fn order_json(quantity: i64) -> Value {
    json!({
        "channel": "web", "kind": "ship", "destination": { "latitude": 53.8, "longitude": -1.5 },
        "lines": [{ "sku": "TEE-1", "quantity": quantity }]
    })
}

impl Bench {
    /// A key of this tenant, with its token as its name.
    pub(super) async fn key(&self, tenant: &str, scopes: &[Scope]) -> String {
        let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        let token = format!("{tenant}-{}", names.join("-"));
        let key = ApiKey {
            key: token.parse().unwrap(),
            tenant: tenant.parse().unwrap(),
            name: token.clone(),
            scopes: scopes.iter().copied().collect(),
            store: None,
            created_at: UtcMs(0),
            revoked_at: None,
        };
        let access: &dyn Access = &*self.app.storage;
        access.create_api_key(key, token_hash(&token)).await.unwrap();
        token
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), 4 << 20).await.unwrap();
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub(super) async fn ask(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> Answer {
        self.ask_with(method, path, token, body, &[]).await
    }

    pub(super) async fn ask_with(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    pub(super) async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(Method::GET, path, token, None).await
    }

    pub(super) async fn place(&self, token: &str, key: &str, body: &Value) -> Answer {
        self.ask_with(Method::POST, "/v1/orders", token, Some(body), &[("idempotency-key", key)]).await
    }

    /// A tenant with one article, and the token of its admin.
    pub(super) async fn tenant(&self, tenant: &str) -> String {
        let admin = self.key(tenant, &[Scope::Admin]).await;
        let items = json!({ "items": [{ "sku": "TEE-1", "name": "Tee" }] });
        let put = self.ask(Method::PUT, "/v1/catalogue", &admin, Some(&items)).await;
        assert_eq!(put.json()["written"], 1);
        admin
    }

    pub(super) async fn put_store(&self, admin: &str, id: &str) {
        let put = self.ask(Method::PUT, &format!("/v1/stores/{id}"), admin, Some(&store_json(id))).await;
        assert_eq!(put.status, StatusCode::OK, "{}", put.text);
    }
}

/// An open event stream.
pub(super) struct Stream(axum::body::BodyDataStream);

impl Stream {
    pub(super) async fn first(mut self) -> String {
        let bytes = futures::StreamExt::next(&mut self.0).await.unwrap().unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

impl Bench {
    pub(super) async fn open_stream(&self, path: &str, token: &str) -> Stream {
        self.open_stream_with(path, token, &[]).await
    }

    pub(super) async fn open_stream_with(&self, path: &str, token: &str, heads: &[(&str, &str)]) -> Stream {
        let mut request =
            Request::builder().uri(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        for (name, value) in heads {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Stream(response.into_body().into_data_stream())
    }
}
