//! Central's API, as a storefront, an operator or the demo's fleet manager calls it.

use super::json;
use anyhow::{Context, Result};
use holdfast_central::core::fleet::Store;
use holdfast_central::ports::fleet::CatalogueItem;
use holdfast_shared::ids::{IdempotencyKey, OrderId, StoreId};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

/// Within central's limit for one request.
const CATALOGUE_ITEMS_PER_REQUEST: usize = 1_000;

#[derive(Debug, Clone)]
pub struct CentralClient {
    http: reqwest::Client,
    url: String,
    key: String,
}

/// Names, and what each is to be.
type Asked<'a> = &'a [(&'a str, Option<&'a str>)];

impl CentralClient {
    #[must_use]
    pub fn new(http: reqwest::Client, url: &str, key: &str) -> Self {
        Self { http, url: url.trim_end_matches('/').to_owned(), key: key.trim().to_owned() }
    }

    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        json(self.request(Method::GET, path).send().await?).await
    }

    /// What is not given is not asked for.
    pub async fn find(&self, path: &str, asked: Asked<'_>) -> Result<Value> {
        json(self.request(Method::GET, path).query(asked).send().await?).await
    }

    pub async fn remove(&self, path: &str, said: Asked<'_>) -> Result<Value> {
        json(self.request(Method::DELETE, path).query(said).send().await?).await
    }

    pub async fn send(&self, method: Method, path: &str, body: &impl Serialize) -> Result<Value> {
        json(self.request(method, path).json(body).send().await?).await
    }

    /// The same key may be sent again and again: it is one order.
    pub async fn place(&self, key: &IdempotencyKey, order: &impl Serialize) -> Result<OrderId> {
        let answer = self.place_json(key.as_str(), &serde_json::to_value(order)?).await?;
        let order = answer.get("order").and_then(Value::as_str).context("the answer names no order")?;
        Ok(order.parse()?)
    }

    /// An order as it stands, good or bad.
    pub async fn place_json(&self, key: &str, order: &Value) -> Result<Value> {
        let request = self.request(Method::POST, "/v1/orders").header("Idempotency-Key", key);
        json(request.json(order).send().await?).await
    }

    pub async fn put_store(&self, store: &Store) -> Result<()> {
        self.send(Method::PUT, &format!("/v1/stores/{}", store.store), store).await.map(drop)
    }

    pub async fn put_catalogue(&self, items: &[CatalogueItem]) -> Result<()> {
        for items in items.chunks(CATALOGUE_ITEMS_PER_REQUEST) {
            self.send(Method::PUT, "/v1/catalogue", &json!({ "items": items })).await?;
        }
        Ok(())
    }

    /// A one-time code with which one box becomes this store's agent.
    pub async fn enrolment_code(&self, store: &StoreId) -> Result<String> {
        let answer = self.send(Method::POST, &format!("/v1/stores/{store}/enrolments"), &json!({})).await?;
        let code = answer.get("code").and_then(Value::as_str).context("the answer holds no code")?;
        Ok(code.to_owned())
    }

    /// Every row of a listing, page by page.
    pub async fn all(&self, path: &str, rows: &str) -> Result<Vec<Value>> {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let next = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = self.get(&format!("{path}{mark}limit=500{next}")).await?;
            found.extend(page.get(rows).and_then(Value::as_array).cloned().unwrap_or_default());
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(found),
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_arrives_as_it_was_written_and_nothing_else_does() {
        let central = CentralClient::new(crate::client::http().unwrap(), "http://central", "key");
        let asked: Asked<'_> = &[("reason", Some("all & done: 50%é")), ("day", None), ("at", Some("12+01"))];
        let request = central.request(Method::GET, "/v1/x").query(asked).build().unwrap();
        assert_eq!(request.url().query(), Some("reason=all+%26+done%3A+50%25%C3%A9&at=12%2B01"));
    }
}
