//! What a new fact about a parcel means to people and to other systems: the order's timeline, events, exceptions; and a
//! label that cannot be had, which the work's own way out sees to.

use super::Result;
use super::exceptions::{raise, settle};
use super::labels::report;
use super::outbox::{NewEvent, append};
use super::timeline::{Happened, central, note};
use crate::core::events::Kind;
use crate::core::events::key::Key;
use crate::core::events::kinds::shipments;
use crate::core::exception::{Category, NewException, Severity};
use crate::core::parcel::fact::Label;
use crate::core::parcel::fold::{Parcel, ParcelState};
use crate::core::parcel::news::News;
use crate::core::parcel::plan::NO_ADDRESS;
use crate::ports::labels::NewLabelFailure;
use crate::ports::shipments::Shipment;
use holdfast_shared::domain::task::Line;
use holdfast_shared::time::UtcMs;
use rusqlite::Connection;
use serde_json::json;

/// One event with its line in the timeline.
struct Told {
    event: &'static Kind,
    kind: &'static str,
    state: ParcelState,
    words: String,
    /// In the carrier's words.
    reason: Option<String>,
    label: Option<Label>,
}

pub(super) fn tell(conn: &Connection, shipment: &Shipment, news: &News, now: UtcMs) -> Result<()> {
    if let Some(told) = told(shipment, news) {
        write(conn, shipment, told, now)?;
    }
    let key = |what: &str| format!("{what}/{}", shipment.key.task);
    let failed = format!("label:{}", shipment.key.task);
    let tenant = &shipment.key.tenant;
    let end = |key: &str, how: &str| settle(conn, tenant, key, how, now).map(|_| ());
    let open = |key: String, category: Category, detail: String, suggestion: &str| {
        raise(conn, tenant, &about(shipment, key, category, detail, suggestion), now)
    };
    let number = shipment.number;
    let parcel = format!("parcel {number} of {}", shipment.order);
    match news {
        News::Labelled { .. } | News::LabelVoided { .. } | News::InTransit | News::Held { .. } => Ok(()),
        News::LabelSettled => end(&failed, "a label is there"),
        News::LabelRefused { service, code, words } => {
            refused(conn, shipment, (service.as_ref(), code, words), now)
        }
        News::VoidRefused { run, words } => open(
            format!("void_failed/{}/{run}", shipment.key.task),
            Category::VoidFailed,
            format!("{} does not take back the label of {parcel}: {words}", shipment.carrier),
            "Void it at the carrier, or claim its cost; or have it tried again.",
        ),
        News::VoidSettled { run } => {
            end(&format!("void_failed/{}/{run}", shipment.key.task), "the label is void")
        }
        News::Lost { words } => open(
            key("parcel_lost"),
            Category::ParcelLost,
            format!("{} has lost {parcel}: {words}", shipment.carrier),
            "Claim it at the carrier, and send the goods once more or give the money back.",
        ),
        News::Returned { words } => open(
            key("parcel_returned"),
            Category::ParcelLost,
            format!("{parcel} came back: {words}"),
            "Take the goods in, ask the customer for an address, and send them once more or give the money back.",
        ),
        News::Found => end(&key("parcel_lost"), "the carrier has found it"),
        News::Delivered { .. } => {
            end(&key("parcel_lost"), "it is delivered")?;
            end(&key("parcel_returned"), "it is delivered")
        }
        News::Silent { words } => open(
            key("tracking_silent"),
            Category::TrackingSilent,
            format!("{parcel}: {words}"),
            "Ask the carrier where it is. It ends by itself when the carrier tells something.",
        ),
        News::HeardAgain => end(&key("tracking_silent"), "the carrier tells of it again"),
        News::Unclear { id, words } => open(
            format!("label_unclear/{}/{id}", shipment.key.task),
            Category::LabelFailed,
            format!("{parcel}: {words}"),
            "Look it up at the carrier. It is looked up here once an hour, and settles when the carrier answers.",
        ),
        News::Cleared { id } => {
            end(&format!("label_unclear/{}/{id}", shipment.key.task), "the carrier has answered")
        }
    }
}

/// Another service, another node or a person: what becomes of it, the work's own way out says.
fn refused(
    conn: &Connection,
    shipment: &Shipment,
    (service, code, words): (Option<&String>, &str, &str),
    now: UtcMs,
) -> Result<()> {
    let tenant = &shipment.key.tenant;
    let open = |suggestion: &str| {
        let (key, number) = (format!("label:{}", shipment.key.task), shipment.number);
        let detail = format!("no label can be made for parcel {number} of {}: {words}", shipment.order);
        raise(conn, tenant, &about(shipment, key, Category::LabelFailed, detail, suggestion), now)
    };
    if code == NO_ADDRESS {
        return open(
            "Ask the customer, write the address into the order and have the label made again; or write one by hand.",
        );
    }
    let failure = NewLabelFailure {
        tenant: tenant.clone(),
        task: shipment.key.task.clone(),
        service: service.cloned(),
        reason: words.to_owned(),
        by: central()?,
    };
    // Seen to before, and refused once more: nobody sees to it again by itself.
    if report(conn, &failure, now)?.is_some_and(|failure| failure.settled.is_some()) {
        return open("Send it by another carrier, take the work back, or have the label made again.");
    }
    Ok(())
}

