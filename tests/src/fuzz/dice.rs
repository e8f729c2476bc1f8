//! Repeatable chance, and what it does to bytes and to text.

/// Inputs grow no longer than this by being changed.
const LENGTH_MAX: usize = 512 * 1024;

#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Splitmix64.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `sides`; 0 of nothing.
    pub fn roll(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides).unwrap().max(1);
        usize::try_from(self.next() % sides).unwrap()
    }

    pub fn byte(&mut self) -> u8 {
        const TELLING: [u8; 10] = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x40, 0xc0, 0xdc, b'"', b'{'];
        if self.roll(2) == 0 { TELLING[self.roll(TELLING.len())] } else { self.next().to_le_bytes()[0] }
    }

    /// One to four changes of single bytes, runs and pieces.
    pub fn bytes(&mut self, input: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.roll(4) {
            self.change(&mut bytes);
        }
        bytes.truncate(LENGTH_MAX);
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            bytes.push(self.byte());
            return;
        }
        let place = self.roll(bytes.len());
        match self.roll(8) {
            0 => bytes[place] ^= 1 << self.roll(8),
            1 => bytes[place] = self.byte(),
            2 => bytes.insert(place, self.byte()),
            3 => drop(bytes.remove(place)),
            4 => bytes.truncate(place),
            5 => {
                let to = (place + 1 + self.roll(16)).min(bytes.len());
                let copy = bytes[place..to].to_vec();
                bytes.splice(place..place, copy);
            }
            6 => {
                let to = (place + 1 + self.roll(64)).min(bytes.len());
                bytes.drain(place..to);
            }
            // A length, as most forms write one, that promises far too much.
            _ => {
                let huge = [0xdd, 0xff, 0xff, 0xff, 0xff];
                bytes.splice(place..place, huge);
            }
        }
    }

    /// Pieces of text that readers of JSON, CSV, ids and numbers trip over.
    pub fn text(&mut self, input: &[u8]) -> Vec<u8> {
        const PIECES: [&str; 24] = [
            "\"",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "null",
            "-1",
            "1e309",
            "9223372036854775808",
            "0.1",
            "\\u0000",
            "\\ud800",
            "\u{feff}",
            "\u{202e}",
            "/",
            "..",
            "#",
            "+",
            "\n",
            "\r\n",
            "\"\"",
            ";",
        ];
        if self.roll(3) == 0 {
            return self.bytes(input);
        }
        let mut bytes = input.to_vec();
        for _ in 0..=self.roll(3) {
            let place = self.roll(bytes.len() + 1);
            let piece = PIECES[self.roll(PIECES.len())].as_bytes();
            match self.roll(5) {
                0 => drop(bytes.splice(place..place, piece.iter().copied())),
                1 => {
                    let to = (place + piece.len()).min(bytes.len());
                    drop(bytes.splice(place..to, piece.iter().copied()));
                }
                // Deep nesting and long runs.
                2 => drop(bytes.splice(place..place, piece.repeat(1 + self.roll(5_000)))),
                3 => {
                    let from = self.roll(bytes.len() + 1).min(place);
                    let copy = bytes[from..place].to_vec();
                    drop(bytes.splice(place..place, copy));
                }
                _ => self.change(&mut bytes),
            }
        }
        bytes.truncate(LENGTH_MAX);
        bytes
    }
}
