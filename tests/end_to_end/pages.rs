//! Pages put right by a clerk and read by a real reader: another family's page taken out, a page scanned anew, pages
//! turned whose codes are smudged, and everything with a reader that dies in between.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::Range;
use std::time::{Duration, Instant};

use enrol::decoding::{DecodeLimits, DecodedPage, Decoder};
use enrol::roles::Role;
use image::{DynamicImage, GrayImage, Luma, imageops};
use reqwest::multipart::{Form, Part};
use scraper::{Html, Selector};
use serde_json::Value as Json;
use sqlx::Row;
use tiff::encoder::{TiffEncoder, colortype::Gray8};
use uuid::Uuid;

use crate::rig::{PASSWORD, Rig, files_in, samples, truths_in};

/// Two families, each with three pages.
const ONE: &str = "scans/01-office-scanner";
const OTHER: &str = "scans/05-page-files";

/// The pages of a sample as pictures.
fn sheets(folder: &str) -> Vec<GrayImage> {
    let decoder = Decoder::find().unwrap();
    let decoded = files_in(folder).into_iter().flat_map(|file| {
        let bytes = std::fs::read(samples().join(file)).unwrap();
        decoder.decode(&bytes, &DecodeLimits::default()).unwrap()
    });
    decoded
        .map(|page: DecodedPage| GrayImage::from_raw(page.width, page.height, page.grey).unwrap())
        .collect()
}

/// White over a part of a sheet, in millimetres from its upper left corner.
fn whitened(mut sheet: GrayImage, x: Range<f64>, y: Range<f64>) -> GrayImage {
    let mm = f64::from(sheet.width()) / 210.0;
    let at = |mm_from_edge: f64| (mm_from_edge * mm) as u32;
    for y in at(y.start)..at(y.end) {
        for x in at(x.start)..at(x.end) {
            sheet.put_pixel(x, y, Luma([235]));
        }
    }
    sheet
}

/// White over the square code and the set number beside it.
fn smudged(sheet: GrayImage) -> GrayImage {
    whitened(sheet, 148.0..194.0, 5.0..28.0)
}

fn tiff(sheets: &[GrayImage]) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out).unwrap();
    for sheet in sheets {
        encoder
            .write_image::<Gray8>(sheet.width(), sheet.height(), sheet.as_raw())
            .unwrap();
    }
    out.into_inner()
}

