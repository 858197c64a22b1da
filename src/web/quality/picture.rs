//! The error rates as a picture: a dot for what was found, a line for what it may be. The table beside it says the same.

use super::figures::Rate;
use super::words::{kind, percent, source};

/// Width of the drawing, in its own units.
const WIDTH: f64 = 860.0;
/// Where the scale begins; labels stand before it.
const LEFT: f64 = 400.0;
const RIGHT: f64 = 840.0;
const LINE: f64 = 32.0;
const TOP: f64 = 34.0;

pub(super) struct Bar {
    pub label: String,
    pub y: f64,
    pub text_y: f64,
    pub low: f64,
    pub high: f64,
    pub at: f64,
    pub target: f64,
}

pub(super) struct Picture {
    pub height: f64,
    pub width: f64,
    pub left: f64,
    pub right: f64,
    pub most: String,
    pub description: String,
    pub bars: Vec<Bar>,
}

impl Picture {
    /// `None` when nothing was checked.
    #[expect(clippy::cast_precision_loss, reason = "counts of fields")]
    pub fn of(rates: &[Rate]) -> Option<Self> {
        let most = rates.iter().map(|r| r.high).fold(0.0, f64::max);
        if rates.is_empty() || most <= 0.0 {
            return None;
        }
        let x = |share: f64| LEFT + (RIGHT - LEFT) * (share / most).min(1.0);
        let found = |r: &Rate| r.checked.wrong as f64 / (r.checked.cases.max(1)) as f64;
        let bars = rates.iter().enumerate().map(|(index, r)| {
            let y = TOP + LINE * (index as f64 + 0.5);
            Bar {
                label: format!(
                    "{}: {}",
                    kind(&r.checked.kind),
                    source(&r.checked.source, &r.checked.check)
                ),
                y,
                text_y: y + 5.0,
                low: x(r.low),
                high: x(r.high),
                at: x(found(r)),
                target: x(r.target),
            }
        });
        let sentence = |r: &Rate| {
            format!(
                "{}, {}: {} of {} wrong, {} to {}",
                kind(&r.checked.kind),
                source(&r.checked.source, &r.checked.check),
                r.checked.wrong,
                r.checked.cases,
                percent(r.low),
                percent(r.high)
            )
        };
        Some(Self {
            height: TOP + LINE * rates.len() as f64 + 10.0,
            width: WIDTH,
            left: LEFT,
            right: RIGHT,
            most: percent(most),
            description: rates.iter().map(sentence).collect::<Vec<_>>().join("; "),
            bars: bars.collect(),
        })
    }
}
