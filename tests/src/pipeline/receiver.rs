//! A receiver of webhooks, which keeps what it has heard, and may not want some of it.

use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};

/// One order in so many is told with events that a consumer cannot stand.
const POISON_EVERY: u32 = 100;
const BODY_BYTES_MAX: usize = 1 << 20;

/// The same in each run: it follows from the key alone.
pub(super) fn is_poison(key: &str) -> bool {
    let drawn = blake3::hash(key.as_bytes()).as_bytes().first_chunk().map(|four| u32::from_le_bytes(*four));
    key.starts_with("o-") && drawn.is_some_and(|drawn| drawn % POISON_EVERY == 0)
}

/// Of each key its events, as they came: number within the key, number in the log, id.
#[derive(Debug, Default)]
pub(super) struct Heard {
    by_key: BTreeMap<String, Vec<(u64, u64, String)>>,
    ids: BTreeSet<String>,
    /// Came once more, under the same id.
    pub(super) again: u64,
}

impl Heard {
    /// Whether it was new.
    pub(super) fn take(&mut self, cloud: &Value) -> Result<bool> {
        let text = |name: &str| {
            cloud.get(name).and_then(Value::as_str).with_context(|| format!("no {name} in {cloud}"))
        };
        let (id, key) = (text("id")?, text("subject")?);
        let (number, sequence) = (text("keysequence")?.parse()?, text("sequence")?.parse()?);
        if !self.ids.insert(id.to_owned()) {
            self.again += 1;
            return Ok(false);
        }
        self.by_key.entry(key.to_owned()).or_default().push((number, sequence, id.to_owned()));
        Ok(true)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &String> {
        self.by_key.keys()
    }

    /// What it has of a key, of the log up to `cut`: numbers and ids in the order in which they came first.
    pub(super) fn of(&self, key: &str, cut: u64) -> Vec<(u64, &str)> {
        let of_key = self.by_key.get(key).map(Vec::as_slice).unwrap_or_default();
        let early = of_key.iter().filter(|(_, sequence, _)| *sequence <= cut);
        early.map(|(number, _, id)| (*number, id.as_str())).collect()
    }
}

#[derive(Debug, Default)]
struct Inbox {
    heard: Mutex<Heard>,
    refuses: AtomicBool,
}

impl Inbox {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The status that it answers with.
    fn take(&self, body: &[u8]) -> u16 {
        let Ok(cloud) = serde_json::from_slice::<Value>(body) else { return 400 };
        let key = cloud.get("subject").and_then(Value::as_str).unwrap_or_default();
        if self.refuses.load(Ordering::Relaxed) && is_poison(key) {
            return 422;
        }
        self.heard().take(&cloud).map_or(400, |_| 204)
    }
}

#[derive(Debug)]
pub(super) struct Receiver {
    address: SocketAddr,
    inbox: Arc<Inbox>,
}

impl Receiver {
    /// At this address, or at a free one.
    pub(super) async fn start(address: Option<SocketAddr>) -> Result<Self> {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = TcpListener::bind(address.unwrap_or(anywhere)).await?;
        let this = Self { address: listener.local_addr()?, inbox: Arc::default() };
        let inbox = Arc::clone(&this.inbox);
        // It ends with the runtime of whoever measures.
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(listen(socket, Arc::clone(&inbox)));
            }
        });
        Ok(this)
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn refuse_poison(&self, refuses: bool) {
        self.inbox.refuses.store(refuses, Ordering::Relaxed);
    }

    pub(super) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.inbox.heard()
    }
}

async fn listen(socket: TcpStream, inbox: Arc<Inbox>) -> Result<()> {
    let mut line = BufStream::new(socket);
    while let Some(body) = read_body(&mut line).await? {
        let status = inbox.take(&body);
        line.write_all(format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n").as_bytes()).await?;
        line.flush().await?;
    }
    Ok(())
}

/// The body of the next request; None when the other side is done.
async fn read_body(line: &mut BufStream<TcpStream>) -> Result<Option<Vec<u8>>> {
    let (mut length, mut text) = (0, String::new());
    loop {
        text.clear();
        if line.read_line(&mut text).await? == 0 {
            return Ok(None);
        }
        let head = text.trim_end();
        if head.is_empty() {
            break;
        }
        if let Some((name, value)) = head.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<usize>()?.min(BODY_BYTES_MAX);
        }
    }
    let mut body = vec![0; length];
    line.read_exact(&mut body).await?;
    Ok(Some(body))
}
