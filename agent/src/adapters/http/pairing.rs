//! Pairing of tills, handhelds and technicians' tools: a short code, once, against a token.

use super::auth::Caller;
use super::body::Said;
use super::problem::{Failure, internal, invalid, refused};
use super::state::Api;
use super::view::{DeviceView, stamp};
use crate::ports::ledger::Role;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::random;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::DeviceId;
use holdfast_shared::limits::{ID_CHARS_MAX, PAIRING_CODE_MS};
use holdfast_shared::time::Now;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who sets devices up.
const SETUP: &[Role] = &[Role::Manager, Role::Tech];

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Offer {
    role: Role,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Offered {
    #[schema(example = "K7Q4-M9TX")]
    pub code: String,
    pub role: Role,
    pub expires: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Pair {
    code: String,
    /// What staff call the device.
    #[schema(example = "Front handheld")]
    name: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct Paired {
    device: DeviceId,
    name: String,
    role: Role,
    /// Part of the device's fact ids: `{device}.{generation}.{n}`.
    generation: u32,
    /// Sent as a bearer token from now on. Told only here.
    token: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct DeviceList {
    devices: Vec<DeviceView>,
}

/// Make a one-time code for a new device.
#[utoipa::path(
    post, path = "/v1/pairings", tag = "devices", security(("device" = []), ("admin" = [])), request_body = Offer,
    responses(
        (status = 201, description = "Good once, for ten minutes", body = Offered),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn offer(
    State(api): State<Api>,
    caller: Caller,
    Said { value: Offer { role }, .. }: Said<Offer>,
) -> Result<(StatusCode, Json<Offered>), Failure> {
    caller.admin_or(SETUP)?;
    let code = random::code().map_err(|error| internal(&error))?;
    let now = api.now();
    let until = Now { utc: now.utc.plus(PAIRING_CODE_MS), mono: now.mono.plus(PAIRING_CODE_MS) };
    api.devices().offer_pairing(api.hash(&code), role, until).await?;
    Ok((StatusCode::CREATED, Json(Offered { code, role, expires: stamp(until.utc) })))
}

/// Pair this device. Open, and slow to be guessed at.
#[utoipa::path(
    post, path = "/v1/pair", tag = "devices", request_body = Pair,
    responses(
        (status = 201, description = "Its identity and credential", body = Paired),
        (status = 410, description = "The code is worth nothing", body = Problem),
        (status = 429, description = "Too many codes were tried", body = Problem),
    )
)]
pub(super) async fn pair(
    State(api): State<Api>,
    Said { value: Pair { code, name }, .. }: Said<Pair>,
) -> Result<(StatusCode, Json<Paired>), Failure> {
    let now = api.now();
    if !api.tries().take(now.mono) {
        return Err(refused(Code::TooManyRequests, "too many codes were tried"));
    }
    let name = name.trim();
    if name.is_empty() || name.chars().count() > ID_CHARS_MAX || name.chars().any(char::is_control) {
        let detail = format!("the name has 1 to {ID_CHARS_MAX} characters");
        return Err(refused(Code::InvalidRequest, detail));
    }
    let token = random::token().map_err(|error| internal(&error))?;
    let code = random::normal_code(&code);
    let paired = api.devices().pair(api.hash(&code), name, api.hash(&token), now).await?;
    let device = paired
        .ok_or_else(|| refused(Code::CodeExpired, "this code is wrong, was used, or is past its time"))?;
    api.hub().publish(super::events::Event::Status);
    let paired = Paired {
        device: device.device,
        name: device.name,
        role: device.role,
        generation: device.generation,
        token,
    };
    Ok((StatusCode::CREATED, Json(paired)))
}

/// Every paired device.
#[utoipa::path(
    get, path = "/v1/devices", tag = "devices", security(("device" = []), ("admin" = [])),
    responses(
        (status = 200, description = "The devices", body = DeviceList),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(State(api): State<Api>, caller: Caller) -> Result<Json<DeviceList>, Failure> {
    caller.admin_or(SETUP)?;
    let devices = api.devices().devices().await?;
    Ok(Json(DeviceList { devices: devices.into_iter().map(DeviceView::from).collect() }))
}

/// Unpair a device; its token is worth nothing from then on.
#[utoipa::path(
    delete, path = "/v1/devices/{device}", tag = "devices", security(("device" = []), ("admin" = [])),
    params(("device" = String, Path, description = "The device")),
    responses(
        (status = 204, description = "It is gone"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn unpair(
    State(api): State<Api>,
    caller: Caller,
    Path(device): Path<String>,
) -> Result<StatusCode, Failure> {
    caller.admin_or(SETUP)?;
    let device = DeviceId::new(device).map_err(invalid)?;
    let gone = api.devices().unpair(&device).await?;
    api.known().clear();
    api.presence().forget(&device);
    if gone {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(refused(Code::NotFound, format!("no device {device} is paired here")))
    }
}
