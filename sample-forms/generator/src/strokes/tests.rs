use std::fs::File;
use std::io::Write as _;

use enrol::forms::definition::Zone;
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::manner::Manner;
use super::*;
use crate::people::Wish;

/// A NumPy array of version 1.0 as NumPy writes it.
fn npy(kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.into_bytes());
    bytes.extend(data);
    bytes
}

/// Writer, label, and strokes of points.
type Record<'a> = (i32, &'a str, &'a [&'a [(u8, u8)]]);

/// An archive of these records: writer, label, strokes.
fn archive(path: &Path, records: &[Record<'_>], wide: bool) {
    let width = records
        .iter()
        .map(|r| r.1.chars().count())
        .max()
        .unwrap_or(1);
    let (mut labels, mut writers, mut points) = (Vec::new(), Vec::new(), Vec::new());
    let (mut of_records, mut of_strokes) = (vec![0i32], vec![0i32]);
    let mut total = 0;
    for (writer, label, strokes) in records {
        let mut own: Vec<u32> = label.chars().map(u32::from).collect();
        own.resize(width, 0);
        labels.extend(own.into_iter().flat_map(u32::to_le_bytes));
        writers.extend(writer.to_le_bytes());
        for stroke in *strokes {
            total += stroke.len() as i32;
            of_strokes.push(total);
            for v in stroke.iter().flat_map(|p| [p.0, p.1]) {
                if wide {
                    points.extend((u16::from(v) * 2).to_le_bytes());
                } else {
                    points.push(v);
                }
            }
        }
        of_records.push(of_strokes.len() as i32 - 1);
    }
    let ints = |v: &[i32]| -> Vec<u8> { v.iter().flat_map(|i| i.to_le_bytes()).collect() };
    let n = records.len();
    let mut zip = ZipWriter::new(File::create(path).expect("a file"));
    for (name, bytes) in [
        (
            "label",
            npy(&format!("<U{width}"), &format!("{n},"), &labels),
        ),
        ("writer", npy("<i4", &format!("{n},"), &writers)),
        (
            "record_offsets",
            npy("<i4", &format!("{},", n + 1), &ints(&of_records)),
        ),
        (
            "stroke_offsets",
            npy("<i4", &format!("{},", of_strokes.len()), &ints(&of_strokes)),
        ),
        (
            "pts",
            npy(
                if wide { "<u2" } else { "|u1" },
                &format!("{total}, 2"),
                &points,
            ),
        ),
    ] {
        zip.start_file(format!("{name}.npy"), SimpleFileOptions::default())
            .expect("an entry");
        zip.write_all(&bytes).expect("writes");
    }
    zip.finish().expect("an archive");
}

#[test]
fn an_archive_is_read_back_by_writer_and_kind() {
    let folder = tempfile::tempdir().expect("a folder");
    let (a, dot, word) = (
        [(10, 20), (30, 60)],
        [(5, 7)],
        [(0, 0), (100, 40), (120, 10)],
    );
    archive(
        &folder.path().join("characters.npz"),
        &[
            (12, "A", &[&a, &dot]),
            (13, "A", &[&a, &dot]),
            (14, "\u{e9}", &[&a, &dot]),
            (12, "B", &[]),
            (12, "F", &[&a]),
        ],
        false,
    );
    archive(
        &folder.path().join("words.npz"),
        &[(24, "Road", &[&word])],
        true,
    );
    let people = load(folder.path(), Split::Evaluation).expect("reads");
    assert_eq!(
        people.iter().map(|p| p.writer).collect::<Vec<_>>(),
        [12, 24]
    );
    let own = &people[0].characters[&'A'][0];
    assert_eq!(
        own.strokes,
        [vec![(5.0, 13.0), (25.0, 53.0)], vec![(0.0, 0.0)]]
    );
    assert_eq!((own.width, own.height), (25.0, 53.0));
    assert!(
        !people[0].characters.contains_key(&'B'),
        "no ink, no character"
    );
    assert!(
        !people[0].characters.contains_key(&'F'),
        "one straight line is what is left of an F"
    );
    assert_eq!(people[1].words["Road"][0].width, 240.0);
    assert_eq!(
        load(folder.path(), Split::Calibration).expect("reads")[0].writer,
        13
    );
    assert!(
        load(folder.path(), Split::Development).expect("reads")[0]
            .characters
            .contains_key(&'\u{e9}')
    );
}

#[test]
fn a_file_that_is_no_archive_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(load(folder.path(), Split::Training).is_err());
    std::fs::write(folder.path().join("words.npz"), b"not a zip").expect("writes");
    assert!(load(folder.path(), Split::Training).is_err());
}

