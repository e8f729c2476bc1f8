//! Import over the LAN API, for when the agent runs and holds the data directory.

use super::auth::Caller;
use super::body::read_bytes;
use super::needs::FileFormat;
use super::problem::{Failure, internal, refused};
use super::state::Api;
use crate::ports::ledger::{Imported, Role};
use axum::Json;
use axum::extract::{Request, State};
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::{Code, Problem};
use serde::Deserialize;

/// Bytes of one file that is sent over the LAN API.
pub const IMPORT_BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct What {
    format: FileFormat,
}

/// Import a catalogue with opening stock: the whole file or nothing.
#[utoipa::path(
    post, path = "/v1/import", tag = "devices", security(("device" = []), ("admin" = [])), 
    params(("format" = inline(FileFormat), Query, description = "csv or jsonl")),
    request_body(content = String, content_type = "text/plain", description = "The file, at most 64 MiB"),
    responses(
        (status = 200, description = "What it changed", body = Imported),
        (status = "default", description = "A problem; its detail names each bad line", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn import(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(What { format }): ApiQuery<What>,
    request: Request,
) -> Result<Json<Imported>, Failure> {
    caller.admin_or(&[Role::Tech])?;
    let bytes = read_bytes(request, &api).await?;
    let read = api.read_file();
    // Parsing takes long enough to hold up everyone else on this thread.
    let items = tokio::task::spawn_blocking(move || read(&bytes, format))
        .await
        .map_err(|error| internal(&error))?
        .map_err(|told| refused(Code::InvalidRequest, told))?;
    let imported = api.import().import(items, Box::new(|_| {}), api.now()).await?;
    api.hub().publish(super::events::Event::Reload);
    api.committed();
    Ok(Json(imported))
}
