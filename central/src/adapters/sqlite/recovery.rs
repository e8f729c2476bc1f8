//! The window after a restore. It begins when central learns that its database is an older one; a
//! store that replays tells what was lost; until every store has, or a person overrides, nothing of
//! before the restore moves.

use super::counters::incarnation;
use super::documents::Digests;
use super::exceptions::{raise, settle};
use super::given::Given;
use super::pen::raise_incarnation;
use super::row::{list, one, parsed, run};
use super::sql::sql;
use super::state::State;
use super::timeline::refresh;
use super::{Result, SqliteStore, error, lost_gatherings, recovery_report, rights, rivals};
use crate::core::recovery as words;
use crate::ports::StoreError;
use crate::ports::access::ReplicaIdentity;
use crate::ports::recovery::{OverrideOutcome, Recoveries, Recovery};
use async_trait::async_trait;
use holdfast_platform::sqlite::{Provenance, Standing};
use holdfast_shared::error::Code;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{Actor, OrderId, StoreId, TenantId};
use holdfast_shared::limits::{INCARNATION_LEAP_MAX, INCARNATION_STEP_MAX};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::SyncRequest;
use rusqlite::{Connection, named_params};

#[async_trait]
impl Recoveries for SqliteStore {
    async fn begin_recovery(&self, cause: &str, now: UtcMs) -> Result<u32> {
        let cause = cause.to_owned();
        self.write(move |conn, state| begin(conn, state, &cause, 0, None, now)).await
    }

    async fn recovery(&self, tenant: &TenantId) -> Result<Option<Recovery>> {
        let tenant = tenant.clone();
        self.read(move |conn| recovery_report::recovery(conn, &tenant)).await
    }

    async fn override_recovery(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        reason: &str,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<OverrideOutcome> {
        let (tenant, store) = (tenant.clone(), store.clone());
        let (reason, actor) = (reason.to_owned(), actor.clone());
        self.write(move |conn, state| override_store(conn, state, &tenant, &store, (&reason, &actor), now))
            .await
    }
}

/// What the witness beside the database says, when it opens: it saw commits that are not here, or
/// another database, or is not there itself. Tells the incarnation that was begun.
pub(super) fn heed_witness(
    conn: &Connection,
    state: &mut State,
    provenance: Option<&Provenance>,
    now: UtcMs,
) -> Result<Option<u32>> {
    let Some(provenance) = provenance else { return Ok(None) };
    let seen = provenance.witnessed.and_then(|seen| Given::of_note(&seen.note));
    let lost = match provenance.standing {
        Standing::Lost(lost) => lost,
        // A copy on a machine that never had another, most likely: nobody says that it is the newest.
        Standing::Unwitnessed if !tenants(conn)?.is_empty() => {
            let cause = "no witness beside the database says that it is the newest there was";
            return begin(conn, state, cause, 0, None, now).map(Some);
        }
        // Put back once more before much was written, it has as many commits as its witness saw.
        Standing::Whole => {
            let ours = incarnation(conn)?;
            let Some(later) = seen.filter(|seen| seen.incarnation > ours) else { return Ok(None) };
            let cause = "the witness beside the database saw a later incarnation than it knows";
            return begin(conn, state, cause, later.incarnation, Some(later), now).map(Some);
        }
        Standing::Unwitnessed | Standing::New => return Ok(None),
    };
    let cause = if lost.replaced {
        "another database lay here before".to_owned()
    } else {
        format!("{} commits that were acknowledged are not in this database", lost.commits)
    };
    let above = seen.map_or(0, |seen| seen.incarnation);
    let comparable = seen.filter(|_| !lost.replaced);
    begin(conn, state, &cause, above, comparable, now).map(Some)
}

/// Raises the incarnation above its own and `above`, and waits for every replica that is enrolled.
fn begin(
    conn: &Connection,
    state: &mut State,
    cause: &str,
    above: u32,
    seen: Option<Given>,
    now: UtcMs,
) -> Result<u32> {
    let was = Given::read(conn)?;
    // Numbers of another incarnation say nothing about this one's.
    let comparable = seen.filter(|seen| seen.incarnation == was.incarnation);
    let step = if seen.is_some() { 1 } else { unlike_others(state.seed()) };
    let raised = above.max(was.incarnation).saturating_add(step);
    raise_incarnation(conn, state, raised)?;
    let given = |number: fn(Given) -> u64| comparable.map(number);
    let params = named_params! {
        ":incarnation": raised,
        ":before": was.incarnation,
        ":now": now.0,
        ":cause": cause,
        ":orders_up_to": signed(was.orders)?,
        ":known_fence": signed(was.fence)?,
        ":known_fact": signed(was.fact)?,
        ":given_fence": given(|seen| seen.fence).map(signed).transpose()?,
        ":given_fact": given(|seen| seen.fact).map(signed).transpose()?,
        ":given_orders": given(|seen| seen.orders).map(signed).transpose()?,
    };
    run(conn, sql!(RECOVERY.begin), params)?;
    run(conn, sql!(RECOVERY.forget_seen), [])?;
    run(conn, sql!(RECOVERY.wait_for_all), [])?;
    run(conn, sql!(RECOVERY.all_were_sent), [])?;
    rights::doubt_all(conn)?;
    for tenant in tenants(conn)? {
        settle(conn, &tenant, words::WINDOW_KEY, "another restore followed", now)?;
        raise(conn, &tenant, &words::window_begun(raised, cause), now)?;
    }
    tracing::warn!(incarnation = raised, cause, "restored from a backup; every store is asked to tell all");
    Ok(raised)
}

/// Nobody knows how often the same backup was put back before. Another step each time, so that what this
/// incarnation says is not taken for what another one said; a store that heard of a later one tells.
fn unlike_others(seed: [u8; 8]) -> u32 {
    let drawn = u64::from_le_bytes(seed) % u64::from(INCARNATION_STEP_MAX);
    u32::try_from(drawn).unwrap_or(0).saturating_add(1)
}

/// Those whose stores can tell something.
fn tenants(conn: &Connection) -> Result<Vec<TenantId>> {
    list(conn, sql!(RECOVERY.tenants), [], |row| parsed(row, "tenant"))
}

fn signed(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(error::unreadable)
}

/// What a replica has heard of central proves a restore, whatever a marker said: an incarnation that
/// this database never had, or more changes than it ever made.
pub(super) fn heed_echo(
    conn: &Connection,
    state: &mut State,
    from: &ReplicaIdentity,
    request: &SyncRequest,
    now: UtcMs,
) -> Result<()> {
    if !Guard::IncarnationCheck.stands() {
        return Ok(());
    }
    let Some(heard) = request.incarnation else { return Ok(()) };
    let ours = incarnation(conn)?;
    let sequence = Digests::read(conn, &from.tenant, &from.store)?.sequence;
    let ahead = heard == u64::from(ours) && request.cursor > u64::try_from(sequence).unwrap_or(0);
    if heard <= u64::from(ours) && !ahead {
        return Ok(());
    }
    let leap = u64::from(ours).saturating_add(u64::from(INCARNATION_LEAP_MAX));
    let above = u32::try_from(heard).ok().filter(|_| heard <= leap).ok_or_else(|| StoreError {
        code: Code::InvalidRequest,
        what: format!("{} speaks of incarnation {heard}, and this is {ours}", from.replica),
        source: None,
    })?;
    // Every tenant is told of it, so it names nobody.
    tracing::warn!(tenant = %from.tenant, replica = %from.replica, "it has heard of more than this database ever made");
    let cause = String::from("a store has heard of changes that this database never made");
    begin(conn, state, &cause, above, None, now)?;
    Ok(())
}

/// A replica that has heard of this incarnation offers all that it has; equal roots then say that it
/// holds nothing that is not here.
pub(super) fn heed_level(
    conn: &Connection,
    state: &mut State,
    from: &ReplicaIdentity,
    request: &SyncRequest,
    now: UtcMs,
) -> Result<()> {
    let heard = request.incarnation == Some(u64::from(incarnation(conn)?));
    let level = Digests::read(conn, &from.tenant, &from.store)?.root == request.root;
    if !heard || !level || request.more {
        return Ok(());
    }
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":replica": from.replica.as_str(),
        ":now": now.0,
    };
    if run(conn, sql!(RECOVERY.replayed), params)? == 0 {
        return Ok(());
    }
    tracing::info!(tenant = %from.tenant, replica = %from.replica, "has replayed what the restore lost");
    end_if_over(conn, state, &from.tenant, now)
}

