//! `enrol matching`: learns the parameters of the matching of people and measures it.

mod database;

use std::{path::PathBuf, process::ExitCode, time::Instant};

use anyhow::Context as _;

use super::Global;
use crate::matching::{
    Parameters,
    evaluation::{self, Figures, Index},
    learning,
    population::{self, Population},
};

/// Learn and measure the matching of people, on an invented town
#[derive(Debug, clap::Subcommand)]
pub enum MatchingArgs {
    Learn(LearnArgs),
    Evaluate(EvaluateArgs),
}

/// Learn the weights without labels, choose the thresholds, and write the parameters
#[derive(Debug, clap::Args)]
pub struct LearnArgs {
    /// People on the invented register
    #[arg(long, default_value_t = 100_000)]
    people: usize,
    /// Seed of the town; evaluate on another
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Most pairs in a thousand said to be one person that may not be, as an upper bound
    #[arg(long, default_value_t = 1.0)]
    wrong_per_thousand: f64,
    /// Pairs in a thousand that are one person and may be taken for two without a clerk
    #[arg(long, default_value_t = 2.5)]
    missed_per_thousand: f64,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    write: PathBuf,
}

/// Precision, recall and share of clerks at the thresholds, pairs per second, milliseconds for each search
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// People on the invented register; several with commas between show the growth
    #[arg(long, value_delimiter = ',', default_value = "100000")]
    people: Vec<usize>,
    /// Seed of the town
    #[arg(long, default_value_t = 2)]
    seed: u64,
    /// Later forms' people to look up at most
    #[arg(long, default_value_t = 20_000)]
    arrivals: usize,
    /// Search in a PostgreSQL of its own instead of in memory, as Enrol does
    #[arg(long)]
    database: bool,
    /// Parameters to use instead of the bundled ones
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// Write the figures to this file as JSON
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// A file cannot be written or PostgreSQL does not start.
pub fn run(_global: &Global, args: &MatchingArgs) -> anyhow::Result<ExitCode> {
    match args {
        MatchingArgs::Learn(args) => learn(args)?,
        MatchingArgs::Evaluate(args) => evaluate(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn learn(args: &LearnArgs) -> anyhow::Result<()> {
    let town = population::generate(args.people, args.seed);
    println!(
        "{} people, {} arrivals",
        town.register.len(),
        town.arrivals.len()
    );
    let later = town.arrivals.iter().map(|arrival| &arrival.traits);
    let start = Parameters::bundled().model();
    let mut model = learning::learn(&town.register, later, start, args.seed);
    (model.same_from, model.unsure_from) = (f64::MAX, f64::MIN);
    let parameters = Parameters::new(model.clone())?;
    let (judged, _) = in_memory(&parameters, &town, usize::MAX);
    (model.same_from, model.unsure_from) = evaluation::thresholds(
        &judged,
        args.wrong_per_thousand / 1000.0,
        args.missed_per_thousand / 1000.0,
    );
    anyhow::ensure!(
        model.same_from.is_finite(),
        "too few people to find a threshold: nothing is written; raise --people"
    );
    let text = format!(
        "# Parameters of the matching of people, explained in README.md beside this file. Made by\n\
         #   enrol matching learn --people {} --seed {}\n{}",
        args.people,
        args.seed,
        toml::to_string(&model)?
    );
    std::fs::write(&args.write, text)
        .with_context(|| format!("cannot write {}", args.write.display()))?;
    println!(
        "same from {}, unsure from {}",
        model.same_from, model.unsure_from
    );
    Ok(())
}

fn in_memory(
    parameters: &Parameters,
    town: &Population,
    most: usize,
) -> (Vec<evaluation::Judged>, Figures) {
    let index = Index::new(&town.register);
    evaluation::judge(parameters, town, most, |traits| index.candidates(traits))
}

fn evaluate(args: &EvaluateArgs) -> anyhow::Result<()> {
    let parameters = match &args.parameters {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            Parameters::from_toml(&text)?
        }
        None => Parameters::bundled().clone(),
    };
    let mut all = Vec::new();
    for people in &args.people {
        let began = Instant::now();
        let town = population::generate(*people, args.seed);
        println!(
            "{people} people, {} arrivals, made in {:.0?}",
            town.arrivals.len(),
            began.elapsed()
        );
        let (figures, searches) = if args.database {
            let (figures, searches) = database::evaluate(&parameters, &town, args.arrivals)?;
            (figures, Some(searches))
        } else {
            (in_memory(&parameters, &town, args.arrivals).1, None)
        };
        print(&figures);
        if let Some(searches) = &searches {
            println!("{searches}");
        }
        all.push(
            serde_json::json!({ "seed": args.seed, "figures": figures, "searches": searches }),
        );
    }
    if let [first, .., last] = &all[..] {
        let median = |run: &serde_json::Value| run["searches"]["median_ms"].as_f64();
        if let (Some(small), Some(large)) = (median(first), median(last)) {
            println!("growth of the median search: {:.2} times", large / small);
        }
    }
    if let Some(path) = &args.write {
        std::fs::write(path, serde_json::to_string_pretty(&all)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn print(figures: &Figures) {
    println!("precision of same       {}", figures.precision);
    println!("recall of same          {}", figures.recall);
    println!("recall with clerk       {}", figures.recall_with_clerk);
    println!("lost by blocking        {}", figures.lost_by_blocking);
    println!("strangers taken         {}", figures.strangers_taken);
    println!("for a clerk             {}", figures.clerk);
    println!("candidates each         {:.1}", figures.candidates_each);
    println!(
        "pairs per second        {:.0}, folding included; {:.0} folded before",
        figures.pairs_per_second, figures.folded_pairs_per_second
    );
    println!(
        "{:<14}{:>8}{:>8}{:>8}{:>8}{:>8}",
        "", "forms", "right", "wrong", "clerk", "new"
    );
    for (story, o) in &figures.stories {
        let name = format!("{story:?}");
        println!(
            "{name:<14}{:>8}{:>8}{:>8}{:>8}{:>8}",
            o.forms, o.right, o.wrong, o.clerk, o.new
        );
    }
}
