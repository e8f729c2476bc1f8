//! What an order says beside its goods, and what was changed of it, for the order's page.

use super::words;
use crate::core::order::Order;
use crate::core::order_terms::Priority;
use crate::core::personal::Contact;
use crate::core::shares::Totals;
use crate::core::totals::due;
use crate::ports::changes::OrderChange;
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;

pub(super) struct TermRow {
    pub(super) name: &'static str,
    pub(super) value: String,
}

pub(super) struct ChangeRow {
    pub(super) number: u32,
    pub(super) at: String,
    pub(super) words: String,
    pub(super) actor: String,
    pub(super) total: Option<String>,
}

fn totals_words(totals: &Totals) -> String {
    let Totals { currency, goods, discounts, taxes, taxes_included, shipping, total } = *totals;
    let parts = [
        ("goods", goods),
        ("less", discounts),
        ("taxes", taxes),
        ("taxes in the prices", taxes_included),
        ("shipping", shipping),
    ];
    let money = |minor| Money { minor, currency };
    let told: Vec<String> = parts
        .iter()
        .filter(|(_, minor)| *minor != 0)
        .map(|(name, minor)| format!("{name} {}", money(*minor)))
        .collect();
    format!("{}: {}", money(total), told.join(", "))
}

pub(super) fn terms(order: &Order, contact: Option<&Contact>) -> Vec<TermRow> {
    let request = &order.request;
    let mut rows = Vec::new();
    let mut tell =
        |name: &'static str, value: Option<String>| rows.extend(value.map(|value| TermRow { name, value }));
    tell("Key", order.root_key.as_ref().map(ToString::to_string));
    tell("Comes to", due(&order.lines).ok().flatten().as_ref().map(totals_words));
    let paid = request.payment.as_ref();
    tell(
        "Paid by",
        paid.map(|paid| match &paid.method {
            Some(method) => format!("{method} through {}", paid.provider),
            None => paid.provider.to_string(),
        }),
    );
    let shipping = request.shipping.as_ref();
    tell("Sent by", shipping.map(|chosen| chosen.service.to_string()));
    tell("Wanted from", shipping.and_then(|chosen| chosen.requested_for).map(words::stamp));
    tell("Promised by", request.promise_by.map(words::stamp));
    let priority = Some(request.priority).filter(|priority| *priority != Priority::Standard);
    tell("Priority", priority.map(|priority| priority.as_str().to_owned()));
    tell("Gift", request.gift.as_ref().filter(|gift| gift.wrap).map(|_| String::from("to be wrapped")));
    tell("May be there twice", order.duplicate_of.as_ref().map(|first| format!("see {first}")));
    if let Some(Contact { customer, gift_message }) = contact {
        tell("Customer", customer.name.clone());
        tell("Customer's id", customer.id.as_ref().map(|id| id.as_str().to_owned()));
        tell("Address", Some(customer.address.join(", ")).filter(|address| !address.is_empty()));
        tell("Mail", customer.email.clone());
        tell("Telephone", customer.phone.clone());
        tell("Message", gift_message.clone());
    }
    rows
}

pub(super) fn change_row(change: &OrderChange, now: UtcMs) -> ChangeRow {
    ChangeRow {
        number: change.done.change,
        at: words::moment(change.at, now),
        words: change.words.clone(),
        actor: change.actor.to_string(),
        total: change
            .done
            .totals
            .map(|totals| Money { minor: totals.total, currency: totals.currency }.to_string()),
    }
}
