//! How it stands with the label of a parcel, for the handheld.

use super::stamp::stamp;
use crate::core::commands::label::needs_label;
use crate::core::parcels::Parcels;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::wire::sync::{LabelBecomes, LabelMade, LabelNews, LabelReport};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How it stands with the label of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LabelStatus {
    /// Nothing is known against it.
    Planned,
    /// It is made, and can be printed.
    Made,
    /// Reported here; central does not know it yet.
    Reported,
    /// Central looks for another way.
    Waits,
    /// Another service takes it: print its label.
    AnotherService,
    /// Another store takes the order over.
    Moves,
    /// The head office decides; keep the parcel.
    Person,
}

/// The label of a parcel that a carrier takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LabelView {
    pub status: LabelStatus,
    /// The service that takes the parcel now, when it is not the one that was planned first.
    pub service: Option<String>,
    /// What to do now, for people.
    pub todo: Option<String>,
    /// The label that central had a carrier make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<MadeLabelView>,
    /// Which services failed, and why.
    pub failed: Vec<LabelFailedView>,
    /// Whether it may be reported now that no label can be made.
    pub may_report: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MadeLabelView {
    pub carrier: String,
    pub service: String,
    pub tracking_number: String,
    /// Where it is printed from.
    pub url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LabelFailedView {
    /// Absent for the one that was planned, while nobody said which that is.
    pub service: Option<String>,
    pub reason: String,
    pub at: Option<String>,
}

impl LabelView {
    /// None for what no carrier takes, and for what is over.
    #[must_use]
    pub fn of(state: &TaskState, parcels: &Parcels) -> Option<Self> {
        let needed = needs_label(state);
        let mut told: Vec<&LabelNews> =
            parcels.labels.iter().filter(|label| label.task == state.task).collect();
        told.sort_by_key(|label| label.reported_at);
        let reported: Vec<&LabelReport> =
            parcels.reported.iter().filter(|report| report.task == state.task).collect();
        if !needed && (told.is_empty() || state.phase.is_final()) {
            return None;
        }
        // One that was made before a service failed is of the service that failed.
        let newer = |label: &&LabelMade| told.iter().all(|failed| failed.reported_at <= label.made_at);
        let made = parcels.made.iter().filter(newer).find(|label| label.task == state.task);
        let status = match (status(&told, !reported.is_empty()), made) {
            (LabelStatus::Planned | LabelStatus::AnotherService, Some(_)) => LabelStatus::Made,
            (status, _) => status,
        };
        let instead = told.iter().rev().find_map(|label| label.instead.clone());
        let failed = told.iter().map(|label| LabelFailedView {
            service: label.service.clone(),
            reason: label.reason.clone(),
            at: stamp(label.reported_at),
        });
        let here = reported.iter().map(|report| LabelFailedView {
            service: report.service.clone(),
            reason: report.reason.clone(),
            at: stamp(report.at),
        });
        Some(Self {
            status,
            todo: match made.filter(|_| status == LabelStatus::Made) {
                Some(made) => Some(format!("Print the label: {} {}.", made.service, made.tracking_number)),
                None => {
                    todo(status, instead.as_deref(), told.last().and_then(|label| label.words.as_deref()))
                }
            },
            made: made.map(view_of),
            service: instead,
            failed: failed.chain(here).collect(),
            may_report: needed
                && matches!(status, LabelStatus::Planned | LabelStatus::Made | LabelStatus::AnotherService),
        })
    }
}

fn view_of(made: &LabelMade) -> MadeLabelView {
    MadeLabelView {
        carrier: made.carrier.clone(),
        service: made.service.clone(),
        tracking_number: made.tracking_number.clone(),
        url: made.url.clone(),
    }
}

fn status(told: &[&LabelNews], reported: bool) -> LabelStatus {
    if reported {
        return LabelStatus::Reported;
    }
    let waits = |label: &&LabelNews| label.becomes == LabelBecomes::Waits;
    if told.iter().any(waits) {
        return LabelStatus::Waits;
    }
    match told.last().map(|label| label.becomes) {
        None => LabelStatus::Planned,
        Some(LabelBecomes::AnotherService) => LabelStatus::AnotherService,
        Some(LabelBecomes::Moves) => LabelStatus::Moves,
        Some(LabelBecomes::Person) => LabelStatus::Person,
        Some(LabelBecomes::Waits | LabelBecomes::Ended | LabelBecomes::Unknown) => LabelStatus::Waits,
    }
}

fn todo(status: LabelStatus, instead: Option<&str>, said: Option<&str>) -> Option<String> {
    let ask = "Keep the parcel here. The head office decides how it goes.";
    match status {
        LabelStatus::Planned | LabelStatus::Made => None,
        LabelStatus::Reported => Some(
            "Keep the parcel here. Central is told as soon as it can be reached, and looks for another way."
                .to_owned(),
        ),
        LabelStatus::Waits => Some("Keep the parcel here. Central looks for another way.".to_owned()),
        LabelStatus::AnotherService => Some(match instead {
            Some(service) => format!("Print the label of {service}: it takes the parcel instead."),
            None => "Another service takes the parcel: ask the head office which.".to_owned(),
        }),
        LabelStatus::Moves => {
            Some("Another store takes over. Put the goods back when you are asked.".to_owned())
        }
        LabelStatus::Person => Some(said.map_or_else(|| ask.to_owned(), |said| format!("{ask} ({said})"))),
    }
}
