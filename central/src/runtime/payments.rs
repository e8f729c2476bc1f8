//! The payment providers of the configuration (`[[payments]]`), and the loops that bring orders' money on: one for each
//! provider, so that a slow one delays no other, and one for webhooks.

use super::CentralError;
use super::outside::{Reached, Way};
use super::tasks::{Ended, Trouble};
use crate::adapters::http::Shared;
use crate::adapters::payments::http::{Intents, IntentsSettings};
use crate::adapters::payments::simulator::{Rates, Simulator};
use crate::flows::advance_sagas::{advance_sagas, tell_of_strangers};
use crate::flows::gateways::{Gateway, Gateways};
use crate::flows::read_notices::read_notices;
use crate::flows::returns::advance_returns;
use crate::ports::payments::Payments;
use holdfast_platform::config::{Flawed, Reader};
use holdfast_platform::random;
use holdfast_platform::secret::Secret;
use holdfast_platform::service::{Lifetime, Ticker};
use holdfast_shared::ids::{PaymentProvider, TenantId};
use holdfast_shared::limits::PAYMENT_PROVIDERS_MAX;
use holdfast_shared::time::MonoMs;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Webhooks that nobody rang for, and orders of providers that are not there.
const READ_EVERY: Duration = Duration::from_secs(5);
/// One of `[[payments]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentConfig {
    /// By which orders call it.
    name: PaymentProvider,
    kind: Kind,
    /// Whose account it is. Required for a real one.
    #[serde(default)]
    tenant: Option<TenantId>,
    #[serde(default)]
    url: Option<String>,
    /// Files that hold a secret each, and nothing else.
    #[serde(default)]
    secret_file: Option<PathBuf>,
    #[serde(default)]
    webhook_secret_files: Vec<PathBuf>,
    #[serde(default)]
    timeout_s: Option<u64>,
    /// Several captures of one authorization.
    #[serde(default)]
    several_captures: bool,
    /// A token may be used again when an authorization nears its end.
    #[serde(default)]
    renewable: bool,
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
    /// A network of cards in memory: nobody pays anything.
    Simulator,
    /// A provider of payment intents.
    Intents,
}

impl PaymentConfig {
    /// For the demo and for tests.
    pub(super) fn simulated() -> Option<Self> {
        Some(Self {
            name: PaymentProvider::new("simulator").ok()?,
            kind: Kind::Simulator,
            tenant: None,
            url: None,
            secret_file: None,
            webhook_secret_files: Vec::new(),
            timeout_s: None,
            several_captures: true,
            renewable: true,
            calls_per_second: None,
            calls_max: None,
            seed: None,
        })
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
        let reached = self.reached();
        if let Some(fault) = reached.fault() {
            return Some(fault);
        }
        match (self.kind, &self.tenant) {
            (Kind::Simulator, _) => None,
            (Kind::Intents, None) => {
                Some(format!("{}: tenant says whose account it is, and is missing", self.name))
            }
            (Kind::Intents, Some(_)) => reached.way_fault(),
        }
    }
}

pub(super) fn read(reader: &mut Reader) -> Result<Vec<PaymentConfig>, Flawed> {
    let all: Vec<PaymentConfig> = reader.list("payments")?;
    if all.len() > PAYMENT_PROVIDERS_MAX {
        return Err(reader.reject("payments", format!("expected at most {PAYMENT_PROVIDERS_MAX} providers")));
    }
    let mut names = BTreeSet::new();
    for one in &all {
        if !names.insert(&one.name) {
            return Err(reader.reject("payments", format!("{} is there twice", one.name)));
        }
        if let Some(fault) = one.fault() {
            return Err(reader.reject("payments", fault));
        }
    }
    Ok(all)
}

pub(super) fn gateways(all: &[PaymentConfig], now: MonoMs) -> Result<Gateways, CentralError> {
    let mut gateways = BTreeMap::new();
    for one in all {
        let tenants = one.tenant.iter().cloned().collect();
        gateways.insert(one.name.clone(), Gateway::new(port(one)?, one.reached().terms(), tenants, now));
    }
    Ok(Gateways::new(gateways))
}

fn port(one: &PaymentConfig) -> Result<Arc<dyn Payments>, CentralError> {
    Ok(match one.kind {
        // Nobody outside knows its secret: no webhook for it comes in.
        Kind::Simulator => {
            Arc::new(Simulator::new(one.seed.unwrap_or(1), Rates::default(), Secret::new(random::token()?)))
        }
        Kind::Intents => {
            let Way { url, secret, webhook_secrets, timeout } =
                one.reached().way().map_err(CentralError::Payments)?;
            let settings = IntentsSettings {
                url,
                secret,
                webhook_secrets,
                timeout,
                several_captures: one.several_captures,
                renewable: one.renewable,
            };
            Arc::new(Intents::new(settings).map_err(|error| CentralError::Payments(error.to_string()))?)
        }
    })
}