fn override_store(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    store: &StoreId,
    (reason, actor): (&str, &Actor),
    now: UtcMs,
) -> Result<OverrideOutcome> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":actor": actor.as_str(),
        ":reason": reason,
        ":now": now.0,
    };
    let replicas = u32::try_from(run(conn, sql!(RECOVERY.override), params)?).unwrap_or(u32::MAX);
    if replicas == 0 {
        return Ok(OverrideOutcome::NotWaitedFor);
    }
    raise(conn, tenant, &words::overridden(store, actor, reason), now)?;
    let told = format!("central no longer waits for what {store} did before the restore: {reason}");
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":actor": actor.as_str(),
        ":words": told,
        ":now": now.0,
    };
    run(conn, sql!(RECOVERY.tell_held), params)?;
    end_if_over(conn, state, tenant, now)?;
    Ok(OverrideOutcome::Overridden { replicas })
}

/// When nobody is waited for, what waited goes on. Again when an overridden store comes back.
fn end_if_over(conn: &Connection, state: &mut State, tenant: &TenantId, now: UtcMs) -> Result<()> {
    if one(conn, sql!(RECOVERY.waits), [tenant.as_str()], |_| Ok(()))?.is_some() {
        return Ok(());
    }
    let waited: Vec<OrderId> =
        list(conn, sql!(RECOVERY.cancels_that_waited), [tenant.as_str()], |row| parsed(row, "order_id"))?;
    for order in waited {
        let named = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str() };
        run(conn, sql!(ORDERS.cancel_open_units), named)?;
        refresh(conn, tenant, &order, now)?;
    }
    rivals::settle_after_recovery(conn, state, tenant, now)?;
    lost_gatherings::give_up(conn, state, tenant, now)?;
    let over = "every store has replayed, or was overridden";
    settle(conn, tenant, words::WINDOW_KEY, over, now)?;
    settle(conn, tenant, words::LOST_KEY, "compared anew", now)?;
    if let Some(detail) = recovery_report::lost_in_words(conn, tenant)? {
        raise(conn, tenant, &words::lost(detail), now)?;
    }
    tracing::info!(%tenant, "the recovery is over; orders of before the restore move again");
    Ok(())
}
