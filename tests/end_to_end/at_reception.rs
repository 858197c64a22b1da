//! Reception at a real browser: scans sent from the page are followed to their end, with and without JavaScript.

use std::path::Path;

use serde_json::{Value as Json, json};
use tokio::process::Command;

use crate::rig::{PASSWORD, Rig, samples};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reception_sends_scans_and_sees_what_becomes_of_them() {
    let mut rig = Rig::start().await;
    let folder = tempfile::tempdir().unwrap();
    for (options, file, end) in [
        (
            &["--rows", "1"][..],
            "scans/03-colour/scan.pdf",
            "WAITING FOR A CLERK",
        ),
        (
            &["--rows", "2", "--no-javascript"][..],
            "hostile/holiday.jpg",
            "NEEDS SOMEBODY",
        ),
    ] {
        let seen = send(&rig, folder.path(), &samples().join(file), options).await;
        assert_eq!(seen["findings"], json!([]), "{seen:#}");
        assert_eq!(seen["problems"], json!([]), "{seen:#}");
        assert_eq!(seen["arrived"], "1 file has arrived", "{seen:#}");
        // With JavaScript the page stays, and says of each file that it arrived.
        let stays = seen["sending"].as_str().unwrap().contains("has arrived");
        assert_eq!(stays, !options.contains(&"--no-javascript"), "{seen:#}");
        let states: Vec<String> = seen["states"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s.as_str().unwrap().to_uppercase())
            .collect();
        assert!(states.iter().any(|s| s == end), "{seen:#}");
    }
    let sum = rig.wait_for(2).await;
    assert_eq!((sum.in_review, sum.exceptions), (1, 1), "{sum}");
    rig.stop().await;
}

async fn send(rig: &Rig, folder: &Path, file: &Path, options: &[&str]) -> Json {
    let password = folder.join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/reception.mjs");
    let output = Command::new("node")
        .arg(&script)
        .args(["--url", &rig.address, "--user", "reception"])
        .arg("--password-file")
        .arg(&password)
        .arg("--files")
        .arg(file)
        .arg("--screens")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screens"))
        .args(options)
        .kill_on_drop(true)
        .output()
        .await
        .expect("node runs: install Debian's package nodejs");
    let told = String::from_utf8_lossy(&output.stdout);
    told.lines()
        .rev()
        .find_map(|line| serde_json::from_str(line).ok())
        .unwrap_or_else(|| {
            panic!(
                "the browser told nothing (`make browser` installs what it needs):\n{}",
                String::from_utf8_lossy(&output.stderr)
            )
        })
}
