//! What can go wrong between an image and the kernel, each with what to do about it.

use std::io;
use std::path::PathBuf;

/// An error of the data plane.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The binary was built without the BPF object.
    #[error("this binary was built without its BPF object; build it with `cargo xtask build`")]
    NoObject,
    /// The kernel refuses BPF to this process.
    #[error(
        "the kernel refuses to load the programs: run as root, or with the capabilities CAP_BPF, CAP_NET_ADMIN and \
         CAP_PERFMON (in a container also with a writable BPF file system)"
    )]
    Privilege,
    /// The object could not be loaded.
    #[error("the kernel does not take the BPF object: {0}")]
    Load(String),
    /// A program was refused by the verifier.
    #[error(
        "the kernel's verifier refuses the program `{program}` on kernel {release} ({error}); please report this with \
         the end of its log:\n{log}"
    )]
    Verifier {
        /// The program.
        program: String,
        /// The running kernel.
        release: String,
        /// What the system call returned.
        error: io::Error,
        /// The end of the verifier's log.
        log: String,
    },
    /// The object lacks a map or a program, or it is of another kind.
    #[error("the BPF object has no {0}; the binary and its object do not belong together")]
    Missing(&'static str),
    /// The generation does not fit.
    #[error(
        "the policy needs {needed} cells of 64 bytes and the memory in the kernel has room for {room}; the old policy \
         stays in force; restart enforcer to have it sized anew"
    )]
    TooLarge {
        /// Cells of overlay and image.
        needed: usize,
        /// Cells of a half.
        room: u32,
    },
    /// An interface of the policy does not exist.
    #[error(
        "the policy names {}, and there is no such interface; create it, or correct `ports` (`ip -br link` lists what \
         there is)", list(.0)
    )]
    NoInterface(Vec<String>),
    /// Somebody else's XDP program hangs on the interface.
    #[error(
        "another XDP program{} hangs on {interface}; remove it (`ip link set dev {interface} xdp off`, or end the process \
         that holds it), or `enforcer detach` where it is one of ours", program(.id)
    )]
    ForeignProgram {
        /// The interface.
        interface: String,
        /// Identifier of the program, where the kernel tells.
        id: Option<u32>,
    },
    /// A program could not be attached.
    #[error("cannot attach {what} to {interface}: {error}")]
    Attach {
        /// What was to be attached.
        what: &'static str,
        /// The interface.
        interface: String,
        /// What the kernel said.
        error: String,
    },
    /// VLAN tags would travel past the program.
    #[error(
        "{interface} takes VLAN tags off frames before XDP sees them and cannot be told not to ({error}); its VLAN ports \
         would be judged as untagged: use another network card, or name the VLAN's own device as the port"
    )]
    VlanOffload {
        /// The interface.
        interface: String,
        /// What the kernel said.
        error: io::Error,
    },
    /// Something about the BPF file system.
    #[error("{what} {}: {error}", path.display())]
    Pin {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What came of it.
        error: io::Error,
    },
    /// A system call failed.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What came of it.
        error: io::Error,
    },
    /// A map could not be read or written.
    #[error("cannot use the map {map}: {error}")]
    Map {
        /// The map.
        map: &'static str,
        /// What came of it.
        error: String,
    },
    /// The interfaces could not be read.
    #[error("cannot read the interfaces from the kernel: {0}")]
    Netlink(String),
}

fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn program(id: &Option<u32>) -> String {
    id.map(|id| format!(" (program {id})")).unwrap_or_default()
}
