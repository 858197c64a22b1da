//! The numbers of the model: how often each trait agrees how well, for one person and for two.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

use super::{
    Comparison, Kind, Level, Namesakes, Prepared, Reason, Trait, Verdict, safeguards::Safeguard,
};

/// The file of parameters, learned by `enrol matching learn`.
const BUNDLED: &str = include_str!("parameters.toml");

/// Probabilities of one level of one trait.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chances {
    /// Of one person, both times.
    pub same: f64,
    /// Of two strangers.
    pub stranger: f64,
    /// Of two people of one household.
    pub household: f64,
}

/// Levels by name, in traits by name.
pub type Table = BTreeMap<String, BTreeMap<String, Chances>>;

/// The file as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// At this weight and above two sets of traits are one person, safeguards permitting.
    pub same_from: f64,
    /// Below this weight they are two people.
    pub unsure_from: f64,
    /// Probability that any two people of one kind on the register are one.
    pub prior: f64,
    /// Probability that any two people of one kind live in one household.
    pub household_share: f64,
    /// Share assumed of a name that no list knows.
    pub unknown_name_share: f64,
    /// Adults.
    pub carer: Table,
    /// Children.
    pub child: Table,
}

/// A file of parameters that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// No TOML of this shape.
    #[error("the file of matching parameters cannot be read")]
    Syntax(#[from] toml::de::Error),
    /// A level without its probabilities, or one that is none.
    #[error("{kind}.{compared}.{level} needs probabilities above 0 and up to 1")]
    Chances {
        /// Carer or child.
        kind: &'static str,
        /// The trait.
        compared: &'static str,
        /// The level.
        level: &'static str,
    },
    /// Thresholds the wrong way round.
    #[error("same_from has to be above unsure_from")]
    Thresholds,
}

/// Logarithms to base 2 of the chances, made steady: a better level never speaks less for one person.
#[derive(Debug, Clone, Copy, Default)]
struct Logs {
    same: f64,
    stranger: f64,
    household: f64,
}

/// A model ready for use.
#[derive(Debug, Clone)]
pub struct Parameters {
    model: Model,
    carer: [[Logs; 11]; 8],
    child: [[Logs; 11]; 8],
}

