//! The carrier accounts of the configuration (`[[carrier_accounts]]`), and the loops that bring parcels on: one for each account,
//! so that a slow one delays no other, and one for webhooks.

use super::CentralError;
use super::outside::{Reached, Way};
use super::tasks::{Ended, Trouble};
use crate::adapters::carriers::http::{Shipping, ShippingSettings};
use crate::adapters::carriers::simulator::Simulator;
use crate::adapters::http::Shared;
use crate::flows::advance_parcels::advance_parcels;
use crate::flows::gateways::{CarrierGateways, Gateway, Gateways};
use crate::flows::read_tracking::read_tracking;
use crate::ports::Storage;
use crate::ports::carriers::Carriers;
use crate::ports::shipments::Account;
use holdfast_platform::config::{Flawed, Reader};
use holdfast_platform::random;
use holdfast_platform::secret::Secret;
use holdfast_platform::service::{Lifetime, Ticker};
use holdfast_shared::ids::{CarrierAccount, TenantId};
use holdfast_shared::limits::{CARRIER_ACCOUNTS_MAX, CARRIER_WORD_CHARS_MAX};
use holdfast_shared::time::MonoMs;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Webhooks that nobody rang for.
const READ_EVERY: Duration = Duration::from_secs(5);
const GRAMS_PER_UNIT: u32 = 500;
const GRAMS_PER_UNIT_MAX: u32 = 1_000_000;

/// One of `[[carrier_accounts]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarrierConfig {
    /// By which webhooks and people call it.
    name: CarrierAccount,
    kind: Kind,
    /// Whose account it is; a tenant has one.
    tenant: TenantId,
    #[serde(default)]
    url: Option<String>,
    /// Files that hold a secret each, and nothing else.
    #[serde(default)]
    secret_file: Option<PathBuf>,
    #[serde(default)]
    webhook_secret_files: Vec<PathBuf>,
    #[serde(default)]
    timeout_s: Option<u64>,
    /// From the policy's names of services to the carriers' own. Services that are not named are the stores' own; none
    /// named: it takes any, under its own name.
    #[serde(default)]
    services: BTreeMap<String, String>,
    /// For a parcel for which no service is planned, in the carriers' word.
    #[serde(default)]
    default_service: Option<String>,
    #[serde(default)]
    grams_per_unit: Option<u32>,
    #[serde(default)]
    label_format: LabelFormat,
    #[serde(default)]
    calls_per_second: Option<u32>,
    #[serde(default)]
    calls_max: Option<u32>,
    #[serde(default)]
    seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// A carrier in memory: nothing is sent anywhere.
    Simulator,
    /// One who speaks with many carriers.
    Shipping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LabelFormat {
    #[default]
    Pdf,
    Png,
    Zpl,
}

impl LabelFormat {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Zpl => "zpl",
        }
    }
}

impl CarrierConfig {
    /// One that sends nothing anywhere.
    #[must_use]
    pub const fn simulated(name: CarrierAccount, tenant: TenantId) -> Self {
        Self {
            name,
            kind: Kind::Simulator,
            tenant,
            url: None,
            secret_file: None,
            webhook_secret_files: Vec::new(),
            timeout_s: None,
            services: BTreeMap::new(),
            default_service: None,
            grams_per_unit: None,
            label_format: LabelFormat::Pdf,
            calls_per_second: None,
            calls_max: None,
            seed: None,
        }
    }

    fn reached(&self) -> Reached<'_> {
        Reached {
            name: &self.name,
            url: self.url.as_deref(),
            secret_file: self.secret_file.as_deref(),
            webhook_secret_files: &self.webhook_secret_files,
            timeout_s: self.timeout_s,
            calls_per_second: self.calls_per_second,
            calls_max: self.calls_max,
        }
    }

    fn fault(&self) -> Option<String> {
        let (name, reached) = (&self.name, self.reached());
        if let Some(fault) = reached.fault() {
            return Some(fault);
        }
        if self.grams_per_unit.is_some_and(|grams| !(1..=GRAMS_PER_UNIT_MAX).contains(&grams)) {
            return Some(format!("{name}: grams_per_unit is 1 to {GRAMS_PER_UNIT_MAX}"));
        }
        let words =
            self.services.iter().flat_map(|(ours, theirs)| [ours, theirs]).chain(&self.default_service);
        if words.into_iter().any(|word| word.is_empty() || word.chars().count() > CARRIER_WORD_CHARS_MAX) {
            return Some(format!("{name}: a service has 1 to {CARRIER_WORD_CHARS_MAX} characters"));
        }
        match (self.kind, &self.default_service) {
            (Kind::Simulator, _) => None,
            (Kind::Shipping, None) => {
                Some(format!("{name}: default_service is missing: a parcel may have no planned one"))
            }
            (Kind::Shipping, Some(_)) => reached.way_fault(),
        }
    }
}

pub(super) fn read(reader: &mut Reader) -> Result<Vec<CarrierConfig>, Flawed> {
    let all: Vec<CarrierConfig> = reader.list("carrier_accounts")?;
    if all.len() > CARRIER_ACCOUNTS_MAX {
        return Err(
            reader.reject("carrier_accounts", format!("expected at most {CARRIER_ACCOUNTS_MAX} accounts"))
        );
    }
    let (mut names, mut tenants) = (BTreeSet::new(), BTreeSet::new());
    for one in &all {
        if !names.insert(&one.name) {
            return Err(reader.reject("carrier_accounts", format!("{} is there twice", one.name)));
        }
        if !tenants.insert(&one.tenant) {
            return Err(reader.reject("carrier_accounts", format!("tenant {} has two accounts", one.tenant)));
        }
        if let Some(fault) = one.fault() {
            return Err(reader.reject("carrier_accounts", fault));
        }
    }
    Ok(all)
}

