//! The error codes that the outside sees: stable, each with a hint and whether a retry helps.
//!
//! Rooms have their own `thiserror` enums and map them to a [`Code`] as the last step before
//! an answer. The outside learns code, message and hint; the log learns the source chain.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $retryable:literal, $hint:literal;)*) => {
        /// A stable error code. The text never changes its meaning once released.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code { $($(#[$doc])* #[serde(rename = $code)] $name,)* }

        impl Code {
            /// Every code, in the order of the page that explains them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// Whether the same request may succeed later without a change.
            #[must_use]
            pub const fn retryable(self) -> bool {
                match self { $(Self::$name => $retryable,)* }
            }

            /// What to do now, in words for the person or program that asked.
            #[must_use]
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint,)* }
            }
        }
    };
}

codes! {
    InvalidRequest = "invalid_request", 400, false, "Mend the named field and send the request again.";
    UnknownField = "unknown_field", 400, false, "Remove the field or correct its name; the OpenAPI document lists what is known.";
    InvalidQuantity = "invalid_quantity", 422, false, "Send a whole number between 1 and 1000000.";
    MissingIdempotencyKey = "missing_idempotency_key", 400, false, "Send an Idempotency-Key header, chosen once per intent and kept for retries.";
    Unauthenticated = "unauthenticated", 401, false, "Send a valid credential as a bearer token.";
    Forbidden = "forbidden", 403, false, "Use a credential with the needed scope or role.";
    NotFound = "not_found", 404, false, "Check the path and the id.";
    UnknownSku = "unknown_sku", 404, false, "Check the SKU, or import it into the catalogue first.";
    UnknownStore = "unknown_store", 404, false, "Check the store id, or create the store first.";
    UnknownTask = "unknown_task", 404, false, "Reload the task list; the task may belong to another store.";
    UnknownOrder = "unknown_order", 404, false, "Check the order id.";
    MethodNotAllowed = "method_not_allowed", 405, false, "Use a method that the OpenAPI document lists for this path.";
    UnknownPolicy = "unknown_policy", 404, false, "Check the number of the version; GET /v1/policies lists them.";
    InvalidPolicy = "invalid_policy", 422, false, "Mend what the detail names, line by line, and send the policy again. POST /v1/policies/check tells the same without keeping anything.";
    PolicyState = "policy_state", 409, false, "Look at the version: somebody may have taken it further already.";
    PolicyUntried = "policy_untried", 409, false, "Try the version on a part of the orders first, or say big_bang: true and why.";
    PoliciesFrozen = "policies_frozen", 409, true, "Wait until the freeze ends, or ask whoever froze the policies. Going back to a former version works meanwhile.";
    SecondPerson = "second_person", 403, false, "Ask somebody else to approve it: a version takes effect by the word of two people.";
    IdempotencyKeyReused = "idempotency_key_reused", 409, false, "This key was used for another request; choose a new key for a new intent.";
    IllegalTransition = "illegal_transition", 409, false, "Reload the task: its state has moved on.";
    NotReleased = "not_released", 409, true, "Keep the goods here. Central has not released them yet; that happens by itself as soon as it can be reached. A manager can let them go if they cannot wait and central cannot be reached.";
    Recalled = "recalled", 409, false, "Stop, and put everything back on the shelf: another store takes over, or the order was cancelled.";
    /// A person must decide which of two boxes under one identity is the real one.
    Quarantined = "quarantined", 409, false, "Do the order work at the store's other box. Selling, counting and looking up work here as before; support decides about this box at central.";
    InsufficientStock = "insufficient_stock", 409, false, "Count the shelf and record the count, then try again.";
    AlreadyExists = "already_exists", 409, false, "Choose another id, or change the existing one.";
    CodeExpired = "code_expired", 410, false, "Ask for a new one-time code.";
    BodyTooLarge = "body_too_large", 413, false, "Send less at once.";
    UnsupportedMediaType = "unsupported_media_type", 415, false, "Send the content type that the OpenAPI document names.";
    DamagedSync = "damaged_sync", 422, false, "The bytes failed the check of this document; nothing of it was applied. Run holdfast-agent doctor.";
    /// Changes build on others that this side lacks.
    MissingChanges = "missing_changes", 409, true, "Send the changes since the heads that the answer names.";
    Sealed = "sealed", 409, false, "The document is complete and changes no more; its facts go into the newest one.";
    TooManyRequests = "too_many_requests", 429, true, "Wait as long as Retry-After says.";
    Internal = "internal", 500, true, "Try again; if it stays, tell support the trace id.";
    Busy = "busy", 503, true, "The server sheds load; wait as long as Retry-After says.";
    /// The box lost what it had recorded and fetches it from central first.
    Rehydrating = "rehydrating", 503, true, "Wait a moment: this box fetches from central what it lost. Selling, counting and looking up work meanwhile.";
    ReadOnly = "read_only", 503, false, "The database failed its check and is only read. Run holdfast-agent doctor.";
    ShuttingDown = "shutting_down", 503, true, "The process stops; try again in a moment.";
    DiskFull = "disk_full", 507, true, "Nothing was written. Free disk space; the same request may then be sent again.";
}

