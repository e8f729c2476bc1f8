//! What central tells of the flock.

use anyhow::{Context, Result};
use holdfast::client::CentralClient;
use holdfast_central::core::eligibility::Standing;
use holdfast_central::ports::fleet::EligibilityChange;
use holdfast_central::ports::work::Audit;
use holdfast_shared::ids::StoreId;
use holdfast_shared::time::UtcMs;
use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Office {
    pub client: CentralClient,
    http: reqwest::Client,
}

impl Office {
    pub fn new(client: CentralClient) -> Result<Self> {
        Ok(Self { client, http: holdfast::client::http()? })
    }

    /// The sum over all lines of a metric that name all of these.
    pub async fn metric(&self, name: &str, naming: &[&str]) -> Result<f64> {
        let text = self.http.get(format!("{}/metrics", self.client.url())).send().await?.text().await?;
        let of_it = text.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            (rest.starts_with([' ', '{']) && naming.iter().all(|part| rest.contains(part))).then_some(rest)
        });
        let values = of_it.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok());
        Ok(values.sum())
    }

    /// Heartbeats that central took in since its start.
    pub async fn beats_heard(&self) -> Result<f64> {
        self.metric("holdfast_signals_heard_total", &["channel=\"heartbeat\""]).await
    }

    /// Books that central compared because something had changed.
    pub async fn reconciled(&self) -> Result<f64> {
        self.metric("holdfast_reconciled_total", &["how=\"changed\""]).await
    }

    /// How many stores stand so, as last measured.
    pub async fn standing(&self, standing: Standing) -> Result<f64> {
        let label = format!("standing=\"{}\"", standing.as_str());
        self.metric("holdfast_stores", &[&label]).await
    }

    pub async fn standing_of(&self, store: &StoreId) -> Result<Option<Standing>> {
        let told = self.client.get(&format!("/v1/stores/{store}")).await?;
        let standing = told.pointer("/eligibility/standing").cloned();
        Ok(standing.map(serde_json::from_value).transpose()?)
    }

    /// How many stores stand so just now; for flocks whose listing is short.
    pub async fn count(&self, standing: Standing) -> Result<usize> {
        let told = self.client.get("/v1/stores").await?;
        let stores = told.get("stores").and_then(Value::as_array).context("no stores in the listing")?;
        let stands = |store: &&Value| {
            store.pointer("/eligibility/standing").and_then(Value::as_str) == Some(standing.as_str())
        };
        Ok(stores.iter().filter(stands).count())
    }

    /// Changes of a store's eligibility since then, oldest first.
    pub async fn changes(&self, store: &StoreId, since: UtcMs) -> Result<Vec<EligibilityChange>> {
        let told = self.client.get(&format!("/v1/stores/{store}/history?limit=100")).await?;
        let changes = told.get("changes").cloned().context("no changes in the history")?;
        let mut changes: Vec<EligibilityChange> = serde_json::from_value(changes)?;
        changes.retain(|change| change.at >= since);
        changes.reverse();
        Ok(changes)
    }

    /// When it first stood so after that.
    pub async fn turned(&self, store: &StoreId, to: Standing, after: UtcMs) -> Result<Option<UtcMs>> {
        let changes = self.changes(store, after).await?;
        Ok(changes.iter().find(|change| change.eligibility.standing == to).map(|change| change.at))
    }

    /// Whether the alarm stands that nothing moves because many fell silent at once.
    pub async fn is_frozen(&self) -> Result<bool> {
        let open = self.client.all("/v1/exceptions", "exceptions").await?;
        let category =
            |exception: &Value| exception.get("category").and_then(Value::as_str) == Some("observer_frozen");
        Ok(open.iter().any(category))
    }

    /// Tasks that central took back from any store, and what must be zero.
    pub async fn audit(&self) -> Result<Audit> {
        Ok(serde_json::from_value(self.client.get("/v1/audit").await?)?)
    }
}
