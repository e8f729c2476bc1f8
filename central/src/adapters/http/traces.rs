//! An order's trace: from the storefront's request to the hand-over and back, as it is on record.
//!
//! A request that changes something of an order is part of it too, wherever its own trace began: [`heed`] keeps where
//! each of them came from, for every path below an order's, those that come later too.

use super::answer::Answer;
use super::app::{App, Shared};
use super::doors::Caller;
use super::orders::find;
use crate::core::order::OrderState;
use crate::core::trace::record::Call;
use crate::core::trace::{Step, Trace, trace};
use crate::ports::traces::Subject;
use axum::Json;
use axum::extract::{MatchedPath, Path, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use holdfast_platform::http::{ApiQuery, Called};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{OrderId, ReturnId, TraceId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A step that took longer than this is marked, unless somebody asks for another limit.
const LONG_AFTER_S: i64 = 300;
const LONG_AFTER_S_MAX: i64 = 30 * 86_400;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TraceQuery {
    /// Steps that took longer are marked, in seconds; 300 when absent.
    long_after_s: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TraceView {
    order: OrderId,
    state: OrderState,
    trace_id: TraceId,
    /// What hands the trace on from where the order was taken in.
    #[schema(example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    traceparent: String,
    /// Each step before those that hang on it.
    steps: Vec<StepView>,
    /// There are more steps than are told.
    truncated: bool,
    /// Nothing has been done since; absent when the order is final.
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_since: Option<UtcMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_ms: Option<i64>,
    long_after_s: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StepView {
    #[serde(flatten)]
    step: Step,
    took_ms: i64,
    /// It took longer than was asked about.
    long: bool,
}

/// One trace for an order, as it is on record: every step with who did it, where, when, how long it took, and what
/// it came of. It needs no collector. For customer service.
#[utoipa::path(get, path = "/v1/orders/{order}/trace", tag = "orders", params(("order" = OrderId, Path), TraceQuery),
    responses((status = 200, body = TraceView), (status = "4XX", body = Problem)))]
pub(super) async fn of_order(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
    ApiQuery(query): ApiQuery<TraceQuery>,
) -> Answer<Json<TraceView>> {
    let long_after_s = query.long_after_s.unwrap_or(LONG_AFTER_S);
    if !(1..=LONG_AFTER_S_MAX).contains(&long_after_s) {
        let detail = format!("long_after_s is {long_after_s}: expected 1 to {LONG_AFTER_S_MAX}");
        return Err(super::answer::Refused::new(Code::InvalidRequest, detail));
    }
    let order = find(&app, &caller, &order).await?;
    let told = on_record(&app, &caller, &order.order).await?;
    let idle_since = told.last_at().filter(|_| !order.state.is_final());
    let now = app.clock.now().utc;
    let traceparent = told.parent().to_string();
    let view = |step: Step| {
        let took_ms = step.took_ms();
        StepView { long: took_ms >= long_after_s.saturating_mul(1_000), took_ms, step }
    };
    Ok(Json(TraceView {
        order: told.order,
        state: order.state,
        trace_id: told.trace,
        traceparent,
        steps: told.steps.into_iter().map(view).collect(),
        truncated: told.truncated,
        idle_since,
        idle_ms: idle_since.map(|since| now.since(since).max(0)),
        long_after_s,
    }))
}

/// The tree of an order that is there.
pub(super) async fn on_record(app: &App, caller: &Caller, order: &OrderId) -> Answer<Trace> {
    let known = app.storage.on_record(caller.tenant(), order).await?;
    let known = known.ok_or_else(|| {
        super::answer::Refused::new(Code::UnknownOrder, format!("there is no order {order}"))
    })?;
    Ok(trace(&known))
}

/// What a request did to an order, by its path; none of one that only reads, or places a new one.
fn act(method: &Method, path: &str) -> Option<&'static str> {
    if let Some(below) = path.strip_prefix("/v1/returns/{return}/").filter(|_| *method == Method::POST) {
        return Some(match below {
            "approve" => "return approved",
            "refuse" => "return refused",
            "cancel" => "return cancelled",
            "damaged" => "return decided",
            _ => "request",
        });
    }
    let below = path.strip_prefix("/v1/orders/{order}/").filter(|_| *method == Method::POST)?;
    Some(match below {
        "cancel" => "cancel",
        "changes" => "change",
        "refunds" => "refund",
        "returns" => "return",
        "erase" => "erase",
        "payment/retry" => "payment retry",
        _ if below.starts_with("substitutions/") => "substitution answered",
        _ => "request",
    })
}

/// Keeps where each request came from that changed something of an order. Nothing of the order waits for it to
/// succeed: what was done is done, and is on record by itself.
pub(super) async fn heed(
    State(app): State<Shared>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let Some(act) = act(request.method(), path.as_str()) else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    let about = About::in_path(parts.uri.path());
    let called = parts.extensions.get::<Called>().cloned();
    let caller = parts.extensions.get::<Caller>().cloned();
    let response = next.run(Request::from_parts(parts, body)).await;
    if let Some((called, caller)) = called.zip(caller)
        && response.status().is_success()
        && let Some(order) = about.order(&app, &caller).await
    {
        keep(&app, &caller, called, (Subject::Order(order), act)).await;
    }
    response
}

/// What stands in a path.
enum About {
    Order(OrderId),
    Return(ReturnId),
    Nothing,
}

impl About {
    fn in_path(path: &str) -> Self {
        let named = |start| path.strip_prefix(start)?.split('/').next();
        let order = named("/v1/orders/").and_then(|name| name.parse().ok()).map(Self::Order);
        let of_return = || named("/v1/returns/").and_then(|name| name.parse().ok()).map(Self::Return);
        order.or_else(of_return).unwrap_or(Self::Nothing)
    }

    async fn order(self, app: &App, caller: &Caller) -> Option<OrderId> {
        match self {
            Self::Order(order) => Some(order),
            Self::Return(id) => {
                let found = app.storage.return_of(caller.tenant(), &id).await;
                found.ok().flatten().map(|(of, _)| of.order)
            }
            Self::Nothing => None,
        }
    }
}

pub(super) async fn keep(app: &App, caller: &Caller, called: Called, (subject, act): (Subject, &str)) {
    let Ok(actor) = caller.actor() else { return };
    let Called { trace, span, upstream } = called;
    let call = Call { act: act.to_owned(), at: app.clock.now().utc, actor, trace, span, upstream };
    if let Err(error) = app.storage.note_call(caller.tenant(), &subject, &call).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "whose request it was is not on record");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_changes_an_order_is_an_act_and_what_reads_or_places_is_none() {
        let act = |method: &Method, path| act(method, path);
        assert_eq!(act(&Method::POST, "/v1/orders/{order}/cancel"), Some("cancel"));
        assert_eq!(act(&Method::POST, "/v1/returns/{return}/approve"), Some("return approved"));
        assert_eq!(act(&Method::POST, "/v1/orders/{order}/what-comes-later"), Some("request"));
        assert_eq!(act(&Method::GET, "/v1/orders/{order}/changes"), None);
        assert_eq!(act(&Method::POST, "/v1/orders/batch"), None);
        assert_eq!(act(&Method::POST, "/v1/orders"), None);
    }

    #[test]
    fn the_order_or_its_return_stands_in_the_path() {
        let is_order =
            |path| matches!(About::in_path(path), About::Order(order) if order.as_str() == "o-7k2");
        assert!(is_order("/v1/orders/o-7k2/cancel") && !is_order("/v1/orders/..%2f/cancel"));
        assert!(
            matches!(About::in_path("/v1/returns/o-7k2-r1/approve"), About::Return(id) if id.as_str() == "o-7k2-r1")
        );
        assert!(matches!(About::in_path("/v1/stores/leeds/closure"), About::Nothing));
    }
}
