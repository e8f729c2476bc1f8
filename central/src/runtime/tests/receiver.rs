//! A real HTTP server that says what a test wants: fails, asks for time, lies about what it says.

use axum::http::{HeaderMap, Uri};
use serde_json::Value;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What came in.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) path: String,
    heads: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Letter {
    pub(super) fn head(&self, name: &str) -> String {
        self.heads.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    pub(super) fn cloud(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// How a receiver answers.
#[derive(Debug, Clone)]
pub(super) enum Says {
    Status(u16),
    RetryAfter(u16, &'static str),
    /// 200, but the body is shorter than it says.
    WrongLength,
    /// 200, and then nothing for ever.
    NeverEnds,
}

#[derive(Default)]
struct Inbox {
    letters: Vec<Letter>,
    answers: VecDeque<Says>,
    /// Answered so whatever else is said, to whoever is named in the body.
    poison: Option<(String, u16)>,
}

/// A real server, that says what the test wants.
#[derive(Clone)]
pub(super) struct Receiver {
    address: SocketAddr,
    inbox: Arc<Mutex<Inbox>>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self { address: listener.local_addr().unwrap(), inbox: Arc::default() };
        let inbox = Arc::clone(&this.inbox);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(answer(socket, Arc::clone(&inbox)));
            }
        });
        this
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn letters(&self) -> Vec<Letter> {
        self.inbox.lock().unwrap().letters.clone()
    }

    pub(super) fn will_say(&self, answers: &[Says]) {
        self.inbox.lock().unwrap().answers.extend(answers.iter().cloned());
    }

    pub(super) fn poison(&self, named: &str, status: u16) {
        self.inbox.lock().unwrap().poison = Some((named.to_owned(), status));
    }

    pub(super) fn mend(&self) {
        self.inbox.lock().unwrap().poison = None;
    }

    /// Of each event that came: its key and number of its key.
    pub(super) fn heard(&self) -> Vec<(String, String)> {
        let text = |cloud: &Value, name: &str| cloud[name].as_str().unwrap().to_owned();
        let clouds = self.letters().iter().map(Letter::cloud).collect::<Vec<_>>();
        clouds.iter().map(|cloud| (text(cloud, "subject"), text(cloud, "keysequence"))).collect()
    }
}

async fn read_letter(socket: &mut TcpStream) -> Option<Letter> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let split = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(at) = split {
            let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
            let mut lines = head.lines();
            let uri: Uri = lines.next()?.split(' ').nth(1)?.parse().ok()?;
            let mut heads = HeaderMap::new();
            for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
                let name: axum::http::HeaderName = name.parse().unwrap();
                heads.insert(name, value.parse().unwrap());
            }
            let length: usize = heads.get("content-length")?.to_str().unwrap().parse().unwrap();
            if bytes.len() >= at + 4 + length {
                let body = bytes[at + 4..at + 4 + length].to_vec();
                return Some(Letter { path: uri.path().to_owned(), heads, body });
            }
        }
        match socket.read(&mut chunk).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    }
}

async fn answer(mut socket: TcpStream, inbox: Arc<Mutex<Inbox>>) {
    while let Some(letter) = read_letter(&mut socket).await {
        let says = {
            let mut inbox = inbox.lock().unwrap();
            let text = String::from_utf8_lossy(&letter.body).into_owned();
            let poisoned =
                inbox.poison.as_ref().filter(|(named, _)| text.contains(named)).map(|(_, status)| *status);
            let says = match poisoned {
                Some(status) => Says::Status(status),
                None => inbox.answers.pop_front().unwrap_or(Says::Status(204)),
            };
            inbox.letters.push(letter);
            says
        };
        let text = match says {
            Says::Status(status) => format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n"),
            Says::RetryAfter(status, after) => {
                format!("HTTP/1.1 {status} So\r\nretry-after: {after}\r\ncontent-length: 0\r\n\r\n")
            }
            Says::WrongLength => "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nthanks".to_owned(),
            Says::NeverEnds => "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_owned(),
        };
        socket.write_all(text.as_bytes()).await.unwrap();
        match says {
            Says::WrongLength => return,
            // The other side gives up first, and the socket closes with it.
            Says::NeverEnds => {
                let _left = socket.read(&mut [0; 16]).await;
                return;
            }
            Says::Status(_) | Says::RetryAfter(..) => {}
        }
    }
}
