//! Facts about a parcel, one after the other.

use super::fact::{Ask, AskId, Label, ParcelFact, Said, Source, Wish};
use super::fold::Parcel;
use super::tracking::{Track, TrackStatus};
use holdfast_shared::time::UtcMs;

pub(crate) struct Facts {
    pub(crate) all: Vec<ParcelFact>,
    pub(crate) now: i64,
}

pub(crate) fn label(run: u32) -> Label {
    Label {
        reference: format!("se-{run}"),
        carrier: "ups".to_owned(),
        service: "ups_ground".to_owned(),
        tracking_number: format!("1Z{run}"),
        url: None,
        cost: None,
    }
}

impl Facts {
    pub(crate) const fn new() -> Self {
        Self { all: Vec::new(), now: 0 }
    }

    pub(crate) fn parcel(&self) -> Parcel {
        Parcel::fold(&self.all)
    }

    pub(crate) fn say(&mut self, id: Option<AskId>, said: Said) -> &mut Self {
        let sequence = u32::try_from(self.all.len()).unwrap() + 1;
        self.all.push(ParcelFact { sequence, id, said, source: Source::Answer, at: UtcMs(self.now) });
        self
    }

    pub(crate) fn asked(&mut self, run: u32, service: Option<&str>) -> &mut Self {
        let wish = Wish { service: service.map(str::to_owned), units: 1, label: None };
        let key = format!("label-{run}").parse().unwrap();
        self.say(Some(AskId { ask: Ask::Label, run }), Said::Asked { attempt: 1, key, wish })
    }

    pub(crate) fn made(&mut self, run: u32) -> &mut Self {
        self.say(Some(AskId { ask: Ask::Label, run }), Said::Made { label: label(run) })
    }

    pub(crate) fn labelled(&mut self, run: u32, service: Option<&str>) -> &mut Self {
        self.asked(run, service).made(run)
    }

    pub(crate) fn asked_to_void(&mut self, run: u32, of: u32) -> &mut Self {
        let wish = Wish { service: None, units: 0, label: Some(of) };
        let key = format!("void-{run}").parse().unwrap();
        self.say(Some(AskId { ask: Ask::VoidLabel, run }), Said::Asked { attempt: 1, key, wish })
    }

    pub(crate) fn of(&mut self, ask: Ask, run: u32, said: Said) -> &mut Self {
        self.say(Some(AskId { ask, run }), said)
    }

    pub(crate) fn tracked(&mut self, status: TrackStatus, at: i64) -> &mut Self {
        let track = Track { status, happened_at: UtcMs(at), words: String::new() };
        self.say(None, Said::Tracked { track })
    }
}

pub(crate) fn declined(code: &str) -> Said {
    Said::Declined { code: code.to_owned(), words: "no".to_owned() }
}
