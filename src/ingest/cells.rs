use std::ops::Range;

/// The cells of a record, as ranges of a text that holds them all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells<'r> {
    text: &'r str,
    ranges: &'r [Range<usize>],
}

impl<'r> Cells<'r> {
    /// The cells that stand at these ranges of a text.
    pub(super) fn at(text: &'r str, ranges: &'r [Range<usize>]) -> Self {
        Self { text, ranges }
    }

    /// The text that holds all cells; between them may stand what separates them.
    pub(super) fn text(self) -> &'r str {
        self.text
    }

    /// How many there are.
    pub(super) fn len(self) -> usize {
        self.ranges.len()
    }

    /// One of them, if the record has as many.
    #[inline]
    pub(super) fn get(self, position: usize) -> Option<&'r str> {
        let range = self.ranges.get(position)?;
        Some(&self.text[range.clone()])
    }

    /// All, from left to right.
    pub(super) fn iter(self) -> impl DoubleEndedIterator<Item = &'r str> + ExactSizeIterator {
        let Self { text, ranges } = self;
        ranges.iter().map(|range| &text[range.clone()])
    }

    /// Those to the right of the first `count`.
    pub(super) fn behind(self, count: usize) -> impl Iterator<Item = &'r str> {
        self.iter().skip(count)
    }
}

/// The cells of a record that is gone.
#[derive(Debug, Clone, Default)]
pub(super) struct KeptCells {
    text: String,
    ranges: Vec<Range<usize>>,
}

impl KeptCells {
    /// The cells.
    pub(super) fn cells(&self) -> Cells<'_> {
        Cells::at(&self.text, &self.ranges)
    }
}

impl<'c> FromIterator<&'c str> for KeptCells {
    fn from_iter<I: IntoIterator<Item = &'c str>>(cells: I) -> Self {
        let mut kept = Self::default();
        for cell in cells {
            let start = kept.text.len();
            kept.text.push_str(cell);
            kept.ranges.push(start..kept.text.len());
        }
        kept
    }
}
