//! What is personal of orders, in a table of its own. Nothing else in the database has any of it.

use super::exceptions::raise;
use super::outbox::{NewEvent, append};
use super::row::{below, fetch, from_json, list, one, paged, parsed, run, to_json, word};
use super::sql::sql;
use super::timeline::{Happened, central, note};
use super::{Result, SqliteStore, error};
use crate::core::events::key::Key;
use crate::core::events::kinds::changes::PERSONAL_DATA_ERASED;
use crate::core::exception::{Category, NewException, Severity};
use crate::core::order::{OrderRequest, OrderState};
use crate::core::personal::{Contact, CustomerId, Personal};
use crate::ports::contacts::{Contacts, Erased, ErasedOfCustomer, KnownOrder};
use crate::ports::orders::NewOrder;
use crate::ports::{Page, PageRequest};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, OrderId, TenantId};
use holdfast_shared::limits::{CUSTOMER_ORDERS_ERASED_MAX, HOUSEKEEPING_ROWS_MAX};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use serde_json::json;
use std::collections::BTreeMap;

#[async_trait]
impl Contacts for SqliteStore {
    async fn contact(&self, tenant: &TenantId, order: &OrderId) -> Result<Option<Contact>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| find(conn, &tenant, &order)).await
    }

    async fn known_of_customer(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        page: &PageRequest,
    ) -> Result<Page<KnownOrder>> {
        let (tenant, customer, page) = (tenant.clone(), customer.clone(), page.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":customer": customer.as_str(),
                ":below": below(&page)?,
                ":rows": fetch(&page),
            };
            let rows = list(conn, sql!(CONTACTS.known_of_customer), params, |row| {
                let known = KnownOrder {
                    order: parsed(row, "order_id")?,
                    state: word(row, "state")?,
                    placed_at: UtcMs(row.get("placed_at")?),
                    contact: from_json(row, "contact")?,
                    erase_asked_at: row.get::<_, Option<i64>>("erase_asked_at")?.map(UtcMs),
                };
                Ok((row.get("sequence")?, known))
            })?;
            Ok(paged(rows, &page))
        })
        .await
    }

    async fn erase_contact(
        &self,
        tenant: &TenantId,
        order: &OrderId,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<Erased> {
        let (tenant, order, actor) = (tenant.clone(), order.clone(), actor.clone());
        self.write(move |conn, _| {
            let erased = ask_to_erase(conn, &tenant, &order, &actor, now)?;
            Ok(erased)
        })
        .await
    }

    async fn erase_customer(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<ErasedOfCustomer> {
        let (tenant, customer, actor) = (tenant.clone(), customer.clone(), actor.clone());
        self.write(move |conn, _| {
            let rows = i64::from(CUSTOMER_ORDERS_ERASED_MAX);
            let params = named_params! {
                ":tenant": tenant.as_str(), ":customer": customer.as_str(), ":rows": rows,
            };
            let orders: Vec<OrderId> =
                list(conn, sql!(CONTACTS.orders_of_customer), params, |row| parsed(row, "order_id"))?;
            let mut done = ErasedOfCustomer::default();
            for order in &orders {
                match ask_to_erase(conn, &tenant, order, &actor, now)? {
                    Erased::Now => done.erased = done.erased.saturating_add(1),
                    Erased::WhenFinal { .. } => done.when_final = done.when_final.saturating_add(1),
                    Erased::Before { .. } | Erased::NothingKept | Erased::Unknown => {}
                }
            }
            // Those that wait are found again; asking again gets no further with them.
            done.more = done.erased == CUSTOMER_ORDERS_ERASED_MAX;
            Ok(done)
        })
        .await
    }
}

pub(super) fn find(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<Contact>> {
    one(conn, sql!(CONTACTS.contact), [tenant.as_str(), order.as_str()], |row| from_json(row, "contact"))
}

/// What a request says of its customer.
pub(super) fn contact_of(request: &OrderRequest) -> Contact {
    let customer = request.customer.as_ref().map(Personal::reveal).cloned().unwrap_or_default();
    let message = request.gift.as_ref().and_then(|gift| gift.message.as_ref());
    Contact { customer, gift_message: message.map(Personal::reveal).cloned() }
}

pub(super) fn keep(conn: &Connection, new: &NewOrder) -> Result<()> {
    let contact = contact_of(&new.request);
    if contact.is_empty() {
        return Ok(());
    }
    put(conn, (&new.tenant, &new.order), &contact, &cart_of(&new.request), new.now)
}

pub(super) fn put(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    contact: &Contact,
    cart: &[u8; 32],
    now: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":customer": contact.customer.id.as_ref().map(CustomerId::as_str),
        ":contact": to_json(contact)?,
        ":cart": cart,
        ":at": now.0,
    };
    run(conn, sql!(CONTACTS.keep_contact), params)?;
    Ok(())
}

/// The goods, whatever their order.
pub(super) fn cart_of(request: &OrderRequest) -> [u8; 32] {
    let mut goods: BTreeMap<&str, i64> = BTreeMap::new();
    for line in &request.lines {
        let units = goods.entry(line.sku.as_str()).or_default();
        *units = units.saturating_add(line.quantity);
    }
    let mut hasher = blake3::Hasher::new();
    for (sku, units) in goods {
        hasher.update(sku.as_bytes()).update(&[0]).update(&units.to_be_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Nothing is done about it: the same cart twice in an hour may be meant.
pub(super) fn look_for_duplicate(conn: &Connection, new: &NewOrder) -> Result<()> {
    let NewOrder { tenant, order, request, now, .. } = new;
    let customer = request.customer.as_ref().and_then(|customer| customer.reveal().id.as_ref());
    let Some(customer) = customer.filter(|_| new.duplicate_within_ms > 0) else { return Ok(()) };
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":customer": customer.as_str(),
        ":since": now.0.saturating_sub(new.duplicate_within_ms),
        ":cart": cart_of(request),
        ":order": order.as_str(),
    };
    let first: Option<OrderId> = one(conn, sql!(CONTACTS.same_cart), params, |row| parsed(row, "order_id"))?;
    let Some(first) = first else { return Ok(()) };
    let params = named_params! {
        ":tenant": tenant.as_str(), ":order": order.as_str(), ":of": first.as_str(),
    };
    run(conn, sql!(CONTACTS.mark_duplicate), params)?;
    let words = format!("the same customer ordered the same goods shortly before, as {first}");
    let happened = Happened {
        kind: "possible_duplicate",
        at: *now,
        actor: &central()?,
        store: None,
        task: None,
        words: &words,
    };
    note(conn, tenant, order, &happened)?;
    let exception = NewException {
        key: format!("duplicate/{order}"),
        category: Category::PossibleDuplicate,
        severity: Severity::Low,
        order: Some(order.clone()),
        task: None,
        store: None,
        detail: format!("{order} may be {first} once more: {words}"),
        suggestion: String::from("Ask the customer, and cancel one of the two if both were not meant."),
    };
    raise(conn, tenant, &exception, *now)
}

fn ask_to_erase(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
    actor: &Actor,
    now: UtcMs,
) -> Result<Erased> {
    let key = [tenant.as_str(), order.as_str()];
    let standing = one(conn, sql!(CONTACTS.standing), key, |row| {
        let time = |column: &str| row.get::<_, Option<i64>>(column).map(|at| at.map(UtcMs));
        let state: OrderState = word(row, "state")?;
        Ok((state, time("erase_asked_at")?, row.get::<_, bool>("kept")?, time("erased_at")?))
    })?;
    let Some((state, asked_at, kept, erased_at)) = standing else { return Ok(Erased::Unknown) };
    match (kept, erased_at) {
        (false, Some(at)) => return Ok(Erased::Before { at }),
        (false, None) => return Ok(Erased::NothingKept),
        (true, _) => {}
    }
    if state.is_final() {
        erase(conn, tenant, order, actor, false, now)?;
        return Ok(Erased::Now);
    }
    let params = named_params! {
        ":tenant": tenant.as_str(), ":order": order.as_str(), ":actor": actor.as_str(), ":now": now.0,
    };
    run(conn, sql!(CONTACTS.ask_to_erase), params)?;
    Ok(Erased::WhenFinal { asked_at: asked_at.unwrap_or(now) })
}

fn erase(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
    actor: &Actor,
    by_rule: bool,
    now: UtcMs,
) -> Result<()> {
    let key = [tenant.as_str(), order.as_str()];
    run(conn, sql!(CONTACTS.drop_contact), key)?;
    run(conn, sql!(CONTACTS.blur_destination), key)?;
    run(conn, sql!(CONTACTS.forget_inputs), key)?;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":now": now.0,
        ":actor": actor.as_str(),
        ":by_rule": by_rule,
    };
    run(conn, sql!(CONTACTS.note_erasure), params)?;
    let words = if by_rule {
        "what was personal is over its time, and erased"
    } else {
        "what was personal is erased"
    };
    let happened = Happened { kind: "personal_data_erased", at: now, actor, store: None, task: None, words };
    note(conn, tenant, order, &happened)?;
    // Whoever was told of the order may hold a copy.
    let body = json!({ "order": order, "by_rule": by_rule });
    let (kind, key) = (&PERSONAL_DATA_ERASED, &Key::Order(order.clone()));
    append(conn, tenant, &NewEvent { kind, key, at: now, body: &body })
}

/// Erases what was asked for, or is kept for too long, of orders that are final. How many.
pub(super) fn sweep(conn: &Connection, kept_ms: i64, now: UtcMs) -> Result<usize> {
    let rows = i64::try_from(HOUSEKEEPING_ROWS_MAX).map_err(error::unreadable)?;
    let asked: Vec<(TenantId, OrderId, Actor)> =
        list(conn, sql!(CONTACTS.erasures_due), named_params! { ":rows": rows }, |row| {
            Ok((parsed(row, "tenant")?, parsed(row, "order_id")?, parsed(row, "erase_asked_by")?))
        })?;
    for (tenant, order, actor) in &asked {
        erase(conn, tenant, order, actor, false, now)?;
    }
    let params = named_params! { ":before": now.0.saturating_sub(kept_ms), ":rows": rows };
    let over: Vec<(TenantId, OrderId)> = list(conn, sql!(CONTACTS.contacts_over), params, |row| {
        Ok((parsed(row, "tenant")?, parsed(row, "order_id")?))
    })?;
    let central = central()?;
    for (tenant, order) in &over {
        erase(conn, tenant, order, &central, true, now)?;
    }
    Ok(asked.len().saturating_add(over.len()))
}
