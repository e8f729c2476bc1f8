//! Who sends, who listens, and by which rules.

use super::{CheckLine, Scene, Tried, gap, ok, unknown};

/// A key that nobody used for so long is forgotten somewhere.
const UNUSED_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Names in one line.
const NAMES_MAX: usize = 10;

pub(super) fn channels(scene: &Scene) -> Vec<CheckLine> {
    let why = "each channel that should send orders has sent one before the launch, through its own key";
    if scene.channels.is_empty() {
        let to_do = "place a trial order through each storefront, and cancel it";
        return vec![unknown("channels", "no order has come in yet".to_owned(), why, to_do)];
    }
    let line = |seen: &super::ChannelSeen| {
        let keys = scene.channels.iter().filter(|other| other.actor == seen.actor).count();
        let what = format!("{}: {} of the newest orders, by {}", seen.channel, seen.orders, seen.actor);
        if keys > 1 {
            let to_do = "give each channel a key of its own, so that one can be revoked alone";
            gap("channels", format!("{what}, which serves {keys} channels"), why, to_do)
        } else {
            ok("channels", what, why)
        }
    };
    scene.channels.iter().map(line).collect()
}

pub(super) fn keys(scene: &Scene) -> Vec<CheckLine> {
    let why = "a key opens no more than its holder needs, and is used";
    let mut lines = Vec::new();
    if !scene.keys.iter().any(|key| key.places_orders) {
        lines.push(gap(
            "keys",
            "no key but an admin's may place orders".to_owned(),
            why,
            "create a key with the scope orders_write for each storefront",
        ));
    }
    for key in &scene.keys {
        let what = format!("{} ({}): {}", key.name, key.key, key.scopes.join(", "));
        let lately = key.last_used.is_some_and(|at| scene.now.since(at) <= UNUSED_MS);
        lines.push(if lately {
            ok("keys", what, why)
        } else {
            let told = format!("{what}; not used in the last 7 days");
            unknown("keys", told, why, "let its holder ask something once, or revoke it")
        });
    }
    lines
}

pub(super) fn events(scene: &Scene) -> Vec<CheckLine> {
    let why = "whoever reads events builds on their form";
    vec![if scene.events_documented {
        ok("events", "the event stream and its form stand in /openapi.json".to_owned(), why)
    } else {
        gap(
            "events",
            "the event stream does not stand in /openapi.json".to_owned(),
            why,
            "run a central whose interface document is whole",
        )
    }]
}

pub(super) fn consumers(scene: &Scene) -> Vec<CheckLine> {
    let why = "events that nobody reads are notifications that nobody gets";
    let names: Vec<&str> = scene.terms.consumers.iter().map(String::as_str).take(NAMES_MAX).collect();
    vec![if names.is_empty() {
        gap(
            "consumers",
            "nobody said who reads the events".to_owned(),
            why,
            "set consumers in [launch] of central's configuration",
        )
    } else {
        ok("consumers", format!("read by {}", names.join(", ")), why)
    }]
}

pub(super) fn settings(scene: &Scene) -> Vec<CheckLine> {
    let why = "whoever retries, waits or sends fast meets these limits";
    let line = |(name, value): &(&'static str, i64)| {
        let what = format!("{name}: {value}");
        if *value > 0 { ok("limits", what, why) } else { gap("limits", what, why, "set it above 0") }
    };
    scene.settings.iter().map(line).collect()
}

fn tried(check: &'static str, tried: &Tried, good: &str, why: &'static str, to_do: &str) -> Vec<CheckLine> {
    vec![match tried {
        Tried::AsItShould => ok(check, good.to_owned(), why),
        Tried::Otherwise(what) => gap(check, what.clone(), why, to_do),
    }]
}

pub(super) fn idempotent(scene: &Scene) -> Vec<CheckLine> {
    tried(
        "idempotent_writes",
        &scene.keyless_write,
        "an order without an Idempotency-Key was refused just now",
        "a retry must not become a second order",
        "do not launch: this central takes orders that it cannot tell from their repetition",
    )
}

pub(super) fn traced(scene: &Scene) -> Vec<CheckLine> {
    tried(
        "correlation",
        &scene.trace,
        "the trace of a request came back in its answer just now",
        "one id leads through storefront, central and store",
        "do not launch: what happened to an order could not be followed",
    )
}
