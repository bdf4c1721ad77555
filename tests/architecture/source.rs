//! Source files as the rules see them: without comments, strings and tests,
//! and with every path spelled out.
//!
//! This is no Rust parser. It knows what a path, a string and a test block
//! look like, which is enough as long as `rustfmt` has been there before.

use std::fs;
use std::path::Path;

/// One file of `src`.
pub(super) struct SourceFile {
    /// `src/apply/lane.rs`.
    pub(super) path: String,
    /// The module directly below the crate that it belongs to: `apply`.
    pub(super) module: String,
    /// The text without comments, the content of strings, and tests.
    pub(super) text: String,
}

/// Every file below `src` that is part of the program, in the order of their
/// paths. Files that hold only tests are left out.
pub(super) fn program() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), "src", &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(
        files.len() > 50,
        "the source was not found: {}",
        files.len()
    );
    files
}

fn collect(folder: &Path, name: &str, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("a folder of the source") {
        let entry = entry.expect("an entry of the source");
        let file_name = entry.file_name().into_string().expect("a UTF-8 name");
        let path = format!("{name}/{file_name}");
        if entry.path().is_dir() {
            collect(&entry.path(), &path, files);
        } else if entry.path().extension().is_some_and(|it| it == "rs") && !holds_only_tests(&path)
        {
            let text = fs::read_to_string(entry.path()).expect("a source file");
            files.push(SourceFile::new(&path, &text));
        }
    }
}

fn holds_only_tests(path: &str) -> bool {
    let mut parts = path.trim_end_matches(".rs").split('/');
    parts.any(|part| part == "tests" || part == "test_support")
}

impl SourceFile {
    /// The file at `path` (from the package's folder) with this content.
    pub(super) fn new(path: &str, content: &str) -> Self {
        let below = path.trim_start_matches("src/");
        let module = below.split('/').next().unwrap_or_default();
        Self {
            path: path.to_owned(),
            module: module.trim_end_matches(".rs").to_owned(),
            text: without_tests(&without_comments_and_strings(content)),
        }
    }

    /// Lines, tests aside.
    pub(super) fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// Words and signs in their order; `::` is one sign.
    pub(super) fn tokens(&self) -> Vec<&str> {
        tokens(&self.text).into_iter().map(|(_, it)| it).collect()
    }

    /// Every path in the file, groups spelled out, each as its parts. One that
    /// climbs to the crate by `super` begins with `crate` here; one that
    /// begins with `::` begins with an empty part.
    pub(super) fn paths(&self) -> Vec<Vec<String>> {
        let tokens = self.tokens();
        let mut paths = Vec::new();
        let mut position = 0;
        while position < tokens.len() {
            if is_word(tokens[position]) && !BEFORE_PATHS.contains(&tokens[position]) {
                let rooted = position > 0 && tokens[position - 1] == "::";
                let prefix = if rooted { vec![String::new()] } else { vec![] };
                position = spell_out(&tokens, position, &prefix, &mut paths);
            } else {
                position += 1;
            }
        }
        for path in &mut paths {
            let climbs = path.iter().take_while(|part| *part == "super").count();
            if climbs > 0 && climbs >= self.depth() {
                path.splice(..climbs, ["crate".to_owned()]);
            }
        }
        paths
    }

    /// What the file uses of other modules of the crate, as `module::item`, or
    /// `module` where it takes the module itself.
    pub(super) fn uses_of_the_crate(&self) -> Vec<String> {
        self.paths()
            .into_iter()
            .filter(|path| path[0] == "crate" && path.len() > 1 && path[1] != self.module)
            .map(|path| path[1..path.len().min(3)].join("::"))
            .collect()
    }

    /// How many `super` lead from here to the crate.
    fn depth(&self) -> usize {
        let parts = self.path.trim_start_matches("src/").split('/').count();
        parts - usize::from(self.path.ends_with("/mod.rs"))
    }
}

