//! The thin binary: everything is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// The system's allocator spends more and more time on a run of thousands of
/// small JSON documents beside one large plan.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(seatsweep::commands::main(std::env::args_os()))
}
