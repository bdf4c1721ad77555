//! Changes that are read back together.
