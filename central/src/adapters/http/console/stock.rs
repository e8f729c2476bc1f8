//! Stock for people: one SKU at all stores, one store's shelves, and what uncertainty cost.

use super::{Frame, Person, ROWS, frame, need, page, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::fleet;
use crate::adapters::http::stock::{Span, StockReport, report_of, sku_page, store_page, typed};
use crate::core::stock::class::Channel;
use crate::core::stock::confidence::Band;
use crate::core::stock::report::{Miss, MissRow};
use crate::core::stock::view::{ChannelUnits, StockPosition, SureUnits, percent};
use crate::ports::PageRequest;
use crate::ports::access::Scope;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_shared::time::UtcMs;
use serde::Deserialize;

const MAY_LOOK: &[Scope] = &[Scope::FleetRead, Scope::FleetWrite, Scope::Support];
const UNKNOWN: &str = "unknown";

struct PositionRow {
    store: String,
    sku: String,
    class: String,
    on_hand: String,
    reserved: String,
    buffer: i64,
    available: String,
    sellable: Vec<String>,
    band: &'static str,
    tone: &'static str,
    source: &'static str,
    heard: String,
    words: String,
}

#[derive(Template)]
#[template(path = "stock_positions.html")]
struct PositionsPage {
    frame: Frame,
    title: String,
    lead: &'static str,
    back: &'static str,
    of_one_sku: bool,
    rows: Vec<PositionRow>,
    next: Option<String>,
}

struct ReportRow {
    store: String,
    class: String,
    channel: String,
    cause: &'static str,
    tone: &'static str,
    units: i64,
}

#[derive(Template)]
#[template(path = "stock.html")]
struct StockReportPage {
    frame: Frame,
    from: String,
    to: String,
    oversold_units: i64,
    withheld_units: i64,
    rows: Vec<ReportRow>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Cursor {
    cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Search {
    sku: String,
}

const fn band_tone(band: Band) -> &'static str {
    match band {
        Band::High | Band::Good => "good",
        Band::Doubtful => "warn",
        Band::Poor => "bad",
        Band::Unknown => "calm",
    }
}

const fn cause(miss: Miss) -> &'static str {
    match miss {
        Miss::ShortPick => "promised, not found when picked",
        Miss::Oversold => "promised, then gone from the books",
        Miss::Stale => "kept back: last word too old",
        Miss::Feed => "kept back: class known too late",
        Miss::UnseenPos => "kept back: tills not seen",
        Miss::Buffer => "kept back as buffer",
        Miss::LastUnit => "kept back as the last unit",
        Miss::Allotment => "kept back for other channels",
        Miss::Confidence => "kept back: not sure enough",
    }
}

fn sure(units: &SureUnits) -> String {
    format!("{} ({}%)", units.units, percent(units.confidence))
}

fn position_row(position: StockPosition, now: UtcMs) -> PositionRow {
    let number = |units: &Option<SureUnits>| units.as_ref().map_or_else(|| UNKNOWN.to_owned(), sure);
    let sellable = |(channel, told): (&Channel, &ChannelUnits)| {
        let why = told.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("{channel} {}{why}", sure(&told.sure))
    };
    PositionRow {
        store: position.store.to_string(),
        sku: position.sku.to_string(),
        class: position.class.to_string(),
        on_hand: number(&position.on_hand),
        reserved: number(&position.reserved),
        buffer: position.buffer,
        available: number(&position.available),
        sellable: position.sellable.iter().map(sellable).collect(),
        band: position.band.as_str(),
        tone: band_tone(position.band),
        source: position.source.map_or(UNKNOWN, |source| source.as_str()),
        heard: position
            .heard_at
            .map_or_else(|| "never".to_owned(), |at| format!("{} ago", words::length(now.since(at)))),
        words: position.words,
    }
}

fn report_row(row: MissRow) -> ReportRow {
    ReportRow {
        store: row.store.to_string(),
        class: row.class.to_string(),
        channel: row.channel.map(|channel| channel.to_string()).unwrap_or_default(),
        cause: cause(row.cause),
        tone: if row.cause.is_oversell() { "bad" } else { "warn" },
        units: row.units,
    }
}

pub(super) async fn show(
    State(app): State<Shared>,
    person: Person,
    Query(span): Query<Span>,
) -> Answer<Response> {
    need(&person, MAY_LOOK)?;
    let StockReport { from, to, oversold_units, withheld_units, rows } =
        report_of(&app, person.0.tenant(), &span).await?;
    page(&StockReportPage {
        frame: frame(&app, &person, "stock", None).await?,
        from,
        to,
        oversold_units,
        withheld_units,
        rows: rows.into_iter().map(report_row).collect(),
    })
}

/// From the search box to the page of a SKU.
pub(super) async fn find(Query(search): Query<Search>) -> Answer<Response> {
    let sku = typed(&search.sku)?;
    Ok(Redirect::to(&format!("/console/stock/skus/{}", words::in_url(sku.as_str()))).into_response())
}

pub(super) async fn sku(
    State(app): State<Shared>,
    person: Person,
    Path(sku): Path<String>,
    Query(asked): Query<Cursor>,
) -> Answer<Response> {
    need(&person, MAY_LOOK)?;
    let sku = typed(&sku)?;
    let request = PageRequest { cursor: asked.cursor, limit: ROWS };
    let found = sku_page(&app, person.0.tenant(), &sku, &request).await?;
    let now = app.clock.now().utc;
    page(&PositionsPage {
        frame: frame(&app, &person, "stock", None).await?,
        lead: "At every store. Unknown is not none: nobody has told of it there.",
        back: "/console/stock",
        of_one_sku: true,
        rows: found.positions.into_iter().map(|position| position_row(position, now)).collect(),
        next: found.next.map(|at| {
            format!("/console/stock/skus/{}?cursor={}", words::in_url(sku.as_str()), words::in_url(&at))
        }),
        title: sku.to_string(),
    })
}

pub(super) async fn store(
    State(app): State<Shared>,
    person: Person,
    Path(store): Path<String>,
    Query(asked): Query<Cursor>,
) -> Answer<Response> {
    need(&person, MAY_LOOK)?;
    let record = fleet::find(&app, &person.0, &store).await?;
    let request = PageRequest { cursor: asked.cursor, limit: ROWS };
    let found = store_page(&app, person.0.tenant(), &record.store.store, &request).await?;
    let now = app.clock.now().utc;
    page(&PositionsPage {
        frame: frame(&app, &person, "stores", None).await?,
        lead: "What this store has told of, with how sure it is now.",
        back: "/console/stores",
        of_one_sku: false,
        rows: found.positions.into_iter().map(|position| position_row(position, now)).collect(),
        next: found
            .next
            .map(|at| format!("/console/stores/{}/stock?cursor={}", record.store.store, words::in_url(&at))),
        title: format!("Stock of {}", record.store.name),
    })
}
