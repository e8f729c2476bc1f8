//! NO_LOST_ACK on a bad disk: files of a store's box are damaged in every way that a disk or a person
//! damages them. Each acknowledged fact is then either there and right, or the loss was told with a
//! number that covers it. `HOLDFAST_DAMAGES=10000` does that many; `HOLDFAST_DAMAGE=77` repeats one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and tells its figures"
)]

use holdfast_agent::adapters::sqlite::SqliteLedger;
use holdfast_agent::core::command::{Command, Intent, MovementKind, MovementRequest};
use holdfast_agent::ports::ledger::{Import, ImportItem, Ledger};
use holdfast_platform::sqlite::{IntegrityCheck, Mode, Options, Place};
use holdfast_shared::domain::fact::Body;
use holdfast_shared::ids::Sku;
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use holdfast_shared::wire::fact::decode;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const DAMAGES: u64 = 200;
const THREADS: usize = 2;
const ARTICLES: usize = 60;
const SALES: usize = 500;
const PAGE: usize = 4096;
const SECTOR: usize = 512;
const PARTS: [&str; 3] = ["", "-wal", "-witness"];

const NOW: Now = Now { utc: UtcMs(1_700_000_000_000), mono: MonoMs(1_000) };

/// Numbers that one seed gives.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % (end.max(1) as u64)) as usize
    }
}

/// What happens to a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    BitInDatabase,
    BitInLog,
    ZeroedPage,
    JunkPage,
    TornSectorInDatabase,
    TornSectorInLog,
    CutDatabase,
    CutLog,
    OlderDatabase,
    OlderLog,
    OlderBoth,
    NoLog,
    NoDatabase,
}

const KINDS: [Kind; 13] = [
    Kind::BitInDatabase,
    Kind::BitInLog,
    Kind::ZeroedPage,
    Kind::JunkPage,
    Kind::TornSectorInDatabase,
    Kind::TornSectorInLog,
    Kind::CutDatabase,
    Kind::CutLog,
    Kind::OlderDatabase,
    Kind::OlderLog,
    Kind::OlderBoth,
    Kind::NoLog,
    Kind::NoDatabase,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    AtStart,
    AtUse,
    Harmless,
}

fn with(path: &Path, part: &str) -> PathBuf {
    PathBuf::from(format!("{}{part}", path.display()))
}

fn open(path: &Path, boot: &str) -> SqliteLedger {
    let options = Options { mode: Mode::Inline, check: IntegrityCheck::Later, ..Options::default() };
    SqliteLedger::open(&Place::File(path.to_owned()), options, boot.parse().unwrap(), None).unwrap()
}

fn article(n: usize) -> Sku {
    Sku::new(format!("ARTICLE-{n}")).unwrap()
}

fn sale(key: &str, n: usize) -> (Intent, Command) {
    let intent = Intent {
        device: "till".parse().unwrap(),
        actor: "amy".parse().unwrap(),
        key: key.parse().unwrap(),
        request_hash: [1; 32],
        fact_id: None,
        trace: None,
    };
    let kind = MovementKind::Sale;
    let one = MovementRequest { kind, sku: article(n), quantity: 1, peer: None, note: None };
    (intent, Command::Move(vec![one]))
}

/// One day of a box: its files as they lay in the middle of it, and at the end without a goodbye.
struct Day {
    folder: tempfile::TempDir,
    acknowledged: BTreeMap<String, String>,
}

impl Day {
    async fn live() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("day.db");
        let ledger = open(&file, "b1");
        let item = |n| ImportItem {
            sku: article(n),
            name: Some(format!("Article number {n}, and what it is made of")),
            barcode: None,
            class: None,
            on_hand: Some(100),
        };
        ledger.import((0..ARTICLES).map(item).collect(), Box::new(|_| {}), NOW).await.unwrap();
        for n in 0..SALES {
            let (intent, command) = sale(&format!("k{n}"), n % ARTICLES);
            ledger.execute(intent, command, NOW).await.unwrap();
            if n == SALES / 2 {
                copy(&file, &folder.path().join("noon.db"));
            }
        }
        copy(&file, &folder.path().join("evening.db"));
        let acknowledged = facts(&file);
        assert_eq!(acknowledged.len(), ARTICLES + SALES);
        Self { folder, acknowledged }
    }

    fn evening(&self) -> PathBuf {
        self.folder.path().join("evening.db")
    }

    fn noon(&self) -> PathBuf {
        self.folder.path().join("noon.db")
    }
}

fn copy(from: &Path, to: &Path) {
    for part in PARTS {
        if with(from, part).exists() {
            std::fs::copy(with(from, part), with(to, part)).unwrap();
        }
    }
}

