//! Health at the size of a chain: what ten thousand stores cost central while they beat, how soon a silent
//! one is found, and what happens when the broker dies under all of them.
//!
//! Run: `cargo bench -p holdfast-tests --bench heartbeats [STORES] [SECONDS]`; it takes some six minutes, and
//! builds the central of these sources first. Needs mosquitto. SECONDS is the length of each measured phase. Broker,
//! central and the listener that the figures are compared with are processes of their own; the stores are
//! one process, each with a connection of its own to the broker, as an agent has it.

#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench tells its figures")]

use anyhow::{Context, Result, ensure};
use holdfast::launch::Process;
use holdfast_central::core::eligibility::Standing;
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::topic::{Channel, Topic};
use holdfast_tests::flock::{Figures, Habits, Lot, Member, Plan, Scene, Spread};
use holdfast_tests::packaged::build_programs;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, interval};

const STORES: usize = 10_000;
const SECONDS: u64 = 30;
/// With a task that they accepted.
const BUSY: usize = 100;
/// Connections to central's HTTP: one machine has no ten thousand.
const CONNECTIONS: usize = 500;
/// Stores that fall silent one by one, and that say goodbye: few enough not to freeze health.
const SILENT: usize = 20;
const FLOOD: usize = 50_000;
/// In each phase, how long it is waited for what should come long before.
const PATIENCE: Duration = Duration::from_secs(180);
/// A listener that makes no progress for this long has all that it will get.
const STILL: Duration = Duration::from_secs(20);
/// Central compares what changed every five seconds: after two looks without any, there is none.
const BOOKS_STILL: Duration = Duration::from_secs(11);
const LOOK_EVERY: Duration = Duration::from_millis(100);
const COUNT: &str = "--count";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == COUNT) {
        return count(arguments.get(at + 1).context("no address")?.parse()?).await;
    }
    let numbers: Vec<u64> = arguments.iter().filter_map(|text| text.parse().ok()).collect();
    let stores = numbers.first().map_or(Ok(STORES), |stores| usize::try_from(*stores))?;
    ensure!(
        stores >= 10 * SILENT,
        "at least {} stores, or those that fall silent freeze health",
        10 * SILENT
    );
    let watched = Duration::from_secs(numbers.get(1).copied().unwrap_or(SECONDS));
    build_programs()?;
    let mut bench = Bench::set(stores, watched).await?;
    bench.all_well("all heard of").await?;
    bench.calm(false).await?;
    bench.flood().await?;
    bench.bad_line().await?;
    bench.silence().await?;
    bench.goodbyes().await?;
    bench.calm(true).await?;
    bench.broker_dies().await?;
    bench.both_paths_go().await?;
    bench.all_come_back().await
}

/// A figure, with what it should be.
fn tell(what: &str, figure: impl std::fmt::Display, beside: impl std::fmt::Display) {
    println!("{what:<34}{figure:<52}{beside}");
}

/// The bare listener: it only counts.
async fn count(broker: SocketAddr) -> Result<()> {
    let mut options = MqttOptions::new("counter", broker.ip().to_string(), broker.port());
    options.set_keep_alive(Duration::from_secs(5));
    let (client, mut events) = AsyncClient::new(options, 16);
    let (mut heard, mut told) = (0_u64, 0_u64);
    let mut looks = interval(LOOK_EVERY);
    loop {
        tokio::select! {
            event = events.poll() => match event {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    client.try_subscribe(Topic::filter_all(Channel::Heartbeat), QoS::AtLeastOnce)?;
                }
                Ok(Event::Incoming(Packet::Publish(_))) => heard += 1,
                Ok(_) => {}
                // The broker is killed in the course of the bench, and nobody needs the count then.
                Err(_) => return Ok(()),
            },
            _ = looks.tick() => if heard != told {
                println!("{heard}");
                told = heard;
            },
        }
    }
}

struct Counter {
    process: Process,
    log: PathBuf,
}

impl Counter {
    fn start(folder: &Path, broker: SocketAddr) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(COUNT).arg(broker.to_string());
        let log = folder.join("counter.log");
        Ok(Self { process: Process::start("counter", command, &log)?, log })
    }

    fn heard(&self) -> u64 {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().last().and_then(|line| line.parse().ok()).unwrap_or_default()
    }
}

