//! What a checkout asks before there is an order. It never learns which node would send what.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use super::traces::keep;
use crate::core::promise::{PromiseOption, PromiseRequest};
use crate::flows::FlowError;
use crate::flows::promise::{Ask, Lack, Promised, Promiser, WhyNot, promise};
use crate::ports::promises::{Accuracy, CartPromise, GivenBack, PromiseEnd};
use crate::ports::traces::Subject;
use axum::Json;
use axum::extract::{Path, State};
use holdfast_platform::http::{ApiJson, ApiQuery, Called, Idempotency};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{OrderId, PromiseId, Sku};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the customer may choose, earliest first, and what cannot be promised.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PromiseAnswer {
    /// Names the units that are set aside; an order takes them over by it. Absent without a hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    promise: Option<PromiseId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_until: Option<UtcMs>,
    /// The same request came before under the same key; this is its answer again.
    replayed: bool,
    options: Vec<PromiseOption>,
    unavailable: Vec<Unavailable>,
}

/// A kind that was asked for and has no option.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Unavailable {
    kind: FulfilmentKind,
    #[schema(example = "not all of it is there")]
    words: String,
    /// The lines of which too little is there.
    lines: Vec<ShortLine>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ShortLine {
    sku: Sku,
    wanted: i64,
    available: i64,
}

impl From<Promised> for PromiseAnswer {
    fn from(promised: Promised) -> Self {
        let mut options = Vec::new();
        let mut unavailable = Vec::new();
        for answer in promised.answers {
            options.extend(answer.options);
            if let Some(why) = answer.why_not {
                unavailable.push(Unavailable::of(answer.kind, why));
            }
        }
        options.sort_by_key(|option: &PromiseOption| option.by);
        let (promise, held_until, replayed) = match promised.hold {
            Some(hold) => (Some(hold.promise), Some(hold.until), hold.replayed),
            None => (None, None, false),
        };
        Self { promise, held_until, replayed, options, unavailable }
    }
}

impl Unavailable {
    fn of(kind: FulfilmentKind, why: WhyNot) -> Self {
        let short = |lack: Lack| ShortLine { sku: lack.sku, wanted: lack.wanted, available: lack.available };
        match why {
            WhyNot::Stock(lacks) => {
                let words = if lacks.is_empty() {
                    "the units are there, but not where one order could have them together"
                } else {
                    "not all of it is there"
                };
                Self { kind, words: words.to_owned(), lines: lacks.into_iter().map(short).collect() }
            }
            WhyNot::NoDate(words) => Self { kind, words, lines: Vec::new() },
        }
    }
}

/// How it stands with the units that were set aside.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PromiseState {
    Held,
    /// An order has taken it over.
    TakenOver,
    GivenBack,
    Expired,
}

/// A promise with units set aside.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PromiseView {
    promise: PromiseId,
    kind: FulfilmentKind,
    state: PromiseState,
    options: Vec<PromiseOption>,
    made_at: UtcMs,
    held_until: UtcMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderId>,
}

