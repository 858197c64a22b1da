//! Pages put right by people: what goes along, what is read again, and what a crash leaves.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::support::{MODEL, Stage, form, from_page};
use crate::domain::reading::{FieldReading, SheetReading};
use crate::forms::definition::DataCategory;
use crate::storage::accounts::{self, NewAccount, Role};
use crate::storage::centres::Scope;
use crate::storage::drafts::{self, NewDraft};
use crate::storage::form_readings::{self, FormClaim, FormLease, Plan};
use crate::storage::leases::RetryPolicy;
use crate::storage::page_plan::{self, Move, Place, PlanError, Sheet, Wanted};
use crate::storage::summary::summary;
use crate::storage::{StorageError, form_actions, review};

const WAITING: &str = "SELECT count(*) FROM form WHERE state = 'in_review'";
const TO_READ: &str = "SELECT count(*) FROM form_reading";

struct Desk {
    stage: Stage,
    ada: Uuid,
    ben: Uuid,
}

impl Desk {
    async fn new() -> Self {
        let stage = Stage::new().await;
        let mut people = Vec::new();
        for user_name in ["ada", "ben"] {
            let new = NewAccount {
                user_name,
                display_name: user_name,
                roles: &[Role::Clerk],
                centres: &[],
                password_hash: "x",
            };
            people.push(accounts::add(&stage.database, new).await.unwrap());
        }
        Self {
            ada: people[0],
            ben: people[1],
            stage,
        }
    }

    /// A form of one file with three pages, without a set number.
    async fn form(&self, key: &str, family: u64) -> Uuid {
        let reading = form(self.stage.definition(), family, None, &[1, 2, 3]);
        self.stage.scan(key, vec![reading]).await.forms[0].id
    }

    /// The first field of a page, special or not.
    fn field(&self, page: u32, special: bool) -> String {
        let is_special = |c: DataCategory| c == DataCategory::Special;
        let fields = &self.stage.definition().fields;
        let found = fields
            .iter()
            .find(|f| f.page == page && is_special(f.rules.category) == special);
        found.unwrap().name.clone()
    }

    async fn answer(&self, form_id: Uuid, name: &str, text: &str, special: bool) {
        let draft = NewDraft {
            name,
            typed: json!({"values": [text], "date": ["", "", ""], "marks": []}),
            special,
            confirmed: true,
        };
        let (database, sealer) = (&self.stage.database, &self.stage.sealer);
        let kept = drafts::put(database, sealer, form_id, self.ada, vec![draft]).await;
        assert!(kept.unwrap(), "the form must wait");
    }

    /// What was answered in a form, by field.
    async fn answers(&self, form_id: Uuid) -> BTreeMap<String, String> {
        let drafts = drafts::of_form(&self.stage.database, &self.stage.sealer, form_id).await;
        let text = |typed: &serde_json::Value| typed["values"][0].as_str().unwrap().to_owned();
        let drafts = drafts.unwrap().into_iter();
        drafts.map(|(name, d)| (name, text(&d.typed))).collect()
    }

    async fn sheets(&self, form_id: Uuid) -> Vec<Sheet> {
        let found = page_plan::sheets(&self.stage.database, &Scope::ALL, form_id).await;
        found.unwrap().1
    }

    async fn sheet(&self, form_id: Uuid, page: u32) -> Sheet {
        let sheets = self.sheets(form_id).await;
        let here = sheets
            .into_iter()
            .find(|s| s.place == Place::Page(form_id, page));
        here.unwrap()
    }

    async fn change(&self, form_id: Uuid, moves: &[Move]) -> Result<Option<Uuid>, PlanError> {
        let versions = self.versions().await;
        self.change_as_seen(self.ada, form_id, &versions, moves)
            .await
    }

    async fn change_as_seen(
        &self,
        account: Uuid,
        form_id: Uuid,
        versions: &BTreeMap<Uuid, i32>,
        moves: &[Move],
    ) -> Result<Option<Uuid>, PlanError> {
        let wanted = Wanted {
            form_id,
            versions,
            moves,
        };
        let (database, sealer) = (&self.stage.database, &self.stage.sealer);
        page_plan::apply(database, sealer, self.stage.definition(), account, &wanted).await
    }

    async fn versions(&self) -> BTreeMap<Uuid, i32> {
        let rows: Vec<(Uuid, i32)> = sqlx::query_as("SELECT id, version FROM form")
            .fetch_all(self.stage.database.pool())
            .await
            .unwrap();
        rows.into_iter().collect()
    }

