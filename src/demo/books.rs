//! What customers paid beside what they got, and the labels of what went out.

use crate::client::CentralClient;
use anyhow::Result;
use holdfast_shared::ids::OrderId;
use serde_json::Value;
use std::time::Duration;

/// A capture follows the goods, and is asked of somebody else.
const LEVEL_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Books {
    /// Orders for which more, or less, was taken than what left is worth.
    pub wrongly_charged: u64,
    pub charged_minor: i64,
    pub parcels_labelled: u64,
}

impl Books {
    /// Once money has followed the goods, or as they stand when it does not.
    pub(super) async fn level(central: &CentralClient, orders: &[OrderId]) -> Result<Self> {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let mut books = Self::default();
        let level = async {
            loop {
                looks.tick().await;
                books = Self::of(central, orders).await?;
                if books.wrongly_charged == 0 {
                    return Ok(());
                }
            }
        };
        match tokio::time::timeout(LEVEL_WITHIN, level).await {
            Ok(looked) => looked.map(|()| books),
            Err(_) => Ok(books),
        }
    }

    async fn of(central: &CentralClient, orders: &[OrderId]) -> Result<Self> {
        let mut books = Self::default();
        for order in orders {
            let told = central.get(&format!("/v1/orders/{order}")).await?;
            let steps = central.get(&format!("/v1/orders/{order}/steps")).await?;
            let parcels = central.get(&format!("/v1/orders/{order}/parcels")).await?;
            let charged = minor(&steps, "/payment/captured");
            books.wrongly_charged += u64::from(charged != worth_of_what_left(&told));
            books.charged_minor += charged;
            books.parcels_labelled += labelled(&parcels);
        }
        Ok(books)
    }
}

fn minor(told: &Value, path: &str) -> i64 {
    told.pointer(path).and_then(|money| money.get("minor")).and_then(Value::as_i64).unwrap_or_default()
}

fn worth_of_what_left(order: &Value) -> i64 {
    let lines = order.get("lines").and_then(Value::as_array).into_iter().flatten();
    lines
        .map(|line| {
            let units = line.get("finished").and_then(Value::as_i64).unwrap_or_default();
            units.saturating_mul(minor(line, "/unit_price"))
        })
        .sum()
}

fn labelled(parcels: &Value) -> u64 {
    let parcels = parcels.get("parcels").and_then(Value::as_array).into_iter().flatten();
    parcels.map(|parcel| u64::from(parcel.get("label").is_some_and(Value::is_object))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_left_is_worth_its_units_and_no_other() {
        let price = |minor: i64| json!({ "minor": minor, "currency": "EUR" });
        let order = json!({ "lines": [
            { "quantity": 3, "finished": 2, "unit_price": price(500) },
            { "quantity": 1, "finished": 0, "unit_price": price(9_900) },
        ] });
        assert_eq!(worth_of_what_left(&order), 1_000);
        assert_eq!(minor(&json!({ "payment": { "captured": price(1_000) } }), "/payment/captured"), 1_000);
        assert_eq!(minor(&json!({}), "/payment/captured"), 0);
        let parcels =
            json!({ "parcels": [{ "label": { "tracking_number": "SIM1" } }, { "state": "wanted" }] });
        assert_eq!(labelled(&parcels), 1);
    }
}
