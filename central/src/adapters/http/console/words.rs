//! The words and tones of the console: what a state is called, and how it looks.

use crate::core::eligibility::{Eligibility, Reason, Standing, Unit, Values};
use crate::core::exception::{Category, Severity};
use crate::core::fleet::{Arranged, Closure, ClosureCause, StoreKind};
use crate::core::lineage;
use crate::core::stock::class::SkuClass;
use crate::ports::boxes::{BranchOutcome, Decision};
use holdfast_shared::domain::task::Status;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::signal::{PlannedNote, Vitals};

pub(super) const fn tone(standing: Standing) -> &'static str {
    match standing {
        Standing::Eligible => "good",
        Standing::Suspect => "warn",
        Standing::Ineligible => "bad",
    }
}

pub(super) const fn functionally(standing: Standing) -> &'static str {
    match standing {
        Standing::Eligible => "gets orders",
        Standing::Suspect => "only when no other store can",
        Standing::Ineligible => "gets no orders",
    }
}

/// Of SKUs of one class.
pub(super) const fn promised(standing: Standing) -> &'static str {
    match standing {
        Standing::Eligible | Standing::Suspect => "promised still",
        Standing::Ineligible => "not promised",
    }
}

pub(super) fn physically(eligibility: &Eligibility) -> String {
    if eligibility.physically_open { "open" } else { "closed" }.to_owned()
}

pub(super) const fn kind(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::Store => "Store",
        StoreKind::DistributionCentre => "Distribution centre",
    }
}

pub(super) fn task_status(status: Status) -> String {
    status.as_str().replace('_', " ")
}

pub(super) const fn severity(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Low => ("low", "calm"),
        Severity::Medium => ("medium", "warn"),
        Severity::High => ("high", "bad"),
    }
}

pub(super) const fn category(category: Category) -> &'static str {
    match category {
        Category::Backorder => "No store can fulfil this order now",
        Category::ReleasedAtDarkStore => "Released goods at a store that went dark",
        Category::Contradiction => "A store's report contradicts what central decided",
        Category::Drift => "Stock differs although everything is synced",
        Category::DamagedSync => "Damaged sync bytes",
        Category::FactConflict => "Two records under one id",
        Category::ObserverFrozen => "Many stores fell silent at once: nothing is moved",
        Category::ForeignClaim => "A message claims to be from someone else",
        Category::Sealing => "Records do not add up, or came late",
        Category::LostFacts => "A store's disk lost records",
        Category::ClonedBox => "Two boxes speak under one identity",
        Category::Override => "A person overrode the release",
        Category::ReturnDue => "A cancelled order had left: a return is due",
        Category::CancelUnanswered => "A store has not answered a cancellation",
        Category::WrongClock => "A clock is far off",
        Category::Stuck => "Something does not come to its end",
        Category::Restored => "Central was restored from a backup",
        Category::Policy => "A policy hardly says what is meant",
        Category::PromiseMissed => "What an order was promised cannot be kept",
        Category::Overdrawn => "A till sold what its store had ceded",
        Category::LabelFailed => "No carrier takes a parcel",
        Category::ParcelLost => "A parcel is lost, or came back",
        Category::TrackingSilent => "A carrier tells nothing of a parcel",
        Category::VoidFailed => "A carrier does not take a label back",
        Category::ParcelMissing => "A parcel between two stores has not come",
        Category::PossibleDuplicate => "An order may be there twice",
        Category::ShadowCritical => "A version in shadow would serve customers worse",
        Category::AwaitingPayment => "Goods left, and their money cannot be had",
        Category::PaymentUnclear => "Nobody knows what came of a payment",
        Category::RefundFailed => "The provider refuses a refund",
        Category::OutsideDown => "A system outside does not answer",
        Category::BooksDiffer => "Central's books do not agree",
        Category::Undelivered => "A consumer does not get its events",
        Category::UnexpectedReturn => "Goods came back that nobody had announced",
        Category::ReturnWaits => "A return waits for a word",
    }
}

pub(super) const fn box_standing(standing: lineage::Standing) -> (&'static str, &'static str) {
    match standing {
        lineage::Standing::Current => ("speaks for the replica", "good"),
        lineage::Standing::Followed => ("an earlier start", "calm"),
        lineage::Standing::Unproven => ("has to show that it is alive", "warn"),
        lineage::Standing::Quarantined => ("kept apart", "bad"),
    }
}

pub(super) const fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Merge => "merged",
        Decision::Discard => "discarded",
        Decision::TradePlaces => "traded places",
    }
}

