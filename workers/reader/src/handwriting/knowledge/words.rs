//! Words: a list with weights, and beside it a spelling model under which every row of letters is a word.

use std::sync::LazyLock;

use fst::raw::Fst;

/// Costs in the lists are natural logarithms of shares, negated, in steps of this size.
pub const LIST_STEP: f64 = 1.0 / 32.0;
/// Costs in the spelling models, as above; one byte each.
pub const SPELLING_STEP: f64 = 1.0 / 16.0;
/// Symbols of a spelling model: A to Z, the apostrophe, and the edge of a word.
pub const SYMBOLS: usize = 28;
/// The symbol before and after a word.
pub const EDGE: usize = 27;

/// The symbol of a letter in either case or an apostrophe; `None` for what is no part of a word.
pub fn symbol(character: u8) -> Option<usize> {
    match character.to_ascii_uppercase() {
        b'\'' => Some(26),
        c @ b'A'..=b'Z' => Some(usize::from(c - b'A')),
        _ => None,
    }
}

/// A word list and a spelling model mixed: a word's weight is `listed` times its share of the list plus the rest
/// times what the spelling model gives it.
pub struct Vocabulary {
    list: Fst<&'static [u8]>,
    /// Cost of a symbol after three others, the oldest first.
    spelling: &'static [u8],
    /// Weight of the list in the mixture, 0 to 1.
    listed: f64,
}

/// A word begun. Its list state is `OFF_LIST` once no listed word begins like it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Begun {
    /// Node of the list.
    pub node: u64,
    /// The last three symbols.
    pub context: u32,
    /// How much of the weight so far is the list's, 0 to 1.
    pub listed: f64,
}

const OFF_LIST: u64 = u64::MAX;

/// Which words a place may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Surnames.
    Surnames,
    /// First names of grown-ups.
    CarersFirstNames,
    /// First names of small children.
    ChildrensFirstNames,
    /// Words of free lines: English, places, languages, family, health.
    Free,
    /// Names of languages.
    Languages,
    /// Towns and villages of the United Kingdom.
    Towns,
    /// Streets and houses.
    Addresses,
    /// What somebody is to a child.
    Family,
}

/// The list's weight for names. Assumed: the share of names that are listed has not been measured.
const LISTED_NAMES: f64 = 0.7;
/// The list's weight in free text.
const LISTED_WORDS: f64 = 0.8;
/// The weight of lists that name nearly all there is. Assumed too.
const LISTED_NEARLY_ALL: f64 = 0.95;

macro_rules! vocabulary {
    ($list:literal, $spelling:literal, $share:expr) => {
        LazyLock::new(|| {
            Vocabulary::new(
                include_bytes!(concat!("../../../lists/", $list, ".fst")),
                include_bytes!(concat!("../../../lists/", $spelling, ".spelling")),
                $share,
            )
            .expect("the lists in this program are whole")
        })
    };
}

static SURNAMES: LazyLock<Vocabulary> = vocabulary!("surnames", "surnames", LISTED_NAMES);
static CARERS: LazyLock<Vocabulary> =
    vocabulary!("first-names-carers", "first-names", LISTED_NAMES);
static CHILDREN: LazyLock<Vocabulary> =
    vocabulary!("first-names-children", "first-names", LISTED_NAMES);
static FREE: LazyLock<Vocabulary> = vocabulary!("words", "words", LISTED_WORDS);
static LANGUAGES: LazyLock<Vocabulary> = vocabulary!("languages", "words", LISTED_NEARLY_ALL);
static TOWNS: LazyLock<Vocabulary> = vocabulary!("towns", "words", LISTED_NEARLY_ALL);
static ADDRESSES: LazyLock<Vocabulary> = vocabulary!("addresses", "words", LISTED_WORDS);
static FAMILY: LazyLock<Vocabulary> = vocabulary!("family", "words", LISTED_NEARLY_ALL);

impl Words {
    /// The vocabulary built into the program.
    pub fn vocabulary(self) -> &'static Vocabulary {
        match self {
            Self::Surnames => &SURNAMES,
            Self::CarersFirstNames => &CARERS,
            Self::ChildrensFirstNames => &CHILDREN,
            Self::Free => &FREE,
            Self::Languages => &LANGUAGES,
            Self::Towns => &TOWNS,
            Self::Addresses => &ADDRESSES,
            Self::Family => &FAMILY,
        }
    }
}

impl Vocabulary {
    /// From a list as the crate `fst` writes it and a spelling table of [`SYMBOLS`] to the fourth power.
    ///
    /// # Errors
    /// The bytes are no list.
    pub fn new(
        list: &'static [u8],
        spelling: &'static [u8],
        listed: f64,
    ) -> Result<Self, fst::Error> {
        Ok(Self {
            list: Fst::new(list)?,
            spelling,
            listed,
        })
    }

    /// The state before a word.
    pub fn begin(&self) -> Begun {
        Begun {
            node: self.list.root().addr() as u64,
            context: edges(),
            listed: self.listed,
        }
    }

