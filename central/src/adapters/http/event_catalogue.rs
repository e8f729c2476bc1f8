//! Which events there are, and what stands in them.

use super::answer::{Answer, Refused};
use super::app::Shared;
use crate::core::events::schema::{example, published};
use crate::core::events::{ALL, Audience, Class, KeyedBy, Kind, by_name};
use axum::Json;
use axum::extract::{Path, State};
use holdfast_shared::error::{Code, Problem};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KindView {
    name: &'static str,
    /// What a CloudEvent of it carries as its type.
    #[serde(rename = "type")]
    cloud_type: String,
    version: u16,
    class: Class,
    key: KeyedBy,
    audience: Vec<Audience>,
    tells: &'static str,
    schema_url: String,
    #[schema(value_type = Object)]
    example: Value,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Catalogue {
    kinds: Vec<KindView>,
}

fn view(app: &Shared, kind: &Kind) -> KindView {
    let mut audience = kind.audience.to_vec();
    audience.push(Audience::Owner);
    KindView {
        name: kind.name,
        cloud_type: format!("{}.{}.v{}", app.naming.type_prefix, kind.name, kind.version),
        version: kind.version,
        class: kind.class,
        key: kind.keyed_by,
        audience,
        tells: kind.tells,
        schema_url: format!("/v1/events/schemas/{}", kind.name),
        example: example(kind),
    }
}

/// Each kind of event, for whom it is, and an example of it.
#[utoipa::path(get, path = "/v1/events/catalogue", tag = "events",
    responses((status = 200, body = Catalogue), (status = "4XX", body = Problem)))]
pub(super) async fn catalogue(State(app): State<Shared>) -> Json<Catalogue> {
    Json(Catalogue { kinds: ALL.iter().map(|kind| view(&app, kind)).collect() })
}

/// The JSON Schema of what a kind of event carries as its data.
#[utoipa::path(get, path = "/v1/events/schemas/{kind}", tag = "events", params(("kind" = String, Path)),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
pub(super) async fn schema(Path(kind): Path<String>) -> Answer<Json<Value>> {
    let found = by_name(&kind);
    let shown: String = kind.chars().take(80).collect();
    found.map(|kind| Json(published(kind))).ok_or_else(|| {
        Refused::new(
            Code::NotFound,
            format!("there is no kind {shown:?}; GET /v1/events/catalogue lists them"),
        )
    })
}
