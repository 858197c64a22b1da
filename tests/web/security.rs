//! Who may do what: every address for every role, tokens, sessions, leases, and papers of other centres.

use std::collections::BTreeSet;

use enrol::domain::recipient_fields::FieldGroup;
use enrol::domain::role::Role;
use enrol::storage::{audit, audit_chain};
use enrol::web::{READ, Route, random_token, route_list};
use reqwest::{Response, StatusCode};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::fixture::{Browser, Site, hidden, written};

const RECEPTION: &[Role] = &[Role::Reception, Role::Supervisor];
const CHECKING: &[Role] = &[Role::Clerk, Role::Supervisor];
const FORMS: &[Role] = &[
    Role::Clerk,
    Role::Supervisor,
    Role::SafeguardingLead,
    Role::InformationGovernance,
];
const CROPS: &[Role] = &[
    Role::Clerk,
    Role::SecondClerk,
    Role::Supervisor,
    Role::SafeguardingLead,
    Role::InformationGovernance,
];
const SUPERVISING: &[Role] = &[Role::Supervisor];
const KEYING: &[Role] = &[Role::Clerk, Role::SecondClerk, Role::Supervisor];
const DECIDING: &[Role] = &[Role::Supervisor];
const PROTECTING: &[Role] = &[Role::Clerk, Role::Supervisor, Role::SafeguardingLead];
const LEAD: &[Role] = &[Role::SafeguardingLead];
const MERGING: &[Role] = &[Role::Supervisor, Role::InformationGovernance];
const AUDIT: &[Role] = &[Role::InformationGovernance, Role::Auditor];
const GOVERNING: &[Role] = &[Role::InformationGovernance];
const RIGHTS: &[Role] = &[Role::SafeguardingLead, Role::InformationGovernance];
const CORRECTING: &[Role] = &[
    Role::Supervisor,
    Role::SafeguardingLead,
    Role::InformationGovernance,
];
const SIGNED_IN: &[Role] = &Role::ALL;