    async fn undo(&self, form_id: Uuid) -> Result<(), PlanError> {
        let database = &self.stage.database;
        let change = page_plan::last_change(database, form_id).await.unwrap();
        let (sealer, definition) = (&self.stage.sealer, self.stage.definition());
        page_plan::undo(
            database,
            sealer,
            definition,
            self.ada,
            form_id,
            change.unwrap().id,
        )
        .await
    }

    async fn claim(&self, form_id: Uuid) -> Option<(FormLease, Plan)> {
        let policy = RetryPolicy::default();
        match form_readings::claim(&self.stage.database, form_id, &policy)
            .await
            .unwrap()
        {
            FormClaim::Granted(lease, plan) => Some((lease, plan)),
            FormClaim::NothingNow | FormClaim::Exhausted => None,
        }
    }

    /// Records the pages of the plan as `family` would have written them.
    async fn record(
        &self,
        lease: &FormLease,
        plan: &Plan,
        family: u64,
    ) -> Result<(), StorageError> {
        let read = plan.sheets.iter().map(|sheet| {
            let reading = form(self.stage.definition(), family, None, &[sheet.form_page]);
            (sheet.id, read(sheet.form_page, reading.fields))
        });
        let (database, sealer) = (&self.stage.database, &self.stage.sealer);
        let definitions = &self.stage.definitions;
        let read: Vec<_> = read.collect();
        form_readings::record(database, sealer, definitions, lease, MODEL, &read).await
    }

    async fn state(&self, form_id: Uuid) -> (String, Option<String>) {
        let head = review::form(&self.stage.database, form_id)
            .await
            .unwrap()
            .unwrap();
        (head.state, head.reason)
    }

    async fn adds_up(&self) {
        let sum = summary(&self.stage.database).await.unwrap();
        assert!(sum.adds_up(), "{sum}");
    }
}

fn read(form_page: u32, fields: Vec<FieldReading>) -> SheetReading {
    SheetReading {
        form_page,
        residual_mm: 0.1,
        homography: [2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0],
        fields,
        remark: None,
    }
}

fn to(sheet: &Sheet, place: Place) -> Move {
    Move {
        sheet: sheet.id,
        to: place,
        turn: sheet.turn,
    }
}

#[tokio::test]
async fn pages_of_another_family_get_a_form_of_their_own_with_what_was_answered_for_them() {
    let desk = Desk::new().await;
    let first = desk.form("two.pdf", 1).await;
    let plain = [desk.field(1, false), desk.field(2, false)];
    // A draft of Article 9 data is sealed for its form, so it has to be sealed anew.
    let special = desk.stage.definition().fields.iter();
    let special = special.filter(|f| f.rules.category == DataCategory::Special);
    let special = special.map(|f| (f.name.clone(), f.page)).next().unwrap();
    desk.answer(first, &plain[0], "FIRST", false).await;
    desk.answer(first, &plain[1], "SECOND", false).await;
    desk.answer(first, &special.0, "SEALED", true).await;
    let before = desk.answers(first).await;

    let moved = desk.sheet(first, special.1).await;
    let new = desk
        .change(first, &[to(&moved, Place::New(special.1))])
        .await;
    let new = new.unwrap().expect("a new form");
    let gone: BTreeMap<_, _> = desk.answers(new).await;
    assert_eq!(gone.get(&special.0).map(String::as_str), Some("SEALED"));
    let mut all = desk.answers(first).await;
    assert!(!all.contains_key(&special.0));
    all.extend(gone);
    assert_eq!(all, before, "no answer is lost");
    assert_eq!(
        desk.stage.count(TO_READ).await,
        0,
        "nothing is read again for it"
    );
    for form_id in [first, new] {
        let (state, reason) = desk.state(form_id).await;
        assert_eq!(state, "incomplete");
        assert!(reason.unwrap().contains("missing"));
    }
    desk.adds_up().await;

    desk.undo(first).await.unwrap();
    assert_eq!(desk.answers(first).await, before);
    assert_eq!(desk.state(first).await, ("in_review".to_owned(), None));
    assert_eq!(desk.stage.count("SELECT count(*) FROM form").await, 1);
    desk.adds_up().await;
}

