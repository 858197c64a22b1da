//! Signing in with a real OpenID Connect provider on loopback.

use std::process::Stdio;

use enrol::storage::accounts;
use reqwest::{Client, Response, StatusCode, Url};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::fixture::{Site, hidden};

/// The provider; it ends with its standard input.
struct Provider {
    issuer: String,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Provider {
    async fn start() -> Self {
        let mut process = Command::new("node")
            .arg("tests/browser/provider.mjs")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("Node.js is installed");
        let input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let issuer = output.next_line().await.unwrap();
        Self {
            issuer: issuer.expect("the provider starts: run `make browser` first"),
            input,
            output,
            _process: process,
        }
    }

    async fn tell(&mut self, line: &str) {
        self.input
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
        loop {
            let said = self.output.next_line().await.unwrap();
            if said.expect("the provider is there") == "ready" {
                break;
            }
        }
    }
}

async fn stage() -> (Site, Provider) {
    let mut provider = Provider::start().await;
    let issuer = provider.issuer.clone();
    let site = Site::start_with(|config| {
        config.sign_in.issuer = issuer;
        config.sign_in.client_id = "enrol".into();
        config.sign_in.client_secret = "a secret of these tests".to_owned().into();
        config.sign_in.centre_claim = "centres".into();
        config.sign_in.tenants = vec!["council".into()];
        config.sign_in.roles = [
            ("Enrol.Clerk".to_owned(), "clerk".to_owned()),
            ("Enrol.Auditor".to_owned(), "auditor".to_owned()),
        ]
        .into();
    })
    .await;
    provider.tell(&site.url).await;
    (site, provider)
}

fn browser() -> Client {
    Client::builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

fn location(answer: &Response) -> Url {
    let to = answer.headers()["location"].to_str().unwrap();
    answer.url().join(to).unwrap()
}

/// Goes to the provider.
async fn depart(client: &Client, site: &Site) -> Url {
    let start = format!("{}/sign-in/start?next=%2Freview", site.url);
    let answer = client.get(start).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    location(&answer)
}

/// Signs in at the provider; answers the address that leads back to Enrol.
async fn at_provider(client: &Client, site: &Site, first: Url, login: &str) -> Url {
    let mut to = first;
    for _ in 0..10 {
        if to.as_str().starts_with(&site.url) {
            return to;
        }
        let answer = client.get(to.clone()).send().await.unwrap();
        let answer = if answer.status() == StatusCode::OK {
            let form = [("prompt", "login"), ("login", login), ("password", "x")];
            client.post(to).form(&form).send().await.unwrap()
        } else {
            answer
        };
        to = location(&answer);
    }
    panic!("the provider does not lead back");
}

/// The whole way; the answer of Enrol at its end.
async fn sign_in(client: &Client, site: &Site, login: &str) -> Response {
    let away = depart(client, site).await;
    let back = at_provider(client, site, away, login).await;
    client.get(back).send().await.unwrap()
}

async fn signed_in(client: &Client, site: &Site) -> bool {
    let home = client.get(format!("{}/", site.url)).send().await.unwrap();
    !location(&home).path().starts_with("/sign-in")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_come_in_through_their_organisations_sign_in_page() {
    let (site, mut provider) = stage().await;
    let client = browser();
    let page = client.get(format!("{}/sign-in", site.url)).send().await;
    let page = page.unwrap().text().await.unwrap();
    assert!(page.contains("Sign in with your work account") && !page.contains("password"));
    let token = hidden(&page, "csrf");
    let local = client
        .post(format!("{}/sign-in", site.url))
        .form(&[
            ("csrf", token.as_str()),
            ("next", "/"),
            ("user_name", "ada"),
            ("password", super::fixture::PASSWORD),
        ])
        .send()
        .await
        .unwrap();
    assert_eq!(local.status(), StatusCode::FORBIDDEN, "no local accounts");

    let answer = sign_in(&client, &site, "grace").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(location(&answer).path(), "/review");
    let list = client.get(format!("{}/review", site.url)).send().await;
    let list = list.unwrap();
    assert_eq!(list.status(), StatusCode::OK);
    let policy = list.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains(&format!("form-action 'self' {};", provider.issuer)));
    let list = list.text().await.unwrap();
    assert!(list.contains("Grace Clerk"));
    let known: (String, String, Vec<String>, Vec<String>) = sqlx::query_as(
        "SELECT issuer, subject, ARRAY(SELECT role FROM account_role WHERE account_id = id),
                ARRAY(SELECT centre FROM account_centre WHERE account_id = id)
         FROM account WHERE issuer IS NOT NULL",
    )
    .fetch_one(site.database.pool())
    .await
    .unwrap();
    assert_eq!(known.0, provider.issuer);
    assert_eq!(known.1, "council/o-grace");
    assert_eq!(
        (known.2, known.3),
        (vec!["clerk".into()], vec!["OAK".into()])
    );

    let token = hidden(&list, "csrf");
    let out = client
        .post(format!("{}/sign-out", site.url))
        .form(&[("csrf", &token)])
        .send()
        .await
        .unwrap();
    let out = location(&out);
    assert!(
        out.as_str()
            .starts_with(&format!("{}/session/end?", provider.issuer))
    );
    assert!(out.query().unwrap().contains("post_logout_redirect_uri="));
    assert!(!signed_in(&client, &site).await);

    // The same person comes back with other duties: they are what counts from then on.
    provider
        .tell(r#"{"person": "grace", "claims": {"roles": ["Enrol.Auditor"], "name": "Grace Auditor"}}"#)
        .await;
    let later = browser();
    sign_in(&later, &site, "grace").await;
    let list = later.get(format!("{}/review", site.url)).send().await;
    assert_eq!(list.unwrap().status(), StatusCode::FORBIDDEN);
    let trail = later.get(format!("{}/audit", site.url)).send().await;
    assert_eq!(trail.unwrap().status(), StatusCode::OK);
    assert_eq!(
        site.count("SELECT count(*) FROM account WHERE issuer IS NOT NULL")
            .await,
        1
    );

    let name: String = sqlx::query_scalar("SELECT user_name FROM account WHERE issuer IS NOT NULL")
        .fetch_one(site.database.pool())
        .await
        .unwrap();
    accounts::set_closed(&site.database, &name, true)
        .await
        .unwrap();
    assert!(!signed_in(&later, &site).await, "closing ends the session");
    let closed = sign_in(&browser(), &site, "grace").await;
    assert_eq!(closed.status(), StatusCode::FORBIDDEN);
    assert!(
        closed
            .text()
            .await
            .unwrap()
            .contains("Your account is closed")
    );
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_comes_in_with_what_is_not_theirs() {
    let (site, mut provider) = stage().await;

    let noah = browser();
    let refused = sign_in(&noah, &site, "noah").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let page = refused.text().await.unwrap();
    assert!(page.contains("has given you no role in Enrol"), "{page}");
    assert!(!signed_in(&noah, &site).await);

    provider
        .tell(r#"{"person": "noah", "claims": {"roles": ["Enrol.Clerk"], "tid": "another"}}"#)
        .await;
    let refused = sign_in(&browser(), &site, "noah").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);

    // A return that another browser began.
    let (grace, eve) = (browser(), browser());
    let away = depart(&grace, &site).await;
    let back = at_provider(&grace, &site, away, "grace").await;
    let stolen = eve.get(back.clone()).send().await.unwrap();
    assert_eq!(stolen.status(), StatusCode::BAD_REQUEST);
    assert!(!signed_in(&eve, &site).await);

    // Eve's own attempt with the code that was meant for Grace.
    let eves = depart(&eve, &site).await;
    let state = |url: &Url| {
        let found = url.query_pairs().find(|(name, _)| name == "state");
        found.unwrap().1.into_owned()
    };
    let swapped = back.as_str().replace(&state(&back), &state(&eves));
    let swapped = eve.get(swapped).send().await.unwrap();
    assert_eq!(swapped.status(), StatusCode::UNAUTHORIZED);
    assert!(!signed_in(&eve, &site).await);

    // A state that nobody gave out, and a return without one.
    for query in ["state=made-up&code=x", "code=x", "error=access_denied"] {
        let answer = browser()
            .get(format!("{}/sign-in/return?{query}", site.url))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
    }

    // The provider says no.
    let carl = browser();
    let away = depart(&carl, &site).await;
    let answer = carl
        .get(format!(
            "{}/sign-in/return?error=access_denied&state={}",
            site.url,
            state(&away)
        ))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);

    // A token for another request: its nonce is not the one that was sent along.
    let mallory = browser();
    let mut away = depart(&mallory, &site).await;
    let pairs: Vec<(String, String)> = away
        .query_pairs()
        .map(|(name, value)| {
            let value = if name == "nonce" {
                "other".into()
            } else {
                value
            };
            (name.into_owned(), value.into_owned())
        })
        .collect();
    away.query_pairs_mut().clear().extend_pairs(pairs);
    let back = at_provider(&mallory, &site, away, "grace").await;
    let answer = mallory.get(back).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(!signed_in(&mallory, &site).await);
    assert_eq!(site.count("SELECT count(*) FROM session").await, 0);
    assert_eq!(
        site.count("SELECT count(*) FROM account WHERE issuer IS NOT NULL")
            .await,
        0
    );

    // The right way, and the same return once more.
    let away = depart(&mallory, &site).await;
    let back = at_provider(&mallory, &site, away, "grace").await;
    let answer = mallory.get(back.clone()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let again = mallory.get(back).send().await.unwrap();
    assert_eq!(
        again.status(),
        StatusCode::BAD_REQUEST,
        "a return is good once"
    );
    site.stop().await;
}
