use std::fmt::Write;

/// Columns of a terminal that lines are broken for.
const WIDTH: usize = 100;
const STEP: &str = "  ";

/// Text for a terminal: headings, sentences below them, and items below those.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// Begins a story; a line apart from the one before.
    pub(super) fn title(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.write(0, text);
    }

    /// A part of a story.
    pub(super) fn heading(&mut self, text: &str) {
        self.text.push('\n');
        self.write(0, text);
    }

    /// A sentence.
    pub(super) fn say(&mut self, text: &str) {
        self.write(1, text);
    }

    /// What belongs to the sentence before.
    pub(super) fn detail(&mut self, text: &str) {
        self.write(2, text);
    }

    /// What belongs to the detail before.
    pub(super) fn more(&mut self, text: &str) {
        self.write(3, text);
    }

    pub(super) fn finish(self) -> String {
        self.text.trim_end().to_owned()
    }

    /// Breaks between words; what goes on is a little further to the right.
    fn write(&mut self, depth: usize, text: &str) {
        let mut line = STEP.repeat(depth);
        let mut is_empty = true;
        // A cell must not be able to steer the terminal.
        let text = text.replace(|c: char| c.is_control() && !c.is_whitespace(), "\u{fffd}");
        for word in text.split_whitespace() {
            let longer = line.chars().count() + 1 + word.chars().count();
            if !is_empty && longer > WIDTH {
                // Writing to a string cannot fail.
                let _ = writeln!(self.text, "{line}");
                line = STEP.repeat(depth + 1);
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
            }
            line.push_str(word);
            is_empty = false;
        }
        let _ = writeln!(self.text, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_steer_the_terminal() {
        let mut page = Page::default();
        page.title("Jana\u{1b}[2J\u{7} Doe\r\n\tRoe");
        assert_eq!(page.finish(), "Jana\u{fffd}[2J\u{fffd} Doe Roe");
    }

    #[test]
    fn lines_are_broken_between_words_and_indented() {
        let mut page = Page::default();
        page.title("Somebody");
        page.say(&"word ".repeat(30));
        let text = page.finish();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() <= WIDTH));
        assert!(lines[1].starts_with("  word") && lines[2].starts_with("    word"));
    }
}
