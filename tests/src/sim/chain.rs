//! The chain as it is before the first step: its stores, one of them a distribution centre when there
//! are several, described, enrolled by the real flows, and stocked.

use super::cards::CardNetwork;
use super::carrier::{ParcelCarrier, account};
use super::dice::Dice;
use super::fate::Fate;
use super::head_office::HeadOffice;
use super::kind::Kind;
use super::shop::Shop;
use anyhow::{Context, Result};
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::core::fleet::{Place, Store, StoreKind};
use holdfast_central::core::substitution::Substitute;
use holdfast_central::flows::enrol::{enrol, offer_enrolment};
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::fleet::{CatalogueItem, Fleet};
use holdfast_central::ports::shipments::{Account, Shipments};
use holdfast_central::ports::substitutions::Substitutions;
use holdfast_shared::domain::task::{FulfilmentKind, ReleasePoint};
use holdfast_shared::ids::{Sku, StoreId, TenantId};
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use holdfast_shared::wire::enrolment::EnrolRequest;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const SHOPS: [&str; 5] = ["leeds", "dc-north", "york", "hull", "ripon"];
const SKUS: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

#[derive(Debug)]
pub struct Chain {
    pub folder: TempDir,
    pub tenant: TenantId,
    pub skus: Vec<Sku>,
    pub office: HeadOffice,
    pub shops: Vec<Shop>,
    /// What each store gets from its suppliers.
    pub assortments: BTreeMap<StoreId, Vec<Sku>>,
}

/// In memory where the machine has such a place: nothing here tests the disk.
fn folder() -> Result<TempDir> {
    let memory = Path::new("/dev/shm");
    Ok(if memory.is_dir() { TempDir::new_in(memory)? } else { TempDir::new()? })
}

fn name(n: usize) -> String {
    SHOPS.get(n).map_or_else(|| format!("store-{n}"), |name| (*name).to_owned())
}

/// # Errors
/// When the chain cannot be built.
pub async fn open_chain(fate: &Arc<Fate>, begin: UtcMs) -> Result<Chain> {
    let folder = folder()?;
    let tenant = TenantId::new("acme")?;
    let skus: Vec<Sku> = SKUS.into_iter().map(Sku::new).collect::<Result<_, _>>()?;
    let cards = Arc::new(CardNetwork::new(Arc::clone(fate)));
    let labelled = fate.strikes(Kind::Labelled, 0).is_some();
    let carrier = Arc::new(ParcelCarrier::new(Arc::clone(fate), labelled));
    let office = HeadOffice::open(folder.path().join("central.db"), (cards, carrier), fate)?;
    let store = office.store().cloned().context("central is down")?;
    if labelled {
        let account = Account { tenant: tenant.clone(), name: account()?, services: Vec::new() };
        store.set_accounts(&[account]).await?;
    }
    let named = skus.iter().map(|sku| CatalogueItem {
        sku: sku.clone(),
        name: format!("thing {sku}"),
        class: None,
        needs: [].into(),
    });
    store.put_catalogue(&tenant, &named.collect::<Vec<_>>()).await?;
    for (n, sku) in skus.iter().enumerate() {
        let others = (1..3).filter_map(|k| skus.get((n + k) % skus.len())).filter(|other| *other != sku);
        let others: Vec<_> = others.map(|sku| Substitute { sku: sku.clone(), unit_price: None }).collect();
        store.put_substitutes(&tenant, sku, &others).await?;
    }
    let now = Now { utc: begin, mono: MonoMs(0) };
    let (mut shops, mut assortments) = (Vec::new(), BTreeMap::new());
    let scattered = fate.strikes(Kind::Scattered, 0).is_some();
    for n in 0..fate.plan().stores {
        let name = name(n);
        let dice = fate.dice("store", n);
        store.put_store(&tenant, &described(&name, n, &dice)?, now.utc).await?;
        let node = StoreId::new(name.as_str())?;
        let identity = enrolled(&store, &tenant, &node, &dice, now.utc).await?;
        let file = folder.path().join(format!("{name}.db"));
        let mut shop = Shop::new(shops.len(), identity, file, fate)?;
        shop.start(fate, now)?;
        shop.floor().has_labels_made = labelled;
        let kept = assortment(&skus, &fate.dice("assortment", n), scattered);
        let opening = skus.iter().map(|sku| (sku.clone(), dice.between(0, 6)));
        // Every store knows all goods of the chain, also those that it never has.
        let opening = opening.map(|(sku, units)| if kept.contains(&sku) { (sku, units) } else { (sku, 0) });
        let opening: Vec<_> = opening.collect();
        assortments.insert(node.clone(), kept);
        shop.stock(&opening, now).await?;
        let standby = fate.strikes(Kind::TwoBoxes, n);
        shops.push(shop);
        if let (Some(dice), Some(first)) = (standby, shops.last()) {
            let identity = enrolled(&store, &tenant, &node, &dice, now.utc).await?;
            let file = folder.path().join(format!("{name}-standby.db"));
            let mut another = Shop::beside(first, shops.len(), identity, file, fate)?;
            another.start(fate, now)?;
            shops.push(another);
        }
    }
    Ok(Chain { folder, tenant, skus, office, shops, assortments })
}

/// About half of the goods, where they are scattered.
fn assortment(skus: &[Sku], dice: &Dice, scattered: bool) -> Vec<Sku> {
    let kept: Vec<Sku> = skus.iter().filter(|_| !scattered || dice.happens(500)).cloned().collect();
    if kept.is_empty() { skus.to_vec() } else { kept }
}

/// A box gets an identity, by the product's own way.
///
/// # Errors
/// When central refuses.
pub async fn enrolled(
    store: &SqliteStore,
    tenant: &TenantId,
    node: &StoreId,
    dice: &Dice,
    now: UtcMs,
) -> Result<ReplicaIdentity> {
    let code = format!("{:016X}", dice.next());
    offer_enrolment(store, tenant, node, &code, now).await?;
    let request = EnrolRequest { code, box_name: None };
    let secret = format!("{:032x}", dice.next());
    let enrolled = enrol(store, &request, secret, String::from("sim:1883"), now).await?;
    Ok(ReplicaIdentity { tenant: enrolled.tenant, store: enrolled.store, replica: enrolled.replica })
}

fn described(name: &str, n: usize, dice: &Dice) -> Result<Store> {
    let centre = name.starts_with("dc-");
    let points = [ReleasePoint::Packed, ReleasePoint::Packed, ReleasePoint::Picking, ReleasePoint::Accepted];
    Ok(Store {
        store: StoreId::new(name)?,
        name: name.to_owned(),
        kind: if centre { StoreKind::DistributionCentre } else { StoreKind::Store },
        place: Place { latitude: 53.0 + f64::from(u32::try_from(n)?) / 50.0, longitude: -1.5 },
        zone: String::from("Europe/London"),
        hours: Vec::new(),
        fulfils: FulfilmentKind::ALL.into_iter().collect(),
        capacity_tasks: 40,
        buffer_units: 0,
        release_point: dice.pick(&points).copied().unwrap_or(ReleasePoint::Packed),
        region: None,
        handles: [].into(),
        handling_cost: None,
        margin_permille: None,
        delivers_km: None,
    })
}
