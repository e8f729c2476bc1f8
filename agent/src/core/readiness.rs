//! Whether this box may take order work. Look-ups, sales, counts and closures go on whatever happens.

use super::command::{Command, Refusal, TaskAct};
use holdfast_shared::guard::Guard;

/// What central said of this box.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readiness {
    /// Central has more of this replica than is here.
    pub rehydrating: bool,
    /// Why nothing of this box is merged until a person decides.
    pub quarantined: Option<String>,
}

impl Readiness {
    /// A box that lost facts does not know what it already did to an order; one of two boxes under
    /// one identity does not know what the other does.
    pub fn check(&self, command: &Command) -> Result<(), Refusal> {
        let act = match command {
            Command::Task { act, .. } => Some(act),
            Command::Label(_) => None,
            Command::Move(_)
            | Command::BringBack(_)
            | Command::Close(_)
            | Command::Plan(_)
            | Command::Unplan(_) => return Ok(()),
        };
        if let Some(why) = &self.quarantined
            && Guard::CloneQuarantine.stands()
        {
            return Err(Refusal::Quarantined(why.clone()));
        }
        if self.rehydrating && act.is_some_and(takes_work) && Guard::RehydrateBeforeWork.stands() {
            return Err(Refusal::Rehydrating);
        }
        Ok(())
    }
}

/// Answers that end work need nothing that was lost, and free the goods.
const fn takes_work(act: &TaskAct) -> bool {
    match act {
        TaskAct::Accept
        | TaskAct::StartPicking
        | TaskAct::Pick { .. }
        | TaskAct::Pack
        | TaskAct::HandOver { .. }
        | TaskAct::LetGo { .. } => true,
        TaskAct::Decline { .. } | TaskAct::Short { .. } | TaskAct::PutBack => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::command::LabelRequest;
    use holdfast_shared::error::Code;

    fn act(act: TaskAct) -> Command {
        Command::Task { task: "o1-1".parse().unwrap(), act }
    }

    #[test]
    fn a_box_that_lost_facts_starts_nothing_and_ends_what_it_has() {
        let lost = Readiness { rehydrating: true, quarantined: None };
        let refused = lost.check(&act(TaskAct::HandOver { to: None })).unwrap_err();
        assert_eq!(refused.code(), Code::Rehydrating);
        assert_eq!(lost.check(&act(TaskAct::Decline { reason: String::new() })), Ok(()));
        assert_eq!(lost.check(&Command::Move(Vec::new())), Ok(()));
        assert_eq!(Readiness::default().check(&act(TaskAct::Pack)), Ok(()));
    }

    #[test]
    fn a_quarantined_box_leaves_orders_alone() {
        let copy = Readiness { rehydrating: false, quarantined: Some("two boxes".to_owned()) };
        let refused = copy.check(&act(TaskAct::PutBack)).unwrap_err();
        assert_eq!(refused.code(), Code::Quarantined);
        assert!(refused.to_string().contains("two boxes"));
        let reason = "the printer is broken".to_owned();
        let label = Command::Label(LabelRequest { task: "o1-1".parse().unwrap(), service: None, reason });
        assert_eq!(copy.check(&label).unwrap_err().code(), Code::Quarantined, "nobody would hear of it");
        let lost = Readiness { rehydrating: true, quarantined: None };
        assert_eq!(lost.check(&label), Ok(()));
        assert_eq!(copy.check(&Command::Close(None)), Ok(()));
    }
}
