//! The catalogue is whole, its examples are true, and what was published is not broken.

use super::asyncapi::document;
use super::compatible::breaks;
use super::schema::{example, file_name, published, strict};
use super::{ALL, by_name};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

const WRITE: &str = "run: cargo run -p holdfast-central -- event-schemas central";

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/events"))
}

fn on_disk(name: &str) -> Option<Value> {
    let text = std::fs::read_to_string(folder().join(name)).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// Each constant of the families' files is in the list: who adds one and forgets the line is told here.
#[test]
fn every_kind_that_is_written_down_is_listed() {
    let families = concat!(env!("CARGO_MANIFEST_DIR"), "/src/core/events/kinds");
    let mut written = BTreeSet::new();
    for entry in std::fs::read_dir(families).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let constants =
            text.lines().filter(|line| line.starts_with("pub const ") && line.contains(": Kind ="));
        written.extend(constants.map(|line| line.split([' ', ':']).nth(2).unwrap().to_owned()));
    }
    let list =
        include_str!("mod.rs").split("pub const ALL").nth(1).unwrap().split("];").next().unwrap().to_owned();
    let listed: BTreeSet<String> = list
        .lines()
        .filter_map(|line| {
            line.trim().strip_prefix('&')?.strip_suffix(',')?.rsplit("::").next().map(str::to_owned)
        })
        .collect();
    assert_eq!(written, listed, "left: constants in kinds/, right: lines of ALL in mod.rs");
}

#[test]
fn a_name_means_one_kind() {
    let names: BTreeSet<&str> = ALL.iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), ALL.len());
    assert!(ALL.iter().all(|kind| by_name(kind.name).is_some_and(|found| found.name == kind.name)));
}

#[test]
fn each_example_is_one() {
    for kind in ALL {
        let validator = jsonschema::validator_for(&strict(kind)).unwrap();
        let told: Vec<String> =
            validator.iter_errors(&example(kind)).map(|error| error.to_string()).collect();
        assert!(told.is_empty(), "{}: {told:?}", kind.name);
        let open = jsonschema::validator_for(&published(kind)).unwrap();
        assert!(open.is_valid(&example(kind)), "{}", kind.name);
    }
}

#[test]
fn a_reader_of_the_published_schema_lets_words_and_fields_pass_that_it_does_not_know() {
    let kind = by_name("OrderPlaced").unwrap();
    let (open, strict) =
        (jsonschema::validator_for(&published(kind)), jsonschema::validator_for(&strict(kind)));
    let mut later = example(kind);
    later["state"] = "returned".into();
    later["gift"] = true.into();
    assert!(open.unwrap().is_valid(&later));
    assert!(!strict.unwrap().is_valid(&later));
}

/// What was published may be read by somebody who was never asked.
#[test]
fn no_published_schema_is_broken() {
    for kind in ALL {
        let name = file_name(kind);
        let before =
            on_disk(&name).unwrap_or_else(|| panic!("central/schemas/events/{name} is missing; {WRITE}"));
        let broken = breaks(&before, &published(kind));
        assert!(
            broken.is_empty(),
            "{name}: {broken:?}; add what is new as optional, or raise the kind's version and leave this file"
        );
    }
}

#[test]
fn the_files_are_what_the_code_generates() {
    for kind in ALL {
        assert_eq!(on_disk(&file_name(kind)), Some(published(kind)), "{}: {WRITE}", kind.name);
    }
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/asyncapi.json")).unwrap_or_default();
    assert!(
        text == serde_json::to_string_pretty(&document()).unwrap() + "\n",
        "central/asyncapi.json: {WRITE}"
    );
}

#[test]
fn a_published_kind_does_not_vanish() {
    let current: BTreeSet<String> = ALL.iter().map(|kind| file_name(kind)).collect();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let of = name.rsplit_once(".v").map(|(kind, _)| kind.to_owned()).unwrap();
        assert!(current.contains(&name) || by_name(&of).is_some(), "{name} belongs to no kind any more");
    }
}
