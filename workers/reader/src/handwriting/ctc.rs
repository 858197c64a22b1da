//! Connectionist temporal classification: from frame probabilities to texts.
//!
//! Every frame holds one probability per label and one for "no character here" (the CTC blank, index 0). A text's
//! probability is the sum over all ways to spread it over the frames, repeats collapsed.

use std::collections::HashMap;

use super::knowledge::{Knowledge, State};

/// Probabilities per frame: index 0 is the blank, index `l + 1` is label `l`; each frame sums to one.
#[derive(Debug, Clone, PartialEq)]
pub struct Frames {
    stride: usize,
    values: Vec<f32>,
}

/// A text and how probable it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// Its labels.
    pub labels: Vec<u16>,
    /// Probability under the frames, times the weight that the knowledge gives it.
    pub probability: f64,
}

impl Frames {
    /// Frames of `stride` values each.
    pub fn new(stride: usize, values: Vec<f32>) -> Self {
        debug_assert!(stride > 0 && values.len().is_multiple_of(stride));
        Self { stride, values }
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.values.len() / self.stride
    }

    /// Whether there is no frame.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The frames for which `keep` holds.
    pub fn kept(&self, keep: &[bool]) -> Self {
        let rows = self.values.chunks(self.stride).zip(keep);
        let values = rows.filter(|(_, k)| **k).flat_map(|(row, _)| row.to_vec());
        Self::new(self.stride, values.collect())
    }

    /// One frame.
    pub fn frame(&self, index: usize) -> &[f32] {
        &self.values[index * self.stride..(index + 1) * self.stride]
    }
}

/// The best label of every frame, repeats collapsed and blanks dropped.
pub fn greedy(frames: &Frames) -> Vec<u16> {
    let mut text = Vec::new();
    let mut before = 0;
    for i in 0..frames.len() {
        let best = frames
            .frame(i)
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1))
            .map_or(0, |(k, _)| k);
        if best != 0 && best != before {
            text.push((best - 1) as u16);
        }
        before = best;
    }
    text
}

/// Labels less probable than this in a frame are not tried there.
const NEGLIGIBLE: f32 = 3e-5;

/// A prefix in the tree of all prefixes met.
struct Node {
    parent: usize,
    label: u16,
    state: State,
    weight: f64,
}

#[derive(Clone, Copy, Default)]
struct Mass {
    /// Of all ways that end with a blank.
    blank: f64,
    /// Of all ways that end with the prefix's last label.
    label: f64,
}

impl Mass {
    fn total(self) -> f64 {
        self.blank + self.label
    }
}

/// Prefix beam search: the most probable texts that the knowledge accepts, best first, at most `width` of them.
/// With a width as large as the number of texts it is exact.
pub fn beam(frames: &Frames, width: usize, knowledge: &dyn Knowledge) -> Vec<Hypothesis> {
    let mut nodes = vec![Node {
        parent: usize::MAX,
        label: 0,
        state: knowledge.start(),
        weight: 1.0,
    }];
    let mut children: HashMap<(usize, u16), Option<usize>> = HashMap::new();
    let mut alive: Vec<(usize, Mass)> = vec![(
        0,
        Mass {
            blank: 1.0,
            label: 0.0,
        },
    )];
    // Probabilities are scaled up after each frame so that long lines do not underflow.
    let mut log_scale = 0.0f64;
    let mut next: Vec<(usize, Mass)> = Vec::new();
    let mut slot: HashMap<usize, usize> = HashMap::new();

    for i in 0..frames.len() {
        let frame = frames.frame(i);
        next.clear();
        slot.clear();
        let mut add = |next: &mut Vec<(usize, Mass)>, node: usize, blank: f64, label: f64| {
            let at = *slot.entry(node).or_insert_with(|| {
                next.push((node, Mass::default()));
                next.len() - 1
            });
            next[at].1.blank += blank;
            next[at].1.label += label;
        };
        for (node, mass) in &alive {
            let total = mass.total();
            let last = (*node != 0).then(|| nodes[*node].label);
            let repeat = last.map_or(0.0, |l| mass.label * f64::from(frame[usize::from(l) + 1]));
            add(&mut next, *node, total * f64::from(frame[0]), repeat);
            for (label, p) in frame[1..].iter().enumerate() {
                if *p < NEGLIGIBLE {
                    continue;
                }
                let label = label as u16;
                // A repeat of the last label is a new character only after a blank.
                let from = if last == Some(label) {
                    mass.blank
                } else {
                    total
                };
                if from <= 0.0 {
                    continue;
                }
                let child = *children.entry((*node, label)).or_insert_with(|| {
                    let (state, step) = knowledge.step(nodes[*node].state, label)?;
                    let weight = nodes[*node].weight * step;
                    nodes.push(Node {
                        parent: *node,
                        label,
                        state,
                        weight,
                    });
                    Some(nodes.len() - 1)
                });
                if let Some(child) = child {
                    add(&mut next, child, 0.0, from * f64::from(*p));
                }
            }
        }
        next.sort_by(|a, b| {
            (b.1.total() * nodes[b.0].weight).total_cmp(&(a.1.total() * nodes[a.0].weight))
        });
        next.truncate(width);
        let top = next.first().map_or(0.0, |(_, m)| m.total());
        if top <= 0.0 {
            return Vec::new();
        }
        for (_, mass) in &mut next {
            mass.blank /= top;
            mass.label /= top;
        }
        log_scale += top.ln();
        std::mem::swap(&mut alive, &mut next);
    }

    let mut found: Vec<Hypothesis> = alive
        .into_iter()
        .filter_map(|(node, mass)| Some((node, mass, knowledge.end(nodes[node].state)?)))
        .map(|(node, mass, end)| {
            let mut labels = Vec::new();
            let mut at = node;
            while at != 0 {
                labels.push(nodes[at].label);
                at = nodes[at].parent;
            }
            labels.reverse();
            let probability = (mass.total().ln() + log_scale).exp() * nodes[node].weight * end;
            Hypothesis {
                labels,
                probability,
            }
        })
        .collect();
    found.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    found
}