#[tokio::test]
async fn a_turned_page_is_read_again_and_the_others_keep_their_answers() {
    let desk = Desk::new().await;
    let form_id = desk.form("turned.pdf", 1).await;
    desk.answer(form_id, &desk.field(1, false), "KEPT", false)
        .await;
    desk.answer(form_id, &desk.field(2, false), "ASKED AGAIN", false)
        .await;
    let sheet = desk.sheet(form_id, 2).await;
    let turned = Move {
        turn: 180,
        ..to(&sheet, sheet.place)
    };
    desk.change(form_id, &[turned]).await.unwrap();
    assert_eq!(desk.state(form_id).await.0, "incomplete");
    assert_eq!(summary(&desk.stage.database).await.unwrap().in_progress, 1);
    let (lease, plan) = desk.claim(form_id).await.unwrap();
    let asked: Vec<_> = plan.sheets.iter().map(|s| (s.form_page, s.turn)).collect();
    assert_eq!(asked, [(2, 180)]);
    // Nobody else gets it meanwhile.
    assert!(desk.claim(form_id).await.is_none());
    desk.record(&lease, &plan, 7).await.unwrap();
    assert_eq!(desk.state(form_id).await, ("in_review".to_owned(), None));
    let answers: Vec<String> = desk.answers(form_id).await.into_values().collect();
    assert_eq!(answers, ["KEPT"]);
    let of_page = desk
        .stage
        .definition()
        .fields
        .iter()
        .filter(|f| f.page == 2)
        .count();
    let stored = "SELECT count(*) FROM field WHERE form_page = 2";
    assert_eq!(
        desk.stage.count(stored).await,
        i64::try_from(of_page).unwrap()
    );
    // The same again, recorded twice: the second finds the lease gone.
    let again = desk.record(&lease, &plan, 7).await;
    assert!(matches!(again, Err(StorageError::LeaseLost)), "{again:?}");

    desk.undo(form_id).await.unwrap();
    let (_, plan) = desk.claim(form_id).await.unwrap();
    assert_eq!(plan.sheets[0].turn, 0, "and back");
}

#[tokio::test]
async fn two_families_exchange_pages_without_anything_being_read_again() {
    let desk = Desk::new().await;
    let definition = desk.stage.definition();
    let one = form(definition, 1, None, &[1, 2, 3]);
    let other = from_page(form(definition, 2, None, &[1, 2, 3]), 4);
    let recorded = desk.stage.scan("both.pdf", vec![one, other]).await;
    let (one, other) = (recorded.forms[0].id, recorded.forms[1].id);
    desk.answer(one, &desk.field(3, false), "ONE", false).await;
    desk.answer(other, &desk.field(3, false), "OTHER", false)
        .await;
    let moves = [
        to(&desk.sheet(one, 3).await, Place::Page(other, 3)),
        to(&desk.sheet(other, 3).await, Place::Page(one, 3)),
    ];
    desk.change(one, &moves).await.unwrap();
    assert_eq!(desk.stage.count(WAITING).await, 2);
    assert_eq!(desk.stage.count(TO_READ).await, 0);
    let only = |answers: BTreeMap<String, String>| answers.into_values().collect::<Vec<_>>();
    assert_eq!(only(desk.answers(one).await), ["OTHER"]);
    assert_eq!(only(desk.answers(other).await), ["ONE"]);

    // All pages of the other form: it ends, and what was noted goes along.
    form_actions::add_note(&desk.stage.database, other, desk.ada, "Same family")
        .await
        .unwrap();
    let twice = [to(&desk.sheet(other, 1).await, Place::Page(one, 1))];
    let refused = desk.change(one, &twice).await;
    assert!(matches!(refused, Err(PlanError::Twice(1))), "{refused:?}");
    let mut moves = Vec::new();
    for page in 1..=3 {
        moves.push(to(&desk.sheet(one, page).await, Place::Nowhere));
        moves.push(to(&desk.sheet(other, page).await, Place::Page(one, page)));
    }
    desk.change(one, &moves).await.unwrap();
    assert_eq!(desk.stage.count("SELECT count(*) FROM form").await, 1);
    let notes = form_actions::notes(&desk.stage.database, one)
        .await
        .unwrap();
    assert_eq!(notes.len(), 1);
    desk.adds_up().await;
    desk.undo(one).await.unwrap();
    // What was taken out is read again; what went along comes back as it was.
    assert_eq!(desk.stage.count(WAITING).await, 1);
    let (lease, plan) = desk.claim(one).await.unwrap();
    assert_eq!(plan.sheets.len(), 3);
    desk.record(&lease, &plan, 1).await.unwrap();
    assert_eq!(desk.stage.count(WAITING).await, 2);
    desk.adds_up().await;
}

