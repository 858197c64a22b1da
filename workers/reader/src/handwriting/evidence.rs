//! What two readers saw in one field, put together: the cells of a comb one by one, and the whole as a line.

use serde::Serialize;

use super::alphabet::Labels;
use super::cells;
use super::ctc::{self, Frames};
use super::knowledge::{Anything, Knowledge};

/// Texts or prefixes followed at once.
const BEAM: usize = 16;
/// Prefixes followed on a line without cells, on which far more can stand.
const WIDE: usize = 32;
/// Prefixes followed where only the length of the line's own reading is wanted.
const NARROW: usize = 6;

/// How much each reader's scores count where both have read, as exponents of their probabilities. Both are
/// over-confident and err on the same shapes, so together they count for little more than one. Chosen on the sample
/// scans; on zones of calibration writers 0.9 and 0.3 read as much rightly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trust {
    /// The cells' exponent.
    pub cells: f64,
    /// The line's exponent.
    pub line: f64,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            cells: 0.7,
            line: 0.5,
        }
    }
}

impl Trust {
    /// For letters and digits mixed, where a cell by itself cannot tell 0 from O or 9 from g.
    pub const FOR_MIXED: Self = Self {
        cells: 0.4,
        line: 0.7,
    };
}

/// Scores of one field over one alphabet. At least one of the two is there.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// One frame per used cell.
    pub cells: Option<Frames>,
    /// The same cells, each read without the others in view: no part of what is chosen, but of how far it is believed.
    pub alone: Option<Frames>,
    /// The frames of the line.
    pub line: Option<Frames>,
    /// What each counts for.
    pub trust: Trust,
}

/// A text, and what speaks for it.
#[derive(Clone, PartialEq)]
pub struct Candidate {
    /// The characters.
    pub text: String,
    /// Share among all candidates, 0 to 1. Not calibrated.
    pub posterior: f64,
    /// Natural logarithm of what the readers alone give it.
    seen: f64,
    /// The same by the cells, and by the line; `None` where one has not read.
    apart: [Option<f64>; 2],
}

/// What one field or line was read as.
#[derive(Clone, PartialEq, Default)]
pub struct TextReading {
    /// The candidates under what is known, best first; never empty.
    pub candidates: Vec<Candidate>,
    /// The candidates under the alphabet and the number of cells only, best first.
    pub unaided: Vec<Candidate>,
    /// How much the readers preferred the best unaided text to the best one: the natural logarithm of their ratio, 0
    /// where knowledge changed nothing.
    pub overruled: f64,
    /// Whether cells and line, each under the knowledge, chose the same text; `None` when only one has read.
    pub agreed: Option<bool>,
    /// The smallest margin between the two best labels of a cell.
    pub worst_margin: Option<f64>,
    /// What the cells say about the best text; `None` without cells or with another number of characters.
    pub support: Option<CellSupport>,
    /// What each reader says about the best text; `None` when the line has not been read.
    pub apart: Option<ReadApart>,
    /// The line without any constraint on the number of characters, and how much the line reader preferred it to the
    /// best text (natural logarithm).
    pub free_line: Option<(String, f64)>,
}

/// Probabilities that cells give to a text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CellSupport {
    /// Of the character least believed, and of the whole text, with the other cells of the hand in view.
    pub together: (f64, f64),
    /// The same of each cell by itself.
    pub alone: (f64, f64),
}

/// What each reader says about a text, by itself and without what is known of the field. 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReadApart {
    /// Its share among the candidates by the cells; `None` on a line without cells.
    pub by_cells: Option<f64>,
    /// The same by the line.
    pub by_line: f64,
    /// Its probability by the line, all other texts allowed.
    pub all_by_line: f64,
}

/// Hides the text: it is personal data.
impl std::fmt::Debug for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let length = self.text.chars().count();
        write!(f, "Candidate({length} characters, {:.3})", self.posterior)
    }
}

/// Hides the text: it is personal data.
impl std::fmt::Debug for TextReading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TextReading({:?})", self.candidates.first())
    }
}

impl TextReading {
    /// The best text.
    pub fn text(&self) -> &str {
        self.candidates.first().map_or("", |c| &c.text)
    }

    /// Its posterior.
    pub fn posterior(&self) -> f64 {
        self.candidates.first().map_or(0.0, |c| c.posterior)
    }

    /// The runner-up's posterior divided by the best one's: near 1 means a toss-up.
    pub fn rival(&self) -> f64 {
        let best = self.posterior().max(f64::MIN_POSITIVE);
        self.candidates.get(1).map_or(0.0, |c| c.posterior / best)
    }
}

impl Evidence {
    /// What cells and line give a text, as natural logarithms.
    fn apart(&self, text: &[u16]) -> [Option<f64>; 2] {
        let by_line = |line| ctc::log_probability(line, text).max(-60.0);
        [
            self.cells.as_ref().map(|c| cells::log_probability(c, text)),
            self.line.as_ref().map(by_line),
        ]
    }

