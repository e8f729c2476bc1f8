//! One who speaks with many carriers, as the best known ones are spoken with: JSON over HTTPS, `POST /v1/labels` with an
//! `Idempotency-Key`, `PUT /v1/labels/{id}/void`, `POST /v1/rates`, signed tracking webhooks.
//!
//! The key of a question stands in the shipment as `external_shipment_id` too: by it a label that may have been made is
//! found again (`GET /v1/labels?external_shipment_id=`). A void is looked up on the label itself.

mod read;

use crate::core::outside::notice::BadNotice;
use crate::core::outside::signed::verify;
use crate::core::parcel::address::Address;
use crate::core::parcel::fact::{Ask, Label};
use crate::core::parcel::notice::TrackingNotice;
use crate::ports::carriers::{Answer, Carriers, Did, Known, Question, Rate, RateQuestion};
use async_trait::async_trait;
use holdfast_platform::http::TRACEPARENT;
use holdfast_platform::outside::{self, Got, ask};
use holdfast_platform::secret::Secret;
use holdfast_shared::time::UtcMs;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const WHOM: &str = "the carrier";
const SIGNATURE: &str = "x-webhook-signature";

#[derive(Debug, Clone)]
pub struct ShippingSettings {
    /// `https://api.example.com`
    pub url: String,
    pub secret: Secret,
    /// Both of them while one is changed.
    pub webhook_secrets: Vec<Secret>,
    /// For one question, its answer and all. Shorter than the saga's patience.
    pub timeout: Duration,
    /// From the policy's names of services to the carriers' own.
    pub services: BTreeMap<String, String>,
    /// For a parcel for which no service is planned.
    pub default_service: String,
    pub grams_per_unit: u32,
    /// `pdf`, `zpl`: what the stores' printers take.
    pub label_format: String,
}

#[derive(Debug)]
pub struct Shipping {
    client: Client,
    settings: ShippingSettings,
}

impl Shipping {
    pub fn new(settings: ShippingSettings) -> Result<Self, reqwest::Error> {
        Ok(Self { client: outside::client(settings.timeout)?, settings })
    }

    fn path(&self, rest: &str) -> String {
        format!("{}/v1/{rest}", self.settings.url.trim_end_matches('/'))
    }

    fn signed_in(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("API-Key", self.settings.secret.reveal())
    }

    fn packages(&self, units: i64) -> Value {
        let grams = units.max(1).saturating_mul(i64::from(self.settings.grams_per_unit));
        json!([{ "weight": { "value": grams, "unit": "gram" } }])
    }

    /// The carrier's own name of the service.
    fn service<'a>(&'a self, named: Option<&'a str>) -> &'a str {
        let Some(named) = named else { return &self.settings.default_service };
        self.settings.services.get(named).map_or(named, String::as_str)
    }

    async fn label(&self, question: &Question, to: &Address) -> Answer {
        let body = json!({
            "shipment": {
                "service_code": self.service(question.wish.service.as_deref()),
                "external_shipment_id": question.key,
                "external_order_id": question.order,
                "warehouse_id": question.store,
                "ship_to": address(to),
                "packages": self.packages(question.wish.units),
            },
            "label_format": self.settings.label_format,
        });
        let request = told_apart(self.client.post(self.path("labels")), question);
        match ask(WHOM, self.signed_in(request).json(&body)).await {
            Got::Told { status: 200..=299, body, .. } => read::label(&body),
            got => read::refusal(got),
        }
    }

    async fn void(&self, question: &Question, label: &Label) -> Answer {
        let path = self.path(&format!("labels/{}/void", label.reference));
        let request = told_apart(self.client.put(path), question);
        match ask(WHOM, self.signed_in(request)).await {
            Got::Told { status: 200..=299, body, .. } => read::voided(&body),
            got => read::refusal(got),
        }
    }