/// Read by SQLite alone, so that nothing of the product stands between.
fn facts(file: &Path) -> BTreeMap<String, String> {
    let connection = rusqlite::Connection::open(file).unwrap();
    let mut statement = connection.prepare("SELECT id, text FROM fact").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn change(path: &Path, at: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    at(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

fn damage(kind: Kind, dice: &mut Dice, file: &Path, day: &Day) {
    let log = with(file, "-wal");
    let flip = |bytes: &mut Vec<u8>, dice: &mut Dice| {
        let at = dice.below(bytes.len());
        bytes[at] ^= 1 << dice.below(8);
    };
    let piece = |bytes: &mut Vec<u8>, dice: &mut Dice, size: usize, fill: Option<u8>| {
        let at = dice.below(bytes.len() / size) * size;
        let salt = dice.below(256) as u8;
        for (n, byte) in bytes[at..at + size].iter_mut().enumerate() {
            *byte = fill.unwrap_or_else(|| (n as u8).wrapping_mul(31).wrapping_add(salt));
        }
    };
    let cut = |bytes: &mut Vec<u8>, dice: &mut Dice| bytes.truncate(dice.below(bytes.len()));
    match kind {
        Kind::BitInDatabase => change(file, |bytes| flip(bytes, dice)),
        Kind::BitInLog => change(&log, |bytes| flip(bytes, dice)),
        Kind::ZeroedPage => change(file, |bytes| piece(bytes, dice, PAGE, Some(0))),
        Kind::JunkPage => change(file, |bytes| piece(bytes, dice, PAGE, None)),
        Kind::TornSectorInDatabase => change(file, |bytes| piece(bytes, dice, SECTOR, None)),
        Kind::TornSectorInLog => change(&log, |bytes| piece(bytes, dice, SECTOR, Some(0))),
        Kind::CutDatabase => change(file, |bytes| cut(bytes, dice)),
        Kind::CutLog => change(&log, |bytes| cut(bytes, dice)),
        Kind::OlderDatabase => drop(std::fs::copy(day.noon(), file).unwrap()),
        Kind::OlderLog => drop(std::fs::copy(with(&day.noon(), "-wal"), &log).unwrap()),
        Kind::OlderBoth => {
            std::fs::copy(day.noon(), file).unwrap();
            std::fs::copy(with(&day.noon(), "-wal"), &log).unwrap();
        }
        Kind::NoLog => std::fs::remove_file(&log).unwrap(),
        Kind::NoDatabase => std::fs::remove_file(file).unwrap(),
    }
}

/// Uses the box as a shift does, and looks through it as the agent does in the background.
async fn use_it(ledger: &SqliteLedger, round: &str) -> bool {
    for n in 0..ARTICLES {
        let _told = ledger.positions(&[article(n)]).await;
    }
    let (intent, command) = sale(&format!("after-{round}"), 0);
    let _told = ledger.execute(intent, command, NOW).await;
    ledger.examine().await.is_ok() && !ledger.is_damaged()
}

async fn one(seed: u64, day: &Day, place: &Path) -> (Kind, Found) {
    let mut dice = Dice(seed);
    let kind = KINDS[dice.below(KINDS.len())];
    let file = place.join("box.db");
    copy(&day.evening(), &file);
    damage(kind, &mut dice, &file, day);

    let mut ledger = open(&file, "b2");
    let mut found = match (ledger.was_salvaged(), ledger.summary().await.unwrap().losses.is_empty()) {
        (false, true) => Found::Harmless,
        (true, _) | (_, false) => Found::AtStart,
    };
    if !use_it(&ledger, "one").await {
        if found == Found::Harmless {
            found = Found::AtUse;
        }
        drop(ledger);
        ledger = open(&file, "b3");
        assert!(use_it(&ledger, "two").await, "seed {seed}, {kind:?}: what was salvaged is not sound");
    }
    check(seed, kind, found, &ledger, &file, day).await;
    (kind, found)
}

async fn check(seed: u64, kind: Kind, found: Found, ledger: &SqliteLedger, file: &Path, day: &Day) {
    let whose = format!("seed {seed}, {kind:?}, {found:?}");
    let here = facts(file);
    let missing = day.acknowledged.keys().filter(|id| !here.contains_key(*id)).count() as u64;
    for (id, text) in &day.acknowledged {
        assert!(here.get(id).is_none_or(|here| here == text), "{whose}: {id} has become another fact");
    }
    let losses = ledger.summary().await.unwrap().losses;
    let told: Option<u64> = losses.iter().map(|loss| loss.facts).sum();
    assert!(told.is_none_or(|told| told >= missing), "{whose}: {missing} are missing, told {losses:?}");
    assert!(!losses.is_empty() || missing == 0, "{whose}: nothing was told");
    let mut sums: BTreeMap<Sku, i64> = BTreeMap::new();
    for (id, text) in &here {
        let Body::Stock(stock) = decode(&id.parse().unwrap(), text).unwrap().body else { continue };
        *sums.entry(stock.sku).or_default() += stock.delta;
    }
    for (sku, units) in sums {
        let position = ledger.positions(std::slice::from_ref(&sku)).await.unwrap();
        assert_eq!(position[0].on_hand, units, "{whose}: {sku}");
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
fn what_a_disk_loses_is_found_and_told() {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let day = runtime().block_on(Day::live());
    if let Some(seed) = number("HOLDFAST_DAMAGE") {
        let place = tempfile::tempdir().unwrap();
        println!("{:?}", runtime().block_on(one(seed, &day, place.path())));
        return;
    }
    let end = number("HOLDFAST_DAMAGES").unwrap_or(DAMAGES);
    let (next, table) = (AtomicU64::new(0), Mutex::new(BTreeMap::<(Kind, Found), u64>::new()));
    let work = || {
        let runtime = runtime();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            let place = tempfile::tempdir().unwrap();
            let met = runtime.block_on(one(seed, &day, place.path()));
            *table.lock().unwrap().entry(met).or_default() += 1;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(work);
        }
    });
    let table = table.into_inner().unwrap();
    println!("{:<22} {:>8} {:>8} {:>8}", "damage", "start", "use", "harmless");
    for kind in KINDS {
        let of = |found| table.get(&(kind, found)).copied().unwrap_or(0);
        let (start, at_use, harmless) = (of(Found::AtStart), of(Found::AtUse), of(Found::Harmless));
        println!("{:<22} {start:>8} {at_use:>8} {harmless:>8}", format!("{kind:?}"));
    }
    assert_eq!(table.values().sum::<u64>(), end, "some were not finished");
    let of =
        |wanted: Found| table.iter().filter(|((_, found), _)| *found == wanted).map(|(_, n)| n).sum::<u64>();
    assert!(of(Found::AtStart) > 0 && of(Found::AtUse) > 0, "the damage reached nothing: {table:?}");
}
