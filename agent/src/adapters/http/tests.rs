//! Each endpoint as a client meets it: good input, bad input, and who may.

use super::events::{Event, Hub, hub};
use super::needs::{EnrolWish, Enroller, NowEnrolled, Standing, StandingNow};
use super::presence::Presence;
use super::state::{Api, Parts};
use super::{openapi, router};
use crate::ports::ledger::Role;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use holdfast_platform::clock::ManualClock;
use holdfast_platform::secret::Secret;
use holdfast_shared::error::Problem;
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use serde_json::{Value, json};
use std::sync::Arc;
use store::Store;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

mod bring_back;
mod devices;
mod doors;
mod orders;
mod parcels;
mod rights;
mod stock;
mod store;
mod surface;

const ADMIN: &str = "the-admin-token";

struct Nobody;

#[async_trait::async_trait]
impl Enroller for Nobody {
    async fn enrol(&self, wish: EnrolWish) -> Result<NowEnrolled, Problem> {
        if wish.code != "K7Q4-M9TX" {
            return Err(Problem::new(holdfast_shared::error::Code::CodeExpired, "this code was used"));
        }
        let (store, replica) = ("leeds".parse().unwrap(), "leeds-a".parse().unwrap());
        Ok(NowEnrolled { store, store_name: "Leeds".to_owned(), replica, begins_anew: false })
    }
}

impl Standing for Nobody {
    fn standing(&self) -> StandingNow {
        StandingNow { central_url: "http://central".to_owned(), ..StandingNow::default() }
    }
}

/// An agent's LAN API over a store in memory.
struct Lan {
    router: Router,
    store: Arc<Store>,
    clock: Arc<ManualClock>,
    hub: Hub,
    committed: Arc<Notify>,
}

/// The next event of a stream, as it is written.
async fn heard(stream: &mut axum::body::BodyDataStream) -> String {
    let piece = futures::StreamExt::next(stream).await.unwrap().unwrap();
    String::from_utf8(piece.to_vec()).unwrap()
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("none")
    }
}

struct Ask {
    method: &'static str,
    path: String,
    token: Option<String>,
    key: Option<String>,
    kind: &'static str,
    body: Option<String>,
}

fn ask(method: &'static str, path: impl Into<String>) -> Ask {
    Ask { method, path: path.into(), token: None, key: None, kind: "application/json", body: None }
}

impl Ask {
    fn by(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    fn json(self, body: &Value) -> Self {
        self.text(body.to_string())
    }

    fn text(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    fn of_type(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }
}

impl Lan {
    fn new() -> Self {
        let store = Arc::new(Store::default());
        let clock = Arc::new(ManualClock::new(Now { utc: UtcMs(1_700_000_000_000), mono: MonoMs(1) }));
        let hub = hub(CancellationToken::new());
        let committed = Arc::new(Notify::new());
        let api = Api::new(Parts {
            ledger: store.clone(),
            import: store.clone(),
            devices: store.clone(),
            standing: Arc::new(Nobody),
            enroller: Arc::new(Nobody),
            clock: clock.clone(),
            token_key: [7; 32],
            admin_token: Secret::new(ADMIN),
            read_file: Arc::new(store::read_file),
            hub: hub.clone(),
            presence: Arc::new(Presence::default()),
            committed: committed.clone(),
        });
        Self { router: router(api), store, clock, hub, committed }
    }

    async fn send(&self, ask: Ask) -> Answer {
        let mut request = Request::builder().method(ask.method).uri(ask.path);
        if let Some(token) = ask.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(key) = ask.key {
            request = request.header("idempotency-key", key);
        }
        if ask.body.is_some() {
            request = request.header("content-type", ask.kind);
        }
        let request = request.body(Body::from(ask.body.unwrap_or_default())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 10_000_000).await.unwrap();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Opens the event stream of a device.
    async fn listen(&self, token: &str) -> axum::body::BodyDataStream {
        let request = Request::builder().uri("/v1/events").header("authorization", format!("Bearer {token}"));
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        response.into_body().into_data_stream()
    }

    /// Pairs a device as a person would, and returns its token.
    async fn pair(&self, role: Role) -> String {
        let role = serde_json::to_value(role).unwrap();
        let offered = self.send(ask("POST", "/v1/pairings").by(ADMIN).json(&json!({ "role": role }))).await;
        let code = offered.body["code"].as_str().unwrap().to_owned();
        let pair = json!({ "code": code, "name": "A device" });
        let paired = self.send(ask("POST", "/v1/pair").json(&pair)).await;
        assert_eq!(paired.status, StatusCode::CREATED, "{}", paired.body);
        paired.body["token"].as_str().unwrap().to_owned()
    }
}
