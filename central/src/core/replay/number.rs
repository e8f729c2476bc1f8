//! Whole numbers as figures of a score.

const MILLION: i64 = 1_000_000;
/// Places behind the point that a score tells.
const SCALE: f64 = 10_000.0;

/// Exact for whatever a score adds up.
#[must_use]
pub fn float(whole: i64) -> f64 {
    let part = |n: i64| f64::from(i32::try_from(n).unwrap_or(if n < 0 { i32::MIN } else { i32::MAX }));
    part(whole / MILLION) * 1e6 + part(whole % MILLION)
}

/// As it is told, so that a sum in another order reads the same. Zero has no sign.
#[must_use]
pub fn rounded(figure: f64) -> f64 {
    (figure * SCALE).round() / SCALE + 0.0
}

/// None of nothing.
#[must_use]
pub fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| rounded(part / whole))
}

#[must_use]
pub fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_exact_rounded_and_never_of_nothing() {
        for whole in [0, 1, -1, 999_999, 1_000_000, -2_000_001, 3_000_000_123] {
            assert_eq!(float(whole).to_string(), whole.to_string());
        }
        assert_eq!((rounded(0.123_45), rounded(-0.000_01).to_string()), (0.123_5, "0".to_owned()));
        assert_eq!((ratio(1.0, 3.0), ratio(1.0, 0.0)), (Some(0.333_3), None));
    }
}
