//! The thin binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(seatsweep::commands::main(std::env::args_os()))
}