    async fn find(&self, key: &str) -> Known {
        let request = self.client.get(self.path("labels")).query(&[("external_shipment_id", key)]);
        looked(ask(WHOM, self.signed_in(request)).await, |told| {
            read::found(told, key).map_or(Known::Absent, |label| Known::Ended(read::label(label)))
        })
    }

    async fn look_at(&self, label: &Label) -> Known {
        let request = self.client.get(self.path(&format!("labels/{}", label.reference)));
        looked(ask(WHOM, self.signed_in(request)).await, |told| {
            if read::is_void(told) { Known::Ended(Answer::Done(Did::Voided)) } else { Known::Absent }
        })
    }
}

/// By its key, and by its span of the order's trace: both are the same at each try.
fn told_apart(request: RequestBuilder, question: &Question) -> RequestBuilder {
    let request = request.header(TRACEPARENT, question.parent.to_string());
    request.header("Idempotency-Key", question.key.as_str())
}

fn address(to: &Address) -> Value {
    let line = |nth: usize| to.street.get(nth);
    json!({
        "name": to.name,
        "phone": to.phone,
        "email": to.email,
        "address_line1": line(0),
        "address_line2": line(1),
        "address_line3": line(2),
        "city_locality": to.town,
        "postal_code": to.postcode,
        "country_code": to.country,
    })
}

/// A look-up that failed tells nothing of what was asked.
fn looked(got: Got, read: impl FnOnce(&Value) -> Known) -> Known {
    match got {
        Got::Told { status: 200..=299, body, .. } => read(&body),
        Got::Told { status: 404, .. } => Known::Absent,
        Got::Told { status: 429, retry_after_ms, .. } => {
            let words = String::from("the carrier asks for fewer questions");
            Known::Ended(Answer::Busy { retry_after_ms, words })
        }
        Got::Told { status, .. } => {
            Known::Ended(Answer::Unknown { words: format!("the look-up was answered with {status}") })
        }
        Got::NotSent(words) | Got::Silence(words) => Known::Ended(Answer::Unknown { words }),
    }
}

#[async_trait]
impl Carriers for Shipping {
    async fn rates(&self, question: &RateQuestion) -> Result<Vec<Rate>, Answer> {
        let body = json!({
            "shipment": {
                "warehouse_id": question.store,
                "ship_to": address(&question.to),
                "packages": self.packages(question.units),
            },
        });
        match ask(WHOM, self.signed_in(self.client.post(self.path("rates"))).json(&body)).await {
            Got::Told { status: 200..=299, body, .. } => Ok(read::rates(&body, &self.settings.services)),
            got => Err(read::refusal(got)),
        }
    }

    async fn ask(&self, question: &Question) -> Answer {
        match (question.id.ask, &question.to, &question.label) {
            (Ask::Label, Some(to), _) => self.label(question, to).await,
            (Ask::VoidLabel, _, Some(label)) => self.void(question, label).await,
            (Ask::Label, None, _) | (Ask::VoidLabel, _, None) => Answer::Declined {
                code: String::from("incomplete"),
                words: String::from("the question names no address, or no label"),
            },
        }
    }

    async fn look_up(&self, question: &Question) -> Known {
        match (question.id.ask, &question.label) {
            (Ask::Label, _) => self.find(question.key.as_str()).await,
            (Ask::VoidLabel, Some(label)) => self.look_at(label).await,
            (Ask::VoidLabel, None) => Known::Absent,
        }
    }

    fn signature_header(&self) -> &'static str {
        SIGNATURE
    }

    fn read_notice(
        &self,
        signature: Option<&str>,
        body: &[u8],
        now: UtcMs,
    ) -> Result<TrackingNotice, BadNotice> {
        let header = signature.ok_or(BadNotice::Unsigned(SIGNATURE))?;
        let secrets: Vec<&str> = self.settings.webhook_secrets.iter().map(Secret::reveal).collect();
        verify(&secrets, header, body, now)?;
        read::notice(body)
    }
}

#[cfg(test)]
mod tests;
