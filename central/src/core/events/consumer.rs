//! Who is sent events: who answers for it, what it hears, where it is sent, and how it stands.

use super::filter::Filter;
use crate::core::outside::backoff::BackoffTerms;
use holdfast_shared::ids::{ConsumerId, TenantId};
use holdfast_shared::limits::{
    DELIVERY_AGE_MS_MAX, EVENTS_PER_SECOND_MAX, EVENTS_WAITING_MAX, NOTE_CHARS_MAX,
};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much hangs on it, for those who are told when it does not get through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Criticality {
    /// Money or goods: a person is told soon, and with urgency.
    Critical,
    #[default]
    Ordinary,
    /// Nice to have.
    Minor,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The whole CloudEvent as one JSON object.
    #[default]
    Structured,
    /// The attributes as heads, the data as the body.
    Binary,
}

/// Room for what has to wait for another try, or behind what does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Ample,
    /// It was full, or is nearly: whoever was told of that is not told otherwise yet.
    Narrow,
    /// What comes next might find none: nothing new is read.
    Full,
}

/// `rows`: as many as would be read next.
#[must_use]
pub const fn room(waiting: u32, rows: u32) -> Room {
    if waiting.saturating_add(rows) > EVENTS_WAITING_MAX {
        Room::Full
    } else if waiting > EVENTS_WAITING_MAX / 2 {
        Room::Narrow
    } else {
        Room::Ample
    }
}

/// By which way it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SinkTerms {
    /// Nothing is sent: the consumer fetches, and says up to where it has come.
    Pull {},
    Webhook {
        #[schema(example = "https://erp.example.com/holdfast")]
        url: String,
        #[serde(default)]
        form: Form,
        /// How long an answer may take.
        #[serde(default = "answer_ms")]
        answer_ms: u32,
    },
    /// JetStream, at the server that the settings name. The subject is `{prefix}.{tenant}.{kind}.{key}`.
    Nats {
        #[serde(default = "prefix")]
        prefix: String,
    },
    /// The brokers that the settings name. The record's key is the event's.
    Kafka { topic: String },
}

const fn answer_ms() -> u32 {
    10_000
}

fn prefix() -> String {
    "holdfast".to_owned()
}

impl SinkTerms {
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pull {} => "pull",
            Self::Webhook { .. } => "webhook",
            Self::Nats { .. } => "nats",
            Self::Kafka { .. } => "kafka",
        }
    }

    /// Whether what is sent is signed, with secrets of the consumer's own.
    #[must_use]
    pub const fn signs(&self) -> bool {
        match self {
            Self::Webhook { .. } => true,
            Self::Pull {} | Self::Nats { .. } | Self::Kafka { .. } => false,
        }
    }
}

/// How what fails is tried again, before it is put aside for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryTerms {
    pub first_ms: i64,
    pub wait_ms_max: i64,
    /// From the first try on.
    pub age_ms_max: i64,
    /// Times that the receiver says that it does not want an event, until it is put aside.
    pub refusals_max: u32,
}

const HOUR_MS: i64 = 60 * 60 * 1000;

impl Default for RetryTerms {
    fn default() -> Self {
        Self { first_ms: 1_000, wait_ms_max: HOUR_MS, age_ms_max: 72 * HOUR_MS, refusals_max: 5 }
    }
}

impl RetryTerms {
    #[must_use]
    pub const fn backoff(&self) -> BackoffTerms {
        BackoffTerms {
            first_ms: self.first_ms,
            wait_ms_max: self.wait_ms_max,
            age_ms_max: self.age_ms_max,
            asked_ms_max: HOUR_MS,
        }
    }

    fn checked(self) -> Result<Self, String> {
        let waits = (1..=self.wait_ms_max).contains(&self.first_ms) && self.wait_ms_max <= self.age_ms_max;
        if !waits || self.age_ms_max > DELIVERY_AGE_MS_MAX {
            return Err(format!(
                "retry: expected 1 <= first_ms <= wait_ms_max <= age_ms_max <= {DELIVERY_AGE_MS_MAX}"
            ));
        }
        if !(1..=100).contains(&self.refusals_max) {
            return Err("retry.refusals_max: expected 1 to 100".to_owned());
        }
        Ok(self)
    }
}

/// What a consumer says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsumerTerms {
    /// The team that answers for it, not the function that it has.
    #[schema(example = "accounting")]
    pub owner: String,
    /// Whom to call when it does not get its events.
    #[schema(example = "accounting@example.com")]
    pub contact: String,
    #[serde(default)]
    pub criticality: Criticality,
    #[serde(default)]
    pub filter: Filter,
    pub sink: SinkTerms,
    /// Events a second at most; as many as go through when absent.
    #[serde(default)]
    pub rate_per_s: Option<u32>,
    #[serde(default)]
    pub retry: RetryTerms,
}

