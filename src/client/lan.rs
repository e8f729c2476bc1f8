//! An agent's LAN API, as a POS or a handheld calls it.

use super::json;
use anyhow::{Context, Result};
use holdfast_agent::core::command::MovementRequest;
use holdfast_shared::ids::{Sku, TaskId};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// A paired device. Its counter gives each intent its own fact id.
#[derive(Debug)]
pub struct LanClient {
    http: reqwest::Client,
    url: String,
    token: String,
    device: String,
    generation: u64,
    intents: AtomicU64,
}

/// What the store acknowledged.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    pub body: Value,
    /// The same intent was acknowledged before, and this is what it was told then.
    pub replayed: bool,
}

impl LanClient {
    /// Pairs with a code that the store's manager gave.
    pub async fn pair(http: reqwest::Client, url: &str, code: &str, name: &str) -> Result<Self> {
        let body = json!({ "code": code, "name": name });
        let answer = json(http.post(format!("{url}/v1/pair")).json(&body).send().await?).await?;
        let word = |field: &str| -> Result<String> {
            let text = answer.get(field).and_then(Value::as_str);
            Ok(text.with_context(|| format!("the pairing answer holds no {field}"))?.to_owned())
        };
        Ok(Self {
            url: url.to_owned(),
            token: word("token")?,
            device: word("device")?,
            generation: answer.get("generation").and_then(Value::as_u64).unwrap_or_default(),
            intents: AtomicU64::new(1),
            http,
        })
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        json(self.request(Method::GET, path).send().await?).await
    }

    /// The key of a new intent: also its fact id.
    pub fn intent(&self) -> String {
        let n = self.intents.fetch_add(1, Ordering::Relaxed);
        format!("{}.{}.{n}", self.device, self.generation)
    }

    pub async fn movements(&self, key: &str, movements: &[MovementRequest]) -> Result<Acknowledged> {
        self.act("/v1/movements", key, &json!({ "movements": movements })).await
    }

    /// `accept`, `start-picking`, `pick`, ...
    pub async fn task_act(&self, task: &TaskId, act: &str, key: &str, body: &Value) -> Result<Acknowledged> {
        self.act(&format!("/v1/tasks/{task}/{act}"), key, body).await
    }

    /// The same, by a handheld that says to which trace it belongs.
    pub async fn task_act_in(
        &self,
        task: &TaskId,
        act: &str,
        key: &str,
        body: &Value,
        parent: &str,
    ) -> Result<Value> {
        let request = self.request(Method::POST, &format!("/v1/tasks/{task}/{act}"));
        let request = request.header("Idempotency-Key", key).header("traceparent", parent);
        json(request.json(body).send().await?).await
    }

    pub async fn open_tasks(&self) -> Result<Vec<Value>> {
        let page = self.get("/v1/tasks?limit=100").await?;
        Ok(page.get("tasks").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    /// The positions of all the SKUs, as far as the store knows them.
    pub async fn positions(&self, skus: &[Sku]) -> Result<Vec<Value>> {
        let asked = self.request(Method::POST, "/v1/skus/lookup").json(&json!({ "skus": skus }));
        let answer = json(asked.send().await?).await?;
        Ok(answer.get("skus").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    pub async fn on_hand(&self, sku: &Sku) -> Result<i64> {
        let position = self.get(&format!("/v1/skus/{sku}")).await?;
        position.get("on_hand").and_then(Value::as_i64).context("the position has no on_hand")
    }

    async fn act(&self, path: &str, key: &str, body: &Value) -> Result<Acknowledged> {
        let answer = self.post(path, key, body).await?;
        let replayed = answer.headers().contains_key("idempotent-replayed");
        Ok(Acknowledged { body: json(answer).await?, replayed })
    }

    /// Any request of a device, as it stands.
    pub async fn send(&self, path: &str, key: &str, body: &Value) -> Result<Value> {
        json(self.post(path, key, body).await?).await
    }

    async fn post(&self, path: &str, key: &str, body: &Value) -> Result<reqwest::Response> {
        let request = self.request(Method::POST, path).header("Idempotency-Key", key);
        Ok(request.json(body).send().await?)
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }
}
