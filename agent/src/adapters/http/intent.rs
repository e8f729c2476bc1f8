//! From a request to an intent, and from what was executed to an answer.

use super::auth::Caller;
use super::events::Event;
use super::problem::{Failure, invalid};
use super::state::Api;
use crate::core::command::{Answer, Command, Intent};
use crate::ports::ledger::{Device, Executed, Role};
use axum::Json;
use axum::http::HeaderName;
use axum::response::{IntoResponse, Response};
use holdfast_shared::ids::{Actor, FactId, IdempotencyKey, TraceId};
use serde::Serialize;

/// Tells a retry that its answer is the one from the first time.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// One wish of one device.
pub(super) fn intent(
    device: &Device,
    key: IdempotencyKey,
    hash: [u8; 32],
    trace: TraceId,
) -> Result<Intent, Failure> {
    let actor = Actor::new(device.device.as_str()).map_err(invalid)?;
    let fact_id = own_fact_id(device, &key);
    Ok(Intent { device: device.device.clone(), actor, key, request_hash: hash, fact_id, trace: Some(trace) })
}

/// A key of the form `{device}.{generation}.{n}` of this very device is the id of the fact. One of
/// another device, or of an earlier pairing, is only a key.
fn own_fact_id(device: &Device, key: &IdempotencyKey) -> Option<FactId> {
    let number = key.as_str().strip_prefix(&format!("{}.{}.", device.device, device.generation))?;
    FactId::new(&device.device, device.generation, number.parse().ok()?)
        .ok()
        .filter(|id| id.as_str() == key.as_str())
}

/// What a manager alone may say.
pub(super) async fn execute_for_manager(
    api: &Api,
    caller: &Caller,
    (key, trace, hash): (IdempotencyKey, TraceId, [u8; 32]),
    command: Command,
) -> Result<Executed, Failure> {
    let device = caller.device(&[Role::Manager])?;
    execute(api, intent(device, key, hash, trace)?, command).await
}

/// Executes, and tells screens and sync what happened.
pub(super) async fn execute(api: &Api, intent: Intent, command: Command) -> Result<Executed, Failure> {
    let executed = api.ledger().execute(intent, command, api.now()).await?;
    if !executed.replayed {
        match &executed.answer {
            Answer::Moved { positions, .. } => {
                let skus = positions.iter().map(|position| position.sku.clone()).collect();
                api.hub().publish(Event::Stock { skus });
            }
            Answer::Task { state } => {
                api.hub().publish(Event::Task { task: state.task.clone(), status: state.status() });
                let skus = state.lines.iter().map(|line| line.sku.clone()).collect();
                api.hub().publish(Event::Stock { skus });
            }
            Answer::Closure { .. } | Answer::Planned { .. } => api.hub().publish(Event::Status),
        }
        api.committed();
    }
    Ok(executed)
}

/// The answer, marked when it is the one of an earlier try.
pub(super) fn answer(body: impl Serialize, replayed: bool) -> Response {
    if replayed { ([(REPLAYED, "true")], Json(body)).into_response() } else { Json(body).into_response() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::ledger::Role;
    use holdfast_shared::time::UtcMs;

    fn id_of(key: &str) -> Option<String> {
        let device = Device {
            device: "hh-3".parse().unwrap(),
            name: "Front".to_owned(),
            role: Role::Picker,
            generation: 2,
            paired_at: UtcMs(0),
            seen_at: None,
        };
        own_fact_id(&device, &key.parse().unwrap()).map(|id| id.to_string())
    }

    #[test]
    fn a_devices_own_counter_names_the_fact() {
        assert_eq!(id_of("hh-3.2.41").as_deref(), Some("hh-3.2.41"));
    }

    #[test]
    fn another_devices_counter_or_an_earlier_pairing_does_not() {
        for key in ["hh-4.2.41", "hh-3.1.41", "hh-3.2.041", "hh-3.2.41.1", "hh-3.2.", "6ba7b810"] {
            assert_eq!(id_of(key), None, "{key}");
        }
    }
}
