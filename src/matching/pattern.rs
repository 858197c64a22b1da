//! How two people agree in every trait, before any weight is given to it.

use super::{Level, Trait};

/// The level of each trait in the order of [`Trait::ALL`]; `None` where one side is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pattern(pub [Option<Level>; 8]);

impl Pattern {
    /// How a trait agrees.
    pub fn level(&self, compared: Trait) -> Option<Level> {
        self.0[compared as usize]
    }

    /// Whether a trait agrees in one of these levels.
    pub fn is(&self, compared: Trait, levels: &[Level]) -> bool {
        self.level(compared)
            .is_some_and(|level| levels.contains(&level))
    }

    /// What is compared and how it agrees.
    pub fn known(&self) -> impl Iterator<Item = (Trait, Level)> + '_ {
        Trait::ALL
            .into_iter()
            .filter_map(|compared| Some((compared, self.level(compared)?)))
    }
}

/// Trait and level as places in tables of chances.
pub fn index(pattern: &Pattern) -> impl Iterator<Item = (usize, usize)> + '_ {
    pattern
        .known()
        .map(|(compared, level)| (compared as usize, level as usize))
}
