//! How well and how fast people are matched, measured on an invented town whose truth is known.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Instant,
};

use serde::Serialize;

use super::{
    Kind, Namesakes, Parameters, Prepared, SearchKeys, Traits, Verdict,
    population::{Population, Story},
};

/// A share with the bounds within which it lies with a probability of 95 %, after Wilson.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Share {
    /// How many did.
    pub count: usize,
    /// Of how many.
    pub of: usize,
    /// Their quotient; 0 of none.
    pub share: f64,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

impl Share {
    /// `count` of `of`.
    #[expect(clippy::cast_precision_loss, reason = "counts of people")]
    pub fn new(count: usize, of: usize) -> Self {
        const Z: f64 = 1.959_964;
        if of == 0 {
            return Self {
                count,
                of,
                share: 0.0,
                lower: 0.0,
                upper: 1.0,
            };
        }
        let (k, n) = (count as f64, of as f64);
        let share = k / n;
        let middle = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half =
            Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        Self {
            count,
            of,
            share,
            lower: (middle - half).max(0.0),
            upper: (middle + half).min(1.0),
        }
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:.4} ({} of {}; {:.4} to {:.4})",
            self.share, self.count, self.of, self.lower, self.upper
        )
    }
}

/// What became of the people of one story.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Outcome {
    /// On how many forms.
    pub forms: usize,
    /// Updated the right person.
    pub right: usize,
    /// Taken for somebody else.
    pub wrong: usize,
    /// A clerk decides.
    pub clerk: usize,
    /// Registered as somebody new.
    pub new: usize,
}

/// The figures.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// People on the register.
    pub people: usize,
    /// People on the later forms that were looked up.
    pub arrivals: usize,
    /// Pairs said to be one person that are.
    pub precision: Share,
    /// People on the register who were settled as themselves without a clerk.
    pub recall: Share,
    /// People on the register who were settled as themselves or put before a clerk beside themselves.
    pub recall_with_clerk: Share,
    /// People on the register who were not among the candidates.
    pub lost_by_blocking: Share,
    /// People not on the register who were taken for somebody who is.
    pub strangers_taken: Share,
    /// Forms' people that a clerk has to decide on.
    pub clerk: Share,
    /// What became of whom.
    pub stories: BTreeMap<Story, Outcome>,
    /// Candidates compared for each arrival, on average.
    pub candidates_each: f64,
    /// Comparisons per second on one core, folding of both sides included.
    pub pairs_per_second: f64,
    /// The same for people who were folded before.
    pub folded_pairs_per_second: f64,
}

/// A candidate that was looked at.
#[derive(Debug, Clone, Copy)]
pub struct Judged {
    /// Place among the arrivals.
    pub arrival: usize,
    /// Whether it is the same person.
    pub is_same: bool,
    /// The weight.
    pub weight: f64,
    /// Whether a safeguard holds it back.
    pub held: bool,
    /// The verdict.
    pub verdict: Verdict,
}

/// Who came into question for one person.
pub struct Found {
    /// Their places on the register.
    pub places: Vec<usize>,
    /// Who bears the names looked for.
    pub namesakes: Namesakes,
}

/// An index of the register in memory, by the keys that the database has.
pub struct Index {
    by_key: HashMap<String, Vec<usize>>,
    of_kind: HashMap<Kind, usize>,
}

impl Index {
    /// Indexes people by their places.
    pub fn new(people: &[Traits]) -> Self {
        let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
        let mut of_kind = HashMap::new();
        for (place, traits) in people.iter().enumerate() {
            for key in SearchKeys::of(traits).own {
                by_key.entry(key).or_default().push(place);
            }
            *of_kind.entry(traits.kind).or_default() += 1;
        }
        Self { by_key, of_kind }
    }

    /// All who share a key.
    pub fn candidates(&self, traits: &Traits) -> Found {
        let keys = SearchKeys::of(traits);
        let bearing = keys.names().filter_map(|key| self.by_key.get(key));
        let bearing = bearing.map(Vec::len).max().unwrap_or_default();
        let mut places: Vec<usize> = keys
            .asked
            .iter()
            .filter_map(|(key, _)| self.by_key.get(key))
            .flatten()
            .copied()
            .collect::<HashSet<_>>()
            .into_iter()
            .collect();
        places.sort_unstable();
        let of = self.of_kind.get(&traits.kind).copied().unwrap_or_default();
        Found {
            places,
            namesakes: Namesakes { bearing, of },
        }
    }
}

/// Compares the first `most` arrivals with their candidates, as `candidates` finds them.
pub fn judge(
    parameters: &Parameters,
    town: &Population,
    most: usize,
    mut candidates: impl FnMut(&Traits) -> Found,
) -> (Vec<Judged>, Figures) {
    let people: Vec<Prepared> = town.register.iter().map(Prepared::new).collect();
    let arrivals = &town.arrivals[..town.arrivals.len().min(most)];
    let mut all = Vec::new();
    let (mut lost, mut compared) = (0, 0);
    for (place, arrival) in arrivals.iter().enumerate() {
        let Found {
            places: found,
            namesakes,
        } = candidates(&arrival.traits);
        lost += usize::from(arrival.truth.is_some_and(|truth| !found.contains(&truth)));
        let person = Prepared::new(&arrival.traits);
        compared += found.len();
        for candidate in found {
            let comparison = parameters.compare(&person, &people[candidate], Some(namesakes));
            let verdict = parameters.verdict(&comparison);
            let is_same = arrival.truth == Some(candidate);
            if verdict != Verdict::Different || is_same || comparison.weight > -10.0 {
                all.push(Judged {
                    arrival: place,
                    is_same,
                    weight: comparison.weight,
                    held: comparison.safeguard.is_some(),
                    verdict,
                });
            }
        }
    }
    let figures = figures(parameters, town, arrivals.len(), &all, lost, compared);
    (all, figures)
}

