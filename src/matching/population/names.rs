//! Names by community, the first of a list the most frequent, as Zipf found.

use std::sync::LazyLock;

use fst::Streamer as _;
use rand::Rng;
use serde::Deserialize;

use crate::matching::names::{LISTS, List, share_of_steps};

#[derive(Deserialize)]
struct File {
    community: Vec<Lists>,
}

#[derive(Deserialize)]
struct Lists {
    share: f64,
    #[serde(default)]
    any: bool,
    women: String,
    men: String,
    girls: String,
    boys: String,
    surnames: String,
    /// Share of people with a second first name that tells namesakes apart.
    #[serde(default)]
    second: f64,
    /// Share of people with two surnames.
    #[serde(default)]
    double: f64,
}

/// Names that go together.
pub struct Community {
    share: f64,
    any: bool,
    women: Vec<String>,
    men: Vec<String>,
    girls: Vec<String>,
    boys: Vec<String>,
    surnames: Vec<String>,
    /// Share of people with a second first name.
    pub second: f64,
    /// Share of people with two surnames.
    pub double: f64,
}

/// Whose first name is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    Woman,
    Man,
    Girl,
    Boy,
}

static COMMUNITIES: LazyLock<Vec<Community>> = LazyLock::new(|| {
    let file: File =
        toml::from_str(include_str!("communities.toml")).expect("the communities are whole");
    let list = |text: String| text.split_whitespace().map(str::to_owned).collect();
    let of = |lists: Lists| Community {
        share: lists.share,
        any: lists.any,
        women: list(lists.women),
        men: list(lists.men),
        girls: list(lists.girls),
        boys: list(lists.boys),
        surnames: list(lists.surnames),
        second: lists.second,
        double: lists.double,
    };
    file.community.into_iter().map(of).collect()
});

/// The long tail: all names of a list with the sum of shares up to each.
struct Tail(Vec<(f64, String)>);

impl Tail {
    fn new(list: &List) -> Self {
        let mut sum = 0.0;
        let mut names = Vec::with_capacity(list.len());
        let mut stream = list.stream();
        while let Some((name, steps)) = stream.next() {
            sum += share_of_steps(steps);
            names.push((sum, title_case(&String::from_utf8_lossy(name))));
        }
        Self(names)
    }

    fn draw(&self, random: &mut impl Rng) -> String {
        let total = self.0.last().map_or(0.0, |(sum, _)| *sum);
        let at = random.random_range(0.0..total);
        let place = self.0.partition_point(|(sum, _)| *sum <= at);
        self.0[place.min(self.0.len() - 1)].1.clone()
    }
}

struct Tails {
    surnames: Tail,
    carers: Tail,
    children: Tail,
}

static TAILS: LazyLock<Tails> = LazyLock::new(|| Tails {
    surnames: Tail::new(&LISTS.surnames),
    carers: Tail::new(&LISTS.carers),
    children: Tail::new(&LISTS.children),
});

/// A community, by its share of households.
pub fn community(random: &mut impl Rng) -> &'static Community {
    let total: f64 = COMMUNITIES.iter().map(|c| c.share).sum();
    let mut at = random.random_range(0.0..total);
    for community in COMMUNITIES.iter() {
        at -= community.share;
        if at < 0.0 {
            return community;
        }
    }
    &COMMUNITIES[0]
}

impl Community {
    /// A surname.
    pub fn surname(&self, random: &mut impl Rng) -> String {
        if self.any && random.random_bool(0.93) {
            TAILS.surnames.draw(random)
        } else {
            by_rank(&self.surnames, random)
        }
    }

    /// A first name.
    pub fn first_name(&self, bearer: Bearer, random: &mut impl Rng) -> String {
        let (list, tail) = match bearer {
            Bearer::Woman => (&self.women, &TAILS.carers),
            Bearer::Man => (&self.men, &TAILS.carers),
            Bearer::Girl => (&self.girls, &TAILS.children),
            Bearer::Boy => (&self.boys, &TAILS.children),
        };
        if self.any && random.random_bool(0.25) {
            tail.draw(random)
        } else {
            by_rank(list, random)
        }
    }
}

/// The second name of a list half as often as the first, the third a third as often, softened by an offset.
fn by_rank(list: &[String], random: &mut impl Rng) -> String {
    const OFFSET: f64 = 4.0;
    #[expect(clippy::cast_precision_loss, reason = "short lists")]
    let weight = |rank: usize| 1.0 / (rank as f64 + OFFSET);
    let mut at = random.random_range(0.0..(0..list.len()).map(weight).sum());
    for (rank, name) in list.iter().enumerate() {
        at -= weight(rank);
        if at < 0.0 {
            return name.clone();
        }
    }
    list[0].clone()
}

/// `O'NEIL` as `O'Neil`.
pub fn title_case(name: &str) -> String {
    let mut begins = true;
    name.chars()
        .flat_map(|letter| {
            let shown: Vec<char> = if begins {
                letter.to_uppercase().collect()
            } else {
                letter.to_lowercase().collect()
            };
            begins = !letter.is_alphabetic();
            shown
        })
        .collect()
}
