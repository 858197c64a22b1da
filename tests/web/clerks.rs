//! Clerks at real browsers: a race for forms, a claim that runs out, sessions that end.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::fixture::{PASSWORD, Site, by_another_family, written};

/// Runs a script of the browser, does what it asks for, and returns the line in which it tells what it saw.
pub async fn drive(
    site: &Site,
    script: &str,
    options: &[&str],
    answer: impl AsyncFn(&str) -> String,
) -> Json {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let mut process = Command::new("node")
        .arg(root.join("tests/browser").join(script))
        .args(["--url", &site.url, "--password-file"])
        .arg(&password)
        .arg("--screens")
        .arg(root.join("target/screens"))
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node runs: install Debian's package nodejs");
    let mut input = process.stdin.take().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut told = Json::Null;
    while let Some(line) = lines.next_line().await.unwrap() {
        let Ok(said) = serde_json::from_str::<Json>(&line) else {
            continue;
        };
        match said["ask"].as_str() {
            Some(what) => {
                let reply = format!("{}\n", answer(what).await);
                input.write_all(reply.as_bytes()).await.unwrap();
            }
            None => told = said,
        }
    }
    assert!(
        told.is_object(),
        "the browser told nothing (`make browser` installs what it needs)"
    );
    told
}

/// What only the server can do to Ada's session and to claims.
async fn act(site: &Site, what: &str) -> String {
    const OLD: &str = "UPDATE session SET last_seen = now() - interval '13 minutes'";
    const HERS: &str = "WHERE account_id = (SELECT id FROM account WHERE user_name = 'ada')";
    let sql = match what {
        "claims run out" => {
            "UPDATE review_claim SET lease_until = now() - interval '1 second'".to_owned()
        }
        "the session gets old" => format!("{OLD} {HERS}"),
        "the session ends" => {
            format!("UPDATE session SET expires_at = now() - interval '1 second' {HERS}")
        }
        "the session has four minutes" => {
            format!("UPDATE session SET expires_at = now() + interval '4 minutes' {HERS}")
        }
        "is the session fresh?" => {
            let fresh = site
                .count(
                    "SELECT count(*) FROM session s JOIN account a ON a.id = s.account_id
                     WHERE a.user_name = 'ada' AND s.last_seen > now() - interval '1 minute'",
                )
                .await;
            return if fresh > 0 { "yes" } else { "no" }.to_owned();
        }
        other => panic!("nobody knows how to do this: {other}"),
    };
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(site.database.pool())
        .await
        .unwrap();
    "done".to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clerks_race_and_neither_a_lost_claim_nor_an_ended_session_loses_anything() {
    let site = Site::start().await;
    site.form("F-000801", &written()).await;
    site.form("F-000802", &by_another_family(written())).await;
    let options = ["--user", "ada", "--other", "ben"];
    let seen = drive(&site, "clerks.mjs", &options, async |what| {
        act(&site, what).await
    })
    .await;
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    assert_eq!(seen["findings"], json!([]), "{seen:#}");
    assert_eq!(seen["told"].as_array().map(Vec::len), Some(17), "{seen:#}");
    assert_eq!(
        site.count("SELECT count(*) FROM household").await,
        0,
        "nothing was settled by the way"
    );
    site.stop().await;
}
