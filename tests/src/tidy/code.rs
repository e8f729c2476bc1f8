//! What the rules need to know of a file of Rust, taken from its tokens in one pass.
//!
//! Tokens, and not a syntax tree: they reach into macro calls too, where a third of the code of a
//! test file lives.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

/// A path that begins with a crate's name or a keyword, like `crate::core::task`.
#[derive(Debug, Clone)]
pub struct PathUse {
    pub segments: Vec<String>,
    pub line: usize,
    /// Names of the inline modules around it, outermost first.
    pub inside: Vec<String>,
    pub in_test: bool,
}

#[derive(Debug, Clone)]
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
    pub is_test: bool,
    pub should_panic: bool,
    /// Every identifier and `?` of the body.
    pub words: Vec<String>,
}

/// A `mod name;`, with the folder parts that `#[path]` or inline modules give it.
#[derive(Debug, Clone)]
pub struct ModDeclaration {
    pub name: String,
    pub path_attribute: Option<String>,
    pub inside: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Literal {
    pub text: String,
    pub line: usize,
    pub in_test: bool,
}

#[derive(Debug, Default)]
pub struct Code {
    pub paths: Vec<PathUse>,
    pub functions: Vec<Function>,
    pub modules: Vec<ModDeclaration>,
    pub literals: Vec<Literal>,
    pub words: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct Place {
    inside: Vec<String>,
    in_test: bool,
}

/// What attributes said about the item that follows them.
#[derive(Debug, Default)]
struct Attributes {
    cfg_test: bool,
    test: bool,
    should_panic: bool,
    path: Option<String>,
}

impl Code {
    /// Nothing when the file is not Rust; the compiler says so better than a rule could.
    #[must_use]
    pub fn parse(path: &str, text: &str) -> Option<Self> {
        let tokens: TokenStream = text.parse().ok()?;
        let mut code = Self::default();
        let in_test = path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs");
        code.walk(&tokens, &Place { inside: Vec::new(), in_test });
        Some(code)
    }

    fn walk(&mut self, tokens: &TokenStream, place: &Place) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let mut attributes = Attributes::default();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    if let Some(TokenTree::Group(group)) = tokens.get(at + 1) {
                        attributes.read(group);
                    }
                }
                TokenTree::Ident(word) if word == "mod" => {
                    if let Some(past) = self.walk_module(&tokens, at, &attributes, place) {
                        attributes = Attributes::default();
                        at = past;
                        continue;
                    }
                }
                TokenTree::Ident(word) if word == "fn" => self.note_function(&tokens, at, &attributes),
                TokenTree::Punct(punct) if punct.as_char() == ';' => attributes = Attributes::default(),
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let within =
                        Place { in_test: place.in_test || attributes.covers_test(), ..place.clone() };
                    self.walk(&group.stream(), &within);
                    attributes = Attributes::default();
                    at += 1;
                    continue;
                }
                TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            self.note(&tokens, at, place, attributes.covers_test());
            at += 1;
        }
    }

    /// Words, literals, paths and what stands in brackets.
    fn note(&mut self, tokens: &[TokenTree], at: usize, place: &Place, under_test: bool) {
        let in_test = place.in_test || under_test;
        match tokens.get(at) {
            Some(TokenTree::Ident(word)) => {
                self.words.push(word.to_string());
                if !follows_colons(tokens, at) && colons_at(tokens, at + 1) {
                    let found = PathUse {
                        segments: Vec::new(),
                        line: word.span().start().line,
                        inside: place.inside.clone(),
                        in_test,
                    };
                    spread(tokens, at, &found, &mut self.paths);
                }
            }
            Some(TokenTree::Literal(literal)) => self.literals.push(Literal {
                text: literal.to_string(),
                line: literal.span().start().line,
                in_test,
            }),
            Some(TokenTree::Group(group)) => {
                self.walk(&group.stream(), &Place { in_test, ..place.clone() });
            }
            Some(TokenTree::Punct(_)) | None => {}
        }
    }

    /// Notes `mod name;`, or walks `mod name { .. }`; answers where to go on.
    fn walk_module(
        &mut self,
        tokens: &[TokenTree],
        at: usize,
        attributes: &Attributes,
        place: &Place,
    ) -> Option<usize> {
        let TokenTree::Ident(name) = tokens.get(at + 1)? else { return None };
        match tokens.get(at + 2)? {
            TokenTree::Punct(punct) if punct.as_char() == ';' => self.modules.push(ModDeclaration {
                name: name.to_string(),
                path_attribute: attributes.path.clone(),
                inside: place.inside.clone(),
            }),
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let mut within =
                    Place { in_test: place.in_test || attributes.covers_test(), ..place.clone() };
                within.inside.push(name.to_string());
                self.walk(&group.stream(), &within);
            }
            TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {
                return None;
            }
        }
        Some(at + 3)
    }

    fn note_function(&mut self, tokens: &[TokenTree], at: usize, attributes: &Attributes) {
        let (Some(start), Some(TokenTree::Ident(name))) = (tokens.get(at), tokens.get(at + 1)) else {
            return;
        };
        let rest = tokens.get(at..).unwrap_or_default();
        let body = rest.iter().find_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(Some(group)),
            TokenTree::Punct(punct) if punct.as_char() == ';' => Some(None),
            TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
        });
        let Some(Some(body)) = body else { return };
        let line = start.span().start().line;
        let mut words = Vec::new();
        collect_words(&body.stream(), &mut words);
        self.functions.push(Function {
            name: name.to_string(),
            line,
            lines: body.span_close().end().line + 1 - line,
            is_test: attributes.test,
            should_panic: attributes.should_panic,
            words,
        });
    }
}

