//! Makes the tables in `workers/reader/lists` from the words that `derive.py` wrote.
//!
//! `cargo run --example lists -- FOLDER_OF_TSV workers/reader/lists`

use std::path::Path;

use anyhow::Context as _;
use enrol_reader::handwriting::knowledge::words::{
    EDGE, LIST_STEP, SPELLING_STEP, SYMBOLS, symbol,
};

const LISTS: [&str; 8] = [
    "surnames",
    "first-names-carers",
    "first-names-children",
    "words",
    "languages",
    "towns",
    "addresses",
    "family",
];
/// Which lists each spelling model learns from.
const SPELLINGS: [(&str, &[&str]); 3] = [
    ("surnames", &["surnames"]),
    (
        "first-names",
        &["first-names-carers", "first-names-children"],
    ),
    ("words", &["words"]),
];

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let from = arguments.next().context("the folder of .tsv files")?;
    let to = arguments.next().context("the folder to write to")?;
    for list in LISTS {
        write_list(Path::new(&from), Path::new(&to), list)?;
    }
    for (name, lists) in SPELLINGS {
        let mut words = Vec::new();
        for list in lists {
            words.extend(
                read(Path::new(&from), list)?
                    .into_iter()
                    .map(|(word, _)| word),
            );
        }
        std::fs::write(
            Path::new(&to).join(format!("{name}.spelling")),
            spelling(&words),
        )?;
    }
    Ok(())
}

fn read(folder: &Path, list: &str) -> anyhow::Result<Vec<(String, f64)>> {
    let text = std::fs::read_to_string(folder.join(format!("{list}.tsv")))?;
    text.lines()
        .map(|line| {
            let (word, share) = line.split_once('\t').context("a word, a tab, a share")?;
            Ok((word.to_owned(), share.parse()?))
        })
        .collect()
}

fn write_list(from: &Path, to: &Path, list: &str) -> anyhow::Result<()> {
    let mut builder = fst::MapBuilder::memory();
    let mut words = read(from, list)?;
    words.sort_by(|a, b| a.0.cmp(&b.0));
    for (word, share) in words {
        // Rare words in coarse steps: the automaton shares far more of its ends.
        let steps = (-share.ln() / LIST_STEP / 16.0).round() as u64 * 16;
        builder.insert(word, steps)?;
    }
    std::fs::write(to.join(format!("{list}.fst")), builder.into_inner()?)?;
    Ok(())
}

/// Costs of each symbol after three others, smoothed after Witten and Bell (1991): an unseen follower gets the share
/// that its shorter context gives it, in proportion to how often contexts like this one had new followers.
fn spelling(words: &[String]) -> Vec<u8> {
    let contexts = |n: u32| SYMBOLS.pow(n);
    let mut counts: Vec<Vec<f64>> = (0..4).map(|n| vec![0.0; contexts(n + 1)]).collect();
    for word in words {
        let mut context = contexts(3) - 1;
        for next in word.bytes().filter_map(symbol).chain([EDGE]) {
            for (n, counts) in counts.iter_mut().enumerate() {
                counts[context % contexts(n as u32) * SYMBOLS + next] += 1.0;
            }
            context = (context * SYMBOLS + next) % contexts(3);
        }
    }
    let mut shares = vec![1.0 / SYMBOLS as f64; SYMBOLS];
    for (n, counts) in counts.iter().enumerate() {
        let mut longer = vec![0.0; counts.len()];
        for context in 0..contexts(n as u32) {
            let row = &counts[context * SYMBOLS..(context + 1) * SYMBOLS];
            let total: f64 = row.iter().sum();
            let kinds = row.iter().filter(|c| **c > 0.0).count().max(1) as f64;
            let shorter = if n == 0 {
                0
            } else {
                context % contexts(n as u32 - 1)
            };
            for next in 0..SYMBOLS {
                let behind = shares[shorter * SYMBOLS + next];
                longer[context * SYMBOLS + next] = (row[next] + kinds * behind) / (total + kinds);
            }
        }
        shares = longer;
    }
    shares
        .iter()
        .map(|share| (-share.ln() / SPELLING_STEP).round().clamp(0.0, 255.0) as u8)
        .collect()
}
