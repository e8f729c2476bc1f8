//! Random bytes of the operating system, and the texts made of them.

use data_encoding::BASE64URL_NOPAD;
use holdfast_shared::ids::{BadId, BootId};

/// Letters and digits that nobody mistakes for another when reading them aloud or off a screen.
const CLEAR: &[u8; 28] = b"2346789ABCDEFGHJKMNPQRTVWXYZ";
const BOOT: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The operating system gave no randomness. Nothing secret can be made.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct RandomError(#[source] getrandom::Error);

/// Bytes that nobody can guess.
pub fn bytes<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(RandomError)?;
    Ok(bytes)
}

/// A credential: 32 random bytes as 43 characters that fit a URL and a header.
pub fn token() -> Result<String, RandomError> {
    Ok(BASE64URL_NOPAD.encode(&bytes::<32>()?))
}

/// A one-time code that a person types, like `K7Q4-M9TX`: 38 bits, so its tries must be counted.
pub fn code() -> Result<String, RandomError> {
    let mut code = String::with_capacity(9);
    while code.len() < 9 {
        for byte in bytes::<16>()? {
            // 252 is the last multiple of 28 in a byte: what lies above would favour some letters.
            let letter = CLEAR.get(usize::from(byte % 28)).filter(|_| byte < 252);
            if code.len() < 9 {
                if code.len() == 4 {
                    code.push('-');
                }
                code.extend(letter.map(|letter| char::from(*letter)));
            }
        }
    }
    Ok(code)
}

/// A code as typed by a person, in the one spelling that [`code`] gives out.
#[must_use]
pub fn normal_code(typed: &str) -> String {
    let letters: String =
        typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).take(9).collect();
    match letters.split_at_checked(4) {
        Some((head, tail)) if !tail.is_empty() => format!("{head}-{tail}"),
        Some(_) | None => letters,
    }
}

/// Names one start of a process: 80 bits, 16 characters.
pub fn boot_id() -> Result<BootId, BootIdError> {
    let text: String = bytes::<16>()?
        .into_iter()
        .filter_map(|byte| BOOT.get(usize::from(byte % 32)))
        .map(|letter| char::from(*letter))
        .collect();
    Ok(BootId::new(text)?)
}

#[derive(Debug, thiserror::Error)]
pub enum BootIdError {
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Id(#[from] BadId),
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_read_aloud_without_doubt() {
        for _ in 0..200 {
            let code = code().unwrap();
            assert_eq!(code.len(), 9, "{code}");
            assert_eq!(&code[4..5], "-");
            assert!(!code.contains(['0', 'O', '1', 'I', 'L', '5', 'S', 'U']), "{code}");
            assert_eq!(normal_code(&code.to_lowercase().replace('-', " ")), code);
        }
    }

    #[test]
    fn nothing_comes_twice() {
        let boots: BTreeSet<_> = (0..100).map(|_| boot_id().unwrap()).collect();
        let tokens: BTreeSet<_> = (0..100).map(|_| token().unwrap()).collect();
        assert_eq!((boots.len(), tokens.len()), (100, 100));
        assert!(tokens.iter().all(|token| token.len() == 43));
    }
}