#[tokio::test]
async fn a_change_of_something_else_than_was_shown_changes_nothing() {
    let desk = Desk::new().await;
    let form_id = desk.form("a.pdf", 1).await;
    let seen = desk.versions().await;
    let sheet = desk.sheet(form_id, 3).await;
    let leave = [to(&sheet, Place::Nowhere)];
    desk.change(form_id, &leave).await.unwrap();
    let moves = [to(&desk.sheet(form_id, 2).await, Place::Nowhere)];
    let late = desk.change_as_seen(desk.ada, form_id, &seen, &moves).await;
    assert!(matches!(late, Err(PlanError::Changed)), "{late:?}");
    // Ben has the form.
    desk.undo(form_id).await.unwrap();
    review::claim(&desk.stage.database, form_id, desk.ben)
        .await
        .unwrap();
    let held = desk.change(form_id, &leave).await;
    assert!(matches!(held, Err(PlanError::Held(_))), "{held:?}");
    // Nothing is left, nothing changes, no such page.
    let versions = desk.versions().await;
    let as_ben = async |moves: &[Move]| {
        desk.change_as_seen(desk.ben, form_id, &versions, moves)
            .await
            .unwrap_err()
    };
    let mut all = Vec::new();
    for page in 1..=3 {
        all.push(to(&desk.sheet(form_id, page).await, Place::Nowhere));
    }
    assert!(matches!(as_ben(&all).await, PlanError::NoneLeft));
    assert!(matches!(
        as_ben(&[to(&sheet, sheet.place)]).await,
        PlanError::Nothing
    ));
    let beyond = [to(&sheet, Place::Page(form_id, 9))];
    assert!(matches!(as_ben(&beyond).await, PlanError::NoSuchPage(9)));
    // A settled form is left alone.
    desk.stage
        .execute("UPDATE form SET state = 'settled'")
        .await;
    assert!(matches!(as_ben(&leave).await, PlanError::Changed));
}

#[tokio::test]
async fn a_better_scan_takes_the_place_of_a_page_and_can_be_taken_back() {
    let desk = Desk::new().await;
    let form_id = desk.form("poor.pdf", 1).await;
    let scan = page_plan::NewScan {
        form_id,
        version: desk.versions().await[&form_id],
        form_page: 2,
        bucket: "scans".to_owned(),
        name: "reception/pages/better.png".to_owned(),
        size_bytes: 10,
        sha256: [7; 32],
    };
    let add = async |scan: &page_plan::NewScan| {
        let (database, sealer) = (&desk.stage.database, &desk.stage.sealer);
        page_plan::add(database, sealer, desk.stage.definition(), desk.ada, scan).await
    };
    add(&scan).await.unwrap();
    let (lease, plan) = desk.claim(form_id).await.unwrap();
    assert_eq!(plan.sheets.len(), 1);
    assert_eq!(plan.sheets[0].original.sha256, [7; 32]);
    desk.record(&lease, &plan, 3).await.unwrap();
    assert_eq!(desk.state(form_id).await, ("in_review".to_owned(), None));
    let aside =
        "SELECT count(*) FROM page WHERE outcome = 'duplicate' AND reason LIKE 'Another scan%'";
    assert_eq!(desk.stage.count(aside).await, 1);
    desk.adds_up().await;
    // The same bytes once more are refused.
    let version = desk.versions().await[&form_id];
    let same = add(&page_plan::NewScan { version, ..scan }).await;
    let refused = matches!(
        &same,
        Err(PlanError::Storage(StorageError::Conflict { .. }))
    );
    assert!(refused, "{same:?}");

    desk.undo(form_id).await.unwrap();
    let (lease, plan) = desk.claim(form_id).await.unwrap();
    assert_ne!(
        plan.sheets[0].original.sha256, [7; 32],
        "the old sheet is read again"
    );
    desk.record(&lease, &plan, 1).await.unwrap();
    assert_eq!(desk.stage.count(WAITING).await, 1);
    let spare = desk.sheets(form_id).await.into_iter();
    let spare = spare
        .filter(|s| s.place == Place::Spare(form_id, 2))
        .count();
    assert_eq!(spare, 1, "the better scan is still there to be chosen");
    desk.adds_up().await;
}