/// One bell for each provider.
pub(super) fn bells(gateways: &Gateways) -> BTreeMap<PaymentProvider, Notify> {
    gateways.names().into_iter().map(|name| (name, Notify::new())).collect()
}

pub(super) fn spawn(life: &Lifetime, app: &Shared) {
    for provider in app.payments.names() {
        life.spawn(format!("payments-{provider}"), advance(Arc::clone(app), provider, life.token()));
    }
    life.spawn("returns", bring_on_returns(Arc::clone(app), life.token()));
    life.spawn("payment-webhooks", read_inbox(Arc::clone(app), life.token()));
}

async fn advance(app: Shared, provider: PaymentProvider, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(LOOK_EVERY, stop.clone());
    let mut trouble = Trouble::of("payments");
    let idle = Notify::new();
    let bell = app.bells.payments.get(&provider).unwrap_or(&idle);
    let clock = || app.clock.now();
    let run = || async {
        let advanced = advance_sagas(&*app.storage, &app.payments, &provider, &clock).await?;
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
    let mut trouble = Trouble::of("payment-webhooks");
    while ticker.tick_or(&app.bells.notices).await {
        let now = app.clock.now().utc;
        if trouble.note(read_notices(&*app.storage, now).await).is_some_and(|read| read > 0) {
            app.bells.publish.notify_one();
            app.bells.payments.values().for_each(Notify::notify_one);
        }
        trouble.note(tell_of_strangers(&*app.storage, &app.payments, now).await);
    }
    Ok(())
}

/// Goods that came back, and the money that follows them.
async fn bring_on_returns(app: Shared, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(LOOK_EVERY, stop.clone());
    let mut trouble = Trouble::of("returns");
    let run = || async {
        let advanced = advance_returns(&*app.storage, &app.policies, app.clock.now().utc).await?;
        if advanced.moved > 0 {
            app.bells.publish.notify_one();
            app.bells.payments.values().for_each(Notify::notify_one);
        }
        Ok(advanced.more)
    };
    while ticker.tick().await {
        trouble.while_more(&stop, run).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Vec<PaymentConfig>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut reader = Reader::load(Some(file.path()), "HOLDFAST_CENTRAL", Vec::new());
        let read = read(&mut reader);
        reader.finish().map_err(|errors| errors.to_string())?;
        Ok(read.unwrap())
    }

    const WHOLE: &str = "[[payments]]\nname = 'cards'\nkind = 'intents'\ntenant = 'acme'\n\
        url = 'https://api.example.com'\nsecret_file = '/nowhere/secret'\n";

    #[test]
    fn a_provider_is_configured_whole_or_not_at_all() {
        assert_eq!(load("").unwrap().len(), 0);
        assert_eq!(load(WHOLE).unwrap().len(), 1);
        for (line, told) in [
            ("tenant = 'acme'\n", "whose account"),
            ("url = 'https://api.example.com'\n", "url is missing"),
            ("secret_file = '/nowhere/secret'\n", "secret_file is missing"),
        ] {
            let found = load(&WHOLE.replace(line, "")).unwrap_err();
            assert!(found.contains(told), "{found}");
        }
        for (more, told) in [
            ("timeout_s = 60\n", "timeout_s is 1 to 12"),
            ("calls_max = 0\n", "calls_max"),
            ("secert_file = 'x'\n", "secert_file"),
            (WHOLE, "cards is there twice"),
        ] {
            let found = load(&format!("{WHOLE}{more}")).unwrap_err();
            assert!(found.contains(told), "{found}");
        }
    }

    #[test]
    fn a_secret_leaves_the_machine_only_under_tls() {
        for (url, allowed) in [
            ("https://api.example.com", true),
            ("http://127.0.0.1:9000", true),
            ("http://api.example.com", false),
            ("http://localhost.example.com", false),
        ] {
            assert_eq!(load(&WHOLE.replace("https://api.example.com", url)).is_ok(), allowed, "{url}");
        }
    }

    #[test]
    fn a_secret_that_cannot_be_read_is_named_by_its_file() {
        let told = gateways(&load(WHOLE).unwrap(), MonoMs(0)).unwrap_err().to_string();
        assert!(told.contains("/nowhere/secret"), "{told}");
        assert_eq!(gateways(&[PaymentConfig::simulated().unwrap()], MonoMs(0)).unwrap().names().len(), 1);
    }
}
