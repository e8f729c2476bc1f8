//! A provider of payment intents with books of its own: what central says of money is compared with them.

use anyhow::Result;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Uri};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

type FormOf = BTreeMap<String, String>;

#[derive(Default)]
struct Books {
    intents: BTreeMap<String, Value>,
    refunds: Vec<Value>,
    /// By key: the same question has the effect of once.
    answers: BTreeMap<String, Value>,
}

type Shared = Arc<Mutex<Books>>;

/// In minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) captured: i64,
    pub(super) refunded: i64,
    pub(super) refunds: usize,
}

pub(super) struct Bank {
    address: SocketAddr,
    books: Shared,
    server: JoinHandle<()>,
}

impl Drop for Bank {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Bank {
    pub(super) async fn open() -> Result<Self> {
        let books = Shared::default();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/v1/payment_intents/search", get(search))
            .route("/v1/payment_intents/{intent}", get(intent))
            .route("/v1/refunds", get(refunds).post(asked))
            .route("/v1/{*path}", post(asked))
            .with_state(Arc::clone(&books));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Ok(Self { address, books, server })
    }

    /// The table by which central knows it, with its secret in that folder.
    pub(super) fn config(&self, folder: &std::path::Path) -> Result<String> {
        let secret = folder.join("bank.secret");
        std::fs::write(&secret, "sk_test_secret")?;
        Ok(format!(
            "\n[[payments]]\nname = \"bank\"\nkind = \"intents\"\ntenant = \"default\"\nurl = \"http://{}\"\n\
             secret_file = {secret:?}\nseveral_captures = true\n",
            self.address
        ))
    }

    pub(super) fn sums(&self) -> Sums {
        let books = self.books.lock().unwrap();
        let captured = books.intents.values().filter_map(|intent| intent["amount_received"].as_i64()).sum();
        let refunded = books.refunds.iter().filter_map(|refund| refund["amount"].as_i64()).sum();
        Sums { captured, refunded, refunds: books.refunds.len() }
    }
}

impl Books {
    fn act(&mut self, path: &str, form: &FormOf) -> Value {
        let amount = |name: &str| form.get(name).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
        let inner = |name: &str| name.strip_prefix("metadata[")?.strip_suffix(']').map(str::to_owned);
        let metadata: serde_json::Map<String, Value> =
            form.iter().filter_map(|(name, value)| Some((inner(name)?, json!(value)))).collect();
        match path.split('/').collect::<Vec<_>>()[..] {
            ["payment_intents"] => {
                let id = format!("pi_{}", self.intents.len() + 1);
                let intent = json!({ "id": id, "status": "requires_capture", "amount": amount("amount"),
                    "amount_capturable": amount("amount"), "amount_received": 0, "metadata": metadata });
                self.intents.insert(id, intent.clone());
                intent
            }
            ["refunds"] => {
                let id = format!("re_{}", self.refunds.len() + 1);
                let refund = json!({ "id": id, "status": "succeeded", "amount": amount("amount"),
                    "payment_intent": form["payment_intent"], "metadata": metadata });
                self.refunds.push(refund.clone());
                refund
            }
            ["payment_intents", id, verb] => {
                let intent = self.intents.get_mut(id).unwrap();
                if verb == "capture" {
                    let wanted = amount("amount_to_capture");
                    let number = |name: &str| intent[name].as_i64().unwrap();
                    let (left, received) = (number("amount_capturable") - wanted, number("amount_received"));
                    assert!(left >= 0, "more is captured than was authorized");
                    let last = form.get("final_capture").is_none_or(|last| last == "true");
                    intent["amount_capturable"] = json!(if last { 0 } else { left });
                    intent["amount_received"] = json!(received + wanted);
                    intent["status"] = json!(if last { "succeeded" } else { "requires_capture" });
                    intent["metadata"].as_object_mut().unwrap().extend(metadata);
                } else {
                    intent["status"] = json!("canceled");
                }
                intent.clone()
            }
            _ => panic!("the bank knows no {path}"),
        }
    }
}

async fn asked(
    State(books): State<Shared>,
    uri: Uri,
    heads: HeaderMap,
    Form(form): Form<FormOf>,
) -> Json<Value> {
    let path = uri.path().trim_start_matches("/v1/");
    let key = heads["idempotency-key"].to_str().unwrap().to_owned();
    let mut books = books.lock().unwrap();
    let before = books.answers.get(&key).cloned();
    let answer = before.unwrap_or_else(|| books.act(path, &form));
    books.answers.insert(key, answer.clone());
    Json(answer)
}

async fn intent(State(books): State<Shared>, Path(id): Path<String>) -> Json<Value> {
    Json(books.lock().unwrap().intents[&id].clone())
}

async fn search(State(books): State<Shared>, Query(query): Query<FormOf>) -> Json<Value> {
    let books = books.lock().unwrap();
    let has_key =
        |intent: &&Value| query["query"].contains(intent["metadata"]["holdfast_key"].as_str().unwrap());
    Json(json!({ "data": books.intents.values().filter(has_key).collect::<Vec<_>>() }))
}

async fn refunds(State(books): State<Shared>, Query(query): Query<FormOf>) -> Json<Value> {
    let books = books.lock().unwrap();
    let of = |refund: &&Value| refund["payment_intent"] == query["payment_intent"].as_str();
    Json(json!({ "data": books.refunds.iter().filter(of).collect::<Vec<_>>() }))
}