impl Parameters {
    /// The parameters that come with Enrol.
    ///
    /// # Panics
    /// Never: a test reads the file.
    pub fn bundled() -> &'static Self {
        static PARAMETERS: LazyLock<Parameters> = LazyLock::new(|| {
            Parameters::from_toml(BUNDLED).expect("the bundled matching parameters are whole")
        });
        &PARAMETERS
    }

    /// Reads a file of parameters.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_toml(text: &str) -> Result<Self, ModelError> {
        Self::new(toml::from_str(text)?)
    }

    /// Makes a model ready for use.
    ///
    /// # Errors
    /// A level is missing or no probability.
    pub fn new(model: Model) -> Result<Self, ModelError> {
        if model.same_from <= model.unsure_from {
            return Err(ModelError::Thresholds);
        }
        Ok(Self {
            carer: steady("carer", &model.carer)?,
            child: steady("child", &model.child)?,
            model,
        })
    }

    /// The model as it is written to the file.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What follows from a comparison.
    pub fn verdict(&self, comparison: &Comparison) -> Verdict {
        if comparison.safeguard.is_some_and(Safeguard::settles)
            || comparison.weight < self.model.unsure_from
        {
            Verdict::Different
        } else if comparison.weight >= self.model.same_from && comparison.safeguard.is_none() {
            Verdict::Same
        } else {
            Verdict::Unsure
        }
    }

    /// Compares two people. `namesakes` are those on the register who bear the names of one of them, where that is known.
    pub fn compare(&self, a: &Prepared, b: &Prepared, namesakes: Option<Namesakes>) -> Comparison {
        let pattern = a.pattern(b);
        let safeguard = Safeguard::of(a, b, &pattern);
        if safeguard == Some(Safeguard::AnotherKind) {
            return Comparison {
                weight: f64::MIN,
                probability: 0.0,
                reasons: Vec::new(),
                safeguard,
            };
        }
        let mut each: Vec<(Trait, Level, Logs)> = pattern
            .known()
            .map(|(compared, level)| (compared, level, self.logs(a, b, compared, level)))
            .collect();
        if let Some(namesakes) = namesakes {
            self.weigh_names_together(a.kind, &mut each, namesakes);
        }
        let total = |of: fn(&Logs) -> f64| each.iter().map(|(_, _, logs)| of(logs)).sum::<f64>();
        let strangers = total(|l| l.stranger) + (1.0 - self.model.household_share).log2();
        let household = total(|l| l.household) + self.model.household_share.log2();
        let (larger, smaller) = (strangers.max(household), strangers.min(household));
        let two_people = larger + (1.0 + (smaller - larger).exp2()).log2();
        let weight = total(|l| l.same) - two_people;
        // Each trait is weighed against the likelier kind of two people, in proportion.
        let stranger_share = (strangers - two_people).exp2();
        let reasons = each
            .iter()
            .map(|(compared, level, logs)| Reason {
                compared: *compared,
                level: *level,
                weight: logs.same
                    - stranger_share * logs.stranger
                    - (1.0 - stranger_share) * logs.household,
            })
            .collect();
        let odds = (weight + self.model.prior.log2()).exp2();
        Comparison {
            weight,
            probability: 1.0 - 1.0 / (1.0 + odds),
            reasons,
            safeguard,
        }
    }

    /// Two names that agree say together how rare it is to bear both: people of one origin have their names from one
    /// stock, so that "Muhammad" and "Hussain" go together more often than either's share says.
    fn weigh_names_together(
        &self,
        kind: Kind,
        each: &mut [(Trait, Level, Logs)],
        namesakes: Namesakes,
    ) {
        let agrees = |(compared, level, _): &(Trait, Level, Logs)| match compared {
            Trait::FirstName => matches!(level, Level::Equal | Level::Variant),
            Trait::Surname => matches!(level, Level::Equal | Level::Variant | Level::Part),
            _ => false,
        };
        let names: Vec<&(Trait, Level, Logs)> = each.iter().filter(|e| agrees(e)).collect();
        if names.len() < 2 {
            return;
        }
        let apart: f64 = names.iter().map(|(_, _, logs)| logs.stranger).sum();
        let most: f64 = names
            .iter()
            .map(|(compared, level, logs)| match level {
                Level::Part => logs.same,
                _ => logs.same - self.least(kind, *compared),
            })
            .sum();
        let half = (namesakes.share(apart.exp2()).log2().min(most) - apart) / 2.0;
        for (_, _, logs) in each.iter_mut().filter(|e| agrees(e)) {
            logs.stranger += half;
        }
    }

    fn tables(&self, kind: Kind) -> &[[Logs; 11]; 8] {
        match kind {
            Kind::Carer => &self.carer,
            Kind::Child => &self.child,
        }
    }

    /// What a name that agrees says at the least, however common it is: as much as the next level.
    fn least(&self, kind: Kind, compared: Trait) -> f64 {
        let next = self.tables(kind)[compared as usize][Level::Misspelt as usize];
        (next.same - next.stranger).max(0.0)
    }

    fn logs(&self, a: &Prepared, b: &Prepared, compared: Trait, level: Level) -> Logs {
        let levels = &self.tables(a.kind)[compared as usize];
        let mut logs = levels[level as usize];
        let share = match (compared, level) {
            (Trait::FirstName, Level::Equal | Level::Variant) => Some(a.first_name_share(b)),
            (Trait::Surname, Level::Equal | Level::Variant) => Some(a.surname_share(b)),
            _ => None,
        };
        if (compared, level) == (Trait::FirstName, Level::Swapped) {
            // Never better than both names in their places would be.
            let [first, last] = [Trait::FirstName, Trait::Surname]
                .map(|name| self.logs(a, b, name, Level::Equal))
                .map(|logs| (logs.same - logs.stranger, logs.same - logs.household));
            logs.stranger = logs.stranger.max(logs.same - first.0 - last.0);
            logs.household = logs.household.max(logs.same - first.1 - last.1);
        }
        if let Some(share) = share {
            // Strangers agree in a name as often as it is borne. A common name still says more than the next level.
            let share = share.unwrap_or(self.model.unknown_name_share);
            let frequent = share.max(self.model.unknown_name_share).log2();
            let least = self.least(a.kind, compared);
            logs.stranger = frequent.min(logs.same - least);
            if level == Level::Variant {
                // Never better than the same spelling would be.
                let equal = levels[Level::Equal as usize];
                let best = equal.same - frequent.min(equal.same - least);
                logs.stranger = logs.stranger.max(logs.same - best);
            }
        }
        logs
    }
}

/// Reads a table and makes it steady: down the levels of a trait the likelihood ratio never grows, agreement never
/// speaks against one person, and difference never for one. Otherwise moving house would make siblings one person.
fn steady(kind: &'static str, table: &Table) -> Result<[[Logs; 11]; 8], ModelError> {
    let mut all = [[Logs::default(); 11]; 8];
    for compared in Trait::ALL {
        let levels = compared.levels();
        let (mut strangers, mut household) = (f64::INFINITY, f64::INFINITY);
        for level in levels {
            let chances = table
                .get(compared.key())
                .and_then(|levels| levels.get(level.key()))
                .filter(|c| {
                    [c.same, c.stranger, c.household]
                        .iter()
                        .all(|p| *p > 0.0 && *p <= 1.0)
                })
                .ok_or(ModelError::Chances {
                    kind,
                    compared: compared.key(),
                    level: level.key(),
                })?;
            let same = chances.same.log2();
            let mut against_strangers = same - chances.stranger.log2();
            let mut against_household = same - chances.household.log2();
            match level {
                Level::Different => {
                    against_strangers = against_strangers.min(0.0);
                    against_household = against_household.min(0.0);
                }
                Level::Equal | Level::Swapped => {
                    against_strangers = against_strangers.max(0.0);
                    against_household = against_household.max(0.0);
                }
                _ => {}
            }
            if (compared, *level) != (Trait::FirstName, Level::Swapped) {
                strangers = f64::min(strangers, against_strangers);
                household = f64::min(household, against_household);
                (against_strangers, against_household) = (strangers, household);
            }
            all[compared as usize][*level as usize] = Logs {
                same,
                stranger: same - against_strangers,
                household: same - against_household,
            };
        }
    }
    Ok(all)
}
