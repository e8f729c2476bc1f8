//! Escrow for people: what one store was asked to cede, what it has ceded, and what of that is gone.

use super::{Frame, Person, frame, need, page};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::fleet;
use crate::ports::access::Scope;
use crate::ports::escrow::{Escrowed, InEscrow};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

const MAY_LOOK: &[Scope] = &[Scope::FleetRead, Scope::FleetWrite, Scope::Support];

struct SkuRow {
    sku: String,
    target: i64,
    ceded: i64,
    held: i64,
    /// What central may promise of it now.
    free: i64,
    state: String,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "escrow.html")]
struct EscrowPage {
    frame: Frame,
    store: String,
    name: String,
    /// Why nothing of it is promised.
    in_doubt: Option<String>,
    rows: Vec<SkuRow>,
}

fn row(known: &Escrowed, counts: bool) -> SkuRow {
    let Escrowed { sku, target_units: target, rights: ceded, held, overdrawn } = known;
    let (state, tone) = match (*overdrawn, ceded >= target) {
        (1.., _) => (format!("{overdrawn} overdrawn: sold or missing at the store"), "bad"),
        (_, true) => ("as asked".to_owned(), "good"),
        (_, false) => (format!("{} still to cede", target.saturating_sub(*ceded)), "warn"),
    };
    let free = if counts { ceded.saturating_sub(*held).max(0) } else { 0 };
    SkuRow { sku: sku.to_string(), target: *target, ceded: *ceded, held: *held, free, state, tone }
}

/// Two tills that do not hear of each other would sell what either cedes; and rights that were not compared
/// since a restore may be sold already.
fn in_doubt(known: &InEscrow) -> Option<String> {
    let InEscrow { enrolled_replicas, able_replicas, compared, skus } = known;
    if skus.is_empty() {
        return None;
    }
    if (*enrolled_replicas, *able_replicas) != (1, 1) {
        return Some(format!(
            "Nothing of it is promised: {enrolled_replicas} boxes are enrolled here, of which {able_replicas} know \
             of escrow. It takes one box that does."
        ));
    }
    (!compared).then(|| {
        "Nothing of it is promised until the store and central have compared what was ceded.".to_owned()
    })
}

pub(super) async fn show(
    State(app): State<Shared>,
    person: Person,
    Path(store): Path<String>,
) -> Answer<Response> {
    need(&person, MAY_LOOK)?;
    let record = fleet::find(&app, &person.0, &store).await?;
    let known = app.storage.escrows(person.0.tenant(), &record.store.store).await?;
    let in_doubt = in_doubt(&known);
    page(&EscrowPage {
        frame: frame(&app, &person, "stores", None).await?,
        store: record.store.store.to_string(),
        name: record.store.name,
        rows: known.skus.iter().map(|sku| row(sku, in_doubt.is_none())).collect(),
        in_doubt,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escrowed(target_units: i64, rights: i64, held: i64, overdrawn: i64) -> Escrowed {
        Escrowed { sku: "A".parse().unwrap(), target_units, rights, held, overdrawn }
    }

    #[test]
    fn a_row_says_what_lacks_and_what_is_gone() {
        let told = |known: Escrowed| {
            let row = row(&known, true);
            (row.free, row.state, row.tone)
        };
        assert_eq!(told(escrowed(3, 3, 1, 0)), (2, "as asked".to_owned(), "good"));
        assert_eq!(told(escrowed(5, 3, 0, 0)), (3, "2 still to cede".to_owned(), "warn"));
        let gone = "2 overdrawn: sold or missing at the store".to_owned();
        assert_eq!(told(escrowed(3, 3, 0, 2)), (3, gone, "bad"));
        assert_eq!(row(&escrowed(3, 3, 0, 0), false).free, 0, "rights in doubt are none");
    }

    #[test]
    fn what_does_not_count_says_why() {
        let known = |enrolled_replicas, compared, skus: usize| InEscrow {
            enrolled_replicas,
            able_replicas: enrolled_replicas,
            compared,
            skus: vec![escrowed(1, 1, 0, 0); skus],
        };
        assert_eq!(in_doubt(&known(1, true, 1)), None);
        assert!(in_doubt(&known(2, true, 1)).unwrap().contains("2 boxes are enrolled"));
        assert!(in_doubt(&known(1, false, 1)).unwrap().contains("compared"));
        assert_eq!(in_doubt(&known(2, false, 0)), None, "nothing is in escrow there");
    }
}
