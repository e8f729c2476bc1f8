//! The binary: the command line, and nothing else.

use mimalloc::MiMalloc;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    holdfast_central::cli::main_from(std::env::args_os())
}
