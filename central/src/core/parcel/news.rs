//! What people and other systems are told when a fact about a parcel was written down: the difference between two folds,
//! so that a fact that changes nothing tells nothing.

use super::fact::{Ask, AskId, Label, Wish};
use super::fold::{Parcel, ParcelState, Refusal};
use super::record::AskState;
use crate::core::saga::steps::terms;
use holdfast_shared::time::UtcMs;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    Labelled {
        label: Label,
    },
    LabelVoided {
        label: Label,
    },
    /// The carrier makes no label for it by this service.
    LabelRefused {
        service: Option<String>,
        code: String,
        words: String,
    },
    /// The carrier does not take a label back.
    VoidRefused {
        run: u32,
        words: String,
    },
    /// It took it back after all.
    VoidSettled {
        run: u32,
    },
    InTransit,
    /// Something is in its way.
    Held {
        words: String,
    },
    Delivered {
        at: UtcMs,
    },
    Lost {
        words: String,
    },
    Returned {
        words: String,
    },
    /// It was lost, and is found.
    Found,
    Silent {
        words: String,
    },
    HeardAgain,
    /// Nobody knows what came of it, for too long.
    Unclear {
        id: AskId,
        words: String,
    },
    /// It is known after all.
    Cleared {
        id: AskId,
    },
    /// A label there is now, after it could not be had.
    LabelSettled,
}

#[must_use]
pub fn news(before: &Parcel, after: &Parcel) -> Vec<News> {
    let mut told = Vec::new();
    for record in &after.asks {
        let was = before.ask(record.id);
        if record.is_done() && !was.is_some_and(super::record::AskRecord::is_done) {
            done(after, record.id, &mut told);
        }
        let unclear = |record: &super::record::AskRecord| record.given_up && record.open().is_some();
        if unclear(record) && !was.is_some_and(unclear) {
            let words = format!(
                "{} was asked {} times, and nobody knows what came of it",
                record.id, record.attempts
            );
            told.push(News::Unclear { id: record.id, words });
        }
        if was.is_some_and(unclear) && !unclear(record) {
            told.push(News::Cleared { id: record.id });
        }
    }
    refusals(before, after, &mut told);
    way(before, after, &mut told);
    told
}

fn done(after: &Parcel, id: AskId, told: &mut Vec<News>) {
    match after.ask(id).map(|record| (&record.state, record.wish.label)) {
        Some((AskState::Made(label), _)) => {
            told.push(News::Labelled { label: label.clone() });
            told.push(News::LabelSettled);
        }
        Some((AskState::Voided, Some(run))) => {
            let made = after.labels().find(|made| made.run == run);
            told.extend(made.map(|made| News::LabelVoided { label: made.label.clone() }));
            told.push(News::VoidSettled { run });
        }
        Some(_) | None => {}
    }
}

fn refused<'a>(parcel: &'a Parcel, ask: Ask, wish: &Wish) -> Option<Refusal<'a>> {
    parcel.refused(ask, wish, terms(ask.step()).retries.failures_max)
}

fn refusals(before: &Parcel, after: &Parcel, told: &mut Vec<News>) {
    for record in &after.asks {
        let (ask, wish) = (record.id.ask, &record.wish);
        let Some(refusal) = refused(after, ask, wish).filter(|refusal| refusal.id == record.id) else {
            continue;
        };
        if refused(before, ask, wish).is_some_and(|known| known.id == record.id) {
            continue;
        }
        let words = refusal.words.to_owned();
        told.push(match (ask, wish.label) {
            (Ask::VoidLabel, Some(run)) => News::VoidRefused { run, words },
            (Ask::Label | Ask::VoidLabel, _) => {
                let service = refusal.service.map(str::to_owned);
                News::LabelRefused { service, code: refusal.code.to_owned(), words }
            }
        });
    }
}

fn way(before: &Parcel, after: &Parcel, told: &mut Vec<News>) {
    let (was, is) = (before.state(), after.state());
    let words = || after.track.as_ref().map(|track| track.words.clone()).filter(|words| !words.is_empty());
    let words = || words().unwrap_or_else(|| String::from("without a reason"));
    if was != is {
        if was == ParcelState::Lost {
            told.push(News::Found);
        }
        told.extend(match is {
            ParcelState::InTransit => Some(News::InTransit),
            ParcelState::Exception => Some(News::Held { words: words() }),
            ParcelState::Delivered => after.arrived_at().map(|at| News::Delivered { at }),
            ParcelState::Lost => Some(News::Lost { words: words() }),
            ParcelState::Returned => Some(News::Returned { words: words() }),
            // The store's own facts tell of it.
            ParcelState::Wanted | ParcelState::Labelled | ParcelState::Voided | ParcelState::HandedOver => {
                None
            }
        });
    }
    match (before.silent, after.silent) {
        (false, true) => {
            let hours = super::plan::SILENT_MS / 3_600_000;
            told.push(News::Silent { words: format!("no word from the carrier for {hours} hours") });
        }
        (true, false) => told.push(News::HeardAgain),
        (true, true) | (false, false) => {}
    }
}

#[cfg(test)]
mod tests;