#[expect(clippy::cast_precision_loss, reason = "counts of people")]
fn figures(
    parameters: &Parameters,
    town: &Population,
    arrivals: usize,
    judged: &[Judged],
    lost: usize,
    compared: usize,
) -> Figures {
    let mut by_arrival: Vec<Vec<&Judged>> = vec![Vec::new(); arrivals];
    for each in judged {
        by_arrival[each.arrival].push(each);
    }
    let mut stories: BTreeMap<Story, Outcome> = BTreeMap::new();
    let (mut settled, mut offered, mut known, mut taken, mut clerk) = (0, 0, 0, 0, 0);
    for (arrival, judged) in town.arrivals.iter().zip(&by_arrival) {
        let said = |verdict| judged.iter().filter(move |j| j.verdict == verdict);
        let same: Vec<_> = said(Verdict::Same).collect();
        let outcome = stories.entry(arrival.story).or_default();
        outcome.forms += 1;
        known += usize::from(arrival.truth.is_some());
        offered += usize::from(
            judged
                .iter()
                .any(|j| j.is_same && j.verdict != Verdict::Different),
        );
        if let [one] = same[..] {
            if one.is_same {
                outcome.right += 1;
                settled += 1;
            } else {
                outcome.wrong += 1;
                taken += usize::from(arrival.truth.is_none());
            }
        } else if same.len() > 1 || said(Verdict::Unsure).next().is_some() {
            outcome.clerk += 1;
            clerk += 1;
        } else {
            outcome.new += 1;
        }
    }
    let (pairs_per_second, folded_pairs_per_second) = speed(parameters, &town.register);
    let same = || judged.iter().filter(|j| j.verdict == Verdict::Same);
    Figures {
        people: town.register.len(),
        arrivals,
        precision: Share::new(same().filter(|j| j.is_same).count(), same().count()),
        recall: Share::new(settled, known),
        recall_with_clerk: Share::new(offered, known),
        lost_by_blocking: Share::new(lost, known),
        strangers_taken: Share::new(taken, arrivals - known),
        clerk: Share::new(clerk, arrivals),
        stories,
        candidates_each: compared as f64 / arrivals.max(1) as f64,
        pairs_per_second,
        folded_pairs_per_second,
    }
}

/// Pairs per second, folding included and not.
#[expect(clippy::cast_precision_loss, reason = "a few hundred thousand")]
fn speed(parameters: &Parameters, people: &[Traits]) -> (f64, f64) {
    const PAIRS: usize = 100_000;
    let pair = |number: usize| (number % people.len(), (number * 7 + 1) % people.len());
    let timed = |weight: &dyn Fn(usize, usize) -> f64| {
        let began = Instant::now();
        let sum: f64 = (0..PAIRS).map(pair).map(|(a, b)| weight(a, b)).sum();
        std::hint::black_box(sum);
        PAIRS as f64 / began.elapsed().as_secs_f64()
    };
    let folded: Vec<Prepared> = people.iter().take(PAIRS).map(Prepared::new).collect();
    let last = folded.len();
    (
        timed(&|a, b| super::compare(parameters, &people[a], &people[b], None).probability),
        timed(&|a, b| {
            parameters
                .compare(&folded[a % last], &folded[b % last], None)
                .probability
        }),
    )
}

/// Chooses the thresholds on people whose truth is known: `same_from` the least weight at which of all pairs said to be
/// one person, with a certainty of 97.5 %, no more than `wrong` are not; `unsure_from` the largest weight below which
/// no more than `missed` of the pairs that are one person lie.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of people"
)]
pub fn thresholds(judged: &[Judged], wrong: f64, missed: f64) -> (f64, f64) {
    let mut free: Vec<&Judged> = judged.iter().filter(|j| !j.held).collect();
    free.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let mut same_from = f64::INFINITY;
    let mut false_ones = 0;
    for (place, each) in free.iter().enumerate() {
        false_ones += usize::from(!each.is_same);
        if Share::new(false_ones, place + 1).upper <= wrong {
            same_from = each.weight;
        }
    }
    let mut same: Vec<f64> = judged
        .iter()
        .filter(|j| j.is_same)
        .map(|j| j.weight)
        .collect();
    same.sort_by(f64::total_cmp);
    let skipped = (same.len() as f64 * missed) as usize;
    let unsure_from = same.get(skipped).copied().unwrap_or(0.0);
    // Upwards and downwards to whole bits: the last digit is chance.
    (same_from.ceil(), unsure_from.floor())
}
