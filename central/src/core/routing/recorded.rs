//! What a decision was made from, as it was kept before it lay with the decision's rungs: by itself, and packed or,
//! still earlier, plain.

use super::decision::{Demand, Node, Recorded};
use holdfast_shared::limits::DECISION_KEPT_BYTES_MAX;
use holdfast_shared::packed::unpack;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Packed(String),
    Plain(Box<Owned>),
}

#[derive(Deserialize)]
struct Owned {
    demand: Demand,
    nodes: Vec<Node>,
    unrecorded: u32,
}

impl<'de> Deserialize<'de> for Recorded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Owned { demand, nodes, unrecorded } = match Kept::deserialize(deserializer)? {
            Kept::Plain(plain) => *plain,
            Kept::Packed(packed) => {
                let text = unpack(&packed, DECISION_KEPT_BYTES_MAX).map_err(serde::de::Error::custom)?;
                serde_json::from_str(&text).map_err(serde::de::Error::custom)?
            }
        };
        Ok(Self { demand, nodes, unrecorded })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::eligibility::Eligibility;
    use crate::core::routing::decision::Shelf;
    use crate::core::routing::test_scene::Scene;
    use crate::core::test_support::store;
    use data_encoding::BASE64_NOPAD;
    use holdfast_shared::packed::pack_bytes;
    use serde_json::json;

    #[test]
    fn it_is_read_as_it_was_kept_before_packed_and_plain() {
        let node = Node {
            store: store("leeds"),
            eligibility: Eligibility::unknown(),
            open_tasks: 3,
            recovering: false,
            shelves: [("TEA".parse().unwrap(), Shelf { units: 9, ..Shelf::default() })].into(),
        };
        let demand = Scene::default().demand;
        let plain = json!({"demand": demand, "nodes": [node], "unrecorded": 3});
        let packed = json!(BASE64_NOPAD.encode(&pack_bytes(&plain.to_string()).unwrap()));
        let recorded = Recorded { demand, nodes: vec![node], unrecorded: 3 };
        for kept in [packed, plain] {
            assert_eq!(serde_json::from_value::<Recorded>(kept).unwrap(), recorded);
        }
    }
}
