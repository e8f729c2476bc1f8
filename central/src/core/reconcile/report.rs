//! What does not agree at the end of a day: what waits for a person, what it puts at risk, where it comes from,
//! and how old it is. Every form of the report is made of the same rows.

use super::finding::{Finding, FindingKind, FindingState};
use super::kinds::{System, row};
use crate::core::exception::causes::Team;
use crate::core::exception::{Category, Severity};
use holdfast_shared::ids::{ExceptionId, OrderId, StoreId};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// An exception that was not over at the end of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unresolved {
    pub exception: ExceptionId,
    pub category: Category,
    pub severity: Severity,
    pub owner: Team,
    pub order: Option<OrderId>,
    pub store: Option<StoreId>,
    pub detail: String,
    pub times: u32,
    pub raised_at: UtcMs,
    pub hours: i64,
}

/// What customers ordered, of orders that something open concerns, and that did not leave yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct AtRisk {
    pub orders: u64,
    /// One sum a currency.
    pub revenue: Vec<Money>,
    /// Lines that came without a price, and are in no sum.
    pub unpriced_lines: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SystemRow {
    pub system: System,
    /// Open at the end of the day.
    pub open: u64,
    /// Found on that day.
    pub found: u64,
    /// Ended on that day.
    pub ended: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct KindRow {
    pub kind: FindingKind,
    pub system: System,
    pub found: u64,
    pub ended: u64,
    /// Open at the end of the day, by how long they were.
    pub under_an_hour: u64,
    pub under_a_day: u64,
    pub older: u64,
    /// What central does about it, and why.
    pub why: &'static str,
}

impl KindRow {
    const fn open(&self) -> u64 {
        self.under_an_hour.saturating_add(self.under_a_day).saturating_add(self.older)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReconciliationReport)]
pub struct Report {
    #[schema(example = "2026-11-01")]
    pub day: String,
    pub unresolved: Vec<Unresolved>,
    /// Those beyond what is listed.
    pub unresolved_left_out: u64,
    pub at_risk: AtRisk,
    /// Whose drift it is, the most first.
    pub systems: Vec<SystemRow>,
    pub kinds: Vec<KindRow>,
    pub findings: Vec<Finding>,
    pub findings_left_out: u64,
}

/// What storage tells of a day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayBook {
    pub unresolved: Vec<Unresolved>,
    pub unresolved_left_out: u64,
    /// All that were open at some time of the day.
    pub findings: Vec<Finding>,
    pub findings_left_out: u64,
    pub at_risk: AtRisk,
}

impl Report {
    /// Of the day that begins and ends then; of a day that is not over, up to now.
    #[must_use]
    pub fn of(day: String, book: DayBook, (begins, ends): (UtcMs, UtcMs)) -> Self {
        let mut kinds: BTreeMap<FindingKind, KindRow> = BTreeMap::new();
        for finding in &book.findings {
            let of = row(finding.kind);
            let counted = kinds.entry(finding.kind).or_insert(KindRow {
                kind: finding.kind,
                system: of.system,
                found: 0,
                ended: 0,
                under_an_hour: 0,
                under_a_day: 0,
                older: 0,
                why: of.why,
            });
            count(counted, finding, (begins, ends));
        }
        let mut systems: BTreeMap<System, SystemRow> = BTreeMap::new();
        for kind in kinds.values() {
            let system = kind.system;
            let counted = systems.entry(system).or_insert(SystemRow { system, open: 0, found: 0, ended: 0 });
            counted.open = counted.open.saturating_add(kind.open());
            counted.found = counted.found.saturating_add(kind.found);
            counted.ended = counted.ended.saturating_add(kind.ended);
        }
        let mut systems: Vec<SystemRow> = systems.into_values().collect();
        systems.sort_by_key(|system| (std::cmp::Reverse((system.open, system.found)), system.system));
        Self {
            day,
            unresolved: book.unresolved,
            unresolved_left_out: book.unresolved_left_out,
            at_risk: book.at_risk,
            systems,
            kinds: kinds.into_values().collect(),
            findings: book.findings.into_iter().filter(|finding| is_open(finding, ends)).collect(),
            findings_left_out: book.findings_left_out,
        }
    }

