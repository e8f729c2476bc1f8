//! The steps of labels on an order's way, read off its parcels.

use super::fact::Ask;
use super::fold::{Parcel, ParcelState};
use super::record::{AskRecord, AskState};
use crate::core::saga::progress::{LabelSteps, Seen, StepState};

/// None where stores make their own labels.
#[must_use]
pub fn steps(parcels: &[Parcel]) -> Option<LabelSteps> {
    if parcels.is_empty() {
        return None;
    }
    let mut wanted = parcels.iter().filter(|parcel| parcel.state() != ParcelState::Voided).peekable();
    let any = wanted.peek().is_some();
    let all = wanted.all(|parcel| parcel.live().any(|made| !made.unwanted));
    Some(LabelSteps {
        labelled: any.then_some(all),
        label: of_ask(parcels, Ask::Label),
        void: of_ask(parcels, Ask::VoidLabel),
    })
}

fn of_ask(parcels: &[Parcel], ask: Ask) -> Seen {
    let of_it = |record: &&AskRecord| record.id.ask == ask;
    let asked: Vec<&AskRecord> = parcels.iter().flat_map(|parcel| parcel.asks.iter().filter(of_it)).collect();
    let Some(newest) = asked.last() else { return Seen::nothing("not asked for") };
    let attempts = asked.iter().map(|record| record.attempts).fold(0, u32::saturating_add);
    let (state, words) = match &newest.state {
        AskState::Asked => (StepState::UnderWay, String::from("asked, and no answer is written down")),
        AskState::Unknown { .. } => (StepState::UnderWay, String::from("no answer; it is being looked up")),
        AskState::Busy { .. } => (StepState::UnderWay, String::from("not taken in; it is asked again")),
        AskState::Absent { .. } => (StepState::NotBegun, String::from("it never arrived there")),
        AskState::Made(label) => {
            let good = parcels.iter().any(|parcel| parcel.live().next().is_some());
            let state = if good { StepState::Done } else { StepState::Undone };
            (state, format!("{} {}", label.service, label.tracking_number))
        }
        AskState::Voided => (StepState::Done, String::from("the label is void")),
        AskState::Declined { code, words } | AskState::Soft { code, words } => {
            (StepState::Failed, format!("{words} ({code})"))
        }
    };
    Seen { state, attempts, at: asked.iter().map(|record| record.last_at).max(), words }
}

#[cfg(test)]
mod tests {
    use super::super::fact::Said;
    use super::super::test_scene::Facts;
    use super::*;

    #[test]
    fn an_order_is_labelled_when_each_parcel_that_leaves_has_a_good_label() {
        assert_eq!(steps(&[]), None);
        let labelled = |facts: &Facts| steps(&[facts.parcel()]).unwrap().labelled;
        let mut facts = Facts::new();
        facts.asked(0, None);
        assert_eq!(labelled(&facts), Some(false));
        facts.made(0);
        assert_eq!(labelled(&facts), Some(true));
        let told = steps(&[facts.parcel(), Facts::new().parcel()]).unwrap();
        assert_eq!((told.labelled, told.label.state, told.label.attempts), (Some(false), StepState::Done, 1));
        facts.asked_to_void(0, 0).of(Ask::VoidLabel, 0, Said::Voided).say(None, Said::Dropped);
        let told = steps(&[facts.parcel()]).unwrap();
        assert_eq!(
            (told.labelled, told.label.state, told.void.state),
            (None, StepState::Undone, StepState::Done)
        );
    }
}
