//! How a person marks the boxes of a form, and what goes wrong with it: rarely, as on paper.

mod laid;
mod person;

use std::collections::BTreeMap;

use enrol::forms::definition::FormDefinition;
use rand::Rng;
use rand::seq::IndexedRandom as _;
use serde_json::Value;

pub use self::laid::Laid;
use self::person::Person;
use super::lifted::{Kind, Lifted};
use crate::strokes::answers::Filled;
use crate::strokes::manner::Manner;

/// What is particular about a group of boxes. The names stand in truth files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Particular {
    /// Drawn in the person's usual way.
    Usual,
    /// A cross or tick lifted off paper.
    Lifted,
    /// A lifted mark that people may see differently.
    Doubtful,
    /// A scribble for a mark.
    Scribble,
    /// A tick whose tail runs far out of the box.
    LongTail,
    /// A mark made with hardly any pressure.
    Faint,
    /// The wrong box first, struck over, then the right one.
    Scratched,
    /// The word ringed and the box left empty.
    Circled,
    /// The other of two words struck out and both boxes left empty.
    Struck,
    /// A stroke from elsewhere runs over a border.
    Stray,
    /// Two boxes marked where one is expected.
    Two,
}

impl Particular {
    /// The name in truth files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Lifted => "lifted",
            Self::Doubtful => "doubtful",
            Self::Scribble => "scribble",
            Self::LongTail => "long tail",
            Self::Faint => "faint",
            Self::Scratched => "scratched out",
            Self::Circled => "word ringed",
            Self::Struck => "word struck out",
            Self::Stray => "stray",
            Self::Two => "two marks",
        }
    }

    /// Draws what is particular about one answered group: in all about one group in twenty.
    fn random(random: &mut impl Rng) -> Self {
        const SHARES: [(Particular, f32); 9] = [
            (Particular::Doubtful, 0.007),
            (Particular::Scribble, 0.010),
            (Particular::LongTail, 0.020),
            (Particular::Faint, 0.005),
            (Particular::Scratched, 0.010),
            (Particular::Circled, 0.005),
            (Particular::Struck, 0.005),
            (Particular::Stray, 0.006),
            (Particular::Two, 0.0015),
        ];
        let mut at = random.random_range(0.0..1.0f32);
        for (particular, share) in SHARES {
            if at < share {
                return particular;
            }
            at -= share;
        }
        Self::Usual
    }
}

/// The marks of a form, by field.
#[derive(Debug, Clone, Default)]
pub struct Marking {
    /// What is drawn at each group.
    pub laid: BTreeMap<String, Vec<Laid>>,
    /// What is particular about each group in which anything is drawn.
    pub particulars: BTreeMap<String, Particular>,
}

/// Marks the boxes of a form. An answer that a mark makes worthless loses its value.
pub fn mark(
    definition: &FormDefinition,
    filled: &mut BTreeMap<String, Filled>,
    (writer, manner): (i32, &Manner),
    lifted: &[Lifted],
    random: &mut impl Rng,
) -> Marking {
    let kind = if random.random_bool(0.5) {
        Kind::Cross
    } else {
        Kind::Tick
    };
    let of = |kind: Kind| -> Vec<usize> {
        (0..lifted.len())
            .filter(|i| lifted[*i].kind == kind)
            .collect()
    };
    // A third of the forms are marked with marks that somebody made on paper.
    let own = if random.random_bool(0.33) {
        of(kind)
    } else {
        Vec::new()
    };
    let person = Person {
        manner,
        lifted,
        own,
        doubtful: of(Kind::Doubtful),
        writer,
    };
    let mut marking = Marking::default();
    for field in definition.fields.iter().filter(|f| f.kind.is_tick()) {
        let Some(answer) = filled.get_mut(&field.name) else {
            continue;
        };
        if answer.ticks.is_empty() {
            if random.random_bool(0.004) {
                let option = field.options.choose(random);
                let laid = option
                    .map(|o| person.stray(o, random))
                    .into_iter()
                    .collect();
                marking.laid.insert(field.name.clone(), laid);
                marking
                    .particulars
                    .insert(field.name.clone(), Particular::Stray);
            }
            continue;
        }
        let (particular, laid) = person.group(definition, field, answer, random);
        if particular == Particular::Two {
            answer.value = Value::Null;
        }
        marking.laid.insert(field.name.clone(), laid);
        marking.particulars.insert(field.name.clone(), particular);
    }
    marking
}