pub(super) const fn outcome(outcome: BranchOutcome) -> &'static str {
    match outcome {
        BranchOutcome::Kept => "waits for a decision",
        BranchOutcome::InLedger => "counts already: the other box has it too",
        BranchOutcome::Merged => "merged",
        BranchOutcome::Discarded => "discarded",
        BranchOutcome::Recorded => "on record, counts for nothing",
    }
}

const fn cause(cause: ClosureCause) -> &'static str {
    match cause {
        ClosureCause::Hours => "hours",
        ClosureCause::Weather => "weather",
        ClosureCause::Staffing => "staffing",
        ClosureCause::Outage => "outage",
        ClosureCause::Maintenance => "maintenance",
        ClosureCause::Drill => "a drill",
    }
}

pub(super) fn closure(closure: &Closure, now: UtcMs) -> String {
    let how = if closure.hard { "Closed hard" } else { "Closed softly" };
    let whence = if closure.from_store { "at the store" } else { "by central" };
    let until = closure.until.map(|until| format!(", until {}", clock(until))).unwrap_or_default();
    format!(
        "{how} {whence}: {}, by {}, for {}{until}",
        cause(closure.cause),
        closure.author,
        length(now.since(closure.since))
    )
}

/// What was measured against which limit, of a reason that counts something.
pub(super) fn measured(reason: &Reason) -> Option<(String, String, String)> {
    let Values { measured, limit, unit } = reason.values?;
    let said = |value: i64| match unit {
        Unit::Ms => length(value),
        Unit::Permille => format!("{} %", value / 10),
        Unit::Percent => format!("{value} %"),
        Unit::Celsius => format!("{value} °C"),
        Unit::Facts => format!("{value} facts"),
        Unit::Beats => format!("{value} heartbeats"),
        Unit::Tasks => format!("{value} tasks"),
    };
    let classes: Vec<&str> = reason.classes.iter().flatten().map(SkuClass::as_str).collect();
    let of = if classes.is_empty() { String::new() } else { format!(", {}", classes.join(", ")) };
    Some((format!("{}{of}", reason.signal.replace('_', " ")), said(measured), said(limit)))
}

/// What people arranged beside the store's description, a line each.
pub(super) fn arranged(arranged: &Arranged, now: UtcMs) -> Vec<String> {
    let mut lines = Vec::new();
    for planned in arranged.planned.iter().filter(|planned| now < planned.until) {
        let whose = format!("{}, by {}", cause(planned.cause), planned.author);
        lines.push(closes(planned.hard, planned.from, planned.until, &whose));
    }
    for day in &arranged.dated_hours {
        let spans: Vec<String> = day
            .spans
            .iter()
            .map(|span| format!("{} to {}", minute(span.opens_minute), minute(span.closes_minute)))
            .collect();
        let hours = if spans.is_empty() { "closed".to_owned() } else { spans.join(", ") };
        let why = day.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        lines.push(format!("{}: {hours}{why}", day.date));
    }
    if let Some(staffing) = &arranged.staffing {
        let until = staffing.until.map(|until| format!(", until {}", clock(until))).unwrap_or_default();
        lines.push(format!("{} % of the usual staff, by {}{until}", staffing.permille / 10, staffing.author));
    }
    lines.extend(arranged.tasks_per_hour.map(|tasks| format!("At most {tasks} tasks an hour")));
    lines
}

/// What staff planned at the store, a line each.
pub(super) fn planned_there(vitals: &Vitals, now: UtcMs) -> Vec<String> {
    let ahead = vitals.planned.iter().filter(|planned| now < planned.until);
    let line = |planned: &PlannedNote| {
        let whose = format!("{}, planned at the store by {}", planned.cause, planned.author);
        closes(planned.hard, planned.from, planned.until, &whose)
    };
    ahead.map(line).collect()
}

fn closes(hard: bool, from: UtcMs, until: UtcMs, whose: &str) -> String {
    let how = if hard { "hard" } else { "softly" };
    format!("Closes {how} from {} until {}: {whose}", clock(from), clock(until))
}

/// On the wall there; past midnight it goes on counting.
fn minute(of_day: u16) -> String {
    format!("{:02}:{:02}", of_day / 60, of_day % 60)
}

/// A length of time as a person says it.
pub(super) fn length(duration_ms: i64) -> String {
    let seconds = duration_ms.max(0) / 1000;
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        172_800.. => format!("{} days", seconds / 86_400),
    }
}

/// As one part of a path, or one value of a query.
pub(super) fn in_url(text: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(byte).collect()
}

/// For `<time datetime>`.
pub(super) fn stamp(at: UtcMs) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|time| time.to_string()).unwrap_or_default()
}

/// Time of day, in UTC, with the day when it is another one.
pub(super) fn moment(at: UtcMs, now: UtcMs) -> String {
    let day = 86_400_000;
    if at.0.div_euclid(day) == now.0.div_euclid(day) { seconds(at) } else { clock(at) }
}

