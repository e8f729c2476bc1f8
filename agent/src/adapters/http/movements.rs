//! Movements of stock: sales, returns, receipts, adjustments, counts, transfers.

use super::auth::{Caller, role_word};
use super::body::Said;
use super::intent::{answer, execute, intent};
use super::problem::{Failure, other_answer, refused};
use super::state::Api;
use super::view::SkuView;
use crate::core::command::{Answer, Command, MovementKind, MovementRequest};
use crate::ports::ledger::{Device, Role};
use axum::extract::State;
use axum::response::Response;
use holdfast_platform::http::{Idempotency, Trace};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::FactId;
use holdfast_shared::limits::{MOVEMENTS_MAX, NOTE_CHARS_MAX};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Movements {
    /// Between 1 and 500; all of them are recorded, or none.
    movements: Vec<MovementRequest>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Moved {
    /// The facts that were recorded.
    pub(super) facts: Vec<FactId>,
    /// The stock of the SKUs afterwards.
    pub(super) skus: Vec<SkuView>,
}

/// Record movements. A till sells and takes back, a picker counts and takes in what another store sent, a
/// manager does all.
#[utoipa::path(
    post, path = "/v1/movements", tag = "stock", security(("device" = [])), request_body = Movements,
    params(("idempotency-key" = String, Header, description = "One per intent, kept for retries")),
    responses(
        (status = 200, description = "Recorded on disk", body = Moved),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn record(
    State(api): State<Api>,
    caller: Caller,
    Idempotency(key): Idempotency,
    Trace(trace): Trace,
    Said { value: Movements { movements }, hash }: Said<Movements>,
) -> Result<Response, Failure> {
    let device = caller.device(&[Role::Pos, Role::Picker, Role::Manager])?;
    if movements.is_empty() || movements.len() > MOVEMENTS_MAX {
        let detail = format!("{} movements: expected 1 to {MOVEMENTS_MAX}", movements.len());
        return Err(refused(Code::InvalidRequest, detail));
    }
    for movement in &movements {
        check(device, movement)?;
    }
    let intent = intent(device, key, hash, trace)?;
    let executed = execute(&api, intent, Command::Move(movements)).await?;
    match executed.answer {
        Answer::Moved { facts, positions } => {
            let skus = positions.into_iter().map(SkuView::from).collect();
            Ok(answer(Moved { facts, skus }, executed.replayed))
        }
        Answer::Task { .. } | Answer::Closure { .. } | Answer::Planned { .. } => Err(other_answer()),
    }
}

fn check(device: &Device, movement: &MovementRequest) -> Result<(), Failure> {
    if !may_record(device.role, movement.kind) {
        let detail =
            format!("this device is paired as {} and does not record this kind", role_word(device.role));
        return Err(refused(Code::Forbidden, detail));
    }
    if movement.note.as_ref().is_some_and(|note| note.chars().count() > NOTE_CHARS_MAX) {
        return Err(refused(
            Code::InvalidRequest,
            format!("a note is longer than {NOTE_CHARS_MAX} characters"),
        ));
    }
    Ok(())
}

const fn may_record(role: Role, kind: MovementKind) -> bool {
    match role {
        Role::Manager => true,
        Role::Pos => matches!(kind, MovementKind::Sale | MovementKind::Return),
        // Who unpacks what another store sent is seldom the manager.
        Role::Picker => matches!(kind, MovementKind::Count | MovementKind::TransferIn),
        Role::Tech => false,
    }
}
