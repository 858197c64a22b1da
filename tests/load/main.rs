//! Fifty clerks at the review desk while a hundred thousand fields wait: how long the server takes from the key that
//! confirms a field to the page with the next one, and the same with hardly anything waiting.
//!
//! `make bench-desk` runs it. It is no test: it measures, writes `target/bench/desk.json` and says no yes or no, because
//! how fast a machine is says nothing of the code. The ratio of the two runs does.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement"
)]
#![allow(clippy::allow_attributes, reason = "one for the whole file")]

#[path = "../web/events.rs"]
#[allow(dead_code, reason = "the pages' own tests use the rest")]
mod events;
#[path = "../web/fixture.rs"]
#[allow(dead_code, reason = "the pages' own tests use the rest")]
mod fixture;
mod queue;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clap::Parser;
use enrol::domain::role::Role;
use fixture::{Browser, Site};
use scraper::{Html, Selector};

/// How long clerks work at the desk, and how many
#[derive(Parser)]
struct Args {
    /// Clerks at work at the same time
    #[arg(long, default_value_t = 50)]
    clerks: usize,
    /// Fields that wait for a person
    #[arg(long, default_value_t = 100_000)]
    fields: usize,
    /// Seconds of work in each run; whoever comes to the end of a form settles it and takes the next
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Seconds a clerk looks at a field before confirming it: the keystroke-level model has 1.55
    #[arg(long, default_value_t = 1.55)]
    think: f64,
}

/// Milliseconds of one run.
#[derive(serde::Serialize)]
struct Figures {
    open_fields: i64,
    confirmed: usize,
    finished: i64,
    median_ms: f64,
    p99_ms: f64,
    slowest_ms: f64,
}

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let site = Site::start().await;
    for number in 0..args.clerks {
        site.account(&format!("clerk{number}"), &[Role::Clerk], &[])
            .await;
    }
    let mut clerks = Vec::new();
    for number in 0..args.clerks {
        clerks.push(site.browser(&format!("clerk{number}")).await);
    }
    println!("{} clerks have signed in", clerks.len());
    let (template, each) = queue::template(&site).await;
    queue::copies(&site, template, args.clerks * 4).await;
    let few = run(&site, &clerks, &args).await;
    queue::copies(&site, template, args.fields.div_ceil(each)).await;
    let many = run(&site, &clerks, &args).await;
    let ratio = many.p99_ms / few.p99_ms;
    for (name, f) in [("few", &few), ("many", &many)] {
        println!(
            "{name:<5} {:>7} fields open, {:>5} confirmed, {:>3} forms finished: median {:>6.1} ms, 99 % within {:>6.1} ms, slowest {:>6.1} ms",
            f.open_fields, f.confirmed, f.finished, f.median_ms, f.p99_ms, f.slowest_ms
        );
    }
    println!("99th percentile, many to few: {ratio:.2}");
    let result = serde_json::json!({
        "clerks": args.clerks, "think_seconds": args.think, "few": few, "many": many, "p99_ratio": ratio,
    });
    std::fs::create_dir_all("target/bench").unwrap();
    std::fs::write("target/bench/desk.json", result.to_string()).unwrap();
    site.stop().await;
}

/// Lets all clerks work for a while.
async fn run(site: &Site, clerks: &[Browser], args: &Args) -> Figures {
    let open_fields = site
        .count(
            "SELECT count(*) FROM field x JOIN form f ON f.id = x.form_id
             WHERE f.state = 'in_review' AND x.state IN ('review', 'unreadable') AND x.settled_as IS NULL",
        )
        .await;
    const FINISHED: &str = "SELECT count(*) FROM form WHERE state <> 'in_review'";
    let before = site.count(FINISHED).await;
    let until = Instant::now() + Duration::from_secs(args.seconds);
    let think = Duration::from_secs_f64(args.think);
    let at_work = clerks.iter().enumerate().map(|(number, clerk)| async move {
        // They do not all press Enter at the same moment.
        tokio::time::sleep(think.mul_f64(number as f64 / clerks.len() as f64)).await;
        let mut times = Vec::new();
        while Instant::now() < until {
            work_on_a_form(clerk, until, think, &mut times).await;
        }
        times
    });
    let mut times: Vec<f64> = futures_util::future::join_all(at_work)
        .await
        .into_iter()
        .flatten()
        .map(|t: Duration| t.as_secs_f64() * 1000.0)
        .collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    Figures {
        open_fields,
        confirmed: times.len(),
        finished: site.count(FINISHED).await - before,
        median_ms: at(0.5),
        p99_ms: at(0.99),
        slowest_ms: at(1.0),
    }
}