    /// What the readers alone give a text, as a natural logarithm.
    fn seen(&self, apart: [Option<f64>; 2]) -> f64 {
        match apart {
            [Some(cells), Some(line)] => self.trust.cells * cells + self.trust.line * line,
            [one, other] => one.or(other).unwrap_or(f64::NEG_INFINITY),
        }
    }

    fn searched(&self, knowledge: &dyn Knowledge) -> [Vec<Vec<u16>>; 2] {
        let labels = |found: Vec<ctc::Hypothesis>| found.into_iter().map(|h| h.labels).collect();
        let width = if self.cells.is_some() { BEAM } else { WIDE };
        [
            self.cells
                .as_ref()
                .map_or_else(Vec::new, |c| labels(cells::search(c, BEAM, knowledge))),
            self.line
                .as_ref()
                .map_or_else(Vec::new, |l| labels(ctc::beam(l, width, knowledge))),
        ]
    }

    /// Candidates of both readers, scored by both and by the knowledge, and what each would have chosen alone.
    fn candidates(
        &self,
        labels: &Labels,
        knowledge: &dyn Knowledge,
    ) -> (Vec<Candidate>, [Option<Vec<u16>>; 2]) {
        let [by_cells, by_line] = self.searched(knowledge);
        let chosen = [by_cells.first().cloned(), by_line.first().cloned()];
        let mut texts = by_cells;
        for text in by_line {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let mut scored: Vec<(f64, Candidate)> = texts
            .iter()
            .map(|text| {
                let apart = self.apart(text);
                let seen = self.seen(apart);
                let candidate = Candidate {
                    text: labels.text(text),
                    posterior: 0.0,
                    seen,
                    apart,
                };
                (seen + knowledge.weight(text).ln(), candidate)
            })
            .filter(|(score, _)| score.is_finite())
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        let top = scored.first().map_or(0.0, |(score, _)| *score);
        let sum: f64 = scored.iter().map(|(score, _)| (score - top).exp()).sum();
        let candidates = scored
            .into_iter()
            .map(|(score, candidate)| Candidate {
                posterior: (score - top).exp() / sum,
                ..candidate
            })
            .collect();
        (candidates, chosen)
    }

    fn support(&self, labels: &Labels, text: &str) -> Option<CellSupport> {
        let own: Vec<u16> = text
            .chars()
            .map(|c| labels.label(c))
            .collect::<Option<_>>()?;
        let of = |frames: &Frames| cells::least_and_all(frames, &own);
        Some(CellSupport {
            together: of(self.cells.as_ref()?)?,
            alone: of(self.alone.as_ref()?)?,
        })
    }

    /// Reads under `knowledge`; `unaided` allows what is known without it. `None` when no text fits.
    pub fn read(
        &self,
        labels: &Labels,
        knowledge: &dyn Knowledge,
        unaided: &dyn Knowledge,
    ) -> Option<TextReading> {
        let (mut plain, mut chosen) = self.candidates(labels, unaided);
        let mut aided = plain.clone();
        if !std::ptr::addr_eq(knowledge, unaided) {
            (aided, chosen) = self.candidates(labels, knowledge);
        }
        let best = aided.first()?;
        if plain.is_empty() {
            plain.push(best.clone());
        }
        let overruled = if best.text == plain[0].text {
            0.0
        } else {
            plain[0].seen - best.seen
        };
        let free_line = self
            .line
            .as_ref()
            .filter(|_| !unaided.is_anything())
            .and_then(|line| {
                let free = ctc::beam(line, NARROW, &Anything);
                let free = free.first()?;
                let own: Option<Vec<u16>> = best.text.chars().map(|c| labels.label(c)).collect();
                let behind = ctc::log_probability(line, &own?);
                Some((labels.text(&free.labels), free.probability.ln() - behind))
            });
        let support = self.support(labels, &best.text);
        let [by_cells, by_line] = chosen;
        Some(TextReading {
            overruled,
            agreed: self
                .cells
                .as_ref()
                .zip(self.line.as_ref())
                .map(|_| by_cells.is_some() && by_cells == by_line),
            worst_margin: self.cells.as_ref().map(cells::worst_margin),
            support,
            apart: apart(&aided),
            free_line,
            candidates: aided,
            unaided: plain,
        })
    }
}

/// What each reader says about the first of these candidates; `None` when the line has not been read.
fn apart(candidates: &[Candidate]) -> Option<ReadApart> {
    let best = candidates.first()?;
    let share = |reader: usize| {
        let own = best.apart[reader]?;
        let all = candidates.iter().filter_map(|c| c.apart[reader]);
        let others = all.map(|other| (other - own).exp()).sum::<f64>();
        (own.is_finite() && others > 0.0).then_some(1.0 / others)
    };
    Some(ReadApart {
        by_cells: share(0),
        by_line: share(1)?,
        all_by_line: best.apart[1]?.exp(),
    })
}
