//! A store as it really is, whatever the books say: goods on the shelf, in totes, and carried out.

use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{LineNo, Sku, TaskId};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub struct Floor {
    /// The chain has its labels made: staff look for one before they hand goods over.
    pub has_labels_made: bool,
    pub shelf: BTreeMap<Sku, i64>,
    /// Tasks whose goods were carried out. Staff know that, also when a restored disk has forgotten.
    pub gone: BTreeSet<TaskId>,
    /// What was picked, by task.
    pub totes: BTreeMap<TaskId, BTreeMap<Sku, i64>>,
    /// Units that left since the checks last looked.
    pub left: Vec<(TaskId, Sku, i64)>,
    /// Order work that a box agreed to since the checks last looked.
    pub worked: Vec<(usize, TaskId)>,
}

impl Floor {
    pub fn on_shelf(&self, sku: &Sku) -> i64 {
        self.shelf.get(sku).copied().unwrap_or(0)
    }

    pub fn in_tote(&self, task: &TaskId, sku: &Sku) -> i64 {
        self.totes.get(task).and_then(|tote| tote.get(sku)).copied().unwrap_or(0)
    }

    /// Staff see what lies in the tote already, also when the screen has forgotten it.
    pub fn pick(&mut self, task: &TaskState, line: LineNo, quantity: i64) {
        let Some(line) = task.line(line).filter(|_| !self.gone.contains(&task.task)) else { return };
        let lacking = line.picked + quantity - self.in_tote(&task.task, &line.sku);
        let taken = lacking.clamp(0, self.on_shelf(&line.sku).max(0));
        *self.shelf.entry(line.sku.clone()).or_default() -= taken;
        *self.totes.entry(task.task.clone()).or_default().entry(line.sku.clone()).or_default() += taken;
    }

    /// The parcel is what the list says that it was packed by. What somebody at another box put into the
    /// tote beside it goes back to the shelf.
    pub fn carry_out(&mut self, list: &TaskState) {
        self.gone.insert(list.task.clone());
        for (sku, units) in self.totes.remove(&list.task).unwrap_or_default() {
            let listed: i64 = list.lines.iter().filter(|line| line.sku == sku).map(|line| line.picked).sum();
            *self.shelf.entry(sku.clone()).or_default() += (units - listed).max(0);
            self.left.push((list.task.clone(), sku, units.min(listed)));
        }
    }

    pub fn put_back(&mut self, task: &TaskId) {
        for (sku, units) in self.totes.remove(task).unwrap_or_default() {
            *self.shelf.entry(sku).or_default() += units;
        }
    }
}
