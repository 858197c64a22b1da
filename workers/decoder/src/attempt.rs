//! A self-check of the sandbox: after the walls are up, try what they forbid.
//!
//! `enrol-decoder --attempt open` (and the others) never reads its input. It must be killed by the
//! kernel; if it comes back at all, the sandbox does not hold on this machine and the exit code is 1.
//! The tests run it, and an operator may, after a change of kernel or container runtime.

use std::io::Write;
use std::os::unix::process::CommandExt;

use clap::ValueEnum;

/// Something the sandbox must not let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Attempt {
    /// Open a file for reading.
    Open,
    /// Create a file.
    WriteFile,
    /// Open a network connection.
    Socket,
    /// Make a pair of local sockets.
    SocketPair,
    /// Become another program.
    Exec,
    /// Start another process.
    Fork,
    /// Start another thread.
    Thread,
    /// Send a signal to the parent process.
    Signal,
    /// Take more memory than allowed.
    Memory,
    /// Use the processor until the limit.
    Cpu,
    /// Overflow the stack.
    Stack,
    /// Panic, as a decoder may; must end in an error line.
    Panic,
    /// Print the environment, which must be empty.
    Environment,
}

/// Tries it. Coming back means that the sandbox let it pass, except for the environment.
pub fn make(attempt: Attempt) {
    match attempt {
        Attempt::Open => drop(std::fs::read("/etc/hostname")),
        Attempt::WriteFile => drop(std::fs::write("/tmp/enrol-decoder-attempt", b"x")),
        Attempt::Socket => drop(std::net::TcpStream::connect("127.0.0.1:9")),
        Attempt::SocketPair => drop(std::os::unix::net::UnixStream::pair()),
        Attempt::Exec => drop(std::process::Command::new("/bin/true").exec()),
        Attempt::Fork => drop(std::process::Command::new("/bin/true").spawn()),
        Attempt::Thread => drop(std::thread::Builder::new().spawn(|| ())),
        Attempt::Signal => {
            let _ = nix::sys::signal::kill(nix::unistd::getppid(), None);
        }
        Attempt::Memory => drop(std::hint::black_box(vec![1_u8; 8 << 30])),
        Attempt::Cpu => loop {
            std::hint::black_box(0);
        },
        Attempt::Stack => {
            std::hint::black_box(deep(0));
        }
        // Made by the caller, where panics of the decoders are caught.
        Attempt::Panic => {}
        Attempt::Environment => {
            for (name, _) in std::env::vars_os() {
                let _ = writeln!(std::io::stdout(), "{}", name.display());
            }
        }
    }
}

#[expect(
    unconditional_recursion,
    reason = "overflowing the stack is what it is for"
)]
fn deep(level: u64) -> u64 {
    let frame = std::hint::black_box([level; 512]);
    deep(level + 1) + frame[(level % 512) as usize]
}
