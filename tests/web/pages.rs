//! What people do with a form besides answering it: notes, referring, setting aside, reading again, and its pages.

use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use scraper::{Html, Selector};
use serde_json::json;
use uuid::Uuid;

use crate::fixture::{Browser, Site, hidden, text, written};

/// The bytes of the fixture's scans count as kept, so that they can be read again.
async fn keep_files(site: &Site) {
    sqlx::query(
        "UPDATE document SET original_key = object_key, sha256 = sha256(object_key::bytea)",
    )
    .execute(site.database.pool())
    .await
    .unwrap();
}

async fn state(site: &Site, form: Uuid) -> String {
    sqlx::query_scalar("SELECT state FROM form WHERE id = $1")
        .bind(form)
        .fetch_one(site.database.pool())
        .await
        .unwrap()
}

async fn page(browser: &Browser, path: &str) -> String {
    browser.get(path).await.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clerks_note_refer_set_aside_restore_and_have_read_again() {
    let site = Site::start().await;
    let form = site.form("F-000061", &written()).await;
    keep_files(&site).await;
    let (ada, ben, sue) = (
        site.browser("ada").await,
        site.browser("ben").await,
        site.browser("sue").await,
    );
    let csrf = async |browser: &Browser| hidden(&page(browser, "/review").await, "csrf");
    let tokens = [csrf(&ada).await, csrf(&ben).await, csrf(&sue).await];
    let act = async |browser: &Browser, token: usize, action: &str, fields: &[(&str, &str)]| {
        let mut sent = vec![("csrf", tokens[token].as_str())];
        sent.extend_from_slice(fields);
        browser
            .post(&format!("/review/{form}/{action}"), &sent)
            .await
    };

    // A note needs words, and whoever goes on with the form reads it.
    assert_eq!(
        act(&ada, 0, "notes", &[("text", " ")]).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let noted = act(&ada, 0, "notes", &[("text", "The father signs tomorrow")]).await;
    assert!(
        noted
            .text()
            .await
            .unwrap()
            .contains("The father signs tomorrow")
    );

    // Ada has it: Ben can do nothing with it.
    for action in ["notes", "refer", "set-aside", "read-again"] {
        let refused = act(&ben, 1, action, &[("text", "Mine"), ("why", "not_ours")]).await;
        assert_eq!(refused.status(), StatusCode::CONFLICT, "{action}");
    }
    assert_eq!(site.count("SELECT count(*) FROM form_note").await, 1);

    // Referred, it leaves the clerks' queue until a supervisor gives it back.
    assert_eq!(
        act(&ada, 0, "refer", &[]).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let referred = act(&ada, 0, "refer", &[("text", "Two signatures")]).await;
    assert_eq!(referred.url().path(), "/review");
    assert!(!page(&ben, "/review").await.contains("F-000061"));
    assert!(
        page(&sue, "/review?referred=1")
            .await
            .contains("Two signatures")
    );
    assert_eq!(
        act(&ben, 1, "give-back", &[]).await.status(),
        StatusCode::FORBIDDEN
    );
    act(&sue, 2, "give-back", &[]).await;
    assert!(page(&ben, "/review").await.contains("F-000061"));

    // Set aside, for either reason, and restored.
    for fields in [
        &[("text", "The family moved away")][..],
        &[("why", "not_ours")][..],
    ] {
        act(&ben, 1, "set-aside", fields).await;
        assert_eq!(state(&site, form).await, "set_aside");
        let aside = page(&ada, "/review/aside").await;
        let why = fields
            .iter()
            .find(|(n, _)| *n == "text")
            .map_or("This is not our form.", |(_, v)| v);
        assert!(aside.contains("F-000061") && aside.contains(why), "{why}");
        let closed = page(&ada, &format!("/review/{form}/desk")).await;
        assert!(text(&closed, ".govuk-body-l").contains("was set aside"));
        act(&ada, 0, "restore", &[]).await;
        assert_eq!(state(&site, form).await, "in_review");
    }
    // Restoring twice is no harm.
    assert!(act(&ada, 0, "restore", &[]).await.status().is_success());

    // Read again without losing what was typed.
    let typed = json!({"values": ["KEPT"], "date": ["", "", ""], "marks": []});
    sqlx::query(
        "INSERT INTO field_draft (form_id, name, account_id, typed, confirmed, saved_at)
         SELECT $1, 'primary_carer.surname', id, $2, true, now() FROM account WHERE user_name = 'ada'",
    )
    .bind(form)
    .bind(&typed)
    .execute(site.database.pool())
    .await
    .unwrap();
    let sent = act(&ada, 0, "read-again", &[]).await;
    assert_eq!(sent.url().path(), "/review");
    assert_eq!(state(&site, form).await, "incomplete");
    let asked = "SELECT count(*) FROM outbox o JOIN form_reading r ON o.body ->> 'form_id' = r.form_id::text";
    assert_eq!(site.count(asked).await, 1);
    assert_eq!(site.count("SELECT count(*) FROM field_draft").await, 1);
    assert!(
        page(&ada, &format!("/review/{form}"))
            .await
            .contains("being read again")
    );
    assert!(
        page(&ada, "/review/aside")
            .await
            .contains("being read again")
    );

    for action in [
        "noted",
        "referred",
        "given_back_to_clerks",
        "set_aside",
        "restored",
        "sent_to_reader",
    ] {
        let entries: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM audit_entry WHERE action = $1 AND subject_id = $2",
        )
        .bind(action)
        .bind(form)
        .fetch_one(site.database.pool())
        .await
        .unwrap();
        assert!(entries > 0, "{action} must be in the audit trail");
    }
    site.stop().await;
}

/// What the page of pages sends, with `changes` to the selects of the sheets that are page so-and-so.
fn chosen(html: &str, changes: &[(usize, &str, &str)]) -> Vec<(String, String)> {
    let page = Html::parse_document(html);
    let form = page
        .select(&Selector::parse("#sheets").unwrap())
        .next()
        .unwrap();
    let mut sent: Vec<(String, String)> = form
        .select(&Selector::parse("input[type=hidden]").unwrap())
        .map(|i| {
            (
                i.attr("name").unwrap().to_owned(),
                i.attr("value").unwrap().to_owned(),
            )
        })
        .collect();
    let cards = Selector::parse("[data-enrol-sheet-card]").unwrap();
    for (at, card) in form.select(&cards).enumerate() {
        for select in card.select(&Selector::parse("select").unwrap()) {
            let name = select.attr("name").unwrap();
            let options: Vec<_> = select.select(&Selector::parse("option").unwrap()).collect();
            let now = options
                .iter()
                .find(|o| o.attr("selected").is_some())
                .unwrap_or(&options[0]);
            let other = changes
                .iter()
                .find(|(card, part, _)| *card == at && name.starts_with(part));
            let value = other.map_or(now.attr("value").unwrap(), |(_, _, value)| *value);
            sent.push((name.to_owned(), value.to_owned()));
        }
    }
    sent
}

async fn send(browser: &Browser, form: Uuid, fields: &[(String, String)]) -> reqwest::Response {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    browser
        .post(&format!("/review/{form}/pages"), &fields)
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_put_right_after_being_told_what_it_does() {
    let site = Site::start().await;
    let form = site.form("F-000062", &written()).await;
    keep_files(&site).await;
    let ada = site.browser("ada").await;
    let path = format!("/review/{form}/pages");
    let html = page(&ada, &path).await;
    let (source, alt) = {
        let parsed = Html::parse_document(&html);
        let pictures = Selector::parse("[data-enrol-sheet-picture]").unwrap();
        let picture = parsed.select(&pictures).next().unwrap();
        let part = |name| picture.attr(name).unwrap().to_owned();
        (part("src"), part("alt"))
    };
    assert!(alt.starts_with("Sheet 1 of"), "{alt}");
    let small = ada.get(&source).await;
    assert_eq!(small.headers()["content-type"], "image/png");
    let small = image::load_from_memory(&small.bytes().await.unwrap()).unwrap();
    assert_eq!(small.height(), 640);
    let turned = ada.get(&source.replace("turn=0", "turn=90")).await;
    let turned = image::load_from_memory(&turned.bytes().await.unwrap()).unwrap();
    assert_eq!((turned.width(), turned.height()), (640, small.width()));

    // Nothing chosen, and two sheets in one place: said, and nothing changed.
    let nothing = send(&ada, form, &chosen(&html, &[])).await;
    assert_eq!(nothing.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let first = format!("page:{form}:1");
    let twice = send(&ada, form, &chosen(&html, &[(1, "to:", &first)])).await;
    assert_eq!(twice.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        text(&twice.text().await.unwrap(), ".govuk-error-summary")
            .contains("Two sheets would be page 1")
    );

    // An answer for page 1, which is turned; page 3 goes to a new form with what was read of it.
    let desk = page(
        &ada,
        &format!("/review/{form}/desk?field=primary_carer.surname"),
    )
    .await;
    let csrf = hidden(&desk, "csrf");
    ada.post(
        &format!("/review/{form}/desk"),
        &[
            ("csrf", &csrf),
            ("field", "primary_carer.surname"),
            ("value:primary_carer.surname", "SAMPLE"),
        ],
    )
    .await;
    let html = page(&ada, &path).await;
    let wanted = chosen(&html, &[(0, "turn:", "90"), (2, "to:", "new:3")]);
    let told = send(&ada, form, &wanted).await.text().await.unwrap();
    insta::assert_snapshot!(text(&told, "[data-enrol-effects]"));
    assert!(text(&told, ".govuk-warning-text").contains("1 answer that was given is not kept"));
    assert_eq!(
        site.count("SELECT count(*) FROM form").await,
        1,
        "only told so far"
    );

    let mut sure = wanted.clone();
    sure.push(("sure".to_owned(), "yes".to_owned()));
    let done = send(&ada, form, &sure).await;
    assert!(done.status().is_success(), "{}", done.status());
    assert_eq!(site.count("SELECT count(*) FROM form").await, 2);
    assert_eq!(site.count("SELECT count(*) FROM field_draft").await, 0);
    assert_eq!(
        site.count("SELECT count(*) FROM page WHERE unread AND turn = 90")
            .await,
        1
    );
    let page_3 = "SELECT count(DISTINCT form_id) FROM field WHERE form_page = 3";
    assert_eq!(site.count(page_3).await, 1);
    // The page sent twice, as by a double click: somebody changed it meanwhile.
    assert_eq!(send(&ada, form, &sure).await.status(), StatusCode::CONFLICT);

    // Undone: one form, of which page 1 is still to be read.
    let html = page(&ada, &path).await;
    let undo = format!("{path}/undo");
    ada.post(
        &undo,
        &[
            ("csrf", &hidden(&html, "csrf")),
            ("change", &hidden(&html, "change")),
        ],
    )
    .await;
    assert_eq!(site.count("SELECT count(*) FROM form").await, 1);
    assert_eq!(
        site.count("SELECT count(*) FROM page WHERE unread AND turn = 0")
            .await,
        1
    );
    let trail = "SELECT count(*) FROM audit_entry WHERE action IN ('page_turned', 'page_placed', 'page_change_undone')";
    assert!(site.count(trail).await >= 4);

    // Other centres do not see it, and neither sheet nor form can be had through another.
    site.account("elm", &[enrol::domain::role::Role::Clerk], &["ELM"])
        .await;
    sqlx::query("UPDATE form SET centre = 'OAK'")
        .execute(site.database.pool())
        .await
        .unwrap();
    let elm = site.browser("elm").await;
    assert_eq!(elm.get(&path).await.status(), StatusCode::NOT_FOUND);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_scanned_anew_from_its_form() {
    let site = Site::start().await;
    let form = site.form("F-000063", &written()).await;
    keep_files(&site).await;
    let ada = site.browser("ada").await;
    let path = format!("/review/{form}/pages");
    let scan = async |number: &str, file: Option<(&'static str, Vec<u8>)>| {
        let html = page(&ada, &path).await;
        let mut sent = Form::new()
            .text("csrf", hidden(&html, "csrf"))
            .text("version", hidden(&html, "version"))
            .text("page", number.to_owned());
        if let Some((name, bytes)) = file {
            sent = sent.part("file", Part::bytes(bytes).file_name(name));
        }
        let url = format!("{}{path}/scan", ada.url);
        ada.client.post(url).multipart(sent).send().await.unwrap()
    };
    let png = |shade: u8| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let picture = image::GrayImage::from_pixel(840, 1188, image::Luma([shade]));
        picture
            .write_to(&mut bytes, image::ImageFormat::Png)
            .unwrap();
        bytes.into_inner()
    };
    for (number, file, what) in [
        ("", Some(("a.png", png(200))), "Select which page it is"),
        ("2", None, "Select a file"),
        ("2", Some(("a.txt", b"no picture".to_vec())), "cannot"),
        ("9", Some(("a.png", png(200))), "Select which page it is"),
    ] {
        let refused = scan(number, file).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{what}");
        let html = refused.text().await.unwrap();
        let said = text(&html, ".govuk-error-summary");
        assert!(what == "cannot" || said.contains(what), "{said}");
    }
    let several = std::fs::read("sample-forms/scans/03-colour/scan.pdf").unwrap();
    let refused = scan("2", Some(("several.pdf", several)))
        .await
        .text()
        .await
        .unwrap();
    assert!(text(&refused, ".govuk-error-summary").contains("more than one page"));
    assert_eq!(site.count("SELECT count(*) FROM form_reading").await, 0);

    let done = scan("2", Some(("better.png", png(210)))).await;
    assert_eq!(done.status(), StatusCode::OK);
    assert_eq!(state(&site, form).await, "incomplete");
    assert_eq!(
        site.count("SELECT count(*) FROM field WHERE form_page = 2")
            .await,
        0
    );
    assert_eq!(
        site.count("SELECT count(*) FROM page WHERE outcome = 'duplicate'")
            .await,
        1
    );
    let kept: (String, Vec<u8>) = sqlx::query_as(
        "SELECT original_key, sha256 FROM document ORDER BY received_at DESC LIMIT 1",
    )
    .fetch_one(site.database.pool())
    .await
    .unwrap();
    let objects = enrol::objects::ObjectStore::new(&site.config.objects);
    assert_eq!(objects.get(&kept.0).await.unwrap(), png(210));
    let again = scan("2", Some(("better.png", png(210))))
        .await
        .text()
        .await
        .unwrap();
    assert!(text(&again, ".govuk-error-summary").contains("come in before"));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settled_form_comes_back_to_the_desk_with_its_answers() {
    use enrol::domain::field::FieldKind;
    let site = Site::start_with(|config| config.keying.double = vec![FieldKind::Postcode]).await;
    let form = site.form("F-000064", &written()).await;
    let (ada, ben) = (site.browser("ada").await, site.browser("ben").await);
    let mut sent = ada.confirmed(form, "no").await;
    for (name, value) in &mut sent {
        if name == "value:primary_carer.surname" {
            "SAMPLE".clone_into(value);
        }
    }
    ada.send(form, &sent).await;
    assert_eq!(state(&site, form).await, "second_keying");
    let closed = page(&ada, &format!("/review/{form}")).await;
    let (csrf, version) = (hidden(&closed, "csrf"), hidden(&closed, "version"));
    let reopen = format!("/review/{form}/reopen");
    // Ben is to key it again without having seen the answers.
    let bens = hidden(&page(&ben, "/review").await, "csrf");
    let refused = ben
        .post(&reopen, &[("csrf", &bens), ("version", &version)])
        .await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let finish = ada
        .post(&reopen, &[("csrf", &csrf), ("version", &version)])
        .await;
    assert!(
        finish.url().path().ends_with("/desk/finish"),
        "{}",
        finish.url()
    );
    let finish = finish.text().await.unwrap();
    assert!(finish.contains("SAMPLE") && !finish.contains("Not looked at yet"));
    assert_eq!(
        site.count("SELECT count(*) FROM keying_task WHERE state = 'withdrawn'")
            .await,
        1
    );
    assert_eq!(
        site.count("SELECT count(*) FROM field WHERE settled_as IS NOT NULL")
            .await,
        0
    );
    let sealed = "SELECT count(*) FROM field_draft WHERE sealed IS NOT NULL AND typed IS NULL";
    assert!(
        site.count(sealed).await >= 1,
        "Article 9 answers stay sealed"
    );
    // Settled again from where it was.
    let (csrf, version) = (hidden(&finish, "csrf"), hidden(&finish, "version"));
    let path = format!("/review/{form}/desk/finish");
    ada.post(&path, &[("csrf", &csrf), ("version", &version)])
        .await;
    assert_eq!(state(&site, form).await, "second_keying");
    let surname = "SELECT count(*) FROM field WHERE settled_value = '\"SAMPLE\"'";
    assert_eq!(site.count(surname).await, 1);
    site.stop().await;
}