#[tokio::test]
async fn reading_again_keeps_what_was_typed_and_survives_a_reader_that_dies() {
    let desk = Desk::new().await;
    let form_id = desk.form("again.pdf", 1).await;
    let special = desk.stage.definition().fields.iter();
    let special = special.filter(|f| f.rules.category == DataCategory::Special);
    let special = special.map(|f| f.name.clone()).next().unwrap();
    desk.answer(form_id, &desk.field(2, false), "TYPED", false)
        .await;
    desk.answer(form_id, &special, "SEALED", true).await;
    let before = desk.answers(form_id).await;
    let (database, definition) = (&desk.stage.database, desk.stage.definition());
    form_actions::read_again(database, definition, form_id, desk.ada)
        .await
        .unwrap();

    // The first reader dies; its lease runs out and the form is asked for again.
    let (first, plan) = desk.claim(form_id).await.unwrap();
    assert_eq!(plan.sheets.len(), 3);
    let due = async || {
        let mut tx = database.begin().await.unwrap();
        let again = Duration::from_secs(60);
        let due = form_readings::dispatch_due(&mut tx, false, again, 10)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        due
    };
    assert!(due().await.is_empty(), "it is in somebody's hands");
    desk.stage
        .execute("UPDATE form_reading SET lease_until = now() - interval '1 s', next_attempt_at = now() - interval '1 s'")
        .await;
    assert_eq!(due().await, [form_id]);
    let (second, plan) = desk.claim(form_id).await.unwrap();
    let late = desk.record(&first, &plan, 2).await;
    assert!(matches!(late, Err(StorageError::LeaseLost)), "{late:?}");
    desk.record(&second, &plan, 1).await.unwrap();
    assert_eq!(desk.state(form_id).await, ("in_review".to_owned(), None));
    assert_eq!(desk.answers(form_id).await, before);

    // One that no attempt can read waits for a person instead of going round for ever.
    form_actions::read_again(database, definition, form_id, desk.ada)
        .await
        .unwrap();
    for attempt in 1..=3 {
        let (lease, _) = desk.claim(form_id).await.unwrap();
        assert_eq!(lease.attempt, attempt);
        let policy = RetryPolicy::default();
        let again = form_readings::retry(database, &lease, &policy, false)
            .await
            .unwrap();
        assert_eq!(again, attempt < 3);
        desk.stage
            .execute("UPDATE form_reading SET next_attempt_at = now()")
            .await;
    }
    assert!(desk.claim(form_id).await.is_none());
    let (state, reason) = desk.state(form_id).await;
    assert_eq!(state, "incomplete");
    assert!(reason.unwrap().contains("could not be read again"));
    assert_eq!(desk.answers(form_id).await, before);
    form_actions::read_again(database, definition, form_id, desk.ada)
        .await
        .unwrap();
    assert!(
        desk.claim(form_id).await.is_some(),
        "and a person can have it tried anew"
    );
    desk.adds_up().await;
}

#[tokio::test]
async fn forms_read_with_an_earlier_model_are_found_and_read_again() {
    use crate::storage::newer_model;
    let desk = Desk::new().await;
    let (one, other) = (
        desk.form("one.pdf", 1).await,
        desk.form("other.pdf", 2).await,
    );
    let database = &desk.stage.database;
    let older = async || newer_model::count(database, &Scope::ALL).await.unwrap();
    assert_eq!(
        older().await,
        0,
        "no reader has started, so no model is newer"
    );
    form_readings::note_model(database, MODEL).await.unwrap();
    assert_eq!(older().await, 0);
    form_readings::note_model(database, "a newer one")
        .await
        .unwrap();
    assert_eq!(older().await, 2);
    review::claim(database, other, desk.ben).await.unwrap();
    assert_eq!(older().await, 1, "what a clerk has now is left alone");
    let definitions = &desk.stage.definitions;
    let sent = newer_model::read_again(database, definitions, &Scope::ALL, desk.ada, 10).await;
    assert_eq!(sent.unwrap(), 1);
    assert_eq!(older().await, 0);
    let (lease, plan) = desk.claim(one).await.unwrap();
    desk.record(&lease, &plan, 1).await.unwrap();
    assert_eq!(
        older().await,
        1,
        "this stage's readers still have the old model"
    );
}
