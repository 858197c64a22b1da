//! What `enrol-reader bench` prints for people.

use std::fmt::Write as _;

use super::bench::Result;

/// Accuracy by kind of field, seconds by stage, memory, and what failed.
pub(super) fn table(result: &Result) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{:<12} {:>7} {:>7} {:>7}  {:>6} {:>7}  {:>8} {:>6} {:>7}",
        "kind", "filled", "right", "", "blank", "right", "accepted", "wrong", "review"
    );
    for (kind, c) in &result.kinds {
        let _ = writeln!(
            out,
            "{kind:<12} {:>7} {:>7} {:>6.1}%  {:>6} {:>7}  {:>8} {:>6} {:>7}",
            c.filled,
            c.right,
            100.0 * c.right as f64 / c.filled.max(1) as f64,
            c.blank,
            c.blank_right,
            c.accepted,
            c.accepted_wrong,
            c.review
        );
    }
    let s = &result.core_seconds_per_page;
    let _ = writeln!(
        out,
        "\n{} pages of {} samples; {:.3} core-seconds per page: decode {:.3}, receive {:.3}, place {:.3}, cut {:.3}, ticks {:.3}, handwriting {:.3}, print {:.3}",
        result.pages,
        result.samples,
        result.core_seconds_per_page_total,
        s.decode,
        s.receive,
        s.place,
        s.cut,
        s.ticks,
        s.handwriting,
        s.print
    );
    let _ = writeln!(
        out,
        "worst residual {:.2} mm; peak memory {:.0} MB, decoder {:.0} MB",
        result.worst_residual_mm,
        result.reader_peak_bytes as f64 / 1e6,
        result.decoder_peak_bytes as f64 / 1e6
    );
    for failure in &result.failed {
        let _ = writeln!(out, "failed: {failure}");
    }
    out
}
