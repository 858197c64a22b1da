//! A clerk at a real browser: one form cleared by keyboard, with axe looking at every page, and one without JavaScript.

use std::path::Path;

use serde_json::Value as Json;
use tokio::process::Command;

use crate::rig::{PASSWORD, Rig, files_in, samples};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clerk_clears_a_form_by_keyboard_with_and_without_javascript() {
    let mut rig = Rig::start().await;
    let folders = ["scans/03-colour/", "scans/17-renamed-jpegs/"];
    let scans: Vec<String> = files_in("scans")
        .into_iter()
        .filter(|file| folders.iter().any(|folder| file.starts_with(folder)))
        .collect();
    for scan in &scans {
        rig.put(scan).await;
    }
    let read = rig.wait_for(scans.len() as i64).await;
    assert_eq!(read.in_review, 2, "{read}");

    let folder = tempfile::tempdir().unwrap();
    for options in [&[][..], &["--no-javascript"][..]] {
        let seen = drive(&rig, "review.mjs", folder.path(), options).await;
        assert_eq!(seen["settled"], true, "{seen:#}");
        assert_eq!(seen["findings"], serde_json::json!([]), "{seen:#}");
        assert_eq!(seen["problems"], serde_json::json!([]), "{seen:#}");
    }
    let done = rig.wait_for(0).await;
    assert_eq!((done.records, done.in_review), (2, 0), "{done}");
    rig.stop().await;
}

/// All samples that wait for a clerk: the first without JavaScript, the others by keyboard alone; the session ends once
/// in the middle of a form.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clerk_clears_the_samples_at_the_desk_by_keyboard_alone() {
    let mut rig = Rig::start().await;
    let scans: Vec<String> = files_in("scans");
    for scan in &scans {
        rig.put(scan).await;
    }
    let read = rig.wait_for(scans.len() as i64).await;
    assert!(read.in_review >= 15, "{read}");

    let screens = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screens");
    let plainly = ["--no-javascript", "--forms", "1"];
    let all = read.in_review.to_string();
    let by_keyboard = ["--expire", "--forms", all.as_str()];
    let (mut settled, mut taken) = (0, 0);
    for options in [&plainly[..], &by_keyboard[..]] {
        let seen = drive(&rig, "desk.mjs", &screens, options).await;
        assert_eq!(seen["findings"], serde_json::json!([]), "{seen:#}");
        assert_eq!(seen["problems"], serde_json::json!([]), "{seen:#}");
        settled += seen["settled"].as_array().map_or(0, Vec::len);
        taken += seen["taken"].as_i64().unwrap_or_default();
    }
    // Some of what the reader got wrong it had as another reading, which the script took with its number.
    assert!(taken > 0, "no other reading was taken");
    assert_eq!(settled as i64, read.in_review);
    let done = rig.wait_for(0).await;
    assert_eq!(done.in_review, 0, "{done}");
    rig.stop().await;
}

/// The pages of a form as a clerk sees them: told first what a change does, then changed, then undone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clerk_puts_pages_right_with_and_without_javascript() {
    let mut rig = Rig::start().await;
    rig.put("scans/03-colour/scan.pdf").await;
    let read = rig.wait_for(1).await;
    assert_eq!(read.in_review, 1, "{read}");
    let screens = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screens");
    for options in [&["--no-javascript"][..], &[][..]] {
        let seen = drive(&rig, "sheets.mjs", &screens, options).await;
        assert_eq!(seen["findings"], serde_json::json!([]), "{seen:#}");
        assert_eq!(seen["problems"], serde_json::json!([]), "{seen:#}");
        let again = rig.wait_for(1).await;
        assert_eq!(again.in_review, 1, "{again}");
    }
    rig.stop().await;
}

/// Runs a script of the browser and returns the line in which it tells what it saw.
async fn drive(rig: &Rig, script: &str, screens: &Path, options: &[&str]) -> Json {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let password = folder.join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/browser")
        .join(script);
    let output = Command::new("node")
        .arg(&script)
        .args(["--url", &rig.address, "--user", "clerk"])
        .arg("--password-file")
        .arg(&password)
        .arg("--truth")
        .arg(samples().join("scans"))
        .arg("--screens")
        .arg(screens)
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
