//! Two tenants write at the same time, and each has lines open, for every audience, as server-sent events and as sockets:
//! nobody hears a word of the other's.

use super::bench::{Bench, bench, bench_on, order_json};
use crate::adapters::sqlite::SqliteStore;
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use futures::{SinkExt, StreamExt};
use holdfast_platform::sqlite::{Mode, Options, Place};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const ORDERS: usize = 12;
const AUDIENCES: [&str; 2] = ["owner", "customer"];

/// A line that is open: subjects and tenants of what it tells, in order.
enum Line {
    Stream(reqwest::Response, String),
    Socket(Box<tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>>),
}

impl Line {
    async fn next(&mut self) -> Value {
        match self {
            Self::Stream(response, read) => loop {
                if let Some((frame, rest)) = read.split_once("\n\n") {
                    let data = frame.lines().find_map(|line| line.strip_prefix("data: ")).map(str::to_owned);
                    *read = rest.to_owned();
                    if let Some(data) = data {
                        break serde_json::from_str(&data).unwrap();
                    }
                    continue;
                }
                let chunk = response.chunk().await.unwrap().expect("the stream goes on");
                read.push_str(std::str::from_utf8(&chunk).unwrap());
            },
            Self::Socket(socket) => loop {
                match socket.next().await.unwrap().unwrap() {
                    Message::Text(text) => break serde_json::from_str(&text).unwrap(),
                    Message::Ping(said) => socket.send(Message::Pong(said)).await.unwrap(),
                    other => assert!(!other.is_close(), "the socket goes on"),
                }
            },
        }
    }
}

