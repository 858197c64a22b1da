//! How the parameters are learned: from pairs of forms, without being told who is who.
//!
//! How strangers agree is counted on random pairs. How one person and how two people of one household agree is found by
//! expectation and maximisation (EM) over pairs that share a key: a mixture of three kinds of pairs, in which what the
//! pairs were chosen by says nothing, so that it is learned from pairs that were chosen by something else.

use std::collections::{BTreeMap, HashMap};

use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{
    Kind, Level, Prepared, SearchKeys, Trait, Traits,
    parameters::{Chances, Model, Table},
    pattern::{Pattern, index},
};

/// Random pairs for the chances of strangers.
const RANDOM_PAIRS: usize = 1_000_000;
/// People of one key that are compared with each other; of more, so many are drawn.
const LARGEST_BLOCK: usize = 40;
/// Rounds of EM; the chances stand still long before.
const ROUNDS: usize = 60;
/// No chance is less than this: an invented town knows few of the ways in which a form goes wrong.
const LEAST: f64 = 1e-3;
/// The least chance that two strangers agree: below it the random pairs are too few to tell.
const LEAST_OF_STRANGERS: f64 = 1e-7;

/// The least chance for two people of one household: an invented town knows few of the ways in which people live together.
/// Hardly anybody has the number of another; two mothers, or a mother and a grandmother, are no rarity.
fn least_in_a_household(compared: Trait) -> f64 {
    match compared {
        Trait::NhsNumber => 5e-4,
        Trait::Gender => 0.3,
        _ => 5e-3,
    }
}

/// By what pairs are chosen, the letter of the key, and the traits that say nothing then: those who share a name share
/// the gender that goes with it, and e-mail addresses are made of names. Whether household members can
/// be learned from it: those who share a telephone or a house.
const RULES: [(char, &[Trait], bool); 6] = [
    ('n', &[Trait::NhsNumber], false),
    ('b', &[Trait::DateOfBirth], false),
    ('w', &NAMED, false),
    ('p', &[Trait::Phone, Trait::Email], true),
    (
        'e',
        &[Trait::Phone, Trait::Email, Trait::FirstName, Trait::Surname],
        true,
    ),
    ('h', &[Trait::Address], true),
];

/// What says nothing of people who were chosen by their names.
const NAMED: [Trait; 4] = [
    Trait::FirstName,
    Trait::Surname,
    Trait::Gender,
    Trait::Email,
];

/// Chances by trait and level.
type Chart = [[f64; 11]; 8];
/// Patterns and how often each was seen.
type Seen = HashMap<Pattern, f64>;

/// Learns the chances of all levels. The thresholds, the prior and the shares stay those of `start`.
///
/// `register` holds everybody once; `later` holds some of them again.
pub fn learn<'a>(
    register: &'a [Traits],
    later: impl Iterator<Item = &'a Traits> + Clone,
    start: &Model,
    seed: u64,
) -> Model {
    let table = |kind, start| {
        let of_kind = |traits: &&Traits| traits.kind == kind;
        let once: Vec<&Traits> = register.iter().filter(of_kind).collect();
        let all = once.iter().copied().chain(later.clone().filter(of_kind));
        table_of(&all.collect::<Vec<_>>(), once.len(), start, seed)
    };
    Model {
        carer: table(Kind::Carer, &start.carer),
        child: table(Kind::Child, &start.child),
        ..start.clone()
    }
}

/// The chances for people of one kind, of whom the first `once` are all different.
fn table_of(people: &[&Traits], once: usize, start: &Table, seed: u64) -> Table {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let prepared: Vec<Prepared> = people.iter().map(|traits| Prepared::new(traits)).collect();
    let strangers = strangers(&prepared[..once], &mut random);
    let first = |of: fn(&Chances) -> f64| chart(start, of);
    let (same, household) = (first(|c| c.same), first(|c| c.household));
    let mut sums = [[[0.0; 11]; 8]; 2];
    for (letter, silent, homes) in RULES {
        let seen = pairs(people, &prepared, letter, &mut random);
        let fitted = fit(&seen, silent, homes, [&same, &household, &strangers]);
        for (class, counts) in fitted.into_iter().enumerate() {
            for compared in Trait::ALL.into_iter().filter(|t| !silent.contains(t)) {
                for level in compared.levels() {
                    let (t, l) = (compared as usize, *level as usize);
                    sums[class][t][l] += counts[t][l];
                }
            }
        }
    }
    let mut table = BTreeMap::new();
    for compared in Trait::ALL {
        let mut levels = BTreeMap::new();
        let t = compared as usize;
        for level in compared.levels() {
            let l = *level as usize;
            let chances = Chances {
                same: rounded(share(&sums[0][t], l, compared.levels())),
                stranger: rounded(strangers[t][l]),
                household: rounded(
                    share(&sums[1][t], l, compared.levels()).max(least_in_a_household(compared)),
                ),
            };
            levels.insert(level.key().to_owned(), chances);
        }
        table.insert(compared.key().to_owned(), levels);
    }
    table
}

fn chart(table: &Table, of: fn(&Chances) -> f64) -> Chart {
    let mut chart = [[0.0; 11]; 8];
    for compared in Trait::ALL {
        for level in compared.levels() {
            let chances = table.get(compared.key()).and_then(|l| l.get(level.key()));
            chart[compared as usize][*level as usize] = chances.map_or(LEAST, of);
        }
    }
    chart
}