fn told(shipment: &Shipment, news: &News) -> Option<Told> {
    let parcel = Parcel::fold(&shipment.facts);
    let known = || parcel.labels().last().map(|made| made.label.clone());
    let number = shipment.number;
    let on_way = |event, kind, state, words: String, reason: Option<&String>| {
        Some(Told { event, kind, state, words, reason: reason.cloned(), label: known() })
    };
    match news {
        News::Labelled { label } => {
            let words = format!(
                "{} made the label of parcel {number}: {} {}",
                label.carrier, label.service, label.tracking_number
            );
            let (event, state) = (&shipments::SHIPMENT_LABELLED, ParcelState::Labelled);
            let label = Some(label.clone());
            Some(Told { event, kind: "labelled", state, words, reason: None, label })
        }
        News::LabelVoided { label } => {
            let words = format!("the label {} of parcel {number} is void", label.tracking_number);
            let (event, state) = (&shipments::SHIPMENT_LABEL_VOIDED, ParcelState::Voided);
            let label = Some(label.clone());
            Some(Told { event, kind: "label_voided", state, words, reason: None, label })
        }
        News::InTransit => {
            let (event, words) = (&shipments::SHIPMENT_IN_TRANSIT, format!("parcel {number} is on its way"));
            on_way(event, "in_transit", ParcelState::InTransit, words, None)
        }
        News::Held { words } => {
            let told = format!("something is in the way of parcel {number}: {words}");
            on_way(&shipments::SHIPMENT_EXCEPTION, "parcel_held", ParcelState::Exception, told, Some(words))
        }
        News::Delivered { .. } => {
            let (event, words) = (&shipments::SHIPMENT_DELIVERED, format!("parcel {number} is delivered"));
            on_way(event, "delivered", ParcelState::Delivered, words, None)
        }
        News::Lost { words } => {
            let told = format!("the carrier has lost parcel {number}: {words}");
            on_way(&shipments::SHIPMENT_LOST, "parcel_lost", ParcelState::Lost, told, Some(words))
        }
        News::Returned { words } => {
            let told = format!("parcel {number} came back: {words}");
            on_way(&shipments::SHIPMENT_RETURNED, "parcel_returned", ParcelState::Returned, told, Some(words))
        }
        News::LabelRefused { .. }
        | News::LabelSettled
        | News::VoidRefused { .. }
        | News::VoidSettled { .. }
        | News::Found
        | News::Silent { .. }
        | News::HeardAgain
        | News::Unclear { .. }
        | News::Cleared { .. } => None,
    }
}

fn write(conn: &Connection, shipment: &Shipment, told: Told, now: UtcMs) -> Result<()> {
    // Without the store: whoever reads it learns of no node.
    let units = |line: &Line| line.quantity.saturating_sub(line.short);
    let lines: Vec<_> = shipment
        .task
        .lines
        .iter()
        .filter(|line| units(line) > 0)
        .map(|line| json!({ "line": line.line, "sku": line.sku, "quantity": units(line) }))
        .collect();
    let mut body =
        json!({ "order": shipment.order, "parcel": shipment.number, "state": told.state, "lines": lines });
    if let Some(fields) = body.as_object_mut() {
        if let Some(label) = told.label {
            fields.insert("carrier".to_owned(), json!(label.carrier));
            fields.insert("service".to_owned(), json!(label.service));
            fields.insert("tracking_number".to_owned(), json!(label.tracking_number));
        }
        fields.extend(told.reason.map(|reason| ("reason".to_owned(), json!(reason))));
    }
    let happened = Happened {
        kind: told.kind,
        at: now,
        actor: &central()?,
        store: Some(&shipment.task.store),
        task: Some(&shipment.key.task),
        words: &told.words,
    };
    note(conn, &shipment.key.tenant, &shipment.order, &happened)?;
    let of = Key::Order(shipment.order.clone());
    let event = NewEvent { kind: told.event, key: &of, at: now, body: &body };
    append(conn, &shipment.key.tenant, &event)
}

fn about(
    shipment: &Shipment,
    key: String,
    category: Category,
    detail: String,
    suggestion: &str,
) -> NewException {
    NewException {
        key,
        category,
        severity: Severity::High,
        order: Some(shipment.order.clone()),
        task: Some(shipment.key.task.clone()),
        store: Some(shipment.task.store.clone()),
        detail,
        suggestion: suggestion.to_owned(),
    }
}
