//! Text of many elements, made in slices side by side and handed on in order,
//! so that no more of it is in memory than is on its way to the disk.

use std::io;

use rayon::prelude::*;

/// Elements that are made into text at once: some hundred kilobytes.
const SLICE: usize = 256;
/// Slices that are made while as many are handed on.
const SLICES: usize = 16;

/// Hands on the text of every slice, in the order of the elements.
pub(super) fn hand_on_slices<T: Sync>(
    elements: &[T],
    text_of: impl Fn(&[T]) -> io::Result<Vec<u8>> + Sync,
    mut hand_on: impl FnMut(&[u8]) -> io::Result<()> + Send,
) -> io::Result<()> {
    // A short list is not worth waking anybody.
    let (first, others) = elements.split_at(elements.len().min(SLICE));
    let mut made = vec![text_of(first)?];
    for group in others.chunks(SLICE * SLICES) {
        let (handed_on, next) = rayon::join(
            || made.iter().try_for_each(|text| hand_on(text)),
            || {
                let slices = group.par_chunks(SLICE).map(&text_of);
                slices.collect::<io::Result<Vec<_>>>()
            },
        );
        handed_on?;
        made = next?;
    }
    made.iter().try_for_each(|text| hand_on(text))
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Write};

    use super::*;

    fn lines(numbers: &[usize]) -> io::Result<Vec<u8>> {
        let mut lines = Vec::new();
        for number in numbers {
            writeln!(lines, "{number}")?;
        }
        Ok(lines)
    }

    #[test]
    fn elements_keep_their_order_however_many_there_are() {
        let edge = SLICE * (SLICES + 1);
        for count in [0, 1, SLICE, SLICE + 1, edge, edge + 1, 3 * edge] {
            let elements: Vec<usize> = (0..count).collect();
            let mut text = Vec::new();
            let handed_on = hand_on_slices(&elements, lines, |slice| {
                text.extend_from_slice(slice);
                Ok(())
            });
            handed_on.expect("a text");
            assert_eq!(text, lines(&elements).expect("lines"), "{count}");
        }
    }

    #[test]
    fn what_cannot_be_made_or_handed_on_ends_it() {
        let elements: Vec<usize> = (0..4 * SLICE * SLICES).collect();
        for bad in [0, SLICE, elements.len() - 1] {
            let text_of = |slice: &[usize]| {
                if slice.contains(&bad) {
                    return Err(io::Error::from(ErrorKind::InvalidData));
                }
                lines(slice)
            };
            let error = hand_on_slices(&elements, text_of, |_| Ok(())).expect_err("an error");
            assert_eq!(error.kind(), ErrorKind::InvalidData);
        }
        for room in [0, 1, SLICES, 3 * SLICES] {
            let mut taken = 0;
            let full = hand_on_slices(&elements, lines, |_| {
                taken += 1;
                if taken > room {
                    return Err(io::Error::from(ErrorKind::StorageFull));
                }
                Ok(())
            });
            assert_eq!(full.expect_err("an error").kind(), ErrorKind::StorageFull);
            assert_eq!(taken, room + 1, "nothing is handed on after an error");
        }
    }
}
