//! A short run of every fuzz target: its corpus, then the same made-up inputs each time. The long run
//! is `holdfast-fuzz`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in here is a finding")]

use holdfast_tests::fuzz::dice::Dice;
use holdfast_tests::fuzz::runner::{BYTES_MAX, Meter, Tally, Until, run};
use holdfast_tests::fuzz::{TARGETS, Target, Verdict};
use peak_alloc::PeakAlloc;
use std::path::Path;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

struct Counted;

impl Meter for Counted {
    fn begin(&self) {
        MEMORY.reset_peak_usage();
    }

    fn taken(&self) -> usize {
        MEMORY.peak_usage().saturating_sub(MEMORY.current_usage())
    }
}

fn findings() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

const INPUTS: u64 = 1_500;
/// Each goes through a socket.
const REQUESTS: u64 = 300;

/// One after the other: memory is counted for the whole process.
#[test]
fn every_parser_that_faces_a_network_takes_or_refuses_and_nothing_else() {
    for (name, make) in TARGETS {
        let inputs = if name.starts_with("http") { REQUESTS } else { INPUTS };
        let done = run(name, &mut *make(), (7, Until::Inputs(inputs)), &Counted, findings()).unwrap();
        let Tally { replayed, taken, refused, .. } = done.unwrap_or_else(|finding| {
            let path = finding.write(findings()).unwrap();
            panic!("{name}: {}; the input is in {}", finding.what, path.display())
        });
        assert!(replayed > 0, "{name} has no corpus");
        // All taken or all refused would mean that nothing behind the first check was tried.
        assert!(taken > 0 && refused > 0, "{name}: {taken} taken, {refused} refused");
    }
    what_is_wrong_is_found();
}

/// Does one of the things that a target must never do.
#[derive(Debug)]
struct Wrong(&'static str);

impl Target for Wrong {
    fn seeds(&self) -> Vec<Vec<u8>> {
        vec![vec![0; 8]]
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        dice.bytes(input)
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        if !input.contains(&0xff) {
            return Ok(Verdict::Taken);
        }
        match self.0 {
            "panics" => panic!("ouch"),
            "swallows memory" => {
                let much = vec![1_u8; BYTES_MAX + 1];
                Ok(if much.contains(&2) { Verdict::Taken } else { Verdict::Refused })
            }
            _ => Err("it forgot something".to_owned()),
        }
    }
}

fn what_is_wrong_is_found() {
    for (how, told) in [("panics", "ouch"), ("swallows memory", "bytes"), ("forgets", "forgot")] {
        let found = run("wrong", &mut Wrong(how), (1, Until::Inputs(500)), &Counted, findings()).unwrap();
        let finding = found.err().unwrap_or_else(|| panic!("nobody noticed that it {how}"));
        assert!(finding.what.contains(told), "{}", finding.what);
        assert!(finding.input.contains(&0xff));
    }
}
