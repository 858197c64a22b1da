//! The walls the child builds around itself before it reads anything.
//!
//! Afterwards the process has no files, no network, no other programs and no further threads: it can
//! read its standard input, write its two outputs, ask for memory up to a limit, and end. Whatever
//! else it tries, the kernel kills it, and the client sees which signal did.

use std::collections::BTreeMap;
use std::io;

use nix::libc;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// What the process may use, enforced by the kernel.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Address space in bytes. It counts everything mapped, the program itself included.
    pub memory_bytes: u64,
    /// Processor time in seconds.
    pub cpu_seconds: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            memory_bytes: 1536 << 20,
            cpu_seconds: 120,
        }
    }
}

/// The stack that deeply nested documents may use. Less than the 128 MiB that the kernel keeps free
/// below the stack of any program.
const STACK_BYTES: u64 = 64 << 20;

/// Shuts the process in. Every thread that exists is caught by the filter; none can be started later.
///
/// Call it from the main thread and work there.
///
/// # Errors
/// When the kernel refuses one of the walls. The caller must then end without reading anything.
pub fn enter(bounds: Bounds) -> io::Result<()> {
    close_inherited();
    // If the reader is killed, its decoder must not go on alone.
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    prctl::set_dumpable(false)?;
    prctl::set_no_new_privs()?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_FSIZE, 0, 0)?;
    setrlimit(Resource::RLIMIT_NOFILE, 3, 3)?;
    // The soft limit sends SIGXCPU, which says why; the hard limit follows if that is not enough.
    setrlimit(
        Resource::RLIMIT_CPU,
        bounds.cpu_seconds,
        bounds.cpu_seconds + 2,
    )?;
    setrlimit(
        Resource::RLIMIT_AS,
        bounds.memory_bytes,
        bounds.memory_bytes,
    )?;
    // The parent may have set a lower hard limit: then that one stays.
    let (_, hard) = getrlimit(Resource::RLIMIT_STACK)?;
    setrlimit(Resource::RLIMIT_STACK, STACK_BYTES.min(hard), hard)?;
    let program = filter().map_err(io::Error::other)?;
    seccompiler::apply_filter_all_threads(&program).map_err(io::Error::other)
}

/// Closes whatever the parent left open beyond the three standard streams.
fn close_inherited() {
    let open: Vec<i32> = std::fs::read_dir("/proc/self/fd")
        .map(|entries| {
            entries
                .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
                .collect()
        })
        .unwrap_or_else(|_| (3..256).collect());
    for fd in open.into_iter().filter(|fd| *fd > 2) {
        // The listing itself used one of them, which is closed by now: that one fails, and may.
        let _ = nix::unistd::close(fd);
    }
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The allow-list, compiled for the machine it runs on.
fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules = Rules::new();

    // Needed in any state, and harmless without files: memory, locks, time, randomness for hash
    // tables, the processor time used, and the ways to end (abort raises a signal on itself).
    for call in [
        libc::SYS_brk,
        libc::SYS_clock_gettime,
        libc::SYS_close,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_futex,
        libc::SYS_getpid,
        libc::SYS_getrandom,
        libc::SYS_getrusage,
        libc::SYS_gettid,
        libc::SYS_madvise,
        libc::SYS_mremap,
        libc::SYS_munmap,
        libc::SYS_restart_syscall,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sched_yield,
        libc::SYS_sigaltstack,
    ] {
        rules.insert(call, vec![]);
    }

    use SeccompCmpOp::{Eq, MaskedEq};
    let exec = libc::PROT_EXEC as u64;
    let anonymous = libc::MAP_ANONYMOUS as u64;
    let pid = u64::from(std::process::id());
    rules.insert(libc::SYS_read, vec![all([(0, Eq, 0)])?]);
    let outputs = || -> Result<_, seccompiler::BackendError> {
        Ok(vec![all([(0, Eq, 1)])?, all([(0, Eq, 2)])?])
    };
    rules.insert(libc::SYS_write, outputs()?);
    rules.insert(libc::SYS_writev, outputs()?);
    // Memory comes from nowhere (no file behind it) and never holds code.
    rules.insert(
        libc::SYS_mmap,
        vec![all([
            (2, MaskedEq(exec), 0),
            (3, MaskedEq(anonymous), anonymous),
        ])?],
    );
    rules.insert(libc::SYS_mprotect, vec![all([(2, MaskedEq(exec), 0)])?]);
    // abort() signals its own process and no other.
    rules.insert(libc::SYS_tgkill, vec![all([(0, Eq, pid)])?]);

    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(
        rules,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        arch,
    )?
    .try_into()
}

/// A rule that holds where all of its conditions on 32-bit arguments do.
fn all<const N: usize>(
    conditions: [(u8, SeccompCmpOp, u64); N],
) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(
        conditions
            .into_iter()
            .map(|(index, operator, value)| {
                SeccompCondition::new(index, SeccompCmpArgLen::Dword, operator, value)
            })
            .collect::<Result<_, _>>()?,
    )
}
