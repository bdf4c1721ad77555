//! Tests of the whole program.

mod samples;