/// Probability of one text under the frames, summed over all ways to spread it: the forward pass of Graves et al.
/// (2006), as its natural logarithm.
pub fn log_probability(frames: &Frames, text: &[u16]) -> f64 {
    // States: blank, first label, blank, second label, ..., blank.
    let states = 2 * text.len() + 1;
    let mut mass = vec![0.0f64; states];
    mass[0] = 1.0;
    let mut log_scale = 0.0;
    for i in 0..frames.len() {
        let frame = frames.frame(i);
        for s in (0..states).rev() {
            let mut from = mass[s];
            if s > 0 {
                from += mass[s - 1];
            }
            // A label follows another without a blank between them only where they differ.
            if s % 2 == 1 && s > 1 && text[s / 2] != text[s / 2 - 1] {
                from += mass[s - 2];
            }
            let own = if s % 2 == 0 {
                frame[0]
            } else {
                frame[usize::from(text[s / 2]) + 1]
            };
            mass[s] = from * f64::from(own);
        }
        let sum: f64 = mass.iter().sum();
        if sum <= 0.0 {
            return f64::NEG_INFINITY;
        }
        mass.iter_mut().for_each(|m| *m /= sum);
        log_scale += sum.ln();
    }
    let last = mass[states - 1] + if states > 1 { mass[states - 2] } else { 0.0 };
    last.ln() + log_scale
}

#[cfg(test)]
mod tests {
    use super::super::knowledge::Anything;
    use super::*;
    use proptest::prelude::*;

    fn frames_of(labels: usize, raw: &[f32]) -> Frames {
        let stride = labels + 1;
        let values = raw.chunks(stride).flat_map(|c| {
            let sum: f32 = c.iter().sum();
            c.iter().map(move |v| v / sum).collect::<Vec<_>>()
        });
        Frames::new(stride, values.collect())
    }

    fn collapse(path: &[usize]) -> Vec<u16> {
        let mut text = Vec::new();
        let mut before = 0;
        for step in path {
            if *step != 0 && *step != before {
                text.push((*step - 1) as u16);
            }
            before = *step;
        }
        text
    }

    /// Sums every path through the frames.
    fn brute_force(frames: &Frames, accept: impl Fn(&[u16]) -> bool) -> HashMap<Vec<u16>, f64> {
        let stride = frames.stride;
        let mut sums = HashMap::new();
        for number in 0..stride.pow(frames.len() as u32) {
            let path: Vec<usize> = (0..frames.len())
                .map(|i| number / stride.pow(i as u32) % stride)
                .collect();
            let p: f64 = path
                .iter()
                .enumerate()
                .map(|(i, k)| f64::from(frames.frame(i)[*k]))
                .product();
            let text = collapse(&path);
            if accept(&text) {
                *sums.entry(text).or_insert(0.0) += p;
            }
        }
        sums
    }

    /// Exactly two characters, the second not label 0.
    struct TwoEndingOther;
    impl Knowledge for TwoEndingOther {
        fn start(&self) -> State {
            State::default()
        }
        fn step(&self, mut state: State, label: u16) -> Option<(State, f64)> {
            state.at += 1;
            (state.at == 1 || (state.at == 2 && label != 0)).then_some((state, 1.0))
        }
        fn end(&self, state: State) -> Option<f64> {
            (state.at == 2).then_some(1.0)
        }
    }

