//! What carriers ask for a parcel, before it is sent: for an order's parcels, or for a checkout.

use super::answer::{Answer, Refused};
use super::app::Shared;
use super::doors::Caller;
use super::order_parcels::{CartToSend, RatesRequest, to_send};
use crate::core::parcel::address::{Address, BadAddress};
use crate::core::personal::Customer;
use crate::flows::ask_rates::ask_rates;
use crate::ports::carriers::{Rate, RateQuestion};
use axum::Json;
use axum::extract::State;
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{OrderId, StoreId};
use holdfast_shared::limits::QUANTITY_MAX;
use serde::Serialize;
use utoipa::ToSchema;

/// The cheapest first, for each parcel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CarrierRates)]
pub(super) struct Rates {
    parcels: Vec<ParcelRates>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ParcelRates {
    /// Within the order; 1 for a cart.
    parcel: u32,
    units: i64,
    rates: Vec<Rate>,
}

fn bad(why: impl std::fmt::Display) -> Refused {
    Refused::new(Code::InvalidRequest, why.to_string())
}

fn cart_address(cart: &CartToSend) -> Answer<Address> {
    if !(1..=QUANTITY_MAX).contains(&cart.units) {
        return Err(Refused::new(Code::InvalidQuantity, format!("cart.units is 1 to {QUANTITY_MAX}")));
    }
    let customer =
        Customer { name: Some(cart.name.clone()), address: cart.address.clone(), ..Customer::default() };
    crate::core::personal::check_customer(&customer).map_err(bad)?;
    Address::of(&customer).map_err(bad)
}

/// What it would cost to send it, from the carrier account of the tenant. Nothing is asked for, and nothing is kept.
#[utoipa::path(post, path = "/v1/rates", tag = "orders", request_body = RatesRequest,
    responses((status = 200, body = Rates), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn rates(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(request): ApiJson<RatesRequest>,
) -> Answer<Json<Rates>> {
    let parcels: Vec<(u32, StoreId, i64, Address)> = match request.into_parts() {
        (Some(order), None) => of_order(&app, &caller, &order).await?,
        (None, Some(cart)) => {
            let to = cart_address(&cart)?;
            let known = app.storage.store(caller.tenant(), &cart.store).await?;
            if known.is_none() {
                return Err(Refused::new(Code::UnknownStore, format!("store {} is not known", cart.store)));
            }
            vec![(1, cart.store, cart.units, to)]
        }
        (Some(_), Some(_)) | (None, None) => return Err(bad("name either order or cart")),
    };
    let mut told = Vec::with_capacity(parcels.len());
    for (parcel, store, units, to) in parcels {
        let question = RateQuestion { tenant: caller.tenant().clone(), store, to, units };
        let rates = ask_rates(&app.carriers, &question, app.clock.now().mono).await?;
        told.push(ParcelRates { parcel, units, rates });
    }
    Ok(Json(Rates { parcels: told }))
}

async fn of_order(
    app: &Shared,
    caller: &Caller,
    order: &OrderId,
) -> Answer<Vec<(u32, StoreId, i64, Address)>> {
    let tenant = caller.tenant();
    if app.storage.order(tenant, order).await?.is_none() {
        return Err(Refused::new(Code::UnknownOrder, format!("order {order} is not known")));
    }
    let contact = app.storage.contact(tenant, order).await?;
    let to = contact.map_or(Err(BadAddress::Name), |contact| Address::of(&contact.customer)).map_err(bad)?;
    let shipments = app.storage.shipments(tenant, order).await?;
    if shipments.is_empty() {
        let what = format!("no store has begun to pick {order}: ask for a cart instead");
        return Err(Refused::new(Code::IllegalTransition, what));
    }
    let of = |shipment| {
        let (store, units) = to_send(&shipment);
        (shipment.number, store, units, to.clone())
    };
    Ok(shipments.into_iter().map(of).collect())
}
