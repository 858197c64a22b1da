//! Scans: blank forms printed, files sent, followed, read again and put away, on pages and through the API.

use enrol::domain::recipient_fields::FieldGroup;
use reqwest::{Client, StatusCode};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::fixture::{Browser, Site, hidden, text, written};

/// Sends files as the reception page does.
async fn upload(person: &Browser, csrf: &str, files: &[(&str, &[u8])]) -> reqwest::Response {
    let boundary = "----enrol-test";
    let mut body =
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n")
            .into_bytes();
    for (name, bytes) in files {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={boundary}");
    person
        .client
        .post(format!("{}/reception", person.url))
        .header("content-type", kind)
        .header("accept", "application/json")
        .body(body)
        .send()
        .await
        .unwrap()
}

fn blank_page() -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::GrayImage::from_pixel(60, 80, image::Luma([250]))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    png.into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reception_prints_blanks_that_share_no_set_number_and_sends_scans() {
    let site = Site::start().await;
    let rea = site.browser("rea").await;
    let page = rea.get("/reception/blanks").await.text().await.unwrap();
    let csrf = hidden(&page, "csrf");
    for (copies, status) in [("0", 422), ("51", 422), ("many", 422), ("3", 200)] {
        let fields = [
            ("csrf", csrf.as_str()),
            ("form", "registration"),
            ("copies", copies),
            ("for", "paper"),
        ];
        let answer = rea.post("/reception/blanks", &fields).await;
        assert_eq!(answer.status().as_u16(), status, "{copies} copies");
        if status == 200 {
            assert_eq!(answer.headers()["content-type"], "application/pdf");
            let pdf = answer.bytes().await.unwrap();
            assert!(pdf.starts_with(b"%PDF-"));
        } else {
            let said = text(&answer.text().await.unwrap(), "#copies-error");
            assert!(said.contains("a number from 1 to 50"), "{said}");
        }
    }
    let screen = [
        ("csrf", csrf.as_str()),
        ("form", "registration"),
        ("for", "screen"),
    ];
    let answer = rea.post("/reception/blanks", &screen).await;
    assert!(answer.bytes().await.unwrap().starts_with(b"%PDF-"));
    assert_eq!(site.count("SELECT count(*) FROM printed_set").await, 4);

    // A sheet got lost: what is missing comes out of the printer with the same number.
    let form = site.form("F-123456", &written()).await;
    let lost = format!("/reception/forms/{form}/missing-pages");
    assert_eq!(rea.get(&lost).await.status(), StatusCode::NOT_FOUND);
    sqlx::query("DELETE FROM page WHERE form_id = $1 AND form_page = 2")
        .bind(form)
        .execute(site.database.pool())
        .await
        .unwrap();
    sqlx::query(
        "UPDATE form SET state = 'incomplete', reason = 'Page 2 is missing.' WHERE id = $1",
    )
    .bind(form)
    .execute(site.database.pool())
    .await
    .unwrap();
    let list = rea.get("/reception/rows").await.text().await.unwrap();
    assert!(
        list.contains(&lost) && list.contains("Page 2 is missing."),
        "{list}"
    );
    let again = rea.get(&lost).await;
    let name = again.headers()["content-disposition"].to_str().unwrap();
    assert_eq!(name, "inline; filename=\"registration-123456-page-2.pdf\"");
    assert!(again.bytes().await.unwrap().starts_with(b"%PDF-"));

    let png = blank_page();
    let files: [(&str, &[u8]); 2] = [("one.png", &png), ("notes.txt", b"hello")];
    let answer = upload(&rea, &csrf, &files).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let told: Json = answer.json().await.unwrap();
    assert_eq!(told["sent"], 1);
    let error = told["errors"][0].as_str().unwrap();
    assert!(error.starts_with("notes.txt: "), "{error}");
    let forged = upload(&rea, "wrong", &files).await;
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);
    site.stop().await;
}

/// A file from which no form came.
async fn exception(site: &Site, name: &str, kept: bool) -> Uuid {
    let id = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO document (id, bucket, object_key, object_version, size_bytes, sha256, original_key, received_at,
                               state, reason_code, reason, attempts, next_attempt_at, finished_at)
         VALUES ($1, 'scans', $2, '1', 1000, $3, $4, '2026-03-27T09:14:00Z', 'exception', 'page_not_placed',
                 'The scan is very dark. Scan it again at 300 dpi.', 3, now(), now())",
    )
    .bind(id)
    .bind(name)
    .bind(id.as_bytes().repeat(2))
    .bind(kept.then_some("originals/x"))
    .execute(site.database.pool())
    .await
    .unwrap();
    sqlx::query("INSERT INTO page (id, document_id, number, outcome, reason) VALUES ($1, $2, 1, 'exception', 'Dark.')")
        .bind(Uuid::now_v7())
        .bind(id)
        .execute(site.database.pool())
        .await
        .unwrap();
    id
}

