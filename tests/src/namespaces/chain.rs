//! Central and the stores' agents in their namespaces, with the people who use them.

use super::net::{CENTRAL, Net, central, lan};
use crate::e2e::{sku, store_named, until};
use anyhow::{Context, Result, ensure};
use holdfast::client::{CentralClient, LanClient};
use holdfast::demo::{Board, pick};
use holdfast::launch::{Process, Program};
use holdfast_central::core::fleet::Store;
use holdfast_central::ports::fleet::CatalogueItem;
use holdfast_shared::ids::{OrderId, TaskId};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const HTTP_PORT: u16 = 7700;
const MQTT_PORT: u16 = 7883;
const START_WITHIN: Duration = Duration::from_secs(30);
pub(super) const UNITS: u32 = 100;

/// Short, so that a run stays within two minutes; the relations are those of the defaults.
const LIMITS: &str = "[health]\nsuspect_after = \"3s\"\nineligible_after = \"6s\"\nlease = \"10s\"\n";

pub(super) struct Chain {
    pub(super) client: CentralClient,
    pub(super) shops: Vec<Shop>,
    _central: Process,
}

/// A store, its agent, and someone with a handheld.
pub(super) struct Shop {
    pub(super) store: Store,
    pub(super) handheld: LanClient,
    pub(super) board: Board,
    _agent: Process,
}

impl Chain {
    pub(super) async fn start(net: &Net, folder: &Path, stores: &[&str]) -> Result<Self> {
        let http = holdfast::client::http()?;
        let (process, client) = start_central(net, folder, &http).await?;
        client
            .put_catalogue(&[CatalogueItem {
                sku: sku(0),
                name: "Lamp".to_owned(),
                class: None,
                needs: [].into(),
            }])
            .await?;
        let mut shops = Vec::new();
        for (n, name) in (1_u8..).zip(stores) {
            shops.push(Shop::open(net, folder, (n, name), &client, &http).await?);
        }
        Ok(Self { client, shops, _central: process })
    }

    pub(super) fn shop(&self, name: &str) -> Result<&Shop> {
        self.shops.iter().find(|shop| shop.store.name == name).context("no such shop")
    }

    /// As it is judged when it is asked, and on record: routing goes by what was judged last.
    pub(super) async fn until_standing(&self, store: &str, wanted: &str) -> Result<()> {
        until(&format!("{store} is {wanted}"), async || {
            let now = self.client.get(&format!("/v1/stores/{store}")).await?;
            let recorded = self.client.get(&format!("/v1/stores/{store}/history?limit=1")).await?;
            let is = |told: &Value, path| told.pointer(path).and_then(Value::as_str) == Some(wanted);
            Ok(is(&now, "/eligibility/standing") && is(&recorded, "/changes/0/eligibility/standing"))
        })
        .await
    }

    pub(super) async fn state(&self, order: &OrderId) -> Result<String> {
        let told = self.client.get(&format!("/v1/orders/{order}")).await?;
        Ok(told.get("state").and_then(Value::as_str).context("no state")?.to_owned())
    }

    /// The stores that have or had a task of it, each with the task's status, in the order of the shops.
    pub(super) async fn tasks(&self, order: &OrderId) -> Result<Vec<(String, String)>> {
        let mut found = Vec::new();
        for shop in &self.shops {
            let name = &shop.store.name;
            for task in self.client.all(&format!("/v1/stores/{name}/tasks"), "tasks").await? {
                if task.get("order").and_then(Value::as_str) == Some(order.as_str()) {
                    let status = task.get("status").and_then(Value::as_str).context("no status")?;
                    found.push((name.clone(), status.to_owned()));
                }
            }
        }
        Ok(found)
    }

