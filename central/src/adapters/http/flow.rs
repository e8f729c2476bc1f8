//! How orders flow: from state to state, how long they stand in each, and where they stand now.

use super::answer::{Answer, Refused};
use super::app::Shared;
use super::days::{self, Days};
use super::doors::Caller;
use crate::core::kpis::flow::{FlowBy, Standing, Summed, Transition, is_ambiguous, transitions};
use crate::core::order::OrderState;
use crate::core::replay::number::{float, ratio};
use axum::Json;
use axum::extract::State;
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::limits::ROUTING_KPI_DAYS_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Days of an answer whose beginning nobody named.
const DAYS: i64 = 7;
pub(super) const LATE_AFTER_S: i64 = 900;
const LATE_AFTER_S_MAX: i64 = 30 * 86_400;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FlowQuery {
    /// A day in UTC, like 2026-11-01; 7 days up to the last when absent.
    from: Option<String>,
    /// A day in UTC; today when absent.
    to: Option<String>,
    /// What it is split by; channel when absent.
    by: Option<FlowBy>,
    /// Open orders that were placed longer ago count as late, in seconds; 900 when absent.
    late_after_s: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FlowKpis {
    /// The first and the last day, in UTC, both counted.
    #[schema(example = "2026-11-01")]
    from: String,
    #[schema(example = "2026-11-07")]
    to: String,
    by: FlowBy,
    total: Vec<Transition>,
    slices: Vec<FlowSlice>,
    /// Open orders as they stand now, whatever the days.
    now: Vec<Standing>,
    ambiguous: Ambiguous,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FlowSlice {
    name: String,
    transitions: Vec<Transition>,
}

/// Orders of which nobody can say after that time whether they will be fulfilled: no node has taken them on,
/// and nobody was told that they wait.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct Ambiguous {
    after_s: i64,
    orders: u64,
    /// Of all open orders; absent when none is open.
    share: Option<f64>,
}

impl Ambiguous {
    pub(super) fn of(now: &[Standing], after_s: i64) -> Self {
        let late = now.iter().filter(|standing| is_ambiguous(standing.state)).map(|standing| standing.late);
        let orders = late.fold(0, u64::saturating_add);
        let open = now.iter().map(|standing| standing.orders).fold(0, u64::saturating_add);
        let number = |count: u64| float(i64::try_from(count).unwrap_or(i64::MAX));
        Self { after_s, orders, share: ratio(number(orders), number(open)) }
    }

    /// For people.
    pub(super) fn words(&self) -> String {
        let share = self.share.unwrap_or_default() * 100.0;
        let Self { orders, after_s, .. } = self;
        format!(
            "Of {orders} open orders ({share:.1}%) nobody can say after {after_s} s whether they will be fulfilled."
        )
    }
}

/// By name, most orders first.
fn slices(summed: &[Summed]) -> Vec<FlowSlice> {
    let mut busy: BTreeMap<&str, i64> = BTreeMap::new();
    for one in summed {
        let orders = busy.entry(one.name.as_str()).or_default();
        *orders = orders.saturating_add(one.sum.orders);
    }
    let mut names: Vec<(&str, i64)> = busy.into_iter().collect();
    names.sort_by_key(|(_, orders)| std::cmp::Reverse(*orders));
    let slice = |(name, _): (&str, i64)| {
        let transitions = transitions(summed.iter().filter(|one| one.name == name));
        FlowSlice { name: name.to_owned(), transitions }
    };
    names.into_iter().map(slice).collect()
}

/// How orders went from state to state in some days: how many, how long they stood, whose work it was and where
/// it was lost again; and which stand where now, and since when.
#[utoipa::path(get, path = "/v1/kpis/flow", tag = "support", params(FlowQuery),
    responses((status = 200, body = FlowKpis), (status = "4XX", body = Problem)))]
pub(super) async fn flow(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(query): ApiQuery<FlowQuery>,
) -> Answer<Json<FlowKpis>> {
    let now = app.clock.now().utc;
    let span = (query.from.as_deref(), query.to.as_deref());
    let Days { first, last } = days::named(span, (DAYS, ROUTING_KPI_DAYS_MAX), now)?;
    let after_s = query.late_after_s.unwrap_or(LATE_AFTER_S);
    if !(1..=LATE_AFTER_S_MAX).contains(&after_s) {
        let detail = format!("late_after_s is {after_s}: expected 1 to {LATE_AFTER_S_MAX}");
        return Err(Refused::new(Code::InvalidRequest, detail));
    }
    let by = query.by.unwrap_or_default();
    let summed = app.storage.flow(caller.tenant(), by, (first, last)).await?;
    let open: Vec<OrderState> = OrderState::ALL.into_iter().filter(|state| !state.is_final()).collect();
    let placed_before = now.plus(after_s.saturating_mul(-1_000));
    let standing = app.storage.orders_now(caller.tenant(), &open, placed_before).await?;
    Ok(Json(FlowKpis {
        from: days::date(first)?,
        to: days::date(last)?,
        by,
        total: transitions(summed.iter()),
        slices: slices(&summed),
        ambiguous: Ambiguous::of(&standing, after_s),
        now: standing,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::kpis::flow::Stage;
    use holdfast_shared::time::UtcMs;

    fn standing(state: OrderState, orders: u64, late: u64) -> Standing {
        Standing { state, stage: Stage::of(state), orders, oldest_since: UtcMs(0), late }
    }

    #[test]
    fn an_order_that_nobody_can_say_anything_of_in_time_is_ambiguous() {
        let now = [
            standing(OrderState::Placed, 3, 1),
            standing(OrderState::Backordered, 4, 4),
            standing(OrderState::Picking, 1, 1),
        ];
        assert_eq!(Ambiguous::of(&now, 60), Ambiguous { after_s: 60, orders: 1, share: Some(0.125) });
        assert_eq!(Ambiguous::of(&[], 60).share, None, "of nothing there is no share");
    }
}