async fn state_of(site: &Site, id: Uuid) -> (String, i32, i64) {
    sqlx::query_as(
        "SELECT state, attempts, (SELECT count(*) FROM page WHERE document_id = d.id) FROM document d WHERE id = $1",
    )
    .bind(id)
    .fetch_one(site.database.pool())
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_has_files_read_again_and_puts_others_away() {
    let site = Site::start().await;
    site.form("F-000007", &written()).await;
    // The centre counts once the machine was sure of it or a person has confirmed it.
    sqlx::query("UPDATE field SET state = 'accepted' WHERE name = 'office.centre'")
        .execute(site.database.pool())
        .await
        .unwrap();
    let (dark, foreign) = (
        exception(&site, "scans/dark.pdf", true).await,
        exception(&site, "scans/foreign.pdf", false).await,
    );
    let rea = site.browser("rea").await;
    for path in ["/supervision", "/supervision/exceptions"] {
        assert_eq!(rea.get(path).await.status(), StatusCode::FORBIDDEN);
    }
    let sue = site.browser("sue").await;
    let work = sue.get("/supervision").await.text().await.unwrap();
    let figures = text(&work, ".enrol-figures");
    assert!(figures.contains("Forms waiting for a clerk 1"), "{figures}");
    assert!(figures.contains("Files that need somebody 2"), "{figures}");
    assert!(work.contains("Oakfield"), "work is shown by centre");

    let list = sue
        .get("/supervision/exceptions")
        .await
        .text()
        .await
        .unwrap();
    let csrf = hidden(&list, "csrf");
    let act = async |id: Uuid, what: &str, reason: &str| {
        let path = format!("/supervision/exceptions/{id}/{what}");
        sue.post(&path, &[("csrf", csrf.as_str()), ("reason", reason)])
            .await
    };
    assert!(act(dark, "read-again", "").await.status().is_success());
    assert_eq!(state_of(&site, dark).await, ("received".to_owned(), 0, 0));
    let asked =
        "SELECT count(*) FROM outbox WHERE body::text LIKE '%' || (SELECT id::text FROM document
                 WHERE object_key = 'scans/dark.pdf') || '%'";
    assert_eq!(site.count(asked).await, 1, "the reader must be asked");
    assert_eq!(
        act(dark, "read-again", "").await.status(),
        StatusCode::CONFLICT
    );
    // Without its bytes there is nothing to read.
    assert_eq!(
        act(foreign, "read-again", "").await.status(),
        StatusCode::CONFLICT
    );
    assert_eq!(
        act(foreign, "dismiss", "because").await.status(),
        StatusCode::BAD_REQUEST
    );
    let shown = act(foreign, "dismiss", "not_ours").await;
    let shown = shown.text().await.unwrap();
    assert!(shown.contains("Nothing to do") && shown.contains("Not one of our forms, by Sue"));
    assert_eq!(
        act(foreign, "dismiss", "not_ours").await.status(),
        StatusCode::CONFLICT
    );
    let shown = act(foreign, "restore", "").await.text().await.unwrap();
    assert!(shown.contains("It is back in the list."));
    assert_eq!(
        state_of(&site, foreign).await,
        ("exception".to_owned(), 3, 1),
        "what was read of a file stays as it is"
    );
    let noted =
        "SELECT count(*) FROM audit_entry WHERE action IN ('read_again', 'dismissed', 'restored')";
    assert_eq!(site.count(noted).await, 3);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_systems_send_and_follow_scans_with_a_token_that_opens_just_that() {
    let site = Site::start().await;
    let dark = exception(&site, "scans/dark.pdf", true).await;
    let token = async |scope: &str| {
        site.recipient(&[scope], &[FieldGroup::Identity])
            .await
            .token
    };
    let (reads, writes, works) = (
        token("scans:read").await,
        token("scans:write").await,
        token("work:read").await,
    );
    let client = Client::new();
    let get = async |path: &str, token: &str| {
        let url = format!("{}{path}", site.url);
        client.get(url).bearer_auth(token).send().await.unwrap()
    };
    let post = async |path: &str, token: &str, body: Vec<u8>| {
        let url = format!("{}{path}", site.url);
        let request = client.post(url).bearer_auth(token).body(body);
        request.send().await.unwrap()
    };
    for (path, wrong) in [
        ("/api/scans", &works),
        ("/api/work", &reads),
        (&*format!("/api/scans/{dark}"), &writes),
    ] {
        let answer = get(path, wrong).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let refused = post("/api/scans?name=a.png", &reads, blank_page()).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);

    let sent = post("/api/scans?name=a.png", &writes, blank_page()).await;
    assert_eq!(sent.status(), StatusCode::ACCEPTED);
    let sent: Json = sent.json().await.unwrap();
    let key = sent["object_key"].as_str().unwrap();
    assert!(
        key.starts_with("reception/") && key.ends_with("/a.png"),
        "{key}"
    );
    let junk = post("/api/scans?name=a.txt", &writes, b"hello".to_vec()).await;
    assert_eq!(junk.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(junk.headers()["content-type"], "application/problem+json");

    let scan: Json = get(&format!("/api/scans/{dark}"), &reads)
        .await
        .json()
        .await
        .unwrap();
    insta::assert_json_snapshot!("scan", scan, { ".id" => "[id]" });
    let again = format!("/api/scans/{dark}/read-again");
    assert_eq!(
        post(&again, &writes, vec![]).await.status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        post(&again, &writes, vec![]).await.status(),
        StatusCode::CONFLICT
    );
    let scans: Json = get("/api/scans", &reads).await.json().await.unwrap();
    assert_eq!(scans[0]["state"], "received");
    let work: Json = get("/api/work", &works).await.json().await.unwrap();
    assert_eq!(
        (&work["unread"], &work["exceptions"], &work["centres"]),
        (&json!(1), &json!(0), &json!([]))
    );
    site.stop().await;
}
