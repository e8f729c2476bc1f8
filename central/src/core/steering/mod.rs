//! The policy at work: its sections by name, and the version that is in force as the code asks it.
//!
//! A section joins by one line in [`KINDS`], and one field of [`Steering`] for whoever asks for it.

pub mod lint;
mod routing;

use super::fleet::Store;
use super::policy::document::{Document, PolicyHash};
use super::policy::layers::Target;
use super::policy::section::{Kind, Section};
use super::policy::version::PolicyVersion;
use super::policy::{Found, Read, read};
use super::routing::policy::RoutingPolicy;
use std::sync::Arc;

/// Every section of a policy.
pub const KINDS: &[Kind] = &[Kind::of::<RoutingPolicy>()];

/// Characters of a hash that tell versions apart where a person reads them.
const HASH_CHARS: usize = 12;

/// Reads a policy of this product.
pub fn read_policy(text: &str) -> Read {
    read(text, KINDS)
}

/// A version of a policy, taken apart for those who ask it.
#[derive(Debug, Clone, PartialEq)]
pub struct Steering {
    pub version: PolicyVersion,
    pub hash: PolicyHash,
    pub document: Document,
    pub routing: Arc<RoutingPolicy>,
}

impl Steering {
    #[must_use]
    pub fn new(version: PolicyVersion, document: Document) -> Self {
        let hash = document.hash();
        let routing = Arc::new(routing_for(version, hash, &document, &Target::default()));
        Self { version, hash, document, routing }
    }

    /// What was built in, with the settings of this process: in force while a tenant has nothing else.
    pub fn built_in(routing: &RoutingPolicy) -> Result<Self, Vec<Found>> {
        let unwritable = |error: toml::ser::Error| {
            vec![Found { line: 1, column: 1, at: RoutingPolicy::NAME.to_owned(), what: error.to_string() }]
        };
        let mut table = toml::Table::new();
        let section = toml::Table::try_from(routing).map_err(unwritable)?;
        table.insert(RoutingPolicy::NAME.to_owned(), section.into());
        let document = read_policy(&toml::to_string(&table).map_err(unwritable)?)?;
        Ok(Self::new(PolicyVersion::BUILT_IN, document))
    }

    /// Version and hash, as each decision records them.
    #[must_use]
    pub fn name(&self) -> String {
        name(self.version, self.hash)
    }

    /// The longest time that an offer stands at any store.
    #[must_use]
    pub fn longest_accept_ms(&self) -> i64 {
        let layers = self.document.layers();
        let of_regions = layers.regions.values().map(|region| &region.overrides);
        let said = of_regions.chain(layers.stores.values()).filter_map(|overrides| {
            overrides.get(RoutingPolicy::NAME)?.get("accept_within_ms")?.as_integer()
        });
        said.fold(self.routing.accept_within_ms, i64::max)
    }

    /// What steers the work of one store.
    #[must_use]
    pub fn routing_at(&self, store: &Store) -> Arc<RoutingPolicy> {
        let target = Target { region: store.region.clone(), store: Some(store.store.clone()), class: None };
        if self.document.layers().over(&target).is_empty() {
            return Arc::clone(&self.routing);
        }
        Arc::new(routing_for(self.version, self.hash, &self.document, &target))
    }
}

fn name(version: PolicyVersion, hash: PolicyHash) -> String {
    policy_name(version, &hash.to_hex())
}

/// The name under which decisions record a version; the hash in hexadecimal.
#[must_use]
pub fn policy_name(version: PolicyVersion, hash: &str) -> String {
    let short: String = hash.chars().take(HASH_CHARS).collect();
    format!("v{version} {short}")
}

/// Layers that cannot be meant together count for nothing; the linter tells of them.
fn routing_for(
    version: PolicyVersion,
    hash: PolicyHash,
    document: &Document,
    target: &Target,
) -> RoutingPolicy {
    let section: Option<RoutingPolicy> = document.section(target);
    let section = section.or_else(|| document.section(&Target::default())).unwrap_or_default();
    RoutingPolicy { name: name(version, hash), ..section }
}

#[cfg(test)]
mod tests;