struct Served {
    bench: Bench,
    address: SocketAddr,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Served {
    async fn start() -> Self {
        Self::over(bench()).await
    }

    async fn over(bench: Bench) -> Self {
        let _already = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(axum::serve(listener, bench.router.clone()).into_future());
        Self { bench, address, server }
    }

    /// For owner and customer, in both ways.
    async fn lines(&self, key: &str, from: &str) -> Vec<Line> {
        self.lines_for(&AUDIENCES, key, from).await
    }

    async fn lines_for(&self, audiences: &[&str], key: &str, from: &str) -> Vec<Line> {
        let mut lines = Vec::new();
        for audience in audiences {
            let query = format!("audience={audience}{from}");
            let url = format!("http://{}/v1/events/stream?{query}", self.address);
            let opened = reqwest::Client::new().get(url).bearer_auth(key).send().await.unwrap();
            assert_eq!(opened.status(), StatusCode::OK);
            lines.push(Line::Stream(opened, String::new()));
            let url = format!("ws://{}/v1/events/socket?{query}", self.address);
            let mut request = url.into_client_request().unwrap();
            request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
            let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
            lines.push(Line::Socket(Box::new(socket)));
        }
        lines
    }

    async fn place(&self, key: &str, tenant: &str, number: usize) -> String {
        let placed = self.bench.place(key, &format!("{tenant}-{number}"), &order_json(1)).await;
        assert_eq!(placed.status, StatusCode::ACCEPTED, "{}", placed.text);
        placed.json()["order"].as_str().unwrap().to_owned()
    }

    /// As the outbox wakes those who listen: with whatever is newest, of whichever tenant.
    async fn wake(&self, tenant: &str) {
        let newest = self.bench.app.storage.recent_events(&tenant.parse().unwrap(), 1).await.unwrap();
        newest.into_iter().for_each(|event| self.bench.app.events.publish(event.into()));
    }
}

/// What each line tells of the orders of its tenant, in order, and of nothing else.
async fn assert_hears_its_own(mut lines: Vec<Line>, tenant: &str, orders: &[String]) {
    for line in &mut lines {
        for order in orders {
            let told = line.next().await;
            assert_eq!(
                (&told["tenant"], &told["subject"]),
                (&Value::from(tenant), &Value::from(order.as_str()))
            );
            assert!(told["source"].as_str().unwrap().contains(tenant), "{told}");
        }
    }
}

#[tokio::test]
async fn no_line_tells_of_another_tenant_while_both_write() {
    let served = Served::start().await;
    let (acme, rival) = (served.bench.tenant("acme").await, served.bench.tenant("rival").await);
    let live =
        (served.lines(&acme, "&kinds=OrderPlaced").await, served.lines(&rival, "&kinds=OrderPlaced").await);
    let (mut of_acme, mut of_rival) = (Vec::new(), Vec::new());
    for number in 0..ORDERS {
        of_acme.push(served.place(&acme, "acme", number).await);
        of_rival.push(served.place(&rival, "rival", number).await);
        // The one wakes the lines of the other, too.
        served.wake(if number % 2 == 0 { "rival" } else { "acme" }).await;
    }
    served.wake("acme").await;
    assert_hears_its_own(live.0, "acme", &of_acme).await;
    assert_hears_its_own(live.1, "rival", &of_rival).await;
    // Whoever comes later and reads from the beginning hears the same.
    let replayed = served.lines(&rival, "&kinds=OrderPlaced&after=0").await;
    assert_hears_its_own(replayed, "rival", &of_rival).await;
    // Nor does it by naming the other's order.
    let last = served.place(&rival, "rival", ORDERS).await;
    let both = format!("&keys={},{last}&kinds=OrderPlaced&after=0", of_acme[0]);
    assert_hears_its_own(served.lines(&rival, &both).await, "rival", &[last]).await;
    served.server.abort();
}

/// Both have a store of the same name with the same goods, and its stock moves in turns.
#[tokio::test]
async fn a_key_of_a_store_hears_of_its_own_tenants_store_of_that_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("central.db");
    let options = Options { mode: Mode::Inline, ..Options::default() };
    let store = SqliteStore::open(&Place::File(path.clone()), options, [7; 8]).unwrap();
    let served = Served::over(bench_on(store, None)).await;
    let conn = Connection::open(&path).unwrap();
    let mut keys = Vec::new();
    for tenant in ["acme", "rival"] {
        let admin = served.bench.tenant(tenant).await;
        served.bench.put_store(&admin, "leeds").await;
        let wish = json!({ "name": "till", "scopes": ["fleet_read"], "store": "leeds" });
        let made = served.bench.ask(Method::POST, "/v1/api-keys", &admin, Some(&wish)).await.json();
        keys.push((tenant, made["token"].as_str().unwrap().to_owned()));
    }
    for number in 0..ORDERS {
        let tenant = ["acme", "rival"][number % 2];
        let row = "INSERT INTO outbox (tenant, kind, key, key_sequence, event_id, class, at, body)
            VALUES (?1, 'InventoryAdjusted', 'leeds/TEE-1', ?2, ?1 || '-' || ?2, 'update', 1800000000000, '{}')";
        conn.execute(row, rusqlite::params![tenant, i64::try_from(number).unwrap()]).unwrap();
    }
    for (tenant, key) in &keys {
        for line in &mut served.lines_for(&["store"], key, "&after=0").await {
            for _ in 0..ORDERS / 2 {
                let told = line.next().await;
                assert_eq!((&told["tenant"], &told["subject"]), (&json!(tenant), &json!("leeds/TEE-1")));
                assert!(told["id"].as_str().unwrap().starts_with(tenant), "{told}");
            }
        }
    }
    served.server.abort();
}

#[tokio::test]
async fn a_key_of_one_tenant_opens_no_line_that_tells_more_than_it_may() {
    let served = Served::start().await;
    served.bench.tenant("acme").await;
    let shop = served.bench.key("rival", &[Scope::OrdersRead]).await;
    for (path, key, status) in [
        ("stream?audience=owner", shop.as_str(), 403),
        ("socket?audience=store&store=leeds", shop.as_str(), 403),
        ("stream", "acme-nobody", 401),
        ("socket", "acme-nobody", 401),
    ] {
        let url = format!("http://{}/v1/events/{path}", served.address);
        let upgrade = [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let request = reqwest::Client::new().get(url).bearer_auth(key);
        let request = upgrade.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{path}");
    }
    served.server.abort();
}
