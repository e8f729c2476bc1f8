//! Text in few bytes.

use data_encoding::BASE64_NOPAD;
use std::cell::RefCell;
use std::io::{self, Read};
use zstd::bulk::Compressor;

/// The fastest: what is packed repeats itself.
const ZSTD_LEVEL: i32 = 1;

pub fn pack_bytes(text: &str) -> io::Result<Vec<u8>> {
    PACKER.with_borrow_mut(|packer| {
        let packer = match packer {
            Some(ready) => ready,
            None => packer.insert(Compressor::new(ZSTD_LEVEL)?),
        };
        packer.compress(text.as_bytes())
    })
}

thread_local! {
    /// Kept: to make one ready takes longer than to pack what is small.
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// What lies where only text can stand, of at most so many bytes.
pub fn unpack(packed: &str, bytes_max: usize) -> io::Result<String> {
    unpack_bytes(&BASE64_NOPAD.decode(packed.as_bytes()).map_err(io::Error::other)?, bytes_max)
}

/// The same of what [`pack_bytes`] made.
pub fn unpack_bytes(bytes: &[u8], bytes_max: usize) -> io::Result<String> {
    let one_too_many = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = String::new();
    zstd::stream::read::Decoder::with_buffer(bytes)?.take(one_too_many).read_to_string(&mut text)?;
    if text.len() > bytes_max {
        return Err(io::Error::other(format!("it has more than {bytes_max} bytes")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back_and_repetition_costs_little() {
        let text = "who has what, and how far away; ".repeat(100);
        for _again in 0..2 {
            let packed = pack_bytes(&text).unwrap();
            assert!(packed.len() * 20 < text.len(), "{}", packed.len());
            assert_eq!(unpack_bytes(&packed, text.len()).unwrap(), text);
            assert!(unpack_bytes(&packed, text.len() - 1).is_err(), "a bomb is refused");
            assert_eq!(unpack(&BASE64_NOPAD.encode(&packed), text.len()).unwrap(), text);
        }
        assert!(unpack("not packed", 99).is_err());
    }
}
