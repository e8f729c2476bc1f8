//! Whether a type is written as a JSON object. serde also reads a struct from an array, field by field in their
//! order, which no document tells and which changes its meaning with the next field.

use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor, value::Error};
use std::cell::Cell;

pub(super) fn wants_object<T: DeserializeOwned>() -> bool {
    let asked = Cell::new(false);
    // It never gets anything: what counts is what it asks for first.
    T::deserialize(Probe(&asked)).is_err() && asked.get()
}

struct Probe<'a>(&'a Cell<bool>);

impl Probe<'_> {
    fn none<T>(&self) -> Result<T, Error> {
        Err(Error::custom("nothing is here"))
    }

    fn object<T>(&self) -> Result<T, Error> {
        self.0.set(true);
        self.none()
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        self.none()
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.object()
    }

    fn deserialize_map<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        self.object()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct enum identifier ignored_any
    }
}
