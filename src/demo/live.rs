//! The demo in a terminal: draws, and turns keys into action.

use super::board::Tone;
use super::screen::{Addresses, draw};
use super::stage::{Stage, Toggle};
use anyhow::Result;
use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures::StreamExt;
use holdfast_central::runtime::DemoAction;
use holdfast_shared::ids::StoreId;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const FRAME_EVERY: Duration = Duration::from_millis(200);

/// Shows the stage until the person quits or `end` comes.
pub(super) async fn show(stage: &Arc<Stage>, addresses: &Addresses, end: CancellationToken) -> Result<()> {
    let mut terminal = ratatui::try_init()?;
    let shown = run(&mut terminal, stage, addresses, end).await;
    ratatui::restore();
    shown
}

async fn run(
    terminal: &mut ratatui::DefaultTerminal,
    stage: &Arc<Stage>,
    addresses: &Addresses,
    end: CancellationToken,
) -> Result<()> {
    let mut frames = tokio::time::interval(FRAME_EVERY);
    let mut keys = EventStream::new();
    let mut selected = 0_usize;
    loop {
        tokio::select! {
            () = end.cancelled() => return Ok(()),
            _ = frames.tick() => {}
            event = keys.next() => match event {
                Some(Ok(Event::Key(key))) if key.kind == KeyEventKind::Press => {
                    if quits(key) {
                        return Ok(());
                    }
                    press(stage, key.code, &mut selected);
                }
                Some(Ok(_)) => {}
                // Without a keyboard there is no way to quit from here; the signal still ends it.
                Some(Err(error)) => return Err(error.into()),
                None => return Ok(()),
            },
        }
        terminal.draw(|frame| draw(frame, &stage.board.lock(), addresses, selected))?;
    }
}

fn quits(key: KeyEvent) -> bool {
    let ctrl_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    ctrl_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
}

fn press(stage: &Arc<Stage>, key: KeyCode, selected: &mut usize) {
    let last = stage.stores.len().saturating_sub(1);
    match key {
        KeyCode::Up => *selected = selected.saturating_sub(1),
        KeyCode::Down => *selected = selected.saturating_add(1).min(last),
        KeyCode::Char(letter) => {
            let Some(store) = stage.stores.keys().nth(*selected).cloned() else { return };
            let action = match letter {
                'c' => stage.toggled(&store, Toggle::Uplink),
                'k' => stage.toggled(&store, Toggle::Agent),
                'x' => stage.toggled(&store, Toggle::Doors),
                'l' => DemoAction::SellLastUnit,
                _ => return,
            };
            play(Arc::clone(stage), store, action);
        }
        _ => {}
    }
}

/// Plays beside the drawing, so that a slow start of an agent does not freeze the screen.
pub(super) fn play(stage: Arc<Stage>, store: StoreId, action: DemoAction) {
    tokio::spawn(async move {
        if let Err(error) = stage.play(&store, action).await {
            stage.board.tell(Tone::Bad, format!("{store}: {error:#}"));
        }
    });
}