/// Who may use an address.
enum Who {
    /// Whoever has one of these roles.
    Roles(&'static [Role]),
    /// Everybody, signed in or not.
    Anybody,
    /// Systems with a token.
    Token,
}

/// The whole table. A route that is not in it fails the test below.
fn table() -> Vec<(&'static str, &'static str, Who)> {
    use Who::{Anybody, Roles, Token};
    vec![
        ("GET", "/", Roles(SIGNED_IN)),
        ("GET", "/sign-in", Anybody),
        ("POST", "/sign-in", Anybody),
        ("GET", "/sign-in/start", Anybody),
        ("GET", "/sign-in/return", Anybody),
        ("POST", "/sign-out", Roles(SIGNED_IN)),
        ("POST", "/session/stay", Roles(SIGNED_IN)),
        ("GET", "/review", Roles(CHECKING)),
        ("GET", "/review/{form}", Roles(CHECKING)),
        ("POST", "/review/{form}", Roles(CHECKING)),
        ("POST", "/review/{form}/release", Roles(CHECKING)),
        ("POST", "/review/next", Roles(CHECKING)),
        ("GET", "/review/events", Roles(CHECKING)),
        ("GET", "/review/{form}/desk", Roles(CHECKING)),
        ("POST", "/review/{form}/desk", Roles(CHECKING)),
        ("POST", "/review/{form}/desk/keep", Roles(CHECKING)),
        ("POST", "/review/{form}/desk/test", Roles(CHECKING)),
        ("POST", "/review/{form}/desk/undo", Roles(CHECKING)),
        ("GET", "/review/{form}/desk/finish", Roles(CHECKING)),
        ("POST", "/review/{form}/desk/finish", Roles(CHECKING)),
        ("GET", "/review/keys", Roles(CHECKING)),
        ("POST", "/review/keys", Roles(CHECKING)),
        ("GET", "/review/aside", Roles(CHECKING)),
        ("POST", "/review/{form}/notes", Roles(CHECKING)),
        ("POST", "/review/{form}/refer", Roles(CHECKING)),
        ("POST", "/review/{form}/give-back", Roles(SUPERVISING)),
        ("POST", "/review/{form}/set-aside", Roles(CHECKING)),
        ("POST", "/review/{form}/restore", Roles(CHECKING)),
        ("POST", "/review/{form}/read-again", Roles(CHECKING)),
        ("GET", "/review/batch", Roles(CHECKING)),
        ("POST", "/review/batch", Roles(CHECKING)),
        ("GET", "/accessibility", Anybody),
        ("GET", "/review/{form}/pages/{page}", Roles(FORMS)),
        ("GET", "/review/{form}/pages/{page}/picture", Roles(FORMS)),
        ("GET", "/review/{form}/fields/{field}/crop", Roles(CROPS)),
        ("GET", "/households/{household}", Roles(FORMS)),
        ("POST", "/households/{household}/special", Roles(FORMS)),
        ("POST", "/households/{household}/withdraw", Roles(FORMS)),
        (
            "POST",
            "/households/{household}/undo-withdrawal",
            Roles(FORMS),
        ),
        ("GET", "/stop/{token}", Anybody),
        ("POST", "/stop/{token}", Anybody),
        ("GET", "/contact-lists", Roles(MERGING)),
        ("POST", "/contact-lists", Roles(MERGING)),
        ("POST", "/api/withdrawals", Token),
        ("POST", "/households/{household}/protect", Roles(PROTECTING)),
        ("POST", "/households/{household}/unprotect", Roles(LEAD)),
        ("GET", "/service-users/{service_user}", Roles(FORMS)),
        ("GET", "/service-users/{service_user}/history", Roles(FORMS)),
        ("GET", "/households/{household}/consents", Roles(FORMS)),
        ("GET", "/households/{household}/correct", Roles(CORRECTING)),
        ("POST", "/households/{household}/correct", Roles(CORRECTING)),
        (
            "GET",
            "/service-users/{service_user}/correct",
            Roles(CORRECTING),
        ),
        (
            "POST",
            "/service-users/{service_user}/correct",
            Roles(CORRECTING),
        ),
        ("GET", "/service-users/{service_user}/merge", Roles(MERGING)),
        (
            "POST",
            "/service-users/{service_user}/merge",
            Roles(MERGING),
        ),
        (
            "POST",
            "/service-users/{service_user}/unmerge",
            Roles(MERGING),
        ),
        ("GET", "/matching", Roles(CHECKING)),
        ("GET", "/matching/{form}", Roles(CHECKING)),
        ("POST", "/matching/{form}", Roles(CHECKING)),
        ("POST", "/matching/{form}/back", Roles(CHECKING)),
        ("GET", "/audit", Roles(AUDIT)),
        ("GET", "/recipients", Roles(GOVERNING)),
        ("POST", "/recipients", Roles(GOVERNING)),
        ("GET", "/recipients/new", Roles(GOVERNING)),
        ("GET", "/recipients/{recipient}", Roles(GOVERNING)),
        ("POST", "/recipients/{recipient}", Roles(GOVERNING)),
        ("GET", "/recipients/{recipient}/change", Roles(GOVERNING)),
        ("POST", "/recipients/{recipient}/revoke", Roles(GOVERNING)),
        ("POST", "/recipients/{recipient}/token", Roles(GOVERNING)),
        (
            "POST",
            "/recipients/{recipient}/tokens/{token}/take-back",
            Roles(GOVERNING),
        ),
        ("GET", "/households/{household}/disclosures", Roles(FORMS)),
        ("GET", "/retention", Roles(RIGHTS)),
        ("POST", "/retention", Roles(RIGHTS)),
        ("GET", "/retention/plans/{plan}", Roles(RIGHTS)),
        ("POST", "/retention/plans/{plan}", Roles(RIGHTS)),
        ("GET", "/retention/plans/{plan}/certificate", Roles(RIGHTS)),
        (
            "POST",
            "/service-users/{service_user}/subject-access",
            Roles(RIGHTS),
        ),
        ("GET", "/households/{household}/rights", Roles(RIGHTS)),
        ("POST", "/households/{household}/stops", Roles(RIGHTS)),
        ("POST", "/households/{household}/erasure", Roles(RIGHTS)),
        ("GET", "/api/households", Token),
        ("GET", "/api/households/{household}", Token),
        ("GET", "/api/events", Token),
        ("POST", "/api/events/replay", Token),
        ("GET", "/api/disclosures", Token),
        ("GET", "/second", Roles(KEYING)),
        ("POST", "/second/tasks/{task}", Roles(KEYING)),
        ("POST", "/second/tasks/{task}/release", Roles(KEYING)),
        ("GET", "/second/tasks/{task}/crop", Roles(KEYING)),
        ("GET", "/second/adjudicate", Roles(DECIDING)),
        ("POST", "/second/adjudicate/{task}", Roles(DECIDING)),
        ("GET", "/second/waiting", Roles(DECIDING)),
        ("POST", "/second/waiting/{form}/waive", Roles(DECIDING)),
        ("GET", "/quality", Roles(KEYING)),
        ("POST", "/quality/wrong-records/{task}", Roles(DECIDING)),
        ("GET", "/reception", Roles(RECEPTION)),
        ("POST", "/reception", Roles(RECEPTION)),
        ("GET", "/reception/{document}", Roles(RECEPTION)),
        ("GET", "/reception/rows", Roles(RECEPTION)),
        ("GET", "/reception/blanks", Roles(RECEPTION)),
        ("POST", "/reception/blanks", Roles(RECEPTION)),
        (
            "GET",
            "/reception/forms/{form}/missing-pages",
            Roles(RECEPTION),
        ),
        ("GET", "/supervision", Roles(SUPERVISING)),
        ("GET", "/supervision/exceptions", Roles(SUPERVISING)),
        (
            "POST",
            "/supervision/exceptions/{document}/read-again",
            Roles(SUPERVISING),
        ),
        (
            "POST",
            "/supervision/exceptions/{document}/dismiss",
            Roles(SUPERVISING),
        ),
        (
            "POST",
            "/supervision/exceptions/{document}/restore",
            Roles(SUPERVISING),
        ),
        ("GET", "/api/scans", Token),
        ("POST", "/api/scans", Token),
        ("GET", "/api/scans/{scan}", Token),
        ("POST", "/api/scans/{scan}/read-again", Token),
        ("GET", "/api/work", Token),
        ("GET", "/api/service-users/{service_user}", Token),
        ("GET", "/api/{*rest}", Anybody),
        ("GET", "/openapi.json", Anybody),
        ("GET", "/livez", Anybody),
        ("GET", "/readyz", Anybody),
    ]
}

#[test]
fn every_route_is_in_the_table() {
    let answered: BTreeSet<Route> = route_list().into_iter().collect();
    let listed: BTreeSet<Route> = table()
        .into_iter()
        .map(|(method, path, _)| Route { method, path })
        .collect();
    let missing: Vec<_> = answered.difference(&listed).collect();
    assert!(
        missing.is_empty(),
        "say in the table who may use {missing:?}"
    );
    let gone: Vec<_> = listed.difference(&answered).collect();
    assert!(gone.is_empty(), "no such route any more: {gone:?}");
}

/// What the changing parts of addresses stand for.
struct Papers {
    form: Uuid,
    household: Uuid,
    service_user: Uuid,
    document: Uuid,
}

impl Papers {
    /// A settled form of centre OAK with its record, and its scan.
    async fn settled(site: &Site, reference: &str) -> Self {
        let form = site.form(reference, &written()).await;
        let ada = site.browser("ada").await;
        let sent = ada.confirmed(form, "yes").await;
        let done = ada.send(form, &sent).await;
        assert!(done.url().query().unwrap_or_default().starts_with("done="));
        let (household, service_user) = sqlx::query_as(
            "SELECT r.household_id, m.service_user_id
             FROM registration r JOIN registration_member m ON m.form_id = r.form_id
             WHERE r.form_id = $1 AND m.block = 'primary_carer'",
        )
        .bind(form)
        .fetch_one(site.database.pool())
        .await
        .unwrap();
        let document = document_of(site, form).await;
        Self {
            form,
            household,
            service_user,
            document,
        }
    }

