//! Stores as they are: what is on the shelf, what the books say, and what central was told.

use super::super::class::SkuClass;
use super::super::learned::{Check, CheckRecord, Counts, Learned, days};
use super::super::{Known, Records};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::stock::{HoldRef, Movement, StockFact};
use holdfast_shared::ids::{LineNo, Sku, StoreId, TaskId};
use holdfast_shared::time::UtcMs;

const BEGIN: UtcMs = UtcMs(1_700_000_000_000);
const TICK_MS: i64 = 3 * 3_600_000;
const TICK_DAYS: f64 = 0.125;
const TICKS: i64 = 8 * 240;
/// Until then stores are only got to know.
const JUDGED_FROM: i64 = 8 * 90;
const STORES_OF_A_KIND: u32 = 20;
const SALES_PER_DAY: [f64; 8] = [0.02, 0.06, 0.15, 0.3, 0.6, 1.2, 2.5, 5.0];
const SKUS: usize = 24;

/// How a store looks after its stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    Well,
    Usual,
    Sloppy,
}

impl Keeping {
    pub(super) const ALL: [Self; 3] = [Self::Well, Self::Usual, Self::Sloppy];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Well => "kept well",
            Self::Usual => "kept as usual",
            Self::Sloppy => "kept badly",
        }
    }

    /// Losses of a SKU a day that nobody writes down.
    const fn losses_per_day(self) -> f64 {
        match self {
            Self::Well => 0.000_5,
            Self::Usual => 0.003,
            Self::Sloppy => 0.02,
        }
    }
}

/// What was said of some units at one moment, and whether they were there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forecast {
    pub(super) keeping: Keeping,
    pub(super) said: f64,
    pub(super) said_whatever_the_age: f64,
    pub(super) said_whatever_the_record: f64,
    pub(super) there: bool,
}

/// Random numbers from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap()) / 4_294_967_296.0
    }

    fn chance(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }

    fn poisson(&mut self, mean: f64) -> i64 {
        let (mut left, least, mut count) = (self.unit(), (-mean).exp(), 0);
        while left > least {
            left *= self.unit();
            count += 1;
        }
        count
    }

    /// At least one; two on average.
    fn lost_at_once(&mut self) -> i64 {
        let mut units = 1;
        while self.chance(0.5) {
            units += 1;
        }
        units
    }

    fn up_to(&mut self, most: i64) -> i64 {
        1 + i64::try_from(self.next() % u64::try_from(most).unwrap()).unwrap()
    }
}

/// One SKU on one shelf.
struct Shelf {
    sales_per_day: f64,
    there: i64,
    books: i64,
    count_due: i64,
    /// Written down, and not told to central yet.
    untold: Vec<(StockFact, UtcMs)>,
    known: Known,
}

struct Shop {
    keeping: Keeping,
    cut_off_until: i64,
    shelves: Vec<Shelf>,
    record: CheckRecord,
}

fn fact(sku: &Sku, delta: i64, movement: Movement) -> StockFact {
    StockFact { sku: sku.clone(), delta, movement, note: None }
}

fn hold() -> HoldRef {
    HoldRef { task: TaskId::new("o-1").unwrap(), line: LineNo(1), fence: Fence::default(), ceded: false }
}

impl Shelf {
    fn new(n: usize, dice: &mut Dice) -> Self {
        let sales_per_day = SALES_PER_DAY[n % SALES_PER_DAY.len()];
        let known = Known {
            store: StoreId::new("s").unwrap(),
            sku: Sku::new(format!("k{n}")).unwrap(),
            class: SkuClass::default(),
            on_hand: 12,
            reserved: 0,
            ceded: None,
            store_buffer: 0,
            as_of: BEGIN,
            level_at: None,
            recovering: false,
            learned: None,
        };
        Self { sales_per_day, there: 12, books: 12, count_due: dice.up_to(8 * 40), untold: Vec::new(), known }
    }

    fn days_of_sales(&self, days: u32) -> i64 {
        (0..200)
            .find(|units| f64::from(*units) >= self.sales_per_day * f64::from(days))
            .map_or(200, i64::from)
    }

    fn write(&mut self, delta: i64, movement: Movement, at: UtcMs) {
        self.books += delta;
        self.untold.push((fact(&self.known.sku, delta, movement), at));
    }

