//! System calls that aya does not offer: facts about links, batches of map entries, the grace period.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use aya_obj::generated::{bpf_attr, bpf_cmd, bpf_link_info, bpf_link_type};

/// A `bpf_attr` of zeros.
fn attribute() -> bpf_attr {
    // SAFETY: a union of plain integers; zeros are a value of each of its members.
    unsafe { std::mem::zeroed() }
}

/// The bpf system call.
///
/// # Safety
///
/// Every pointer in `attr` that `command` uses is valid for what the kernel reads or writes there.
unsafe fn bpf(command: bpf_cmd, attr: &mut bpf_attr) -> io::Result<i64> {
    let size = size_of::<bpf_attr>();
    // SAFETY: `attr` is a live bpf_attr of the size told; the caller answers for the pointers in it.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command as libc::c_long, std::ptr::from_mut(attr), size) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

/// What a pinned link hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkFacts {
    /// Index of the interface; 0 where it is gone.
    pub ifindex: u32,
    /// Identifier of the program.
    pub program: u32,
}

/// What is pinned at `path`.
fn pinned(path: &Path) -> io::Result<OwnedFd> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut attr = attribute();
    attr.__bindgen_anon_4.pathname = path.as_ptr() as u64;
    // SAFETY: `pathname` is a string that ends with 0 and lives until the call returns.
    let fd = unsafe { bpf(bpf_cmd::BPF_OBJ_GET, &mut attr) }?;
    // SAFETY: the kernel has just given this descriptor to us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Takes the program of the link pinned at `path` off its interface, at once: removing the pin alone lets the kernel do so
/// when it finds the time.
pub fn detach_pinned_link(path: &Path) -> io::Result<()> {
    let fd = pinned(path)?;
    let mut attr = attribute();
    attr.link_detach.link_fd = fd.as_raw_fd() as u32;
    // SAFETY: the command takes a descriptor and no pointer.
    unsafe { bpf(bpf_cmd::BPF_LINK_DETACH, &mut attr) }.map(drop)
}

/// Facts of the link pinned at `path`.
pub fn pinned_link(path: &Path) -> io::Result<LinkFacts> {
    let fd = pinned(path)?;
    // SAFETY: plain integers; zeros are a value.
    let mut info: bpf_link_info = unsafe { std::mem::zeroed() };
    let mut attr = attribute();
    attr.info.bpf_fd = fd.as_raw_fd() as u32;
    attr.info.info = std::ptr::from_mut(&mut info) as u64;
    attr.info.info_len = size_of::<bpf_link_info>() as u32;
    // SAFETY: `info` points at a bpf_link_info of the length told, which lives until the call returns.
    unsafe { bpf(bpf_cmd::BPF_OBJ_GET_INFO_BY_FD, &mut attr) }?;
    // SAFETY: the kernel filled the member that goes with `type_`; both begin with the interface index.
    let ifindex = unsafe {
        if info.type_ == bpf_link_type::BPF_LINK_TYPE_TCX as u32 {
            info.__bindgen_anon_1.tcx.ifindex
        } else {
            info.__bindgen_anon_1.xdp.ifindex
        }
    };
    Ok(LinkFacts { ifindex, program: info.prog_id })
}

/// Entries of a map a call.
const BATCH: usize = 4096;

/// Calls `each` with the bytes of every key and value of a hash map, many to a system call. `key` and `value` are the
/// sizes of the map's keys and values; the map is not a per-CPU map.
pub fn for_each_entry(map: BorrowedFd<'_>, key: usize, value: usize, each: impl FnMut(&[u8], &[u8])) -> io::Result<()> {
    batches(bpf_cmd::BPF_MAP_LOOKUP_BATCH, map, (key, value), each)
}

/// Removes every entry of a hash map; sizes as for [`for_each_entry`].
pub fn clear(map: BorrowedFd<'_>, key: usize, value: usize) -> io::Result<()> {
    batches(bpf_cmd::BPF_MAP_LOOKUP_AND_DELETE_BATCH, map, (key, value), |_, _| {})
}

fn batches(
    command: bpf_cmd,
    map: BorrowedFd<'_>,
    (key, value): (usize, usize),
    mut each: impl FnMut(&[u8], &[u8]),
) -> io::Result<()> {
    let mut room = BATCH;
    let mut keys = vec![0u8; room * key];
    let mut values = vec![0u8; room * value];
    let mut cursor = [[0u64; 8]; 2];
    let mut first = true;
    loop {
        let [from, to] = &mut cursor;
        let mut attr = attribute();
        attr.batch.in_batch = if first { 0 } else { from.as_ptr() as u64 };
        attr.batch.out_batch = to.as_mut_ptr() as u64;
        attr.batch.keys = keys.as_mut_ptr() as u64;
        attr.batch.values = values.as_mut_ptr() as u64;
        attr.batch.count = room as u32;
        attr.batch.map_fd = map.as_raw_fd() as u32;
        // SAFETY: keys and values have room for `count` entries of the map, the cursors for its 4 bytes, and all of them
        // live until the call returns.
        let result = unsafe { bpf(command, &mut attr) };
        // SAFETY: the kernel writes `count` back, also with an error.
        let count = unsafe { attr.batch.count } as usize;
        let last = match result {
            Ok(_) => false,
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => true,
            Err(error) if error.raw_os_error() == Some(libc::ENOSPC) && room < 1 << 20 => {
                // A bucket of the map holds more than there is room for.
                room *= 4;
                keys.resize(room * key, 0);
                values.resize(room * value, 0);
                continue;
            }
            Err(error) => return Err(error),
        };
        for (key, value) in keys.chunks_exact(key).zip(values.chunks_exact(value)).take(count) {
            each(key, value);
        }
        if last {
            return Ok(());
        }
        cursor.swap(0, 1);
        first = false;
    }
}

/// `MEMBARRIER_CMD_GLOBAL`.
const MEMBARRIER_GLOBAL: libc::c_int = 1;
/// How long to wait where the kernel has no membarrier: a program runs for microseconds, with bottom halves disabled.
const GRACE: Duration = Duration::from_millis(100);

/// Returns once no program runs any more that started before the call.
pub fn wait_for_readers() {
    // SAFETY: membarrier takes integers and touches no memory of ours.
    let result = unsafe { libc::syscall(libc::SYS_membarrier, MEMBARRIER_GLOBAL, 0, 0) };
    if result != 0 {
        tracing::debug!("no membarrier ({}): waiting {GRACE:?} instead", io::Error::last_os_error());
        std::thread::sleep(GRACE);
    }
}

/// Nanoseconds of the monotonic clock, which the programs stamp connections and events with.
pub fn monotonic() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a timespec that lives until the call returns. The call cannot fail with this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The running kernel's release: `6.12.0-1-amd64`.
pub fn kernel_release() -> String {
    nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned()).unwrap_or_default()
}

/// Locked memory of a map or program in bytes, as the kernel accounts for it.
pub fn memory_of(fd: BorrowedFd<'_>) -> Option<u64> {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_raw_fd())).ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("memlock:"))?;
    line.trim().parse().ok()
}