pub(super) fn gateways(all: &[CarrierConfig], now: MonoMs) -> Result<CarrierGateways, CentralError> {
    let mut gateways = BTreeMap::new();
    for one in all {
        let tenants = [one.tenant.clone()].into();
        gateways.insert(one.name.clone(), Gateway::new(port(one)?, one.reached().terms(), tenants, now));
    }
    Ok(Gateways::new(gateways))
}

fn port(one: &CarrierConfig) -> Result<Arc<dyn Carriers>, CentralError> {
    let missing = || CentralError::Carriers(format!("{} is not complete", one.name));
    Ok(match one.kind {
        // Nobody outside knows its secret: no webhook for it comes in.
        Kind::Simulator => Arc::new(Simulator::new(one.seed.unwrap_or(1), Secret::new(random::token()?))),
        Kind::Shipping => {
            let Way { url, secret, webhook_secrets, timeout } =
                one.reached().way().map_err(CentralError::Carriers)?;
            let settings = ShippingSettings {
                url,
                secret,
                webhook_secrets,
                timeout,
                services: one.services.clone(),
                default_service: one.default_service.clone().ok_or_else(missing)?,
                grams_per_unit: one.grams_per_unit.unwrap_or(GRAMS_PER_UNIT),
                label_format: one.label_format.as_str().to_owned(),
            };
            Arc::new(Shipping::new(settings).map_err(|error| CentralError::Carriers(error.to_string()))?)
        }
    })
}

/// Storage begins parcels for those who have an account.
pub(super) async fn tell(storage: &dyn Storage, all: &[CarrierConfig]) -> Result<(), CentralError> {
    let account = |one: &CarrierConfig| Account {
        tenant: one.tenant.clone(),
        name: one.name.clone(),
        services: one.services.keys().cloned().collect(),
    };
    let accounts: Vec<Account> = all.iter().map(account).collect();
    storage.set_accounts(&accounts).await.map_err(CentralError::Database)
}

/// One bell for each account.
pub(super) fn bells(gateways: &CarrierGateways) -> BTreeMap<CarrierAccount, Notify> {
    gateways.names().into_iter().map(|name| (name, Notify::new())).collect()
}

pub(super) fn spawn(life: &Lifetime, app: &Shared) {
    for carrier in app.carriers.names() {
        life.spawn(format!("parcels-{carrier}"), advance(Arc::clone(app), carrier, life.token()));
    }
    life.spawn("carrier-webhooks", read_inbox(Arc::clone(app), life.token()));
}

async fn advance(app: Shared, carrier: CarrierAccount, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(LOOK_EVERY, stop.clone());
    let mut trouble = Trouble::of("parcels");
    let idle = Notify::new();
    let bell = app.bells.carriers.get(&carrier).unwrap_or(&idle);
    let clock = || app.clock.now();
    let run = || async {
        let advanced = advance_parcels(&*app.storage, &app.carriers, &carrier, &*app.poke, &clock).await?;
        if advanced.steps > 0 {
            app.bells.route.notify_one();
            app.bells.publish.notify_one();
        }
        Ok(advanced.more)
    };
    while ticker.tick_or(bell).await {
        trouble.while_more(&stop, run).await;
    }
    Ok(())
}

async fn read_inbox(app: Shared, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(READ_EVERY, stop);
    let mut trouble = Trouble::of("carrier-webhooks");
    while ticker.tick_or(&app.bells.tracking).await {
        let now = app.clock.now().utc;
        if trouble.note(read_tracking(&*app.storage, now).await).is_some_and(|read| read > 0) {
            app.bells.publish.notify_one();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Vec<CarrierConfig>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut reader = Reader::load(Some(file.path()), "HOLDFAST_CENTRAL", Vec::new());
        let read = read(&mut reader);
        reader.finish().map_err(|errors| errors.to_string())?;
        Ok(read.unwrap())
    }

    const WHOLE: &str = "[[carrier_accounts]]\nname = 'parcels'\nkind = 'shipping'\ntenant = 'acme'\n\
        url = 'https://api.example.com'\nsecret_file = '/nowhere/secret'\ndefault_service = 'ups_ground'\n";

    #[test]
    fn an_account_is_configured_whole_or_not_at_all() {
        assert_eq!(load("").unwrap().len(), 0);
        assert_eq!(load(WHOLE).unwrap().len(), 1);
        for (line, told) in [
            ("tenant = 'acme'\n", "tenant"),
            ("url = 'https://api.example.com'\n", "url is missing"),
            ("secret_file = '/nowhere/secret'\n", "secret_file is missing"),
            ("default_service = 'ups_ground'\n", "default_service is missing"),
        ] {
            let found = load(&WHOLE.replace(line, "")).unwrap_err();
            assert!(found.contains(told), "{found}");
        }
        for (more, told) in [
            ("timeout_s = 60\n", "timeout_s is 1 to 12"),
            ("calls_max = 0\n", "calls_max"),
            ("grams_per_unit = 0\n", "grams_per_unit"),
            ("services = { standard = '' }\n", "a service has"),
            (WHOLE, "parcels is there twice"),
            (&WHOLE.replace("'parcels'", "'others'"), "tenant acme has two accounts"),
        ] {
            let found = load(&format!("{WHOLE}{more}")).unwrap_err();
            assert!(found.contains(told), "{found}");
        }
        assert!(load(&WHOLE.replace("https://", "http://")).is_err(), "a secret leaves only under TLS");
    }

    #[test]
    fn a_secret_that_cannot_be_read_is_named_by_its_file() {
        let told = gateways(&load(WHOLE).unwrap(), MonoMs(0)).unwrap_err().to_string();
        assert!(told.contains("/nowhere/secret"), "{told}");
    }
}
