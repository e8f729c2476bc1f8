//! A section as it stands at each store. What regions say is worked out once: each run asks for every store.

use super::section_for;
use crate::core::fleet::Store;
use crate::core::policy::document::Document;
use crate::core::policy::layers::{Overrides, Target};
use crate::core::policy::section::Section;
use holdfast_shared::ids::RegionId;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct ByPlace<S> {
    whole: Arc<S>,
    /// Where regions say something of it.
    regions: BTreeMap<RegionId, Arc<S>>,
}

impl<S: Section> ByPlace<S> {
    pub(super) fn of(document: &Document) -> Self {
        let layers = document.layers();
        let says =
            |region: &RegionId| layers.regions.get(region).is_some_and(|of| says_of::<S>(&of.overrides));
        let said = layers.regions.keys().filter(|region| layers.lineage(region).iter().any(says));
        let regions = said.map(|region| {
            let target = Target { region: Some(region.clone()), ..Target::default() };
            (region.clone(), Arc::new(section_for(document, &target)))
        });
        Self { whole: Arc::new(section_for(document, &Target::default())), regions: regions.collect() }
    }

    /// For those who have no place.
    pub(super) const fn whole(&self) -> &Arc<S> {
        &self.whole
    }

    pub(super) fn at(&self, document: &Document, store: &Store) -> Arc<S> {
        if document.layers().stores.get(&store.store).is_some_and(says_of::<S>) {
            let (region, store) = (store.region.clone(), Some(store.store.clone()));
            let target = Target { region, store, ..Target::default() };
            return Arc::new(section_for(document, &target));
        }
        let of_region = store.region.as_ref().and_then(|region| self.regions.get(region));
        Arc::clone(of_region.unwrap_or(&self.whole))
    }

    /// Whether it stands otherwise in some region or store.
    pub(super) fn differs(&self, document: &Document) -> bool {
        !self.regions.is_empty() || document.layers().stores.values().any(says_of::<S>)
    }
}

fn says_of<S: Section>(overrides: &Overrides) -> bool {
    overrides.contains_key(S::NAME)
}
