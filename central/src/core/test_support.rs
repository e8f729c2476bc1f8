//! Builders for the tests of this crate: one well-formed value each, to change what matters.

use super::fleet::{Arranged, Place, Store, StoreKind, StoreRecord};
use super::order::{OrderLineRequest, OrderRequest};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{FulfilmentKind, Line, Phase, ReleasePoint, TaskState};
use holdfast_shared::ids::{LineNo, TenantId};
use holdfast_shared::time::{Hlc, MonoMs, Now, UtcMs};
use holdfast_shared::wire::signal::{Heartbeat, Vitals};

pub(crate) const LONDON: Place = Place { latitude: 51.5, longitude: -0.12 };

pub(crate) fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

/// Both clocks at the same reading, counted from an ordinary day.
pub(crate) fn at_ms(mono: i64) -> Now {
    Now { utc: UtcMs(1_790_000_000_000 + mono), mono: MonoMs(mono) }
}

pub(crate) fn store(name: &str) -> Store {
    Store {
        store: name.parse().unwrap(),
        name: name.to_owned(),
        kind: StoreKind::Store,
        place: LONDON,
        zone: String::from("Europe/London"),
        hours: Vec::new(),
        fulfils: FulfilmentKind::ALL.into_iter().collect(),
        capacity_tasks: 40,
        buffer_units: 0,
        release_point: ReleasePoint::Packed,
        handles: [].into(),
        handling_cost: None,
        margin_permille: None,
        delivers_km: None,
        region: None,
    }
}

pub(crate) fn record(name: &str) -> StoreRecord {
    StoreRecord {
        tenant: tenant(),
        store: store(name),
        enrolled_replicas: 1,
        open_tasks: 0,
        synced_at: None,
        closures: Vec::new(),
        arranged: Arranged::default(),
        work: Vec::new(),
        recovering: false,
    }
}

pub(crate) fn beat(name: &str, boot: &str, sequence: u64) -> Heartbeat {
    Heartbeat {
        tenant: tenant(),
        store: name.parse().unwrap(),
        replica: format!("{name}-a").parse().unwrap(),
        boot: boot.parse().unwrap(),
        sequence,
        sent_at: UtcMs(0),
        uptime_ms: 1_000,
        version: String::from("0.1.0"),
        vitals: well(),
        root: String::from("r1"),
        stock_digest: String::from("d1"),
    }
}

/// The vitals of a store that nothing speaks against.
pub(crate) fn well() -> Vitals {
    Vitals {
        pos_paired: 1,
        pos_seen_ms_ago: Some(1_000),
        handhelds_paired: 1,
        handheld_seen_ms_ago: Some(1_000),
        last_movement_ms_ago: Some(1_000),
        sync_ok_ms_ago: Some(1_000),
        disk_free_bytes: Some(50),
        disk_total_bytes: Some(100),
        database_ok: Some(true),
        clock_offset_ms: Some(0),
        ..Vitals::default()
    }
}

pub(crate) fn task(store: &str, phase: Phase) -> TaskState {
    TaskState {
        task: "o1-1".parse().unwrap(),
        order: "o1".parse().unwrap(),
        store: store.parse().unwrap(),
        fence: Fence { incarnation: 1, number: 1 },
        kind: FulfilmentKind::Ship,
        release_point: ReleasePoint::Packed,
        phase,
        lines: vec![Line {
            line: LineNo(1),
            sku: "TEA".parse().unwrap(),
            quantity: 2,
            picked: 0,
            short: 0,
            ceded: false,
        }],
        release: None,
        let_go: None,
        recall: None,
        decline_reason: None,
        accept_by: UtcMs(0),
        promise_by: None,
        note: None,
        offered_at: Hlc::default(),
        changed_at: Hlc::default(),
        newest: "central.1.1".parse().unwrap(),
    }
}

pub(crate) fn order_request() -> OrderRequest {
    let lines = vec![OrderLineRequest::of("TEA".parse().unwrap(), 2)];
    OrderRequest {
        reference: Some(String::from("web-1001")),
        ..OrderRequest::of("web", FulfilmentKind::Ship, LONDON, lines)
    }
}
