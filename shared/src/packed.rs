//! Text in few bytes, and as text again where only text can stand.

use data_encoding::BASE64_NOPAD;
use std::io::{self, Read};

/// The fastest: what is packed repeats itself.
const ZSTD_LEVEL: i32 = 1;

pub fn pack(text: &str) -> io::Result<String> {
    Ok(BASE64_NOPAD.encode(&zstd::bulk::compress(text.as_bytes(), ZSTD_LEVEL)?))
}

/// What was packed, of at most so many bytes.
pub fn unpack(packed: &str, bytes_max: usize) -> io::Result<String> {
    let bytes = BASE64_NOPAD.decode(packed.as_bytes()).map_err(io::Error::other)?;
    let one_too_many = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = String::new();
    zstd::stream::read::Decoder::with_buffer(bytes.as_slice())?
        .take(one_too_many)
        .read_to_string(&mut text)?;
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
        let packed = pack(&text).unwrap();
        assert!(packed.len() * 20 < text.len(), "{}", packed.len());
        assert_eq!(unpack(&packed, text.len()).unwrap(), text);
        assert!(unpack(&packed, text.len() - 1).is_err(), "a bomb is refused");
        assert!(unpack("not packed", 99).is_err());
    }
}
