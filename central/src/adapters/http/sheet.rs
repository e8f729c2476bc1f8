//! Cells of a sheet.

/// What others named may hold anything; a sheet must not take it for a formula either.
pub(super) fn cell(name: &str) -> String {
    let formula = name.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let name = if formula { format!("'{name}") } else { name.to_owned() };
    if name.contains([',', '"', '\n', '\r']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_one_cell_and_no_formula() {
        assert_eq!(cell("LEEDS"), "LEEDS");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        for formula in ["=SUM(A1)", "+1", "-1", "@SUM", "\t=1"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        assert_eq!(cell("\r=1"), "\"'\r=1\"");
        for lines in ["a\nb", "a\rb"] {
            assert_eq!(cell(lines), format!("\"{lines}\""));
        }
    }
}
