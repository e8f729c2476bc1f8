//! The one queue of what a person must look at: found, read, and shown with all that belongs to it.

use super::answer::{Answer, Refused, known};
use super::app::{App, Shared};
use super::doors::Caller;
use super::paging::Paging;
use crate::core::exception::causes::{RootCause, Team};
use crate::core::exception::clock::{SlaClock, sla};
use crate::core::exception::kinds::{kind, previews};
use crate::core::exception::repairs::{Attempt, Preview};
use crate::core::exception::{Category, Exception, ExceptionEvent, ExceptionState, Severity};
use crate::core::order::OrderEvent;
use crate::flows::repair_exception::scene;
use crate::ports::exceptions::QueueFilter;
use axum::Json;
use axum::extract::{Path, State};
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{Actor, ExceptionId, OrderId, StoreId, TaskId};
use holdfast_shared::limits::EXCEPTION_SEARCH_CHARS_MAX;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An exception as it is told, with whose it is and how its clock stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExceptionView {
    #[serde(flatten)]
    pub(super) exception: Exception,
    pub(super) owner: Team,
    pub(super) means: &'static str,
    pub(super) clock: SlaClock,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExceptionPage {
    exceptions: Vec<ExceptionView>,
    next: Option<String>,
}

/// All that belongs to one.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExceptionWhole {
    #[serde(flatten)]
    pub(super) view: ExceptionView,
    /// What can be done about it, and what that would do now.
    pub(super) repairs: Vec<Preview>,
    /// Repairs that were tried.
    pub(super) attempts: Vec<Attempt>,
    /// What was done about it.
    pub(super) events: Vec<ExceptionEvent>,
    /// What happened to the order, beside it; of a store or task alone there is none.
    pub(super) timeline: Vec<OrderEvent>,
    /// Labels that its cause can have.
    pub(super) labels: Vec<RootCause>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExceptionFilter {
    /// Also those that are resolved.
    #[serde(default)]
    pub(super) all: bool,
    /// In this state alone.
    #[param(inline)]
    pub(super) state: Option<ExceptionState>,
    #[param(inline)]
    pub(super) category: Option<Category>,
    #[param(inline)]
    pub(super) severity: Option<Severity>,
    /// Of the kinds that this team owns.
    #[param(inline)]
    pub(super) owner: Option<Team>,
    #[param(inline)]
    pub(super) root_cause: Option<RootCause>,
    /// Who has it, like `key:ann`; `me` is whoever asks.
    pub(super) taken_by: Option<String>,
    pub(super) order: Option<String>,
    pub(super) task: Option<String>,
    pub(super) store: Option<String>,
    /// Words of its detail or suggestion.
    pub(super) q: Option<String>,
    pub(super) cursor: Option<String>,
    pub(super) limit: Option<u32>,
}

pub(super) fn bad(field: &str, what: impl std::fmt::Display) -> Refused {
    Refused::new(Code::InvalidRequest, format!("{field}: {what}"))
}

fn named<T: std::str::FromStr>(field: &str, text: Option<&str>) -> Answer<Option<T>>
where
    T::Err: std::fmt::Display,
{
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|why| bad(field, why))).transpose()
}

impl ExceptionFilter {
    pub(super) fn filter(&self, caller: &Caller) -> Answer<QueueFilter> {
        let open = [ExceptionState::Open, ExceptionState::Taken, ExceptionState::Waiting];
        let states = match self.state {
            Some(state) => vec![state],
            None if self.all => Vec::new(),
            None => open.to_vec(),
        };
        let of = |category: &Category| {
            let owned = self.owner.is_none_or(|owner| kind(*category).owner == owner);
            owned && self.category.is_none_or(|asked| asked == *category)
        };
        let narrowed = self.owner.is_some() || self.category.is_some();
        let categories: Vec<Category> =
            if narrowed { Category::ALL.into_iter().filter(of).collect() } else { Vec::new() };
        if narrowed && categories.is_empty() {
            return Err(bad("owner", "this team does not own that category, so nothing can be found"));
        }
        let words = self.q.as_deref().map(str::trim).filter(|words| !words.is_empty());
        if words.is_some_and(|words| words.chars().count() > EXCEPTION_SEARCH_CHARS_MAX) {
            return Err(bad("q", format!("has at most {EXCEPTION_SEARCH_CHARS_MAX} characters")));
        }
        let taken_by = match self.taken_by.as_deref() {
            Some("me") => Some(caller.actor()?),
            other => named::<Actor>("taken_by", other)?,
        };
        Ok(QueueFilter {
            states,
            categories,
            severity: self.severity,
            root_cause: self.root_cause,
            taken_by,
            order: named::<OrderId>("order", self.order.as_deref())?,
            task: named::<TaskId>("task", self.task.as_deref())?,
            store: named::<StoreId>("store", self.store.as_deref())?,
            words: words.map(str::to_owned),
        })
    }
}

pub(super) fn view(app: &App, caller: &Caller, exception: Exception) -> ExceptionView {
    let kind = kind(exception.category);
    let clock = sla(&exception, &app.policies.of(caller.tenant()).exceptions, app.clock.now().utc);
    ExceptionView { owner: kind.owner, means: kind.means, clock, exception }
}

/// Exceptions, newest first; those that are not over, unless all or one state are asked for.
#[utoipa::path(get, path = "/v1/exceptions", tag = "support", params(ExceptionFilter),
    responses((status = 200, body = ExceptionPage), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<ExceptionFilter>,
) -> Answer<Json<ExceptionPage>> {
    let paging = Paging { cursor: asked.cursor.clone(), limit: asked.limit }.request()?;
    let page = app.storage.exception_page(caller.tenant(), &asked.filter(&caller)?, &paging).await?;
    let exceptions = page.rows.into_iter().map(|exception| view(&app, &caller, exception)).collect();
    Ok(Json(ExceptionPage { exceptions, next: page.next }))
}

/// One exception with what can be done about it, what was tried, and what happened beside it.
#[utoipa::path(get, path = "/v1/exceptions/{exception}", tag = "support",
    params(("exception" = ExceptionId, Path)),
    responses((status = 200, body = ExceptionWhole), (status = "4XX", body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Path(exception): Path<String>,
) -> Answer<Json<ExceptionWhole>> {
    Ok(Json(whole(&app, &caller, &exception).await?))
}

pub(super) async fn whole(app: &App, caller: &Caller, id: &str) -> Answer<ExceptionWhole> {
    let id: ExceptionId = known(id, Code::NotFound)?;
    let found = app.storage.exception(caller.tenant(), &id).await?;
    let exception =
        found.ok_or_else(|| Refused::new(Code::NotFound, format!("there is no exception {id}")))?;
    let (events, attempts) = app.storage.exception_record(caller.tenant(), &id).await?;
    let scene = scene(&*app.storage, &app.watch, caller.tenant(), &exception).await?;
    let timeline = match &exception.order {
        Some(order) => app.storage.timeline(caller.tenant(), order).await?,
        None => Vec::new(),
    };
    Ok(ExceptionWhole {
        repairs: previews(&exception, &scene),
        attempts,
        events,
        timeline,
        labels: kind(exception.category).labels().collect(),
        view: view(app, caller, exception),
    })
}
