//! An invented town: people in households, what they wrote on their first form, and what they or others write on the
//! next. Deterministic by seed. Nobody in it exists, and no number in it is anybody's.

mod damage;
mod families;
mod names;
mod numbers;

use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::Traits;

/// A town and its forms.
pub struct Population {
    /// People on the register, as their first forms said.
    pub register: Vec<Traits>,
    /// What later forms say.
    pub arrivals: Vec<Arrival>,
}

/// A person on a later form.
pub struct Arrival {
    /// What the form says.
    pub traits: Traits,
    /// Who it is: a place on the register; `None` for somebody new.
    pub truth: Option<usize>,
    /// Why they come.
    pub story: Story,
}

/// Why somebody is on a later form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Story {
    /// The same family, soon after: another centre, a lost form, another group.
    SoonAgain,
    /// The same family years later: moved, married, another telephone.
    YearsLater,
    /// A child on the form of its other parent, who lives elsewhere.
    OtherParent,
    /// A new baby, or a child not registered before, in a household that is.
    Sibling,
    /// The twin of a registered child.
    Twin,
    /// A second adult in a household that is registered.
    Adult,
    /// A household nobody knows.
    Stranger,
}

impl Story {
    /// All stories.
    pub const ALL: [Self; 7] = [
        Self::SoonAgain,
        Self::YearsLater,
        Self::OtherParent,
        Self::Sibling,
        Self::Twin,
        Self::Adult,
        Self::Stranger,
    ];
}

/// Share of registered people who come again.
const COME_AGAIN: f64 = 0.2;

/// Makes a town with `people` on its register.
pub fn generate(people: usize, seed: u64) -> Population {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut town = families::Town::new(people, &mut random);
    let mut register = Vec::with_capacity(people);
    let mut arrivals = Vec::new();
    while register.len() < people {
        let household = town.household(&mut random);
        let unknown = random.random_bool(0.03);
        for person in household {
            if unknown {
                arrivals.push(Arrival {
                    traits: damage::written(&person.traits, &mut random),
                    truth: None,
                    story: Story::Stranger,
                });
                continue;
            }
            if let Some(story) = person.newcomer {
                arrivals.push(Arrival {
                    traits: damage::written(&person.traits, &mut random),
                    truth: None,
                    story,
                });
                continue;
            }
            let place = register.len();
            register.push(damage::written(&person.traits, &mut random));
            if random.random_bool(COME_AGAIN) {
                let story = person.second_story(&mut random);
                let traits = damage::again(&person, story, &mut town, &mut random);
                arrivals.push(Arrival {
                    traits,
                    truth: Some(place),
                    story,
                });
            }
        }
    }
    arrivals.shuffle(&mut random);
    Population { register, arrivals }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_makes_one_town() {
        let (a, b, other) = (generate(300, 7), generate(300, 7), generate(300, 8));
        assert!(a.register == b.register);
        assert!(a.register != other.register);
        for story in Story::ALL {
            let town = generate(4000, 3);
            assert!(town.arrivals.iter().any(|a| a.story == story), "{story:?}");
        }
    }

    #[test]
    fn nobody_has_a_real_number() {
        for person in generate(2000, 5).register {
            assert!(person.nhs_number.is_none_or(|n| n.starts_with("999")));
            assert!(person.phones.iter().all(|p| p.starts_with("00999")));
            assert!(person.email.is_none_or(|e| e.contains("@example.")));
            assert!(person.postcode.is_none_or(|c| c.starts_with("ZZ")));
        }
    }
}