    /// The people of these stores do what is to be done until all the orders are so far.
    pub(super) async fn work_until(&self, stores: &[&str], orders: &[&OrderId], state: &str) -> Result<()> {
        until(&format!("{orders:?} are {state}"), async || {
            for store in stores {
                let shop = self.shop(store)?;
                pick(&shop.handheld, &shop.store.store, &shop.board).await?;
            }
            for order in orders {
                if self.state(order).await? != state {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .await
    }
}

async fn start_central(net: &Net, folder: &Path, http: &reqwest::Client) -> Result<(Process, CentralClient)> {
    let data = folder.join("central");
    let beyond = "allow_beyond_loopback = true";
    let (web, signals) = (central(HTTP_PORT), central(MQTT_PORT));
    let config = format!(
        "data_dir = {data:?}\n\n[http]\nlisten = \"{web}\"\n{beyond}\n\n[mqtt]\nlisten = \"{signals}\"\n{beyond}\n\n{LIMITS}",
    );
    let file = folder.join("central.toml");
    std::fs::write(&file, config)?;
    let program = Program::beside_this("holdfast-central")?;
    let mut command = net.command(CENTRAL, program.path());
    command.arg("--config").arg(&file).arg("run");
    let mut process = Process::start("central", command, &folder.join("central.log"))?;
    process.answers(http, &format!("http://{web}/healthz"), START_WITHIN).await?;
    let key = std::fs::read_to_string(data.join("admin.key"))?;
    Ok((process, CentralClient::new(http.clone(), &format!("http://{web}"), &key)))
}

impl Shop {
    async fn open(
        net: &Net,
        folder: &Path,
        (n, name): (u8, &str),
        client: &CentralClient,
        http: &reqwest::Client,
    ) -> Result<Self> {
        let store = store_named(name, n)?;
        client.put_store(&store).await?;
        let code = client.enrolment_code(&store.store).await?;
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        let (data, listen) = (folder.join("data"), lan(n));
        let config = format!(
            "data_dir = {data:?}\n\n[lan]\nlisten = \"{listen}\"\nallow_beyond_loopback = true\n\n\
             [sync]\nevery = \"1s\"\n\n[heartbeat]\nevery = \"1s\"\n",
        );
        std::fs::write(folder.join("agent.toml"), config)?;
        let agent = |arguments: &[&str]| -> Result<Command> {
            let mut command = net.command(name, Program::beside_this("holdfast-agent")?.path());
            command.arg("--config").arg(folder.join("agent.toml")).args(arguments);
            Ok(command)
        };
        let url = format!("http://{}", central(HTTP_PORT));
        to_its_end(agent(&["enroll", "--central", &url, "--code", &code])?)?;
        let shelves = folder.join("shelves.csv");
        std::fs::write(&shelves, format!("sku,name,on_hand\n{},Lamp,{UNITS}\n", sku(0)))?;
        to_its_end(agent(&["import", &shelves.to_string_lossy()])?)?;
        let mut process = Process::start(name, agent(&["run"])?, &folder.join("agent.log"))?;
        let lan_url = format!("http://{listen}");
        process.answers(http, &format!("{lan_url}/healthz"), START_WITHIN).await?;
        let handheld = paired(http, &lan_url, &data).await?;
        Ok(Self { store, handheld, board: Board::default(), _agent: process })
    }

    /// The store's task of that order, as its handheld shows it.
    pub(super) async fn task(&self, order: &OrderId) -> Result<Option<Value>> {
        let begins = format!("{order}-");
        let is_of_it = |task: &Value| {
            task.get("task").and_then(Value::as_str).is_some_and(|task| task.starts_with(&begins))
        };
        Ok(self.handheld.open_tasks().await?.into_iter().find(is_of_it))
    }

    pub(super) async fn until_status(&self, order: &OrderId, wanted: &str) -> Result<()> {
        until(&format!("{order} is {wanted} at {}", self.store.name), async || {
            let task = self.task(order).await?;
            Ok(task.and_then(|task| Some(task.get("status")?.as_str()? == wanted)) == Some(true))
        })
        .await
    }

    /// One after the other, all of them on one order of a single unit.
    pub(super) async fn act(&self, order: &OrderId, acts: &[&str]) -> Result<()> {
        let task =
            self.task(order).await?.with_context(|| format!("{order} is not at {}", self.store.name))?;
        let task: TaskId = task.get("task").and_then(Value::as_str).context("no task")?.parse()?;
        for act in acts {
            let body = match *act {
                "pick" => json!({ "line": 1, "quantity": 1 }),
                "hand-over" => json!({ "to": "carrier" }),
                _ => json!({}),
            };
            let key = self.handheld.intent();
            self.handheld.task_act(&task, act, &key, &body).await?;
            self.board.lock().acknowledge(&self.store.store, key);
        }
        Ok(())
    }

    /// What it told its people was done.
    pub(super) fn acknowledged(&self) -> Vec<String> {
        self.board.lock().acknowledged.get(&self.store.store).cloned().unwrap_or_default()
    }
}

fn to_its_end(mut command: Command) -> Result<()> {
    let done = command.stdin(Stdio::null()).output()?;
    let told = [done.stdout, done.stderr].concat();
    ensure!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&told));
    Ok(())
}

async fn paired(http: &reqwest::Client, lan_url: &str, data: &Path) -> Result<LanClient> {
    let token = std::fs::read_to_string(data.join("admin.token"))?;
    let asked = http.post(format!("{lan_url}/v1/pairings")).bearer_auth(token.trim());
    let answer = asked.json(&json!({ "role": "manager" })).send().await?.error_for_status()?;
    let answer: Value = answer.json().await?;
    let code = answer.get("code").and_then(Value::as_str).context("no code")?;
    LanClient::pair(http.clone(), lan_url, code, "handheld").await
}
