//! Files of at most 400 lines, functions of at most 70.
//!
//! The exceptions have their reason beside them. The list only shrinks: an entry that is no
//! longer needed is a finding too.

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "files and functions stay small",
    check: |tree| check(tree, EXCEPTIONS),
    // A file that is too long takes more room than an example should; see the tests below.
    refused: &[],
    allowed: &[&[("agent/src/core/a.rs", "fn f() {}\n")]],
};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

#[derive(Debug, Clone, Copy)]
struct Exception {
    path: &'static str,
    /// The function that may be long, or nothing when it is the file.
    function: Option<&'static str>,
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[];

fn check(tree: &Tree, exceptions: &[Exception]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = vec![false; exceptions.len()];
    let mut excused = |path: &str, function: Option<&str>| {
        let at = exceptions.iter().position(|entry| entry.path == path && entry.function == function);
        at.and_then(|at| used.get_mut(at)).map(|slot| *slot = true).is_some()
    };
    for file in tree.rust() {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX && !excused(&file.path, None) {
            let message = format!("{lines} lines; at most {FILE_LINES_MAX}, split it by what it does");
            findings.push(Finding::new(&file.path, 0, message));
        }
        for function in file.code.iter().flat_map(|code| &code.functions) {
            if function.lines > FUNCTION_LINES_MAX && !excused(&file.path, Some(&function.name)) {
                let message =
                    format!("`{}` has {} lines; at most {FUNCTION_LINES_MAX}", function.name, function.lines);
                findings.push(Finding::new(&file.path, function.line, message));
            }
        }
    }
    for (entry, used) in exceptions.iter().zip(used) {
        if !used {
            findings.push(Finding::new(entry.path, 0, "is small now: strike its exception from size.rs"));
        }
        if entry.reason.is_empty() {
            findings.push(Finding::new(entry.path, 0, "an exception needs a reason"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG_FILE: &str = "agent/src/long.rs";
    const EXCUSE: Exception = Exception { path: LONG_FILE, function: None, reason: "a table" };

    fn tree_with(text: &str) -> Tree {
        let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
        Tree::of(Box::leak(Box::new([(LONG_FILE, text)])))
    }

    #[test]
    fn a_long_file_is_refused_unless_excused() {
        let tree = tree_with(&"// x\n".repeat(FILE_LINES_MAX + 1));
        assert_eq!(check(&tree, &[]).len(), 1);
        assert_eq!(check(&tree, &[EXCUSE]), []);
    }

    #[test]
    fn a_long_function_is_refused_also_inside_a_macro() {
        let body = "    g();\n".repeat(FUNCTION_LINES_MAX);
        for text in [format!("fn f() {{\n{body}}}\n"), format!("m! {{ fn f() {{\n{body}}} }}\n")] {
            assert_eq!(check(&tree_with(&text), &[]).len(), 1);
        }
    }

    #[test]
    fn an_exception_that_is_not_needed_or_not_explained_is_refused() {
        let small = tree_with("fn f() {}\n");
        assert_eq!(check(&small, &[EXCUSE]).len(), 1);
        let long = tree_with(&"// x\n".repeat(FILE_LINES_MAX + 1));
        assert_eq!(check(&long, &[Exception { reason: "", ..EXCUSE }]).len(), 1);
    }
}
