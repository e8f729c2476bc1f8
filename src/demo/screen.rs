//! The live terminal view: stores with their state and why, orders, what just happened.

use super::board::{State, Tone};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Cell, Paragraph, Row, Table, TableState, Wrap};
use std::io::Write;

/// What the newcomer is told to open.
#[derive(Debug, Clone, Default)]
pub(super) struct Addresses {
    pub console: String,
    pub handheld: String,
}

impl Addresses {
    pub(super) fn tell(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(out, "console   {}\nhandheld  {}", self.console, self.handheld)
    }
}

/// The order in which a parcel goes, with the words for it.
const STAGES: [(&str, &str); 9] = [
    ("placed", "looking for a store"),
    ("backordered", "no stock anywhere"),
    ("allocated", "offered to a store"),
    ("accepted", "store said yes"),
    ("picking", "being picked"),
    ("ready", "packed and released"),
    ("shipped", "gone out"),
    ("cancelled", "cancelled"),
    ("exception", "needs a person"),
];

pub(super) fn draw(frame: &mut Frame<'_>, state: &State, addresses: &Addresses, selected: usize) {
    let rows = u16::try_from(state.stores.len()).unwrap_or(u16::MAX);
    let [head, upper, feed, foot] = Layout::vertical([
        Constraint::Length(3),
        Constraint::Length(rows.saturating_add(3).max(12)),
        Constraint::Min(4),
        Constraint::Length(2),
    ])
    .areas(frame.area());
    let [stores, orders] = Layout::horizontal([Constraint::Min(60), Constraint::Length(44)]).areas(upper);
    draw_head(frame, head, state, addresses);
    draw_stores(frame, stores, state, selected);
    draw_orders(frame, orders, state);
    draw_feed(frame, feed, state);
    draw_keys(frame, foot);
}

fn panel(title: &str) -> Block<'_> {
    Block::bordered().border_type(BorderType::Rounded).border_style(Color::DarkGray).title(title.bold())
}

fn draw_head(frame: &mut Frame<'_>, area: Rect, state: &State, addresses: &Addresses) {
    let line = |what: &'static str, address: &str| {
        Line::from(vec![what.dim(), Span::from(address.to_owned()).cyan().underlined()])
    };
    let title = Line::from(vec![
        " Holdfast ".bold().black().on_green(),
        format!(
            "  a chain that keeps its promises while its network breaks   {} s",
            state.running_for.as_secs()
        )
        .into(),
    ]);
    let lines =
        vec![title, line(" console   ", &addresses.console), line(" handheld  ", &addresses.handheld)];
    frame.render_widget(Paragraph::new(lines), area);
}

fn draw_stores(frame: &mut Frame<'_>, area: Rect, state: &State, selected: usize) {
    let header = Row::new(["Store", "Health", "Work", "Why"]).style(Style::new().dim());
    let rows = state.stores.values().map(|store| {
        let colour = match store.standing.as_str() {
            "eligible" => Color::Green,
            "suspect" => Color::Yellow,
            _ => Color::Red,
        };
        let mut why = store.why.clone();
        for (broken, words) in [(!store.running, "agent crashed"), (store.uplink_cut, "uplink cut")] {
            if broken {
                why = if why.is_empty() { words.to_owned() } else { format!("{words}; {why}") };
            }
        }
        let name = if store.is_centre { format!("{} (centre)", store.name) } else { store.name.clone() };
        Row::new([
            Cell::from(name),
            Cell::from(Span::from(format!("● {}", store.standing)).fg(colour)),
            Cell::from(store.open_tasks.to_string()),
            Cell::from(if why.is_empty() { "all well".to_owned().dim() } else { why.into() }),
        ])
    });
    let widths = [Constraint::Length(24), Constraint::Length(13), Constraint::Length(5), Constraint::Min(20)];
    let table = Table::new(rows, widths)
        .header(header)
        .block(panel(" Stores "))
        .row_highlight_style(Modifier::REVERSED)
        .highlight_symbol("> ");
    let mut place = TableState::new().with_selected(Some(selected));
    frame.render_stateful_widget(table, area, &mut place);
}

fn draw_orders(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let mut lines: Vec<Line<'_>> = STAGES
        .iter()
        .map(|(stage, words)| {
            let count = state.orders.get(*stage).copied().unwrap_or_default();
            let shown = format!("{count:>5} ");
            let number = if count == 0 { shown.dim() } else { shown.bold() };
            Line::from(vec![number, Span::from(format!("{stage:<12}")), words.dim()])
        })
        .collect();
    let exceptions = state.exceptions_open.to_string();
    lines.push(Line::from(vec![
        format!("{exceptions:>5} ").bold(),
        "exceptions open".fg(if state.exceptions_open > 0 { Color::Yellow } else { Color::Reset }),
        format!("   {} sold at tills", state.sales).dim(),
    ]));
    frame.render_widget(Paragraph::new(lines).block(panel(" Orders ")), area);
}

fn draw_feed(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let lines: Vec<Line<'_>> = state
        .feed
        .iter()
        .take(usize::from(area.height))
        .map(|line| {
            let colour = match line.tone {
                Tone::Good => Color::Green,
                Tone::Plain => Color::Reset,
                Tone::Warn => Color::Yellow,
                Tone::Bad => Color::Red,
            };
            let stamp = format!("{:>4} s  ", line.after.as_secs()).dim();
            Line::from(vec![stamp, Span::from(line.words.clone()).fg(colour)])
        })
        .collect();
    let feed = Paragraph::new(lines).wrap(Wrap { trim: false }).block(panel(" What just happened, and why "));
    frame.render_widget(feed, area);
}

fn draw_keys(frame: &mut Frame<'_>, area: Rect) {
    let key = |key: &'static str, what: &'static str| {
        vec![format!(" {key} ").reversed(), format!(" {what}  ").into()]
    };
    let keys: Vec<Span<'_>> = [
        ("Up/Down", "choose a store"),
        ("c", "cut or restore its uplink"),
        ("k", "crash or restart its agent"),
        ("x", "close or open it"),
        ("l", "sell its last unit"),
        ("q", "quit"),
    ]
    .into_iter()
    .flat_map(|(name, what)| key(name, what))
    .collect();
    frame.render_widget(Paragraph::new(Line::from(keys)).wrap(Wrap { trim: true }), area);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::board::{Board, StoreRow};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    #[test]
    fn a_broken_store_says_what_is_broken() {
        let board = Board::default();
        let row = StoreRow {
            name: "Leeds".into(),
            standing: "ineligible".into(),
            why: "no heartbeat for 34 s".into(),
            uplink_cut: true,
            running: true,
            ..StoreRow::default()
        };
        board.lock().stores.insert("leeds".parse().unwrap(), row);
        board.tell(Tone::Bad, "order o-1 moved from leeds to york");
        let mut terminal = Terminal::new(TestBackend::new(130, 30)).unwrap();
        terminal.draw(|frame| draw(frame, &board.lock(), &Addresses::default(), 0)).unwrap();
        let shown = terminal.backend().to_string();
        for words in ["Leeds", "ineligible", "uplink cut; no heartbeat for 34 s", "moved from leeds"] {
            assert!(shown.contains(words), "{words} not in\n{shown}");
        }
    }
}
