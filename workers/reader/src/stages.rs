//! Where the processor time goes, stage by stage.

use nix::sys::resource::{UsageWho, getrusage};
use serde::Serialize;

/// The stages of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Taking pages from the decoder (this side of it).
    Receive,
    /// Finding out what a page is and where its zones lie.
    Place,
    /// Cutting zones and taking out printed lines.
    Cut,
    /// Boxes and signatures.
    Ticks,
    /// The network and the search over its scores.
    Handwriting,
    /// Tesseract.
    Print,
}

/// Core-seconds per stage. It reads the clock of the whole process, because the network runs in a pool of its own:
/// use it only where one thread reads.
#[derive(Debug, Clone, Default)]
pub struct StageClock {
    last: Option<f64>,
    seconds: [f64; 6],
    decoder_peak_kib: u64,
}

/// Core-seconds per stage.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct StageSeconds {
    /// The decoder's own process.
    pub decode: f64,
    /// Taking pages from it.
    pub receive: f64,
    /// Image registration.
    pub place: f64,
    /// Cutting zones.
    pub cut: f64,
    /// Ticks and signatures.
    pub ticks: f64,
    /// Handwriting.
    pub handwriting: f64,
    /// Print.
    pub print: f64,
}

impl StageClock {
    /// A clock that counts nothing and costs nothing.
    pub fn off() -> Self {
        Self::default()
    }

    /// A running clock.
    pub fn running() -> Self {
        Self {
            last: Some(own_seconds()),
            seconds: [0.0; 6],
            decoder_peak_kib: 0,
        }
    }

    /// Notes the peak memory of a decoder, in KiB.
    pub fn decoder_ended(&mut self, peak_kib: u64) {
        self.decoder_peak_kib = self.decoder_peak_kib.max(peak_kib);
    }

    /// Peak resident memory of the largest decoder, bytes.
    pub fn decoder_peak_bytes(&self) -> u64 {
        self.decoder_peak_kib * 1024
    }

    /// Counts the time since the last call for `stage`.
    pub fn lap(&mut self, stage: Stage) {
        if let Some(last) = &mut self.last {
            let now = own_seconds();
            self.seconds[stage as usize] += now - *last;
            *last = now;
        }
    }

    /// What was counted, with `decode` seconds of the decoder's process.
    pub fn seconds(&self, decode: f64) -> StageSeconds {
        let [receive, place, cut, ticks, handwriting, print] = self.seconds;
        StageSeconds {
            decode,
            receive,
            place,
            cut,
            ticks,
            handwriting,
            print,
        }
    }
}

impl StageSeconds {
    /// All stages together.
    pub fn total(&self) -> f64 {
        self.decode
            + self.receive
            + self.place
            + self.cut
            + self.ticks
            + self.handwriting
            + self.print
    }

    /// Each stage divided by a number of pages.
    pub fn per(&self, pages: f64) -> Self {
        Self {
            decode: self.decode / pages,
            receive: self.receive / pages,
            place: self.place / pages,
            cut: self.cut / pages,
            ticks: self.ticks / pages,
            handwriting: self.handwriting / pages,
            print: self.print / pages,
        }
    }
}

/// Core-seconds this process has used.
pub fn own_seconds() -> f64 {
    seconds_of(UsageWho::RUSAGE_SELF)
}

/// Core-seconds the child processes that have ended used.
pub fn children_seconds() -> f64 {
    seconds_of(UsageWho::RUSAGE_CHILDREN)
}

/// Peak resident memory of this process, in bytes.
pub fn own_peak_bytes() -> u64 {
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |u| u.max_rss().max(0) as u64 * 1024)
}

/// Resident memory of this process now, in bytes; `None` where the system does not tell.
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn seconds_of(who: UsageWho) -> f64 {
    getrusage(who).map_or(0.0, |usage| {
        let (user, system) = (usage.user_time(), usage.system_time());
        (user.tv_sec() + system.tv_sec()) as f64 + (user.tv_usec() + system.tv_usec()) as f64 / 1e6
    })
}