fn png(sheet: &GrayImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(sheet.clone())
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// A clerk at the pages.
struct Clerk {
    client: reqwest::Client,
    address: String,
}

impl Clerk {
    async fn sign_in(rig: &Rig) -> Self {
        let clerk = Self {
            client: reqwest::Client::builder()
                .cookie_store(true)
                .build()
                .unwrap(),
            address: rig.address.clone(),
        };
        let csrf = hidden(&clerk.page("/sign-in").await, "csrf");
        let sent = [
            ("csrf", csrf.as_str()),
            ("next", "/"),
            ("user_name", "clerk"),
            ("password", PASSWORD),
        ];
        clerk.post("/sign-in", &sent).await;
        clerk
    }

    async fn page(&self, path: &str) -> String {
        let answer = self
            .client
            .get(format!("{}{path}", self.address))
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.text().await.unwrap()
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let url = format!("{}{path}", self.address);
        let answer = self.client.post(url).form(fields).send().await.unwrap();
        let status = answer.status();
        let html = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status}\n{html}");
        html
    }

    /// Answers a field at the desk.
    async fn answer(&self, form: Uuid, field: &str, text: &str) {
        let html = self
            .page(&format!("/review/{form}/desk?field={field}"))
            .await;
        let csrf = hidden(&html, "csrf");
        let value = format!("value:{field}");
        let sent = [
            ("csrf", csrf.as_str()),
            ("field", field),
            (value.as_str(), text),
        ];
        self.post(&format!("/review/{form}/desk"), &sent).await;
    }

    /// Changes the pages: places and turns by sheet number of the file.
    async fn put_right(&self, form: Uuid, changes: &[(u32, &str, &str)]) {
        let path = format!("/review/{form}/pages");
        let html = self.page(&path).await;
        let sent = {
            let page = Html::parse_document(&html);
            let one = |selector: &str| Selector::parse(selector).unwrap();
            let part = |i: &scraper::ElementRef<'_>, name| i.attr(name).unwrap().to_owned();
            let mut sent: BTreeMap<String, String> = page
                .select(&one("#sheets input[type=hidden]"))
                .map(|i| (part(&i, "name"), part(&i, "value")))
                .collect();
            for card in page.select(&one("[data-enrol-sheet-card]")) {
                let title: String = card.select(&one("legend")).next().unwrap().text().collect();
                for select in card.select(&one("select")) {
                    let name = select.attr("name").unwrap();
                    let change = changes.iter().find(|(sheet, part, _)| {
                        title.starts_with(&format!("Sheet {sheet} ")) && name.starts_with(part)
                    });
                    let chosen = select.select(&one("option[selected]")).next();
                    let value = change
                        .map_or_else(|| chosen.unwrap().attr("value").unwrap(), |(_, _, v)| v);
                    sent.insert(name.to_owned(), value.to_owned());
                }
            }
            sent.insert("sure".to_owned(), "yes".to_owned());
            sent
        };
        let sent: Vec<(&str, &str)> = sent.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.post(&path, &sent).await;
    }

    async fn undo(&self, form: Uuid) {
        let path = format!("/review/{form}/pages");
        let html = self.page(&path).await;
        let (csrf, change) = (hidden(&html, "csrf"), hidden(&html, "change"));
        let sent = [("csrf", csrf.as_str()), ("change", change.as_str())];
        self.post(&format!("{path}/undo"), &sent).await;
    }

    /// Sends a scan of one page.
    async fn scan(&self, form: Uuid, page: u32, sheet: &GrayImage) {
        let path = format!("/review/{form}/pages");
        let html = self.page(&path).await;
        let sent = Form::new()
            .text("csrf", hidden(&html, "csrf"))
            .text("version", hidden(&html, "version"))
            .text("page", page.to_string())
            .part("file", Part::bytes(png(sheet)).file_name("anew.png"));
        let url = format!("{}{path}/scan", self.address);
        let answer = self.client.post(url).multipart(sent).send().await.unwrap();
        let status = answer.status();
        let html = answer.text().await.unwrap();
        assert!(status.is_success(), "{status}\n{html}");
    }
}

fn hidden(html: &str, name: &str) -> String {
    let page = Html::parse_document(html);
    let selector = Selector::parse(&format!("input[name={name}]")).unwrap();
    let input = page.select(&selector).next();
    input
        .and_then(|i| i.attr("value"))
        .unwrap_or_default()
        .to_owned()
}

async fn one_form(rig: &Rig, condition: &'static str) -> Uuid {
    let query = sqlx::AssertSqlSafe(format!("SELECT id FROM form WHERE {condition}"));
    let forms: Vec<Uuid> = sqlx::query_scalar(query)
        .fetch_all(rig.database.pool())
        .await
        .unwrap();
    assert_eq!(forms.len(), 1, "one form with {condition}");
    forms[0]
}

async fn state(rig: &Rig, form: Uuid) -> (String, String) {
    let row = sqlx::query("SELECT state, COALESCE(reason, '') FROM form WHERE id = $1")
        .bind(form)
        .fetch_one(rig.database.pool())
        .await
        .unwrap();
    (row.get(0), row.get(1))
}

