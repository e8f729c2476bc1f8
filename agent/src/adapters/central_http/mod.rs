//! Central over HTTPS: one POST for a sync round, one for enrolment.
//!
//! Answers are hostile until read: their size is limited while they arrive, errors are parsed as
//! problems, and a wait that central asks for is passed on instead of being retried here.

mod answer;
mod spoken;

use crate::ports::central::{Central, CentralError};
use answer::{body_within, refusal};
use async_trait::async_trait;
use holdfast_shared::limits::{BODY_BYTES_MAX, SYNC_BYTES_MAX};
use holdfast_shared::wire::enrolment::{EnrolRequest, EnrolResponse};
use holdfast_shared::wire::sync::{SYNC_CONTENT_TYPE, SyncMessage, SyncRequest, SyncResponse};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder, Response};
use spoken::Spoken;
use std::time::Duration;

const CONNECT_MAX: Duration = Duration::from_secs(5);
/// From the first byte of the request to the last of the answer.
const REQUEST_MAX: Duration = Duration::from_secs(30);

/// Central at one address, with the credential of one replica.
pub struct CentralHttp {
    client: Client,
    base: String,
    secret: Option<String>,
    spoken: Spoken,
}

impl std::fmt::Debug for CentralHttp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CentralHttp").field("base", &self.base).finish_non_exhaustive()
    }
}

/// The HTTP client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up")]
pub struct NoClient(#[from] reqwest::Error);

impl CentralHttp {
    /// `secret` is absent only until the agent is enrolled.
    pub fn new(url: &str, secret: Option<String>) -> Result<Self, NoClient> {
        // Installed by whoever comes first in this process; a second one changes nothing.
        let _already = rustls::crypto::ring::default_provider().install_default();
        let client = || {
            Client::builder()
                .connect_timeout(CONNECT_MAX)
                .timeout(REQUEST_MAX)
                .redirect(reqwest::redirect::Policy::none())
                .pool_max_idle_per_host(1)
                .user_agent(concat!("holdfast-agent/", env!("CARGO_PKG_VERSION")))
        };
        // A small container has no CA certificates, and without TLS it needs none.
        let client = match client().build() {
            Err(_) if url.starts_with("http://") => client().tls_certs_only([]).build()?,
            built => built?,
        };
        Ok(Self { client, base: url.trim_end_matches('/').to_owned(), secret, spoken: Spoken::default() })
    }

    fn post(&self, path: &str) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.base));
        match &self.secret {
            Some(secret) => request.bearer_auth(secret),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, CentralError> {
        let response = request.send().await.map_err(|source| CentralError::Unreachable {
            url: self.base.clone(),
            source: Box::new(source),
        })?;
        if response.status().is_success() { Ok(response) } else { Err(refusal(response).await) }
    }

    fn cut_off(&self, error: answer::BadBody) -> CentralError {
        match error {
            answer::BadBody::Lost(source) => {
                CentralError::Unreachable { url: self.base.clone(), source: Box::new(source) }
            }
            answer::BadBody::TooLong(_) => CentralError::Unreadable(Box::new(error)),
        }
    }
}

#[async_trait]
impl Central for CentralHttp {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncResponse, CentralError> {
        loop {
            let version = self.spoken.now();
            match self.sync_in(request.clone().in_version(version)).await {
                Err(CentralError::Refused(problem)) if self.spoken.step_down(version, &problem) => {
                    tracing::warn!(
                        version,
                        "central does not read this version of sync; an older one is tried"
                    );
                }
                answer => return answer,
            }
        }
    }

    async fn enrol(&self, request: &EnrolRequest) -> Result<EnrolResponse, CentralError> {
        let response = self.send(self.post("/v1/enroll").json(request)).await?;
        let bytes = body_within(response, BODY_BYTES_MAX).await.map_err(|error| self.cut_off(error))?;
        serde_json::from_slice(&bytes).map_err(|error| CentralError::Unreadable(Box::new(error)))
    }
}

impl CentralHttp {
    async fn sync_in(&self, request: SyncRequest) -> Result<SyncResponse, CentralError> {
        let body = request.encode().map_err(|error| CentralError::Unreadable(Box::new(error)))?;
        let request = self
            .post("/v1/sync")
            .header(CONTENT_TYPE, SYNC_CONTENT_TYPE)
            .header(ACCEPT, SYNC_CONTENT_TYPE)
            .body(body);
        let response = self.send(request).await?;
        self.spoken.hear(response.headers());
        let bytes = body_within(response, SYNC_BYTES_MAX).await.map_err(|error| self.cut_off(error))?;
        SyncResponse::decode(&bytes).map_err(|error| CentralError::Unreadable(Box::new(error)))
    }
}

#[cfg(test)]
mod tests;
