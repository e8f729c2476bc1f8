//! How routing does: the shares that people ask for, day by day and by what they choose.

use super::{Frame, Person, frame, need, page};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::kpis::{KpiDay, KpiQuery, KpiSlice, RoutingKpis, routing_kpis};
use crate::core::kpis::{By, Kpi, Rates};
use crate::core::replay::number::rounded;
use crate::ports::access::Scope;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

const MAY_LOOK: &[Scope] = &[Scope::OrdersRead, Scope::FleetRead, Scope::Support];
/// A day is so wide, with a gap, and a full bar so high.
const DAY_WIDTH: u32 = 12;
const BAR_HEIGHT: f64 = 48.0;

type Share = fn(&Rates) -> Option<f64>;
type Column = (&'static str, fn(&Kpi) -> String);

/// The shares that have a chart.
const CHARTS: &[(&str, Share)] = &[
    ("Units that the best node got", |rates| rates.best_node_share),
    ("Promised dates that were kept", |rates| rates.promise_accuracy),
    ("Decisions that found nodes", |rates| rates.routing_success),
    ("Decisions in several parcels", |rates| rates.split_share),
    ("Parcels that another node lost or gave back", |rates| rates.reroute_share),
    ("Units that were not there", |rates| rates.oversell_share),
];

struct Bar {
    x: u32,
    y: f64,
    height: f64,
    words: String,
}

struct Chart {
    title: &'static str,
    now: String,
    width: u32,
    bars: Vec<Bar>,
}

struct ByLink {
    name: &'static str,
    here: bool,
}

struct Cell {
    column: &'static str,
    value: String,
}

struct KpiRow {
    name: String,
    node: bool,
    cells: Vec<Cell>,
}

#[derive(Template)]
#[template(path = "routing.html")]
struct RoutingPage {
    frame: Frame,
    from: String,
    to: String,
    by: &'static str,
    links: Vec<ByLink>,
    charts: Vec<Chart>,
    head: Vec<&'static str>,
    rows: Vec<KpiRow>,
}

/// What the table tells of each name.
const COLUMNS: &[Column] = &[
    ("Units", |kpi| kpi.counts.units.to_string()),
    ("Best node", |kpi| share(kpi.rates.best_node_share)),
    ("Found nodes", |kpi| share(kpi.rates.routing_success)),
    ("Split", |kpi| share(kpi.rates.split_share)),
    ("Rerouted", |kpi| share(kpi.rates.reroute_share)),
    ("Not there", |kpi| share(kpi.rates.oversell_share)),
    ("Kept back", |kpi| kpi.counts.withheld_units.to_string()),
    ("Promises kept", |kpi| share(kpi.rates.promise_accuracy)),
    ("To a node", |kpi| lasting(kpi.rates.reservation_ms)),
    ("To an answer", |kpi| lasting(kpi.rates.acknowledgement_ms)),
];

fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1}%", share * 100.0))
}

fn lasting(ms: Option<f64>) -> String {
    ms.map_or_else(|| "–".to_owned(), |ms| format!("{:.1} s", ms / 1_000.0))
}

fn chart(title: &'static str, of: Share, total: &Kpi, days: &[KpiDay]) -> Chart {
    let bar = |(day, x): (&KpiDay, u32)| {
        let value = of(&day.kpi.rates)?;
        let height = rounded(value.clamp(0.0, 1.0) * BAR_HEIGHT);
        let words = format!("{}: {}", day.day, share(Some(value)));
        Some(Bar { x, y: BAR_HEIGHT - height, height, words })
    };
    let places = (0_u32..).map(|place| place.saturating_mul(DAY_WIDTH));
    Chart {
        title,
        now: share(of(&total.rates)),
        width: u32::try_from(days.len()).unwrap_or(u32::MAX).max(1).saturating_mul(DAY_WIDTH),
        bars: days.iter().zip(places).filter_map(bar).collect(),
    }
}

fn row(by: By, slice: &KpiSlice) -> KpiRow {
    KpiRow {
        name: slice.name.clone().unwrap_or_else(|| "none".to_owned()),
        node: by == By::Node,
        cells: COLUMNS.iter().map(|(column, of)| Cell { column, value: of(&slice.kpi) }).collect(),
    }
}

pub(super) async fn show(
    State(app): State<Shared>,
    person: Person,
    Query(query): Query<KpiQuery>,
) -> Answer<Response> {
    need(&person, MAY_LOOK)?;
    let RoutingKpis { from, to, by, total, slices, days } =
        routing_kpis(&app, person.0.tenant(), &query).await?;
    let charts = if days.is_empty() { &[] } else { CHARTS };
    page(&RoutingPage {
        frame: frame(&app, &person, "routing", None).await?,
        from,
        to,
        by: by.as_str(),
        links: By::ALL.into_iter().map(|each| ByLink { name: each.as_str(), here: each == by }).collect(),
        charts: charts.iter().map(|(title, of)| chart(title, *of, &total, &days)).collect(),
        head: COLUMNS.iter().map(|(name, _)| *name).collect(),
        rows: slices.iter().map(|slice| row(by, slice)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::kpis::Tally;

    fn day(day: &str, units: i64, best_units: i64) -> KpiDay {
        KpiDay { day: day.to_owned(), kpi: Kpi::from(Tally { units, best_units, ..Tally::default() }) }
    }

    #[test]
    fn a_day_has_a_bar_as_high_as_its_share_and_none_when_nothing_was() {
        let days = [day("2026-11-01", 4, 3), day("2026-11-02", 0, 0), day("2026-11-03", 2, 2)];
        let total = Kpi::from(Tally { units: 6, best_units: 5, ..Tally::default() });
        let chart = chart("best", |rates| rates.best_node_share, &total, &days);
        let bars: Vec<_> = chart.bars.iter().map(|bar| (bar.x, bar.y, bar.height)).collect();
        assert_eq!(bars, [(0, 12.0, 36.0), (24, 0.0, 48.0)]);
        assert_eq!((chart.width, chart.now.as_str()), (36, "83.3%"));
        assert_eq!(chart.bars[0].words, "2026-11-01: 75.0%");
    }
}