/// How many ticks and words of a page of a form are as the truth of that family has them, of how many that wrote any.
async fn agreeing(rig: &Rig, form: Uuid, page: i32, family: &str) -> (usize, usize) {
    let truth = truths_in(family).remove(0);
    let rows = sqlx::query(
        "SELECT name, value FROM field WHERE form_id = $1 AND form_page = $2 AND NOT special",
    )
    .bind(form)
    .bind(page)
    .fetch_all(rig.database.pool())
    .await
    .unwrap();
    let mut all = (0, 0);
    for row in rows {
        let (name, value): (String, Option<Json>) = (row.get(0), row.get(1));
        let Some(wrote) = truth.fields.get(&name).filter(|v| !v.is_null()) else {
            continue;
        };
        all.1 += 1;
        all.0 += usize::from(value.as_ref() == Some(wrote));
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_two_families_are_parted_and_a_missing_and_a_bad_page_scanned_anew() {
    let mut rig = Rig::start().await;
    let (one, other) = (sheets(ONE), sheets(OTHER));
    // Another family's second page, its code smudged, is taken for the one that the set lacks. On the third a slip of
    // paper lay over the answers.
    let covered = whitened(one[2].clone(), 20.0..190.0, 50.0..150.0);
    let mixed = [one[0].clone(), smudged(other[1].clone()), covered];
    rig.store
        .put("samples/mixed.tiff", tiff(&mixed).into(), "image/tiff")
        .await
        .unwrap();
    rig.wait_for(1).await;
    let form = one_form(&rig, "true").await;
    let (now, reason) = state(&rig, form).await;
    assert_eq!(now, "in_review", "{reason}");
    let clerk = Clerk::sign_in(&rig).await;
    clerk.answer(form, "primary_carer.surname", "PATEL").await;

    // Page 2 goes to a form of its own, which lacks the others.
    clerk.put_right(form, &[(2, "to:", "new:2")]).await;
    let apart = one_form(&rig, "set_number IS NULL").await;
    for form in [form, apart] {
        assert_eq!(state(&rig, form).await.0, "incomplete");
    }
    let (right, of) = agreeing(&rig, apart, 2, OTHER).await;
    assert!(
        right * 2 > of && of > 3,
        "{right} of {of} of the other family's page"
    );
    assert_eq!(
        agreeing(&rig, form, 2, ONE).await.1,
        0,
        "nothing is left of it in the first form"
    );

    // The right page 2 is scanned, and a better page 3.
    clerk.scan(form, 2, &one[1]).await;
    let before = agreeing(&rig, form, 3, ONE).await.0;
    clerk.scan(form, 3, &one[2]).await;
    rig.wait_for(3).await;
    let (now, reason) = state(&rig, form).await;
    assert_eq!((now.as_str(), reason.as_str()), ("in_review", ""));
    let (right, of) = agreeing(&rig, form, 2, ONE).await;
    assert!(
        right * 2 > of && of > 3,
        "{right} of {of} of the page that was missing"
    );
    let after = agreeing(&rig, form, 3, ONE).await.0;
    assert!(
        after > before,
        "{after} fields of page 3 are right after the better scan, {before} were before"
    );
    let kept =
        "SELECT count(*) FROM field_draft WHERE name = 'primary_carer.surname' AND confirmed";
    assert_eq!(
        rig.count(kept).await,
        1,
        "the answer on page 1 is still there"
    );

    // Undone, the covered page is back and read again; done again, the good one, without another scan.
    clerk.undo(form).await;
    rig.wait_for(3).await;
    assert_eq!(agreeing(&rig, form, 3, ONE).await.0, before);
    assert_eq!(state(&rig, form).await.0, "in_review");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_with_smudged_codes_are_said_to_whom_they_belong_and_turned() {
    let mut rig = Rig::start().await;
    let (one, other) = (sheets(ONE), sheets(OTHER));
    // Two sheets whose codes nobody can read, one sideways and one upside down: either could be the missing page.
    let sideways = imageops::rotate90(&smudged(one[1].clone()));
    let upside_down = imageops::rotate180(&smudged(other[1].clone()));
    let mixed = [one[0].clone(), sideways, upside_down, one[2].clone()];
    rig.store
        .put("samples/turned.tiff", tiff(&mixed).into(), "image/tiff")
        .await
        .unwrap();
    let read = rig.wait_for(1).await;
    assert_eq!(read.in_review, 0, "{read}");
    let form = one_form(&rig, "true").await;
    let (now, reason) = state(&rig, form).await;
    assert_eq!(now, "incomplete");
    assert!(reason.contains("Page 2"), "{reason}");

    let clerk = Clerk::sign_in(&rig).await;
    let here = format!("page:{form}:2");
    let changes = [
        (2, "to:", here.as_str()),
        (2, "turn:", "270"),
        (3, "to:", "new:2"),
        (3, "turn:", "180"),
    ];
    clerk.put_right(form, &changes).await;
    assert!(state(&rig, form).await.1.contains("being read again"));
    // The reader dies while it is at them; the next one finds what was asked for.
    let deadline = Instant::now() + Duration::from_secs(60);
    while rig
        .count("SELECT count(*) FROM form_reading WHERE lease_holder IS NOT NULL")
        .await
        == 0
    {
        assert!(Instant::now() < deadline, "no reader has begun");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(rig.roles.kill(Role::Reader), 1);
    rig.roles.add(&rig.stack, Role::Reader).unwrap();
    rig.wait_for(1).await;
    assert_eq!(
        state(&rig, form).await,
        ("in_review".to_owned(), String::new())
    );
    let (right, of) = agreeing(&rig, form, 2, ONE).await;
    assert!(
        right * 2 > of && of > 3,
        "{right} of {of} of the sideways page"
    );
    let apart = one_form(&rig, "set_number IS NULL").await;
    let (right, of) = agreeing(&rig, apart, 2, OTHER).await;
    assert!(
        right * 2 > of && of > 3,
        "{right} of {of} of the page upside down"
    );

    // A page that cannot be laid on the form waits for a clerk with its picture, and says why.
    clerk
        .put_right(form, &[(4, "to:", &format!("page:{form}:4"))])
        .await;
    rig.wait_for(1).await;
    let (_, reason) = state(&rig, form).await;
    assert!(reason.contains("Page 3 is missing"), "{reason}");
    let said =
        "SELECT count(*) FROM page WHERE form_page = 4 AND reason LIKE '%says that it is page 3%'";
    assert_eq!(rig.count(said).await, 1);
    let open = "SELECT count(*) FROM field WHERE form_page = 4 AND (value IS NOT NULL OR state <> 'review')";
    assert_eq!(
        rig.count(open).await,
        0,
        "nothing is taken from a sheet that is another page"
    );
    clerk.undo(form).await;
    rig.wait_for(1).await;
    assert_eq!(
        state(&rig, form).await,
        ("in_review".to_owned(), String::new())
    );

    // Read again as a whole: the plan is followed, so that both forms stay what people made of them.
    let csrf = hidden(&clerk.page(&format!("/review/{form}/pages")).await, "csrf");
    clerk
        .post(
            &format!("/review/{form}/read-again"),
            &[("csrf", csrf.as_str())],
        )
        .await;
    rig.wait_for(1).await;
    assert_eq!(
        state(&rig, form).await,
        ("in_review".to_owned(), String::new())
    );
    assert_eq!(agreeing(&rig, form, 2, ONE).await.1, of_page_2(ONE));
    assert_eq!(rig.count("SELECT count(*) FROM form").await, 2);
    rig.stop().await;
}

/// Fields of page 2 that are no Article 9 data and that the family wrote something into.
fn of_page_2(family: &str) -> usize {
    use enrol::forms::definition::DataCategory;
    let truth = truths_in(family).remove(0);
    let definition = enrol::forms::load("registration").unwrap();
    let fields = definition.fields.iter();
    let ours = fields.filter(|f| f.page == 2 && f.rules.category != DataCategory::Special);
    ours.filter(|f| truth.fields.get(&f.name).is_some_and(|v| !v.is_null()))
        .count()
}