    fn live(&mut self, tick: i64, at: UtcMs, keeping: Keeping, online: bool, dice: &mut Dice) {
        let sold = dice.poisson(self.sales_per_day * TICK_DAYS).min(self.there);
        if sold > 0 {
            self.there -= sold;
            self.write(-sold, Movement::Sale, at);
        }
        if dice.chance(keeping.losses_per_day() * TICK_DAYS) {
            self.there -= dice.lost_at_once().min(self.there);
        }
        if self.books > 0 && online && dice.chance(0.05 * TICK_DAYS) {
            if self.there > 0 {
                self.there -= 1;
                self.write(-1, Movement::HandOver { hold: hold() }, at);
            } else {
                self.write(-1, Movement::ShortPick { hold: hold() }, at);
            }
        }
        if tick == self.count_due {
            self.count_due = tick + 8 * 25 + dice.up_to(8 * 10);
            let slip = if dice.chance(0.02) { 1 } else { 0 };
            let found = self.there + slip;
            self.write(found - self.books, Movement::Count { found }, at);
        }
        // Deliveries come with the line by which they were ordered.
        if self.books < 4 + self.days_of_sales(3) && online {
            let units = 6 + dice.up_to(6) + self.days_of_sales(4);
            self.there += units;
            self.write(units, Movement::Receipt, at);
        }
    }
}

impl Shop {
    /// Central hears everything that is not told yet.
    fn tell(&mut self, at: UtcMs) {
        for shelf in &mut self.shelves {
            for (fact, happened) in shelf.untold.drain(..) {
                let begun = Learned::nothing_since(shelf.known.as_of);
                let learned = shelf.known.learned.get_or_insert(begun);
                if let Some(check) = Check::of(&fact, shelf.known.on_hand) {
                    let counted_at = learned.counted_at.unwrap_or(learned.since);
                    self.record.absorb(check, days(happened.since(counted_at)), happened, Counts::Now);
                }
                learned.absorb(&fact, happened, Counts::Now);
                shelf.known.on_hand += fact.delta;
                shelf.known.as_of = shelf.known.as_of.max(happened);
            }
            shelf.known.level_at = Some(at);
        }
    }

    fn judge(&self, shelf: &Shelf, now: UtcMs, dice: &mut Dice) -> Forecast {
        // Most is in doubt where nearly all is asked for.
        let most = shelf.known.on_hand;
        let units = if dice.chance(0.3) { dice.up_to(most) } else { (most + 1 - dice.up_to(6)).max(1) };
        let mut records = Records::default();
        records.put(SkuClass::default(), self.record.clone());
        let mut heard_now = shelf.known.clone();
        heard_now.level_at = Some(now);
        Forecast {
            keeping: self.keeping,
            said: shelf.known.evidence(&records, now).that_free(units),
            said_whatever_the_age: heard_now.evidence(&records, now).that_free(units),
            said_whatever_the_record: shelf.known.evidence(&Records::default(), now).that_free(units),
            there: shelf.there >= units,
        }
    }
}

/// All forecasts of some months of a chain.
pub(super) fn simulate(seed: u64) -> Vec<Forecast> {
    let mut dice = Dice(seed);
    let mut forecasts = Vec::new();
    for keeping in Keeping::ALL {
        for _ in 0..STORES_OF_A_KIND {
            let shelves = (0..SKUS).map(|n| Shelf::new(n, &mut dice)).collect();
            let record = CheckRecord::default();
            let mut shop = Shop { keeping, cut_off_until: 0, shelves, record };
            for tick in 1..TICKS {
                let at = BEGIN.plus(tick * TICK_MS);
                let online = tick >= shop.cut_off_until;
                for shelf in &mut shop.shelves {
                    shelf.live(tick, at, keeping, online, &mut dice);
                }
                if online {
                    shop.tell(at);
                    // Cut off for up to three days, every other week.
                    if dice.chance(0.07 * TICK_DAYS) {
                        shop.cut_off_until = tick + dice.up_to(24);
                    }
                }
                if tick < JUDGED_FROM {
                    continue;
                }
                for shelf in shop.shelves.iter().filter(|shelf| shelf.known.on_hand > 0) {
                    // The silent hours are few and are what matters most.
                    if dice.chance(if online { 0.03 } else { 0.3 }) {
                        forecasts.push(shop.judge(shelf, at, &mut dice));
                    }
                }
            }
        }
    }
    forecasts
}
