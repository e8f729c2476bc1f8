//! The binary: the command line, and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    holdfast_central::cli::main_from(std::env::args_os())
}