struct Bench {
    scene: Scene,
    counter: Counter,
    /// How long each phase is watched.
    watched: Duration,
}

impl Bench {
    async fn set(stores: usize, watched: Duration) -> Result<Self> {
        let preparing = Instant::now();
        let central_config = "[health]\nlease = \"1h\"\n\n[offers]\naccept_within = \"1h\"\n";
        let habits = Habits::default();
        let plan = Plan { stores, busy: BUSY, connections: CONNECTIONS, central_config, habits };
        let scene = Scene::set(plan).await?;
        tell("stores", stores, format!("(prepared in {:.1} s)", preparing.elapsed().as_secs_f64()));
        let counter = Counter::start(scene.folder.path(), scene.broker.address)?;
        Ok(Self { scene, counter, watched })
    }

    fn members(&self, from: usize) -> impl Iterator<Item = &Member> {
        self.scene.flock.members.iter().skip(from).take(SILENT).map(AsRef::as_ref)
    }

    /// Of central, the counter and the broker.
    fn figures(&self) -> Result<[Figures; 3]> {
        let central = self.scene.central.process_id().context("central does not run")?;
        let broker = self.scene.broker.process_id().context("the broker does not run")?;
        Ok([Figures::of(central)?, Figures::of(self.counter.process.id())?, Figures::of(broker)?])
    }

    async fn nothing_moved(&self) -> Result<()> {
        let audit = self.scene.nothing_moved().await?;
        tell("  tasks moved", audit.recalled_tasks, format!("(budget 0; {} are open)", audit.open_tasks));
        Ok(())
    }

    async fn all_well(&self, what: &str) -> Result<()> {
        let (begun, all) = (Instant::now(), self.scene.flock.members.len() as f64);
        let well = async || Ok(self.scene.office.standing(Standing::Eligible).await? >= all);
        let came = until(well).await?;
        let eligible = self.scene.office.standing(Standing::Eligible).await?;
        let figure = format!("{eligible} eligible after {:.1} s", begun.elapsed().as_secs_f64());
        tell(what, figure, format!("({} connected)", self.scene.flock.connected()));
        ensure!(came, "not all stores came to be eligible");
        self.books_compared().await
    }

    /// So many changed stores are all looked at once more in the background: that is no cost of their beats.
    async fn books_compared(&self) -> Result<()> {
        let (mut last, mut since) = (self.scene.office.reconciled().await?, Instant::now());
        let done = async || {
            let compared = self.scene.office.reconciled().await?;
            if compared > last {
                (last, since) = (compared, Instant::now());
            }
            Ok(since.elapsed() > BOOKS_STILL)
        };
        ensure!(until(done).await?, "central does not come to an end with comparing books");
        Ok(())
    }
}

/// The phases, each from a fleet that is well to one that is well but for what is told.
impl Bench {
    /// What the beats cost, alone or with the syncs that agents send beside them.
    async fn calm(&self, syncing: bool) -> Result<()> {
        self.scene.flock.let_sync(syncing);
        let (before, heard, begun) =
            (self.figures()?, self.scene.office.beats_heard().await?, Instant::now());
        let air = &self.scene.flock.air;
        let answers = || [&air.synced, &air.turned_away].map(|count| count.load(Ordering::Relaxed));
        let [synced_before, away_before] = answers();
        pass(self.watched).await;
        let (after, seconds) = (self.figures()?, begun.elapsed().as_secs_f64());
        let heard = self.scene.office.beats_heard().await? - heard;
        let [central, counter, broker] = Figures::shares_since(&after, &before);
        tell(if syncing { "beats and syncs" } else { "beats" }, format!("{:.0}/s", heard / seconds), "");
        if syncing {
            let [synced, away] = answers();
            let rate = format!("{:.0}/s", (synced - synced_before) as f64 / seconds);
            tell("  syncs", rate, format!("({} turned away)", away - away_before));
        }
        let budget = if syncing { "(no budget)" } else { "(budget 5 %)" };
        let times =
            format!("{budget}; {:.1} times a listener that only counts, {counter:.1} %", central / counter);
        tell("  central, of one core", format!("{central:.1} %"), times);
        let resident = format!("{:.0} MB", after[0].resident_mb);
        tell("  central, resident", resident, format!("(the broker takes {broker:.1} %)"));
        Ok(())
    }

