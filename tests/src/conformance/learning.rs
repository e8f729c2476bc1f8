//! What facts teach about stock, and what is told of it.

use super::agent::Agent;
use super::world::{
    LINE, assigned, at, described, item, order_id, placed, position, sku, stocked, store_id, tenant,
};
use holdfast_central::core::stock::class::{Channel, SkuClass};
use holdfast_central::core::stock::learned::{Counts, Learned, SALES_FADE_DAYS, days};
use holdfast_central::core::stock::report::{Day, Miss, MissRow};
use holdfast_central::core::stock::sellable::Kept;
use holdfast_central::core::stock::withheld::Withheld;
use holdfast_central::core::stock::{Known, Records};
use holdfast_central::ports::fleet::CatalogueItem;
use holdfast_central::ports::housekeeping::Retention;
use holdfast_central::ports::stock::{OrderWithout, StockRow};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::ids::{TaskId, TenantId};
use holdfast_shared::time::Now;

const DAY_MS: i64 = 86_400_000;

fn on_day(day: i64) -> Now {
    at(day * DAY_MS)
}

async fn known(storage: &dyn Storage, store: &str) -> Known {
    let all = storage.known_stock(&tenant(), &[sku("A")]).await.unwrap();
    all.into_iter().find(|known| known.store == store_id(store)).unwrap()
}

async fn records(storage: &dyn Storage, store: &str) -> Records {
    let mut all = storage.check_records(&tenant(), Some(&store_id(store))).await.unwrap();
    all.remove(&store_id(store)).unwrap_or_default()
}

async fn classed(storage: &dyn Storage, class: &str) {
    let item = CatalogueItem { class: Some(class.to_owned()), ..item("A") };
    storage.put_catalogue(&tenant(), &[item]).await.unwrap();
}

async fn report(storage: &dyn Storage, now: Now) -> Vec<MissRow> {
    storage.stock_report(&tenant(), Day(0), Day::of(now.utc)).await.unwrap()
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-3 * (1.0 + other.abs())
}

pub async fn sales_are_learned_with_the_facts_that_tell_them(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 500).await;
    assert_eq!(known(storage, "leeds").await.learned, None, "an opening teaches nothing");
    let mut plainly = Learned::nothing_since(at(1).utc);
    for day in [3, 4, 9, 30, 31] {
        leeds.sale("A", day);
        leeds.sync(storage, on_day(day)).await;
        let sale = StockFact { sku: sku("A"), delta: -day, movement: Movement::Sale, note: None };
        plainly.absorb(&sale, on_day(day).utc, Counts::Now);
        leeds.sync(storage, on_day(day)).await;
    }
    let known = known(storage, "leeds").await;
    let learned = known.learned.unwrap();
    assert!(near(learned.sold, plainly.sold), "{learned:?} is not {plainly:?}");
    assert!(days(learned.since.since(plainly.since)).abs() < 0.01, "since its opening was told");
    let anew: f64 = [3, 4, 9, 30, 31]
        .iter()
        .map(|day: &i64| {
            let units = f64::from(i32::try_from(*day).unwrap());
            units * (-days(on_day(31 - day).utc.since(on_day(0).utc)) / SALES_FADE_DAYS).exp()
        })
        .sum();
    assert!(near(learned.sold, anew), "{} is not {anew}", learned.sold);
    assert_eq!((known.on_hand, known.class), (423, SkuClass::default()));
}

pub async fn a_store_that_has_nothing_to_tell_is_heard_all_the_same(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    leeds.sync(storage, on_day(1)).await;
    leeds.sync(storage, on_day(2)).await;
    let quiet = known(storage, "leeds").await;
    assert_eq!((quiet.level_at, quiet.age_ms(on_day(3).utc)), (Some(on_day(2).utc), DAY_MS));
    assert!(days(on_day(2).utc.since(quiet.as_of)) > 1.0, "nothing moved since the opening");
}