// By hand: the derived one does not see the names that the macro gives.
impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let names = Self::ALL.iter().map(|code| code.as_str());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A stable error code. The text never changes its meaning once released."))
            .enum_values(Some(names))
            .into()
    }
}

impl ToSchema for Code {}

/// What kind of failure it is, for programs that decide by it what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The request did not get through, or got no place: it may be good as it is.
    #[default]
    Transport,
    /// The request cannot be meant; it will never be taken as it is.
    Validation,
    /// A rule stands against it for now: it may be taken later, or when something is done first.
    SoftBusiness,
    /// A rule stands against it for good.
    HardBusiness,
}

impl Code {
    #[must_use]
    pub const fn class(self) -> FailureClass {
        match (self, self.status()) {
            (Self::InsufficientStock | Self::SecondPerson | Self::PolicyUntried, _) => {
                FailureClass::SoftBusiness
            }
            (Self::MethodNotAllowed, _) | (_, 413 | 415 | 429 | 500..) => FailureClass::Transport,
            (_, 400 | 422) => FailureClass::Validation,
            _ if self.retryable() => FailureClass::SoftBusiness,
            _ => FailureClass::HardBusiness,
        }
    }
}

/// An error answer (RFC 9457). `type` is the page of the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    pub page: String,
    pub title: String,
    pub status: u16,
    pub code: Code,
    /// What exactly is wrong with this request.
    pub detail: String,
    /// What to do now.
    pub hint: String,
    pub retryable: bool,
    /// Absent in the answer of an older version, and then nothing is known of it.
    #[serde(default)]
    pub class: FailureClass,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trace_id: Option<String>,
}

impl Problem {
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            page: format!("/errors/{}", code.as_str()),
            title: code.as_str().replace('_', " "),
            status: code.status(),
            code,
            detail: detail.into(),
            hint: code.hint().to_owned(),
            retryable: code.retryable(),
            class: code.class(),
            trace_id: None,
        }
    }

    /// Replaces the code's own hint by one for this case.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_distinct_and_serialise_as_their_text() {
        let texts: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!((400..600).contains(&code.status()));
            assert!(code.hint().ends_with('.'));
        }
    }

    #[test]
    fn each_code_is_of_one_class_and_what_cannot_be_meant_is_never_worth_a_retry() {
        let class = |code: Code| code.class();
        assert_eq!(class(Code::InvalidQuantity), FailureClass::Validation);
        assert_eq!(class(Code::IdempotencyKeyReused), FailureClass::HardBusiness);
        assert_eq!(class(Code::NotReleased), FailureClass::SoftBusiness);
        assert_eq!(class(Code::InsufficientStock), FailureClass::SoftBusiness);
        assert_eq!(class(Code::Busy), FailureClass::Transport);
        assert_eq!(class(Code::IllegalTransition), FailureClass::HardBusiness);
        for code in Code::ALL {
            let final_class = matches!(code.class(), FailureClass::Validation | FailureClass::HardBusiness);
            assert!(!(final_class && code.retryable()), "{}", code.as_str());
        }
        let told = serde_json::to_value(Problem::new(Code::Busy, "full")).unwrap();
        assert_eq!((&told["class"], &told["retryable"]), (&"transport".into(), &true.into()));
    }
}
