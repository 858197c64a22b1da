//! What is known of names before anybody is compared: which are forms of one name, and how many people bear them.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

/// Groups of names of which any two may be one person's, one group a line, names in the folded spelling.
const GROUPS: &str = include_str!("variants.txt");

/// Shares of names among people, shared with the reader; sources and licences stand in the README beside the lists.
const SURNAMES: &[u8] = include_bytes!("../../workers/reader/lists/surnames.fst");
const CARERS: &[u8] = include_bytes!("../../workers/reader/lists/first-names-carers.fst");
const CHILDREN: &[u8] = include_bytes!("../../workers/reader/lists/first-names-children.fst");

/// Natural logarithms in the lists go in steps of this.
const LIST_STEP: f64 = 1.0 / 32.0;

/// A list of names with their shares.
pub type List = fst::Map<&'static [u8]>;

/// The lists.
pub struct Lists {
    /// Surnames.
    pub surnames: List,
    /// First names of adults.
    pub carers: List,
    /// First names of children.
    pub children: List,
}

/// The lists, opened once.
pub static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let open = |bytes| List::new(bytes).expect("the lists of names in the repository are whole");
    Lists {
        surnames: open(SURNAMES),
        carers: open(CARERS),
        children: open(CHILDREN),
    }
});

/// The share that `steps` of a list stand for.
pub fn share_of_steps(steps: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few hundred steps")]
    let steps = steps as f64;
    (-steps * LIST_STEP).exp()
}

/// The share of people who bear a name in the folded spelling; `None` when the list does not know it.
pub fn share(list: &List, name: &str) -> Option<f64> {
    list.get(name.to_uppercase()).map(share_of_steps)
}

struct Variants {
    groups_of: HashMap<&'static str, Vec<usize>>,
    /// The first name of the cluster of groups that hang together through a name.
    head_of: HashMap<&'static str, &'static str>,
}

static VARIANTS: LazyLock<Variants> = LazyLock::new(|| {
    let groups: Vec<Vec<&str>> = GROUPS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_whitespace().collect())
        .filter(|group: &Vec<&str>| !group.is_empty())
        .collect();
    let mut groups_of: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, group) in groups.iter().enumerate() {
        for name in group {
            groups_of.entry(name).or_default().push(index);
        }
    }
    let mut head_of: HashMap<&str, &str> = HashMap::new();
    let mut seen = HashSet::new();
    for first in 0..groups.len() {
        let mut open = vec![first];
        while let Some(index) = open.pop() {
            if seen.insert(index) {
                for name in &groups[index] {
                    head_of.insert(name, groups[first][0]);
                    open.extend(&groups_of[name]);
                }
            }
        }
    }
    Variants { groups_of, head_of }
});

/// Whether two different names stand in one group.
pub fn are_variants(a: &str, b: &str) -> bool {
    let groups = |name| VARIANTS.groups_of.get(name);
    match (groups(a), groups(b)) {
        (Some(a), Some(b)) => a.iter().any(|group| b.contains(group)),
        _ => false,
    }
}

/// One name for all names that may be found when this one is looked for.
pub fn head(name: &str) -> &str {
    VARIANTS.head_of.get(name).copied().unwrap_or(name)
}

/// The groups, for a generator of people.
pub fn variants_of(name: &str) -> Vec<&'static str> {
    static LINES: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
        GROUPS
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_whitespace().collect())
            .filter(|group: &Vec<&str>| !group.is_empty())
            .collect()
    });
    LINES
        .iter()
        .filter(|group| group.contains(&name))
        .flatten()
        .copied()
        .filter(|other| *other != name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_short_forms_and_other_alphabets() {
        assert!(are_variants("kate", "catherine"));
        assert!(are_variants("mohammed", "muhammad"));
        assert!(are_variants("hussain", "hussein"));
        assert!(!are_variants("alexander", "alexandra"));
        assert!(!are_variants("ava", "eva"));
        assert_eq!(head("alexander"), head("alexandra"));
    }

    #[test]
    fn knows_that_smiths_are_many() {
        let share = |name| share(&LISTS.surnames, name).expect("in the list");
        assert!(share("smith") > 20.0 * share("thornbury"));
    }
}