/// The share of one level among counts.
fn share(counts: &[f64; 11], level: usize, levels: &[Level]) -> f64 {
    let total: f64 = levels.iter().map(|level| counts[*level as usize]).sum();
    if total > 0.0 {
        (counts[level] / total).max(LEAST)
    } else {
        LEAST
    }
}

/// Three digits are more than is known.
fn rounded(chance: f64) -> f64 {
    let scale = 10_f64.powf(2.0 - chance.log10().floor());
    (chance * scale).round() / scale
}

fn strangers(people: &[Prepared], random: &mut impl Rng) -> Chart {
    let mut counts = [[0.5; 11]; 8];
    for _ in 0..RANDOM_PAIRS {
        let (a, b) = (
            random.random_range(0..people.len()),
            random.random_range(0..people.len()),
        );
        if a != b {
            for (compared, level) in index(&people[a].pattern(&people[b])) {
                counts[compared][level] += 1.0;
            }
        }
    }
    let mut shares = counts;
    for compared in Trait::ALL {
        let t = compared as usize;
        let total: f64 = compared
            .levels()
            .iter()
            .map(|l| counts[t][*l as usize])
            .sum();
        for level in compared.levels() {
            shares[t][*level as usize] = counts[t][*level as usize] / total;
        }
    }
    // Too few of the pairs have two numbers: who has the same by mistake is counted among all.
    shares[Trait::NhsNumber as usize][Level::Equal as usize] = same_number(people);
    shares
}

/// The chance that two strangers stand with one NHS number.
fn same_number(people: &[Prepared]) -> f64 {
    let (mut bearers, mut all) = (HashMap::<&str, f64>::new(), 0.0);
    for number in people.iter().filter_map(|p| p.nhs_number.as_ref()) {
        *bearers.entry(number.digits()).or_default() += 1.0;
        all += 1.0;
    }
    let together: f64 = bearers.values().map(|count| count * (count - 1.0)).sum();
    (together / f64::max(all * (all - 1.0), 1.0)).max(LEAST_OF_STRANGERS)
}

/// The patterns of all pairs that share a key of one sort.
fn pairs(people: &[&Traits], prepared: &[Prepared], letter: char, random: &mut impl Rng) -> Seen {
    let mut blocks: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, traits) in people.iter().enumerate() {
        for key in SearchKeys::of(traits).own {
            if key.chars().nth(1) == Some(letter) {
                blocks.entry(key).or_default().push(place);
            }
        }
    }
    let mut seen = Seen::new();
    for block in blocks.values().filter(|block| block.len() > 1) {
        let drawn: Vec<usize> = block
            .choose_multiple(random, LARGEST_BLOCK)
            .copied()
            .collect();
        for (index, a) in drawn.iter().enumerate() {
            for b in &drawn[index + 1..] {
                *seen.entry(prepared[*a].pattern(&prepared[*b])).or_default() += 1.0;
            }
        }
    }
    seen
}

/// EM over pairs of three classes: one person, one household, strangers. Returns how often each level is expected among
/// the first two; none for households where they cannot be learned.
fn fit(seen: &Seen, silent: &[Trait], homes: bool, start: [&Chart; 3]) -> [Chart; 2] {
    let mut chances = start.map(|chart| *chart);
    let mut shares = [0.3, 0.3, 0.4];
    let mut expected = [[[0.0; 11]; 8]; 3];
    let patterns: Vec<(Vec<(usize, usize)>, f64)> = {
        let mut sorted: Vec<(Vec<(usize, usize)>, f64)> = seen
            .iter()
            .map(|(pattern, count)| {
                let told =
                    index(pattern).filter(|(t, _)| !silent.iter().any(|s| *s as usize == *t));
                (told.collect(), *count)
            })
            .collect();
        // The order of a hash map is random, and sums of floating point depend on it.
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        sorted
    };
    for _ in 0..ROUNDS {
        expected = [[[0.0; 11]; 8]; 3];
        let mut mass = [0.0; 3];
        for (levels, count) in &patterns {
            let mut each = [0, 1, 2].map(|class: usize| {
                let of = |(t, l): &(usize, usize)| chances[class][*t][*l].max(1e-9);
                shares[class] * levels.iter().map(of).product::<f64>()
            });
            let total: f64 = each.iter().sum();
            if total <= 0.0 {
                continue;
            }
            for (class, each) in each.iter_mut().enumerate() {
                *each *= count / total;
                mass[class] += *each;
                for (t, l) in levels {
                    expected[class][*t][*l] += *each;
                }
            }
        }
        let all: f64 = mass.iter().sum::<f64>().max(1.0);
        shares = mass.map(|mass| (mass / all).max(1e-6));
        for class in 0..if homes { 2 } else { 1 } {
            for compared in Trait::ALL {
                let t = compared as usize;
                if expected[class][t].iter().sum::<f64>() > 20.0 {
                    for level in compared.levels() {
                        let l = *level as usize;
                        chances[class][t][l] = share(&expected[class][t], l, compared.levels());
                    }
                }
            }
        }
    }
    let nobody = [[0.0; 11]; 8];
    [expected[0], if homes { expected[1] } else { nobody }]
}
