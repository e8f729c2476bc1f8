//! Asks the central that runs on this machine.

use crate::runtime::{ADMIN_KEY_FILE, CentralConfig};
use anyhow::{Context, Result, bail};
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

impl Client {
    pub(super) fn of(config: &CentralConfig) -> Result<Self> {
        let file = config.data_dir.join(ADMIN_KEY_FILE);
        let key = std::fs::read_to_string(&file).with_context(|| {
            format!(
                "{} cannot be read: start holdfast-central first, and run this as the same user",
                file.display()
            )
        })?;
        // A process has one provider of cryptography; a second setting of it changes nothing.
        let _already = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
        let mut listen = config.http.listen;
        if listen.ip().is_unspecified() {
            listen.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        Ok(Self { http, base: format!("http://{listen}"), key: key.trim().to_owned() })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        self.ask(Method::GET, path, None).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask(Method::PUT, path, Some(body)).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask(Method::POST, path, Some(body)).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response =
            request.send().await.with_context(|| format!("central does not answer on {}", self.base))?;
        let ok = response.status().is_success();
        let text = response.text().await?;
        let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if ok {
            return Ok(value);
        }
        let detail = word(&value, "/detail").unwrap_or(text.trim());
        bail!("central refused: {detail}. {}", word(&value, "/hint").unwrap_or_default())
    }
}

/// A text of an answer, by its place.
pub(super) fn word<'a>(value: &'a Value, place: &str) -> Option<&'a str> {
    value.pointer(place).and_then(Value::as_str)
}