impl PromiseView {
    fn of(found: CartPromise, now: UtcMs) -> Self {
        let state = match (found.ended, &found.order) {
            (Some(PromiseEnd::GivenBack), _) => PromiseState::GivenBack,
            (_, Some(_)) | (Some(PromiseEnd::Order), None) => PromiseState::TakenOver,
            (Some(PromiseEnd::Expired), None) => PromiseState::Expired,
            // It ends at the next sweep; nobody can take it over any more.
            (None, None) if found.expires_at <= now => PromiseState::Expired,
            (None, None) => PromiseState::Held,
        };
        Self {
            promise: found.promise,
            kind: found.kind,
            state,
            options: found.options,
            made_at: found.made_at,
            held_until: found.expires_at,
            order: found.order,
        }
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Period {
    /// From then on; without it, from the beginning.
    from: Option<UtcMs>,
    /// Until before then; without it, until now.
    to: Option<UtcMs>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccuracyAnswer {
    channels: Vec<Accuracy>,
}

/// Ask what can be promised for a cart. With `hold`, units are set aside; that needs an Idempotency-Key.
#[utoipa::path(post, path = "/v1/promises", tag = "orders", request_body = PromiseRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Needed with hold: chosen once per intent, kept for retries")),
    responses((status = 200, body = PromiseAnswer), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn ask(
    State(app): State<Shared>,
    caller: Caller,
    called: Called,
    key: Result<Idempotency, Refused>,
    ApiJson(request): ApiJson<PromiseRequest>,
) -> Answer<Json<PromiseAnswer>> {
    let key = if request.hold.is_some() { Some(key?.0) } else { None };
    let promiser = Promiser { watch: &app.watch, policy: &*app.policies };
    let now = app.clock.now().utc;
    let ask = Ask { tenant: caller.tenant(), request: &request, key: key.as_ref(), now };
    let promised = promise(&*app.storage, promiser, ask).await.map_err(refusal)?;
    let outcome = match &promised.hold {
        Some(_) => "held",
        None if promised.answers.iter().any(|answer| !answer.options.is_empty()) => "told",
        None => "unavailable",
    };
    metrics::counter!("holdfast_promises_total", "outcome" => outcome).increment(1);
    if let Some(hold) = promised.hold.as_ref().filter(|hold| !hold.replayed) {
        keep(&app, &caller, called, (Subject::Promise(hold.promise.clone()), "promise")).await;
    }
    Ok(Json(promised.into()))
}

/// What the code itself says to do is for a store with a shelf.
fn refusal(error: FlowError) -> Refused {
    let short = error.code() == Code::InsufficientStock;
    let problem = Problem::from(error);
    if short {
        let hint = "Hold less, or ask without hold what can be promised; nothing was set aside.";
        return problem.with_hint(hint).into();
    }
    problem.into()
}

/// A promise that holds units.
#[utoipa::path(get, path = "/v1/promises/{promise}", tag = "orders", params(("promise" = PromiseId, Path)),
    responses((status = 200, body = PromiseView), (status = "4XX", body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Path(promise): Path<String>,
) -> Answer<Json<PromiseView>> {
    let promise: PromiseId = known(&promise, Code::NotFound)?;
    let found = app.storage.cart_promise(caller.tenant(), &promise).await?;
    let found = found.ok_or_else(|| unknown(&promise))?;
    Ok(Json(PromiseView::of(found, app.clock.now().utc)))
}

/// Give back what a promise holds. Asking again changes nothing.
#[utoipa::path(delete, path = "/v1/promises/{promise}", tag = "orders", params(("promise" = PromiseId, Path)),
    responses((status = 200, body = PromiseView), (status = "4XX", body = Problem)))]
pub(super) async fn give_back(
    State(app): State<Shared>,
    caller: Caller,
    Path(promise): Path<String>,
) -> Answer<Json<PromiseView>> {
    let promise: PromiseId = known(&promise, Code::NotFound)?;
    let now = app.clock.now().utc;
    match app.storage.give_back_cart(caller.tenant(), &promise, now).await? {
        GivenBack::Ended(found) => {
            app.work_changed();
            Ok(Json(PromiseView::of(found, now)))
        }
        GivenBack::TakenOver(order) => {
            let what = format!("order {order} has taken it over; cancel the order instead");
            Err(Problem::new(Code::IllegalTransition, what).with_hint("Cancel the order.").into())
        }
        GivenBack::Unknown => Err(unknown(&promise)),
    }
}

/// How well promised dates were kept, by channel and by whose promise it was.
#[utoipa::path(get, path = "/v1/promises/accuracy", tag = "orders", params(Period),
    responses((status = 200, body = AccuracyAnswer), (status = "4XX", body = Problem)))]
pub(super) async fn accuracy(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(period): ApiQuery<Period>,
) -> Answer<Json<AccuracyAnswer>> {
    let now = app.clock.now().utc;
    let (from, to) = (period.from.unwrap_or(UtcMs(0)), period.to.unwrap_or(now.plus(1)));
    if from >= to {
        return Err(Refused::new(Code::InvalidRequest, "from must be before to"));
    }
    let channels = app.storage.promise_accuracy(caller.tenant(), from, to).await?;
    Ok(Json(AccuracyAnswer { channels }))
}

fn unknown(promise: &PromiseId) -> Refused {
    Refused::new(Code::NotFound, format!("there is no promise {promise}, or it was long ago"))
}
