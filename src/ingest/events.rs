//! Reports of events, such as SAP's: what was done to a person, and from when.

use super::ColumnNames;
use super::aliases::{Field, hr};
use super::header::normalize;
use super::layout::Layout;

const START: &str = "start date";
const END: &str = "end date";

/// An event holds from its start to its end, so the start is the day of what
/// was done. The end is that of the event: of a hire it is the day before the
/// person left, of a farewell it is any later day.
pub(super) fn settle_dates(layout: &mut Layout, names: &ColumnNames) {
    let is_open = |field: &Field| !names.0.contains_key(field.name);
    if layout.positions(&hr::ACTION).is_empty() || !is_open(&hr::TERMINATION_DATE) {
        return;
    }
    let called = |position: &usize| normalize(&layout.header[*position]);
    let positions = layout.positions(&hr::TERMINATION_DATE).iter().copied();
    let (ends, others): (Vec<usize>, Vec<usize>) =
        positions.partition(|position| called(position) == END);
    if ends.is_empty() {
        // Without an end, a start may be that of the employment.
        return;
    }
    let start = (0..layout.header.len()).find(|position| called(position) == START);
    if let Some(start) = start.filter(|_| is_open(&hr::ACTION_DATE)) {
        layout.give(start, &hr::ACTION_DATE);
    }
    if !layout.positions(&hr::ACTION_DATE).is_empty() {
        layout.assign(&hr::TERMINATION_DATE, others);
    }
}
