//! What the core may look at while it decides: the stored state, within the one transaction.

use super::command::Position;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{Sku, TaskId};
use holdfast_shared::wire::signal::PlannedNote;
use holdfast_shared::wire::sync::LabelReport;

/// `E` is the storage's own error; the core passes it through.
pub trait View {
    type Error;
    fn position(&self, sku: &Sku) -> Result<Option<Position>, Self::Error>;
    fn task(&self, task: &TaskId) -> Result<Option<TaskState>, Self::Error>;
    /// Closures that staff planned here, in the order of their times.
    fn planned(&self) -> Result<Vec<PlannedNote>, Self::Error>;
    /// Labels that could not be made, and that central has not noted.
    fn label_reports(&self) -> Result<Vec<LabelReport>, Self::Error>;
}
