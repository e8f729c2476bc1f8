//! What looks like a card number, wherever somebody types one. It is refused, and not repeated.

/// A run of 13 to 19 digits that begins and ends like a card number. Groups of digits with one
/// space, dot or dash between them are one run, because people write them so; a run may stand
/// next to other groups.
#[must_use]
pub fn holds_card_number(text: &str) -> bool {
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let mut previous = None;
    for letter in text.chars() {
        match letter.to_digit(10) {
            Some(digit) => match (previous, groups.last_mut()) {
                (Some(before), Some(group)) if char::is_ascii_digit(&before) => group.push(digit),
                _ => groups.push(vec![digit]),
            },
            None => {
                let joins = matches!(letter, ' ' | '-' | '.') && previous.is_some_and(|c| c.is_ascii_digit());
                if !joins && any_card(&groups) {
                    return true;
                }
                if !joins {
                    groups.clear();
                }
            }
        }
        previous = Some(letter);
    }
    any_card(&groups)
}

fn any_card(groups: &[Vec<u32>]) -> bool {
    (0..groups.len()).any(|first| {
        let mut digits = Vec::new();
        groups.iter().skip(first).take(CARD_DIGITS_MAX).any(|group| {
            digits.extend_from_slice(group);
            (CARD_DIGITS_MIN..=CARD_DIGITS_MAX).contains(&digits.len()) && is_card_like(&digits)
        })
    })
}

const CARD_DIGITS_MIN: usize = 13;
const CARD_DIGITS_MAX: usize = 19;

/// The ranges that issuers use; without this, every tenth long number would be refused.
fn is_card_like(digits: &[u32]) -> bool {
    let prefix =
        digits.iter().take(4).fold(0_u32, |sum, digit| sum.saturating_mul(10).saturating_add(*digit));
    let issued = (2221..=2720).contains(&prefix) || (3000..=6999).contains(&prefix);
    issued && luhn(digits)
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit.saturating_mul(2)) {
            (0, _) => *digit,
            (_, doubled) if doubled > 9 => doubled.saturating_sub(9),
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_numbers_are_no_card_numbers() {
        for text in [
            "order 2026-11-21",
            "20261121000123456",
            "4111111111111112",
            "call 020 7946 0958",
            "1234567890123",
            "",
        ] {
            assert!(!holds_card_number(text), "{text}");
        }
    }
}