    /// Line by line, for a sheet and for a page.
    #[must_use]
    pub fn lines(&self) -> Vec<ReportLine> {
        let mut lines = vec![
            ReportLine::new("summary", "unresolved exceptions", self.open_exceptions(), ""),
            ReportLine::new("summary", "orders at risk", self.at_risk.orders, ""),
            ReportLine::new("summary", "lines without a price", self.at_risk.unpriced_lines, ""),
        ];
        lines.extend(self.at_risk.revenue.iter().map(|money| ReportLine {
            section: "revenue at risk",
            name: money.currency.to_string(),
            value: money.minor.to_string(),
            note: format!("minor units: {money}"),
        }));
        for system in &self.systems {
            let note = format!("{} found, {} ended", system.found, system.ended);
            lines.push(ReportLine::new("systems responsible", system.system.as_str(), system.open, &note));
        }
        for kind in &self.kinds {
            let note = format!(
                "{} under an hour, {} under a day, {} older; {} found, {} ended; {}",
                kind.under_an_hour, kind.under_a_day, kind.older, kind.found, kind.ended, kind.why
            );
            lines.push(ReportLine::new("findings by kind", kind.kind.as_str(), kind.open(), &note));
        }
        lines.extend(self.unresolved.iter().map(|one| {
            let note = format!(
                "{} {} of {}: {}",
                one.severity.as_str(),
                one.category.as_str(),
                one.owner.as_str(),
                one.detail
            );
            ReportLine {
                section: "unresolved exceptions",
                name: one.exception.to_string(),
                value: format!("{} h", one.hours),
                note,
            }
        }));
        lines.extend(self.findings.iter().map(|finding| ReportLine {
            section: "open findings",
            name: finding.finding.to_string(),
            value: finding.state.as_str().to_owned(),
            note: format!("{}: {}", finding.kind.as_str(), finding.words),
        }));
        lines
    }

    fn open_exceptions(&self) -> u64 {
        u64::try_from(self.unresolved.len()).unwrap_or(u64::MAX).saturating_add(self.unresolved_left_out)
    }
}

/// One line of every form of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportLine {
    pub section: &'static str,
    pub name: String,
    pub value: String,
    pub note: String,
}

impl ReportLine {
    fn new(section: &'static str, name: &str, value: u64, note: &str) -> Self {
        Self { section, name: name.to_owned(), value: value.to_string(), note: note.to_owned() }
    }
}

fn is_open(finding: &Finding, ends: UtcMs) -> bool {
    // Seen once, it may be nothing.
    finding.state != FindingState::Found && finding.ended_at.is_none_or(|at| at >= ends)
}

fn count(row: &mut KindRow, finding: &Finding, (begins, ends): (UtcMs, UtcMs)) {
    let on_the_day = |at: UtcMs| at >= begins && at < ends;
    let add = |count: &mut u64| *count = count.saturating_add(1);
    if on_the_day(finding.found_at) && finding.state != FindingState::Found {
        add(&mut row.found);
    }
    if finding.ended_at.is_some_and(on_the_day) {
        add(&mut row.ended);
    }
    if is_open(finding, ends) {
        match ends.since(finding.found_at) {
            age if age < HOUR_MS => add(&mut row.under_an_hour),
            age if age < DAY_MS => add(&mut row.under_a_day),
            _ => add(&mut row.older),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reconcile::test_support::{difference, finding};

    const DAY: (UtcMs, UtcMs) = (UtcMs(10 * DAY_MS), UtcMs(11 * DAY_MS));

    fn of(kind: FindingKind, state: FindingState, found_ms_before_end: i64, ended: Option<i64>) -> Finding {
        let found_at = DAY.1.plus(-found_ms_before_end);
        let ended_at = ended.map(|before| DAY.1.plus(-before));
        Finding { state, found_at, ended_at, ..finding(&difference(kind)) }
    }

    #[test]
    fn a_day_counts_what_was_found_what_ended_and_what_is_left() {
        let findings = vec![
            of(FindingKind::OnHand, FindingState::Escalated, 5, None),
            of(FindingKind::OnHand, FindingState::Repaired, 3 * HOUR_MS, Some(HOUR_MS)),
            of(FindingKind::OnHand, FindingState::Repaired, 2 * HOUR_MS, Some(-1)),
            of(FindingKind::StuckOrder, FindingState::Escalated, 3 * DAY_MS, None),
            of(FindingKind::StaleStock, FindingState::Found, 5, None),
        ];
        let report = Report::of("d".to_owned(), DayBook { findings, ..DayBook::default() }, DAY);
        let on_hand = &report.kinds.iter().find(|row| row.kind == FindingKind::OnHand).unwrap();
        assert_eq!((on_hand.found, on_hand.ended), (3, 1));
        assert_eq!((on_hand.under_an_hour, on_hand.under_a_day, on_hand.older), (1, 1, 0));
        assert_eq!(report.systems[0].system, System::Central);
        assert_eq!((report.systems[0].open, report.findings.len()), (2, 3));
        let stale = report.kinds.iter().find(|row| row.kind == FindingKind::StaleStock).unwrap();
        assert_eq!((stale.found, stale.open()), (0, 0), "seen once is no finding yet");
        let lines = report.lines();
        let of_section = |name: &str| lines.iter().filter(|line| line.section == name).count();
        assert_eq!((of_section("open findings"), of_section("findings by kind")), (3, 3));
    }
}
