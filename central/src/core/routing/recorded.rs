//! What a decision was made from, as it is kept: packed, for nodes say much that is alike. It is the larger
//! part of what one order costs the disk.

use super::decision::{Demand, Node, Recorded};
use holdfast_shared::limits::DECISION_INPUT_BYTES_MAX;
use holdfast_shared::packed::{pack, unpack};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Nodes are counted without the commas between them, and the order's own lines may be long.
const PLAIN_BYTES_MAX: usize = 4 * DECISION_INPUT_BYTES_MAX;

#[derive(Serialize)]
struct Plain<'a> {
    demand: &'a Demand,
    nodes: &'a [Node],
    unrecorded: u32,
}

/// As it may lie in storage: before it was packed it was plain.
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

impl Serialize for Recorded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { demand, nodes, unrecorded } = self;
        let plain = Plain { demand, nodes, unrecorded: *unrecorded };
        let text = serde_json::to_string(&plain).map_err(serde::ser::Error::custom)?;
        if text.len() > PLAIN_BYTES_MAX {
            return plain.serialize(serializer);
        }
        serializer.serialize_str(&pack(&text).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Recorded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Owned { demand, nodes, unrecorded } = match Kept::deserialize(deserializer)? {
            Kept::Plain(plain) => *plain,
            Kept::Packed(packed) => {
                let text = unpack(&packed, PLAIN_BYTES_MAX).map_err(serde::de::Error::custom)?;
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
    use std::collections::BTreeMap;

    #[test]
    fn it_is_kept_in_few_bytes_and_read_as_it_was_before_it_was_packed() {
        let node = |n: usize| Node {
            store: store(&format!("s{n}")),
            eligibility: Eligibility::unknown(),
            open_tasks: 3,
            recovering: false,
            shelves: BTreeMap::from([("TEA".parse().unwrap(), Shelf { units: 9, ..Shelf::default() })]),
        };
        let nodes: Vec<Node> = (0..20).map(node).collect();
        let recorded = Recorded { demand: Scene::default().demand, nodes, unrecorded: 3 };
        let Recorded { demand, nodes, unrecorded } = &recorded;
        let plain = serde_json::to_string(&Plain { demand, nodes, unrecorded: *unrecorded }).unwrap();
        let packed = serde_json::to_string(&recorded).unwrap();
        assert!(packed.len() * 5 < plain.len(), "{} of {}", packed.len(), plain.len());
        for kept in [packed, plain] {
            assert_eq!(serde_json::from_str::<Recorded>(&kept).unwrap(), recorded);
        }
    }
}
