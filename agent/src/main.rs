use std::process::ExitCode;

fn main() -> ExitCode {
    holdfast_agent::cli::main_from(std::env::args_os())
}
