//! How well a small town is matched, in memory. The figures of a large one are in README.md; these bounds leave room for
//! the small number of people and fail when a rule or a parameter goes wrong.

use crate::matching::{
    Parameters,
    evaluation::{self, Index},
    population::{self, Story},
};

#[test]
fn a_small_town_is_matched_as_well_as_ever() {
    let town = population::generate(3_000, 11);
    let index = Index::new(&town.register);
    let (_, figures) = evaluation::judge(Parameters::bundled(), &town, usize::MAX, |traits| {
        index.candidates(traits)
    });
    assert_eq!(
        figures.precision.count, figures.precision.of,
        "{figures:#?}"
    );
    assert_eq!(figures.strangers_taken.count, 0, "{figures:#?}");
    assert!(figures.recall.share > 0.85, "{figures:#?}");
    assert!(figures.recall_with_clerk.share > 0.98, "{figures:#?}");
    assert!(figures.clerk.share < 0.13, "{figures:#?}");
    let twins = figures.stories[&Story::Twin];
    assert!(
        twins.forms > 0 && twins.right + twins.wrong == 0,
        "{twins:?}"
    );
}
