//! A small chain of real processes for the end-to-end tests.

pub mod mosquitto;
pub mod nats;

use anyhow::{Context, Result, bail};
use holdfast::client::{CentralClient, LanClient, Refused};
use holdfast::launch::{Broker, CentralBox, Program, StoreBox};
use holdfast_central::core::fleet::{Place, Store, StoreKind};
use holdfast_central::core::order::{OrderLineRequest, OrderRequest};
use holdfast_central::ports::fleet::CatalogueItem;
use holdfast_shared::domain::task::{FulfilmentKind, ReleasePoint};
use holdfast_shared::ids::Sku;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// How long an end-to-end test waits for something that should come in a moment.
pub const SOON: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct Chain {
    pub central: CentralBox,
    pub client: CentralClient,
    pub stores: Vec<StoreBox>,
    // Last, so that the processes end before their folders go.
    pub folder: TempDir,
}

/// What a chain of a test has.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    pub stores: &'a [&'a str],
    pub skus: u32,
    pub units: i64,
    /// Whole tables, appended to central's configuration.
    pub central_config: String,
    /// Lines of its `mqtt` table.
    pub mqtt_config: String,
    /// Where data goes, when not into a folder that passes.
    pub folder: Option<PathBuf>,
    /// Instead of the embedded broker: where it is, and central's password there.
    pub external_broker: Option<(SocketAddr, String)>,
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self {
            stores: &["leeds"],
            skus: 10,
            units: 100,
            central_config: String::new(),
            mqtt_config: String::new(),
            folder: None,
            external_broker: None,
        }
    }
}

#[must_use]
#[expect(clippy::expect_used, reason = "a constant form")]
pub fn sku(n: u32) -> Sku {
    Sku::new(format!("SKU-{n:05}")).expect("well formed")
}

impl Chain {
    /// Central and every store's agent run, are enrolled and have stock.
    pub async fn start(plan: Plan<'_>) -> Result<Self> {
        let folder = match &plan.folder {
            Some(within) => tempfile::tempdir_in(within)?,
            None => tempfile::tempdir()?,
        };
        let broker = match &plan.external_broker {
            None => Broker::Embedded { extra: plan.mqtt_config.clone() },
            Some((address, password)) => Broker::External { address: *address, password: password.clone() },
        };
        let program = Program::beside_this("holdfast-central")?;
        let mut central = CentralBox::set_up(program, folder.path(), &broker, &plan.central_config)?;
        central.start().await?;
        let client = central.client()?;
        let items: Vec<_> = (0..plan.skus)
            .map(|n| CatalogueItem {
                sku: sku(n),
                name: format!("Article {n}"),
                class: None,
                needs: [].into(),
            })
            .collect();
        client.put_catalogue(&items).await?;
        let shelves: Vec<_> =
            items.iter().map(|item| (item.sku.clone(), item.name.clone(), plan.units)).collect();
        let mut stores = Vec::new();
        for (n, name) in (0_u8..).zip(plan.stores) {
            let program = Program::beside_this("holdfast-agent")?;
            let store = store_named(name, n)?;
            let addresses = central.addresses();
            let mut agent =
                StoreBox::set_up(program, folder.path(), store, &shelves, &client, addresses).await?;
            agent.start().await?;
            stores.push(agent);
        }
        Ok(Self { central, client, stores, folder })
    }

    /// The store's standing, as central tells it.
    pub async fn standing(&self, store: usize) -> Result<String> {
        let id = &self.stores.get(store).context("no such store")?.store.store;
        let told = self.client.get(&format!("/v1/stores/{id}")).await?;
        let word = told.pointer("/eligibility/standing").and_then(Value::as_str);
        Ok(word.with_context(|| format!("no standing in {told}"))?.to_owned())
    }

    pub async fn until_standing(&self, store: usize, wanted: &str) -> Result<()> {
        let what = format!("store {store} is {wanted}");
        let came = until(&what, async || Ok(self.standing(store).await? == wanted)).await;
        if let Err(error) = came {
            let id = &self.stores.get(store).context("no such store")?.store.store;
            bail!("{error}: {}", self.client.get(&format!("/v1/stores/{id}")).await?);
        }
        Ok(())
    }
}

pub fn store_named(name: &str, n: u8) -> Result<Store> {
    Ok(Store {
        store: name.parse()?,
        name: name.to_owned(),
        kind: StoreKind::Store,
        place: Place { latitude: 53.8 + f64::from(n) * 0.01, longitude: -1.5 },
        zone: "Europe/London".to_owned(),
        hours: Vec::new(),
        fulfils: BTreeSet::from([FulfilmentKind::Ship, FulfilmentKind::Pickup]),
        capacity_tasks: 10_000,
        buffer_units: 0,
        release_point: ReleasePoint::Packed,
        region: None,
        handles: [].into(),
        handling_cost: None,
        margin_permille: None,
        delivers_km: None,
    })
}

/// An order of one unit each, to be shipped to somewhere near the first store.
#[must_use]
pub fn order_of(skus: &[Sku]) -> OrderRequest {
    let lines = skus.iter().map(|sku| OrderLineRequest::of(sku.clone(), 1)).collect();
    OrderRequest::of("web", FulfilmentKind::Ship, Place { latitude: 53.8, longitude: -1.5 }, lines)
}

/// Asks again and again until it holds, or says what did not come.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let mut looks = tokio::time::interval(Duration::from_millis(50));
    let held = tokio::time::timeout(SOON, async {
        loop {
            looks.tick().await;
            if holds().await? {
                return Ok::<_, anyhow::Error>(());
            }
        }
    });
    match held.await {
        Ok(result) => result,
        Err(_) => bail!("did not come: {what}"),
    }
}

/// Sends the same intent until somebody answers, as a device with a lost answer does.
pub async fn insist<T, F: Future<Output = Result<T>>>(mut send: impl FnMut() -> F) -> Result<T> {
    let mut tries = tokio::time::interval(Duration::from_millis(20));
    let answered = tokio::time::timeout(SOON, async {
        loop {
            tries.tick().await;
            match send().await {
                Err(error) if is_passing(&error) => {}
                settled => return settled,
            }
        }
    });
    answered.await.context("nobody answered")?
}

/// Nobody there, or an answer that says to try again.
fn is_passing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<reqwest::Error>().is_some()
        || error.downcast_ref::<Refused>().is_some_and(|refused| matches!(refused.status, 500 | 503))
}

/// The status word of a task at the store.
pub async fn status_of(handheld: &LanClient, task: &str) -> Result<String> {
    let told = handheld.get(&format!("/v1/tasks/{task}")).await?;
    Ok(told.get("status").and_then(Value::as_str).context("no status")?.to_owned())
}
