//! The decoder's process: its three pipes, served together, and its end.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::DecodeLimits;

/// How much of the decoder's complaints is kept.
const MAX_COMPLAINTS: usize = 4096;

/// A running decoder. Reading from it also feeds it the file, so no thread is needed and neither side
/// can wait for the other. Dropping it kills and reaps the process.
pub(super) struct DecoderProcess<'b> {
    child: Child,
    input: Option<ChildStdin>,
    rest: &'b [u8],
    output: ChildStdout,
    complaints_from: Option<ChildStderr>,
    complaints: Vec<u8>,
    /// Waiting time left, in all and until the next page.
    left: Duration,
    left_for_page: Duration,
    per_page: Duration,
    timed_out: bool,
    peak_kib: u64,
    /// Whether its memory has been looked at since the page before.
    looked: bool,
}

/// How the process ended.
pub(super) struct Ending {
    pub(super) status: ExitStatus,
    pub(super) complaints: String,
}

impl Ending {
    /// The signal that ended it, if one did.
    pub(super) fn signal(&self) -> Option<i32> {
        self.status.signal()
    }
}

impl<'b> DecoderProcess<'b> {
    /// Starts the decoder for `bytes`, with an empty environment.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub(super) fn start(
        program: &Path,
        bytes: &'b [u8],
        limits: &DecodeLimits,
    ) -> io::Result<Self> {
        let mut command = Command::new(program);
        command
            .env_clear()
            .current_dir("/")
            .arg("--max-bytes")
            .arg(limits.max_bytes.to_string())
            .arg("--max-pages")
            .arg(limits.max_pages.to_string())
            .arg("--max-pixels")
            .arg(limits.max_pixels.to_string())
            .arg("--max-total-pixels")
            .arg(limits.max_total_pixels.to_string())
            .arg("--dpi")
            .arg(limits.dpi.to_string())
            .arg("--max-memory")
            .arg(limits.max_memory_mib.to_string())
            .arg("--max-cpu")
            .arg(limits.max_cpu_seconds.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(page) = limits.only_page {
            command.arg("--only-page").arg(page.to_string());
        }
        let mut child = command.spawn()?;
        let piped = || io::Error::other("a pipe to the decoder is missing");
        let input = child.stdin.take().ok_or_else(piped)?;
        let output = child.stdout.take().ok_or_else(piped)?;
        let complaints_from = child.stderr.take().ok_or_else(piped)?;
        let process = Self {
            child,
            input: Some(input),
            rest: bytes,
            output,
            complaints_from: Some(complaints_from),
            complaints: vec![],
            left: limits.max_wait,
            left_for_page: limits.max_wait_per_page,
            per_page: limits.max_wait_per_page,
            timed_out: false,
            peak_kib: 0,
            looked: false,
        };
        for pipe in [
            process.input.as_ref().map(AsFd::as_fd),
            Some(process.output.as_fd()),
            process.complaints_from.as_ref().map(AsFd::as_fd),
        ]
        .into_iter()
        .flatten()
        {
            fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        // A page is megabytes: fewer, larger portions. The system may allow less; then less it is.
        let _ = fcntl(process.output.as_fd(), FcntlArg::F_SETPIPE_SZ(1 << 20));
        Ok(process)
    }

    /// Gives the next page its full time.
    pub(super) fn page_arrived(&mut self) {
        self.left_for_page = self.per_page;
        self.looked = false;
    }

    /// The most resident memory that the decoder was seen to have had, in KiB; 0 before its first page.
    pub(super) fn peak_kib(&self) -> u64 {
        self.peak_kib
    }

    /// Looks up the decoder's peak memory. It is asked for when the first bytes of a page come, since the decoder
    /// is then still there, writing the rest. What `getrusage` tells, here and in the child, holds the pages of the
    /// process that started it (Linux keeps the larger of both over `exec`); `VmHWM` begins anew.
    fn look_at_memory(&mut self) {
        self.looked = true;
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let seen = status.ok().and_then(|text| peak_in(&text)).unwrap_or(0);
        self.peak_kib = self.peak_kib.max(seen);
    }

    /// Whether reading ended because the decoder took too long.
    pub(super) fn timed_out(&self) -> bool {
        self.timed_out
    }

    /// Waits until the decoder, whose output has come to its end, has ended itself, or kills it if it
    /// does not.
    pub(super) fn finish(mut self) -> io::Result<Ending> {
        let patience = Instant::now() + Duration::from_secs(10);
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if self.timed_out || Instant::now() > patience {
                self.child.kill()?;
                break self.child.wait()?;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        self.take_complaints();
        Ok(Ending {
            status,
            complaints: String::from_utf8_lossy(&self.complaints).into_owned(),
        })
    }

    /// Waits until one of the pipes can be served, and counts the time.
    fn wait(&mut self) -> io::Result<()> {
        let left = self.left.min(self.left_for_page);
        if left.is_zero() {
            self.timed_out = true;
            return Err(io::ErrorKind::TimedOut.into());
        }
        let mut pipes = vec![PollFd::new(self.output.as_fd(), PollFlags::POLLIN)];
        if let Some(input) = &self.input {
            pipes.push(PollFd::new(input.as_fd(), PollFlags::POLLOUT));
        }
        if let Some(complaints) = &self.complaints_from {
            pipes.push(PollFd::new(complaints.as_fd(), PollFlags::POLLIN));
        }
        let since = Instant::now();
        let millis = u16::try_from(left.as_millis().max(1)).unwrap_or(u16::MAX);
        let polled = poll(&mut pipes, PollTimeout::from(millis));
        let waited = since.elapsed();
        self.left = self.left.saturating_sub(waited);
        self.left_for_page = self.left_for_page.saturating_sub(waited);
        match polled {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Feeds as much of the file as the pipe takes.
    fn feed(&mut self) {
        while let Some(input) = &mut self.input {
            match input.write(self.rest) {
                Ok(written) if !self.rest.is_empty() => self.rest = &self.rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // All is written, or the decoder has heard enough: what it says decides.
                _ => self.input = None,
            }
        }
    }

    fn take_complaints(&mut self) {
        let mut some = [0; 1024];
        while let Some(from) = &mut self.complaints_from {
            match from.read(&mut some) {
                Ok(0) => self.complaints_from = None,
                Ok(read) => {
                    let room = MAX_COMPLAINTS - self.complaints.len();
                    self.complaints.extend(&some[..read.min(room)]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.complaints_from = None,
            }
        }
    }
}

/// `VmHWM` of a process status, in KiB (proc(5)).
fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

impl Read for DecoderProcess<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.output.read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => {
                    if !self.looked {
                        self.look_at_memory();
                    }
                    return done;
                }
            }
            self.feed();
            self.take_complaints();
            self.wait()?;
        }
    }
}

impl Drop for DecoderProcess<'_> {
    fn drop(&mut self) {
        // Both fail where the process has ended and was waited for, which is the usual case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::peak_in;

    #[test]
    fn the_peak_is_read_from_the_status_of_a_process() {
        let own = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        assert!(peak_in(&own).is_some_and(|kib| kib > 1000));
        assert_eq!(peak_in("VmPeak:\t 9 kB\nVmHWM:\t 1234 kB\n"), Some(1234));
        assert_eq!(peak_in("Name:\tx\n"), None);
    }
}
