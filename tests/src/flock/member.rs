//! One store of the flock: a connection, a heartbeat, a sync.

use super::{Air, Prepared};
use anyhow::Result;
use holdfast_agent::adapters::mqtt::{Broker, MqttUplink};
use holdfast_agent::ports::ledger::Identity;
use holdfast_agent::ports::uplink::Uplink;
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_shared::ids::StoreId;
use holdfast_shared::time::{Hlc, MonoMs, Now, UtcMs};
use holdfast_shared::wire::signal::{Freshness, Heartbeat, Vitals, encode};
use holdfast_shared::wire::sync::{SYNC_CONTENT_TYPE, SyncMessage, SyncRequest};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_util::sync::CancellationToken;

/// One freshness for so many heartbeats, as an agent sends them.
const FRESHNESS_EVERY: u64 = 3;
/// Waits between two tries, of the broker and of central.
const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(8);
/// A flood waits this long for the queue of its connection.
const QUEUE_WAIT: Duration = Duration::from_millis(2);
const FLOOD_TRIES_MAX: u32 = 30_000;
const GIGABYTE: u64 = 1_000_000_000;

/// What has become of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lot {
    Well,
    /// Its connections broke, and none comes about.
    Cut,
    /// Its power is gone: nobody tells the other ends.
    Dark,
    /// It said goodbye.
    Left,
}

#[derive(Debug)]
pub struct Member {
    identity: Identity,
    secret: String,
    request: SyncRequest,
    uplink: MqttUplink,
    lot: watch::Sender<Lot>,
    connected: watch::Sender<bool>,
    began: MonoMs,
    /// Counts over all signals, whatever carries them.
    sequence: AtomicU64,
    /// When it last said something that should have reached central.
    last_word: AtomicI64,
}

impl Member {
    pub(super) fn new(prepared: Prepared, broker: SocketAddr) -> Self {
        let Prepared { identity, secret, request } = prepared;
        let identity = Identity {
            tenant: identity.tenant,
            store: identity.store,
            replica: identity.replica,
            boot: request.boot.clone(),
        };
        let broker = Broker { host: broker.ip().to_string(), port: broker.port(), secret: secret.clone() };
        Self {
            uplink: MqttUplink::new(identity.clone(), broker),
            identity,
            secret,
            request,
            lot: watch::channel(Lot::Well).0,
            connected: watch::channel(false).0,
            began: SystemClock.now().mono,
            sequence: AtomicU64::new(0),
            last_word: AtomicI64::new(0),
        }
    }

    #[must_use]
    pub const fn store(&self) -> &StoreId {
        &self.identity.store
    }

    pub fn meets(&self, lot: Lot) {
        self.lot.send_replace(lot);
    }

    /// Whether the broker hears it. Of one in the dark the connection stands, and nobody is there.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        *self.connected.borrow() && self.is_well()
    }

    #[must_use]
    pub fn last_word(&self) -> UtcMs {
        UtcMs(self.last_word.load(Ordering::Relaxed))
    }

    fn is_well(&self) -> bool {
        *self.lot.borrow() == Lot::Well
    }

    fn spoke(&self, at: Now) {
        self.last_word.store(at.utc.0, Ordering::Relaxed);
    }

    fn next(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// A store with which all is well.
    fn heartbeat(&self, now: Now) -> Heartbeat {
        let Identity { tenant, store, replica, boot } = self.identity.clone();
        let vitals = Vitals {
            pos_paired: 2,
            pos_seen_ms_ago: Some(2_000),
            handhelds_paired: 3,
            handheld_seen_ms_ago: Some(4_000),
            last_movement_ms_ago: Some(9_000),
            sync_ok_ms_ago: Some(1_000),
            unsynced_facts: 0,
            open_tasks: 1,
            disk_free_bytes: Some(100 * GIGABYTE),
            disk_total_bytes: Some(250 * GIGABYTE),
            database_ok: Some(true),
            ballast_held: Some(true),
            clock_offset_ms: Some(3),
            memory_bytes: Some(20_000_000),
            load_1m: Some(0.1),
            temperature_c: Some(41.0),
            on_battery: Some(false),
            battery_percent: None,
            closure: None,
            planned: Vec::new(),
        };
        Heartbeat {
            tenant,
            store,
            replica,
            boot,
            sequence: self.next(),
            sent_at: now.utc,
            uptime_ms: now.mono.since(self.began),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            vitals,
            root: self.request.root.to_string(),
            stock_digest: self.request.stock_digest.to_string(),
        }
    }

    fn freshness(&self) -> Freshness {
        let Identity { tenant, store, replica, boot } = self.identity.clone();
        Freshness {
            tenant,
            store,
            replica,
            boot,
            sequence: self.next(),
            positions: 100_000,
            last_movement_ms_ago: Some(9_000),
            last_count_ms_ago: Some(3_600_000),
            oldest_unsynced_ms_ago: None,
            unsynced_facts: 0,
        }
    }
}

