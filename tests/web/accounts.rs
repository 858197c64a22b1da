//! The pages for accounts: what an administrator can do, and what nobody can.

use enrol::domain::role::Role;
use enrol::storage::{accounts, audit};
use enrol::web::{random_token, token_hash};
use reqwest::{Response, StatusCode};
use uuid::Uuid;

use crate::fixture::{Browser, PASSWORD, Site, hidden, text};
use crate::second::page;

/// Sends `fields` to `path` with the token of the session.
async fn post(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Response {
    let csrf = hidden(&page(browser, "/accounts").await, "csrf");
    let mut sent = vec![("csrf", csrf.as_str())];
    sent.extend(fields);
    browser.post(path, &sent).await
}

async fn id_of(site: &Site, user_name: &str) -> Uuid {
    sqlx::query_scalar("SELECT id FROM account WHERE user_name = $1")
        .bind(user_name)
        .fetch_one(site.database.pool())
        .await
        .unwrap()
}

/// Chooses a password with another one, as a stranger.
async fn choose(site: &Site, user_name: &str, old: &str, new: &str) -> (Browser, Response) {
    let browser = site.stranger();
    let shown = page(&browser, "/sign-in/password").await;
    let csrf = hidden(&shown, "csrf");
    let sent = [
        ("csrf", csrf.as_str()),
        ("user_name", user_name),
        ("password", old),
        ("new_password", new),
        ("again", new),
    ];
    let answer = browser.post("/sign-in/password", &sent).await;
    (browser, answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_opens_changes_and_closes_accounts_and_sees_no_record() {
    let site = Site::start().await;
    site.account("root", &[Role::Administrator], &[]).await;
    let root = site.browser("root").await;
    assert_eq!(root.get("/").await.url().path(), "/accounts");
    for path in [
        "/review",
        "/second",
        "/quality",
        "/reception",
        "/audit",
        "/supervision",
    ] {
        assert_eq!(
            root.get(path).await.status(),
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let list = page(&root, "/accounts").await;
    assert!(list.contains("Ada Clerk") && list.contains("Reception"));

    // What is wrong is said at its input, and what was entered stays.
    let fields = [
        ("user_name", "gr ace"),
        ("display_name", "Grace Clerk"),
        ("roles", "clerk"),
        ("roles", "administrator"),
        ("centres", "oak's"),
    ];
    let refused = post(&root, "/accounts", &fields).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused = refused.text().await.unwrap();
    for target in ["#user_name", "#roles", "#centres"] {
        assert!(refused.contains(&format!("href=\"{target}\"")), "{target}");
    }
    assert!(refused.contains("value=\"Grace Clerk\""));
    let taken = [
        ("user_name", "Ada"),
        ("display_name", "A"),
        ("roles", "clerk"),
    ];
    let taken = post(&root, "/accounts", &taken).await.text().await.unwrap();
    assert!(taken.contains("There is an account of that name already"));

    let fields = [
        ("user_name", "Grace.Clerk"),
        ("display_name", "Grace Clerk"),
        ("roles", "clerk"),
        ("centres", "oak"),
    ];
    let opened = post(&root, "/accounts", &fields)
        .await
        .text()
        .await
        .unwrap();
    let first = text(&opened, "[data-enrol-password]");
    assert_eq!(first.len(), 19, "{opened}");

    // The first password opens nothing but the page on which another is chosen.
    let grace = site.stranger();
    let asked = grace.sign_in("grace.clerk", &first).await;
    assert!(
        asked
            .text()
            .await
            .unwrap()
            .contains("Choose one that only you know")
    );
    assert_eq!(grace.get("/review").await.url().path(), "/sign-in");
    let (_, short) = choose(&site, "grace.clerk", &first, "short").await;
    assert_eq!(short.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let (_, wrong) = choose(&site, "grace.clerk", "not it at all", "a password of hers").await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let (grace, chosen) = choose(&site, "grace.clerk", &first, "a password of hers").await;
    assert_eq!(chosen.url().path(), "/review", "she is signed in with it");
    let again = site.stranger().sign_in("grace.clerk", &first).await;
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED);

    // Roles and centres count from the next request on.
    let id = id_of(&site, "grace.clerk").await;
    let account = format!("/accounts/{id}");
    assert_eq!(
        grace.get("/reception").await.status(),
        StatusCode::FORBIDDEN
    );
    let rights = [
        ("roles", "clerk"),
        ("roles", "reception"),
        ("centres", "OAK, riv"),
    ];
    let changed = post(&root, &account, &rights).await;
    let changed = changed.text().await.unwrap();
    assert!(changed.contains("Reception, Clerk") || changed.contains("Clerk, Reception"));
    assert!(changed.contains("OAK, RIV") && changed.contains("In 1 browser"));
    assert_eq!(grace.get("/reception").await.status(), StatusCode::OK);

    // Ended, forgotten, closed, opened again.
    post(&root, &format!("{account}/end-sessions"), &[]).await;
    assert_eq!(grace.get("/review").await.url().path(), "/sign-in");
    assert_eq!(
        grace
            .sign_in("grace.clerk", "a password of hers")
            .await
            .url()
            .path(),
        "/review"
    );
    let given = post(&root, &format!("{account}/password"), &[]).await;
    let second = text(&given.text().await.unwrap(), "[data-enrol-password]");
    assert_eq!(grace.get("/review").await.url().path(), "/sign-in");
    let old = grace.sign_in("grace.clerk", "a password of hers").await;
    assert_eq!(old.status(), StatusCode::UNAUTHORIZED);
    let (grace, _) = choose(&site, "grace.clerk", &second, "another of her own").await;
    assert_eq!(grace.get("/review").await.status(), StatusCode::OK);
    let closed = post(&root, &format!("{account}/close"), &[]).await;
    assert!(closed.text().await.unwrap().contains("Closed since"));
    assert_eq!(grace.get("/review").await.url().path(), "/sign-in");
    let out = grace.sign_in("grace.clerk", "another of her own").await;
    assert_eq!(out.status(), StatusCode::UNAUTHORIZED);
    post(&root, &format!("{account}/reopen"), &[]).await;
    let back = grace.sign_in("grace.clerk", "another of her own").await;
    assert_eq!(back.url().path(), "/review");

    let entries = audit::of_subject(site.database.pool(), "account", id)
        .await
        .unwrap();
    let actions: Vec<&str> = entries.iter().map(|e| e.action.as_str()).collect();
    for action in [
        "opened",
        "changed_rights",
        "ended_sessions",
        "gave_first_password",
        "chose_password",
        "closed",
        "reopened",
        "viewed",
    ] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    let rights = "SELECT count(*) FROM audit_entry WHERE part = 'clerk, reception; OAK, RIV'";
    assert_eq!(site.count(rights).await, 1);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_locks_the_last_administrator_out_nor_makes_themselves_a_clerk() {
    let site = Site::start().await;
    site.account("root", &[Role::Administrator], &[]).await;
    let root = site.browser("root").await;
    let own = format!("/accounts/{}", id_of(&site, "root").await);
    let conflict = async |answer: Response, says: &str| {
        assert_eq!(answer.status(), StatusCode::CONFLICT);
        assert!(answer.text().await.unwrap().contains(says), "{says}");
    };
    let closing = post(&root, &format!("{own}/close"), &[]).await;
    conflict(closing, "Nobody could look after accounts any more").await;
    let rights = post(&root, &own, &[("roles", "clerk")]).await;
    conflict(rights, "Nobody changes their own roles").await;
    assert_eq!(root.get("/accounts").await.status(), StatusCode::OK);

    // Two administrators who close each other at the same moment: one stays.
    site.account("spare", &[Role::Administrator], &[]).await;
    let spare = site.browser("spare").await;
    let theirs = format!("/accounts/{}", id_of(&site, "spare").await);
    let (roots, spares) = (
        hidden(&page(&root, "/accounts").await, "csrf"),
        hidden(&page(&spare, "/accounts").await, "csrf"),
    );
    let (close_spare, close_root) = (format!("{theirs}/close"), format!("{own}/close"));
    let (sent, sent_too) = ([("csrf", roots.as_str())], [("csrf", spares.as_str())]);
    let _ = tokio::join!(
        root.post(&close_spare, &sent),
        spare.post(&close_root, &sent_too)
    );
    let left = "SELECT count(*) FROM account a JOIN account_role r ON r.account_id = a.id
                WHERE r.role = 'administrator' AND a.disabled_at IS NULL";
    assert_eq!(site.count(left).await, 1);

    // With an administrator of the provider only, who cannot sign in here, the last local one stays too.
    sqlx::query("UPDATE account SET disabled_at = NULL WHERE user_name = 'root'")
        .execute(site.database.pool())
        .await
        .unwrap();
    sqlx::query("UPDATE account SET disabled_at = now() WHERE user_name = 'spare'")
        .execute(site.database.pool())
        .await
        .unwrap();
    let arrival = accounts::Arrival {
        issuer: "https://id.example.org",
        subject: "o-9",
        user_name: "oidc-9",
        display_name: "Nora Elsewhere",
        roles: &[Role::Administrator],
        centres: &["OAK".to_owned()],
    };
    let nora = accounts::arrive(&site.database, arrival)
        .await
        .unwrap()
        .unwrap();
    let root = site.browser("root").await;
    let closing = post(&root, &format!("{own}/close"), &[]).await;
    conflict(closing, "Nobody could look after accounts any more").await;

    // What comes from the provider is shown and not changed here.
    let noras = format!("/accounts/{nora}");
    let shown = page(&root, &noras).await;
    assert!(shown.contains("Roles and centres come from your organisation"));
    assert!(!shown.contains("name=\"roles\"") && !shown.contains("/password"));
    let refused = post(&root, &noras, &[("roles", "clerk")]).await;
    conflict(refused, "Change its roles and its password there").await;
    let refused = post(&root, &format!("{noras}/password"), &[]).await;
    conflict(refused, "Change its roles and its password there").await;
    let closed = post(&root, &format!("{noras}/close"), &[]).await;
    assert!(closed.text().await.unwrap().contains("Closed since"));
    let missing = post(&root, &format!("/accounts/{}/close", Uuid::now_v7()), &[]).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_organisation_signs_people_in_no_local_account_is_opened() {
    let site = Site::start_with(|config| config.sign_in.local_accounts = Some(false)).await;
    site.account("root", &[Role::Administrator], &[]).await;
    let refused = site.stranger().sign_in("root", PASSWORD).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    // As if the provider had let the administrator in.
    let token = random_token();
    sqlx::query(
        "INSERT INTO session (token_hash, account_id, csrf_token, created_at, last_seen, expires_at)
         SELECT $1, id, 'token', now(), now(), now() + interval '1 hour' FROM account WHERE user_name = 'root'",
    )
    .bind(token_hash(&token))
    .execute(site.database.pool())
    .await
    .unwrap();
    let browser = site.stranger();
    let get = async |path: &str| {
        let asked = browser.client.get(format!("{}{path}", site.url));
        asked
            .header("cookie", format!("enrol_session={token}"))
            .send()
            .await
            .unwrap()
    };
    let list = get("/accounts").await.text().await.unwrap();
    assert!(
        list.contains("People sign in with your organisation") && !list.contains("/accounts/new")
    );
    assert_eq!(get("/accounts/new").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        get("/sign-in/password").await.status(),
        StatusCode::NOT_FOUND
    );
    site.stop().await;
}
