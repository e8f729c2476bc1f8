//! Catalogue and opening stock files.

use super::dice::Dice;
use super::{Target, Verdict};
use holdfast_agent::adapters::import_file::{BadFile, Format, read};

#[derive(Debug)]
pub struct Imports {
    format: Format,
    seed: &'static str,
}

impl Imports {
    #[must_use]
    pub const fn csv() -> Self {
        Self {
            format: Format::Csv,
            seed: "sku,name,barcode,class,on_hand\nA,Article,501,food,5\nB,\"two, words\",,,0\n",
        }
    }

    #[must_use]
    pub const fn json_lines() -> Self {
        Self {
            format: Format::JsonLines,
            seed: "{\"sku\":\"A\",\"name\":\"Article\",\"barcode\":\"501\",\"class\":\"food\",\"on_hand\":5}\n{\"sku\":\"B\"}\n",
        }
    }
}

impl Target for Imports {
    fn seeds(&self) -> Vec<Vec<u8>> {
        vec![self.seed.as_bytes().to_vec()]
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        dice.text(input)
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        match read(input, self.format, |_| {}) {
            Ok(items) if items.is_empty() => Err("it read nothing, and says that all is well".to_owned()),
            Ok(items) => {
                let lines = input.split(|byte| *byte == b'\n' || *byte == b'\r').count();
                if items.len() > lines {
                    Err("there are more items than lines".to_owned())
                } else {
                    Ok(Verdict::Taken)
                }
            }
            Err(BadFile::Lines { lines, .. }) if lines.is_empty() => {
                Err("lines are bad, and none is told".to_owned())
            }
            Err(_) => Ok(Verdict::Refused),
        }
    }
}