/// Words that are part of no path, even if one that begins with `::` follows.
const BEFORE_PATHS: [&str; 8] = ["as", "dyn", "else", "impl", "in", "mut", "return", "use"];

/// Follows the path that begins at `position`; returns where it ends.
fn spell_out(
    tokens: &[&str],
    mut position: usize,
    prefix: &[String],
    paths: &mut Vec<Vec<String>>,
) -> usize {
    let token = |position: usize| tokens.get(position).copied().unwrap_or_default();
    let mut path = prefix.to_vec();
    loop {
        path.push(token(position).to_owned());
        position += 1;
        if token(position) != "::" {
            break;
        }
        match token(position + 1) {
            "{" => {
                position += 2;
                while !matches!(token(position), "}" | "") {
                    position = match token(position) {
                        "as" => position + 2,
                        word if is_word(word) => spell_out(tokens, position, &path, paths),
                        _ => position + 1,
                    };
                }
                return position + 1;
            }
            next if is_word(next) => position += 1,
            _ => break,
        }
    }
    paths.push(path);
    position
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Words and signs, each with where it begins.
fn tokens(text: &str) -> Vec<(usize, &str)> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let in_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = if in_word(first) {
            rest.find(|c| !in_word(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        if !first.is_whitespace() {
            tokens.push((text.len() - rest.len(), token));
        }
        rest = after;
    }
    tokens
}

/// The text with everything under `#[cfg(test)]` cut out.
fn without_tests(text: &str) -> String {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let tokens = tokens(text);
    let words: Vec<&str> = tokens.iter().map(|(_, it)| *it).collect();
    let mut kept = String::new();
    let mut kept_until = 0;
    let mut position = 0;
    while position < words.len() {
        if !words[position..].starts_with(&TEST) {
            position += 1;
            continue;
        }
        kept.push_str(&text[kept_until..tokens[position].0]);
        position = end_of_item(&words, position + TEST.len());
        kept_until = tokens.get(position).map_or(text.len(), |(at, _)| *at);
    }
    kept.push_str(&text[kept_until..]);
    kept
}

/// Where the item that begins at `position`, attributes first, has ended.
fn end_of_item(words: &[&str], mut position: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(word) = words.get(position) {
        position += 1;
        match *word {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            ";" if depth == 0 => break,
            _ => {}
        }
    }
    position
}

/// The text with blanks in place of comments and of what stands in quotes;
/// lines stay lines.
fn without_comments_and_strings(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hidden = hidden_length(rest, kept.chars().last());
        if hidden == 0 {
            kept.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (blanked, after) = rest.split_at(hidden);
        kept.extend(blanked.chars().map(|c| if c == '\n' { c } else { ' ' }));
        rest = after;
    }
    kept
}

/// How much of the text's beginning is a comment or something in quotes.
fn hidden_length(text: &str, before: Option<char>) -> usize {
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return text.find("*/").map_or(text.len(), |end| end + 2);
    }
    if text.starts_with('"') {
        return quoted_length(text, '"');
    }
    if text.starts_with('r') && (!in_word || before == Some('b')) {
        let hashes = text[1..].len() - text[1..].trim_start_matches('#').len();
        if text[1 + hashes..].starts_with('"') {
            let begin = hashes + 2;
            let closing = format!("\"{}", "#".repeat(hashes));
            let end = text[begin..].find(&closing);
            return end.map_or(text.len(), |end| begin + end + closing.len());
        }
    }
    // One character in quotes; anything else after a quote is a lifetime.
    let mut following = text.chars().skip(1);
    match (text.starts_with('\''), following.next(), following.next()) {
        (true, Some('\\'), _) => quoted_length(text, '\''),
        (true, Some(c), Some('\'')) => c.len_utf8() + 2,
        _ => 0,
    }
}

/// The length of what begins with a quote, up to the quote that closes it.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}