    /// The state after one more letter or apostrophe and the weight of that step; `None` for other characters.
    pub fn step(&self, begun: Begun, character: u8) -> Option<(Begun, f64)> {
        let symbol = symbol(character)?;
        let own = self.spelling(begun.context, symbol);
        let (node, list) = self.follow(begun.node, character.to_ascii_uppercase());
        let (of_list, of_spelling) = (begun.listed * list, (1.0 - begun.listed) * own);
        let weight = of_list + of_spelling;
        (weight > 0.0).then(|| {
            let next = Begun {
                node,
                context: (begun.context * SYMBOLS as u32 + symbol as u32) % cube(),
                listed: of_list / weight,
            };
            (next, weight)
        })
    }

    /// The weight of the word's end.
    pub fn end(&self, begun: Begun) -> f64 {
        begun.listed * self.list_end(begun.node)
            + (1.0 - begun.listed) * self.spelling(begun.context, EDGE)
    }

    /// Whether a word is on the list.
    pub fn is_listed(&self, word: &str) -> bool {
        self.list.get(word.to_ascii_uppercase()).is_some()
    }

    fn follow(&self, node: u64, letter: u8) -> (u64, f64) {
        if node == OFF_LIST {
            return (OFF_LIST, 0.0);
        }
        let node = self.list.node(node as usize);
        match node.find_input(letter) {
            Some(index) => {
                let transition = node.transition(index);
                (transition.addr as u64, cost(transition.out.value()))
            }
            None => (OFF_LIST, 0.0),
        }
    }

    fn list_end(&self, node: u64) -> f64 {
        if node == OFF_LIST {
            return 0.0;
        }
        let node = self.list.node(node as usize);
        if node.is_final() {
            cost(node.final_output().value())
        } else {
            0.0
        }
    }

    fn spelling(&self, context: u32, symbol: usize) -> f64 {
        self.spelling
            .get(context as usize * SYMBOLS + symbol)
            .map_or(0.0, |c| (-f64::from(*c) * SPELLING_STEP).exp())
    }
}

fn cost(steps: u64) -> f64 {
    (-(steps as f64) * LIST_STEP).exp()
}

const fn cube() -> u32 {
    (SYMBOLS * SYMBOLS * SYMBOLS) as u32
}

const fn edges() -> u32 {
    cube() - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn weight(words: Words, text: &str) -> f64 {
        let vocabulary = words.vocabulary();
        let mut begun = vocabulary.begin();
        let mut weight = 1.0;
        for byte in text.bytes() {
            let Some((next, step)) = vocabulary.step(begun, byte) else {
                return 0.0;
            };
            begun = next;
            weight *= step;
        }
        weight * vocabulary.end(begun)
    }

    #[test]
    fn usual_names_weigh_more_than_rare_ones_and_those_more_than_nonsense() {
        let surname = |name| weight(Words::Surnames, name);
        assert!(surname("SMITH") > surname("NETTLESHIP"));
        assert!(surname("NETTLESHIP") > 1000.0 * surname("XQZVWKJ"));
        assert!(surname("XQZVWKJ") > 0.0);
        assert!(surname("O'BRIEN") > surname("QOBRIEN"));
        assert!(
            weight(Words::ChildrensFirstNames, "OLIVIA")
                > weight(Words::CarersFirstNames, "OLIVIA")
        );
        assert!(weight(Words::Free, "asthma") > weight(Words::Free, "asthwa"));
        assert!(weight(Words::Towns, "Bedford") > 100.0 * weight(Words::Towns, "Redford"));
        assert!(
            weight(Words::Languages, "Tigrinya") > 100.0 * weight(Words::Languages, "Tigriuya")
        );
    }

    proptest! {
        /// The steps multiply to the mixture, whatever the letters.
        #[test]
        fn a_word_weighs_what_list_and_spelling_give_it(text in "[A-Z]{1,9}") {
            for words in [Words::Surnames, Words::Free, Words::Languages] {
                let v = words.vocabulary();
                let list = v.list.get(&text).map_or(0.0, |out| cost(out.value()));
                let mut context = edges();
                let mut spelt = 1.0;
                for symbol in text.bytes().filter_map(symbol).chain([EDGE]) {
                    spelt *= v.spelling(context, symbol);
                    context = (context * SYMBOLS as u32 + symbol as u32) % cube();
                }
                let expected = v.listed * list + (1.0 - v.listed) * spelt;
                prop_assert!((weight(words, &text) / expected - 1.0).abs() < 1e-9);
            }
        }

        #[test]
        fn spelling_shares_sum_to_one(a in 0u32..26, b in 0u32..26, c in 0u32..26) {
            let context = (a * 28 + b) * 28 + c;
            let sum: f64 = (0..SYMBOLS).map(|s| Words::Surnames.vocabulary().spelling(context, s)).sum();
            prop_assert!((sum - 1.0).abs() < 0.05, "{}", sum);
        }
    }
}
