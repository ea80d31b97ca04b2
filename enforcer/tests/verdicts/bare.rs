//! The programs as `run` loads them, on frames at the loopback: all that shows is whether a frame passes.

use aya::programs::{ProgramError, TestRun, TestRunOptions};
use enforcer::compile::image::Image;
use enforcer::dataplane::load::{EGRESS, Kernel, Options};
use enforcer::dataplane::overlay::{Entry, half};
use enforcer::dataplane::registry::Registry;
use enforcer_common::cell::Cell;
use enforcer_common::overlay::{WHOLE_INTERFACE, port};

use super::raw::ONE_PORT;
use super::site::{ZONES, compiled};

/// The interface on which test runs find themselves: the loopback.
const HERE: u32 = 1;

/// `XDP_DROP` and `XDP_PASS`.
pub(crate) const ENTERS: (u32, u32) = (1, 2);
/// `TC_ACT_SHOT`, and `TC_ACT_UNSPEC`: the next program, or the stack, decides.
pub(crate) const LEAVES: (u32, u32) = (2, u32::MAX);

/// A policy in which `office` may say one port to `cell1`, and the router all but one to everybody.
pub(crate) fn image() -> Image {
    let guardrail = r#"
        [[guardrails]]
        name = "shut"
        from = "*"
        to = "*"
        deny = ["tcp/23"]
    "#;
    compiled(&format!("{ZONES}{ONE_PORT}{guardrail}"), &[]).2
}

/// The cells with that port of the policy at the loopback, as its only or its tagged one.
pub(crate) fn cells(image: &Image, name: &str) -> Vec<Cell> {
    let number = image.names.ports.iter().position(|port| port.name == name).expect("there is such a port") as u32;
    let entry = |vlans, number| Entry { ifindex: HERE, vlans, bits: port::JUDGED, number, ..Entry::default() };
    let entries = [
        entry((0, 0), number),
        entry((30, 0), number),
        entry((100, 30), number),
        entry((WHOLE_INTERFACE, WHOLE_INTERFACE), 0),
    ];
    half(&entries, image, &mut Registry::new(16))
}

/// The programs, with nothing in force.
pub(crate) fn kernel(cells: usize) -> Kernel {
    Kernel::load(&Options::for_cells(cells)).expect("the kernel takes the program")
}

/// What the program at the entrance returns for a frame.
pub(crate) fn enters(kernel: &mut Kernel, frame: &[u8]) -> u32 {
    let options = TestRunOptions { data_in: Some(frame), ..TestRunOptions::default() };
    kernel.xdp().expect("the program").test_run(options).expect("it runs").return_value
}

/// The same for a frame of which only so many bytes are in the first buffer. Kernels before 6.18 refuse.
pub(crate) fn enters_in_parts(kernel: &mut Kernel, frame: &[u8], linear: usize) -> Result<u32, ProgramError> {
    // `struct xdp_md`: the second word is the end of the first buffer.
    let context: Vec<u8> = [0, linear as u32, 0, 0, 0, 0].iter().flat_map(|word| word.to_ne_bytes()).collect();
    let options = TestRunOptions { data_in: Some(frame), ctx_in: Some(&context), ..TestRunOptions::default() };
    Ok(kernel.xdp().expect("the program").test_run(options)?.return_value)
}

/// What the program at the exit returns for a frame of the router's own.
pub(crate) fn leaves(kernel: &mut Kernel, frame: &[u8]) -> u32 {
    let options = TestRunOptions { data_in: Some(frame), ..TestRunOptions::default() };
    kernel.classifier(EGRESS).expect("the program").test_run(options).expect("it runs").return_value
}
