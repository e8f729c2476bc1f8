//! The stores.

use super::{CheckLine, Scene, StoreSeen, gap, ok, unknown};
use crate::core::steering::lint::Weight;

/// Names in one line; a chain has thousands.
const NAMES_MAX: usize = 10;

fn named<'a>(stores: impl Iterator<Item = &'a StoreSeen>) -> Option<(usize, String)> {
    let names: Vec<&str> = stores.map(|seen| seen.store.as_str()).collect();
    let first = names.iter().take(NAMES_MAX).copied().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(NAMES_MAX);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    (!names.is_empty()).then(|| (names.len(), format!("{first}{more}")))
}

/// The linter's word: two nodes for each kind of order in each region, and nothing that has no effect.
pub(super) fn nodes(scene: &Scene) -> Vec<CheckLine> {
    let why =
        "one outage must not leave a kind of order without anybody, nor a policy say what has no effect";
    let weighty = scene.advice.iter().filter(|advice| advice.weight != Weight::Note);
    let lines: Vec<CheckLine> =
        weighty.map(|one| gap("nodes", format!("{}: {}", one.at, one.what), why, &one.remedy)).collect();
    if lines.is_empty() {
        let what = "two nodes serve each kind of order in each region, and the linter finds nothing wrong";
        return vec![ok("nodes", what.to_owned(), why)];
    }
    lines
}

pub(super) fn enrolled(scene: &Scene) -> Vec<CheckLine> {
    let why = "a store without a box gets no work";
    if scene.stores.is_empty() {
        return vec![gap(
            "enrolled",
            "there is no store".to_owned(),
            why,
            "create the stores, then enrol their boxes",
        )];
    }
    vec![match named(scene.stores.iter().filter(|seen| seen.boxes == 0)) {
        None => ok("enrolled", format!("all {} stores have a box", scene.stores.len()), why),
        Some((count, names)) => gap(
            "enrolled",
            format!("{count} of {} stores have no box: {names}", scene.stores.len()),
            why,
            "enrol a box (holdfast-central enrol-code STORE), or take the store out",
        ),
    }]
}

pub(super) fn level(scene: &Scene) -> Vec<CheckLine> {
    let why = "stock is promised from what stores told; one that is not level has more to tell";
    let with_box = || scene.stores.iter().filter(|seen| seen.boxes > 0);
    if with_box().next().is_none() {
        return vec![unknown("level", "no store has a box yet".to_owned(), why, "enrol the boxes first")];
    }
    vec![match named(with_box().filter(|seen| !seen.level)) {
        None => ok("level", format!("all {} stores with a box are level", with_box().count()), why),
        Some((count, names)) => gap(
            "level",
            format!("{count} are not level: {names}"),
            why,
            "see whether they reach central; /console/stores tells why not",
        ),
    }]
}

pub(super) fn versions(scene: &Scene) -> Vec<CheckLine> {
    let why = "a box of an older version works, without what came since";
    let spoken = || scene.stores.iter().filter(|seen| seen.boxes > 0 && seen.sync_version > 0);
    let mut lines = Vec::new();
    match named(spoken().filter(|seen| seen.sync_version < scene.sync_version)) {
        Some((count, names)) => lines.push(gap(
            "versions",
            format!("{count} speak an older version of sync than {}: {names}", scene.sync_version),
            why,
            "update their agents",
        )),
        None if spoken().next().is_some() => {
            let what = format!("every box that was heard speaks version {} of sync", scene.sync_version);
            lines.push(ok("versions", what, why));
        }
        None => {}
    }
    if let Some((count, names)) =
        named(scene.stores.iter().filter(|seen| seen.boxes > 0 && seen.sync_version == 0))
    {
        let what = format!("{count} have a box that was never heard: {names}");
        lines.push(unknown("versions", what, why, "start the box"));
    }
    lines
}