    proptest! {
        #[test]
        fn a_wide_beam_is_exact(raw in proptest::collection::vec(0.01f32..1.0, 3 * 6)) {
            let frames = frames_of(2, &raw);
            let truth = brute_force(&frames, |_| true);
            for hypothesis in beam(&frames, 10_000, &Anything) {
                let expected = truth[&hypothesis.labels];
                prop_assert!((hypothesis.probability - expected).abs() < 1e-6);
            }
            let best = beam(&frames, 10_000, &Anything).remove(0);
            prop_assert!(truth.values().all(|p| *p <= best.probability + 1e-6));
        }

        #[test]
        fn one_text_s_probability_is_the_sum_of_its_paths(raw in proptest::collection::vec(0.01f32..1.0, 3 * 6)) {
            let frames = frames_of(2, &raw);
            for (text, expected) in brute_force(&frames, |_| true) {
                prop_assert!((log_probability(&frames, &text) - expected.ln()).abs() < 1e-4);
            }
            prop_assert_eq!(log_probability(&frames, &[0, 0, 0, 0]), f64::NEG_INFINITY);
        }

        #[test]
        fn weighted_search_equals_brute_force(raw in proptest::collection::vec(0.01f32..1.0, 5 * 5)) {
            use crate::handwriting::Labels;
            use crate::handwriting::knowledge::free_text::{FreeText, TextRole};
            let classes: Vec<char> = "aN9 ".chars().collect();
            let labels = Labels::new("aN9 ", &classes, 0);
            let words = FreeText::new(TextRole::Address, &labels);
            let frames = frames_of(4, &raw);
            let truth = brute_force(&frames, |_| true);
            let found = beam(&frames, 100_000, &words);
            prop_assert_eq!(found.len(), truth.len());
            for hypothesis in &found {
                let expected = truth[&hypothesis.labels] * words.weight(&hypothesis.labels);
                prop_assert!((hypothesis.probability / expected - 1.0).abs() < 1e-4);
            }
            // A wider search never finds a lighter best.
            let mut before = 0.0;
            for width in [1, 1000, 100_000] {
                let best = beam(&frames, width, &words).first().map_or(0.0, |h| h.probability);
                prop_assert!(best >= before * (1.0 - 1e-9));
                before = best;
            }
        }

        #[test]
        fn constrained_search_equals_brute_force(raw in proptest::collection::vec(0.01f32..1.0, 3 * 6)) {
            let frames = frames_of(2, &raw);
            let truth = brute_force(&frames, |t| t.len() == 2 && t[1] != 0);
            let found = beam(&frames, 10_000, &TwoEndingOther);
            prop_assert_eq!(found.len(), truth.len());
            for hypothesis in found {
                prop_assert!((hypothesis.probability - truth[&hypothesis.labels]).abs() < 1e-6);
            }
        }

        #[test]
        fn a_clear_line_reads_the_same_greedily_and_with_a_beam_of_one(
            path in proptest::collection::vec(0usize..4, 1..20), doubt in 0.0001f32..0.004)
        {
            let values: Vec<f32> = path.iter()
                .flat_map(|best| (0..4).map(move |k| if k == *best { 1.0 - 3.0 * doubt } else { doubt }))
                .collect();
            let frames = Frames::new(4, values);
            let text = greedy(&frames);
            prop_assert_eq!(&text, &collapse(&path));
            prop_assert_eq!(text, beam(&frames, 1, &Anything).remove(0).labels);
        }

        #[test]
        fn repeating_every_frame_changes_no_text(path in proptest::collection::vec(0usize..4, 1..20)) {
            let twice: Vec<usize> = path.iter().flat_map(|k| [*k, *k]).collect();
            prop_assert_eq!(collapse(&path), collapse(&twice));
        }
    }

    #[test]
    fn a_double_letter_needs_a_blank_between() {
        let values = vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
        assert_eq!(greedy(&Frames::new(2, values.clone())), [0]);
        assert_eq!(beam(&Frames::new(2, values), 4, &Anything)[0].labels, [0]);
        let values = vec![0.0, 1.0, 1.0, 0.0, 0.0, 1.0];
        assert_eq!(greedy(&Frames::new(2, values.clone())), [0, 0]);
        assert_eq!(
            beam(&Frames::new(2, values), 4, &Anything)[0].labels,
            [0, 0]
        );
    }
}