/// Takes the next form and confirms its fields one by one until it ends or time is up.
async fn work_on_a_form(
    clerk: &Browser,
    until: Instant,
    think: Duration,
    times: &mut Vec<Duration>,
) {
    let list = clerk.get("/review").await.text().await.unwrap();
    let csrf = fixture::hidden(&list, "csrf");
    let answer = clerk.post("/review/next", &[("csrf", &csrf)]).await;
    let mut address = answer.url().path().to_owned();
    let mut page = answer.text().await.unwrap();
    // One that was confirmed to its end when time was up before.
    if address.ends_with("/finish") {
        return finish(clerk, &address, &page, &csrf).await;
    }
    assert!(
        address.ends_with("/desk"),
        "no form is left to work on: make more of them"
    );
    while Instant::now() < until {
        tokio::time::sleep(think).await;
        let fields = confirming(&page);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let began = Instant::now();
        let answer = clerk.post(&address, &fields).await;
        let on = answer.url().path().to_owned();
        let status = answer.status();
        page = answer.text().await.unwrap();
        let why = fixture::text(&page, ".govuk-error-message");
        assert!(status.is_success(), "{status} for {on}: {why}");
        times.push(began.elapsed());
        if on.ends_with("/finish") {
            finish(clerk, &on, &page, &csrf).await;
            break;
        }
        address = on;
    }
}

/// Settles a form from its last page, so that the next one is another. What cannot be settled as it was confirmed is set
/// aside.
async fn finish(clerk: &Browser, address: &str, page: &str, csrf: &str) {
    let version = fixture::hidden(page, "version");
    let sent = [("csrf", csrf), ("version", version.as_str())];
    let done = clerk.post(address, &sent).await;
    let settled = done.url().query().unwrap_or_default().starts_with("done=");
    if !settled {
        let aside = address.replace("/desk/finish", "/set-aside");
        let sent = [
            ("csrf", csrf),
            ("text", "It cannot be settled as it was confirmed"),
        ];
        let done = clerk.post(&aside, &sent).await;
        assert!(done.status().is_success(), "{} for {aside}", done.status());
    }
}

/// What the page's form sends when its button is pressed; a field without a value is said to have been left blank.
fn confirming(page: &str) -> Vec<(String, String)> {
    let html = Html::parse_document(page);
    let inputs = Selector::parse("[data-enrol-desk] input, [data-enrol-desk] textarea").unwrap();
    let mut sent = Vec::new();
    let mut typed = false;
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for input in html.select(&inputs) {
        let Some(name) = input.attr("name") else {
            continue;
        };
        let choice = matches!(input.attr("type"), Some("radio" | "checkbox"));
        if choice && input.attr("checked").is_none() {
            if input.attr("type") == Some("radio") {
                let value = input.attr("value").unwrap_or_default();
                first.entry(name).or_insert(value);
            }
            continue;
        }
        let value = match input.value().name() {
            "textarea" => input.text().collect(),
            _ => input.attr("value").unwrap_or_default().to_owned(),
        };
        let hidden = input.attr("type") == Some("hidden");
        typed |= !hidden && !value.is_empty();
        sent.push((name.to_owned(), value));
    }
    // Where nothing is marked beforehand, as for a consent, somebody has to choose. Ticks stand in a grid, several at once.
    for (name, value) in first {
        if !sent.iter().any(|(n, _)| n == name) {
            sent.push((name.to_owned(), value.to_owned()));
            typed = true;
        }
    }
    let pressed = if typed { "confirm" } else { "blank" };
    sent.push(("do".to_owned(), pressed.to_owned()));
    sent
}
