use super::condition::{ALL, Condition};
use super::*;
use crate::strokes::Penman;

fn people() -> Vec<Penman> {
    let all = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz@.,'-";
    vec![
        crate::strokes::tests::person(12, all),
        crate::strokes::tests::person(24, "0123456789"),
    ]
}

fn with_maker<T>(condition: Option<Condition>, work: impl FnOnce(&Maker<'_>) -> T) -> T {
    let definition = enrol::forms::load("registration").expect("the built-in form loads");
    let people = people();
    let maker = Maker::new(Plan {
        definition: &definition,
        turns: form::turns(&people),
        condition,
        corrections: 0.0,
        lifted: Vec::new(),
        seed: 5,
    })
    .expect("prints");
    work(&maker)
}

#[test]
fn the_same_seed_gives_the_same_form_and_its_truth_names_writer_and_capture() {
    with_maker(Some(Condition::Fax), |maker| {
        let files = maker.make(0).expect("a form");
        assert_eq!(files, maker.make(0).expect("a form"));
        let file = |name: &str| {
            let bytes = &files.iter().find(|f| f.0 == name).expect("a file").1;
            serde_json::from_slice::<serde_json::Value>(bytes).expect("JSON")
        };
        let truth = file("truth.json");
        assert_eq!(truth["writer"], 12);
        assert_eq!(truth["capture"], "fax");
        assert_eq!(truth["files"][0], "scan.tif");
        let geometry = file("geometry.json");
        assert_eq!(
            geometry.as_array().map(Vec::len),
            truth["pages"].as_array().map(Vec::len)
        );
        assert_eq!(geometry[0]["points"].as_array().map(Vec::len), Some(8 * 12));
    });
}

#[test]
fn writers_and_conditions_meet() {
    with_maker(None, |maker| {
        let mut met = std::collections::BTreeSet::new();
        for index in 0..400 {
            let form = maker.plan.form(index).expect("a form");
            met.insert((form.penman.writer, form.condition));
        }
        assert_eq!(met.len(), 2 * ALL.len());
    });
}

#[test]
fn points_come_back_through_a_window() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for condition in ALL {
        let settings = condition.settings(&mut random);
        let geometry = Geometry::random(&settings, (210.0, 297.0), &mut random);
        let (u, v) = geometry.to_picture(100.0, 150.0);
        let window = geometry.window(64, 128, (10, 10));
        let (wu, wv) = window.to_picture(100.0, 150.0);
        assert!(
            (u - wu - 64.0).abs() < 0.02 && (v - wv - 128.0).abs() < 0.02,
            "{condition:?}"
        );
        // A page lies on its capture, whatever the condition.
        assert!(u > 0.0 && (u as usize) < geometry.size.0);
        assert!(v > 0.0 && (v as usize) < geometry.size.1);
    }
}

#[test]
fn zones_say_what_they_show() {
    let folder = tempfile::tempdir().expect("a folder");
    with_maker(Some(Condition::Office), |maker| {
        zones::write_zones(maker, folder.path(), 2, zones::Parts::All, 1).expect("writes");
    });
    let lines = std::fs::read_to_string(folder.path().join("zones.jsonl")).expect("a file");
    let bytes = std::fs::read(folder.path().join("zones.bin")).expect("a file");
    let mut end = 0;
    for line in lines.lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let at = |name: &str| record[name].as_u64().expect("a number") as usize;
        assert_eq!(at("offset"), end);
        end += at("bytes");
        let mut pixels = Vec::new();
        std::io::Read::read_to_end(
            &mut flate2::read::ZlibDecoder::new(&bytes[at("offset")..end]),
            &mut pixels,
        )
        .expect("inflates");
        assert_eq!(pixels.len(), at("width") * at("height"));
        let dark = pixels.iter().filter(|p| **p < 110).count();
        assert!(dark > 40, "{} holds writing", record["field"]);
        let light = pixels.iter().filter(|p| **p > 235).count();
        assert!(light * 2 > pixels.len(), "{} is on paper", record["field"]);
    }
    assert!(end == bytes.len() && lines.lines().count() > 20);
}