/// One connection to the broker after the other, with growing waits between them.
pub(super) async fn stay_connected(member: Arc<Member>, first: Duration) {
    let mut lot = member.lot.subscribe();
    let mut pause = PAUSE_MIN;
    pass(first).await;
    loop {
        if lot.wait_for(|lot| *lot == Lot::Well).await.is_err() {
            return;
        }
        let goodbye = CancellationToken::new();
        let on_change = |connected: bool| {
            member.connected.send_replace(connected);
        };
        {
            let mut connection = pin!(member.uplink.connection(&goodbye, &|_poke| {}, &on_change));
            let fate = tokio::select! {
                _end = &mut connection => Lot::Well,
                changed = lot.wait_for(|lot| *lot != Lot::Well) => changed.map_or(Lot::Cut, |lot| *lot),
            };
            match fate {
                Lot::Well | Lot::Cut => {}
                Lot::Left => {
                    goodbye.cancel();
                    let _goodbye = connection.await;
                }
                // Nobody reads the connection or writes to it, and it stays open.
                Lot::Dark => drop(lot.wait_for(|lot| *lot != Lot::Dark).await),
            }
        }
        // One that stood was no failed try.
        pause = if member.connected.send_replace(false) { PAUSE_MIN } else { (pause * 2).min(PAUSE_MAX) };
        pass(some_of(pause, &member)).await;
    }
}

/// A heartbeat on a timer, while the broker is there.
pub(super) async fn beat(member: Arc<Member>, air: Arc<Air>, first: Duration) {
    let mut ticks = ticking(air.habits.beat_every, first);
    let mut beats = 0_u64;
    let mut connected = member.connected.subscribe();
    loop {
        // A new connection is greeted with a beat, as the agent does.
        let greeted = async {
            connected.mark_unchanged();
            while connected.changed().await.is_ok() && !*connected.borrow() {}
        };
        tokio::select! {
            _ = ticks.tick() => {}
            () = greeted => {}
        }
        if !member.is_well() || !member.is_connected() || !air.beating.load(Ordering::Relaxed) {
            continue;
        }
        let now = SystemClock.now();
        let heartbeat = member.heartbeat(now);
        if is_lost(&air, &member, heartbeat.sequence) {
            air.lost.fetch_add(1, Ordering::Relaxed);
        } else if member.uplink.heartbeat(&heartbeat).await.is_ok() {
            air.beats.fetch_add(1, Ordering::Relaxed);
            member.spoke(now);
        }
        let freshness = member.freshness();
        if beats.is_multiple_of(FRESHNESS_EVERY) && !is_lost(&air, &member, freshness.sequence) {
            // A signal may be lost; the next one says it again.
            drop(member.uplink.freshness(&freshness).await);
        }
        beats = beats.wrapping_add(1);
    }
}

/// By chance, and the same in every run.
fn is_lost(air: &Air, member: &Member, sequence: u64) -> bool {
    let permille = air.lost_permille.load(Ordering::Relaxed);
    permille > 0 && u32::from(chance(&format!("{}/{sequence}", member.store()))) % 1_000 < permille
}

