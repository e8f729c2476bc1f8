//! Schemas that the generator makes narrower than what is read and written.

use std::collections::BTreeMap;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems};
use utoipa::openapi::{RefOr, Schema};

type Schemas = BTreeMap<String, RefOr<Schema>>;

pub(super) fn mend(schemas: &mut Schemas) {
    let open: Schemas = schemas
        .iter()
        .filter_map(|(name, schema)| opened(schema).map(|schema| (name.clone(), schema)))
        .collect();
    for schema in schemas.values_mut() {
        widen(schema, &open);
    }
}

/// What refuses unknown fields where it stands alone, without that.
fn opened(schema: &RefOr<Schema>) -> Option<RefOr<Schema>> {
    match schema {
        RefOr::T(Schema::Object(object)) => match object.additional_properties.as_deref() {
            Some(AdditionalProperties::FreeForm(false)) => {
                let mut open = object.clone();
                open.additional_properties = None;
                Some(RefOr::T(Schema::Object(open)))
            }
            Some(AdditionalProperties::FreeForm(true) | AdditionalProperties::RefOr(_)) | None => None,
        },
        RefOr::T(_) | RefOr::Ref(_) => None,
    }
}

fn widen(schema: &mut RefOr<Schema>, open: &Schemas) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Array(array) => {
            // What a set is sent twice counts once, and is no mistake.
            array.unique_items = false;
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                widen(items, open);
            }
        }
        Schema::Object(object) => {
            object.properties.values_mut().for_each(|property| widen(property, open));
            if let Some(AdditionalProperties::RefOr(values)) = object.additional_properties.as_deref_mut() {
                widen(values, open);
            }
        }
        Schema::OneOf(one) => one.items.iter_mut().for_each(|item| widen(item, open)),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(|item| widen(item, open)),
        Schema::AllOf(all) => {
            for part in &mut all.items {
                // A part of something larger cannot refuse what the other parts have.
                if let RefOr::Ref(reference) = part
                    && let Some(open) =
                        open.get(reference.ref_location.rsplit('/').next().unwrap_or_default())
                {
                    *part = open.clone();
                } else if let Some(open) = opened(part) {
                    *part = open;
                }
                widen(part, open);
            }
        }
        _ => {}
    }
}
