//! Units of a line were not found: they come off the line's hold, and off the books as far as the books
//! still have them.

use crate::core::command::{Position, Refusal};
use crate::core::outcome::{Said, stock_fact, task_fact};
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::domain::task::{Illegal, TaskEvent, TaskState};
use holdfast_shared::ids::LineNo;

/// `books` is the position of the line's SKU, its hold included.
pub fn decide(
    state: &TaskState,
    line: LineNo,
    missing: i64,
    books: Option<&Position>,
) -> Result<Vec<Said>, Refusal> {
    let event = task_fact(state, TaskEvent::Short { line, missing })?;
    let found = state.line(line).ok_or(Illegal::NoSuchLine(line))?;
    let off = books.map_or(missing, |books| on_the_books(books, missing));
    let gone = (off > 0)
        .then(|| stock_fact(state, found, off.saturating_neg(), |hold| Movement::ShortPick { hold }));
    // A unit that was sold at the till although it was set aside has left the books already: it is
    // no longer held, and is not taken off a second time.
    let quantity = missing.saturating_sub(off);
    let freed =
        (quantity > 0).then(|| stock_fact(state, found, 0, |hold| Movement::PutBack { hold, quantity }));
    Ok(std::iter::once(event).chain(gone).chain(freed).collect())
}

/// Of the missing units, those that the books have beyond what is set aside for others: for other
/// orders, and for the part of this line that was found.
fn on_the_books(books: &Position, missing: i64) -> i64 {
    let others = books.reserved.saturating_sub(missing).max(0);
    books.on_hand.saturating_sub(others).clamp(0, missing)
}
