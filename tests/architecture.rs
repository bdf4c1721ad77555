//! The rules between modules.
#[test]
fn placeholder() {}