pub async fn what_does_not_count_any_more_is_not_learned(storage: &dyn Storage) {
    super::recovering::of_two_bodies_the_smaller_hash_counts(storage).await;
    let known = known(storage, "leeds").await;
    let sold = known.learned.unwrap().sold;
    assert!(
        near(sold, f64::from(i32::try_from(100 - known.on_hand).unwrap())),
        "{sold} sold of 100, {} left",
        known.on_hand
    );
}

pub async fn checks_are_kept_by_store_and_class(storage: &dyn Storage) {
    let chance =
        |records: &Records, class: &str| records.errors(&SkuClass::new(class), None, on_day(40).utc).chance;
    classed(storage, "hot").await;
    let mut leeds = stocked(storage, "leeds", 100).await;
    let mut york = stocked(storage, "york", 100).await;
    for day in 1..30 {
        for (agent, missing) in [(&mut leeds, 1), (&mut york, 0)] {
            agent.stock(&sku("A"), -missing, Movement::Count { found: 100 });
            agent.sync(storage, on_day(day)).await;
        }
    }
    let [leeds, york] = [records(storage, "leeds").await, records(storage, "york").await];
    assert!(chance(&leeds, "hot") > 0.5 && chance(&york, "hot") < 0.04, "{leeds:?} {york:?}");
    assert!(chance(&leeds, "hot") > chance(&leeds, "cold"), "of the class it is known, of others less");
    let all = storage.check_records(&tenant(), None).await.unwrap();
    assert_eq!(all.into_keys().collect::<Vec<_>>(), [store_id("leeds"), store_id("york")]);
    assert!(known(storage, "leeds").await.learned.unwrap().counted_at.is_some());
}