    fn path(&self, path: &str) -> String {
        path.replace("{form}", &self.form.to_string())
            .replace("{page}", "1")
            // Nobody has this task.
            .replace("{task}", &self.form.to_string())
            .replace("{field}", "primary_carer.surname")
            .replace("{household}", &self.household.to_string())
            .replace("{service_user}", &self.service_user.to_string())
            .replace("{document}", &self.document.to_string())
            .replace("{scan}", &self.document.to_string())
            // Nor is there this plan or recipient.
            .replace("{plan}", &self.form.to_string())
            .replace("{recipient}", &self.form.to_string())
            .replace("{token}", &self.form.to_string())
            .replace("{*rest}", "nothing")
    }
}

async fn document_of(site: &Site, form: Uuid) -> Uuid {
    sqlx::query_scalar("SELECT document_id FROM page WHERE form_id = $1 ORDER BY form_page LIMIT 1")
        .bind(form)
        .fetch_one(site.database.pool())
        .await
        .unwrap()
}

/// The form token of the session that `user_name` has.
async fn csrf(site: &Site, user_name: &str) -> String {
    sqlx::query_scalar(
        "SELECT csrf_token FROM session s JOIN account a ON a.id = s.account_id WHERE a.user_name = $1
         ORDER BY s.created_at DESC LIMIT 1",
    )
    .bind(user_name)
    .fetch_one(site.database.pool())
    .await
    .unwrap()
}

/// Asks without following where the answer leads.
async fn ask(browser: &Browser, method: &str, path: &str, csrf: &str) -> Response {
    let url = format!("{}{path}", browser.url);
    match method {
        "GET" => browser.client.get(url),
        "POST" if path == "/reception" => {
            let form = reqwest::multipart::Form::new().text("csrf", csrf.to_owned());
            browser.client.post(url).multipart(form)
        }
        // What several pages need before they look at the form itself.
        _ => browser.client.post(url).form(&[
            ("csrf", csrf),
            ("version", "1"),
            ("field", "primary_carer.surname"),
        ]),
    }
    .send()
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_opens_what_the_table_says_and_nothing_else() {
    let site = Site::start().await;
    let papers = Papers::settled(&site, "F-000041").await;
    let stranger = site.stranger_staying();
    for (method, path, who) in table() {
        let answer = ask(&stranger, method, &papers.path(path), "x").await;
        let (status, place) = (answer.status(), location(&answer));
        match who {
            Who::Roles(_) => assert!(
                status == StatusCode::SEE_OTHER && place.starts_with("/sign-in"),
                "a stranger must sign in first for {method} {path}: {status}"
            ),
            Who::Token => assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}"),
            Who::Anybody => assert!(!place.starts_with("/sign-in?"), "{path}"),
        }
    }
    for role in Role::ALL {
        site.account(role.as_str(), &[role], &[]).await;
        let browser = site.browser_staying(role.as_str()).await;
        let token = csrf(&site, role.as_str()).await;
        for (method, path, who) in table() {
            let Who::Roles(roles) = who else { continue };
            if path == "/sign-out" {
                continue;
            }
            let answer = ask(&browser, method, &papers.path(path), &token).await;
            let (status, place) = (answer.status(), location(&answer));
            check_headers(method, path, &answer);
            // A stream of events has no end to wait for.
            let streams = answer
                .headers()
                .get("content-type")
                .is_some_and(|t| t.as_bytes().starts_with(b"text/event-stream"));
            let page = if streams {
                String::new()
            } else {
                answer.text().await.unwrap_or_default()
            };
            let refused = page.contains("You cannot use this page");
            assert!(
                !place.starts_with("/sign-in?"),
                "{role:?} is signed in, {method} {path}"
            );
            assert_eq!(
                refused,
                !roles.contains(&role),
                "{role:?}, {method} {path}: {status}"
            );
        }
    }
    site.stop().await;
}

fn location(answer: &Response) -> String {
    answer
        .headers()
        .get("location")
        .and_then(|l| l.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

fn check_headers(method: &str, path: &str, answer: &Response) {
    let header = |name: &str| {
        let value = answer.headers().get(name);
        value
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let policy = header("content-security-policy");
    for directive in [
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(directive), "{method} {path}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{method} {path}: {policy}");
    assert_eq!(header("cache-control"), "no-store", "{method} {path}");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "same-origin");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_post_needs_the_token_of_its_own_session() {
    let site = Site::start().await;
    let papers = Papers::settled(&site, "F-000042").await;
    site.account("all", &Role::ALL, &[]).await;
    let browser = site.browser_staying("all").await;
    let other = csrf(&site, "ada").await;
    let before = site.count("SELECT count(*) FROM audit_entry").await;
    for (method, path, who) in table() {
        if method != "POST" || !matches!(who, Who::Roles(_)) {
            continue;
        }
        for (token, whose) in [("", "no"), (other.as_str(), "another session's")] {
            let answer = ask(&browser, method, &papers.path(path), token).await;
            assert_eq!(
                answer.status(),
                StatusCode::FORBIDDEN,
                "{path} with {whose} token"
            );
            let page = answer.text().await.unwrap();
            assert!(page.contains("Nothing was stored"), "{path}");
        }
        let url = format!("{}{}", site.url, papers.path(path));
        let elsewhere = browser
            .client
            .post(url)
            .header("origin", "https://evil.example")
            .form(&[("csrf", csrf(&site, "all").await)])
            .send()
            .await
            .unwrap();
        assert_eq!(
            elsewhere.status(),
            StatusCode::FORBIDDEN,
            "{path} from another site"
        );
    }
    assert_eq!(
        site.count("SELECT count(*) FROM audit_entry").await,
        before,
        "nothing was done"
    );
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_new_at_sign_in_and_ends_unless_a_person_uses_it() {
    let site = Site::start().await;
    let planted = random_token();
    let first = sign_in_with_cookie(&site, &planted).await;
    assert_ne!(first, planted, "a planted token is not taken over");
    assert_eq!(opens(&site, &planted).await, StatusCode::SEE_OTHER);
    assert_eq!(opens(&site, &first).await, StatusCode::OK);
    let second = sign_in_with_cookie(&site, &first).await;
    assert_ne!(second, first);
    assert_eq!(
        opens(&site, &first).await,
        StatusCode::SEE_OTHER,
        "signing in again ends the session before"
    );

    let ada = site.browser("ada").await;
    let age = "UPDATE session SET last_seen = now() - interval '10 minutes'";
    let idle = "SELECT count(*) FROM session WHERE last_seen < now() - interval '9 minutes'";
    sqlx::query(age)
        .execute(site.database.pool())
        .await
        .unwrap();
    let aged = site.count(idle).await;
    for header in [("x-enrol-background", "1"), ("accept", "text/event-stream")] {
        let asked = ada
            .client
            .get(format!("{}/review", site.url))
            .header(header.0, header.1);
        assert_eq!(asked.send().await.unwrap().status(), StatusCode::OK);
        assert_eq!(site.count(idle).await, aged, "asking for news is no use");
    }
    assert_eq!(ada.get("/review").await.status(), StatusCode::OK);
    assert_eq!(site.count(idle).await, aged - 1, "a person's request is");
    sqlx::query("UPDATE session SET expires_at = now() - interval '1 second'")
        .execute(site.database.pool())
        .await
        .unwrap();
    assert_eq!(ada.get("/review").await.url().path(), "/sign-in");
    site.stop().await;
}

/// Signs Ada in with a browser that has this session cookie already; answers the one it has then.
async fn sign_in_with_cookie(site: &Site, session: &str) -> String {
    let browser = site.stranger_staying();
    let page = browser.get("/sign-in").await;
    let tie = page.headers()["set-cookie"].to_str().unwrap().to_owned();
    let tie = tie.split(';').next().unwrap();
    let token = hidden(&page.text().await.unwrap(), "csrf");
    let answer = browser
        .client
        .post(format!("{}/sign-in", site.url))
        .header("cookie", format!("{tie}; enrol_session={session}"))
        .form(&[
            ("csrf", token.as_str()),
            ("next", "/"),
            ("user_name", "ada"),
            ("password", super::fixture::PASSWORD),
        ])
        .send()
        .await
        .unwrap();
    let cookies = answer.headers().get_all("set-cookie");
    cookies
        .iter()
        .filter_map(|c| c.to_str().ok()?.strip_prefix("enrol_session="))
        .find_map(|c| c.split(';').next())
        .unwrap()
        .to_owned()
}

/// What the list of forms answers to that session cookie.
async fn opens(site: &Site, session: &str) -> StatusCode {
    let client = site.stranger_staying().client;
    let asked = client
        .get(format!("{}/review", site.url))
        .header("cookie", format!("enrol_session={session}"));
    asked.send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn papers_of_other_centres_are_not_there() {
    let site = Site::start().await;
    let papers = Papers::settled(&site, "F-000043").await;
    let open = site.form("F-000044", &written()).await;
    let many = [Role::Supervisor, Role::SafeguardingLead];
    site.account("rivers", &[Role::Clerk, Role::Reception], &["RIV"])
        .await;
    site.account("elsewhere", &many, &["RIV"]).await;
    site.account("oaks", &[Role::Clerk, Role::Reception], &["OAK"])
        .await;
    site.account("boss", &[Role::Supervisor], &["RIV"]).await;
    let centre = async |form: Uuid| -> Option<String> {
        sqlx::query_scalar("SELECT centre FROM form WHERE id = $1")
            .bind(form)
            .fetch_one(site.database.pool())
            .await
            .unwrap()
    };
    assert_eq!(
        centre(papers.form).await.as_deref(),
        Some("OAK"),
        "as it says"
    );
    assert_eq!(centre(open).await, None, "nobody has confirmed it yet");

    let elsewhere = site.browser("elsewhere").await;
    let token = csrf(&site, "elsewhere").await;
    for (method, path, who) in table() {
        // There is no such task or recipient at all, which their own pages say in their own way.
        let task = path.contains("{task}") || path.contains("{recipient}");
        if !path.contains('{') || task || !matches!(who, Who::Roles(_)) {
            continue;
        }
        let answer = ask(&elsewhere, method, &papers.path(path), &token).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
    }
    let rivers = site.browser("rivers").await;
    let token = csrf(&site, "rivers").await;
    let oaks = site.browser("oaks").await;
    for path in [
        "/review/{form}/fields/{field}/crop",
        "/review/{form}/pages/{page}/picture",
        "/households/{household}",
        "/reception/{document}",
    ] {
        let answer = oaks.get(&papers.path(path)).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }

    // A form whose centre nobody knows yet is for supervisors.
    for (user_name, sees) in [
        ("rivers", false),
        ("oaks", false),
        ("boss", true),
        ("ada", true),
    ] {
        let browser = site.browser(user_name).await;
        let answer = browser.get(&format!("/review/{open}")).await;
        assert_eq!(answer.status().is_success(), sees, "{user_name}");
        if user_name != "ada" {
            let browser_release = csrf(&site, user_name).await;
            browser
                .post(
                    &format!("/review/{open}/release"),
                    &[("csrf", &browser_release)],
                )
                .await;
        }
        let list = browser.get("/review").await.text().await.unwrap();
        assert_eq!(list.contains("F-000044"), sees, "{user_name}");
    }

    // The file it came in counts first: it rests on no reading.
    sqlx::query("UPDATE document SET object_key = 'centres/riv/' || object_key WHERE object_key LIKE 'test/F-000044-%'")
        .execute(site.database.pool())
        .await
        .unwrap();
    sqlx::query("UPDATE page SET form_id = form_id WHERE form_id = $1")
        .bind(open)
        .execute(site.database.pool())
        .await
        .unwrap();
    assert_eq!(centre(open).await.as_deref(), Some("RIV"));
    let scans = rivers.get("/reception").await.text().await.unwrap();
    assert!(scans.contains("F-000044") && !scans.contains("F-000043"));

    upload_belongs_to_the_uploaders_centre(&site, &rivers, &token).await;
    site.stop().await;
}

async fn upload_belongs_to_the_uploaders_centre(site: &Site, browser: &Browser, token: &str) {
    let mut png = std::io::Cursor::new(Vec::new());
    image::GrayImage::from_pixel(8, 8, image::Luma([250]))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    let file = reqwest::multipart::Part::bytes(png.into_inner()).file_name("form 1.png");
    let form = reqwest::multipart::Form::new()
        .text("csrf", token.to_owned())
        .part("files", file);
    let answer = browser
        .client
        .post(format!("{}/reception", site.url))
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.url().query(), Some("sent=1"));
    let objects = enrol::objects::ObjectStore::new(&site.config.objects);
    let listed = objects.list("centres/RIV/reception/").await.unwrap();
    assert_eq!(listed.len(), 1, "the key says the centre");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protected_address_is_for_the_safeguarding_lead_alone() {
    let site = Site::start().await;
    let papers = Papers::settled(&site, "F-000045").await;
    site.account("lea", &[Role::SafeguardingLead], &[]).await;
    let record = papers.path("/households/{household}");
    let (ada, lea) = (site.browser("ada").await, site.browser("lea").await);
    let page = async |browser: &Browser| browser.get(&record).await.text().await.unwrap();
    assert!(page(&ada).await.contains("14 ELM ROAD") || page(&ada).await.contains("14 Elm Road"));

    let token = csrf(&site, "ada").await;
    ada.post(&format!("{record}/protect"), &[("csrf", &token)])
        .await;
    let sue = site.browser("sue").await;
    for browser in [&ada, &sue] {
        let seen = page(browser).await;
        assert!(seen.contains("Protected: ask the safeguarding lead"));
        for whereabouts in [
            "Elm Road",
            "MK40",
            "07700900123",
            "grace@example.org",
            "OAK",
        ] {
            assert!(!seen.contains(whereabouts), "{whereabouts}");
        }
        assert!(seen.contains("GRACE"), "the rest is there");
        for (path, status) in [
            ("/review/{form}/pages/{page}", StatusCode::FORBIDDEN),
            ("/review/{form}/pages/{page}/picture", StatusCode::FORBIDDEN),
            (
                "/review/{form}/fields/primary_carer.postcode/crop",
                StatusCode::FORBIDDEN,
            ),
            ("/review/{form}/fields/{field}/crop", StatusCode::OK),
            ("/review/{form}/fields/consent.email/crop", StatusCode::OK),
        ] {
            let answer = browser.get(&papers.path(path)).await;
            assert_eq!(answer.status(), status, "{path}");
        }
    }
    let all = site.recipient(&[READ], &FieldGroup::ALL).await;
    let answer = all
        .json(&papers.path("/api/service-users/{service_user}"))
        .await;
    assert_eq!(answer["address_protected"], true);
    assert_eq!(answer["first_name"], "GRACE");
    let text = answer.to_string();
    for whereabouts in [
        "Elm Road",
        "MK40",
        "07700900123",
        "grace@example.org",
        "OAK",
    ] {
        assert!(!text.contains(whereabouts), "the API tells {whereabouts}");
    }

    assert!(page(&lea).await.contains("MK40 1AA"));
    let token = csrf(&site, "lea").await;
    lea.post(&format!("{record}/unprotect"), &[("csrf", &token)])
        .await;
    assert!(page(&ada).await.contains("MK40 1AA"));
    let entries = audit::of_subject(site.database.pool(), "household", papers.household)
        .await
        .unwrap();
    let actions: BTreeSet<_> = entries.iter().map(|e| e.action.as_str()).collect();
    assert!(actions.contains("protected_address") && actions.contains("unprotected_address"));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_a_colleague_has_cannot_be_taken_by_sending_it() {
    let site = Site::start().await;
    let form = site.form("F-000046", &written()).await;
    let (ada, ben) = (site.browser("ada").await, site.browser("ben").await);
    let mut sent = ada.confirmed(form, "yes").await;
    let bens = csrf(&site, "ben").await;
    sent.iter_mut()
        .filter(|(name, _)| name == "csrf")
        .for_each(|(_, value)| value.clone_from(&bens));
    let stolen = ben.send(form, &sent).await;
    assert_eq!(stolen.status(), StatusCode::CONFLICT);
    assert_eq!(site.count("SELECT count(*) FROM household").await, 0);
    ben.post(&format!("/review/{form}/release"), &[("csrf", &bens)])
        .await;
    let holder: String = sqlx::query_scalar(
        "SELECT a.user_name FROM review_claim c JOIN account a ON a.id = c.account_id",
    )
    .fetch_one(site.database.pool())
    .await
    .unwrap();
    assert_eq!(holder, "ada", "nor given back for her");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_look_is_in_the_trail_and_so_is_looking_at_the_trail() {
    let site = Site::start().await;
    let papers = Papers::settled(&site, "F-000047").await;
    site.account("ann", &[Role::Auditor], &[]).await;
    let sue = site.browser("sue").await;
    let newest = "SELECT max(id) FROM audit_entry";
    for (path, action, part) in [
        ("/review", "listed", None),
        ("/reception", "listed", None),
        ("/reception/{document}", "viewed", None),
        ("/households/{household}", "viewed", None),
        ("/review/{form}/pages/{page}", "viewed_page", Some("1")),
        (
            "/review/{form}/pages/{page}/picture",
            "viewed_page_picture",
            Some("1"),
        ),
        (
            "/review/{form}/fields/{field}/crop",
            "viewed_crop",
            Some("primary_carer.surname"),
        ),
    ] {
        let before = site.count(newest).await;
        sue.get(&papers.path(path)).await;
        let noted: Vec<(String, Option<String>)> =
            sqlx::query_as("SELECT action, part FROM audit_entry WHERE id > $1 ORDER BY id")
                .bind(before)
                .fetch_all(site.database.pool())
                .await
                .unwrap();
        assert_eq!(
            noted,
            [(action.to_owned(), part.map(str::to_owned))],
            "{path}"
        );
    }
    let ann = site.browser("ann").await;
    let looks = "SELECT count(*) FROM audit_entry WHERE action = 'listed' AND subject = 'audit'";
    let before = site.count(looks).await;
    let page = ann
        .get("/audit?about=F-000047&action=viewed_crop")
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("Sue Supervisor") && page.contains("primary_carer.surname"));
    assert!(!page.contains("GRACE") && !page.contains("EXAMPLE"));
    let wrong = ann.get("/audit?from=yesterday&about=F-9").await;
    let wrong = wrong.text().await.unwrap();
    assert!(wrong.contains("Enter a date like") && wrong.contains("Enter the reference"));
    assert_eq!(site.count(looks).await, before + 2);
    let head = audit_chain::verify(&site.database, None)
        .await
        .unwrap()
        .unwrap();
    assert!(head.entries > 10);
    the_command_proves_it(&site, &head).await;
    site.stop().await;
}

async fn the_command_proves_it(site: &Site, head: &audit_chain::Head) {
    let run = async |arguments: &[&str]| {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_enrol"))
            .arg("audit")
            .args(arguments)
            .env(
                "ENROL_DATABASE__URL",
                site.config.database.url.expose_secret(),
            )
            .output()
            .await
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let noted = run(&["head"]).await.1;
    let noted = noted.split_whitespace().nth(1).unwrap().to_owned();
    let (code, said) = run(&["verify", "--head", &noted]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("{} entries checked", head.entries)));
    assert!(said.contains(&format!("head {noted}")));
    sqlx::raw_sql(
        "ALTER TABLE audit_entry DISABLE TRIGGER USER;
         UPDATE audit_entry SET action = 'viewed' WHERE id = (SELECT entry_id FROM audit_link WHERE position = 4);
         ALTER TABLE audit_entry ENABLE TRIGGER USER",
    )
    .execute(site.database.pool())
    .await
    .unwrap();
    let (code, said) = run(&["verify"]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("(position 4) is not what was written"),
        "{said}"
    );
}
