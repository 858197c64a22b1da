//! Where the ink of a character or word lies against the line it stands on, and how it is brought to size.

use super::Trace;
use crate::hand::curve;
use crate::hand::ink::Point;

/// How far the ink of a character reaches above and below the line, in heights of a capital.
pub fn reach(character: char) -> (f32, f32) {
    match character {
        'b' | 'd' | 'f' | 'h' | 'k' | 'l' => (1.03, 0.0),
        't' => (0.92, 0.0),
        'i' => (0.9, 0.0),
        'j' => (0.9, 0.32),
        'g' | 'p' | 'q' | 'y' => (0.62, 0.36),
        'a' | 'c' | 'e' | 'm' | 'n' | 'o' | 'r' | 's' | 'u' | 'v' | 'w' | 'x' | 'z' => (0.62, 0.0),
        '.' => (0.1, 0.0),
        ',' => (0.1, 0.16),
        '\'' | '"' => (1.0, -0.68),
        '-' => (0.5, -0.42),
        '_' => (0.0, 0.08),
        '@' => (0.88, 0.08),
        '/' => (1.04, 0.1),
        ':' => (0.6, 0.0),
        ';' => (0.6, 0.14),
        '+' => (0.72, -0.14),
        '=' => (0.6, -0.28),
        _ => (1.0, 0.0),
    }
}

/// The reach of one written character: an i or j whose dot the tablet's segmentation lost is as high as a small letter.
pub fn reach_of(trace: &Trace, character: char) -> (f32, f32) {
    match character {
        'i' if trace.strokes.len() < 2 => (0.62, 0.0),
        'j' if trace.strokes.len() < 2 => (0.62, 0.32),
        _ => reach(character),
    }
}

/// The reach of a whole word: that of its highest and of its deepest character.
pub fn reach_of_word(word: &str) -> (f32, f32) {
    word.chars().map(reach).fold((0.1, -1.0), |all, own| {
        (f32::max(all.0, own.0), f32::max(all.1, own.1))
    })
}

/// Scale across and down that brings `trace` to its size when a capital is `capital` high.
pub fn scale(trace: &Trace, label: &str, capital: f32) -> (f32, f32) {
    let (width, height) = (trace.width.max(1.0), trace.height.max(1.0));
    let flat = |share: f32| {
        let by = share * capital / width.max(height);
        (by, by)
    };
    match label {
        "." => return flat(0.09),
        "-" | "_" => return flat(0.5),
        "," | "'" => return flat(0.26),
        "\"" => return flat(0.34),
        ":" | ";" | "=" | "+" => return flat(0.6),
        _ => {}
    }
    let mut characters = label.chars();
    let (above, below) = match (characters.next(), characters.next()) {
        (Some(one), None) => reach_of(trace, one),
        _ => reach_of_word(label),
    };
    let by = (above + below) * capital / height;
    // A stroke that lies almost flat where a letter should stand would be blown up: bound the width instead.
    let widest = 1.5 * capital * label.chars().count() as f32;
    let by = by.min(widest / width);
    (by, by)
}

/// A pen line as a pen draws it: tablet points are evened out, then joined by a smooth curve with a point at least
/// every `step` (in the unit of the points).
pub fn smooth(points: &[Point], step: f32) -> Vec<Point> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let last = points.len() - 1;
    let even: Vec<Point> = (0..points.len())
        .map(|i| {
            if i == 0 || i == last {
                return points[i];
            }
            let (a, b, c) = (points[i - 1], points[i], points[i + 1]);
            ((a.0 + 2.0 * b.0 + c.0) / 4.0, (a.1 + 2.0 * b.1 + c.1) / 4.0)
        })
        .collect();
    curve::through(&even, |from, to| {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        ((length / step).ceil() as usize).clamp(1, 12)
    })
}
