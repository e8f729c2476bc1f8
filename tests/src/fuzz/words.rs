//! Short texts and bytes that have one spelling: topics, facts, ids, fences, heads. What is read is
//! written as the same.

use super::dice::Dice;
use super::{Target, Verdict};
use holdfast_shared::document::Heads;
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::ids::{
    Actor, BootId, DeviceId, DocumentId, FactId, IdempotencyKey, OrderId, ReplicaId, Sku, StoreId, TaskId,
    TenantId, TraceId,
};
use holdfast_shared::time::Hlc;
use holdfast_shared::wire::fact;
use holdfast_shared::wire::topic::Topic;
use std::fmt::Display;
use std::str::FromStr;

fn one_spelling<T: FromStr + Display>(text: &str) -> Result<bool, String> {
    match text.parse::<T>() {
        Ok(read) if read.to_string() == text => Ok(true),
        Ok(read) => Err(format!("{text:?} is taken for {read}")),
        Err(_) => Ok(false),
    }
}

const fn verdict(taken: bool) -> Verdict {
    if taken { Verdict::Taken } else { Verdict::Refused }
}

#[derive(Debug)]
pub struct Topics;

impl Target for Topics {
    fn seeds(&self) -> Vec<Vec<u8>> {
        ["heartbeat", "freshness", "presence", "poke"]
            .iter()
            .map(|channel| format!("holdfast/v1/acme/leeds/{channel}").into_bytes())
            .collect()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        dice.text(input)
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        one_spelling::<Topic>(&String::from_utf8_lossy(input)).map(verdict)
    }
}

/// A fact as it stands in a document: its id, a line's end, its text.
#[derive(Debug)]
pub struct Facts;

impl Target for Facts {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let (bag, _) = super::messages::sold(2);
        bag.facts().map(|(id, text)| format!("{id}\n{text}").into_bytes()).collect()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        dice.text(input)
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        let input = String::from_utf8_lossy(input);
        let Some((id, text)) = input.split_once('\n') else { return Ok(Verdict::Refused) };
        let Ok(id) = id.parse::<FactId>() else { return Ok(Verdict::Refused) };
        let Ok(read) = fact::decode(&id, text) else { return Ok(Verdict::Refused) };
        match fact::encode(&read) {
            Ok(again) if again == text => Ok(Verdict::Taken),
            Ok(again) => Err(format!("it is written as {again}")),
            Err(error) => Err(format!("it cannot be written: {error}")),
        }
    }
}

#[derive(Debug)]
pub struct Ids;

impl Target for Ids {
    fn seeds(&self) -> Vec<Vec<u8>> {
        ["leeds", "leeds-a", "hh-3.1.7", "task/o-1-1", "stock/leeds/leeds-a/b1/1", "1.7", "1700000000000-3"]
            .iter()
            .map(|text| text.as_bytes().to_vec())
            .collect()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        dice.text(input)
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        let text = String::from_utf8_lossy(input);
        let taken = [
            one_spelling::<TenantId>(&text)?,
            one_spelling::<StoreId>(&text)?,
            one_spelling::<ReplicaId>(&text)?,
            one_spelling::<BootId>(&text)?,
            one_spelling::<DeviceId>(&text)?,
            one_spelling::<Actor>(&text)?,
            one_spelling::<Sku>(&text)?,
            one_spelling::<TaskId>(&text)?,
            one_spelling::<OrderId>(&text)?,
            one_spelling::<FactId>(&text)?,
            one_spelling::<IdempotencyKey>(&text)?,
            one_spelling::<TraceId>(&text)?,
            one_spelling::<DocumentId>(&text)?,
            one_spelling::<Fence>(&text)?,
            one_spelling::<Hlc>(&text)?,
        ];
        Ok(verdict(taken.contains(&true)))
    }
}

#[derive(Debug)]
pub struct HeadsBytes;

impl Target for HeadsBytes {
    fn seeds(&self) -> Vec<Vec<u8>> {
        vec![super::messages::sold(2).0.heads().to_bytes(), (0..64).flat_map(|n: u8| [n; 32]).collect()]
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        match dice.roll(4) {
            0 => input.chunks(32).rev().flatten().copied().collect(),
            1 => [input, input].concat(),
            _ => dice.bytes(input),
        }
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        match Heads::from_bytes(input) {
            Ok(heads) if heads.to_bytes() == input => Ok(Verdict::Taken),
            Ok(_) => Err("they are written otherwise".to_owned()),
            Err(_) => Ok(Verdict::Refused),
        }
    }
}