fn seconds(at: UtcMs) -> String {
    format_utc(at, "%H:%M:%S")
}

fn clock(at: UtcMs) -> String {
    format_utc(at, "%-d %b %H:%M")
}

fn format_utc(at: UtcMs, format: &str) -> String {
    let time = jiff::Timestamp::from_millisecond(at.0);
    time.map(|time| time.strftime(format).to_string()).unwrap_or_else(|_| "unknown".to_owned())
}

pub(super) fn rung(name: &str) -> String {
    match name {
        "closest" => "Closest store".to_owned(),
        "radius" => "Next best within the radius".to_owned(),
        "distribution_centre" => "Distribution centre".to_owned(),
        "regional" => "A store of the same region".to_owned(),
        "split" => "Split over several".to_owned(),
        "backorder" => "Backorder".to_owned(),
        other => other.replace('_', " "),
    }
}

/// A store's own signals, as label and value. Absent is unknown, never fine.
pub(super) fn signals(vitals: &Vitals) -> Vec<(&'static str, String)> {
    let ago = |ms: Option<i64>| ms.map_or_else(|| "unknown".to_owned(), |ms| format!("{} ago", length(ms)));
    let devices = |count: u32, seen: Option<i64>| match count {
        0 => "none paired".to_owned(),
        count => format!("{count} paired, seen {}", ago(seen)),
    };
    let disk = match (vitals.disk_free_bytes, vitals.disk_total_bytes) {
        (Some(free), Some(total)) => format!("{} of {} GB free", free / 1_000_000_000, total / 1_000_000_000),
        (Some(_) | None, _) => "unknown".to_owned(),
    };
    let yes = |ok: Option<bool>| match ok {
        Some(true) => "passes its check",
        Some(false) => "failed its check",
        None => "unknown",
    };
    vec![
        ("POS", devices(vitals.pos_paired, vitals.pos_seen_ms_ago)),
        ("Handhelds", devices(vitals.handhelds_paired, vitals.handheld_seen_ms_ago)),
        ("Last movement", ago(vitals.last_movement_ms_ago)),
        ("Last sync", ago(vitals.sync_ok_ms_ago)),
        ("Facts not yet at central", vitals.unsynced_facts.to_string()),
        ("Database", yes(vitals.database_ok).to_owned()),
        ("Disk", disk),
        (
            "Clock",
            vitals
                .clock_offset_ms
                .map_or_else(|| "unknown".to_owned(), |ms| format!("{ms} ms from central's")),
        ),
        (
            "Memory",
            vitals
                .memory_bytes
                .map_or_else(|| "unknown".to_owned(), |bytes| format!("{} MB", bytes / 1_000_000)),
        ),
        ("Power", power(vitals)),
        (
            "Temperature",
            vitals.temperature_c.map_or_else(|| "unknown".to_owned(), |degrees| format!("{degrees:.0} °C")),
        ),
    ]
}

fn power(vitals: &Vitals) -> String {
    let charge = vitals.battery_percent.map(|left| format!(", {left} % left")).unwrap_or_default();
    match vitals.on_battery {
        Some(true) => format!("battery{charge}"),
        Some(false) => format!("mains{charge}"),
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_stands_beside_its_limit() {
        let silent = Reason::new("sync_lag", Standing::Suspect, "500 facts not yet synced");
        assert_eq!(measured(&silent), None);
        let silent = silent.with_values(500, 400, Unit::Facts);
        assert_eq!(measured(&silent), Some(("sync lag".into(), "500 facts".into(), "400 facts".into())));
        let silent = silent.with_values(34_000, 31_000, Unit::Ms);
        assert_eq!(measured(&silent).unwrap().1, "34 s");
    }

    #[test]
    fn lengths_read_as_a_person_says_them() {
        for (ms, words) in
            [(-5, "0 s"), (59_999, "59 s"), (60_000, "1 min"), (7_200_000, "2 h"), (172_800_000, "2 days")]
        {
            assert_eq!(length(ms), words);
        }
    }

    #[test]
    fn what_a_store_does_not_say_is_unknown() {
        let shown = signals(&Vitals::default());
        assert!(shown.contains(&("Disk", "unknown".to_owned())));
        assert!(shown.contains(&("POS", "none paired".to_owned())));
    }

    #[test]
    fn a_moment_of_another_day_names_the_day() {
        let noon = UtcMs(1_700_049_600_000);
        assert_eq!(moment(noon, noon.plus(1_000)), "12:00:00");
        assert_eq!(moment(noon, noon.plus(86_400_000)), "15 Nov 12:00");
    }
}