    /// As many beats at once as ten times the stores send in five seconds.
    async fn flood(&self) -> Result<()> {
        self.scene.flock.let_beat(false);
        let quiet = self.heard_all(0.0).await?;
        let (counted, before, begun) = (self.counter.heard(), self.figures()?, Instant::now());
        let each = u32::try_from(FLOOD.div_ceil(self.scene.flock.members.len()))?;
        let sent = self.scene.flock.flood(each).await?;
        let sending = sent as f64 / begun.elapsed().as_secs_f64();
        let heard = self.heard_all(quiet + sent as f64).await? - quiet;
        let (hearing, after) = (begun.elapsed().as_secs_f64(), self.figures()?);
        let counted = self.counter.heard() - counted;
        self.scene.flock.let_beat(true);
        let rate = format!("{:.0}/s", heard / hearing);
        tell("flood", rate, format!("(budget 50000/s; sent {sent} at {sending:.0}/s)"));
        let beside = format!("(budget 0; the counter got {counted})");
        tell("  lost on the way to central", sent as f64 - heard, beside);
        // Senders, broker, counter and central share the machine: what central alone could do is another figure.
        let [central, _, broker] = Figures::shares_since(&after, &before);
        let rate = format!("{:.0}/s", heard / (central / 100.0 * hearing));
        tell("  central, with a core of its own", rate, format!("(the broker takes {broker:.0} %)"));
        Ok(())
    }

    /// Beats that central has, once it has so many or gets no more.
    async fn heard_all(&self, wanted: f64) -> Result<f64> {
        let (mut last, mut since) = (self.scene.office.beats_heard().await?, Instant::now());
        let still = if wanted > 0.0 { STILL } else { Duration::from_secs(1) };
        let mut looks = interval(LOOK_EVERY);
        while since.elapsed() < still && (wanted <= 0.0 || last < wanted) {
            looks.tick().await;
            let heard = self.scene.office.beats_heard().await?;
            if heard > last {
                (last, since) = (heard, Instant::now());
            }
        }
        Ok(last)
    }

    /// One of a hundred messages lost: who is doubted for nothing?
    async fn bad_line(&self) -> Result<()> {
        let since = now();
        self.scene.flock.lose(10);
        let (sent, lost) = (&self.scene.flock.air.beats, &self.scene.flock.air.lost);
        let before = (sent.load(Ordering::Relaxed), lost.load(Ordering::Relaxed));
        pass(self.watched).await;
        self.scene.flock.lose(0);
        let of = (sent.load(Ordering::Relaxed) - before.0, lost.load(Ordering::Relaxed) - before.1);
        let (mut suspect, mut ineligible) = (0, 0);
        for member in &self.scene.flock.members {
            for change in self.scene.office.changes(member.store(), since).await? {
                suspect += u32::from(change.eligibility.standing == Standing::Suspect);
                ineligible += u32::from(change.eligibility.standing == Standing::Ineligible);
            }
        }
        let told = format!("({} beats lost, {} sent)", of.1, of.0);
        tell("1 % loss, falsely suspect", suspect, told);
        tell("  falsely ineligible", ineligible, "(budget 0)");
        Ok(())
    }

    /// Stores stop one by one, half of them with a broken connection and half without a trace.
    async fn silence(&self) -> Result<()> {
        let mut steps = interval(Duration::from_secs(1));
        let mut stopped = Vec::new();
        for (n, member) in self.members(BUSY).enumerate() {
            steps.tick().await;
            member.meets(if n % 2 == 0 { Lot::Cut } else { Lot::Dark });
            stopped.push((member, now()));
        }
        let (mut by_word, mut by_end) = (Vec::new(), Vec::new());
        for (member, at) in stopped {
            let word = member.last_word();
            let found = self.found(member, Standing::Ineligible, at).await?.context("never found")?;
            by_word.push(between(word, found));
            by_end.push(between(at, found));
        }
        tell("last word to ineligible", Spread::from_iter(by_word), "(budget 31 s)");
        tell("end to ineligible", Spread::from_iter(by_end), "");
        Ok(())
    }

