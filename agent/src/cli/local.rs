//! The agent that runs on this machine, over loopback.

use crate::adapters::http::needs::{EnrolWish, NowEnrolled};
use crate::adapters::http::{FileFormat, Offered, StatusView};
use crate::ports::ledger::{Imported, Role};
use crate::runtime::{ADDRESS_FILE, ADMIN_TOKEN_FILE, AgentConfig};
use anyhow::{Context, anyhow};
use holdfast_shared::error::Problem;
use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Importing the largest file takes a while.
const IMPORT_MAX: Duration = Duration::from_secs(600);

pub(super) struct Local {
    client: Client,
    pub(super) address: SocketAddr,
    token: Option<String>,
}

impl Local {
    pub(super) fn new(config: &AgentConfig) -> anyhow::Result<Self> {
        // Installed by whoever comes first in this process; a second one changes nothing.
        let _already = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().tls_certs_only([]).timeout(ANSWER_MAX).build()?;
        let read = |name: &str| std::fs::read_to_string(config.data_dir.join(name)).ok();
        // Port 0 takes any: the running agent wrote down which.
        let written = read(ADDRESS_FILE).and_then(|text| text.trim().parse().ok());
        let address = on_this_machine(written.unwrap_or(config.lan_listen));
        Ok(Self { client, address, token: read(ADMIN_TOKEN_FILE).map(|text| text.trim().to_owned()) })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) async fn status(&self) -> anyhow::Result<StatusView> {
        self.send(self.client.get(self.url("/v1/status"))).await
    }

    pub(super) async fn offer(&self, role: Role) -> anyhow::Result<Offered> {
        let request = self.client.post(self.url("/v1/pairings")).json(&json!({ "role": role }));
        self.send(self.as_admin(request)?).await
    }

    pub(super) async fn enrol(&self, wish: &EnrolWish) -> anyhow::Result<NowEnrolled> {
        // Central may take its time.
        let request = self.client.post(self.url("/v1/enrolment")).timeout(Duration::from_secs(40)).json(wish);
        self.send(self.as_admin(request)?).await
    }

    pub(super) async fn import(&self, bytes: Vec<u8>, format: FileFormat) -> anyhow::Result<Imported> {
        let format = match format {
            FileFormat::Csv => "csv",
            FileFormat::Jsonl => "jsonl",
        };
        let url = self.url(&format!("/v1/import?format={format}"));
        let request =
            self.client.post(url).timeout(IMPORT_MAX).header("content-type", "text/plain").body(bytes);
        self.send(self.as_admin(request)?).await
    }

    fn as_admin(&self, request: RequestBuilder) -> anyhow::Result<RequestBuilder> {
        let token = self.token.as_ref().ok_or_else(|| {
            anyhow!("the admin token cannot be read; run this as the agent's user, on the agent's machine")
        })?;
        Ok(request.bearer_auth(token))
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        let response = request
            .send()
            .await
            .with_context(|| format!("the agent does not answer at {}; is it running?", self.address))?;
        let fine = response.status().is_success();
        let bytes = response.bytes().await.context("the agent's answer broke off")?;
        if fine {
            return serde_json::from_slice(&bytes).context("the agent's answer cannot be read");
        }
        match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => Err(anyhow!("{}\n{}", problem.detail, problem.hint)),
            Err(_) => Err(anyhow!("something that is not the agent answers at {}", self.address)),
        }
    }
}

/// Listening everywhere includes here.
fn on_this_machine(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_that_listens_everywhere_is_asked_over_loopback() {
        assert_eq!(on_this_machine("0.0.0.0:7600".parse().unwrap()).to_string(), "127.0.0.1:7600");
        assert_eq!(on_this_machine("[::]:7600".parse().unwrap()).to_string(), "[::1]:7600");
        assert_eq!(on_this_machine("10.0.0.5:7600".parse().unwrap()).to_string(), "10.0.0.5:7600");
    }
}
