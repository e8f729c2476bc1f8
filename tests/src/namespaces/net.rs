//! The namespaces, and the lines between them.

use anyhow::{Context, Result, ensure};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};

/// Where every line can be reached, and who runs the story is.
pub const HUB: &str = "hub";
pub(super) const CENTRAL: &str = "central";

/// Of a hundred packets, in either direction.
const LOST_PERCENT: u32 = 10;
/// A full packet takes a tenth of a second.
const NARROW: &str = "rate 128kbit burst 4kb latency 2s";

/// How a store's uplink is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Good,
    /// Narrow, and losing packets.
    Bad,
    Cut,
}

/// Names of namespaces that all begin alike, so that two runs do not meet.
#[derive(Debug, Clone)]
pub struct Net {
    name: String,
    stores: Vec<String>,
}

/// Gone when dropped.
#[derive(Debug)]
pub struct Built(Net);

impl Net {
    #[must_use]
    pub fn named(name: &str, stores: &[&str]) -> Self {
        Self { name: name.to_owned(), stores: stores.iter().map(|store| (*store).to_owned()).collect() }
    }

    pub fn build(self) -> Result<Built> {
        let built = Built(self);
        let net = &built.0;
        for room in net.rooms() {
            ip(&format!("netns add {room}"))?;
            ip(&format!("-n {room} link set lo up"))?;
        }
        let hub = net.room(HUB);
        ip(&format!("-n {hub} link add lines type bridge"))?;
        ip(&format!("-n {hub} link set lines up"))?;
        ip(&format!("-n {hub} address add 10.77.0.254/24 dev lines"))?;
        net.join(CENTRAL, 0)?;
        for (n, store) in (1_u8..).zip(&net.stores) {
            net.join(store, n)?;
            let room = net.room(store);
            ip(&format!("-n {hub} link add lan{n} type veth peer name lan netns {room}"))?;
            ip(&format!("-n {hub} address add 10.78.{n}.1/24 dev lan{n}"))?;
            ip(&format!("-n {hub} link set lan{n} up"))?;
            ip(&format!("-n {room} address add {}/24 dev lan", lan(n).ip()))?;
            ip(&format!("-n {room} link set lan up"))?;
        }
        Ok(built)
    }

    /// An uplink into the bridge.
    fn join(&self, what: &str, n: u8) -> Result<()> {
        let (hub, room) = (self.room(HUB), self.room(what));
        ip(&format!("-n {hub} link add line{n} type veth peer name uplink netns {room}"))?;
        ip(&format!("-n {hub} link set line{n} master lines"))?;
        ip(&format!("-n {hub} link set line{n} up"))?;
        ip(&format!("-n {room} address add {}/24 dev uplink", uplink(n)))?;
        ip(&format!("-n {room} link set uplink up"))
    }

    fn rooms(&self) -> impl Iterator<Item = String> {
        [HUB, CENTRAL].into_iter().chain(self.stores.iter().map(String::as_str)).map(|what| self.room(what))
    }

    fn room(&self, what: &str) -> String {
        format!("{}-{what}", self.name)
    }

    /// Runs a program in there; the process that it starts is the program's own.
    #[must_use]
    pub fn command(&self, what: &str, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.room(what)]).arg(program);
        command
    }

    /// From now on the line of this store is so.
    pub(super) fn set(&self, store: &str, line: Line) -> Result<()> {
        let n = self.stores.iter().position(|known| known == store).context("no such store")?;
        let n = u8::try_from(n + 1)?;
        let (hub, room) = (self.room(HUB), self.room(store));
        let state = if line == Line::Cut { "down" } else { "up" };
        ip(&format!("-n {hub} link set line{n} {state}"))?;
        let (into, out) = (format!("-n {room} qdisc"), format!("-n {hub} qdisc"));
        match line {
            Line::Cut => {}
            Line::Bad => {
                run("tc", &format!("{into} replace dev uplink root tbf {NARROW}"))?;
                run("tc", &format!("{out} replace dev line{n} root tbf {NARROW}"))?;
                self.lose(store, "iifname uplink", true)?;
                self.lose(CENTRAL, &format!("ip saddr {}", uplink(n)), true)?;
            }
            Line::Good => {
                run("tc", &format!("{into} delete dev uplink root"))?;
                run("tc", &format!("{out} delete dev line{n} root"))?;
                self.lose(store, "", false)?;
                self.lose(CENTRAL, "", false)?;
            }
        }
        Ok(())
    }

    /// Packets are lost where they come in: what is refused on its way out is told to its sender.
    fn lose(&self, what: &str, which: &str, lossy: bool) -> Result<()> {
        let rules = if lossy {
            format!(
                "add table ip line; add chain ip line in {{ type filter hook input priority 0; }}; \
                 add rule ip line in {which} numgen random mod 100 < {LOST_PERCENT} counter drop"
            )
        } else {
            "delete table ip line".to_owned()
        };
        finished(self.command(what, Path::new("nft")).arg(rules)).map(drop)
    }

    /// How many packets to a store its bad line has lost.
    pub(super) fn packets_lost(&self, store: &str) -> Result<u64> {
        let told = finished(self.command(store, Path::new("nft")).args(["list", "table", "ip", "line"]))?;
        let counted = told.split_once("packets ").context("the line counts nothing")?.1;
        Ok(counted.split_whitespace().next().context("no count")?.parse()?)
    }
}

impl Built {
    #[must_use]
    pub const fn net(&self) -> &Net {
        &self.0
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        for room in self.0.rooms() {
            // One that was never made cannot be taken away either.
            let _gone = ip(&format!("netns delete {room}"));
        }
    }
}

const fn uplink(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 0, n.saturating_add(1))
}

pub(super) const fn central(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(uplink(0)), port)
}

/// Where the store's own network has its agent; `n` counts from 1.
pub(super) const fn lan(n: u8) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(10, 78, n, 2)), 7600)
}

fn ip(arguments: &str) -> Result<()> {
    run("ip", arguments)
}

fn run(program: &str, arguments: &str) -> Result<()> {
    finished(Command::new(program).args(arguments.split_whitespace())).map(drop)
}

/// What it printed, if it ended well.
fn finished(command: &mut Command) -> Result<String> {
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    ensure!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    Ok(String::from_utf8(done.stdout)?)
}
