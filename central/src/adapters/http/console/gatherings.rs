//! Orders that come together at one store, and the parcels that they wait for.

use super::{Frame, Person, frame, need, page, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::core::gathering::{GatheredParcel, GatheringNow};
use crate::ports::access::Scope;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use holdfast_shared::time::UtcMs;

struct ParcelRow {
    from: String,
    goods: String,
    /// Since when it is on its way; none while it is made ready.
    left: Option<String>,
}

struct GatheringRow {
    order: String,
    parcel: String,
    store: String,
    here: String,
    due: String,
    late: bool,
    parcels: Vec<ParcelRow>,
}

#[derive(Template)]
#[template(path = "gatherings.html")]
struct GatheringsPage {
    frame: Frame,
    rows: Vec<GatheringRow>,
}

fn parcel_row(parcel: &GatheredParcel, now: UtcMs) -> ParcelRow {
    let goods: Vec<String> =
        parcel.lines.iter().map(|line| format!("{} × {}", line.units, line.sku)).collect();
    ParcelRow {
        from: parcel.from.to_string(),
        goods: goods.join(", "),
        left: parcel.left_at.map(|at| words::moment(at, now)),
    }
}

fn row(told: GatheringNow, now: UtcMs) -> GatheringRow {
    let GatheringNow { gathering, parcels } = told;
    let sum = |of: fn(&crate::core::gathering::GatheredUnits) -> i64| -> i64 {
        gathering.units.iter().map(of).fold(0, i64::saturating_add)
    };
    GatheringRow {
        here: format!("{} of {}", sum(|units| units.arrived), sum(|units| units.wanted)),
        order: gathering.order.to_string(),
        parcel: gathering.child.to_string(),
        store: gathering.store.to_string(),
        due: words::moment(gathering.due_at, now),
        late: gathering.arrives_by.is_some_and(|by| by < now),
        parcels: parcels.iter().map(|parcel| parcel_row(parcel, now)).collect(),
    }
}

pub(super) async fn list(State(app): State<Shared>, person: Person) -> Answer<Response> {
    need(&person, &[Scope::OrdersRead, Scope::FleetRead, Scope::Support])?;
    let now = app.clock.now().utc;
    let found = app.storage.gatherings_now(person.0.tenant(), None, now).await?;
    page(&GatheringsPage {
        frame: frame(&app, &person, "orders", None).await?,
        rows: found.into_iter().map(|told| row(told, now)).collect(),
    })
}