impl ConsumerTerms {
    /// What cannot be meant, in words.
    pub fn checked(self) -> Result<Self, String> {
        for (name, said) in [("owner", &self.owner), ("contact", &self.contact)] {
            if said.trim().is_empty() || said.chars().count() > NOTE_CHARS_MAX {
                return Err(format!("{name}: say who; 1 to {NOTE_CHARS_MAX} characters"));
            }
        }
        if self.rate_per_s.is_some_and(|rate| !(1..=EVENTS_PER_SECOND_MAX).contains(&rate)) {
            return Err(format!("rate_per_s: expected 1 to {EVENTS_PER_SECOND_MAX}"));
        }
        let sink = self.sink.clone();
        match &sink {
            SinkTerms::Webhook { answer_ms, .. } if !(100..=60_000).contains(answer_ms) => {
                return Err("sink.answer_ms: expected 100 to 60000".to_owned());
            }
            SinkTerms::Nats { prefix: name } | SinkTerms::Kafka { topic: name } if !is_name(name) => {
                return Err(format!("sink: {name:?} is no name; letters, digits, '.', '-' and '_'"));
            }
            SinkTerms::Pull {}
            | SinkTerms::Webhook { .. }
            | SinkTerms::Nats { .. }
            | SinkTerms::Kafka { .. } => {}
        }
        Ok(Self { filter: self.filter.checked()?, retry: self.retry.checked()?, ..self })
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !name.is_empty() && name.len() <= 200 && name.bytes().all(allowed) && !name.split('.').any(str::is_empty)
}

/// From where on it hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum From {
    /// What happens from now on.
    Now,
    /// Events after this number; 0 is the first that is kept.
    Sequence(u64),
    /// Events of this time and later.
    Time(UtcMs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsumerState {
    Active,
    /// By a person.
    Paused,
    /// Its receiver said that it is gone for good.
    Ended,
}

impl ConsumerState {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Ended => "ended",
        }
    }
}

/// How a consumer stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Consumer {
    pub consumer: ConsumerId,
    #[serde(skip)]
    pub tenant: TenantId,
    #[serde(flatten)]
    pub terms: ConsumerTerms,
    pub state: ConsumerState,
    /// Who put it there, or what its receiver said.
    pub state_why: Option<String>,
    /// Everything up to here was sent, is parked, or waits.
    pub position: u64,
    /// Events up to here are marked as told again.
    pub backfill_until: u64,
    /// Of those, a second.
    pub backfill_rate_per_s: Option<u32>,
    pub made_at: UtcMs,
    /// Raised by each change of what it says of itself.
    pub version: u32,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Progress {
    /// Events after its position, whether or not it wants them; counted up to 10,000.
    pub behind: u64,
    /// The age of the first of them, in milliseconds.
    pub behind_ms: i64,
    /// Events that wait for another try, or behind one that does.
    pub waiting: u32,
    /// Keys that a person must look at.
    pub parked: u32,
    pub delivered_at: Option<UtcMs>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(json: &str) -> Result<ConsumerTerms, String> {
        serde_json::from_str::<ConsumerTerms>(json).map_err(|error| error.to_string())?.checked()
    }

    #[test]
    fn little_has_to_be_said() {
        let told = terms(
            r#"{"owner": "accounting", "contact": "a@b.c", "sink": {"kind": "webhook", "url": "https://a.b/c"}}"#,
        );
        let told = told.unwrap();
        assert_eq!(told.sink.as_str(), "webhook");
        assert_eq!(told.criticality, Criticality::Ordinary);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_its_name() {
        for (extra, part) in [
            (r#""owner": " ", "contact": "c", "sink": {"kind": "pull"}"#, "owner"),
            (r#""owner": "o", "contact": "c", "sink": {"kind": "pull"}, "rate_per_s": 0"#, "rate_per_s"),
            (r#""owner": "o", "contact": "c", "sink": {"kind": "nats", "prefix": "a..b"}"#, "no name"),
            (r#""owner": "o", "contact": "c", "sink": {"kind": "kafka", "topic": "a b"}"#, "no name"),
            (
                r#""owner": "o", "contact": "c", "sink": {"kind": "webhook", "url": "x", "answer_ms": 1}"#,
                "answer_ms",
            ),
            (r#""owner": "o", "contact": "c", "sink": {"kind": "pull"}, "retry": {"first_ms": 0}"#, "retry"),
            (
                r#""owner": "o", "contact": "c", "sink": {"kind": "pull"}, "retry": {"firstms": 1}"#,
                "unknown field",
            ),
            (r#""owner": "o", "contact": "c", "sink": {"kind": "pigeon"}"#, "unknown variant"),
            (
                r#""owner": "o", "contact": "c", "sink": {"kind": "webhook", "url": "x", "secret": "s"}"#,
                "unknown field",
            ),
        ] {
            let told = terms(&format!("{{{extra}}}")).unwrap_err();
            assert!(told.contains(part), "{extra}: {told}");
        }
    }
}