impl Attributes {
    fn read(&mut self, group: &Group) {
        let mut words = Vec::new();
        collect_words(&group.stream(), &mut words);
        let has = |word: &str| words.iter().any(|found| found == word);
        match words.first().map(String::as_str) {
            Some("cfg") => self.cfg_test |= has("test") && !has("not"),
            Some("should_panic") => self.should_panic = true,
            Some("path") => {
                self.path = group.stream().into_iter().find_map(|token| match token {
                    TokenTree::Literal(literal) => Some(literal.to_string().trim_matches('"').to_owned()),
                    TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Punct(_) => None,
                });
            }
            // `#[test]`, `#[tokio::test(..)]`
            Some("test") => self.test = true,
            Some("tokio") => self.test |= has("test"),
            Some(_) | None => {}
        }
    }

    fn covers_test(&self) -> bool {
        self.cfg_test || self.test
    }
}

fn collect_words(tokens: &TokenStream, words: &mut Vec<String>) {
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(word) => words.push(word.to_string()),
            TokenTree::Punct(punct) if punct.as_char() == '?' => words.push("?".to_owned()),
            TokenTree::Group(group) => collect_words(&group.stream(), words),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

fn colons_at(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon = |token: Option<&TokenTree>, joint: bool| {
        matches!(token, Some(TokenTree::Punct(punct))
            if punct.as_char() == ':' && (!joint || punct.spacing() == Spacing::Joint))
    };
    is_colon(tokens.get(at), true) && is_colon(tokens.get(at + 1), false)
}

fn follows_colons(tokens: &[TokenTree], at: usize) -> bool {
    at >= 2 && colons_at(tokens, at - 2)
}

/// Follows a path from its first word, and into each branch of `{a, b::c}`.
fn spread(tokens: &[TokenTree], start: usize, found: &PathUse, paths: &mut Vec<PathUse>) {
    let mut path = found.clone();
    let mut at = start;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(word)) => path.segments.push(word.to_string()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for branch in inner.split(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ','))
                {
                    spread(branch, 0, &path, paths);
                }
                return;
            }
            Some(TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_)) | None => break,
        }
        if !colons_at(tokens, at + 1) {
            break;
        }
        at += 3;
    }
    if !path.segments.is_empty() {
        paths.push(path);
    }
}