async fn begun(storage: &dyn Storage, leeds: &mut Agent, order: &str, units: i64) -> TaskId {
    placed(storage, order, &[("A", units)]).await;
    let (task, _) = assigned(storage, order, "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.say(&task, TaskEvent::PickingStarted);
    task
}

pub async fn a_till_that_draws_ceded_units_oversells_only_what_orders_hold(storage: &dyn Storage) {
    let mut agent = super::escrow::leeds(storage, 5, 5).await;
    assert!(super::escrow::promised(storage, "o1", 2).await);
    agent.sale("A", 7);
    agent.sync(storage, at(30)).await;
    let held = position(storage, "leeds").await;
    assert_eq!((held.on_hand, held.reserved), (3, 2));
    assert_eq!(report(storage, at(40)).await, [], "five were ceded, and no order holds those that went");
    agent.sale("A", 2);
    agent.sync(storage, at(50)).await;
    let told = report(storage, at(60)).await;
    assert_eq!(told.iter().map(|row| (row.cause, row.units)).collect::<Vec<_>>(), [(Miss::Oversold, 1)]);
}

pub async fn units_that_were_promised_and_not_there_are_reported(storage: &dyn Storage) {
    classed(storage, "hot").await;
    let mut leeds = stocked(storage, "leeds", 6).await;
    let short = begun(storage, &mut leeds, "o1", 2).await;
    leeds.short(&short, LINE, 2);
    leeds.sync(storage, at(30)).await;
    begun(storage, &mut leeds, "o2", 3).await;
    leeds.sale("A", 3);
    leeds.sync(storage, at(40)).await;
    let held = position(storage, "leeds").await;
    assert_eq!((held.on_hand, held.reserved), (1, 3));
    let row = |cause, channel: Option<&str>| MissRow {
        store: store_id("leeds"),
        class: SkuClass::new("hot"),
        channel: channel.map(Channel::new),
        cause,
        units: 2,
    };
    assert_eq!(report(storage, at(50)).await, [row(Miss::Oversold, None), row(Miss::ShortPick, Some("web"))]);
    let other = TenantId::new("other").unwrap();
    assert_eq!(storage.stock_report(&other, Day(0), Day::of(at(50).utc)).await.unwrap(), []);
    let before = Day(Day::of(at(0).utc).0 - 1);
    assert_eq!(storage.stock_report(&tenant(), Day(0), before).await.unwrap(), [], "days before are others");
}

pub async fn units_that_were_kept_back_are_reported_once(storage: &dyn Storage) {
    stocked(storage, "leeds", 6).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let kept = |why, units| Withheld { line: LINE, sku: sku("A"), store: store_id("leeds"), why, units };
    let without = OrderWithout {
        order: order_id("o1"),
        channel: Channel::new("web"),
        withheld: vec![
            kept(Kept::Buffer, 1),
            kept(Kept::Confidence, 2),
            kept(Kept::Feed, 3),
            kept(Kept::UnseenPos, 4),
        ],
    };
    assert_eq!(storage.note_withheld(&tenant(), &without, at(30).utc).await.unwrap(), 10);
    assert_eq!(
        storage.note_withheld(&tenant(), &without, on_day(1).utc).await.unwrap(),
        0,
        "it was routed again"
    );
    let told = report(storage, on_day(1)).await;
    let told: Vec<_> = told.iter().map(|row| (row.cause, row.units)).collect();
    assert_eq!(told, [(Miss::UnseenPos, 4), (Miss::Feed, 3), (Miss::Confidence, 2), (Miss::Buffer, 1)]);
    let usual = Retention::default();
    storage.keep_house(usual, on_day(399)).await.unwrap();
    assert_eq!(report(storage, on_day(1)).await.len(), 4);
    storage.keep_house(usual, on_day(402)).await.unwrap();
    assert_eq!(report(storage, on_day(1)).await, [], "what is older than it is kept is gone");
}

pub async fn what_no_store_told_of_is_listed_as_unknown(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    for store in ["hull", "york"] {
        storage.put_store(&tenant(), &described(store), at(0).utc).await.unwrap();
    }
    let mut page = PageRequest { cursor: None, limit: 2 };
    let first = storage.stock_of_sku(&tenant(), &sku("A"), &page).await.unwrap();
    let units = |row: &StockRow| (row.store.to_string(), row.known.as_ref().map(|known| known.on_hand));
    let listed: Vec<_> = first.rows.iter().map(units).collect();
    assert_eq!(listed, [("hull".to_owned(), None), ("leeds".to_owned(), Some(5))]);
    page.cursor = first.next;
    let rest = storage.stock_of_sku(&tenant(), &sku("A"), &page).await.unwrap();
    assert_eq!(
        (rest.rows.iter().map(units).collect::<Vec<_>>(), rest.next),
        (vec![("york".to_owned(), None)], None)
    );
    let other = TenantId::new("other").unwrap();
    assert!(storage.stock_of_sku(&other, &sku("A"), &page).await.unwrap().rows.is_empty());
    assert!(storage.known_stock(&other, &[sku("A")]).await.unwrap().is_empty());
}

pub async fn what_a_store_has_is_listed_in_pages(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    stocked(storage, "york", 5).await;
    for text in ["C", "B"] {
        leeds.opening(text, 7);
    }
    leeds.sync(storage, at(5)).await;
    let mut page = PageRequest { cursor: None, limit: 2 };
    let first = storage.stock_of_store(&tenant(), &store_id("leeds"), &page).await.unwrap();
    let skus = |rows: &[StockRow]| rows.iter().map(|row| row.sku.to_string()).collect::<Vec<_>>();
    assert_eq!(skus(&first.rows), ["A", "B"]);
    page.cursor = first.next;
    let rest = storage.stock_of_store(&tenant(), &store_id("leeds"), &page).await.unwrap();
    assert_eq!((skus(&rest.rows), rest.next), (vec!["C".to_owned()], None));
}

pub async fn a_facts_way_to_central_is_measured(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    leeds.sale("A", 1);
    leeds.sale("A", 1);
    // Its clock stands a few milliseconds after the beginning.
    let exchanged = leeds.sync(storage, at(60_000)).await;
    assert_eq!(exchanged.lags_ms.len(), 2);
    assert!(exchanged.lags_ms.iter().all(|ms| (59_000..=60_000).contains(ms)), "{:?}", exchanged.lags_ms);
    assert_eq!(leeds.sync(storage, at(70_000)).await.lags_ms, Vec::<i64>::new(), "nothing new came");
}