/// A person who wrote these characters, each a slanting line.
pub fn person(writer: i32, characters: &str) -> Penman {
    let one = |_| {
        vec![Trace {
            writer,
            strokes: vec![vec![(0.0, 0.0), (90.0, 120.0), (140.0, 255.0)]],
            width: 140.0,
            height: 255.0,
        }]
    };
    Penman {
        writer,
        characters: characters.chars().map(|c| (c, one(c))).collect(),
        words: BTreeMap::new(),
    }
}

fn comb(count: usize) -> Vec<Zone> {
    let cell = |i| Zone {
        x: 20.0 + 5.6 * i as f64,
        y: 50.0,
        width: 5.6,
        height: 7.2,
    };
    (0..count).map(cell).collect()
}

proptest! {
    #[test]
    fn every_writer_is_in_exactly_one_split(writer in 0i32..100_000) {
        let expected = match writer % 12 {
            0 => Split::Evaluation,
            1 => Split::Calibration,
            2 => Split::Development,
            _ => Split::Training,
        };
        prop_assert_eq!(Split::of(writer), expected);
    }

    #[test]
    fn a_form_holds_only_what_its_writer_wrote(seed: u64, lacking in "[A-Z0-9]{0,12}", writer in 0i32..500) {
        let all = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz@.,'-";
        let own: String = all.chars().filter(|c| !lacking.contains(*c)).collect();
        let penman = person(writer, &own);
        let definition = enrol::forms::load("registration").expect("the built-in form loads");
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let manner = Manner::random(0.1, &mut random);
        let wish = Wish { community: "polish", carers: 2, children: 2, expecting: true, others: 0 };
        let filled = answers::fill(&definition, &penman, &manner, wish, &mut random);
        for field in &definition.fields {
            let filled = &filled[&field.name];
            for (lines, text) in &filled.writing {
                prop_assert!(lines.iter().all(|l| l.writer == writer));
                prop_assert!(text.chars().all(|c| c == ' ' || own.contains(c)), "{}", field.name);
                // Everything written is in the truth, and the other way round.
                prop_assert!(lines.is_empty() == text.is_empty());
            }
            prop_assert_eq!(filled.is_blank(), filled.value.is_null(), "{}", &field.name);
        }
    }

    #[test]
    fn writing_in_a_comb_stays_near_its_cells(seed: u64, text in "[A-Z]{1,12}") {
        let penman = person(7, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let manner = Manner::random(0.0, &mut random);
        let cells = comb(12);
        let lines = compose::cells(&penman, &manner, &cells, &text, &mut random).expect("written");
        prop_assert_eq!(lines.len(), text.len());
        for (line, cell) in lines.iter().zip(&cells) {
            for ((x, y), radius) in &line.points {
                prop_assert!((f64::from(*x) - cell.x - 2.8).abs() < 5.0);
                prop_assert!((f64::from(*y) - cell.y - 3.6).abs() < 5.5);
                prop_assert!((0.05..0.6).contains(radius));
            }
        }
        prop_assert!(compose::cells(&penman, &manner, &comb(2), "ABC", &mut random).is_none());
        prop_assert!(compose::cells(&penman, &manner, &cells, "A1", &mut random).is_none());
    }

    #[test]
    fn lines_hold_their_words_in_order(seed: u64, words in prop::collection::vec("[a-z]{1,6}", 1..9)) {
        let penman = person(3, "abcdefghijklmnopqrstuvwxyz");
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let manner = Manner::random(0.0, &mut random);
        let zone = |y| Zone { x: 48.0, y, width: 100.0, height: 8.5 };
        let text = words.join(" ");
        let zones = [zone(100.0), zone(108.5), zone(117.0)];
        if let Some(lines) = compose::lines(&penman, &manner, &zones, &text, &mut random) {
            let read: Vec<&str> = lines.iter().map(|l| l.1.as_str()).filter(|t| !t.is_empty()).collect();
            prop_assert_eq!(read.join(" "), text);
            for (drawn, _) in &lines {
                for ((x, _), _) in drawn.iter().flat_map(|l| &l.points) {
                    prop_assert!((46.0..152.0).contains(x), "{x}");
                }
            }
        }
    }
}
