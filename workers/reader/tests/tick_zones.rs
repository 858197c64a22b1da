//! Groups of boxes in a zone set are read as those of whole pages are: what the generator marks is what is read.

use std::collections::BTreeMap;

use enrol::domain::field::FieldState;
use enrol::forms;
use enrol_reader::fields::{Networks, ReadField, WrittenZones, read_zones};
use enrol_reader::zone_set::{ZoneMeta, ZoneSet};
use enrol_reader::zones::ZonePicture;
use enrol_sample::evaluation::condition::Condition;
use enrol_sample::evaluation::form::Plan;
use enrol_sample::evaluation::{Maker, zones};
use enrol_sample::strokes::Penman;
use serde_json::Value;

/// Reads the groups of one form's zones.
fn read(
    networks: &Networks,
    form: &forms::definition::FormDefinition,
    set: &[(ZoneMeta, ZonePicture)],
) -> Vec<ReadField> {
    let zones: Vec<WrittenZones<'_>> = set
        .iter()
        .map(|(meta, picture)| WrittenZones {
            field: form.field(&meta.field).expect("a field of the form"),
            pictures: vec![(meta.line, picture.clone())],
        })
        .collect();
    read_zones(networks, form, &zones).expect("the networks work")
}

#[test]
fn marks_in_a_zone_set_are_read_as_they_were_made() {
    let form = forms::load("registration").expect("built in");
    // Somebody who never wrote a letter marks boxes all the same.
    let nobody = Penman {
        writer: 13,
        ..Penman::default()
    };
    let networks = Networks::load(None).expect("built in");
    let (mut groups, mut right, mut marked) = (0, 0, 0);
    for condition in [Condition::Clean, Condition::Office, Condition::Coarse] {
        let plan = Plan {
            definition: &form,
            turns: vec![&nobody],
            condition: Some(condition),
            corrections: 0.0,
            lifted: Vec::new(),
            seed: 41,
        };
        let folder = tempfile::tempdir().expect("a folder");
        let maker = Maker::new(plan).expect("the form is printed");
        zones::write_zones(&maker, folder.path(), 3, zones::Parts::All, 1).expect("written");
        let mut by_form: BTreeMap<u64, Vec<(ZoneMeta, ZonePicture)>> = BTreeMap::new();
        for zone in ZoneSet::open(folder.path()).expect("a set") {
            let (meta, picture) = zone.expect("a zone");
            by_form.entry(meta.form).or_default().push((meta, picture));
        }
        for set in by_form.values() {
            for ((meta, _), field) in set.iter().zip(read(&networks, &form, set)) {
                let signals = field.ticks.expect("a group of boxes has its signals");
                assert_eq!(
                    signals.features().len(),
                    enrol_reader::ticks::signals::NAMES.len()
                );
                let value = serde_json::to_value(&field.reading.value).expect("JSON");
                let is_right = value == meta.truth
                    || meta.truth == Value::Array(Vec::new()) && value.is_null();
                assert!(
                    is_right || field.reading.state == FieldState::Review,
                    "{} of form {}: {value} is not {}",
                    meta.field,
                    meta.form,
                    meta.truth
                );
                groups += 1;
                right += usize::from(is_right);
                marked += usize::from(signals.marked > 0);
            }
        }
    }
    assert!(
        groups > 100 && marked > 50,
        "{marked} of {groups} groups are marked"
    );
    assert!(right * 100 >= groups * 97, "{right} of {groups} are right");
}
