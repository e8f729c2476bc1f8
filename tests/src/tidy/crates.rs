//! Which crates a room may know: no I/O in shared, none left of the adapters, and neither side
//! of the product sees the other.

use super::code::PathUse;
use super::modules::{module_of, resolve};
use super::{File, Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "rooms know only the crates that they may know",
    check,
    refused: &[
        &[("shared/src/wire/frame.rs", "use std::{fmt, fs};")],
        &[("shared/src/domain/stock.rs", "use crate::wire::Fact;")],
        &[("shared/src/domain/mod.rs", "use super::document::Document;")],
        &[("agent/src/flows/sell.rs", "async fn f() { tokio::spawn(g()); }")],
        &[("central/src/core/route.rs", "use async_trait::async_trait;")],
        &[("central/src/ports/store.rs", "use holdfast_platform::clock;")],
        &[("agent/src/runtime/mod.rs", "use holdfast_central::runtime;")],
        &[("central/src/adapters/http/mod.rs", "use crate::adapters::sqlite::Store;")],
        &[("central/src/adapters/http/mod.rs", "use super::sqlite::Store;")],
        &[("agent/src/runtime/mod.rs", "use anyhow::Context;")],
    ],
    allowed: &[
        &[("shared/src/wire/frame.rs", "use crate::domain::Fact; use std::fmt;")],
        &[("shared/platform/src/disk.rs", "use std::fs; use tokio::sync::Notify;")],
        &[("agent/src/ports/ledger.rs", "use async_trait::async_trait; use tracing::debug;")],
        &[(
            "agent/src/flows/sell.rs",
            "#[cfg(test)] mod tests { #[tokio::test] async fn t() { tokio::spawn(g()); } }",
        )],
        &[("agent/src/adapters/http/a.rs", "use crate::adapters::http::b; use super::c::D;")],
        &[("agent/src/main.rs", "use anyhow::Context;")],
        &[("agent/src/cli/mod.rs", "use anyhow::Context;")],
    ],
};

struct Ban {
    places: &'static [&'static str],
    /// First segments of paths that may not be used there.
    paths: &'static [&'static str],
    reason: &'static str,
}

const PURE: &[&str] = &[
    "agent/src/core",
    "agent/src/ports",
    "agent/src/flows",
    "central/src/core",
    "central/src/ports",
    "central/src/flows",
];
const OUTSIDE: &[&str] = &[
    "tokio",
    "rusqlite",
    "refinery",
    "reqwest",
    "axum",
    "rumqttc",
    "mqtt5",
    "holdfast_platform",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
];

const BANS: &[Ban] = &[
    Ban { places: &["shared/src"], paths: OUTSIDE, reason: "shared has no I/O" },
    Ban {
        places: &["shared/src/domain"],
        paths: &["crate::wire", "crate::document"],
        reason: "domain types do not know how they travel",
    },
    Ban { places: PURE, paths: OUTSIDE, reason: "the outside begins with the adapters" },
    Ban {
        places: &["agent/src/core", "central/src/core"],
        paths: &["async_trait", "futures", "tracing", "getrandom", "uuid", "std::env"],
        reason: "core decides from what is passed in: no waiting, no log, no randomness of its own",
    },
    Ban {
        places: &["agent"],
        paths: &["holdfast_central"],
        reason: "agent and central never see each other",
    },
    Ban {
        places: &["central"],
        paths: &["holdfast_agent"],
        reason: "agent and central never see each other",
    },
    Ban {
        places: &["shared"],
        paths: &["holdfast_agent", "holdfast_central"],
        reason: "what both sides use cannot know them",
    },
    Ban {
        places: &[
            "shared",
            "agent/src/core",
            "agent/src/ports",
            "agent/src/flows",
            "agent/src/adapters",
            "agent/src/runtime",
            "central/src/core",
            "central/src/ports",
            "central/src/flows",
            "central/src/adapters",
            "central/src/runtime",
        ],
        paths: &["anyhow"],
        reason: "a room has its own errors; anyhow is for the command line, main and tests",
    },
];

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !file.path.ends_with("/main.rs")) {
        for used in file.code.iter().flat_map(|code| &code.paths).filter(|used| !used.in_test) {
            let meant = meaning(file, used);
            for ban in BANS.iter().filter(|ban| ban.places.iter().any(|place| within(&file.path, place))) {
                if let Some(path) = ban.paths.iter().find(|path| begins(&meant, path)) {
                    findings.push(Finding::new(&file.path, used.line, format!("`{path}`: {}", ban.reason)));
                }
            }
            if let Some(message) = between_adapters(&file.path, &meant) {
                findings.push(Finding::new(&file.path, used.line, message));
            }
        }
    }
    findings
}

/// The path as written from the root of its crate, so that `super::` hides nothing.
fn meaning(file: &File, used: &PathUse) -> Vec<String> {
    let sources = ["agent/src", "central/src", "shared/src"];
    let resolved = sources.iter().find_map(|source| resolve(&module_of(&file.path, source)?, used, "crate"));
    match resolved {
        Some(inner) => std::iter::once("crate".to_owned()).chain(inner).collect(),
        None => used.segments.clone(),
    }
}

/// `shared/platform` is a crate of its own, and may do what shared may not.
fn within(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
}

fn begins(path: &[String], prefix: &str) -> bool {
    let mut segments = path.iter();
    prefix.split("::").all(|wanted| segments.next().is_some_and(|found| found == wanted))
}

fn between_adapters(path: &str, meant: &[String]) -> Option<String> {
    let (_, inner) = path.split_once("/src/adapters/")?;
    let own = inner.split(['/', '.']).next()?;
    let [root, room, other, ..] = meant else { return None };
    let foreign = root == "crate" && room == "adapters" && other != own && own != "mod";
    // What begins with a capital is an item of adapters/mod.rs, not another adapter.
    (foreign && other.starts_with(char::is_lowercase))
        .then(|| format!("the adapter `{own}` must not import from the adapter `{other}`"))
}
