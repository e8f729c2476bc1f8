//! The HTTP doors of both processes, as they run: every body is answered in words, and never by a
//! failure of the server. An input is a method, a path, a line's end and a body.

use super::dice::Dice;
use super::{Target, Verdict};
use holdfast_agent::runtime::AgentConfig;
use holdfast_central::runtime::CentralConfig;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

enum Process {
    Central { _running: holdfast_central::runtime::Running },
    Agent { running: holdfast_agent::runtime::Running },
}

pub struct Doors {
    runtime: Runtime,
    http: Client,
    url: String,
    token: String,
    seeds: Vec<String>,
    process: Process,
    sent: u64,
    _folder: TempDir,
}

impl std::fmt::Debug for Doors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Doors").field("url", &self.url).finish_non_exhaustive()
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

impl Doors {
    #[must_use]
    pub fn central() -> Self {
        let (runtime, folder) = (runtime(), TempDir::new().unwrap());
        let config = CentralConfig::embedded(folder.path().join("central"));
        let running = runtime.block_on(holdfast_central::runtime::start(config, None)).unwrap();
        let (url, token) = (format!("http://{}", running.http_address()), running.admin_key().to_owned());
        let process = Process::Central { _running: running };
        let seeds = central_seeds();
        Self { runtime, http: http(), url, token, seeds, process, sent: 0, _folder: folder }
    }

    #[must_use]
    pub fn agent() -> Self {
        let (runtime, folder) = (runtime(), TempDir::new().unwrap());
        let config = AgentConfig {
            data_dir: folder.path().join("agent"),
            lan_listen: "127.0.0.1:0".parse().unwrap(),
            central_url: None,
            ..AgentConfig::default()
        };
        let http = http();
        let running = runtime.block_on(holdfast_agent::runtime::start(config)).unwrap();
        let url = format!("http://{}", running.lan());
        let admin = std::fs::read_to_string(running.admin_token_path()).unwrap();
        let token = runtime.block_on(paired(&http, &url, admin.trim()));
        let process = Process::Agent { running };
        Self { runtime, http, url, token, seeds: agent_seeds(), process, sent: 0, _folder: folder }
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        match &self.process {
            // It ends with its runtime.
            Process::Central { .. } => {}
            Process::Agent { running } => running.shutdown(),
        }
    }
}

/// With a connection for each request: after a bad one the server may close its own, just as the next is sent on it.
fn http() -> Client {
    let _with_tls = holdfast::client::http().unwrap();
    Client::builder().no_proxy().timeout(Duration::from_secs(10)).pool_max_idle_per_host(0).build().unwrap()
}

/// As a manager, who may do the most.
async fn paired(http: &Client, url: &str, admin: &str) -> String {
    let offer =
        http.post(format!("{url}/v1/pairings")).bearer_auth(admin).json(&json!({ "role": "manager" }));
    let offered: Value = offer.send().await.unwrap().json().await.unwrap();
    let body = json!({ "code": offered["code"], "name": "fuzzer" });
    let answer: Value =
        http.post(format!("{url}/v1/pair")).json(&body).send().await.unwrap().json().await.unwrap();
    answer["token"].as_str().unwrap().to_owned()
}

fn central_seeds() -> Vec<String> {
    let place = json!({ "latitude": 53.8, "longitude": -1.5 });
    let order = json!({ "channel": "web", "kind": "ship", "destination": place,
        "lines": [{ "sku": "A", "quantity": 1 }] });
    let store = json!({ "store": "leeds", "name": "Leeds", "kind": "store", "place": place,
        "zone": "Europe/London", "hours": [], "fulfils": ["ship"], "capacity_tasks": 4, "buffer_units": 0,
        "release_point": "packed" });
    vec![
        format!("POST /v1/orders\n{order}"),
        format!("PUT /v1/stores/leeds\n{store}"),
        format!("PUT /v1/catalogue\n{}", json!({ "items": [{ "sku": "A", "name": "thing" }] })),
        format!("PUT /v1/stores/leeds/closure\n{}", json!({ "hard": false, "cause": "weather" })),
        format!("POST /v1/enroll\n{}", json!({ "code": "K7Q4-M9TX" })),
        format!("POST /v1/api-keys\n{}", json!({ "name": "k", "scopes": ["support"] })),
        format!("POST /v1/audit/intents\n{}", json!({ "store": "leeds", "intents": ["hh-3.1.1"] })),
        "POST /v1/orders/o-1/cancel\n{}".to_owned(),
        "GET /v1/orders?limit=5&cursor=abc\n".to_owned(),
        "GET /v1/stores?limit=5\n".to_owned(),
        "GET /v1/positions?skus=A\n".to_owned(),
        "POST /v1/sync\nHFS1".to_owned(),
    ]
}