    async fn goodbyes(&self) -> Result<()> {
        let mut steps = interval(Duration::from_millis(200));
        let mut left = Vec::new();
        for member in self.members(BUSY + SILENT) {
            steps.tick().await;
            let at = now();
            member.meets(Lot::Left);
            left.push((member, at));
        }
        let mut took = Vec::new();
        for (member, at) in left {
            let found =
                self.found(member, Standing::Suspect, at).await?.context("a goodbye was not heard")?;
            took.push(between(at, found));
            member.meets(Lot::Well);
        }
        tell("goodbye to suspect", Spread::from_iter(took), "(budget 1 s)");
        Ok(())
    }

    async fn found(&self, member: &Member, to: Standing, after: UtcMs) -> Result<Option<UtcMs>> {
        let mut turned = None;
        until(async || {
            turned = self.scene.office.turned(member.store(), to, after).await?;
            Ok(turned.is_some())
        })
        .await?;
        Ok(turned)
    }

    /// The broker alone: all but one go on by the second path.
    async fn broker_dies(&mut self) -> Result<()> {
        let at = now();
        self.scene.broker.kill()?;
        let lost = self.members(0).next().context("no store")?;
        lost.meets(Lot::Dark);
        let found = self.found(lost, Standing::Ineligible, at).await?;
        let figure = match found {
            Some(found) => format!("found after {:.1} s", between(at, found).as_secs_f64()),
            None => format!("not found within {} s", PATIENCE.as_secs()),
        };
        let frozen =
            if self.scene.office.is_frozen().await? { "health is frozen" } else { "health is not frozen" };
        tell("broker dead, the one dark store", figure, format!("({frozen})"));
        let [eligible, suspect, ineligible] = [Standing::Eligible, Standing::Suspect, Standing::Ineligible];
        let standing = async |standing| self.scene.office.standing(standing).await;
        let others = format!("{} eligible, {} suspect", standing(eligible).await?, standing(suspect).await?);
        let air = &self.scene.flock.air;
        let [away, none] = [&air.turned_away, &air.unanswered].map(|count| count.load(Ordering::Relaxed));
        let beside =
            format!("({} ineligible; {away} turned away, {none} unanswered)", standing(ineligible).await?);
        tell("  the others, by HTTP", others, beside);
        self.nothing_moved().await
    }

    async fn both_paths_go(&self) -> Result<()> {
        let begun = Instant::now();
        self.scene.line.pull();
        let raised = until(async || self.scene.office.is_frozen().await).await?;
        let figure =
            if raised { format!("after {:.1} s", begun.elapsed().as_secs_f64()) } else { "none".to_owned() };
        tell("both paths dead, alarm", figure, "(demanded)");
        ensure!(raised, "nobody is heard, and there is no alarm");
        pass(self.watched).await;
        self.nothing_moved().await
    }

    async fn all_come_back(&mut self) -> Result<()> {
        self.scene.broker.start().await?;
        self.scene.line.put_back();
        self.scene.flock.members.iter().for_each(|member| member.meets(Lot::Well));
        self.all_well("all back").await?;
        ensure!(self.scene.flock.is_whole(), "a store of the flock ended by itself");
        self.nothing_moved().await
    }
}

/// Whether it came to hold.
async fn until(mut holds: impl AsyncFnMut() -> Result<bool>) -> Result<bool> {
    let mut looks = interval(LOOK_EVERY);
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        looks.tick().await;
        if holds().await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn pass(time: Duration) {
    let mut once = interval(time);
    once.tick().await;
    once.tick().await;
}

fn now() -> UtcMs {
    SystemClock.now().utc
}

fn between(from: UtcMs, to: UtcMs) -> Duration {
    Duration::from_millis(u64::try_from(to.since(from)).unwrap_or_default())
}