fn chance(of: &str) -> u16 {
    let [low, high, ..] = *blake3::hash(of.as_bytes()).as_bytes();
    u16::from_le_bytes([low, high])
}

/// Heartbeats without a pause. How many the connection took.
pub(super) async fn flood(member: Arc<Member>, each: u32) -> u64 {
    let mut sent = 0;
    for _ in 0..each {
        let now = SystemClock.now();
        let heartbeat = member.heartbeat(now);
        for _ in 0..FLOOD_TRIES_MAX {
            if member.uplink.heartbeat(&heartbeat).await.is_ok() {
                member.spoke(now);
                sent += 1;
                break;
            }
            pass(QUEUE_WAIT).await;
        }
    }
    sent
}

/// A sync on a timer. While the broker is lost, health goes with it.
pub(super) async fn sync(member: Arc<Member>, air: Arc<Air>, first: Duration) {
    let mut ticks = ticking(air.habits.sync_every, first);
    let mut lost_since: Option<Now> = None;
    let mut pause = PAUSE_MIN;
    loop {
        ticks.tick().await;
        if !member.is_well() || !air.syncing.load(Ordering::Relaxed) {
            lost_since = None;
            continue;
        }
        let now = SystemClock.now();
        let health = if member.is_connected() {
            lost_since = None;
            None
        } else {
            let since = *lost_since.get_or_insert(now);
            let lost = Duration::from_millis(now.mono.since(since.mono).unsigned_abs());
            (lost >= air.habits.signals_lost).then(|| member.heartbeat(now))
        };
        match one_sync(&member, &air, health.as_ref(), now).await {
            Answer::Taken => {
                pause = PAUSE_MIN;
                member.spoke(now);
                air.synced.fetch_add(1, Ordering::Relaxed);
            }
            Answer::Wait(asked) => {
                air.turned_away.fetch_add(1, Ordering::Relaxed);
                ticks.reset_after(asked + some_of(PAUSE_MIN * 2, &member));
            }
            Answer::None => {
                air.unanswered.fetch_add(1, Ordering::Relaxed);
                pause = (pause * 2).min(PAUSE_MAX);
                ticks.reset_after(some_of(pause, &member));
            }
        }
    }
}

enum Answer {
    Taken,
    Wait(Duration),
    None,
}

async fn one_sync(member: &Member, air: &Air, health: Option<&Heartbeat>, now: Now) -> Answer {
    let request = SyncRequest {
        sent_at: Hlc { wall: now.utc, counter: 0 },
        health: health.and_then(|beat| String::from_utf8(encode(beat).ok()?).ok()),
        ..member.request.clone()
    };
    match post(member, air, &request).await {
        Ok((StatusCode::OK, _)) => Answer::Taken,
        Ok((_, Some(seconds))) => Answer::Wait(Duration::from_secs(seconds)),
        Ok((_, None)) | Err(_) => Answer::None,
    }
}

async fn post(member: &Member, air: &Air, request: &SyncRequest) -> Result<(StatusCode, Option<u64>)> {
    let body = request.encode()?;
    let _one = air.line.acquire().await?;
    let posted = air.http.post(&air.url).bearer_auth(&member.secret).header(CONTENT_TYPE, SYNC_CONTENT_TYPE);
    let answer = posted.body(body).send().await?;
    let wait = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let status = answer.status();
    answer.bytes().await?;
    Ok((status, wait))
}

fn ticking(every: Duration, first: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + first, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Between half of it and all of it, another part for each store.
fn some_of(whole: Duration, member: &Member) -> Duration {
    let sequence = member.sequence.load(Ordering::Relaxed);
    let part = u32::from(chance(&format!("{}/wait/{sequence}", member.store())) % 1_000);
    whole / 2 + whole * part / 2_000
}

async fn pass(time: Duration) {
    let _elapsed = timeout(time, std::future::pending::<()>()).await;
}