fn agent_seeds() -> Vec<String> {
    let sale = json!({ "kind": "sale", "sku": "A", "quantity": 1 });
    vec![
        format!("POST /v1/movements\n{}", json!({ "movements": [sale] })),
        format!("POST /v1/import\n{}", "sku,name,on_hand\nA,thing,5\n"),
        "POST /v1/tasks/o-1-1/accept\n{}".to_owned(),
        format!("POST /v1/tasks/o-1-1/pick\n{}", json!({ "line": 1, "quantity": 1 })),
        format!("POST /v1/pairings\n{}", json!({ "role": "pos" })),
        format!("POST /v1/pair\n{}", json!({ "code": "K7Q4-M9TX", "name": "till" })),
        format!("PUT /v1/closure\n{}", json!({ "hard": false, "cause": "staffing" })),
        "GET /v1/skus/A\n".to_owned(),
        "GET /v1/skus?q=art&limit=5\n".to_owned(),
        "GET /v1/tasks?limit=5\n".to_owned(),
        "GET /v1/status\n".to_owned(),
    ]
}

impl Target for Doors {
    fn seeds(&self) -> Vec<Vec<u8>> {
        self.seeds.iter().map(|text| text.as_bytes().to_vec()).collect()
    }

    /// Mostly the body: a broken path reaches no handler.
    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        let end = input.iter().position(|byte| *byte == b'\n').map_or(input.len(), |at| at + 1);
        if dice.roll(4) == 0 {
            return dice.text(input);
        }
        [&input[..end], &dice.text(&input[end..])].concat()
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
        let head = String::from_utf8_lossy(&input[..end]).into_owned();
        let body = input.get(end + 1..).unwrap_or_default().to_vec();
        let (method, path) = head.split_once(' ').unwrap_or(("GET", &head));
        let Ok(method) = Method::from_bytes(method.as_bytes()) else { return Ok(Verdict::Refused) };
        let Ok(url) = reqwest::Url::parse(&format!("{}/{}", self.url, path.trim_start_matches('/'))) else {
            return Ok(Verdict::Refused);
        };
        self.sent += 1;
        let kind = match path {
            "/v1/sync" => "application/vnd.holdfast.sync",
            "/v1/import" => "text/csv",
            _ => "application/json",
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        let key = HeaderValue::from_str(&format!("fuzz-{}", self.sent)).unwrap();
        headers.insert(HeaderName::from_static("idempotency-key"), key);
        let request = self.http.request(method, url).bearer_auth(&self.token).headers(headers).body(body);
        self.runtime.block_on(async {
            match request.send().await {
                Ok(response) => judge(response).await,
                // A request that the client itself does not make.
                Err(error) if error.is_builder() => Ok(Verdict::Refused),
                Err(error) => Err(format!("no answer: {error:?}")),
            }
        })
    }
}

async fn judge(response: Response) -> Result<Verdict, String> {
    let status = response.status();
    if status.is_success() || status.is_redirection() || status.is_informational() {
        return Ok(Verdict::Taken);
    }
    if status.is_server_error() && status.as_u16() != 503 {
        return Err(format!("answered {status}: {}", response.text().await.unwrap_or_default()));
    }
    let kind = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let problem = kind == "application/problem+json";
    let text = response.text().await.unwrap_or_default();
    // The console speaks to people.
    if !problem && !kind.starts_with("text/") && !text.is_empty() {
        return Err(format!("answered {status} as {kind:?}: {text}"));
    }
    Ok(Verdict::Refused)
}
